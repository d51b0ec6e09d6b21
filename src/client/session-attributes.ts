/** The attributes of a session, its adapters and its layers. */
import { inspect } from "node:util";

import type { Adapter } from "../adapters/adapter.js";
import { HTTPAdapter, type HTTPAdapterOptions } from "../adapters/http/http-adapter.js";
import { Layers, type Layer } from "../adapters/layers.js";
import type { AuthInit } from "../auth/auth-from.js";
import { InvalidSchema } from "../exceptions.js";
import type { Params, ParamValue } from "../http/params.js";
import { redactedUrl, shownUrl } from "../http/redaction/shown-url.js";
import { schemeHint } from "../http/url/url-hints.js";
import { matchesMountPrefix, mergeParams } from "../http/url/url.js";
import { cookieJarFrom, mergeCookies, RequestsCookieJar, type CookiesInit } from "../cookies/jar.js";
import { CaseInsensitiveDict, type HeadersLike } from "../message/headers.js";
import { addsHooks, hooksFor, hooksFrom, type Hooks, type HooksInit } from "../message/hooks.js";
import { isMap } from "../options/kinds.js";
import { NO_OPTIONS } from "../options/own-options.js";
import { mergedProxies } from "../policy/no-proxy.js";
import { credentialHeaders } from "../policy/redirect.js";
import type { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import { ACCEPT_ENCODING } from "../wire/decode/decode.js";
import { version } from "../version.js";
import { checkSessionOptions } from "./given-options.js";
import { maskedSession } from "./masked-session.js";
import { checkBaseUrl, checkProxies, checkRetries } from "./option-checks.js";
import type { SessionOptions } from "./session-options.js";
import { retriesFrom } from "./settings.js";

/** The headers that every session begins with. */
export function defaultHeaders(): CaseInsensitiveDict {
  return new CaseInsensitiveDict({
    "User-Agent": `requests-ts/${version}`,
    "Accept-Encoding": ACCEPT_ENCODING,
    Accept: "*/*",
    Connection: "keep-alive",
  });
}

/** Gives a session the attributes of another one, with options on top: for `Session.extend`. */
export let inheritAttributes: (session: SessionAttributes, base: SessionAttributes, given: SessionOptions) => void;

/** The state that a session keeps from call to call. */
export abstract class SessionAttributes {
  /** Names of headers that a redirect to another origin drops. */
  credentialHeaders: readonly string[] = credentialHeaders;
  /** Credentials for every call: a pair, an auth object or a function. */
  auth: AuthInit | null;
  /** Added to every URL's query. */
  params: Params;
  /** Whether responses come with their head alone; false at first. */
  stream: boolean;
  /** true, false, or the path of a CA file or directory; true at first. */
  verify: VerifyOption;
  /** The client certificate for every call; null for none. */
  cert: ClientCertificate | null;
  /** Seconds for every call; null waits forever. */
  timeout: TimeoutOption;
  /** Bytes of a body after decoding, past which a call ends in ContentTooLarge; 0, at first, for no limit. */
  maxResponseSize: number;
  /** The most redirects of one call; 30 at first. One more throws TooManyRedirects. */
  maxRedirects: number;
  /** Whether proxies, CA files and netrc come from the environment. */
  trustEnv: boolean;
  /** Throw HTTPError for 4xx and 5xx, after redirects and hooks; false at first. */
  raiseForStatus: boolean;
  /** Adapters by prefix, the longest first. */
  adapters: Map<string, Adapter>;

  #headers: CaseInsensitiveDict;
  #cookies: RequestsCookieJar;
  /** The cookies that the session was made with. */
  #ownCookies: CookiesInit | null;
  #hooks: Hooks;
  #retries: Retry | null = null;
  #baseUrl: string | null = null;
  #proxies: Record<string, string | null | undefined> = {};
  readonly #layers = new Layers();

  /** @throws TypeError for an unknown option or a value of the wrong type. */
  constructor(options: SessionOptions = NO_OPTIONS) {
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
    this.raiseForStatus = options.raiseForStatus ?? false;
    this.#cookies = options.cookies == null ? new RequestsCookieJar() : cookieJarFrom(options.cookies);
    this.#ownCookies =
      options.cookies instanceof RequestsCookieJar ? options.cookies.copy() : (options.cookies ?? null);
    this.adapters = this.createAdapters(poolOptions(options));
    this.retries = options.retries ?? null;
  }

  static {
    inheritAttributes = (session, base, given) => {
      // The public fields, also those of a subclass.
      Object.assign(session, base);
      session.adapters = new Map(base.adapters);
      const pool = poolOptions(given);
      if (pool !== undefined)
        for (const [prefix, adapter] of session.createAdapters(pool)) session.mount(prefix, adapter);
      for (const layer of base.layers) session.use(layer);

      session.#headers = base.headers.copy();
      if (given.headers != null) session.#headers.update(given.headers);
      session.params = inheritedParams(base.params, given.params);
      session.proxies = mergedProxies(base.proxies, given.proxies ?? {});
      session.#cookies = mergeCookies(cookieJarFrom(base.#ownCookies ?? {}), given.cookies ?? {});
      session.#ownCookies = session.#cookies.copy();
      session.#hooks = hooksFrom({
        request: [...hooksFor("request", base.hooks, hooksFrom(given.hooks), addsHooks(given.hooks))],
        response: [...hooksFor("response", base.hooks, hooksFrom(given.hooks), addsHooks(given.hooks))],
      });
      session.baseUrl = given.baseUrl === undefined ? base.baseUrl : given.baseUrl;
      session.retries = given.retries === undefined ? base.retries : given.retries;

      session.auth = given.auth === undefined ? base.auth : given.auth;
      session.stream = given.stream ?? base.stream;
      session.verify = given.verify ?? base.verify;
      session.cert = given.cert === undefined ? base.cert : given.cert;
      session.timeout = given.timeout === undefined ? base.timeout : given.timeout;
      session.maxResponseSize = given.maxResponseSize ?? base.maxResponseSize;
      session.maxRedirects = given.maxRedirects ?? base.maxRedirects;
      session.trustEnv = given.trustEnv ?? base.trustEnv;
      session.raiseForStatus = given.raiseForStatus ?? base.raiseForStatus;
    };
  }

  /**
   * The adapters of a new session by prefix, the longest first. A subclass may override it, for example to share
   * connections between sessions. The constructor calls it, when fields of the subclass are not set yet.
   *
   * @param options - Those of the session that concern its pool: `maxConnections`, `poolMaxsize`, `http2`.
   */
  protected createAdapters(options?: HTTPAdapterOptions): Map<string, Adapter> {
    return new Map([
      ["https://", new HTTPAdapter(options)],
      ["http://", new HTTPAdapter(options)],
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
   * The policy of retries for calls and adapters that have none of their own; null for none. A number means that many
   * retries with the default policy.
   *
   * @throws RangeError or TypeError for any other value.
   */
  get retries(): Retry | null {
    return this.#retries;
  }
  set retries(retries: number | false | Retry | null) {
    checkRetries(retries);
    this.#retries = retries === null || retries === false ? null : retriesFrom(retries);
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

  /** The settings in plain values, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedSession(this);
  }

  [inspect.custom](): string {
    return `<Session>`;
  }
}

/** Undefined if the session has no option of the pool. */
function poolOptions({ maxConnections, poolMaxsize, http2 }: SessionOptions): HTTPAdapterOptions | undefined {
  if (maxConnections === undefined && poolMaxsize === undefined && http2 === undefined) return undefined;
  return { maxConnections, poolMaxsize, http2 };
}

/** A mapping of its own, so that a change to one session's parameters does not change the other's. */
function inheritedParams(base: Params, given: Params | null | undefined): Params {
  const merged = given === undefined ? base : (mergeParams(base, given) ?? {});
  if (typeof merged !== "object" || (Symbol.iterator in merged && !isMap(merged))) return merged;
  return isMap(merged) && !isMap(base)
    ? Object.fromEntries(merged as Map<string, ParamValue>)
    : isMap(merged)
      ? new Map(merged as Map<string, ParamValue>)
      : { ...merged };
}
