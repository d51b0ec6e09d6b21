/** JSON text without the values of members that carry credentials. */
import { isSecretMember } from "./secret-names.js";

/**
 * A name with its quotes and the colon after it. In JSON that is itself a string in JSON, backslashes precede the quotes.
 * The limits keep the search linear.
 */
const MEMBER = /(\\{0,15})"((?:[^"\\\r\n]|\\u[0-9a-f]{4}){1,200})\1"\s{0,100}:/gi;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Hides everything below a secret name, objects and arrays included. The rest stays as it was written.
 *
 * The text is searched, not parsed, so that several JSON texts one after another (NDJSON, JSON Lines, `data:` lines of
 * events), a text that was cut, malformed JSON, and JSON of any depth are covered as well.
 */
export function redactedJson(text: string, mark: string): string {
  let result = "";
  let from = 0;
  MEMBER.lastIndex = 0;
  for (let found = MEMBER.exec(text); found !== null; found = MEMBER.exec(text)) {
    const [whole, slashes, name] = found;
    if (!isSecretMember(plainName(name))) {
      // The closing quote may be the opening one of the next name in malformed text.
      MEMBER.lastIndex = found.index + slashes.length + 1;
      continue;
    }
    let start = found.index + whole.length;
    while (text.charCodeAt(start) <= 0x20) start += 1;
    const end = endOfValue(text, start, slashes.length);
    MEMBER.lastIndex = Math.max(end, start);
    if (end === start || text.startsWith("null", start)) continue;
    result += `${text.slice(from, start)}${slashes}"${mark}${slashes}"`;
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}

/** Whether a text begins like a JSON object or array. */
export function looksLikeJson(text: string): boolean {
  return /^(?:\ufeff|\xef\xbb\xbf)?[\s\x1e]{0,100}[[{]/.test(text);
}

function plainName(name: string): string {
  return name.includes("\\")
    ? name.replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
    : name;
}

/**
 * The position at which a value ends; the end of the text if the value is cut off.
 *
 * @param level - The number of backslashes before the quotes of the JSON that the value belongs to.
 */
function endOfValue(text: string, start: number, level: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE || code === BACKSLASH) {
      const end = endOfBackslashes(text, at);
      const isQuote = text.charCodeAt(end) === QUOTE;
      // An escaped line break, or a quote of an outer level, which ends the text that this value belongs to.
      if ((depth === 0 && !isQuote) || (isQuote && end - at < level)) return at;
      if (isQuote) {
        at = endOfString(text, end + 1, level);
        if (depth === 0) return at;
        at -= 1;
      } else at = end;
    } else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      if (depth <= 1) return depth === 0 ? at : at + 1;
      depth -= 1;
    } else if (depth === 0 && (code === 0x2c || code <= 0x20)) return at;
  }
  return text.length;
}

/** The index after the closing quote of a string whose content begins at an index. */
function endOfString(text: string, start: number, level: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== QUOTE && code !== BACKSLASH) continue;
    const end = endOfBackslashes(text, at);
    if (text.charCodeAt(end) === QUOTE) {
      const slashes = end - at;
      if (slashes < level) return at;
      // Each level doubles the backslashes: of a string at level 1, 3 of them escape a quote, 1 or 5 end the string.
      if (slashes % (2 * level + 2) === level) return end + 1;
    }
    at = end;
  }
  return text.length;
}

function endOfBackslashes(text: string, at: number): number {
  while (text.charCodeAt(at) === BACKSLASH) at += 1;
  return at;
}
