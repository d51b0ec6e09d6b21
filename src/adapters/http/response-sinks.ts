/** Receives a response whole, or as a stream. */
import { queueOf } from "../../message/raw-response.js";
import { requestError } from "../../diagnostics/channels.js";
import { ReadTimeout } from "../../exceptions.js";
import { insideRequest, type PreparedRequest } from "../../message/prepared.js";
import { RawResponse } from "../../message/raw-response.js";
import { type ByteSource, type RawControl, type RawQueue } from "../../message/raw-queue.js";
import { Deadline } from "../../wire/deadline.js";
import {
  compressedBound,
  decodeAll,
  Decoder,
  tooLarge,
  type Decoding,
  type Patience,
} from "../../wire/decode/decode.js";
import type { ResponseHead } from "../../wire/transport.js";
import type { Cancellation } from "../cancellation.js";
import { publishError } from "./publish.js";
import { ResponseReceiver } from "./response-receiver.js";

/** A body of a declared length up to this gets its memory at once. A longer one grows as it arrives: the length may be a lie. */
const TRUSTED_LENGTH = 4 * 1024 * 1024;
/** Bytes that are kept of the body of a response that another request follows, for `history` and callbacks. */
const MOST_OF_PASSING = 64 * 1024;
/** Milliseconds that such a body may take. */
const PASSING_PATIENCE = 1000;
const EMPTY = Buffer.alloc(0);
const NO_TRAILERS: string[] = [];

/** Collects the body; the response is there when all of it is. */
export class WholeResponse extends ResponseReceiver {
  #chunks: Buffer[] | null = null;
  #whole: Buffer | null = null;
  #size = 0;
  #decoding: Decoding | null = null;
  #patience: Deadline | null = null;
  /** Receives the response in its place, if the caller asked for a stream after the request was sent. */
  #streamed: StreamedResponse | null = null;

  override onHead(head: ResponseHead): void {
    if (this.settings.stream) {
      this.#streamed = this.successor(StreamedResponse);
      this.#streamed.onHead(head);
    } else super.onHead(head);
  }

  override onData(buffer: Buffer, start: number, end: number): boolean {
    return this.#streamed === null ? super.onData(buffer, start, end) : this.#streamed.onData(buffer, start, end);
  }

  override onEnd(trailers: string[]): void {
    if (this.#streamed === null) super.onEnd(trailers);
    else this.#streamed.onEnd(trailers);
  }

  override onError(error: unknown): void {
    if (this.#streamed === null) super.onError(error);
    else this.#streamed.onError(error);
  }

  override onGoodHead(head: ResponseHead): void {
    const length = head.contentLength;
    if (this.isPassing && head.hasBody && length !== 0) {
      // Without a length and chunks only closing ends it, which may be never.
      if (length === null ? !head.isDelimited : length > MOST_OF_PASSING) {
        this.#leave();
        return;
      }
      this.#patience = new Deadline(PASSING_PATIENCE, () => this.#leave());
      this.#patience.start();
    }
    if (length !== null && length > 0 && length <= TRUSTED_LENGTH && head.hasBody)
      this.#whole = Buffer.allocUnsafe(length);
  }

  override onBytes(buffer: Buffer, start: number, end: number): boolean {
    if (this.#whole !== null) buffer.copy(this.#whole, this.#size, start, end);
    else {
      this.#chunks ??= [];
      this.#chunks.push(Buffer.from(buffer.subarray(start, end)));
    }
    this.#size += end - start;
    if (this.isPassing) {
      if (this.#size > MOST_OF_PASSING) this.#leave();
      return true;
    }
    const { maxOutput } = this.limits;
    if (maxOutput > 0 && this.#size > (this.codings.length === 0 ? maxOutput : compressedBound(maxOutput)))
      this.stop(tooLarge(maxOutput));
    return true;
  }

  override onComplete(trailers: string[]): void {
    const bytes = this.#whole ?? joined(this.#chunks);
    if (this.isPassing) this.#patience?.stop();
    else if (this.codings.length === 0) {
      this.#finish(bytes, trailers);
      return;
    }
    let decoded: Buffer | Decoding;
    try {
      // The codings were not looked at before.
      const codings = this.isPassing ? this.codingsFor(this.head!) : this.codings;
      decoded = decodeAll(bytes, codings, this.limits);
    } catch (error) {
      this.#notDecoded(error, trailers);
      return;
    }
    if (Buffer.isBuffer(decoded)) {
      this.#finish(decoded, trailers);
      return;
    }
    this.#decoding = decoded;
    decoded.content.then(
      (content) => this.#finish(content, trailers),
      (error: unknown) => this.#notDecoded(error, trailers),
    );
  }

  override onFailed(error: unknown): void {
    this.#patience?.stop();
    this.settle();
    this.reject(error);
  }

  override onBrokenPassing(_error: unknown): void {
    this.#patience?.stop();
    this.tellEnd(false);
    this.settle();
    this.resolve(this.makeResponse(EMPTY, null, NO_TRAILERS));
  }

  override stop(error: unknown): void {
    if (this.#streamed !== null) this.#streamed.stop(error);
    else if (this.#decoding === null) super.stop(error);
    else {
      this.exchange.abort(error);
      this.located(error);
      this.#decoding.stop(error);
    }
  }

  /** The content is decoded already. */
  override get decodes(): boolean {
    return false;
  }

  /** A body that took the place of the one that came: it is content. */
  override decode(raw: RawResponse): ByteSource {
    return queueOf(raw);
  }

  /** Does not wait for the rest of a body that decides nothing. */
  #leave(): void {
    if (this.isOver) return;
    this.over();
    this.exchange.discard();
    this.onBrokenPassing(null);
  }

  #notDecoded(error: unknown, trailers: string[]): void {
    if (this.isPassing && this.exchange.stopped === null) {
      this.#finish(EMPTY, trailers);
      return;
    }
    if (requestError.hasSubscribers) publishError(this.diagnosed, error);
    this.settle();
    this.reject(error);
  }

  #finish(content: Buffer, trailers: string[]): void {
    this.tellEnd(true);
    this.settle();
    this.resolve(this.makeResponse(content, null, trailers));
  }
}

function joined(chunks: Buffer[] | null): Buffer {
  if (chunks === null) return EMPTY;
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

/**
 * Hands the response over with its head; the body follows through `raw`, which is not held here. The call can be stopped
 * until the content was read, however early the last byte arrived.
 */
export class StreamedResponse extends ResponseReceiver implements RawControl {
  #queue: RawQueue | null = null;
  #waiting: WaitingForContent | null = null;

  override onGoodHead(head: ResponseHead): void {
    const raw = new RawResponse(head, this);
    this.#queue = queueOf(raw);
    dropped.register(raw, this, this);
    this.resolve(this.makeResponse(null, raw, NO_TRAILERS));
  }

  override onBytes(buffer: Buffer, start: number, end: number): boolean {
    const bytes = buffer.subarray(start, end);
    // A large body goes on in the buffer that it was read into; a small piece must not keep a large buffer alive.
    const kept = end - start >= buffer.length / 2 && this.exchange.takeBuffer(buffer);
    return this.#queue!.push(kept ? bytes : Buffer.from(bytes));
  }

  override onComplete(trailers: string[]): void {
    this.tellEnd(true);
    this.#queue!.end(trailers);
  }

  override onFailed(error: unknown): void {
    if (this.#queue !== null) this.#queue.fail(error);
    else {
      this.settle();
      this.reject(error);
    }
  }

  /** Only a hook may read it, and is told. */
  override onBrokenPassing(error: unknown): void {
    this.tellEnd(false);
    this.#queue!.fail(error);
  }

  /** From now on the total time counts only while the reader waits for the decoder. */
  override over(): void {
    super.over();
    if (this.#waiting?.isRunning !== true) this.settings.cancellation?.pause();
  }

  /** The time of what follows in the same call, such as the next hop of a redirect, counts again. */
  override settle(): void {
    this.settings.cancellation?.resume();
    super.settle();
  }

  override stop(error: unknown): void {
    if (this.isOver) this.located(error);
    else super.stop(error);
    this.#queue?.stop(error);
  }

  /** The response was collected as garbage before its body was read or closed. */
  onDropped(): void {
    if (!this.isOver) warnOfDropped(this.request);
    this.#queue!.close();
  }

  override get decodes(): boolean {
    return this.isPassing || this.codings.length > 0;
  }

  override decode(raw: RawResponse): ByteSource {
    const codings = this.isPassing ? this.codingsFor(this.head!) : this.codings;
    if (codings.length === 0 && this.limits.maxOutput === 0) return queueOf(raw);
    this.#waiting = this.#waitingFor(this.exchange.request.limits.read);
    const decoder = new Decoder(queueOf(raw), codings, this.limits, this.#waiting);
    queueOf(raw).decodeBy(decoder);
    return decoder;
  }

  #waitingFor(readTimeout: number | null): WaitingForContent | null {
    const { cancellation } = this.settings;
    if (readTimeout === null && cancellation === undefined) return null;
    const read =
      readTimeout === null
        ? null
        : new Deadline(readTimeout, () => this.stop(this.#decodingTimedOut(readTimeout, read!.elapsed)));
    return new WaitingForContent(this, read, cancellation);
  }

  #decodingTimedOut(readTimeout: number, elapsed: number): ReadTimeout {
    const { remoteAddress } = this.exchange.connection!.peer;
    return new ReadTimeout(
      `Read timed out. (read timeout=${readTimeout / 1000}) ${remoteAddress}: decoding the body gave no content for ${(elapsed / 1000).toFixed(3)} s`,
      { address: remoteAddress, phase: "receive", elapsed: elapsed / 1000 },
    );
  }

  // ── the reader's wishes ───────────────────────────────────────────────────────────────────────────────────────────

  resume(): void {
    if (!this.isOver) this.exchange.resume();
  }

  cancel(): void {
    if (this.isOver) return;
    this.over();
    this.tellEnd(false);
    this.exchange.discard();
  }

  onDone(): void {
    dropped.unregister(this);
    this.settle();
  }
}

/** The clocks that run while a reader waits for a decoder: the read timeout, and the total one. */
class WaitingForContent implements Patience {
  isRunning = false;
  readonly #receiver: ResponseReceiver;
  readonly #read: Deadline | null;
  readonly #total: Cancellation | undefined;

  constructor(receiver: ResponseReceiver, read: Deadline | null, total: Cancellation | undefined) {
    this.#receiver = receiver;
    this.#read = read;
    this.#total = total;
  }

  start(): void {
    this.isRunning = true;
    this.#read?.start();
    this.#total?.resume();
  }

  touch(): void {
    this.#read?.touch();
  }

  stop(): void {
    this.isRunning = false;
    this.#read?.stop();
    if (this.#receiver.isOver) this.#total?.pause();
  }
}

/** Streams whose reader was collected as garbage give their connections back. */
const dropped = new FinalizationRegistry<StreamedResponse>((sink) => sink.onDropped());
let hasWarned = false;

function warnOfDropped(request: PreparedRequest): void {
  if (hasWarned) return;
  hasWarned = true;
  const { method } = request;
  const target = insideRequest.target(request);
  // Without the query, which may carry keys: warnings end up in logs.
  const shown = `${method} ${target.origin}${target.path.split("?", 1)[0]}`;
  process.emitWarning(
    `A response of stream: true was dropped with its body unread (${shown}), and kept its connection until the garbage collector found it. Read it to its end, call response.close(), or declare it with "await using". There is no further warning.`,
    { code: "REQUESTS_UNREAD_RESPONSE" },
  );
}
