/** The description of options: a table with one row for each. Names, checks, defaults and merging are read from it. */
import { kindOf } from "./kind.js";
import { refuseUnknownNames } from "./nearest-name.js";
import { ownOptions } from "./own-options.js";

/**
 * Checks a value, and gives it as the option's reader wants it. It is never called with undefined: an option that is
 * undefined was not given.
 *
 * @param name - The option, for the message.
 * @throws TypeError or RangeError that says what the option takes.
 */
export type Check<T = unknown> = (value: unknown, name: string) => T;

/** A place where an option may be given: any call, `send`, or a session. */
export type Place = "call" | "send" | "session";

/** The row of an option of calls and sessions. */
export interface OptionRow {
  /** The places where it may be given. */
  readonly of: readonly Place[];
  /**
   * What the option of a call does to the session's: the keys of both hold, or it takes its place; "call only" and
   * "session only" where there is none on the other side.
   */
  readonly merge: "by key" | "replace" | "call only" | "session only";
  /** Checks and converts a value. */
  readonly check: Check;
}

/** The row of an option that has a default. */
export interface Row {
  readonly check: Check;
  readonly default: unknown;
}

/** A row for each option of an interface: the compiler demands it. */
export type Rows<Options> = { readonly [Name in keyof Options]-?: Row };

/** The resolved options of a table: for each option the given value, or its default. */
export type Resolved<Table extends Readonly<Record<string, Row>>> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]["check"]> | Table[Name]["default"];
};

/**
 * The options of a constructor, checked, with the defaults of those that are missing.
 *
 * @param where - What takes the options, for messages: "Retry".
 * @throws TypeError for an unknown option (naming the nearest), and what the checks throw.
 */
export function resolveOptions<Table extends Readonly<Record<string, Row>>>(
  options: object,
  table: Table,
  where: string,
): Resolved<Table> {
  const given = ownOptions(options);
  refuseUnknownNames(given, table, where);
  return resolveRows(given, table, where);
}

/**
 * The same where other options may stand among them: only those of the table are read.
 *
 * @param given - What `ownOptions` gave.
 */
export function resolveRows<Table extends Readonly<Record<string, Row>>>(
  given: object,
  table: Table,
  where: string,
): Resolved<Table> {
  const resolved: Record<string, unknown> = {};
  for (const name of Object.keys(table)) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    const row = table[name];
    resolved[name] = value === undefined ? row.default : row.check(value, `${where}: ${name}`);
  }
  return resolved as Resolved<Table>;
}

/**
 * @param argument - Which argument it is, for the message: "The second argument of events()".
 * @param example - The call as it should be written.
 * @throws TypeError unless it is an object that is not an array.
 */
export function checkOptionsObject(options: unknown, argument: string, example: string): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TypeError(`${argument} must be an options object, not ${kindOf(options)}: ${example}`);
}
