/** `allowAddress`: every target is asked about, and callbacks of the caller that misbehave end the call alone. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { LookupFunction } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, publicAddressesOnly, Request, Session, type HTTPAdapterOptions } from "requests-ts";

import { answering, OK, rawServer, rejection, type RawServer } from "../_support/raw-server.js";

const OPTIONS = { timeout: 30_000 };

function sessionWith(options: HTTPAdapterOptions, proxy: string | null = null): Session {
  const session = new Session({ proxies: proxy === null ? {} : { all: proxy }, timeout: 10 });
  const adapter = new HTTPAdapter(options);
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  return session;
}

async function assertRefused(call: PromiseLike<unknown>): Promise<void> {
  const error = await rejection(call);
  assert.deepEqual(
    [error.name, error.code, error.phase],
    ["ConnectionError", "ERR_ADDRESS_NOT_ALLOWED", "connect"],
    String(error),
  );
  assert.match(error.message, /its address is not allowed by allowAddress of HTTPAdapter$/);
}

/** What a call ends in, whatever it is. */
async function thrownBy(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("the call should have failed");
}

describe("a Unix socket", { ...OPTIONS, skip: process.platform === "win32" && "has no Unix sockets" }, () => {
  const directory = mkdtempSync(join(tmpdir(), "requests-ts-guard-"));
  const path = join(directory, "daemon.sock");
  const url = `http+unix://${encodeURIComponent(path)}/version`;
  let daemon: Server;
  let requests = 0;
  before(async () => {
    daemon = createServer((_request, response) => {
      requests += 1;
      response.end("inside");
    });
    await new Promise<void>((resolve) => daemon.listen(path, resolve));
  });
  after(() => {
    daemon.close();
    rmSync(directory, { recursive: true });
  });

  for (const [name, allowAddress] of [
    ["publicAddressesOnly", publicAddressesOnly],
    ["a guard that allows all", () => true],
  ] as const)
    it(`in a URL is refused with ${name}`, async () => {
      await using session = sessionWith({ allowAddress });
      const before = requests;
      await assertRefused(session.get(url));
      await assertRefused(session.get(url, { stream: true }));
      await assertRefused(session.send(session.prepareRequest(new Request("GET", url))));
      assert.equal(requests, before);
    });

  it("that is not the adapter's socketPath is refused [socket-path-guard]", async () => {
    await using session = sessionWith({ allowAddress: publicAddressesOnly, socketPath: `${path}.other` });
    await assertRefused(session.get(url));
  });

  it("that is the adapter's socketPath is connected to", async () => {
    await using session = sessionWith({ allowAddress: publicAddressesOnly, socketPath: path });
    assert.equal((await session.get(url)).text, "inside");
    assert.equal((await session.get("http://any.test/")).text, "inside");
  });

  it("is connected to without a guard", async () => {
    await using session = sessionWith({});
    assert.equal((await session.get(url)).text, "inside");
  });

  it("is refused to an adapter that is mounted for it, too", async () => {
    await using session = new Session();
    session.mount("http+unix://", new HTTPAdapter({ allowAddress: () => true }));
    await assertRefused(session.get(url));
  });
});

/** Every host that is 127.0.0.1, 169.254.169.254 or ::1 to some parser. */
const INSIDE = [
  ...["127.0.0.1", "2130706433", "0x7f000001", "0X7F000001", "0177.0.0.1", "017700000001", "127.1", "127.0.1"],
  ...["127.0.0.1.", "2130706433.", "0x7f.1", "0x7f.0.0.0x1", "127.000.000.001", "0", "0x0", "0.0.0.0", "00"],
  ...["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "10.1", "010.0.0.1"],
  ...["[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]"],
  ...["[fe80::1%25eth0]", "[::1%25lo]", "[fd00::1]", "[64:ff9b::7f00:1]", "localhost", "LOCALHOST.", "a.localhost"],
  ...["1.2.3.4.5", "256.1.1.1", "4294967296", "%31%32%37.1", "１２７.1", "①②⑦.0.0.1"],
];

describe("a proxy that resolves names", OPTIONS, () => {
  let proxy: RawServer;
  before(async () => {
    proxy = await rawServer(answering(OK));
  });
  after(() => proxy.close());

  for (const kind of ["http", "socks4a", "socks5h", "socks5"])
    for (const scheme of ["http", "https"])
      it(`receives no address that is not allowed: ${kind}, ${scheme}`, async () => {
        await using session = sessionWith({ allowAddress: publicAddressesOnly }, `${kind}://${proxy.address}`);
        for (const host of INSIDE) {
          const error = await rejection(session.get(`${scheme}://${host}:8080/latest/meta-data/`));
          assert.equal(error.code, "ERR_ADDRESS_NOT_ALLOWED", `${host}: ${String(error)}`);
        }
        assert.equal(proxy.peers.length, 0);
      });

  it("receives an allowed address as the caller wrote it", async () => {
    const asked: string[] = [];
    const allowAddress = (address: string): boolean => asked.push(address) > 0;
    await using server = await rawServer(answering(OK));
    await using session = sessionWith({ allowAddress }, `http://${server.address}`);
    for (const host of ["1.2.3", "example.test", "[2001:DB8:0::1]"]) await session.get(`http://${host}/`);
    assert.deepEqual(asked, ["1.2.0.3", "2001:db8::1"]);
    assert.match(server.peers[0].received, /^GET http:\/\/1\.2\.3\/ [^]*GET http:\/\/example\.test\/ /);
  });

  it("causes a check for each request, also on a kept connection", async () => {
    await using server = await rawServer(answering(OK));
    let allowed = true;
    await using session = sessionWith({ allowAddress: () => allowed }, `http://${server.address}`);
    await session.get("http://8.8.8.8/");
    allowed = false;
    await assertRefused(session.get("http://8.8.8.8/"));
    await assertRefused(session.get("http://8.8.4.4/"));
    await session.get("http://example.test/");
    assert.equal(server.peers.length, 1);
  });
});

describe("allowAddress that does not return true", OPTIONS, () => {
  const answers: readonly unknown[] = [false, undefined, null, 0, 1, "", "true", {}, []];
  const lookup: LookupFunction = (_name, _options, callback) => callback(null, "127.0.0.1", 4);
  for (const answer of answers)
    it(`refuses: ${JSON.stringify(answer) ?? "undefined"}`, async () => {
      await using server = await rawServer(answering(OK));
      const allowAddress = (() => answer) as unknown as () => boolean;
      await using direct = sessionWith({ allowAddress, lookup });
      await assertRefused(direct.get(server.url));
      await assertRefused(direct.get(`http://name.test:${server.port}/`));
      for (const kind of ["http", "socks5", "socks5h"]) {
        await using proxied = sessionWith({ allowAddress, lookup }, `${kind}://${server.address}`);
        await assertRefused(proxied.get("http://8.8.8.8/"));
        if (kind === "socks5") await assertRefused(proxied.get("http://name.test/"));
      }
      assert.equal(server.peers.length, 0);
    });

  for (const [name, allow] of [
    ["a promise of true", async () => true],
    ["a promise that is rejected", async () => Promise.reject(new Error("late"))],
  ] as const)
    it(`throws a TypeError for ${name}`, async () => {
      await using server = await rawServer(answering(OK));
      const allowAddress = allow as unknown as () => boolean;
      await using direct = sessionWith({ allowAddress, lookup, maxRetries: 3 });
      await using proxied = sessionWith({ allowAddress, lookup, maxRetries: 3 }, `http://${server.address}`);
      await using socks = sessionWith({ allowAddress, lookup }, `socks5://${server.address}`);
      for (const call of [
        direct.get(server.url),
        direct.get(`http://name.test:${server.port}/`),
        proxied.get("http://8.8.8.8/"),
        proxied.get("https://8.8.8.8/"),
        socks.get("http://name.test/"),
      ]) {
        const error = await thrownBy(call);
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, /allowAddress of HTTPAdapter must be synchronous/);
      }
      assert.equal(server.peers.length, 0);
    });
});

describe("a callback of the caller that throws", OPTIONS, () => {
  const thrown = new Error("mine");
  const throwing = (): never => {
    throw thrown;
  };
  const inside: LookupFunction = (_name, _options, callback) => callback(null, "127.0.0.1", 4);
  const later: LookupFunction = (_name, _options, callback) => setImmediate(callback, null, "127.0.0.1", 4);

  for (const [name, lookup] of [
    ["the system's lookup", undefined],
    ["a lookup that answers at once", inside],
    ["a lookup that answers later", later],
  ] as const)
    it(`allowAddress: the call rejects with that error, after ${name}`, async () => {
      let asked = 0;
      const allowAddress = (): never => {
        asked += 1;
        throw thrown;
      };
      const adapter = new HTTPAdapter({ allowAddress, lookup, maxRetries: 3 });
      await using session = new Session();
      session.mount("http://", adapter);
      for (const host of ["127.0.0.1", "localhost"])
        assert.equal(await thrownBy(session.get(`http://${host}:1/`)), thrown);
      assert.equal(asked, 2);
      assert.deepEqual([adapter.statistics.open, adapter.statistics.waiting], [0, 0]);
    });

  it("allowAddress: the call rejects with that error when there is a proxy", async () => {
    await using proxy = await rawServer(answering(OK));
    for (const [kind, url] of [
      ["http", "http://127.0.0.1/"],
      ["http", "https://127.0.0.1/"],
      ["socks5", "http://name.test/"],
      ["socks5h", "http://127.0.0.1/"],
    ] as const) {
      await using session = sessionWith({ allowAddress: throwing, lookup: inside }, `${kind}://${proxy.address}`);
      assert.equal(await thrownBy(session.get(url)), thrown);
    }
    assert.equal(proxy.peers.length, 0);
  });

  for (const [name, lookup] of [
    ["throws", throwing],
    ["is async and throws", async () => Promise.reject(thrown)],
    [
      "calls back with the error",
      (_name: string, _options: object, callback: (error: Error) => void) => callback(thrown),
    ],
  ] as const)
    // prettier-ignore
    it(`lookup: ConnectionError has that error as its cause, when it ${name}`, async () => {
      for (const proxy of [null, "http://proxy.test:1", "socks5://127.0.0.1:1"]) {
        await using session = sessionWith({ lookup: lookup as unknown as LookupFunction }, proxy);
        const error = await rejection(session.get("http://name.test/"));
        assert.equal(error.cause, thrown);
        assert.match(error.message, /Failed to resolve "(name|proxy)\.test": mine/);
        if (proxy === "http://proxy.test:1") assert.equal(error.name, "ProxyError");
        else assert.deepEqual([error.name, error.code, error.phase], ["ConnectionError", "ERR_NAME_RESOLUTION", "dns"]);
      }
    });

  for (const [name, answer] of [
    ["undefined", undefined],
    ["null", null],
    ["a name", "other.test"],
    ["an address with a port", "127.0.0.1:80"],
    ["an object without address", [{}]],
  ] as const)
    it(`lookup: ConnectionError quotes the invalid answer: ${name}`, async () => {
      const lookup = ((_name: string, _options: object, callback: (error: null, found: unknown) => void) =>
        callback(null, answer)) as unknown as LookupFunction;
      for (const dnsCache of [0, 60]) {
        await using session = sessionWith({ lookup, dnsCache });
        const error = await rejection(session.get("http://name.test/"));
        assert.deepEqual([error.name, error.code, error.phase], ["ConnectionError", "ERR_NAME_RESOLUTION", "dns"]);
        assert.match(error.message, /^Failed to resolve "name\.test": lookup answered .*, which is not an IP address/);
      }
    });

  it("lookup: the first answer counts when it calls back twice", async () => {
    await using server = await rawServer(answering(OK));
    const lookup: LookupFunction = (_name, _options, callback) => {
      callback(null, "127.0.0.1", 4);
      callback(new Error("no"), "", 4);
      callback(null, "127.0.0.2", 4);
    };
    await using session = sessionWith({ lookup });
    assert.equal((await session.get(`http://name.test:${server.port}/`)).text, "ok");
    assert.equal(server.peers.length, 1);
  });
});
