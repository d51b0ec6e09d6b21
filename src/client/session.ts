/** Session: what stays from call to call. */
import { inspect } from "node:util";

import type { Adapter, SendSettings } from "../adapters/adapter.js";
import { HTTPAdapter } from "../adapters/http.js";
import { authFrom, type AuthInit } from "../auth/auth-from.js";
import { requestRedirect } from "../diagnostics/channels.js";
import { InvalidSchema } from "../exceptions.js";
import { RequestsCookieJar, cookieJarFrom, mergeCookies, type CookiesInit } from "../message/cookies/jar.js";
import type { FieldList } from "../message/headers.js";
import { CaseInsensitiveDict, checkGivenField, fieldsOf, headerEntries, type HeadersInit } from "../message/headers.js";
import { hooksFrom, type Hooks } from "../message/hooks.js";
import { NO_OPTIONS, ownOptions } from "../message/own-options.js";
import type { Params } from "../message/params.js";
import { PreparedRequest, useAuthReader } from "../message/prepared.js";
import type { Request } from "../message/request.js";
import { type RequestInit } from "../message/request.js";
import type { Response } from "../message/response.js";
import { redactedUrl, shownUrl } from "../message/shown-url.js";
import { joinBaseUrl, matchesMountPrefix, mergeParams } from "../message/url.js";
import { isProxyNamed } from "../policy/no-proxy.js";
import { credentialHeaders, redirectMethod, REDIRECT_STATUSES, shouldStripAuth } from "../policy/redirect.js";
import { Retry } from "../policy/retry.js";
import { resolveTimeout, type TimeoutOption } from "../policy/timeout.js";
import { ACCEPT_ENCODING } from "../wire/decode.js";
import type { ClientCertificate } from "../wire/tls.js";
import { version } from "../version.js";
import { environment, environmentAuth, environmentProxies, forgetEnvironment } from "./environment.js";
import { exchange, publishRedirect, sendWithAuth, tooManyRedirects } from "./exchange.js";
import { sessionFetch } from "./fetch.js";
import { maskedSession } from "./masked-session.js";
import { refuseUnknownOptions } from "./option-aliases.js";
import { checkOptions, checkProxies, checkVerify, type Proxies, type RequestOptions } from "./options.js";
import { paginate, type PaginateItemsOptions, type PaginateOptions } from "./paginate.js";
import { dropCredentials, redirectedRequest } from "./redirects.js";
import { responsePromise, type ResponsePromise } from "./response-promise.js";
import {
  SESSION_OPTION_NAMES,
  SHARED,
  type EnvironmentSettings,
  type SendOptions,
  type SessionOptions,
  type SharedParts,
} from "./session-options.js";

// The message layer prepares `auth` without knowing the auth layer.
useAuthReader(authFrom);

const NO_PROXIES: Readonly<Record<string, string | null>> = Object.freeze({});

/** The headers that every session begins with. */
export function defaultHeaders(): CaseInsensitiveDict {
  return new CaseInsensitiveDict({
    "User-Agent": `requests-ts/${version}`,
    "Accept-Encoding": ACCEPT_ENCODING,
    Accept: "*/*",
    Connection: "keep-alive",
  });
}

/**
 * Keeps connections, cookies and settings from call to call. Any number of requests may run at once.
 *
 * @example
 * ```ts
 * const session = new Session({ baseUrl: "https://httpbin.org" });
 * session.headers["X-Test"] = "true";
 * await session.get("/cookies/set/sessioncookie/123456789");
 * const response = await session.get("/cookies");
 * response.json(); //=> { cookies: { sessioncookie: "123456789" } }
 * ```
 */
export class Session {
  /** Credentials for every call: a pair, an auth object or a function. */
  auth: AuthInit | null;
  /** Added to every URL's query. */
  params: Params;
  /** Proxies for every call; they beat the environment's. */
  proxies: Record<string, string | null | undefined>;
  /** Functions that see every response, unless a call has hooks of its own. */
  hooks: Hooks;
  /** Whether responses come with their head alone; false at first. */
  stream: boolean;
  /** true, false, or the path of a CA file or directory; true at first. */
  verify: boolean | string;
  /** The client certificate for every call; null for none. */
  cert: ClientCertificate | null;
  /** Seconds for every call; null waits for ever. */
  timeout: TimeoutOption;
  /** Put before URLs without a scheme, with one slash between; null for none. */
  baseUrl: string | null;
  /** How many redirects a call follows before TooManyRedirects; 30 at first. */
  maxRedirects: number;
  /** Whether proxies, CA files and netrc come from the environment. */
  trustEnv: boolean;
  /** Adapters by prefix, the longest first. */
  adapters: Map<string, Adapter>;
  /** Names of headers that a redirect to another origin drops. */
  credentialHeaders: readonly string[] = credentialHeaders;

  #headers: CaseInsensitiveDict;
  #cookies: RequestsCookieJar;

  /** @throws TypeError for an unknown option or a value of the wrong type. */
  constructor(options: SessionOptions = NO_OPTIONS) {
    if (typeof options !== "object" || options === null)
      throw new TypeError("new Session(options) takes an object of options");
    const shared = (options as { readonly [SHARED]?: SharedParts })[SHARED];
    options = ownOptions(options);
    refuseUnknownOptions(options, SESSION_OPTION_NAMES, "Session");
    if (options.verify !== undefined) checkVerify(options.verify);
    if (options.proxies != null) checkProxies(options.proxies);
    resolveTimeout(options.timeout);
    this.#headers = shared?.headers ?? defaultHeaders();
    if (options.headers != null) this.#headers.update(options.headers);
    this.auth = options.auth ?? null;
    this.params = options.params ?? {};
    this.proxies = { ...options.proxies };
    this.hooks = hooksFrom(options.hooks);
    this.stream = options.stream ?? false;
    this.verify = options.verify ?? true;
    this.cert = options.cert ?? null;
    this.timeout = options.timeout ?? null;
    this.baseUrl = options.baseUrl == null ? null : String(options.baseUrl);
    this.maxRedirects = options.maxRedirects ?? 30;
    this.trustEnv = options.trustEnv ?? true;
    this.#cookies = options.cookies == null ? new RequestsCookieJar() : cookieJarFrom(options.cookies);
    this.adapters = shared?.adapters ?? new Map<string, Adapter>();
    if (shared !== undefined) return;
    const { retries } = options;
    const maxRetries = typeof retries === "number" ? Retry.sensible(retries) : (retries ?? 0);
    this.mount("https://", new HTTPAdapter({ maxRetries }));
    this.mount("http://", new HTTPAdapter({ maxRetries }));
  }

  /** Sent with every request. */
  get headers(): CaseInsensitiveDict {
    return this.#headers;
  }
  set headers(headers: CaseInsensitiveDict | HeadersInit) {
    this.#headers = headers instanceof CaseInsensitiveDict ? headers : new CaseInsensitiveDict(headers);
  }

  /** Cookies that were received or set, sent with every request that they are for. */
  get cookies(): RequestsCookieJar {
    return this.#cookies;
  }
  set cookies(cookies: RequestsCookieJar | CookiesInit) {
    this.#cookies = cookieJarFrom(cookies);
  }

  /** Sends a GET request. @throws RequestException: see `request`. */
  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("GET", url, options, "get()");
  }

  /** Sends an OPTIONS request. */
  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("OPTIONS", url, options, "options()");
  }

  /** Sends a HEAD request. Redirects are not followed unless `allowRedirects: true`. */
  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("HEAD", url, options, "head()");
  }

  /** Sends a POST request. */
  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("POST", url, options, "post()");
  }

  /** Sends a PUT request. */
  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("PUT", url, options, "put()");
  }

  /** Sends a PATCH request. */
  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("PATCH", url, options, "patch()");
  }

  /** Sends a DELETE request. */
  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call("DELETE", url, options, "delete()");
  }

  /**
   * Sends a request and follows redirects.
   *
   * @param method - Any token; upper-cased.
   * @throws RequestException of one kind or another for whatever goes wrong; TypeError for wrong arguments.
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#call(method, url, options, "request()");
  }

  /**
   * The pages of a list, one request after the other: by the Link header (`rel="next"`), or by a function.
   *
   * @returns An async generator of responses, or of items with `options.items`. The next page is asked for when the
   *   loop comes to it.
   * @throws HTTPError for a page of 4xx or 5xx; RequestException `ERR_PAGINATION_LOOP` for a page that was there before.
   */
  paginate<T>(url: string | URL, options: PaginateItemsOptions<T>): AsyncGenerator<T, void>;
  paginate(url: string | URL, options?: PaginateOptions): AsyncGenerator<Response, void>;
  paginate<T>(
    url: string | URL,
    options: PaginateOptions | PaginateItemsOptions<T> = NO_OPTIONS,
  ): AsyncGenerator<T | Response, void> {
    return paginate(this, url, options, "paginate()");
  }

  /**
   * The request as the session would send it: its headers, params, cookies and credentials merged in.
   *
   * @throws MissingSchema, InvalidURL, InvalidHeader, InvalidJSONError … for what cannot be sent.
   */
  prepareRequest(request: Request): PreparedRequest {
    forgetEnvironment();
    return this.#prepare(request.method ?? "", request.url, request, request.hooks);
  }

  /**
   * Sends a prepared request, with the session's settings and the environment's, as `request` does.
   *
   * @param settings - For this call, in place of the session's.
   */
  send(prepared: PreparedRequest, settings?: SendOptions): ResponsePromise {
    try {
      if (!(prepared instanceof PreparedRequest))
        throw new TypeError("You can only send PreparedRequests: session.send(session.prepareRequest(request))");
      return this.#exchange(prepared, settings === undefined ? NO_OPTIONS : checkOptions(settings, "send()"), true);
    } catch (error) {
      return responsePromise(Promise.reject(error));
    }
  }

  /**
   * The settings of a call, with the session's and the environment's filled in. A call beats the session, and code beats
   * the environment; `verify: true` is the default trust, which REQUESTS_CA_BUNDLE may define.
   */
  mergeEnvironmentSettings(
    url: string,
    proxies?: Proxies | null,
    stream?: boolean | null,
    verify?: boolean | string | null,
    cert?: ClientCertificate | null,
  ): EnvironmentSettings {
    forgetEnvironment();
    return {
      proxies: this.#resolveProxies(url, proxies ?? null),
      stream: stream ?? this.stream,
      verify: this.#resolveVerify(verify ?? undefined),
      cert: cert ?? this.cert,
    };
  }

  /**
   * The adapter that is mounted at the longest prefix of the URL.
   *
   * @throws InvalidSchema when there is none.
   */
  getAdapter(url: string): Adapter {
    for (const [prefix, adapter] of this.adapters) if (matchesMountPrefix(url, prefix)) return adapter;
    // Unix sockets speak plain HTTP: whoever carries that carries them, unless somebody else is mounted.
    const plain = url.startsWith("http+unix://") ? this.adapters.get("http://") : undefined;
    if (plain !== undefined) return plain;
    throw new InvalidSchema(
      `No connection adapters were found for '${shownUrl(url)}'; there are adapters for ${[...this.adapters.keys()].map((prefix) => redactedUrl(prefix)).join(", ")} (session.mount adds one)`,
    );
  }

  /** Uses the adapter for every URL that begins with the prefix. The longest prefix wins. */
  mount(prefix: string, adapter: Adapter): void {
    if (typeof prefix !== "string" || typeof adapter?.send !== "function")
      throw new TypeError(
        'mount(prefix, adapter) takes a prefix such as "https://" and an adapter with a send() method',
      );
    const rest = [...this.adapters].filter(([known]) => known !== prefix);
    const before = rest.filter(([known]) => known.length >= prefix.length);
    const behind = rest.filter(([known]) => known.length < prefix.length);
    this.adapters.clear();
    for (const [known, mounted] of [...before, [prefix, adapter] as const, ...behind])
      this.adapters.set(known, mounted);
  }

  /** Closes the idle connections of all adapters, and the others when they are done. The session stays usable. */
  async close(): Promise<void> {
    for (const adapter of new Set(this.adapters.values())) await adapter.close();
  }

  /** `await using session = new Session()`: closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A standard `fetch` over this session: its cookies, credentials, proxies and retries. */
  readonly fetch: typeof globalThis.fetch = (input, init) => sessionFetch(this, input, init);

  // ── redirects: override these to change how they are followed ─────────────────────────────────────────────────────

  /**
   * Follows the redirects of a response by hand: gives each response that follows.
   *
   * @param response - Of `allowRedirects: false`.
   * @param request - Its request.
   * @throws TooManyRedirects past `maxRedirects`.
   */
  async *resolveRedirects(
    response: Response,
    request: PreparedRequest,
    settings: SendOptions = {},
  ): AsyncGenerator<Response, void> {
    const history: Response[] = [...response.history];
    let current = response;
    let sent = request;
    for (let redirects = 0; ; redirects += 1) {
      const next = this.nextRequest(current, sent, request);
      if (next === null) return;
      if (redirects >= this.maxRedirects) throw tooManyRedirects(this, current);
      current.close();
      history.push(current);
      if (requestRedirect.hasSubscribers) publishRedirect(current, sent, next);
      const proxies = this.rebuildProxies(next, settings.proxies ?? null);
      current = await sendWithAuth(this, next, { ...this.#settingsFor(next, settings), proxies }, history);
      sent = next;
      yield current;
    }
  }

  /** Where a response redirects to, or null when it does not. */
  getRedirectTarget(response: Response): string | null {
    return REDIRECT_STATUSES.has(response.statusCode) ? (response.header("location") ?? "") || null : null;
  }

  /** Whether credentials stay behind when going from one URL to the other. */
  shouldStripAuth(oldUrl: string, newUrl: string): boolean {
    return shouldStripAuth(oldUrl, newUrl);
  }

  /** Takes credentials away where they must not follow, and gives those of netrc for the new host. */
  rebuildAuth(prepared: PreparedRequest, response: Response): void {
    prepared.fields.delete("proxy-authorization");
    const leaves = this.shouldStripAuth(response.request.url, prepared.url);
    if (leaves) dropCredentials(prepared, this.credentialHeaders);
    else if (prepared.auth !== null) prepared.prepareAuth(prepared.auth);
    if (!leaves || !this.trustEnv || prepared.withoutCredentials) return;
    const found = environmentAuth(hostOf(prepared));
    if (found !== null) prepared.prepareAuth(found);
  }

  /** The proxies for the request of a hop, by the environment where neither the call nor the session names one. */
  rebuildProxies(prepared: PreparedRequest, proxies: Proxies | null): Readonly<Record<string, string | null>> {
    return this.#resolveProxies(prepared.url, proxies);
  }

  /** Sets the method that a redirect asks for. */
  rebuildMethod(prepared: PreparedRequest, response: Response): void {
    prepared.method = redirectMethod(response.statusCode, prepared.method);
  }

  /** The request that a response redirects to, or null. @internal */
  nextRequest(response: Response, request: PreparedRequest, first: PreparedRequest): PreparedRequest | null {
    const target = this.getRedirectTarget(response);
    return target === null ? null : redirectedRequest(this, response, request, first, target);
  }

  /** The settings in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedSession(this);
  }

  [inspect.custom](): string {
    return `<Session>`;
  }

  // ── the inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whatever goes wrong comes through the promise. */
  #call(method: string, url: string | URL, options: RequestOptions | undefined, call: string): ResponsePromise {
    try {
      const given: RequestOptions = options === undefined ? NO_OPTIONS : checkOptions(options, call);
      const hooks = given.hooks == null ? this.hooks : hooksFrom(given.hooks);
      const prepared = this.#prepare(method, url, given, hooks);
      return this.#exchange(prepared, given, call !== "head()");
    } catch (error) {
      return responsePromise(Promise.reject(error));
    }
  }

  #exchange(prepared: PreparedRequest, given: SendOptions, follow: boolean): ResponsePromise {
    prepared.credentialHeaders = this.credentialHeaders;
    const settings = this.#settingsFor(prepared, given);
    return responsePromise(exchange(this, prepared, settings, given.proxies ?? null, given.allowRedirects ?? follow));
  }

  #settingsFor(prepared: PreparedRequest, given: SendOptions): SendSettings {
    return {
      stream: given.stream ?? this.stream,
      timeout: given.timeout === undefined ? this.timeout : given.timeout,
      verify: this.#resolveVerify(given.verify),
      cert: given.cert === undefined ? this.cert : given.cert,
      proxies: this.#resolveProxies(prepared.url, given.proxies ?? null),
      onUploadProgress: given.onUploadProgress ?? undefined,
      onDownloadProgress: given.onDownloadProgress ?? undefined,
      onInformational: given.onInformational ?? undefined,
      maxResponseSize: given.maxResponseSize,
      keyLogFile: this.trustEnv ? environment().keyLogFile : undefined,
      signal: given.signal ?? undefined,
      cancellation: undefined,
    };
  }

  #prepare(method: string, url: string | URL | undefined, given: RequestInit, hooks: Hooks): PreparedRequest {
    const prepared = new PreparedRequest();
    prepared.credentialHeaders = this.credentialHeaders;
    prepared.prepareMethod(method);
    prepared.prepareUrl(
      this.baseUrl === null || url === undefined ? url : joinBaseUrl(this.baseUrl, url),
      this.#mergedParams(given.params),
    );
    prepared.useFields(this.#mergedFields(given.headers));
    this.#prepareCookies(prepared, given.cookies);
    prepared.prepareBody(given.data, given.files, given.json);
    this.#prepareAuth(prepared, given.auth);
    // After the credentials, which may have registered hooks of their own.
    const { response } = hooks.response.length > 0 ? hooks : this.hooks;
    if (response.length > 0) prepared.hooks.response.push(...response);
    return prepared;
  }

  #mergedParams(given: Params | null | undefined): Params | null {
    if (given == null && isEmptyObject(this.params)) return null;
    return mergeParams(this.params, given);
  }

  #mergedFields(given: HeadersInit | null | undefined): FieldList {
    const own = fieldsOf(this.#headers);
    // Put together here, they are there for every request that adds nothing to them.
    own.putTogether();
    const fields = own.copyOnWrite();
    if (given == null) return fields;
    for (const [name, values] of headerEntries(given)) {
      if (values === null) fields.delete(name);
      else {
        for (const value of values) checkGivenField(name, value);
        fields.setAll(name, values);
      }
    }
    return fields;
  }

  #prepareCookies(prepared: PreparedRequest, given: unknown): void {
    if (given == null) {
      if (!this.#cookies.isEmpty) prepared.prepareSessionCookies(this.#cookies);
      return;
    }
    prepared.prepareCookies(mergeCookies(this.#cookies, given), cookieJarFrom(given));
  }

  #prepareAuth(prepared: PreparedRequest, given: unknown): void {
    if (given === null) {
      prepared.withoutCredentials = true;
      return;
    }
    let auth: unknown = given ?? this.auth;
    if (auth === null && this.trustEnv) auth = environmentAuth(hostOf(prepared));
    prepared.prepareAuth(auth ?? undefined);
  }

  #resolveVerify(given: boolean | string | undefined): boolean | string {
    const chosen = given ?? this.verify;
    if (chosen === true && given === undefined) checkVerify(this.verify);
    if (chosen !== true) {
      checkVerify(chosen);
      return chosen;
    }
    return this.trustEnv ? (environment().caBundle ?? true) : true;
  }

  /** Whoever comes first and names a proxy for the URL decides: the call, the session, the environment. */
  #resolveProxies(url: string, given: Proxies | null): Readonly<Record<string, string | null>> {
    const { proxies } = this;
    if (given !== null && isProxyNamed(url, given)) return definite(given);
    if (!isEmptyObject(proxies) && isProxyNamed(url, proxies)) return definite({ ...proxies, ...given });
    const fromEnvironment = this.trustEnv ? environmentProxies(url) : null;
    if (fromEnvironment === null) return NO_PROXIES;
    return definite({ ...fromEnvironment, ...proxies, ...given });
  }
}

function definite(proxies: Proxies): Readonly<Record<string, string | null>> {
  const found: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(proxies)) if (value !== undefined) found[key] = value;
  return found;
}

function isEmptyObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Symbol.iterator in value) return false;
  for (const _ in value) return false;
  return true;
}

function hostOf(prepared: PreparedRequest): string {
  const { host } = prepared.target.parts;
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
