/** Checks that the tables of options share. */
import { kindOf, numberOrKind } from "./kind.js";
import type { Check } from "./option.js";

/** true or false. */
export function aBoolean(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} must be true or false, not ${kindOf(value)}`);
}

/** A string. */
export function aString(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be a string, not ${kindOf(value)}`);
}

/** A function, which is typed as the option that takes it. */
export function aFunction<T>(value: unknown, name: string): T {
  if (typeof value === "function") return value as T;
  throw new TypeError(`${name} must be a function, not ${kindOf(value)}`);
}

/** null, or a value that the check accepts. */
export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, name) => (value === null ? null : check(value, name));
}

/**
 * A number that is large enough; RangeError for anything else.
 *
 * @param unit - Of the number, for the message: "seconds".
 */
export function atLeast(least: number, unit?: string): Check<number> {
  return (value, name) => {
    if (typeof value === "number" && value >= least) return value;
    const wanted = unit === undefined ? "a number" : `a number of ${unit}`;
    throw new RangeError(`${name} must be ${wanted}, ${least} or greater, not ${numberOrKind(value)}`);
  };
}

/**
 * A number of a unit, 0 or greater. TypeError for another type, RangeError for another number.
 *
 * @param unit - In the plural: "seconds".
 */
export function amountOf(unit: string): Check<number> {
  return (value, name) => {
    if (typeof value === "number" && value >= 0) return value;
    const WrongValue = typeof value === "number" ? RangeError : TypeError;
    throw new WrongValue(`${name} must be a number of ${unit}, 0 or greater, not ${numberOrKind(value)}`);
  };
}
