/** One request on an HTTP/2 connection: its stream, its body on the way out, its read timeout, and its receiver. */
import { RequestException, type Phase } from "../../exceptions.js";
import { currentTime } from "../clock.js";
import { Deadline } from "../deadline.js";
import type { Dispatch, Stage } from "../dispatch.js";
import { readTimedOut } from "../errors.js";
import type { Failure, WireBody } from "../transport.js";
import { Upload, type BodyWriter, type UploadOwner } from "../upload.js";
import { ErrorCode } from "./errors.js";
import type { Http2Head } from "./response-fields.js";
import type { Stream, StreamFailure, StreamReceiver } from "./stream.js";
import type { Streams } from "./streams.js";

/** A body of up to this size is written with its head. */
const JOINED_BODY = 64 * 1024;
/** The rest of an unwanted response is read and dropped if it is not longer; otherwise the stream is reset. */
const CHEAP_TO_DRAIN = 64 * 1024;
/** Milliseconds that this may take in all. */
const DRAIN_PATIENCE = 1000;

/** The connection, as its exchanges see it. */
export interface ExchangeOwner {
  readonly streams: Streams;
  /** Whether the socket accepts no more of the bodies for now. */
  readonly isBlocked: boolean;
  /** Frames were written that must be sent. */
  onWritten(): void;
  /** Writes the payload of the DATA frame whose header was written last. */
  writePayload(bytes: Uint8Array): void;
  takeBuffer(buffer: Buffer): boolean;
  /** Adds the address and the proxy to an error. */
  named(error: RequestException, address: string): RequestException;
  /** The server was silent for so many milliseconds: the connection must show that it is alive. */
  onSilence(milliseconds: number): void;
  /** The server wants HTTP/1.1. @returns Whether the request can be sent again with it. */
  onHttp1Required(): boolean;
  /** The exchange is over: the response is complete, or is not wanted. */
  onFree(now: number): void;
  onFailure(dispatch: Dispatch, failure: Failure): void;
}

/** A part of the body that waits for a window. */
interface Rest {
  readonly piece: Uint8Array;
  readonly at: number;
  readonly end: number;
}

export class Http2Exchange implements Stage, StreamReceiver, UploadOwner, BodyWriter {
  readonly dispatch: Dispatch;
  readonly #owner: ExchangeOwner;
  #stream!: Stream;
  #isOver = false;
  #head: Http2Head | null = null;
  #upload: Upload | null = null;
  /** The length of the body, or null when it is unknown. */
  #bodyLength: number | null = null;
  /** Bytes of the body that were written. */
  #sent = 0;
  #rest: Rest | null = null;
  /** Whether that is a part of a body that is sent without an upload. */
  #isWholeWaiting = false;
  #readDeadline: Deadline | null = null;
  #readTimeout = 0;
  /** Bytes that the receiver has kept since it asked for a pause. */
  #kept = 0;
  #isDraining = false;
  #drained = 0;

  constructor(dispatch: Dispatch, owner: ExchangeOwner) {
    this.dispatch = dispatch;
    this.#owner = owner;
  }

  /** Opens the stream. @param block - The header block of the request. */
  start(block: Uint8Array, body: WireBody | null, now: number): void {
    const { dispatch } = this;
    const { request, times } = dispatch;
    const hasBody = body !== null && body.bytes?.length !== 0;
    const { method } = request;
    this.#stream = this.#owner.streams.open(block, { method, endStream: !hasBody, receiver: this });
    times.assigned = now;
    const { read } = request.limits;
    if (read !== null) this.#watchSilence(read);
    if (hasBody) this.#send(body, request.fields.get("expect")?.toLowerCase() === "100-continue", now);
    else times.sent = now;
    this.#owner.onWritten();
  }

  #send(body: WireBody, expectContinue: boolean, now: number): void {
    this.#bodyLength = body.length;
    const whole = body.bytes ?? (body.ascii != null ? Buffer.from(body.ascii, "latin1") : null);
    if (whole === null || whole.length > JOINED_BODY || expectContinue) {
      this.#upload = new Upload(this, body, expectContinue, this);
      this.#upload.run();
      return;
    }
    this.#bodyLength = whole.length;
    this.write(whole, 0, whole.length);
    this.#isWholeWaiting = this.#rest !== null;
    if (this.#rest === null) this.#onWholeSent(now);
  }

  /** A body that was written with the head has left. */
  #onWholeSent(now: number): void {
    this.dispatch.times.sent = now;
    this.dispatch.sink.onSent?.(this.#sent);
  }

  // ── Stage ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends the exchange in this error. The connection survives. */
  abort(error: unknown): void {
    this.#cancel(ErrorCode.CANCEL);
    this.fail(error, this.phase);
  }

  resume(): void {
    if (this.#kept === 0) return;
    const kept = this.#kept;
    this.#kept = 0;
    this.#readDeadline?.start();
    this.#owner.streams.use(this.#stream, kept);
    this.#owner.onWritten();
  }

  discard(): void {
    if (this.#isOver) return;
    const { contentLength = null } = this.#head ?? {};
    const remaining = contentLength === null ? Infinity : contentLength - this.#stream.received;
    if (remaining > CHEAP_TO_DRAIN || !this.#stream.isSent) {
      this.#leave();
      return;
    }
    this.#isDraining = true;
    this.#readDeadline?.stop();
    this.#readDeadline = new Deadline(DRAIN_PATIENCE, () => this.#leave());
    this.#readDeadline.start();
    this.resume();
  }

  takeBuffer(buffer: Buffer): boolean {
    return this.#owner.takeBuffer(buffer);
  }

  /** The response is not wanted: its stream is reset. */
  #leave(): void {
    this.#cancel(ErrorCode.CANCEL);
    this.#finish();
    this.#owner.onFree(currentTime());
  }

  #cancel(errorCode: number): void {
    this.#owner.streams.reset(this.#stream, errorCode);
    this.#owner.onWritten();
  }

  // ── StreamReceiver ────────────────────────────────────────────────────────────────────────────────────────────────

  onInformational(head: Http2Head): void {
    this.#touch();
    if (head.statusCode === 100) this.#upload?.proceed();
    this.dispatch.sink.onInformational?.(head);
  }

  onHead(head: Http2Head): void {
    this.#touch();
    this.#head = head;
    this.dispatch.times.head = currentTime();
    this.#upload?.onFinalHead();
    this.dispatch.sink.onHead(head);
  }

  onData(buffer: Buffer, start: number, end: number): boolean {
    if (this.#isDraining) {
      this.#drained += end - start;
      if (this.#drained > CHEAP_TO_DRAIN) this.#leave();
      return true;
    }
    this.#touch();
    if (this.dispatch.sink.onData(buffer, start, end) || this.#isOver || this.#isDraining) return true;
    // The silence is the receiver's.
    if (this.#kept === 0) this.#readDeadline?.stop();
    this.#kept += end - start;
    return false;
  }

  onEnd(trailers: string[]): void {
    const { dispatch } = this;
    // The response is complete, and so is the request for the server: the rest of its body is not sent.
    if (!this.#stream.isSent) this.#cancel(ErrorCode.CANCEL);
    const isDropped = this.#isDraining;
    const now = currentTime();
    this.#finish();
    if (!isDropped) dispatch.times.end = now;
    this.#owner.onFree(now);
    if (!isDropped) dispatch.sink.onEnd(trailers);
  }

  onFailure({ error, errorCode, isUnprocessed: isRefused }: StreamFailure): void {
    const { phase } = this;
    const isUnprocessed = (errorCode === ErrorCode.HTTP_1_1_REQUIRED && this.#owner.onHttp1Required()) || isRefused;
    this.fail(this.#named(error), phase, { isStale: false, isUnprocessed });
  }

  onWritable(): void {
    this.#writeRest();
    if (this.#isWholeWaiting && this.#rest === null && !this.#isOver) {
      this.#isWholeWaiting = false;
      this.#onWholeSent(currentTime());
    }
    this.onDrain();
  }

  // ── BodyWriter ────────────────────────────────────────────────────────────────────────────────────────────────────

  write(piece: Uint8Array, start: number, end: number): boolean {
    this.#rest = { piece, at: start, end };
    this.#writeRest();
    return !this.isBlocked;
  }

  get isBlocked(): boolean {
    return this.#rest !== null || this.#owner.isBlocked;
  }

  end(): void {
    if (this.#stream.isSent) return;
    this.#owner.streams.sendData(this.#stream, 0, true);
    this.#owner.onWritten();
  }

  /** Writes as much of the piece at hand as the windows allow. */
  #writeRest(): void {
    const rest = this.#rest;
    if (rest === null || this.#isOver) return;
    const { piece, end } = rest;
    let { at } = rest;
    while (at < end) {
      const isLast = this.#bodyLength !== null && this.#sent + (end - at) === this.#bodyLength;
      const length = this.#owner.streams.sendData(this.#stream, end - at, isLast);
      if (length === -1) break;
      this.#owner.writePayload(piece.subarray(at, at + length));
      at += length;
      this.#sent += length;
      this.#touch();
    }
    this.#rest = at < end ? { piece, at, end } : null;
    this.#owner.onWritten();
  }

  /** The socket has sent what it was given, or a window was enlarged. */
  onDrain(): void {
    if (!this.isBlocked) this.#upload?.onDrain();
  }

  // ── UploadOwner ───────────────────────────────────────────────────────────────────────────────────────────────────

  onUploadProgress(bytes: number): void {
    this.#touch();
    this.dispatch.sink.onSent?.(bytes);
  }

  /** The source of the body is slow; that is not the server's silence. */
  onUploadWaiting(waiting: boolean): void {
    if (waiting) this.#readDeadline?.stop();
    else if (this.#kept === 0) this.#readDeadline?.start();
  }

  onUploadEnd(): void {
    this.#upload = null;
    this.dispatch.times.sent = currentTime();
    this.dispatch.sink.onSentAll?.();
    if (this.#kept === 0) this.#readDeadline?.start();
  }

  onUploadError(error: unknown): void {
    this.#upload = null;
    this.#cancel(ErrorCode.CANCEL);
    this.fail(error, "send");
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get phase(): Phase {
    if (this.#head !== null) return "receive";
    return this.dispatch.times.sent === 0 ? "send" : "wait";
  }

  /** Whether the server has answered the request in any way. */
  get isAnswered(): boolean {
    return this.#head !== null || this.#stream.informational > 0;
  }

  /** Bytes of the response's body so far. */
  get received(): number {
    return this.#stream.received;
  }

  /** Reports the error, once. The stream is closed already. */
  fail(error: unknown, phase: Phase, kind: Omit<Failure, "error"> = { isStale: false }): void {
    if (this.#isOver) return;
    if (error instanceof RequestException) {
      error.address ??= this.dispatch.route.address;
      error.phase ??= phase;
    }
    const isDropped = this.#isDraining;
    this.#finish();
    if (isDropped) this.#owner.onFree(currentTime());
    else this.#owner.onFailure(this.dispatch, { error, ...kind });
  }

  #finish(): void {
    this.#isOver = true;
    this.#rest = null;
    this.dispatch.stage = null;
    this.#upload?.stop();
    this.#upload = null;
    this.#readDeadline?.stop();
    this.#readDeadline = null;
  }

  #named(error: RequestException): RequestException {
    return this.#owner.named(error, this.dispatch.route.address);
  }

  #touch(): void {
    this.#readDeadline?.touch();
  }

  #watchSilence(milliseconds: number): void {
    this.#readTimeout = milliseconds;
    this.#readDeadline = new Deadline(milliseconds, this.#onSilence);
    this.#readDeadline.start();
  }

  readonly #onSilence = (): void => {
    const { phase } = this;
    const { address } = this.dispatch.route;
    const elapsed = this.#readDeadline?.elapsed ?? this.#readTimeout;
    const error = readTimedOut(address, this.#readTimeout, elapsed, phase);
    this.#owner.onSilence(this.#readTimeout);
    this.#cancel(ErrorCode.CANCEL);
    this.fail(this.#owner.named(error, address), phase);
  };
}
