/** `CaseInsensitiveDict`: header fields that users index as in requests, and the forms in which users give headers. */
import { inspect } from "node:util";

import { InvalidHeader } from "../exceptions.js";
import { checkField, FieldList } from "../http/fields.js";
import { kindOf } from "../options/kind.js";
import { isMap, isUint8Array } from "../options/kinds.js";

/** Anything that names headers: an object, pairs, a Map, `Headers` or a CaseInsensitiveDict. */
export type HeadersLike =
  CaseInsensitiveDict | Readonly<Record<string, HeaderValue>> | Iterable<readonly [string, HeaderValue]>;

/** A header's value. `null` removes a session's header; an array sends the field once for each item. */
export type HeaderValue = string | number | boolean | Uint8Array | null | undefined | readonly (string | number)[];

/**
 * Refuses the field values that requests refuses, in addition to those that must never be sent.
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

  constructor(init?: HeadersLike | null) {
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
  update(other: HeadersLike): this {
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

  /** The number of different field names. */
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
  new (init?: HeadersLike | null): CaseInsensitiveDict;
  readonly prototype: CaseInsensitiveDict;
};

/** The dict over a list, sharing it. */
export function dictOf(fields: FieldList): CaseInsensitiveDict {
  return new CaseInsensitiveDict(fields as unknown as HeadersLike);
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
export function headerEntries(init: HeadersLike): [string, string[] | null][] {
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
export function headerPairs(init: HeadersLike): string[] {
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
