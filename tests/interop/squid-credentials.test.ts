/** Who we are at a proxy that wants to know: squid with Basic and with Digest. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ProxyError, Session, type RequestException } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { whyNot, Workspace } from "../_support/daemons.js";
import { eventually, rejection } from "../_support/raw-server.js";
import { startSquid, type Squid, type SquidEntry } from "../_support/squid.js";

/** Names and passwords that must be escaped in a URL, and some beyond latin-1. */
const USERS: Readonly<Record<string, string>> = {
  user: "password",
  "us/er@home": "p:ss w%rd?#[]",
  "żółw🐢": "pä$$wörd→",
  nobody: "",
};

describe("squid with authentication", { skip: whyNot("squid", "openssl"), timeout: 60_000 }, () => {
  let plain: Server;
  let secure: Server;
  let workspace: Workspace;
  let ca: string;
  const squids = new Map<string, Squid>();
  before(async () => {
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    squids.set("Basic", await startSquid({ basic: USERS }));
    squids.set("Digest", await startSquid({ digest: USERS }));
  });
  after(async () => {
    for (const squid of squids.values()) await squid.close();
    await plain?.close();
    await secure?.close();
    workspace?.[Symbol.dispose]();
  });

  function proxyUrl(scheme: string, user: string | null, password = ""): string {
    const { port } = squids.get(scheme)!;
    if (user === null) return `http://127.0.0.1:${port}`;
    return `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  }

  function session(proxy: string): Session {
    return new Session({ proxies: { all: proxy }, verify: ca });
  }

  /** What the origin saw of headers that are the proxy's. */
  function leaked(server: Server): string[] {
    return server.requests.flatMap(({ headers }) =>
      headers.filter(([name]) => name.toLowerCase() === "proxy-authorization").map(([, value]) => value),
    );
  }

  function assertMasked(error: RequestException, password: string): void {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      assert.ok(!cause.message.includes(password), cause.message);
      assert.ok(!cause.message.includes(encodeURIComponent(password)), cause.message);
    }
  }

  for (const scheme of ["Basic", "Digest"]) {
    for (const [user, password] of Object.entries(USERS)) {
      // squid itself refuses an empty password under Basic.
      if (scheme === "Basic" && password === "") continue;
      it(`${scheme}: accepts ${JSON.stringify(user)}, http and https`, async () => {
        await using own = session(proxyUrl(scheme, user, password));
        assert.equal((await own.get(`${plain.url}/get`)).statusCode, 200);
        assert.equal((await own.get(`${secure.url}/get`)).statusCode, 200);
        assert.equal((await own.post(`${plain.url}/post`, { data: "text" })).json<{ data: string }>().data, "text");
      });
    }

    it(`${scheme}: a wrong password returns a 407 for http, and throws ProxyError for https`, async () => {
      await using own = session(proxyUrl(scheme, "user", "wrong horse"));
      const response = await own.get(`${plain.url}/get`);
      assert.equal(response.statusCode, 407);
      assert.match(response.headers.get("Proxy-Authenticate") ?? "", new RegExp(`^${scheme} `));
      const error = await rejection(own.get(`${secure.url}/get`));
      assert.ok(error instanceof ProxyError);
      assert.equal(error.code, "ERR_PROXY_AUTHENTICATION");
      assert.equal(error.phase, "proxy");
      assert.match(error.message, /Tunnel connection failed: 407 .*it does not accept the user name and password/);
      assertMasked(error, "wrong horse");
    });

    it(`${scheme}: a missing password is refused too, and the message says where to put one`, async () => {
      await using own = session(proxyUrl(scheme, null));
      assert.equal((await own.get(`${plain.url}/get`)).statusCode, 407);
      const error = await rejection(own.get(`${secure.url}/get`));
      assert.ok(error instanceof ProxyError);
      assert.equal(error.code, "ERR_PROXY_AUTHENTICATION");
      assert.match(error.message, /it wants a user name and password: .*http:\/\/user:password@host:port/);
    });

    it(`${scheme}: the origin does not receive the proxy's credentials`, async () => {
      await using own = session(proxyUrl(scheme, "user", "password"));
      for (const server of [plain, secure]) {
        const { headers } = (await own.get(`${server.url}/headers`)).json<{ headers: Record<string, string> }>();
        assert.equal(headers["Proxy-Authorization"], undefined);
        assert.deepEqual(leaked(server), []);
      }
    });

    it(`${scheme}: a redirect that bypasses the proxy sends no credentials of the proxy`, async () => {
      await using own = new Session({
        proxies: { http: proxyUrl(scheme, "user", "password"), https: null, [`http://localhost`]: null },
        verify: ca,
      });
      for (const target of [`${secure.url}/headers`, `http://localhost:${plain.port}/headers`]) {
        const response = await own.get(`${plain.url}/redirect-to`, { params: { url: target } });
        const { headers } = response.json<{ headers: Record<string, string> }>();
        assert.equal(response.url, target);
        assert.equal(headers["Via"], undefined);
        assert.equal(headers["Proxy-Authorization"], undefined);
      }
    });

    it(`${scheme}: one connection carries many requests`, async () => {
      await using own = session(proxyUrl(scheme, "user", "password"));
      await own.get(`${plain.url}/get`);
      await own.get(`${secure.url}/get`);
      const url = `${plain.url}/get?one-connection`;
      for (let round = 0; round < 5; round += 1) {
        assert.ok((await own.get(url)).reused);
        assert.ok((await own.get(`${secure.url}/get`)).reused);
      }
      const log = (): SquidEntry[] =>
        squids
          .get(scheme)!
          .log()
          .filter(({ target }) => target === url);
      await eventually(() => log().length >= 5);
      // No further challenge either: the nonce of the first is used with a count that grows.
      assert.deepEqual(
        log().map(({ status }) => status),
        [200, 200, 200, 200, 200],
      );
      assert.equal(new Set(log().map(({ clientPort }) => clientPort)).size, 1);
    });
  }

  it("the connection of one user is never used for another", async () => {
    await using own = new Session({ verify: ca });
    for (const url of [plain.url, secure.url]) {
      const [known, unknown] = [proxyUrl("Basic", "user", "password"), proxyUrl("Basic", "user", "other")];
      assert.equal((await own.get(`${url}/get`, { proxies: { all: known } })).statusCode, 200);
      const second = own.get(`${url}/get`, { proxies: { all: unknown } });
      if (url === plain.url) assert.equal((await second).statusCode, 407);
      else assert.ok((await rejection(second)) instanceof ProxyError);
      assert.equal((await own.get(`${url}/get`, { proxies: { all: known } })).reused, true);
    }
  });

  for (const size of [100, 70_000, 2_000_000])
    it(`Digest: a body of ${size} bytes is sent again with the answer`, async () => {
      // Another spelling of the proxy for each: its challenge is not known yet.
      await using own = session(`${proxyUrl("Digest", "user", "password")}/${size}`);
      const response = await own.post(`${plain.url}/post`, { data: Buffer.alloc(size, "a"), timeout: 10 });
      assert.equal(response.statusCode, 200);
      assert.equal(response.json<{ data: string }>().data.length, size);
    });

  it("Digest: a body that cannot be sent again returns the 407", async () => {
    await using own = session(`${proxyUrl("Digest", "user", "password")}/once`);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.from("once"));
        controller.close();
      },
    });
    assert.equal((await own.post(`${plain.url}/post`, { data: stream })).statusCode, 407);
  });

  it("a refused upload does not affect the next request on the connection", async () => {
    await using own = session(proxyUrl("Basic", null));
    const refusal = await own.post(`${plain.url}/post`, { data: Buffer.alloc(200_000, "a"), timeout: 10 });
    assert.equal(refusal.statusCode, 407);
    assert.equal((await own.get(`${plain.url}/get`, { timeout: 10 })).statusCode, 407);
  });
});
