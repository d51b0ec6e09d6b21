/** RequestOptions: the one list of what a call may say, and how each option meets the session's. */
import type { AuthInit } from "../auth/auth-from.js";
import type { InformationalResponse, ProgressCallback } from "../adapters/adapter.js";
import type { CookiesInit } from "../message/cookies/jar.js";
import type { HeadersInit } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import { ownOptions } from "../options/own-options.js";
import type { Params } from "../message/params.js";
import { refuseUnknownNames } from "../options/nearest-name.js";
import { proxyKey } from "../policy/no-proxy.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/tls.js";
import { looksLikeOption, unknownRequestOption } from "./option-aliases.js";

/**
 * Proxies by `scheme`, `scheme://host`, `all` or `all://host` of the request's URL. `null` means a direct connection;
 * `no_proxy` lists hosts that are connected to directly.
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

const OPTION_NAMES: readonly string[] = Object.keys(MERGE_RULES);

/** How the arguments of a call begin where it is not with the URL alone. */
const FIRST_ARGUMENTS: Readonly<Record<string, string>> = { "request()": "method, url", "send()": "prepared" };

/** Calls for which values in the place of the options were meant for the query, and for the body. */
const BODILESS: ReadonlySet<string> = new Set(["get()", "head()", "options()"]);
const WITH_BODY: ReadonlySet<string> = new Set(["post()", "put()", "patch()", "delete()", "request()"]);

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
  if (options instanceof CheckedSendOptions) return options;
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw notOptions(options, "send()");
  const given = ownOptions(options);
  for (const name in given) {
    if (Object.hasOwn(OF_SENDING, name)) continue;
    if (Object.hasOwn(MERGE_RULES, name))
      throw new TypeError(
        `send() has no option "${name}": the request is prepared already. Give it to new Request(), or change the PreparedRequest`,
      );
    throw unknownRequestOption(name, Object.keys(OF_SENDING), "send()");
  }
  checkTypes(given);
  return given;
}

/** The calls that are named after their method. */
export const VERB_CALLS: Readonly<Record<string, string>> = {
  GET: "get()",
  OPTIONS: "options()",
  HEAD: "head()",
  POST: "post()",
  PUT: "put()",
  PATCH: "patch()",
  DELETE: "delete()",
};

/**
 * @returns The options that the caller gave, and none that `Object.prototype` has.
 * @throws TypeError for an unknown option (naming the nearest), and for a value of the wrong type.
 */
export function checkOptions(options: unknown, call: string): RequestOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw notOptions(options, call);
  const given = ownOptions(options);
  let isEmpty = true;
  for (const name in given) {
    if (!Object.hasOwn(MERGE_RULES, name))
      throw isContent(options) ? notOptions(options, call) : unknownOption(name, call, given);
    isEmpty = false;
  }
  // FormData and URLSearchParams have no properties: they would be ignored.
  if (isEmpty && isContent(options)) throw notOptions(options, call);
  checkTypes(given);
  return given;
}

function notOptions(options: unknown, call: string): TypeError {
  return new TypeError(
    `The ${ordinalOfOptions(call)} argument of ${call} must be an options object, not ${kindOf(options)}: ${example(call, hintFor(options))}`,
  );
}

/** Whether an object is a body, a promise or the like, and no options object. */
function isContent(value: object): boolean {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return (tag !== "Object" && tag !== "Module") || Symbol.asyncIterator in value;
}

function unknownOption(name: string, call: string, given: object): TypeError {
  const error = unknownRequestOption(name, OPTION_NAMES, call);
  const names = Object.keys(given);
  const isData =
    names.every((one) => !Object.hasOwn(MERGE_RULES, one)) && names.some((one) => !looksLikeOption(one, OPTION_NAMES));
  const meant = isData ? wrapped(name, call) : null;
  if (meant !== null)
    error.message += ` The ${ordinalOfOptions(call)} argument of ${call} is an options object. ${meant}`;
  return error;
}

/** What to write when the values themselves were given, as with `axios.post(url, data)`. */
function wrapped(name: string, call: string): string | null {
  const first = /^[A-Za-z_$][\w$]{0,40}$/.test(name) ? name : JSON.stringify(name.slice(0, 40));
  if (WITH_BODY.has(call))
    return `To send an object as the body, write ${example(call, `json: { ${first}: … }`)}, or data: { … } for a form.`;
  return BODILESS.has(call)
    ? `To send an object as the query, write ${example(call, `params: { ${first}: … }`)}.`
    : null;
}

function ordinalOfOptions(call: string): string {
  return call === "request()" ? "third" : "second";
}

function example(call: string, options: string): string {
  return `${call.replace("()", "")}(${FIRST_ARGUMENTS[call] ?? "url"}, { ${options} })`;
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
      `maxResponseSize must be a number of bytes, 0 or greater, not ${String(maxResponseSize)}`,
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

/** The compiler demands each part of the object form. */
const CERT_PARTS = { cert: true, key: true, pfx: true, passphrase: true } satisfies Record<CertificatePart, true>;
type CertificatePart = keyof Exclude<ClientCertificate, string | readonly unknown[]>;

/** @throws TypeError unless it maps schemes and hosts to URLs or null. */
export function checkProxies(proxies: unknown): asserts proxies is Proxies {
  if (typeof proxies !== "object" || proxies === null || Symbol.iterator in proxies)
    throw new TypeError(
      `proxies must be an object such as { https: "http://proxy.example:3128" }, not ${kindOf(proxies)}`,
    );
  for (const [key, value] of Object.entries(proxies)) {
    if (value === undefined) continue;
    const wanted = proxyKey(key) === "no_proxy" ? 'text such as "localhost,.example.com"' : "a URL";
    if (value !== null && typeof value !== "string")
      throw new TypeError(`proxies[${JSON.stringify(key)}] must be ${wanted} or null, not ${kindOf(value)}`);
  }
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
  if (typeof value === "undefined") return "nothing";
  if (typeof value !== "object") return `a ${typeof value}`;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === "Object" ? "another object" : `a ${tag}`;
}

/** requests takes params or data at this place. */
function hintFor(options: unknown): string {
  if (typeof options === "string") return "data: text";
  return typeof options === "object" && options !== null && isContent(options) ? "data: …" : "params: …, headers: …";
}
