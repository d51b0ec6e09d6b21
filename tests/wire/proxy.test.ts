/** Proxies that fail in every phase: the exception, its words, and that nothing is left open. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { ConnectTimeout, HTTPAdapter, ProxyError, Session, SSLError, type RequestException } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { answering, eventually, OK, pause, rawServer, rejection, type Peer, type Script } from "../_support/raw-server.js";

const TARGET = "target.test:8443";
const CREDENTIALS = "user:s%C3%A9cret@";
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

/** What is common to all: named without its password, and nothing is left. */
async function fails(script: Script, scheme = "http", url = `https://${TARGET}/`): Promise<Failed> {
  await using proxy = await rawServer(script);
  const adapter = new HTTPAdapter();
  const session = new Session({ proxies: { all: `${scheme}://${CREDENTIALS}${proxy.address}` }, timeout: 0.25 });
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  const error = await rejection(session.get(url));
  const shown = `${scheme}://user:***@${proxy.address}`;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    assert.doesNotMatch(cause.message, /cret/, cause.message);
  await Promise.all(proxy.peers.map((peer) => peer.gone));
  const { open, idle, waiting } = adapter.statistics;
  assert.deepEqual({ open, idle, waiting }, { open: 0, idle: 0, waiting: 0 });
  return { error, shown, address: proxy.address, rounds: proxy.peers.length };
}

interface Failed {
  readonly error: RequestException;
  readonly shown: string;
  readonly address: string;
  readonly rounds: number;
}

interface Fault {
  readonly title: string;
  readonly script: Script;
  readonly code: string;
  readonly words: RegExp;
  /** Connections that the client makes; 1 unless it is told. */
  readonly rounds?: number;
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
    title: "sends bytes behind its answer",
    script: connectAnswer(`${ESTABLISHED}HTTP/1.1 200 OK\r\n\r\n`),
    code: "ERR_PROXY",
    words: /sent bytes behind its answer to CONNECT/,
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
      const failed = await fails(script);
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
    ["drips its answer", drip("HTTP/1.1 200 OK\r\nX: ")],
    ["drips 1xx", drip("HTTP/1.1 100 Continue\r\n\r\n")],
    ["is silent after a challenge", (peer: Peer) => (peer.number === 1 ? connectAnswer(digestChallenge(1))(peer) : undefined)],
  ] as const)
    it(`${title}: ConnectTimeout that names it`, async () => {
      const started = performance.now();
      const { error, shown } = await fails(script);
      assert.ok(error instanceof ConnectTimeout, String(error));
      assert.deepEqual([error.code, error.phase], ["ERR_CONNECT_TIMEOUT", "proxy"]);
      assert.ok(error.message.startsWith(`Connection to proxy ${shown} timed out. (connect timeout=0.25)`), error.message);
      const elapsed = performance.now() - started;
      assert.ok(elapsed > 245 && elapsed < 600, `${elapsed} ms`);
    });

  it("says yes and closes: the TLS handshake with the target failed", async () => {
    const { error } = await fails(async (peer) => {
      await peer.request();
      peer.end(ESTABLISHED);
    });
    assert.ok(error instanceof SSLError, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
    assert.match(error.message, /closed the connection during the TLS handshake/);
  });

  it("says yes and is silent: ConnectTimeout, phase tls", async () => {
    const { error } = await fails(connectAnswer(ESTABLISHED));
    assert.ok(error instanceof ConnectTimeout, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
  });

  it("says yes and speaks plain text: SSLError for the target", async () => {
    const { error } = await fails(async (peer) => {
      await peer.request();
      await peer.send(ESTABLISHED);
      await peer.until("\x16");
      await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, new RegExp(`${TARGET} does not speak TLS`));
  });

  it("accepts 100 before its answer", async () => {
    const { error } = await fails(connectAnswer(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n`));
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
      await fails(
        async (peer) => {
          ({ head } = await peer.request());
          peer.end("HTTP/1.1 403 No\r\n\r\n");
        },
        "http",
        url,
      );
      const basic = Buffer.from("user:sécret").toString("base64");
      assert.equal(head, `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`);
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
    await session.get("http://user:pass@target.test/a%20b?c=d#e", { headers: { "Proxy-Authorization": "Basic b3duOm9uZQ==" } });
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
      const { error } = await fails(script, "http", "http://target.test/");
      assert.equal(error.name, "ConnectionError");
      assert.deepEqual([error.code, error.phase], [code, "wait"]);
    });

  it("is silent: ReadTimeout", async () => {
    const { error } = await fails(() => undefined, "http", "http://target.test/");
    assert.deepEqual([error.name, error.phase], ["ReadTimeout", "wait"]);
  });
});

/** Sends the text again and again, a byte at a time, until the client goes. */
function drip(text: string): Script {
  return async (peer) => {
    for (let at = 0; !peer.isGone; at += 1) {
      await peer.send(text[at < text.length ? at : text.length - 1 - (at % 2)]);
      await pause(2);
    }
  };
}

const GREETING = "\x05\x02\x00\x02";
const GRANTED_5 = "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50";

/** Agrees on no authentication, reads the request, and answers it. */
function socks5(answer: string | ((peer: Peer) => void)): Script {
  return async (peer) => {
    assert.equal(await peer.until(4), GREETING);
    await peer.send("\x05\x00");
    await peer.until(4 + 1 + "target.test".length + 2);
    if (typeof answer === "string") await peer.send(answer);
    else answer(peer);
  };
}

function socks4(answer: string): Script {
  return async (peer) => {
    await peer.until("target.test\0");
    await peer.send(answer);
  };
}

const UNREACHABLE = /it cannot reach target\.test:8443/;
const SOCKS_FAULTS: readonly (Omit<Fault, "code" | "rounds"> & { readonly scheme?: string })[] = [
  { title: "closes at once", script: (peer) => peer.end(), words: /closed the connection in the middle of the handshake/ },
  {
    title: "resets",
    script: async (peer) => {
      await peer.until(4);
      peer.reset();
    },
    words: /ECONNRESET|closed the connection/,
  },
  { title: "closes after the request", script: socks5((peer) => peer.end()), words: /in the middle of the handshake/ },
  { title: "closes within its answer", script: socks5((peer) => peer.end("\x05\x00\x00")), words: /in the middle/ },
  { title: "is an HTTP server", script: (peer) => peer.send("HTTP/1.1 400 Bad\r\n\r\n"), words: /does not speak this version/ },
  { title: "speaks version 4", script: (peer) => peer.send("\x00\x5a\0\0\0\0\0\0"), words: /does not speak this version/ },
  { title: "accepts no method", script: (peer) => peer.send("\x05\xff"), words: /does not accept our user name/ },
  { title: "chooses what was not offered", script: (peer) => peer.send("\x05\x01"), words: /does not (accept our|speak)/ },
  {
    title: "does not like the password",
    script: async (peer) => {
      await peer.until(4);
      await peer.send("\x05\x02");
      await peer.until("cret");
      await peer.send("\x01\x01");
    },
    words: /does not accept our user name and password/,
  },
  { title: "answers in another version", script: socks5("\x04\x00\x00\x01\x7f\x00\x00\x01\x00\x50"), words: /version/ },
  { title: "fails", script: socks5("\x05\x01\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "has a rule", script: socks5("\x05\x02\x00\x01\0\0\0\0\0\0"), words: /its rules do not allow target\.test:8443/ },
  { title: "has no network", script: socks5("\x05\x03\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "has no host", script: socks5("\x05\x04\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "was refused", script: socks5("\x05\x05\x00\x01\0\0\0\0\0\0"), words: /target\.test:8443 refused its connection/ },
  { title: "ran out of hops", script: socks5("\x05\x06\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "knows no CONNECT", script: socks5("\x05\x07\x00\x01\0\0\0\0\0\0"), words: /does not support|cannot/ },
  { title: "knows no names", script: socks5("\x05\x08\x00\x01\0\0\0\0\0\0"), words: /does not support|cannot/ },
  { title: "has a code of its own", script: socks5("\x05\xee\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { scheme: "socks4a", title: "rejects (4a)", script: socks4("\x00\x5b\0\0\0\0\0\0"), words: UNREACHABLE },
  { scheme: "socks4a", title: "is garbage (4a)", script: socks4("HTTP/1.1 400 Bad\r\n\r\n"), words: /cannot reach|version/ },
  { scheme: "socks4a", title: "closes (4a)", script: (peer) => peer.end(), words: /in the middle of the handshake/ },
];

describe("a SOCKS proxy that", { timeout: 30_000 }, () => {
  let plain: Server;
  before(async () => {
    plain = await httpbin();
  });
  after(() => plain.close());

  for (const { title, script, words, scheme = "socks5h" } of SOCKS_FAULTS)
    it(title, async () => {
      const failed = await fails(script, scheme);
      const { error } = failed;
      assert.ok(error instanceof ProxyError, String(error));
      assert.deepEqual([error.phase, error.address], ["proxy", failed.address]);
      assert.ok(error.message.startsWith(`Cannot connect to proxy ${failed.shown}: `), error.message);
      assert.match(error.message, words);
    });

  for (const [title, script] of [
    ["is silent", () => undefined],
    ["is silent after the greeting", (peer: Peer) => peer.send("\x05\x00")],
    ["is silent within its answer", socks5("\x05\x00\x00\x01")],
  ] as const)
    it(`${title}: ConnectTimeout that names it`, async () => {
      const { error, shown } = await fails(script, "socks5h");
      assert.ok(error instanceof ConnectTimeout, String(error));
      assert.deepEqual([error.code, error.phase], ["ERR_CONNECT_TIMEOUT", "proxy"]);
      assert.ok(error.message.startsWith(`Connection to proxy ${shown} timed out.`), error.message);
    });

  it("grants and closes: the target's TLS handshake failed", async () => {
    const { error } = await fails(socks5((peer) => peer.end(GRANTED_5)), "socks5h");
    assert.ok(error instanceof SSLError, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
  });

  it("grants: the exact bytes of socks5h, and the request behind them", async () => {
    await using proxy = await rawServer(async (peer) => {
      await peer.until(4);
      await peer.send("\x05\x02");
      await peer.until("cret");
      await peer.send("\x01\x00");
      await peer.until("target.test\x1f\x90");
      await peer.send(GRANTED_5);
      await peer.request();
      await peer.send(OK);
    });
    await using session = new Session({ proxies: { http: `socks5h://${CREDENTIALS}${proxy.address}` } });
    assert.equal((await session.get("http://target.test:8080/path")).text, "ok");
    const { received } = proxy.peers[0];
    const password = Buffer.from("sécret").toString("latin1");
    const handshake = `${GREETING}\x01\x04user\x07${password}\x05\x01\x00\x03\x0btarget.test\x1f\x90`;
    assert.equal(received.slice(0, handshake.length), handshake);
    assert.ok(received.slice(handshake.length).startsWith("GET /path HTTP/1.1\r\nHost: target.test:8080\r\n"));
    assert.doesNotMatch(received, /proxy-authorization/i);
  });

  for (const [scheme, host, expected] of [
    ["socks5", "127.0.0.1", "\x05\x01\x00\x01\x7f\x00\x00\x01\x1f\x90"],
    ["socks5", "[::1]", `\x05\x01\x00\x04${"\0".repeat(15)}\x01\x1f\x90`],
    ["socks5h", "[::1]", `\x05\x01\x00\x04${"\0".repeat(15)}\x01\x1f\x90`],
  ] as const)
    it(`grants: the exact bytes of ${scheme} for ${host}`, async () => {
      await using proxy = await rawServer(async (peer) => {
        await peer.until(3);
        await peer.send("\x05\x00");
        assert.equal(await peer.until(expected.length), expected);
        await peer.send(GRANTED_5);
        await peer.request();
        await peer.send(OK);
      });
      await using session = new Session({ proxies: { http: `${scheme}://${proxy.address}` } });
      assert.equal((await session.get(`http://${host}:8080/`)).text, "ok");
    });

  for (const [scheme, host, expected] of [
    ["socks4", "127.0.0.1", "\x04\x01\x1f\x90\x7f\x00\x00\x01user\0"],
    ["socks4a", "target.test", "\x04\x01\x1f\x90\x00\x00\x00\x01user\0target.test\0"],
  ] as const)
    it(`grants: the exact bytes of ${scheme} for ${host}`, async () => {
      await using proxy = await rawServer(async (peer) => {
        assert.equal(await peer.until(expected.length), expected);
        await peer.send("\x00\x5a\0\0\0\0\0\0");
        await peer.request();
        await peer.send(OK);
      });
      await using session = new Session({ proxies: { http: `${scheme}://user@${proxy.address}` } });
      assert.equal((await session.get(`http://${host}:8080/`)).text, "ok");
    });

  it("socks4 has no IPv6: an exception of ours, and no crash", async () => {
    const { error } = await fails(() => undefined, "socks4", "http://[::1]:8080/");
    assert.ok(error instanceof ProxyError, String(error));
    assert.match(error.message, /IPv6/);
  });

  for (const [scheme, credentials] of [
    ["socks5", `${"u".repeat(256)}:p`],
    ["socks5h", `u:${"p".repeat(256)}`],
    ["socks4", "a%00b:"],
    ["socks4a", "a%00b:"],
  ] as const)
    it(`${scheme} cannot say every name and password: InvalidProxyURL before a socket opens`, async () => {
      await using proxy = await rawServer((peer) => peer.send("\x05\x02"));
      await using session = new Session({ proxies: { all: `${scheme}://${credentials}@${proxy.address}` } });
      const error = await rejection(session.get(`http://127.0.0.1:8080/`));
      assert.equal(error.name, "InvalidProxyURL");
      assert.equal(proxy.peers.length, 0);
    });

  it("leaves no timer and no listener with the socket of a good connection", async () => {
    await using proxy = await rawServer(async (peer) => {
      await peer.until(3);
      await peer.send("\x05\x00");
      await peer.until(10);
      await peer.send(GRANTED_5);
      await answering(OK)(peer);
    });
    const adapter = new HTTPAdapter();
    await using session = new Session({ proxies: { http: `socks5://${proxy.address}` } });
    session.mount("http://", adapter);
    for (let round = 0; round < 5; round += 1) await session.get("http://127.0.0.1:8080/");
    assert.equal(proxy.peers.length, 1);
    await session.close();
    await eventually(() => adapter.statistics.open === 0);
    await proxy.peers[0].gone;
  });
});
