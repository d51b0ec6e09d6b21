/** HTTP proxies that fail in every phase: the exception, its words, and that nothing is left open. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ConnectTimeout, ProxyError, Session, SSLError } from "requests-ts";

import { CREDENTIALS, failsThrough, TARGET, type Fault } from "../_support/proxy-faults.js";
import { answering, OK, pause, rawServer, rejection, type Peer, type Script } from "../_support/raw-server.js";

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

  it("says yes and closes: the TLS handshake with the target failed", async () => {
    const { error } = await failsThrough(async (peer) => {
      await peer.request();
      peer.end(ESTABLISHED);
    });
    assert.ok(error instanceof SSLError, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
    assert.match(error.message, /closed the connection during the TLS handshake/);
  });

  it("says yes and is silent: ConnectTimeout, phase tls", async () => {
    const { error } = await failsThrough(connectAnswer(ESTABLISHED));
    assert.ok(error instanceof ConnectTimeout, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
  });

  it("says yes and speaks plain text: SSLError for the target", async () => {
    const { error } = await failsThrough(async (peer) => {
      await peer.request();
      await peer.send(ESTABLISHED);
      await peer.until("\x16");
      await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, new RegExp(`${TARGET} does not speak TLS`));
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
    const [first, second] = proxy.peers.map((peer) => peer.received);
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

/** Sends the text again and again, a byte at a time, until the client goes. */
function drip(text: string): Script {
  return async (peer) => {
    for (let at = 0; !peer.isGone; at += 1) {
      await peer.send(text[at % text.length]);
      await pause(2);
    }
  };
}
