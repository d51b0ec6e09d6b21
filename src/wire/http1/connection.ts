/** An HTTP/1.1 connection: writes requests, feeds the parser, keeps the deadlines, and knows whether it can be used again. */
import type { Socket } from "node:net";

import { connectionClose } from "../../diagnostics/channels.js";
import { RequestException, type Phase } from "../../exceptions.js";
import { currentTime } from "../clock.js";
import type { ConnectTimes, Route } from "../connect/route.js";
import { Deadline } from "../deadline.js";
import type { Dispatch, Stage } from "../dispatch.js";
import { connectionLost, located, readTimedOut, throughProxy } from "../errors.js";
import type { WireLimits } from "../limits.js";
import { SocketPeer } from "../socket-peer.js";
import type { ByteReceiver, SocketReader } from "../socket-reader.js";
import type { Connection, ConnectionOwner, WireBody } from "../transport.js";
import { Upload } from "../upload.js";
import { isForwarding } from "../connect/proxy-hop.js";
import { ChunkedBodyWriter, CountedBodyWriter } from "./body-writer.js";
import type { Http1Head } from "./head.js";
import { framedBody } from "./request-framing.js";
import { headLines, requestHead } from "./request-head.js";
import { incomplete, ResponseParser } from "./response-parser.js";

/** A body of up to this size is written in one buffer with its head. */
const JOINED_BODY = 64 * 1024;
/** The rest of an unwanted response is read and dropped if it is not longer; otherwise the connection is closed. */
const CHEAP_TO_DRAIN = 64 * 1024;
/** Milliseconds that this may take in all: a server that stalls or drips must not hold a place in the pool. */
const DRAIN_PATIENCE = 1000;

/** A connected socket, and how it was connected. */
export interface ConnectedSocket {
  readonly socket: Socket;
  readonly reader: SocketReader;
  readonly times: ConnectTimes;
}

export class Http1Connection implements Connection, Stage, ByteReceiver {
  readonly capacity = 1;
  readonly peer: SocketPeer;
  readonly connectTimes: ConnectTimes;
  owner: ConnectionOwner = NO_OWNER;
  requests = 0;
  keepAliveTimeout: number | null = null;

  readonly #route: Route;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #parser: ResponseParser;
  #dispatch: Dispatch | null = null;
  /** Whether the request at hand asks for the connection to be closed afterwards. */
  #closesAfterwards = false;
  #upload: Upload | null = null;
  #readDeadline: Deadline | null = null;
  #readTimeout = 0;
  #head: Http1Head | null = null;
  #trailers: string[] | null = null;
  #paused = false;
  #draining = false;
  #drained = 0;
  #received = 0;
  #unreferenced = false;
  #closed = false;

  constructor(route: Route, { socket, reader, times }: ConnectedSocket, limits: WireLimits) {
    this.#route = route;
    this.#socket = socket;
    this.#reader = reader;
    this.connectTimes = times;
    this.peer = new SocketPeer(route, socket);
    this.#parser = new ResponseParser(this, limits);
    socket.on("end", this.#onEndOfStream);
    socket.on("error", this.#onSocketError);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    reader.attach(this);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get isWritable(): boolean {
    return !this.#closed && this.#dispatch === null && this.#socket.writable;
  }

  /** The address of the request at hand. */
  get #address(): string {
    return (this.#dispatch?.route ?? this.#route).address;
  }

  start(dispatch: Dispatch, now: number): void {
    const { request, times } = dispatch;
    // Everything that can be refused comes first: the connection is still untouched.
    const lines = request.fields.derive(headLines);
    const head = requestHead(request, lines, this.#route.proxy);
    const body = framedBody(request, lines);
    const socket = this.#socket;
    if (this.#unreferenced) {
      this.#unreferenced = false;
      socket.ref();
    }
    this.#dispatch = dispatch;
    dispatch.stage = this;
    dispatch.connection = this;
    dispatch.isReused = this.requests > 0;
    this.requests += 1;
    this.#closesAfterwards = lines.closes;
    this.#head = null;
    this.#trailers = null;
    this.#received = 0;
    this.#draining = false;
    times.assigned = now;
    this.#parser.start(request.method);
    const { read } = request.limits;
    if (read !== null) this.#watchSilence(read);
    if (body === null) socket.write(head, "latin1");
    else {
      const expectContinue = request.fields.get("expect")?.toLowerCase() === "100-continue";
      if (expectContinue || !this.#writeAtOnce(head, body)) {
        socket.write(head, "latin1");
        const writer = body.length === null ? new ChunkedBodyWriter(socket) : new CountedBodyWriter(socket);
        this.#upload = new Upload(writer, body, expectContinue, this);
        this.#upload.run();
        return;
      }
    }
    times.sent = now;
  }

  /** Writes a short body in memory together with the head. @returns Whether the body is one. */
  #writeAtOnce(head: string, { ascii, bytes }: WireBody): boolean {
    let size: number;
    if (ascii != null && ascii.length <= JOINED_BODY) {
      size = ascii.length;
      this.#socket.write(head + ascii, "latin1");
    } else if (bytes !== null && bytes.length <= JOINED_BODY) {
      size = bytes.length;
      const message = Buffer.allocUnsafe(head.length + size);
      message.latin1Write(head, 0, head.length);
      message.set(bytes, head.length);
      this.#socket.write(message);
    } else return false;
    this.#dispatch!.sink.onSent?.(size);
    return true;
  }

  /** Ends the dispatch in this error, and the connection with it. */
  abort(error: unknown): void {
    this.#fail(error, this.#phase, false);
  }

  /** Goes on reading after `onData` asked for a pause. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#readDeadline?.start();
    this.#socket.resume();
  }

  /** Drops the rest of the response: a short rest is read and dropped, otherwise the connection is closed. */
  discard(): void {
    if (this.#dispatch === null) return;
    const remaining = this.#parser.remaining;
    if (remaining === null || remaining > CHEAP_TO_DRAIN || this.#upload !== null) {
      this.#forget();
      this.close();
      this.owner.onFree(currentTime());
      return;
    }
    this.#draining = true;
    this.#drained = 0;
    this.#readDeadline?.stop();
    this.#watchSilence(DRAIN_PATIENCE);
    this.resume();
  }

  /** Gives the buffer away: see {@link Exchange.takeBuffer}. */
  takeBuffer(buffer: Buffer): boolean {
    return this.#reader.takeBuffer(buffer);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  unref(): void {
    if (this.#unreferenced || this.#dispatch !== null) return;
    this.#unreferenced = true;
    this.#socket.unref();
  }

  // ── the upload's reports ──────────────────────────────────────────────────────────────────────────────────────────

  /** More of the body went out, or the source is being waited for. */
  onUploadProgress(bytes: number): void {
    this.#readDeadline?.touch();
    this.#dispatch?.sink.onSent?.(bytes);
  }

  /** The source of the body is slow; that is not the server's silence. */
  onUploadWaiting(waiting: boolean): void {
    if (waiting) this.#readDeadline?.stop();
    else if (!this.#paused) this.#readDeadline?.start();
  }

  /** The body was written completely. */
  onUploadEnd(): void {
    this.#upload = null;
    if (this.#dispatch !== null) {
      this.#dispatch.times.sent = currentTime();
      this.#dispatch.sink.onSentAll?.();
    }
    if (!this.#paused) this.#readDeadline?.start();
    // The answer was there before the whole request.
    if (this.#trailers !== null) this.#complete(0, currentTime());
  }

  /** The source of the body failed. */
  onUploadError(error: unknown): void {
    this.#upload = null;
    this.#fail(error, "send", false);
  }

  // ── the parser's calls ────────────────────────────────────────────────────────────────────────────────────────────

  /** A 1xx response. */
  onInformational(head: Http1Head): void {
    if (head.statusCode === 100) this.#upload?.proceed();
    this.#dispatch!.sink.onInformational?.(head);
  }

  /** The head of the final response. */
  onHead(head: Http1Head): void {
    const dispatch = this.#dispatch!;
    this.#head = head;
    this.keepAliveTimeout = head.keepAliveTimeout;
    dispatch.times.head = currentTime();
    this.#upload?.onFinalHead();
    dispatch.sink.onHead(head);
  }

  /** Bytes `start` to `end` of the body. */
  onData(buffer: Buffer, start: number, end: number): void {
    this.#received += end - start;
    if (this.#dispatch === null) return;
    if (this.#draining) {
      this.#drained += end - start;
      return;
    }
    if (!this.#dispatch.sink.onData(buffer, start, end) && this.#dispatch !== null && !this.#draining)
      this.#paused = true;
  }

  /** The message is complete. */
  onEnd(trailers: string[]): void {
    this.#trailers = trailers;
  }

  // ── the socket's events ───────────────────────────────────────────────────────────────────────────────────────────

  onBytes(buffer: Buffer, bytes: number): boolean {
    if (this.#dispatch === null) {
      // Unsolicited bytes: the next response could not be told apart from them (response queue poisoning).
      this.close();
      return false;
    }
    if (!this.#draining) this.#readDeadline?.touch();
    const begun = this.#head !== null;
    let consumed: number;
    try {
      consumed = this.#parser.execute(buffer, 0, bytes);
    } catch (error) {
      this.#fail(this.#located(error), this.#head === null ? "wait" : "receive", false);
      return false;
    }
    if (this.#trailers !== null && this.#dispatch !== null) {
      this.#paused = false;
      // Head and end that arrive in one piece have the same time.
      this.#complete(bytes - consumed, begun ? currentTime() : this.#dispatch.times.head);
      return !this.#closed;
    }
    if (this.#paused) {
      this.#readDeadline?.stop();
      return false;
    }
    return !this.#closed;
  }

  readonly #onEndOfStream = (): void => {
    if (this.#dispatch === null) {
      this.close();
      return;
    }
    const isStale = this.requests > 1 && !this.#parser.begun;
    try {
      this.#parser.finish();
    } catch (error) {
      this.#fail(this.#located(error), this.#head === null ? "wait" : "receive", isStale);
      return;
    }
    this.#closed = true;
    if (this.#trailers !== null) this.#complete(0, currentTime());
  };

  readonly #onSocketError = (error: Error): void => {
    this.#closed = true;
    const dispatch = this.#dispatch;
    if (dispatch === null) return;
    const phase = this.#phase;
    const isStale = this.requests > 1 && !this.#parser.begun;
    if (this.#head === null) this.#fail(this.#named(connectionLost(error, this.#address, phase)), phase, isStale);
    else {
      const broken = incomplete(this.#received, "connection reset by the server", error);
      this.#fail(this.#located(broken), "receive", false);
    }
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    if (connectionClose.hasSubscribers)
      connectionClose.publish({ connection: this.peer.diagnosed, requests: this.requests });
    if (this.#dispatch !== null) {
      this.#onSocketError(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
      return;
    }
    this.owner.onClose();
  };

  readonly #onDrain = (): void => {
    this.#readDeadline?.touch();
    this.#upload?.onDrain();
  };

  get #phase(): Phase {
    if (this.#head !== null) return "receive";
    return this.#upload !== null || this.#dispatch?.times.sent === 0 ? "send" : "wait";
  }

  /** The response is complete. `leftover` bytes follow it that belong to no response. */
  #complete(leftover: number, now: number): void {
    const dispatch = this.#dispatch!;
    const trailers = this.#trailers!;
    const upload = this.#upload;
    const reusable =
      leftover === 0 &&
      upload === null &&
      !this.#closed &&
      this.#head!.keepAlive &&
      !this.#closesAfterwards &&
      (this.#head!.statusCode < 400 || dispatch.request.body === null || !this.#isForwarded);
    const draining = this.#draining;
    this.#forget();
    if (!draining) dispatch.times.end = now;
    if (!reusable) this.close();
    this.owner.onFree(now);
    if (!draining) dispatch.sink.onEnd(trailers);
  }

  /**
   * A proxy is handed the requests themselves. squid refuses one before it has read its body, promises to keep the
   * connection, and never reads from it again.
   */
  get #isForwarded(): boolean {
    return isForwarding(this.#route.proxy);
  }

  #located(error: unknown): unknown {
    return error instanceof RequestException ? this.#named(located(error, this.#address)) : error;
  }

  /** Names the proxy that the bytes went through. */
  #named(error: RequestException): RequestException {
    return throughProxy(error, this.#route.proxy);
  }

  #fail(error: unknown, phase: Phase, isStale: boolean): void {
    const dispatch = this.#dispatch;
    if (dispatch === null) return;
    if (error instanceof RequestException) {
      error.address ??= this.#address;
      error.phase ??= phase;
    }
    const draining = this.#draining;
    this.#forget();
    this.close();
    if (draining) this.owner.onFree(currentTime());
    else this.owner.onFailure(dispatch, { error, isStale });
  }

  /** Lets go of the dispatch and everything that was set up for it. */
  #forget(): void {
    const dispatch = this.#dispatch!;
    this.#dispatch = null;
    dispatch.stage = null;
    if (this.#upload !== null) {
      this.#upload.stop();
      this.#upload = null;
    }
    if (this.#readDeadline !== null) {
      this.#readDeadline.stop();
      this.#readDeadline = null;
    }
  }

  #watchSilence(milliseconds: number): void {
    this.#readTimeout = milliseconds;
    this.#readDeadline = new Deadline(milliseconds, this.#onSilence);
    this.#readDeadline.start();
  }

  readonly #onSilence = (): void => {
    const phase = this.#phase;
    const elapsed = this.#readDeadline?.elapsed ?? this.#readTimeout;
    this.#fail(this.#named(readTimedOut(this.#address, this.#readTimeout, elapsed, phase)), phase, false);
  };
}

const NO_OWNER: ConnectionOwner = {
  onFree: () => undefined,
  onFailure: (dispatch, { error }) => dispatch.sink.onError(error),
  onClose: () => undefined,
};
