/** Session: what stays from call to call. */
import { anySignal, Cancellation } from "../adapters/cancellation.js";
import { cancellationFor } from "../adapters/http/http-adapter.js";
import { withCallerFrames } from "../content/caller-frames.js";
import type { FieldList } from "../http/fields.js";
import type { Params } from "../http/params.js";
import { joinBaseUrl, mergeParams } from "../http/url/url.js";
import { cookieJarFrom, mergeCookies } from "../cookies/jar.js";
import { checkGivenField, fieldsOf, headerEntries, type HeadersLike } from "../message/headers.js";
import { hooksFor, type Hooks } from "../message/hooks.js";
import { insideRequest, PreparedRequest } from "../message/prepared.js";
import { hooksAreAdded, hooksOf, Request } from "../message/request.js";
import type { Response } from "../message/response.js";
import { NO_OPTIONS } from "../options/own-options.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import type { Call } from "./call.js";
import type { DownloadOptions, DownloadResult } from "./download.js";
import { environmentAuth, environmentProxies, environmentProxyMapping } from "./environment.js";
import { exchange, sendHop } from "./exchange.js";
import { sessionFetch } from "./fetch.js";
import { checkOptions, checkSendOptions, checkSessionOptions, sendOptionsOf, VERB_CALLS } from "./given-options.js";
import { map, type MapFunction, type MapOptions } from "./map.js";
import type { Proxies, RequestOptions, SendOptions } from "./options.js";
import { paginate, type PaginateItemsOptions, type PaginateOptions } from "./paginate.js";
import { hopSettings, nextRequest, SessionRedirects } from "./redirects.js";
import { responsePromise, ResponsePromise } from "./response-promise.js";
import { inheritAttributes } from "./session-attributes.js";
import type { EnvironmentSettings, SessionOptions } from "./session-options.js";
import { decided, resolveProxies, resolveVerify } from "./settings.js";

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
  #fetch: typeof globalThis.fetch | null = null;
  /** Aborts the calls that begin now: set while `map` calls its function. */
  #scope: AbortSignal | null = null;
  /** The options that a verb has checked, on their way to `request`. */
  #checked: RequestOptions | null = null;

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
    const scoped = this.#scope === null ? options : { ...options, signal: anySignal(options.signal, this.#scope) };
    return paginate(this, url, scoped, "paginate()");
  }

  /**
   * Calls a function for each item, several at a time, and gives the results.
   *
   * @param items - An iterable or async iterable of any length; it is read no faster than the results are.
   * @param call - Called with an item. Requests of this session that it sends before its first `await` are aborted when
   *   the loop is left; later ones need the `signal` of the second argument.
   * @returns An async generator. Leaving the loop aborts the calls that are under way.
   * @throws What the function throws, unless `onError` says otherwise; TypeError or RangeError for wrong arguments.
   * @example
   * ```ts
   * const session = new Session({ baseUrl: "https://httpbin.org" });
   * const found: string[] = [];
   * for await (const response of session.map(["/get?id=1", "/get?id=2"], (path) => session.get(path), { concurrency: 2 }))
   *   found.push(response.url.slice(-4));
   * found; //=> ["id=1", "id=2"]
   * ```
   */
  map<Item, Result>(
    items: Iterable<Item> | AsyncIterable<Item>,
    call: MapFunction<Item, Result>,
    options: MapOptions<Item, Result> = {},
  ): AsyncGenerator<Awaited<Result>, void> {
    return map(items, call, options, (signal, begin) => {
      const outer = this.#scope;
      this.#scope = signal;
      try {
        return begin();
      } finally {
        this.#scope = outer;
      }
    }) as AsyncGenerator<Awaited<Result>, void>;
  }

  /**
   * Downloads a file completely. After a cut it continues with Range and If-Range, if the server has a validator for the
   * file. The file appears at its path only when it is complete.
   *
   * @param path - Of the file.
   * @param options - Those of any GET request, and `attempts`, `resume`, `sha256`, `onProgress`. `timeout.total` and
   *   `signal` hold for all attempts together.
   * @throws HTTPError for 4xx and 5xx; RequestException `ERR_DIGEST` when the digest differs; the error of the last
   *   attempt; errors of the file system.
   */
  async download(url: string | URL, path: string, options: DownloadOptions = NO_OPTIONS): Promise<DownloadResult> {
    const scope = this.#scope;
    const signal = scope === null ? options.signal : anySignal(options.signal, scope);
    const { download } = await import("./download.js");
    try {
      return await download(this, url, path, scope === null ? options : { ...options, signal }, "download()");
    } catch (error) {
      throw withCallerFrames(error);
    }
  }

  /**
   * A new session with the settings, adapters and layers of this one, and the options on top: headers, params and proxies
   * are merged key by key, other options replace. The new session has a cookie jar of its own, with the cookies that this
   * session was made with. Its connections are shared, unless the options have some of the pool.
   *
   * A subclass keeps its methods and public fields; one with private fields must override this.
   *
   * @throws TypeError for an unknown option or a value of the wrong type.
   */
  extend(options: SessionOptions = NO_OPTIONS): this {
    const given = checkSessionOptions(options);
    // The constructor of a subclass is not called, because it may take other arguments.
    const session = Reflect.construct(Session, [], this.constructor) as this;
    inheritAttributes(session, this, given);
    return session;
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
    this.#prepareHooks(prepared, hooksOf(request), hooksAreAdded(request));
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
      const call = this.#callFor(prepared, given);
      return responsePromise(exchange(call, given.allowRedirects ?? true), call);
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
    verify?: VerifyOption | null,
    cert?: ClientCertificate | null,
  ): EnvironmentSettings {
    return {
      proxies: resolveProxies(this, url, proxies ?? null, environmentProxyMapping),
      stream: stream ?? this.stream,
      verify: resolveVerify(this, verify ?? undefined, true),
      cert: cert ?? this.cert,
    };
  }

  /** A standard `fetch` over this session: its cookies, credentials, proxies and retries. */
  get fetch(): typeof globalThis.fetch {
    // Libraries call it without its session.
    return (this.#fetch ??= (input, init) => sessionFetch(this, input, init, this.#scope));
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
        current = await sendHop(call);
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
    let cancellation = cancellationFor(settings);
    if (this.#scope !== null) {
      cancellation ??= new Cancellation();
      cancellation.follow(this.#scope);
    }
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
    const fields = fieldsOf(this.headers).copyOnWrite();
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
    else if (given !== undefined) prepared.prepareCookies(mergeCookies(this.cookies, given), cookieJarFrom(given));
    else if (!this.cookies.isEmpty) insideRequest.prepareSessionCookies(prepared, this.cookies);
  }

  #prepareHooks(prepared: PreparedRequest, own: Hooks | null, adds: boolean): void {
    const { hooks } = this;
    const request = hooksFor("request", hooks, own, adds);
    if (request.length > 0) prepared.hooks.request.push(...request);
    const response = hooksFor("response", hooks, own, adds);
    if (response.length > 0) prepared.hooks.response.push(...response);
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
