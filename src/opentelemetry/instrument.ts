/** Puts spans around the attempts of a session. */
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type TextMapPropagator,
  type TextMapSetter,
  type TracerProvider,
} from "@opentelemetry/api";

import { aroundAttempts, interpose } from "../client/interposing.js";
import {
  version,
  type AroundAttempt,
  type CaseInsensitiveDict,
  type PreparedRequest,
  type Response,
  type Session,
} from "../index.js";
import { errorType, requestAttributes, responseAttributes, spanName } from "./attributes.js";

/** How a session is instrumented. */
export interface InstrumentOptions {
  /** Whose tracer makes the spans. @defaultValue the global one */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Writes the trace's context into the headers. @defaultValue the global one */
  readonly propagator?: TextMapPropagator | undefined;
  /** Requests that get neither a span nor a header. What it throws is what the call ends in. */
  readonly ignore?: ((request: PreparedRequest) => boolean) | undefined;
  /** The URL with names in place of its values, `/users/{id}`: part of the span's name. */
  readonly urlTemplate?: ((request: PreparedRequest) => string | undefined) | undefined;
  /** Headers of requests to record; those that carry credentials stay masked. */
  readonly requestHeaders?: readonly string[] | undefined;
  /** Headers of responses to record. */
  readonly responseHeaders?: readonly string[] | undefined;
  /** Told of each span as it begins, to add attributes of one's own. */
  readonly onStart?: ((span: Span, request: PreparedRequest) => void) | undefined;
  /** Told of each span before it ends, with its response or its error. */
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
  const tracing = new Tracing(options);
  return interpose(session, (inner) =>
    aroundAttempts(inner, ({ previous }) => (request, attempt, send) => {
      return tracing.around(request, resendsBefore(previous ?? [], attempt), send);
    }),
  );
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

  async around(request: PreparedRequest, resends: number, send: Parameters<AroundAttempt>[2]): Promise<Response> {
    const {
      ignore,
      urlTemplate,
      requestHeaders = NO_NAMES,
      responseHeaders = NO_NAMES,
      onStart,
      onEnd,
    } = this.#options;
    if (ignore?.(request) === true) return send(request);
    // Asked for each time: the global provider may be registered after this.
    const tracer = (this.#options.tracerProvider ?? trace).getTracer("requests-ts", version);
    const template = urlTemplate?.(request);
    const span = tracer.startSpan(spanName(request.method, template), {
      kind: SpanKind.CLIENT,
      attributes: requestAttributes(request, resends, template, requestHeaders),
    });
    let response: Response | null = null;
    let failure: unknown = null;
    try {
      onStart?.(span, request);
      const active = trace.setSpan(context.active(), span);
      const carrier = this.#carrying(request, active);
      response = await context.with(active, () => send(carrier));
      span.setAttributes(responseAttributes(response, responseHeaders));
      if (response.statusCode >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
      return response;
    } catch (error) {
      failure = error;
      span.setAttribute("error.type", errorType(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      onEnd?.(span, response, failure);
      span.end();
    }
  }

  /** A copy with the context in its headers: the request itself may be sent again, in another span. */
  #carrying(request: PreparedRequest, active: ReturnType<typeof context.active>): PreparedRequest {
    const carrier = request.copy();
    const { headers } = carrier;
    (this.#options.propagator ?? propagation).inject(active, headers, HEADER_SETTER);
    return carrier;
  }
}
