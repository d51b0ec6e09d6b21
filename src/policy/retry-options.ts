/** The options of a Retry, their defaults, and what is refused. */
import { RequestException } from "../exceptions.js";
import { DEFAULT_ALLOWED_METHODS } from "../http/methods.js";
import { aBoolean, aFunction, amountOf, orNull } from "../options/checks.js";
import { kindOf, numberOrKind } from "../options/kind.js";
import { checkOptionsObject, resolveOptions, type Check, type Resolved, type Rows } from "../options/option.js";
import { RetryBudget } from "./retry-budget.js";

/** Retries left; null: not limited by this counter; false: never, throw the error as it is. */
export type RetryCounter = number | null | false;

/** The part of a response that a policy reads. */
export interface RetryResponse {
  /** The status. */
  readonly statusCode: number;
  /** The fields; `get` gives one by its name in any case, nothing where it is absent. */
  readonly headers: { get(name: string): string | null | undefined };
}

/** One attempt that failed. */
export interface RetryRecord {
  /** The method of the attempt. */
  readonly method: string;
  /** With the password masked. */
  readonly url: string;
  /** The error, or null when a response came. */
  readonly error: unknown;
  /** The status of the response, or null. */
  readonly status: number | null;
  /** The target of the redirect, with the password masked, or null. */
  readonly redirectLocation: string | null;
}

/** The argument of `predicate`. */
export interface RetryContext {
  /** The method of the attempt. */
  readonly method: string;
  /** The URL of the attempt, with the password masked. */
  readonly url: string;
  /** The error, or null when a response came. */
  readonly error: unknown;
  /** The response, or null. */
  readonly response: RetryResponse | null;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** The decision of the rules (method, status list, Retry-After). */
  readonly retryable: boolean;
}

/** The argument of `onRetry`, which is called before the wait. */
export interface RetryEvent {
  /** The method of the attempt. */
  readonly method: string;
  /** With the password masked. */
  readonly url: string;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Seconds to wait. */
  readonly delay: number;
  /** The error, or null when a response came. */
  readonly error: unknown;
  /** The status of the response, or null. */
  readonly status: number | null;
}

/**
 * Options of a Retry.
 *
 * A counter is a number of retries (0 fails at the first event), null for "not limited by this counter", or false for
 * "never retry this, and throw the error as it is".
 */
export interface RetryOptions {
  /** All retries together; it wins over the other counters. @defaultValue 10 */
  readonly total?: RetryCounter | undefined;
  /** Retries after no connection was made: any method. @defaultValue null */
  readonly connect?: RetryCounter | undefined;
  /** Retries after the request may have reached the server: allowed methods only. @defaultValue null */
  readonly read?: RetryCounter | undefined;
  /** Redirects, where a Retry is driven by hand; a session counts its own by `maxRedirects`. @defaultValue null */
  readonly redirect?: RetryCounter | undefined;
  /** Retries after a status that is retried. @defaultValue null */
  readonly status?: RetryCounter | undefined;
  /** Retries after other failures of the connection, such as TLS. @defaultValue null */
  readonly other?: RetryCounter | undefined;
  /**
   * Methods that may be repeated, in any case; null for all, an empty list for none.
   *
   * @defaultValue DELETE, GET, HEAD, OPTIONS, PUT, TRACE
   */
  readonly allowedMethods?: Iterable<string> | null | undefined;
  /** Statuses that are retried, with or without Retry-After. @defaultValue none */
  readonly statusForcelist?: Iterable<number> | null | undefined;
  /** Seconds: factor · 2ⁿ⁻¹ are waited before the n-th retry in a row, none before the first. @defaultValue 0 */
  readonly backoffFactor?: number | undefined;
  /** The longest back-off, in seconds. @defaultValue 120 */
  readonly backoffMax?: number | undefined;
  /** The maximum of the random number of seconds that is added to each back-off. @defaultValue 0 */
  readonly backoffJitter?: number | undefined;
  /** Ours: wait a random part of the back-off, before the first retry too. @defaultValue false */
  readonly fullJitter?: boolean | undefined;
  /** Whether too many redirects are an error; false gives the last response. @defaultValue true */
  readonly raiseOnRedirect?: boolean | undefined;
  /** Whether running out on a status is RetryError; false gives the last response. @defaultValue true */
  readonly raiseOnStatus?: boolean | undefined;
  /** Whether Retry-After, in seconds or as a date, sets the wait. @defaultValue true */
  readonly respectRetryAfterHeader?: boolean | undefined;
  /** The longest wait that Retry-After can cause, in seconds. @defaultValue 21600, six hours */
  readonly retryAfterMax?: number | undefined;
  /**
   * Not used by a session, which has `credentialHeaders`; kept for code that reads it, as in urllib3.
   *
   * @defaultValue authorization, cookie, proxy-authorization
   */
  readonly removeHeadersOnRedirect?: Iterable<string> | undefined;
  /** The attempts so far, the oldest first; `increment()` adds to it. @defaultValue none */
  readonly history?: readonly RetryRecord[] | undefined;
  /**
   * Ours: called with each event that the counters do not exclude; true retries it (also a POST, or a status of no list),
   * false does not. Return `context.retryable` to leave it to the rules.
   *
   * @defaultValue null
   */
  readonly predicate?: ((context: RetryContext) => boolean) | null | undefined;
  /**
   * Ours: called with each retry before the wait, for logs and metrics; what it throws ends the call.
   *
   * @defaultValue null
   */
  readonly onRetry?: ((event: RetryEvent) => void) | null | undefined;
  /** Ours: limits retries to a share of the requests; several policies may share one. @defaultValue null */
  readonly budget?: RetryBudget | null | undefined;
}

const NO_STATUSES: ReadonlySet<number> = new Set();
const statusesOf = setOf("statuses", wholeNumber);

/** A row for each option of a Retry: how its value is read, and urllib3's default. */
export const RETRY_OPTIONS = {
  total: { check: counter, default: 10 },
  connect: { check: counter, default: null },
  read: { check: counter, default: null },
  redirect: { check: counter, default: null },
  status: { check: counter, default: null },
  other: { check: counter, default: null },
  allowedMethods: { check: orNull(setOf("method names", upperCase)), default: DEFAULT_ALLOWED_METHODS },
  statusForcelist: { check: statusSet, default: NO_STATUSES },
  backoffFactor: { check: amountOf("seconds"), default: 0 },
  backoffMax: { check: amountOf("seconds"), default: 120 },
  backoffJitter: { check: amountOf("seconds"), default: 0 },
  fullJitter: { check: aBoolean, default: false },
  raiseOnRedirect: { check: aBoolean, default: true },
  raiseOnStatus: { check: aBoolean, default: true },
  respectRetryAfterHeader: { check: aBoolean, default: true },
  retryAfterMax: { check: amountOf("seconds"), default: 21_600 },
  removeHeadersOnRedirect: {
    check: setOf("header names", lowerCase),
    default: new Set(["authorization", "cookie", "proxy-authorization"]),
  },
  history: { check: frozenList<RetryRecord>, default: Object.freeze<RetryRecord[]>([]) },
  predicate: { check: orNull(aFunction<(context: RetryContext) => boolean>), default: null },
  onRetry: { check: orNull(aFunction<(event: RetryEvent) => void>), default: null },
  budget: { check: orNull(aBudget), default: null },
} satisfies Rows<RetryOptions>;

/** Options with nothing left open. */
export type ResolvedRetryOptions = Resolved<typeof RETRY_OPTIONS>;

/**
 * The options with their defaults.
 *
 * @param options - what the caller gave.
 * @throws TypeError for an unknown option and for a value of the wrong type.
 * @throws RangeError for a number that cannot be.
 */
export function resolveRetryOptions(options: RetryOptions): ResolvedRetryOptions {
  checkOptionsObject(options, "The argument of Retry", "new Retry({ total: 3 })");
  const resolved = resolveOptions(options, RETRY_OPTIONS, "Retry");
  const { total, redirect } = resolved;
  // urllib3: a total or redirect of false gives the redirect itself as the result.
  if (total === false) return { ...resolved, redirect: redirect ?? false, raiseOnRedirect: false };
  return redirect === false ? { ...resolved, raiseOnRedirect: false } : resolved;
}

/**
 * The options that an object has as its members, and nothing else of it.
 *
 * @param source - a Retry, or an object of a subclass with more members.
 */
export function pickRetryOptions(source: ResolvedRetryOptions): RetryOptions {
  const names = Object.keys(RETRY_OPTIONS) as (keyof ResolvedRetryOptions)[];
  return Object.fromEntries(names.map((name) => [name, source[name]]));
}

/** @see Retry.sensible */
export function sensibleRetryOptions(retries: number): RetryOptions {
  return {
    total: retries,
    other: false,
    statusForcelist: [429, 500, 502, 503, 504],
    backoffFactor: 0.5,
    fullJitter: true,
    // A call must not sleep for hours because a server says so.
    retryAfterMax: RETRY_OPTIONS.backoffMax.default,
    raiseOnStatus: false,
    budget: new RetryBudget(),
  };
}

/**
 * Calls a callback of the caller's.
 *
 * @param name - of the option.
 * @throws RequestException `ERR_CALLBACK` around what it throws; a RequestException as it is.
 */
export function called<T>(name: string, callback: () => T): T {
  try {
    return callback();
  } catch (error) {
    if (error instanceof RequestException) throw error;
    throw new RequestException(`Retry: ${name} threw: ${error instanceof Error ? error.message : String(error)}`, {
      code: "ERR_CALLBACK",
      cause: error,
    });
  }
}

/** -1 and less are what increment() makes of 0; from a caller a whole number from 0. */
function counter(value: unknown, name: string): RetryCounter {
  if (value === null || value === false) return value;
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number, null (no limit) or false (never), not ${kindOf(value)}`);
  if (Number.isInteger(value) && value >= -1) return value;
  throw new RangeError(`${name} must be a whole number, 0 or greater, null (no limit) or false (never), not ${value}`);
}

/** A set of the items of a list. A string is iterable too: allowedMethods: "POST" would be P, O, S and T. */
function setOf<T>(items: string, read: (item: unknown) => T | null): Check<ReadonlySet<T>> {
  return (value, name) => {
    if (typeof value !== "object" || value === null || !(Symbol.iterator in value))
      throw new TypeError(`${name} must be a list of ${items}, not ${kindOf(value)}`);
    const found = new Set<T>();
    for (const item of value as Iterable<unknown>) {
      const one = read(item);
      if (one === null)
        throw new TypeError(`${name} must be a list of ${items}, and one of its items is ${numberOrKind(item)}`);
      found.add(one);
    }
    return found;
  };
}

function statusSet(value: unknown, name: string): ReadonlySet<number> {
  return value === null ? NO_STATUSES : statusesOf(value, name);
}

function wholeNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}

function upperCase(value: unknown): string | null {
  return typeof value === "string" ? value.toUpperCase() : null;
}

function lowerCase(value: unknown): string | null {
  return typeof value === "string" ? value.toLowerCase() : null;
}

function frozenList<T>(value: unknown, name: string): readonly T[] {
  if (Array.isArray(value)) return Object.freeze([...(value as T[])]);
  throw new TypeError(`${name} must be an array, not ${kindOf(value)}`);
}

function aBudget(value: unknown, name: string): RetryBudget {
  if (value instanceof RetryBudget) return value;
  throw new TypeError(`${name} must be a RetryBudget, not ${kindOf(value)}`);
}
