import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SocksClient } from "socks";

import { InvalidSchema } from "#internal/exceptions";
import { loadSocks } from "#internal/wire/connect/tunnel";

describe("the package socks", () => {
  it("is loaded", async () => {
    assert.equal(await loadSocks(), SocksClient);
  });

  it("is found under default, where a bundler puts it", async () => {
    assert.equal(await loadSocks(async () => ({ default: { SocksClient } })), SocksClient);
  });

  const broken: readonly (readonly [string, () => Promise<object>, RegExp])[] = [
    ["is not installed", async () => Promise.reject(new Error("Cannot find package 'socks'")), /Cannot find package/],
    ["has other exports", async () => ({ default: {} }), /\(it does not export SocksClient\)/],
    ["has no exports", async () => ({}), /\(it does not export SocksClient\)/],
  ];
  for (const [title, load, reason] of broken)
    it(`cannot be loaded when it ${title}: the error says so, instead of a failed connection`, async () => {
      await assert.rejects(loadSocks(load), (error: unknown) => {
        assert.ok(error instanceof InvalidSchema);
        assert.equal(error.code, "ERR_SOCKS_PACKAGE");
        assert.match(error.message, /^Missing dependencies for SOCKS support: could not load the package socks \(/);
        assert.match(error.message, reason);
        return true;
      });
    });
});
