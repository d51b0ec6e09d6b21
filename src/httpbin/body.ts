/** The content of a request body as form fields, files, JSON or plain data, by the rules of Werkzeug. */
import { collectFields, parseFields, type Fields } from "./fields.js";
import type { Json } from "./json.js";
import { parseJson } from "./json.js";
import { parseMultipart, parseParameters } from "./multipart.js";

/** A request body taken apart. */
export interface ParsedBody {
  /** Fields of an urlencoded or multipart form. */
  readonly form: Fields;
  /** Field name → content, the first of a repeated name. */
  readonly files: ReadonlyMap<string, string>;
  /** The body as text, empty if it was a form. */
  readonly data: string;
  /** The body read as JSON whatever its Content-Type says, else null. */
  readonly json: Json;
}

const NO_FIELDS: Fields = new Map();
const NO_FILES: ReadonlyMap<string, string> = new Map();

/** Takes a body apart by its Content-Type. A form that cannot be parsed is an empty form. */
export function parseBody(body: Buffer, contentType: string): ParsedBody {
  const { value: type, parameters } = parseParameters(contentType);
  if (type === "application/x-www-form-urlencoded" || type === "application/x-url-encoded") {
    return { form: parseFields(body.toString("latin1")), files: NO_FILES, data: "", json: null };
  }
  if (type === "multipart/form-data") return parseForm(body, parameters.get("boundary"));
  const text = strictUtf8(body);
  return {
    form: NO_FIELDS,
    files: NO_FILES,
    data: showBytes(body),
    json: text === undefined ? null : (parseJson(text) ?? null),
  };
}

/** Text if the bytes are UTF-8, else a `data:` URL (RFC 2397). */
export function showBytes(bytes: Buffer, type = "application/octet-stream"): string {
  return strictUtf8(bytes) ?? `data:${type};base64,${bytes.toString("base64")}`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 without repairing it; a byte order mark stays. */
export function strictUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseForm(body: Buffer, boundary: string | undefined): ParsedBody {
  const fields: [string, string][] = [];
  const files = new Map<string, string>();
  const parts = boundary === undefined ? undefined : parseMultipart(body, boundary);
  for (const part of parts ?? []) {
    if (part.filename === undefined) fields.push([part.name, part.content.toString("utf8")]);
    else if (!files.has(part.name)) files.set(part.name, showBytes(part.content, part.type));
  }
  return { form: collectFields(fields), files, data: "", json: null };
}
