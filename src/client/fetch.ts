/** `session.fetch`: the standard interface over a session, for libraries that take a fetch. */
import { anySignal } from "../adapters/cancellation.js";
import { RequestException } from "../exceptions.js";
import { queueOf } from "../message/raw-response.js";
import type { Response } from "../message/response.js";
import { joinBaseUrl } from "../http/url/url.js";
import { kindOf } from "../options/kind.js";
import { fetchBody, isStreamed } from "./fetch-body.js";
import { fetchResponse } from "./fetch-response.js";
import type { RequestOptions } from "./options.js";

/** The members of a session that `session.fetch` uses. */
export interface FetchSession {
  readonly baseUrl: string | null;
  request(method: string, url: string | URL, options?: RequestOptions): Promise<Response>;
}

type FetchInput = string | URL | globalThis.Request;

/**
 * @param scope - Another signal that ends the call, or null.
 * @throws TypeError "fetch failed", with the exception as its cause, as the standard wants it; the signal's reason when
 *   aborted.
 * @see https://fetch.spec.whatwg.org/#fetch-method
 */
export async function sessionFetch(
  session: FetchSession,
  input: FetchInput,
  init?: globalThis.RequestInit,
  scope: AbortSignal | null = null,
): Promise<globalThis.Response> {
  if (init != null && typeof init !== "object")
    throw new TypeError(`The second argument of fetch() must be an options object, not ${kindOf(init)}`);
  // These have no connection: the platform's own fetch reads them.
  if (/^(?:data|blob):/i.test(isRequest(input) ? input.url : String(input))) return globalThis.fetch(input, init);
  // The signal is followed by the call itself.
  const own = init?.signal ?? (init?.signal === undefined && isRequest(input) ? input.signal : undefined);
  const signal = scope === null ? own : anySignal(own, scope);
  if (isAborted(signal)) throw abortReason(signal);
  const request = requestOf(session, input, init);
  const { redirect, method } = request;
  let response: Response;
  try {
    response = await session.request(method, request.url, {
      ...(await fetchBody(request, init?.body, signal)),
      signal,
      allowRedirects: redirect === "follow",
      stream: true,
      raiseForStatus: false,
      // `init` is asked first: Bun's Request forgets it.
      ...((init?.credentials ?? request.credentials) === "omit" ? { auth: null, cookies: null } : {}),
    });
  } catch (error) {
    if (isAborted(signal)) throw abortReason(signal);
    throw fetchFailed(error);
  }
  if (isRequest(input)) queueOf(response.raw).whenDone(holding(input));
  if (redirect === "error" && response.isRedirect) {
    response.close();
    throw fetchFailed(
      new RequestException(`unexpected redirect: ${response.statusCode} with redirect: "error"`, {
        code: "ERR_UNEXPECTED_REDIRECT",
        response,
      }),
    );
  }
  return fetchResponse(response, request);
}

/** @throws TypeError for what the standard refuses, such as a body with GET. */
function requestOf(
  session: FetchSession,
  input: FetchInput,
  init: globalThis.RequestInit | undefined,
): globalThis.Request {
  if (isRequest(input) && input.bodyUsed) throw new TypeError("Cannot send a Request whose body was already used.");
  if (isRequest(input) && init === undefined) return input;
  const resolved = isRequest(input) ? input : resolvedUrl(session, input);
  // Its body is read here only where it is a stream: all others go to the session as they are.
  const body = init?.body;
  const streamed = body != null && isStreamed(body);
  const method = init?.method ?? (isRequest(input) ? input.method : "GET");
  if (body != null && !streamed && /^(?:GET|HEAD)$/i.test(method))
    throw new TypeError("Request with GET/HEAD method cannot have body.");
  return new globalThis.Request(resolved, {
    ...init,
    signal: null,
    ...(streamed ? { duplex: "half" } : { body: null }),
  });
}

function resolvedUrl(session: FetchSession, input: string | URL): string | URL {
  if (session.baseUrl === null) return input;
  try {
    return joinBaseUrl(session.baseUrl, input);
  } catch (error) {
    throw fetchFailed(error);
  }
}

/** The signal of a Request is forgotten when the Request is collected: the body that is under way holds it. */
function holding(request: globalThis.Request): () => void {
  return () => void request;
}

function isRequest(input: FetchInput): input is globalThis.Request {
  return typeof input === "object" && "url" in input && "headers" in input;
}

/** The error of the standard's fetch, with the exception as its cause. */
function fetchFailed(error: unknown): TypeError {
  return new TypeError(`fetch failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

function isAborted(signal: AbortSignal | null | undefined): signal is AbortSignal {
  return signal?.aborted === true;
}

function abortReason(signal: AbortSignal): unknown {
  return (signal.reason as unknown) ?? new DOMException("This operation was aborted", "AbortError");
}
