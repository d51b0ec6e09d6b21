/** A request head → the text that is sent. Whatever goes out is checked here, the last place before the socket. */
import { InvalidURL, RequestException } from "../../exceptions.js";
import { checkField, isToken } from "../../message/headers.js";
import { quoted } from "./head.js";

const FORBIDDEN_IN_TARGET = /[^\x21-\x7e]/;

/**
 * @param target - origin-form, absolute-form or authority-form.
 * @param fields - name, value, name, value …, framing included.
 * @throws RequestException `ERR_INVALID_METHOD`, InvalidURL or InvalidHeader for what must not be sent.
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

/**
 * The same with fields that were checked and put together before.
 *
 * @param host - The value of a Host field to go first, or null when it is among the lines.
 */
export function serializeLines(method: string, target: string, host: string | null, lines: string): string {
  if (host === null) return `${requestLine(method, target)}${lines}\r\n`;
  checkField("Host", host);
  return `${requestLine(method, target)}Host: ${host}\r\n${lines}\r\n`;
}

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
    {
      code: "ERR_INVALID_METHOD",
    },
  );
}
