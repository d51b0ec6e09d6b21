import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HpackDecoder } from "#internal/wire/http2/hpack-decoder";
import { HpackEncoder } from "#internal/wire/http2/hpack-encoder";

const LIMITS = { maxHeaderSize: 256 * 1024, maxHeaders: 1000 };

function block(encoder: HpackEncoder, ...fields: string[]): Buffer {
  encoder.begin();
  for (let at = 0; at < fields.length; at += 2) encoder.field(fields[at], fields[at + 1]);
  return Buffer.from(encoder.bytes());
}

function hexOf(encoder: HpackEncoder, ...fields: string[]): string {
  return block(encoder, ...fields).toString("hex");
}

describe("an HPACK encoder", () => {
  it("uses the static table for whole fields", () => {
    const fields = [":method", "GET", ":scheme", "https", ":path", "/", "accept-encoding", "gzip, deflate"];
    const encoder = new HpackEncoder();
    assert.equal(hexOf(encoder, ...fields), "82878490");
    assert.equal(hexOf(encoder, ...fields), "82878490");
    assert.ok(encoder.isSettled);
  });

  it("sends a new value as a literal, indexes it when it repeats, and uses the index from then on", () => {
    const encoder = new HpackEncoder();
    // Literal without indexing, name 58 (user-agent), Huffman "a".
    assert.equal(hexOf(encoder, "user-agent", "a"), "0f2b0161");
    assert.equal(encoder.isSettled, false);
    assert.equal(hexOf(encoder, "user-agent", "a"), "7a0161");
    assert.equal(encoder.isSettled, false);
    const { epoch } = encoder;
    assert.equal(hexOf(encoder, "user-agent", "a"), "be");
    assert.equal(encoder.isSettled, true);
    assert.equal(encoder.epoch, epoch);
  });

  it("names an entry of the dynamic table when only the value differs", () => {
    const encoder = new HpackEncoder();
    block(encoder, "x-a", "1");
    block(encoder, "x-a", "1");
    assert.equal(hexOf(encoder, "x-a", "2"), "0f2f0132");
    // The older entry is no longer known.
    assert.equal(hexOf(encoder, "x-a", "3").slice(0, 4), "0003");
  });

  it("uses Huffman only when it is shorter", () => {
    assert.equal(hexOf(new HpackEncoder(), "user-agent", "www.example.com"), "0f2b8cf1e3c2e5f23a6ba0ab90f4ff");
    assert.equal(hexOf(new HpackEncoder(), "user-agent", "\xff\xfe"), "0f2b02fffe");
    assert.equal(hexOf(new HpackEncoder(), "user-agent", ""), "0f2b00");
  });

  it("never indexes credentials, however often they are sent", () => {
    const encoder = new HpackEncoder((name) => name === "x-mine");
    const names = ["authorization", "proxy-authorization", "cookie", "x-mine"];
    const fields = names.flatMap((name) => [name, "s"]);
    for (let round = 0; round < 3; round += 1) {
      const bytes = hexOf(encoder, ...fields);
      assert.equal(bytes.slice(0, 24), "1f080173" + "1f220173" + "1f110173");
      // The last one has its name as a literal.
      assert.match(bytes.slice(24), /^10.*0173$/);
    }
    assert.ok(encoder.isSettled);
    assert.equal(encoder.epoch, 0);
  });

  it("takes the names that are masked in logs for credentials", () => {
    const encoder = new HpackEncoder((name) => name === "x-mine");
    for (const name of ["x-api-key", "x-amz-security-token", "x-csrf-token"])
      for (let round = 0; round < 3; round += 1) assert.equal(hexOf(encoder, name, "s").slice(0, 2), "10", name);
    assert.equal(encoder.epoch, 0);
  });

  it("never indexes a length or a condition", () => {
    const encoder = new HpackEncoder();
    for (const name of ["content-length", "if-none-match", "range"])
      for (let round = 0; round < 3; round += 1) {
        assert.equal(hexOf(encoder, name, "77")[0], "0", name);
        assert.ok(encoder.isSettled);
      }
    assert.equal(encoder.epoch, 0);
  });

  it("encodes a path as a literal, or as the entry for the root", () => {
    const encoder = new HpackEncoder();
    for (let round = 0; round < 3; round += 1) {
      encoder.begin();
      encoder.path("/");
      encoder.path("/77");
      encoder.path("/index.html");
      assert.equal(encoder.bytes(7).toString("hex"), hexOf(new HpackEncoder(), "user-agent", "/index.html").slice(4));
      assert.equal(encoder.bytes().subarray(0, 7).toString("hex"), "8404032f373704");
      assert.ok(encoder.isSettled);
    }
    assert.equal(encoder.epoch, 0);
  });

  it("indexes no field that would fill most of the table", () => {
    const encoder = new HpackEncoder();
    for (let round = 0; round < 3; round += 1) block(encoder, "x-large", "v".repeat(3100));
    assert.equal(encoder.epoch, 0);
    assert.ok(encoder.isSettled);
  });

  it("encodes long integers", () => {
    const encoder = new HpackEncoder();
    const value = "\xff".repeat(100_000);
    const bytes = block(encoder, "x-a", value);
    assert.deepEqual(new HpackDecoder(LIMITS).decode(bytes, 0, bytes.length).raw, ["x-a", value]);
  });
});

describe("the server's SETTINGS_HEADER_TABLE_SIZE", () => {
  it("makes the table smaller at the start of the next block", () => {
    const encoder = new HpackEncoder();
    encoder.peerTableSize = 100;
    assert.equal(encoder.epoch, -1);
    assert.equal(hexOf(encoder, ":method", "GET"), "3f4582");
    assert.equal(hexOf(encoder, ":method", "GET"), "82");
  });

  it("is announced once with its lowest value when it went down and up again", () => {
    const encoder = new HpackEncoder();
    block(encoder, "x-a", "1");
    block(encoder, "x-a", "1");
    encoder.peerTableSize = 0;
    encoder.peerTableSize = 4096;
    // The entry was evicted, so the field is inserted again.
    assert.equal(hexOf(encoder, "x-a", "1").slice(0, 10), "203fe11f40");
  });

  it("above 4,096 changes nothing", () => {
    const encoder = new HpackEncoder();
    encoder.peerTableSize = 1 << 20;
    assert.equal(hexOf(encoder, ":method", "GET"), "82");
  });

  it("of 0 leaves all fields literals", () => {
    const encoder = new HpackEncoder();
    encoder.peerTableSize = 0;
    for (let round = 0; round < 4; round += 1) block(encoder, "x-a", "1", "x-b", "2");
    assert.equal(hexOf(encoder, "x-a", "1").slice(0, 2), "00");
    assert.ok(encoder.isSettled);
  });
});

describe("bytes that were encoded before", () => {
  it("can be appended while the epoch is the same", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(LIMITS);
    const decode = (): readonly string[] => {
      const bytes = Buffer.from(encoder.bytes());
      return decoder.decode(bytes, 0, bytes.length).raw;
    };
    for (let round = 0; round < 2; round += 1) {
      block(encoder, "x-a", "1");
      decode();
    }
    encoder.begin();
    const start = encoder.length;
    encoder.field("x-a", "1");
    assert.ok(encoder.isSettled);
    const kept = Buffer.from(encoder.bytes(start));
    decode();
    encoder.begin();
    encoder.field(":method", "PUT");
    encoder.append(kept);
    assert.deepEqual(decode(), [":method", "PUT", "x-a", "1"]);
  });
});
