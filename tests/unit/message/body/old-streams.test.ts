/** Old-style streams as bodies: they have `pipe` and emit "data", and some wait until they are started. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Readable, Stream } from "node:stream";
import { describe, it } from "node:test";

import { Request } from "requests-ts";
import { MultipartDecoder, MultipartEncoder } from "requests-ts/multipart";
import { bodyFrom, type Body } from "#internal/message/body/body";

/** As CombinedStream and FormData of the package form-data 4: nothing happens before resume(), and parts are queued. */
class CombinedStream extends Stream {
  readonly boundary = "----boundary";
  destroyed = false;
  paused = 0;
  #parts: (string | Buffer | Readable)[] = [];
  #released = false;
  #current: Readable | null = null;
  #known = true;

  append(part: string | Buffer | Readable): this {
    if (part instanceof Readable) {
      this.#known = false;
      // What a stream gives before its turn is held back.
      part.pause();
      part.on("error", (error) => this.emit("error", error));
    }
    this.#parts.push(part);
    return this;
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    super.pipe(destination);
    this.resume();
    return destination;
  }

  resume(): void {
    if (!this.#released) {
      this.#released = true;
      this.#next();
    }
    this.#current?.resume();
  }

  pause(): void {
    this.paused += 1;
    this.#current?.pause();
  }

  destroy(): void {
    this.destroyed = true;
    this.#parts = [];
    this.#current?.destroy();
    this.emit("close");
  }

  getHeaders(): Record<string, string> {
    return { "content-type": `multipart/form-data; boundary=${this.boundary}` };
  }

  hasKnownLength(): boolean {
    return this.#known;
  }

  getLengthSync(): number {
    // The package reports an error where it cannot know.
    if (!this.#known) this.emit("error", new Error("Cannot calculate proper length in synchronous way."));
    return this.#parts.reduce((sum, part) => sum + (part instanceof Readable ? 0 : Buffer.byteLength(part)), 0);
  }

  #next(): void {
    const part = this.#parts.shift();
    if (part === undefined) this.emit("end");
    else if (part instanceof Readable) {
      this.#current = part;
      part.on("data", (chunk) => this.emit("data", chunk));
      part.on("end", () => {
        this.#current = null;
        this.#next();
      });
      part.resume();
    } else {
      this.emit("data", part);
      this.#next();
    }
  }
}

function form(...parts: (string | Buffer | Readable)[]): CombinedStream {
  const stream = new CombinedStream();
  for (const part of parts) stream.append(part);
  return stream;
}

async function textOf(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
const made = (value: unknown): Body => bodyFrom(value)!;

describe("an old-style stream that waits for its reader", { timeout: 10_000 }, () => {
  it("is sent completely", async () => {
    assert.equal(await textOf(made(form("a", Buffer.from("b"), "é"))), "abé");
    assert.equal(await textOf(made(form("a", Readable.from([Buffer.from("b"), Buffer.from("c")]), "d"))), "abcd");
    assert.equal(await textOf(made(form())), "");
  });

  it("emits nothing before it is sent", async () => {
    const stream = form("a");
    let given = 0;
    stream.on("data", () => (given += 1));
    const body = made(stream);
    await new Promise(setImmediate);
    assert.equal(given, 0);
    assert.equal(await textOf(body), "a");
  });

  it("works as a part of files, and of a MultipartEncoder", async () => {
    const prepared = new Request("POST", "http://h/", { files: { f: ["n", form("a", "b")], g: form("c") } }).prepare();
    const { parts } = new MultipartDecoder(
      Buffer.from(await textOf(made(prepared.body))),
      prepared.headers["content-type"]!,
    );
    assert.deepEqual(parts.map((part) => [part.name, part.filename, part.text]), [["f", "n", "ab"], ["g", "g", "c"]]); // prettier-ignore
    const encoder = new MultipartEncoder({
      f: ["n", form("a", Readable.from([Buffer.from("b")])) as unknown as Readable],
    });
    const decoded = new MultipartDecoder(await encoder.read(), encoder.contentType);
    assert.equal(decoded.parts[0].text, "ab");
  });

  it("passes on its error", async () => {
    const failing = new Readable({ read: () => undefined });
    const body = made(form("a", failing));
    const reading = textOf(body);
    setImmediate(() => failing.destroy(new Error("no disk")));
    await assert.rejects(reading, /no disk/);
    // Also one that comes before it is read is not uncaught.
    const early = form("a");
    const unread = made(early);
    early.emit("error", new Error("early"));
    await assert.rejects(textOf(unread), /early/);
  });

  it("reads ahead of its reader as little as possible", async () => {
    let given = 0;
    const source = new Readable({
      read(): void {
        this.push(given >= 200 ? null : Buffer.alloc(64 * 1024));
        given += 1;
      },
    });
    const stream = form(source);
    const iterator = made(stream).open()[Symbol.asyncIterator]();
    await iterator.next();
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    assert.ok(given < 20, `${given} pieces were made`);
    assert.ok(stream.paused > 0);
    let size = 64 * 1024;
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) size += step.value.length;
    assert.equal(size, 200 * 64 * 1024);
  });

  it("is destroyed when sending stops, and when it is not sent", async () => {
    const stuck = form("a", new Readable({ read: () => undefined }));
    const body = made(stuck);
    const reading = textOf(body);
    await new Promise(setImmediate);
    await body.close!();
    await assert.rejects(reading);
    assert.equal(stuck.destroyed, true);

    const left = form("a", new Readable({ read: () => undefined }));
    for await (const _ of made(left).open()) break;
    assert.equal(left.destroyed, true);

    const unsent = form("a");
    await made(unsent).close!();
    assert.equal(unsent.destroyed, true);
  });

  it("can be read once", async () => {
    const body = made(form("a"));
    assert.equal(body.replayable, false);
    await textOf(body);
    assert.throws(() => body.open(), { name: "UnrewindableBodyError" });
  });
});

/** As the package through 2: it flows by itself, and is closed soon after its end. */
function through(close: (emit: () => void) => void): Stream & { write(data: Buffer): void; end(): void } {
  const queue: (Buffer | null)[] = [];
  let isPaused = false;
  const drain = (): void => {
    while (queue.length > 0 && !isPaused) {
      const data = queue.shift()!;
      if (data !== null) stream.emit("data", data);
      else {
        stream.emit("end");
        close(() => stream.emit("close"));
      }
    }
  };
  const stream = Object.assign(new Stream(), {
    write(data: Buffer): void {
      queue.push(data);
      drain();
    },
    end(): void {
      queue.push(null);
      drain();
    },
    pause(): void {
      isPaused = true;
    },
    resume(): void {
      isPaused = false;
      drain();
    },
    destroy: () => stream.emit("close"),
  });
  return stream;
}

describe("a stream that is closed after its end", { timeout: 10_000 }, () => {
  const closings: readonly (readonly [string, (emit: () => void) => void])[] = [
    ["at once", (emit) => emit()],
    ["at the next tick", (emit) => process.nextTick(emit)],
    ["later", (emit) => setImmediate(emit)],
    ["never", () => undefined],
  ];
  for (const [when, close] of closings)
    for (const [count, size] of [
      [1, 10],
      [50, 10],
      [50, 1000],
      [20, 100_000],
    ] as const)
      // prettier-ignore
      it(`is sent completely: ${when}, ${count} × ${size}`, async () => {
        const stream = through(close);
        const body = made(stream);
        setImmediate(() => {
          for (let at = 0; at < count; at += 1) stream.write(Buffer.alloc(size, 65));
          stream.end();
        });
        assert.equal((await textOf(body)).length, count * size);
      });

  it("as a part of files", async () => {
    const stream = through((emit) => emit());
    const prepared = new Request("POST", "http://h/", { files: { f: ["n", stream] } }).prepare();
    setImmediate(() => {
      stream.write(Buffer.from("abc"));
      stream.end();
    });
    const body = Buffer.from(await textOf(made(prepared.body)));
    assert.equal(new MultipartDecoder(body, prepared.headers["content-type"]!).parts[0].text, "abc");
  });

  it("throws when it is closed before its end", async () => {
    const stream = through(() => undefined);
    const reading = textOf(made(stream));
    setImmediate(() => {
      stream.write(Buffer.from("abc"));
      stream.emit("close");
    });
    await assert.rejects(reading, { code: "ERR_STREAM_PREMATURE_CLOSE" });
  });
});

describe("headers that an old-style stream provides", () => {
  const prepare = (data: unknown, headers: Record<string, string> = {}): Record<string, string> => {
    const { headers: found } = new Request("POST", "http://h/", { data: data as never, headers }).prepare();
    return Object.fromEntries([...found.entries()].map(([name, value]) => [name.toLowerCase(), value]));
  };

  it("its Content-Type is used, unless the caller gives one", () => {
    assert.equal(prepare(form("a"))["content-type"], "multipart/form-data; boundary=----boundary");
    assert.equal(prepare(form("a"), { "Content-Type": "x/y" })["content-type"], "x/y");
    const odd = Object.assign(new EventEmitter(), { pipe: () => undefined, getHeaders: () => ({ "CONTENT-TYPE": "a/b" }) }); // prettier-ignore
    assert.equal(prepare(odd)["content-type"], "a/b");
    const none = Object.assign(new EventEmitter(), { pipe: () => undefined, getHeaders: () => ({}) });
    assert.equal(prepare(none)["content-type"], undefined);
  });

  it("its length is used if it knows it", () => {
    assert.equal(prepare(form("a", "é"))["content-length"], "3");
    assert.equal(prepare(form("a", "é"))["transfer-encoding"], undefined);
    const unknown = prepare(form("a", Readable.from(["b"])));
    assert.deepEqual([unknown["content-length"], unknown["transfer-encoding"]], [undefined, "chunked"]);
    for (const length of [-1, 1.5, NaN, "3", undefined]) {
      const odd = Object.assign(form("a"), { getLengthSync: () => length });
      assert.equal(prepare(odd)["transfer-encoding"], "chunked");
    }
  });
});

describe("other old-style streams", { timeout: 10_000 }, () => {
  it("a stream that starts on its own loses no data before it is read", async () => {
    const stream = Object.assign(new EventEmitter(), { pipe: () => undefined });
    const body = made(stream);
    stream.emit("data", "a");
    await new Promise(setImmediate);
    stream.emit("data", Buffer.from("b"));
    stream.emit("end");
    assert.equal(await textOf(body), "ab");
  });

  it("a stream of another implementation that has an iterator is destroyed when it is not sent", async () => {
    const stream = Readable.from([new Uint8Array([65])]);
    const other = {
      pipe: () => undefined,
      on: () => other,
      destroy: () => stream.destroy(),
      [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
    };
    const body = made(other);
    await body.close!();
    if (!stream.closed) await once(stream, "close");
    assert.equal(stream.destroyed, true);
  });
});
