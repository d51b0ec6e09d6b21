/** The undecoded body of a response while it comes, between a socket that pushes and a reader that pulls. */

import type { RequestException } from "../exceptions.js";

/** How a reader steers whoever pushes. */
export interface RawControl {
  /** There is room again. */
  resume(): void;
  /** Nobody reads the rest. */
  cancel(): void;
}

/** What `raw` knows of the head. */
export interface RawHead {
  /** name, value, name, value … as they came. */
  readonly rawHeaders: readonly string[];
  /** 10 or 11. */
  readonly version: number;
}

/** Undecoded bytes that wait for their reader beyond this make the socket pause. */
const HIGH_WATER = 256 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * What has come and was not read yet. Whoever pushes holds this and never the RawResponse, so that a response that
 * nobody can read any more is garbage, though its connection is alive. While a reader waits, the queue holds the reader.
 *
 * @internal
 */
export class RawQueue {
  readonly #control: RawControl;
  readonly #chunks: Buffer[] = [];
  #queued = 0;
  #received = 0;
  #ended = false;
  #closed = false;
  #paused = false;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  #trailers: readonly string[] = [];
  /** Told once when nothing more will come or be wanted. */
  #onDone: (() => void) | null = null;

  constructor(control: RawControl) {
    this.#control = control;
  }

  get trailers(): readonly string[] {
    return this.#trailers;
  }

  get closed(): boolean {
    return this.#closed || (this.#isOver && this.#queued === 0);
  }

  get bytesReceived(): number {
    return this.#received;
  }

  get #isOver(): boolean {
    return this.#ended || this.#failure !== null;
  }

  /** @returns False when the pusher should pause until `resume()`. */
  push(chunk: Buffer): boolean {
    if (this.#closed) return true;
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
    this.#awake();
    this.#paused = this.#queued >= HIGH_WATER;
    return !this.#paused;
  }

  end(trailers: readonly string[]): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#settle();
    this.#awake();
  }

  fail(error: unknown): void {
    if (this.#ended || this.#closed) return;
    this.#failure ??= { error };
    this.#settle();
    this.#awake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunks.length = 0;
    this.#queued = 0;
    if (!this.#isOver) this.#control.cancel();
    this.#settle();
    this.#awake();
  }

  whenDone(callback: () => void): void {
    if (this.#isOver || this.#closed) callback();
    else {
      const before = this.#onDone;
      this.#onDone = before === null ? callback : () => (before(), callback());
    }
  }

  /** Puts back what was taken and not wanted. */
  unshift(chunk: Buffer): void {
    this.#chunks.unshift(chunk);
    this.#queued += chunk.length;
  }

  /** What is there, or null at the end; a promise where nothing is there yet, after which it is to be asked again. */
  take(): Buffer | null | Promise<void> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      if (this.#paused && this.#queued < HIGH_WATER / 2) {
        this.#paused = false;
        this.#control.resume();
      }
      return chunk;
    }
    if (this.#closed) return null;
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#ended) return null;
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #settle(): void {
    const callback = this.#onDone;
    this.#onDone = null;
    callback?.();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

/**
 * `response.raw`: the bytes of the body as they came, without decoding. Read with `read(n)` or by iterating.
 *
 * @see urllib3's HTTPResponse, of which this keeps `read`, `headers` and `version`.
 */
export class RawResponse implements AsyncIterable<Buffer> {
  readonly #head: RawHead;
  readonly #queue: RawQueue;
  /** The policy of retries as it stood for this attempt: its `history` has those that failed before; null for none. */
  retries: NonNullable<RequestException["retries"]> | null = null;

  constructor(head: RawHead, control: RawControl) {
    this.#head = head;
    this.#queue = new RawQueue(control);
  }

  /** For whoever pushes, in place of this. @internal */
  get queue(): RawQueue {
    return this.#queue;
  }

  /** The header fields as pairs, in their order and case. */
  get headers(): [string, string][] {
    return pairs(this.#head.rawHeaders);
  }

  /** The trailer fields as pairs; empty until the body was read to its end. */
  get trailers(): [string, string][] {
    return pairs(this.#queue.trailers);
  }

  /** 11 for HTTP/1.1, 10 for HTTP/1.0. */
  get version(): number {
    return this.#head.version;
  }

  /** Whether the body was read to its end, failed, or was closed. */
  get closed(): boolean {
    return this.#queue.closed;
  }

  /** Bytes that have come so far, before decoding. */
  get bytesReceived(): number {
    return this.#queue.bytesReceived;
  }

  /**
   * Exactly `n` bytes while there are as many, fewer at the end, an empty Buffer after it; without `n` all that is left.
   *
   * @param n - Bytes.
   * @throws ChunkedEncodingError, ReadTimeout … when the body breaks off; what came before is given first.
   */
  async read(n?: number): Promise<Buffer> {
    if (n !== undefined && (!Number.isInteger(n) || n < 0))
      throw new RangeError(`read(n) takes a number of bytes, not ${n}`);
    const wanted = n ?? Infinity;
    const parts: Buffer[] = [];
    let have = 0;
    while (have < wanted) {
      let chunk: Buffer | null;
      try {
        chunk = await this.#next();
      } catch (error) {
        if (have === 0 || n === undefined) throw error;
        break;
      }
      if (chunk === null) break;
      const take = Math.min(chunk.length, wanted - have);
      if (take < chunk.length) this.#queue.unshift(chunk.subarray(take));
      parts.push(take < chunk.length ? chunk.subarray(0, take) : chunk);
      have += take;
    }
    return parts.length === 0 ? EMPTY : parts.length === 1 ? parts[0] : Buffer.concat(parts, have);
  }

  /** The bytes as they arrive. Leaving the loop early closes the body. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) yield chunk;
    } finally {
      this.close();
    }
  }

  /** Wants nothing more: the connection goes back to the pool or is closed, whichever is cheaper. */
  close(): void {
    this.#queue.close();
  }

  /** @returns False when the pusher should pause until `resume()`. @internal */
  push(chunk: Buffer): boolean {
    return this.#queue.push(chunk);
  }

  /** @internal */
  end(trailers: readonly string[]): void {
    this.#queue.end(trailers);
  }

  /** @internal */
  fail(error: unknown): void {
    this.#queue.fail(error);
  }

  /** Calls back once when the exchange is over: ended, failed or closed. @internal */
  whenDone(callback: () => void): void {
    this.#queue.whenDone(callback);
  }

  async #next(): Promise<Buffer | null> {
    for (;;) {
      const taken = this.#queue.take();
      if (!(taken instanceof Promise)) return taken;
      await taken;
    }
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], raw[at + 1]]);
  return found;
}

/** A body that is at hand already, or comes from the caller's own stream. */
export function rawFrom(
  source: Uint8Array | string | AsyncIterable<Uint8Array | string> | null | undefined,
  head: RawHead,
  trailers: readonly string[] = [],
): RawResponse {
  if (source === null || source === undefined || typeof source === "string" || source instanceof Uint8Array) {
    const raw = new RawResponse(head, NO_CONTROL);
    if (source != null && source.length > 0) raw.push(bytesOf(source));
    raw.end(trailers);
    return raw;
  }
  const pump = new Pump(source);
  const raw = new RawResponse(head, pump);
  pump.run(raw);
  return raw;
}

const NO_CONTROL: RawControl = { resume: () => undefined, cancel: () => undefined };

function bytesOf(chunk: Uint8Array | string): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Carries an iterable of the caller's into a RawResponse, no faster than it is read. */
class Pump implements RawControl {
  readonly #iterator: AsyncIterator<Uint8Array | string>;
  #wake: (() => void) | null = null;
  #cancelled = false;

  constructor(source: AsyncIterable<Uint8Array | string>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  resume(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  cancel(): void {
    this.#cancelled = true;
    this.resume();
  }

  run(raw: RawResponse): void {
    void this.#carry(raw).catch((error: unknown) => raw.fail(error));
  }

  async #carry(raw: RawResponse): Promise<void> {
    for (;;) {
      if (this.#cancelled) {
        await this.#iterator.return?.();
        return;
      }
      const next = await this.#iterator.next();
      if (next.done === true) break;
      if (!raw.push(bytesOf(next.value)))
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    raw.end([]);
  }
}
