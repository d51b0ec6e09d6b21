/** Header fields as values: an ordered list, checks, and readers of raw lists. Knows no version of HTTP. */
import { InvalidHeader } from "../exceptions.js";
import { isToken } from "./tokens.js";

/**
 * Makes a value from fields: from those before `start` by way of `first`, which was made from them earlier, and from
 * the fields `start` up to `end`.
 *
 * @param first - null when `start` is 0.
 */
export type Derivation<T> = (fields: FieldList, first: T | null, start: number, end: number) => T;

/** A value that was derived from the first fields of a list. The list and its copies share it. */
class Derived {
  /** The number of fields that it was, or will be, made from. */
  readonly count: number;
  make: Derivation<unknown> | null = null;
  value: unknown = null;

  constructor(count: number) {
    this.count = count;
  }
}

/**
 * An ordered list of header fields with case-insensitive names. The case of the last set name stays, at the position
 * of the first. The list does not check what may be sent: requests are checked when they are prepared and serialized.
 */
export class FieldList {
  /** name, value, name, value …, as they were written. */
  raw: string[];
  /** The lower-cased names, one for each pair of `raw`. */
  lower: string[];
  /** Describes the first fields of this list; null after one of them changed. */
  #derived: Derived | null = null;
  /** Whether a copy has the same arrays: the list that changes first takes arrays of its own. */
  #shared = false;

  constructor(raw: string[] = [], lower: string[] | undefined = undefined) {
    this.raw = raw;
    if (lower === undefined) {
      lower = [];
      for (let at = 0; at < raw.length; at += 2) lower.push(raw[at].toLowerCase());
    }
    this.lower = lower;
  }

  /** The values of the field joined by ", " (RFC 9110 §5.2), or undefined. */
  get(name: string): string | undefined {
    const lower = this.lower;
    const wanted = name.toLowerCase();
    const first = lower.indexOf(wanted);
    if (first === -1) return undefined;
    let value = this.raw[first * 2 + 1];
    for (let at = lower.indexOf(wanted, first + 1); at !== -1; at = lower.indexOf(wanted, at + 1))
      value += `, ${this.raw[at * 2 + 1]}`;
    return value;
  }

  /** Every value of the field, in order. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let at = this.lower.indexOf(wanted); at !== -1; at = this.lower.indexOf(wanted, at + 1))
      values.push(this.raw[at * 2 + 1]);
    return values;
  }

  /** Whether there is a field of this name, in any case. */
  has(name: string): boolean {
    return this.lower.includes(name.toLowerCase());
  }

  /** Sets the field to one value, at the position of its first value. A new field is appended. */
  set(name: string, value: string): void {
    const wanted = name.toLowerCase();
    const first = this.lower.indexOf(wanted);
    if (first === -1) {
      this.append(name, value);
      return;
    }
    this.#unshare();
    this.#derived = null;
    this.raw[first * 2] = name;
    this.raw[first * 2 + 1] = value;
    for (let at = this.lower.indexOf(wanted, first + 1); at !== -1; at = this.lower.indexOf(wanted, at))
      this.#removeAt(at);
  }

  /** Adds a field at the end, also when there is one of that name. */
  append(name: string, value: string): void {
    this.#unshare();
    this.lower.push(name.toLowerCase());
    this.raw.push(name, value);
  }

  /** Removes every value of the field. @returns False when there was none. */
  delete(name: string): boolean {
    const wanted = name.toLowerCase();
    let found = false;
    for (let at = this.lower.indexOf(wanted); at !== -1; at = this.lower.indexOf(wanted, at)) {
      this.#removeAt(at);
      found = true;
    }
    return found;
  }

  /** Sets the field to several values: the first at its old position, the others directly after it. */
  setAll(name: string, values: readonly string[]): void {
    if (values.length === 0) {
      this.delete(name);
      return;
    }
    this.set(name, values[0]);
    if (values.length === 1) return;
    this.#derived = null;
    const at = this.lower.indexOf(name.toLowerCase());
    for (let item = 1; item < values.length; item += 1) {
      this.lower.splice(at + item, 0, name.toLowerCase());
      this.raw.splice((at + item) * 2, 0, name, values[item]);
    }
  }

  /** A list of its own with the same fields. */
  copy(): FieldList {
    const copy = new FieldList(this.raw.slice(), this.lower.slice());
    copy.#derived = this.#current();
    return copy;
  }

  /** A copy that shares the arrays of this list until one of the two changes. */
  copyOnWrite(): FieldList {
    const copy = new FieldList(this.raw, this.lower);
    copy.#derived = this.#current();
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  /**
   * A value that `make` makes from the fields. Most requests of a session send the same fields: the part of the value
   * that comes from fields which a list has in common with its copies is made once and kept until one of them changes.
   */
  derive<T>(make: Derivation<T>): T {
    const derived = (this.#derived ??= new Derived(this.lower.length));
    if (derived.make !== make) {
      derived.value = make(this, null, 0, derived.count);
      derived.make = make as Derivation<unknown>;
    }
    const { value, count } = derived;
    return count === this.lower.length ? (value as T) : make(this, value as T, count, this.lower.length);
  }

  /** The number of field lines. */
  get length(): number {
    return this.lower.length;
  }

  /** The memo for all fields of this list, which it shares with its copies. */
  #current(): Derived {
    if (this.#derived?.count !== this.lower.length) this.#derived = new Derived(this.lower.length);
    return this.#derived;
  }

  #unshare(): void {
    if (!this.#shared) return;
    this.raw = this.raw.slice();
    this.lower = this.lower.slice();
    this.#shared = false;
  }

  #removeAt(at: number): void {
    this.#unshare();
    this.#derived = null;
    this.lower.splice(at, 1);
    this.raw.splice(at * 2, 2);
  }
}

const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * @throws InvalidHeader for a name that is not a token, or a value that would end its line or is not Latin-1. The value
 *   may be a secret, so the message names only the character.
 */
export function checkField(name: string, value: string): void {
  if (!isToken(name))
    throw new InvalidHeader(
      `Invalid leading whitespace, reserved character(s), or return character(s) in header name: ${JSON.stringify(name.slice(0, 80))}`,
    );
  const found = FORBIDDEN_IN_VALUE.exec(value);
  if (found === null) return;
  const code = `U+${found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  throw new InvalidHeader(
    found[0] > "\xff"
      ? `Header ${JSON.stringify(name)} has a character (${code}) that is not Latin-1: encode it, for example with encodeURIComponent`
      : `Invalid leading whitespace, reserved character(s), or return character(s) in header value of ${JSON.stringify(name)}: ${code}`,
  );
}

/** The first value of a field in a raw list, without making a FieldList. */
export function rawValue(raw: readonly string[], lowerName: string): string | undefined {
  const { length } = lowerName;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    if (name.length === length && (name === lowerName || name.toLowerCase() === lowerName)) return raw[at + 1];
  }
  return undefined;
}

const NO_VALUES: readonly string[] = Object.freeze([]);

/** The content codings that the items of Content-Encoding name, in their order. RFC 9110 §8.4: "identity" is none. */
export function codingNames(items: readonly string[]): string[] {
  return items.map((item) => item.trim().toLowerCase()).filter((name) => name !== "" && name !== "identity");
}

/** Every value of a field in a raw list. */
export function rawValues(raw: readonly string[], lowerName: string): readonly string[] {
  const { length } = lowerName;
  let values: string[] | null = null;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    if (name.length === length && name.toLowerCase() === lowerName) (values ??= []).push(raw[at + 1]);
  }
  return values ?? NO_VALUES;
}
