/** HTTP proxies that are handed requests of several origins; and CONNECT that the caller sends. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HTTPAdapter, Session } from "requests-ts";
import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

import { CREDENTIALS, digestChallenge, failsThrough } from "../_support/proxy-faults.js";
import { answering, OK, pause, rawServer, rawTlsServer, rejection, type Peer } from "../_support/raw-server.js"; // prettier-ignore

describe("an HTTP proxy that forwards requests", { timeout: 30_000 }, () => {
  it("receives the absolute form, its credentials, and each header once", async () => {
    await using proxy = await rawServer(answering(OK));
    await using session = new Session({ proxies: { http: `http://${CREDENTIALS}${proxy.address}` } });
    await session.get("http://user:pass@target.test/a%20b?c=d#e", {
      headers: { "Proxy-Authorization": "Basic b3duOm9uZQ==" },
    });
    await session.get("http://[::1]:81");
    assert.equal(proxy.peers.length, 1);
    const [first, second] = proxy.peers[0].received.split(/(?<=\r\n\r\n)/);
    assert.ok(first.startsWith("GET http://target.test/a%20b?c=d HTTP/1.1\r\nHost: target.test\r\n"), first);
    assert.equal(first.match(/^proxy-authorization: .*$/gim)?.join(), "Proxy-Authorization: Basic b3duOm9uZQ==");
    assert.ok(second.startsWith("GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n"), second);
    assert.equal(second.match(/^proxy-authorization: .*$/gim)?.length, 1);
  });

  for (const [title, answer, requests] of [
    ["Basic", () => 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n', 1],
    ["Digest with a new nonce each time", digestChallenge, 3],
    ["the same Digest again", () => digestChallenge(1), 2],
    ["stale Digest", () => digestChallenge(1, true), 3],
  ] as const)
    it(`that asks for ${title}: returns the 407 after ${requests} requests`, async () => {
      let count = 0;
      await using proxy = await rawServer(async (peer) => {
        for (;;) {
          await peer.request();
          await peer.send(answer((count += 1)));
        }
      });
      await using session = new Session({ proxies: { http: `http://${CREDENTIALS}${proxy.address}` } });
      assert.equal((await session.get("http://target.test/")).statusCode, 407);
      assert.equal(count, requests);
    });

  it("that refuses an upload: the connection is not reused", async () => {
    await using proxy = await rawServer(answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", OK));
    await using session = new Session({ proxies: { http: `http://${proxy.address}` } });
    assert.equal((await session.post("http://target.test/", { data: "text" })).statusCode, 403);
    assert.equal((await session.get("http://target.test/")).reused, false);
    assert.equal((await session.get("http://target.test/")).reused, true);
  });

  for (const [title, script, code] of [
    ["closes", (peer: Peer) => peer.request().then(() => peer.end()), "ERR_CONNECTION_CLOSED"],
    ["sends garbage", (peer: Peer) => peer.request().then(() => peer.send("garbage\r\n\r\n")), "ERR_BAD_RESPONSE"],
  ] as const)
    it(`${title}: the same as with an origin server`, async () => {
      const { error } = await failsThrough(script, "http", "http://target.test/");
      assert.equal(error.name, "ConnectionError");
      assert.deepEqual([error.code, error.phase], [code, "wait"]);
    });

  it("that is silent: throws ReadTimeout", async () => {
    const { error } = await failsThrough(() => undefined, "http", "http://target.test/");
    assert.deepEqual([error.name, error.phase], ["ReadTimeout", "wait"]);
  });
});

describe("an HTTP proxy that several origins share", { timeout: 30_000 }, () => {
  it("uses one connection for their plain http requests, one after the other", async () => {
    await using proxy = await rawServer(answering(OK));
    const adapter = new HTTPAdapter();
    await using session = new Session({ proxies: { http: `http://${proxy.address}` } });
    session.mount("http://", adapter);
    for (const host of ["a.test", "b.test", "a.test:81", "[::1]:8080"]) {
      const response = await session.get(`http://${host}/`);
      assert.equal(response.remoteAddress, proxy.address);
      assert.equal(response.reused, host !== "a.test");
    }
    assert.equal(proxy.peers.length, 1);
    assert.deepEqual(
      [...proxy.peers[0].received.matchAll(/^GET (\S+) HTTP\/1\.1\r\nHost: (\S+)\r$/gm)].map(([, url, host]) => [url, host]), // prettier-ignore
      [
        ["http://a.test/", "a.test"],
        ["http://b.test/", "b.test"],
        ["http://a.test:81/", "a.test:81"],
        ["http://[::1]:8080/", "[::1]:8080"],
      ],
    );
    assert.deepEqual(adapter.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
  });

  it("counts as one for maxConnections", async () => {
    let open = 0;
    let most = 0;
    await using proxy = await rawServer(async (peer) => {
      for (;;) {
        await peer.request();
        open += 1;
        most = Math.max(most, open);
        await pause(5);
        open -= 1;
        await peer.send(OK);
      }
    });
    await using session = new Session({ proxies: { http: `http://${proxy.address}` } });
    session.mount("http://", new HTTPAdapter({ maxConnections: 2 }));
    await Promise.all(Array.from({ length: 12 }, (_item, at) => session.get(`http://host${at % 6}.test/`)));
    assert.deepEqual([most, proxy.peers.length], [2, 2]);
  });

  it("uses separate connections for other credentials, another proxy, and tunnels", async () => {
    await using proxy = await rawServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    await using session = new Session();
    const through = (user: string, scheme = "http"): Promise<unknown> =>
      session
        .get(`${scheme}://a.test/`, { proxies: { all: `http://${user}${proxy.address}` }, timeout: 0.3 })
        .catch((error: unknown) => error);
    await through("");
    await through("one:1@");
    await through("one:2@");
    await through("one:1@");
    await through("");
    assert.equal(proxy.peers.length, 3);
    await through("", "https");
    assert.equal(proxy.peers.length, 4);
    assert.match(proxy.peers[3].received, /^CONNECT a\.test:443 /);
  });

  it("is verified under each policy, when it is an https proxy", async () => {
    await using proxy = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
    await using session = new Session({ proxies: { all: `https://${proxy.address}` } });
    assert.equal((await session.get("http://a.test/", { verify: false })).text, "ok");
    assert.equal((await session.get("http://b.test/", { verify: false })).reused, true);
    assert.equal((await rejection(session.get("http://b.test/"))).name, "ProxyError");
  });

  it("receives one Digest answer for all of them", async () => {
    const heads: string[] = [];
    await using proxy = await rawServer(async (peer) => {
      for (;;) {
        const { head } = await peer.request();
        heads.push(head);
        await peer.send(/Digest/.test(head) ? OK : digestChallenge(1));
      }
    });
    await using session = new Session({ proxies: { http: `http://${CREDENTIALS}${proxy.address}` } });
    for (const host of ["a.test", "b.test"]) assert.equal((await session.get(`http://${host}/x`)).text, "ok");
    assert.equal(heads.length, 3);
    assert.match(heads[1], /uri="http:\/\/a\.test\/x".* nc=00000001/);
    assert.match(heads[2], /^GET http:\/\/b\.test\/x [^]*uri="http:\/\/b\.test\/x".* nc=00000002/);
  });

  for (const [title, script, name] of [
    ["closes", (peer: Peer) => peer.end(), "ConnectionError"],
    ["resets", (peer: Peer) => peer.reset(), "ConnectionError"],
    ["sends garbage", (peer: Peer) => peer.send("garbage\r\n\r\n"), "ConnectionError"],
    [
      "cuts the body",
      (peer: Peer) => peer.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
      "ChunkedEncodingError",
    ],
    ["is silent", () => undefined, "ReadTimeout"],
  ] as const)
    // prettier-ignore
    it(`${title}: the error names the origin of its own request, and the proxy`, async () => {
      await using proxy = await rawServer(async (peer) => {
        for (;;) {
          const { head } = await peer.request();
          if (head.includes("a.test")) await peer.send(OK);
          else await script(peer);
        }
      });
      const shown = `http://user:***@${proxy.address}`;
      await using session = new Session({ proxies: { http: `http://${CREDENTIALS}${proxy.address}` }, timeout: 0.3 });
      await session.get("http://a.test/");
      const error = await rejection(session.post("http://b.test:81/", { data: "x" }));
      assert.deepEqual([error.name, error.address], [name, "b.test:81"]);
      assert.match(error.message, /b\.test:81/);
      assert.doesNotMatch(error.message, /a\.test/);
      assert.ok(error.message.endsWith(` (through proxy ${shown})`), error.message);
      assert.equal(proxy.peers.length, 1);
    });

  it("without a free connection: PoolTimeout and the error of a full pool name the origin of the request", async () => {
    await using proxy = await rawServer(() => undefined);
    await using session = new Session({ proxies: { http: `http://${proxy.address}` } });
    session.mount("http://", new HTTPAdapter({ maxConnections: 1, maxQueue: 1 }));
    const first = rejection(session.get("http://a.test/", { timeout: 0.5 }));
    const second = rejection(session.get("http://b.test/", { timeout: { pool: 0.05 } }));
    const third = await rejection(session.get("http://c.test/"));
    assert.deepEqual([third.code, third.address], ["ERR_POOL_FULL", "c.test:80"]);
    assert.match(third.message, /connections to c\.test:80/);
    assert.deepEqual([(await second).name, (await second).address], ["PoolTimeout", "b.test:80"]);
    assert.equal((await first).address, "a.test:80");
  });

  it("that does not answer: the error names the origin of its own request", async () => {
    const gone = await rawServer(() => undefined);
    const { address } = gone;
    await gone.close();
    await using session = new Session({ proxies: { http: `http://${address}` } });
    for (const host of ["a.test", "b.test"]) {
      const error = await rejection(session.get(`http://${host}/`));
      assert.deepEqual([error.name, error.code, error.address], ["ProxyError", "ERR_PROXY_CONNECTION", address]);
    }
  });
});

describe("CONNECT as the method of a call", { timeout: 30_000 }, () => {
  for (const [title, answer] of [
    ["nothing else", "HTTP/1.1 200 OK\r\n\r\n"],
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["chunked coding", "HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["contradictory framing", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"],
    ["Connection: keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"],
    ["bytes of the tunnel", "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.6\r\n"],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n"],
  ] as const)
    it(`answered 2xx with ${title}: has no body, and no request follows into the tunnel`, async () => {
      await using server = await rawServer(answering(answer, OK));
      await using session = new Session({ timeout: 5 });
      const response = await session.request("CONNECT", server.url);
      assert.deepEqual([response.ok, response.content.length], [true, 0]);
      const next = await session.get(server.url);
      assert.deepEqual([next.text, next.reused], ["ok", false]);
      assert.doesNotMatch(server.peers[0].received, /GET/);
    });

  it("refused: returns an ordinary response", async () => {
    await using server = await rawServer(answering("HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno", OK));
    await using session = new Session();
    const response = await session.request("CONNECT", server.url);
    assert.deepEqual([response.statusCode, response.text], [405, "no"]);
    assert.equal((await session.get(server.url)).reused, true);
  });

  it("answered 2xx under stream: true: the stream ends at once", async () => {
    await using server = await rawServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
    await using session = new Session({ timeout: 5 });
    const response = await session.request("CONNECT", server.url, { stream: true });
    assert.equal((await response.read()).length, 0);
  });
});
