/** The headers and the body of a standard Request → the options of a call. */
import { isAnyArrayBuffer, isBlob, isFormData, isUrlSearchParams } from "../options/kinds.js";
import { setImmediate } from "../wire/clock.js";
import type { DataInit } from "../message/body/body-init.js";
import type { RequestOptions } from "./options.js";

/** A stream of a Request up to this size that is there at once is sent as bytes, so that it can be sent again. */
const KEPT_BODY = 1024 * 1024;

/** Whether a body of `fetch` is sent while it is read. */
export function isStreamed(body: unknown): boolean {
  return typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body);
}

/**
 * @param request - Made without the body, unless that is a stream.
 * @param given - `body` of `init`.
 * @param signal - Ends the wait for a stream.
 */
export async function fetchBody(
  request: globalThis.Request,
  given: unknown,
  signal: AbortSignal | null | undefined,
): Promise<Pick<RequestOptions, "headers" | "data">> {
  const headers = [...request.headers].filter(([name]) => name !== "host");
  if (request.body !== null)
    return { headers, data: given == null ? await streamBody(request.body, signal) : request.body };
  if (given === null || given === undefined) return { headers };
  const [data, type] = plainBody(given);
  if (type !== null && !request.headers.has("content-type")) headers.push(["Content-Type", type]);
  return { headers, data };
}

/** A body in memory, or one that the session streams by itself, with its type where the session would name another. */
function plainBody(body: unknown): [data: DataInit, type: string | null] {
  if (typeof body === "object" && body !== null) {
    if (isUrlSearchParams(body)) return [body.toString(), "application/x-www-form-urlencoded;charset=UTF-8"];
    // The session makes the multipart body, with a boundary of its own, and knows the type of a Blob.
    const isOwn = isFormData(body) || isBlob(body) || ArrayBuffer.isView(body) || isAnyArrayBuffer(body);
    if (isOwn || "pipe" in body) return [body as DataInit, null];
  }
  return [String(body), "text/plain;charset=UTF-8"];
}

/**
 * The stream of a Request, or its bytes where all of them are there at once: text and bytes that a Request was made from
 * get a Content-Length then, and can be sent again after a redirect or a 401.
 */
async function streamBody(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | null | undefined,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const reader = stream.getReader();
  const kept: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const read = reader.read();
    const step = await Promise.race([read, nextTurn()]);
    if (step === null || size > KEPT_BODY) return rest(reader, kept, read, signal);
    if (step.done) return kept.length === 1 ? kept[0] : Buffer.concat(kept);
    kept.push(step.value);
    size += step.value.length;
  }
}

function nextTurn(): Promise<null> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(null));
  });
}

async function* rest(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  kept: readonly Uint8Array[],
  read: ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>,
  signal: AbortSignal | null | undefined,
): AsyncGenerator<Uint8Array, void> {
  // A read that waits for a silent source would keep the generator from being closed.
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    yield* kept;
    for (let step = await read; !step.done; step = await reader.read()) yield step.value;
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}
