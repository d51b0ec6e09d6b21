/** Names with several addresses: origins and proxies of every kind are reached at the address that answers. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { HTTPAdapter, ProxyError, Session, type HTTPAdapterOptions } from "requests-ts";
import { SERVER_KEY_PAIR, TEST_CA } from "#internal/httpbin/certificate";

import { fullPort } from "../_support/fault-proxy.js";
import { answering, eventually, OK, pause, RawServer, rawServer, rawTlsServer, rejection, type Peer } from "../_support/raw-server.js"; // prettier-ignore

const directory = mkdtempSync(join(tmpdir(), "requests-ts-happy-"));
const ca = join(directory, "ca.pem");
writeFileSync(ca, TEST_CA);
after(() => rmSync(directory, { recursive: true }));

const ON_LINUX = { skip: process.platform !== "linux" && "needs Linux's backlog, and all of 127.0.0.0/8" };

/** The answer for every name. */
function resolvingTo(...addresses: readonly string[]): LookupFunction {
  return (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
}

function sessionWith(options: HTTPAdapterOptions, proxy: string | null = null): [Session, HTTPAdapter] {
  const adapter = new HTTPAdapter(options);
  const session = new Session({ verify: ca, proxies: proxy === null ? {} : { all: proxy }, timeout: 10 });
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  return [session, adapter];
}

/** Answers requests after it has opened the tunnel that it is asked for. */
async function tunnel(peer: Peer): Promise<void> {
  await peer.request();
  await peer.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
}

async function socks(peer: Peer): Promise<void> {
  await peer.until(3);
  await peer.send("\x05\x00");
  await peer.until("target.test\0\x50");
  await peer.send("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50");
  await answering(OK)(peer);
}

/** A server listens on 127.0.0.1, and on nothing else. */
const ORDERS: readonly (readonly string[])[] = [
  ["127.0.0.1"],
  ["127.0.0.2", "127.0.0.1"],
  ["127.0.0.1", "127.0.0.2"],
  ["::1", "127.0.0.1"],
  ["127.0.0.1", "::1"],
  ["127.0.0.2", "::1", "127.0.0.1"],
  ["::1", "127.0.0.2", "127.0.0.3", "127.0.0.1"],
];

describe("a name with several addresses", { timeout: 30_000, ...ON_LINUX }, () => {
  for (const addresses of ORDERS) {
    const lookup = resolvingTo(...addresses);
    const name = JSON.stringify(addresses);

    it(`connects to an origin: ${name}`, async () => {
      await using server = await rawServer(answering(OK));
      const [session, adapter] = sessionWith({ lookup });
      const response = await session.get(`http://target.test:${server.port}/`);
      assert.equal(response.text, "ok");
      assert.equal(response.remoteAddress, server.address);
      assert.equal((await session.get(`http://target.test:${server.port}/`)).reused, true);
      assert.deepEqual([server.peers.length, adapter.statistics.open], [1, 1]);
      await session.close();
    });

    it(`connects to an origin over TLS: ${name}`, async () => {
      const body = "x".repeat(300_000);
      const large = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      await using server = await rawTlsServer(SERVER_KEY_PAIR, answering(large));
      const [session, adapter] = sessionWith({ lookup });
      const response = await session.get(`https://localhost:${server.port}/`);
      assert.equal(response.text, body);
      assert.equal(response.remoteAddress, server.address);
      assert.equal(adapter.statistics.open, 1);
      await session.close();
    });

    it(`connects to a proxy that forwards requests: ${name}`, async () => {
      await using proxy = await rawServer(answering(OK));
      const [session] = sessionWith({ lookup }, `http://proxy.test:${proxy.port}`);
      assert.equal((await session.get("http://target.test/")).text, "ok");
      assert.match(proxy.peers[0].received, /^GET http:\/\/target\.test\/ /);
      await session.close();
    });

    it(`connects to a proxy over TLS: ${name}`, async () => {
      await using proxy = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
      const [session] = sessionWith({ lookup }, `https://localhost:${proxy.port}`);
      assert.equal((await session.get("http://target.test/")).text, "ok");
      await session.close();
    });

    it(`connects to a proxy for a tunnel: ${name}`, async () => {
      await using proxy = await rawServer(tunnel);
      const [session] = sessionWith({ lookup }, `http://proxy.test:${proxy.port}`);
      const error = await rejection(session.get("https://target.test/"));
      assert.match(error.message, /Tunnel connection failed: 403 No/);
      await session.close();
    });

    it(`connects to a SOCKS proxy: ${name}`, async () => {
      await using proxy = await rawServer(socks);
      const [session] = sessionWith({ lookup }, `socks5h://proxy.test:${proxy.port}`);
      assert.equal((await session.get("http://target.test/")).text, "ok");
      await session.close();
    });
  }

  it("that all refuse throws one error that lists each, with the class and code of one", async () => {
    const gone = await rawServer(() => undefined);
    const { port } = gone;
    await gone.close();
    for (const [url, proxy] of [
      [`http://target.test:${port}/`, null],
      [`https://target.test:${port}/`, null],
      ["http://target.test/", `http://proxy.test:${port}`],
      ["https://target.test/", `http://proxy.test:${port}`],
      ["http://target.test/", `socks5h://proxy.test:${port}`],
    ] as const) {
      const [session, adapter] = sessionWith({ lookup: resolvingTo("127.0.0.2", "127.0.0.1") }, proxy);
      const error = await rejection(session.get(url));
      assert.match(
        error.message,
        /refused it; .* \(tried connect ECONNREFUSED 127\.0\.0\.2:\d+; connect ECONNREFUSED 127\.0\.0\.1:\d+\)$/,
      );
      if (proxy === null) {
        assert.deepEqual([error.name, error.code, error.phase], ["ConnectionError", "ERR_CONNECTION_REFUSED", "connect"]); // prettier-ignore
        assert.equal(error.address, `target.test:${port}`);
      } else {
        assert.ok(error instanceof ProxyError);
        assert.deepEqual([error.code, error.phase], ["ERR_PROXY_CONNECTION", "proxy"]);
      }
      assert.ok(error.cause instanceof AggregateError);
      assert.equal(error.cause.errors.length, 2);
      assert.equal(adapter.statistics.open, 0);
    }
  });

  it("of which one is allowed tries that one only", async () => {
    await using server = await rawServer(answering(OK));
    await using other = await new RawServer(answering(OK), null).listen(server.port, "127.0.0.2");
    const allowAddress = (address: string): boolean => address === "127.0.0.1";
    const [session] = sessionWith({ lookup: resolvingTo("127.0.0.2", "127.0.0.1"), allowAddress });
    assert.equal((await session.get(`http://target.test:${server.port}/`)).text, "ok");
    assert.deepEqual([other.peers.length, server.peers.length], [0, 1]);
    await session.close();
  });
});

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|TCPConnectWrap/.test(kind)).length;
}

describe("a first address that does not respond", { timeout: 30_000, ...ON_LINUX }, () => {
  for (const scheme of ["http", "https"] as const)
    it(`is overtaken by the next one after a delay: ${scheme}`, async () => {
      await using silent = await fullPort();
      const tls = scheme === "https" ? SERVER_KEY_PAIR : null;
      await using server = await new RawServer(answering(OK), tls).listen(silent.port, "127.0.0.2");
      const before = sockets();
      const [session, adapter] = sessionWith({ lookup: resolvingTo("127.0.0.1", "127.0.0.2") });
      const response = await session.get(`${scheme}://localhost:${silent.port}/`);
      assert.equal(response.text, "ok");
      assert.equal(response.remoteAddress, `127.0.0.2:${silent.port}`);
      // Not before the delay between attempts.
      assert.ok(response.timings.connect >= 0.24, `${response.timings.connect}`);
      assert.equal(adapter.statistics.open, 1);
      await session.close();
      await eventually(() => sockets() <= before + server.peers.length);
    });

  it("is awaited when the others refuse, up to the connect timeout [connect-timeout-covers-race]", async () => {
    await using silent = await fullPort();
    const before = sockets();
    const [session] = sessionWith({ lookup: resolvingTo("127.0.0.1", "127.0.0.2") });
    const started = performance.now();
    const error = await rejection(session.get(`http://target.test:${silent.port}/`, { timeout: { connect: 0.5 } }));
    assert.deepEqual([error.name, error.code, error.phase], ["ConnectTimeout", "ERR_CONNECT_TIMEOUT", "connect"]);
    assert.match(error.message, /\(connect timeout=0\.5\) Still in phase "connect"/);
    assert.ok(performance.now() - started >= 499);
    await eventually(() => sockets() <= before);
  });

  it("is abandoned with all others when the call is cancelled", async () => {
    await using silent = await fullPort();
    const before = sockets();
    const [session, adapter] = sessionWith({ lookup: resolvingTo("127.0.0.1", "::ffff:127.0.0.1") });
    const controller = new AbortController();
    const call = session.get(`http://target.test:${silent.port}/`, { signal: controller.signal });
    // Two attempts are under way then; Bun does not count them.
    for (let waited = 0; waited < 400 && sockets() < before + 2; waited += 1) await pause(1);
    const reason = new Error("no longer wanted");
    controller.abort(reason);
    await assert.rejects(call, reason);
    await eventually(() => sockets() <= before);
    assert.equal(adapter.statistics.open, 0);
  });

  it("is not connected to when the call was cancelled during the lookup", async () => {
    await using server = await rawServer(answering(OK));
    let answer: () => void = () => undefined;
    const lookup: LookupFunction = (_name, _options, callback) => {
      answer = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
    };
    const [session] = sessionWith({ lookup });
    const error = await rejection(session.get(`http://target.test:${server.port}/`, { timeout: 0.05 }));
    assert.deepEqual([error.name, error.phase], ["ConnectTimeout", "dns"]);
    answer();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(server.peers.length, 0);
  });
});
