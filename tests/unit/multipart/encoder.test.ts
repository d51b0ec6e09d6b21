/** MultipartEncoder and its monitor: bytes, lengths, reading, closing. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";

import { InvalidHeader, PreparedRequest, UnrewindableBodyError } from "requests-ts";
import {
  MultipartEncoder,
  MultipartEncoderMonitor,
  type MultipartEncoderOptions,
  type MultipartField,
  type MultipartFields,
} from "requests-ts/multipart";

let directory: string;
let path: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "encoder-"));
  path = join(directory, "fö.txt");
  await writeFile(path, "from a file");
});
after(() => rm(directory, { recursive: true, force: true }));

const B = { boundary: "B" } as const;
const NAMED = 'Content-Disposition: form-data; name="f"';

async function sent(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("the layout, byte for byte", () => {
  const table: readonly (readonly [why: string, field: MultipartField, head: string, content: string])[] = [
    ["a string is a field without a file name", "x", NAMED, "x"],
    ["a number", 5, NAMED, "5"],
    ["a bigint", 5n, NAMED, "5"],
    ["a boolean", false, NAMED, "false"],
    ["an empty string", "", NAMED, ""],
    ["bytes", Buffer.from("é"), NAMED, "é"],
    ["an ArrayBuffer", new Uint8Array([65, 66]).buffer, NAMED, "AB"],
    ["a Blob: its type, and no file name", new Blob(["x"], { type: "a/b" }), `${NAMED}\r\nContent-Type: a/b`, "x"],
    ["a File: its own name", new File(["x"], "n.txt"), `${NAMED}; filename="n.txt"`, "x"],
    ["a file name and content", ["n.txt", "x"], `${NAMED}; filename="n.txt"`, "x"],
    ["no file name", [null, "x"], NAMED, "x"],
    ["a content type", ["n", "x", "text/plain"], `${NAMED}; filename="n"\r\nContent-Type: text/plain`, "x"],
    ["headers", ["n", "x", "a/b", { "X-A": "1" }], `${NAMED}; filename="n"\r\nContent-Type: a/b\r\nX-A: 1`, "x"],
    ["an iterable", ["n", new Set(["a", "b"])], `${NAMED}; filename="n"`, "ab"],
    ["names as browsers escape them", ['"\r\n\\;%', "x"], `${NAMED}; filename="%22%0D%0A\\;%"`, "x"],
  ];
  for (const [why, field, head, content] of table)
    it(why, async () => {
      const encoder = new MultipartEncoder({ f: field }, B);
      const text = `--B\r\n${head}\r\n\r\n${content}\r\n--B--\r\n`;
      assert.equal((await sent(encoder)).toString(), text);
      assert.equal(encoder.length, field instanceof Array && field[1] instanceof Set ? null : Buffer.byteLength(text));
      assert.equal(encoder.contentType, "multipart/form-data; boundary=B");
    });

  it("includes files as streams and handles, with their lengths, any number of times", async () => {
    const handle = await open(path);
    try {
      const encoder = new MultipartEncoder({ s: createReadStream(path), h: handle, n: ["n", handle] }, B);
      const text =
        '--B\r\nContent-Disposition: form-data; name="s"; filename="fö.txt"\r\n\r\nfrom a file\r\n' +
        '--B\r\nContent-Disposition: form-data; name="h"\r\n\r\nfrom a file\r\n' +
        '--B\r\nContent-Disposition: form-data; name="n"; filename="n"\r\n\r\nfrom a file\r\n--B--\r\n';
      assert.equal(encoder.length, Buffer.byteLength(text));
      assert.equal(encoder.replayable, true);
      for (let time = 0; time < 2; time += 1) assert.equal((await sent(encoder)).toString(), text);
    } finally {
      await handle.close();
    }
  });

  const forms: readonly (readonly [string, MultipartFields])[] = [
    ["pairs, where a name comes twice", [["f", "1"], ["f", "2"]]],
    ["a Map's entries and more", new Map([["f", "1"]])],
    ["FormData", (() => { const form = new FormData(); form.append("f", "1"); return form; })()],
    ["URLSearchParams", new URLSearchParams("f=1")],
  ]; // prettier-ignore
  for (const [why, fields] of forms)
    it(`includes ${why}`, async () => {
      assert.ok((await sent(new MultipartEncoder(fields, B))).toString().startsWith(`--B\r\n${NAMED}\r\n\r\n1\r\n`));
    });

  it("omits null and undefined, and is a closing delimiter without fields", async () => {
    assert.equal(
      (await sent(new MultipartEncoder({ a: null, b: undefined, c: ["n", null] }, B))).toString(),
      "--B--\r\n",
    );
  });

  it("has a random boundary by default, a different one each time", () => {
    const [one, other] = [new MultipartEncoder({}), new MultipartEncoder({})];
    assert.match(one.boundary, /^[0-9a-f]{32}$/);
    assert.notEqual(one.boundary, other.boundary);
  });
});

describe("the encoding", () => {
  const table: readonly (readonly [MultipartEncoderOptions["encoding"], string])[] = [
    [undefined, "4d c3 b6 77 65"],
    ["utf8", "4d c3 b6 77 65"],
    ["latin1", "4d f6 77 65"],
    ["iso-8859-1", "4d f6 77 65"],
  ];
  for (const [encoding, hex] of table)
    it(`uses ${encoding ?? "utf-8 by default"} for names, file names and text`, async () => {
      const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
      const encoder = new MultipartEncoder({ Möwe: ["Möwe", "Möwe"], raw: Buffer.from("ö") }, { ...B, encoding });
      const body = await sent(encoder);
      assert.equal(body.length, encoder.length);
      const word = bytes.toString("latin1");
      assert.equal(
        body.toString("latin1"),
        `--B\r\nContent-Disposition: form-data; name="${word}"; filename="${word}"\r\n\r\n${word}\r\n` +
          '--B\r\nContent-Disposition: form-data; name="raw"\r\n\r\nÃ¶\r\n--B--\r\n',
      );
    });

  const refused: readonly (readonly [MultipartEncoderOptions["encoding"], MultipartFields, RegExp])[] = [
    ["latin1", { f: "€" }, /The text of part 1 cannot be written as latin1: it has U\+20AC/],
    ["latin1", { a: "ö", "😀": "x" }, /The head of part 2 cannot be written as latin1: it has U\+1F600/],
    ["ascii", { f: "ö" }, /text of part 1 cannot be written as ascii: it has U\+00F6/],
  ];
  for (const [encoding, fields, message] of refused)
    it(`${encoding} refuses characters that it cannot express: ${message.source}`, () => {
      assert.throws(() => new MultipartEncoder(fields, { encoding }), (error) => error instanceof InvalidHeader && message.test(error.message)); // prettier-ignore
    });

  it("throws a TypeError for an unknown encoding", () => {
    for (const encoding of ["utf-16", "klingon", "constructor"])
      assert.throws(() => new MultipartEncoder({}, { encoding: encoding as "utf-8" }), TypeError);
  });
});

describe("content that cannot be sent", () => {
  const wrong: readonly (readonly [why: string, fields: unknown, options: unknown, kind: new () => Error, message: RegExp])[] = [
    ["no fields", null, undefined, TypeError, /fields must be an object, a Map or \[name, value\] pairs, not null/],
    ["text as fields", "a=1", undefined, TypeError, /fields must be/],
    ["a list of no pairs", ["a"], undefined, TypeError, /fields given as a list must be/],
    ["an object as content", { f: { a: 1 } }, undefined, TypeError, /fields\["f"\] is an object/],
    ["a list of files", { f: [["a", "1"]] }, undefined, TypeError, /fields\["f"\] must be content, \[filename/],
    ["a header that would be two", { f: ["n", "x", "a\r\nb: c"] }, undefined, InvalidHeader, /cannot be sent/],
    ["a boundary as options", {}, "B", TypeError, /takes \{ boundary, encoding \}/],
    ["a boundary of 71 characters", {}, { boundary: "b".repeat(71) }, InvalidHeader, /1 to 70/],
    ["a boundary with a line break", {}, { boundary: "a\r\nb" }, InvalidHeader, /1 to 70/],
    ["content with the boundary", { a: "x", b: "x\r\n--B" }, B, InvalidHeader, /in the content of part 2/],
    ["content that begins with it", { a: Buffer.from("--Bx") }, B, InvalidHeader, /in the content of part 1/],
  ]; // prettier-ignore
  for (const [why, fields, options, kind, message] of wrong)
    it(why, () => {
      assert.throws(
        () => new MultipartEncoder(fields as MultipartFields, options as MultipartEncoderOptions),
        (error) => error instanceof kind && message.test(error.message),
      );
    });

  it("may have the boundary within a line", async () => {
    await sent(new MultipartEncoder({ a: "x--B", b: "\n--B", c: "--", d: "" }, B));
  });
});

describe("read()", () => {
  const fields = (): MultipartFields => ({ a: "0123456789", b: ["b", new Blob(["abcdef"])] });

  it("returns exactly as many bytes as requested, then the rest, then none", async () => {
    const whole = await sent(new MultipartEncoder(fields(), B));
    for (const size of [1, 7, 64, whole.length - 1, whole.length, whole.length + 1]) {
      const encoder = new MultipartEncoder(fields(), B);
      const pieces: Buffer[] = [];
      for (let piece = await encoder.read(size); piece.length > 0; piece = await encoder.read(size)) pieces.push(piece);
      assert.ok(Buffer.concat(pieces).equals(whole));
      assert.deepEqual(pieces.slice(0, -1).filter((piece) => piece.length !== size), []);
      assert.equal((await encoder.read()).length, 0);
    } // prettier-ignore
  });

  it("keeps its order when it is not awaited", async () => {
    const encoder = new MultipartEncoder(fields(), B);
    const pieces = await Promise.all([encoder.read(3), encoder.read(10), encoder.read(0), encoder.read()]);
    assert.equal(Buffer.concat(pieces).toString(), (await sent(encoder)).toString());
    assert.deepEqual(pieces.slice(0, 3).map((piece) => piece.length), [3, 10, 0]); // prettier-ignore
  });

  it("is independent of iterating, unless a part can be read only once", async () => {
    const again = new MultipartEncoder(fields());
    await again.read(10);
    assert.equal((await sent(again)).length, again.length);
    const once = new MultipartEncoder({ f: Readable.from(["x"]) });
    await once.read(1);
    assert.throws(() => once.open(), UnrewindableBodyError);
    const other = new MultipartEncoder({ f: Readable.from(["x"]) });
    await sent(other);
    await assert.rejects(other.read(), UnrewindableBodyError);
  });

  it("refuses an invalid size", async () => {
    for (const size of [-2, 1.5, NaN]) await assert.rejects(new MultipartEncoder({}).read(size), RangeError);
    assert.equal((await new MultipartEncoder({}, B).read(-1)).toString(), "--B--\r\n");
  });
});

describe("toString()", () => {
  it("returns the body when that is text in memory", async () => {
    assert.match(String(new MultipartEncoder({ f: "é" }, B)), /\r\n\r\né\r\n--B--\r\n$/);
    assert.match(new MultipartEncoder({ f: "é" }, { ...B, encoding: "latin1" }).toString(), /\r\n\r\né\r\n--B--\r\n$/);
  });

  for (const [why, field] of [
    ["a stream", Readable.from(["x"])],
    ["a Blob", new Blob(["x"])],
    ["bytes that are not UTF-8", Buffer.from([0xff])],
  ] as const)
    it(`throws for ${why}, and reads nothing`, async () => {
      const encoder = new MultipartEncoder({ f: field }, B);
      assert.throws(() => encoder.toString(), /await encoder\.read\(\)/);
      assert.match(inspect(encoder), /^<MultipartEncoder \[/);
      assert.ok((await encoder.read()).length > 50);
    });
});

describe("closing", () => {
  it("closes the parts that were not sent, and those that were", async () => {
    const streams = [Readable.from(["a"]), createReadStream(path)];
    const encoder = new MultipartEncoder({ a: streams[0], b: streams[1] });
    await encoder.close();
    assert.deepEqual(streams.map((stream) => stream.destroyed), [true, true]); // prettier-ignore
    await assert.rejects(sent(encoder), UnrewindableBodyError);
  });

  it("closes all later parts when it is stopped", async () => {
    const streams = [Readable.from(["a", "b"]), Readable.from(["c"]), createReadStream(path)];
    for await (const chunk of new MultipartEncoder(streams.map((stream, at) => [`f${at}`, stream] as const)))
      if (chunk.length === 1) break;
    assert.deepEqual(streams.map((stream) => stream.destroyed), [true, true, true]); // prettier-ignore
  });

  it("closes the parts when one fails, and throws that error", async () => {
    const bad = Readable.from((function* () { yield "x"; throw new Error("broken"); })()); // prettier-ignore
    const behind = Readable.from(["c"]);
    await assert.rejects(sent(new MultipartEncoder({ bad, behind })), /broken/);
    assert.equal(behind.destroyed, true);
  });

  it("does not wait for a pending read", async () => {
    const encoder = new MultipartEncoder({ a: Readable.from(["a"]), b: "x" });
    await encoder.read(5);
    await encoder.close();
    assert.equal((await encoder.read()).length, 0);
  });
});

describe("the body of a request", () => {
  const prepared = (data: unknown, headers = {}): PreparedRequest => {
    const request = new PreparedRequest();
    request.prepare({ method: "POST", url: "http://h/", data, headers });
    return request;
  };

  it("has the encoder's Content-Type and length, and is prepared.body", () => {
    const encoder = new MultipartEncoder({ f: "x" });
    for (const data of [encoder, new MultipartEncoderMonitor(encoder, () => undefined)]) {
      const request = prepared(data);
      assert.equal(request.headers["content-type"], encoder.contentType);
      assert.equal(request.headers["content-length"], String(encoder.length));
      assert.equal(request.headers["transfer-encoding"], undefined);
      assert.equal(request.body, data);
      assert.equal(prepared(data, { "Content-Type": "multipart/x; boundary=z" }).headers["content-type"], "multipart/x; boundary=z"); // prettier-ignore
    }
  });

  it("is chunked when the length of a part is unknown", () => {
    const request = prepared(new MultipartEncoder({ f: Readable.from(["x"]) }));
    assert.equal(request.headers["transfer-encoding"], "chunked");
    assert.equal(request.headers["content-length"], undefined);
  });

  const bytes = async function* () { yield Buffer.from("12345"); }; // prettier-ignore
  const declared: readonly (readonly [why: string, value: object, length: string | undefined])[] = [
    ["an async iterable with a length", { length: 5, [Symbol.asyncIterator]: bytes }, "5"],
    ["an async iterable with requests' len", { len: 5, [Symbol.asyncIterator]: bytes }, "5"],
    ["an iterable with len", { len: 5, [Symbol.iterator]: () => ["12345"].values() }, "5"],
    ["an iterable with a length: that counts items", { length: 1, [Symbol.iterator]: () => ["12345"].values() }, undefined],
    ["a length of 0, which is unknown", { length: 0, [Symbol.asyncIterator]: bytes }, undefined],
    ["a length that is not a number", { length: "5", [Symbol.asyncIterator]: bytes }, undefined],
    ["a length that is not an integer", { length: 5.5, [Symbol.asyncIterator]: bytes }, undefined],
    ["a length below 0", { length: -1, [Symbol.asyncIterator]: bytes }, undefined],
    ["an async generator", bytes(), undefined],
  ]; // prettier-ignore
  for (const [why, value, length] of declared)
    it(`${why}: Content-Length ${length ?? "is not sent"}`, () => {
      const { headers } = prepared(value);
      assert.equal(headers["content-length"], length);
      assert.equal(headers["transfer-encoding"], length === undefined ? "chunked" : undefined);
    });
});

describe("MultipartEncoderMonitor", () => {
  it("calls back after each piece of at most 64 KiB, and starts over when it is sent again", async () => {
    const seen: number[] = [];
    const encoder = new MultipartEncoder({ f: ["n", Buffer.alloc(150_000)] }, B);
    const monitor = new MultipartEncoderMonitor(encoder, ({ bytesRead }) => seen.push(bytesRead));
    for (let time = 0; time < 2; time += 1) {
      seen.length = 0;
      assert.equal((await sent(monitor)).length, encoder.length);
      assert.equal(seen.at(-1), monitor.length);
      assert.ok(seen.every((bytes, at) => bytes > (seen[at - 1] ?? 0) && bytes - (seen[at - 1] ?? 0) <= 64 * 1024));
    }
  });

  it("counts read() as well", async () => {
    const seen: number[] = [];
    const monitor = MultipartEncoderMonitor.fromFields({ f: "x" }, "B", "utf-8", (self) => seen.push(self.bytesRead));
    assert.equal(monitor.boundary, "B");
    while ((await monitor.read(30)).length > 0);
    assert.deepEqual(seen, [30, monitor.length, monitor.length]);
    assert.equal(monitor.bytesRead, monitor.length);
    assert.equal(inspect(monitor), `<MultipartEncoderMonitor [${monitor.length} of ${monitor.length} bytes]>`);
    assert.equal(String(monitor), String(monitor.encoder));
  });

  it("has the defaults of the encoder, and needs no callback", async () => {
    const monitor = MultipartEncoderMonitor.fromFields({ f: "x" });
    assert.match(monitor.contentType, /^multipart\/form-data; boundary=[0-9a-f]{32}$/);
    assert.equal((await sent(monitor)).length, monitor.length);
    assert.equal(new MultipartEncoderMonitor(new MultipartEncoder({ f: Readable.from([]) })).length, null);
  });

  it("closes the sources when its callback throws", async () => {
    const stream = Readable.from(["x"]);
    const monitor = new MultipartEncoderMonitor(new MultipartEncoder({ a: "1", f: stream }), () => {
      throw new Error("no more");
    });
    await assert.rejects(sent(monitor), /no more/);
    assert.equal(stream.destroyed, true);
  });

  it("refuses a value that is not an encoder, or not a callback", () => {
    assert.throws(() => new MultipartEncoderMonitor({} as MultipartEncoder), /takes a MultipartEncoder; fromFields/);
    assert.throws(() => new MultipartEncoderMonitor(new MultipartEncoder({}), 5 as never), TypeError);
  });
});
