/** The interface between sessions and whatever carries their requests. */
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { HookSettings } from "../message/hooks.js";
import type { Retry } from "../policy/retry.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate, VerifyOption } from "../wire/connect/tls.js";
import type { Cancellation } from "./cancellation.js";
import type { Layer } from "./layers.js";

/** Bytes that have gone or come so far. */
export interface Progress {
  /** Bytes so far. */
  readonly transferred: number;
  /** Bytes in all, where that is known. */
  readonly total?: number;
  /** Whether this was the last piece. */
  readonly done: boolean;
}

/** Called with the progress of a body. An error that it throws ends the call. */
export type ProgressCallback = (progress: Progress) => void;

/** A 1xx response before the final one. */
export interface InformationalResponse {
  /** 100 to 199. */
  readonly statusCode: number;
  /** The reason phrase, as it came. */
  readonly reason: string;
  /** name and value, as they came. */
  readonly headers: readonly (readonly [string, string])[];
}

/** The resolved settings for sending one request. */
export interface SendSettings extends HookSettings {
  /** Hand the response over as soon as its head is there. */
  readonly stream: boolean;
  /** In seconds, as the caller gave it. */
  readonly timeout: TimeoutOption;
  /** Whom to trust: true for the default, false for anyone, otherwise authorities by their path or in memory. */
  readonly verify: VerifyOption;
  /** The client certificate, null for none. */
  readonly cert: ClientCertificate | null;
  /** The proxies that apply, by scheme or `scheme://host`; null for a direct connection. */
  readonly proxies: Readonly<Record<string, string | null>>;
  /** Called with the bytes of the body that were handed to the socket. */
  readonly onUploadProgress?: ProgressCallback | undefined;
  /** Called with the bytes of the body that have arrived, before decoding. */
  readonly onDownloadProgress?: ProgressCallback | undefined;
  /** Called for 1xx responses. */
  readonly onInformational?: ((response: InformationalResponse) => void) | undefined;
  /** Bytes after decoding; 0 for no limit. */
  readonly maxResponseSize?: number | undefined;
  /** false: the content is the body as it was sent, whatever its Content-Encoding is. @defaultValue true */
  readonly decode?: boolean | undefined;
  /** Aborting it ends the exchange with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Set by the session: redirects are followed, and `getRedirectTarget` is not overridden. The body of a 301, 302, 303,
   * 307 or 308 with a Location then decides nothing, unless the request has response hooks: up to 64 KiB of it are
   * waited for, a second at most, and kept as `content` if they are whole and can be decoded; otherwise `content` is
   * empty. The same holds for a response that is certain to be retried.
   *
   * @defaultValue false
   */
  readonly followsRedirects?: boolean | undefined;
  /**
   * The layers of the session, the outermost first. An adapter with `repeats` sends each attempt through them with
   * `throughLayers`; other adapters are not given any, because the session puts them around the adapter.
   */
  readonly layers?: readonly Layer[] | undefined;
  /** The responses that led to this request in the same call, by redirects or authentication, the oldest first. */
  readonly previous?: readonly Response[] | undefined;
  /** The policy of retries of this call. It takes precedence over that of the adapter. */
  readonly retries?: Retry | undefined;
  /** The session's policy of retries, for adapters that were made without one. */
  readonly defaultRetries?: Retry | null | undefined;
}

/** Settings that a session adds for HTTPAdapter. Other adapters pass them on with the rest. */
export interface CallSettings extends SendSettings {
  /** The file that TLS secrets are logged to, by SSLKEYLOGFILE. */
  readonly keyLogFile?: string | undefined;
  /** Stops the call: `signal` and the total timeout in one. */
  readonly cancellation?: Cancellation | undefined;
}

/**
 * Carries one request to its response.
 *
 * An implementation makes one exchange. It never follows redirects, stores cookies or answers challenges; a status is
 * not an error; it does not modify the request. Without `settings.stream` the response comes with its body read.
 * Failures are thrown as RequestExceptions. `close()` is graceful and may be called twice.
 */
export interface Adapter {
  /**
   * Whether the adapter may send a request more than once, and calls `settings.layers` around each attempt itself. A
   * subclass of HTTPAdapter whose `send` does not call `super.send` sets it to false.
   *
   * @defaultValue false: the session calls the layers around `send`
   */
  readonly repeats?: boolean | undefined;
  /** Carries the request, and gives its response; rejects with a RequestException. */
  send(request: PreparedRequest, settings: SendSettings): Promise<Response>;
  /** Closes what is open; may be called twice. */
  close(): Promise<void>;
}

/** A base for adapters of one's own: override `send`, and `close` where there is something to close. */
export class BaseAdapter implements Adapter {
  /** Rejects: override it. */
  send(_request: PreparedRequest, _settings: SendSettings): Promise<Response> {
    return Promise.reject(new TypeError(`${this.constructor.name} must override send(request, settings)`));
  }

  /** Does nothing: override it where there is something to close. */
  async close(): Promise<void> {
    // Nothing to close here.
  }
}
