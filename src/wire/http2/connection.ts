/** An HTTP/2 connection over a socket: many exchanges at once, one write for the frames of a turn, and an orderly end. */
import type { Socket } from "node:net";

import { connectionClose } from "../../diagnostics/channels.js";
import { ConnectionError, type Phase, type RequestException } from "../../exceptions.js";
import { clearTimeout, currentTime, setTimeout } from "../clock.js";
import type { ConnectTimes, Route } from "../connect/route.js";
import { Deadline } from "../deadline.js";
import type { Dispatch } from "../dispatch.js";
import { connectionLost, located, throughProxy } from "../errors.js";
import { framedBody } from "../http1/request-framing.js";
import { incomplete } from "../http1/response-parser.js";
import { SocketPeer } from "../socket-peer.js";
import type { ByteReceiver, SocketReader } from "../socket-reader.js";
import type { Connection, ConnectionOwner, Failure } from "../transport.js";
import { ErrorCode, Http2Error } from "./errors.js";
import { Http2Exchange, type ExchangeOwner } from "./exchange.js";
import { FrameReader } from "./frame-reader.js";
import { FrameWriter } from "./frame-writer.js";
import type { Http2Limits } from "./limits.js";
import { requestLines } from "./request-fields.js";
import { Streams, type StreamsOwner } from "./streams.js";

/** A payload of up to this size is copied after its frame header, which costs less than a write of its own. */
const COPIED_PAYLOAD = 4 * 1024;
/** Milliseconds for the last frames to leave before the socket is destroyed. */
const CLOSE_PATIENCE = 1000;

/** A connected socket, and how it was connected. */
export interface Http2Socket {
  readonly socket: Socket;
  readonly reader: SocketReader;
  readonly times: ConnectTimes;
  /** The server wants HTTP/1.1 for this route, or null when that is an error. */
  readonly onHttp1Required: (() => void) | null;
}

export class Http2Connection implements Connection, ByteReceiver, StreamsOwner, ExchangeOwner {
  readonly peer: SocketPeer;
  readonly connectTimes: ConnectTimes;
  readonly keepAliveTimeout = null;
  readonly streams: Streams;
  owner: ConnectionOwner = NO_OWNER;
  requests = 0;

  readonly #route: Route;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #onHttp1Required: (() => void) | null;
  readonly #writer = new FrameWriter();
  readonly #frames: FrameReader;
  #isFlushing = false;
  #isReading = false;
  #unreferenced = false;
  /** It takes no further request, and is closed when those under way are done. */
  #isDraining = false;
  #isClosed = false;
  /** The number of the PING that must be answered before the next request, or null. */
  #ping: number | null = null;
  #pingDeadline: Deadline | null = null;

  constructor(route: Route, { socket, reader, times, onHttp1Required }: Http2Socket, limits: Http2Limits) {
    this.#route = route;
    this.#socket = socket;
    this.#reader = reader;
    this.#onHttp1Required = onHttp1Required;
    this.connectTimes = times;
    this.peer = new SocketPeer(route, socket);
    this.streams = new Streams(this, this.#writer, limits);
    this.#frames = new FrameReader(this.streams, limits);
    socket.on("end", this.#onEndOfStream);
    socket.on("error", this.#onSocketError);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    this.streams.start();
    this.#flush();
    reader.attach(this);
  }

  get capacity(): number {
    return this.#ping === null ? this.streams.capacity : 0;
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#isDraining || this.streams.isFinal;
  }

  get isWritable(): boolean {
    return !this.isClosed && this.#ping === null && this.#socket.writable && this.#hasRoom;
  }

  get #hasRoom(): boolean {
    this.streams.budget.now = currentTime();
    return this.streams.hasRoom;
  }

  start(dispatch: Dispatch, now: number): void {
    const { request } = dispatch;
    // Everything that can be refused comes first: the connection is still untouched.
    const lines = request.fields.derive(requestLines);
    const body = framedBody(request, lines);
    const block = this.streams.requests.encode(request, lines, this.#route.proxy !== null);
    if (this.#unreferenced) {
      this.#unreferenced = false;
      this.#socket.ref();
    }
    const exchange = new Http2Exchange(dispatch, this);
    dispatch.stage = exchange;
    dispatch.connection = this;
    dispatch.isReused = this.requests > 0;
    this.requests += 1;
    if (lines.closes) this.#isDraining = true;
    this.streams.budget.now = now;
    exchange.start(block, body, now);
    // A request that is alone need not wait for others.
    if (this.streams.count === 1) this.#flush();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#end(ErrorCode.NO_ERROR);
  }

  unref(): void {
    if (this.#unreferenced || this.streams.count > 0) return;
    this.#unreferenced = true;
    this.#socket.unref();
  }

  // ── ExchangeOwner ─────────────────────────────────────────────────────────────────────────────────────────────────

  get isBlocked(): boolean {
    return !this.#socket.destroyed && this.#socket.writableNeedDrain;
  }

  onWritten(): void {
    // The answers to frames leave together, when all bytes at hand were read.
    if (this.#isFlushing || this.#isReading) return;
    this.#isFlushing = true;
    process.nextTick(this.#flush);
  }

  writePayload(bytes: Uint8Array): void {
    if (bytes.length <= COPIED_PAYLOAD) {
      this.#writer.copy(bytes, 0, bytes.length);
      return;
    }
    const socket = this.#socket;
    socket.cork();
    socket.write(this.#writer.take());
    socket.write(bytes);
    socket.uncork();
  }

  takeBuffer(buffer: Buffer): boolean {
    // The buffer holds frames of all streams.
    return this.streams.count === 1 && this.#reader.takeBuffer(buffer);
  }

  named(error: RequestException, address: string): RequestException {
    return throughProxy(located(error, address), this.#route.proxy);
  }

  onSilence(milliseconds: number): void {
    if (this.#ping !== null || this.isClosed) return;
    this.#ping = this.streams.ping();
    this.#pingDeadline = new Deadline(milliseconds, this.#onNoPong);
    this.#pingDeadline.start();
    this.owner.onCapacity?.();
  }

  onHttp1Required(): boolean {
    if (this.#onHttp1Required === null) return false;
    this.#onHttp1Required();
    this.#isDraining = true;
    return true;
  }

  onFree(now: number): void {
    this.owner.onFree(now);
    this.#closeWhenDone();
  }

  onFailure(dispatch: Dispatch, failure: Failure): void {
    this.owner.onFailure(dispatch, failure);
    this.#closeWhenDone();
  }

  // ── StreamsOwner ──────────────────────────────────────────────────────────────────────────────────────────────────

  onSettings(): void {
    this.owner.onCapacity?.();
  }

  onGoaway(): void {
    this.#closeWhenDone();
  }

  onPong(number: number): void {
    if (number !== this.#ping) return;
    this.#ping = null;
    this.#pingDeadline!.stop();
    this.#pingDeadline = null;
    this.owner.onCapacity?.();
  }

  /** The server is silent altogether: streams under way have read timeouts of their own. */
  readonly #onNoPong = (): void => {
    this.#isDraining = true;
    this.#closeWhenDone();
  };

  // ── the socket's events ───────────────────────────────────────────────────────────────────────────────────────────

  onBytes(buffer: Buffer, length: number): boolean {
    this.streams.budget.now = currentTime();
    this.#isReading = true;
    try {
      this.#frames.execute(buffer, 0, length);
    } catch (error) {
      this.#isReading = false;
      this.#failAll(error, error instanceof Http2Error ? error.errorCode : ErrorCode.INTERNAL_ERROR);
      return false;
    }
    this.#isReading = false;
    this.#flush();
    return !this.#isClosed;
  }

  readonly #onEndOfStream = (): void => {
    this.#onLost(Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" }));
  };

  readonly #onSocketError = (error: Error): void => {
    this.#onLost(error);
  };

  readonly #onClose = (): void => {
    const wasClosed = this.#isClosed;
    if (connectionClose.hasSubscribers)
      connectionClose.publish({ connection: this.peer.diagnosed, requests: this.requests });
    this.#onLost(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
    if (wasClosed) this.owner.onClose();
  };

  readonly #onDrain = (): void => {
    this.streams.budget.noteFlushed();
    for (const { receiver } of this.streams.all()) (receiver as Http2Exchange).onDrain();
  };

  readonly #flush = (): void => {
    this.#isFlushing = false;
    if (this.#writer.pending === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    if (this.#socket.write(this.#writer.take())) this.streams.budget.noteFlushed();
  };

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #closeWhenDone(): void {
    if (this.#isClosed || !this.isClosed || this.streams.count > 0) return;
    this.close();
    this.owner.onClose();
  }

  /** Sends GOAWAY and ends the socket. */
  #end(errorCode: number): void {
    this.#isClosed = true;
    this.#frames.stop();
    this.#pingDeadline?.stop();
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) {
      socket.destroy();
      return;
    }
    this.streams.close(errorCode);
    const patience = setTimeout(() => socket.destroy(), CLOSE_PATIENCE);
    patience.unref();
    socket.end(this.#writer.take(), () => {
      clearTimeout(patience);
      socket.destroy();
    });
  }

  /** The server broke a rule of the protocol: no further byte of it can be understood. */
  #failAll(error: unknown, errorCode: number): void {
    const exchanges = this.#exchanges();
    this.#end(errorCode);
    const message = error instanceof Error ? error.message : String(error);
    for (const exchange of exchanges) {
      const { phase } = exchange;
      const failure =
        phase === "receive"
          ? incomplete(exchange.received, message, error)
          : new ConnectionError(message, { code: "ERR_BAD_RESPONSE", cause: error, phase });
      exchange.fail(this.named(failure, exchange.dispatch.route.address), phase);
    }
    if (exchanges.length === 0) this.owner.onClose();
  }

  /** The connection is gone. */
  #onLost(error: Error): void {
    const exchanges = this.#exchanges();
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    this.#frames.stop();
    this.#pingDeadline?.stop();
    this.#socket.destroy();
    for (const exchange of exchanges) {
      const { phase, dispatch } = exchange;
      // A connection that dies before the first byte of a response most likely never carried the request.
      const isStale = dispatch.isReused && !exchange.isAnswered;
      exchange.fail(this.#lost(error, exchange, phase), phase, { isStale });
    }
    if (exchanges.length === 0 && !wasClosed) this.owner.onClose();
  }

  #lost(error: Error, exchange: Http2Exchange, phase: Phase): RequestException {
    const { address } = exchange.dispatch.route;
    if (phase === "receive")
      return this.named(incomplete(exchange.received, "connection closed by the server", error), address);
    return throughProxy(connectionLost(error, address, phase), this.#route.proxy);
  }

  /** Takes the exchanges off their streams. */
  #exchanges(): Http2Exchange[] {
    const exchanges: Http2Exchange[] = [];
    for (const stream of this.streams.all()) {
      exchanges.push(stream.receiver as Http2Exchange);
      this.streams.reset(stream, ErrorCode.CANCEL);
    }
    this.#writer.take();
    return exchanges;
  }
}

const NO_OWNER: ConnectionOwner = {
  onFree: () => undefined,
  onFailure: (dispatch, { error }) => dispatch.sink.onError(error),
  onClose: () => undefined,
};
