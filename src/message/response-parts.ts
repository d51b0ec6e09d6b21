/** The data that a response can be made from, and the options for reading its content. */
import type { HeadersLike } from "./headers.js";
import type { PreparedRequest } from "./prepared.js";
import type { RawInit } from "./raw-response.js";
import type { Response } from "./response.js";
import type { Timings, TlsInfo } from "./response-wire.js";

/** The data that a response can be made from, by an adapter, a cache or a test. Everything is optional. */
export interface ResponseParts {
  /** The request that it answers. */
  readonly request?: PreparedRequest | undefined;
  /** The status. @defaultValue 200 */
  readonly statusCode?: number | undefined;
  /** The reason phrase. */
  readonly reason?: string | undefined;
  /** An object, pairs, a Map or `Headers`. */
  readonly headers?: HeadersLike | undefined;
  /** The URL that sent it. */
  readonly url?: string | undefined;
  /** The content: bytes, text or a stream, without content coding. */
  readonly body?: RawInit;
  /** "1.0", "1.1" or "2". @defaultValue "1.1" */
  readonly httpVersion?: string | undefined;
  /** The responses that led to this one, the oldest first. */
  readonly history?: readonly Response[] | undefined;
  /** Seconds from sending to the headers. @defaultValue 0 */
  readonly elapsed?: number | undefined;
  /** Seconds that the phases took. By default `elapsed` counts as waiting for the server. */
  readonly timings?: Timings | undefined;
  /** The trailer fields, as pairs of name and value. */
  readonly trailers?: readonly (readonly [string, string])[] | undefined;
  /** The peer, `address:port`. */
  readonly remoteAddress?: string | null | undefined;
  /** Whether the connection had carried a request before. @defaultValue false */
  readonly reused?: boolean | undefined;
  /** The TLS side of the connection. */
  readonly tls?: TlsInfo | null | undefined;
}

/** Options of `iterContent`. */
export interface IterOptions {
  /** Give text by `encoding` (UTF-8 when that is null) instead of bytes. */
  readonly decodeUnicode?: boolean | undefined;
}

/** Options of `iterLines`. */
export interface LineOptions {
  /** Give text by `encoding` (UTF-8 when that is null) instead of bytes. */
  readonly decodeUnicode?: boolean | undefined;
  /** Ends a line, in place of the usual line ends. It may be bytes only without `decodeUnicode`. */
  readonly delimiter?: string | Uint8Array | undefined;
  /** Accepted for compatibility with requests. It has no effect. */
  readonly chunkSize?: number | undefined;
}

/** The same for lines as text. */
export interface TextLineOptions extends LineOptions {
  readonly decodeUnicode: true;
  readonly delimiter?: string | undefined;
}

/** The same for lines as bytes. */
export interface ByteLineOptions extends LineOptions {
  readonly decodeUnicode?: false | undefined;
}
