/**
 * The only file that touches tough-cookie: cookie dates (RFC 6265bis §5.1.1) and the public suffix list.
 *
 * It is loaded when the first cookie needs it (one with Expires, or with a Domain other than the host), not when the
 * package is imported: with its list of suffixes it would take longer to load than all the rest. Loading is by
 * `require`, because storing a cookie is synchronous.
 *
 * tough-cookie's own CookieJar and store are not used: they count Max-Age from the last *use* of a cookie, so that one
 * in use never expires; they refuse `Domain=co.uk` from co.uk itself instead of making it host-only; they have no
 * limits; they trim U+00A0, which is half of a UTF-8 "à"; and each look-up allocates promises and URLs.
 */
import { createRequire } from "node:module";

import type * as tough from "tough-cookie";

import { LATEST_EXPIRY, type SameSite } from "./cookie.js";

type ToughCookie = typeof tough;

let loaded: ToughCookie | undefined;

function toughCookie(): ToughCookie {
  loaded ??= load();
  return loaded;
}

function load(): ToughCookie {
  try {
    // A bundler sees this one, and puts the package into its bundle; an ES module of Node has no `require`.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require("tough-cookie") as ToughCookie;
  } catch {
    return createRequire(import.meta.url)("tough-cookie") as ToughCookie;
  }
}

/**
 * A cookie date in any of the forms that servers send, as milliseconds since 1970, or null for one that is none.
 *
 * @see RFC 6265bis §5.1.1
 */
export function parseCookieDate(text: string): number | null {
  return toughCookie().parseDate(text)?.getTime() ?? null;
}

/**
 * Whether anyone can register names under the domain, so that a cookie must not span it: `com`, `co.uk`,
 * `github.io`, and every name of one label.
 *
 * @see RFC 6265bis §5.7, publicsuffix.org
 */
export function isPublicSuffix(domain: string): boolean {
  const name = domain.endsWith(".") ? domain.slice(0, -1) : domain;
  if (!name.includes(".")) return true;
  // The special-use names (RFC 6761: .test, .local …) are not in the list; below them the default rule holds.
  return toughCookie().getPublicSuffix(name, { allowSpecialUseDomain: true, ignoreError: true }) === undefined;
}

/** The part of tough-cookie's CookieJar that is needed to copy it; any version's. */
export interface ToughCookieJar {
  serializeSync(): { readonly cookies: readonly unknown[] } | undefined;
}

/** Whether a value is a tough-cookie CookieJar, of whatever copy or version of that package. */
export function isToughCookieJar(value: object): value is ToughCookieJar {
  const jar = value as { readonly serializeSync?: unknown; readonly setCookieSync?: unknown };
  return typeof jar.serializeSync === "function" && typeof jar.setCookieSync === "function";
}

/** A cookie of a foreign jar, in the words of ours. */
export interface ForeignCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | null;
  readonly hostOnly: boolean;
  /** Milliseconds since 1970; Infinity for a session cookie. */
  readonly expires: number;
}

/**
 * The cookies of a tough-cookie jar, oldest first.
 *
 * @throws TypeError when its store is an asynchronous one.
 */
export function toughCookies(jar: ToughCookieJar): ForeignCookie[] {
  let serialized;
  try {
    serialized = jar.serializeSync();
  } catch (cause) {
    throw new TypeError(
      "The cookies of this tough-cookie CookieJar cannot be copied, because its store is asynchronous; " +
        "give `await jar.serialize()`'s cookies, or a jar with a MemoryCookieStore",
      { cause },
    );
  }
  const found: ForeignCookie[] = [];
  for (const item of serialized?.cookies ?? []) {
    const cookie = item as Readonly<Record<string, unknown>>;
    if (typeof cookie["domain"] !== "string") continue;
    found.push({
      name: textOr(cookie["key"], ""),
      value: textOr(cookie["value"], ""),
      domain: cookie["domain"],
      path: textOr(cookie["path"], "/"),
      secure: cookie["secure"] === true,
      httpOnly: cookie["httpOnly"] === true,
      sameSite: sameSiteOf(cookie["sameSite"]),
      hostOnly: cookie["hostOnly"] === true,
      expires: expiryOf(cookie),
    });
  }
  return found;
}

function expiryOf(cookie: Readonly<Record<string, unknown>>): number {
  const { maxAge, expires, creation } = cookie;
  if (typeof maxAge === "number") {
    const start = typeof creation === "string" ? Date.parse(creation) : NaN;
    return Math.min((Number.isNaN(start) ? Date.now() : start) + maxAge * 1000, LATEST_EXPIRY);
  }
  if (maxAge === "-Infinity") return 0;
  const time = typeof expires === "string" ? Date.parse(expires) : NaN;
  return Number.isNaN(time) ? Infinity : time;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** The SameSite attribute in the spelling of the RFC, or null for anything else. */
export function sameSiteOf(value: unknown): SameSite | null {
  switch (typeof value === "string" ? value.toLowerCase() : "") {
    case "strict":
      return "Strict";
    case "lax":
      return "Lax";
    case "none":
      return "None";
    default:
      return null;
  }
}
