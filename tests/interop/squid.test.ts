/** An open forward proxy of another project: squid. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, ProxyError, Session } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { whyNot, Workspace } from "../_support/daemons.js";
import { eventually, rejection } from "../_support/raw-server.js";
import { startSquid, type Squid } from "../_support/squid.js";

const LARGE = 3 * 1024 * 1024;

describe("squid, open", { skip: whyNot("squid", "openssl"), timeout: 60_000 }, () => {
  let squid: Squid;
  let plain: Server;
  let secure: Server;
  /** Two that it does not connect to. */
  let refused: Server;
  let hidden: Server;
  let workspace: Workspace;
  let ca: string;
  let proxy: string;
  before(async () => {
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    refused = await httpbin();
    hidden = await httpbin({ tls: true });
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    squid = await startSquid({ deny: [refused.port, hidden.port] });
    proxy = `http://127.0.0.1:${squid.port}`;
  });
  after(async () => {
    await squid?.close();
    await plain?.close();
    await secure?.close();
    await refused?.close();
    await hidden?.close();
    workspace?.[Symbol.dispose]();
  });

  /** A session that knows the test's authority, and nothing else. */
  function session(proxies: Readonly<Record<string, string | null>> = { all: proxy }): Session {
    return new Session({ proxies, verify: ca });
  }

  /** How many requests squid has seen: it names itself in Via. */
  function proxied(server: Server): boolean[] {
    return server.requests.map(({ headers }) => headers.some(([name]) => name.toLowerCase() === "via"));
  }

  it("receives plain requests in absolute-form, and the origin in origin-form", async () => {
    await using own = session();
    const response = await own.get(`${plain.url}/get?a=b%20c`);
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json<{ args: object }>().args, { a: "b c" });
    assert.match(response.headers.get("Via") ?? "", /squid/);
    assert.equal(plain.requests.at(-1)?.target, "/get?a=b%20c");
    const asked = `${plain.url}/get?a=b%20c`;
    await eventually(() => squid.log().some(({ method, target }) => method === "GET" && target === asked));
  });

  it("tunnels https with CONNECT, and does not see or change the exchange", async () => {
    const own = session();
    const response = await own.get(`${secure.url}/headers`, { headers: { "Proxy-Authorization": "Basic c2VjcmV0" } });
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.has("Via"), false);
    assert.equal(response.tls?.protocol, "TLSv1.3");
    const { headers } = response.json<{ headers: Record<string, string> }>();
    assert.deepEqual(
      Object.keys(headers).filter((name) => /^(via|proxy|x-forwarded)/i.test(name)),
      [],
    );
    await own.close();
    const authority = secure.url.slice("https://".length);
    await eventually(() => squid.log().some(({ method, target }) => method === "CONNECT" && target === authority));
  });

  it("keeps its connections, which origins share", async () => {
    await using own = session();
    const other = `http://localhost:${plain.port}`;
    const reused: boolean[] = [];
    const before = squid.log().length;
    for (const url of [plain.url, plain.url, other, plain.url, other]) {
      const response = await own.get(`${url}/get`);
      reused.push(response.reused);
    }
    assert.deepEqual(reused, [false, true, true, true, true]);
    await eventually(() => squid.log().length >= before + 5);
    const ports = squid
      .log()
      .slice(before)
      .map(({ clientPort }) => clientPort);
    assert.equal(ports.length, 5);
    assert.equal(new Set(ports).size, 1);
  });

  it("keeps tunnels: five requests use one CONNECT and one handshake", async () => {
    const own = session();
    const before = { connections: secure.connections, log: squid.log().length };
    const reused: boolean[] = [];
    for (let round = 0; round < 5; round += 1) reused.push((await own.get(`${secure.url}/get`)).reused);
    assert.deepEqual(reused, [false, true, true, true, true]);
    assert.equal(secure.connections - before.connections, 1);
    await own.close();
    await eventually(() => squid.log().length > before.log);
    assert.deepEqual(
      squid
        .log()
        .slice(before.log)
        .map(({ method }) => method),
      ["CONNECT"],
    );
  });

  it("uses no direct connection for a proxied request, and no proxy connection for a direct one", async () => {
    await using own = session({});
    const direct = await own.get(`${plain.url}/get`);
    const through = await own.get(`${plain.url}/get`, { proxies: { http: proxy } });
    const again = await own.get(`${plain.url}/get`);
    assert.deepEqual(
      [direct, through, again].map((response) => response.headers.has("Via")),
      [false, true, false],
    );
    assert.deepEqual(
      [direct, through, again].map((response) => response.reused),
      [false, false, true],
    );
  });

  it("forwards and tunnels twenty requests at once", async () => {
    await using own = session();
    const urls = Array.from({ length: 20 }, (_value, at) => `${at % 2 === 0 ? plain.url : secure.url}/get?n=${at}`);
    const responses = await Promise.all(urls.map((url) => own.get(url)));
    assert.deepEqual(
      responses.map((response) => response.json<{ args: { n: string } }>().args.n),
      urls.map((_url, at) => String(at)),
    );
  });

  for (const way of ["forward", "tunnel"] as const) {
    it(`carries large uploads and downloads: ${way}`, async () => {
      await using own = session();
      const { url } = way === "forward" ? plain : secure;
      const text = Buffer.alloc(LARGE, "0123456789abcdef").toString();
      const response = await own.post(`${url}/post`, { data: text, headers: { "Content-Type": "text/plain" } });
      assert.ok(response.content.length > LARGE);
      assert.equal(response.json<{ data: string }>().data, text);
    });

    it(`carries a chunked upload and a streamed download: ${way}`, async () => {
      await using own = session();
      const { url } = way === "forward" ? plain : secure;
      const pieces = function* (): Generator<Buffer> {
        for (let at = 0; at < 40; at += 1) yield Buffer.alloc(10_000, String(at % 10));
      };
      const up = await own.put(`${url}/put`, { data: pieces() });
      assert.equal(up.json<{ data: string }>().data.length, 400_000);
      const down = await own.get(`${url}/stream/50`, { stream: true });
      let lines = 0;
      for await (const line of down.iterLines()) if (line.length > 0) lines += 1;
      assert.equal(lines, 50);
    });
  }

  it("responds with 403 to a plain request that it does not allow, and the caller gets that response", async () => {
    await using own = session();
    const response = await own.get(`${refused.url}/get`);
    assert.equal(response.statusCode, 403);
    assert.match(response.headers.get("X-Squid-Error") ?? "", /ERR_ACCESS_DENIED/);
    assert.equal(refused.requests.length, 0);
  });

  it("refuses an upload before it reads it, and the next request still works", async () => {
    await using own = session();
    const refusal = await own.post(`${refused.url}/post`, { data: Buffer.alloc(200_000, "a"), timeout: 10 });
    assert.equal(refusal.statusCode, 403);
    assert.equal((await own.get(`${refused.url}/get`, { timeout: 10 })).statusCode, 403);
  });

  it("refuses a tunnel: ProxyError names the refusal and the target", async () => {
    await using own = session();
    const error = await rejection(own.get(`https://127.0.0.1:${refused.port}/get`));
    assert.ok(error instanceof ProxyError);
    assert.equal(error.code, "ERR_PROXY_REFUSED");
    assert.equal(error.phase, "proxy");
    assert.equal(error.address, `127.0.0.1:${squid.port}`);
    assert.match(
      error.message,
      new RegExp(
        `^Cannot connect to proxy http://127\\.0\\.0\\.1:${squid.port}: Tunnel connection failed: 403 Forbidden for 127\\.0\\.0\\.1:${refused.port}`,
      ),
    );
  });

  it("cannot reach a target: 503 for a plain request, ProxyError for a tunnel", async () => {
    await using own = session();
    const closed = await httpbin();
    await closed.close();
    assert.equal((await own.get(`${closed.url}/get`)).statusCode, 503);
    const error = await rejection(own.get(`https://127.0.0.1:${closed.port}/`));
    assert.ok(error instanceof ProxyError);
    assert.match(error.message, /Tunnel connection failed: 503 /);
  });

  it("verifies the target's certificate through the tunnel", async () => {
    await using own = new Session({ proxies: { https: proxy } });
    const error = await rejection(own.get(`${secure.url}/get`));
    assert.equal(error.name, "SSLError");
    assert.match(error.message, /its issuer is unknown here/);
    assert.equal(error.address, secure.url.slice("https://".length));
  });

  it("is used again for each redirect: http → https → http", async () => {
    await using own = session();
    const target = `${secure.url}/redirect-to?url=${encodeURIComponent(`${plain.url}/headers`)}`;
    const response = await own.get(`${plain.url}/redirect-to`, { params: { url: target }, auth: ["user", "password"] });
    assert.equal(response.statusCode, 200);
    assert.equal(response.history.length, 2);
    assert.deepEqual(
      [...response.history, response].map((one) => one.headers.has("Via")),
      [true, false, true],
    );
    const { headers } = response.json<{ headers: Record<string, string> }>();
    assert.equal(headers["Authorization"], undefined);
    assert.equal(headers["Proxy-Authorization"], undefined);
  });

  it("is not used for a redirect to a scheme without a proxy", async () => {
    await using own = session({ http: proxy });
    // squid would refuse this target.
    const response = await own.get(`${plain.url}/redirect-to`, { params: { url: `${hidden.url}/get` } });
    assert.equal(response.statusCode, 200);
    assert.ok(response.history[0].headers.has("Via"));
    assert.ok((await rejection(own.get(`${hidden.url}/get`, { proxies: { https: proxy } }))) instanceof ProxyError);
  });

  it("works with an adapter that keeps no connections", async () => {
    await using own = session();
    own.mount("http://", new HTTPAdapter({ keepAlive: false }));
    assert.deepEqual(
      [(await own.get(`${plain.url}/get`)).reused, (await own.get(`${plain.url}/get`)).reused],
      [false, false],
    );
    assert.deepEqual(proxied(plain).slice(-2), [true, true]);
  });
});
