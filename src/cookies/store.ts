/** The cookies of a jar: kept by domain, looked up by request, bounded in number. */
import { cookieTarget, domainMatches, isAddress, pathMatches, type CookieTarget, type StoredCookie } from "./cookie.js";
import { MAX_NAME_AND_VALUE, parseSetCookie } from "./set-cookie.js";

/** Limits on the cookies that servers may set. As RFC 6265bis asks, cookies beyond them are dropped without an error. */
export interface CookieLimits {
  /** Received cookies of one domain; the oldest gives way, Secure ones last. @defaultValue 180 (RFC 6265bis §6.1 asks for 50 at least) */
  readonly maxCookiesPerDomain: number;
  /** Received cookies in all; the oldest gives way, Secure ones last. @defaultValue 3000 (RFC 6265bis §6.1 asks for 3000 at least) */
  readonly maxCookies: number;
  /** Bytes of name and value together; a larger cookie is ignored. @defaultValue 4096 (RFC 6265bis §5.6) */
  readonly maxCookieSize: number;
}

export const DEFAULT_COOKIE_LIMITS: CookieLimits = Object.freeze({
  maxCookiesPerDomain: 180,
  maxCookies: 3000,
  maxCookieSize: MAX_NAME_AND_VALUE,
});

/** The domain under which cookies without a domain are kept: they go to every host that the caller asks for. */
export const ANY_HOST = "";

/** A list of cookies for each domain. Knows nothing of the face that users see. */
export class CookieStore {
  readonly limits: CookieLimits;
  readonly #lists = new Map<string, StoredCookie[]>();
  #count = 0;
  #lastOrder = 0;
  /** The last request asked about: its response comes from the same URL. */
  #lastUrl = "";
  #lastHost: string | null | undefined = undefined;
  #lastTarget: CookieTarget | null = null;

  constructor(limits: CookieLimits = DEFAULT_COOKIE_LIMITS) {
    this.limits = limits;
  }

  /** The number of cookies, including those that have expired since. */
  get count(): number {
    return this.#count;
  }

  /** Every cookie that has not expired, oldest first. */
  all(): StoredCookie[] {
    this.removeWhere(isExpiredAt(Date.now()));
    const found: StoredCookie[] = [];
    for (const list of this.#lists.values()) found.push(...list);
    return this.#lists.size > 1 ? found.sort((one, other) => one.order - other.order) : found;
  }

  /** Stores a cookie in place of the one that has its name, domain and path, whose age it takes over. */
  put(cookie: StoredCookie): void {
    let list = this.#lists.get(cookie.domain);
    if (list === undefined) this.#lists.set(cookie.domain, (list = []));
    const at = list.findIndex((other) => isSame(other, cookie));
    if (at === -1) {
      cookie.order = this.#lastOrder += 1;
      list.push(cookie);
      this.#count += 1;
      return;
    }
    // RFC 6265bis §5.7 step 23: the creation time of the old cookie stays, and with it the order in the header.
    cookie.creation = list[at].creation;
    cookie.order = list[at].order;
    list[at] = cookie;
  }

  /** Removes the cookies that the test picks; how many those were. */
  removeWhere(isDoomed: (cookie: StoredCookie) => boolean): number {
    const before = this.#count;
    for (const [domain, list] of this.#lists) {
      if (!list.some(isDoomed)) continue;
      const kept = list.filter((cookie) => !isDoomed(cookie));
      this.#count -= list.length - kept.length;
      if (kept.length === 0) this.#lists.delete(domain);
      else this.#lists.set(domain, kept);
    }
    return before - this.#count;
  }

  /** The cookies of a response (RFC 6265bis §5.7). Malformed and forbidden ones are left out. */
  extract(fields: readonly string[], url: string, host?: string | null): void {
    if (fields.length === 0) return;
    const target = this.#targetOf(url, host);
    if (target === null) return;
    const now = Date.now();
    for (const field of fields) {
      const cookie = parseSetCookie(field, target, now, this.limits.maxCookieSize);
      if (cookie === null || (!target.secure && this.#hidesSecure(cookie))) continue;
      if (cookie.expires <= now) this.#removeSame(cookie);
      else {
        this.put(cookie);
        this.#evict(cookie.domain, now);
      }
    }
  }

  /**
   * The text of the Cookie header for a URL, or undefined without cookies for it.
   *
   * @see RFC 6265bis §5.8.3: longer paths first, then older cookies.
   */
  headerFor(url: string, anyHost: boolean, hostHeader?: string | null): string | undefined {
    if (this.#count === 0) return undefined;
    const target = this.#targetOf(url, hostHeader);
    if (target === null) return undefined;
    const found: StoredCookie[] = [];
    const now = Date.now();
    if (anyHost) this.#collect(ANY_HOST, target, now, found);
    const { host } = target;
    this.#collect(host, target, now, found);
    for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1))
      this.#collect(host.slice(dot + 1), target, now, found);
    if (found.length === 0) return undefined;
    if (found.length === 1) return found[0].text;
    found.sort((one, other) => other.path.length - one.path.length || one.order - other.order);
    let text = found[0].text;
    for (let at = 1; at < found.length; at += 1) text += `; ${found[at].text}`;
    return text;
  }

  #targetOf(url: string, host: string | null | undefined): CookieTarget | null {
    if (url !== this.#lastUrl || host !== this.#lastHost) {
      this.#lastTarget = cookieTarget(url, host);
      this.#lastUrl = url;
      this.#lastHost = host;
    }
    return this.#lastTarget;
  }

  #collect(domain: string, target: CookieTarget, now: number, found: StoredCookie[]): void {
    const list = this.#lists.get(domain);
    if (list === undefined) return;
    const isWider = domain !== target.host && domain !== ANY_HOST;
    // The part of an address after its first dot is not a domain (RFC 6265bis §5.1.3).
    if (isWider && isAddress(target.host)) return;
    for (const cookie of list) {
      if (cookie.expires <= now || (isWider && cookie.hostOnly) || (cookie.secure && !target.secure)) continue;
      if (pathMatches(target.path, cookie.path)) found.push(cookie);
    }
  }

  /** Whether a cookie that came over http would take the place of a secure one (RFC 6265bis §5.7 step 16). */
  #hidesSecure(cookie: StoredCookie): boolean {
    for (const [domain, list] of this.#lists) {
      if (!domainMatches(domain, cookie.domain) && !domainMatches(cookie.domain, domain)) continue;
      if (list.some((other) => other.secure && other.name === cookie.name && pathMatches(cookie.path, other.path)))
        return true;
    }
    return false;
  }

  #removeSame(cookie: StoredCookie): void {
    const list = this.#lists.get(cookie.domain);
    const at = list?.findIndex((other) => isSame(other, cookie)) ?? -1;
    if (list === undefined || at === -1) return;
    list.splice(at, 1);
    this.#count -= 1;
    if (list.length === 0) this.#lists.delete(cookie.domain);
  }

  #evict(domain: string, now: number): void {
    const list = this.#lists.get(domain)!;
    if (list.length > this.limits.maxCookiesPerDomain) this.#removeOne([list], now);
    if (this.#count > this.limits.maxCookies) this.#removeOne(this.#lists.values(), now);
  }

  /**
   * Makes room for one cookie: removes the expired ones, otherwise the oldest that is not Secure, otherwise the oldest. A server
   * without TLS, or an attacker in its place, cannot push Secure cookies out.
   *
   * @see RFC 6265bis §5.7, "remove excess cookies"
   */
  #removeOne(lists: Iterable<readonly StoredCookie[]>, now: number): void {
    if (this.removeWhere(isExpiredAt(now)) > 0) return;
    let first: StoredCookie | undefined;
    for (const list of lists)
      for (const cookie of list)
        if (cookie.domain !== ANY_HOST && (first === undefined || goesBefore(cookie, first))) first = cookie;
    this.removeWhere((cookie) => cookie === first);
  }
}

/** Whether a cookie is given up before another. */
function goesBefore(one: StoredCookie, other: StoredCookie): boolean {
  return one.secure === other.secure ? one.order < other.order : !one.secure;
}

function isExpiredAt(now: number): (cookie: StoredCookie) => boolean {
  return (cookie) => cookie.expires <= now;
}

function isSame(old: StoredCookie, cookie: StoredCookie): boolean {
  return (
    old.name === cookie.name &&
    old.path === cookie.path &&
    old.domain === cookie.domain &&
    (old.hostOnly === cookie.hostOnly || old.byHand)
  );
}
