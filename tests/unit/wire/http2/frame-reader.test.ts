import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { FrameReader, type FrameHandler } from "#internal/wire/http2/frame-reader";
import type { Http2Limits } from "#internal/wire/http2/limits";
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  everySplit,
  frame,
  hex,
  nameOf,
  numbers,
  PADDED,
  PRIORITY,
  readFrames,
  settings,
} from "../../../_support/http2.js";

const START = settings();
const STARTED = "settings ";
const text = (value: string): Buffer => Buffer.from(value, "latin1");

const GOOD: readonly (readonly [what: string, bytes: Buffer, events: readonly string[]])[] = [
  ["DATA", frame("DATA", 0, 1, text("hello")), ["data-frame 1 5", 'data "hello"']],
  ["DATA that ends the stream", frame("DATA", END_STREAM, 3, text("x")), ["data-frame 3 1 END_STREAM", 'data "x"']],
  ["empty DATA", frame("DATA", END_STREAM, 1), ["data-frame 1 0 END_STREAM", 'data ""']],
  ["padded DATA", frame("DATA", PADDED, 1, text("\x03hello\0\0\0")), ["data-frame 1 9", 'data "hello"']],
  ["padded DATA with no padding", frame("DATA", PADDED, 1, text("\0hello")), ["data-frame 1 6", 'data "hello"']],
  ["padded DATA with padding alone", frame("DATA", PADDED, 1, text("\x02\0\0")), ["data-frame 1 3", 'data ""']],
  ["padded DATA with a pad length alone", frame("DATA", PADDED, 1, text("\0")), ["data-frame 1 1", 'data ""']],
  ["HEADERS", frame("HEADERS", END_HEADERS, 1, hex("8286")), ["headers 1 8286"]],
  ["HEADERS without fields", frame("HEADERS", END_HEADERS, 1), ["headers 1 "]],
  ["HEADERS that end the stream", frame("HEADERS", END_HEADERS | END_STREAM, 5, hex("88")), ["headers 5 88 END_STREAM"]],
  ["padded HEADERS", frame("HEADERS", END_HEADERS | PADDED, 1, hex("02 8286 0000")), ["headers 1 8286"]],
  ["HEADERS with a priority", frame("HEADERS", END_HEADERS | PRIORITY, 1, hex("80000003 ff 8286")), ["headers 1 8286"]],
  ["padded HEADERS with a priority", frame("HEADERS", 0x2c, 1, hex("01 00000003 ff 8286 00")), ["headers 1 8286"]],
  ["HEADERS with CONTINUATION", Buffer.concat([frame("HEADERS", END_STREAM, 1, hex("82")), frame("CONTINUATION", 0, 1, hex("86")), frame("CONTINUATION", 0, 1), frame("CONTINUATION", END_HEADERS, 1, hex("84"))]), ["headers 1 828684 END_STREAM"]],
  ["PRIORITY", frame("PRIORITY", 0, 7, hex("00000001 10")), ["ignored 7 2"]],
  ["PRIORITY of the wrong length", frame("PRIORITY", 0, 7, hex("00000001")), ["fault 7 FRAME_SIZE_ERROR"]],
  ["PRIORITY without anything", frame("PRIORITY", 0, 7), ["fault 7 FRAME_SIZE_ERROR"]],
  ["RST_STREAM", frame("RST_STREAM", 0, 1, numbers(7)), ["reset 1 REFUSED_STREAM"]],
  ["RST_STREAM with an unknown code", frame("RST_STREAM", 0, 1, numbers(0xfffffffe)), ["reset 1 4294967294"]],
  ["SETTINGS", settings([3, 100], [0x9999, 0xffffffff]), ["settings 0003000000649999ffffffff"]],
  ["an acknowledgement of SETTINGS", frame("SETTINGS", ACK, 0), ["settings ACK"]],
  ["PING", frame("PING", 0, 0, text("12345678")), ["ping 3132333435363738"]],
  ["an answer to PING", frame("PING", ACK, 0, text("12345678")), ["ping 3132333435363738 ACK"]],
  ["GOAWAY", frame("GOAWAY", 0, 0, numbers(7, 0)), ['goaway 7 NO_ERROR ""']],
  ["GOAWAY with text", frame("GOAWAY", 0, 0, Buffer.concat([numbers(0x80000007, 11), text("calm")])), ['goaway 7 ENHANCE_YOUR_CALM "calm"']],
  ["GOAWAY with a long text", frame("GOAWAY", 0, 0, Buffer.concat([numbers(7, 11), text("x".repeat(400))])), [`goaway 7 ENHANCE_YOUR_CALM "${"x".repeat(200)}"`]],
  ["WINDOW_UPDATE of a stream", frame("WINDOW_UPDATE", 0, 1, numbers(500)), ["window 1 +500"]],
  ["WINDOW_UPDATE of the connection", frame("WINDOW_UPDATE", 0, 0, numbers(0x7fffffff)), ["window 0 +2147483647"]],
  ["the reserved bit of an increment", frame("WINDOW_UPDATE", 0, 0, numbers(0x80000001)), ["window 0 +1"]],
  ["WINDOW_UPDATE of 0 for a stream", frame("WINDOW_UPDATE", 0, 1, numbers(0x80000000)), ["fault 1 PROTOCOL_ERROR"]],
  ["a frame of an unknown type", frame(0x2a, 0xff, 9, text("anything")), ["ignored 9 42"]],
  ["an empty frame of an unknown type", frame(0x0a, 0, 0), ["ignored 0 10"]],
  ["the reserved bit of a stream id", frame("DATA", 0, 0x80000001, text("x")), ["data-frame 1 1", 'data "x"']],
  ["unknown flags", frame("PING", 0xfe, 0, text("12345678")), ["ping 3132333435363738"]],
  ["the largest frame", frame("DATA", 0, 1, Buffer.alloc(16_384, "a")), ["data-frame 1 16384", `data "${"a".repeat(16_384)}"`]],
]; // prettier-ignore

describe("a frame reader reads, however the bytes are split", () => {
  for (const [what, bytes, events] of GOOD)
    it(what, () => {
      const all = Buffer.concat([START, bytes, frame("PING", 0, 0, text("afterall"))]);
      const splits =
        all.length > 1000 ? [[all], [...all].map((_byte, at) => all.subarray(at, at + 1))] : everySplit(all);
      for (const pieces of splits)
        assert.deepEqual(readFrames(pieces), { events: [STARTED, ...events, "ping 6166746572616c6c"], error: null });
    });
});

type Bad = readonly [what: string, bytes: Buffer, code: string, text: RegExp, limits?: Partial<Http2Limits>];

const longBlock = (frames: number, size: number): Buffer =>
  Buffer.concat([
    frame("HEADERS", 0, 1, Buffer.alloc(size)),
    ...Array.from({ length: frames }, () => frame("CONTINUATION", 0, 1, Buffer.alloc(size))),
  ]);

/** Each of them ends the connection. */
const BAD: readonly Bad[] = [
  ["DATA on stream 0", frame("DATA", 0, 0, text("x")), "PROTOCOL_ERROR", /§6\.1/],
  ["DATA with more padding than payload", frame("DATA", PADDED, 1, text("\x06hello")), "PROTOCOL_ERROR", /more padding.*§6\.1/],
  ["DATA with as much padding as payload", frame("DATA", PADDED, 1, hex("01")), "PROTOCOL_ERROR", /more padding.*§6\.1/],
  ["padded DATA without a pad length", frame("DATA", PADDED, 1), "FRAME_SIZE_ERROR", /§6\.1/],
  ["HEADERS on stream 0", frame("HEADERS", END_HEADERS, 0, hex("88")), "PROTOCOL_ERROR", /§6\.2/],
  ["HEADERS with more padding than payload", frame("HEADERS", END_HEADERS | PADDED, 1, hex("03 8286")), "PROTOCOL_ERROR", /more padding.*§6\.2/],
  ["padded HEADERS without a pad length", frame("HEADERS", END_HEADERS | PADDED, 1), "FRAME_SIZE_ERROR", /§6\.2/],
  ["HEADERS too short for a priority", frame("HEADERS", END_HEADERS | PRIORITY, 1, hex("000000")), "FRAME_SIZE_ERROR", /§6\.2/],
  ["HEADERS whose padding covers the priority", frame("HEADERS", END_HEADERS | PADDED | PRIORITY, 1, hex("05 00000000 00 8286")), "PROTOCOL_ERROR", /§6\.2/],
  ["PRIORITY on stream 0", frame("PRIORITY", 0, 0, hex("0000000110")), "PROTOCOL_ERROR", /§6\.3/],
  ["RST_STREAM on stream 0", frame("RST_STREAM", 0, 0, numbers(0)), "PROTOCOL_ERROR", /§6\.4/],
  ["RST_STREAM of 3 bytes", frame("RST_STREAM", 0, 1, hex("000000")), "FRAME_SIZE_ERROR", /3 bytes, not 4.*§6\.4/],
  ["SETTINGS on a stream", frame("SETTINGS", 0, 1), "PROTOCOL_ERROR", /§6\.5/],
  ["SETTINGS of 7 bytes", frame("SETTINGS", 0, 0, Buffer.alloc(7)), "FRAME_SIZE_ERROR", /§6\.5/],
  ["an acknowledgement of SETTINGS with parameters", frame("SETTINGS", ACK, 0, Buffer.alloc(6)), "FRAME_SIZE_ERROR", /§6\.5/],
  ["SETTINGS with 33 parameters", settings(...Array.from({ length: 33 }, (_, at) => [0x100 + at, 0] as const)), "ENHANCE_YOUR_CALM", /more than 32 parameters \(maxSettings\)/],
  ["PUSH_PROMISE", frame("PUSH_PROMISE", END_HEADERS, 1, hex("00000002 8286")), "PROTOCOL_ERROR", /SETTINGS_ENABLE_PUSH is 0.*§8\.4/],
  ["PING on a stream", frame("PING", 0, 1, Buffer.alloc(8)), "PROTOCOL_ERROR", /§6\.7/],
  ["PING of 9 bytes", frame("PING", 0, 0, Buffer.alloc(9)), "FRAME_SIZE_ERROR", /§6\.7/],
  ["PING of no bytes", frame("PING", 0, 0), "FRAME_SIZE_ERROR", /§6\.7/],
  ["GOAWAY on a stream", frame("GOAWAY", 0, 1, numbers(0, 0)), "PROTOCOL_ERROR", /§6\.8/],
  ["GOAWAY of 7 bytes", frame("GOAWAY", 0, 0, Buffer.alloc(7)), "FRAME_SIZE_ERROR", /§6\.8/],
  ["WINDOW_UPDATE of 5 bytes", frame("WINDOW_UPDATE", 0, 1, Buffer.alloc(5)), "FRAME_SIZE_ERROR", /§6\.9/],
  ["WINDOW_UPDATE of 0 for the connection", frame("WINDOW_UPDATE", 0, 0, numbers(0)), "PROTOCOL_ERROR", /§6\.9/],
  ["CONTINUATION without HEADERS", frame("CONTINUATION", END_HEADERS, 1, hex("88")), "PROTOCOL_ERROR", /§6\.10/],
  ["CONTINUATION after the end of the block", Buffer.concat([frame("HEADERS", END_HEADERS, 1, hex("88")), frame("CONTINUATION", END_HEADERS, 1)]), "PROTOCOL_ERROR", /§6\.10/],
  ["CONTINUATION of another stream", Buffer.concat([frame("HEADERS", 0, 1, hex("88")), frame("CONTINUATION", END_HEADERS, 3)]), "PROTOCOL_ERROR", /within the header block of stream 1.*§4\.3/],
  ["DATA within a header block", Buffer.concat([frame("HEADERS", 0, 1, hex("88")), frame("DATA", 0, 1)]), "PROTOCOL_ERROR", /a DATA frame within.*§4\.3/],
  ["HEADERS within a header block", Buffer.concat([frame("HEADERS", 0, 1, hex("88")), frame("HEADERS", END_HEADERS, 1)]), "PROTOCOL_ERROR", /§4\.3/],
  ["an unknown frame within a header block", Buffer.concat([frame("HEADERS", 0, 1, hex("88")), frame(0x33, 0, 1)]), "PROTOCOL_ERROR", /a type 0x33 frame within.*§4\.3/],
  ["a frame that is too large", frame("DATA", 0, 1, Buffer.alloc(16_385)), "FRAME_SIZE_ERROR", /a DATA frame of 16385 bytes, and 16384 are allowed.*§4\.2/],
  ["an unknown frame that is too large", frame(0x33, 0, 1, Buffer.alloc(16_385)), "FRAME_SIZE_ERROR", /§4\.2/],
  ["a flood of CONTINUATION", longBlock(33, 10), "ENHANCE_YOUR_CALM", /more than 32 CONTINUATION frames \(maxContinuations of HTTPAdapter\)/],
  ["a flood of empty CONTINUATION", longBlock(33, 0), "ENHANCE_YOUR_CALM", /more than 32 CONTINUATION frames/],
  ["a header block that is too large", longBlock(20, 16_000), "ENHANCE_YOUR_CALM", /larger than 262144 bytes \(maxHeaderSize of HTTPAdapter\)/],
  ["a header block in one frame that is too large", frame("HEADERS", END_HEADERS, 1, Buffer.alloc(101)), "ENHANCE_YOUR_CALM", /larger than 100 bytes/, { maxHeaderSize: 100 }],
]; // prettier-ignore

describe("a frame reader ends the connection for", () => {
  for (const [what, bytes, code, message, limits] of BAD)
    it(what, () => {
      const all = Buffer.concat([START, bytes]);
      const size = all.length > 20_000 ? 1000 : 1;
      const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
        all.subarray(at * size, (at + 1) * size),
      );
      for (const split of [[all], pieces]) {
        const { error } = readFrames(split, limits);
        assert.ok(error !== null, "it was accepted");
        assert.equal(nameOf(error.errorCode), code);
        assert.equal(error.name, "ConnectionError");
        assert.equal(error.code, "ERR_BAD_RESPONSE");
        assert.match(error.message, message);
      }
    });
});

describe("the first frame of a server", () => {
  const firsts: readonly (readonly [what: string, bytes: Buffer, text: RegExp])[] = [
    ["HTTP/1.x", text("HTTP/1.1 400 Bad Request\r\n\r\n"), /answered with HTTP\/1\.x/],
    ["HEADERS", frame("HEADERS", END_HEADERS, 1, hex("88")), /the first frame is HEADERS, not SETTINGS/],
    ["an acknowledgement", frame("SETTINGS", ACK, 0), /the first frame is SETTINGS/],
    ["GOAWAY", frame("GOAWAY", 0, 0, numbers(0, 0)), /the first frame is GOAWAY/],
    ["garbage", text("\x16\x03\x01 something else"), /the first frame is type 0x20/],
  ];
  for (const [what, bytes, message] of firsts)
    it(`is SETTINGS, not ${what}`, () => {
      for (const pieces of everySplit(bytes)) {
        const { error, events } = readFrames(pieces);
        assert.deepEqual(events, []);
        assert.equal(nameOf(error!.errorCode), "PROTOCOL_ERROR");
        assert.match(error!.message, message);
      }
    });
});

/** A handler that hears of nothing but what is given. */
function handlerWith(methods: Partial<FrameHandler>): FrameHandler {
  const nothing = (): void => undefined;
  return {
    onDataFrame: nothing,
    onData: nothing,
    onDataEnd: nothing,
    onHeaders: nothing,
    onReset: nothing,
    onSettings: nothing,
    onSettingsAck: nothing,
    onPing: nothing,
    onGoaway: nothing,
    onWindowUpdate: nothing,
    onIgnored: nothing,
    onStreamFault: nothing,
    ...methods,
  };
}

describe("a frame reader", () => {
  it("hands DATA on without copying it", () => {
    const seen: [Buffer, number, number][] = [];
    const reader = new FrameReader(handlerWith({ onData: (...range) => seen.push(range) }));
    const bytes = Buffer.concat([START, frame("DATA", 0, 1, text("hello"))]);
    reader.execute(bytes, 0, bytes.length - 2);
    reader.execute(bytes, bytes.length - 2, bytes.length);
    assert.ok(seen.every(([buffer]) => buffer === bytes));
    assert.deepEqual(
      seen.map(([, ...range]) => range),
      [
        [18, 21],
        [21, 23],
      ],
    );
  });

  it("counts the CONTINUATION frames of each block by itself", () => {
    const block = Buffer.concat([longBlock(32, 10), frame("CONTINUATION", END_HEADERS, 1)]);
    const limits = { maxContinuations: 33 };
    assert.equal(readFrames([START, block, block, block], limits).error, null);
    assert.equal(readFrames([START, block, longBlock(34, 10)], limits).events.length, 2);
  });

  it("reads nothing more after it was stopped in a callback", () => {
    let pings = 0;
    const reader: FrameReader = new FrameReader(
      handlerWith({
        onPing: () => {
          pings += 1;
          reader.stop();
        },
      }),
    );
    const ping = frame("PING", 0, 0, Buffer.alloc(8));
    const bytes = Buffer.concat([START, ping, ping]);
    reader.execute(bytes, 0, bytes.length);
    reader.execute(ping, 0, ping.length);
    assert.equal(pings, 1);
  });

  it("knows whether the bytes end between two frames", () => {
    const reader = new FrameReader(handlerWith({}));
    assert.equal(reader.begun, false);
    const feed = (bytes: Buffer): boolean => {
      reader.execute(bytes, 0, bytes.length);
      return reader.isBetweenFrames;
    };
    assert.equal(feed(START.subarray(0, 4)), false);
    assert.equal(feed(START.subarray(4)), true);
    assert.equal(reader.begun, true);
    assert.equal(feed(frame("HEADERS", 0, 1, hex("88"))), false);
    assert.equal(feed(frame("CONTINUATION", END_HEADERS, 1)), true);
    assert.equal(feed(frame("DATA", 0, 1, text("hello")).subarray(0, 12)), false);
  });
});
