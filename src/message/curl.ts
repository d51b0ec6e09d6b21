/** A prepared request as a curl command. */
import type { Body } from "./body/body.js";
import type { PreparedRequest } from "./prepared.js";
import { maskedUrl } from "./url.js";

export interface CurlOptions {
  /** Show credentials as they are; they are masked by default. */
  readonly credentials?: boolean | undefined;
}

const SECRET =
  /^(authorization|proxy-authorization|cookie|x-api-key|api-key|apikey|x-auth-token|x-access-token|private-token|x-csrf-token|x-amz-security-token|x-goog-api-key|x-vault-token)$/i;
const MAX_SHOWN_BODY = 64 * 1024;

export function curlCommand(request: PreparedRequest, body: Body | null, options: CurlOptions): string {
  const shown = options.credentials === true;
  const parts = ["curl"];
  if (request.method === "HEAD") parts.push("--head");
  else if (request.method !== "GET" || body !== null) parts.push("-X", shellWord(request.method));
  const { raw } = request.fields;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at];
    // curl frames the body itself.
    if (/^(content-length|transfer-encoding)$/i.test(name)) continue;
    const value = SECRET.test(name) && !shown ? masked(raw[at + 1]) : raw[at + 1];
    parts.push("-H", shellWord(value === "" ? `${name};` : `${name}: ${value}`));
  }
  if (body !== null) {
    const { bytes } = body;
    if (bytes === null || bytes.length > MAX_SHOWN_BODY) parts.push("--data-binary", "@-");
    else parts.push("--data-binary", shellBytes(bytes));
  }
  parts.push(shellWord(shown ? request.url : maskedUrl(request.url)));
  return parts.join(" ");
}

/** The scheme of an Authorization header is no secret. */
function masked(value: string): string {
  const scheme = /^[A-Za-z]+(?= )/.exec(value)?.[0];
  return scheme === undefined ? "***" : `${scheme} ***`;
}

/** POSIX: within single quotes everything stands for itself. */
function shellWord(text: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(text)) return text;
  return hasControl(text) ? shellBytes(Buffer.from(text)) : `'${text.replaceAll("'", "'\\''")}'`;
}

function shellBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  if (!hasControl(text) && Buffer.from(text).equals(buffer)) return `'${text.replaceAll("'", "'\\''")}'`;
  // bash and zsh: $'…' with escapes, for what no terminal shows.
  let escaped = "";
  for (const byte of buffer)
    escaped +=
      byte >= 32 && byte < 127 && byte !== 39 && byte !== 92
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`;
  return `$'${escaped}'`;
}

function hasControl(text: string): boolean {
  return /[\x00-\x09\x0b-\x1f\x7f]/.test(text);
}
