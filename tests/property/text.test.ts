import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { parseChallenges } from "#internal/http/challenges";
import { TextStream, apparentEncoding, decodeText, isKnownEncoding } from "#internal/content/charset";
import { parseContentType } from "#internal/http/content-type";
import { encodingFromHeaders } from "#internal/content/declared-encoding";
import { ByteLines, TextLines } from "#internal/content/lines";
import { linksByRel, parseHeaderLinks } from "#internal/http/link";
import { assertLinear } from "./linear.js";

const RUNS = { numRuns: 500 };

/** Cuts a text or bytes at the given places. */
function cut<T extends { length: number; slice(from: number, to: number): T }>(
  whole: T,
  places: readonly number[],
): T[] {
  const sorted = [...places.map((place) => place % (whole.length + 1)), 0, whole.length].sort((a, b) => a - b);
  return sorted.slice(1).map((to, at) => whole.slice(sorted[at], to));
}

const places = fc.array(fc.nat(200), { maxLength: 10 });

describe("lines do not depend on how the input is split", () => {
  const material = fc.string({
    unit: fc.constantFrom("a", "b", "\n", "\r", "\r\n", "\v", "\x1c", "\x85", "\u2028"),
    maxLength: 60,
  });
  const delimiter = fc.option(fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: 1, maxLength: 4 }), {
    nil: null,
  });

  it("text", () => {
    fc.assert(
      fc.property(material, places, delimiter, (text, where, by) => {
        const lines = new TextLines(by);
        const found = [...cut(text, where).flatMap((chunk) => lines.push(chunk)), ...lines.end()];
        const expected = by === null ? text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/) : text.split(by);
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(found, expected);
      }),
      RUNS,
    );
  });

  it("bytes", () => {
    fc.assert(
      fc.property(material, places, delimiter, (text, where, by) => {
        const lines = new ByteLines(by);
        const found: Buffer[] = [];
        for (const chunk of cut(Buffer.from(text), where)) found.push(...lines.push(chunk));
        found.push(...lines.end());
        const expected = by === null ? text.split(/\r\n|[\n\r]/) : text.split(by);
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(found.map(String), expected);
      }),
      RUNS,
    );
  });
});

const ENCODINGS = [
  "utf-8", "iso-8859-1", "iso-8859-16", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32be", "koi8-r", "gbk",
  "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "nonsense",
]; // prettier-ignore

describe("text does not depend on how the bytes are split", () => {
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(
      0xef,
      0xbb,
      0xbf,
      0xfe,
      0xff,
      0,
      0xd8,
      0xdc,
      0xe2,
      0x98,
      0x83,
      0xf0,
      0x9f,
      0xed,
      0xa0,
      0x1b,
      0x24,
      0x42,
      0x81,
      0x30,
    ),
  );
  const bytes = fc.array(byte, { maxLength: 40 }).map((list) => Buffer.from(list));
  for (const encoding of ENCODINGS)
    it(encoding, () => {
      fc.assert(
        fc.property(bytes, places, (whole, where) => {
          const expected = decodeText(whole, encoding);
          for (const chunks of [cut(whole, where), Array.from(whole, (one) => Buffer.from([one]))]) {
            const stream = new TextStream(encoding);
            assert.equal(chunks.map((chunk) => stream.decode(chunk)).join("") + stream.end(), expected);
          }
        }),
        RUNS,
      );
    });

  it("without an encoding", () => {
    fc.assert(
      fc.property(bytes, places, (whole, where) => {
        const once = new TextStream(null);
        const expected = once.decode(whole) + once.end();
        const stream = new TextStream(null);
        assert.equal(
          cut(whole, where)
            .map((chunk) => stream.decode(chunk))
            .join("") + stream.end(),
          expected,
        );
      }),
      RUNS,
    );
  });

  it("UTF-8 and UTF-16 agree with TextDecoder", () => {
    fc.assert(
      fc.property(bytes, (whole) => {
        for (const encoding of ["utf-8", "utf-16le", "utf-16be"])
          assert.equal(decodeText(whole, encoding), new TextDecoder(encoding).decode(whole), encoding);
      }),
      RUNS,
    );
  });

  it("detection returns the charset that the text is then decoded with", () => {
    fc.assert(
      fc.property(bytes, (whole) => {
        const encoding = apparentEncoding(whole);
        assert.ok(isKnownEncoding(encoding), encoding);
        assert.equal(decodeText(whole, null), decodeText(whole, encoding));
      }),
      { numRuns: 100 },
    );
  });
});

describe("header parsers", () => {
  const hostile = fc.string({
    unit: fc.constantFrom("a", "=", '"', "\\", ",", ";", " ", "<", ">", "é", "\0"),
    maxLength: 60,
  });
  it("accept any text without throwing", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        parseChallenges(value);
        parseHeaderLinks(value);
        linksByRel(value);
        parseContentType(value);
        encodingFromHeaders(value);
      }),
      { numRuns: 2000 },
    );
  });
  it("return quoted values", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (content) => {
        const quoted = `"${content.replace(/["\\]/g, "\\$&")}"`;
        assert.equal(parseContentType(`a/b; x=${quoted}; y=1`).parameters.get("x"), content);
        assert.equal(parseHeaderLinks(`<u>; x=${quoted}; y=1`)[0]?.["x"], content);
        assert.equal(parseChallenges(`S x=${quoted}, y=1`)[0]?.parameters.get("x"), content);
      }),
      RUNS,
    );
  });
});

describe("header parsers take linear time [linear-header-parsers]", () => {
  const units = [
    "=",
    '"',
    '\\"',
    ",",
    ";",
    " ",
    "<",
    "<>",
    "a",
    "a ",
    "a=",
    "a =",
    'a="',
    "a b",
    "a,",
    "<a>;",
    ";a=",
    "\t",
    "é",
    '"a"',
  ];
  for (const unit of units)
    for (const prefix of ["", "Basic a", '<a>; a="'])
      it(JSON.stringify(prefix + unit), () =>
        assertLinear(
          (size) => prefix + unit.repeat(size / unit.length),
          (value) => {
            parseChallenges(value);
            parseHeaderLinks(value);
            encodingFromHeaders(value);
            encodingFromHeaders(`a/b;${value}; charset=${value}`);
          },
        ),
      );
});

describe("detection takes linear time", () => {
  for (const unit of [
    "\xe9",
    "a\xe9",
    "\xe9 ",
    "\xc3\xa9\xff",
    "\x93\xfa",
    "\x81\x30\x81\x30",
    "\x8e",
    "\xa0",
    "a\0",
    "\x80\x81\x82\x83",
  ])
    it(JSON.stringify(unit), () =>
      assertLinear(
        (size) => unit.repeat(size / unit.length),
        (text) => decodeText(Buffer.from(text, "latin1"), null),
      ),
    );
});

describe("lines and text in tiny pieces take linear time", () => {
  it("one long line, byte by byte", () =>
    assertLinear(
      (size) => "x".repeat(size / 8),
      (text) => {
        const chunk = Buffer.from("x");
        const lines = new ByteLines();
        const delimited = new ByteLines("xxxxxxxy");
        const ofText = new TextLines();
        const ofDelimited = new TextLines("xxxxxxxy");
        for (let at = 0; at < text.length; at += 1) {
          lines.push(chunk);
          delimited.push(chunk);
          ofText.push("x");
          ofDelimited.push("x");
        }
        for (const [line] of [lines.end(), delimited.end(), ofText.end(), ofDelimited.end()])
          assert.equal(line?.length, text.length);
      },
    ));
  it("many line breaks of one kind in one chunk", () => {
    for (const end of ["\n", "\r", "\r\n"])
      assertLinear(
        (size) => end.repeat(size / 4),
        (text) => {
          const chunk = Buffer.from(text);
          assert.equal(new ByteLines().push(chunk).length, text.length / end.length);
          assert.equal(new TextLines().push(text).length, text.length / end.length);
        },
      );
  });
});
