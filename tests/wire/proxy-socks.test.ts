/** SOCKS proxies: the exact bytes, and those that fail in every phase. */
import assert from "node:assert/strict";
import type { LookupFunction } from "node:net";
import { describe, it } from "node:test";
import { inspect } from "node:util";

// Loaded before the first connection, whose timeout it would use up on a busy machine.
import "socks";

import { ConnectTimeout, HTTPAdapter, ProxyError, Session, SSLError } from "requests-ts";

import { CREDENTIALS, failsThrough, TARGET, type Fault } from "../_support/proxy-faults.js";
import { answering, eventually, OK, rawServer, rejection, type Peer, type Script } from "../_support/raw-server.js";

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
  {
    title: "closes at once",
    script: (peer) => peer.end(),
    words: /closed the connection in the middle of the handshake/,
  },
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
  {
    title: "is an HTTP server",
    script: (peer) => peer.send("HTTP/1.1 400 Bad\r\n\r\n"),
    words: /does not speak this version/,
  },
  {
    title: "speaks version 4",
    script: (peer) => peer.send("\x00\x5a\0\0\0\0\0\0"),
    words: /does not speak this version/,
  },
  { title: "accepts no method", script: (peer) => peer.send("\x05\xff"), words: /does not accept our user name/ },
  {
    title: "chooses what was not offered",
    script: (peer) => peer.send("\x05\x01"),
    words: /does not (accept our|speak)/,
  },
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
  {
    title: "has a rule",
    script: socks5("\x05\x02\x00\x01\0\0\0\0\0\0"),
    words: /its rules do not allow target\.test:8443/,
  },
  { title: "has no network", script: socks5("\x05\x03\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "has no host", script: socks5("\x05\x04\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  {
    title: "was refused",
    script: socks5("\x05\x05\x00\x01\0\0\0\0\0\0"),
    words: /target\.test:8443 refused its connection/,
  },
  { title: "ran out of hops", script: socks5("\x05\x06\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { title: "knows no CONNECT", script: socks5("\x05\x07\x00\x01\0\0\0\0\0\0"), words: /does not support|cannot/ },
  { title: "knows no names", script: socks5("\x05\x08\x00\x01\0\0\0\0\0\0"), words: /does not support|cannot/ },
  { title: "has a code of its own", script: socks5("\x05\xee\x00\x01\0\0\0\0\0\0"), words: UNREACHABLE },
  { scheme: "socks4a", title: "rejects (4a)", script: socks4("\x00\x5b\0\0\0\0\0\0"), words: UNREACHABLE },
  {
    scheme: "socks4a",
    title: "is garbage (4a)",
    script: socks4("HTTP/1.1 400 Bad\r\n\r\n"),
    words: /cannot reach|version/,
  },
  { scheme: "socks4a", title: "closes (4a)", script: (peer) => peer.end(), words: /in the middle of the handshake/ },
];

describe("a SOCKS proxy that", { timeout: 30_000 }, () => {
  for (const { title, script, words, scheme = "socks5h" } of SOCKS_FAULTS)
    it(title, async () => {
      const failed = await failsThrough(script, scheme);
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
    it(`${title}: ConnectTimeout names the proxy`, async () => {
      const { error, shown } = await failsThrough(script, "socks5h");
      assert.ok(error instanceof ConnectTimeout, String(error));
      assert.deepEqual([error.code, error.phase], ["ERR_CONNECT_TIMEOUT", "proxy"]);
      assert.ok(error.message.startsWith(`Connection to proxy ${shown} timed out.`), error.message);
    });

  it("grants and closes: the error says that the target's TLS handshake failed", async () => {
    const { error } = await failsThrough(
      socks5((peer) => peer.end(GRANTED_5)),
      "socks5h",
    );
    assert.ok(error instanceof SSLError, String(error));
    assert.deepEqual([error.phase, error.address], ["tls", TARGET]);
  });

  it("grants: receives the exact bytes of socks5h, then the request [socks5h-bytes]", async () => {
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
    it(`grants: receives the exact bytes of ${scheme} for ${host} [socks5-address-bytes]`, async () => {
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
    it(`grants: receives the exact bytes of ${scheme} for ${host} [socks4-bytes]`, async () => {
      await using proxy = await rawServer(async (peer) => {
        assert.equal(await peer.until(expected.length), expected);
        await peer.send("\x00\x5a\0\0\0\0\0\0");
        await peer.request();
        await peer.send(OK);
      });
      await using session = new Session({ proxies: { http: `${scheme}://user@${proxy.address}` } });
      assert.equal((await session.get(`http://${host}:8080/`)).text, "ok");
    });

  it("speaks socks4: throws ProxyError for an IPv6 address", async () => {
    const { error, rounds } = await failsThrough(() => undefined, "socks4", "http://[::1]:8080/");
    assert.ok(error instanceof ProxyError, String(error));
    assert.match(error.message, /SOCKS 4 knows no IPv6/);
    assert.equal(rounds, 0);
  });

  it("resets during the name lookup: throws ProxyError", async () => {
    await using proxy = await rawServer((peer) => peer.reset());
    await using session = new Session({ proxies: { all: `socks5://${proxy.address}` } });
    session.mount(
      "http://",
      new HTTPAdapter({
        lookup: (_name, _options, callback) => {
          setTimeout(callback, 30, null, "127.0.0.1", 4);
        },
      }),
    );
    assert.ok((await rejection(session.get("http://target.test/"))) instanceof ProxyError);
  });

  it("is not blamed for a name that the client cannot resolve", async () => {
    await using proxy = await rawServer(() => undefined);
    await using session = new Session({ proxies: { all: `socks5://${proxy.address}` } });
    const lookup: LookupFunction = (_name, _options, callback) => {
      callback(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), "", 4);
    };
    session.mount("http://", new HTTPAdapter({ lookup }));
    const error = await rejection(session.get("http://target.test/"));
    assert.deepEqual([error.name, error.code, error.phase], ["ConnectionError", "ERR_NAME_RESOLUTION", "dns"]);
    assert.match(error.message, /Failed to resolve "target\.test"/);
    assert.equal(proxy.peers.length, 0);
  });

  for (const [title, script] of [
    ["closes at once", (peer: Peer) => peer.end()],
    ["accepts no method", (peer: Peer) => peer.send("\x05\xff")],
    ["refuses", socks5("\x05\x05\x00\x01\0\0\0\0\0\0")],
    ["is an HTTP server", (peer: Peer) => peer.send("HTTP/1.1 400 Bad\r\n\r\n")],
  ] as const)
    it(`${title}: no error of the chain has the password`, async () => {
      const { error } = await failsThrough(script, "socks5h");
      assert.ok(error.cause instanceof Error);
      assert.equal("options" in error.cause, false);
      let depth = 0;
      for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
        depth += 1;
        const { request: _request, ...shown } = Object.fromEntries(
          Object.getOwnPropertyNames(cause).map((name) => [name, (cause as unknown as Record<string, unknown>)[name]]),
        );
        assert.doesNotMatch(`${inspect(cause, { depth: 20, showHidden: true })}${JSON.stringify(shown)}`, /cret/);
      }
      assert.equal(depth, 2);
    });

  for (const [scheme, credentials] of [
    ["socks5", `${"u".repeat(256)}:p`],
    ["socks5h", `u:${"p".repeat(256)}`],
    ["socks4", "a%00b:"],
    ["socks4a", "a%00b:"],
  ] as const)
    it(`speaks ${scheme}: a name or password that does not fit throws InvalidProxyURL before a socket opens`, async () => {
      await using proxy = await rawServer((peer) => peer.send("\x05\x02"));
      await using session = new Session({ proxies: { all: `${scheme}://${credentials}@${proxy.address}` } });
      const error = await rejection(session.get(`http://127.0.0.1:8080/`));
      assert.equal(error.name, "InvalidProxyURL");
      assert.equal(proxy.peers.length, 0);
    });

  it("grants: no timer and no listener is left on the socket", async () => {
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
