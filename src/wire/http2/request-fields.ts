/** A request → its header block: pseudo-fields first, names in lower case, without the fields of HTTP/1.1 connections. */
import { checkField, type FieldList } from "../../http/fields.js";
import { isToken } from "../../http/tokens.js";
import { serializeHead } from "../http1/request-head.js";
import type { WireRequest } from "../transport.js";
import type { HpackEncoder } from "./hpack-encoder.js";
import { hasBlankEnd } from "./text-faults.js";

/** Fields as they are sent, and what they say about the message. */
export interface RequestLines {
  /** Lines that these begin with and that other requests share, or null. */
  readonly first: RequestLines | null;
  /** name, value, name, value … after those of `first`; names in lower case. */
  readonly own: readonly string[];
  /** The value of the Host field, which is sent as `:authority`, or null. */
  readonly authority: string | null;
  /** Whether there is a Content-Length or a Transfer-Encoding. */
  readonly hasFraming: boolean;
  /** Whether there is a Proxy-Authorization. */
  readonly hasProxyAuthorization: boolean;
  /** Whether the connection is to be closed afterwards. */
  readonly closes: boolean;
}

/** Fields that have a meaning for HTTP/1.1 connections only (RFC 9113 §8.2.2). The server must not see them. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** For `FieldList.derive`. @throws InvalidHeader for a field that must not be sent. */
export function requestLines(
  { raw, lower }: FieldList,
  first: RequestLines | null,
  start: number,
  end: number,
): RequestLines {
  const own: string[] = [];
  let authority = first?.authority ?? null;
  let hasFraming = first?.hasFraming ?? false;
  let hasProxyAuthorization = first?.hasProxyAuthorization ?? false;
  let closes = first?.closes ?? false;
  for (let at = start; at < end; at += 1) {
    const name = lower[at];
    const value = raw[at * 2 + 1];
    checkField(raw[at * 2], value);
    if (name === "host") authority ??= trimmed(value);
    else if (name === "transfer-encoding") hasFraming = true;
    else if (name === "connection") closes ||= value.toLowerCase() === "close";
    else if (!CONNECTION_FIELDS.has(name) && (name !== "te" || trimmed(value).toLowerCase() === "trailers")) {
      if (name === "content-length") hasFraming = true;
      if (name === "proxy-authorization") hasProxyAuthorization = true;
      own.push(name, trimmed(value));
    }
  }
  return { first, own, authority, hasFraming, hasProxyAuthorization, closes };
}

/** RFC 9113 §8.2.1: a value must not begin or end with a blank. */
function trimmed(value: string): string {
  return !hasBlankEnd(value) ? value : value.replace(/^[ \t]+/, "").replace(/(?<![ \t])[ \t]+$/, "");
}

/** An encoded block, and the state of the encoder in which it has this meaning. */
interface EncodedBlock {
  readonly epoch: number;
  readonly bytes: Buffer;
}

interface EncodedRequest extends EncodedBlock {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly scheme: string;
  readonly lines: RequestLines;
}

interface EncodedLines extends EncodedBlock {
  readonly lines: RequestLines;
}

/**
 * Encodes the requests of one connection. Most requests of a session send the same fields, and many programs request
 * the same URL again and again: their blocks are encoded once.
 */
export class RequestEncoder {
  readonly #encoder: HpackEncoder;
  #lastRequest: EncodedRequest | null = null;
  #lastLines: EncodedLines | null = null;

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  /**
   * @param lines - Of the request's fields.
   * @param isTunnelled - Whether the connection leads through the tunnel of a proxy, whose credentials end there.
   * @returns The block, valid until the next call.
   * @throws RequestException `ERR_INVALID_METHOD`, InvalidURL or InvalidHeader for a request that must not be sent; the
   *   encoder is as it was before then.
   */
  encode({ method, target }: WireRequest, lines: RequestLines, isTunnelled: boolean): Buffer {
    const encoder = this.#encoder;
    const { scheme, path } = target;
    const authority = lines.authority ?? target.authority;
    const last = this.#lastRequest;
    if (
      last !== null &&
      last.lines === lines &&
      last.path === path &&
      last.epoch === encoder.epoch &&
      last.authority === authority &&
      last.method === method &&
      last.scheme === scheme
    )
      return last.bytes;
    checkTarget(method, path);
    checkField("Host", authority);
    encoder.begin();
    encoder.field(":method", method);
    // RFC 9113 §8.5: a CONNECT has neither.
    if (method !== "CONNECT") {
      encoder.field(":scheme", scheme === "https" ? "https" : "http");
      encoder.field(":path", path);
    }
    encoder.field(":authority", authority);
    const areTargetsSettled = encoder.isSettled;
    if (isTunnelled && lines.hasProxyAuthorization) {
      if (lines.first !== null) this.#addForOrigin(lines.first);
      this.#addForOrigin(lines);
      return encoder.bytes();
    }
    const isConstantSettled = this.#addConstant(lines.first ?? lines);
    if (lines.first !== null) this.#add(lines.own);
    else if (areTargetsSettled && isConstantSettled) {
      const bytes = Buffer.from(encoder.bytes());
      this.#lastRequest = { method, path, authority, scheme, lines, epoch: encoder.epoch, bytes };
    }
    return encoder.bytes();
  }

  /** Adds lines that other requests share. @returns Whether they will be encoded in the same way the next time. */
  #addConstant(lines: RequestLines): boolean {
    const encoder = this.#encoder;
    const last = this.#lastLines;
    if (last !== null && last.lines === lines && last.epoch === encoder.epoch) {
      encoder.append(last.bytes);
      return true;
    }
    const start = encoder.length;
    encoder.mark();
    this.#add(lines.own);
    if (!encoder.isSettled) return false;
    this.#lastLines = { lines, epoch: encoder.epoch, bytes: Buffer.from(encoder.bytes(start)) };
    return true;
  }

  #add(own: readonly string[]): void {
    for (let at = 0; at < own.length; at += 2) this.#encoder.field(own[at], own[at + 1]);
  }

  #addForOrigin({ own }: RequestLines): void {
    for (let at = 0; at < own.length; at += 2)
      if (own[at] !== "proxy-authorization") this.#encoder.field(own[at], own[at + 1]);
  }
}

const FORBIDDEN_IN_TARGET = /[^\x21-\x7e]/;
const NO_FIELDS: readonly string[] = [];

/** Fails as a request of HTTP/1.1 with this method and target does. */
function checkTarget(method: string, path: string): void {
  if (!isToken(method) || path === "" || FORBIDDEN_IN_TARGET.test(path)) serializeHead(method, path, NO_FIELDS);
}
