/** The reply of a route. */
import type { HeadersLike } from "../index.js";
import { aString, atLeast, type Check, kindOf, numberOrKind, refuseUnknownNames } from "../extend/index.js";
import type { MockCall } from "./call.js";

/**
 * Failures by name. Each ends in the exception that the wire throws for it.
 *
 * - `"dns"`: the host has no address; `"refused"`: no server listens; `"unreachable"`: no way there. ConnectionError.
 * - `"tls"`: the certificate is self-signed. SSLError.
 * - `"reset"`: the connection is reset before an answer; `"closed"`: it is closed. ConnectionError.
 * - `"garbage"`: the answer is not HTTP. ConnectionError, `ERR_BAD_RESPONSE`.
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
  readonly headers?: HeadersLike | undefined;
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
  /** A failure in place of an answer: a fault by name, or the error to throw. */
  readonly error?: Fault | Error | undefined;
}

/** A body that comes in pieces. */
export type Streamed = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** Makes the answer when the whole request is there. What it throws is what the call ends in. */
export type ReplyFunction = (
  call: MockCall,
  /** Aborted when the client no longer waits for the answer. */
  signal: AbortSignal,
) => Reply | "passthrough" | Promise<Reply | "passthrough">;

/** One answer: an object, a function, an error to throw, or `"passthrough"` to really send the request. */
export type ReplyInit = Reply | ReplyFunction | Error | "passthrough";

/** The row of a member of a reply. */
interface ReplyRow {
  readonly check: Check;
  /** Whether it is the content, of which there is one. */
  readonly isContent?: boolean;
}

const REPLY = {
  status: { check: aStatus },
  reason: { check: aString },
  headers: { check: whenUsed },
  cookies: { check: whenUsed },
  json: { check: whenUsed, isContent: true },
  text: { check: whenUsed, isContent: true },
  body: { check: whenUsed, isContent: true },
  stream: { check: whenUsed, isContent: true },
  raw: { check: whenUsed, isContent: true },
  delay: { check: atLeast(0) },
  connectDelay: { check: atLeast(0) },
  drip: { check: aDrip },
  cut: { check: atLeast(0) },
  error: { check: anError },
} satisfies { readonly [Name in keyof Reply]-?: ReplyRow };

const ROWS: readonly (readonly [string, ReplyRow])[] = Object.entries(REPLY);

/** The compiler demands each fault. */
const FAULTS = {
  dns: true,
  refused: true,
  unreachable: true,
  tls: true,
  reset: true,
  closed: true,
  garbage: true,
  ConnectTimeout: true,
  ReadTimeout: true,
  TotalTimeout: true,
} satisfies Readonly<Record<Fault, true>>;

/** @throws TypeError or RangeError for what cannot be an answer: a mistake in a test is told where it is made. */
export function checkReply(reply: unknown): asserts reply is Reply {
  if (typeof reply !== "object" || reply === null || Array.isArray(reply))
    throw new TypeError(
      "A reply is an object such as { status: 200, json: {} }, a function, an Error or an array of them",
    );
  refuseUnknownNames(reply, REPLY, "a reply");
  const given = ROWS.filter(([name]) => (reply as Readonly<Record<string, unknown>>)[name] !== undefined);
  const contents = given.filter(([, row]) => row.isContent === true).map(([name]) => name);
  if (contents.length > 1) throw new TypeError(`A reply has one content, not ${contents.join(" and ")}`);
  for (const [name, { check }] of given) check((reply as Readonly<Record<string, unknown>>)[name], name);
}

function whenUsed(): void {
  // Writing the reply reads the whole value.
}

function aStatus(value: unknown, name: string): void {
  if (!(typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 999))
    throw new RangeError(`${name} must be a whole number from 200 to 999, not ${numberOrKind(value)}`);
}

function aDrip(value: unknown, name: string): void {
  const { bytes, every } = value as NonNullable<Reply["drip"]>;
  if (!(bytes >= 1 && every >= 0)) throw new RangeError(`${name} takes { bytes: 1 or more, every: seconds }`);
}

function anError(value: unknown, name: string): void {
  if (value instanceof Error || (typeof value === "string" && Object.hasOwn(FAULTS, value))) return;
  const shown = typeof value === "string" ? JSON.stringify(value) : kindOf(value);
  throw new TypeError(`${name} takes an Error or one of ${Object.keys(FAULTS).join(", ")}, not ${shown}`);
}
