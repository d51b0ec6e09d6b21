import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { ErrorCode, Http2Error } from "#internal/wire/http2/errors";
import { HpackDecoder } from "#internal/wire/http2/hpack-decoder";
import { HpackEncoder } from "#internal/wire/http2/hpack-encoder";
import { huffman, huffmanLength, writeHuffman } from "#internal/wire/http2/huffman";
import {
  ACK,
  frame,
  headers,
  literals,
  numbers,
  readFrames,
  settings,
  TestClient,
  type ReadFrames,
} from "../_support/http2.js";
import { assertLinear } from "./linear.js";

const LIMITS = { maxHeaderSize: 64 * 1024, maxHeaders: 100 };
const cuts = fc.array(fc.nat(2000), { maxLength: 10 });

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((to, at) => bytes.subarray(sorted[at], to));
}

const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const latin1 = (maxLength: number): fc.Arbitrary<string> =>
  bytesUpTo(maxLength).map((bytes) => bytes.toString("latin1"));

const NAME = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const name = fc.oneof(
  fc.constantFrom("accept", "cookie", "authorization", "server", "content-length", ":path", "x-a", "x-b"),
  fc.string({ unit: fc.constantFrom(...NAME), minLength: 1, maxLength: 12 }),
);
const value = fc.oneof(
  fc.constantFrom("", "*/*", "gzip, deflate", "1", "2"),
  fc
    .array(
      fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f),
      { maxLength: 30 },
    )
    .map((codes) => String.fromCharCode(...codes)),
);
const fields = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => pairs.flat());

function decodedHuffman(bytes: Buffer): string {
  const length = huffman.decode(bytes, 0, bytes.length);
  return huffman.output.toString("latin1", 0, length);
}

describe("HPACK", () => {
  it("decodes what it encodes, whatever the server does to the size of the table", () => {
    const block = fc.record({
      raw: fields,
      sizes: fc.array(fc.constantFrom(0, 33, 64, 100, 500, 4095, 4096, 100_000), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(LIMITS);
        let limit = 4096;
        for (const { raw, sizes } of blocks) {
          for (const size of sizes) encoder.peerTableSize = limit = size;
          encoder.begin();
          for (let at = 0; at < raw.length; at += 2) encoder.field(raw[at], raw[at + 1]);
          const bytes = Buffer.from(encoder.bytes());
          assert.deepEqual(decoder.decode(bytes, 0, bytes.length), { raw, fault: null });
          assert.ok(decoder.tableSize.size <= limit);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("decodes Huffman strings of all bytes", () => {
    fc.assert(
      fc.property(latin1(200), (text) => {
        const target = Buffer.alloc(huffmanLength(text));
        assert.equal(writeHuffman(text, target, 0), target.length);
        assert.equal(decodedHuffman(target), text);
      }),
      { numRuns: 1000 },
    );
  });

  it("has one encoding for each string: other bytes are refused or mean something else", () => {
    fc.assert(
      fc.property(bytesUpTo(30), (bytes) => {
        let text: string;
        try {
          text = decodedHuffman(bytes);
        } catch (error) {
          assert.ok(error instanceof Http2Error);
          return;
        }
        const target = Buffer.alloc(huffmanLength(text));
        writeHuffman(text, target, 0);
        assert.deepEqual(target, bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives a section or a COMPRESSION_ERROR for any bytes", () => {
    // Bytes that are likely to mean something: indices, short strings, size updates.
    const likely = fc
      .array(
        fc.oneof(fc.constantFrom(0x82, 0xbe, 0x40, 0x00, 0x10, 0x01, 0x61, 0x20, 0x3f, 0x7f, 0xff, 0x81), fc.nat(255)),
        {
          maxLength: 40,
        },
      )
      .map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(fc.oneof(likely, bytesUpTo(40)), { minLength: 1, maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder(LIMITS);
        try {
          for (const bytes of blocks) {
            const { raw, fault } = decoder.decode(bytes, 0, bytes.length);
            assert.equal(raw.length % 2, 0);
            if (fault !== null) assert.ok(fault.error instanceof Http2Error);
            assert.ok(decoder.tableSize.size <= 4096);
          }
        } catch (error) {
          assert.ok(error instanceof Http2Error, String(error));
          assert.equal(error.errorCode, ErrorCode.COMPRESSION_ERROR);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const streamId = fc.oneof({ arbitrary: fc.constantFrom(0, 1, 3, 5), weight: 5 }, { arbitrary: fc.nat(9), weight: 1 });
const block = fc.oneof(
  fc.constantFrom(literals(":status", "200"), literals(":status", "100"), literals("a", "b"), literals()),
  bytesUpTo(20),
);
/** Frames that are nearly right. */
const anyFrame = fc.oneof(
  fc.tuple(fc.nat(11), fc.nat(255), streamId, bytesUpTo(20)).map((parts) => frame(...parts)),
  fc
    .tuple(fc.constantFrom(0, 1, 4, 5, 8), streamId, block)
    .map(([flags, id, bytes]) => frame("HEADERS", flags, id, bytes)),
  fc.tuple(fc.constantFrom(0, 4), streamId, block).map(([flags, id, bytes]) => frame("CONTINUATION", flags, id, bytes)),
  fc
    .tuple(fc.constantFrom(0, 1, 8), streamId, bytesUpTo(30))
    .map(([flags, id, bytes]) => frame("DATA", flags, id, bytes)),
  fc
    .tuple(streamId, fc.constantFrom(0, 1, 1000, 0x7fffffff))
    .map(([id, by]) => frame("WINDOW_UPDATE", 0, id, numbers(by))),
  fc.tuple(streamId, fc.nat(15)).map(([id, code]) => frame("RST_STREAM", 0, id, numbers(code))),
  fc.tuple(fc.nat(8), fc.constantFrom(0, 1, 100, 65_535, 0x7fffffff)).map((pair) => settings(pair)),
  fc.constant(frame("SETTINGS", ACK, 0)),
  fc.constant(frame("PING", 0, 0, Buffer.alloc(8))),
  fc.tuple(fc.nat(7), fc.nat(15)).map((values) => frame("GOAWAY", 0, 0, numbers(...values))),
);
const session = fc
  .tuple(fc.boolean(), fc.array(anyFrame, { maxLength: 12 }), bytesUpTo(10))
  .map(([begun, frames, rest]) => Buffer.concat([...(begun ? [settings()] : []), ...frames, rest]));

function verdict({ events, error }: ReadFrames): unknown {
  return [events, error?.errorCode, error?.message];
}

describe("any frames, however the bytes are split", () => {
  it("give the same events, or the same error", () => {
    fc.assert(
      fc.property(session, cuts, (bytes, places) => {
        const whole = readFrames([bytes]);
        assert.deepEqual(verdict(readFrames(cut(bytes, places))), verdict(whole));
        assert.deepEqual(
          verdict(readFrames(Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)))),
          verdict(whole),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("give the streams the same events, and end in a connection error at worst", () => {
    fc.assert(
      fc.property(session, cuts, fc.constantFrom("GET", "HEAD"), (bytes, places, method) => {
        assert.deepEqual(played(cut(bytes, places), method), played([bytes], method));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Everything that a client with three requests does. */
function played(pieces: readonly Buffer[], method: string): unknown {
  const client = new TestClient();
  client.open(method);
  client.open(method, false);
  client.open(method);
  let error: [number, string] | null = null;
  try {
    client.feed(...pieces);
  } catch (thrown) {
    assert.ok(thrown instanceof Http2Error, String((thrown as Error).stack));
    error = [thrown.errorCode, thrown.message];
  }
  const events: string[] = [];
  for (const line of client.happened()) {
    const last = events.at(-1);
    const start = /^\d+ data /.exec(line)?.[0];
    if (start !== undefined && last?.startsWith(start) === true)
      events[events.length - 1] = `${last.slice(0, -1)}${line.slice(start.length + 1)}`;
    else events.push(line);
  }
  for (const id of ["1", "3", "5"]) checkOrder(events.filter((line) => line.startsWith(`${id} `)));
  const open = client.streams.all().map(({ id }) => id);
  return { events, written: client.written(), open, error };
}

/** Informational heads, a head, data, an end; a failure at any time, and nothing after it. */
function checkOrder(events: readonly string[]): void {
  const kinds = events.map((line) => line.split(" ", 2)[1]).join(" ");
  assert.match(kinds, /^(informational ?)*(head ?(data ?)*(end ?)?)?(failure)?$/);
}

describe("time is linear", () => {
  const bytesOf = (size: number): Buffer => Buffer.alloc(size, 0x61);

  it("for a block of indices", () => {
    const decoder = new HpackDecoder(LIMITS);
    assertLinear(
      (size) => "\x82".repeat(size),
      (text) => {
        const bytes = Buffer.from(text, "latin1");
        decoder.decode(bytes, 0, bytes.length);
      },
    );
  });

  it("for a block of insertions", () => {
    const decoder = new HpackDecoder(LIMITS);
    assertLinear(
      (size) => "\x40\x01a\x01b".repeat(size / 5),
      (text) => {
        const bytes = Buffer.from(text, "latin1");
        decoder.decode(bytes, 0, bytes.length);
      },
    );
  });

  it("for a block of size updates and integers that are refused", () => {
    assertLinear(
      (size) => "\xff" + "\x80".repeat(size),
      (text) => {
        const bytes = Buffer.from(text, "latin1");
        assert.throws(() => new HpackDecoder(LIMITS).decode(bytes, 0, bytes.length), Http2Error);
      },
    );
  });

  it("for a Huffman string", () => {
    assertLinear(
      (size) => "a ~0".repeat(size / 4),
      (text) => {
        const target = Buffer.alloc(huffmanLength(text));
        writeHuffman(text, target, 0);
        huffman.decode(target, 0, target.length);
      },
    );
  });

  it("for frames that come byte by byte", () => {
    assertLinear(
      (size) => "x".repeat(size),
      (text) => {
        const blocks = frame("HEADERS", 0, 1, bytesOf(16_000));
        const count = Math.floor(text.length / 16_384);
        const rest = Array.from({ length: count }, () => frame("CONTINUATION", 0, 1, bytesOf(16_000)));
        const bytes = Buffer.concat([blocks, ...rest]);
        const client = TestClient.ready({ maxHeaderSize: 1 << 24, maxContinuations: 1000 });
        for (let at = 0; at < bytes.length; at += 1) client.reader.execute(bytes, at, at + 1);
      },
    );
  });

  it("for streams that are opened and reset", () => {
    assertLinear(
      (size) => "x".repeat(size),
      (text) => {
        const client = TestClient.ready();
        for (let at = 0; at < text.length / 64; at += 1) {
          client.streams.reset(client.open(), ErrorCode.CANCEL);
          if (client.writer.pending > 10_000) client.writer.take();
        }
      },
    );
  });

  it("for small DATA frames", () => {
    assertLinear(
      (size) => "x".repeat(size),
      (text) => {
        const client = TestClient.ready();
        client.open();
        client.feed(headers(1, [":status", "200"]));
        const one = frame("DATA", 0, 1, Buffer.from("x"));
        const bytes = Buffer.concat(Array.from({ length: text.length / 16 }, () => one));
        client.reader.execute(bytes, 0, bytes.length);
        assert.equal(client.happened().length, 1 + Math.floor(text.length / 16));
      },
    );
  });
});
