import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  TextStream,
  apparentEncoding,
  decodeText,
  detectJsonEncoding,
  isKnownEncoding,
} from "#internal/content/charset";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** `bytes.decode("cp1252")` of Python for 0x80 to 0x9f; the five that it refuses are themselves in the Encoding Standard. */
const CP1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

describe("decodeText with an encoding [text-by-charset]", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["utf-8", "c3bc e29883 f09f9880", "ü☃😀"],
    ["UTF-8", "c3bc", "ü"],
    ["utf-8", "efbbbf 61 efbbbf", "a\ufeff"],
    ["utf-8", "efbbbf efbbbf", "\ufeff"],
    ["utf-8-sig", "efbbbf 61", "a"],
    ["utf_8", "c3bc", "ü"],
    ["utf-8", "61 ff e2 98 61 f0 9f 98", "a\ufffd\ufffda\ufffd"],
    ["utf-8", "eda080 c080", "\ufffd\ufffd\ufffd\ufffd\ufffd"],
    ["iso-8859-1", "61 80 9f a0 ff", "a€Ÿ\xa0ÿ"],
    ["latin-1", "93 e4", "“ä"],
    ["Latin1", "81", "\x81"],
    ["ascii", "93", "“"],
    ["windows-1252", "8d 9d", "\x8d\x9d"],
    ["cp1252", "80", "€"],
    [" ISO-8859-15 ", "a4", "€"],
    ["iso-8859-16", "80 a1 a4 ff", "\x80Ą€ÿ"],
    ["x-user-defined", "61 80 ff", "a\uf780\uf7ff"],
    ["koi8-r", "f0 d2 c9", "При"],
    ["windows-1251", "cf f0 e8", "При"],
    ["shift_jis", "83 65 83 58 83 67", "テスト"],
    ["cp932", "83 65", "テ"],
    ["gbk", "c4 e3", "你"],
    ["gb2312", "c4 e3 ba c3", "你好"],
    ["gb18030", "81 30 81 30", "\x80"],
    ["big5", "a7 41", "你"],
    ["euc-kr", "b0 a1", "가"],
    ["euc_jp", "a4 a2", "あ"],
    ["iso-2022-jp", "1b 24 42 24 22 1b 28 42 61", "あa"],
    ["utf-16", "61 00 3d d8 00 de", "a😀"],
    ["utf-16", "fe ff 00 61", "a"],
    ["utf-16", "ff fe 61 00", "a"],
    ["utf-16le", "ff fe 61 00 00 d8 62 00 00", "a\ufffdb\ufffd"],
    ["utf-16be", "fe ff 00 61 d8 3d de 00", "a😀"],
    ["utf-16-be", "d8 00", "\ufffd"],
    ["utf-32", "61 00 00 00 00 f6 01 00", "a\u{1f600}"],
    ["utf-32", "00 00 fe ff 00 00 00 61", "a"],
    ["utf-32", "ff fe 00 00 61 00 00 00", "a"],
    ["utf-32be", "00 00 d8 00 00 11 00 00 00 00 61", "\ufffd\ufffd\ufffd"],
    ["utf_32_le", "61 00 00 00", "a"],
    ["nonsense", "c3bc ff", "ü\ufffd"],
    ["hz-gb-2312", "61", "a"],
  ];
  for (const [encoding, bytes, expected] of table)
    it(`${encoding}: ${bytes}`, () => {
      assert.equal(decodeText(hex(bytes), encoding), expected);
      const stream = new TextStream(encoding);
      let text = "";
      for (const byte of hex(bytes)) text += stream.decode(Uint8Array.of(byte));
      assert.equal(text + stream.end(), expected, "byte by byte");
    });

  it("decodes windows-1252 from 0x80 on, at once and streamed", () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => 0x80 + at));
    assert.equal(decodeText(bytes, "iso-8859-1"), CP1252);
    assert.equal(new TextStream("windows-1252").decode(bytes), CP1252);
  });
  it("decodes no bytes", () => assert.equal(decodeText(Buffer.alloc(0), "utf-16"), ""));
  it("decodes much ASCII, and much other text", () => {
    const text = "x".repeat(100_000);
    assert.equal(decodeText(Buffer.from(text), "utf-8"), text);
    assert.equal(decodeText(Buffer.from(`${text}ü`), "utf-8"), `${text}ü`);
    assert.equal(decodeText(Buffer.from(`\ufeff${text}`), "utf-8"), text);
  });
  it("decodes long UTF-32", () => {
    const bytes = Buffer.alloc(40_000);
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(0x1f600, at);
    assert.equal(decodeText(bytes, "utf-32le"), "😀".repeat(10_000));
  });
});

const GERMAN = "Die schönen Mädchen fuhren über die Brücke nach München und aßen süße Äpfel. ".repeat(5);
const RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. ".repeat(
  3,
);
const CP1251: Buffer = Buffer.from(
  Array.from(RUSSIAN, (letter) => {
    const point = letter.codePointAt(0)!;
    if (point < 0x80) return point;
    return point - 0x410 + 0xc0;
  }),
);

describe("decodeText without an encoding", () => {
  const table: readonly (readonly [string, Buffer, string, string])[] = [
    ["ASCII", Buffer.from("abc"), "ascii", "abc"],
    ["UTF-8", Buffer.from("ü☃"), "utf-8", "ü☃"],
    ["a BOM of UTF-8", hex("efbbbf c3bc"), "utf-8", "ü"],
    ["a BOM of UTF-16", hex("fffe 6100"), "utf-16le", "a"],
    ["a BOM of UTF-16, big-endian", hex("feff 0061"), "utf-16be", "a"],
    ["a BOM of UTF-32", hex("fffe0000 61000000"), "utf-32le", "a"],
    ["a BOM of UTF-32, big-endian", hex("0000feff 00000061"), "utf-32be", "a"],
    ["latin-1", Buffer.from(GERMAN, "latin1"), "iso-8859-1", GERMAN],
    ["windows-1251", CP1251, "windows-1251", RUSSIAN],
    [
      "latin-1 after much ASCII",
      Buffer.from(`${"abc ".repeat(20_000)}${GERMAN}`, "latin1"),
      "iso-8859-1",
      `${"abc ".repeat(20_000)}${GERMAN}`,
    ],
    ["nothing", Buffer.alloc(0), "utf-8", ""],
  ];
  for (const [name, bytes, encoding, text] of table)
    it(name, () => {
      assert.equal(apparentEncoding(bytes), encoding);
      assert.equal(decodeText(bytes, null), text);
    });
  it("decodes any bytes", () => {
    for (let byte = 0x80; byte <= 0xff; byte += 1) {
      const bytes = Buffer.from([byte]);
      assert.ok(isKnownEncoding(apparentEncoding(bytes)));
      assert.equal(decodeText(bytes, null).length, 1);
    }
  });
});

describe("TextStream", () => {
  it("uses a BOM without an encoding, otherwise UTF-8", () => {
    for (const [bytes, expected] of [
      ["efbbbf c3bc", "ü"],
      ["fffe 6100", "a"],
      ["fffe 0000 61000000", "a"],
      ["fffe 61", "\ufffd"],
      ["feff 0061", "a"],
      ["c3bc ff", "ü\ufffd"],
      ["ef bb", "\ufffd"],
      ["00 00 61", "\0\0a"],
      ["ff", "\ufffd"],
    ] as const) {
      const stream = new TextStream(null);
      let text = "";
      for (const byte of hex(bytes)) text += stream.decode(Uint8Array.of(byte));
      assert.equal(text + stream.end(), expected, bytes);
    }
  });
  it("returns complete characters at once", () => {
    const stream = new TextStream("utf-8");
    assert.equal(stream.decode(hex("61 c3")), "a");
    assert.equal(stream.decode(hex("bc 62")), "üb");
    assert.equal(stream.end(), "");
  });
  it("does not wait for bytes that cannot complete a character", () => {
    const stream = new TextStream("utf-8");
    assert.equal(stream.decode(hex("e0 80")), "\ufffd\ufffd");
    assert.equal(stream.decode(hex("f5")), "\ufffd");
  });
  it("does not keep the given bytes", () => {
    const stream = new TextStream("utf-8");
    const chunk = hex("61 e2 98");
    stream.decode(chunk);
    chunk.fill(0);
    assert.equal(stream.decode(hex("83")), "☃");
  });
});

describe("isKnownEncoding", () => {
  for (const label of ["utf-8", "UTF_8", "latin_1", "iso8859_1", "cp1251", "sjis", "utf-32", "big5"])
    it(label, () => assert.equal(isKnownEncoding(label), true));
  for (const label of ["", "nonsense", "utf-9", "x".repeat(100_000)])
    it(`not ${label.slice(0, 20)}`, () => assert.equal(isKnownEncoding(label), false));
});

describe("detectJsonEncoding", () => {
  const text = '{"a":"ü"}';
  const be = Buffer.from(text, "utf16le").swap16();
  const utf32 = Buffer.concat(Array.from(text, (c) => Buffer.from([c.charCodeAt(0), 0, 0, 0])));
  const table: readonly (readonly [string, Uint8Array, string | null])[] = [
    ["UTF-8", Buffer.from(text), "utf-8"],
    ["one byte", Buffer.from("1"), "utf-8"],
    ["nothing", Buffer.alloc(0), "utf-8"],
    ["a BOM", Buffer.from(`\ufeff${text}`), "utf-8"],
    ["UTF-16LE", Buffer.from(text, "utf16le"), "utf-16le"],
    ["UTF-16BE", be, "utf-16be"],
    ["UTF-16LE with a BOM", Buffer.from(`\ufeff${text}`, "utf16le"), "utf-16le"],
    ["UTF-32LE", utf32, "utf-32le"],
    ["UTF-32BE", Buffer.from(utf32).swap32(), "utf-32be"],
    ["other NULs", hex("00 61 62 00"), null],
    ["NULs alone", hex("00 00 00 00"), null],
  ];
  for (const [name, bytes, expected] of table)
    it(name, () => {
      assert.equal(detectJsonEncoding(bytes), expected);
      if (expected !== null && bytes.length > 4) assert.equal(decodeText(Buffer.from(bytes), expected), text);
    });
});
