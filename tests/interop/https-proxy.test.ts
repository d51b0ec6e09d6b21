/** TLS to the proxy itself: squid, and its certificate verified like any other. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ProxyError, Session, SSLError } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { Authority, joined } from "../_support/certificates.js";
import { whyNot, Workspace } from "../_support/daemons.js";
import { eventually, rejection } from "../_support/raw-server.js";
import { startSquid, type Squid } from "../_support/squid.js";

describe("squid as an https proxy", { skip: whyNot("squid", "openssl"), timeout: 60_000 }, () => {
  let workspace: Workspace;
  let squid: Squid;
  let expired: Squid;
  let plain: Server;
  let secure: Server;
  /** The proxy's authority, the target's, and both. */
  let proxyCa: string;
  let targetCa: string;
  let bothCa: string;
  before(async () => {
    workspace = new Workspace();
    const authority = new Authority(workspace, "proxies");
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    proxyCa = authority.ca;
    targetCa = workspace.write("target.pem", secure.ca!);
    bothCa = workspace.write("both.pem", joined(proxyCa, targetCa));
    squid = await startSquid({ tls: authority.issue("proxy"), basic: { user: "password" } });
    expired = await startSquid({ tls: authority.issue("expired", { from: -30, until: -2 }) });
  });
  after(async () => {
    await squid?.close();
    await expired?.close();
    await plain?.close();
    await secure?.close();
    workspace?.[Symbol.dispose]();
  });

  function session(verify: string | boolean, proxy = squid, credentials = "user:password@"): Session {
    return new Session({ proxies: { all: `https://${credentials}localhost:${proxy.port}` }, verify });
  }

  it("receives plain requests over TLS", async () => {
    await using own = session(proxyCa);
    const responses = [await own.get(`${plain.url}/get`), await own.get(`${plain.url}/get`)];
    for (const response of responses) {
      assert.equal(response.statusCode, 200);
      assert.match(response.headers.get("Via") ?? "", /squid/);
      // The request itself is a plain one: what is under TLS ends at the proxy.
      assert.equal(response.tls ?? null, null);
    }
    assert.deepEqual(
      responses.map((response) => response.reused),
      [false, true],
    );
  });

  it("tunnels TLS within TLS", async () => {
    const own = session(bothCa);
    const text = Buffer.alloc(1_000_000, "0123456789").toString();
    const response = await own.post(`${secure.url}/post`, { data: text });
    assert.equal(response.json<{ data: string }>().data, text);
    assert.match(JSON.stringify(response.tls?.peerCertificate), /requests-ts test CA/);
    assert.equal((await own.get(`${secure.url}/get`)).reused, true);
    await own.close();
    await eventually(() => squid.log().some(({ method, user }) => method === "CONNECT" && user === "user"));
  });

  it("carries large uploads and downloads", async () => {
    await using own = session(proxyCa);
    const text = Buffer.alloc(1_000_000, "0123456789").toString();
    assert.equal((await own.post(`${plain.url}/post`, { data: text })).json<{ data: string }>().data, text);
  });

  it("with an unknown authority throws ProxyError with the reason and its name", async () => {
    for (const { url } of [plain, secure]) {
      await using own = session(targetCa);
      const error = await rejection(own.get(`${url}/get`));
      assert.ok(error instanceof ProxyError, String(error));
      assert.deepEqual([error.phase, error.address], ["proxy", `localhost:${squid.port}`]);
      assert.ok(error.message.startsWith(`Cannot connect to proxy https://user:***@localhost:${squid.port}: SSL: `));
      assert.match(error.message, /its issuer is unknown here/);
      assert.doesNotMatch(error.message, /password@/);
    }
  });

  it("a target of an unknown authority throws SSLError for the target", async () => {
    await using own = session(proxyCa);
    const error = await rejection(own.get(`${secure.url}/get`));
    assert.ok(error instanceof SSLError, String(error));
    assert.equal(error.address, `127.0.0.1:${secure.port}`);
  });

  it("an expired certificate of the proxy throws ProxyError", async () => {
    await using own = session(proxyCa, expired, "");
    const error = await rejection(own.get(`${plain.url}/get`));
    assert.ok(error instanceof ProxyError, String(error));
    assert.match(error.message, /the certificate has expired on/);
  });

  it("verify: false verifies neither, and shares no connection with a session that verifies", async () => {
    await using own = session(false);
    assert.equal((await own.get(`${plain.url}/get`)).statusCode, 200);
    assert.equal((await own.get(`${secure.url}/get`)).statusCode, 200);
    for (const { url } of [plain, secure])
      assert.ok((await rejection(own.get(`${url}/get`, { verify: targetCa }))) instanceof ProxyError);
  });

  it("a missing CA file throws SSLError before a socket opens", async () => {
    await using own = new Session({ proxies: { all: "https://127.0.0.1:1" }, verify: "/nowhere/ca.pem" });
    for (const { url } of [plain, secure]) {
      const error = await rejection(own.get(`${url}/get`));
      assert.ok(error instanceof SSLError, String(error));
      assert.match(error.message, /invalid path: \/nowhere\/ca\.pem/);
    }
  });

  it("a proxy without TLS throws ProxyError", async () => {
    await using own = new Session({ proxies: { all: `https://127.0.0.1:${plain.port}` }, verify: proxyCa });
    for (const { url } of [plain, secure]) {
      const error = await rejection(own.get(`${url}/get`));
      assert.ok(error instanceof ProxyError, String(error));
      assert.match(error.message, /does not speak TLS/);
    }
  });

  it("http:// for a proxy with TLS throws without a long wait", async () => {
    await using own = new Session({ proxies: { all: `http://localhost:${squid.port}` }, verify: bothCa, timeout: 5 });
    assert.equal((await rejection(own.get(`${plain.url}/get`))).name, "ConnectionError");
    assert.ok((await rejection(own.get(`${secure.url}/get`))) instanceof ProxyError);
  });

  it("a wrong password throws ProxyError", async () => {
    await using own = session(bothCa, squid, "user:wrong@");
    assert.equal((await own.get(`${plain.url}/get`)).statusCode, 407);
    const error = await rejection(own.get(`${secure.url}/get`));
    assert.equal(error.code, "ERR_PROXY_AUTHENTICATION");
    assert.doesNotMatch(error.message, /wrong/);
  });
});
