/** HTTPAdapter: the retry loop around one exchange on the wire. */
import { insideRequest } from "../../message/prepared.js";
import { queueOf } from "../../message/raw-response.js";
import { requestRetry, requestStart } from "../../diagnostics/channels.js";
import { RequestException, RetryError, TotalTimeout, UnrewindableBodyError } from "../../exceptions.js";
import type { FieldList } from "../../http/fields.js";
import type { PreparedRequest } from "../../message/prepared.js";
import { redactedUrl } from "../../http/redaction/redaction.js";
import type { Response } from "../../message/response.js";
import { NO_OPTIONS } from "../../options/own-options.js";
import { selectProxy } from "../../policy/no-proxy.js";
import { announceRetry, RetriesExhausted, Retry } from "../../policy/retry.js";
import { resolveTimeout, type Timeouts } from "../../policy/timeout.js";
import { isForwarding, type ProxyHop } from "../../wire/connect/proxy-hop.js";
import { SocketConnector } from "../../wire/connector.js";
import type { DecodeLimits } from "../../wire/decode/decode.js";
import { Pool } from "../../wire/pool.js";
import type { Transport, TransportStatistics, WireRequest, WireTarget } from "../../wire/transport.js";
import { BaseAdapter, type CallSettings, type SendSettings } from "../adapter.js";
import { Cancellation } from "../cancellation.js";
import { isFinal, throughLayers, type Layer } from "../layers.js";
import { Attempt } from "./attempt.js";
import { resolveHttpOptions, type HTTPAdapterOptions } from "./http-options.js";
import { publishRetry } from "./publish.js";
import { StreamedResponse, WholeResponse } from "./response-sinks.js";
import { Routes } from "./routes.js";

export type { HTTPAdapterOptions } from "./http-options.js";

const NO_RESPONSES: readonly Response[] = Object.freeze([]);
/** Idle connections kept for each origin, as in requests. */
const DEFAULT_POOL_SIZE = 10;

/**
 * Sends requests over HTTP/1.1 or HTTP/2, with a pool of connections and retries.
 *
 * @example
 * ```ts
 * const session = new Session();
 * session.mount("https://", new HTTPAdapter({ maxRetries: 3 }));
 * ```
 */
export class HTTPAdapter extends BaseAdapter {
  /** The adapter retries, and calls the layers around each attempt. */
  readonly repeats: boolean = true;
  /** Null until the adapter is given a policy of its own: it then uses the session's. */
  #maxRetries: Retry | null;
  readonly #transport: Transport;
  readonly #routes: Routes;
  readonly #decodeLimits: DecodeLimits;

  /** @throws TypeError for an unknown option or a value of the wrong type, RangeError for a number that is too small. */
  constructor(options: HTTPAdapterOptions = NO_OPTIONS) {
    super();
    const resolved = resolveHttpOptions(options);
    this.#decodeLimits = {
      maxRatio: resolved.maxDecompressionRatio,
      maxOutput: 0,
      maxCodings: resolved.maxContentCodings,
    };
    this.#maxRetries = resolved.maxRetries;
    this.#routes = new Routes(resolved, resolved.http2);
    const { poolConnections, maxConnections } = resolved;
    const poolMaxsize = resolved.poolMaxsize ?? options.maxConnections ?? DEFAULT_POOL_SIZE;
    const { maxHeaderSize, maxHeaders, maxInformational, maxChunkLineSize } = resolved;
    const { maxStreams, maxContinuations, maxControlFrames, maxConcurrentResets } = resolved;
    const { initialWindowSize, connectionWindowSize } = resolved;
    this.#transport =
      resolved.transport ??
      new Pool(
        {
          origins: poolConnections,
          idle: poolMaxsize,
          open: resolved.poolBlock ? Math.max(1, Math.min(maxConnections, poolMaxsize)) : maxConnections,
          waiting: resolved.maxQueue,
        },
        new SocketConnector(
          { maxHeaderSize, maxHeaders, maxInformational, maxChunkLineSize },
          {
            maxStreams,
            maxContinuations,
            maxControlFrames,
            maxConcurrentResets,
            initialWindowSize,
            connectionWindowSize,
          },
        ),
        resolved.keepAlive,
      );
  }

  /**
   * The policy of retries. An adapter that was made without one uses that of the session. A number or false can be
   * assigned, as it is given to the constructor.
   *
   * @throws TypeError or RangeError for a value that cannot be.
   */
  get maxRetries(): Retry {
    return this.#maxRetries ?? Retry.fromInt(0);
  }
  set maxRetries(maxRetries: number | false | Retry | null) {
    this.#maxRetries = maxRetries === null ? null : Retry.fromInt(maxRetries);
  }

  override send(request: PreparedRequest, settings: CallSettings): Promise<Response> {
    // A session brings its own cancellation, over all the requests of a call.
    const { cancellation, signal, timeout } = settings;
    if (cancellation !== undefined || (signal === undefined && (typeof timeout !== "object" || timeout === null)))
      return this.#sendWithRetries(request, settings, cancellation);
    return this.#sendCancellably(request, settings);
  }

  /** Closes what is idle now and the rest when it is done. The adapter can be used again afterwards, as in requests. */
  override async close(): Promise<void> {
    this.#transport.close();
  }

  /** The state of the pool: connections open and idle, requests waiting. */
  get statistics(): TransportStatistics {
    return this.#transport.statistics;
  }

  async #sendCancellably(request: PreparedRequest, settings: CallSettings): Promise<Response> {
    const own = cancellationFor(settings);
    if (own === null) return this.#sendWithRetries(request, settings, undefined);
    try {
      const response = await this.#sendWithRetries(request, { ...settings, cancellation: own }, own);
      if (settings.stream) queueOf(response.raw).whenDone(() => own.release());
      else own.release();
      return response;
    } catch (error) {
      own.release();
      throw error;
    }
  }

  async #sendWithRetries(
    request: PreparedRequest,
    settings: CallSettings,
    cancellation: Cancellation | undefined,
  ): Promise<Response> {
    let retry = settings.retries ?? this.#maxRetries ?? settings.defaultRetries ?? Retry.fromInt(0);
    retry.budget?.deposit();
    const limits = { timeouts: resolveTimeout(settings.timeout), decode: this.#limitsFor(settings) };
    const attempt = new Attempt(request, settings, limits, retry);
    const { method, url } = request;
    const { layers } = settings;
    const hasLayers = layers !== undefined && layers.length > 0;
    for (;;) {
      attempt.number += 1;
      attempt.retry = retry;
      attempt.proxyAnswers = 0;
      cancellation?.throwIfCancelled();
      let response: Response | undefined;
      try {
        response = await (hasLayers ? this.#sendThrough(layers, attempt) : this.#sendOnce(request, attempt));
        if (response.statusCode === 407) response = await this.#answerProxy(response, attempt);
        if (!retry.retriesResponse({ method, url, response }) || isFinal(response)) return withRetries(response, retry);
        if (!insideRequest.isRepeatable(request)) throw unrewindable(request, response);
        const next = this.#afterResponse(retry, request, response);
        if (next === null) return withRetries(response, retry);
        retry = next;
      } catch (error) {
        if (response !== undefined || cancellation?.cancelled?.reason === error || isFinal(error)) {
          response?.close();
          throw withHistory(error, retry);
        }
        if (error instanceof RequestException) {
          error.attempt = attempt.number;
          error.request ??= request;
        }
        retry = this.#afterError(retry, request, error);
      }
      const delay = retry.getDelay(response);
      response?.close();
      announceRetry(retry, attempt.number, delay);
      if (requestRetry.hasSubscribers) publishRetry(retry, url, attempt.number, delay);
      if (delay > 0) await (cancellation ?? new Cancellation()).sleep(delay);
    }
  }

  #limitsFor({ maxResponseSize }: SendSettings): DecodeLimits {
    return maxResponseSize === undefined ? this.#decodeLimits : { ...this.#decodeLimits, maxOutput: maxResponseSize };
  }

  /** Separate: a closure in the loop would allocate a context for every request. */
  #sendThrough(layers: readonly Layer[], attempt: Attempt): Promise<Response> {
    const { request, settings, number } = attempt;
    const about = { number, previous: settings.previous ?? NO_RESPONSES, settings };
    return throughLayers(layers, request, about, (given) => this.#sendOnce(given, attempt));
  }

  /** A proxy that is handed the requests themselves wants credentials: once, and once more for a nonce that was too old. */
  async #answerProxy(refusal: Response, attempt: Attempt): Promise<Response> {
    const { request } = attempt;
    let response = refusal;
    while (response.statusCode === 407) {
      const answer = attempt.proxyAnswer(response, absoluteForm(insideRequest.target(request)));
      if (answer === null) break;
      attempt.proxyAnswers += 1;
      response.close();
      response = await this.#sendOnce(request, attempt, answer);
    }
    return response;
  }

  /** @returns The policy for the next attempt, or null to hand the response over. */
  #afterResponse(retry: Retry, request: PreparedRequest, response: Response): Retry | null {
    try {
      return retry.increment({ method: request.method, url: request.url, response });
    } catch (error) {
      if (!(error instanceof RetriesExhausted)) throw error;
      if (!retry.raiseOnStatus || !retry.statusForcelist.has(response.statusCode)) {
        return null;
      }
      response.close();
      const attempts = error.retry.history.length;
      const exhausted = new RetryError(
        `Max retries exceeded with url: ${redactedUrl(request.url)} (${String(error.reason)}, ${attempts} attempts)`,
        { request, response, cause: error, attempt: attempts },
      );
      exhausted.retries = error.retry;
      throw exhausted;
    }
  }

  #afterError(retry: Retry, request: PreparedRequest, error: unknown): Retry {
    try {
      // A request that cannot be sent again fails with the error itself, and uses no budget.
      if (!insideRequest.isRepeatable(request)) throw error;
      return retry.increment({ method: request.method, url: request.url, error });
    } catch (outcome) {
      if (!(outcome instanceof RetriesExhausted)) throw withHistory(outcome, retry);
      const reason = outcome.reason as RequestException;
      const attempts = outcome.retry.history.length;
      reason.retries = outcome.retry;
      if (attempts > 1) reason.message = `Max retries exceeded (${attempts} attempts): ${reason.message}`;
      throw reason;
    }
  }

  #sendOnce(request: PreparedRequest, attempt: Attempt, proxyAuthorization: string | null = null): Promise<Response> {
    const { settings, cancellation } = attempt;
    const route = this.#routes.routeFor(request, settings, selectProxy(request.url, settings.proxies));
    const wire = wireRequest(request, attempt.timeouts, route.proxy, proxyAuthorization);
    attempt.proxy = route.proxy;
    return new Promise<Response>((resolve, reject) => {
      const Sink = settings.stream ? StreamedResponse : WholeResponse;
      const sink = new Sink(request, attempt, resolve, reject);
      if (requestStart.hasSubscribers) requestStart.publish({ request: sink.diagnosed });
      this.#transport.send(route, wire, sink);
      if (cancellation !== undefined) {
        const off = cancellation.onCancel((reason) => sink.stop(reason));
        sink.onOver(off);
      }
    });
  }
}

/** The cancellation of a call that comes without a session's. */
export function cancellationFor(settings: Pick<SendSettings, "signal" | "timeout">): Cancellation | null {
  const { timeout } = settings;
  const { total } = resolveTimeout(timeout);
  if (settings.signal === undefined && total === null) return null;
  const cancellation = new Cancellation();
  if (settings.signal !== undefined) cancellation.follow(settings.signal);
  if (total !== null && cancellation.cancelled === null) {
    const deadline = cancellation.deadline(
      total,
      (elapsed) =>
        new TotalTimeout(
          `Total timeout reached. (total timeout=${total / 1000}) The call, with its redirects, retries and body, did not finish within ${total / 1000} s`,
          {
            elapsed: elapsed / 1000,
          },
        ),
    );
    cancellation.whenReleased(() => deadline.stop());
  }
  return cancellation;
}

/** An error that was not retried tells of those before it that were. */
function withHistory(error: unknown, retry: Retry): unknown {
  if (error instanceof RequestException && retry.history.length > 0) error.retries ??= retry;
  return error;
}

function withRetries(response: Response, retry: Retry): Response {
  if (retry.history.length > 0) response.raw.retries = retry;
  return response;
}

/** @param answer - The Proxy-Authorization that answers a challenge, or null. */
function wireRequest(
  request: PreparedRequest,
  limits: Timeouts,
  proxy: ProxyHop | null,
  answer: string | null,
): WireRequest {
  const { method } = request;
  const target = insideRequest.target(request);
  const fields = insideRequest.fields(request);
  const proxyAuthorization = isForwarding(proxy)
    ? (answer ?? firstAuthorization(method, target, fields, proxy!))
    : null;
  return { method, target, fields, body: insideRequest.source(request), proxyAuthorization, limits };
}

/** The credentials of the proxy's URL, unless the caller gave the field. */
function firstAuthorization(method: string, target: WireTarget, fields: FieldList, proxy: ProxyHop): string | null {
  if (proxy.credentials === null || fields.has("proxy-authorization")) return null;
  return proxy.credentials.first(method, absoluteForm(target));
}

function absoluteForm({ scheme, authority, path }: WireTarget): string {
  return `${scheme}://${authority}${path}`;
}

function unrewindable(request: PreparedRequest, response: Response): UnrewindableBodyError {
  response.close();
  return new UnrewindableBodyError(
    `Unable to rewind request body: the answer was ${response.statusCode}, and the request cannot be retried because its body is a stream that was read. Give bytes, a path by fs.createReadStream(), or an iterable that can be started again`,
    { request, response },
  );
}
