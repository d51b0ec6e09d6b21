/** One coding of a body that is decoded while it arrives. */
import { setImmediate } from "../clock.js";

import { codingFor, type Engine } from "./codings.js";

/** Gives bytes when it is asked for them. */
export interface ByteSource {
  /** The next bytes, null at the end, or a promise of them if they have not arrived yet. */
  pull(): Buffer | null | Promise<Buffer | null>;
}

/** Undoes one coding. */
export interface DecodingLayer {
  /** Bytes that it has given so far. */
  readonly output: number;
  /**
   * The next decoded bytes, null at the end. What could be decoded before an error is given before it.
   *
   * @throws LayerFault, and what the source throws.
   */
  pull(): Promise<Buffer | null>;
  /** Ends at once and frees the engine; a pull that waits rejects. */
  stop(): void;
}

/** The data is not what the coding promises. */
export class LayerFault extends Error {
  readonly kind: "cut" | "malformed" | "garbage";

  constructor(kind: LayerFault["kind"], cause?: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = kind;
  }
}

/** The fault of the data, from an error of node:zlib. */
export function engineFault(error: NodeJS.ErrnoException): LayerFault {
  const isCut = error.code === "Z_BUF_ERROR" || /unexpected end/i.test(error.message);
  return new LayerFault(isCut ? "cut" : "malformed", error);
}

/** Bytes that an engine of node:zlib yields at once. */
const CHUNK = 64 * 1024;
/** Milliseconds of decoding after which timers and sockets get a turn. */
const TURN = 10;
/** Pieces that are decoded ahead of the reader. */
const MAX_AHEAD = 4;

/** Decodes with an engine of node:zlib, piece by piece. */
export class EngineLayer implements DecodingLayer {
  output = 0;
  readonly #source: ByteSource;
  readonly #coding: string;
  readonly #ready: Buffer[] = [];
  #engine: Engine | null = null;
  #isStarted = false;
  /** The engine has reached the end of its data. */
  #isEnded = false;
  /** The source has reached its end. */
  #isFed = false;
  #failure: { readonly error: unknown } | null = null;
  /** Wakes the reader. */
  #wake: (() => void) | null = null;
  /** Lets the feeder go on: its piece is written, or the engine is at its end. */
  #proceed: (() => void) | null = null;

  constructor(source: ByteSource, coding: string) {
    this.#source = source;
    this.#coding = coding;
  }

  async pull(): Promise<Buffer | null> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      void this.#feed().then(
        () => {
          this.#isFed = true;
          this.#awake();
        },
        (error: unknown) => this.#fail(error),
      );
    }
    for (;;) {
      const chunk = this.#ready.shift();
      if (chunk !== undefined) {
        if (this.#ready.length === 0 && this.#engine!.isPaused()) this.#engine!.resume();
        this.output += chunk.length;
        return chunk;
      }
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#isFed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): void {
    this.#ready.length = 0;
    this.#engine?.destroy();
    this.#fail(new Error("The decoder was stopped"));
  }

  async #feed(): Promise<void> {
    const first = await this.#firstBytes();
    if (first.length === 0 || this.#failure !== null) return;
    const engine = this.#makeEngine(first);
    let fed = 0;
    let turn = performance.now();
    for (let chunk: Buffer | null = first; chunk !== null;) {
      fed += chunk.length;
      const input = chunk;
      await new Promise<void>((resolve) => {
        this.#proceed = resolve;
        engine.write(input, () => resolve());
      });
      if (this.#failure !== null) return;
      // Some runtimes decode on the thread of JavaScript, and not in one of its own as Node does.
      if (performance.now() - turn > TURN) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
      chunk = await this.#source.pull();
      if (this.#failure !== null) return;
      if (this.#isEnded && (engine.bytesWritten < fed || chunk !== null)) throw new LayerFault("garbage");
    }
    if (!this.#isEnded) engine.end();
    await new Promise<void>((resolve) => {
      this.#proceed = resolve;
      if (this.#isEnded || this.#failure !== null) resolve();
    });
    if (this.#failure === null && engine.bytesWritten < fed) throw new LayerFault("garbage");
  }

  /** The two bytes that tell the formats apart, with what came along. */
  async #firstBytes(): Promise<Buffer> {
    let first = await this.#source.pull();
    while (first !== null && first.length < 2) {
      const next = await this.#source.pull();
      if (next === null) return first;
      first = Buffer.concat([first, next]);
    }
    return first ?? Buffer.alloc(0);
  }

  #makeEngine(first: Buffer): Engine {
    const engine = codingFor(this.#coding, first).stream({ chunkSize: CHUNK });
    this.#engine = engine;
    engine.on("data", (chunk: Buffer) => {
      this.#ready.push(chunk);
      if (this.#ready.length >= MAX_AHEAD) engine.pause();
      this.#awake();
    });
    engine.on("end", () => {
      this.#isEnded = true;
      this.#goOn();
    });
    engine.on("error", (error: NodeJS.ErrnoException) => {
      this.#fail(engineFault(error));
    });
    return engine;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#awake();
    this.#goOn();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #goOn(): void {
    const proceed = this.#proceed;
    this.#proceed = null;
    proceed?.();
  }
}
