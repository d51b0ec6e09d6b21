/** The parts of a multipart body: what `data` and `files` name, and the head of each part. */
import { InvalidHeader } from "../../exceptions.js";
import { kindOf } from "../../options/kind.js";
import { isBlob, isDate, isFormData, isUrl, type FormDataLike } from "../../options/kinds.js";
import { contentBody, ownFileName } from "./content.js";
import { BytesBody, TextBody } from "./memory-source.js";
import type { HeadEncoding } from "./multipart.js";
import { asBytes, type Body } from "./source.js";

/** One part of a multipart body. */
export interface Part {
  /** The header lines, with the empty line that ends them. */
  readonly head: string;
  readonly body: Body;
}

/** The parts of the `data` of a call that has files; arrays repeat a field, null drops it. */
export function dataParts(data: unknown): Part[] {
  if (typeof data === "object" && data !== null && isFormData(data)) return formDataParts(data);
  const parts: Part[] = [];
  for (const [name, value] of fieldEntries(data, "data")) {
    const isList =
      typeof value === "object" &&
      value !== null &&
      Symbol.iterator in value &&
      asBytes(value) === null &&
      !isBlob(value);
    const values = isList ? (value as Iterable<unknown>) : [value];
    for (const item of values)
      if (item !== null && item !== undefined)
        parts.push({ head: partHead(name, null, null, []), body: fieldBody(name, item) });
  }
  return parts;
}

/**
 * The parts of `files`: content, `[filename, content]`, `[filename, content, contentType]` or
 * `[filename, content, contentType, headers]`. A file name of null makes a plain field, content of null is left out.
 *
 * @throws TypeError for what is none of these.
 * @throws InvalidHeader for a content type or header that would break out of the part's head.
 * @see requests: `RequestEncodingMixin._encode_files`
 */
export function fileParts(files: unknown): Part[] {
  const parts: Part[] = [];
  for (const [name, spec] of fieldEntries(files, "files")) {
    const where = `files[${JSON.stringify(name)}]`;
    const part = Array.isArray(spec) ? filePart(name, where, spec) : contentPart(name, where, spec, name);
    if (part !== null) parts.push(part);
  }
  return parts;
}

/**
 * The parts of a MultipartEncoder's fields: as `files`, but content alone is a field without a file name, unless it
 * brings one along. Booleans are text, too.
 *
 * @param encoding - of names, file names and text; streams give bytes.
 * @throws TypeError for a value that is not a field; InvalidHeader for text that the encoding cannot express.
 * @see requests-toolbelt: `MultipartEncoder._iter_fields`
 */
export function encoderParts(fields: unknown, encoding: PartEncoding): Part[] {
  if (typeof fields === "object" && fields !== null && isFormData(fields))
    return encoded(formDataParts(fields), encoding);
  const parts: Part[] = [];
  for (const [name, spec] of fieldEntries(fields, "fields")) {
    const where = `fields[${JSON.stringify(name)}]`;
    const content = typeof spec === "boolean" ? String(spec) : spec;
    const part = Array.isArray(spec) ? filePart(name, where, spec) : contentPart(name, where, content, null);
    if (part !== null) parts.push(part);
  }
  return encoded(parts, encoding);
}

/** The encodings in which text can be written. */
export type PartEncoding = "utf-8" | "latin1" | "ascii";

function encoded(parts: Part[], encoding: PartEncoding): Part[] {
  if (encoding === "utf-8") return parts;
  const last = encoding === "ascii" ? 0x7f : 0xff;
  return parts.map(({ head, body }, index) => {
    checkExpressible(head, last, `The head of part ${index + 1}`, encoding);
    if (typeof body.value !== "string") return { head, body };
    checkExpressible(body.value, last, `The text of part ${index + 1}`, encoding);
    return { head, body: new BytesBody(Buffer.from(body.value, headEncoding(encoding))) };
  });
}

/** The encoding of part heads for this encoding of text. */
export function headEncoding(encoding: PartEncoding): HeadEncoding {
  return encoding === "utf-8" ? "utf8" : "latin1";
}

function checkExpressible(text: string, last: number, what: string, encoding: PartEncoding): void {
  for (let at = 0; at < text.length; at += 1)
    if (text.charCodeAt(at) > last) {
      const code = text.codePointAt(at)!.toString(16).toUpperCase().padStart(4, "0");
      throw new InvalidHeader(
        `${what} cannot be written as ${encoding}: it has U+${code}. Leave the encoding at utf-8`,
      );
    }
}

/** Content alone; it may bring a file name along. */
function contentPart(name: string, where: string, content: unknown, fallback: string | null): Part | null {
  if (content === null || content === undefined) return null;
  return {
    head: partHead(name, ownFileName(content) ?? fallback, typeOf(content), []),
    body: fileBody(where, content),
  };
}

function filePart(name: string, where: string, spec: readonly unknown[]): Part | null {
  const [filename, content, contentType, headers] = spec;
  const isFileName = typeof filename === "string" || filename === null || filename === undefined;
  if (spec.length < 2 || spec.length > 4 || !isFileName)
    throw new TypeError(
      `${where} must be content, [filename, content], [filename, content, contentType] or [filename, content, ` +
        `contentType, headers]; to send several in one field give them as pairs: [["field", …], ["field", …]]`,
    );
  if (content === null || content === undefined) return null;
  if (contentType !== null && contentType !== undefined && typeof contentType !== "string")
    throw new TypeError(`${where}: the content type must be a string, not ${kindOf(contentType)}`);
  const custom = headers === null || headers === undefined ? [] : [...fieldEntries(headers, `the headers of ${where}`)];
  return {
    head: partHead(name, filename ?? null, contentType === undefined ? typeOf(content) : contentType, custom),
    body: fileBody(where, content),
  };
}

/**
 * The parts of a FormData, as `fetch` sends them: line breaks of names and texts become CRLF, a file without a type is
 * an octet stream.
 *
 * @see WHATWG HTML, "multipart form data"
 */
export function formDataParts(form: FormDataLike): Part[] {
  const parts: Part[] = [];
  for (const [name, value] of form) {
    const field = withCrlf(name);
    if (typeof value === "string") {
      parts.push({ head: partHead(field, null, null, []), body: new TextBody(withCrlf(value)) });
      continue;
    }
    const head = partHead(field, ownFileName(value) ?? "blob", value.type || "application/octet-stream", []);
    parts.push({ head, body: fileBody(`The form's ${JSON.stringify(name)}`, value) });
  }
  return parts;
}

function withCrlf(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replace(/\r\n|\r|\n/g, "\r\n") : text;
}

function fileBody(where: string, content: unknown): Body {
  const body = contentBody(content);
  if (body !== null) return body;
  if (typeof content === "number" || typeof content === "bigint") return new TextBody(String(content));
  throw new TypeError(
    `${where} is ${kindOf(content)}; the content of a file is a string, bytes, a Blob or File, a stream, a FileHandle ` +
      `or an iterable of bytes or strings`,
  );
}

function fieldBody(name: string, value: unknown): Body {
  if (typeof value === "string") return new TextBody(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return new TextBody(String(value));
  if (isDate(value)) return new TextBody(value.toISOString());
  if (typeof value === "object" && value !== null && isUrl(value)) return new TextBody(value.href);
  const bytes = asBytes(value);
  if (bytes !== null) return new BytesBody(bytes);
  const hint =
    typeof value === "object" && value !== null && isBlob(value)
      ? "put it into files"
      : "give text, a number, a boolean or bytes, or JSON.stringify of it";
  throw new TypeError(`data[${JSON.stringify(name)}] is ${kindOf(value)}; ${hint}`);
}

function typeOf(content: unknown): string | null {
  return typeof content === "object" && content !== null && isBlob(content) && content.type !== ""
    ? content.type
    : null;
}

/** Names and values of an object, a Map or pairs. */
function* fieldEntries(fields: unknown, what: string): Generator<[string, unknown]> {
  if (typeof fields !== "object" || fields === null || asBytes(fields) !== null)
    throw new TypeError(`${what} must be an object, a Map or [name, value] pairs, not ${kindOf(fields)}`);
  if (!(Symbol.iterator in fields)) {
    yield* Object.entries(fields);
    return;
  }
  for (const pair of fields as Iterable<unknown>) {
    if (!Array.isArray(pair) || pair.length !== 2 || (typeof pair[0] !== "string" && typeof pair[0] !== "number"))
      throw new TypeError(`${what} given as a list must be [name, value] pairs, not ${kindOf(pair)}`);
    yield [String(pair[0]), pair[1]];
  }
}

const BREAKS = /[\r\n"]/;
const NOT_IN_VALUE = /[\r\n\0]/;
const TOKEN = /^[0-9A-Za-z!#$%&'*+\-.^_`|~]+$/;

/**
 * The head of a part, in urllib3's order: Content-Disposition, Content-Type, Content-Location, then the others.
 *
 * @see urllib3: `RequestField.make_multipart`, `RequestField.render_headers`
 */
function partHead(
  name: string,
  filename: string | null,
  contentType: string | null,
  custom: readonly (readonly [string, unknown])[],
): string {
  let head = `Content-Disposition: form-data; name="${escaped(name)}"`;
  if (filename !== null) head += `; filename="${escaped(filename)}"`;
  head += "\r\n";
  let type = contentType;
  let location = "";
  let others = "";
  for (const [field, value] of custom) {
    if (value === null || value === undefined || value === "") continue;
    const line = headerLine(name, field, value);
    const lower = field.toLowerCase();
    if (lower === "content-type") type ??= `${value as string | number}`;
    else if (lower === "content-location") location = line;
    else if (lower !== "content-disposition") others += line;
  }
  if (type !== null && type !== "") head += headerLine(name, "Content-Type", type);
  return `${head}${location}${others}\r\n`;
}

function headerLine(part: string, field: string, value: unknown): string {
  const isText = typeof value === "string" || typeof value === "number";
  if (isText && TOKEN.test(field) && !NOT_IN_VALUE.test(String(value))) return `${field}: ${value}\r\n`;
  throw new InvalidHeader(
    `The header ${JSON.stringify(field)} of the multipart field ${JSON.stringify(part)} cannot be sent: its name must be a ` +
      `token, its value text without CR, LF and NUL (RFC 9110 §5.1, §5.5)`,
  );
}

/** A parameter's text as browsers and urllib3 write it: UTF-8, and the three characters that would end it escaped. */
function escaped(text: string): string {
  if (!BREAKS.test(text)) return text;
  return text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
