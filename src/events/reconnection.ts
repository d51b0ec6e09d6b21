/** When a stream of events goes on, and after how long: decisions without a clock. */
import {
  ChunkedEncodingError,
  ConnectionError,
  RequestException,
  Retry,
  SSLError,
  Timeout,
  type Response,
} from "../index.js";

/** Seconds to wait before reconnecting, until the server says otherwise; what browsers take. */
export const DEFAULT_RETRY = 3;
/** Seconds that the back-off grows to. */
export const MAX_BACKOFF = 60;
/** Seconds between two connections at least, as in Firefox: a server that says `retry: 0` and closes is not asked in a loop. */
export const MIN_DELAY = 0.5;
/** Ids longer than this many bytes would not pass as a header. */
const MAX_ID = 8 * 1024;

/** The meaning of a response for the stream. */
export type Verdict = "open" | "finished" | "again" | "failed";

/**
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface: 204 ends the stream, and
 *   anything but 200 with the right type fails it; that 429 and 5xx pass is our addition.
 */
export function verdictOf(response: Response): Verdict {
  const { statusCode } = response;
  if (statusCode === 204) return "finished";
  if (statusCode === 429 || (statusCode >= 500 && statusCode <= 599)) return "again";
  if (statusCode !== 200) return "failed";
  const type = (response.headers.get("Content-Type") ?? "").split(";", 1)[0].trim().toLowerCase();
  return type === "text/event-stream" ? "open" : "failed";
}

/** Says why a response is not a stream of events. */
export function refusal(response: Response): RequestException {
  try {
    response.raiseForStatus();
  } catch (error) {
    if (error instanceof RequestException) return error;
    throw error;
  }
  const type = response.headers.get("Content-Type");
  const what =
    response.statusCode === 200
      ? `its Content-Type is ${type === undefined ? "missing" : JSON.stringify(type.slice(0, 100))} and must be "text/event-stream"`
      : `its status is ${response.statusCode} and must be 200`;
  return new RequestException(`The response is not an event stream: ${what}. Fetch the URL with get() to inspect it`, {
    code: "ERR_EVENT_STREAM",
    response,
  });
}

/** Refusals that stay what they are. */
const LASTING: ReadonlySet<string> = new Set(["ERR_ADDRESS_NOT_ALLOWED", "ERR_PROXY_AUTHENTICATION"]);

/** Whether asking again may help: the network may come back, a certificate that is not trusted will not be. */
export function isPassing(error: unknown): error is RequestException {
  if (error instanceof SSLError || (error instanceof RequestException && LASTING.has(error.code))) return false;
  return error instanceof ConnectionError || error instanceof Timeout || error instanceof ChunkedEncodingError;
}

/**
 * Seconds to wait before the next connection; never less than {@link MIN_DELAY}.
 *
 * @param failures - Connections in a row that came to nothing; 0 after one that was good.
 * @param retry - Seconds that the server asked for: the least to wait.
 * @param random - From 0 to below 1: after failures the clients of one server do not come back all at once.
 */
export function delayAfter(failures: number, retry: number, random: number): number {
  const least = Math.max(retry, MIN_DELAY);
  if (failures === 0) return least;
  const most = Math.max(least, Math.min(MAX_BACKOFF, least * 2 ** failures));
  return least + random * (most - least);
}

const retryAfter = new Retry();

/** Seconds that a 429 or 5xx asks for by Retry-After (at most six hours), or null. */
export function askedDelay(response: Response): number | null {
  const value = response.headers.get("Retry-After");
  return value === undefined ? null : retryAfter.parseRetryAfter(value);
}

/** Whether an id can go back as a header: the HTML standard passes over one with NUL, and no header takes the others. */
export function isSendableId(id: string): boolean {
  return id.length <= MAX_ID && !/[\0-\x08\x0a-\x1f\x7f]/.test(id) && id.trim() === id;
}
