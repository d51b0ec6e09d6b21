/** PreparedRequest: exactly what will be sent, open to inspection and change, and the ordered steps that make it. */
import { inspect } from "node:util";

import { authFrom } from "../auth/auth-from.js";
import type { AuthBase } from "../auth/base.js";
import { checkedRequest } from "../auth/checked-request.js";
import { kindOf } from "../options/kind.js";
import { isPromiseLike } from "../options/kinds.js";
import { NO_OPTIONS, ownOptions } from "../options/own-options.js";
import { bodyFrom, prepareBody, type Body } from "./body/body.js";
import type { RequestsCookieJar } from "../cookies/jar.js";
import { cookieJarFrom } from "../cookies/jar.js";
import { curlCommand, type CurlOptions } from "./curl.js";
import { FieldList } from "../http/fields.js";
import {
  checkGivenField,
  dictOf,
  headerEntries,
  headerPairs,
  type CaseInsensitiveDict,
  type HeadersLike,
} from "./headers.js";
import {
  deregisterHook,
  hooksFrom,
  registerHook,
  type HookEvent,
  type Hooks,
  type HooksInit,
  type HookTypes,
} from "./hooks.js";
import type { InsideRequest } from "./inside-request.js";
import { maskedPrepared } from "./masked.js";
import type { Params } from "../http/params.js";
import { credentialHeaders } from "../http/redaction/redaction.js";
import type { ShownRequest } from "./shown-request.js";
import { targetOf, type RequestTarget } from "../http/url/request-target.js";
import { authFromUrl, pathUrlOf, prepareUrl } from "../http/url/url.js";

export type { InsideRequest } from "./inside-request.js";
export type { RequestTarget } from "../http/url/request-target.js";

/** The parts that a request is prepared from. All of them are optional. */
export interface PrepareOptions {
  /** The method; written in capitals. */
  readonly method?: string | null | undefined;
  /** The URL; `params` are added to its query. */
  readonly url?: string | URL | null | undefined;
  /** Headers, as the option `headers` takes them. */
  readonly headers?: HeadersLike | null | undefined;
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

/** Access to these parts for the rest of the library: a friend of the class in place of public members. */
export let insideRequest: InsideRequest;

const MAX_PREPARED = 500;
const MAX_CACHED_URL = 500;

/** URL texts whose prepared form is the text itself. */
const preparedUrls = new Set<string>();

const COMMON_METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);
const BODILESS_METHODS = new Set(["GET", "HEAD"]);

const NO_HOOKS: readonly never[] = Object.freeze([]);

/** The hooks of a request for an event. Most requests have none, and no object for them is made. */
export let hooksOfRequest: <Event extends HookEvent>(
  request: PreparedRequest,
  event: Event,
) => readonly HookTypes[Event][];

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
  #url = "";
  #target: RequestTarget | null = null;
  #fields: FieldList | null = null;
  #hooks: Hooks | null = null;
  #headers: CaseInsensitiveDict | null = null;
  #body: Body | null = null;
  #cookies: RequestsCookieJar | null = null;
  /** The Cookie header that was made from a jar. */
  #cookieHeader: string | undefined = undefined;
  #auth: AuthBase | null = null;
  #signing: Promise<PreparedRequest> | null = null;
  #withoutCredentials = false;
  #withoutCookies = false;
  #credentialHeaders: readonly string[] = credentialHeaders;

  static {
    hooksOfRequest = (request, event) =>
      request.#hooks === null ? NO_HOOKS : (request.#hooks[event] as HookTypes[typeof event][]);
    insideRequest = {
      target: (request) => request.#place,
      fields: (request) => request.#list,
      useFields: (request, fields) => request.#useFields(fields),
      source: (request) => request.#body,
      isRepeatable: (request) => request.#body === null || request.#body.replayable,
      dropBody: (request) => {
        request.#body = null;
      },
      auth: (request) => request.#auth,
      dropAuth: (request) => {
        request.#auth = null;
        request.#signing = null;
      },
      isSigning: (request) => request.#signing !== null,
      signed: async (request) => {
        const signed = await request.#signing;
        request.#signing = null;
        if (signed !== null) request.#adopt(signed);
      },
      cookieJar: (request) => request.#cookies,
      prepareSessionCookies: (request, jar) => request.#prepareSessionCookies(jar),
      useCookieHeader: (request, header) => request.#useCookieHeader(header),
      refreshCookies: (request, jar) => {
        if (request.#list.get("cookie") !== request.#cookieHeader) return;
        request.#list.delete("cookie");
        request.#prepareSessionCookies(jar);
      },
      withoutCookies: (request) => request.#withoutCookies,
      setWithoutCookies: (request, without) => {
        request.#withoutCookies = without;
      },
      withoutCredentials: (request) => request.#withoutCredentials,
      setWithoutCredentials: (request, without) => {
        request.#withoutCredentials = without;
      },
      // A request of another copy of this package has none that can be read here.
      credentialHeaders: (request) => (#credentialHeaders in request ? request.#credentialHeaders : credentialHeaders),
      setCredentialHeaders: (request, names) => {
        request.#credentialHeaders = names;
      },
    };
  }

  /** The whole URL. An assigned value is taken as it is; only escapes are sent in upper case, and brackets are escaped. */
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
    this.#headers ??= dictOf(this.#list);
    return this.#headers;
  }
  set headers(headers: HeadersLike) {
    this.#useFields(new FieldList(headerPairs(headers)));
    if (!this.#list.has("content-length") && !this.#list.has("transfer-encoding")) this.#useBody(this.#body);
  }

  /** null, text, bytes or a stream. Assigning sets Content-Length or Transfer-Encoding to match. */
  get body(): unknown {
    return this.#body === null ? null : this.#body.value;
  }
  set body(body: unknown) {
    const next = body === null || body === undefined ? null : bodyFrom(body);
    // The framing of the old body does not describe the new one.
    if (next === null || next.length === null) this.#list.delete("content-length");
    if (next === null || next.length !== null) this.#list.delete("transfer-encoding");
    this.#useBody(next);
  }

  /** Functions that see the request before it is sent, and the response. */
  get hooks(): Hooks {
    return (this.#hooks ??= hooksFrom(null));
  }
  set hooks(hooks: HooksInit | null) {
    this.#hooks = hooksFrom(hooks);
  }

  /** Path and query, "/" if empty, without the fragment. */
  get pathUrl(): string {
    return pathUrlOf(this.#place.parts);
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
      if (preparedUrls.size >= MAX_PREPARED) preparedUrls.clear();
      preparedUrls.add(prepared);
    }
    this.url = prepared;
  }

  /**
   * Sets the headers.
   *
   * @throws InvalidHeader for a name or value that cannot be sent.
   */
  prepareHeaders(headers: HeadersLike | null | undefined): void {
    const fields = new FieldList();
    if (headers != null)
      for (const [name, values] of headerEntries(headers)) {
        if (values === null) continue;
        for (const value of values) checkGivenField(name, value);
        fields.setAll(name, values);
      }
    this.#useFields(fields);
  }

  /**
   * Sets the Cookie header from the jar, unless there is one already.
   *
   * @param own - The cookies among them that are this request's own, and follow its redirects.
   */
  prepareCookies(cookies: unknown, own: RequestsCookieJar = cookieJarFrom(cookies)): void {
    this.#cookies = own;
    this.#prepareSessionCookies(cookieJarFrom(cookies));
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
    const given = this.#list.get("content-type");
    const { body, contentType } = prepareBody({ data, files, json }, given);
    this.#useBody(body);
    if (contentType !== null) this.#list.set("Content-Type", contentType);
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
    if (resolved !== null) this.#applyAuth(resolved);
  }

  /** Adds the hooks; those that the credentials registered stay before them. */
  prepareHooks(hooks: HooksInit | null | undefined): void {
    if (hooks == null) return;
    const { request, response } = hooksFrom(hooks);
    this.hooks.request.push(...request);
    this.hooks.response.push(...response);
  }

  /** Adds one function or several for an event. */
  registerHook<Event extends HookEvent>(event: Event, hook: HookTypes[Event] | readonly HookTypes[Event][]): void {
    registerHook(this.hooks, event, hook);
  }

  /**
   * Removes a hook.
   *
   * @returns False when it was not registered.
   */
  deregisterHook<Event extends HookEvent>(event: Event, hook: HookTypes[Event]): boolean {
    return deregisterHook(this.hooks, event, hook);
  }

  /** A request of its own; only the body is shared. */
  copy(): PreparedRequest {
    const copy = new PreparedRequest();
    copy.method = this.method;
    copy.#url = this.#url;
    copy.#target = this.#target;
    copy.#fields = this.#list.copy();
    copy.#body = this.#body;
    copy.#cookies = this.#cookies === null ? null : this.#cookies.copy();
    copy.#cookieHeader = this.#cookieHeader;
    copy.#auth = this.#auth;
    copy.#signing = this.#signing;
    copy.#withoutCredentials = this.#withoutCredentials;
    copy.#withoutCookies = this.#withoutCookies;
    copy.#credentialHeaders = this.#credentialHeaders;
    if (this.#hooks !== null) copy.#hooks = hooksFrom(this.#hooks);
    return copy;
  }

  /**
   * The request as a curl command, safe to paste into a shell.
   *
   * @param options - `credentials: true` shows what is masked otherwise.
   */
  toCurl(options: CurlOptions = {}): string {
    return curlCommand(this.#parts, options);
  }

  /** The request in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedPrepared(this.#parts);
  }

  [inspect.custom](): string {
    return `<PreparedRequest [${this.method}]>`;
  }

  get #list(): FieldList {
    this.#fields ??= new FieldList();
    return this.#fields;
  }

  get #place(): RequestTarget {
    this.#target ??= targetOf(this.#url);
    return this.#target;
  }

  get #parts(): ShownRequest {
    return {
      method: this.method,
      url: this.#url,
      fields: this.#list,
      body: this.#body,
      credentialHeaders: this.#credentialHeaders,
    };
  }

  #useFields(fields: FieldList): void {
    this.#fields = fields;
    this.#headers = null;
  }

  #prepareSessionCookies(jar: RequestsCookieJar): void {
    if (jar.isEmpty || this.#list.has("cookie")) return;
    const host = this.#list.get("host");
    const header = jar.headerFor(this.#url, host === undefined ? undefined : { host });
    if (header !== undefined) this.#useCookieHeader(header);
  }

  #useCookieHeader(header: string): void {
    this.#cookieHeader = header;
    this.#list.set("Cookie", header);
  }

  /** Has `auth.apply` sign the request. If it returns another request, its parts replace those of this one. */
  #applyAuth(auth: AuthBase): void {
    const signed: unknown = auth.apply(this);
    if (isPromiseLike(signed)) {
      this.#signing = Promise.resolve(signed).then((value) => checkedRequest(value, "apply()"));
      // send() awaits it; one that fails before then is not an unhandled rejection.
      this.#signing.catch(() => undefined);
    } else this.#adopt(checkedRequest(signed, "apply()"));
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
    const fields = this.#list;
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

/** Removes the Content-Length of a body that was removed. */
function dropOurFraming(fields: FieldList): void {
  const length = fields.get("content-length");
  if (length !== undefined && length !== "0") fields.delete("Content-Length");
}
