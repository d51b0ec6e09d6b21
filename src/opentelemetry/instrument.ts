/** Puts spans around the attempts of a session. */
import {
  context,
  diag,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type TextMapPropagator,
  type TextMapSetter,
  type TracerProvider,
} from "@opentelemetry/api";

import {
  use,
  version,
  type CaseInsensitiveDict,
  type Layer,
  type PreparedRequest,
  type Response,
  type Session,
} from "../index.js";
import { redactedUrls } from "../extend/index.js";
import { errorType, requestAttributes, responseAttributes, spanName } from "./attributes.js";

/**
 * Options of the instrumentation of a session. Errors of these functions, of the provider and of the propagator never end a call: they
 * are passed to `diag.error` of `@opentelemetry/api`.
 */
export interface InstrumentOptions {
  /** Whose tracer makes the spans. @defaultValue the global one */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Writes the trace's context into the headers. @defaultValue the global one */
  readonly propagator?: TextMapPropagator | undefined;
  /** Requests that get neither a span nor a header. */
  readonly ignore?: ((request: PreparedRequest) => boolean) | undefined;
  /** The URL with names in place of its values, `/users/{id}`: part of the span's name. */
  readonly urlTemplate?: ((request: PreparedRequest) => string | undefined) | undefined;
  /** Headers of requests to record; those that carry credentials stay masked. */
  readonly requestHeaders?: readonly string[] | undefined;
  /** Headers of responses to record. */
  readonly responseHeaders?: readonly string[] | undefined;
  /** Called for each span when it begins, to add attributes. */
  readonly onStart?: ((span: Span, request: PreparedRequest) => void) | undefined;
  /** Called for each span before it ends, with its response or its error. */
  readonly onEnd?: ((span: Span, response: Response | null, error: unknown) => void) | undefined;
}

const HEADER_SETTER: TextMapSetter<CaseInsensitiveDict> = {
  set: (headers, name, value) => {
    headers.set(name, value);
  },
};
const NO_NAMES: readonly string[] = [];

/**
 * Gives every request of a session a client span: redirects, retries and answers to challenges are requests of their
 * own, and count up `http.request.resend_count`. The span is a child of the active one; it ends when the body is read, or
 * with the head under `stream: true`.
 *
 * @param session - null for `requests.get` and the other functions of the module.
 * @returns What ends it, for requests that begin afterwards.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
export function instrument(session: Session | null, options: InstrumentOptions = {}): () => void {
  const layer = tracing(options);
  return session === null ? use(layer) : session.use(layer);
}

/** The layer that `instrument` adds, for `session.use(tracing())`. */
export function tracing(options: InstrumentOptions = {}): Layer {
  const spans = new Tracing(options);
  return (request, { number, previous }, next) => spans.around(request, resendsBefore(previous, number), next);
}

/** Each response stands for a request, and for the retries before it. */
function resendsBefore(previous: readonly Response[], attempt: number): number {
  let resends = attempt - 1;
  for (const { raw } of previous) resends += 1 + (raw.retries?.history.length ?? 0);
  return resends;
}

class Tracing {
  readonly #options: InstrumentOptions;

  constructor(options: InstrumentOptions) {
    this.#options = options;
  }

  async around(request: PreparedRequest, resends: number, send: Parameters<Layer>[2]): Promise<Response> {
    const { ignore, responseHeaders = NO_NAMES, onEnd } = this.#options;
    if (observe(() => ignore?.(request)) === true) return send(request);
    const span = observe(() => this.#start(request, resends));
    if (span === undefined) return send(request);
    let response: Response | null = null;
    let failure: unknown = null;
    try {
      const active = trace.setSpan(context.active(), span);
      const carrier = observe(() => this.#carrying(request, active)) ?? request;
      response = await context.with(active, () => send(carrier));
      const received = response;
      observe(() => {
        span.setAttributes(responseAttributes(request, received, responseHeaders));
        if (received.statusCode >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
      });
      return received;
    } catch (error) {
      failure = error;
      observe(() => {
        span.setAttribute("error.type", errorType(error));
        const message = redactedUrls(error instanceof Error ? error.message : String(error));
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      });
      throw error;
    } finally {
      observe(() => onEnd?.(span, response, failure));
      observe(() => span.end());
    }
  }

  #start(request: PreparedRequest, resends: number): Span {
    const { tracerProvider, urlTemplate, requestHeaders = NO_NAMES, onStart } = this.#options;
    // Asked for each time: the global provider may be registered after this.
    const tracer = (tracerProvider ?? trace).getTracer("requests-ts", version);
    const template = observe(() => urlTemplate?.(request));
    const span = tracer.startSpan(spanName(request.method, template), {
      kind: SpanKind.CLIENT,
      attributes: requestAttributes(request, resends, template, requestHeaders),
    });
    observe(() => onStart?.(span, request));
    return span;
  }

  /** A copy with the context in its headers: the request itself may be sent again, in another span. */
  #carrying(request: PreparedRequest, active: ReturnType<typeof context.active>): PreparedRequest {
    const carrier = request.copy();
    const { headers } = carrier;
    (this.#options.propagator ?? propagation).inject(active, headers, HEADER_SETTER);
    return carrier;
  }
}

/** Calls code that only observes: what it throws is reported and must not end the request. */
function observe<T>(call: () => T): T | undefined {
  try {
    const result = call();
    if (result instanceof Promise) result.catch(report);
    return result;
  } catch (error) {
    report(error);
    return undefined;
  }
}

function report(error: unknown): void {
  diag.error("requests-ts: the instrumentation threw", error);
}
