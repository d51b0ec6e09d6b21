import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ErrorCode, Http2Error } from "#internal/wire/http2/errors";
import { HpackDecoder, type FieldSection } from "#internal/wire/http2/hpack-decoder";
import { hex, literals, nameOf } from "../../../_support/http2.js";

const LIMITS = { maxHeaderSize: 64 * 1024, maxHeaders: 100 };

function decode(decoder: HpackDecoder, bytes: Buffer): FieldSection {
  // Not at the start of its memory, and the memory is used again.
  const shifted = Buffer.concat([Buffer.from("#"), bytes, Buffer.from("#")]);
  const section = decoder.decode(shifted, 1, 1 + bytes.length);
  shifted.fill("!");
  return section;
}

function newDecoder(limits = LIMITS): HpackDecoder {
  return new HpackDecoder(limits);
}

type Example = readonly [section: string, bytes: string, fields: readonly string[], tableSize: number];

const FIRST = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const SECOND = [...FIRST, "cache-control", "no-cache"];
const THIRD = [
  ...[":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com"],
  ...["custom-key", "custom-value"],
];
const DATE = "Mon, 21 Oct 2013 20:13:21 GMT";
const RESPONSE = ["cache-control", "private", "date", DATE, "location", "https://www.example.com"];
const FINAL = [
  ...[":status", "200", "cache-control", "private", "date", DATE.replace(":21 ", ":22 ")],
  ...["location", "https://www.example.com", "content-encoding", "gzip"],
  ...["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
];
/** The examples of C.5 and C.6 have a table of 256 bytes. */
const TABLE_256 = "3fe101";

/** RFC 7541 Appendix C: blocks of one list share a decoder. */
const EXAMPLES: readonly (readonly Example[])[] = [
  [["C.2.1", "400a637573746f6d2d6b65790d637573746f6d2d686561646572", ["custom-key", "custom-header"], 55]],
  [["C.2.2", "040c2f73616d706c652f70617468", [":path", "/sample/path"], 0]],
  [["C.2.3", "100870617373776f726406736563726574", ["password", "secret"], 0]],
  [["C.2.4", "82", [":method", "GET"], 0]],
  [
    ["C.3.1", "828684410f7777772e6578616d706c652e636f6d", FIRST, 57],
    ["C.3.2", "828684be58086e6f2d6361636865", SECOND, 110],
    ["C.3.3", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", THIRD, 164],
  ],
  [
    ["C.4.1", "828684418cf1e3c2e5f23a6ba0ab90f4ff", FIRST, 57],
    ["C.4.2", "828684be5886a8eb10649cbf", SECOND, 110],
    ["C.4.3", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", THIRD, 164],
  ],
  [
    [
      "C.5.1",
      `${TABLE_256} 4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
       6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      [":status", "302", ...RESPONSE],
      222,
    ],
    ["C.5.2", "4803333037c1c0bf", [":status", "307", ...RESPONSE], 222],
    [
      "C.5.3",
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b
       425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
      FINAL,
      215,
    ],
  ],
  [
    [
      "C.6.1",
      `${TABLE_256} 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8
       e9ae82ae43d3`,
      [":status", "302", ...RESPONSE],
      222,
    ],
    ["C.6.2", "4883640effc1c0bf", [":status", "307", ...RESPONSE], 222],
    [
      "C.6.3",
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f
       3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
      FINAL,
      215,
    ],
  ],
];

describe("an HPACK decoder reads the examples of RFC 7541", () => {
  for (const examples of EXAMPLES) {
    const decoder = newDecoder();
    for (const [section, bytes, fields, tableSize] of examples)
      it(section, () => {
        assert.deepEqual(decode(decoder, hex(bytes)), { raw: fields, fault: null });
        assert.equal(decoder.tableSize.size, tableSize);
      });
  }
});

const A_THOUSAND = `${"a".repeat(1000)}`;

/** Blocks that end the connection: COMPRESSION_ERROR. */
const BROKEN: readonly (readonly [what: string, bytes: Buffer, text: RegExp])[] = [
  ["index 0", hex("80"), /index 0/],
  ["an index beyond the static table, with an empty table", hex("be"), /index 62, and the tables have 61/],
  ["a name index beyond the tables", hex("7f00 00"), /index 63/],
  ["an integer that is cut", hex("ff"), /ends within an integer/],
  ["an integer that is cut later", hex("ff8080"), /ends within an integer/],
  ["an integer of six bytes", hex("ff808080808000"), /more than five bytes/],
  ["an integer of many zeros", hex(`ff${"80".repeat(1000)}00`), /more than five bytes/],
  ["an integer beyond 2^31-1", hex("ffffffffff7f"), /beyond 2\^31-1/],
  ["a field without a value", hex("00 01 61"), /ends within a field/],
  ["a field without anything", hex("00"), /ends within a field/],
  ["a name that is cut", hex("00 03 61"), /longer than the rest/],
  ["a value that is cut", hex("00 01 61 02 62"), /longer than the rest/],
  ["a value of 2 GiB", hex("00 01 61 7f 80ffffff07 62"), /longer than the rest/],
  ["a Huffman string with EOS", hex("00 01 61 84 ffffffff"), /EOS/],
  ["a Huffman string with the wrong padding", hex("00 01 61 81 00"), /padding/],
  ["a table-size update beyond what was announced", hex("3fe21f"), /update to 4097 bytes, and 4096 were announced/],
  ["a table-size update after a field", hex("82 20"), /after the first field/],
  ["three table-size updates", hex("20 21 22"), /more than two/],
];

describe("an HPACK decoder ends the connection for", () => {
  for (const [what, bytes, text] of BROKEN)
    it(what, () => {
      assert.throws(
        () => decode(newDecoder(), bytes),
        (error: unknown) =>
          error instanceof Http2Error &&
          error.errorCode === ErrorCode.COMPRESSION_ERROR &&
          error.code === "ERR_BAD_RESPONSE" &&
          text.test(error.message) &&
          error.message.includes("RFC 7541 §"),
      );
    });
});

const MALFORMED: readonly (readonly [what: string, name: string, value: string, text: RegExp])[] = [
  ["an upper-case letter in a name", "Server", "x", /"Server"/],
  ["a blank in a name", "a b", "x", /"a b"/],
  ["a colon in a name", "a:b", "x", /"a:b"/],
  ["an empty name", "", "x", /""/],
  ["a name that is a colon", ":", "x", /":"/],
  ["an upper-case letter in a pseudo-name", ":Status", "200", /":Status"/],
  ["a byte above 0x7f in a name", "a\xe9", "x", /name/],
  ["CR in a value", "a", "x\ry", /value of the field "a"/],
  ["LF in a value", "a", "x\ny", /value/],
  ["NUL in a value", "a", "x\0y", /value/],
  ["DEL in a value", "a", "x\x7fy", /value/],
  ["a space before a value", "a", " x", /value/],
  ["a tab after a value", "a", "x\t", /value/],
];

describe("an HPACK decoder marks a section as malformed for", () => {
  for (const [what, name, value, text] of MALFORMED)
    it(what, () => {
      const { raw, fault } = decode(newDecoder(), literals("before", "1", name, value, "after", "2"));
      assert.deepEqual(raw, ["before", "1"]);
      assert.equal(nameOf(fault!.errorCode), "PROTOCOL_ERROR");
      assert.match(fault!.error.message, text);
      assert.match(fault!.error.message, /RFC 9113 §8\.2\.1/);
    });

  it("a malformed field that is in the table, each time that it is used", () => {
    const decoder = newDecoder();
    // An inserted field "A: b".
    assert.notEqual(decode(decoder, hex("40 01 41 01 62")).fault, null);
    assert.notEqual(decode(decoder, hex("be")).fault, null);
    // Only its name.
    assert.match(decode(decoder, hex("0f2f 01 63")).fault!.error.message, /"A"/);
    // An inserted field "a: <CR>", then its name alone, which is good.
    assert.notEqual(decode(decoder, hex("40 01 61 01 0d")).fault, null);
    assert.deepEqual(decode(decoder, hex("0f2f 01 63")), { raw: ["a", "c"], fault: null });
  });

  it("does not show the value, which may be a secret", () => {
    const { fault } = decode(newDecoder(), literals("set-cookie", "secret\0"));
    assert.doesNotMatch(fault!.error.message, /secret/);
  });

  it("allows tabs within values, bytes above 0x7f and empty values", () => {
    const fields = ["a", "x\ty", "b", "\xe9\xff", "c", ""];
    assert.deepEqual(decode(newDecoder(), literals(...fields)), { raw: fields, fault: null });
  });
});

describe("an HPACK decoder bounds a section", () => {
  it("by its size, with 32 bytes for each field", () => {
    const limits = { maxHeaderSize: 1000 + 1 + 32, maxHeaders: 100 };
    assert.equal(decode(newDecoder(limits), literals("a", A_THOUSAND)).fault, null);
    const { raw, fault } = decode(newDecoder(limits), literals("a", `${A_THOUSAND}a`));
    assert.deepEqual(raw, []);
    assert.equal(nameOf(fault!.errorCode), "ENHANCE_YOUR_CALM");
    assert.match(fault!.error.message, /larger than 1033 bytes \(maxHeaderSize of HTTPAdapter\)/);
  });

  it("by the number of its fields", () => {
    const limits = { maxHeaderSize: 64 * 1024, maxHeaders: 2 };
    assert.equal(decode(newDecoder(limits), literals("a", "1", "b", "2")).fault, null);
    const { fault } = decode(newDecoder(limits), literals("a", "1", "b", "2", "c", "3"));
    assert.match(fault!.error.message, /more than 2 header fields \(maxHeaders of HTTPAdapter\)/);
  });

  it("against a bomb: one large entry of the table, used a hundred thousand times", () => {
    const decoder = newDecoder({ maxHeaderSize: 256 * 1024, maxHeaders: 1000 });
    const inserted = Buffer.concat([hex("40 01 61 7f a11e"), Buffer.alloc(4000, "x")]);
    assert.equal(decode(decoder, inserted).fault, null);
    const { raw, fault } = decode(decoder, Buffer.alloc(100_000, 0xbe));
    assert.ok(raw.length <= 2 * 65, `${raw.length / 2} fields were kept`);
    assert.match(fault!.error.message, /larger than 262144 bytes/);
  });

  it("and keeps the table in step when a section is too large", () => {
    const decoder = newDecoder({ maxHeaderSize: 64 * 1024, maxHeaders: 1 });
    // Three insertions: a: 1, b: 2, c: 3.
    assert.notEqual(decode(decoder, hex("40 01 61 01 31  40 01 62 01 32  40 01 63 01 33")).fault, null);
    assert.deepEqual(decode(decoder, hex("c0")), { raw: ["a", "1"], fault: null });
    assert.deepEqual(decode(decoder, hex("be")), { raw: ["c", "3"], fault: null });
  });
});

describe("the dynamic table of a decoder", () => {
  it("is emptied by an entry that is larger than it", () => {
    const decoder = newDecoder();
    decode(decoder, hex("40 01 61 01 31"));
    assert.equal(decoder.tableSize.size, 34);
    const section = decode(decoder, Buffer.concat([hex("40 01 61 7f 8120"), Buffer.alloc(4224, "x")]));
    assert.equal(section.raw[1].length, 4224);
    assert.equal(decoder.tableSize.size, 0);
    assert.throws(() => decode(decoder, hex("be")), /index 62, and the tables have 61 entries/);
  });

  it("evicts the oldest entries first", () => {
    const decoder = newDecoder();
    // Room for three entries of 34 bytes.
    decode(decoder, hex("3f47 40 01 61 01 31  40 01 62 01 32  40 01 63 01 33"));
    assert.deepEqual(decode(decoder, hex("be bf c0")).raw, ["c", "3", "b", "2", "a", "1"]);
    decode(decoder, hex("40 01 64 01 34"));
    assert.deepEqual(decode(decoder, hex("be bf c0")).raw, ["d", "4", "c", "3", "b", "2"]);
    assert.throws(() => decode(decoder, hex("c1")), Http2Error);
  });

  it("can be emptied and enlarged by two size updates", () => {
    const decoder = newDecoder();
    decode(decoder, hex("40 01 61 01 31"));
    assert.deepEqual(decode(decoder, hex("20 3fe11f 82")).raw, [":method", "GET"]);
    assert.deepEqual(decoder.tableSize, { size: 0, maxSize: 4096 });
  });

  it("holds many entries that move within it", () => {
    const decoder = newDecoder();
    for (let round = 0; round < 500; round += 1) {
      const name = String.fromCharCode(97 + (round % 26));
      decode(decoder, Buffer.concat([hex("40 01"), Buffer.from(name), hex("01"), Buffer.from(String(round % 10))]));
      assert.deepEqual(decode(decoder, hex("be")).raw, [name, String(round % 10)]);
    }
    assert.equal(decoder.tableSize.size, Math.floor(4096 / 34) * 34);
  });

  it("must be as small as the size that was announced", () => {
    const decoder = newDecoder();
    decoder.announcedSize = 100;
    assert.throws(() => decode(decoder, hex("82")), /no table-size update to the 100 bytes/);
    const other = newDecoder();
    other.announcedSize = 100;
    assert.deepEqual(decode(other, hex("3f45 82")).raw, [":method", "GET"]);
    assert.throws(() => decode(other, hex("3f46 82")), /update to 101 bytes, and 100 were announced/);
  });
});

describe("a block that repeats", () => {
  it("gives the same section, as long as the table is the same", () => {
    const decoder = newDecoder();
    const block = literals(":status", "200", "server", "nginx");
    const first = decode(decoder, block);
    assert.equal(decode(decoder, block), first);
    assert.notEqual(decode(decoder, literals(":status", "200", "server", "Nginx")), first);
    assert.deepEqual(decode(decoder, block), first);
  });

  it("is read again when the table has changed", () => {
    const decoder = newDecoder();
    decode(decoder, hex("40 01 61 01 31"));
    assert.deepEqual(decode(decoder, hex("be")).raw, ["a", "1"]);
    assert.deepEqual(decode(decoder, hex("be")).raw, ["a", "1"]);
    decode(decoder, hex("40 01 62 01 32"));
    assert.deepEqual(decode(decoder, hex("be")).raw, ["b", "2"]);
  });

  it("is read again when another table size was announced", () => {
    for (const block of ["82", "3fe11f 82"]) {
      const decoder = newDecoder();
      decode(decoder, hex(block));
      decode(decoder, hex(block));
      decoder.announcedSize = 100;
      assert.throws(() => decode(decoder, hex(block)), Http2Error);
    }
  });

  it("inserts its fields each time", () => {
    const decoder = newDecoder();
    for (let round = 0; round < 3; round += 1) decode(decoder, hex("40 01 61 01 31"));
    assert.equal(decoder.tableSize.size, 3 * 34);
  });

  it("inserts nothing into a table of size 0, and again after the table has grown", () => {
    const decoder = newDecoder();
    decode(decoder, hex("20 40 01 61 01 31"));
    decode(decoder, hex("40 01 61 01 31"));
    decode(decoder, hex("40 01 61 01 31"));
    assert.equal(decoder.tableSize.size, 0);
    decode(decoder, hex("3fe11f 82"));
    decode(decoder, hex("40 01 61 01 31"));
    assert.equal(decoder.tableSize.size, 34);
  });
});
