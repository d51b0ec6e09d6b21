/** The head of a part: its fields, and what Content-Disposition says of names. */
import { isUtf8 } from "node:buffer";

import { CaseInsensitiveDict } from "../index.js";
import { parseContentType } from "../extend/index.js";
import { ImproperBodyPartContentException } from "./errors.js";

const TOKEN = /^[0-9A-Za-z!#$%&'*+\-.^_`|~]+$/;
/** Fields that say how a part is read: two of them would say two things. */
const ONCE = ["content-disposition", "content-type", "content-transfer-encoding"];

/**
 * The fields of a part's head. Names and values in UTF-8 are text (RFC 7578 §5.1); a head that is not UTF-8 is latin-1.
 *
 * @param head - without the empty line that ends it; all its line breaks are CRLF.
 * @throws ImproperBodyPartContentException for a line that is not a field.
 * @see RFC 2046 §5.1, RFC 5322 §2.2.3 for lines that go on
 */
export function parsePartHeaders(head: Buffer): CaseInsensitiveDict {
  const headers = new CaseInsensitiveDict();
  if (head.length === 0) return headers;
  const fields: [string, string][] = [];
  for (const line of (isUtf8(head) ? head.toString("utf8") : head.toString("latin1")).split("\r\n")) {
    if (line.includes("\0")) throw improper(line, "it has a NUL");
    const last = fields.at(-1);
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (last === undefined) throw improper(line, "it goes on with a field before the first one");
      last[1] += ` ${trimmed(line)}`;
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? "" : line.slice(0, colon);
    if (!TOKEN.test(name))
      throw improper(line, colon === -1 ? "it has no colon" : "the text before its colon is not a field name");
    fields.push([name, trimmed(line.slice(colon + 1))]);
  }
  for (const [name, value] of fields) headers.append(name, value);
  for (const name of ONCE)
    if (headers.getAll(name).length > 1)
      throw new ImproperBodyPartContentException(
        `The head of a part has the header ${name} more than once, which is ambiguous`,
      );
  return headers;
}

function improper(line: string, what: string): ImproperBodyPartContentException {
  return new ImproperBodyPartContentException(
    `The line ${JSON.stringify(line.slice(0, 100))} in the head of a part is not a header field: ${what}; each part begins with ` +
      `lines "Name: value" and an empty line (RFC 2046 §5.1)`,
  );
}

/** Without the blanks around it; line breaks and other white space are content. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === " " || text[at] === "\t";
}

/** The parsed Content-Disposition. */
export interface Disposition {
  /** `form-data`, `attachment` …, in lower case; "" when there is none. */
  readonly type: string;
  /** The name of the form's field, or null. */
  readonly name: string | null;
  /** The file's name as its sender has it, or null. */
  readonly filename: string | null;
}

/**
 * Takes a Content-Disposition apart. Never throws: a parameter that cannot be read is left out.
 *
 * In `form-data` a backslash is a character like any other, and %22, %0D and %0A are `"`, CR and LF, as browsers (and
 * requests) write them; only where the field makes no sense that way, a backslash escapes a quote. Elsewhere it is the
 * other way round, as mail programs write. `filename*` beats `filename`.
 *
 * @see WHATWG HTML, "multipart/form-data encoding algorithm"; RFC 7578 §4.2, RFC 2183, RFC 8187
 */
export function parseContentDisposition(value: string): Disposition {
  const semicolon = value.indexOf(";");
  const type = trimmed(semicolon === -1 ? value : value.slice(0, semicolon)).toLowerCase();
  const isForm = type === "form-data";
  const rest = semicolon === -1 ? "" : value.slice(semicolon);
  const parameters =
    parseParameters(rest, !isForm) ?? parseParameters(rest, isForm) ?? parseContentType(value).parameters;
  const plain = (name: string): string | null => {
    const text = parameters.get(name);
    return text === undefined ? null : isForm ? unescapedForm(text) : text;
  };
  const extended = parameters.get("filename*");
  return {
    type,
    name: plain("name"),
    filename: (extended === undefined ? null : extendedValue(extended)) ?? plain("filename"),
  };
}

/** Parameters by lower-case name, of which the first counts; null when the text cannot be read in this way. */
function parseParameters(text: string, withEscapes: boolean): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    if (text[at] !== ";") return null;
    at = behindBlanks(text, at + 1);
    if (at === text.length) break;
    if (text[at] === ";") continue;
    const equals = text.indexOf("=", at);
    if (equals === -1) return null;
    const name = trimmed(text.slice(at, equals)).toLowerCase();
    if (!TOKEN.test(name)) return null;
    at = behindBlanks(text, equals + 1);
    let value: string;
    if (text[at] === '"') {
      const end = withEscapes ? escapedQuoteEnd(text, at + 1) : text.indexOf('"', at + 1);
      if (end === -1) return null;
      value = text.slice(at + 1, end);
      if (withEscapes) value = value.replace(/\\(["\\])/g, "$1");
      at = behindBlanks(text, end + 1);
    } else {
      const semicolon = text.indexOf(";", at);
      const end = semicolon === -1 ? text.length : semicolon;
      value = trimmed(text.slice(at, end));
      if (value.includes('"')) return null;
      at = end;
    }
    if (!found.has(name)) found.set(name, value);
  }
  return found;
}

function behindBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text, at)) at += 1;
  return at;
}

/** The quote that is not escaped, or -1. */
function escapedQuoteEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '"') return at;
    if (text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\")) at += 1;
  }
  return -1;
}

function unescapedForm(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%(?:22|0[AaDd])/g, (escape) =>
    escape === "%22" ? '"' : escape[2] === "A" || escape[2] === "a" ? "\n" : "\r",
  );
}

/** `UTF-8'en'%e2%82%ac` → "€"; null for a charset or an escape that RFC 8187 does not know. */
function extendedValue(text: string): string | null {
  const first = text.indexOf("'");
  const second = first === -1 ? -1 : text.indexOf("'", first + 1);
  if (second === -1) return null;
  const charset = text.slice(0, first).toLowerCase();
  const encoded = text.slice(second + 1);
  if (/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]/.test(encoded)) return null;
  const bytes = Buffer.from(
    encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );
  if (charset === "iso-8859-1") return bytes.toString("latin1");
  return charset === "utf-8" && isUtf8(bytes) ? bytes.toString("utf8") : null;
}
