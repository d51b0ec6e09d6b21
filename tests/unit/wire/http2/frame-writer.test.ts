import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ErrorCode } from "#internal/wire/http2/errors";
import { FrameWriter } from "#internal/wire/http2/frame-writer";
import { described, hex } from "../../../_support/http2.js";

describe("a frame writer", () => {
  it("writes frames byte by byte as RFC 9113 has them", () => {
    const writer = new FrameWriter();
    const written: [() => void, string][] = [
      [() => writer.preface(), Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").toString("hex")],
      [() => writer.settings([[2, 0], [4, 0xfffefdfc]]), "00000c 04 00 00000000 0002 00000000 0004 fffefdfc"], // prettier-ignore
      [() => writer.settings([]), "000000 04 00 00000000"],
      [() => writer.settingsAck(), "000000 04 01 00000000"],
      [() => writer.headers(0x7fffffff, hex("8286"), true, 16_384), "000002 01 05 7fffffff 8286"],
      [() => writer.headers(1, hex("8286"), false, 16_384), "000002 01 04 00000001 8286"],
      [() => writer.dataHeader(1, 0x123456, false), "123456 00 00 00000001"],
      [() => writer.dataHeader(1, 0, true), "000000 00 01 00000001"],
      [() => writer.copy(hex("0102030405"), 1, 3), "0203"],
      [() => writer.windowUpdate(0, 0x7fffffff), "000004 08 00 00000000 7fffffff"],
      [() => writer.rstStream(3, ErrorCode.CANCEL), "000004 03 00 00000003 00000008"],
      [() => writer.ping(hex("00 0102030405060708"), 1, false), "000008 06 00 00000000 0102030405060708"],
      [() => writer.ping(hex("0102030405060708"), 0, true), "000008 06 01 00000000 0102030405060708"],
      [() => writer.goaway(0, ErrorCode.PROTOCOL_ERROR), "000008 07 00 00000000 00000000 00000001"],
    ];
    for (const [write, expected] of written) {
      write();
      assert.equal(writer.pending, hex(expected).length);
      assert.equal(writer.take().toString("hex"), hex(expected).toString("hex"));
      assert.equal(writer.pending, 0);
    }
  });

  it("splits a block by the server's frame size", () => {
    const writer = new FrameWriter();
    const block = Buffer.from(Array.from({ length: 40_000 }, (_, at) => at % 251));
    writer.headers(1, block, true, 16_384);
    const bytes = writer.take();
    assert.deepEqual(described(bytes), [
      "HEADERS 1 16384 bytes END_STREAM",
      "CONTINUATION 1 16384 bytes",
      "CONTINUATION 1 7232 bytes END_HEADERS",
    ]);
    const payloads = [
      bytes.subarray(9, 9 + 16_384),
      bytes.subarray(18 + 16_384, 18 + 32_768),
      bytes.subarray(27 + 32_768),
    ];
    assert.deepEqual(Buffer.concat(payloads), block);
  });

  it("writes a block of exactly the frame size in one frame", () => {
    const writer = new FrameWriter();
    writer.headers(1, Buffer.alloc(16_384), false, 16_384);
    assert.deepEqual(described(writer.take()), ["HEADERS 1 16384 bytes END_HEADERS"]);
  });

  it("does not touch bytes that were taken, and keeps those that were not while it grows", () => {
    const writer = new FrameWriter();
    const taken: Buffer[] = [];
    for (let id = 1; id < 3000; id += 2) {
      writer.rstStream(id, ErrorCode.CANCEL);
      if (id % 7 === 0) taken.push(writer.take());
    }
    for (let id = 3001; id < 9000; id += 2) writer.rstStream(id, ErrorCode.CANCEL);
    taken.push(writer.take());
    const ids = described(Buffer.concat(taken)).map((line) => Number(line.split(" ")[1]));
    assert.deepEqual(
      ids,
      Array.from({ length: 4500 }, (_, at) => at * 2 + 1),
    );
  });
});
