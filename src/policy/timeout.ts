/** The option `timeout` in seconds → limits in milliseconds. */
import { kindOf } from "../options/kind.js";
import { ownOptions } from "../options/own-options.js";
import { refuseUnknownNames } from "../options/nearest-name.js";

/**
 * Time limits in seconds with fractions: one number for `connect` and for `read`, a pair `[connect, read]`, an
 * object, or null to wait forever. Inside the pair and the object null means no limit, and so does Infinity.
 */
export type TimeoutOption =
  | number
  | readonly [connect: number | null, read: number | null]
  | {
      /** Seconds until there is a connection: DNS, TCP, TLS and proxy together. @defaultValue null */
      readonly connect?: number | null | undefined;
      /** Seconds in which the server may send nothing: before the response, and between its pieces. @defaultValue null */
      readonly read?: number | null | undefined;
      /** Seconds for the whole call, with redirects, retries and the body. @defaultValue null */
      readonly total?: number | null | undefined;
      /** Seconds to wait for a free connection of the pool. @defaultValue null */
      readonly pool?: number | null | undefined;
    }
  | null;

/** Limits in **milliseconds**, null for none. */
export interface Timeouts {
  readonly connect: number | null;
  readonly read: number | null;
  readonly total: number | null;
  readonly pool: number | null;
}

/** No limit of any kind: the default, as in requests. */
export const NO_TIMEOUTS: Timeouts = Object.freeze({ connect: null, read: null, total: null, pool: null });

/** Above so many seconds a timeout was most likely meant in milliseconds. */
export const SUSPICIOUS_SECONDS = 600;
/** The longest delay of a Node timer in milliseconds (24.8 days). A longer one fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The limits that an option means.
 *
 * @param option - what the caller gave, in seconds; undefined is the same as null here (inheriting is done before).
 * @param warn - called with a text for a value above 600 seconds; by default a process warning, once a process.
 * @returns milliseconds. More than Node's timers can wait (24.8 days) means no limit.
 * @throws RangeError for NaN, zero and less; it names the part.
 * @throws TypeError for another shape.
 * @see requests' `timeout`, whose wrong values are ValueError
 */
export function resolveTimeout(option: TimeoutOption | undefined, warn: (text: string) => void = warnOnce): Timeouts {
  if (option == null) return NO_TIMEOUTS;
  if (typeof option === "number") {
    const both = milliseconds(option, "connect", "timeout", warn);
    return { connect: both, read: both, total: null, pool: null };
  }
  if (Array.isArray(option)) {
    const pair = option as readonly unknown[];
    if (pair.length !== 2)
      throw new TypeError(`timeout given as a list must be [connect, read], not ${pair.length} item(s)`);
    const [connect, read] = pair;
    return {
      connect: milliseconds(connect, "connect", "timeout[0]", warn),
      read: milliseconds(read, "read", "timeout[1]", warn),
      total: null,
      pool: null,
    };
  }
  if (typeof option !== "object")
    throw new TypeError(
      `timeout must be a number of seconds, [connect, read], { connect, read, total, pool } or null, not ${kindOf(option)}`,
    );
  const parts = ownOptions(option as Exclude<TimeoutOption, number | readonly unknown[] | null>);
  refuseUnknownNames(parts, NO_TIMEOUTS, "timeout");
  return {
    connect: milliseconds(parts.connect ?? null, "connect", "timeout.connect", warn),
    read: milliseconds(parts.read ?? null, "read", "timeout.read", warn),
    total: milliseconds(parts.total ?? null, "total", "timeout.total", warn),
    pool: milliseconds(parts.pool ?? null, "pool", "timeout.pool", warn),
  };
}

function milliseconds(value: unknown, part: string, name: string, warn: (text: string) => void): number | null {
  if (value === null) return null;
  if (typeof value !== "number")
    throw new TypeError(`${name} (the ${part} timeout) must be a number of seconds or null, not ${kindOf(value)}`);
  if (!(value > 0))
    throw new RangeError(
      `${name} is ${value}, but the ${part} timeout must be more than 0 seconds; null means no limit`,
    );
  if (value === Infinity) return null;
  if (value > SUSPICIOUS_SECONDS)
    warn(`${name} is ${value}: timeouts are in seconds, not milliseconds, so this is ${minutes(value)} minutes`);
  const limit = value * 1000;
  return limit > LONGEST_TIMER ? null : limit;
}

function minutes(seconds: number): number {
  return Math.round(seconds / 6) / 10;
}

let hasWarned = false;

function warnOnce(text: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(text, { code: "REQUESTS_TIMEOUT_UNIT" });
}
