/**
 * JSON as Python reads and writes it, byte for byte.
 *
 * `JSON.parse` would lose what a test wants to see come back: `1.0` and `12345678901234567890` are not the numbers that
 * JavaScript makes of them, and Python also accepts `NaN` and `Infinity`. So numbers keep their Python spelling here.
 */

/** A number already spelled as Python's `repr` spells it. */
export class PythonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The values that {@link dumpJson} can write. A Map keeps the order of its keys, and keys such as `"1"` or `"__proto__"`. */
export type Json =
  | null
  | boolean
  | number
  | string
  | PythonNumber
  | readonly Json[]
  | ReadonlyMap<string, Json>
  | { readonly [key: string]: Json };

/** `json.dumps(value, indent=2, sort_keys=True) + "\n"`: how every route but `/stream` answers. */
export function dumpJson(value: Json): string {
  return `${write(value, "\n")}\n`;
}

/** `json.dumps(value)`: one line, keys in their order. */
export function dumpJsonLine(value: Json): string {
  return write(value, null);
}

/**
 * Python's `json.loads`.
 *
 * @returns the value, or `undefined` where the text is not JSON.
 */
export function parseJson(text: string): Json | undefined {
  const reader = new Reader(text);
  try {
    return reader.document();
  } catch (error) {
    // RangeError: nested too deeply for the stack, where Python raises RecursionError.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Python's `repr` of a float: the shortest digits, with the exponent from 1e16 and below 1e-4. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e16 || magnitude < 1e-4) {
    const [digits = "", exponent = "0"] = value.toExponential().split("e");
    return `${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** `newline` is the line break with the current indent, or null for everything on one line. */
function write(value: Json, newline: string | null): string {
  if (value === null) return "null";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatRepr(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof PythonNumber) return value.text;
  const inner = newline === null ? null : `${newline}  `;
  if (isArray(value)) {
    return enclose(
      "[",
      value.map((item) => write(item, inner)),
      "]",
      newline,
    );
  }
  const entries = isMap(value) ? [...value] : Object.entries(value);
  if (newline !== null) entries.sort(([a], [b]) => compareCodePoints(a, b));
  return enclose(
    "{",
    entries.map(([key, item]) => `${quote(key)}: ${write(item, inner)}`),
    "}",
    newline,
  );
}

function enclose(open: string, items: readonly string[], close: string, newline: string | null): string {
  if (items.length === 0) return open + close;
  if (newline === null) return open + items.join(", ") + close;
  return `${open}${newline}  ${items.join(`,${newline}  `)}${newline}${close}`;
}

/** JSON.stringify leaves U+007F and above as they are; Python's `ensure_ascii` escapes them. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Python sorts strings by code point, JavaScript by UTF-16 unit: they differ above U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isMap(value: Json): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;

const STRING = /"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: readonly (readonly [string, Json])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new PythonNumber("NaN")],
  ["Infinity", new PythonNumber("Infinity")],
  ["-Infinity", new PythonNumber("-Infinity")],
];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw new SyntaxError("extra data");
    return value;
  }

  #value(): Json {
    this.#match(SPACE);
    const value = this.#bare();
    this.#match(SPACE);
    return value;
  }

  #bare(): Json {
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    for (const [word, value] of WORDS) if (this.#skip(word)) return value;
    const match = this.#match(NUMBER);
    if (match === null) throw new SyntaxError("expected a value");
    const isInteger = match[1] === undefined && match[2] === undefined;
    return new PythonNumber(isInteger ? BigInt(match[0]).toString() : floatRepr(Number(match[0])));
  }

  #string(): string {
    const match = this.#match(STRING);
    if (match === null) throw new SyntaxError("expected a string");
    return JSON.parse(match[0]) as string;
  }

  #array(): Json[] {
    const items: Json[] = [];
    this.#expect("[");
    this.#match(SPACE);
    if (this.#skip("]")) return items;
    do items.push(this.#value());
    while (this.#skip(","));
    this.#expect("]");
    return items;
  }

  #object(): Map<string, Json> {
    const entries = new Map<string, Json>();
    this.#expect("{");
    this.#match(SPACE);
    if (this.#skip("}")) return entries;
    do {
      this.#match(SPACE);
      const key = this.#string();
      this.#match(SPACE);
      this.#expect(":");
      entries.set(key, this.#value());
    } while (this.#skip(","));
    this.#expect("}");
    return entries;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #skip(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #expect(word: string): void {
    if (!this.#skip(word)) throw new SyntaxError(`expected ${word}`);
  }
}
