import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";

import { type Params, encodeParams, mergeParams } from "#internal/http/params";

describe("encodeParams", () => {
  const table: readonly (readonly [string, Params, string])[] = [
    ["nothing", {}, ""],
    ["an object", { a: "1", b: 2, c: 3n, d: true, e: false, f: -0.5 }, "a=1&b=2&c=3&d=true&e=false&f=-0.5"],
    ["null and undefined", { a: null, b: undefined, c: 1, d: [1, null, undefined, 2] }, "c=1&d=1&d=2"],
    ["an empty string", { a: "" }, "a="],
    ["an empty array", { a: [], b: 1 }, "b=1"],
    ["a set", { a: new Set(["x", "y"]) }, "a=x&a=y"],
    ["the form style", { "k ü": "a b&c=d+é~-._*!'()/?" }, "k+%C3%BC=a+b%26c%3Dd%2B%C3%A9~-._%2A%21%27%28%29%2F%3F"],
    ["controls and astral characters", { a: "\0\r\n😀" }, "a=%00%0D%0A%F0%9F%98%80"],
    ["half a surrogate pair", { a: "\ud83d" }, "a=%EF%BF%BD"],
    ["a percent sign, always", { a: "%41" }, "a=%2541"],
    ["bytes", { a: Uint8Array.of(0x61, 0x20, 0xff) }, "a=a+%FF"],
    ["a date", { a: new Date(0) }, "a=1970-01-01T00%3A00%3A00.000Z"],
    ["a URL", { a: new URL("http://h/") }, "a=http%3A%2F%2Fh%2F"],
    [
      "pairs, in order",
      [
        ["b", 1],
        ["a", 2],
        ["b", [3, 4]],
      ],
      "b=1&a=2&b=3&b=4",
    ],
    ["a map with number keys", new Map([[1, "x"]]), "1=x"],
    ["URLSearchParams", new URLSearchParams("a=1&a=2&b=~*"), "a=1&a=2&b=~%2A"],
    ["a string, as it is", "?a[]=b c&%zz", "?a[]=b c&%zz"],
    ["bytes, as they are", Buffer.from("a=\xff", "latin1"), "a=\xff"],
    ["an object without a prototype", Object.assign(Object.create(null) as Record<string, string>, { a: "1" }), "a=1"],
  ];
  for (const [name, params, expected] of table) it(name, () => assert.equal(encodeParams(params), expected));

  it("takes any iterable of pairs", () => {
    function* pairs(): Generator<[string, number]> {
      yield ["a", 1];
      yield ["b", 2];
    }
    assert.equal(encodeParams(pairs()), "a=1&b=2");
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ["a nested object", { filter: { name: "x" } }, /"filter" is nested.*JSON\.stringify/],
    ["an object in a list", { filter: [{ name: "x" }] }, /"filter" is nested/],
    ["a list in a list", { filter: [["x"]] }, /"filter" is nested/],
    ["a map as a value", { filter: new Map([["a", 1]]) }, /"filter" is nested/],
    ["an object without a prototype as a value", { filter: Object.create(null) }, /"filter" is nested/],
    ["a function", { f: () => 1 }, /"f" must be text.*function/],
    ["a symbol", { f: Symbol("x") }, /"f" must be text.*symbol/],
    ["a number", 5, /params must be an object.*number/],
    ["a boolean", true, /params must be an object.*boolean/],
    ["a list of strings", ["ab", "cd"], /\[name, value\] pairs, not a string/],
    ["a list of triples", [["a", 1, 2]], /\[name, value\] pairs, not an array/],
    ["a pair without a name", [[null, 1]], /name of a parameter/],
  ];
  for (const [name, params, message] of refused)
    it(`refuses ${name}`, () => assert.throws(() => encodeParams(params as Params), { name: "TypeError", message }));
});

describe("values of another realm", () => {
  const other = (code: string): unknown => vm.runInNewContext(code, { URL, URLSearchParams });
  const table: readonly (readonly [string, string])[] = [
    ["({ a: 1, b: [1, 2] })", "a=1&b=1&b=2"],
    ["[['a', 1], ['b', new Date(0)]]", "a=1&b=1970-01-01T00%3A00%3A00.000Z"],
    ["new Map([['a', 1]])", "a=1"],
    ["({ a: new Set([1, 2]) })", "a=1&a=2"],
    ["({ a: Uint8Array.from([0xff, 0x20]) })", "a=%FF+"],
    ["({ a: Uint16Array.from([1, 2]) })", "a=1&a=2"],
    ["Uint8Array.from([0x61, 0x3d, 0x31])", "a=1"],
    ["({ a: 10n, b: true })", "a=10&b=true"],
    ["({ a: { toString: () => 'own' } })", "a=own"],
  ];
  for (const [code, expected] of table) it(code, () => assert.equal(encodeParams(other(code) as Params), expected));

  for (const code of ["({ a: {} })", "({ a: new Map() })", "({ a: [[1]] })", "({ a: Object.create(null) })"])
    it(`refuses ${code}`, () =>
      assert.throws(() => encodeParams(other(code) as Params), { name: "TypeError", message: /is nested/ }));

  it("are merged", () => {
    const merged = mergeParams(
      other("new Map([['a', 1], ['b', 2]])") as Params,
      other("({ b: null, c: 3 })") as Params,
    );
    assert.equal(encodeParams(merged!), "a=1&c=3");
  });
});

describe("mergeParams", () => {
  const table: readonly (readonly [string, Params | null | undefined, Params | null | undefined, string | null])[] = [
    ["neither", undefined, undefined, null],
    ["the session's alone", { a: 1 }, undefined, "a=1"],
    ["the request's alone", null, { a: 1 }, "a=1"],
    ["null sends none", { a: 1 }, null, null],
    ["an empty list adds no params", { a: 1 }, [], "a=1"],
    ["nor is an empty text", { a: 1 }, "", "a=1"],
    ["both, the request's key wins at its place", { a: 1, b: 2 }, { a: 3, c: 4 }, "a=3&b=2&c=4"],
    ["null removes a key", { a: 1, b: 2 }, { a: null }, "b=2"],
    ["null in the session adds no key", { a: null, b: 2 }, {}, "b=2"],
    ["undefined inherits a key", { a: 1 }, { a: undefined }, "a=1"],
    ["keys are case-sensitive", { a: 1 }, { A: 2 }, "a=1&A=2"],
    ["maps are mappings", new Map([["a", 1]]), { b: 2 }, "a=1&b=2"],
    ["number keys meet their text", new Map([[1, "x"]]), { 1: "y" }, "1=y"],
    ["a string replaces", { a: 1 }, "z=1", "z=1"],
    ["pairs replace", { a: 1 }, [["z", 1]], "z=1"],
    ["URLSearchParams replace", { a: 1 }, new URLSearchParams("z=1"), "z=1"],
    ["a session's string is replaced", "a=1", { z: 1 }, "z=1"],
  ];
  for (const [name, session, request, expected] of table)
    it(name, () => {
      const merged = mergeParams(session, request);
      assert.equal(merged === null ? null : encodeParams(merged), expected);
    });
  it("changes neither argument", () => {
    const session = { a: 1 };
    const request = { a: null };
    mergeParams(session, request);
    assert.deepEqual([session, request], [{ a: 1 }, { a: null }]);
  });
});
