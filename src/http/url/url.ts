/**
 * URLs, as requests prepares them. The other things to do with one stand in url-parts.ts (prepared URLs taken apart)
 * and url-join.ts (references resolved); their exports are this module's too.
 */
import { types } from "node:util";

import { type Params, encodeParams } from "../params.js";
import { PATH, QUERY, CHARACTER_SETS, quote } from "../url-encoded.js";
import { authorityEnd } from "../redaction/shown-url.js";
import { missingSchema, missingUrl, urlText } from "./url-hints.js";
import { canonicalAuthority, noHost, opaqueAuthority, portNumber } from "./url-host.js";
import { removeDotSegments, requoteUri } from "./url-join.js";

export { type Params, encodeParams, mergeParams } from "../params.js";
export { schemeHint } from "./url-hints.js";
export { joinBaseUrl, joinUrl, locationText, locationUrl, referenceUrl, requoteUri } from "./url-join.js";
export {
  type UrlParts,
  authFromUrl,
  effectivePort,
  hostHeaderOf,
  matchesMountPrefix,
  pathUrlOf,
  requestTargetOf,
  sameOrigin,
  splitUrl,
  urlWithoutAuthAndFragment,
} from "./url-parts.js";

/**
 * The URL of a request as it is sent and shown: host lower case and ASCII, dot segments removed, what may not stand in a
 * URL escaped, parameters appended. User-info and fragment stay.
 *
 * A text with a colon that does not begin with "http" (`mailto:`, `data:`) is kept as it is, without the parameters.
 * `http+unix://` and its like are requoted and get the parameters, and nothing else. Preparing twice changes nothing.
 *
 * @param url - A string, a URL, or UTF-8 bytes; anything else by its `toString`. Leading white space is dropped.
 * @param params - Appended to an existing query.
 * @returns The prepared URL; the same string when it was prepared already.
 * @throws MissingSchema without a scheme, and for null, undefined and "".
 * @throws InvalidURL without a host, and for a host or port that cannot be.
 * @throws TypeError for an object that has no text of its own.
 * @see requests: `PreparedRequest.prepare_url`; RFC 3986 §6.2.2
 */
export function prepareUrl(url: unknown, params?: Params | null): string {
  if (typeof url === "string" && isPrepared(url)) return params == null ? url : withParams(url, params);
  if (url === null || url === undefined) throw missingUrl();
  const text = urlText(url).trimStart();
  if (text.includes(":") && text.slice(0, 4).toLowerCase() !== "http") return text;
  // No dot in this scheme, unlike in RFC 3986: `httpbin.org:80/x` is a host and a port.
  const scheme = /^[a-z][a-z0-9+-]*(?=:)/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined) throw missingSchema(text);
  if (!text.startsWith("//", scheme.length + 1)) throw noHost(text);
  const start = scheme.length + 3;
  const end = authorityEnd(text, start);
  const authority = text.slice(start, end);
  if (authority === "") throw noHost(text);

  const hash = text.indexOf("#", end);
  const fragment = hash === -1 ? "" : text.slice(hash + 1);
  const pathEnd = hash === -1 ? text.length : hash;
  const mark = text.indexOf("?", end);
  const hasQuery = mark !== -1 && mark < pathEnd;
  const path = text.slice(end, hasQuery ? mark : pathEnd);
  const query = hasQuery ? text.slice(mark + 1, pathEnd) : "";

  const isWeb = scheme === "http" || scheme === "https";
  const prepared = isWeb
    ? `${scheme}://${canonicalAuthority(authority, text)}${canonicalPath(path)}`
    : `${scheme}://${requoteUri(opaqueAuthority(authority, text) + rooted(path))}`;
  const parameters = params == null ? "" : preparedParams(params);
  const ownQuery = isWeb ? quote(query, QUERY, true) : requoteUri(query);
  const both = ownQuery !== "" && parameters !== "" ? `${ownQuery}&${parameters}` : ownQuery + parameters;
  const ownFragment = isWeb ? quote(fragment, QUERY, true) : requoteUri(fragment);
  return `${prepared}${both === "" ? "" : `?${both}`}${ownFragment === "" ? "" : `#${ownFragment}`}`;
}

/** Escapes first: `%2e%2e` is a dot segment too, and what is removed here cannot come back at the server. */
function canonicalPath(path: string): string {
  return path === "" ? "/" : removeDotSegments(rooted(quote(path, PATH, true)));
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function preparedParams(params: Params): string {
  const encoded = encodeParams(params);
  return typeof params === "string" || types.isUint8Array(params) ? requoteUri(encoded) : encoded;
}

/** @param url - A prepared URL without a fragment. */
function withParams(url: string, params: Params): string {
  const encoded = preparedParams(params);
  if (encoded === "") return url;
  return url.includes("?") ? `${url}&${encoded}` : `${url}?${encoded}`;
}

const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;

/**
 * Whether preparation would change nothing: the common case, found by one scan. It may say no to a URL that is
 * prepared (one with an escape, user-info or fragment), never yes to one that is not.
 */
function isPrepared(url: string): boolean {
  const length = url.length;
  let at = url.startsWith("http://") ? 7 : url.startsWith("https://") ? 8 : length;
  if (at >= length || url.charCodeAt(at) === DOT) return false;
  const hostStart = at;
  while (at < length && isPlainHostCharacter(url.charCodeAt(at))) at += 1;
  if (at === hostStart) return false;
  if (url.charCodeAt(at) === COLON) {
    const slash = url.indexOf("/", at);
    if (slash === -1 || slash === at + 1 || url.charCodeAt(at + 1) === 0x30 || !portNumber(url.slice(at + 1, slash)))
      return false;
    at = slash;
  }
  if (url.charCodeAt(at) !== SLASH) return false;
  let set = PATH;
  for (; at < length; at += 1) {
    const code = url.charCodeAt(at);
    if (code >= 128 || (CHARACTER_SETS[code] & set) === 0) {
      if (code !== QUESTION_MARK || at + 1 === length) return false;
      set = QUERY;
    } else if (code === DOT && set === PATH && url.charCodeAt(at - 1) === SLASH) return false;
  }
  return true;
}

/** Lower-case letters, digits, "-", "." and "_". */
function isPlainHostCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f
  );
}
