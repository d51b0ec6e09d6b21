/** The routes that fail for a while: for clients that try again. */
import type { Incoming } from "../incoming.js";
import { pythonBigInt, pythonFloat, pythonInt, seconds } from "../numbers.js";
import { PythonRandom } from "../python-random.js";
import { complain, httpDate, isFinalStatus, json, type Answer, type HeaderPair } from "../responses.js";
import { ALL_METHODS, type RouteGroup } from "../router.js";
import { breakConnection } from "./faults.js";

/** Requests of one key in one window of time. */
interface Window {
  endsAt: number;
  used: number;
}

/** The routes, with counts of their own: each server has its own memory. */
export function retryRoutes(): RouteGroup {
  const attempts = new Map<string, number>();
  const readyAt = new Map<string, number>();
  const windows = new Map<string, Window>();

  /** Fails n times a key. */
  function answerFlaky(incoming: Incoming): Answer {
    const key = incoming.param("key");
    const failures = pythonInt(incoming.param("n"));
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    const shown = { key, attempt, failures, method: incoming.method };
    if (attempt > failures) return json(shown);
    if (incoming.option("fault") === "reset") return { takeOver: (response) => breakConnection(response) };
    const status = pythonInt(incoming.option("status") ?? "503");
    if (!isFinalStatus(status)) return complain(400, "Invalid status code");
    const retryAfter = incoming.option("retry_after");
    return json(shown, retryAfter === undefined ? [] : [["Retry-After", retryAfter]], status);
  }

  /** Asks for patience; with a key, it remembers from when on it was asked. */
  function answerRetryAfter(incoming: Incoming): Answer {
    const date = incoming.option("date");
    const wait = pythonFloat(incoming.option("seconds") ?? date ?? "1");
    const status = pythonInt(incoming.option("status") ?? "503");
    if (!isFinalStatus(status)) return complain(400, "Invalid status code");
    const key = incoming.option("key");
    const now = Date.now();
    const ready = (key === undefined ? undefined : readyAt.get(key)) ?? now + wait * 1000;
    if (key !== undefined) readyAt.set(key, ready);
    if (now >= ready && key !== undefined) return json({ key, ready: true });
    const left = Math.max(0, ready - now);
    // A date has whole seconds: round up, or the client comes too early.
    const value = date === undefined ? String(Math.ceil(left / 1000)) : httpDate(Math.ceil(ready / 1000) * 1000);
    return json({ ready: false, "retry-after": value }, [["Retry-After", value]], status);
  }

  /** So many requests in a window, counted per key. */
  function answerRateLimit(incoming: Incoming): Answer {
    const limit = pythonInt(incoming.option("limit") ?? "5");
    const length = seconds(incoming.option("window") ?? "60");
    const style = incoming.option("style") ?? "ietf";
    const fields = RATE_LIMIT_STYLES[style];
    if (fields === undefined) return complain(400, "style must be ietf, legacy or github");
    const key = incoming.option("key") ?? "";
    const now = Date.now();
    let window = windows.get(key);
    if (window === undefined || now >= window.endsAt) {
      window = { endsAt: now + length * 1000, used: 0 };
      windows.set(key, window);
    }
    window.used += 1;
    const remaining = Math.max(0, limit - window.used);
    const reset = Math.ceil((window.endsAt - now) / 1000);
    const headers = fields({ limit, remaining, reset, length, endsAt: window.endsAt });
    if (window.used <= limit) return json({ limit, remaining }, headers);
    return json({ limit, remaining }, [["Retry-After", String(reset)], ...headers], 429);
  }

  return {
    title: "Retries",
    routes: [
      {
        path: "/flaky/<key>/<int:n>",
        methods: ALL_METHODS,
        summary: "Fails n times, then always succeeds; counted per key.",
        query: {
          status: "200 to 999 (default 503)",
          retry_after: "the Retry-After of a failure (default none)",
          fault: "reset, to break the connection instead of answering",
        },
        examples: ["/flaky/mine/2"],
        handle: answerFlaky,
      },
      {
        path: "/retry-after",
        methods: ALL_METHODS,
        summary: "503 with Retry-After.",
        query: {
          seconds: "how long (default 1)",
          date: "the same in seconds, but sent as an HTTP date",
          key: "a name; so long after its first request it answers 200 (default never)",
          status: "200 to 999 (default 503)",
        },
        examples: ["/retry-after?seconds=2", "/retry-after?date=2", "/retry-after?seconds=2&key=mine"],
        handle: answerRetryAfter,
      },
      {
        path: "/rate-limit",
        methods: ALL_METHODS,
        summary: "Answers so often in a window, then 429 until it ends.",
        query: {
          limit: "requests (default 5)",
          window: "seconds (default 60)",
          style: "ietf (RateLimit and RateLimit-Policy), legacy (RateLimit-Limit, …) or github (X-RateLimit-Limit, …)",
          key: "counts apart from other keys (default empty)",
        },
        examples: ["/rate-limit?limit=2&window=10"],
        handle: answerRateLimit,
      },
      {
        path: "/unstable",
        methods: ALL_METHODS,
        summary: "Fails with 500 now and then.",
        query: { failure_rate: "0 to 1 (default 0.5)", seed: "an integer; the same answer each time" },
        examples: ["/unstable", "/unstable?failure_rate=0.9"],
        handle: answerUnstable,
      },
    ],
  };
}

interface RateLimitState {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window ends, rounded up. */
  readonly reset: number;
  /** Seconds that a window lasts. */
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** The header fields that report a limit. `ietf` is draft-ietf-httpapi-ratelimit-headers from its 8th version on, `legacy` up to its 7th. */
const RATE_LIMIT_STYLES: Readonly<Record<string, (state: RateLimitState) => HeaderPair[]>> = {
  ietf: ({ limit, remaining, reset, length }) => [
    ["RateLimit-Policy", `"default";q=${limit};w=${Math.ceil(length)}`],
    ["RateLimit", `"default";r=${remaining};t=${reset}`],
  ],
  legacy: ({ limit, remaining, reset }) => [
    ["RateLimit-Limit", String(limit)],
    ["RateLimit-Remaining", String(remaining)],
    ["RateLimit-Reset", String(reset)],
  ],
  github: ({ limit, remaining, endsAt }) => [
    ["X-RateLimit-Limit", String(limit)],
    ["X-RateLimit-Remaining", String(remaining)],
    ["X-RateLimit-Used", String(limit - remaining)],
    ["X-RateLimit-Reset", String(Math.ceil(endsAt / 1000))],
    ["X-RateLimit-Resource", "core"],
  ],
};

function answerUnstable(incoming: Incoming): Answer {
  const rate = pythonFloat(incoming.option("failure_rate") ?? "0.5");
  if (!(rate >= 0 && rate <= 1)) return complain(400, "failure_rate must be from 0 to 1");
  const seed = incoming.option("seed");
  const point = seed === undefined ? Math.random() : new PythonRandom(pythonBigInt(seed)).random();
  return json({ failed: point < rate }, [], point < rate ? 500 : 200);
}
