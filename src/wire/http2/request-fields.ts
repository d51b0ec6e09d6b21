/** A request → its header block: pseudo-fields first, names in lower case, without the fields of HTTP/1.1 connections. */
import { checkField, type FieldList } from "../../http/fields.js";
import { isToken } from "../../http/tokens.js";
import { serializeHead } from "../http1/request-head.js";
import type { WireRequest, WireTarget } from "../transport.js";
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

/** The parts of a block that many requests have in common, and the state of the encoder in which they mean this. */
interface EncodedConstant {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly lines: RequestLines;
  readonly epoch: number;
  /** The pseudo-fields before `:path`. */
  readonly prefix: Buffer;
  /** The fields after it. */
  readonly suffix: Buffer;
  /** The path that was encoded last, without fields of the request's own. */
  path: string;
  /** The whole block for this path, once it was requested twice. */
  block: Buffer | null;
}

/**
 * Encodes the requests of one connection. Most requests of a session send the same fields, and many programs request
 * the same URL again and again: their blocks are encoded once.
 */
export class RequestEncoder {
  readonly #encoder: HpackEncoder;
  #constant: EncodedConstant | null = null;

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  /**
   * Encodes a request. Its block must be sent before the next one: the server's table follows the encoder's.
   *
   * @param lines - Of the request's fields.
   * @param isTunnelled - Whether the connection leads through the tunnel of a proxy, whose credentials end there.
   * @returns The block, valid until the next call.
   * @throws RequestException `ERR_INVALID_METHOD`, InvalidURL or InvalidHeader for a request that must not be sent; the
   *   encoder is as it was before then.
   */
  encode({ method, target }: WireRequest, lines: RequestLines, isTunnelled: boolean): Buffer {
    const authority = lines.authority ?? target.authority;
    const constant = this.#constant;
    if (
      constant !== null &&
      constant.lines === (lines.first ?? lines) &&
      constant.authority === authority &&
      constant.method === method &&
      constant.scheme === target.scheme &&
      constant.epoch === this.#encoder.epoch &&
      !(isTunnelled && lines.hasProxyAuthorization)
    )
      return this.#encodeRest(constant, target.path, lines);
    checkTarget(method, target.path);
    checkField("Host", authority);
    return this.#encodeAll(method, { ...target, authority }, lines, isTunnelled);
  }

  /** A request that has all but its path, and perhaps some fields, in common with the ones before it. */
  #encodeRest(constant: EncodedConstant, path: string, lines: RequestLines): Buffer {
    const isWhole = lines.first === null;
    const isRepeated = isWhole && constant.path === path;
    if (isRepeated && constant.block !== null) return constant.block;
    checkTarget(constant.method, path);
    const encoder = this.#encoder;
    encoder.begin();
    encoder.append(constant.prefix);
    if (constant.method !== "CONNECT") encoder.path(path);
    encoder.append(constant.suffix);
    if (!isWhole) {
      this.#add(lines.own, false);
      return encoder.bytes();
    }
    constant.path = path;
    constant.block = isRepeated ? Buffer.from(encoder.bytes()) : null;
    return encoder.bytes();
  }

  #encodeAll(method: string, target: WireTarget, lines: RequestLines, isTunnelled: boolean): Buffer {
    const encoder = this.#encoder;
    const { scheme, authority, path } = target;
    encoder.begin();
    const start = encoder.length;
    encoder.field(":method", method);
    // RFC 9113 §8.5: a CONNECT has neither scheme nor path.
    if (method !== "CONNECT") encoder.field(":scheme", scheme === "https" ? "https" : "http");
    encoder.field(":authority", authority);
    const prefixEnd = encoder.length;
    if (method !== "CONNECT") encoder.path(path);
    const suffixStart = encoder.length;
    const common = lines.first ?? lines;
    const withoutProxy = isTunnelled && lines.hasProxyAuthorization;
    this.#add(common.own, withoutProxy);
    if (encoder.isSettled && !withoutProxy) {
      const bytes = Buffer.from(encoder.bytes());
      const prefix = bytes.subarray(start, prefixEnd);
      const suffix = bytes.subarray(suffixStart);
      const { epoch } = encoder;
      this.#constant = { method, scheme, authority, lines: common, epoch, prefix, suffix, path: "", block: null };
    }
    if (lines.first !== null) this.#add(lines.own, withoutProxy);
    return encoder.bytes();
  }

  #add(own: readonly string[], withoutProxy: boolean): void {
    for (let at = 0; at < own.length; at += 2)
      if (!withoutProxy || own[at] !== "proxy-authorization") this.#encoder.field(own[at], own[at + 1]);
  }
}

const FORBIDDEN_IN_TARGET = /[^\x21-\x7e]/;
const NO_FIELDS: readonly string[] = [];

/** Fails as a request of HTTP/1.1 with this method and target does. */
function checkTarget(method: string, path: string): void {
  if (!isToken(method) || path === "" || FORBIDDEN_IN_TARGET.test(path)) serializeHead(method, path, NO_FIELDS);
}
