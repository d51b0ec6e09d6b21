import assert from "node:assert/strict";
import type { LookupFunction } from "node:net";
import { describe, it } from "node:test";

import { cachedResolver } from "#internal/wire/connect/dns-cache";
import { resolverOf } from "#internal/wire/connect/resolver";

type Callback = (error: unknown, found?: unknown, family?: unknown) => void;

/** A lookup that does what the test says. */
function lookup(behaviour: (callback: Callback) => unknown): LookupFunction {
  return ((_host: string, _options: object, callback: Callback) => behaviour(callback)) as unknown as LookupFunction;
}

describe("the answer of a lookup", () => {
  const good: readonly (readonly [name: string, answer: unknown, addresses: readonly string[]])[] = [
    ["one address", "127.0.0.1", ["127.0.0.1"]],
    ["all addresses", [{ address: "::1", family: 6 }, { address: "127.0.0.1", family: 4 }], ["::1", "127.0.0.1"]],
    ["addresses without family", [{ address: "127.0.0.1" }], ["127.0.0.1"]],
    ["a wrong family", [{ address: "127.0.0.1", family: 6 }], ["127.0.0.1"]],
    ["an array of strings", ["127.0.0.1", "::1"], ["127.0.0.1", "::1"]],
    ["the same address twice", ["127.0.0.1", "::1", "127.0.0.1"], ["127.0.0.1", "::1"]],
    ["one object", { address: "::1", family: 6 }, ["::1"]],
    ["a zone", "fe80::1%eth0", ["fe80::1%eth0"]],
  ]; // prettier-ignore
  for (const [name, answer, addresses] of good)
    it(`may be ${name}`, async () => {
      assert.deepEqual(await resolverOf(lookup((callback) => callback(null, answer, 4)))("a.test", 0), addresses);
    });

  const odd: readonly (readonly [name: string, answer: unknown, message: RegExp])[] = [
    ["undefined", undefined, /^lookup answered undefined, which is not an IP address/],
    ["null", null, /^lookup answered null/],
    ["an empty string", "", /^lookup answered ''/],
    ["a name", "b.test", /^lookup answered 'b\.test'/],
    ["a number", 2130706433, /^lookup answered 2130706433/],
    ["an object without address", [{ family: 4 }], /^lookup answered \{ family: 4 \}/],
    ["one bad address of two", ["127.0.0.1", "nonsense"], /^lookup answered 'nonsense'/],
    ["brackets", "[::1]", /^lookup answered '\[::1\]'/],
    ["a hole", [undefined], /^lookup answered undefined/],
    ["something long", "x".repeat(10_000), /^lookup answered 'x{79}, which/],
  ];
  for (const [name, answer, message] of odd)
    it(`must not be ${name}`, async () => {
      await assert.rejects(resolverOf(lookup((callback) => callback(null, answer, 4)))("a.test", 0), {
        name: "TypeError",
        message,
      });
    });

  it("throws ENOTFOUND when it is empty", async () => {
    await assert.rejects(resolverOf(lookup((callback) => callback(null, [])))("a.test", 0), { code: "ENOTFOUND" });
  });

  it("counts once", async () => {
    const twice = lookup((callback) => {
      callback(null, "127.0.0.1", 4);
      callback(null, "127.0.0.2", 4);
      callback(new Error("late"));
    });
    assert.deepEqual(await resolverOf(twice)("a.test", 0), ["127.0.0.1"]);
  });

  it("has the addresses of the requested family", async () => {
    const both = resolverOf(lookup((callback) => callback(null, ["::1", "127.0.0.1"])));
    assert.deepEqual(await both("a.test", 4), ["127.0.0.1"]);
    assert.deepEqual(await both("a.test", 6), ["::1"]);
    const one = resolverOf(lookup((callback) => callback(null, "::1")));
    await assert.rejects(one("a.test", 4), { code: "ENOTFOUND", message: "no IPv4 address" });
  });
});

describe("a lookup that fails", () => {
  const thrown = Object.assign(new Error("mine"), { code: "EAI_AGAIN" });
  const ways: readonly (readonly [name: string, behaviour: (callback: Callback) => unknown])[] = [
    ["calls back with an error", (callback) => callback(thrown)],
    ["calls back with an error and an address", (callback) => callback(thrown, "127.0.0.1")],
    ["calls back with an error later", (callback) => setImmediate(callback, thrown)],
    ["throws", () => { throw thrown; }],
    ["is async and throws", async () => Promise.reject(thrown)],
  ]; // prettier-ignore
  for (const [name, behaviour] of ways)
    it(name, async () => {
      await assert.rejects(resolverOf(lookup(behaviour))("a.test", 0), thrown);
    });

  it("throws a value that is not an error", async () => {
    for (const value of [undefined, null, 0, "text"]) {
      const behaviour = (): never => {
        throw value;
      };
      await assert.rejects(resolverOf(lookup(behaviour))("a.test", 0), { name: "Error", message: String(value) });
    }
  });

  it("throws after it called back: the answer counts", async () => {
    const behaviour = (callback: Callback): never => {
      callback(null, "127.0.0.1");
      throw thrown;
    };
    assert.deepEqual(await resolverOf(lookup(behaviour))("a.test", 0), ["127.0.0.1"]);
  });
});

describe("a resolver with a cache", () => {
  it("asks once for each name and family while the answer is fresh", async () => {
    const asked: string[] = [];
    const resolve = cachedResolver(async (host, family) => {
      asked.push(`${host} ${family}`);
      return ["127.0.0.1"];
    }, 60);
    for (const host of ["a.test", "b.test", "a.test"]) assert.deepEqual(await resolve(host, 0), ["127.0.0.1"]);
    await resolve("a.test", 4);
    assert.deepEqual(asked, ["a.test 0", "b.test 0", "a.test 4"]);
  });

  it("does not cache failures, or answers that are not addresses", async () => {
    let calls = 0;
    const answers: readonly unknown[] = [new Error("no"), "nonsense", [], "127.0.0.1"];
    const behaviour = (callback: Callback): void => {
      const answer = answers[calls];
      calls += 1;
      if (answer instanceof Error) callback(answer);
      else callback(null, answer);
    };
    const resolve = cachedResolver(resolverOf(lookup(behaviour)), 60);
    for (let round = 0; round < 3; round += 1) await assert.rejects(resolve("a.test", 0));
    assert.deepEqual(await resolve("a.test", 0), ["127.0.0.1"]);
    assert.deepEqual(await resolve("a.test", 0), ["127.0.0.1"]);
    assert.equal(calls, 4);
  });
});
