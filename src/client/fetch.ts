/** `session.fetch`: the standard interface over a session, for libraries that take a fetch. */
import { redactedUrl } from "../message/redaction.js";
import type { Session } from "./session.js";
import type { RequestOptions } from "./options.js";

const NULL_BODY_STATUSES = new Set([101, 103, 204, 205, 304]);

/**
 * @throws TypeError "fetch failed", with the exception as its cause, as the standard wants it; the signal's reason when
 *   aborted.
 */
export async function sessionFetch(
  session: Session,
  input: string | URL | globalThis.Request,
  init?: globalThis.RequestInit,
): Promise<globalThis.Response> {
  const request = new globalThis.Request(resolveInput(session, input), init);
  // Bun names the type of a text only when it sends it.
  if (typeof init?.body === "string" && !request.headers.has("content-type"))
    request.headers.set("content-type", "text/plain;charset=UTF-8");
  const options: RequestOptions = {
    headers: [...request.headers].filter(([name]) => name !== "host"),
    data: await bodyOf(request, init),
    signal: request.signal,
    allowRedirects: request.redirect === "follow",
    stream: true,
    // Asked of `init` first: Bun's Request forgets it.
    ...((init?.credentials ?? request.credentials) === "omit" ? { auth: null } : {}),
  };
  let response;
  try {
    response = await session.request(request.method, request.url, options);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw new TypeError(`fetch failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (request.redirect === "error" && response.isRedirect) {
    response.close();
    throw new TypeError(`fetch failed: unexpected redirect from ${redactedUrl(request.url)}`);
  }
  const headers = new Headers();
  for (const [name, value] of response.raw.headers) {
    // The content is decoded already, so these two would lie.
    if (!/^(content-encoding|content-length)$/i.test(name) || response.header("content-encoding") === undefined)
      headers.append(name, value);
  }
  const bodiless = NULL_BODY_STATUSES.has(response.statusCode) || request.method === "HEAD";
  if (bodiless) response.close();
  const result = new globalThis.Response(bodiless ? null : response.body, {
    status: response.statusCode,
    statusText: response.reason,
    headers,
  });
  Object.defineProperty(result, "url", { value: response.url.replace(/#.*$/, "") });
  Object.defineProperty(result, "redirected", { value: response.history.length > 0 });
  return result;
}

function resolveInput(session: Session, input: string | URL | globalThis.Request): string | URL | globalThis.Request {
  if (typeof input !== "string" || session.baseUrl === null || /^[a-z][a-z0-9+.-]*:/i.test(input)) return input;
  return `${session.baseUrl.replace(/\/$/, "")}/${input.replace(/^\//, "")}`;
}

/** Bytes where the standard keeps them in memory anyway, so that they can be sent again; else the stream. */
async function bodyOf(request: globalThis.Request, init: globalThis.RequestInit | undefined): Promise<unknown> {
  if (request.body === null) return undefined;
  const given = init?.body;
  const streamed =
    given instanceof ReadableStream || (given != null && typeof given === "object" && Symbol.asyncIterator in given);
  return streamed ? request.body : Buffer.from(await request.arrayBuffer());
}
