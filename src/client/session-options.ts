/** The options of a Session, and the settings that it merges with the environment's. */
import type { AuthInit } from "../auth/auth-from.js";
import type { CookiesInit } from "../cookies/jar.js";
import type { HeadersLike } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import type { Params } from "../http/params.js";
import type { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import type { Proxies } from "./options.js";

/**
 * Constructor options of a Session. Each is also an attribute that can be assigned later, except for those of the pool:
 * `maxConnections`, `poolMaxsize` and `http2`.
 */
export interface SessionOptions {
  /** Base of URLs without a scheme; joined with exactly one slash. @example `"https://api.example.com/v1"` */
  readonly baseUrl?: string | URL | null | undefined;
  /** Sent with every request, in addition to the four default headers; `null` removes one of these. */
  readonly headers?: HeadersLike | null | undefined;
  /** Added to the query of every URL; those of a call take precedence, key by key. */
  readonly params?: Params | null | undefined;
  /** Credentials for every call that has none of its own. @defaultValue null: those of netrc or of the URL */
  readonly auth?: AuthInit | null | undefined;
  /** Sent to every host that you request, but not to another host after a redirect. */
  readonly cookies?: CookiesInit | null | undefined;
  /** Seconds: a number for connect and read, `[connect, read]`, or `{ connect, read, total, pool }`. @defaultValue null */
  readonly timeout?: TimeoutOption | undefined;
  /** Proxies by scheme, `scheme://host` or `all`. They take precedence over those of the environment. */
  readonly proxies?: Proxies | null | undefined;
  /** Functions that see every request and every response. A call's hooks for an event replace these, unless it adds. */
  readonly hooks?: HooksInit | null | undefined;
  /** Whom to trust: true, false, the path of a CA file or directory, or PEM text or bytes. @defaultValue true */
  readonly verify?: VerifyOption | undefined;
  /** The client certificate for every call. @defaultValue null */
  readonly cert?: ClientCertificate | null | undefined;
  /** Return responses as soon as their headers have arrived. @defaultValue false */
  readonly stream?: boolean | undefined;
  /** Bytes of a body after decoding. A larger body throws ContentTooLarge. 0 for no limit. @defaultValue 0 */
  readonly maxResponseSize?: number | undefined;
  /** The most redirects of one call. One more throws TooManyRedirects. @defaultValue 30 */
  readonly maxRedirects?: number | undefined;
  /** Read proxies, CA files and netrc from the environment. @defaultValue true */
  readonly trustEnv?: boolean | undefined;
  /**
   * Number of retries with the default policy, or a Retry for full control. Adapters that were given `maxRetries` keep
   * theirs.
   *
   * @defaultValue null: no retries
   */
  readonly retries?: number | false | Retry | null | undefined;
  /** Throw HTTPError for 4xx and 5xx, after redirects and hooks. @defaultValue false */
  readonly raiseForStatus?: boolean | undefined;
  /**
   * Connections that are open to one origin at once, for the session's own two adapters. Further requests wait in order,
   * for `timeout.pool` at most.
   *
   * @defaultValue 100
   */
  readonly maxConnections?: number | undefined;
  /** Idle connections that are kept to one origin. @defaultValue `maxConnections` if that is given, otherwise 10 */
  readonly poolMaxsize?: number | undefined;
  /**
   * Whether HTTP/2 is spoken. `"auto"`: with every https server that chooses it, and HTTP/1.1 with others. `true`: HTTP/2,
   * or a ConnectionError. `"prior-knowledge"`: also without TLS, for `http://` URLs and Unix sockets.
   *
   * @defaultValue false
   */
  readonly http2?: "auto" | "prior-knowledge" | boolean | undefined;
}

/** The result of `mergeEnvironmentSettings`, which `send` accepts. */
export interface EnvironmentSettings {
  /** The proxies for the URL: those given, the session's, then those of the environment. */
  readonly proxies: Readonly<Record<string, string | null>>;
  /** Whether the response comes with its head alone. */
  readonly stream: boolean;
  /** Whom to trust: what the call, the session or REQUESTS_CA_BUNDLE says. */
  readonly verify: VerifyOption;
  /** The client certificate, null for none. */
  readonly cert: ClientCertificate | null;
}
