/** What a route answers with. */
import type { HeadersInit } from "../index.js";
import type { MockCall } from "./call.js";

/**
 * What goes wrong, by name. Each ends in the exception that the wire gives for it.
 *
 * - `"dns"`: the host has no address; `"refused"`: nobody listens; `"unreachable"`: no way there. ConnectionError.
 * - `"tls"`: the certificate is self-signed. SSLError.
 * - `"reset"`: the connection is reset before an answer; `"closed"`: it is closed. ConnectionError.
 * - `"garbage"`: the answer is no HTTP. ConnectionError, `ERR_BAD_RESPONSE`.
 * - `"ConnectTimeout"`, `"ReadTimeout"`, `"TotalTimeout"`: at once, whatever the timeouts are. With `delay` and a real
 *   timeout the same exceptions come when the time has passed.
 */
export type Fault =
  | "dns"
  | "refused"
  | "unreachable"
  | "tls"
  | "reset"
  | "closed"
  | "garbage"
  | "ConnectTimeout"
  | "ReadTimeout"
  | "TotalTimeout";

/** An answer. Of `json`, `text`, `body`, `stream` and `raw` there may be one. */
export interface Reply {
  /** The status. @defaultValue 200 */
  readonly status?: number | undefined;
  /** The reason phrase. @defaultValue the usual one of the status */
  readonly reason?: string | undefined;
  /** An array value sends the field several times. Content-Length or chunked framing is added unless it is given. */
  readonly headers?: HeadersInit | undefined;
  /** Set as Set-Cookie, for the whole host. */
  readonly cookies?: Readonly<Record<string, string>> | undefined;
  /** Sent as `application/json`. */
  readonly json?: unknown;
  /** Sent as `text/plain; charset=utf-8`. */
  readonly text?: string | undefined;
  /** Sent as it is, without a Content-Type. With a Content-Encoding in `headers` these are the encoded bytes. */
  readonly body?: Uint8Array | string | undefined;
  /** Sent chunked while it comes. When it throws, the connection breaks. Made by a function it is new for each call. */
  readonly stream?: Streamed | (() => Streamed) | undefined;
  /** The whole response byte by byte, head and all, after which the connection is closed. */
  readonly raw?: Uint8Array | string | undefined;
  /** Seconds until the answer begins: `timeout.read`, `timeout.total` and signals end it as they would on the wire. */
  readonly delay?: number | undefined;
  /** Seconds until there is a connection: `timeout.connect` ends it in ConnectTimeout. */
  readonly connectDelay?: number | undefined;
  /** The body drips: so many bytes, and seconds before the next. */
  readonly drip?: { readonly bytes: number; readonly every: number } | undefined;
  /** The connection is cut after so many bytes of the body as it is framed. */
  readonly cut?: number | undefined;
  /** What goes wrong instead of an answer: a fault by name, or the error to throw. */
  readonly error?: Fault | Error | undefined;
}

/** A body that comes in pieces. */
export type Streamed = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Makes the answer when the whole request is there. What it throws is what the call ends in. */
export type ReplyFunction = (
  call: MockCall,
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal,
) => Reply | "passthrough" | Promise<Reply | "passthrough">;

/** One answer: an object, a function, an error to throw, or `"passthrough"` to really send the request. */
export type ReplyInit = Reply | ReplyFunction | Error | "passthrough";

const NAMES: Readonly<Record<keyof Reply, true>> = {
  status: true,
  reason: true,
  headers: true,
  cookies: true,
  json: true,
  text: true,
  body: true,
  stream: true,
  raw: true,
  delay: true,
  connectDelay: true,
  drip: true,
  cut: true,
  error: true,
};
const CONTENTS = ["json", "text", "body", "stream", "raw"] as const;
const FAULTS: ReadonlySet<unknown> = new Set<Fault>([
  "dns",
  "refused",
  "unreachable",
  "tls",
  "reset",
  "closed",
  "garbage",
  "ConnectTimeout",
  "ReadTimeout",
  "TotalTimeout",
]);

/** @throws TypeError or RangeError for what cannot be an answer: a mistake in a test is told where it is made. */
export function checkReply(reply: unknown): asserts reply is Reply {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply))
    throw new TypeError(
      "A reply is an object such as { status: 200, json: {} }, a function, an Error or an array of them",
    );
  for (const name of Object.keys(reply))
    if (!Object.hasOwn(NAMES, name))
      throw new TypeError(`A reply has no ${JSON.stringify(name)}; it takes ${Object.keys(NAMES).join(", ")}`);
  const given = reply as Reply;
  const contents = CONTENTS.filter((name) => given[name] !== undefined);
  if (contents.length > 1) throw new TypeError(`A reply has one content, not ${contents.join(" and ")}`);
  const { status, error } = given;
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 999))
    throw new RangeError(`status must be a whole number from 200 to 999, not ${String(status)}`);
  for (const name of ["delay", "connectDelay", "cut"] as const) {
    const value = given[name];
    if (value !== undefined && !(value >= 0))
      throw new RangeError(`${name} must be 0 or greater, not ${String(value)}`);
  }
  const { drip } = given;
  if (drip !== undefined && !(drip.bytes >= 1 && drip.every >= 0))
    throw new RangeError("drip takes { bytes: 1 or more, every: seconds }");
  if (error !== undefined && !(error instanceof Error) && !FAULTS.has(error))
    throw new TypeError(`error takes an Error or one of ${[...FAULTS].join(", ")}, not ${JSON.stringify(error)}`);
}
