/** Names with their values in order, as in a query string or a form: what Werkzeug calls a MultiDict. */
import type { Json } from "./json.js";

/** Each name has at least one value. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** Parses `a=1&b=2` (bytes as latin-1 characters): blank values are kept, `+` is a blank, bad UTF-8 becomes U+FFFD. */
export function parseFields(encoded: string): Fields {
  const pairs: [string, string][] = [];
  for (const pair of encoded.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    pairs.push([decodeField(name), decodeField(value)]);
  }
  return collectFields(pairs);
}

/** Groups pairs by name; a name stands where it came first. */
export function collectFields(pairs: Iterable<readonly [string, string]>): Fields {
  const fields = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

/** As `args` and `form` are shown: one value plain, several as an array. */
export function flattenFields(fields: Fields): ReadonlyMap<string, Json> {
  return new Map(Array.from(fields, ([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]));
}

/** Turns each `%XX` into its byte. Takes and gives bytes as latin-1 characters; anything else stays as it is. */
export function percentDecode(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Reads latin-1 characters as the UTF-8 bytes that they stand for. */
export function utf8FromLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** Spells text as latin-1 characters that stand for its UTF-8 bytes: how Node wants bytes in a header. */
export function latin1FromUtf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function decodeField(text: string): string {
  return utf8FromLatin1(percentDecode(text.replaceAll("+", " ")));
}
