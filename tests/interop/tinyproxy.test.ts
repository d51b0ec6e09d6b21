/** A proxy that closes every connection after one exchange: tinyproxy, open and with Basic. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ProxyError, Session } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { whyNot, Workspace } from "../_support/daemons.js";
import { rejection } from "../_support/raw-server.js";
import { startTinyproxy, type Tinyproxy } from "../_support/tinyproxy.js";

const LARGE = 3 * 1024 * 1024;

describe("tinyproxy", { skip: whyNot("tinyproxy"), timeout: 60_000 }, () => {
  let open: Tinyproxy;
  let guarded: Tinyproxy;
  let plain: Server;
  let secure: Server;
  let workspace: Workspace;
  let ca: string;
  before(async () => {
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    open = await startTinyproxy();
    guarded = await startTinyproxy(["user", "pass-word"]);
  });
  after(async () => {
    await open?.close();
    await guarded?.close();
    await plain?.close();
    await secure?.close();
    workspace?.[Symbol.dispose]();
  });

  function session(credentials: string | null = null): Session {
    const proxy = credentials === null ? `127.0.0.1:${open.port}` : `${credentials}127.0.0.1:${guarded.port}`;
    return new Session({ proxies: { all: `http://${proxy}` }, verify: ca });
  }

  for (const credentials of [null, "user:pass-word@"]) {
    const title = credentials === null ? "open" : "with Basic";

    it(`${title}: http and https`, async () => {
      await using own = session(credentials);
      for (const server of [plain, secure]) {
        assert.equal((await own.get(`${server.url}/get`)).statusCode, 200);
        const seen = new Map(server.requests.at(-1)!.headers.map(([name, value]) => [name.toLowerCase(), value]));
        assert.equal(/tinyproxy/.test(seen.get("via") ?? ""), server === plain);
        assert.equal(seen.has("proxy-authorization"), false);
      }
    });

    it(`${title}: plain requests use one connection each, and a tunnel is kept`, async () => {
      await using own = session(credentials);
      const reused: Record<string, boolean[]> = { plain: [], secure: [] };
      for (let round = 0; round < 3; round += 1) {
        reused["plain"].push((await own.get(`${plain.url}/get`)).reused);
        reused["secure"].push((await own.get(`${secure.url}/get`)).reused);
      }
      assert.deepEqual(reused, { plain: [false, false, false], secure: [false, true, true] });
    });

    it(`${title}: large uploads and downloads with both schemes`, async () => {
      await using own = session(credentials);
      const text = Buffer.alloc(LARGE, "0123456789abcdef").toString();
      for (const { url } of [plain, secure]) {
        const response = await own.post(`${url}/post`, { data: text, headers: { "Content-Type": "text/plain" } });
        assert.equal(response.json<{ data: string }>().data, text);
      }
    });

    it(`${title}: twelve requests at once`, async () => {
      await using own = session(credentials);
      const urls = Array.from({ length: 12 }, (_value, at) => `${at % 2 === 0 ? plain.url : secure.url}/get?n=${at}`);
      const numbers = await Promise.all(
        urls.map((url) =>
          own
            .get(url)
            .json<{ args: { n: string } }>()
            .then(({ args }) => Number(args.n)),
        ),
      );
      assert.deepEqual(
        numbers,
        urls.map((_url, at) => at),
      );
    });
  }

  for (const [title, credentials, words] of [
    ["a wrong password", "user:wrong@", /it does not accept the user name and password/],
    ["no password", "", /it wants a user name and password/],
  ] as const)
    it(`${title}: returns a response for http, and throws ProxyError for https`, async () => {
      await using own = session(credentials);
      // tinyproxy answers 401 to what is wrong, and 407 to what is missing.
      assert.equal((await own.get(`${plain.url}/get`)).statusCode, credentials === "" ? 407 : 401);
      const error = await rejection(own.get(`${secure.url}/get`));
      assert.ok(error instanceof ProxyError);
      assert.equal(error.code, "ERR_PROXY_AUTHENTICATION");
      assert.equal(error.address, `127.0.0.1:${guarded.port}`);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /wrong/);
    });

  it("an unreachable host returns 500 or 502 for http, and throws ProxyError for https", async () => {
    await using own = session();
    assert.ok((await own.get("http://127.0.0.1:1/")).statusCode >= 500);
    const error = await rejection(own.get("https://127.0.0.1:1/"));
    assert.ok(error instanceof ProxyError);
    assert.equal(error.code, "ERR_PROXY_REFUSED");
    assert.match(error.message, /Tunnel connection failed: 5\d\d .* for 127\.0\.0\.1:1/);
  });
});
