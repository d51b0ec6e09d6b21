/** The options of calls and sessions: one row for each says where it is given, how it merges and how it is checked. */
import type { AuthInit } from "../auth/auth-from.js";
import { HTTP_ADAPTER_OPTIONS } from "../adapters/http/http-options.js";
import type { InformationalResponse, ProgressCallback } from "../adapters/adapter.js";
import type { DataInit, FilesInit } from "../message/body/body-init.js";
import type { CookiesInit } from "../cookies/jar.js";
import type { HeadersLike } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import type { Params } from "../http/params.js";
import { aBoolean, aFunction, amountOf, orNull } from "../options/checks.js";
import type { Check, OptionRow, Place } from "../options/option.js";
import type { Retry } from "../policy/retry.js";
import { resolveTimeout, type TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import { checkBaseUrl, checkCert, checkProxies, checkRetries, checkSignal, checkVerify } from "./option-checks.js";
import type { SessionOptions } from "./session-options.js";

/**
 * Proxies by `scheme`, `scheme://host`, `all` or `all://host` of the request's URL. `null` means a direct connection;
 * `no_proxy` lists hosts that are connected to directly.
 *
 * @example `{ https: "http://proxy.example:3128", "https://internal.example": null }`
 */
export type Proxies = Readonly<Record<string, string | null | undefined>>;

/** Options for sending a request: those that `send` accepts for a prepared request. */
export interface SendOptions {
  /**
   * Seconds: one number for connect and read, `[connect, read]`, or `{ connect, read, total, pool }`. `null` waits
   * forever, which is the default, as in requests.
   *
   * @example `{ timeout: 5 }`, `{ timeout: { connect: 3, read: 10, total: 30 } }`
   * @throws RangeError for 0 or less; later ConnectTimeout, ReadTimeout, TotalTimeout, PoolTimeout.
   */
  readonly timeout?: TimeoutOption | undefined;
  /** Whether redirects are followed. @defaultValue true, but false for `head` */
  readonly allowRedirects?: boolean | undefined;
  /**
   * Proxies by scheme, `scheme://host` or `all`. They take precedence over the session's, and those over the environment's.
   *
   * @example `{ proxies: { https: "http://proxy.example:3128" } }`
   */
  readonly proxies?: Proxies | null | undefined;
  /**
   * Return as soon as the headers have arrived. Read the body with `iterContent()`, `iterLines()`, `saveTo()` or
   * `await response.read()`.
   *
   * @defaultValue false
   */
  readonly stream?: boolean | undefined;
  /**
   * Which certificate authorities to trust. true: the default ones (REQUESTS_CA_BUNDLE may name others); false: accept any
   * certificate, which is unsafe; a path: exactly those of that PEM file or directory; PEM text or bytes, or an array of
   * them: exactly these.
   *
   * @defaultValue true
   * @example `{ verify: "/etc/ssl/company-ca.pem" }`, `{ verify: process.env.COMPANY_CA_PEM }`
   */
  readonly verify?: VerifyOption | undefined;
  /**
   * The client certificate: a path, `[certificate, key]`, or `{ cert, key, pfx, passphrase }` with paths or bytes.
   *
   * @example `{ cert: ["client.crt", "client.key"] }`
   */
  readonly cert?: ClientCertificate | null | undefined;
  /**
   * Aborting rejects with the signal's reason and closes the connection. The session stays usable.
   *
   * @example `{ signal: AbortSignal.timeout(5000) }`
   */
  readonly signal?: AbortSignal | null | undefined;
  /** Called with the bytes of the request's body that were handed to the socket. What it throws ends the call. */
  readonly onUploadProgress?: ProgressCallback | null | undefined;
  /** Called with the bytes of the response's body that have arrived, before decoding. What it throws ends the call. */
  readonly onDownloadProgress?: ProgressCallback | null | undefined;
  /** Called for 1xx responses, such as 103 Early Hints. */
  readonly onInformational?: ((response: InformationalResponse) => void) | null | undefined;
  /** Bytes of the body after decoding. A larger body throws ContentTooLarge. 0 for no limit. @defaultValue 0 */
  readonly maxResponseSize?: number | undefined;
  /**
   * Undo Content-Encoding (gzip, deflate, br, zstd). With false, `content` and `iterContent()` are the bytes as they were
   * sent, and the header stays.
   *
   * @defaultValue true
   */
  readonly decode?: boolean | undefined;
  /**
   * Throw HTTPError for 4xx and 5xx, after redirects and hooks. With `stream: true` up to 64 KiB of the body are read
   * first, so that `error.response` has them as `content`.
   *
   * @defaultValue false
   */
  readonly raiseForStatus?: boolean | undefined;
  /**
   * Retries of this call: a number for the default policy, a Retry for full control, false or null for none. It takes
   * precedence over the session's and over `maxRetries` of the adapter.
   *
   * @example `{ retries: 3 }`, `{ retries: new Retry({ total: 5, statusForcelist: [502, 503] }) }`
   */
  readonly retries?: number | false | Retry | null | undefined;
}

/**
 * Options of a request. `undefined` uses the session's value; `null` disables the option, or removes a key of a mapping.
 */
export interface RequestOptions extends SendOptions {
  /**
   * Added to the query of the URL: an object (arrays repeat the key, null and undefined are dropped), pairs, a Map,
   * URLSearchParams, or text that is appended unchanged. Merged with the session's key by key, if both are mappings.
   *
   * @example `{ params: { page: 2, tag: ["a", "b"] } }`
   */
  readonly params?: Params | null | undefined;
  /**
   * The body. An object, a Map or pairs: a form. Text, bytes, Blob: sent unchanged. FormData: multipart. Readable, web
   * stream, FileHandle, iterable of bytes or text: streamed, and chunked unless the length is known.
   *
   * @example `{ data: { user: "ada" } }`, `{ data: createReadStream("report.pdf") }`
   * @throws TypeError if the value cannot be sent as a body.
   */
  readonly data?: DataInit | null | undefined;
  /**
   * The body as JSON: anything that JSON.stringify accepts. `undefined` is none, `null` the JSON null. Ignored when
   * `data` or `files` is given.
   *
   * @example `{ json: { name: "ada" } }`
   * @throws InvalidJSONError for BigInt and circular values.
   */
  readonly json?: unknown;
  /**
   * Files for a multipart body: an object or pairs of field name and content, or
   * `[filename, content, contentType?, headers?]`. A string is the content itself, not a path. Streamed, with
   * Content-Length if the length of every part is known.
   *
   * @example `{ files: { report: createReadStream("report.pdf") } }`,
   *   `{ files: { report: ["report.csv", "a,b", "text/csv"] } }`
   */
  readonly files?: FilesInit | null | undefined;
  /**
   * Header fields. Merged with the session's, without regard to case; `null` removes one of the session's; an array
   * sends the field once for each item.
   *
   * @example `{ headers: { Accept: "text/csv" } }`
   * @throws InvalidHeader for a name or value that cannot be sent.
   */
  readonly headers?: HeadersLike | null | undefined;
  /**
   * Sent with this call, in addition to the session's; not stored. `null` sends no cookies and stores none.
   *
   * @example `{ cookies: { session: "abc" } }`
   */
  readonly cookies?: CookiesInit | null | undefined;
  /**
   * `[user, password]` for Basic, an auth object, or a function of the prepared request. `null`: no credentials at all,
   * neither of the session nor of netrc nor of the URL.
   *
   * @example `{ auth: ["user", "password"] }`, `{ auth: new HTTPBearerAuth(token) }`
   */
  readonly auth?: AuthInit | null | undefined;
  /**
   * Functions that see the request before it is sent (`request`) and the response (`response`). They replace the session's
   * for the same event, as in requests; with `add: true` they run after the session's.
   *
   * @example `{ hooks: { response: (response) => console.log(response.url), add: true } }`
   */
  readonly hooks?: HooksInit | null | undefined;
}

/**
 * The registry. Each option of the interfaces has its row, and the row says of it what the interfaces say: otherwise it
 * does not compile. Unknown names, wrong values and merging are read from it, and a test compares it with the table of
 * docs/options.md.
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
  decode: { of: ["call", "send"], merge: "call only", check: aBoolean },
  raiseForStatus: { of: ["call", "send", "session"], merge: "replace", check: aBoolean },
  retries: { of: ["call", "send", "session"], merge: "replace", check: checkRetries },
  baseUrl: { of: ["session"], merge: "session only", check: orNull(checkBaseUrl) },
  maxRedirects: { of: ["session"], merge: "session only", check: amountOf("redirects") },
  trustEnv: { of: ["session"], merge: "session only", check: aBoolean },
  maxConnections: { of: ["session"], merge: "session only", check: HTTP_ADAPTER_OPTIONS.maxConnections.check },
  poolMaxsize: { of: ["session"], merge: "session only", check: HTTP_ADAPTER_OPTIONS.poolMaxsize.check },
  http2: { of: ["session"], merge: "session only", check: HTTP_ADAPTER_OPTIONS.http2.check },
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
