import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ByteLines, TextLines } from "#internal/content/lines";

function byteLines(chunks: readonly string[], delimiter?: string | Uint8Array | null): string[] {
  const lines = new ByteLines(delimiter);
  return [...chunks.flatMap((chunk) => lines.push(Buffer.from(chunk, "latin1"))), ...lines.end()].map((line) =>
    line.toString("latin1"),
  );
}

function textLines(chunks: readonly string[], delimiter?: string | null): string[] {
  const lines = new TextLines(delimiter);
  return [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.end()];
}

const SHARED: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["nothing", [], []],
  ["empty chunks", ["", ""], []],
  ["no line end", ["a", "b"], ["ab"]],
  ["a trailing line end", ["a\n"], ["a"]],
  ["each kind", ["a\nb\r\nc\rd"], ["a", "b", "c", "d"]],
  ["empty lines", ["\n\r\r\n\n"], ["", "", "", ""]],
  ["CR | LF is one line end", ["a\r", "\nb"], ["a", "b"]],
  ["CR | nothing | LF as well", ["a\r", "", "\nb"], ["a", "b"]],
  ["CR | CR LF are two", ["a\r", "\r\nb"], ["a", "", "b"]],
  ["CR | LF LF are two", ["a\r", "\n\nb"], ["a", "", "b"]],
  ["CR at the very end", ["a\r"], ["a"]],
  ["a line over many chunks", ["a", "b", "c\nd", "e\n"], ["abc", "de"]],
];

const DELIMITED: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ["one character", ",", ["a,b", ",c"], ["a", "b", "c"]],
  ["a trailing delimiter", ",", ["a,"], ["a"]],
  ["a chunk that ends with it", ",", ["a,", "b"], ["a", "b"]],
  ["empty items", ",", [",,a"], ["", "", "a"]],
  ["line ends are text", ",", ["a\nb,c\r\n"], ["a\nb", "c\r\n"]],
  ["several characters over chunks", "--=--", ["a-", "-=", "--b--=-", "-c"], ["a", "b", "c"]],
  ["a false start", "aab", ["xaa", "ab", "y"], ["xa", "y"]],
  ["an overlap with itself", "aa", ["a", "a", "a", "a", "a"], ["", "", "a"]],
  ["its begin at the end", "ab", ["xa"], ["xa"]],
];

describe("ByteLines", () => {
  for (const [name, chunks, expected] of SHARED) it(name, () => assert.deepEqual(byteLines(chunks), expected));
  for (const [name, delimiter, chunks, expected] of DELIMITED)
    it(`delimiter: ${name}`, () => assert.deepEqual(byteLines(chunks, delimiter), expected));
  it("knows no other line breaks", () => assert.deepEqual(byteLines(["a\x0bb\x0c\x1c\x85c"]), ["a\x0bb\x0c\x1c\x85c"]));
  it("takes bytes, and an empty delimiter as none", () => {
    assert.deepEqual(byteLines(["a\0b"], Uint8Array.of(0)), ["a", "b"]);
    for (const none of [null, "", new Uint8Array()]) assert.deepEqual(byteLines(["a\nb"], none), ["a", "b"]);
  });
  it("returns a line as soon as it ends", () => {
    const lines = new ByteLines();
    assert.deepEqual(lines.push(Buffer.from("a\rb")).map(String), ["a"]);
    assert.deepEqual(lines.push(Buffer.from("\r")).map(String), ["b"]);
    assert.deepEqual(lines.push(Buffer.from("\n")), []);
    assert.deepEqual(lines.end(), []);
  });
  it("keeps returned lines when more bytes arrive", () => {
    const lines = new ByteLines();
    lines.push(Buffer.from("one"));
    const [first] = lines.push(Buffer.from("\ntwo"));
    lines.push(Buffer.from("three\n"));
    assert.equal(String(first), "one");
  });
});

describe("TextLines", () => {
  for (const [name, chunks, expected] of SHARED) it(name, () => assert.deepEqual(textLines(chunks), expected));
  for (const [name, delimiter, chunks, expected] of DELIMITED)
    it(`delimiter: ${name}`, () => assert.deepEqual(textLines(chunks, delimiter), expected));
  it("knows the line breaks of str.splitlines, and no others", () => {
    assert.deepEqual(textLines(["a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i"]), [
      "a",
      "b",
      "c",
      "d",
      "e",
      "f",
      "g",
      "h",
      "i",
    ]);
    assert.deepEqual(textLines(["a\x1f\t\0\u00a0b"]), ["a\x1f\t\0\u00a0b"]);
  });
  it("takes an empty delimiter as none", () => {
    for (const none of [null, "", undefined]) assert.deepEqual(textLines(["a\nb"], none), ["a", "b"]);
  });
});
