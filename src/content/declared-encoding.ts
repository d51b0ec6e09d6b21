/** The charset that a Content-Type field declares. */
import { parseContentType } from "../http/content-type.js";
import { canonicalEncoding } from "./decoders.js";

/** The encoding that a Content-Type names. */
export interface DeclaredEncoding {
  /** The `charset` parameter as it is written; null without one, and for one that names no encoding. */
  readonly charset: string | null;
  /** Whether the type is `application/json` or `…+json`. */
  readonly isJson: boolean;
}

const PLAIN_JSON: DeclaredEncoding = { charset: null, isJson: true };
const NOTHING_DECLARED: DeclaredEncoding = { charset: null, isJson: false };

/**
 * The encoding that a Content-Type names.
 *
 * Quotes of either kind around a charset are dropped, and what follows a comma or a space after it: a header that was
 * sent twice is `text/html; charset=utf-8, text/html`.
 *
 * @param contentType - The field's value; undefined when there is no field.
 */
export function declaredEncoding(contentType: string | undefined): DeclaredEncoding {
  if (contentType === undefined) return NOTHING_DECLARED;
  if (contentType === "application/json") return PLAIN_JSON;
  const { type, parameters } = parseContentType(contentType);
  const isJson = type === "application/json" || type.endsWith("+json");
  const charset = parameters.get("charset")?.replace(/^['"\s]+/, "") ?? "";
  const end = charset.search(/['",\s]/);
  const bare = end === -1 ? charset : charset.slice(0, end);
  return { charset: canonicalEncoding(bare) === null ? null : bare, isJson };
}

/**
 * The encoding that a Content-Type declares.
 *
 * @param contentType - The field's value; undefined when there is no field.
 * @returns The charset; `utf-8` for `application/json` and `…+json` without one (RFC 8259 §8.1); otherwise null. `text/*`
 * is not ISO-8859-1 by default, as it is in requests: detection decides.
 * @see requests: `utils.get_encoding_from_headers`
 */
export function encodingFromHeaders(contentType: string | undefined): string | null {
  const { charset, isJson } = declaredEncoding(contentType);
  return charset ?? (isJson ? "utf-8" : null);
}
