/** The interface between sessions and whatever carries their requests. */
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { HookSettings } from "../message/hooks.js";
import type { TimeoutOption } from "../policy/timeout.js";
import type { ClientCertificate } from "../wire/tls.js";
import type { Cancellation } from "./cancellation.js";

/** Bytes that have gone or come so far. */
export interface Progress {
  readonly transferred: number;
  /** Bytes in all, where that is known. */
  readonly total?: number;
  readonly done: boolean;
}

/** Told of progress; what it throws ends the call. */
export type ProgressCallback = (progress: Progress) => void;

/** A 1xx response before the final one. */
export interface InformationalResponse {
  readonly statusCode: number;
  readonly reason: string;
  /** name and value, as they came. */
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * Stands around one attempt: calls `send` once, with the request or a changed copy of it, and gives on what comes of it.
 *
 * @param attempt - 1, and more for a retry.
 */
export type AroundAttempt = (
  request: PreparedRequest,
  attempt: number,
  send: (request: PreparedRequest) => Promise<Response>,
) => Promise<Response>;

/** How one request is to be sent: resolved, with nothing left to look up. */
export interface SendSettings extends HookSettings {
  /** Hand the response over as soon as its head is there. */
  readonly stream: boolean;
  /** In seconds, as the caller gave it. */
  readonly timeout: TimeoutOption;
  /** true: the default trust; false: none is asked for; else the path of a CA file or directory. */
  readonly verify: boolean | string;
  readonly cert: ClientCertificate | null;
  readonly proxies: Readonly<Record<string, string | null>>;
  readonly onUploadProgress?: ProgressCallback | undefined;
  readonly onDownloadProgress?: ProgressCallback | undefined;
  /** Told of 1xx responses. */
  readonly onInformational?: ((response: InformationalResponse) => void) | undefined;
  /** Bytes after decoding; 0 for no limit. */
  readonly maxResponseSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Stands around each attempt of an adapter that retries. */
  readonly aroundAttempt?: AroundAttempt | undefined;
  /** The responses that led to this request in the same call, by redirects or authentication, the oldest first. */
  readonly previous?: readonly Response[] | undefined;
  /** Where TLS secrets are logged, by SSLKEYLOGFILE. @internal */
  readonly keyLogFile?: string | undefined;
  /** Stops the call: `signal` and the total timeout in one. @internal */
  readonly cancellation?: Cancellation | undefined;
}

/**
 * Carries one request to its response.
 *
 * An implementation makes one exchange. It never follows redirects, stores cookies or answers challenges; a status is
 * not an error; it does not modify the request. Without `settings.stream` the response comes with its body read.
 * What goes wrong is thrown as a RequestException. `close()` is graceful and may be called twice.
 */
export interface Adapter {
  send(request: PreparedRequest, settings: SendSettings): Promise<Response>;
  close(): Promise<void>;
}

/** A base for adapters of one's own: override `send`, and `close` where there is something to close. */
export class BaseAdapter implements Adapter {
  send(_request: PreparedRequest, _settings: SendSettings): Promise<Response> {
    return Promise.reject(new TypeError(`${this.constructor.name} must override send(request, settings)`));
  }

  async close(): Promise<void> {
    // Nothing to close here.
  }
}
