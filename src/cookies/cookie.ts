/** Cookies as values, and the matching rules of RFC 6265bis §5.1 as pure functions. */
import { isIP } from "node:net";

import { InvalidURL, MissingSchema } from "../exceptions.js";
import { canonicalHost, portNumber, splitAuthority } from "../http/url/url-host.js";
import { prepareUrl, splitUrl } from "../http/url/url.js";

/** When a cookie may go along with a request that another site caused. Stored, never enforced: there is no "site" here. */
export type SameSite = "Strict" | "Lax" | "None";

/** One cookie of a jar, as iteration yields it. A copy: changing it changes nothing in the jar. */
export interface Cookie {
  /** The name; empty for a cookie that was sent without "=" (RFC 6265bis §5.6). */
  readonly name: string;
  /** The value: text where the bytes are UTF-8, else one character for each byte (latin-1). */
  readonly value: string;
  /** The domain without a leading dot, or "" for a cookie that goes to every host that the caller asks for. */
  readonly domain: string;
  /** The path, beginning with "/". */
  readonly path: string;
  /** Only sent over https. */
  readonly secure: boolean;
  /** Not meant for scripts of a page; kept for cookie files. */
  readonly httpOnly: boolean;
  /** The SameSite attribute, or null without one. Stored, not enforced. */
  readonly sameSite: SameSite | null;
  /** When it expires, or null for a session cookie. */
  readonly expires: Date | null;
  /** Only sent to exactly `domain`, not to the hosts below it. */
  readonly hostOnly: boolean;
  /** When a cookie of this name, domain and path was first stored. */
  readonly creation: Date;
}

/** A cookie as the store keeps it: times as numbers, and its text for the Cookie header made once. */
export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** Name and value were bytes that are not UTF-8: each character stands for one byte. */
  readonly latin1: boolean;
  /** The text for the Cookie header: `name=value` as latin-1 text of the bytes. */
  readonly text: string;
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | null;
  /** Milliseconds since 1970; Infinity for a session cookie. */
  readonly expires: number;
  readonly hostOnly: boolean;
  /** Made by `set()`: a server's cookie of the same name, domain and path takes its place, host-only or not. */
  readonly byHand: boolean;
  /** Milliseconds since 1970. */
  creation: number;
  /** The order of creation within one jar; the store fills it in. */
  order: number;
}

/** The cookie as users see it. */
export function cookieOf(stored: StoredCookie): Cookie {
  return {
    name: stored.name,
    value: stored.value,
    domain: stored.domain,
    path: stored.path,
    secure: stored.secure,
    httpOnly: stored.httpOnly,
    sameSite: stored.sameSite,
    expires: stored.expires === Infinity ? null : new Date(stored.expires),
    hostOnly: stored.hostOnly,
    creation: new Date(stored.creation),
  };
}

/** The last moment that a cookie date may name (the end of the year 9999): later ones would not be valid Dates. */
export const LATEST_EXPIRY = 253_402_300_799_000;

const NOT_ASCII = /[^\x00-\x7f]/;
const NOT_LATIN1 = /[^\x00-\xff]/;

/** `name=value` for the Cookie header: latin-1 text of UTF-8 bytes, or of the very bytes that the server sent. */
export function headerText(name: string, value: string, latin1: boolean): string {
  const text = name === "" ? value : `${name}=${value}`;
  return latin1 || !NOT_ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Header text (one character for each byte) as readable text, or null where the bytes are not UTF-8. */
export function decodeHeaderText(text: string): string | null {
  if (!NOT_ASCII.test(text) || NOT_LATIN1.test(text)) return text;
  const bytes = Buffer.from(text, "latin1");
  const decoded = bytes.toString("utf8");
  // toString() puts U+FFFD for what is not UTF-8, which does not encode to the same bytes again.
  return Buffer.from(decoded, "utf8").equals(bytes) ? decoded : null;
}

/** A domain as stores keep it: lower case, without a leading dot, IPv6 addresses without brackets. */
export function canonicalDomain(domain: string): string {
  let canonical = domain.startsWith(".") ? domain.slice(1) : domain;
  if (canonical.startsWith("[") && canonical.endsWith("]")) canonical = canonical.slice(1, -1);
  return canonical.toLowerCase();
}

/**
 * Whether a host is an address: cookies of addresses never reach another host (RFC 6265bis §5.1.3). A name whose last
 * label is a number is one, too: resolvers read `127.1` and `0x7f.1` as addresses.
 */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0 || NUMERIC_END.test(host);
}

/** @see https://url.spec.whatwg.org/#ends-in-a-number-checker */
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;

/**
 * Whether a canonical host lies in a canonical domain.
 *
 * @see RFC 6265bis §5.1.3
 */
export function domainMatches(host: string, domain: string): boolean {
  if (host === domain) return true;
  return (
    domain !== "" &&
    host.length > domain.length &&
    host.endsWith(domain) &&
    host.charCodeAt(host.length - domain.length - 1) === 0x2e &&
    !isAddress(host)
  );
}

/**
 * Whether a request path lies under a cookie path.
 *
 * @see RFC 6265bis §5.1.4
 */
export function pathMatches(requestPath: string, cookiePath: string): boolean {
  if (!requestPath.startsWith(cookiePath)) return false;
  return (
    requestPath.length === cookiePath.length ||
    cookiePath.endsWith("/") ||
    requestPath.charCodeAt(cookiePath.length) === 0x2f
  );
}

/**
 * The path of a cookie that names none: the directory of the request's path.
 *
 * @see RFC 6265bis §5.1.4
 */
export function defaultPath(requestPath: string): string {
  const last = requestPath.lastIndexOf("/");
  return last <= 0 || !requestPath.startsWith("/") ? "/" : requestPath.slice(0, last);
}

/** The parts of a request that cookies depend on. */
export interface CookieTarget {
  /** The host, canonical. */
  readonly host: string;
  /** The path, "/" at least, without query. */
  readonly path: string;
  /** Whether the scheme is https. A loop-back address over http is not secure, as in requests. */
  readonly secure: boolean;
}

/**
 * The host, path and security of a request, or null for a URL that has no host.
 *
 * @param url - The URL of the request; one that is not prepared counts as what it is prepared to.
 * @param hostHeader - A Host header of the caller's own: cookies belong to the host that it names, as in requests and
 * curl. One that is malformed counts as none, and its port does not matter.
 */
export function cookieTarget(url: string, hostHeader?: string | null): CookieTarget | null {
  let parts;
  try {
    parts = splitUrl(prepareUrl(url));
  } catch (error) {
    if (error instanceof InvalidURL || error instanceof MissingSchema) return null;
    throw error;
  }
  if (parts.host === "") return null;
  const named = hostHeader == null ? null : hostOfHeader(hostHeader);
  return {
    host: canonicalDomain(named ?? parts.host),
    path: parts.path.startsWith("/") ? parts.path : "/",
    secure: parts.scheme === "https" || parts.scheme === "wss",
  };
}

/** The host that a Host header names, or null when it is malformed. */
function hostOfHeader(header: string): string | null {
  const parts = splitAuthority(header.trim());
  if (parts === null || parts.userinfo !== null || parts.host === "") return null;
  if (parts.port !== null && portNumber(parts.port) === undefined) return null;
  try {
    return canonicalHost(parts.host, header);
  } catch (error) {
    if (error instanceof InvalidURL) return null;
    throw error;
  }
}
