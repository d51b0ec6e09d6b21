/** What the wire is asked to do, and how it answers. */
import type { Phase } from "../exceptions.js";
import type { Connection } from "./connection.js";
import type { ConnectTimes, Route } from "./connect.js";
import type { ResponseHead } from "./http1/head.js";

/** The body of a request, as far as the wire needs to know it. */
export interface WireBody {
  /** Exact number of bytes, or null: then it is sent chunked. */
  readonly length: number | null;
  /** The bytes at once, when they are in memory. */
  readonly bytes: Uint8Array | null;
  /** The same as text, where it is text of one byte each: a short one goes out in one string with the head. */
  readonly ascii?: string | null;
  /** Whether `open()` gives the same bytes again. */
  readonly replayable: boolean;
  open(): AsyncIterable<Uint8Array>;
  /** Set by the wire: the server's answer to `Expect: 100-continue` was final, and none of the body went out. */
  withheld?: boolean;
  /** Ends the source, also while it is waited for: its pending `next()` settles. */
  close?(): void | Promise<void>;
}

/** One request, ready to be written. */
export interface WireRequest {
  readonly method: string;
  /** The whole head, checked and ended by its empty line. */
  readonly head: string;
  readonly body: WireBody | null;
  /** Wait for `100 Continue`, or a second, before the body goes out (RFC 9110 §10.1.1). */
  readonly expectContinue: boolean;
  /** Whether the caller asked for the connection to be closed afterwards. */
  readonly close: boolean;
  /** Milliseconds of silence that are borne, or null. */
  readonly readTimeout: number | null;
  /** Milliseconds for making a connection, or null. */
  readonly connectTimeout: number | null;
  /** Milliseconds to wait for a free connection, or null. */
  readonly poolTimeout: number | null;
}

/** Moments of a dispatch in milliseconds of `performance.now()`; 0 where it did not come to that. */
export interface DispatchTimes {
  created: number;
  /** A connection was at hand. */
  assigned: number;
  sent: number;
  head: number;
  end: number;
  /** How the connection was made, when it was made for this dispatch. */
  connecting: ConnectTimes | null;
}

/** Receives a response. Exactly one of `onEnd` and `onError` ends it. */
export interface ResponseSink {
  /** A 1xx response before the final one. */
  onInformational?(head: ResponseHead): void;
  onHead(head: ResponseHead, connection: Connection): void;
  /** Bytes of the body, valid during the call only, unless `Connection.takeBuffer` gives the buffer away. False asks for a pause until `resume()`. */
  onData(buffer: Buffer, start: number, end: number): boolean;
  onEnd(trailers: string[]): void;
  onError(error: unknown): void;
  /** Bytes of the request's body that were handed to the socket so far. */
  onSent?(bytes: number): void;
  /** A body that was sent piece by piece is out. */
  onSentAll?(): void;
}

/** A request on its way. */
export interface Dispatch {
  readonly request: WireRequest;
  readonly sink: ResponseSink;
  readonly times: DispatchTimes;
  /** Its own route, once it is dispatched: the connection may be shared with requests for other origins. */
  route: Route | null;
  /** Whether this is the second try after a reused connection turned out dead. */
  replayed: boolean;
  /** Where it stands now, to be given up or paused there. */
  handle: { abort(error: unknown): void } | null;
  /** Why it was given up, when it was. */
  stopped: { readonly error: unknown } | null;
  /** Set once the dispatch is over; nothing is called back after it. */
  over: boolean;
}

/** Why a connection ended a dispatch, for the pool to decide on a replay. */
export interface Failure {
  readonly error: unknown;
  readonly phase: Phase;
  /** The connection was reused and died before the first byte of a response: nobody saw the request, most likely. */
  readonly stale: boolean;
}
