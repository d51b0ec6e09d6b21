/** What a Session takes, and gives back of the environment's. */
import type { AuthInit } from "../auth/auth-from.js";
import type { CookiesInit } from "../message/cookies/jar.js";
import type { HeadersLike } from "../message/headers.js";
import type { HooksInit } from "../message/hooks.js";
import type { Params } from "../http/params.js";
import type { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/connect/tls.js";
import type { Proxies } from "./options.js";

/** Constructor options of a Session. Each is also an attribute that can be assigned later. */
export interface SessionOptions {
  /** Put before URLs without a scheme. */
  readonly baseUrl?: string | URL | null | undefined;
  /** Added to the four defaults; `null` removes one. */
  readonly headers?: HeadersLike | null | undefined;
  /** Added to the query of every URL; a call's win, key by key. */
  readonly params?: Params | null | undefined;
  /** Credentials for every call that has none of its own. @defaultValue null: those of netrc or of the URL */
  readonly auth?: AuthInit | null | undefined;
  /** Go to every host that the caller asks for, never across a redirect to one not asked for. */
  readonly cookies?: CookiesInit | null | undefined;
  /** Seconds; see RequestOptions. */
  readonly timeout?: TimeoutOption | undefined;
  /** Proxies for every call, by scheme, `scheme://host` or `all`; they beat those of the environment. */
  readonly proxies?: Proxies | null | undefined;
  /** Functions that see every response, unless a call has hooks of its own. */
  readonly hooks?: HooksInit | null | undefined;
  /** true, false, or the path of a CA file or directory. @defaultValue true */
  readonly verify?: boolean | string | undefined;
  /** The client certificate for every call. @defaultValue null */
  readonly cert?: ClientCertificate | null | undefined;
  /** Whether responses come with their head alone. @defaultValue false */
  readonly stream?: boolean | undefined;
  /** Bytes of a body after decoding; past it ContentTooLarge. 0 for no limit. @defaultValue 0 */
  readonly maxResponseSize?: number | undefined;
  /** Redirects that a call follows before TooManyRedirects. @defaultValue 30 */
  readonly maxRedirects?: number | undefined;
  /** Read proxies, CA files and netrc from the environment. @defaultValue true */
  readonly trustEnv?: boolean | undefined;
  /**
   * Number of retries with the sensible policy, or a Retry for full control. Adapters with `maxRetries` of their own
   * keep those.
   */
  readonly retries?: number | Retry | null | undefined;
}

/** What `mergeEnvironmentSettings` gives: fit for `send`. */
export interface EnvironmentSettings {
  /** The proxies for the URL: those given, the session's, then those of the environment. */
  readonly proxies: Readonly<Record<string, string | null>>;
  /** Whether the response comes with its head alone. */
  readonly stream: boolean;
  /** true, false, or the path that the call, the session or REQUESTS_CA_BUNDLE names. */
  readonly verify: boolean | string;
  /** The client certificate, null for none. */
  readonly cert: ClientCertificate | null;
}
