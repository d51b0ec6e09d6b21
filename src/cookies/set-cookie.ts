/** Reading Set-Cookie: RFC 6265bis §5.6 (the syntax) and §5.7 (whether the cookie may be stored). */
import {
  canonicalDomain,
  decodeHeaderText,
  defaultPath,
  domainMatches,
  headerText,
  LATEST_EXPIRY,
  type CookieTarget,
  type SameSite,
  type StoredCookie,
} from "./cookie.js";
import { isPublicSuffix, parseCookieDate, sameSiteOf } from "./engine.js";

/** The most bytes that name and value of a received cookie have together by default (RFC 6265bis §5.6 step 5). */
export const MAX_NAME_AND_VALUE = 4096;
/** The most bytes that an attribute's value may have; a longer attribute is ignored (RFC 6265bis §5.6). */
export const MAX_ATTRIBUTE_VALUE = 1024;
/** The most bytes that one Set-Cookie field may have; a longer one is ignored whole. */
export const MAX_SET_COOKIE = 32_768;

// CTL without HTAB: RFC 6265bis §5.6 step 1 ignores the whole cookie.
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/;
const NOT_ASCII = /[^\x00-\x7f]/;
const MAX_AGE = /^-?[0-9]+$/;

/**
 * The cookie of one Set-Cookie field, or null when it is malformed or the host may not set it. A cookie that is to be
 * deleted comes back with an expiry in the past.
 *
 * @param field - the field's value, one character for each byte.
 * @param target - the request that was answered.
 * @param now - milliseconds since 1970.
 * @param maxSize - the most bytes that name and value may have together.
 * @see RFC 6265bis §5.6, §5.7
 */
export function parseSetCookie(
  field: string,
  target: CookieTarget,
  now: number,
  maxSize = MAX_NAME_AND_VALUE,
): StoredCookie | null {
  if (field.length > MAX_SET_COOKIE || CONTROLS.test(field)) return null;
  let end = field.indexOf(";");
  if (end === -1) end = field.length;
  // Without "=" all of it is the value of a cookie without a name.
  const equals = field.indexOf("=");
  const nameless = equals === -1 || equals >= end;
  const rawName = nameless ? "" : trimmed(field, 0, equals);
  const rawValue = trimmed(field, nameless ? 0 : equals + 1, end);
  if (rawName.length + rawValue.length > maxSize || (rawName === "" && rawValue === "")) return null;

  const attributes = readAttributes(field, end, now);
  const scope = scopeOf(attributes.domain, target);
  if (scope === null) return null;
  if (attributes.secure && !target.secure) return null;
  const path = attributes.path ?? defaultPath(target.path);
  if (!prefixHolds(rawName, rawValue, attributes, scope.hostOnly)) return null;

  const name = decodeHeaderText(rawName);
  const value = decodeHeaderText(rawValue);
  const latin1 = name === null || value === null;
  return {
    name: latin1 ? rawName : name,
    value: latin1 ? rawValue : value,
    latin1,
    text: headerText(latin1 ? rawName : name, latin1 ? rawValue : value, latin1),
    domain: scope.domain,
    path,
    secure: attributes.secure,
    httpOnly: attributes.httpOnly,
    sameSite: attributes.sameSite,
    expires: attributes.maxAge ?? attributes.expires ?? Infinity,
    hostOnly: scope.hostOnly,
    byHand: false,
    creation: now,
    order: 0,
  };
}

interface Attributes {
  /** The Domain attribute, canonical; "" without one. */
  domain: string;
  /** The Path attribute when it is a path, else null: then the default path holds. */
  path: string | null;
  secure: boolean;
  httpOnly: boolean;
  sameSite: SameSite | null;
  /** Max-Age as a moment; it beats Expires (RFC 6265bis §5.7 step 3). */
  maxAge: number | null;
  expires: number | null;
}

function readAttributes(field: string, from: number, now: number): Attributes {
  const found: Attributes = {
    domain: "",
    path: null,
    secure: false,
    httpOnly: false,
    sameSite: null,
    maxAge: null,
    expires: null,
  };
  for (let start = from + 1; start < field.length;) {
    let end = field.indexOf(";", start);
    if (end === -1) end = field.length;
    let equals = start;
    while (equals < end && field.charCodeAt(equals) !== 0x3d) equals += 1;
    const value = equals === end ? "" : trimmed(field, equals + 1, end);
    if (value.length <= MAX_ATTRIBUTE_VALUE)
      readAttribute(found, trimmed(field, start, equals).toLowerCase(), value, now);
    start = end + 1;
  }
  return found;
}

// The last attribute of a name counts (RFC 6265bis §5.7); an unreadable date or age does not.
function readAttribute(found: Attributes, name: string, value: string, now: number): void {
  switch (name) {
    case "domain":
      found.domain = canonicalDomain(value);
      break;
    case "path":
      found.path = value.startsWith("/") ? value : null;
      break;
    case "secure":
      found.secure = true;
      break;
    case "httponly":
      found.httpOnly = true;
      break;
    case "samesite":
      found.sameSite = sameSiteOf(value);
      break;
    case "max-age":
      if (MAX_AGE.test(value)) {
        const seconds = Number(value);
        found.maxAge = seconds <= 0 ? 0 : Math.min(now + seconds * 1000, LATEST_EXPIRY);
      }
      break;
    case "expires":
      found.expires = parseCookieDate(value) ?? found.expires;
      break;
  }
}

/** The domain that a cookie belongs to, or null when the host may not set cookies for it (§5.7 steps 8 to 10). */
function scopeOf(domain: string, { host }: CookieTarget): { domain: string; hostOnly: boolean } | null {
  if (domain === "") return { domain: host, hostOnly: true };
  if (NOT_ASCII.test(domain) || !domainMatches(host, domain)) return null;
  if (isPublicSuffix(domain)) return domain === host ? { domain, hostOnly: true } : null;
  return { domain, hostOnly: false };
}

/** Checks the attributes that a name prefix requires, so that no other host can have set the cookie (§5.7 steps 20 to 22). */
function prefixHolds(name: string, value: string, attributes: Attributes, hostOnly: boolean): boolean {
  // A cookie without a name must not look like one that has such a name once it is in a Cookie header.
  const shown = name === "" ? value : name;
  if (!shown.startsWith("__")) return true;
  const lower = shown.slice(0, 9).toLowerCase();
  const isSecurePrefix = lower === "__secure-";
  const isHostPrefix = lower.startsWith("__host-");
  if (!isSecurePrefix && !isHostPrefix) return true;
  if (name === "" || !attributes.secure) return false;
  return isSecurePrefix || (hostOnly && attributes.path === "/");
}

/** The slice without spaces and tabs around it: other white space may be part of UTF-8 bytes. */
function trimmed(text: string, start: number, end: number): string {
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
