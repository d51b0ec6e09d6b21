/** Bodies that come from files, Blobs, streams and iterables: length, replay, closing, errors. */
import assert from "node:assert/strict";
import { createReadStream, openAsBlob, openSync, type ReadStream } from "node:fs";
import { appendFile, mkdtemp, open, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { EventEmitter, once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { after, before, describe, it } from "node:test";

import { UnrewindableBodyError } from "#internal/exceptions";
import { bodyFrom, type Body } from "#internal/message/body/body";
import { ON_BUN } from "../../../_support/runtime.js";

let directory: string;
let path: string;
let count = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sources-"));
  path = await fileOf("0123456789");
});
after(() => rm(directory, { recursive: true, force: true }));

async function fileOf(content: string | Buffer): Promise<string> {
  const name = join(directory, `file-${(count += 1)}`);
  await writeFile(name, content);
  return name;
}

function made(value: unknown): Body {
  return bodyFrom(value)!;
}

async function textOf(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.open()) {
    assert.ok(chunk.byteLength > 0, "no empty chunk");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

describe("fs.createReadStream with a path", () => {
  const table: [options: object, text: string][] = [
    [{}, "0123456789"],
    [{ start: 3 }, "3456789"],
    [{ start: 3, end: 5 }, "345"],
    [{ end: 0 }, "0"],
    [{ end: 100 }, "0123456789"],
    [{ start: 10 }, ""],
    [{ start: 50 }, ""],
    [{ highWaterMark: 3 }, "0123456789"],
    [{ autoClose: false }, "0123456789"],
  ];
  for (const [options, text] of table)
    it(`${JSON.stringify(options)} has a length and can be sent again`, async () => {
      const stream = createReadStream(path, options);
      const body = made(stream);
      assert.equal(body.length, text.length);
      assert.equal(body.bytes, null);
      assert.equal(body.value, stream);
      assert.equal(body.replayable, true);
      for (let time = 0; time < 3; time += 1) assert.equal(await textOf(body), text);
      assert.equal(stream.destroyed, true);
    });

  const names: readonly (readonly [(() => Buffer | URL), string | false])[] = [
    [() => Buffer.from(path), ON_BUN && "Bun's createReadStream takes no Buffer"],
    [() => new URL(`file://${path}`), false],
  ]; // prettier-ignore
  for (const [name, skip] of names)
    it(`takes the path as ${name.toString().slice(6)}`, { skip }, async () => {
      const body = made(createReadStream(name()));
      assert.equal(body.length, 10);
      assert.equal((await textOf(body)) + (await textOf(body)), "01234567890123456789");
    });

  it("sends an empty body for an empty file", async () => {
    const body = made(createReadStream(await fileOf("")));
    assert.equal(body.length, 0);
    assert.equal(await textOf(body), "");
  });

  it("sends a large file completely", async () => {
    const content = Buffer.alloc(1_000_003, "abcdefg");
    const body = made(createReadStream(await fileOf(content)));
    for (let time = 0; time < 2; time += 1) assert.equal(await textOf(body), content.toString());
  });

  it("never sends more than the declared length when the file grows", async () => {
    const growing = await fileOf("12345");
    const body = made(createReadStream(growing));
    const watched = createReadStream(growing).pause();
    const other = made(watched);
    await appendFile(growing, "67890");
    assert.equal(body.length, 5);
    assert.equal((await textOf(body)) + (await textOf(body)), "1234512345");
    assert.equal(await textOf(other), "12345");
  });

  it("sends the remaining bytes when the file shrinks", async () => {
    const shrinking = await fileOf("12345");
    const body = made(createReadStream(shrinking));
    await truncate(shrinking, 3);
    assert.equal(await textOf(body), "123");
  });

  it("sends the opened file, even if it was deleted; a second use throws", async () => {
    const gone = await fileOf("secret");
    const stream = createReadStream(gone);
    await once(stream, "open");
    const body = made(stream);
    await unlink(gone);
    assert.equal(await textOf(body), "secret");
    await assert.rejects(textOf(body), { code: "ENOENT" });
  });

  it("counts bytes that are buffered and not read yet", async () => {
    const stream = createReadStream(path, { highWaterMark: 4 });
    await once(stream, "readable");
    assert.equal(stream.bytesRead, 4);
    const body = made(stream);
    assert.equal(body.length, 10);
    assert.equal(await textOf(body), "0123456789");
  });

  it("reads through the stream when a program listens to its data", async () => {
    const stream = createReadStream(path, { highWaterMark: 4 });
    const seen: string[] = [];
    stream.on("data", (chunk) => seen.push(String(chunk)));
    stream.pause();
    const body = made(stream);
    assert.equal((await textOf(body)) + seen.join(""), "01234567890123456789");
    assert.equal(await textOf(body), "0123456789");
  });

  it("reports a missing file when it is read, not as an uncaught error", async () => {
    const body = made(createReadStream(join(directory, "missing")));
    assert.equal(body.length, null);
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(textOf(body), { code: "ENOENT" });
  });

  it("reports a directory", async () => {
    await assert.rejects(textOf(made(createReadStream(directory))), { code: "EISDIR" });
  });

  it("fails when the stream is destroyed while it is sent", async () => {
    const stream = createReadStream(await fileOf(Buffer.alloc(1_000_000)));
    const reading = made(stream).open()[Symbol.asyncIterator]();
    await reading.next();
    stream.destroy(new Error("enough"));
    await assert.rejects(async () => { for (;;) if ((await reading.next()).done) return; }, { message: "enough" }); // prettier-ignore
  });

  it("closes the file when sending stops early, and when it is not sent at all", async () => {
    const stopped = createReadStream(await fileOf(Buffer.alloc(1_000_000)));
    for await (const _ of made(stopped).open()) break;
    assert.equal(stopped.destroyed, true);
    const unsent = createReadStream(path);
    await made(unsent).close!();
    assert.equal(unsent.destroyed, true);
  });

  const careful: [why: string, make: () => Promise<ReadStream>, text: string][] = [
    ["made from a descriptor", async () => createReadStream("", { fd: openSync(path, "r") }), "0123456789"],
    [
      "made from a descriptor with a start",
      async () => createReadStream("", { fd: openSync(path, "r"), start: 8 }),
      "89",
    ],
    ["made from a FileHandle", async () => (await open(path)).createReadStream(), "0123456789"],
    [
      "with an encoding",
      async () => createReadStream(path, { encoding: "hex" }),
      Buffer.from("0123456789").toString("hex"),
    ],
    ["read from already", async () => partlyRead(), "456789"],
  ];
  for (const [why, make, text] of careful)
    it(`treats ${why} as a plain stream, sent once`, async () => {
      const body = made(await make());
      assert.equal(body.length, null);
      assert.equal(body.replayable, false);
      assert.equal(await textOf(body), text);
      assert.throws(() => body.open(), UnrewindableBodyError);
    });

  async function partlyRead(): Promise<ReadStream> {
    const stream = createReadStream(path, { highWaterMark: 4 });
    await once(stream, "readable");
    assert.equal(String(stream.read(4)), "0123");
    return stream;
  }

  it(
    "has no length where the system reports 0 for a file with content",
    { skip: process.platform !== "linux" && "needs /proc" },
    async () => {
      const body = made(createReadStream("/proc/self/status"));
      assert.equal(body.length, null);
      assert.match(await textOf(body), /^Name:/);
      assert.match(await textOf(body), /^Name:/);
    },
  );
});

describe("a FileHandle", () => {
  it("is sent from its start each time, and stays open", async () => {
    const handle = await open(path);
    try {
      await handle.read(Buffer.alloc(4), 0, 4);
      const body = made(handle);
      assert.deepEqual([body.length, body.replayable, body.value], [10, true, handle]);
      for (let time = 0; time < 2; time += 1) assert.equal(await textOf(body), "0123456789");
      await body.close?.();
      assert.equal((await handle.stat()).size, 10, "still open");
    } finally {
      await handle.close();
    }
    assert.throws(() => made(handle), { name: "TypeError", message: /closed/ });
  });

  it("fails when it is closed before it is sent", async () => {
    const handle = await open(path);
    const body = made(handle);
    await handle.close();
    await assert.rejects(textOf(body));
  });
});

describe("a Blob", () => {
  for (const size of [0, 5, 1024 * 1024, 1024 * 1024 + 1])
    it(`of ${size} bytes has its length and can be sent again`, async () => {
      const blob = new Blob(["x".repeat(size)]);
      const body = made(blob);
      assert.deepEqual([body.length, body.replayable, body.bytes, body.value], [size, true, null, blob]);
      for (let time = 0; time < 2; time += 1) assert.equal((await textOf(body)).length, size);
    });
  it("of a file can be sent", async () => assert.equal(await textOf(made(await openAsBlob(path))), "0123456789"));
});

describe("streams", () => {
  const table: [why: string, make: () => object][] = [
    ["Readable of strings and bytes", () => Readable.from(["é", Buffer.from("b"), "", new Uint8Array([99])])],
    ["PassThrough", () => { const stream = new PassThrough(); stream.write("é"); stream.end("bc"); return stream; }],
    ["web ReadableStream", () => new ReadableStream({ start(c) { c.enqueue(Buffer.from("é")); c.enqueue(new Uint8Array(0)); c.enqueue("bc"); c.close(); } })],
    ["web ReadableStream of a Blob", () => new Blob(["ébc"]).stream()],
    ["stream of old", oldStream],
    ["generator", () => (function* () { yield "é"; yield ""; yield new Uint8Array([98]).buffer; yield Buffer.from("c"); })()],
    ["async generator", () => (async function* () { yield "é"; yield Buffer.from("bc"); })()],
    ["generator of promises", () => (function* () { yield Promise.resolve("é"); yield Promise.resolve("bc"); })()],
  ]; // prettier-ignore
  for (const [why, make] of table)
    it(`${why}: has no length, and is sent once`, async () => {
      const value = make();
      const body = made(value);
      assert.deepEqual([body.length, body.replayable, body.bytes, body.value], [null, false, null, value]);
      assert.equal(await textOf(body), "ébc");
      assert.throws(
        () => body.open(),
        (error: Error) => error instanceof UnrewindableBodyError && /^Unable to rewind/.test(error.message),
      );
    });

  const again: [why: string, value: object][] = [
    ["Set", new Set(["é", "bc"])],
    ["iterable", { *[Symbol.iterator]() { yield "é"; yield "bc"; } }],
    ["async iterable", { async *[Symbol.asyncIterator]() { yield "é"; yield "bc"; } }],
  ]; // prettier-ignore
  for (const [why, value] of again)
    it(`${why} that can be restarted can be sent again`, async () => {
      const body = made(value);
      assert.deepEqual([body.length, body.replayable], [null, true]);
      for (let time = 0; time < 3; time += 1) assert.equal(await textOf(body), "ébc");
    });

  it("detects an iterable that returns the same iterator twice", async () => {
    const iterator = (function* () { yield "a"; })(); // prettier-ignore
    const body = made({ [Symbol.iterator]: () => iterator });
    assert.equal(await textOf(body), "a");
    assert.throws(() => body.open(), UnrewindableBodyError);
  });

  it("detects a cursor that is used up, instead of sending an empty body", async () => {
    const rows = ["a", "b"];
    const body = made({ async *[Symbol.asyncIterator]() { while (rows.length > 0) yield rows.shift(); } }); // prettier-ignore
    assert.equal(await textOf(body), "ab");
    await assert.rejects(textOf(body), UnrewindableBodyError);
  });

  const bad: [why: string, value: object, message: RegExp][] = [
    ["a number", (function* () { yield "a"; yield 5; })(), /Item 1 .* is a number/],
    ["an object", (async function* () { yield {}; })(), /Item 0 .* is an object/],
    ["a pair", new Set([["a", "b"]]), /Item 0 .* is an array/],
    ["null", { *[Symbol.iterator]() { yield null; } }, /Item 0 .* is null/],
    ["an object of a stream", Readable.from([Buffer.from("a"), { x: 1 }]), /Item 1 .* is an object/],
    ["a number of a web stream", new ReadableStream({ start(c) { c.enqueue(1); c.close(); } }), /Item 0 .* is a number/],
  ]; // prettier-ignore
  for (const [why, value, message] of bad)
    it(`names the invalid item: ${why}`, () => assert.rejects(textOf(made(value)), { name: "TypeError", message }));

  it("passes on errors of the source", async () => {
    const boom = new Error("boom");
    const sources = [
      (function* () { yield "a"; throw boom; })(),
      Readable.from((async function* () { yield "a"; throw boom; })()),
      new ReadableStream({ pull(c) { c.error(boom); } }),
    ]; // prettier-ignore
    for (const source of sources) await assert.rejects(textOf(made(source)), boom);
  });

  it("keeps an early error of a stream for its reader", async () => {
    const stream = new Readable({ read() {} });
    const body = made(stream);
    stream.destroy(new Error("early"));
    await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(textOf(body), { message: "early" });
  });

  it("closes the source when sending stops early", async () => {
    const closed: string[] = [];
    const readable = new Readable({ read() { this.push("a"); }, destroy(_, done) { closed.push("readable"); done(null); } }); // prettier-ignore
    const web = new ReadableStream({ pull(c) { c.enqueue("a"); }, cancel() { closed.push("web"); } }); // prettier-ignore
    const generator = (function* () { try { for (;;) yield "a"; } finally { closed.push("generator"); } })(); // prettier-ignore
    for (const source of [readable, web, generator]) for await (const _ of made(source).open()) break;
    assert.deepEqual(closed, ["readable", "web", "generator"]);
    assert.equal(web.locked, false);
  });

  it("closes the source when it is not sent at all", async () => {
    let isReturned = false;
    const iterable = { [Symbol.iterator]: () => ({ next: () => ({ done: true, value: "" }), return() { isReturned = true; return { done: true, value: "" }; } }) }; // prettier-ignore
    let isCancelled = false;
    const web = new ReadableStream({ cancel() { isCancelled = true; } }); // prettier-ignore
    const readable = new Readable({ read() {} });
    for (const source of [iterable, web, readable]) await made(source).close!();
    assert.deepEqual([isReturned, isCancelled, readable.destroyed], [true, true, true]);
  });

  it("refuses streams that have already ended", async () => {
    const ended = Readable.from(["a"]);
    await textOf(made(ended));
    const locked = new ReadableStream();
    locked.getReader();
    const destroyed = new Readable({ read() {} }).destroy();
    for (const value of [ended, locked, destroyed])
      assert.throws(() => made(value), { name: "TypeError", message: /cannot be sent as a body/ });
  });

  function oldStream(): object {
    const stream = new EventEmitter() as EventEmitter & { pipe(): void; pause(): void; resume(): void };
    Object.assign(stream, { pipe() {}, pause() {}, resume() {} });
    setImmediate(() => {
      stream.emit("data", Buffer.from("é"));
      stream.emit("data", Buffer.from("bc"));
      stream.emit("end");
    });
    return stream;
  }
});
