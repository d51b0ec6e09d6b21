import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { checkHost, isAllowed, type AllowAddress } from "#internal/wire/connect/address-policy";

describe("whether an address is allowed", () => {
  it("is decided by true only", () => {
    assert.equal(
      isAllowed(() => true, "127.0.0.1"),
      true,
    );
    for (const answer of [false, undefined, null, 0, 1, "", "true", {}, [], () => true, NaN, Symbol("yes")])
      assert.equal(isAllowed((() => answer) as unknown as AllowAddress, "127.0.0.1"), false, inspect(answer));
  });

  const thenables: readonly (readonly [string, () => unknown])[] = [
    ["a promise of true", async () => true],
    ["a promise of false", async () => false],
    ["a promise that is rejected", async () => Promise.reject(new Error("late"))],
    ["a thenable of another library", () => ({ then: () => undefined })],
  ];
  for (const [name, allow] of thenables)
    it(`throws a TypeError for ${name}`, async () => {
      assert.throws(() => isAllowed(allow as AllowAddress, "127.0.0.1"), {
        name: "TypeError",
        message: /^allowAddress of HTTPAdapter must be synchronous: it returned a promise/,
      });
      // A rejection that is not handled would end the test here.
      await new Promise((resolve) => setImmediate(resolve));
    });

  it("is checked for each reading of an address", () => {
    const asked: string[] = [];
    const allow = (address: string): boolean => {
      asked.push(address);
      return address !== "10.0.0.1";
    };
    assert.equal(isAllowed(allow, "::FFFF:a00:1"), false);
    assert.equal(isAllowed(allow, "FE80:0::1%eth0"), true);
    assert.deepEqual(asked, ["::ffff:10.0.0.1", "10.0.0.1", "fe80::1"]);
  });

  it("throws the error of the callback", () => {
    const thrown = new Error("mine");
    const allow = (): boolean => {
      throw thrown;
    };
    assert.throws(() => isAllowed(allow, "127.0.0.1"), thrown);
  });
});

describe("the check of a host", () => {
  const none = (): boolean => false;
  for (const host of ["127.0.0.1", "2130706433", "::1", "localhost", "1.2.3.4.5", "256.1"])
    it(`refuses ${host}`, () => {
      assert.throws(() => checkHost(none, host, `${host}:80`), {
        name: "ConnectionError",
        code: "ERR_ADDRESS_NOT_ALLOWED",
        phase: "connect",
        address: `${host}:80`,
      });
    });

  it("refuses a number that is not an address, whatever the callback returns", () => {
    assert.throws(() => checkHost(() => true, "1.2.3.4.5", "x"), { code: "ERR_ADDRESS_NOT_ALLOWED" });
  });

  it("leaves names to the resolver", () => {
    checkHost(none, "example.com", "example.com:80");
  });
});
