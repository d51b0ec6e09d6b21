/**
 * Percent-encoding (RFC 3986 §2.1) and form encoding. Every function is one pass over its text: urllib3 once took
 * quadratic time here (CVE-2020-7212).
 */

/** Sets of the ASCII characters that stand bare in a component; they are bits, to be tested by one lookup. */
export const UNRESERVED = 1;
/** The user-info of an authority: unreserved, sub-delims and ":" (RFC 3986 §3.2.1). */
export const USERINFO = 2;
/** A path with its slashes (RFC 3986 §3.3). */
export const PATH = 4;
/** A query or a fragment (RFC 3986 §3.4, §3.5). */
export const QUERY = 8;
/** A whole URI: what `requote_uri` of requests leaves alone. */
export const WHOLE_URI = 16;

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SUB_DELIMS = "!$&'()*+,;=";

/** For each ASCII character the sets that it belongs to. */
export const CHARACTER_SETS: Readonly<Uint8Array> = characterSets();

function characterSets(): Uint8Array {
  const sets = new Uint8Array(128);
  const members: readonly (readonly [number, string])[] = [
    [UNRESERVED, `${ALPHANUMERIC}-._~`],
    [USERINFO, `${ALPHANUMERIC}-._~${SUB_DELIMS}:`],
    [PATH, `${ALPHANUMERIC}-._~${SUB_DELIMS}:@/`],
    [QUERY, `${ALPHANUMERIC}-._~${SUB_DELIMS}:@/?`],
    [WHOLE_URI, `${ALPHANUMERIC}-._~${SUB_DELIMS}:@/?#[]`],
  ];
  for (const [set, characters] of members)
    for (let at = 0; at < characters.length; at += 1) sets[characters.charCodeAt(at)] |= set;
  return sets;
}

const ESCAPES: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

const PERCENT = 0x25;
const SPACE = 0x20;

/**
 * Escapes what is not in the set. A good escape stays, but that of an unreserved character is undone; a malformed `%`
 * is itself escaped, so that the result means what the text said. Doing it twice changes nothing.
 *
 * @param text - A component, or a whole URI, that may have escapes in it.
 * @param set - One of the sets of this module.
 * @param upperCase - Whether the hex digits of the escapes that stay become upper case.
 * @returns The same string when there is nothing to do.
 */
export function quote(text: string, set: number, upperCase: boolean): string {
  const length = text.length;
  let at = 0;
  while (at < length && isIn(text.charCodeAt(at), set)) at += 1;
  if (at === length) return text;
  let result = "";
  let from = 0;
  for (; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (isIn(code, set)) continue;
    result += text.slice(from, at);
    if (code === PERCENT) {
      const byte = escapedByte(text, at);
      if (byte === -1) result += "%25";
      else {
        if (isIn(byte, UNRESERVED)) result += String.fromCharCode(byte);
        else result += upperCase ? ESCAPES[byte] : text.slice(at, at + 3);
        at += 2;
      }
    } else {
      result += escapeAt(text, at);
      if (isPair(text, at)) at += 1;
    }
    from = at + 1;
  }
  return result + text.slice(from);
}

/**
 * The form encoding (`application/x-www-form-urlencoded`) as Python's `urlencode` writes it: space becomes `+`, and
 * only letters, digits and `-._~` stand bare.
 */
export function formEncode(text: string): string {
  const length = text.length;
  let at = 0;
  while (at < length && isIn(text.charCodeAt(at), UNRESERVED)) at += 1;
  if (at === length) return text;
  let result = "";
  let from = 0;
  for (; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (isIn(code, UNRESERVED)) continue;
    result += text.slice(from, at) + (code === SPACE ? "+" : escapeAt(text, at));
    if (isPair(text, at)) at += 1;
    from = at + 1;
  }
  return result + text.slice(from);
}

/** The form encoding of bytes. */
export function formEncodeBytes(bytes: Uint8Array): string {
  let result = "";
  for (const byte of bytes) {
    if (byte === SPACE) result += "+";
    else result += isIn(byte, UNRESERVED) ? String.fromCharCode(byte) : ESCAPES[byte];
  }
  return result;
}

/**
 * Escapes the bytes of 0x80 and above, and leaves ASCII alone.
 *
 * @param text - Bytes as latin-1 text.
 */
export function escapeHighBytes(text: string): string {
  let result = "";
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text.charCodeAt(at);
    if (byte < 0x80) continue;
    result += text.slice(from, at) + ESCAPES[byte & 0xff];
    from = at + 1;
  }
  return result + text.slice(from);
}

/** The bytes that a text with escapes stands for; text beside the escapes is UTF-8, malformed escapes stay as they are. */
export function unquoteToBytes(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  let size = bytes.indexOf(PERCENT);
  if (size === -1) return bytes;
  for (let at = size; at < bytes.length; at += 1, size += 1) {
    const byte = bytes[at];
    const high = byte === PERCENT ? hexValue(bytes[at + 1] ?? 0) : -1;
    const low = high === -1 ? -1 : hexValue(bytes[at + 2] ?? 0);
    if (low === -1) bytes[size] = byte;
    else {
      bytes[size] = high * 16 + low;
      at += 2;
    }
  }
  return bytes.subarray(0, size);
}

/** Undoes every good escape; bytes that are not UTF-8 become U+FFFD, as with Python's `unquote`. */
export function unquote(text: string): string {
  return text.includes("%") ? unquoteToBytes(text).toString("utf8") : text;
}

/** The byte that the escape at an index stands for, or -1 when it is malformed. */
export function escapedByte(text: string, at: number): number {
  if (at + 2 >= text.length) return -1;
  const high = hexValue(text.charCodeAt(at + 1));
  const low = hexValue(text.charCodeAt(at + 2));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function isIn(code: number, set: number): boolean {
  return code < 128 && (CHARACTER_SETS[code] & set) !== 0;
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isPair(text: string, at: number): boolean {
  return text.codePointAt(at)! > 0xffff;
}

/** The escaped UTF-8 of the character at an index; half a surrogate pair becomes U+FFFD. */
function escapeAt(text: string, at: number): string {
  let code = text.codePointAt(at)!;
  if (code < 0x80) return ESCAPES[code];
  if (code < 0x800) return ESCAPES[0xc0 | (code >> 6)] + ESCAPES[0x80 | (code & 0x3f)];
  if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
  const tail = ESCAPES[0x80 | ((code >> 6) & 0x3f)] + ESCAPES[0x80 | (code & 0x3f)];
  if (code < 0x10000) return ESCAPES[0xe0 | (code >> 12)] + tail;
  return ESCAPES[0xf0 | (code >> 18)] + ESCAPES[0x80 | ((code >> 12) & 0x3f)] + tail;
}
