/** References resolved against a base: RFC 3986 §5.2, the Location header, and `baseUrl`. */
import { isUtf8 } from "node:buffer";

import { InvalidURL } from "../../exceptions.js";
import { authorityEnd, shownUrl } from "../redaction/shown-url.js";
import { missingUrl, urlText } from "./url-hints.js";
import { canonicalAuthority } from "./url-host.js";
import { WHOLE_URI, escapeHighBytes, quote } from "../url-encoded.js";

/** A URI reference in the five parts of RFC 3986 appendix B; null stands for "undefined". */
interface Reference {
  /** As written. */
  readonly scheme: string | null;
  readonly authority: string | null;
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

const SCHEME = /^[a-z][a-z0-9+.-]*(?=:)/i;

/** Takes a reference apart; a backslash ends the authority, as in requests. Never throws. */
export function parseReference(text: string): Reference {
  const scheme = SCHEME.exec(text)?.[0] ?? null;
  let start = scheme === null ? 0 : scheme.length + 1;
  let authority: string | null = null;
  if (text.startsWith("//", start)) {
    const end = authorityEnd(text, start + 2);
    authority = text.slice(start + 2, end);
    start = end;
  }
  const hash = text.indexOf("#", start);
  const pathEnd = hash === -1 ? text.length : hash;
  const mark = text.indexOf("?", start);
  const hasQuery = mark !== -1 && mark < pathEnd;
  return {
    scheme,
    authority,
    path: text.slice(start, hasQuery ? mark : pathEnd),
    query: hasQuery ? text.slice(mark + 1, pathEnd) : null,
    fragment: hash === -1 ? null : text.slice(hash + 1),
  };
}

/**
 * Removes "." and ".." segments.
 *
 * @see RFC 3986 §5.2.4, as urllib3 does it: `..` at the root is dropped, and takes one empty segment with it.
 */
export function removeDotSegments(path: string): string {
  // A dot segment has its dot at the start or after a slash.
  if (!path.startsWith(".") && !path.includes("/.")) return path;
  const output: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") output.pop();
    else if (segment !== ".") output.push(segment);
  }
  if (path.startsWith("/") && output[0] !== "") output.unshift("");
  if (path.endsWith("/.") || path.endsWith("/..")) output.push("");
  const result = output.join("/");
  return path.startsWith("/") && result === "" ? "/" : result;
}

/**
 * Resolves a reference against a base, as Python's `urljoin`: a reference with the base's scheme and no authority
 * (`http:g`) is relative, which RFC 3986 §5.2.2 allows for old links.
 *
 * @param base - An absolute URL.
 * @returns The target with its dot segments removed; the fragment is the reference's own.
 * @see RFC 3986 §5.2
 */
export function joinUrl(base: string, reference: string): string {
  return compose(resolve(parseReference(base), parseReference(reference)));
}

/** RFC 3986 §5.2.2; an empty authority (`http:///x`) counts as none, as in Python. */
function resolve(from: Reference, to: Reference): Reference {
  const sameScheme = to.scheme === null || to.scheme.toLowerCase() === from.scheme?.toLowerCase();
  if (to.authority) return { ...to, scheme: to.scheme ?? from.scheme, path: removeDotSegments(to.path) };
  if (!sameScheme) return to;
  let { path, query } = to;
  if (path === "") {
    path = from.path;
    query ??= from.query;
  } else path = removeDotSegments(path.startsWith("/") ? path : mergedPath(from, path));
  return { scheme: from.scheme, authority: from.authority, path, query, fragment: to.fragment };
}

/** RFC 3986 §5.2.3. */
function mergedPath(base: Reference, path: string): string {
  if (base.authority !== null && base.path === "") return `/${path}`;
  return base.path.slice(0, base.path.lastIndexOf("/") + 1) + path;
}

/** RFC 3986 §5.3. */
function compose(parts: Reference): string {
  return (
    (parts.scheme === null ? "" : `${parts.scheme.toLowerCase()}:`) +
    (parts.authority === null ? "" : `//${parts.authority}`) +
    parts.path +
    (parts.query === null ? "" : `?${parts.query}`) +
    (parts.fragment === null ? "" : `#${parts.fragment}`)
  );
}

/**
 * Escapes what may not stand in a URI and undoes escapes that need not be; good escapes stay as they are. Doing it twice
 * changes nothing.
 *
 * @see requests: `utils.requote_uri`, but a malformed `%` alone is escaped, not every escape beside it.
 */
export function requoteUri(text: string): string {
  return quote(text, WHOLE_URI, false);
}

/**
 * The URL that a Location header leads to.
 *
 * - The header is latin-1 of the bytes that came. They are read as UTF-8; bytes that are not UTF-8 stay, escaped.
 * - White space around it, and tabs and line ends in it, are dropped.
 * - The rest is as in {@link referenceUrl}.
 *
 * @param base - The URL of the request that was answered.
 * @param location - The header's value.
 * @throws InvalidURL when the host of an absolute http or https URL cannot be.
 * @see requests: `SessionRedirectMixin.resolve_redirects`
 */
export function locationUrl(base: string, location: string): string {
  const text = locationText(location);
  // As text, a byte of latin-1 would become two of UTF-8.
  return referenceUrl(base, text === location && isHeaderText(text) ? escapeHighBytes(text) : text);
}

/**
 * The text of a Location header, to be shown: UTF-8 if the bytes are valid UTF-8, otherwise latin-1.
 *
 * @param location - The header's value, latin-1 of the bytes that came.
 */
export function locationText(location: string): string {
  if (!isHeaderText(location)) return location;
  const bytes = Buffer.from(location, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : location;
}

/** Whether a text may be latin-1 of bytes beyond ASCII. Above 0xff it is text that a test or a hook set. */
function isHeaderText(text: string): boolean {
  let highest = 0;
  for (let at = 0; at < text.length; at += 1) highest = Math.max(highest, text.charCodeAt(at));
  return highest >= 0x80 && highest <= 0xff;
}

/**
 * The URL that a reference leads to: `//host/x` gets the scheme of the base, and a relative reference is resolved. Both
 * are requoted. Without a fragment of its own it inherits the one of the base (RFC 9110 §10.2.2).
 *
 * @param base - The URL of the request that was answered.
 * @param reference - Text.
 * @throws InvalidURL when the host of an absolute http or https URL cannot be.
 */
export function referenceUrl(base: string, reference: string): string {
  const from = parseReference(base);
  let text = reference.trim();
  if (/[\t\r\n]/.test(text)) text = text.replace(/[\t\r\n]/g, "");
  const raw = parseReference(text);
  const scheme = raw.scheme ?? (raw.authority ? from.scheme : null);
  const isWeb = /^https?$/i.test(scheme ?? "");
  // The parts are quoted and never parsed again: `%68ttp://evil.org` is a path, whatever its escapes say.
  const quoted: Reference = {
    scheme,
    // As a name of DNS: quoted, a host that is not ASCII would become escapes.
    authority: raw.authority && (isWeb ? canonicalAuthority(raw.authority, text) : requoteUri(raw.authority)),
    path: requoteUri(raw.path),
    query: raw.query === null ? null : requoteUri(raw.query),
    fragment: requoteUri(raw.fragment || from.fragment || "") || null,
  };
  if (!quoted.authority) return compose({ ...resolve(from, quoted), fragment: quoted.fragment });
  // An absolute target keeps its dot segments, as in requests. A path that began with a backslash gets its slash.
  return compose(/^(?:$|\/)/.test(quoted.path) ? quoted : { ...quoted, path: `/${quoted.path}` });
}

/**
 * A session's `baseUrl` and the URL of a call as one.
 *
 * A URL with a scheme (RFC 3986 §4.2: a first segment with a colon is one; write `./a:b` for a path) is taken as it is.
 * Anything else is appended to the base's path with one slash between. Queries of both are kept; the base's fragment is
 * not.
 *
 * @throws InvalidURL for `//other.host/x`: it would leave the base without saying so.
 * @throws TypeError for an object that has no text of its own.
 */
export function joinBaseUrl(baseUrl: string, url: string | URL): string {
  if ((url as unknown) === null || (url as unknown) === undefined) throw missingUrl();
  const text = urlText(url).trimStart();
  if (SCHEME.test(text)) return text;
  if (text.startsWith("//"))
    throw new InvalidURL(
      `Invalid URL '${shownUrl(text)}': it names another host than the session's baseUrl. ` +
        `Write its scheme as well, or one slash for a path below the base.`,
    );
  const hash = baseUrl.indexOf("#");
  const base = (hash === -1 ? baseUrl : baseUrl.slice(0, hash)).trim();
  const mark = base.indexOf("?");
  const basePath = mark === -1 ? base : base.slice(0, mark);
  const baseQuery = mark === -1 ? "" : base.slice(mark + 1);
  const pathEnd = text.search(/[?#]/);
  const path = pathEnd === -1 ? text : text.slice(0, pathEnd);
  let joined = basePath;
  if (path !== "") {
    const left = basePath.endsWith("/") ? basePath.slice(0, -1) : basePath;
    joined = path.startsWith("/") ? left + path : `${left}/${path}`;
  }
  const rest = pathEnd === -1 ? "" : text.slice(pathEnd);
  if (baseQuery === "") return joined + rest;
  return rest.startsWith("?") ? `${joined}?${baseQuery}&${rest.slice(1)}` : `${joined}?${baseQuery}${rest}`;
}
