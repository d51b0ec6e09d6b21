/** The options of calls and sessions: one row for each says where it is given, how it merges and how it is checked. */
import type { AuthInit } from "../auth/auth-from.js";
import type { InformationalResponse, ProgressCallback } from "../adapters/adapter.js";
import type { CookiesInit } from "../message/cookies/jar.js";
import type { HeadersLike } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import type { Params } from "../http/params.js";
import { aBoolean, aFunction, amountOf, orNull } from "../options/checks.js";
import type { Check, OptionRow, Place } from "../options/option.js";
import { resolveTimeout, type TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/connect/tls.js";
import { checkBaseUrl, checkCert, checkProxies, checkRetries, checkSignal, checkVerify } from "./option-checks.js";
import type { SessionOptions } from "./session-options.js";

/**
 * Proxies by `scheme`, `scheme://host`, `all` or `all://host` of the request's URL. `null` means a direct connection;
 * `no_proxy` lists hosts that are connected to directly.
 *
 * @example `{ https: "http://proxy.example:3128", "https://internal.example": null }`
 */
export type Proxies = Readonly<Record<string, string | null | undefined>>;

/** How a request is sent: what `send` takes, for a request that is prepared already. */
export interface SendOptions {
  /**
   * Seconds: one number for connect and read, `[connect, read]`, or `{ connect, read, total, pool }`. `null` waits
   * forever, which is the default, as in requests.
   *
   * @throws RangeError for 0 or less; later ConnectTimeout, ReadTimeout, TotalTimeout, PoolTimeout.
   */
  readonly timeout?: TimeoutOption | undefined;
  /** Whether redirects are followed. @defaultValue true, but false for `head` */
  readonly allowRedirects?: boolean | undefined;
  /** Beats the session's, which beats the environment's. */
  readonly proxies?: Proxies | null | undefined;
  /** Hand the response over with its head; read the body by iterating it, or `await response.read()`. @defaultValue false */
  readonly stream?: boolean | undefined;
  /**
   * true: the default trust (which REQUESTS_CA_BUNDLE may define); false: trust anyone; a path: exactly the
   * certificates of that PEM file or directory.
   */
  readonly verify?: boolean | string | undefined;
  /** The client certificate: path, `[certificate, key]`, or `{ cert, key, pfx, passphrase }` with paths or bytes. */
  readonly cert?: ClientCertificate | null | undefined;
  /** Aborting rejects with the signal's reason and closes the connection; the session stays usable. */
  readonly signal?: AbortSignal | null | undefined;
  /** Told of bytes of the body that were handed to the socket. What it throws ends the call. */
  readonly onUploadProgress?: ProgressCallback | null | undefined;
  /** Told of bytes of the response's body as they arrive, before decoding. What it throws ends the call. */
  readonly onDownloadProgress?: ProgressCallback | null | undefined;
  /** Told of 1xx responses, such as 103 Early Hints. */
  readonly onInformational?: ((response: InformationalResponse) => void) | null | undefined;
  /** Bytes after decoding; past it ContentTooLarge. 0 for no limit. @defaultValue the session's, which is 0 at first */
  readonly maxResponseSize?: number | undefined;
}

/** What any call accepts. `undefined` is the session's setting; `null` switches off, or removes a key when merging. */
export interface RequestOptions extends SendOptions {
  /**
   * Appended to the URL's query. Object (arrays repeat the key, null and undefined are dropped), pairs, Map,
   * URLSearchParams, or text that is appended as it is. Merges with the session's key by key, if both are mappings.
   */
  readonly params?: Params | null | undefined;
  /**
   * The body. Object or pairs: a form. Text, bytes, Blob: as it is. FormData: multipart. Readable, web stream,
   * FileHandle, iterable: streamed, chunked unless the length is known.
   *
   * @throws TypeError for what has no bytes.
   */
  readonly data?: unknown;
  /**
   * The body as JSON: anything that JSON.stringify takes. `undefined` is none, `null` the JSON null. Ignored when `data`
   * or `files` is given.
   *
   * @throws InvalidJSONError for BigInt and cycles.
   */
  readonly json?: unknown;
  /**
   * Files for a multipart body: object or pairs of field and content, or `[filename, content, contentType?, headers?]`.
   * Streamed, with Content-Length whenever every part's length is known.
   */
  readonly files?: unknown;
  /**
   * Header fields. Merge with the session's, without regard to case; `null` removes one of the session's; an array
   * sends the field once for each item.
   *
   * @throws InvalidHeader for what cannot be sent.
   */
  readonly headers?: HeadersLike | null | undefined;
  /** Sent with this call, beside the session's; not kept. */
  readonly cookies?: CookiesInit | null | undefined;
  /**
   * `[user, password]` for Basic, an auth object, or a function of the prepared request. `null`: no credentials at all,
   * neither of the session nor of netrc nor of the URL.
   */
  readonly auth?: AuthInit | null | undefined;
  /** Take the place of the session's when there is one, as in requests. */
  readonly hooks?: HooksInit | null | undefined;
}

/**
 * The registry. Each option of the interfaces has its row, and the row says of it what the interfaces say: otherwise it
 * does not compile. Unknown names, wrong values, merging and the table of docs/advanced.md are read from it.
 */
export const OPTIONS = {
  params: { of: ["call", "session"], merge: "by key", check: whenUsed },
  data: { of: ["call"], merge: "call only", check: whenUsed },
  json: { of: ["call"], merge: "call only", check: whenUsed },
  files: { of: ["call"], merge: "call only", check: whenUsed },
  headers: { of: ["call", "session"], merge: "by key", check: whenUsed },
  cookies: { of: ["call", "session"], merge: "by key", check: whenUsed },
  auth: { of: ["call", "session"], merge: "replace", check: whenUsed },
  timeout: { of: ["call", "send", "session"], merge: "replace", check: checkTimeout },
  allowRedirects: { of: ["call", "send"], merge: "call only", check: aBoolean },
  proxies: { of: ["call", "send", "session"], merge: "by key", check: orNull(checkProxies) },
  hooks: { of: ["call", "session"], merge: "replace", check: whenUsed },
  stream: { of: ["call", "send", "session"], merge: "replace", check: aBoolean },
  verify: { of: ["call", "send", "session"], merge: "replace", check: checkVerify },
  cert: { of: ["call", "send", "session"], merge: "replace", check: orNull(checkCert) },
  signal: { of: ["call", "send"], merge: "call only", check: orNull(checkSignal) },
  onUploadProgress: { of: ["call", "send"], merge: "call only", check: orNull(aFunction) },
  onDownloadProgress: { of: ["call", "send"], merge: "call only", check: orNull(aFunction) },
  onInformational: { of: ["call", "send"], merge: "call only", check: orNull(aFunction) },
  maxResponseSize: { of: ["call", "send", "session"], merge: "replace", check: amountOf("bytes") },
  baseUrl: { of: ["session"], merge: "session only", check: orNull(checkBaseUrl) },
  maxRedirects: { of: ["session"], merge: "session only", check: amountOf("redirects") },
  trustEnv: { of: ["session"], merge: "session only", check: aBoolean },
  retries: { of: ["session"], merge: "session only", check: orNull(checkRetries) },
} satisfies { readonly [Name in keyof AllOptions]: RowOf<Name> };

type AllOptions = Required<RequestOptions & SessionOptions>;

/** The rows that the interfaces allow for an option. */
interface RowOf<Name> extends OptionRow {
  readonly of: Name extends keyof SessionOptions
    ? Name extends keyof SendOptions
      ? readonly ["call", "send", "session"]
      : Name extends keyof RequestOptions
        ? readonly ["call", "session"]
        : readonly ["session"]
    : Name extends keyof SendOptions
      ? readonly ["call", "send"]
      : readonly ["call"];
  readonly merge: Name extends keyof SessionOptions
    ? Name extends keyof RequestOptions
      ? "by key" | "replace"
      : "session only"
    : "call only";
}

/** The options that may be given at a place, with their checks. */
export const CALL_OPTIONS = optionsOf("call");
export const SEND_OPTIONS = optionsOf("send");
export const SESSION_OPTIONS = optionsOf("session");

function optionsOf(place: Place): ReadonlyMap<string, Check> {
  const rows: [string, OptionRow][] = Object.entries(OPTIONS);
  return new Map(rows.filter(([, row]) => row.of.includes(place)).map(([name, row]) => [name, row.check]));
}

/** Checked by the code that uses it: reading the whole value twice would cost more than it is worth. */
function whenUsed(): void {
  // Preparing the request, or the session's attribute, throws for a wrong value.
}

function checkTimeout(value: unknown): void {
  resolveTimeout(value as TimeoutOption);
}
