/** SOCKS 4, 4a, 5 and 5h by Dante. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, ProxyError, Session } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { startDante, ThrowawayUser, type Dante } from "../_support/dante.js";
import { freePorts, isRoot, whyNot, Workspace } from "../_support/daemons.js";
import { rejection } from "../_support/raw-server.js";

/** Dante takes the names of SOCKS 4a for addresses: those are in tests/wire/proxy-socks.test.ts. */
const SCHEMES = ["socks4", "socks4a", "socks5", "socks5h"] as const;
const LARGE = 3 * 1024 * 1024;
const PASSWORD = "pä ss/w@rd:→";

describe("dante", { skip: whyNot("danted"), timeout: 60_000 }, () => {
  let dante: Dante;
  let plain: Server;
  let secure: Server;
  let blocked: Server;
  let workspace: Workspace;
  let ca: string;
  let closed: number;
  before(async () => {
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    blocked = await httpbin();
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    [closed] = await freePorts(1);
    dante = await startDante({ blocked: [blocked.port] });
  });
  after(async () => {
    await dante?.close();
    await plain?.close();
    await secure?.close();
    await blocked?.close();
    workspace?.[Symbol.dispose]();
  });

  function session(scheme: string, credentials = ""): Session {
    return new Session({ proxies: { all: `${scheme}://${credentials}127.0.0.1:${dante.port}` }, verify: ca });
  }

  for (const scheme of SCHEMES) {
    it(`${scheme}: http and https, by address and by name`, async () => {
      await using own = session(scheme);
      for (const server of [plain, secure])
        for (const host of scheme === "socks4a" ? ["127.0.0.1"] : ["127.0.0.1", "localhost"]) {
          const response = await own.get(`${server.url.replace("127.0.0.1", host)}/headers`);
          assert.equal(response.statusCode, 200);
          const { headers } = response.json<{ headers: Record<string, string> }>();
          assert.equal(headers["Host"], `${host}:${server.port}`);
        }
      // In origin-form: a SOCKS proxy knows nothing of HTTP.
      assert.equal(plain.requests.at(-1)?.target, "/headers");
    });

    it(`${scheme}: keeps connections, one for each origin`, async () => {
      await using own = session(scheme);
      const before = [plain.connections, secure.connections];
      const reused: boolean[] = [];
      for (let round = 0; round < 3; round += 1)
        for (const { url } of [plain, secure]) reused.push((await own.get(`${url}/get`)).reused);
      assert.deepEqual(reused, [false, false, true, true, true, true]);
      assert.deepEqual([plain.connections - before[0], secure.connections - before[1]], [1, 1]);
    });

    it(`${scheme}: large uploads and downloads`, async () => {
      await using own = session(scheme);
      const text = Buffer.alloc(LARGE, "0123456789abcdef").toString();
      for (const { url } of [plain, secure]) {
        const response = await own.post(`${url}/post`, { data: text, headers: { "Content-Type": "text/plain" } });
        assert.equal(response.json<{ data: string }>().data, text);
      }
    });

    it(`${scheme}: a target that refuses throws ProxyError with both addresses`, async () => {
      await using own = session(scheme, "user:secret@");
      const error = await rejection(own.get(`http://127.0.0.1:${closed}/`));
      assert.ok(error instanceof ProxyError);
      assert.equal(error.phase, "proxy");
      assert.equal(error.address, `127.0.0.1:${dante.port}`);
      assert.ok(
        error.message.startsWith(`Cannot connect to proxy ${scheme}://user:***@127.0.0.1:${dante.port}: SOCKS`),
      );
      // SOCKS 4 has one code for every refusal.
      const words = scheme.startsWith("socks5") ? "refused its connection" : "it cannot reach";
      assert.match(error.message, new RegExp(words));
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${closed}`));
      assert.doesNotMatch(error.message, /secret/);
    });

    it(`${scheme}: a rule that blocks the target throws ProxyError`, async () => {
      await using own = session(scheme);
      const error = await rejection(own.get(`${blocked.url}/get`));
      assert.ok(error instanceof ProxyError);
      const words = scheme.startsWith("socks5") ? "its rules do not allow" : "it cannot reach";
      assert.match(error.message, new RegExp(words));
      assert.equal(blocked.connections, 0);
    });
  }

  for (const scheme of ["socks4", "socks5"] as const)
    it(`${scheme} sends addresses: the client resolves the name`, async () => {
      const asked: string[] = [];
      await using own = session(scheme);
      own.mount(
        "http://",
        new HTTPAdapter({
          lookup: (name, _options, callback) => {
            asked.push(name);
            callback(null, "127.0.0.1", 4);
          },
        }),
      );
      const response = await own.get(`http://nowhere.test:${plain.port}/get`);
      assert.equal(response.statusCode, 200);
      assert.deepEqual(asked, ["nowhere.test"]);
    });

  it("socks5h sends names: a name that only the client knows cannot be resolved", async () => {
    await using own = session("socks5h");
    own.mount("http://", new HTTPAdapter({ lookup: (_name, _options, callback) => callback(null, "127.0.0.1", 4) }));
    const error = await rejection(own.get(`http://nowhere.invalid:${plain.port}/get`));
    assert.ok(error instanceof ProxyError);
    assert.match(error.message, /it cannot reach nowhere\.invalid:/);
  });

  it("verifies the target's certificate for the host of the URL", async () => {
    await using own = new Session({ proxies: { https: `socks5h://127.0.0.1:${dante.port}` } });
    const error = await rejection(own.get(`https://localhost:${secure.port}/get`));
    assert.equal(error.name, "SSLError");
    assert.match(error.message, new RegExp(`certificate verify failed for localhost:${secure.port}`));
  });

  it("a proxy that does not exist throws ProxyError", async () => {
    await using own = new Session({ proxies: { all: `socks5://user:secret@127.0.0.1:${closed}` } });
    const error = await rejection(own.get(`${plain.url}/get`));
    assert.ok(error instanceof ProxyError);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${closed} refused it`));
    assert.doesNotMatch(error.message, /secret/);
  });

  it("an http proxy URL for it throws ProxyError", async () => {
    await using own = new Session({ proxies: { all: `http://127.0.0.1:${dante.port}` }, timeout: 5 });
    assert.ok((await rejection(own.get(`${secure.url}/get`))) instanceof ProxyError);
  });
});

describe("dante with authentication", { skip: whyNot("danted") || needsRoot(), timeout: 60_000 }, () => {
  let dante: Dante;
  let plain: Server;
  let secure: Server;
  let workspace: Workspace;
  let user: ThrowawayUser;
  let ca: string;
  before(async () => {
    user = new ThrowawayUser(PASSWORD);
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    dante = await startDante({ password: true });
  });
  after(async () => {
    await dante?.close();
    await plain?.close();
    await secure?.close();
    workspace?.[Symbol.dispose]();
    user?.[Symbol.dispose]();
  });

  function session(scheme: string, password: string | null): Session {
    const credentials = password === null ? "" : `${user.name}:${encodeURIComponent(password)}@`;
    return new Session({ proxies: { all: `${scheme}://${credentials}127.0.0.1:${dante.port}` }, verify: ca });
  }

  for (const scheme of ["socks5", "socks5h"] as const) {
    it(`${scheme}: accepts the right password, escaped and with non-ASCII characters`, async () => {
      await using own = session(scheme, PASSWORD);
      assert.equal((await own.get(`${plain.url}/get`)).statusCode, 200);
      assert.equal((await own.get(`${secure.url}/get`)).statusCode, 200);
    });

    for (const [title, password] of [
      ["a wrong one", "wr0ng"],
      ["none", null],
    ] as const)
      it(`${scheme}: ${title} throws ProxyError without the password`, async () => {
        await using own = session(scheme, password);
        const error = await rejection(own.get(`${plain.url}/get`));
        assert.ok(error instanceof ProxyError);
        assert.equal(error.phase, "proxy");
        assert.match(error.message, /it does not accept our user name and password/);
        for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
          assert.doesNotMatch(cause.message, /wr0ng/);
      });
  }
});

function needsRoot(): string | false {
  return isRoot() ? false : "needs root: Dante asks the system for passwords, so a user must be made";
}
