/** HTTP proxies that fail in every phase: the exception, its words, and that nothing is left open. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";

import { ConnectTimeout, ProxyError, Session, SSLError } from "requests-ts";
import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

import { CREDENTIALS, digestChallenge, failsThrough, TARGET, type Fault } from "../_support/proxy-faults.js";
import {
  answering,
  GRACE,
  OK,
  pause,
  rawServer,
  rawTlsServer,
  rejection,
  type Peer,
  type Script,
} from "../_support/raw-server.js";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

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
    title: "sends an invalid status line",
    script: connectAnswer("HTTP/1.1 two hundred\r\n\r\n"),
    code: "ERR_PROXY",
    words: /answer to CONNECT is malformed/,
  },
  {
    title: "sends an invalid field",
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
    title: "sends 1xx responses without an end",
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
    title: "requires Basic again and again",
    script: connectAnswer('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="r"\r\nContent-Length: 0\r\n\r\n'),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
  },
  {
    title: "requires Digest again and again, with a new nonce each time",
    script: (peer) => connectAnswer(digestChallenge(peer.number))(peer),
    code: "ERR_PROXY_AUTHENTICATION",
    words: /does not accept the user name and password/,
    rounds: 3,
  },
  {
    title: "declares each nonce stale",
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
    title: "requires an unknown scheme",
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
    it(`${title}: ConnectTimeout names the proxy`, async () => {
      const started = performance.now();
      const { error, shown } = await failsThrough(script);
      assert.ok(error instanceof ConnectTimeout, String(error));
      assert.deepEqual([error.code, error.phase], ["ERR_CONNECT_TIMEOUT", "proxy"]);
      assert.ok(
        error.message.startsWith(`Connection to proxy ${shown} timed out. (connect timeout=0.25)`),
        error.message,
      );
      const elapsed = performance.now() - started;
      assert.ok(elapsed > 245 && elapsed < 250 + GRACE, `${elapsed} ms`);
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
    it(`answers 200 and ${title}: SSLError for the target names the proxy`, async () => {
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

  it("answers 200 and is silent: ConnectTimeout in phase tls", async () => {
    const { error, shown } = await failsThrough(connectAnswer(ESTABLISHED));
    assert.ok(error instanceof ConnectTimeout, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
    assert.ok(error.message.endsWith(` (through proxy ${shown})`), error.message);
  });

  it("has a certificate that is not trusted: the error names proxy and target", async () => {
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
    it(`breaks a tunnel during a request, and ${title}: the error names proxy and target`, async () => {
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
    ["an invalid length", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"],
    ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"],
    ["Connection: close", "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"],
  ] as const)
    it(`answers 200 with ${title}: the tunnel is used`, async () => {
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
    ["an invalid length", "HTTP/1.1 403 Forbidden\r\nContent-Length: x\r\n\r\nno"],
  ] as const)
    it(`refuses with ${title}: the error has that status`, async () => {
      const { error } = await failsThrough(connectAnswer(answer));
      assert.deepEqual([error.name, error.code], ["ProxyError", "ERR_PROXY_REFUSED"]);
      assert.match(error.message, /Tunnel connection failed: 403 Forbidden for target\.test:8443/);
    });

  for (const [title, answer] of [
    ["a bare CR", "HTTP/1.1 200 OK\rX: y\n\n"],
    ["CR CR LF", "HTTP/1.1 200 OK\r\r\n\r\n"],
    ["a NUL", "HTTP/1.1 200 OK\nX: \0\n\n"],
  ] as const)
    it(`sends a head with ${title}: the error calls it malformed`, async () => {
      const { error } = await failsThrough(connectAnswer(answer));
      assert.deepEqual([error.name, error.code], ["ProxyError", "ERR_PROXY"]);
      assert.match(error.message, /answer to CONNECT is malformed/);
    });

  it("sends bytes after a head with bare LF: the bytes are not part of the tunnel", async () => {
    const { error } = await failsThrough(connectAnswer("HTTP/1.1 200 OK\n\nx"));
    assert.match(error.message, /sent bytes after its answer to CONNECT/);
  });

  it("sends 100 before its answer: the 100 is skipped", async () => {
    const { error } = await failsThrough(connectAnswer(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n`));
    assert.match(error.message, /Tunnel connection failed: 403 No/);
  });

  for (const [url, authority] of [
    ["https://target.test/a?b#c", "target.test:443"],
    ["https://user:pass@target.test:8443/", "target.test:8443"],
    ["https://[::1]/", "[::1]:443"],
    ["https://bücher.test/", "xn--bcher-kva.test:443"],
  ] as const)
    it(`receives ${authority} in CONNECT, and nothing else`, async () => {
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

  it("requires Digest: a connection of its own answers, and later tunnels begin with the answer", async () => {
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
