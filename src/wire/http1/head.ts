/**
 * The head of a response as text → its parts, with the framing decided. As strict as RFC 9112 allows: an ambiguous head
 * is an error, never a guess.
 */
import { ConnectionError, InvalidHeader, type RequestException } from "../../exceptions.js";
import { TOKEN_CHARACTERS } from "../../http/tokens.js";
import type { ResponseHead } from "../transport.js";

/** The head of an HTTP/1.x response. */
export interface Http1Head extends ResponseHead {
  readonly chunked: boolean;
  /** Whether the peer keeps the connection open after this response. */
  readonly keepAlive: boolean;
  /** Seconds of the `Keep-Alive: timeout=` parameter. */
  readonly keepAliveTimeout: number | null;
}

/** The request for which a response is parsed. */
export interface Expected {
  /** The method of the request that it answers. */
  method: string;
  /** The most field lines of a head. */
  readonly maxHeaders: number;
}

const SPACE = 32;
const TAB = 9;
const CR = 13;
const LF = 10;
const COLON = 58;

/** The characters of a line: no control characters except HTAB (RFC 9110 §5.5). */
const TEXT_CHARACTERS: Readonly<Uint8Array> = (() => {
  const table = new Uint8Array(256).fill(1, SPACE);
  table[TAB] = 1;
  table[127] = 0;
  return table;
})();
/** The others, and CR or LF that are not a CRLF (RFC 9112 §2.2): for the message, when one was found. */
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/** The error for bytes that are not an HTTP/1.x response: the words of requests first. */
export function badResponse(what: string, detail?: { cause?: unknown }): ConnectionError {
  return new ConnectionError(`Connection aborted: bad response: ${what}`, {
    code: "ERR_BAD_RESPONSE",
    phase: "wait",
    cause: detail?.cause,
  });
}

/**
 * Parses a head, without the empty line that ends it: bytes `start` to `end`.
 *
 * @throws ConnectionError `ERR_BAD_RESPONSE` for a malformed head, or for framing that contradicts itself in a response
 *   that has a body.
 * @throws InvalidHeader for Content-Lengths that differ, in a response that has a body.
 */
export function parseHead(bytes: Buffer, start: number, end: number, expected: Expected): Http1Head {
  const text = bytes.latin1Slice(start, end);
  const lineEnd = endOfLine(bytes, start, end) - start;
  if (lineEnd < 0) throw badResponse(forbiddenCharacter(text));
  const version = parseVersion(text);
  const statusCode = parseStatusCode(text, lineEnd);
  const reason = lineEnd > 13 ? text.slice(13, lineEnd) : "";

  const rawHeaders = parseFields(bytes, start, text, lineEnd + 2, expected.maxHeaders);
  const framing = new Framing(rawHeaders);
  // RFC 9112 §6.3 rule 2: the connection is a tunnel after the head, and carries no further message.
  const isTunnel = expected.method === "CONNECT" && statusCode >= 200 && statusCode < 300;
  const hasBody = !isTunnel && canHaveBody(expected.method, statusCode);
  const fault = framing.fault ?? codingFault(framing);
  if (fault !== null && hasBody) throw fault;
  const isFramed = fault === null && !isTunnel;
  const contentLength = isFramed ? framing.contentLength : null;
  const chunked = isFramed && framing.transferEncoding !== null;
  return {
    version,
    statusCode,
    reason,
    rawHeaders,
    hasBody,
    contentLength,
    isDelimited: chunked || contentLength !== null || !hasBody,
    chunked,
    keepAlive: isFramed && isPersistent(framing, version),
    keepAliveTimeout: framing.keepAlive === null ? null : keepAliveTimeout(framing.keepAlive),
  };
}

/** RFC 9112 §6.3 rule 1: these responses end with their head, whatever their fields say. */
function canHaveBody(method: string, statusCode: number): boolean {
  return method !== "HEAD" && statusCode >= 200 && statusCode !== 204 && statusCode !== 304;
}

/** RFC 9112 §9.3: "close" beats everything. §6.1: chunked coding in HTTP/1.0 is faulty; the connection ends with it. */
function isPersistent({ connection, transferEncoding }: Framing, version: 10 | 11): boolean {
  if (hasToken(connection, "close")) return false;
  return version === 11 || (transferEncoding === null && hasToken(connection, "keep-alive"));
}

/** The fields of a trailer section: framing fields in it mean nothing. */
export function parseTrailers(bytes: Buffer, start: number, end: number, maxHeaders: number): string[] {
  return parseFields(bytes, start, bytes.latin1Slice(start, end), 0, maxHeaders);
}

class Framing {
  contentLength: number | null = null;
  /** The fault of the Content-Length, or null. */
  fault: RequestException | null = null;
  transferEncoding: string | null = null;
  connection: string | null = null;
  keepAlive: string | null = null;

  /** @param raw - The fields, unfolded: a Content-Length is seen whole. */
  constructor(raw: readonly string[]) {
    for (let item = 0; item < raw.length; item += 2) {
      const length = raw[item].length;
      if (length === 14 || length === 10 || length === 17) this.#note(raw[item], raw[item + 1]);
    }
  }

  #note(name: string, value: string): void {
    switch (name.toLowerCase()) {
      case "content-length":
        try {
          this.contentLength = combineLengths(this.contentLength, value);
        } catch (error) {
          this.fault ??= error as RequestException;
        }
        break;
      case "transfer-encoding":
        this.transferEncoding = this.transferEncoding === null ? value : `${this.transferEncoding}, ${value}`;
        break;
      case "connection":
        this.connection = this.connection === null ? value : `${this.connection},${value}`;
        break;
      case "keep-alive":
        this.keepAlive = value;
        break;
    }
  }
}

/** The fault of the Transfer-Encoding, or null. */
function codingFault({ transferEncoding, contentLength }: Framing): RequestException | null {
  if (transferEncoding === null) return null;
  if (contentLength !== null)
    return badResponse("Content-Length beside Transfer-Encoding; one of them is a lie (request smuggling)");
  if (transferEncoding.toLowerCase() === "chunked") return null;
  return badResponse(`unknown transfer coding ${quoted(transferEncoding)}; only a single "chunked" is understood`);
}

function parseVersion(text: string): 10 | 11 {
  if (text.startsWith("HTTP/1.1 ")) return 11;
  if (text.startsWith("HTTP/1.0 ")) return 10;
  const line = shownLine(text, 0);
  throw malformed(
    text,
    /^HTTP\/\d\.\d /.test(text)
      ? `unknown protocol version in the status line ${line}; only HTTP/1.x is spoken here`
      : `malformed status line ${line}; is this an HTTP server?`,
  );
}

function parseStatusCode(text: string, lineEnd: number): number {
  const hundreds = text.charCodeAt(9) - 48;
  const tens = text.charCodeAt(10) - 48;
  const ones = text.charCodeAt(11) - 48;
  const bounded = lineEnd === 12 || (lineEnd > 12 && text.charCodeAt(12) === SPACE);
  const digits = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  if (!bounded || !digits) throw malformed(text, `malformed status line ${shownLine(text, 0)}`);
  return hundreds * 100 + tens * 10 + ones;
}

/**
 * @param base - Where in `bytes` the text begins.
 * @param from - Where in the text the first field does.
 */
function parseFields(bytes: Buffer, base: number, text: string, from: number, maxHeaders: number): string[] {
  const raw: string[] = [];
  const end = base + text.length;
  let at = base + from;
  while (at < end) {
    let colon = at;
    while (colon < end && TOKEN_CHARACTERS[bytes[colon]] === 1) colon += 1;
    const lineEnd = endOfLine(bytes, colon, end);
    if (lineEnd === -1) throw badResponse(forbiddenCharacter(text));
    if (bytes[at] === SPACE || bytes[at] === TAB) {
      // RFC 9112 §5.2: obs-fold is replaced by spaces before the value is read.
      if (raw.length === 0) throw malformed(text, "white space before the first header field");
      const folded = trimmed(text, at - base, lineEnd - base);
      if (folded !== "") raw[raw.length - 1] = raw.at(-1) === "" ? folded : `${raw.at(-1)!} ${folded}`;
    } else {
      if (colon === at || bytes[colon] !== COLON) throw malformed(text, malformedField(text, at - base));
      if (raw.length >= maxHeaders * 2)
        throw malformed(text, `more than ${maxHeaders} header fields (maxHeaders of HTTPAdapter)`);
      raw.push(text.slice(at - base, colon - base), trimmed(text, colon + 1 - base, lineEnd - base));
    }
    at = lineEnd + 2;
  }
  return raw;
}

/** The end of the line: at its CRLF, or at the end of the text; -1 if an invalid character comes before it. */
function endOfLine(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && TEXT_CHARACTERS[bytes[at]] === 1) at += 1;
  return at === end || (at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF) ? at : -1;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && (text.charCodeAt(start) === SPACE || text.charCodeAt(start) === TAB)) start += 1;
  while (end > start && (text.charCodeAt(end - 1) === SPACE || text.charCodeAt(end - 1) === TAB)) end -= 1;
  return text.slice(start, end);
}

/** RFC 9112 §6.3: equal lengths, also as a list, are one; differing ones are an attack. */
function combineLengths(before: number | null, value: string): number {
  let length = before;
  for (const part of value.includes(",") ? value.split(",") : [value]) {
    // Not trim(): to it 0xA0 is white space, to the next parser along the way it is not.
    const next = decimal(trimmed(part, 0, part.length), value);
    if (length !== null && next !== length) throw differingLengths(`${length}, ${next}`);
    length = next;
  }
  return length!;
}

function decimal(part: string, value: string): number {
  if (part.length === 0) throw badResponse(`Content-Length ${quoted(value)} is not a length`);
  let length = 0;
  for (let at = 0; at < part.length; at += 1) {
    const digit = part.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) throw badResponse(`Content-Length ${quoted(value)} is not a length`);
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER)
      throw badResponse(`Content-Length ${quoted(value)} is not a length that can be counted`);
  }
  return length;
}

function differingLengths(lengths: string): RequestException {
  return new InvalidHeader(
    `Content-Length contained multiple unmatching values (${lengths}): the end of the response cannot be known`,
    { phase: "wait" },
  );
}

function hasToken(list: string | null, token: string): boolean {
  if (list === null) return false;
  if (!list.includes(",")) return list.length === token.length && list.toLowerCase() === token;
  return list.split(",").some((item) => trimmed(item, 0, item.length).toLowerCase() === token);
}

function keepAliveTimeout(value: string): number | null {
  const found = /(?:^|[,;\s])timeout\s{0,8}=\s{0,8}"?(\d{1,9})/i.exec(value);
  return found === null ? null : Number(found[1]);
}

/** The error for a head. A forbidden character anywhere in it is named before all else. */
function malformed(text: string, what: string): ConnectionError {
  return badResponse(FORBIDDEN.test(text) ? forbiddenCharacter(text) : what);
}

/** @param at - Where the line begins. */
function malformedField(text: string, at: number): string {
  const isSpaced = /^[^\s:]{1,200}\s+:/.test(text.slice(at, at + 300));
  return `${isSpaced ? "white space before the colon of header" : "malformed header line"} ${shownLine(text, at)}`;
}

function forbiddenCharacter(text: string): string {
  const at = FORBIDDEN.exec(text)!.index;
  const code = text.charCodeAt(at);
  const name =
    code === 13 ? "a bare CR" : code === 10 ? "a bare LF" : code === 0 ? "a NUL byte" : "a control character";
  return `${name} in the line ${shownLine(text, at)}`;
}

/** Names of fields whose values are credentials, or hold them, as URLs may. */
const SECRET_FIELD =
  /location|referer|^refresh$|^link$|cookie|auth|token|secret|session|passw|signature|csrf|xsrf|(?:^|-)(?:api-?)?key/i;

/**
 * The line of a head that `at` belongs to, quoted for a message: without the lines after it, and without the value of a
 * field that may hold a credential.
 */
export function shownLine(text: string, at: number): string {
  const start = startOfLine(text, at);
  const line = text.slice(start, endOfText(text, start));
  if (start === 0 && line.startsWith("HTTP/")) return quoted(line);
  // A folded line is a part of the field above it.
  let field = start;
  while (field > 0 && (text.charCodeAt(field) === SPACE || text.charCodeAt(field) === TAB))
    field = startOfLine(text, field - 1);
  const name = text.slice(field, Math.min(endOfText(text, field), field + MAX_SHOWN));
  const colon = name.indexOf(":");
  const described = colon === -1 ? /^\S*/.exec(name)![0] : name.slice(0, colon);
  if (!SECRET_FIELD.test(described.replace(/[^\x21-\x7e]/g, ""))) return quoted(line);
  return quoted(`${/^[\w-]*/.exec(name)![0]}: ***`);
}

/** The start of the line with the character `at`. A LF belongs to the line that it ends. */
function startOfLine(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** The end of a line's text: its first CR or LF. */
function endOfText(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== CR && text.charCodeAt(at) !== LF) at += 1;
  return at;
}

/** The most characters of a peer's text in a message. */
const MAX_SHOWN = 80;

/** Text that a peer sent, short and safe to print. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
