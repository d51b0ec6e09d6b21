/** A prepared request as a curl command. */
import type { Body } from "./body/body.js";
import type { ShownRequest } from "./shown-request.js";
import { targetOf } from "../http/url/request-target.js";
import { redactedBody, redactedUrl, redactedValue } from "../http/redaction/redaction.js";
import { unquote } from "../http/url-encoded.js";

/** Options of `toCurl`. */
export interface CurlOptions {
  /** Show credentials as they are; they are masked by default. */
  readonly credentials?: boolean | undefined;
}

const MAX_SHOWN_BODY = 64 * 1024;

/** The command: what curl would do by itself and the request does not is switched off. */
export function curlCommand(request: ShownRequest, options: CurlOptions): string {
  const shown = options.credentials === true;
  const { method, fields, body } = request;
  const parts = ["curl"];
  // Brackets and braces stand for themselves.
  if (/[[\]{}]/.test(request.url)) parts.push("--globoff");
  // `--compressed` makes curl decode the response.
  if (fields.has("accept-encoding")) parts.push("--compressed");
  if (method === "HEAD" && body === null) parts.push("--head");
  else if (method !== "GET" || body !== null) parts.push("-X", shellWord(method));
  const { raw } = fields;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    // curl frames the body itself.
    if (/^(content-length|transfer-encoding)$/i.test(name)) continue;
    const value = shown ? raw[at + 1] : redactedValue(name, raw[at + 1], request.credentialHeaders);
    parts.push("-H", headerWord(value === "" ? `${name};` : `${name}: ${value}`));
  }
  // Else curl says that it is a form.
  if (body !== null && !fields.has("content-type")) parts.push("-H", "Content-Type:");
  let source = "";
  if (body !== null) {
    const content = shown ? bytesOf(body) : maskedBytes(body, request);
    if (content === null) parts.push("--data-binary", "@-");
    else if (isText(content)) parts.push("--data-raw", quoted(content.toString("utf8")));
    else {
      source = `printf ${printfFormat(content)} | `;
      parts.push("--data-binary", "@-");
    }
  }
  let { url } = request;
  if (/^http\+unix:/i.test(url)) {
    const target = targetOf(url);
    parts.push("--unix-socket", shellWord(unquote(target.parts.host)));
    url = `http://localhost${target.path}`;
  }
  // Otherwise a URL such as "-o:/x" would be an option.
  if (url.startsWith("-")) parts.push("--url");
  parts.push(shellWord(shown ? url : redactedUrl(url)));
  return source + parts.join(" ");
}

/** null for a body that is too large, or is read only when it is sent. */
function bytesOf({ bytes }: Body): Buffer | null {
  if (bytes === null || bytes.length > MAX_SHOWN_BODY) return null;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A body in a content coding is not shown: secrets in it cannot be masked. */
function maskedBytes(body: Body, { fields }: ShownRequest): Buffer | null {
  const bytes = fields.has("content-encoding") ? null : bytesOf(body);
  return bytes === null ? null : Buffer.from(redactedBody(bytes.latin1Slice(), fields.get("content-type")), "latin1");
}

/** Whether bytes may stand in a command as they are: UTF-8 without control characters, of which a shell knows no NUL. */
function isText(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  return !/[\x00-\x09\x0b-\x1f\x7f]/.test(text) && Buffer.from(text).equals(bytes);
}

/** POSIX: within single quotes everything stands for itself. */
function shellWord(text: string): string {
  if (/^[A-Za-z0-9_/:.,@%+-][A-Za-z0-9_/:=.,@%+-]*$/.test(text)) return text;
  return /[\x00-\x1f\x7f-\x9f]/.test(text) ? printedWord(Buffer.from(text)) : quoted(text);
}

/** Headers are sent as Latin-1, whatever the encoding of the terminal is. */
function headerWord(text: string): string {
  return /[\x80-\xff]/.test(text) ? printedWord(Buffer.from(text, "latin1")) : shellWord(text);
}

/** Not every POSIX shell knows $'…' with its escapes. */
function printedWord(bytes: Buffer): string {
  return `"$(printf ${printfFormat(bytes)})"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** POSIX: printf takes bytes in octal, and a first "-" for an option. */
function printfFormat(bytes: Uint8Array): string {
  let format = "";
  for (const byte of bytes)
    format +=
      byte === PERCENT
        ? "%%"
        : isPlain(byte) && !(byte === HYPHEN && format === "")
          ? String.fromCharCode(byte)
          : `\\${byte.toString(8).padStart(3, "0")}`;
  return `'${format}'`;
}

const HYPHEN = 0x2d;
const PERCENT = 0x25;

/** Printable ASCII without quote, backslash, and "!", which an interactive bash replaces within double quotes. */
function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c && byte !== 0x21;
}
