/** MultipartDecoder.stream: one part at a time, what is skipped, what is closed. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { Response, StreamConsumedError } from "requests-ts";
import {
  MultipartDecoder,
  MultipartEncoder,
  MultipartTruncatedError,
  NonMultipartContentTypeException,
  type StreamedPart,
} from "requests-ts/multipart";

const TYPE = "multipart/mixed; boundary=B";
const THREE = "--B\r\nX: 1\r\n\r\none\r\n--B\r\nX: 2\r\n\r\ntwo\r\n--B\r\nX: 3\r\n\r\nthree\r\n--B--\r\nepilogue";

interface Watched extends AsyncIterable<Buffer> {
  /** Bytes that were taken out of it. */
  taken: number;
  closed: boolean;
}

function watched(text: string, size = 4): Watched {
  const bytes = Buffer.from(text);
  const source: Watched = {
    taken: 0,
    closed: false,
    async *[Symbol.asyncIterator]() {
      try {
        while (source.taken < bytes.length) {
          const piece = bytes.subarray(source.taken, source.taken + size);
          source.taken += piece.length;
          yield piece;
        }
      } finally {
        source.closed = true;
      }
    },
  };
  return source;
}

describe("parts that arrive one by one", () => {
  it("are yielded when their head is complete", async () => {
    const source = watched(THREE);
    const parts = MultipartDecoder.stream(source, TYPE);
    const { value } = await parts.next();
    assert.equal((value as StreamedPart).headers["x"], "1");
    assert.ok(source.taken <= "--B\r\nX: 1\r\n\r\n".length + 4, `${source.taken} bytes were read for the first head`);
    await parts.return();
    assert.equal(source.closed, true);
  });

  it("can be abandoned while the next one is awaited", { timeout: 5000 }, async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push(THREE.slice(0, 20));
    const response = new Response({ headers: { "Content-Type": TYPE }, body: stream });
    const parts = MultipartDecoder.stream(response);
    await parts.next();
    const waiting = parts.next();
    await new Promise(setImmediate);
    await parts.return();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.equal(response.raw.closed, true);
    await new Promise(setImmediate);
    assert.equal(stream.destroyed, true);
  });

  it("are skipped when they are not read, or not read to the end", async () => {
    const seen: string[] = [];
    for await (const part of MultipartDecoder.stream(watched(THREE), TYPE)) {
      if (part.headers["x"] === "1") continue;
      for await (const piece of part) {
        seen.push(piece.toString());
        if (part.headers["x"] === "2") break;
      }
    }
    assert.match(seen.join(""), /^two?three$|^t(w|wo)?three$/);
  });

  it("decode text with their charset or that of the decoder", async () => {
    const text = "--B\r\n\r\n\xe9\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9\r\n--B--";
    const texts: string[] = [];
    const options = { encoding: "latin1" };
    for await (const part of MultipartDecoder.stream(Buffer.from(text, "latin1"), TYPE, options))
      texts.push(await part.text());
    assert.deepEqual(texts, ["é", "é"]);
  });

  it("can be multipart themselves", async () => {
    const inner = new MultipartEncoder({ a: "1", b: "2" }, { boundary: "inner" });
    const outer = new MultipartEncoder({ nested: [null, await inner.read(), inner.contentType], last: "3" });
    const seen: (string | null)[] = [];
    for await (const part of MultipartDecoder.stream(outer, outer.contentType)) {
      seen.push(part.name);
      if (part.name === "nested")
        for await (const one of MultipartDecoder.stream(part, part.contentType)) seen.push(one.name, await one.text());
    }
    assert.deepEqual(seen, ["nested", "a", "1", "b", "2", "last"]);
  });

  it("come from Node streams, web streams, iterables and bytes", async () => {
    const sources = [
      Readable.from([Buffer.from(THREE)]),
      new Blob([THREE]).stream() as unknown as AsyncIterable<Uint8Array>,
      [Buffer.from(THREE.slice(0, 9)), new Uint8Array(0), Buffer.from(THREE.slice(9))],
      new Uint8Array(Buffer.from(THREE)),
      new Response({ statusCode: 200, headers: { "content-type": TYPE }, body: THREE }),
    ];
    for (const source of sources) {
      let count = 0;
      for await (const part of MultipartDecoder.stream(source, source instanceof Response ? undefined : TYPE)) {
        count += 1;
        assert.ok(["one", "two", "three"].includes(await part.text()));
      }
      assert.equal(count, 3);
    }
  });

  it("do not change when the source reuses its buffer", async () => {
    const buffer = Buffer.alloc(1);
    async function* reusing(): AsyncGenerator<Buffer> {
      for (const byte of Buffer.from(THREE)) {
        buffer[0] = byte;
        yield buffer;
      }
    }
    const heads: (string | undefined)[] = [];
    for await (const part of MultipartDecoder.stream(reusing(), TYPE)) heads.push(part.headers["x"]);
    assert.deepEqual(heads, ["1", "2", "3"]);
  });

  it("are printed without their content", async () => {
    const encoder = new MultipartEncoder({ f: ["n", "x"] });
    for await (const part of MultipartDecoder.stream(encoder, encoder.contentType))
      assert.equal(inspect(part), '<StreamedPart "f" "n">');
  });
});

describe("a part", () => {
  it("can be read once", async () => {
    for await (const part of MultipartDecoder.stream(watched(THREE), TYPE)) {
      await part.read();
      await assert.rejects(
        part.read(),
        (error) => error instanceof StreamConsumedError && /already been read/.test(error.message),
      );
    }
  });

  it("cannot be read after the next one was requested", async () => {
    const parts: StreamedPart[] = [];
    for await (const part of MultipartDecoder.stream(watched(THREE), TYPE)) parts.push(part);
    assert.equal(parts.length, 3);
    for (const part of parts)
      await assert.rejects(
        part.read(),
        (error) => error instanceof StreamConsumedError && /was skipped/.test(error.message),
      );
  });

  it("can be read by one reader at a time", async () => {
    const parts = MultipartDecoder.stream(watched(THREE, 1), TYPE);
    const { value } = await parts.next();
    const reading = (value as StreamedPart).read();
    await assert.rejects(parts.next(), /await one read before the next/);
    await reading.catch(() => undefined);
  });
});

describe("the source", () => {
  it("is closed when the loop is left, and not read further", async () => {
    const source = watched(THREE);
    for await (const _part of MultipartDecoder.stream(source, TYPE)) break;
    assert.equal(source.closed, true);
    assert.ok(source.taken < 30);
  });

  it("is read to its end after the closing delimiter, up to 64 KiB", async () => {
    const short = watched(THREE);
    for await (const _part of MultipartDecoder.stream(short, TYPE));
    assert.equal(short.taken, THREE.length);
    const long = watched(THREE + "x".repeat(1_000_000), 16 * 1024);
    for await (const _part of MultipartDecoder.stream(long, TYPE));
    assert.ok(long.taken < 100 * 1024, `${long.taken} bytes were read`);
    assert.equal(long.closed, true);
  });

  for (const [why, source, type, kind] of [
    ["malformed content", watched("--B\r\nno field\r\n\r\n", 100), TYPE, /not a header field/],
    ["a Content-Type that is none", watched(THREE), "text/html", /not multipart/],
    ["items that are not bytes", Readable.from(["--B\r\n"]), TYPE, /the source gave a string/],
  ] as const)
    it(`is closed after ${why}`, async () => {
      await assert.rejects(MultipartDecoder.stream(source as Watched, type).next(), kind);
      assert.ok("destroyed" in source ? source.destroyed : source.taken === 0 || source.closed);
    });

  it("passes its error to the part and to the loop", async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from("--B\r\n\r\nabc");
      throw new Error("connection lost");
    }
    let got = "";
    const loop = async (): Promise<void> => {
      for await (const part of MultipartDecoder.stream(failing(), TYPE))
        await assert.rejects(async () => {
          for await (const piece of part) got += piece.toString();
        }, /connection lost/);
    };
    await assert.rejects(loop(), /connection lost/);
    assert.equal(got, "abc");
  });

  it("yields its content before a truncation, then throws", async () => {
    let got = "";
    await assert.rejects(async () => {
      for await (const part of MultipartDecoder.stream(watched("--B\r\n\r\nabcdef"), TYPE))
        for await (const piece of part) got += piece.toString();
    }, MultipartTruncatedError);
    assert.equal(got, "abcdef");
  });

  it("is named in the exception when it is a response", async () => {
    const response = new Response({ statusCode: 200, headers: { "Content-Type": "text/plain" }, body: "x" });
    await assert.rejects(
      MultipartDecoder.stream(response).next(),
      (error) => error instanceof NonMultipartContentTypeException && error.response === response,
    );
  });
});
