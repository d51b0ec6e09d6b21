/** A Response of the session → a standard Response. */
import { insideResponse } from "../message/response.js";
import { createHash } from "node:crypto";

import type { Response } from "../message/response.js";

/** Statuses whose response has no body. @see https://fetch.spec.whatwg.org/#null-body-status */
const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

/** Statuses that the constructor of the platform's Response refuses. */
interface Provenance {
  readonly status: number;
  readonly url: string;
  readonly redirected: boolean;
}

/** @throws TypeError when the content does not have the digest of `request.integrity`. */
export async function fetchResponse(response: Response, request: globalThis.Request): Promise<globalThis.Response> {
  const { statusCode } = response;
  const bodiless = NULL_BODY_STATUSES.has(statusCode) || request.method === "HEAD";
  if (bodiless) response.close();
  else if (request.integrity !== "") await checkIntegrity(response, request.integrity);
  return standardResponse(
    bodiless ? null : withFetchErrors(response.body),
    {
      status: isConstructible(statusCode) ? statusCode : 200,
      statusText: response.reason,
      headers: headersOf(response),
    },
    {
      status: statusCode,
      url: response.url.replace(/#.*$/, ""),
      redirected: response.history.some(({ isRedirect }) => isRedirect),
    },
  );
}

/** The platform's constructor refuses other statuses, which servers send nevertheless. */
function isConstructible(status: number): boolean {
  return status >= 200 && status <= 599;
}

function headersOf(response: Response): Headers {
  const isDecoded = insideResponse.header(response, "content-encoding") !== undefined;
  const headers = new Headers();
  for (const [name, value] of response.raw.headers)
    // The content is decoded already, so these two would be wrong.
    if (!isDecoded || !/^content-(?:encoding|length)$/i.test(name)) headers.append(name, value);
  return headers;
}

/** A Response of the platform that says where it came from; so do its clones. */
function standardResponse(
  body: ReadableStream<Uint8Array> | null,
  init: globalThis.ResponseInit,
  provenance: Provenance,
): globalThis.Response {
  const made = new globalThis.Response(body, init);
  const cloned = made.clone.bind(made);
  for (const name of ["append", "delete", "set"]) Object.defineProperty(made.headers, name, { value: immutable });
  const { status, url, redirected } = provenance;
  Object.defineProperties(made, {
    status: { value: status },
    ok: { value: status >= 200 && status <= 299 },
    url: { value: url },
    redirected: { value: redirected },
    type: { value: "basic" },
    clone: {
      value: () => {
        const { body: copy, headers } = cloned();
        return standardResponse(copy, { ...init, headers }, provenance);
      },
    },
  });
  return made;
}

/** @see https://fetch.spec.whatwg.org/#concept-headers-guard */
function immutable(): never {
  throw new TypeError("The headers of a response of fetch are immutable");
}

/** The standard wants a TypeError for everything that goes wrong on the network, also while the body is read. */
function withFetchErrors(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      let step;
      try {
        step = await reader.read();
      } catch (error) {
        throw isNetworkError(error) ? new TypeError("terminated", { cause: error }) : error;
      }
      if (!step.done) {
        controller.enqueue(transferable(step.value));
        return;
      }
      controller.close();
      // A reader that brought its own buffer waits for this.
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** A byte stream takes the memory of a piece away: a piece of a larger buffer, such as Node's pool, must be copied. */
function transferable(piece: Uint8Array): Uint8Array {
  return piece.byteLength === piece.buffer.byteLength ? piece : new Uint8Array(piece);
}

/** The reason of an abort is given as it is. */
function isNetworkError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && "phase" in error;
}

/** The strongest digests of the list are compared. @see https://www.w3.org/TR/sri-2/ */
async function checkIntegrity(response: Response, integrity: string): Promise<void> {
  const found = [...integrity.matchAll(/(?:^|\s)(sha(?:256|384|512))-([A-Za-z0-9+/=_-]+)(?:\?\S*)?(?=\s|$)/g)];
  if (found.length === 0) return;
  const strongest = found
    .map(([, algorithm]) => algorithm)
    .sort()
    .at(-1)!;
  const content = await response.read();
  const digest = createHash(strongest).update(content).digest("base64");
  const wanted = found.filter(([, algorithm]) => algorithm === strongest).map(([, , value]) => value);
  if (wanted.some((value) => value.replace(/-/g, "+").replace(/_/g, "/") === digest)) return;
  throw new TypeError(
    `fetch failed: the content of ${response.url} has the ${strongest} digest ${digest}, not ${wanted.join(" or ")} (integrity)`,
  );
}
