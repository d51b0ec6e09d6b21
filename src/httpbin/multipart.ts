/**
 * multipart/form-data, read whole.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
import { percentDecode, utf8FromLatin1 } from "./fields.js";

/** One part of a form. */
export interface Part {
  readonly name: string;
  /** Undefined for a text field. An empty name is still a file. */
  readonly filename: string | undefined;
  /** The Content-Type of the part as sent, if it has one. */
  readonly type: string | undefined;
  readonly content: Buffer;
}

/** @returns the parts, or `undefined` where the body is not delimited by the boundary to its end. */
export function parseMultipart(body: Buffer, boundary: string): Part[] | undefined {
  const parts: Part[] = [];
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  // The first delimiter needs no line break before it; lend it one, so that all look alike.
  const text = Buffer.concat([Buffer.from("\r\n"), body]);
  let at = text.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (text.toString("latin1", start, start + 2) === "--") return parts;
    const lineEnd = text.indexOf("\r\n", start);
    const next = text.indexOf(delimiter, start);
    if (lineEnd < 0 || next < 0) return undefined;
    const part = parsePart(text.subarray(lineEnd + 2, Math.max(next, lineEnd + 2)));
    if (part !== undefined) parts.push(part);
    at = next;
  }
  return undefined;
}

/** `text/plain; charset="utf-8"` → the value in lower case, and its parameters by their names in lower case. */
export function parseParameters(header: string): { value: string; parameters: ReadonlyMap<string, string> } {
  const parameters = new Map<string, string>();
  const [value = ""] = header.split(";", 1);
  const pattern = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;
  for (const [, name = "", quoted, plain = ""] of header.matchAll(pattern)) {
    // Browsers send a quote as %22 and a Windows path with plain backslashes: only \" and \\ are escapes.
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? plain.trim());
  }
  return { value: value.trim().toLowerCase(), parameters };
}

function parsePart(bytes: Buffer): Part | undefined {
  const headless = bytes.subarray(0, 2).toString("latin1") === "\r\n";
  const end = headless ? 0 : bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const content = bytes.subarray(end + (headless ? 2 : 4));
  const headers = new Map<string, string>();
  const lines = bytes
    .toString("latin1", 0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const { value, parameters } = parseParameters(headers.get("content-disposition") ?? "");
  const name = parameter(parameters, "name");
  if (value !== "form-data" || name === undefined) return undefined;
  return { name, filename: parameter(parameters, "filename"), type: headers.get("content-type"), content };
}

/** A parameter in UTF-8, or in the extended form of RFC 8187 (`filename*=UTF-8''%C3%A9`). */
function parameter(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const extended = parameters.get(`${name}*`);
  if (extended !== undefined) return utf8FromLatin1(percentDecode(extended.replace(/^[^']*'[^']*'/, "")));
  const plain = parameters.get(name);
  return plain === undefined ? undefined : utf8FromLatin1(plain);
}
