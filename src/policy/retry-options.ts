/** The options of a Retry, their defaults, and what is refused. */
import { RequestException } from "../exceptions.js";
import { DEFAULT_ALLOWED_METHODS } from "../http/methods.js";
import { ownOptions } from "../options/own-options.js";
import { refuseUnknownNames } from "../options/nearest-name.js";
import { RetryBudget } from "./retry-budget.js";

/** Retries left; null: not limited by this counter; false: never, throw the error as it is. */
export type RetryCounter = number | null | false;

/** What a policy looks at in a response. */
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
  /** Where the redirect went, with the password masked, or null. */
  readonly redirectLocation: string | null;
}

/** What `predicate` decides on. */
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
  /** What the rules (method, status list, Retry-After) say. */
  readonly retryable: boolean;
}

/** What `onRetry` is told before the wait. */
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

/** How a Retry is made. Each option is described at the member of that name. */
export interface RetryOptions {
  /** Retries in all; it wins over the other counters. @defaultValue 10 */
  readonly total?: RetryCounter | undefined;
  /** Retries after no connection could be made. @defaultValue null */
  readonly connect?: RetryCounter | undefined;
  /** Retries after the request may have reached the server. @defaultValue null */
  readonly read?: RetryCounter | undefined;
  /** Redirects, where a Retry is driven by hand; a session counts its own by `maxRedirects`. @defaultValue null */
  readonly redirect?: RetryCounter | undefined;
  /** Retries after a status. @defaultValue null */
  readonly status?: RetryCounter | undefined;
  /** Retries after what is none of these, such as failed TLS. @defaultValue null */
  readonly other?: RetryCounter | undefined;
  /** Names in any case; null for every method, an empty list for none. */
  readonly allowedMethods?: Iterable<string> | null | undefined;
  /** Statuses that are retried. @defaultValue none */
  readonly statusForcelist?: Iterable<number> | null | undefined;
  /** Seconds: factor · 2ⁿ⁻¹ are waited before the n-th retry in a row, none before the first. @defaultValue 0 */
  readonly backoffFactor?: number | undefined;
  /** The longest back-off, in seconds. @defaultValue 120 */
  readonly backoffMax?: number | undefined;
  /** Up to so many seconds more, by chance. @defaultValue 0 */
  readonly backoffJitter?: number | undefined;
  /** Wait a random part of the back-off, from the first retry on. @defaultValue false */
  readonly fullJitter?: boolean | undefined;
  /** Whether running out of `redirect` is an error. @defaultValue true */
  readonly raiseOnRedirect?: boolean | undefined;
  /** Whether running out on a status is RetryError; false gives the last response. @defaultValue true */
  readonly raiseOnStatus?: boolean | undefined;
  /** Obey Retry-After, in seconds or as a date. @defaultValue true */
  readonly respectRetryAfterHeader?: boolean | undefined;
  /** The longest wait that Retry-After can cause, in seconds. @defaultValue 21600 */
  readonly retryAfterMax?: number | undefined;
  /** Kept for those who read it, as in urllib3; a session goes by its `credentialHeaders`. */
  readonly removeHeadersOnRedirect?: Iterable<string> | undefined;
  /** The attempts so far; `increment()` adds to it. */
  readonly history?: readonly RetryRecord[] | undefined;
  /**
   * Asked about each event that the counters do not exclude; true retries it (also a POST, or a status of no list),
   * false does not. Return `context.retryable` to leave it to the rules.
   */
  readonly predicate?: ((context: RetryContext) => boolean) | null | undefined;
  /** Told of each retry before the wait, for logs and metrics; what it throws ends the call. */
  readonly onRetry?: ((event: RetryEvent) => void) | null | undefined;
  /** Bounds retries by the number of requests; may be shared by several policies. */
  readonly budget?: RetryBudget | null | undefined;
}

/** Options with nothing left open. */
export interface ResolvedRetryOptions {
  readonly total: RetryCounter;
  readonly connect: RetryCounter;
  readonly read: RetryCounter;
  readonly redirect: RetryCounter;
  readonly status: RetryCounter;
  readonly other: RetryCounter;
  readonly allowedMethods: ReadonlySet<string> | null;
  readonly statusForcelist: ReadonlySet<number>;
  readonly backoffFactor: number;
  readonly backoffMax: number;
  readonly backoffJitter: number;
  readonly fullJitter: boolean;
  readonly raiseOnRedirect: boolean;
  readonly raiseOnStatus: boolean;
  readonly respectRetryAfterHeader: boolean;
  readonly retryAfterMax: number;
  readonly removeHeadersOnRedirect: ReadonlySet<string>;
  readonly history: readonly RetryRecord[];
  readonly predicate: ((context: RetryContext) => boolean) | null;
  readonly onRetry: ((event: RetryEvent) => void) | null;
  readonly budget: RetryBudget | null;
}

/** urllib3's defaults. */
export const RETRY_DEFAULTS = {
  total: 10,
  connect: null,
  read: null,
  redirect: null,
  status: null,
  other: null,
  allowedMethods: DEFAULT_ALLOWED_METHODS,
  statusForcelist: new Set<number>(),
  backoffFactor: 0,
  backoffMax: 120,
  backoffJitter: 0,
  fullJitter: false,
  raiseOnRedirect: true,
  raiseOnStatus: true,
  respectRetryAfterHeader: true,
  retryAfterMax: 21_600,
  removeHeadersOnRedirect: new Set(["authorization", "cookie", "proxy-authorization"]),
  history: Object.freeze([]),
  predicate: null,
  onRetry: null,
  budget: null,
} as const satisfies ResolvedRetryOptions;

const COUNTERS = ["total", "connect", "read", "redirect", "status", "other"] as const;
const SECONDS = ["backoffFactor", "backoffMax", "backoffJitter", "retryAfterMax"] as const;
const SWITCHES = ["fullJitter", "raiseOnRedirect", "raiseOnStatus", "respectRetryAfterHeader"] as const;
const FUNCTIONS = ["predicate", "onRetry"] as const;
const KNOWN: ReadonlySet<string> = new Set(Object.keys(RETRY_DEFAULTS));

/**
 * The options with their defaults.
 *
 * @param options - what the caller gave.
 * @throws TypeError for an unknown option and for a value of the wrong type.
 * @throws RangeError for a number that cannot be.
 */
export function resolveRetryOptions(options: RetryOptions): ResolvedRetryOptions {
  if (typeof (options as unknown) !== "object" || options === null)
    throw new TypeError(
      `The argument of Retry must be an options object, not a ${typeof options}: new Retry({ total: 3 })`,
    );
  options = ownOptions(options);
  refuseUnknownNames(options, KNOWN, "Retry");
  for (const name of COUNTERS) checkCounter(name, options[name]);
  for (const name of SECONDS) checkSeconds(name, options[name]);
  for (const name of SWITCHES)
    if (options[name] !== undefined && typeof options[name] !== "boolean")
      throw mistaken(name, "a boolean", options[name]);
  for (const name of FUNCTIONS)
    if (options[name] != null && typeof options[name] !== "function") throw mistaken(name, "a function", options[name]);
  if (options.budget != null && !(options.budget instanceof RetryBudget))
    throw mistaken("budget", "a RetryBudget", options.budget);

  const defaults: ResolvedRetryOptions = RETRY_DEFAULTS;
  const total = options.total ?? (options.total === null ? null : defaults.total);
  return {
    total,
    connect: options.connect ?? defaults.connect,
    read: options.read ?? defaults.read,
    redirect: options.redirect ?? (total === false ? false : defaults.redirect),
    status: options.status ?? defaults.status,
    other: options.other ?? defaults.other,
    allowedMethods:
      options.allowedMethods === null
        ? null
        : (setOf("allowedMethods", options.allowedMethods, upperCase) ?? defaults.allowedMethods),
    statusForcelist:
      setOf("statusForcelist", options.statusForcelist ?? undefined, statusCode) ?? defaults.statusForcelist,
    backoffFactor: options.backoffFactor ?? defaults.backoffFactor,
    backoffMax: options.backoffMax ?? defaults.backoffMax,
    backoffJitter: options.backoffJitter ?? defaults.backoffJitter,
    fullJitter: options.fullJitter ?? defaults.fullJitter,
    // urllib3: a total or redirect of false gives the redirect itself as the result.
    raiseOnRedirect:
      total === false || options.redirect === false ? false : (options.raiseOnRedirect ?? defaults.raiseOnRedirect),
    raiseOnStatus: options.raiseOnStatus ?? defaults.raiseOnStatus,
    respectRetryAfterHeader: options.respectRetryAfterHeader ?? defaults.respectRetryAfterHeader,
    retryAfterMax: options.retryAfterMax ?? defaults.retryAfterMax,
    removeHeadersOnRedirect:
      setOf("removeHeadersOnRedirect", options.removeHeadersOnRedirect, lowerCase) ?? defaults.removeHeadersOnRedirect,
    history: options.history === undefined ? defaults.history : Object.freeze([...options.history]),
    predicate: options.predicate ?? null,
    onRetry: options.onRetry ?? null,
    budget: options.budget ?? null,
  };
}

/**
 * The options that an object has as its members, and nothing else of it.
 *
 * @param source - a Retry, or an object of a subclass with more members.
 */
export function pickRetryOptions(source: ResolvedRetryOptions): RetryOptions {
  const names = Object.keys(RETRY_DEFAULTS) as (keyof ResolvedRetryOptions)[];
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
    retryAfterMax: RETRY_DEFAULTS.backoffMax,
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
function checkCounter(name: string, value: unknown): void {
  if (value === undefined || value === null || value === false) return;
  if (typeof value !== "number") throw mistaken(name, "a number, null (no limit) or false (never)", value);
  if (!Number.isInteger(value) || value < -1)
    throw new RangeError(
      `Retry: ${name} is ${value}, but must be a whole number, 0 or greater, null (no limit) or false`,
    );
}

function checkSeconds(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw mistaken(name, "a number of seconds", value);
  if (!(value >= 0)) throw new RangeError(`Retry: ${name} is ${value}, but must be a number of seconds, 0 or greater`);
}

function mistaken(name: string, wanted: string, value: unknown): TypeError {
  const given =
    value === null ? "null" : typeof value === "string" ? `the string ${JSON.stringify(value)}` : typeof value;
  return new TypeError(`Retry: ${name} must be ${wanted}, not ${given}`);
}

/** A set of the items, or the set itself where it is one of ours already. */
function setOf<T>(
  name: string,
  items: Iterable<T> | undefined,
  item: (value: unknown) => T,
): ReadonlySet<T> | undefined {
  if (items === undefined) return undefined;
  // A string is iterable too: allowedMethods: "POST" would be P, O, S and T.
  if (typeof items === "string" || typeof (items as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function")
    throw mistaken(name, "a list", items);
  return new Set(Array.from(items, item));
}

function upperCase(value: unknown): string {
  if (typeof value !== "string") throw mistaken("allowedMethods", "a list of method names", value);
  return value.toUpperCase();
}

function lowerCase(value: unknown): string {
  if (typeof value !== "string") throw mistaken("removeHeadersOnRedirect", "a list of header names", value);
  return value.toLowerCase();
}

function statusCode(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value))
    throw mistaken("statusForcelist", "a list of statuses", value);
  return value;
}
