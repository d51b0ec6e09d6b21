/** A prepared request as a curl command. */
import type { Body } from "./body/body.js";
import type { PreparedRequest } from "./prepared.js";
import { redactedBody, redactedUrl, redactedValue } from "./redaction.js";

/** How the command is written. */
export interface CurlOptions {
  /** Show credentials as they are; they are masked by default. */
  readonly credentials?: boolean | undefined;
}

const MAX_SHOWN_BODY = 64 * 1024;

/** The command: what curl would do by itself and the request does not is switched off. */
export function curlCommand(request: PreparedRequest, body: Body | null, options: CurlOptions): string {
  const shown = options.credentials === true;
  const { fields, method } = request;
  const parts = ["curl"];
  // Brackets and braces stand for themselves.
  if (/[[\]{}]/.test(request.url)) parts.push("--globoff");
  // What is asked for compressed is printed as what it is.
  if (fields.has("accept-encoding")) parts.push("--compressed");
  if (method === "HEAD" && body === null) parts.push("--head");
  else if (method !== "GET" || body !== null) parts.push("-X", shellWord(method));
  const { raw } = fields;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    // curl frames the body itself.
    if (/^(content-length|transfer-encoding)$/i.test(name)) continue;
    const value = shown ? raw[at + 1] : redactedValue(name, raw[at + 1]);
    parts.push("-H", shellWord(value === "" ? `${name};` : `${name}: ${value}`));
  }
  // Else curl says that it is a form.
  if (body !== null && !fields.has("content-type")) parts.push("-H", "Content-Type:");
  let source = "";
  if (body !== null) {
    const content = shownContent(body, shown ? undefined : (fields.get("content-type") ?? ""));
    if (content === null) parts.push("--data-binary", "@-");
    else if (typeof content === "string") parts.push("--data-raw", quoted(content));
    else {
      source = `printf ${printfFormat(content)} | `;
      parts.push("--data-binary", "@-");
    }
  }
  const { scheme, host } = request.target.parts;
  if (scheme === "http+unix") {
    parts.push("--unix-socket", shellWord(decodeURIComponent(host)));
    parts.push(shellWord(redactedUrl(`http://localhost${request.target.path}`)));
  } else parts.push(shellWord(shown ? request.url : redactedUrl(request.url)));
  return source + parts.join(" ");
}

/**
 * Text that may stand in a command, bytes that may not (a word of the shell has no NUL), or null for what is too large or
 * is read only when it is sent.
 *
 * @param contentType - Of a body whose secrets are to be masked.
 */
function shownContent({ bytes }: Body, contentType: string | undefined): string | Uint8Array | null {
  if (bytes === null || bytes.length > MAX_SHOWN_BODY) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  if (hasControl(text) || !Buffer.from(text).equals(buffer)) return bytes;
  return contentType === undefined ? text : redactedBody(text, contentType);
}

/** POSIX: within single quotes everything stands for itself. */
function shellWord(text: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(text)) return text;
  return hasControl(text) ? escapedWord(text) : quoted(text);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** bash and zsh: $'…' with escapes, for what no terminal shows. */
function escapedWord(text: string): string {
  let escaped = "";
  for (const byte of Buffer.from(text))
    escaped += isPlain(byte) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  return `$'${escaped}'`;
}

/** POSIX: printf takes bytes in octal. */
function printfFormat(bytes: Uint8Array): string {
  let format = "";
  for (const byte of bytes)
    format += byte === 37 ? "%%" : isPlain(byte) ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  return `'${format}'`;
}

/** Printable ASCII without quote and backslash. */
function isPlain(byte: number): boolean {
  return byte >= 32 && byte < 127 && byte !== 39 && byte !== 92;
}

function hasControl(text: string): boolean {
  return /[\x00-\x09\x0b-\x1f\x7f]/.test(text);
}
