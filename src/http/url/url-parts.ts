/** A prepared URL taken apart, and the questions that are asked of one. */
import { InvalidURL } from "../../exceptions.js";
import { authorityEnd, shownUrl } from "../redaction/shown-url.js";
import { failedToParse, hasControlOrSpace, noHost, portNumber } from "./url-host.js";
import { unquote } from "../url-encoded.js";

const SLASH = 0x2f;

/** A URL in its parts. */
export interface UrlParts {
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** As written, without the "@"; null when there is none. */
  readonly userinfo: string | null;
  /** Lower case, with the brackets of an IPv6 address; "" without an authority. The path of a Unix socket keeps its case. */
  readonly host: string;
  /** The port that is written; null when there is none. */
  readonly port: number | null;
  /** As written, so "" may stand for "/". */
  readonly path: string;
  /** Without the question mark; null when there is none. */
  readonly query: string | null;
  /** Without the "#"; null when there is none. */
  readonly fragment: string | null;
}

/**
 * Takes a prepared URL apart.
 *
 * @param url - What `prepareUrl` gave; a URL that was edited after preparation is checked enough to be safe.
 * @throws InvalidURL without a scheme; with a host or a port that cannot be; without a host for http and https.
 */
export function splitUrl(url: string): UrlParts {
  const colon = url.indexOf(":");
  if (colon < 1) throw new InvalidURL(`Invalid URL '${shownUrl(url)}': it has no scheme. Prepare it first.`);
  const scheme = lowerCase(url.slice(0, colon));
  let userinfo: string | null = null;
  let host = "";
  let port: number | null = null;
  let end = colon + 1;
  if (url.startsWith("//", end)) {
    const start = end + 2;
    end = authorityEnd(url, start);
    const at = end === start ? -1 : url.lastIndexOf("@", end - 1);
    if (at >= start) userinfo = url.slice(start, at);
    const hostStart = at >= start ? at + 1 : start;
    const bracket = url.startsWith("[", hostStart) ? url.indexOf("]", hostStart) : hostStart;
    const portColon = bracket === -1 || bracket >= end ? -1 : url.indexOf(":", bracket);
    const hostEnd = portColon === -1 || portColon >= end ? end : portColon;
    if (bracket === -1 || bracket >= end ? end > hostStart : bracket > hostStart && hostEnd !== bracket + 1)
      throw failedToParse(url, "the host is malformed; an IPv6 address stands in [brackets]");
    if (hostEnd + 1 < end) {
      const number = portNumber(url.slice(hostEnd + 1, end));
      if (number === undefined) throw failedToParse(url, "the port must be a number from 0 to 65535");
      port = number;
    }
    host = url.slice(hostStart, hostEnd);
    // The host of http+unix is the path of a socket: case matters there.
    if (!scheme.endsWith("unix")) host = lowerCase(host);
    if (hasControlOrSpace(host)) throw failedToParse(url, "the host has a space or a control character");
  }
  if (host === "" && (scheme === "http" || scheme === "https")) throw noHost(url);
  const hash = url.indexOf("#", end);
  const pathEnd = hash === -1 ? url.length : hash;
  const mark = url.indexOf("?", end);
  const hasQuery = mark !== -1 && mark < pathEnd;
  return {
    scheme,
    userinfo,
    host,
    port,
    path: url.slice(end, hasQuery ? mark : pathEnd),
    query: hasQuery ? url.slice(mark + 1, pathEnd) : null,
    fragment: hash === -1 ? null : url.slice(hash + 1),
  };
}

function lowerCase(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code >= 0x41 && code <= 0x5a) || code >= 0x80) return text.toLowerCase();
  }
  return text;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ws: 80,
  wss: 443,
  ftp: 21,
  socks4: 1080,
  socks4a: 1080,
  socks5: 1080,
  socks5h: 1080,
};

/** The port to connect to: the one that is written, else the scheme's, else 0. */
export function effectivePort(parts: Pick<UrlParts, "scheme" | "port">): number {
  return parts.port ?? DEFAULT_PORTS[parts.scheme] ?? 0;
}

/** Path and query; "/" for an empty path, no "?" for an empty query, no fragment. */
export function pathUrlOf(parts: Pick<UrlParts, "path" | "query">): string {
  const path = parts.path.startsWith("/") ? parts.path : `/${parts.path}`;
  return parts.query ? `${path}?${parts.query}` : path;
}

const UNLIKE_SENT = /%(?:[0-9A-F][a-f]|[a-f][0-9A-Fa-f])|[[\]]/;

/**
 * Path and query as they stand in a request line: as {@link pathUrlOf} gives them, but with brackets escaped and escapes in
 * upper case. The URL of a redirect, and `params` that are text, may have both; `url` keeps them, as in requests.
 *
 * @see urllib3: `_encode_target`
 */
export function requestTargetOf(parts: Pick<UrlParts, "path" | "query">): string {
  const target = pathUrlOf(parts);
  if (!UNLIKE_SENT.test(target)) return target;
  return target.replace(/%[0-9a-f]{2}|[[\]]/gi, (found) =>
    found === "[" ? "%5B" : found === "]" ? "%5D" : found.toUpperCase(),
  );
}

/**
 * The value of the Host header: the host, and the port unless it is the scheme's own. An IPv6 zone is left out, since it
 * means nothing to the peer (RFC 6874 §4); a Unix socket is "localhost".
 *
 * @see RFC 9110 §7.2; Python's http.client drops the default port too, even where the URL writes it.
 */
export function hostHeaderOf(parts: Pick<UrlParts, "scheme" | "host" | "port">): string {
  if (parts.scheme.endsWith("unix")) return "localhost";
  const zone = parts.host.startsWith("[") ? parts.host.indexOf("%") : -1;
  const host = zone === -1 ? parts.host : `${parts.host.slice(0, zone)}]`;
  return parts.port === null || parts.port === DEFAULT_PORTS[parts.scheme] ? host : `${host}:${parts.port}`;
}

/** The position of the authority in a URL, and of its "@"; null for a URL without an authority. */
function authorityRange(url: string): { readonly start: number; readonly end: number; readonly at: number } | null {
  const colon = url.indexOf(":");
  if (colon < 1 || !url.startsWith("//", colon + 1)) return null;
  const start = colon + 3;
  const end = authorityEnd(url, start);
  const at = end === start ? -1 : url.lastIndexOf("@", end - 1);
  return { start, end, at: at < start ? -1 : at };
}

/**
 * The URL as a proxy gets it in a request line.
 *
 * @see requests: `utils.urldefragauth`
 */
export function urlWithoutAuthAndFragment(url: string): string {
  const hash = url.indexOf("#");
  const bare = hash === -1 ? url : url.slice(0, hash);
  if (!bare.includes("@")) return bare;
  const range = authorityRange(bare);
  return range === null || range.at === -1 ? bare : bare.slice(0, range.start) + bare.slice(range.at + 1);
}

/**
 * The credentials in a URL's user-info, escapes undone as UTF-8.
 *
 * @returns null unless there is a colon and at least one side of it is not empty: `user@host` has no credentials,
 * `user:@host` and `:password@host` have.
 * @see requests: `utils.get_auth_from_url` and `PreparedRequest.prepare_auth`
 */
export function authFromUrl(url: string): [user: string, password: string] | null {
  if (!url.includes("@")) return null;
  const range = authorityRange(url);
  if (range === null || range.at === -1) return null;
  const userinfo = url.slice(range.start, range.at);
  const colon = userinfo.indexOf(":");
  if (colon === -1 || userinfo.length === 1) return null;
  return [unquote(userinfo.slice(0, colon)), unquote(userinfo.slice(colon + 1))];
}

/**
 * Whether two URLs have the same scheme, host and port (RFC 6454 §5), where a default port may be written or not.
 * False when one of them cannot be parsed.
 */
export function sameOrigin(a: string, b: string): boolean {
  const first = partsOrNull(a);
  const second = partsOrNull(b);
  return first !== null && second !== null && hasSameOrigin(first, second);
}

function hasSameOrigin(a: UrlParts, b: UrlParts): boolean {
  return a.scheme === b.scheme && a.host === b.host && effectivePort(a) === effectivePort(b);
}

function partsOrNull(url: string): UrlParts | null {
  try {
    return splitUrl(url);
  } catch (error) {
    if (error instanceof InvalidURL) return null;
    throw error;
  }
}

/**
 * Whether an adapter that is mounted at a prefix serves a URL. Case is ignored, as in requests.
 *
 * - `https://` serves the scheme, and so does any prefix without an authority (`mailto:`, "").
 * - With a host, it must be the same host and the same port (a default port may be written or not), so
 *   `https://example.com` serves neither `https://example.com.evil.org` nor `https://example.com@evil.org` nor
 *   `https://example.com:8443`. User-info in the URL does not matter, unless the prefix has one.
 * - What follows the authority of the prefix is a plain prefix of path and query, as in requests: `https://h/api`
 *   serves `https://h/apiary`; write `https://h/api/` to end it.
 */
export function matchesMountPrefix(url: string, prefix: string): boolean {
  const range = authorityRange(prefix);
  if (range === null || range.end === range.start) {
    if (url.startsWith(prefix)) return true;
    // Case is nothing to a slash: "https://" is found not to serve "http://h/" by one look.
    if (prefix.endsWith("/") && url.charCodeAt(prefix.length - 1) !== SLASH) return false;
    return url.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
  }
  const served = partsOrNull(url);
  const mounted = partsOrNull(prefix);
  if (served === null || mounted === null || !hasSameOrigin(served, mounted)) return false;
  if (mounted.userinfo !== null && mounted.userinfo !== served.userinfo) return false;
  const target = pathUrlOf(served).toLowerCase();
  return target.startsWith(prefix.slice(range.end).toLowerCase());
}
