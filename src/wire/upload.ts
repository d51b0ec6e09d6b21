/** The body of one request on its way into a connection: back-pressure, progress, `Expect: 100-continue`. */
import { InvalidHeader, RequestException } from "../exceptions.js";
import { clearTimeout, setTimeout } from "./clock.js";
import type { WireBody } from "./transport.js";

/** Milliseconds to wait for the response to `Expect: 100-continue` before the body is sent anyway, as in curl. */
const EXPECT_PATIENCE = 1000;
/** The most bytes that are written at once: only when a piece was written is it known whether the peer still reads. */
const PIECE = 64 * 1024;

/** Frames the body and writes it. */
export interface BodyWriter {
  /**
   * Writes bytes `start` to `end` of a piece of the body. The parts of a piece follow each other.
   *
   * @returns false when the upload must wait for `Upload.onDrain()`, unless `isBlocked` is false by then.
   */
  write(piece: Uint8Array, start: number, end: number): boolean;
  /** Whether nothing more can be written now. */
  readonly isBlocked: boolean;
  /** The body is complete. */
  end(): void;
}

/** Receives the progress of an upload. */
export interface UploadOwner {
  onUploadProgress(bytes: number): void;
  /** True while the source of the body is being waited for, false when it has given something. */
  onUploadWaiting(waiting: boolean): void;
  onUploadEnd(): void;
  onUploadError(error: unknown): void;
}

export class Upload {
  readonly #writer: BodyWriter;
  readonly #body: WireBody;
  readonly #owner: UploadOwner;
  readonly #expectContinue: boolean;
  #stopped = false;
  /** Resolves what the upload waits for: a drained socket, or a `100 Continue`. */
  #wake: (() => void) | null = null;
  #patience: NodeJS.Timeout | null = null;
  #waitsForContinue = false;
  #refused = false;
  /** The source was asked for its next piece and has not answered. */
  #pending = false;

  constructor(writer: BodyWriter, body: WireBody, expectContinue: boolean, owner: UploadOwner) {
    this.#writer = writer;
    this.#body = body;
    this.#owner = owner;
    this.#expectContinue = expectContinue;
  }

  /** Sends it all; the owner is told of the end or the error, and of nothing after `stop()`. */
  run(): void {
    void this.#send().then(
      () => {
        if (!this.#stopped && !this.#refused) this.#owner.onUploadEnd();
      },
      (error: unknown) => {
        if (!this.#stopped) this.#owner.onUploadError(error);
      },
    );
  }

  /** Sends nothing more, and closes the source. */
  stop(): void {
    this.#stopped = true;
    this.#awake();
    // A loop is left only when its source yields, which may be never. What can be sent again may be wanted again.
    if (this.#pending && !this.#body.replayable) void this.#closeSource();
  }

  /** `100 Continue` came. */
  proceed(): void {
    if (this.#waitsForContinue) this.#awake();
  }

  /** The final answer came: a body that was still held back stays here. */
  onFinalHead(): void {
    if (!this.#waitsForContinue) return;
    this.#refused = true;
    this.#awake();
  }

  onDrain(): void {
    if (!this.#waitsForContinue) this.#awake();
  }

  async #closeSource(): Promise<void> {
    try {
      await this.#body.close?.();
    } catch {
      // The request has its outcome already.
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  async #send(): Promise<void> {
    if (this.#expectContinue) {
      const permitted = await this.#permitted();
      this.#body.withheld = !permitted;
      if (!permitted) return;
    }
    const { bytes, length } = this.#body;
    if (bytes !== null) await this.#write(bytes, bytes.length);
    else await this.#sendSource(length);
    if (!this.#stopped) this.#writer.end();
  }

  async #permitted(): Promise<boolean> {
    this.#waitsForContinue = true;
    // A server that does not know Expect waits for the body: this silence is not the read timeout's.
    this.#owner.onUploadWaiting(true);
    this.#patience = setTimeout(() => this.#awake(), EXPECT_PATIENCE);
    await this.#pause();
    clearTimeout(this.#patience);
    this.#waitsForContinue = false;
    if (!this.#stopped) this.#owner.onUploadWaiting(false);
    return !this.#stopped && !this.#refused;
  }

  async #sendSource(length: number | null): Promise<void> {
    let sent = 0;
    for await (const piece of this.#source()) {
      // An empty chunk of HTTP/1.1 would end the body.
      if (piece.length === 0) continue;
      if (length !== null && sent + piece.length > length) throw wrongLength(length, `at least ${sent + piece.length}`);
      sent += piece.length;
      await this.#write(piece, sent);
      if (this.#stopped) return;
    }
    if (length !== null && sent !== length && !this.#stopped) throw wrongLength(length, String(sent));
  }

  /** @param sent - Bytes of the body that went out when this piece has. */
  async #write(piece: Uint8Array, sent: number): Promise<void> {
    const before = sent - piece.length;
    for (let at = 0; at < piece.length && !this.#stopped; at += PIECE) {
      const end = Math.min(piece.length, at + PIECE);
      await this.#written(this.#writer.write(piece, at, end), before + end);
    }
  }

  async #written(flowing: boolean, sent: number): Promise<void> {
    if (!flowing && !this.#stopped && this.#writer.isBlocked) await this.#pause();
    if (!this.#stopped) this.#owner.onUploadProgress(sent);
  }

  /** The source's pieces, its failures named, the wait for it announced. Leaving the loop closes the source. */
  async *#source(): AsyncGenerator<Uint8Array, void> {
    const iterator = this.#body.open()[Symbol.asyncIterator]();
    let done = false;
    try {
      for (;;) {
        this.#owner.onUploadWaiting(true);
        let next: IteratorResult<Uint8Array>;
        this.#pending = true;
        try {
          next = await iterator.next();
        } catch (error) {
          done = true;
          throw sourceFailed(error);
        } finally {
          this.#pending = false;
        }
        if (!this.#stopped) this.#owner.onUploadWaiting(false);
        if (next.done === true) {
          done = true;
          return;
        }
        if (this.#stopped) return;
        yield next.value;
      }
    } finally {
      if (!done) await iterator.return?.();
    }
  }
}

function sourceFailed(error: unknown): unknown {
  if (error instanceof RequestException || error instanceof TypeError) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new RequestException(`The body could not be read while it was being sent: ${what}`, {
    cause: error,
    code: "ERR_BODY_SOURCE",
    phase: "send",
  });
}

function wrongLength(declared: number, found: string): InvalidHeader {
  return new InvalidHeader(
    `Content-Length is ${declared} and the body has ${found} bytes: the request was aborted. Set the correct Content-Length, or omit it to send the body in chunks`,
    { phase: "send", code: "ERR_BODY_LENGTH" },
  );
}
