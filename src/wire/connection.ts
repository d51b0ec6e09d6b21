/** One socket: writes a request, feeds the parser, keeps the deadlines, and knows whether it can be used again. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import { connectionClose, diagnosedConnection } from "../diagnostics/channels.js";
import type { DiagnosedConnection } from "../diagnostics/messages.js";
import { RequestException, type Phase } from "../exceptions.js";
import { currentTime } from "./clock.js";
import type { ConnectTimes, Route } from "./connect.js";
import { Deadline } from "./deadline.js";
import type { Dispatch, Failure } from "./dispatch.js";
import { connectionLost, located, readTimedOut, throughProxy } from "./errors.js";
import type { ResponseHead } from "./http1/head.js";
import { incomplete, ResponseParser } from "./http1/response-parser.js";
import type { WireLimits } from "./limits.js";
import type { Reservation } from "./reservation.js";
import { peerCertificateOf } from "./tls.js";
import { isForwarding } from "./tunnel.js";
import { Upload } from "./upload.js";

/**
 * What a socket reads into. All of them share it: libuv fills it and calls back in one go, and what outlives the call is
 * copied out, so that a connection which waits for its answer costs no buffer.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** What one socket reads into while the reader of a large body takes the buffers themselves. */
const OWN_BUFFER = 256 * 1024;
/** A body up to this size goes out in one buffer with its head. */
const JOINED_BODY = 64 * 1024;
/** What is read and thrown away rather than closing a connection whose response nobody wants. */
const CHEAP_TO_DRAIN = 64 * 1024;
/** Milliseconds that this may take in all: a server that stalls or drips must not hold a place in the pool. */
const DRAIN_PATIENCE = 1000;

/** What was agreed on in the TLS handshake. */
export interface TlsDetails {
  readonly protocol: string | null;
  readonly cipher: string;
  readonly peerCertificate: object;
}

/** What the pool wants to know of its connections. */
export interface ConnectionOwner {
  /** The response is complete; `reusable` says whether another request may follow. */
  onFree(connection: Connection, reusable: boolean, now: number): void;
  /** The dispatch failed; the connection is closed. */
  onFailure(connection: Connection, dispatch: Dispatch, failure: Failure): void;
  /** The socket is gone while nothing was under way. */
  onIdleClose(connection: Connection): void;
}

export class Connection {
  readonly route: Route;
  readonly owner: ConnectionOwner;
  /** `currentTime()` of clock.ts after which it may not be used again. */
  idleUntil = Infinity;
  /** `currentTime()` of clock.ts at which the last response was complete. */
  freeSince = 0;
  /** Held for a request that waits for a look at the socket. */
  reservation: Reservation | null = null;
  /** Requests that it has carried, this one included. */
  requests = 0;
  /** Seconds that the server keeps it open when idle. */
  keepAliveTimeout: number | null = null;
  connecting: ConnectTimes | null = null;

  readonly #parser: ResponseParser;
  #socket: Socket | null = null;
  #dispatch: Dispatch | null = null;
  #upload: Upload | null = null;
  #readDeadline: Deadline | null = null;
  #readTimeout = 0;
  #head: ResponseHead | null = null;
  #trailers: string[] | null = null;
  #paused = false;
  #draining = false;
  #drained = 0;
  #received = 0;
  #buffer: Buffer | null = null;
  #bufferGiven = false;
  #unreferenced = false;
  #closed = false;
  #peer: string | null = null;
  #tls: TlsDetails | null = null;
  #diagnosed: DiagnosedConnection | null = null;

  constructor(route: Route, owner: ConnectionOwner, limits: WireLimits) {
    this.route = route;
    this.owner = owner;
    this.#parser = new ResponseParser(this, limits);
  }

  /** How a socket of this connection is to hand over what it reads. */
  get onread(): { buffer: () => Buffer; callback: (bytes: number) => boolean } {
    return { buffer: this.#nextBuffer, callback: this.#onRead };
  }

  /**
   * For a sink that would keep what it is given in `onData`, in place of a copy: a large body is not copied but once.
   *
   * @returns Whether the buffer is the sink's from now on; if not, the next one may be.
   */
  takeBuffer(buffer: Buffer): boolean {
    this.#bufferGiven = true;
    return buffer === this.#buffer && buffer !== READ_BUFFER;
  }

  /** Takes over the connected socket. */
  attach(socket: Socket, times: ConnectTimes, byEvents: boolean): void {
    this.#socket = socket;
    this.connecting = times;
    if (byEvents) {
      socket.on("data", (chunk: Buffer) => {
        if (!this.#receive(chunk, chunk.length) && !this.#closed) socket.pause();
      });
      socket.resume();
    }
    socket.on("end", this.#onEndOfStream);
    socket.on("error", this.#onSocketError);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    // A closed socket has forgotten these.
    if (this.route.tls !== null) this.#tls = tlsDetails(socket as TLSSocket);
  }

  get socket(): Socket | null {
    return this.#socket;
  }

  get remoteAddress(): string {
    if (this.#peer === null) {
      const { remoteAddress, remotePort, remoteFamily } = this.#socket!;
      this.#peer =
        remoteAddress === undefined
          ? this.route.address
          : remoteFamily === "IPv6"
            ? `[${remoteAddress}]:${remotePort}`
            : `${remoteAddress}:${remotePort}`;
    }
    return this.#peer;
  }

  /** The TLS side of it, or null. */
  get tls(): TlsDetails | null {
    return this.#tls;
  }

  /** For the diagnostics channels: made when it is first asked for. */
  get diagnosed(): DiagnosedConnection {
    const { address, proxy } = this.route;
    // What is handed to a proxy is for several origins.
    const end = isForwarding(proxy) ? `${proxy!.host}:${proxy!.port}` : address;
    this.#diagnosed ??= diagnosedConnection(end, proxy?.shown ?? null);
    return this.#diagnosed;
  }

  /** The address of the request at hand. */
  get #address(): string {
    return (this.#dispatch?.route ?? this.route).address;
  }

  /** Whether a request can be written. @param now - `currentTime()` of clock.ts */
  isUsable(now: number): boolean {
    return !this.#closed && this.#dispatch === null && this.#socket!.writable && now < this.idleUntil;
  }

  /**
   * Writes the request. The answer comes through the dispatch's sink, the outcome through the owner.
   *
   * @param now - `currentTime()`
   */
  start(dispatch: Dispatch, now: number): void {
    const { request, times } = dispatch;
    const socket = this.#socket!;
    if (this.#unreferenced) {
      this.#unreferenced = false;
      socket.ref();
    }
    this.#dispatch = dispatch;
    dispatch.handle = this;
    this.requests += 1;
    this.#head = null;
    this.#trailers = null;
    this.#received = 0;
    this.#draining = false;
    times.assigned = now;
    this.#parser.start(request.method);
    if (request.readTimeout !== null) this.#watchSilence(request.readTimeout);
    const { body } = request;
    if (body === null) {
      socket.write(request.head, "latin1");
    } else if (body.ascii != null && body.ascii.length <= JOINED_BODY && !request.expectContinue) {
      socket.write(request.head + body.ascii, "latin1");
      dispatch.sink.onSent?.(body.ascii.length);
    } else if (body.bytes !== null && body.bytes.length <= JOINED_BODY && !request.expectContinue) {
      const head = request.head.length;
      const message = Buffer.allocUnsafe(head + body.bytes.length);
      message.latin1Write(request.head, 0, head);
      message.set(body.bytes, head);
      socket.write(message);
      dispatch.sink.onSent?.(body.bytes.length);
    } else {
      socket.write(request.head, "latin1");
      this.#upload = new Upload(socket, body, request.expectContinue, this);
      this.#upload.run();
      return;
    }
    times.sent = times.assigned;
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
    this.#socket?.resume();
  }

  /** Nobody wants the rest of this response: what is little is read and forgotten, else the connection is closed. */
  discard(): void {
    const dispatch = this.#dispatch;
    if (dispatch === null) return;
    const remaining = this.#parser.remaining;
    if (remaining === null || remaining > CHEAP_TO_DRAIN || this.#upload !== null) {
      this.#forget();
      this.destroy();
      this.owner.onFree(this, false, currentTime());
      return;
    }
    this.#draining = true;
    this.#drained = 0;
    this.#readDeadline?.stop();
    this.#watchSilence(DRAIN_PATIENCE);
    this.resume();
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  /** Lets the process exit while this is idle. */
  unref(): void {
    if (this.#unreferenced || this.#dispatch !== null) return;
    this.#unreferenced = true;
    this.#socket?.unref();
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

  onUploadError(error: unknown): void {
    this.#upload = null;
    this.#fail(error, "send", false);
  }

  // ── the parser's calls ────────────────────────────────────────────────────────────────────────────────────────────

  onInformational(head: ResponseHead): void {
    if (head.statusCode === 100) this.#upload?.proceed();
    this.#dispatch!.sink.onInformational?.(head);
  }

  onHead(head: ResponseHead): void {
    const dispatch = this.#dispatch!;
    this.#head = head;
    this.keepAliveTimeout = head.keepAliveTimeout;
    dispatch.times.head = currentTime();
    this.#upload?.onFinalHead();
    dispatch.sink.onHead(head, this);
  }

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

  onEnd(trailers: string[]): void {
    this.#trailers = trailers;
  }

  // ── the socket's events ───────────────────────────────────────────────────────────────────────────────────────────

  readonly #onRead = (bytes: number): boolean => this.#receive(this.#buffer!, bytes);

  /** What is read into next: asked for when the socket is there, and behind each read. */
  readonly #nextBuffer = (): Buffer => {
    if (this.#bufferGiven) {
      this.#bufferGiven = false;
      this.#buffer = Buffer.allocUnsafeSlow(OWN_BUFFER);
    } else this.#buffer = READ_BUFFER;
    return this.#buffer;
  };

  /** @returns Whether more may come at once. */
  #receive(buffer: Buffer, bytes: number): boolean {
    if (this.#dispatch === null) {
      // Bytes that nobody asked for: the next response could not be told from them (response-queue poisoning).
      this.destroy();
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
      // What comes in one piece has come at one time.
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
      this.destroy();
      return;
    }
    const stale = this.requests > 1 && !this.#parser.begun;
    try {
      this.#parser.finish();
    } catch (error) {
      this.#fail(this.#located(error), this.#head === null ? "wait" : "receive", stale);
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
    const stale = this.requests > 1 && !this.#parser.begun;
    if (this.#head === null) this.#fail(this.#named(connectionLost(error, this.#address, phase)), phase, stale);
    else {
      const broken = incomplete(this.#received, "connection reset by the server", error);
      this.#fail(this.#located(broken), "receive", false);
    }
  };

  readonly #onClose = (): void => {
    this.#closed = true;
    if (connectionClose.hasSubscribers)
      connectionClose.publish({ connection: this.diagnosed, requests: this.requests });
    if (this.#dispatch !== null) {
      this.#onSocketError(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
      return;
    }
    this.owner.onIdleClose(this);
  };

  readonly #onDrain = (): void => {
    this.#readDeadline?.touch();
    this.#upload?.onDrain();
  };

  get #phase(): Phase {
    if (this.#head !== null) return "receive";
    return this.#upload !== null || this.#dispatch?.times.sent === 0 ? "send" : "wait";
  }

  /** The response is whole, with `leftover` bytes behind it that belong to nobody. */
  #complete(leftover: number, now: number): void {
    const dispatch = this.#dispatch!;
    const trailers = this.#trailers!;
    const upload = this.#upload;
    const reusable =
      leftover === 0 &&
      upload === null &&
      !this.#closed &&
      this.#head!.keepAlive &&
      !dispatch.request.close &&
      (this.#head!.statusCode < 400 || dispatch.request.body === null || !this.#isForwarded);
    const draining = this.#draining;
    this.#forget();
    if (!draining) dispatch.times.end = now;
    if (!reusable) this.destroy();
    this.owner.onFree(this, reusable, now);
    if (!draining) dispatch.sink.onEnd(trailers);
  }

  /**
   * A proxy is handed the requests themselves. squid refuses one before it has read its body, promises to keep the
   * connection, and never reads from it again.
   */
  get #isForwarded(): boolean {
    return isForwarding(this.route.proxy);
  }

  #located(error: unknown): unknown {
    return error instanceof RequestException ? this.#named(located(error, this.#address)) : error;
  }

  /** Names the proxy that the bytes went through. */
  #named(error: RequestException): RequestException {
    const { proxy } = this.route;
    return proxy === null ? error : throughProxy(error, proxy.shown);
  }

  #fail(error: unknown, phase: Phase, stale: boolean): void {
    const dispatch = this.#dispatch;
    if (dispatch === null) return;
    if (error instanceof RequestException) {
      error.address ??= this.#address;
      error.phase ??= phase;
    }
    const draining = this.#draining;
    this.#forget();
    this.destroy();
    if (draining) this.owner.onFree(this, false, currentTime());
    else this.owner.onFailure(this, dispatch, { error, phase, stale });
  }

  /** Lets go of the dispatch and everything that was set up for it. */
  #forget(): void {
    const dispatch = this.#dispatch!;
    this.#dispatch = null;
    dispatch.handle = null;
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

function tlsDetails(socket: TLSSocket): TlsDetails {
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    peerCertificate: peerCertificateOf(socket),
  };
}
