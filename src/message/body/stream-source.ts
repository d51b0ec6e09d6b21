/** Bodies that come as they are made: Node streams, web streams, iterables and generators. */
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import type { Body } from "./source.js";
import { itemBytes, unrewindable } from "./source.js";

/** A Node stream; it is read once. */
export class ReadableBody implements Body {
  readonly value: unknown;
  readonly length = null;
  readonly bytes = null;
  readonly replayable = false;
  readonly #stream: Readable;
  #isOpened = false;

  /**
   * @param value - what users see, the stream itself or the old-style one that it wraps.
   * @throws TypeError for a stream that has nothing more to give: it would be sent as an empty body.
   */
  constructor(stream: Readable, value: unknown = stream) {
    if (stream.readableEnded || (stream.destroyed && stream.errored === null))
      throw new TypeError("This stream cannot be sent as a body: it was read to its end or closed before");
    this.#stream = stream;
    this.value = value;
    // Without a listener an error before the body is read would end the process; open() reports it.
    stream.on("error", ignore);
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#isOpened) throw unrewindable("a stream");
    this.#isOpened = true;
    return bytesOf(this.#stream);
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** The body of a stream of the time before `Readable`: it has `pipe` and emits "data". */
export function oldStreamBody(stream: NodeJS.ReadableStream): Body {
  return new ReadableBody(new Readable().wrap(stream), stream);
}

/** A web ReadableStream; it is read once. */
export class WebStreamBody implements Body {
  readonly value: ReadableStream;
  readonly length = null;
  readonly bytes = null;
  readonly replayable = false;
  #isOpened = false;

  /** @throws TypeError for a stream that somebody else reads. */
  constructor(stream: ReadableStream) {
    if (stream.locked)
      throw new TypeError("This ReadableStream cannot be sent as a body: it is locked to another reader");
    this.value = stream;
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#isOpened) throw unrewindable("a ReadableStream");
    this.#isOpened = true;
    return bytesOf(readAll(this.value));
  }

  async close(): Promise<void> {
    if (!this.value.locked) await this.value.cancel().catch(ignore);
  }
}

async function* readAll(stream: ReadableStream): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const step = await reader.read();
      isDone = step.done;
      if (step.done) return;
      yield step.value as unknown;
    }
  } finally {
    if (!isDone) await reader.cancel().catch(ignore);
    reader.releaseLock();
  }
}

type Items = Iterator<unknown> | AsyncIterator<unknown>;

/**
 * An iterable or async iterable of bytes or strings. It can be sent again when it makes a new iterator each time,
 * which a generator object does not.
 */
export class IterableBody implements Body {
  readonly value: object;
  readonly length = null;
  readonly bytes = null;
  readonly replayable: boolean;
  readonly #isAsync: boolean;
  readonly #initial: Items;
  #isOpened = false;
  #mostBytes = 0;

  constructor(iterable: Iterable<unknown> | AsyncIterable<unknown>) {
    this.value = iterable;
    this.#isAsync = Symbol.asyncIterator in iterable;
    this.#initial = this.#iterate();
    this.replayable = (this.#initial as unknown) !== iterable;
  }

  open(): AsyncIterable<Uint8Array> {
    if (!this.#isOpened) {
      this.#isOpened = true;
      return this.#counted(this.#initial);
    }
    if (!this.replayable) throw unrewindable("a generator");
    const again = this.#iterate();
    if (again === this.#initial) throw unrewindable("this iterable, which gives the same iterator each time,");
    return this.#counted(again);
  }

  async close(): Promise<void> {
    if (this.#isOpened) return;
    this.#isOpened = true;
    await this.#initial.return?.();
  }

  #iterate(): Items {
    return this.#isAsync
      ? (this.value as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : (this.value as Iterable<unknown>)[Symbol.iterator]();
  }

  /** A cursor may make a new iterator and yet be used up: its second run must not pass for the whole body. */
  async *#counted(items: Items): AsyncGenerator<Uint8Array> {
    const once = this.#isAsync ? { [Symbol.asyncIterator]: () => items } : { [Symbol.iterator]: () => items };
    let count = 0;
    for await (const bytes of bytesOf(once as AsyncIterable<unknown>)) {
      count += bytes.byteLength;
      if (count > this.#mostBytes) this.#mostBytes = count;
      yield bytes;
    }
    if (count < this.#mostBytes) throw unrewindable("this iterable, which gave fewer bytes the second time,");
  }
}

async function* bytesOf(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array> {
  let index = 0;
  for await (const item of items) {
    const bytes = itemBytes(item, index);
    index += 1;
    // An empty chunk would end a chunked body (RFC 9112 §7.1).
    if (bytes.byteLength > 0) yield bytes;
  }
}

function ignore(): void {}
