/** The Content-Type field, and quoted strings. */

/** A media type taken apart. */
export interface ContentType {
  /** `type/subtype` in lower case; "" when there is none. */
  readonly type: string;
  /** Values by lower-case name, unquoted. Of a name that comes twice the last counts, as in requests. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parameters beyond this many are not read. */
const MAX_PARAMETERS = 100;

const QUOTE = '"';

/**
 * Takes a Content-Type apart. Never throws: what cannot be read is left out.
 *
 * @param value - The field's value.
 * @see RFC 9110 §8.3.1 and §5.6.6
 */
export function parseContentType(value: string): ContentType {
  const semicolon = value.indexOf(";");
  const type = (semicolon === -1 ? value : value.slice(0, semicolon)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  let at = semicolon === -1 ? value.length : semicolon + 1;
  for (let count = 0; at < value.length && count < MAX_PARAMETERS; count += 1) {
    const end = indexOfEither(value, "=", ";", at);
    const name = value.slice(at, end).trim().toLowerCase();
    if (value[end] !== "=") {
      at = end + 1;
      continue;
    }
    at = end + 1;
    while (value[at] === " " || value[at] === "\t") at += 1;
    let content: string;
    if (value[at] === QUOTE) {
      [content, at] = quotedString(value, at);
      const next = value.indexOf(";", at);
      at = next === -1 ? value.length : next + 1;
    } else {
      const next = value.indexOf(";", at);
      const stop = next === -1 ? value.length : next;
      content = value.slice(at, stop).trim();
      at = stop + 1;
    }
    if (name !== "") parameters.set(name, content);
  }
  return { type, parameters };
}

/**
 * Reads a quoted-string.
 *
 * @param at - The index of its opening quote.
 * @returns The content with its quoted pairs undone, and the index after the closing quote; a string that is not closed
 * ends with the text.
 * @see RFC 9110 §5.6.4
 */
export function quotedString(text: string, at: number): [content: string, end: number] {
  let content = "";
  let from = at + 1;
  for (let to = from; to < text.length; to += 1) {
    const character = text[to];
    if (character === QUOTE) return [content + text.slice(from, to), to + 1];
    if (character === "\\" && to + 1 < text.length) {
      content += text.slice(from, to);
      to += 1;
      from = to;
    }
  }
  return [content + text.slice(from), text.length];
}

function indexOfEither(text: string, one: string, other: string, from: number): number {
  for (let at = from; at < text.length; at += 1) if (text[at] === one || text[at] === other) return at;
  return text.length;
}
