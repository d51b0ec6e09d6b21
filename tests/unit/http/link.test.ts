import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { linksByRel, parseHeaderLinks } from "#internal/http/link";

describe("parseHeaderLinks", () => {
  const table: readonly (readonly [string, string, readonly Readonly<Record<string, string>>[]])[] = [
    ["nothing", "", []],
    ["commas alone", " ,, ", []],
    [
      "one",
      '<http:/.../front.jpeg>; rel=front; type="image/jpeg"',
      [{ url: "http:/.../front.jpeg", rel: "front", type: "image/jpeg" }],
    ],
    ["no parameters", "<http:/.../front.jpeg>", [{ url: "http:/.../front.jpeg" }]],
    ["a trailing semicolon", "<http:/.../front.jpeg>;", [{ url: "http:/.../front.jpeg" }]],
    [
      "several",
      '<a>; rel=next,<b>; rel="last" , <c>',
      [{ url: "a", rel: "next" }, { url: "b", rel: "last" }, { url: "c" }],
    ],
    [
      "delimiters in quotes",
      '<a>; title="x;y, <z>=\\"q\\""; rel=next, <b>',
      [{ url: "a", title: 'x;y, <z>="q"', rel: "next" }, { url: "b" }],
    ],
    ["delimiters in a target", "<a;b,c=d>; rel=next", [{ url: "a;b,c=d", rel: "next" }]],
    ["names in any case, spaces around", "< a > ; REL = next ; x", [{ url: "a", rel: "next", x: "" }]],
    ["the first rel counts", "<a>; rel=one; rel=two", [{ url: "a", rel: "one" }]],
    ["a parameter that is named url", "<a>; url=b", [{ url: "a" }]],
    ["single quotes, as requests takes them", "<a>; rel='next'; x='", [{ url: "a", rel: "next", x: "'" }]],
    ["no brackets", "http://a/b; rel=next, <c>", [{ url: "http://a/b", rel: "next" }, { url: "c" }]],
    ["text after the target", "<a> junk; rel=next, <b>", [{ url: "a", rel: "next" }, { url: "b" }]],
    ["an open bracket", "<a>, <b; rel=next", [{ url: "a" }]],
    ["an open quote", '<a>; rel="next, <b>', [{ url: "a", rel: "next, <b>" }]],
    ["an empty target", "<>; rel=self, <>", [{ url: "", rel: "self" }]],
  ];
  for (const [name, value, expected] of table) it(name, () => assert.deepEqual(parseHeaderLinks(value), expected));

  it("treats __proto__ as an ordinary name", () => {
    const [link] = parseHeaderLinks("<a>; __proto__=x");
    assert.deepEqual(Object.getOwnPropertyNames(link), ["url", "__proto__"]);
    assert.equal(Object.getPrototypeOf(linksByRel("<a>; rel=__proto__")), Object.prototype);
  });
  it("reads a limited number of links", () => assert.equal(parseHeaderLinks("<a>,".repeat(5000)).length, 1000));
});

describe("linksByRel", () => {
  it("uses rel as the key, otherwise the URL; the last link of a key counts", () =>
    assert.deepEqual(linksByRel('<a>; rel=next, <b>; rel="next last", <c>, <d>; rel=next, <e>; rel=""'), {
      next: { url: "d", rel: "next" },
      "next last": { url: "b", rel: "next last" },
      c: { url: "c" },
      e: { url: "e", rel: "" },
    }));
});
