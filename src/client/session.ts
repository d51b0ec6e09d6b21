/** Session: what stays from call to call. */
import { inspect } from "node:util";

import type { Adapter } from "../adapters/adapter.js";
import { cancellationFor, HTTPAdapter } from "../adapters/http/http-adapter.js";
import { Layers, type Layer } from "../adapters/layers.js";
import type { AuthInit } from "../auth/auth-from.js";
import { InvalidSchema } from "../exceptions.js";
import { RequestsCookieJar, cookieJarFrom, mergeCookies, type CookiesInit } from "../message/cookies/jar.js";
import type { FieldList } from "../http/fields.js";
import { CaseInsensitiveDict, checkGivenField, fieldsOf, headerEntries, type HeadersLike } from "../message/headers.js";
import { hooksFrom, type Hooks, type HooksInit } from "../message/hooks.js";
import { NO_OPTIONS } from "../options/own-options.js";
import type { Params } from "../http/params.js";
import { insideRequest, PreparedRequest } from "../message/prepared.js";
import { hooksOf, Request } from "../message/request.js";
import type { Response } from "../message/response.js";
import { redactedUrl, shownUrl } from "../http/redaction/shown-url.js";
import { schemeHint } from "../http/url/url-hints.js";
import { joinBaseUrl, matchesMountPrefix, mergeParams } from "../http/url/url.js";
import { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import { ACCEPT_ENCODING } from "../wire/decode/decode.js";
import type { ClientCertificate } from "../wire/connect/tls.js";
import { version } from "../version.js";
import type { Call } from "./call.js";
import { environmentAuth, environmentProxies, environmentProxyMapping } from "./environment.js";
import { exchange, sendWithAuth } from "./exchange.js";
import { sessionFetch } from "./fetch.js";
import { checkOptions, checkSendOptions, checkSessionOptions, sendOptionsOf, VERB_CALLS } from "./given-options.js";
import { checkBaseUrl, checkProxies, checkRetries } from "./option-checks.js";
import { maskedSession } from "./masked-session.js";
import type { Proxies, RequestOptions, SendOptions } from "./options.js";
import { paginate, type PaginateItemsOptions, type PaginateOptions } from "./paginate.js";
import { hopSettings, nextRequest, SessionRedirects } from "./redirects.js";
import { responsePromise, ResponsePromise } from "./response-promise.js";
import { decided, resolveProxies, resolveVerify } from "./settings.js";
import type { EnvironmentSettings, SessionOptions } from "./session-options.js";

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
export class Session extends SessionRedirects {
  /** Credentials for every call: a pair, an auth object or a function. */
  auth: AuthInit | null;
  /** Added to every URL's query. */
  params: Params;
  /** Whether responses come with their head alone; false at first. */
  stream: boolean;
  /** true, false, or the path of a CA file or directory; true at first. */
  verify: boolean | string;
  /** The client certificate for every call; null for none. */
  cert: ClientCertificate | null;
  /** Seconds for every call; null waits forever. */
  timeout: TimeoutOption;
  /** Bytes of a body after decoding, past which a call ends in ContentTooLarge; 0, at first, for no limit. */
  maxResponseSize: number;
  /** How many redirects a call follows before TooManyRedirects; 30 at first. */
  maxRedirects: number;
  /** Whether proxies, CA files and netrc come from the environment. */
  trustEnv: boolean;
  /** Adapters by prefix, the longest first. */
  adapters: Map<string, Adapter>;

  #headers: CaseInsensitiveDict;
  #cookies: RequestsCookieJar;
  #hooks: Hooks;
  #retries: Retry | null = null;
  #baseUrl: string | null = null;
  #proxies: Record<string, string | null | undefined> = {};
  #fetch: typeof globalThis.fetch | null = null;
  readonly #layers = new Layers();
  /** The options that a verb has checked, on their way to `request`. */
  #checked: RequestOptions | null = null;

  /** @throws TypeError for an unknown option or a value of the wrong type. */
  constructor(options: SessionOptions = NO_OPTIONS) {
    super();
    options = checkSessionOptions(options);
    this.#headers = this.createHeaders();
    if (options.headers != null) this.#headers.update(options.headers);
    this.auth = options.auth ?? null;
    this.params = options.params ?? {};
    this.proxies = { ...options.proxies };
    this.#hooks = hooksFrom(options.hooks);
    this.stream = options.stream ?? false;
    this.verify = options.verify ?? true;
    this.cert = options.cert ?? null;
    this.timeout = options.timeout ?? null;
    this.baseUrl = options.baseUrl ?? null;
    this.maxResponseSize = options.maxResponseSize ?? 0;
    this.maxRedirects = options.maxRedirects ?? 30;
    this.trustEnv = options.trustEnv ?? true;
    this.#cookies = options.cookies == null ? new RequestsCookieJar() : cookieJarFrom(options.cookies);
    this.adapters = this.createAdapters();
    this.retries = options.retries ?? null;
  }

  /**
   * The adapters of a new session by prefix, the longest first. A subclass may override it, for example to share
   * connections between sessions. The constructor calls it, when fields of the subclass are not set yet.
   */
  protected createAdapters(): Map<string, Adapter> {
    return new Map([
      ["https://", new HTTPAdapter()],
      ["http://", new HTTPAdapter()],
    ]);
  }

  /** The headers of a new session, before its options are applied. The constructor calls it. */
  protected createHeaders(): CaseInsensitiveDict {
    return defaultHeaders();
  }

  /** Sent with every request. */
  get headers(): CaseInsensitiveDict {
    return this.#headers;
  }
  set headers(headers: CaseInsensitiveDict | HeadersLike) {
    this.#headers = headers instanceof CaseInsensitiveDict ? headers : new CaseInsensitiveDict(headers);
  }

  /** Cookies that were received or set, sent with every request that they are for. */
  get cookies(): RequestsCookieJar {
    return this.#cookies;
  }
  set cookies(cookies: RequestsCookieJar | CookiesInit) {
    this.#cookies = cookieJarFrom(cookies);
  }

  /** Put before URLs without a scheme, with one slash between; null for none. A URL can be assigned, too. */
  get baseUrl(): string | null {
    return this.#baseUrl;
  }
  set baseUrl(baseUrl: string | URL | null) {
    if (baseUrl != null) checkBaseUrl(baseUrl);
    this.#baseUrl = baseUrl == null ? null : String(baseUrl);
  }

  /**
   * Proxies for every call; they beat the environment's.
   *
   * @throws TypeError for anything but a plain object of URLs.
   */
  get proxies(): Record<string, string | null | undefined> {
    return this.#proxies;
  }
  set proxies(proxies: Record<string, string | null | undefined> | null) {
    if (proxies != null) checkProxies(proxies);
    this.#proxies = proxies ?? {};
  }

  /** Functions that see every response, unless a call has hooks of its own. */
  get hooks(): Hooks {
    return this.#hooks;
  }
  set hooks(hooks: HooksInit | null) {
    this.#hooks = hooksFrom(hooks);
  }

  /**
   * The retries of adapters that were made without `maxRetries`; null for none. A number stands for the sensible policy.
   *
   * @throws RangeError or TypeError for a value that cannot be.
   */
  get retries(): Retry | null {
    return this.#retries;
  }
  set retries(retries: number | Retry | null) {
    if (retries != null) checkRetries(retries);
    this.#retries = typeof retries === "number" ? Retry.sensible(retries) : (retries ?? null);
  }

  /** The layers that were added with `use`, the outermost first. */
  get layers(): readonly Layer[] {
    return this.#layers.list;
  }

  /**
   * Adds a layer around each attempt to send a request: inside retries, below redirects. Layers added later are closer
   * to the adapter.
   *
   * @returns Removes the layer. Requests under way keep it.
   * @throws TypeError for anything but a function.
   */
  use(layer: Layer): () => void {
    return this.#layers.add(layer);
  }

  /** Sends a GET request. @throws RequestException: see `request`. */
  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("GET", url, options);
  }

  /** Sends an OPTIONS request. */
  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("OPTIONS", url, options);
  }

  /** Sends a HEAD request. Redirects are not followed unless `allowRedirects: true`. */
  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("HEAD", url, notFollowing(options));
  }

  /** Sends a POST request. */
  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("POST", url, options);
  }

  /** Sends a PUT request. */
  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("PUT", url, options);
  }

  /** Sends a PATCH request. */
  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("PATCH", url, options);
  }

  /** Sends a DELETE request. */
  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.#verb("DELETE", url, options);
  }

  /**
   * Sends a request and follows redirects. The methods named after the verbs call this one.
   *
   * @param method - Any token; converted to upper case.
   * @throws A subclass of RequestException on any failure; TypeError for wrong arguments.
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    try {
      const given = this.#given(options, "request()");
      const prepared = this.prepareRequest(new Request(method, url, given));
      const settings = sendOptionsOf(given);
      if (this.mergeEnvironmentSettings === Session.prototype.mergeEnvironmentSettings)
        return this.send(prepared, settings);
      const { proxies, stream, verify, cert } = given;
      const merged = this.mergeEnvironmentSettings(prepared.url, proxies, stream, verify, cert);
      return this.send(prepared, { ...settings, ...decided(merged, prepared.url) });
    } catch (error) {
      return responsePromise(Promise.reject(error));
    }
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
   * @throws MissingSchema, InvalidURL, InvalidHeader, InvalidJSONError … for a request that cannot be sent.
   */
  prepareRequest(request: Request): PreparedRequest {
    const { url } = request;
    const prepared = new PreparedRequest();
    insideRequest.setCredentialHeaders(prepared, this.credentialHeaders);
    prepared.prepareMethod(request.method ?? "");
    prepared.prepareUrl(
      this.baseUrl === null || url === undefined ? url : joinBaseUrl(this.baseUrl, url),
      this.#mergedParams(request.params),
    );
    insideRequest.useFields(prepared, this.#mergedFields(request.headers));
    this.#prepareCookies(prepared, request.cookies);
    prepared.prepareBody(request.data, request.files, request.json);
    this.#prepareAuth(prepared, request.auth);
    // After the credentials, which may have registered hooks of their own.
    const own = hooksOf(request)?.response;
    const response = own === undefined || own.length === 0 ? this.#hooks.response : own;
    if (response.length > 0) prepared.hooks.response.push(...response);
    return prepared;
  }

  /**
   * Sends a prepared request, with the session's settings and the environment's, as `request` does.
   *
   * @param settings - For this call, in place of the session's.
   * @throws TypeError for an option that belongs to the request, such as `headers`: change the prepared request.
   */
  send(prepared: PreparedRequest, settings?: SendOptions): ResponsePromise {
    try {
      if (!(prepared instanceof PreparedRequest))
        throw new TypeError("You can only send PreparedRequests: session.send(session.prepareRequest(request))");
      const given: SendOptions = settings === undefined ? NO_OPTIONS : checkSendOptions(settings);
      return responsePromise(exchange(this.#callFor(prepared, given), given.allowRedirects ?? true));
    } catch (error) {
      return responsePromise(Promise.reject(error));
    }
  }

  /**
   * The settings of a call, with the session's and the environment's filled in. A call beats the session, and code beats
   * the environment; `verify: true` is the default trust, which REQUESTS_CA_BUNDLE may define. `request()` calls it if a
   * subclass overrides it.
   */
  mergeEnvironmentSettings(
    url: string,
    proxies?: Proxies | null,
    stream?: boolean | null,
    verify?: boolean | string | null,
    cert?: ClientCertificate | null,
  ): EnvironmentSettings {
    return {
      proxies: resolveProxies(this, url, proxies ?? null, environmentProxyMapping),
      stream: stream ?? this.stream,
      verify: resolveVerify(this, verify ?? undefined, true),
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
    // Unix sockets speak plain HTTP: the adapter of http:// carries them, unless another one is mounted.
    const plain = url.startsWith("http+unix://") ? this.adapters.get("http://") : undefined;
    if (plain !== undefined) return plain;
    throw new InvalidSchema(
      `No connection adapters were found for '${shownUrl(url)}'; there are adapters for ${[...this.adapters.keys()].map((prefix) => redactedUrl(prefix)).join(", ")} (session.mount adds one)${schemeHint(url)}`,
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
  get fetch(): typeof globalThis.fetch {
    // Libraries call it without its session.
    return (this.#fetch ??= (input, init) => sessionFetch(this, input, init));
  }

  /**
   * Follows the redirects of a response one by one, and gives each response that follows.
   *
   * @param response - A response received with `allowRedirects: false`.
   * @param request - The request that was sent for it.
   * @param settings - As of `send`; `timeout.total` and `signal` hold for all redirects together.
   * @throws TooManyRedirects past `maxRedirects`.
   */
  async *resolveRedirects(
    response: Response,
    request: PreparedRequest,
    settings?: SendOptions,
  ): AsyncGenerator<Response, void> {
    const given: SendOptions = settings === undefined ? NO_OPTIONS : checkSendOptions(settings);
    const call = this.#callFor(request, given);
    call.history.push(...response.history);
    let current = response;
    try {
      while (nextRequest(call, current) !== null) {
        current = await sendWithAuth(call);
        yield current;
      }
    } finally {
      call.cancellation?.release();
    }
  }

  /** The proxies for the request of a hop, by the environment where neither the call nor the session names one. */
  rebuildProxies(prepared: PreparedRequest, proxies: Proxies | null): Readonly<Record<string, string | null>> {
    return resolveProxies(this, prepared.url, proxies, environmentProxies);
  }

  /** The settings in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedSession(this);
  }

  [inspect.custom](): string {
    return `<Session>`;
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #verb(method: string, url: string | URL, options: RequestOptions | undefined): ResponsePromise {
    try {
      this.#checked = this.#given(options, VERB_CALLS[method]);
    } catch (error) {
      return responsePromise(Promise.reject(error));
    }
    const sent = this.request(method, url, options);
    // A subclass may override `request` with an async function.
    return sent instanceof ResponsePromise ? sent : responsePromise(Promise.resolve(sent as Promise<Response>));
  }

  /** The options of a call, checked once: a verb checks them, so that messages show the call that was written. */
  #given(options: RequestOptions | undefined, call: string): RequestOptions {
    if (options === undefined) return NO_OPTIONS;
    const checked = this.#checked;
    this.#checked = null;
    return checked !== null && checked === options ? checked : checkOptions(options, call);
  }

  #callFor(prepared: PreparedRequest, given: SendOptions): Call {
    insideRequest.setCredentialHeaders(prepared, this.credentialHeaders);
    const settings = hopSettings(this, prepared, given);
    const cancellation = cancellationFor(settings);
    return {
      session: this,
      first: prepared,
      request: prepared,
      given,
      cancellation,
      settings: cancellation === null ? settings : { ...settings, cancellation },
      history: [],
      redirects: 0,
    };
  }

  #mergedParams(given: Params | null | undefined): Params | null {
    if (given == null && isEmptyObject(this.params)) return null;
    return mergeParams(this.params, given);
  }

  #mergedFields(given: HeadersLike | null | undefined): FieldList {
    const fields = fieldsOf(this.#headers).copyOnWrite();
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
    if (given === null) insideRequest.setWithoutCookies(prepared, true);
    else if (given !== undefined) prepared.prepareCookies(mergeCookies(this.#cookies, given), cookieJarFrom(given));
    else if (!this.#cookies.isEmpty) insideRequest.prepareSessionCookies(prepared, this.#cookies);
  }

  #prepareAuth(prepared: PreparedRequest, given: unknown): void {
    if (given === null) {
      insideRequest.setWithoutCredentials(prepared, true);
      return;
    }
    let auth: unknown = given ?? this.auth;
    if (auth === null && this.trustEnv) auth = environmentAuth(insideRequest.target(prepared).hostname);
    prepared.prepareAuth(auth ?? undefined);
  }
}

/** Options of a call that does not follow redirects unless they say so. */
function notFollowing(options: RequestOptions | undefined): RequestOptions {
  if (options === undefined) return NOT_FOLLOWING;
  // Anything but an object is refused afterwards.
  return typeof options === "object" && options !== null
    ? { ...options, allowRedirects: options.allowRedirects ?? false }
    : options;
}

const NOT_FOLLOWING: RequestOptions = Object.freeze({ allowRedirects: false });

function isEmptyObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Symbol.iterator in value) return false;
  for (const _ in value) return false;
  return true;
}
