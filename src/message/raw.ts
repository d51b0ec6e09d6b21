/** The undecoded body of a response while it arrives, between a socket that pushes and a reader that pulls. */

import type { RequestException } from "../exceptions.js";
import { kindOf } from "../options/kind.js";
import { withCallerFrames } from "./caller-frames.js";
import { contentBody } from "./body/content.js";
import { asBytes, type Body } from "./body/source.js";
import { END, PullIterator, type End } from "./pull-iterator.js";

/** How a reader steers the side that pushes. */
export interface RawControl {
  /** Whether nothing is pushed before the first `resume()`. @defaultValue false */
  readonly waits?: boolean;
  /** There is room again. */
  resume(): void;
  /** The rest is not going to be read. */
  cancel(): void;
  /** The body was read to its end, failed, or was closed. Called once. */
  onDone?(): void;
}

/** What `raw` knows of the head. */
export interface RawHead {
  /** name, value, name, value … as they came. */
  readonly rawHeaders: readonly string[];
  /** 10, 11 or 20. */
  readonly version: number;
}

/** Gives bytes when it is asked for them. */
export interface ByteSource {
  /** The next bytes, null at the end, or a promise of them if they have not arrived yet. */
  pull(): Buffer | null | Promise<Buffer | null>;
}

/** Decodes the bytes of a queue. */
export interface DecodingStage extends ByteSource {
  /** Ends at once: decoded content that was not read is dropped, and the reader gets this error. */
  stop(error: unknown): void;
  /** Ends at once; the reader gets no more. */
  close(): void;
}

/** The socket pauses when more undecoded bytes than this wait for their reader. */
const HIGH_WATER = 256 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * The bytes that have arrived and were not read yet. The side that pushes holds this and never the RawResponse, so that
 * a response which can no longer be read is garbage although its connection is alive. While a reader waits, the queue
 * holds the reader.
 *
 * @internal
 */
export class RawQueue implements ByteSource {
  readonly #control: RawControl;
  readonly #chunks: Buffer[] = [];
  #queued = 0;
  #received = 0;
  #ended = false;
  #closed = false;
  #paused: boolean;
  #failure: { readonly error: unknown } | null = null;
  #stage: DecodingStage | null = null;
  #arrival: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #trailers: readonly string[] = [];
  #isDone = false;
  #isAbandoned = false;
  #onDone: (() => void) | null = null;

  constructor(control: RawControl) {
    this.#control = control;
    this.#paused = control.waits === true;
  }

  get trailers(): readonly string[] {
    return this.#trailers;
  }

  get closed(): boolean {
    return this.#closed || (this.isOver && this.#queued === 0);
  }

  get bytesReceived(): number {
    return this.#received;
  }

  /** Whether it was closed before it was read to its end. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** All of the body, if it has ended and nothing was read; otherwise null. */
  wholeContent(): Buffer | null {
    if (!this.#ended || this.#closed || this.#queued !== this.#received) return null;
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }

  /** Whether nothing more will be pushed. */
  get isOver(): boolean {
    return this.#ended || this.#failure !== null;
  }

  /** @returns False when the side that pushes should pause until `resume()`. */
  push(chunk: Buffer): boolean {
    if (this.#closed || this.#failure !== null) return true;
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
    this.#paused = this.#queued >= HIGH_WATER;
    this.#awake();
    return !this.#paused;
  }

  end(trailers: readonly string[]): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#settleIfRead();
    this.#awake();
  }

  /** Fails after the bytes that have arrived were read. */
  fail(error: unknown): void {
    if (this.isOver || this.#closed) return;
    this.#failure = { error };
    this.#settleIfRead();
    this.#awake();
  }

  /** Fails at once: bytes and decoded content that were not read are dropped. Does nothing once the body was read. */
  stop(error: unknown): void {
    if (this.#isDone) return;
    this.#failure = { error };
    this.#drop();
    this.#stage?.stop(error);
    this.settle();
    this.#awake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#isAbandoned = !this.#isDone;
    this.#drop();
    this.#stage?.close();
    if (!this.isOver) this.#control.cancel();
    this.settle();
    this.#awake();
  }

  /** Calls back once when the body was read to its end, failed or was closed; of a decoded body, its content. */
  whenDone(callback: () => void): void {
    if (this.#isDone) callback();
    else {
      const before = this.#onDone;
      this.#onDone = before === null ? callback : () => (before(), callback());
    }
  }

  /** From now on the body is done when the stage's reader closes it, and not when the stage has taken the last byte. */
  decodeBy(stage: DecodingStage): void {
    this.#stage = stage;
  }

  /** @param most - Bytes to take at most. */
  pull(most = Infinity): Buffer | null | Promise<Buffer | null> {
    const taken = this.#take(most);
    return taken === undefined ? this.#pullLater(most) : taken;
  }

  async #pullLater(most: number): Promise<Buffer | null> {
    for (;;) {
      this.#arrival ??= new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await this.#arrival;
      const taken = this.#take(most);
      if (taken !== undefined) return taken;
    }
  }

  /** @returns null at the end, undefined when nothing is there yet. */
  #take(most: number): Buffer | null | undefined {
    const chunk = this.#chunks[0];
    if (chunk !== undefined) {
      const taken = chunk.length <= most ? chunk : chunk.subarray(0, most);
      if (taken === chunk) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(most);
      this.#queued -= taken.length;
      if (this.#paused && this.#queued < HIGH_WATER / 2) this.#resume();
      this.#settleIfRead();
      return taken;
    }
    if (this.#closed) return null;
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#ended) return null;
    if (this.#paused) this.#resume();
    return undefined;
  }

  #resume(): void {
    this.#paused = false;
    this.#control.resume();
  }

  #drop(): void {
    this.#chunks.length = 0;
    this.#queued = 0;
  }

  /** A stage has content of its own, which it has yet to give. */
  #settleIfRead(): void {
    if (this.isOver && this.#queued === 0 && this.#stage === null) this.settle();
  }

  /** The exchange is over, though bytes that are at hand may still be read. */
  settle(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const callback = this.#onDone;
    this.#onDone = null;
    this.#control.onDone?.();
    callback?.();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#arrival = null;
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

  /** All of the body, if it was at hand from the start and nothing was read; otherwise null. @internal */
  wholeContent(): Buffer | null {
    return this.#queue.wholeContent();
  }

  /** Whether it was closed before it was read to its end. @internal */
  get isAbandoned(): boolean {
    return this.#queue.isAbandoned;
  }

  /** For the side that pushes, in place of this. @internal */
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
        chunk = await this.#queue.pull(wanted - have);
      } catch (error) {
        if (have === 0 || n === undefined) throw withCallerFrames(error);
        break;
      }
      if (chunk === null) break;
      parts.push(chunk);
      have += chunk.length;
    }
    return parts.length === 0 ? EMPTY : parts.length === 1 ? parts[0] : Buffer.concat(parts, have);
  }

  /** The bytes as they arrive. Leaving the loop early closes the body, also while it waits for bytes. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return new PullIterator(this);
  }

  /** @internal */
  pull(): Buffer | End | Promise<Buffer | End> {
    const chunk = this.#queue.pull();
    return chunk instanceof Promise ? chunk.then(orEnd) : orEnd(chunk);
  }

  /** The rest is not read: the connection goes back to the pool or is closed, whichever is cheaper. */
  close(): void {
    this.#queue.close();
  }

  /** @returns False when the side that pushes should pause until `resume()`. @internal */
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

  /** Calls back once when the exchange is over: the content was read to its end, failed or was closed. @internal */
  whenDone(callback: () => void): void {
    this.#queue.whenDone(callback);
  }
}

function orEnd(chunk: Buffer | null): Buffer | End {
  return chunk ?? END;
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], raw[at + 1]]);
  return found;
}

/** What a body that was not received from the wire can be made from. */
export type RawInit = Uint8Array | string | AsyncIterable<Uint8Array | string> | null | undefined;

/**
 * The body of a response that the caller makes.
 *
 * @throws TypeError for a value that is neither bytes nor text nor a stream of them.
 */
export function rawFrom(source: RawInit, head: RawHead, trailers: readonly string[] = []): RawResponse {
  const bytes = source === null || source === undefined ? EMPTY : asBytes(source);
  if (bytes !== null) {
    const raw = new RawResponse(head, NO_CONTROL);
    if (bytes.byteLength > 0) raw.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    raw.end(trailers);
    raw.queue.settle();
    return raw;
  }
  const body = contentBody(source);
  if (body === null)
    throw new TypeError(`The body of a Response must be bytes, text or a stream of these, not ${kindOf(source)}`);
  const pump = new Pump(body, trailers);
  const raw = new RawResponse(head, pump);
  pump.queue = raw.queue;
  dropped.register(raw, raw.queue);
  return raw;
}

/** Closes the stream of a response that was collected as garbage before it was read to its end. */
const dropped = new FinalizationRegistry<RawQueue>((queue) => queue.close());

const NO_CONTROL: RawControl = { resume: () => undefined, cancel: () => undefined };

/** Carries a stream of the caller's into a queue, no faster than it is read. */
class Pump implements RawControl {
  readonly waits = true;
  queue: RawQueue | null = null;
  readonly #body: Body;
  readonly #trailers: readonly string[];
  #wake: (() => void) | null = null;
  #isRunning = false;
  #isCancelled = false;

  constructor(body: Body, trailers: readonly string[]) {
    this.#body = body;
    this.#trailers = trailers;
  }

  resume(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#carry(this.queue!).catch((error: unknown) => this.queue!.fail(error));
    }
    this.#awake();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#awake();
    // The loop below is left only when the source yields, which may be never.
    void this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#body.close?.();
    } catch {
      // The reader does not want the rest, so nothing is lost.
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async #carry(queue: RawQueue): Promise<void> {
    for await (const { buffer, byteOffset, byteLength } of this.#body.open()) {
      if (!queue.push(Buffer.from(buffer, byteOffset, byteLength)) && !this.#isCancelled)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#isCancelled) return;
    }
    queue.end(this.#trailers);
  }
}
