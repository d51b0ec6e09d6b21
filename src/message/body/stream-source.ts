/** Bodies that come as they are made: Node streams, web streams, iterables and generators. */
import { Readable } from "node:stream";
import type { ReadableStream, ReadableStreamDefaultReader } from "node:stream/web";

import { hasMethods } from "../../options/kinds.js";
import type { Body } from "./source.js";
import { itemBytes, unrewindable } from "./source.js";

/** A Node stream; it is read once. */
export class ReadableBody implements Body {
  readonly value: unknown;
  readonly length: number | null = null;
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
    this.#isOpened = true;
    this.#stream.destroy();
  }
}

/** A stream of the time before `Readable`: it has `pipe` and emits "data". The others are there or not. */
export interface OldStream extends NodeJS.EventEmitter {
  pipe(destination: unknown): unknown;
  pause?(): unknown;
  resume?(): unknown;
  destroy?(): unknown;
  /** Methods of the package form-data that describe its body. */
  getHeaders?(): Readonly<Record<string, unknown>>;
  hasKnownLength?(): boolean;
  getLengthSync?(): number;
}

/** An old-style stream, such as those of the package form-data. It is read once. */
export class OldStreamBody extends ReadableBody {
  override readonly length: number | null;
  /** The type that the stream itself names: of a form it has the boundary. */
  readonly contentType?: string;
  readonly #source: OldStream;

  constructor(stream: OldStream) {
    super(readableOf(stream), stream);
    this.#source = stream;
    this.length = stream.hasKnownLength?.() === true ? knownLength(stream.getLengthSync?.()) : null;
    const type = Object.entries(stream.getHeaders?.() ?? {}).find(([name]) => name.toLowerCase() === "content-type");
    if (typeof type?.[1] === "string") this.contentType = type[1];
  }

  override open(): AsyncIterable<Uint8Array> {
    const opened = super.open();
    // Some give nothing until they are told to.
    this.#source.resume?.();
    return opened;
  }
}

/**
 * A Readable of what an old-style stream gives. Unlike that of `Readable.wrap`, it is whole once the stream has ended:
 * many old-style streams emit "close" right after "end", before what they gave was read.
 */
function readableOf(stream: OldStream): Readable {
  let isPaused = false;
  let hasEnded = false;
  const readable = new Readable({
    read() {
      if (!isPaused) return;
      isPaused = false;
      stream.resume?.();
    },
    destroy(error, done) {
      stream.destroy?.();
      done(error);
    },
  });
  stream.on("data", (chunk: unknown) => {
    if (hasEnded || readable.push(chunk) || stream.pause === undefined) return;
    isPaused = true;
    stream.pause();
  });
  stream.on("end", () => {
    if (!hasEnded) readable.push(null);
    hasEnded = true;
  });
  stream.on("error", (error: Error) => readable.destroy(error));
  const onClose = (): void => {
    if (!hasEnded) readable.destroy();
  };
  stream.on("close", onClose);
  stream.on("destroy", onClose);
  return readable;
}

function knownLength(length: number | undefined): number | null {
  return length !== undefined && Number.isSafeInteger(length) && length >= 0 ? length : null;
}

/** A web ReadableStream; it is read once. */
export class WebStreamBody implements Body {
  readonly value: ReadableStream;
  readonly length = null;
  readonly bytes = null;
  readonly replayable = false;
  #isOpened = false;
  #reader: ReadableStreamDefaultReader<unknown> | null = null;

  /** @throws TypeError for a stream that other code reads. */
  constructor(stream: ReadableStream) {
    if (stream.locked)
      throw new TypeError("This ReadableStream cannot be sent as a body: it is locked to another reader");
    this.value = stream;
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#isOpened) throw unrewindable("a ReadableStream");
    this.#isOpened = true;
    return bytesOf(this.#readAll());
  }

  async close(): Promise<void> {
    this.#isOpened = true;
    // A reader that is cancelled ends its pending read.
    if (this.#reader !== null) await this.#reader.cancel().catch(ignore);
    else if (!this.value.locked) await this.value.cancel().catch(ignore);
  }

  async *#readAll(): AsyncGenerator<unknown> {
    const reader = (this.#reader = this.value.getReader());
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
      this.#reader = null;
      reader.releaseLock();
    }
  }
}

type Items = Iterator<unknown> | AsyncIterator<unknown>;

/**
 * The number of bytes that an iterable says it has, or null. `length` counts only for what gives its bytes over time: of
 * what is iterated at once it is the number of items. 0 means unknown, as in requests; the wire counts what it sends.
 *
 * @see requests: `utils.super_len`
 */
function declaredLength(iterable: object, isAsync: boolean): number | null {
  const { length, len } = iterable as { readonly length?: unknown; readonly len?: unknown };
  const declared = isAsync ? (length ?? len) : len;
  return Number.isSafeInteger(declared) && (declared as number) > 0 ? (declared as number) : null;
}

/**
 * An iterable or async iterable of bytes or strings. It can be sent again when it makes a new iterator each time,
 * which a generator object does not.
 */
export class IterableBody implements Body {
  readonly value: object;
  readonly length: number | null;
  readonly bytes = null;
  readonly replayable: boolean;
  readonly #isAsync: boolean;
  readonly #initial: Items;
  #current: Items;
  #isOpened = false;
  #mostBytes = 0;

  constructor(iterable: Iterable<unknown> | AsyncIterable<unknown>) {
    this.value = iterable;
    this.#isAsync = Symbol.asyncIterator in iterable;
    this.length = declaredLength(iterable, this.#isAsync);
    this.#initial = this.#current = this.#iterate();
    this.replayable = (this.#initial as unknown) !== iterable;
  }

  open(): AsyncIterable<Uint8Array> {
    if (!this.#isOpened) {
      this.#isOpened = true;
      return this.#counted(this.#initial);
    }
    if (!this.replayable) throw unrewindable("a generator");
    const again = this.#iterate();
    this.#current = again;
    if (again === this.#initial) throw unrewindable("this iterable, which gives the same iterator each time,");
    return this.#counted(again);
  }

  async close(): Promise<void> {
    this.#isOpened = true;
    // A generator ends after the step that it is in, which may be never; a stream of another implementation at once.
    if (hasMethods(this.value, "pipe", "destroy")) (this.value as { destroy(): void }).destroy();
    await this.#current.return?.();
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
