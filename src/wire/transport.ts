/** The contract of the engine: requests as values, the transports and connections that carry them, and their responses. */
import type { DiagnosedConnection } from "../diagnostics/messages.js";
import type { FieldList } from "../http/fields.js";
import type { ConnectTimes, Route } from "./connect/route.js";
import type { Dispatch } from "./dispatch.js";

/** The body of a request. */
export interface WireBody {
  /** The exact number of bytes, or null when it is unknown. HTTP/1.1 then sends the body chunked. */
  readonly length: number | null;
  /** The whole body, when it is in memory. */
  readonly bytes: Uint8Array | null;
  /** The same as text, when all of it is ASCII: a short one is written in one string with the head. */
  readonly ascii?: string | null;
  /** Whether `open()` gives the same bytes each time. */
  readonly replayable: boolean;
  /** Starts the source. Called once for each attempt to send the body. */
  open(): AsyncIterable<Uint8Array>;
  /** Set by the connection: the answer to `Expect: 100-continue` was final, and nothing of the body was sent. */
  withheld?: boolean;
  /** Ends the source. A pending `next()` of its iterator settles. */
  close?(): void | Promise<void>;
}

/** The target of a request (RFC 9110 §7.1). */
export interface WireTarget {
  /** "http", "https" or "http+unix". */
  readonly scheme: string;
  /** The value of the Host header, unless the fields have one. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
}

/** One request as a value. Each protocol serializes it in its own way. */
export interface WireRequest {
  /** The method as it is sent: case matters (RFC 9110 §9.1). */
  readonly method: string;
  /** The target of the request. */
  readonly target: WireTarget;
  /** The fields as the caller gave them, without Host as a rule. They are checked when the request is serialized. */
  readonly fields: FieldList;
  /** The body, or null for none. */
  readonly body: WireBody | null;
  /** The Proxy-Authorization for a proxy that forwards the request, or null for none beside the fields' own. */
  readonly proxyAuthorization: string | null;
  /** The time limits. */
  readonly limits: ExchangeLimits;
}

/** Time limits of one exchange in milliseconds; null for none. */
export interface ExchangeLimits {
  /** For making a connection: DNS, TCP, proxy and TLS together. */
  readonly connect: number | null;
  /** For the time in which the peer sends nothing. */
  readonly read: number | null;
  /** For waiting until the pool has a connection. */
  readonly pool: number | null;
}

/** The head of a response. */
export interface ResponseHead {
  /** 10 for HTTP/1.0, 11 for HTTP/1.1, 20 for HTTP/2. */
  readonly version: 10 | 11 | 20;
  /** 100 to 999. */
  readonly statusCode: number;
  /** The reason phrase, which may be empty. */
  readonly reason: string;
  /** name, value, name, value … as they came; values as latin-1 text, without the white space around them. */
  readonly rawHeaders: string[];
  /** Whether the response can have a body: those to HEAD, 1xx, 204 and 304 have none, whatever their fields say. */
  readonly hasBody: boolean;
  /** The Content-Length; null without one, and when it is invalid or has no meaning in a response without a body. */
  readonly contentLength: number | null;
  /** Whether the message says where its body ends. If not, it ends when the server closes the connection. */
  readonly isDelimited: boolean;
}

/** Times of an exchange in milliseconds of `performance.now()`; 0 for a phase that was not reached. */
export interface ExchangeTimes {
  /** The transport received the request. */
  created: number;
  /** The request was given to a connection. */
  assigned: number;
  /** The head of the request was written. */
  sent: number;
  /** The head of the response was parsed. */
  head: number;
  /** The response was complete. */
  end: number;
  /** The times of connecting, if the connection was made for this exchange. */
  connecting: ConnectTimes | null;
}

/** One request under way, as the receiver of its response sees it. */
export interface Exchange {
  /** The request. */
  readonly request: WireRequest;
  /** When each phase was reached. */
  readonly times: ExchangeTimes;
  /** The connection that carries it, once there is one. */
  readonly connection: Connection | null;
  /** Whether that connection carried another request before. */
  readonly isReused: boolean;
  /** Why the receiver gave it up, if it did. */
  readonly stopped: { readonly error: unknown } | null;
  /** Reads on after `onData` returned false. */
  resume(): void;
  /** Drops the rest of the response. Its connection is kept if the rest is short. */
  discard(): void;
  /** Ends the exchange: `onError` is called with this error. */
  abort(error: unknown): void;
  /**
   * Asks to keep the buffer that `onData` was called with instead of a copy, so that a large body is copied only once.
   *
   * @returns Whether the buffer belongs to the caller from now on. If not, later ones may.
   */
  takeBuffer(buffer: Buffer): boolean;
}

/** Receives a response. Exactly one call of `onEnd` or `onError` ends it. */
export interface ResponseSink {
  /** Called first, once. */
  onStart(exchange: Exchange): void;
  /** A 1xx response before the final one. */
  onInformational?(head: ResponseHead): void;
  /** The head of the final response. */
  onHead(head: ResponseHead): void;
  /**
   * Bytes `start` to `end` of the body. They are valid during the call only, unless `Exchange.takeBuffer` says otherwise.
   *
   * @returns false to pause until `Exchange.resume()`.
   */
  onData(buffer: Buffer, start: number, end: number): boolean;
  /**
   * The response is complete.
   *
   * @param trailers - name, value, name, value …
   */
  onEnd(trailers: string[]): void;
  /** The exchange failed or was aborted. */
  onError(error: unknown): void;
  /**
   * Reports the progress of the upload.
   *
   * @param bytes - Bytes of the request's body that were written to the socket so far.
   */
  onSent?(bytes: number): void;
  /** A body that is sent in pieces has been written completely. */
  onSentAll?(): void;
}

/** Carries requests: the pool, or a double of it. */
export interface Transport {
  /** Sends a request. Everything that follows, errors included, is reported to the sink. */
  send(route: Route, request: WireRequest, sink: ResponseSink): Exchange;
  /** Closes idle connections now, and the others when their requests are done. The transport stays usable. */
  close(): void;
  /** Its state at this moment. */
  readonly statistics: TransportStatistics;
}

/** The state of a transport. */
export interface TransportStatistics {
  /** Connections that are open or being made. */
  readonly open: number;
  /** Connections that carry no request. */
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Origins that have connections or waiting requests. */
  readonly origins: number;
}

/** The TLS parameters that were negotiated. */
export interface TlsDetails {
  /** "TLSv1.3" for example. */
  readonly protocol: string | null;
  /** The name of the cipher suite in IANA's spelling. */
  readonly cipher: string;
  /** The protocol that ALPN chose: "h2" or "http/1.1"; null when the server chose none. */
  readonly alpnProtocol: string | null;
  /** The certificate of the peer, as `tlsSocket.getPeerCertificate()` returns it. */
  readonly peerCertificate: object;
}

/** The other end of a connection. */
export interface Peer {
  /** `address:port`, or the path of a Unix socket. */
  readonly remoteAddress: string;
  /** null without TLS. */
  readonly tls: TlsDetails | null;
  /** The connection as it appears on the diagnostics channels. */
  readonly diagnosed: DiagnosedConnection;
}

/** A connection of some protocol: to an origin, or to a proxy that forwards requests. */
export interface Connection {
  /**
   * The number of requests that it can carry at once: 1 for HTTP/1.1. If it changes, the owner's `onCapacity` is called.
   */
  readonly capacity: number;
  /** The number of requests that it was given so far. */
  readonly requests: number;
  /** The other end. */
  readonly peer: Peer;
  /** The times of connecting. */
  readonly connectTimes: ConnectTimes;
  /** Whether it can carry no further request. */
  readonly isClosed: boolean;
  /** Whether a request can be written now. */
  readonly isWritable: boolean;
  /** Seconds that the server keeps an idle connection open, or null when it did not say. */
  readonly keepAliveTimeout: number | null;
  /** Receives the outcome of its requests. Set before the first request. */
  owner: ConnectionOwner;
  /**
   * Sends a request.
   *
   * @param now - `currentTime()` of clock.ts.
   * @throws InvalidHeader, InvalidURL or RequestException for a request that must not be sent. Nothing was written then.
   */
  start(dispatch: Dispatch, now: number): void;
  /** Closes it at once. */
  close(): void;
  /** Lets the process exit while it is idle; the next request takes that back. */
  unref(): void;
}

/** Receives the outcome of the requests of a connection. */
export interface ConnectionOwner {
  /** A request is done. If the connection can carry no further one, `isClosed` is set. */
  onFree(now: number): void;
  /** A request failed. */
  onFailure(dispatch: Dispatch, failure: Failure): void;
  /** The connection was closed while it carried no request. */
  onClose(): void;
  /** `capacity` has changed. */
  onCapacity?(): void;
}

/** Why a request failed on a connection. */
export interface Failure {
  /** The error for the receiver of the response. */
  readonly error: unknown;
  /** The connection was reused and died before the first byte of a response: the server most likely never saw the request. */
  readonly isStale: boolean;
  /** The server has said that it did not process the request: it can be sent again, whatever its method. */
  readonly isUnprocessed?: boolean;
}

/** Makes connections: resolves names, goes through proxies, negotiates TLS and the protocol. */
export interface Connector {
  /**
   * Checks a request before a connection is made for it.
   *
   * @throws InvalidHeader, InvalidURL or RequestException for a request that cannot be sent.
   */
  check(request: WireRequest): void;
  /** The number of requests that a new connection of the route is expected to carry at once; 1 without this method. */
  expectedCapacity?(route: Route): number;
  /**
   * Starts to make a connection.
   *
   * @param timeout - Milliseconds for everything up to a usable connection, or null.
   */
  connect(route: Route, timeout: number | null): Connecting;
}

/** A connection that is being made. */
export interface Connecting {
  /** Resolves when the connection can carry a request. Rejects with a ConnectionError, or with the error of `abort`. */
  readonly connection: Promise<Connection>;
  /** Gives up: `connection` rejects with this error. */
  abort(error: unknown): void;
}
