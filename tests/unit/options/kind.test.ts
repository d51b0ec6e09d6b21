/** The kind of a wrong value in messages. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";

import { CaseInsensitiveDict, HTTPBasicAuth, Request, Session } from "requests-ts";
import { kindOf, numberOrKind } from "#internal/options/kind";

class Named {}

describe("kindOf", () => {
  const table: [value: unknown, kind: string][] = [
    [null, "null"],
    [undefined, "undefined"],
    ["s3cret", "a string"],
    ["", "an empty string"],
    [5, "a number"],
    [5n, "a bigint"],
    [true, "a boolean"],
    [Symbol("s3cret"), "a symbol"],
    [() => 1, "a function"],
    [[1], "an array"],
    [{ a: 1 }, "an object"],
    [Object.create(null), "an object"],
    [runInNewContext("({})"), "an object"],
    [new Map(), "an instance of Map"],
    [runInNewContext("new Map()"), "an instance of Map"],
    [new Named(), "an instance of Named"],
    [new (class {})(), "an instance of an unnamed class"],
    [Promise.resolve(), "an instance of Promise"],
  ];
  for (const [value, kind] of table) it(`says ${kind}`, () => assert.equal(kindOf(value), kind));

  it("works for an object whose class has no name", () => {
    assert.equal(kindOf(Object.create({ constructor: 5 })), "an instance of an unnamed class");
    assert.equal(kindOf(Object.create(Object.create(null) as object)), "an object");
  });

  it("numberOrKind shows a number", () => {
    assert.equal(numberOrKind(-1), "-1");
    assert.equal(numberOrKind(NaN), "NaN");
    assert.equal(numberOrKind("1"), "a string");
  });
});

describe("an error for a wrong type", () => {
  const value = new Map([[{}, 1]]) as never;
  const places: Readonly<Record<string, () => unknown>> = {
    "the option proxies": () => new Session({ proxies: value }),
    "the option timeout": () => new Session({ timeout: (() => 1) as never }),
    "the option headers": () => new Session({ headers: new Map([["A", new Map()]]) as never }),
    "a header": () => new CaseInsensitiveDict({ A: value }),
    "a parameter": () => new Request("GET", "http://h/", { params: { a: value } }).prepare(),
    "a method": () => new Request(value, "http://h/").prepare(),
    "a password": () => new HTTPBasicAuth("user", value),
    "a body": () => new Request("POST", "http://h/", { data: (() => 1) as never }).prepare(),
    "a part of a form": () => new Request("POST", "http://h/", { files: { f: (() => 1) as never } }).prepare(),
    "a hook": () => new Session({ hooks: { response: [value] } }),
    "a cookie": () => new Session().cookies.set("name", value),
  };
  for (const [place, call] of Object.entries(places))
    it(`has the same words for ${place}`, () => {
      assert.throws(call, /an instance of Map|a function/);
    });
});
