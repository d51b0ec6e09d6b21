import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseContentType } from "#internal/http/content-type";
import { declaredEncoding, encodingFromHeaders } from "#internal/content/declared-encoding";

describe("parseContentType", () => {
  const table: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ["", "", {}],
    ["text/html", "text/html", {}],
    [" Text/HTML ; Charset=UTF-8", "text/html", { charset: "UTF-8" }],
    ['multipart/form-data; boundary="a;b=\\"c\\\\"; x=1', "multipart/form-data", { boundary: 'a;b="c\\', x: "1" }],
    ["a/b; x=1; X=2", "a/b", { x: "2" }],
    ["a/b;;; flag; =v; y = z ;", "a/b", { y: "z" }],
    ['a/b; x="open', "a/b", { x: "open" }],
    ['a/b; x="1" junk; y=2', "a/b", { x: "1", y: "2" }],
    ["a/b; __proto__=1", "a/b", { ["__proto__"]: "1" }],
  ];
  for (const [value, type, parameters] of table)
    it(JSON.stringify(value), () => {
      const parsed = parseContentType(value);
      assert.equal(parsed.type, type);
      assert.deepEqual([...parsed.parameters], Object.entries(parameters));
    });
  it("reads a limited number of parameters", () => {
    const value = `a/b${Array.from({ length: 500 }, (_, at) => `;p${at}=1`).join("")}`;
    assert.equal(parseContentType(value).parameters.size, 100);
  });
});

describe("encodingFromHeaders", () => {
  const table: readonly (readonly [string | undefined, string | null])[] = [
    [undefined, null],
    ["", null],
    ["text/plain", null],
    ["TEXT/HTML; CHARSET=Latin-1", "Latin-1"],
    ['text/plain; charset="utf-8"', "utf-8"],
    ["text/plain; charset='utf-8'", "utf-8"],
    ["text/plain; Charset = utf-8", "utf-8"],
    ["text/plain;charset=utf-8;", "utf-8"],
    ["text/plain; charset=utf-8 (comment)", "utf-8"],
    ['text/plain; charset="utf-8"junk', "utf-8"],
    ['text/plain; charset="utf-8', "utf-8"],
    ['text/plain; charset=utf-8"', "utf-8"],
    ["text/plain; charset=utf-8; charset=koi8-r", "koi8-r"],
    // The field came twice.
    ["text/html; charset=shift_jis, text/html", "shift_jis"],
    ["text/html;charset=shift_jis,text/html", "shift_jis"],
    ['text/html; charset="shift_jis", text/html', "shift_jis"],
    ["text/html; charset=utf-8, text/html; charset=utf-8", "utf-8"],
    ["application/json; charset=latin-1", "latin-1"],
    ["application/json", "utf-8"],
    ["Application/JSON", "utf-8"],
    ["application/problem+json; x=y", "utf-8"],
    ["application/xml", null],
    ["application/jsonp", null],
  ];
  for (const [value, expected] of table) it(String(value), () => assert.equal(encodingFromHeaders(value), expected));

  for (const charset of [
    "",
    '""',
    "''",
    '"',
    "unknown",
    "none",
    "bogus",
    "utf",
    "8bit",
    "text/html",
    ",",
    "\x80",
    "x".repeat(1000),
  ])
    it(`treats an unknown charset as none: ${JSON.stringify(charset.slice(0, 20))}`, () => {
      assert.equal(encodingFromHeaders(`text/plain; charset=${charset}`), null);
      assert.equal(encodingFromHeaders(`application/json; charset=${charset}`), "utf-8");
      assert.deepEqual(declaredEncoding(`application/json; charset=${charset}`), { charset: null, isJson: true });
    });
});
