/** The policy of retries: urllib3's `Retry`, camel-cased. Decides; waiting and sending are the adapter's. */
import { inspect } from "node:util";

import { redactedUrl } from "../http/redaction/redaction.js";
import { retryAfterSeconds } from "./retry-after.js";
import { hasRetryLeft, type RetryBudget } from "./retry-budget.js";
import { retryKind } from "./retry-kind.js";
import {
  RETRY_OPTIONS,
  called,
  pickRetryOptions,
  resolveRetryOptions,
  sensibleRetryOptions,
  type RetryContext,
  type RetryCounter,
  type RetryEvent,
  type RetryOptions,
  type RetryRecord,
  type RetryResponse,
} from "./retry-options.js";

export type {
  RetryContext,
  RetryCounter,
  RetryEvent,
  RetryOptions,
  RetryRecord,
  RetryResponse,
} from "./retry-options.js";

/** Statuses that are retried by themselves when they carry Retry-After. */
export const RETRY_AFTER_STATUS_CODES: ReadonlySet<number> = new Set([413, 429, 503]);

/** The outcome of an attempt: `error`, otherwise a `response`. */
export interface RetryAttempt {
  /** The method of the attempt. */
  readonly method: string;
  /** The URL of the attempt. */
  readonly url: string;
  /** The error of the attempt. */
  readonly error?: unknown;
  /** The response, where one came. */
  readonly response?: RetryResponse | undefined;
  /** The target of a redirect. It counts in `redirect`, not in `status`. */
  readonly redirectLocation?: string | undefined;
}

/**
 * Thrown by {@link Retry.increment} when a counter is used up. A signal between policy and adapter, which turns it into
 * `reason` itself when that is an error, else into RetryError, or gives the last response by `raiseOnStatus`.
 */
export class RetriesExhausted extends Error {
  static {
    this.prototype.name = "RetriesExhausted";
  }
  /** The last error, or a text about the last response: "too many 503 error responses". */
  readonly reason: unknown;
  /** The policy as it stands after the last attempt, with the whole history. */
  readonly retry: Retry;

  constructor(reason: unknown, retry: Retry, why: string) {
    super(why, reason instanceof Error ? { cause: reason } : undefined);
    this.reason = reason;
    this.retry = retry;
  }
}

/**
 * The policy of retries: how often and when a failed exchange is repeated. Immutable: `increment()` makes the next policy.
 *
 * Its members are the options that it was made with, each with its default where it was not given: see
 * {@link RetryOptions}. `total` counts every event and wins over the other counters.
 *
 * @example
 * ```ts
 * const retry = new Retry({ total: 3, statusForcelist: [502, 503], backoffFactor: 0.5 });
 * retry.isRetry("GET", 503); //=> true
 * retry.isRetry("POST", 503); //=> false
 * ```
 * @see urllib3.util.Retry
 */
export class Retry {
  /** See {@link RetryOptions.total}. */
  declare readonly total: RetryCounter;
  /** See {@link RetryOptions.connect}. */
  declare readonly connect: RetryCounter;
  /** See {@link RetryOptions.read}. */
  declare readonly read: RetryCounter;
  /** See {@link RetryOptions.redirect}. */
  declare readonly redirect: RetryCounter;
  /** See {@link RetryOptions.status}. */
  declare readonly status: RetryCounter;
  /** See {@link RetryOptions.other}. */
  declare readonly other: RetryCounter;
  /** In upper case; see {@link RetryOptions.allowedMethods}. */
  declare readonly allowedMethods: ReadonlySet<string> | null;
  /** See {@link RetryOptions.statusForcelist}. */
  declare readonly statusForcelist: ReadonlySet<number>;
  /** See {@link RetryOptions.backoffFactor}. */
  declare readonly backoffFactor: number;
  /** See {@link RetryOptions.backoffMax}. */
  declare readonly backoffMax: number;
  /** See {@link RetryOptions.backoffJitter}. */
  declare readonly backoffJitter: number;
  /** See {@link RetryOptions.fullJitter}. */
  declare readonly fullJitter: boolean;
  /** See {@link RetryOptions.raiseOnRedirect}. */
  declare readonly raiseOnRedirect: boolean;
  /** See {@link RetryOptions.raiseOnStatus}. */
  declare readonly raiseOnStatus: boolean;
  /** See {@link RetryOptions.respectRetryAfterHeader}. */
  declare readonly respectRetryAfterHeader: boolean;
  /** See {@link RetryOptions.retryAfterMax}. */
  declare readonly retryAfterMax: number;
  /** In lower case; see {@link RetryOptions.removeHeadersOnRedirect}. */
  declare readonly removeHeadersOnRedirect: ReadonlySet<string>;
  /** See {@link RetryOptions.history}. */
  declare readonly history: readonly RetryRecord[];
  /** See {@link RetryOptions.predicate}. */
  declare readonly predicate: ((context: RetryContext) => boolean) | null;
  /** See {@link RetryOptions.onRetry}. */
  declare readonly onRetry: ((event: RetryEvent) => void) | null;
  /** See {@link RetryOptions.budget}. */
  declare readonly budget: RetryBudget | null;

  /**
   * @param options - a number is `{ total }`, as in `Retry(3)` of urllib3.
   * @throws TypeError for an unknown option (naming the nearest) and for a value of the wrong type.
   * @throws RangeError for a number that cannot be.
   */
  constructor(options: RetryOptions | number = {}) {
    Object.assign(this, resolveRetryOptions(typeof options === "number" ? { total: options } : options));
    // A subclass has fields of its own to set after this.
    if (new.target === Retry) Object.freeze(this);
  }

  /** The methods that are retried by default: those that a server may get twice (RFC 9110 §9.2.2). */
  static readonly DEFAULT_ALLOWED_METHODS: ReadonlySet<string> = RETRY_OPTIONS.allowedMethods.default;

  /**
   * The policy that a value of `maxRetries` stands for.
   *
   * @param value - a Retry as it is; a number n as `new Retry({ total: n })`; 0, null and undefined as "none, and read
   * errors as they are", the default of requests; false as "none at all".
   * @throws TypeError or RangeError for anything else.
   */
  static fromInt(value: number | false | Retry | null | undefined): Retry {
    if (value instanceof Retry) return value;
    if (value == null || value === 0) return NO_RETRIES;
    if (value === false) return new Retry({ total: false });
    return new Retry({ total: value });
  }

  /**
   * The policy of `new Session({ retries: n })`: up to n retries of failed connections (any method), of reads and of
   * 429, 500, 502, 503 and 504 (idempotent methods). Waits a random part of 0.5, 1, 2 … seconds, or what Retry-After
   * says, never more than two minutes. TLS failures are not retried, since a certificate does not get better. Retries
   * stay within a budget of their own, a fifth of the requests and ten more. When they run out, the last response is
   * the result, so that `raiseForStatus()` tells its status as ever; set `raiseOnStatus` for RetryError.
   *
   * @param retries - how many, from 0.
   */
  static sensible(retries: number): Retry {
    return new Retry(sensibleRetryOptions(retries));
  }

  /**
   * A copy with changes, of the same class; the budget is shared with it. A subclass's constructor must therefore take
   * the same options.
   *
   * @param changes - options that are to differ.
   */
  new(changes: RetryOptions = {}): Retry {
    const SameClass = this.constructor as new (options: RetryOptions) => Retry;
    return new SameClass({ ...pickRetryOptions(this), ...changes });
  }

  /**
   * Whether a response is retried by the rules: method allowed, and the status is in the list, or is 413, 429 or 503 and
   * has Retry-After. Counters are left to {@link Retry.increment}, but for a `total` of 0.
   *
   * @param method - in any case.
   * @param statusCode - of the response.
   * @param hasRetryAfter - whether the response has a Retry-After that is not empty.
   */
  isRetry(method: string, statusCode: number, hasRetryAfter = false): boolean {
    if (this.statusForcelist.has(statusCode)) return this.#isMethodAllowed(method);
    return (
      hasRetryAfter &&
      this.respectRetryAfterHeader &&
      this.total !== 0 &&
      this.total !== false &&
      RETRY_AFTER_STATUS_CODES.has(statusCode) &&
      this.#isMethodAllowed(method)
    );
  }

  /**
   * Whether a response is to be retried: {@link Retry.isRetry}, and what `predicate` makes of it. What an adapter asks
   * for each response.
   *
   * @param attempt - with the response.
   */
  retriesResponse(attempt: RetryAttempt & { readonly response: RetryResponse }): boolean {
    const { method, response } = attempt;
    const { statusCode } = response;
    // The common case without a look at the headers: nothing in the policy is about this status.
    const mayCarry = RETRY_AFTER_STATUS_CODES.has(statusCode);
    const byRule =
      (mayCarry || this.statusForcelist.has(statusCode)) &&
      this.isRetry(method, statusCode, mayCarry && Boolean(response.headers.get("retry-after")));
    return this.total === false || this.status === false ? byRule : this.#decides(attempt, byRule);
  }

  /**
   * Counts an attempt that failed.
   *
   * Pure but for the budget, of which a retry takes its share.
   *
   * @param attempt - what happened. An abort is not an attempt that failed.
   * @returns the policy for the next attempt.
   * @throws the error itself when it is not to be retried: its counter or `total` is false, the request may have been
   * seen and its method is not allowed, `predicate` says no, or the connection did not fail.
   * @throws RetriesExhausted when a counter, or the budget, is used up.
   */
  increment(attempt: RetryAttempt): Retry {
    if (typeof attempt !== "object" || attempt === null)
      throw new TypeError("increment() takes an object: retry.increment({ method, url, error })");
    const { method, url, error, response, redirectLocation } = attempt;
    const kind = error === undefined ? (redirectLocation === undefined ? "status" : "redirect") : retryKind(error);
    if (error !== undefined) {
      // Off is off: the predicate cannot turn on what a counter excludes.
      if (kind === null || this.total === false || this[kind] === false) throw error;
      const byRule = kind !== "read" || this.#isMethodAllowed(method);
      if (!this.#decides(attempt, byRule)) throw error;
    }
    const counter = kind!;
    const record: RetryRecord = Object.freeze({
      method,
      url: redactedUrl(url),
      error: error ?? null,
      status: error === undefined ? (response?.statusCode ?? null) : null,
      redirectLocation: redirectLocation === undefined ? null : redactedUrl(redirectLocation),
    });
    const next = this.new({
      total: decremented(this.total),
      [counter]: decremented(this[counter]),
      history: [...this.history, record],
    });
    const reason = error ?? reasonOf(record);
    if (next.isExhausted() || (error === undefined && (this.total === false || this[counter] === false)))
      throw new RetriesExhausted(reason, next, `Retries are used up after attempt ${next.history.length}`);
    if (this.budget !== null && !this.budget.withdraw())
      throw new RetriesExhausted(reason, next, "The retry budget is used up: too many requests are failing");
    return next;
  }

  /** Whether a counter has gone below 0. */
  isExhausted(): boolean {
    return (
      isBelowZero(this.total) ||
      isBelowZero(this.connect) ||
      isBelowZero(this.read) ||
      isBelowZero(this.redirect) ||
      isBelowZero(this.status) ||
      isBelowZero(this.other)
    );
  }

  /**
   * Seconds to wait before the next attempt, by the number n of failures in a row at the end of the history (redirects
   * are none): `backoffFactor · 2^(n − 1)`, but 0 for the first, plus up to `backoffJitter`, at most `backoffMax`. With
   * `fullJitter` a random part of that, and the first waits too.
   *
   * @param random - from 0 to below 1.
   */
  getBackoffTime(random: () => number = Math.random): number {
    const failures = this.#failuresInARow();
    if (failures === 0 || (failures === 1 && !this.fullJitter)) return 0;
    let seconds = this.backoffFactor === 0 ? 0 : this.backoffFactor * 2 ** (failures - 1);
    if (this.backoffJitter !== 0) seconds += random() * this.backoffJitter;
    seconds = Math.max(0, Math.min(this.backoffMax, seconds));
    return this.fullJitter ? seconds * random() : seconds;
  }

  /**
   * Seconds that a Retry-After asks for.
   *
   * @param value - seconds or an HTTP date.
   * @param now - milliseconds since 1970.
   * @returns at most `retryAfterMax`, 0 for the past, null for what cannot be read.
   */
  parseRetryAfter(value: string, now: number = Date.now()): number | null {
    const seconds = retryAfterSeconds(value, now);
    return seconds === null ? null : Math.min(seconds, this.retryAfterMax);
  }

  /**
   * Seconds to wait before the next attempt: Retry-After where it is obeyed and asks for more than 0, else the back-off.
   *
   * @param response - the response that is retried, if there is one.
   * @param now - milliseconds since 1970.
   * @param random - from 0 to below 1.
   */
  getDelay(response?: RetryResponse, now: number = Date.now(), random: () => number = Math.random): number {
    if (response !== undefined && this.respectRetryAfterHeader) {
      const asked = this.parseRetryAfter(response.headers.get("retry-after") ?? "", now);
      if (asked !== null && asked > 0) return asked;
    }
    return this.getBackoffTime(random);
  }

  /** `Retry(total=3, connect=null, read=null, redirect=null, status=null)` */
  toString(): string {
    const { total, connect, read, redirect, status } = this;
    return `Retry(total=${total}, connect=${connect}, read=${read}, redirect=${redirect}, status=${status})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #isMethodAllowed(method: string): boolean {
    const allowed = this.allowedMethods;
    return allowed === null || allowed.has(method) || allowed.has(method.toUpperCase());
  }

  /** Lets `predicate` confirm or change the decision of the rules. */
  #decides({ method, url, error, response }: RetryAttempt, retryable: boolean): boolean {
    const { predicate } = this;
    if (predicate === null) return retryable;
    const attempt = this.history.length + 1;
    const context = { method, url, error: error ?? null, response: response ?? null, attempt, retryable };
    return called("predicate", () => predicate(context));
  }

  #failuresInARow(): number {
    const { history } = this;
    let failures = 0;
    while (failures < history.length && history[history.length - 1 - failures].redirectLocation === null) failures += 1;
    return failures;
  }
}

const NO_RETRIES = new Retry({ total: 0, read: false });

function decremented(counter: RetryCounter): RetryCounter {
  return typeof counter === "number" ? counter - 1 : counter;
}

function isLeft(counter: RetryCounter): boolean {
  return counter === null || (counter !== false && counter > 0);
}

function isBelowZero(counter: RetryCounter): boolean {
  return typeof counter === "number" && counter < 0;
}

/** urllib3's `ResponseError`. */
function reasonOf({ status, redirectLocation }: RetryRecord): string {
  if (redirectLocation !== null) return "too many redirects";
  return status === null ? "too many error responses" : `too many ${status} error responses`;
}

/**
 * Whether the head of a response makes it certain that a request is retried: no callback and no subclass decides, and
 * no counter is used up.
 *
 * @param method - In any case.
 * @param hasRetryAfter - Whether the response has a Retry-After that is not empty.
 */
export function isRetryCertain(retry: Retry, method: string, statusCode: number, hasRetryAfter: boolean): boolean {
  return (
    retry.isRetry(method, statusCode, hasRetryAfter) &&
    retry.constructor === Retry &&
    retry.predicate === null &&
    isLeft(retry.total) &&
    isLeft(retry.status) &&
    (retry.budget === null || hasRetryLeft(retry.budget))
  );
}

/**
 * Tells `onRetry` of the last attempt in the history. For adapters, before they wait.
 *
 * @param attempt - The one that failed, counted from 1.
 * @param delay - Seconds until the next.
 * @throws RequestException `ERR_CALLBACK` around an error of the callback.
 */
export function announceRetry({ onRetry, history }: Retry, attempt: number, delay: number): void {
  if (onRetry === null) return;
  const { method, url, error, status } = history.at(-1)!;
  called("onRetry", () => onRetry({ method, url, attempt, delay, error, status }));
}
