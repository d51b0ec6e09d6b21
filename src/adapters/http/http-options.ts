/** The options of an HTTPAdapter: what each takes, and its default. */
import type { LookupFunction } from "node:net";

import { aBoolean, aFunction, aString, amountOf, atLeast } from "../../options/checks.js";
import { kindOf } from "../../options/kind.js";
import { resolveOptions, type Resolved, type Rows } from "../../options/option.js";
import { Retry } from "../../policy/retry.js";
import { MAX_CODINGS } from "../../wire/decode/decode.js";
import { MAX_WINDOW_SIZE } from "../../wire/http2/frames.js";
import { DEFAULT_HTTP2_LIMITS } from "../../wire/http2/limits.js";
import { DEFAULT_LIMITS } from "../../wire/limits.js";
import { MAX_QUEUE } from "../../wire/pool.js";
import type { Transport } from "../../wire/transport.js";
import type { ConnectionOptions, Http2Option } from "./routes.js";

/** Options of an HTTPAdapter. */
export interface HTTPAdapterOptions extends ConnectionOptions {
  /** Origins whose idle connections are kept. @defaultValue 10 */
  readonly poolConnections?: number | undefined;
  /** Idle connections kept for each origin. @defaultValue `maxConnections` if that is given, otherwise 10 */
  readonly poolMaxsize?: number | undefined;
  /** Never open more than `poolMaxsize` connections to an origin; further requests wait. @defaultValue false */
  readonly poolBlock?: boolean | undefined;
  /**
   * Connections that are open to one origin at once. Further requests wait in order, for `timeout.pool` at most.
   *
   * @defaultValue 100
   */
  readonly maxConnections?: number | undefined;
  /** Requests that may wait for a connection to one origin. One more throws a ConnectionError. @defaultValue 100000 */
  readonly maxQueue?: number | undefined;
  /** A number, which means `new Retry({ total: n })` as in urllib3, or a Retry. @defaultValue the session's `retries` */
  readonly maxRetries?: number | false | Retry | null | undefined;
  /**
   * Whether HTTP/2 is spoken. `"auto"`: with every https server that chooses it, and HTTP/1.1 with others. `true`: HTTP/2,
   * or a ConnectionError. `"prior-knowledge"`: also without TLS, for `http://` URLs and Unix sockets.
   *
   * @defaultValue false
   */
  readonly http2?: "auto" | "prior-knowledge" | boolean | undefined;
  /** Requests under way at once on one HTTP/2 connection. The server may allow fewer. @defaultValue 100 */
  readonly maxStreams?: number | undefined;
  /** Keep connections open for further requests. @defaultValue true */
  readonly keepAlive?: boolean | undefined;
  /** The largest head of a response, in bytes. @defaultValue 262144 */
  readonly maxHeaderSize?: number | undefined;
  /** The most field lines in the head of a response. @defaultValue 1000 */
  readonly maxHeaders?: number | undefined;
  /** The most 1xx responses before the final one. @defaultValue 100 */
  readonly maxInformational?: number | undefined;
  /** The longest chunk-size line with its extensions, in bytes. @defaultValue 16384 */
  readonly maxChunkLineSize?: number | undefined;
  /** The most CONTINUATION frames in one head of an HTTP/2 response. @defaultValue 32 */
  readonly maxContinuations?: number | undefined;
  /** The most HTTP/2 frames in ten seconds that are not a part of a response, without data in between. @defaultValue 1000 */
  readonly maxControlFrames?: number | undefined;
  /** HTTP/2 streams cancelled in ten seconds after which a connection carries no further request. @defaultValue 100 */
  readonly maxConcurrentResets?: number | undefined;
  /** Bytes of one HTTP/2 response that the server may send before they are read. @defaultValue 1048576 */
  readonly initialWindowSize?: number | undefined;
  /** Bytes that the server may have under way on one HTTP/2 connection; at least 65535. @defaultValue 16777216 */
  readonly connectionWindowSize?: number | undefined;
  /** Ratio of decoded to encoded bytes above which content over 10 MiB throws ContentDecodingError. @defaultValue 200 */
  readonly maxDecompressionRatio?: number | undefined;
  /** The most content codings of one response, as in `Content-Encoding: gzip, gzip`. @defaultValue 5 */
  readonly maxContentCodings?: number | undefined;
  /**
   * Carries the requests in place of a pool of connections; the options of the pool then have no effect. See
   * `requests-ts/extend`.
   */
  readonly transport?: Transport | undefined;
}

/** A row for each option of an HTTPAdapter. */
export const HTTP_ADAPTER_OPTIONS = {
  poolConnections: { check: atLeast(0), default: 10 },
  poolMaxsize: { check: atLeast(0), default: undefined },
  poolBlock: { check: aBoolean, default: false },
  maxConnections: { check: atLeast(1), default: 100 },
  maxQueue: { check: atLeast(0), default: MAX_QUEUE },
  maxRetries: { check: retries, default: null },
  keepAlive: { check: aBoolean, default: true },
  maxHeaderSize: { check: atLeast(1), default: DEFAULT_LIMITS.maxHeaderSize },
  maxHeaders: { check: atLeast(1), default: DEFAULT_LIMITS.maxHeaders },
  maxInformational: { check: atLeast(0), default: DEFAULT_LIMITS.maxInformational },
  maxChunkLineSize: { check: atLeast(1), default: DEFAULT_LIMITS.maxChunkLineSize },
  maxContentCodings: { check: atLeast(0), default: MAX_CODINGS },
  maxDecompressionRatio: { check: atLeast(1), default: 200 },
  lookup: { check: aFunction<LookupFunction>, default: undefined },
  localAddress: { check: aString, default: undefined },
  socketPath: { check: aString, default: undefined },
  allowAddress: { check: aFunction<(address: string) => boolean>, default: undefined },
  pinnedFingerprints: { check: fingerprints, default: undefined },
  minVersion: { check: tlsVersion, default: undefined },
  ciphers: { check: aString, default: undefined },
  servername: { check: aString, default: undefined },
  systemCertificates: { check: aBoolean, default: undefined },
  dnsCache: { check: amountOf("seconds"), default: undefined },
  http2: { check: http2Option, default: false },
  maxStreams: { check: atLeast(1), default: DEFAULT_HTTP2_LIMITS.maxStreams },
  maxContinuations: { check: atLeast(0), default: DEFAULT_HTTP2_LIMITS.maxContinuations },
  maxControlFrames: { check: atLeast(1), default: DEFAULT_HTTP2_LIMITS.maxControlFrames },
  maxConcurrentResets: { check: atLeast(1), default: DEFAULT_HTTP2_LIMITS.maxConcurrentResets },
  initialWindowSize: { check: windowFrom(1), default: DEFAULT_HTTP2_LIMITS.initialWindowSize },
  connectionWindowSize: { check: windowFrom(65_535), default: DEFAULT_HTTP2_LIMITS.connectionWindowSize },
  transport: { check: aTransport, default: undefined },
} satisfies Rows<HTTPAdapterOptions>;

/**
 * The options with their defaults.
 *
 * @throws TypeError for an unknown option and for a value of the wrong type.
 * @throws RangeError for a number that is too small.
 */
export function resolveHttpOptions(options: HTTPAdapterOptions): Resolved<typeof HTTP_ADAPTER_OPTIONS> {
  return resolveOptions(options, HTTP_ADAPTER_OPTIONS, "HTTPAdapter");
}

function retries(value: unknown): Retry {
  return Retry.fromInt(value as number | false | Retry | null);
}

function fingerprints(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new TypeError(`${name} must be an array of strings, not ${kindOf(value)}`);
}

function tlsVersion(value: unknown, name: string): "TLSv1.2" | "TLSv1.3" {
  if (value === "TLSv1.2" || value === "TLSv1.3") return value;
  throw new TypeError(
    `${name} must be "TLSv1.2" or "TLSv1.3", not ${typeof value === "string" ? JSON.stringify(value) : kindOf(value)}`,
  );
}

function aTransport(value: unknown, name: string): Transport {
  if (typeof (value as Transport | null)?.send === "function") return value as Transport;
  throw new TypeError(`${name} must be an object with a method send(route, request, sink), not ${kindOf(value)}`);
}

function http2Option(value: unknown, name: string): Http2Option {
  if (typeof value === "boolean" || value === "auto" || value === "prior-knowledge") return value;
  throw new TypeError(
    `${name} must be "auto", "prior-knowledge", true or false, not ${typeof value === "string" ? JSON.stringify(value) : kindOf(value)}`,
  );
}

/** A size of a window: RFC 9113 §6.9.1 allows at most 2^31-1. */
function windowFrom(least: number): (value: unknown, name: string) => number {
  const check = atLeast(least, "bytes");
  return (value, name) => {
    const size = check(value, name);
    if (Number.isInteger(size) && size <= MAX_WINDOW_SIZE) return size;
    throw new RangeError(`${name} must be an integer from ${least} to ${MAX_WINDOW_SIZE}, not ${size}`);
  };
}
