/** The head of a request as HTTP/1.1 sends it. Everything that is sent is checked here, the last place before the socket. */
import { InvalidURL, RequestException } from "../../exceptions.js";
import { checkField, type FieldList } from "../../http/fields.js";
import { isToken } from "../../http/tokens.js";
import type { WireRequest } from "../transport.js";
import { isForwarding, type ProxyHop } from "../connect/proxy-hop.js";
import { quoted } from "./head.js";

/** Fields as they are sent, and what they say about the message. */
export interface HeadLines {
  /** `Name: value\r\n` for each field. */
  readonly text: string;
  readonly hasHost: boolean;
  /** Whether there is a Content-Length or a Transfer-Encoding. */
  readonly hasFraming: boolean;
  /** Whether the connection is to be closed afterwards. */
  readonly closes: boolean;
  /** The last head that was made with these lines: programs request the same URL again and again. */
  last: { readonly method: string; readonly path: string; readonly authority: string; readonly text: string } | null;
}

/** For `FieldList.derive`. @throws InvalidHeader for a field that must not be sent. */
export function headLines(fields: FieldList, first: HeadLines | null, start: number, end: number): HeadLines {
  const { raw, lower } = fields;
  let text = first?.text ?? "";
  let hasHost = first?.hasHost ?? false;
  let hasFraming = first?.hasFraming ?? false;
  let closes = first?.closes ?? false;
  for (let at = start; at < end; at += 1) {
    const name = lower[at];
    const value = raw[at * 2 + 1];
    checkField(raw[at * 2], value);
    text += `${raw[at * 2]}: ${value}\r\n`;
    if (name === "host") hasHost = true;
    else if (name === "content-length" || name === "transfer-encoding") hasFraming = true;
    else if (name === "connection" && value.toLowerCase() === "close") closes = true;
  }
  return { text, hasHost, hasFraming, closes, last: null };
}

/**
 * The whole head with the empty line that ends it.
 *
 * @param lines - Of the request's fields.
 * @throws RequestException `ERR_INVALID_METHOD`, InvalidURL or InvalidHeader for a head that must not be sent.
 */
export function requestHead(request: WireRequest, lines: HeadLines, proxy: ProxyHop | null): string {
  if (proxy !== null) return proxiedHead(request, proxy);
  const { method, target } = request;
  const { path, authority } = target;
  const { last } = lines;
  if (last !== null && last.path === path && last.authority === authority && last.method === method) return last.text;
  if (!lines.hasHost) checkField("Host", authority);
  const host = lines.hasHost ? "" : `Host: ${authority}\r\n`;
  const text = `${requestLine(method, path)}${host}${lines.text}\r\n`;
  lines.last = { method, path, authority, text };
  return text;
}

function proxiedHead({ method, target, fields, proxyAuthorization }: WireRequest, proxy: ProxyHop): string {
  const raw = fields.has("host") ? fields.raw : ["Host", target.authority, ...fields.raw];
  // A field for the proxy never goes through its tunnel to the origin.
  if (!isForwarding(proxy)) return serializeHead(method, target.path, withoutField(raw, "proxy-authorization"));
  // RFC 9112 §3.2.2: a proxy is sent the whole URL.
  const url = `${target.scheme}://${target.authority}${target.path}`;
  if (proxyAuthorization === null) return serializeHead(method, url, raw);
  const others = withoutField(raw, "proxy-authorization");
  return serializeHead(method, url, [...others, "Proxy-Authorization", proxyAuthorization]);
}

function withoutField(raw: string[], lowerName: string): string[] {
  return raw.filter((_text, at) => raw[at - (at % 2)].toLowerCase() !== lowerName);
}

/**
 * @param target - origin-form, absolute-form or authority-form.
 * @param fields - name, value, name, value …, framing included.
 * @throws RequestException `ERR_INVALID_METHOD`, InvalidURL or InvalidHeader for a head that must not be sent.
 */
export function serializeHead(method: string, target: string, fields: readonly string[]): string {
  let head = requestLine(method, target);
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at];
    const value = fields[at + 1];
    checkField(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

const FORBIDDEN_IN_TARGET = /[^\x21-\x7e]/;

function requestLine(method: string, target: string): string {
  if (!isToken(method)) throw invalidMethod(method);
  if (target === "" || FORBIDDEN_IN_TARGET.test(target))
    throw new InvalidURL(
      `Invalid request target ${quoted(target.replace(/\?.*$/s, "?…"))}: white space and control characters must be percent-encoded`,
    );
  return `${method} ${target} HTTP/1.1\r\n`;
}

function invalidMethod(method: string): RequestException {
  return new RequestException(
    `Invalid method ${quoted(method)}: a method is a token, such as GET or PROPFIND (RFC 9110 §9.1)`,
    { code: "ERR_INVALID_METHOD" },
  );
}
