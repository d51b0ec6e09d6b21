/** allowAddress and publicAddressesOnly: by literal, by name, on each hop, and through proxies. */
import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, publicAddressesOnly, Session, type HTTPAdapterOptions } from "requests-ts";

import { startDante, type Dante } from "../_support/dante.js";
import { whyNot, type Daemon } from "../_support/daemons.js";
import { startNginx } from "../_support/nginx.js";
import { rejection } from "../_support/raw-server.js";

/** Answers for every name. */
function resolvingTo(...addresses: readonly string[]): LookupFunction {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return (_name, options, callback) => {
    if (options.all === true) callback(null, found);
    else callback(null, found[0].address, found[0].family);
  };
}

describe("address policies", { skip: whyNot("nginx", "danted"), timeout: 60_000 }, () => {
  let nginx: Daemon;
  let dante: Dante;
  let port: number;
  before(async () => {
    dante = await startDante();
    nginx = await startNginx(
      1,
      ([own]) => `
  server {
    listen 127.0.0.1:${own};
    location /here { return 200 "here"; }
    location /to-metadata { return 302 http://169.254.169.254/latest/meta-data/; }
    location /to-name { return 302 http://inside.test:${own}/here; }
    location /to-decimal { return 302 http://2130706433:${own}/here; }
    location /to-mapped { return 302 http://[::ffff:7f00:1]:${own}/here; }
  }`,
    );
    [port] = nginx.ports;
  });
  after(async () => {
    await nginx?.close();
    await dante?.close();
  });

  function session(options: HTTPAdapterOptions, proxy: string | null = null): Session {
    const own = new Session({ timeout: 5, proxies: proxy === null ? {} : { all: proxy } });
    own.mount("http://", new HTTPAdapter(options));
    return own;
  }

  async function assertRefused(own: Session, url: string): Promise<void> {
    const error = await rejection(own.get(url));
    assert.deepEqual(
      [error.name, error.code, error.phase],
      ["ConnectionError", "ERR_ADDRESS_NOT_ALLOWED", "connect"],
      String(error),
    );
    assert.match(error.message, /its address is not allowed by allowAddress of HTTPAdapter/);
  }

  for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0", "10.0.0.1"])
    it(`publicAddressesOnly refuses ${host}`, async () => {
      await using own = session({ allowAddress: publicAddressesOnly });
      await assertRefused(own, `http://${host}:${port}/here`);
    });

  it("publicAddressesOnly refuses any name with a private address", async () => {
    for (const address of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"]) {
      await using own = session({ allowAddress: publicAddressesOnly, lookup: resolvingTo(address) });
      await assertRefused(own, `http://www.example.com:${port}/here`);
    }
  });

  it("only the allowed addresses of a name are connected to", async () => {
    const asked: string[] = [];
    await using own = session({
      allowAddress: (address) => {
        asked.push(address);
        return address === "127.0.0.1";
      },
      lookup: resolvingTo("169.254.169.254", "127.0.0.1"),
    });
    const response = await own.get(`http://service.test:${port}/here`);
    assert.equal(response.text, "here");
    assert.equal(response.remoteAddress, `127.0.0.1:${port}`);
    assert.deepEqual(asked, ["169.254.169.254", "127.0.0.1"]);
  });

  it("each redirect is checked", async () => {
    const allowAddress = (address: string): boolean => address === "127.0.0.1";
    for (const path of ["to-metadata", "to-mapped"]) {
      await using own = session({ allowAddress });
      await assertRefused(own, `http://127.0.0.1:${port}/${path}`);
    }
    await using named = session({ allowAddress, lookup: resolvingTo("10.0.0.1") });
    await assertRefused(named, `http://127.0.0.1:${port}/to-name`);
  });

  it("a redirect to another spelling of an allowed address is followed", async () => {
    await using own = session({ allowAddress: (address) => address === "127.0.0.1" });
    assert.equal((await own.get(`http://127.0.0.1:${port}/to-decimal`)).text, "here");
  });

  it("a cached answer is checked again", async () => {
    let allowed = true;
    await using own = session({ allowAddress: () => allowed, lookup: resolvingTo("127.0.0.1"), dnsCache: 60 });
    assert.equal((await own.get(`http://a.test:${port}/here`, { headers: { Connection: "close" } })).text, "here");
    allowed = false;
    await assertRefused(own, `http://a.test:${port}/here`);
  });

  it("a refused address is not retried", async () => {
    let asked = 0;
    await using own = session({
      maxRetries: 3,
      allowAddress: () => {
        asked += 1;
        return false;
      },
    });
    const error = await rejection(own.get(`http://127.0.0.1:${port}/here`));
    assert.equal(error.code, "ERR_ADDRESS_NOT_ALLOWED");
    assert.equal(asked, 1);
  });

  for (const scheme of ["socks5", "socks5h", "http"])
    it(`a literal address is checked before a proxy receives it: ${scheme}`, async () => {
      await using own = session({ allowAddress: publicAddressesOnly }, `${scheme}://127.0.0.1:${dante.port}`);
      await assertRefused(own, `http://169.254.169.254:${port}/here`);
    });

  it("a name that the client resolves for a proxy is checked: socks5", async () => {
    const proxy = `socks5://127.0.0.1:${dante.port}`;
    await using open = session({ allowAddress: () => true, lookup: resolvingTo("127.0.0.1") }, proxy);
    assert.equal((await open.get(`http://inside.test:${port}/here`)).text, "here");
    await using guarded = session({ allowAddress: publicAddressesOnly, lookup: resolvingTo("127.0.0.1") }, proxy);
    await assertRefused(guarded, `http://inside.test:${port}/here`);
  });

  it("dnsCache: a name is resolved once while the answer is fresh", async () => {
    let lookups = 0;
    const counting: LookupFunction = (name, options, callback) => {
      lookups += 1;
      resolvingTo("127.0.0.1")(name, options, callback);
    };
    await using own = session({ lookup: counting, dnsCache: 60 });
    for (let round = 0; round < 3; round += 1)
      await own.get(`http://a.test:${port}/here`, { headers: { Connection: "close" } });
    assert.equal(lookups, 1);
  });

  it("localAddress is the local address of connections", async () => {
    await using own = session({ localAddress: "127.0.0.2" });
    assert.equal((await own.get(`http://127.0.0.1:${port}/here`)).text, "here");
    await using unknown = session({ localAddress: "192.0.2.1" });
    const error = await rejection(unknown.get(`http://127.0.0.1:${port}/here`));
    assert.equal(error.name, "ConnectionError");
    assert.match(error.message, /EADDRNOTAVAIL/);
  });
});
