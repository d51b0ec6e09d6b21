/** The undecoded body of a response while it arrives, between a socket that pushes and a reader that pulls. */

/** Lets a reader control the side that pushes. */
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

/**
 * The bytes that have arrived and were not read yet. The side that pushes holds this and never the RawResponse, so that
 * a response which can no longer be read is garbage although its connection is alive. While a reader waits, the queue
 * holds the reader.
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
