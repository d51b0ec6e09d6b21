/** The fields of a response → its head or trailers. A malformed response is a stream error (RFC 9113 §8.1.1). */
import { InvalidHeader } from "../../exceptions.js";
import { reasonPhrase } from "../../http/status-codes.js";
import { quoted } from "../http1/head.js";
import type { ResponseHead } from "../transport.js";
import { ErrorCode, malformed, type StreamFault } from "./errors.js";
import type { FieldSection } from "./hpack-decoder.js";

/** The head of an HTTP/2 response. Its reason is the standard phrase, because HTTP/2 sends none. */
export interface Http2Head extends ResponseHead {
  readonly version: 20;
}

/** A part of a head that does not depend on the request. */
interface ParsedHead {
  readonly statusCode: number;
  readonly reason: string;
  readonly rawHeaders: string[];
  readonly contentLength: number | null;
  /** Why the Content-Length cannot be used, or null. It matters in a response with a body only. */
  readonly lengthFault: StreamFault | null;
}

const COLON = 58;

/** Whether the result of {@link ResponseFields} is a fault. */
export function isFault(result: Http2Head | string[] | StreamFault): result is StreamFault {
  return "errorCode" in result;
}

/** Reads the sections of one connection. The head of a section that repeats is parsed once. */
export class ResponseFields {
  #lastSection: FieldSection | null = null;
  #lastHead: ParsedHead | null = null;

  /** @param method - Of the request. */
  head(section: FieldSection, method: string): Http2Head | StreamFault {
    let parsed: ParsedHead;
    if (this.#lastHead !== null && this.#lastSection === section) parsed = this.#lastHead;
    else {
      const result = parseHead(section);
      if ("errorCode" in result) return result;
      parsed = result;
      this.#lastSection = section;
      this.#lastHead = result;
    }
    const { statusCode, reason, lengthFault } = parsed;
    const hasBody = canHaveBody(method, statusCode);
    if (lengthFault !== null && hasBody) return lengthFault;
    return {
      version: 20,
      statusCode,
      reason,
      // The receiver may change its list.
      rawHeaders: parsed.rawHeaders.slice(),
      hasBody,
      contentLength: parsed.contentLength,
      isDelimited: true,
    };
  }

  /** The trailers: no pseudo-field may be among them (RFC 9113 §8.1). */
  trailers({ raw, fault }: FieldSection): string[] | StreamFault {
    return fault ?? fieldFault(raw, 0) ?? raw.slice();
  }
}

/** RFC 9110 §6.4.1: these responses end with their head, whatever their fields say. */
function canHaveBody(method: string, statusCode: number): boolean {
  return method !== "HEAD" && statusCode >= 200 && statusCode !== 204 && statusCode !== 304;
}

function parseHead({ raw, fault }: FieldSection): ParsedHead | StreamFault {
  if (fault !== null) return fault;
  if (raw.length === 0 || raw[0] !== ":status")
    return raw.length > 0 && raw[0].charCodeAt(0) === COLON
      ? pseudoFault(raw[0])
      : malformed("the first field is not :status (RFC 9113 §8.3.2)");
  const statusCode = parseStatus(raw[1]);
  if (statusCode === 0) return malformed(`:status is ${quoted(raw[1])}, not three digits (RFC 9113 §8.3.2)`);
  if (statusCode === 101) return malformed("101 Switching Protocols does not exist in HTTP/2 (RFC 9113 §8.6)");
  const found = fieldFault(raw, 2);
  if (found !== null) return found;
  const length = new ContentLength(raw);
  return {
    statusCode,
    reason: reasonPhrase(statusCode),
    rawHeaders: raw.slice(2),
    contentLength: length.fault === null ? length.value : null,
    lengthFault: length.fault,
  };
}

/** @returns 0 for a text that is not a status code. */
function parseStatus(text: string): number {
  if (text.length !== 3) return 0;
  let status = 0;
  for (let at = 0; at < 3; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status < 100 ? 0 : status;
}

/** The first fault of fields in which no pseudo-field may stand, or null. */
function fieldFault(raw: readonly string[], start: number): StreamFault | null {
  for (let at = start; at < raw.length; at += 2) {
    const name = raw[at];
    if (name.charCodeAt(0) === COLON) return pseudoFault(name);
    const { length } = name;
    // The lengths of the names below: most fields are compared with none of them.
    if (length !== 10 && length !== 17 && length !== 7 && length !== 2 && length !== 16) continue;
    if (CONNECTION_FIELDS.has(name))
      return malformed(`the field ${quoted(name)} belongs to HTTP/1.1 connections (RFC 9113 §8.2.2)`);
    if (name === "te" && raw[at + 1] !== "trailers")
      return malformed('the field "te" with a value other than "trailers" (RFC 9113 §8.2.2)');
  }
  return null;
}

/** RFC 9113 §8.2.2. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

function pseudoFault(name: string): StreamFault {
  return malformed(
    `the pseudo-field ${quoted(name)}: a response has :status alone, once, before all other fields and not among trailers (RFC 9113 §8.3)`,
  );
}

/** The Content-Length of a list of fields. Equal lengths, also as a list, are one (RFC 9110 §8.6). */
class ContentLength {
  value: number | null = null;
  fault: StreamFault | null = null;

  constructor(raw: readonly string[]) {
    for (let at = 0; at < raw.length; at += 2)
      if (raw[at].length === 14 && raw[at] === "content-length") this.#note(raw[at + 1]);
  }

  #note(value: string): void {
    for (const part of value.includes(",") ? value.split(",") : [value]) {
      const digits = /^[ \t]*(\d{1,16})[ \t]*$/.exec(part)?.[1];
      const length = Number(digits);
      if (digits === undefined || length > Number.MAX_SAFE_INTEGER) {
        this.fault ??= malformed(`Content-Length ${quoted(value)} is not a length (RFC 9110 §8.6)`);
        return;
      }
      if (this.value !== null && this.value !== length) {
        this.fault ??= differingLengths(`${this.value}, ${length}`);
        return;
      }
      this.value = length;
    }
  }
}

function differingLengths(lengths: string): StreamFault {
  const error = new InvalidHeader(
    `Content-Length contained multiple unmatching values (${lengths}): the end of the response cannot be known`,
    { phase: "wait" },
  );
  return { errorCode: ErrorCode.PROTOCOL_ERROR, error };
}
