import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ErrorCode, Http2Error } from "#internal/wire/http2/errors";
import { huffman, huffmanLength, writeHuffman } from "#internal/wire/http2/huffman";
import { FORBIDDEN_IN_VALUE, INVALID_IN_NAME } from "#internal/wire/http2/text-faults";
import { hex } from "../../../_support/http2.js";

function encoded(text: string): Buffer {
  const target = Buffer.alloc(huffmanLength(text) + 2, 0xee);
  const end = writeHuffman(text, target, 1);
  assert.equal(end, target.length - 1, "huffmanLength differs from what is written");
  assert.deepEqual([target[0], target.at(-1)], [0xee, 0xee], "bytes around the string were written");
  return target.subarray(1, end);
}

function decoded(bytes: Buffer): string {
  // Not at the start of its memory.
  const length = huffman.decode(Buffer.concat([Buffer.from("#"), bytes, Buffer.from("#")]), 1, 1 + bytes.length);
  return huffman.output.toString("latin1", 0, length);
}

/** Strings of RFC 7541 Appendix C.4 and C.6. */
const STRINGS: readonly (readonly [text: string, bytes: string])[] = [
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["custom-key", "25a849e95ba97d7f"],
  ["custom-value", "25a849e95bb8e8b4bf"],
  ["302", "6402"],
  ["private", "aec3771a4b"],
  ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
  ["https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"],
  ["307", "640eff"],
  ["gzip", "9bd9ab"],
  [
    "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
  ],
  ["", ""],
];

/** Codes of RFC 7541 Appendix B, one for each length, with the ones of EOS as padding. */
const CODES: readonly (readonly [byte: number, bytes: string])[] = [
  [0x30, "07"], // 00000
  [0x20, "53"], // 010100
  [0x3a, "b9"], // 1011100
  [0x26, "f8"], // 11111000
  [0x21, "fe3f"], // 1111111000
  [0x27, "ff5f"], // 11111111010
  [0x23, "ffaf"], // 111111111010
  [0x00, "ffc7"], // 1111111111000
  [0x5e, "fff3"], // 11111111111100
  [0x3c, "fff9"], // 111111111111100
  [0x5c, "fffe1f"], // 1111111111111110000
  [0x80, "fffe6f"], // 11111111111111100110
  [0x99, "fffee7"], // 111111111111111011100
  [0x81, "ffff4b"], // 1111111111111111010010
  [0x01, "ffffb1"], // 11111111111111111011000
  [0x09, "ffffea"], // 111111111111111111101010
  [0xc7, "fffff67f"], // 1111111111111111111101100
  [0xc0, "fffff83f"], // 11111111111111111111100000
  [0xcb, "fffffbdf"], // 111111111111111111111011110
  [0x02, "fffffe2f"], // 1111111111111111111111100010
  [0x0a, "fffffff3"], // 111111111111111111111111111100
];

describe("the Huffman code", () => {
  for (const [text, bytes] of STRINGS)
    it(`encodes and decodes ${JSON.stringify(text)}`, () => {
      assert.equal(encoded(text).toString("hex"), bytes);
      assert.equal(decoded(hex(bytes)), text);
    });

  for (const [byte, bytes] of CODES)
    it(`encodes and decodes the byte 0x${byte.toString(16)}`, () => {
      const text = String.fromCharCode(byte);
      assert.equal(encoded(text).toString("hex"), bytes);
      assert.equal(decoded(hex(bytes)), text);
    });

  it("round-trips every pair of bytes", () => {
    for (let first = 0; first < 256; first += 1) {
      let text = "";
      for (let second = 0; second < 256; second += 1) text += String.fromCharCode(first, second);
      assert.equal(decoded(encoded(text)), text);
    }
  });

  it("decodes a string that is larger than the output buffer", () => {
    const text = "a long string of many bytes, ".repeat(3000);
    assert.equal(decoded(encoded(text)), text);
    assert.equal(decoded(encoded("short")), "short");
  });

  const faulty: readonly (readonly [what: string, bytes: string, text: RegExp])[] = [
    ["EOS alone", "ffffffff", /contains EOS/],
    ["EOS after a symbol", "07ffffffff", /contains EOS/],
    ["EOS before a symbol", "fffffffc1f", /contains EOS/],
    ["eight bits of padding", "07ff", /padding/],
    ["a byte of padding alone", "ff", /padding/],
    ["padding of zeros", "00", /padding/],
    ["padding that begins with a zero", "06", /padding/],
    ["a code that is cut", "fe", /padding/],
  ];
  for (const [what, bytes, text] of faulty)
    it(`rejects ${what}`, () => {
      assert.throws(
        () => decoded(hex(bytes)),
        (error: unknown) =>
          error instanceof Http2Error && error.errorCode === ErrorCode.COMPRESSION_ERROR && text.test(error.message),
      );
    });

  it("tells which bytes a name or a value must not have", () => {
    const faults = (text: string): number => {
      decoded(encoded(text));
      return huffman.faults;
    };
    assert.equal(faults("content-type"), 0);
    assert.equal(faults("Content-type"), INVALID_IN_NAME);
    assert.equal(faults("a b\t\xff"), INVALID_IN_NAME);
    assert.equal(faults("a\r"), INVALID_IN_NAME | FORBIDDEN_IN_VALUE);
    assert.equal(faults("\0"), INVALID_IN_NAME | FORBIDDEN_IN_VALUE);
    assert.equal(faults("content-type"), 0);
  });
});
