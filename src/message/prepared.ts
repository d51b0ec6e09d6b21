/** PreparedRequest: exactly what will be sent, open to inspection and change, and the ordered steps that make it. */
import { inspect } from "node:util";

import { kindOf } from "../options/kind.js";
import { NO_OPTIONS, ownOptions } from "../options/own-options.js";
import { bodyFrom, prepareBody, type Body } from "./body/body.js";
import type { RequestsCookieJar } from "./cookies/jar.js";
import { cookieJarFrom } from "./cookies/jar.js";
import { curlCommand, type CurlOptions } from "./curl.js";
import { FieldList } from "../http/fields.js";
import {
  checkGivenField,
  dictOf,
  headerEntries,
  headerPairs,
  type CaseInsensitiveDict,
  type HeadersInit,
} from "./headers.js";
import { deregisterHook, hooksFrom, registerHook, type Hooks, type HooksInit, type ResponseHook } from "./hooks.js";
import { maskedPrepared } from "./masked.js";
import type { Params } from "./params.js";
import { credentialHeaders } from "./redaction.js";
import {
  authFromUrl,
  effectivePort,
  hostHeaderOf,
  pathUrlOf,
  prepareUrl,
  requestTargetOf,
  splitUrl,
  type UrlParts,
} from "./url.js";

/** What a request is prepared from; all of it is optional. */
export interface PrepareOptions {
  /** The method; written in capitals. */
  readonly method?: string | null | undefined;
  /** The URL; `params` are added to its query. */
  readonly url?: string | URL | null | undefined;
  /** Headers, as the option `headers` takes them. */
  readonly headers?: HeadersInit | null | undefined;
  /** Files for a multipart body, as the option `files` takes them. */
  readonly files?: unknown;
  /** The body, as the option `data` takes it. */
  readonly data?: unknown;
  /** A value to send as JSON; ignored beside `data` and `files`. */
  readonly json?: unknown;
  /** Parameters for the query, as the option `params` takes them. */
  readonly params?: Params | null | undefined;
  /** undefined: credentials of the URL, if it has any; null: none at all. */
  readonly auth?: unknown;
  /** Cookies, as the option `cookies` takes them; they become the header `Cookie`. */
  readonly cookies?: unknown;
  /** Functions that see the response. */
  readonly hooks?: HooksInit | null | undefined;
}

/** The part of an auth object that preparing needs; the auth layer makes them. */
interface AppliedAuth {
  apply(request: PreparedRequest): PreparedRequest | PromiseLike<PreparedRequest>;
}

let authFrom: (value: unknown) => AppliedAuth | null = () => {
  throw new Error("The auth layer is not loaded");
};

/** The auth layer says here how it reads the option `auth`; this layer lies below it. @internal */
export function useAuthReader(reader: (value: unknown) => AppliedAuth | null): void {
  authFrom = reader;
}

/** A URL as the wire wants it. */
interface Target {
  readonly url: string;
  readonly parts: UrlParts;
  /** Path and query, as they are sent. */
  readonly path: string;
  readonly scheme: string;
  /** The value of the Host header. */
  readonly authority: string;
  /** The host without the brackets of an IPv6 address. */
  readonly hostname: string;
  /** Scheme, host and port. */
  readonly origin: string;
}

/** Programs ask the same URLs again and again. */
const targets = new Map<string, Target>();
const MAX_TARGETS = 500;
const MAX_CACHED_URL = 500;

function targetOf(url: string): Target {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const parts = splitUrl(url);
  const target = {
    url,
    parts,
    path: requestTargetOf(parts),
    scheme: parts.scheme,
    authority: hostHeaderOf(parts),
    hostname: parts.host.startsWith("[") ? parts.host.slice(1, -1) : parts.host,
    origin: `${parts.scheme}://${parts.host}:${effectivePort(parts)}`,
  };
  if (url.length <= MAX_CACHED_URL) {
    if (targets.size >= MAX_TARGETS) targets.clear();
    targets.set(url, target);
  }
  return target;
}

/** URL texts whose prepared form is the text itself. */
const preparedUrls = new Set<string>();

const COMMON_METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
const BODILESS_METHODS = new Set(["GET", "HEAD"]);

const NO_HOOKS: readonly ResponseHook[] = Object.freeze([]);

/** The response hooks of a request; most have none, and no object for them is made. */
export let responseHooks: (request: PreparedRequest) => readonly ResponseHook[];

/**
 * A request as it goes out. Every attribute may be changed before it is sent.
 *
 * @example
 * ```ts
 * const session = new Session();
 * const prepared = session.prepareRequest(new Request("POST", "https://httpbin.org/post", { data: { a: 1 } }));
 * prepared.headers["X-Trace"] = "1";
 * const response = await session.send(prepared);
 * response.statusCode; //=> 200
 * ```
 */
export class PreparedRequest {
  /** Upper case. */
  method = "";
  /** `auth: null` was said: no redirect brings credentials in. @internal */
  withoutCredentials = false;
  /** `cookies: null` was said: no cookie is sent, and none of the response is stored. @internal */
  withoutCookies = false;
  /** Names of headers that carry credentials beside the usual ones: masked wherever the request is shown. @internal */
  credentialHeaders: readonly string[] = credentialHeaders;

  static {
    responseHooks = (request) => (request.#hooks === null ? NO_HOOKS : request.#hooks.response);
  }

  #url = "";
  #target: Target | null = null;
  #fields: FieldList | null = null;
  #hooks: Hooks | null = null;
  #headers: CaseInsensitiveDict | null = null;
  #body: Body | null = null;
  #cookies: RequestsCookieJar | null = null;
  /** The Cookie header that was made from a jar. */
  #cookieHeader: string | undefined = undefined;
  #auth: AppliedAuth | null = null;
  #signing: Promise<PreparedRequest> | null = null;

  /** The whole URL. What is assigned is taken as it is; only escapes are sent in upper case, and brackets escaped. */
  get url(): string {
    return this.#url;
  }
  set url(url: string) {
    this.#url = url;
    this.#target = null;
  }

  /**
   * The header fields that will be sent; Host comes on top unless it is among them. Assigning an object, pairs, a Map,
   * `Headers` or a CaseInsensitiveDict replaces them by a copy; Content-Length or Transfer-Encoding of the body is set
   * again if neither is among them.
   */
  get headers(): CaseInsensitiveDict {
    this.#headers ??= dictOf(this.fields);
    return this.#headers;
  }
  set headers(headers: HeadersInit) {
    this.useFields(new FieldList(headerPairs(headers)));
    if (!this.fields.has("content-length") && !this.fields.has("transfer-encoding")) this.#useBody(this.#body);
  }

  /** null, text, bytes or a stream. Assigning sets Content-Length or Transfer-Encoding to match. */
  get body(): unknown {
    return this.#body === null ? null : this.#body.value;
  }
  set body(body: unknown) {
    const next = body === null || body === undefined ? null : bodyFrom(body);
    // The framing of the old body does not describe the new one.
    if (next === null || next.length === null) this.fields.delete("content-length");
    if (next === null || next.length !== null) this.fields.delete("transfer-encoding");
    this.#useBody(next);
  }

  /** Functions that see the response. */
  get hooks(): Hooks {
    return (this.#hooks ??= hooksFrom(null));
  }
  set hooks(hooks: HooksInit | null) {
    this.#hooks = hooksFrom(hooks);
  }

  /** Path and query, "/" if empty, without the fragment. */
  get pathUrl(): string {
    return pathUrlOf(this.target.parts);
  }

  /**
   * Prepares everything, in the order of requests: method, URL, headers, cookies, body, auth, hooks.
   *
   * @throws MissingSchema, InvalidURL, InvalidHeader, InvalidJSONError, TypeError: see the steps.
   */
  prepare(options: PrepareOptions = NO_OPTIONS): void {
    options = ownOptions(options);
    this.prepareMethod(options.method);
    this.prepareUrl(options.url, options.params);
    this.prepareHeaders(options.headers);
    if (options.cookies != null) this.prepareCookies(options.cookies);
    this.prepareBody(options.data, options.files, options.json);
    this.prepareAuth(options.auth);
    this.prepareHooks(options.hooks);
  }

  /** Upper-cases the method. It is checked to be a token when it is sent. */
  prepareMethod(method: string | null | undefined): void {
    if (method != null && typeof method !== "string")
      throw new TypeError(`method must be a string, not ${kindOf(method)}`);
    this.method = method == null ? "" : COMMON_METHODS.has(method) ? method : method.toUpperCase();
  }

  /**
   * Sets the URL: escaped, its host in ASCII, with `params` in its query.
   *
   * @throws MissingSchema for a URL without a scheme, InvalidURL for one that cannot be used.
   * @see the table in requests' documentation of URL preparation
   */
  prepareUrl(url: string | URL | null | undefined, params?: Params | null): void {
    if (params == null && typeof url === "string" && preparedUrls.has(url)) {
      this.url = url;
      return;
    }
    const prepared = prepareUrl(url, params);
    if (prepared === url && prepared.length <= MAX_CACHED_URL) {
      if (preparedUrls.size >= MAX_TARGETS) preparedUrls.clear();
      preparedUrls.add(prepared);
    }
    this.url = prepared;
  }

  /**
   * Sets the headers.
   *
   * @throws InvalidHeader for a name or value that cannot be sent.
   */
  prepareHeaders(headers: HeadersInit | null | undefined): void {
    const fields = new FieldList();
    if (headers != null)
      for (const [name, values] of headerEntries(headers)) {
        if (values === null) continue;
        for (const value of values) checkGivenField(name, value);
        fields.setAll(name, values);
      }
    this.useFields(fields);
  }

  /**
   * Sets the Cookie header from the jar, unless there is one already.
   *
   * @param own - The cookies among them that are this request's own, and follow its redirects.
   */
  prepareCookies(cookies: unknown, own: RequestsCookieJar = cookieJarFrom(cookies)): void {
    this.#cookies = own;
    this.prepareSessionCookies(cookieJarFrom(cookies));
  }

  /** The same with cookies that belong to a session. @internal */
  prepareSessionCookies(jar: RequestsCookieJar): void {
    if (jar.isEmpty || this.fields.has("cookie")) return;
    const host = this.fields.get("host");
    const header = jar.headerFor(this.#url, host === undefined ? undefined : { host });
    if (header !== undefined) this.useCookieHeader(header);
  }

  /** A Cookie header that comes from a jar, not from the caller. @internal */
  useCookieHeader(header: string): void {
    this.#cookieHeader = header;
    this.fields.set("Cookie", header);
  }

  /** Makes the Cookie header anew, unless it is the caller's. @internal */
  refreshCookies(jar: RequestsCookieJar): void {
    if (this.fields.get("cookie") !== this.#cookieHeader) return;
    this.fields.delete("cookie");
    this.prepareSessionCookies(jar);
  }

  /**
   * Takes the body from `data`, `files` or `json`, with its framing and Content-Type.
   *
   * @throws InvalidJSONError, InvalidHeader or TypeError for what cannot be a body.
   */
  prepareBody(data?: unknown, files?: unknown, json?: unknown): void {
    if (data == null && files == null && json === undefined) {
      this.#useBody(null);
      return;
    }
    const given = this.fields.get("content-type");
    const { body, contentType } = prepareBody({ data, files, json }, given);
    this.#useBody(body);
    if (contentType !== null) this.fields.set("Content-Type", contentType);
  }

  /** Makes this the body, and sets Content-Length or Transfer-Encoding to match. */
  prepareContentLength(body: unknown): void {
    this.#useBody(body === null || body === undefined ? null : bodyFrom(body));
  }

  /**
   * Lets the credentials sign the request, after its body.
   *
   * @param auth - As the option `auth`; undefined for those of the URL, null for none.
   */
  prepareAuth(auth: unknown): void {
    const found = auth === undefined ? authFromUrl(this.#url) : auth;
    const resolved = found === null ? null : authFrom(found);
    this.#auth = resolved;
    if (resolved !== null) this.applyAuth(resolved);
  }

  /** Adds the hooks; those that the credentials registered stay before them. */
  prepareHooks(hooks: HooksInit | null | undefined): void {
    if (hooks != null) this.hooks.response.push(...hooksFrom(hooks).response);
  }

  /** Adds a function that sees the response. */
  registerHook(event: "response", hook: ResponseHook | readonly ResponseHook[]): void {
    registerHook(this.hooks, event, hook);
  }

  /**
   * Takes a hook away.
   *
   * @returns False when it was not registered.
   */
  deregisterHook(event: "response", hook: ResponseHook): boolean {
    return deregisterHook(this.hooks, event, hook);
  }

  /** A request of its own; only the body is shared. */
  copy(): PreparedRequest {
    const copy = new PreparedRequest();
    copy.method = this.method;
    copy.#url = this.#url;
    copy.#target = this.#target;
    copy.#fields = this.fields.copy();
    copy.#body = this.#body;
    copy.#cookies = this.#cookies === null ? null : this.#cookies.copy();
    copy.#cookieHeader = this.#cookieHeader;
    copy.#auth = this.#auth;
    copy.#signing = this.#signing;
    copy.withoutCredentials = this.withoutCredentials;
    copy.withoutCookies = this.withoutCookies;
    copy.credentialHeaders = this.credentialHeaders;
    if (this.#hooks !== null) copy.#hooks = hooksFrom(this.#hooks);
    return copy;
  }

  /**
   * The request as a curl command, safe to paste into a shell.
   *
   * @param options - `credentials: true` shows what is masked otherwise.
   */
  toCurl(options: CurlOptions = {}): string {
    return curlCommand(this, this.#body, options);
  }

  /** The request in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedPrepared(this);
  }

  [inspect.custom](): string {
    return `<PreparedRequest [${this.method}]>`;
  }

  // ── for the layers above ──────────────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  get target(): Target {
    this.#target ??= targetOf(this.#url);
    return this.#target;
  }

  /** The list under `headers`. @internal */
  get fields(): FieldList {
    this.#fields ??= new FieldList();
    return this.#fields;
  }

  /** Takes over a list that is known to be good. @internal */
  useFields(fields: FieldList): void {
    this.#fields = fields;
    this.#headers = null;
  }

  /** @internal */
  get source(): Body | null {
    return this.#body;
  }

  /** @internal */
  get cookieJar(): RequestsCookieJar | null {
    return this.#cookies;
  }

  /** @internal */
  get auth(): unknown {
    return this.#auth;
  }

  /** @internal */
  dropAuth(): void {
    this.#auth = null;
    this.#signing = null;
  }

  /** Has `auth.apply` sign; what it returns takes the place of this request's parts. @internal */
  applyAuth(auth: AppliedAuth): void {
    const signed: unknown = auth.apply(this);
    if (isPromiseLike(signed)) {
      this.#signing = Promise.resolve(signed).then((value) => checkedRequest(value, "apply()"));
      // send() awaits it; one that fails before then is not an unhandled rejection.
      this.#signing.catch(() => undefined);
    } else this.#adopt(checkedRequest(signed, "apply()"));
  }

  /** Whether an auth function's promise is still to be waited for. @internal */
  get isSigning(): boolean {
    return this.#signing !== null;
  }

  /** Waits for an auth function that returned a promise. @internal */
  get signing(): Promise<void> | null {
    if (this.#signing === null) return null;
    return this.#signing.then((signed) => {
      this.#signing = null;
      this.#adopt(signed);
    });
  }

  /** Drops the body and the fields that describe it. @internal */
  dropBody(): void {
    this.#body = null;
  }

  #adopt(signed: PreparedRequest): void {
    if (signed === this) return;
    this.method = signed.method;
    this.url = signed.url;
    if (#fields in signed) {
      this.#hooks = signed.#hooks;
      this.#fields = signed.#fields;
      this.#headers = signed.#headers;
      this.#body = signed.#body;
    } else {
      // A request of another copy of this package: what is public of it.
      this.hooks = (signed as PreparedRequest).hooks;
      this.prepareHeaders([...(signed as PreparedRequest).headers]);
      this.body = (signed as PreparedRequest).body;
    }
  }

  #useBody(body: Body | null): void {
    this.#body = body;
    const { fields } = this;
    if (body === null) {
      // RFC 9110 §8.6: a method that expects a body says when there is none.
      if (
        !BODILESS_METHODS.has(this.method) &&
        this.method !== "" &&
        !fields.has("content-length") &&
        !fields.has("transfer-encoding")
      )
        fields.append("Content-Length", "0");
      else if (BODILESS_METHODS.has(this.method) && fields.length > 0) dropOurFraming(fields);
      return;
    }
    if (body.length !== null) {
      fields.set("Content-Length", String(body.length));
      return;
    }
    if (fields.has("content-length") || fields.has("transfer-encoding")) return;
    fields.append("Transfer-Encoding", "chunked");
  }
}

/**
 * Checks what an auth function or `apply` returned.
 *
 * @param who - The function, for the message.
 * @returns The value, known to be a request.
 * @throws TypeError when it is not a request: most often a forgotten `return request`.
 */
export function checkedRequest(value: unknown, who: string): PreparedRequest {
  if (value instanceof PreparedRequest) return value;
  const request = value as Partial<PreparedRequest> | null | undefined;
  if (
    typeof request === "object" &&
    request !== null &&
    typeof request.method === "string" &&
    typeof request.url === "string" &&
    typeof request.headers === "object"
  )
    return request as PreparedRequest;
  throw new TypeError(
    `The auth ${who} must return the PreparedRequest that it was given (or another one), but returned ${kindOf(value)}. Did you forget "return request"?`,
  );
}

/** Whether a value is to be awaited: promises of other libraries and realms are not instances of Promise. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** A body that was taken away leaves no length behind. */
function dropOurFraming(fields: FieldList): void {
  const length = fields.get("content-length");
  if (length !== undefined && length !== "0") fields.delete("Content-Length");
}
