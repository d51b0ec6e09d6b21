/** The checked arguments of `jar.set()`: a jar holds only values that can be sent in a Cookie header. */
import { types } from "node:util";

import { InvalidHeader } from "../exceptions.js";
import { kindOf, numberOrKind } from "../options/kind.js";
import { nearestName } from "../options/nearest-name.js";
import {
  canonicalDomain,
  headerText,
  isAddress,
  LATEST_EXPIRY,
  type Cookie,
  type SameSite,
  type StoredCookie,
} from "./cookie.js";
import { parseCookieDate, sameSiteOf } from "./engine.js";
import { ANY_HOST } from "./store.js";

/** The attributes of a cookie that `jar.set()` accepts, in addition to name and value. */
export interface CookieAttributes {
  /** The domain, with or without a leading dot. Without one the cookie goes to every host that the caller asks for. */
  readonly domain?: string | undefined;
  /** The path that the cookie is for, with all below it. @defaultValue "/" */
  readonly path?: string | undefined;
  /** Only for https. @defaultValue false */
  readonly secure?: boolean | undefined;
  /** When it expires: a Date, seconds since 1970, or a cookie date as text. Without: at the end of the session. */
  readonly expires?: Date | number | string | null | undefined;
  /** Seconds from now until it expires; beats `expires`. 0 or less removes the cookie. */
  readonly maxAge?: number | null | undefined;
  /** Kept for cookie files. @defaultValue false */
  readonly httpOnly?: boolean | undefined;
  /** Stored, not enforced; in any case of letters. @defaultValue null */
  readonly sameSite?: SameSite | Lowercase<SameSite> | null | undefined;
  /** Only for exactly `domain`, not for the hosts below it. @defaultValue false */
  readonly hostOnly?: boolean | undefined;
}

/** A cookie's value as `set()` and the `cookies` option take it; `null` removes the cookie. */
export type CookieValue = string | number | bigint | boolean | null;

/** The compiler demands each name of CookieAttributes. */
const ATTRIBUTES = {
  domain: true,
  path: true,
  secure: true,
  expires: true,
  maxAge: true,
  httpOnly: true,
  sameSite: true,
  hostOnly: true,
} satisfies Readonly<Record<keyof CookieAttributes, true>>;

/**
 * The cookie that `set()` stores; one that has expired already comes back with an expiry in the past.
 *
 * @throws TypeError for an attribute that does not exist or has the wrong type.
 * @throws RangeError for an expiry that is not a date, and for a value that is not a domain or path.
 * @throws InvalidHeader for a name or value that cannot stand in a Cookie header.
 */
export function cookieByHand(name: string, value: CookieValue, attributes: CookieAttributes): StoredCookie {
  for (const attribute of Object.keys(attributes)) checkAttributeName(attribute);
  const text = cookieValueText(name, value);
  const domain = attributes.domain == null ? ANY_HOST : checkedDomain(attributes.domain);
  return {
    ...checkedPair(name, text, false),
    domain,
    path: attributes.path == null ? "/" : checkedPath(attributes.path),
    secure: flag("secure", attributes.secure),
    httpOnly: flag("httpOnly", attributes.httpOnly),
    sameSite: checkedSameSite(attributes.sameSite),
    expires: expiryOf(attributes),
    hostOnly: flag("hostOnly", attributes.hostOnly) || isAddress(domain),
    byHand: true,
    creation: Date.now(),
    order: 0,
  };
}

/**
 * Name and value, and the text that they make in a header.
 *
 * @throws InvalidHeader when they would end the header line or the cookie.
 */
export function checkedPair(
  name: string,
  value: string,
  latin1: boolean,
): Pick<StoredCookie, "name" | "value" | "latin1" | "text"> {
  checkText(name, name, "name");
  checkText(name, value, "value");
  return { name, value, latin1, text: headerText(name, value, latin1) };
}

function checkText(cookie: string, text: string, part: "name" | "value"): void {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isForbidden = (code < 0x20 && code !== 0x09) || code === 0x7f || code === 0x3b;
    if (!isForbidden && !(part === "name" && code === 0x3d)) continue;
    throw new InvalidHeader(
      `The ${part} of the cookie ${JSON.stringify(cookie)} has ${JSON.stringify(text[at])} at position ${at}, which a ` +
        `Cookie header cannot carry (RFC 6265bis §4.1.1); encode it first, for example by encodeURIComponent()`,
    );
  }
}

/** A whole cookie that comes from another jar or from JSON; what is missing is as in a cookie without attributes. */
export type CookieParts = Pick<Cookie, "name" | "value"> &
  Partial<Omit<Cookie, "expires" | "creation">> & {
    readonly expires: number;
    readonly creation?: Date | number | undefined;
    readonly latin1?: boolean;
  };

/**
 * The stored form of a whole cookie.
 *
 * @throws InvalidHeader for a name or value that cannot stand in a Cookie header.
 */
export function storedFrom(cookie: CookieParts): StoredCookie {
  const { path, creation } = cookie;
  return {
    ...checkedPair(cookie.name, cookie.value, cookie.latin1 === true),
    domain: typeof cookie.domain === "string" ? canonicalDomain(cookie.domain) : "",
    path: typeof path === "string" && path.startsWith("/") ? path : "/",
    secure: cookie.secure === true,
    httpOnly: cookie.httpOnly === true,
    sameSite: sameSiteOf(cookie.sameSite),
    expires: cookie.expires === Infinity ? Infinity : Math.min(cookie.expires, LATEST_EXPIRY),
    hostOnly: cookie.hostOnly === true,
    byHand: false,
    creation: creation === undefined ? Date.now() : Number(creation),
    order: 0,
  };
}

/** A value that stands for text as text. */
function cookieValueText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  throw new TypeError(
    `The value of the cookie ${JSON.stringify(name)} must be a string or a number, not ${kindOf(value)}`,
  );
}

function checkedDomain(domain: unknown): string {
  if (typeof domain !== "string") throw new TypeError(`A cookie's domain must be a string, not ${kindOf(domain)}`);
  if (/[\x00-\x1f\x7f\s;/\\@?#]|:\/\//.test(domain))
    throw new RangeError(`${JSON.stringify(domain)} is not a domain; give the host alone, such as "example.com"`);
  return canonicalDomain(domain);
}

function checkedPath(path: unknown): string {
  if (typeof path !== "string") throw new TypeError(`A cookie's path must be a string, not ${kindOf(path)}`);
  if (!path.startsWith("/") || /[\x00-\x1f\x7f;]/.test(path))
    throw new RangeError(`${JSON.stringify(path)} is not a cookie path; it begins with "/" and has no ";"`);
  return path;
}

function flag(name: string, value: unknown): boolean {
  if (value == null) return false;
  if (typeof value === "boolean") return value;
  throw new TypeError(`A cookie's ${name} must be true or false, not ${kindOf(value)}`);
}

function checkedSameSite(value: unknown): SameSite | null {
  if (value == null) return null;
  const known = sameSiteOf(value);
  if (known !== null) return known;
  throw new TypeError(`A cookie's sameSite must be "Strict", "Lax" or "None", not ${JSON.stringify(value)}`);
}

function expiryOf({ expires, maxAge }: CookieAttributes): number {
  if (maxAge != null) {
    if (typeof maxAge !== "number" || Number.isNaN(maxAge))
      throw new TypeError(`A cookie's maxAge must be a number of seconds, not ${numberOrKind(maxAge)}`);
    return maxAge <= 0 ? 0 : Math.min(Date.now() + maxAge * 1000, LATEST_EXPIRY);
  }
  if (expires == null) return Infinity;
  if (typeof expires === "string") {
    const time = parseCookieDate(expires) ?? Date.parse(expires);
    if (!Number.isNaN(time)) return Math.min(time, LATEST_EXPIRY);
    throw new RangeError(
      `${JSON.stringify(expires)} is not a date; a cookie expires like "Wed, 01 Jan 2031 00:00:00 GMT"`,
    );
  }
  const time = types.isDate(expires) ? expires.getTime() : expires * 1000;
  if (typeof time !== "number" || Number.isNaN(time))
    throw new RangeError("A cookie's expires must be a valid Date, seconds since 1970, or a cookie date as text");
  return Math.min(time, LATEST_EXPIRY);
}

function checkAttributeName(name: string): void {
  if (Object.hasOwn(ATTRIBUTES, name)) return;
  const names = Object.keys(ATTRIBUTES);
  const nearest = nearestName(name, names);
  const hint = nearest === null ? `known are ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw new TypeError(`A cookie has no attribute ${JSON.stringify(name)}; ${hint}`);
}
