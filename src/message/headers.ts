/**
 * Header fields: the plain, fast list that the library itself works on, and `CaseInsensitiveDict`, the face of it
 * that users index as in requests.
 */
import { inspect } from "node:util";

import { InvalidHeader } from "../exceptions.js";
import { kindOf } from "../options/kind.js";
import { isMap, isUint8Array } from "./kinds.js";

/** Anything that names headers: an object, pairs, a Map, `Headers` or a CaseInsensitiveDict. */
export type HeadersInit =
  CaseInsensitiveDict | Readonly<Record<string, HeaderValue>> | Iterable<readonly [string, HeaderValue]>;

/** A header's value. `null` removes a session's header; an array sends the field once for each item. */
export type HeaderValue = string | number | boolean | Uint8Array | null | undefined | readonly (string | number)[];

/**
 * An ordered list of header fields with case-insensitive names. The case of the last set name stays, at the position
 * of the first. Knows nothing of what may be sent: that is checked where requests are prepared and serialised.
 */
export class FieldList {
  /** name, value, name, value …, as they were written. */
  raw: string[];
  /** The lower-cased names, one for each pair of `raw`. */
  lower: string[];
  /** The first fields as they are sent; all of them unless some were added since. */
  #lines: FieldLines | null = null;
  /** Whether a copy has the same arrays: whoever changes them first takes arrays of its own. */
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

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let at = this.lower.indexOf(wanted); at !== -1; at = this.lower.indexOf(wanted, at + 1))
      values.push(this.raw[at * 2 + 1]);
    return values;
  }

  has(name: string): boolean {
    return this.lower.includes(name.toLowerCase());
  }

  set(name: string, value: string): void {
    const wanted = name.toLowerCase();
    const first = this.lower.indexOf(wanted);
    if (first === -1) {
      this.append(name, value);
      return;
    }
    this.#unshare();
    this.#lines = null;
    this.raw[first * 2] = name;
    this.raw[first * 2 + 1] = value;
    for (let at = this.lower.indexOf(wanted, first + 1); at !== -1; at = this.lower.indexOf(wanted, at))
      this.#removeAt(at);
  }

  append(name: string, value: string): void {
    this.#unshare();
    this.lower.push(name.toLowerCase());
    this.raw.push(name, value);
  }

  delete(name: string): boolean {
    const wanted = name.toLowerCase();
    let found = false;
    for (let at = this.lower.indexOf(wanted); at !== -1; at = this.lower.indexOf(wanted, at)) {
      this.#removeAt(at);
      found = true;
    }
    return found;
  }

  /** Sets the field to several values: the first at its old place, the others behind it. */
  setAll(name: string, values: readonly string[]): void {
    if (values.length === 0) {
      this.delete(name);
      return;
    }
    this.set(name, values[0]);
    if (values.length === 1) return;
    this.#lines = null;
    const at = this.lower.indexOf(name.toLowerCase());
    for (let item = 1; item < values.length; item += 1) {
      this.lower.splice(at + item, 0, name.toLowerCase());
      this.raw.splice((at + item) * 2, 0, name, values[item]);
    }
  }

  copy(): FieldList {
    const copy = new FieldList(this.raw.slice(), this.lower.slice());
    copy.#lines = this.#lines;
    return copy;
  }

  /** A copy for the price of none, until one of the two is changed. */
  copyOnWrite(): FieldList {
    const copy = new FieldList(this.raw, this.lower);
    copy.#lines = this.#lines;
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  /**
   * The fields as they are sent. Kept until one changes, and handed on to copies: the same headers go out with most
   * requests of a session, and are checked and put together once.
   *
   * @throws InvalidHeader for what must not be sent.
   */
  get lines(): FieldLines {
    return this.putTogether();
  }

  /** Makes `lines` now, so that copies have them too. */
  putTogether(): FieldLines {
    if (this.#lines === null || this.#lines.count < this.lower.length) this.#lines = withRest(this.#lines, this);
    return this.#lines;
  }

  get length(): number {
    return this.lower.length;
  }

  #unshare(): void {
    if (!this.#shared) return;
    this.raw = this.raw.slice();
    this.lower = this.lower.slice();
    this.#shared = false;
  }

  #removeAt(at: number): void {
    this.#unshare();
    this.#lines = null;
    this.lower.splice(at, 1);
    this.raw.splice(at * 2, 2);
  }
}

/** Fields as they are sent, and what whoever sends them has to know of them. */
export interface FieldLines {
  /** How many there are. */
  readonly count: number;
  /** `Name: value\r\n` for each. */
  readonly text: string;
  /** Whether Host is among them. */
  readonly host: boolean;
  /** Whether Content-Length or Transfer-Encoding is. */
  readonly framing: boolean;
  /** Whether the connection is to be closed afterwards. */
  readonly close: boolean;
  /** The last head that was put together with them: a program asks for the same again and again. */
  lastHead: LastHead | null;
}

/** A whole head, and what it was made of beside the lines. */
interface LastHead {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly text: string;
}

const NO_LINES: Omit<FieldLines, "lastHead"> = { count: 0, text: "", host: false, framing: false, close: false };

/** The lines of the first fields, when there are any, and of those behind them. */
function withRest(first: FieldLines | null, { raw, lower }: FieldList): FieldLines {
  let { text, host, framing, close } = first ?? NO_LINES;
  for (let at = first?.count ?? 0; at < lower.length; at += 1) {
    const name = lower[at];
    const value = raw[at * 2 + 1];
    checkField(raw[at * 2], value);
    text += `${raw[at * 2]}: ${value}\r\n`;
    if (name === "host") host = true;
    else if (name === "content-length" || name === "transfer-encoding") framing = true;
    else if (name === "connection" && value.toLowerCase() === "close") close = true;
  }
  return { count: lower.length, text, host, framing, close, lastHead: null };
}

/** RFC 9110 §5.6.2: the characters of a token. */
export const TOKEN_CHARACTERS: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256);
  for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    table[character.charCodeAt(0)] = 1;
  return table;
})();

/** Methods and names that were found to be tokens; both repeat, so each is checked once. */
const knownTokens = new Set<string>();
const MAX_KNOWN_TOKENS = 1000;

/** Whether a text may be a method or the name of a field (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  if (knownTokens.has(text)) return true;
  if (text.length === 0) return false;
  for (let at = 0; at < text.length; at += 1) if (TOKEN_CHARACTERS[text.charCodeAt(at)] !== 1) return false;
  if (knownTokens.size < MAX_KNOWN_TOKENS && text.length <= 64) knownTokens.add(text);
  return true;
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

/**
 * What requests refuses of a caller, on top of what may never be sent.
 *
 * @throws InvalidHeader as {@link checkField}, and for a value that begins with white space.
 */
export function checkGivenField(name: string, value: string): void {
  checkField(name, value);
  const first = value.charCodeAt(0);
  if (first !== 32 && first !== 9) return;
  throw new InvalidHeader(
    `Invalid leading whitespace, reserved character(s), or return character(s) in header value of ${JSON.stringify(name)}: it begins with white space`,
  );
}

const FIELDS = Symbol("fields");

/** The methods of {@link CaseInsensitiveDict}. */
class CaseInsensitiveFields implements Iterable<[string, string]> {
  declare readonly [FIELDS]: FieldList;

  constructor(init?: HeadersInit | null) {
    const fields = init instanceof FieldList ? init : new FieldList();
    // Configurable, or a proxy's list of keys would have to name it: Object.keys() and spreading would throw.
    Object.defineProperty(this, FIELDS, { value: fields, configurable: true });
    if (init != null && !(init instanceof FieldList))
      for (const [name, values] of headerEntries(init)) fields.setAll(name, values ?? []);
    return new Proxy(this, INDEXED);
  }

  /** The field's value, several joined by ", ", or the fallback (undefined). */
  get(name: string): string | undefined;
  get<T>(name: string, fallback: T): string | T;
  get<T>(name: string, fallback?: T): string | T | undefined {
    return this[FIELDS].get(name) ?? fallback;
  }

  /** Every value of the field, in order. */
  getAll(name: string): string[] {
    return this[FIELDS].getAll(name);
  }

  /** Sets the field, in place of every value that it had. An array sends it once for each item. */
  set(name: string, value: HeaderValue): this {
    const values = headerValues(name, value);
    if (values === null) this[FIELDS].delete(name);
    else this[FIELDS].setAll(name, values);
    return this;
  }

  /** Adds one more value for the field. */
  append(name: string, value: string): this {
    this[FIELDS].append(name, value);
    return this;
  }

  /** Whether the field is there. */
  has(name: string): boolean {
    return this[FIELDS].has(name);
  }

  /** Removes the field; false when it was not there. */
  delete(name: string): boolean {
    return this[FIELDS].delete(name);
  }

  /** Removes the field, and gives its value, or the fallback (undefined) when it was not there. */
  pop(name: string): string | undefined;
  pop<T>(name: string, fallback: T): string | T;
  pop<T>(name: string, fallback?: T): string | T | undefined {
    const value = this[FIELDS].get(name);
    this[FIELDS].delete(name);
    return value ?? fallback;
  }

  /** The field's value; it is set to this one first when it was not there. */
  setdefault(name: string, value: string): string {
    if (!this.has(name)) this.set(name, value);
    return this.get(name)!;
  }

  /** Removes every field. */
  clear(): void {
    for (const name of [...this.keys()]) this[FIELDS].delete(name);
  }

  /** Sets every field of the argument. */
  update(other: HeadersInit): this {
    for (const [name, values] of headerEntries(other)) {
      if (values === null) this[FIELDS].delete(name);
      else this[FIELDS].setAll(name, values);
    }
    return this;
  }

  /** The names, as last written, each once. */
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }

  /** The values, several of one field joined by ", ". */
  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Pairs of name and value, each field once. */
  *entries(): Generator<[string, string]> {
    const { raw, lower } = this[FIELDS];
    for (let at = 0; at < lower.length; at += 1)
      if (lower.indexOf(lower[at]) === at) yield [raw[at * 2], this[FIELDS].get(lower[at])!];
  }

  /** The same as `entries()`, by Python's name. */
  items(): Generator<[string, string]> {
    return this.entries();
  }

  /** Pairs of lower-cased name and value. */
  *lowerItems(): Generator<[string, string]> {
    for (const [name, value] of this.entries()) yield [name.toLowerCase(), value];
  }

  /** A copy that shares nothing. */
  copy(): CaseInsensitiveDict {
    return dictOf(this[FIELDS].copy());
  }

  /** How many different fields there are. */
  get size(): number {
    return new Set(this[FIELDS].lower).size;
  }

  /** A plain object, for JSON.stringify. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this.entries());
  }

  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }

  [inspect.custom](): Record<string, string> {
    return this.toJSON();
  }
}

/** Fields by their names, in any case. */
interface IndexedFields {
  [name: string]: string | undefined;
}

// A class cannot say that its index holds text and its methods are none: the type is put together from the two.
Object.defineProperty(CaseInsensitiveFields, "name", { value: "CaseInsensitiveDict" });

/**
 * Case-insensitive headers that can be indexed: `headers["content-type"]`. The case of the last set name stays, at the
 * first position, as in requests' structure of the same name. Reading a field that came several times gives its values
 * joined by ", "; `getAll` gives them apart. A method hides a field of the same name: use `get("get")`.
 *
 * @example
 * ```ts
 * const headers = new CaseInsensitiveDict({ Accept: "text/html" });
 * headers["accept"]; //=> "text/html"
 * "ACCEPT" in headers; //=> true
 * ```
 */
export type CaseInsensitiveDict = CaseInsensitiveFields & IndexedFields;
/** Makes {@link CaseInsensitiveDict | headers that can be indexed}. */
export const CaseInsensitiveDict = CaseInsensitiveFields as unknown as {
  new (init?: HeadersInit | null): CaseInsensitiveDict;
  readonly prototype: CaseInsensitiveDict;
};

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

/** The dict over a list, sharing it. */
export function dictOf(fields: FieldList): CaseInsensitiveDict {
  return new CaseInsensitiveDict(fields as unknown as HeadersInit);
}

/** The list under a dict, shared with it. */
export function fieldsOf(headers: CaseInsensitiveDict): FieldList {
  return headers[FIELDS];
}

const INDEXED: ProxyHandler<CaseInsensitiveFields> = {
  get(target, name, receiver) {
    if (typeof name === "symbol" || name in CaseInsensitiveFields.prototype)
      return Reflect.get(target, name, receiver) as unknown;
    return target[FIELDS].get(name);
  },
  set(target, name, value) {
    if (typeof name === "symbol") return Reflect.set(target, name, value);
    target.set(name, value as HeaderValue);
    return true;
  },
  has(target, name) {
    return typeof name === "symbol" ? Reflect.has(target, name) : target[FIELDS].has(name);
  },
  deleteProperty(target, name) {
    if (typeof name === "symbol") return Reflect.deleteProperty(target, name);
    target[FIELDS].delete(name);
    return true;
  },
  ownKeys(target) {
    return [...new Map([...target.entries()]).keys()];
  },
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === "symbol" || !target[FIELDS].has(name)) return undefined;
    return { value: target[FIELDS].get(name), writable: true, enumerable: true, configurable: true };
  },
};

/**
 * The fields that an argument names, in order: name and list of values, or null where the field is to be removed.
 * Values keep the bytes they were given as: Uint8Array becomes the latin-1 text of the same bytes.
 *
 * @throws TypeError for an argument that is not headers.
 * @throws InvalidHeader for a value that is neither text, number nor bytes.
 */
export function headerEntries(init: HeadersInit): [string, string[] | null][] {
  const found: [string, string[] | null][] = [];
  if (init instanceof CaseInsensitiveDict) {
    const { raw, lower } = init[FIELDS];
    for (let at = 0; at < lower.length; at += 1)
      if (lower.indexOf(lower[at]) === at) found.push([raw[at * 2], init[FIELDS].getAll(lower[at])]);
    return found;
  }
  if (typeof init !== "object" || init === null)
    throw new TypeError(`headers must be an object, pairs, Headers or a CaseInsensitiveDict, not ${kindOf(init)}`);
  const pairs =
    Symbol.iterator in init ? [...(init as Iterable<readonly [string, HeaderValue]>)] : Object.entries(init);
  const mayRepeat = Symbol.iterator in init && !isMap(init);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
      throw new TypeError(`headers given as a list must be [name, value] pairs, not ${kindOf(pair)}`);
    const [name, value] = pair as [string, HeaderValue];
    if (value === undefined) continue;
    const values = headerValues(name, value);
    // Pairs may repeat a name, as Headers repeats Set-Cookie: each is a field line of its own.
    const before = mayRepeat ? found.find(([other]) => other.toLowerCase() === name.toLowerCase()) : undefined;
    if (before !== undefined && before[1] !== null && values !== null) before[1].push(...values);
    else found.push([name, values]);
  }
  return found;
}

/** The fields that an argument names as name, value, name, value … @throws As {@link headerEntries}. */
export function headerPairs(init: HeadersInit): string[] {
  return headerEntries(init).flatMap(([name, values]) => (values ?? []).flatMap((value) => [name, value]));
}

function headerValues(name: string, value: HeaderValue): string[] | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.flatMap((item: HeaderValue) => headerValues(name, item) ?? []);
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return [String(value)];
  if (isUint8Array(value)) return [Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1")];
  throw new InvalidHeader(
    `The value of header ${JSON.stringify(name)} must be a string, a number or bytes, not ${kindOf(value)}`,
  );
}
