/** HTTP proxies that fail in every phase: the exception, its words, and that nothing is left open. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";

import { ConnectTimeout, HTTPAdapter, ProxyError, Session, SSLError } from "requests-ts";
import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

import { CREDENTIALS, failsThrough, TARGET, type Fault } from "../_support/proxy-faults.js";
import {
  answering,
  OK,
  pause,
  rawServer,
  rawTlsServer,
  rejection,
  type Peer,
  type Script,
} from "../_support/raw-server.js";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

function digestChallenge(nonce: number, stale = false): string {
  const fields = `realm="r", nonce="n${nonce}", qop="auth"${stale ? ", stale=true" : ""}`;
  return `HTTP/1.1 407 Who Are You\r\nProxy-Authenticate: Digest ${fields}\r\nContent-Length: 0\r\n\r\n`;
}

/** Answers CONNECT in one way, and then waits for the client to go. */
function connectAnswer(answer: string): Script {
  return async (peer) => {
    await peer.request();
    await peer.send(answer);
  };
}

const CONNECT_FAULTS: readonly Fault[] = [
  {
    title: "closes at once",
    script: (peer) => peer.end(),
    code: "ERR_PROXY",
    words: /closed the connection instead of answering CONNECT/,
  },
  {
    title: "drops CONNECT",
    script: async (peer) => {
      await peer.request();
      peer.end();
    },
    code: "ERR_PROXY",
    words: /closed the connection instead of answering CONNECT/,
  },
  {
    title: "resets at CONNECT",
    script: async (peer) => {
      await peer.request();
      peer.reset();
    },
    code: "ERR_PROXY_CONNECTION",
    words: /closed the connection while it was being made \(ECONNRESET\)/,
  },
  {
    title: "closes within its answer",
    script: async (peer) => {
      await peer.request();
      peer.end("HTTP/1.1 200 Connection esta");
    },
    code: "ERR_PROXY",
    words: /closed the connection instead of answering CONNECT/,
  },
  {
    title: "speaks something else",
    script: (peer) => peer.send("SSH-2.0-OpenSSH_9.2\r\n"),
    code: "ERR_PROXY",
    words: /answered CONNECT with "SSH-2\.0-OpenSSH_9\.2.*which is not HTTP/,
  },
  {
    title: "sends binary garbage",
    script: connectAnswer("\x15\x03\x01\x00\x02\x02\x28\r\n\r\n"),
    code: "ERR_PROXY",
    words: /answer to CONNECT is malformed|which is not HTTP/,
  },
  {
    title: "sends a status line that is none",
    script: connectAnswer("HTTP/1.1 two hundred\r\n\r\n"),
    code: "ERR_PROXY",
    words: /answer to CONNECT is malformed/,
  },
  {
    title: "sends a field that is none",
    script: connectAnswer("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
    code: "ERR_PROXY",
    words: /answer to CONNECT is malformed/,
  },
  {
    title: "sends a head without end",
    script: connectAnswer(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(80_000)}`),
    code: "ERR_PROXY",
    words: /answer to CONNECT is larger than 65536 bytes/,
  },
  {
    title: "sends 1xx for ever",
    script: connectAnswer("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000)),
    code: "ERR_PROXY",
    words: /goes on sending 1xx responses/,
  },
  {
    title: "sends bytes after its answer",
    script: connectAnswer(`${ESTABLISHED}HTTP/1.1 200 OK\r\n\r\n`),
    code: "ERR_PROXY",
    words: /sent bytes after its answer to CONNECT/,
  },
  {
    title: "cannot reach the target",
    script: connectAnswer("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry"),
    code: "ERR_PROXY_REFUSED",
    words: /Tunnel connection failed: 502 Bad Gateway for target\.test:8443; it does not connect to this host and port/,
  },
  {
    title: "redirects",
    script: connectAnswer("HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n"),
    code: "ERR_PROXY_REFUSED",
    words: /Tunnel connection failed: 302 Found/,
  },
  {
    title: "switches protocols",
    script: connectAnswer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    code: "ERR_PROXY_REFUSED",
    words: /Tunnel connection failed: 101/,
  },
  {
    title: "says 407 without a challenge",
    script: connectAnswer("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /Tunnel connection failed: 407 No .*does not accept the user name and password/,
  },
  {
    title: "asks for Basic for ever",
    script: connectAnswer('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n'),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
  },
  {
    title: "asks for Digest for ever, with a new nonce each time",
    script: (peer) => connectAnswer(digestChallenge(peer.number))(peer),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
    rounds: 3,
  },
  {
    title: "says stale for ever",
    script: (peer) => connectAnswer(digestChallenge(1, true))(peer),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
    rounds: 3,
  },
  {
    title: "refuses the answer to its nonce",
    script: (peer) => connectAnswer(digestChallenge(1))(peer),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
    rounds: 2,
  },
  {
    title: "wants a scheme that nobody knows",
    script: connectAnswer("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n"),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
  },
];

describe("an HTTP proxy that is asked for a tunnel and", { timeout: 30_000 }, () => {
  for (const { title, script, code, words, rounds = 1 } of CONNECT_FAULTS)
    it(title, async () => {
      const failed = await failsThrough(script);
      const { error } = failed;
      assert.ok(error instanceof ProxyError, String(error));
      assert.deepEqual([error.code, error.phase, error.address], [code, "proxy", failed.address]);
      assert.ok(error.message.startsWith(`Cannot connect to proxy ${failed.shown}: `), error.message);
      assert.match(error.message, words);
      assert.equal(failed.rounds, rounds);
    });

  for (const [title, script] of [
    ["is silent", () => undefined],
    ["is silent within its answer", connectAnswer("HTTP/1.1 200 Conn")],
    ["drips its answer", drip(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(1000)}`)],
    ["drips 1xx", drip("HTTP/1.1 100 Continue\r\n\r\n")],
    [
      "is silent after a challenge",
      (peer: Peer) => (peer.number === 1 ? connectAnswer(digestChallenge(1))(peer) : undefined),
    ],
  ] as const)
    it(`${title}: ConnectTimeout that names it`, async () => {
      const started = performance.now();
      const { error, shown } = await failsThrough(script);
      assert.ok(error instanceof ConnectTimeout, String(error));
      assert.deepEqual([error.code, error.phase], ["ERR_CONNECT_TIMEOUT", "proxy"]);
      assert.ok(
        error.message.startsWith(`Connection to proxy ${shown} timed out. (connect timeout=0.25)`),
        error.message,
      );
      const elapsed = performance.now() - started;
      assert.ok(elapsed > 245 && elapsed < 600, `${elapsed} ms`);
    });

  const broken: readonly (readonly [title: string, words: RegExp, then: (peer: Peer) => void | Promise<void>])[] = [
    ["closes", /closed the connection during the TLS handshake/, (peer) => peer.end()],
    ["resets", /closed the connection during the TLS handshake/, (peer) => peer.reset()],
    [
      "closes within the handshake",
      /closed the connection during the TLS handshake/,
      async (peer) => {
        await peer.until("\x16");
        peer.end("\x16\x03\x03");
      },
    ],
    [
      "speaks plain text",
      new RegExp(`${TARGET} does not speak TLS`),
      async (peer) => {
        await peer.until("\x16");
        await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
      },
    ],
    [
      "sends garbage",
      new RegExp(`SSL: .*${TARGET}`),
      async (peer) => {
        await peer.until("\x16");
        await peer.send(Buffer.alloc(100, 0x99));
      },
    ],
  ];
  for (const [title, words, then] of broken)
    it(`says yes and ${title}: SSLError for the target that names the proxy`, async () => {
      const { error, shown } = await failsThrough(async (peer) => {
        await peer.request();
        await peer.sendAndPause(ESTABLISHED);
        await then(peer);
      });
      assert.ok(error instanceof SSLError, String(error));
      assert.deepEqual([error.code, error.phase, error.address], ["ERR_SSL", "tls", TARGET]);
      assert.match(error.message, words);
      assert.ok(error.message.endsWith(` (through proxy ${shown})`), error.message);
      assert.ok(error.stack?.includes(error.message));
      assert.ok(error.cause instanceof Error);
    });

  it("says yes and is silent: ConnectTimeout, phase tls", async () => {
    const { error, shown } = await failsThrough(connectAnswer(ESTABLISHED));
    assert.ok(error instanceof ConnectTimeout, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
    assert.ok(error.message.endsWith(` (through proxy ${shown})`), error.message);
  });

  it("shows a certificate that is not trusted: the error names both", async () => {
    await using secure = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
    await using proxy = await rawServer(tunnelTo(secure.port));
    await using session = new Session({ proxies: { all: `http://${CREDENTIALS}${proxy.address}` } });
    const error = await rejection(session.get(`https://${TARGET}/`));
    assert.ok(error instanceof SSLError);
    assert.match(
      error.message,
      /^SSL: certificate verify failed for target\.test:8443: .* \(through proxy http:\/\/user:\*{3}@/,
    );
  });

  for (const [title, then, name, words] of [
    ["resets", (peer: Peer) => peer.reset(), "ConnectionError", /^Connection aborted: /],
    ["closes", (peer: Peer) => peer.end(), "ConnectionError", /^Connection aborted: /],
    ["is silent", () => undefined, "ReadTimeout", /^Read timed out\. .*target\.test:8443: the server is silent/],
  ] as const)
    it(`breaks a tunnel in which a request is under way, and ${title}: the error names both`, async () => {
      await using secure = await rawTlsServer(SERVER_KEY_PAIR, async (peer) => {
        await peer.request();
        then(peer);
      });
      await using proxy = await rawServer(tunnelTo(secure.port));
      await using session = new Session({ proxies: { all: `http://${proxy.address}` }, verify: false, timeout: 0.5 });
      const error = await rejection(session.post(`https://${TARGET}/`, { data: "x" }));
      assert.equal(error.name, name);
      assert.equal(error.address, TARGET);
      assert.match(error.message, words);
      assert.ok(error.message.endsWith(` (through proxy http://${proxy.address})`), error.message);
    });

  for (const [title, head] of [
    ["bare LF", "HTTP/1.0 200 Connection established\n\n"],
    ["bare LF and fields", "HTTP/1.0 200 Connection established\nProxy-agent: old/1.0\nX: y\n\n"],
    ["CRLF, and a bare LF as the empty line", "HTTP/1.0 200 Connection established\r\nX: y\r\n\n"],
    ["bare LF, and CRLF as the empty line", "HTTP/1.0 200 Connection established\nX: y\n\r\n"],
    ["mixed line ends", "HTTP/1.1 200 OK\nA: b\r\nC: d\n\r\n"],
    ["1xx before it, with bare LF", "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n\n"],
    ["empty lines before it", "\r\n\nHTTP/1.1 200 OK\r\n\r\n"],
    ["no reason", "HTTP/1.1 200\n\n"],
    ["another 2xx", "HTTP/1.1 299 Fine\r\n\r\n"],
    ["Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"],
    ["chunked coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"],
    ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"],
    ["Connection: close", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"],
  ] as const)
    it(`says yes with ${title}: the tunnel is used`, async () => {
      await using secure = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
      for (const send of [
        (peer: Peer) => peer.send(head),
        async (peer: Peer) => {
          for (const byte of head) await peer.sendAndPause(byte);
        },
      ]) {
        await using proxy = await rawServer(tunnelTo(secure.port, send));
        await using session = new Session({ proxies: { all: `http://${proxy.address}` }, verify: false, timeout: 10 });
        assert.equal((await session.get(`https://${TARGET}/`)).text, "ok");
        assert.equal((await session.get(`https://${TARGET}/`)).reused, true);
      }
    });

  for (const [title, answer] of [
    ["bare LF", "HTTP/1.0 403 Forbidden\nX: y\n\n<html>no</html>"],
    ["mixed line ends", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\n\nno"],
    ["contradictory framing", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nno"],
    ["a length that is none", "HTTP/1.1 403 Forbidden\r\nContent-Length: x\r\n\r\nno"],
  ] as const)
    it(`refuses with ${title}: that status is the error`, async () => {
      const { error } = await failsThrough(connectAnswer(answer));
      assert.deepEqual([error.name, error.code], ["ProxyError", "ERR_PROXY_REFUSED"]);
      assert.match(error.message, /Tunnel connection failed: 403 Forbidden for target\.test:8443/);
    });

  for (const [title, answer] of [
    ["a bare CR", "HTTP/1.1 200 OK\rX: y\n\n"],
    ["CR CR LF", "HTTP/1.1 200 OK\r\r\n\r\n"],
    ["a NUL", "HTTP/1.1 200 OK\nX: \0\n\n"],
  ] as const)
    it(`sends a head with ${title}: it is malformed`, async () => {
      const { error } = await failsThrough(connectAnswer(answer));
      assert.deepEqual([error.name, error.code], ["ProxyError", "ERR_PROXY"]);
      assert.match(error.message, /answer to CONNECT is malformed/);
    });

  it("sends bytes after a head with bare LF: they are nobody's", async () => {
    const { error } = await failsThrough(connectAnswer("HTTP/1.1 200 OK\n\nx"));
    assert.match(error.message, /sent bytes after its answer to CONNECT/);
  });

  it("accepts 100 before its answer", async () => {
    const { error } = await failsThrough(connectAnswer(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n`));
    assert.match(error.message, /Tunnel connection failed: 403 No/);
  });

  for (const [url, authority] of [
    ["https://target.test/a?b#c", "target.test:443"],
    ["https://user:pass@target.test:8443/", "target.test:8443"],
    ["https://[::1]/", "[::1]:443"],
    ["https://bücher.test/", "xn--bcher-kva.test:443"],
  ] as const)
    it(`is asked for ${authority}, and told nothing else`, async () => {
      let head = "";
      await failsThrough(
        async (peer) => {
          ({ head } = await peer.request());
          peer.end("HTTP/1.1 403 No\r\n\r\n");
        },
        "http",
        url,
      );
      const basic = Buffer.from("user:sécret").toString("base64");
      assert.equal(
        head,
        `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`,
      );
    });

  it("asks for Digest: the answer goes over a connection of its own, and later tunnels begin with it", async () => {
    const heads: string[] = [];
    await using proxy = await rawServer(async (peer) => {
      const { head } = await peer.request();
      heads.push(head);
      await peer.send(/Digest/.test(head) ? "HTTP/1.1 403 No\r\n\r\n" : digestChallenge(1));
    });
    await using session = new Session({ proxies: { all: `http://${CREDENTIALS}${proxy.address}` } });
    for (let round = 0; round < 2; round += 1)
      assert.match((await rejection(session.get(`https://${TARGET}/`))).message, /403 No/);
    assert.equal(heads.length, 3);
    assert.match(heads[0], /\r\nProxy-Authorization: Basic /);
    assert.match(heads[1], /\r\nProxy-Authorization: Digest username="user".* uri="target\.test:8443".* nc=00000001/);
    assert.match(heads[2], /\r\nProxy-Authorization: Digest .* nc=00000002/);
  });
});

describe("an HTTP proxy that is handed requests", { timeout: 30_000 }, () => {
  it("gets the absolute form, who we are, and nothing twice", async () => {
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
    it(`asks for ${title} for ever: after ${requests} requests the 407 is the response`, async () => {
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

  it("refuses an upload: its connection is not used again", async () => {
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
    it(`${title}: as with any server`, async () => {
      const { error } = await failsThrough(script, "http", "http://target.test/");
      assert.equal(error.name, "ConnectionError");
      assert.deepEqual([error.code, error.phase], [code, "wait"]);
    });

  it("is silent: ReadTimeout", async () => {
    const { error } = await failsThrough(() => undefined, "http", "http://target.test/");
    assert.deepEqual([error.name, error.phase], ["ReadTimeout", "wait"]);
  });
});

describe("an HTTP proxy that several origins share", { timeout: 30_000 }, () => {
  it("has one connection for their plain http requests, one after the other", async () => {
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

  it("is limited by maxConnections as one", async () => {
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

  it("has connections of their own for other credentials, another proxy, and tunnels", async () => {
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

  it("is verified under each policy by itself, when it is an https proxy", async () => {
    await using proxy = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
    await using session = new Session({ proxies: { all: `https://${proxy.address}` } });
    assert.equal((await session.get("http://a.test/", { verify: false })).text, "ok");
    assert.equal((await session.get("http://b.test/", { verify: false })).reused, true);
    assert.equal((await rejection(session.get("http://b.test/"))).name, "ProxyError");
  });

  it("answers Digest once for all of them", async () => {
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

  it("has no free connection: PoolTimeout and a full pool name the origin of their own request", async () => {
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

  it("does not answer: the error names the origin of its own request", async () => {
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

describe("CONNECT that the caller sends", { timeout: 30_000 }, () => {
  for (const [title, answer] of [
    ["nothing else", "HTTP/1.1 200 OK\r\n\r\n"],
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["chunked coding", "HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["contradictory framing", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"],
    ["Connection: keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"],
    ["bytes of the tunnel", "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.6\r\n"],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n"],
  ] as const)
    it(`is answered 2xx with ${title}: no body, and no request follows into the tunnel`, async () => {
      await using server = await rawServer(answering(answer, OK));
      await using session = new Session({ timeout: 5 });
      const response = await session.request("CONNECT", server.url);
      assert.deepEqual([response.ok, response.content.length], [true, 0]);
      const next = await session.get(server.url);
      assert.deepEqual([next.text, next.reused], ["ok", false]);
      assert.doesNotMatch(server.peers[0].received, /GET/);
    });

  it("is refused: a response like any other", async () => {
    await using server = await rawServer(answering("HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno", OK));
    await using session = new Session();
    const response = await session.request("CONNECT", server.url);
    assert.deepEqual([response.statusCode, response.text], [405, "no"]);
    assert.equal((await session.get(server.url)).reused, true);
  });

  it("is answered 2xx to a stream: it ends at once", async () => {
    await using server = await rawServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
    await using session = new Session({ timeout: 5 });
    const response = await session.request("CONNECT", server.url, { stream: true });
    assert.equal((await response.read()).length, 0);
  });
});

/** Opens a tunnel to a port of this machine, whatever it is asked for. */
function tunnelTo(port: number, answer: (peer: Peer) => Promise<void> = (peer) => peer.send(ESTABLISHED)): Script {
  return async (peer) => {
    await peer.request();
    const far = connect(port, "127.0.0.1").on("error", () => undefined);
    far.on("data", (chunk: Buffer) => peer.socket.write(chunk)).on("close", () => peer.socket.destroy());
    peer.socket.on("data", (chunk: Buffer) => far.write(chunk)).on("close", () => far.destroy());
    await answer(peer);
  };
}

/** Sends the text again and again, a byte at a time, until the client goes. */
function drip(text: string): Script {
  return async (peer) => {
    for (let at = 0; !peer.isGone; at += 1) {
      await peer.send(text[at % text.length]);
      await pause(2);
    }
  };
}
