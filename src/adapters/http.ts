/** HTTPAdapter: the retry loop around one exchange on the wire. */
import { requestRetry, requestStart } from "../diagnostics/channels.js";
import { InvalidHeader, RequestException, RetryError, TotalTimeout, UnrewindableBodyError } from "../exceptions.js";
import type { FieldLines, FieldList } from "../message/headers.js";
import { NO_OPTIONS } from "../options/own-options.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { Body } from "../message/body/body.js";
import { redactedUrl } from "../message/redaction.js";
import { selectProxy } from "../policy/no-proxy.js";
import { RetriesExhausted, Retry } from "../policy/retry.js";
import { resolveTimeout, type Timeouts } from "../policy/timeout.js";
import type { DecodeLimits } from "../wire/decode.js";
import type { WireBody, WireRequest } from "../wire/dispatch.js";
import { serializeHead, serializeLines } from "../wire/http1/request-serializer.js";
import { Pool } from "../wire/pool.js";
import type { ProxyHop } from "../wire/tunnel.js";
import { BaseAdapter, type AroundAttempt, type SendSettings } from "./adapter.js";
import { Cancellation } from "./cancellation.js";
import { publishRetry } from "./diagnosis.js";
import { resolveHttpOptions, type HTTPAdapterOptions } from "./http-options.js";
import { StreamedResponse, WholeResponse } from "./receiving.js";
import { Routes } from "./routes.js";

export type { HTTPAdapterOptions } from "./http-options.js";

/** An option beside those of the public: the pool in place of one of its own. @internal */
export const POOL = Symbol("pool");

/**
 * Sends requests over HTTP/1.1, with a pool of connections and retries.
 *
 * @example
 * ```ts
 * const session = new Session();
 * session.mount("https://", new HTTPAdapter({ maxRetries: 3 }));
 * ```
 */
export class HTTPAdapter extends BaseAdapter {
  /** Null until the adapter is given a policy of its own: it then uses the session's. */
  #maxRetries: Retry | null;
  readonly #pool: Pool;
  readonly #routes: Routes;
  readonly #decodeLimits: DecodeLimits;

  /** @throws TypeError for an unknown option or a value of the wrong type, RangeError for a number that is too small. */
  constructor(options: HTTPAdapterOptions = NO_OPTIONS) {
    super();
    const pool = (options as { readonly [POOL]?: Pool })[POOL];
    const resolved = resolveHttpOptions(options);
    this.#decodeLimits = {
      maxRatio: resolved.maxDecompressionRatio,
      maxOutput: 0,
      maxCodings: resolved.maxContentCodings,
    };
    this.#maxRetries = resolved.maxRetries;
    this.#routes = new Routes(resolved);
    const { poolConnections, poolMaxsize, maxConnections } = resolved;
    const { maxHeaderSize, maxHeaders, maxInformational, maxChunkLineSize } = resolved;
    this.#pool =
      pool ??
      new Pool(
        {
          origins: poolConnections,
          idle: poolMaxsize,
          open: resolved.poolBlock ? Math.max(1, Math.min(maxConnections, poolMaxsize)) : maxConnections,
          waiting: resolved.maxQueue,
        },
        { maxHeaderSize, maxHeaders, maxInformational, maxChunkLineSize },
        resolved.keepAlive,
      );
  }

  /** The policy of retries. An adapter that was made without one uses that of the session. */
  get maxRetries(): Retry {
    return this.#maxRetries ?? Retry.fromInt(0);
  }
  set maxRetries(maxRetries: Retry) {
    this.#maxRetries = maxRetries;
  }

  /** The policy that the adapter was given, or null: then the session's is used. */
  get ownRetries(): Retry | null {
    return this.#maxRetries;
  }

  override send(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    // A session brings its own cancellation, over all the requests of a call.
    const { cancellation, signal, timeout } = settings;
    if (cancellation !== undefined || (signal === undefined && (typeof timeout !== "object" || timeout === null)))
      return this.#sendWithRetries(request, settings, cancellation);
    return this.#sendCancellably(request, settings);
  }

  /** Closes what is idle now and the rest when it is done. The adapter can be used again afterwards, as in requests. */
  override async close(): Promise<void> {
    this.#pool.close();
  }

  /** How the pool stands: connections open and idle, requests waiting. */
  get statistics(): {
    /** Connections that are open, idle ones included. */
    readonly open: number;
    /** Connections that wait for their next request. */
    readonly idle: number;
    /** Requests that wait for a connection. */
    readonly waiting: number;
    /** Origins that have a pool. */
    readonly origins: number;
  } {
    return this.#pool.statistics;
  }

  async #sendCancellably(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    const own = cancellationFor(settings);
    if (own === null) return this.#sendWithRetries(request, settings, undefined);
    try {
      const response = await this.#sendWithRetries(request, { ...settings, cancellation: own }, own);
      if (settings.stream) response.raw.whenDone(() => own.release());
      else own.release();
      return response;
    } catch (error) {
      own.release();
      throw error;
    }
  }

  async #sendWithRetries(
    request: PreparedRequest,
    settings: SendSettings,
    cancellation: Cancellation | undefined,
  ): Promise<Response> {
    const attempt: Attempt = {
      request,
      settings,
      timeouts: resolveTimeout(settings.timeout),
      limits: this.#limitsFor(settings),
      cancellation,
      number: 0,
    };
    let retry = this.#maxRetries ?? settings.defaultRetries ?? Retry.fromInt(0);
    retry.budget?.deposit();
    const { method, url } = request;
    const { aroundAttempt } = settings;
    for (;;) {
      attempt.number += 1;
      cancellation?.throwIfCancelled();
      let response: Response | undefined;
      try {
        response =
          aroundAttempt === undefined
            ? await this.#sendOnce(request, attempt)
            : await this.#sendAround(aroundAttempt, attempt);
        if (response.statusCode === 407) response = await this.#answerProxy(response, attempt);
        if (!retry.retriesResponse({ method, url, response })) return withRetries(response, retry);
        if (!canSendAgain(request)) throw unrewindable(request, response);
        const next = this.#afterResponse(retry, request, response);
        if (next === null) return withRetries(response, retry);
        retry = next;
      } catch (error) {
        if (response !== undefined || cancellation?.cancelled?.reason === error) {
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
      retry.announce(attempt.number, delay);
      if (requestRetry.hasSubscribers) publishRetry(retry, url, attempt.number, delay);
      if (delay > 0) await (cancellation ?? new Cancellation()).sleep(delay);
    }
  }

  #limitsFor({ maxResponseSize }: SendSettings): DecodeLimits {
    return maxResponseSize === undefined ? this.#decodeLimits : { ...this.#decodeLimits, maxOutput: maxResponseSize };
  }

  /** Separate: a closure in the loop would allocate a context for every request. */
  #sendAround(aroundAttempt: AroundAttempt, attempt: Attempt): Promise<Response> {
    return aroundAttempt(attempt.request, attempt.number, (given) => this.#sendOnce(given, attempt));
  }

  /** A proxy that is handed the requests themselves wants credentials: once, and once more for a nonce that was too old. */
  async #answerProxy(refusal: Response, attempt: Attempt): Promise<Response> {
    const { request, settings } = attempt;
    const { proxy } = this.#routes.routeFor(request, settings, selectProxy(request.url, settings.proxies));
    if (proxy === null || proxy.kind !== "http" || proxy.tunnel || proxy.credentials === null || !canSendAgain(request))
      return refusal;
    const { scheme } = request.target.parts;
    const target = `${scheme}://${request.target.host}${request.target.path}`;
    let response = refusal;
    for (let answers = 0; answers < 2 && response.statusCode === 407; answers += 1) {
      const answer = proxy.credentials.answer(response.headerValues("proxy-authenticate"), request.method, target);
      if (answer === null) break;
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
      // What cannot be sent again ends in the error itself, and costs no budget.
      if (!canSendAgain(request)) throw error;
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
    return new Promise<Response>((resolve, reject) => {
      const Sink = settings.stream ? StreamedResponse : WholeResponse;
      const sink = new Sink(request, settings, attempt.limits, resolve, reject);
      const dispatch = this.#pool.prepare(wire, sink);
      sink.dispatch = dispatch;
      sink.attempt = attempt.number;
      if (requestStart.hasSubscribers) requestStart.publish({ request: sink.diagnosed });
      this.#pool.dispatch(route, dispatch);
      if (cancellation !== undefined) {
        const off = cancellation.onCancel((reason) => sink.stop(reason));
        sink.onOver(off);
      }
    });
  }
}

/** One request on its way through the retry loop. */
interface Attempt {
  readonly request: PreparedRequest;
  readonly settings: SendSettings;
  readonly timeouts: Timeouts;
  readonly limits: DecodeLimits;
  readonly cancellation: Cancellation | undefined;
  /** Counted from 1. */
  number: number;
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

function wireRequest(
  request: PreparedRequest,
  timeouts: Timeouts,
  proxy: ProxyHop | null,
  answer: string | null,
): WireRequest {
  const { fields, source, method } = request;
  const { lines } = fields;
  const declared = lines.framing || source !== null ? checkFraming(fields, source) : null;
  return {
    method,
    head: proxy === null ? directHead(request, lines) : proxiedHead(request, proxy, answer),
    body: declared === null || source === null || source.length !== null ? source : countedBody(source, declared),
    expectContinue: source !== null && fields.get("expect")?.toLowerCase() === "100-continue",
    close: lines.close,
    readTimeout: timeouts.read,
    connectTimeout: timeouts.connect,
    poolTimeout: timeouts.pool,
  };
}

function directHead({ method, target: { path, host } }: PreparedRequest, lines: FieldLines): string {
  const { lastHead } = lines;
  if (lastHead !== null && lastHead.path === path && lastHead.host === host && lastHead.method === method)
    return lastHead.text;
  const text = serializeLines(method, path, lines.host ? null : host, lines.text);
  lines.lastHead = { method, path, host, text };
  return text;
}

function proxiedHead(request: PreparedRequest, proxy: ProxyHop, answer: string | null): string {
  const { fields, target, method } = request;
  const raw = fields.has("host") ? fields.raw : ["Host", target.host, ...fields.raw];
  if (proxy.kind !== "http" || proxy.tunnel)
    return serializeHead(method, target.path, withoutField(raw, "proxy-authorization"));
  // RFC 9112 §3.2.2: a proxy is asked with the whole URL.
  const url = `${target.parts.scheme}://${target.host}${target.path}`;
  const own = fields.has("proxy-authorization");
  const credentials = answer ?? (own ? null : (proxy.credentials?.first(method, url) ?? null));
  if (credentials === null) return serializeHead(method, url, raw);
  return serializeHead(method, url, [...withoutField(raw, "proxy-authorization"), "Proxy-Authorization", credentials]);
}

/** What is for the proxy alone never goes through a tunnel to the origin. */
function withoutField(raw: string[], lowerName: string): string[] {
  return raw.filter((_text, at) => raw[at - (at % 2)].toLowerCase() !== lowerName);
}

/** A body of unknown length under the caller's Content-Length: un-chunked, and counted while it is sent. */
function countedBody(source: Body, length: number): WireBody {
  const { replayable } = source;
  return { length, bytes: null, replayable, open: () => source.open(), close: () => source.close?.() };
}

/**
 * RFC 9112 §6: what the head says of the body must be what is sent; anything else is request smuggling.
 *
 * @returns The declared Content-Length, or null.
 */
function checkFraming(fields: FieldList, body: Body | null): number | null {
  const codings = fields.getAll("transfer-encoding");
  const lengths = fields.getAll("content-length");
  if (codings.length === 0 && lengths.length === 0) {
    if (body !== null) throw contradiction("there is a body, and neither Content-Length nor Transfer-Encoding");
    return null;
  }
  if (codings.length > 0 && lengths.length > 0)
    throw contradiction("Content-Length and Transfer-Encoding are both there");
  if (codings.length > 0) {
    if (codings.length > 1 || codings[0].toLowerCase() !== "chunked")
      throw contradiction(`Transfer-Encoding is ${JSON.stringify(codings.join(", "))}, and only "chunked" is sent`);
    if (body === null) throw contradiction("Transfer-Encoding is there, and no body");
    if (body.length !== null) throw contradiction("Transfer-Encoding is there, and the length of the body is known");
    return null;
  }
  if (lengths.length > 1) throw contradiction("Content-Length is there more than once");
  const length = lengths[0];
  if (!/^\d{1,16}$/.test(length)) throw contradiction(`Content-Length is ${JSON.stringify(length)}`);
  const actual = body === null ? 0 : body.length;
  if (actual !== null && Number(length) !== actual)
    throw contradiction(`Content-Length is ${length}, and the body has ${actual} bytes`);
  return Number(length);
}

function contradiction(what: string): InvalidHeader {
  return new InvalidHeader(
    `Framing headers contradict the body: ${what}. Leave Content-Length and Transfer-Encoding to the library, or make them fit`,
  );
}

function canSendAgain(request: PreparedRequest): boolean {
  return request.source === null || request.source.replayable;
}

function unrewindable(request: PreparedRequest, response: Response): UnrewindableBodyError {
  response.close();
  return new UnrewindableBodyError(
    `Unable to rewind request body: the answer was ${response.statusCode}, and the request cannot be retried because its body is a stream that was read. Give bytes, a path by fs.createReadStream(), or an iterable that can be started again`,
    { request, response },
  );
}
