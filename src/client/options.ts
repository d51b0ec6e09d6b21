/** RequestOptions: the one list of what a call may say, and how each option meets the session's. */
import type { AuthInit } from "../auth/auth-from.js";
import type { InformationalResponse, ProgressCallback } from "../adapters/adapter.js";
import type { CookiesInit } from "../message/cookies/jar.js";
import type { HeadersInit } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import { ownOptions } from "../message/own-options.js";
import type { Params } from "../message/params.js";
import { nearestName, refuseUnknownNames } from "../policy/nearest-name.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/tls.js";

/**
 * Proxies by `scheme`, `scheme://host`, `all` or `all://host`. `null` means a direct connection.
 *
 * @example `{ https: "http://proxy.example:3128", "https://internal.example": null }`
 */
export type Proxies = Readonly<Record<string, string | null | undefined>>;

/** What any call accepts. `undefined` is the session's setting; `null` switches off, or removes a key when merging. */
export interface RequestOptions {
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
  readonly headers?: HeadersInit | null | undefined;
  /** Sent with this call, beside the session's; not kept. */
  readonly cookies?: CookiesInit | null | undefined;
  /**
   * `[user, password]` for Basic, an auth object, or a function of the prepared request. `null`: no credentials at all,
   * neither of the session nor of netrc nor of the URL.
   */
  readonly auth?: AuthInit | null | undefined;
  /**
   * Seconds: one number for connect and read, `[connect, read]`, or `{ connect, read, total, pool }`. `null` waits for
   * ever, which is the default, as in requests.
   *
   * @throws RangeError for 0 or less; later ConnectTimeout, ReadTimeout, TotalTimeout, PoolTimeout.
   */
  readonly timeout?: TimeoutOption | undefined;
  /** Whether redirects are followed. @defaultValue true, but false for `head` */
  readonly allowRedirects?: boolean | undefined;
  /** Beats the session's, which beats the environment's. */
  readonly proxies?: Proxies | null | undefined;
  /** Take the place of the session's when there is one, as in requests. */
  readonly hooks?: HooksInit | null | undefined;
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
  /** Bytes after decoding; past it ContentTooLarge. 0 for no limit. @defaultValue 0 */
  readonly maxResponseSize?: number | undefined;
}

/** How an option of a call meets the setting of the session. */
export type MergeRule =
  /** Key by key; null removes. */
  | "merge"
  /** The call's if it is given. */
  | "replace"
  /** There is none of the session. */
  | "call-only";

/** The merge table: an option that is not here does not compile. */
export const MERGE_RULES: Readonly<Record<keyof RequestOptions, MergeRule>> = Object.freeze({
  params: "merge",
  data: "call-only",
  json: "call-only",
  files: "call-only",
  headers: "merge",
  cookies: "merge",
  auth: "replace",
  timeout: "replace",
  allowRedirects: "call-only",
  proxies: "merge",
  hooks: "replace",
  stream: "replace",
  verify: "replace",
  cert: "replace",
  signal: "call-only",
  onUploadProgress: "call-only",
  onDownloadProgress: "call-only",
  onInformational: "call-only",
  maxResponseSize: "call-only",
});

/** The options that concern the sending of a request that is prepared already. */
export type SendOptions = Pick<
  RequestOptions,
  | "stream"
  | "timeout"
  | "verify"
  | "cert"
  | "proxies"
  | "allowRedirects"
  | "signal"
  | "onUploadProgress"
  | "onDownloadProgress"
  | "onInformational"
  | "maxResponseSize"
>;

/** Whether an option belongs to the request itself, or to how it is sent. */
const OF_SENDING: Readonly<Record<keyof SendOptions, true>> = {
  stream: true,
  timeout: true,
  verify: true,
  cert: true,
  proxies: true,
  allowRedirects: true,
  signal: true,
  onUploadProgress: true,
  onDownloadProgress: true,
  onInformational: true,
  maxResponseSize: true,
};

/** Options that were checked as a part of a call's. */
class CheckedSendOptions {}
Object.setPrototypeOf(CheckedSendOptions.prototype, null);

/** Those of a call's options that concern the sending; undefined when there is none. */
export function sendOptionsOf(given: RequestOptions): SendOptions | undefined {
  let found: Record<string, unknown> | undefined;
  for (const name in given)
    if (Object.hasOwn(OF_SENDING, name)) {
      found ??= new CheckedSendOptions() as Record<string, unknown>;
      found[name] = given[name as keyof RequestOptions];
    }
  return found;
}

/**
 * @returns The options of `send`.
 * @throws TypeError for an unknown option, one that belongs to the request, and a value of the wrong type.
 */
export function checkSendOptions(options: unknown): SendOptions {
  if (options instanceof CheckedSendOptions) return options as SendOptions;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(
      `The second argument of send() must be an options object, not ${kindOf(options)}: send(prepared, { timeout: 5 })`,
    );
  const given = ownOptions(options);
  for (const name in given) {
    if (Object.hasOwn(OF_SENDING, name)) continue;
    if (Object.hasOwn(MERGE_RULES, name))
      throw new TypeError(
        `send() has no option "${name}": the request is prepared already. Give it to new Request(), or change the PreparedRequest`,
      );
    throw unknownOption(name, "send()", Object.keys(OF_SENDING));
  }
  checkTypes(given);
  return given;
}

/**
 * @returns The options that the caller gave, without those that `Object.prototype` has.
 * @param method - Of the call, for messages.
 * @throws TypeError for an unknown option (naming the nearest), and for a value of the wrong type.
 */
export function checkOptions(options: unknown, method: string): RequestOptions {
  checkOptionsObject(options, null);
  const given = ownOptions(options as RequestOptions);
  for (const name in given)
    if (!Object.hasOwn(MERGE_RULES, name)) throw unknownOption(name, callName(method), Object.keys(MERGE_RULES));
  checkTypes(given);
  return given;
}

/** @param method - Of a call that is named after it; null for `request()`, whose options come third. */
export function checkOptionsObject(options: unknown, method: string | null): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const [place, call] =
    method === null
      ? ["third argument of request()", "request(method, url"]
      : [`second argument of ${callName(method)}`, `${method.toLowerCase()}(url`];
  throw new TypeError(
    `The ${place} must be an options object, not ${kindOf(options)}: ${call}, { ${hintFor(options)} })`,
  );
}

const VERBS: ReadonlySet<string> = new Set(["GET", "OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** As the caller wrote it: `get()`, or another call such as `paginate()`. */
function callName(method: string): string {
  return VERBS.has(method) ? `${method.toLowerCase()}()` : method.endsWith("()") ? method : "request()";
}

function unknownOption(name: string, call: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  return new TypeError(
    `Unknown option ${JSON.stringify(name)} for ${call}. ${nearest === null ? `Valid options: ${known.join(", ")}` : `Did you mean ${JSON.stringify(nearest)}?`}`,
  );
}

function checkTypes(options: RequestOptions): void {
  checkBoolean(options.allowRedirects, "allowRedirects");
  checkBoolean(options.stream, "stream");
  if (options.verify !== undefined) checkVerify(options.verify);
  if (options.cert != null) checkCert(options.cert);
  checkFunction(options.onUploadProgress, "onUploadProgress");
  checkFunction(options.onDownloadProgress, "onDownloadProgress");
  checkFunction(options.onInformational, "onInformational");
  const { signal, maxResponseSize, proxies } = options;
  if (signal != null && typeof signal.addEventListener !== "function")
    throw new TypeError(`signal must be an AbortSignal, not ${kindOf(signal)}`);
  if (maxResponseSize !== undefined && !(typeof maxResponseSize === "number" && maxResponseSize >= 0))
    throw new (typeof maxResponseSize === "number" ? RangeError : TypeError)(
      `maxResponseSize must be a number of bytes from 0 up, not ${String(maxResponseSize)}`,
    );
  if (proxies != null) checkProxies(proxies);
}

/** @throws TypeError unless it is true, false or a path: anything else might switch verification off by accident. */
export function checkVerify(verify: unknown): asserts verify is boolean | string {
  if (typeof verify === "boolean" || (typeof verify === "string" && verify !== "")) return;
  throw new TypeError(
    `verify must be true, false or the path of a CA file or directory, not ${verify === "" ? '""' : kindOf(verify)}`,
  );
}

/** @throws TypeError unless it is a path, two, or the parts. */
export function checkCert(cert: unknown): void {
  const isPath = (value: unknown): boolean => typeof value === "string" && value !== "";
  if (isPath(cert) || (Array.isArray(cert) && cert.length === 2 && cert.every(isPath))) return;
  if (typeof cert === "object" && cert !== null && !Array.isArray(cert)) {
    refuseUnknownNames(cert, CERT_PARTS, "cert");
    if (Object.hasOwn(cert, "cert") || Object.hasOwn(cert, "pfx")) return;
  }
  throw new TypeError(
    `cert must be a path, [certificatePath, keyPath] or { cert, key, pfx, passphrase } with paths or bytes, not ${kindOf(cert)}`,
  );
}

const CERT_PARTS: ReadonlySet<string> = new Set(["cert", "key", "pfx", "passphrase"]);

/** @throws TypeError unless it maps names to URLs or null. */
export function checkProxies(proxies: unknown): asserts proxies is Proxies {
  if (typeof proxies !== "object" || proxies === null || Array.isArray(proxies))
    throw new TypeError(
      `proxies must be an object such as { https: "http://proxy.example:3128" }, not ${kindOf(proxies)}`,
    );
  for (const [key, value] of Object.entries(proxies))
    if (value != null && typeof value !== "string")
      throw new TypeError(`proxies[${JSON.stringify(key)}] must be a URL or null, not ${kindOf(value)}`);
}

function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "boolean")
    throw new TypeError(`${name} must be true or false, not ${kindOf(value)}`);
}

function checkFunction(value: unknown, name: string): void {
  if (value != null && typeof value !== "function")
    throw new TypeError(`${name} must be a function, not ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "another object" : typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
}

/** requests takes params or data at this place. */
function hintFor(options: unknown): string {
  return typeof options === "string" ? "data: text" : "params: …, headers: …";
}
