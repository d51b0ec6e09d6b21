/** The merge table and the checks of options. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { checkOptions, checkProxies, checkVerify, MERGE_RULES } from "#internal/client/options";

describe("the merge table", () => {
  it("says how each option meets the session's", () => {
    const by = (rule: string): string[] =>
      Object.entries(MERGE_RULES).filter(([, one]) => one === rule).map(([name]) => name); // prettier-ignore
    assert.deepEqual(by("merge"), ["params", "headers", "cookies", "proxies"]);
    assert.deepEqual(by("replace"), ["auth", "timeout", "hooks", "stream", "verify", "cert"]);
    assert.ok(Object.isFrozen(MERGE_RULES));
  });

  it("lets each option through when it is undefined", () => {
    checkOptions(Object.fromEntries(Object.keys(MERGE_RULES).map((name) => [name, undefined])), "get()");
  });
});

describe("checkOptions", () => {
  it("an inherited unknown option is refused too", () => {
    const base: object = { allow_redirects: true };
    assert.throws(() => checkOptions(Object.create(base), "get()"), /Did you mean "allowRedirects"/);
  });

  it("one that is like nothing lists what there is", () => {
    assert.throws(() => checkOptions({ zzzzzzzz: 1 }, "get()"), /Valid options: params, data, json/);
  });
});

describe("checkVerify and checkProxies", () => {
  for (const value of [true, false, "/path"]) it(`verify ${value} is fine`, () => checkVerify(value));
  for (const value of ["", 0, 1, null, undefined, {}, []])
    it(`verify ${JSON.stringify(value)} is a TypeError`, () => assert.throws(() => checkVerify(value), TypeError));
  for (const value of [{}, { http: null }, { http: undefined, all: "http://p" }])
    it(`proxies ${JSON.stringify(value)} are fine`, () => checkProxies(value));
  for (const value of [null, "x", [], { http: 1 }])
    it(`proxies ${JSON.stringify(value)} are a TypeError`, () => assert.throws(() => checkProxies(value), TypeError));
});
