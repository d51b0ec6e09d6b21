/**
 * Every exception of the package, in one tree with the names of requests.
 *
 * ```
 * RequestException
 * ├ InvalidJSONError ─ JSONDecodeError
 * ├ HTTPError
 * ├ ConnectionError ─ ProxyError, SSLError, ConnectTimeout*
 * ├ Timeout ─ ConnectTimeout*, ReadTimeout, PoolTimeout, TotalTimeout
 * ├ URLRequired, TooManyRedirects, RetryError, UnrewindableBodyError
 * ├ MissingSchema, InvalidSchema, InvalidURL ─ InvalidProxyURL, InvalidHeader
 * ├ ChunkedEncodingError, ContentDecodingError, ContentTooLarge
 * └ StreamConsumedError, StreamNotReadError
 * CookieConflictError
 * ```
 *
 * `*` ConnectTimeout is `instanceof` both ConnectionError and Timeout.
 */
import type { PreparedRequest } from "./message/prepared.js";
import type { Request } from "./message/request.js";
import type { Response } from "./message/response.js";
import type { Retry } from "./policy/retry.js";

/** The part of an exchange in which a transport error happened. */
export type Phase = "pool" | "dns" | "connect" | "tls" | "proxy" | "send" | "wait" | "receive";

/** Details of an exception, in addition to its message. All of them are optional. */
export interface ExceptionDetails {
  /** A stable name for programs to compare; each class has a default. */
  readonly code?: string | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
  /** The request that failed. */
  readonly request?: PreparedRequest | Request | undefined;
  /** The response that the exception is about, if one came. */
  readonly response?: Response | undefined;
  /** The part of the exchange that failed. */
  readonly phase?: Phase | undefined;
  /** The peer, `host:port` or the path of a Unix socket. */
  readonly address?: string | undefined;
  /** Which attempt failed, counted from 1. */
  readonly attempt?: number | undefined;
  /** Seconds from the start of what timed out. */
  readonly elapsed?: number | undefined;
}

/** The base of every exception that a request can end in. */
export class RequestException extends Error {
  static {
    this.prototype.name = "RequestException";
  }
  /** A stable name for programs to compare, such as `ERR_CONNECT_TIMEOUT`. */
  code: string;
  /** The request that failed; taken from the response when only that is known. */
  request: PreparedRequest | Request | undefined;
  /** The response that the exception is about, if one came. */
  response: Response | undefined;
  /** For transport errors: the part of the exchange that failed. */
  phase: Phase | undefined;
  /** For transport errors: the peer, `host:port` or the path of a Unix socket. */
  address: string | undefined;
  /** For transport errors: which attempt failed, counted from 1. */
  attempt: number | undefined;
  /** For timeouts: seconds from the start of what timed out. */
  elapsed: number | undefined;
  /** After retries: the policy as it stood then; its `history` has every attempt that failed. */
  retries: Retry | undefined;

  constructor(message = "", details: ExceptionDetails = {}) {
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code ?? (new.target as unknown as { readonly code: string }).code;
    // Requests and responses are large: they stay reachable and out of console.log.
    const response = details.response;
    hide(this, "request", details.request ?? response?.request);
    hide(this, "response", response);
    hide(this, "phase", details.phase);
    hide(this, "address", details.address);
    hide(this, "attempt", details.attempt);
    hide(this, "elapsed", details.elapsed);
    hide(this, "retries", undefined);
  }

  /** The `code` of instances that are made without one. */
  static readonly code: string = "ERR_REQUEST";
}

/** Control, line separator and bidirectional characters, but no tab and no line feed. */
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A message may quote a server, whose text must not steer the terminal that it is printed on. */
function printable(message: string): string {
  return message.replace(UNPRINTABLE, (character) => {
    const digits = character.charCodeAt(0).toString(16);
    return digits.length > 2 ? `\\u${digits}` : `\\x${digits.padStart(2, "0")}`;
  });
}

function hide(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** A value that JSON cannot express was given as `json`, or JSON that came cannot be read. */
export class InvalidJSONError extends RequestException {
  static {
    this.prototype.name = "InvalidJSONError";
  }
  static override readonly code: string = "ERR_INVALID_JSON";
}

/** The body of a response is not JSON, or does not fit the schema that was asked for. */
export class JSONDecodeError extends InvalidJSONError {
  static {
    this.prototype.name = "JSONDecodeError";
  }
  static override readonly code: string = "ERR_JSON_DECODE";
  /** The text that was parsed. */
  readonly doc: string;
  /** The index in `doc` at which parsing failed. */
  readonly pos: number;
  /** The line of `pos`, counted from 1. */
  readonly line: number;
  /** The column of `pos`, counted from 1. */
  readonly column: number;

  constructor(message: string, doc: string, pos: number, details: ExceptionDetails = {}) {
    const before = doc.slice(0, pos);
    const line = before.split("\n").length;
    const column = pos - before.lastIndexOf("\n");
    super(`${message}: line ${line} column ${column} (char ${pos})`, details);
    this.pos = pos;
    this.line = line;
    this.column = column;
    this.doc = doc;
    Object.defineProperty(this, "doc", { enumerable: false });
  }
}

/** A 4xx or 5xx response, thrown by `raiseForStatus()` and by the option `raiseForStatus`. */
export class HTTPError extends RequestException {
  /** The response. With `stream: true` up to 64 KiB of its body were read. */
  declare response: Response;

  static {
    this.prototype.name = "HTTPError";
  }
  static override readonly code: string = "ERR_HTTP_STATUS";
}

/** The exchange broke off below HTTP, or the peer does not speak HTTP. */
export class ConnectionError extends RequestException {
  static {
    this.prototype.name = "ConnectionError";
  }
  static override readonly code: string = "ERR_CONNECTION";
}

/** A proxy could not be reached, refused, or answered garbage. */
export class ProxyError extends ConnectionError {
  static {
    this.prototype.name = "ProxyError";
  }
  static override readonly code: string = "ERR_PROXY";
}

/** A certificate was not accepted, or TLS itself failed. */
export class SSLError extends ConnectionError {
  static {
    this.prototype.name = "SSLError";
  }
  static override readonly code: string = "ERR_SSL";
}

/** No connection within `timeout.connect`: DNS, TCP, TLS and tunnel together. Also `instanceof` {@link Timeout}. */
export class ConnectTimeout extends ConnectionError {
  static {
    this.prototype.name = "ConnectTimeout";
  }
  static override readonly code: string = "ERR_CONNECT_TIMEOUT";
}

/** Any of the time limits has passed. */
export class Timeout extends RequestException {
  static {
    this.prototype.name = "Timeout";
  }
  static override readonly code: string = "ERR_TIMEOUT";

  static override [Symbol.hasInstance](value: unknown): boolean {
    const ordinary = Function.prototype[Symbol.hasInstance].call(this, value);
    return ordinary || (this === Timeout && value instanceof ConnectTimeout);
  }
}

/** The peer was silent for longer than `timeout.read`. */
export class ReadTimeout extends Timeout {
  static {
    this.prototype.name = "ReadTimeout";
  }
  static override readonly code: string = "ERR_READ_TIMEOUT";
}

/** No connection of the pool became free within `timeout.pool`. */
export class PoolTimeout extends Timeout {
  static {
    this.prototype.name = "PoolTimeout";
  }
  static override readonly code: string = "ERR_POOL_TIMEOUT";
}

/** The whole call, with its redirects, retries and body, took longer than `timeout.total`. */
export class TotalTimeout extends Timeout {
  static {
    this.prototype.name = "TotalTimeout";
  }
  static override readonly code: string = "ERR_TOTAL_TIMEOUT";
}

/** A request without a URL was sent. */
export class URLRequired extends RequestException {
  static {
    this.prototype.name = "URLRequired";
  }
  static override readonly code: string = "ERR_URL_REQUIRED";
}

/** More redirects than `session.maxRedirects`; `response` is the last one. */
export class TooManyRedirects extends RequestException {
  static {
    this.prototype.name = "TooManyRedirects";
  }
  static override readonly code: string = "ERR_TOO_MANY_REDIRECTS";
}

/** The retry policy is used up by responses that it retries. */
export class RetryError extends RequestException {
  static {
    this.prototype.name = "RetryError";
  }
  static override readonly code: string = "ERR_RETRIES_EXHAUSTED";
}

/** A body must be sent again (redirect, retry, digest) and cannot be made a second time. */
export class UnrewindableBodyError extends RequestException {
  static {
    this.prototype.name = "UnrewindableBodyError";
  }
  static override readonly code: string = "ERR_UNREWINDABLE_BODY";
}

/** The URL has no scheme. */
export class MissingSchema extends RequestException {
  static {
    this.prototype.name = "MissingSchema";
  }
  static override readonly code: string = "ERR_MISSING_SCHEMA";
}

/** No adapter is mounted for the URL. */
export class InvalidSchema extends RequestException {
  static {
    this.prototype.name = "InvalidSchema";
  }
  static override readonly code: string = "ERR_INVALID_SCHEMA";
}

/** The URL cannot be used. */
export class InvalidURL extends RequestException {
  static {
    this.prototype.name = "InvalidURL";
  }
  static override readonly code: string = "ERR_INVALID_URL";
}

/** The URL of a proxy cannot be used. */
export class InvalidProxyURL extends InvalidURL {
  static {
    this.prototype.name = "InvalidProxyURL";
  }
  static override readonly code: string = "ERR_INVALID_PROXY_URL";
}

/** A header cannot be sent as it is, or a response's framing headers contradict each other. */
export class InvalidHeader extends RequestException {
  static {
    this.prototype.name = "InvalidHeader";
  }
  static override readonly code: string = "ERR_INVALID_HEADER";
}

/** The body broke off before its end, or a chunk is malformed. */
export class ChunkedEncodingError extends RequestException {
  static {
    this.prototype.name = "ChunkedEncodingError";
  }
  static override readonly code: string = "ERR_CHUNKED_ENCODING";
}

/** The body does not decode as its Content-Encoding says, is cut, or is a bomb. */
export class ContentDecodingError extends RequestException {
  static {
    this.prototype.name = "ContentDecodingError";
  }
  static override readonly code: string = "ERR_CONTENT_DECODING";
}

/** The body is larger than `maxResponseSize`. */
export class ContentTooLarge extends RequestException {
  static {
    this.prototype.name = "ContentTooLarge";
  }
  static override readonly code: string = "ERR_CONTENT_TOO_LARGE";
}

/** The stream of a response was read already, and its content was not kept. */
export class StreamConsumedError extends RequestException {
  static {
    this.prototype.name = "StreamConsumedError";
  }
  static override readonly code: string = "ERR_STREAM_CONSUMED";
}

/** `content`, `text` or `json()` of a streamed response before `await response.read()`. */
export class StreamNotReadError extends RequestException {
  static {
    this.prototype.name = "StreamNotReadError";
  }
  static override readonly code: string = "ERR_STREAM_NOT_READ";
}

/** Several cookies have the name; say which by `{ domain, path }`. Not a RequestException, as in requests. */
export class CookieConflictError extends Error {
  static {
    this.prototype.name = "CookieConflictError";
  }
  /** A stable name for programs to compare. */
  readonly code: string = "ERR_COOKIE_CONFLICT";
}
