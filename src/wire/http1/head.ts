/**
 * The head of a response as text → its parts, with the framing decided. As strict as RFC 9112 allows: what is not
 * said clearly is an error, never a guess.
 */
import { ConnectionError, InvalidHeader, type RequestException } from "../../exceptions.js";
import { TOKEN_CHARACTERS } from "../../message/headers.js";

/** A response without its body. */
export interface ResponseHead {
  /** 10 for HTTP/1.0, 11 for HTTP/1.1. */
  readonly version: 10 | 11;
  readonly statusCode: number;
  readonly reason: string;
  /** name, value, name, value … as they came; values as latin-1 text, without the white space around them. */
  readonly rawHeaders: string[];
  /** Bytes of the body, when the head says so. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Whether the peer keeps the connection open after this response. */
  readonly keepAlive: boolean;
  /** Seconds of the `Keep-Alive: timeout=` parameter. */
  readonly keepAliveTimeout: number | null;
}

const SPACE = 32;
const TAB = 9;
const CR = 13;
const LF = 10;
const COLON = 58;

/** What a line may consist of: no control characters but HTAB (RFC 9110 §5.5). */
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
 * @throws ConnectionError `ERR_BAD_RESPONSE` for a malformed head or framing that contradicts itself.
 * @throws InvalidHeader for Content-Lengths that differ.
 */
export function parseHead(bytes: Buffer, start: number, end: number, maxHeaders: number): ResponseHead {
  const text = bytes.latin1Slice(start, end);
  const lineEnd = endOfLine(bytes, start, end) - start;
  if (lineEnd < 0) throw badResponse(forbiddenCharacter(text));
  const version = parseVersion(text, lineEnd);
  const statusCode = parseStatusCode(text, lineEnd);
  const reason = lineEnd > 13 ? text.slice(13, lineEnd) : "";

  const rawHeaders = parseFields(bytes, start, text, lineEnd + 2, maxHeaders);
  const framing = new Framing(rawHeaders);
  if (framing.transferEncoding !== null && framing.contentLength !== null)
    throw badResponse("Content-Length beside Transfer-Encoding; one of them is a lie (request smuggling)");
  if (framing.transferEncoding !== null && framing.transferEncoding.toLowerCase() !== "chunked")
    throw badResponse(
      `unknown transfer coding ${quoted(framing.transferEncoding)}; only a single "chunked" is understood`,
    );
  const chunked = framing.transferEncoding !== null;
  // RFC 9112 §9.3: "close" beats everything. §6.1: Transfer-Encoding in an HTTP/1.0 message is faulty; the connection
  // ends with it.
  const persistent =
    !hasToken(framing.connection, "close") &&
    (version === 11 || (!chunked && hasToken(framing.connection, "keep-alive")));
  return {
    version,
    statusCode,
    reason,
    rawHeaders,
    contentLength: framing.contentLength,
    chunked,
    keepAlive: persistent,
    keepAliveTimeout: framing.keepAlive === null ? null : keepAliveTimeout(framing.keepAlive),
  };
}

/** The fields of a trailer section: framing fields in it mean nothing. */
export function parseTrailers(bytes: Buffer, start: number, end: number, maxHeaders: number): string[] {
  return parseFields(bytes, start, bytes.latin1Slice(start, end), 0, maxHeaders);
}

class Framing {
  contentLength: number | null = null;
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
        this.contentLength = combineLengths(this.contentLength, value);
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

function parseVersion(text: string, lineEnd: number): 10 | 11 {
  if (text.startsWith("HTTP/1.1 ")) return 11;
  if (text.startsWith("HTTP/1.0 ")) return 10;
  const line = quoted(text.slice(0, lineEnd));
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
  if (!bounded || !digits) throw malformed(text, `malformed status line ${quoted(text.slice(0, lineEnd))}`);
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
      if (colon === at || bytes[colon] !== COLON)
        throw malformed(text, malformedField(text.slice(at - base, lineEnd - base)));
      if (raw.length >= maxHeaders * 2)
        throw malformed(text, `more than ${maxHeaders} header fields (maxHeaders of HTTPAdapter)`);
      raw.push(text.slice(at - base, colon - base), trimmed(text, colon + 1 - base, lineEnd - base));
    }
    at = lineEnd + 2;
  }
  return raw;
}

/** Where the line ends, at its CRLF or at the end of all; -1 when there is a character before that no line may have. */
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

function malformedField(line: string): string {
  if (/^[^\s:]+\s+:/.test(line.slice(0, 200))) return `white space before the colon of header ${quoted(line)}`;
  return `malformed header line ${quoted(line)}`;
}

function forbiddenCharacter(text: string): string {
  const at = FORBIDDEN.exec(text)!.index;
  const code = text.charCodeAt(at);
  const name =
    code === 13 ? "a bare CR" : code === 10 ? "a bare LF" : code === 0 ? "a NUL byte" : "a control character";
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return `${name} in the line ${quoted(text.slice(start, start + 120))}`;
}

/** What a peer sent, safe to print and short. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
