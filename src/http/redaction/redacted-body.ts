/** Bodies without the secrets in them. */
import { boundaryOf } from "../boundary.js";
import { looksLikeJson, redactedJson } from "./redacted-json.js";
import { isSecretParameter } from "./secret-names.js";
import { redactedQuery } from "./shown-url.js";
import { parseContentType } from "../content-type.js";
import { unquote } from "../url-encoded.js";

/** Multipart content within a part of multipart content is looked into up to this depth, and hidden below it. */
const MAX_DEPTH = 5;

/**
 * The text of a body without the values of fields that carry credentials: of JSON (several texts in a row as well), of a
 * form, or of multipart content. A secret name hides all that is below it.
 *
 * Text without a Content-Type is treated as a form, and text that begins like JSON as JSON. Bytes may be given as
 * latin-1 text.
 */
export function redactedBody(text: string, contentType: string | undefined, mark = "***"): string {
  return redactedContent(text, contentType ?? "", mark, 0);
}

function redactedContent(text: string, contentType: string, mark: string, depth: number): string {
  const type = contentType.split(";", 1)[0].trim().toLowerCase();
  if (type.startsWith("multipart/")) return redactedMultipart(text, contentType, mark, depth);
  if (/json|event-stream/.test(type) || looksLikeJson(text)) return redactedJson(text, mark);
  return type === "application/x-www-form-urlencoded" || type === "" ? redactedQuery(text, mark) : text;
}

/** Content whose parts cannot be told apart is hidden as a whole. */
function redactedMultipart(text: string, contentType: string, mark: string, depth: number): string {
  const boundary = boundaryOf(contentType);
  if (boundary === null || boundary === "" || depth === MAX_DEPTH) return mark;
  const delimiter = `--${boundary}`;
  const parts = text.split(delimiter);
  if (parts.length === 1) return text.trim() === "" ? text : mark;
  return parts.map((part, at) => (at === 0 ? part : redactedBodyPart(part, mark, depth))).join(delimiter);
}

/** @param part - The text between two delimiters. */
function redactedBodyPart(part: string, mark: string, depth: number): string {
  if (part.startsWith("--")) return part;
  const end = /\r?\n\r?\n/.exec(part);
  if (end === null) return part;
  const head = part.slice(0, end.index);
  const start = end.index + end[0].length;
  const stop = part.endsWith("\r\n") ? part.length - 2 : part.endsWith("\n") ? part.length - 1 : part.length;
  if (stop <= start) return part;
  const content = isSecretParameter(unquote(fieldName(head)))
    ? mark
    : redactedContent(part.slice(start, stop), fieldOf(head, "content-type"), mark, depth + 1);
  return part.slice(0, start) + content + part.slice(stop);
}

/** The value of a field in the head of a part; "" without one. */
function fieldOf(head: string, lowerName: string): string {
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split("\n"))
    if (line.slice(0, lowerName.length + 1).toLowerCase() === `${lowerName}:`)
      return line.slice(lowerName.length + 1).trim();
  return "";
}

function fieldName(head: string): string {
  const { parameters } = parseContentType(fieldOf(head, "content-disposition"));
  const extended = parameters.get("name*");
  return extended === undefined ? (parameters.get("name") ?? "") : unquote(extended.replace(/^[^']*'[^']*'/, ""));
}
