/** RequestsCookieJar: the face of a cookie store that users index, as in requests. */
import { inspect } from "node:util";

import { CookieConflictError } from "../exceptions.js";
import { kindOf, numberOrKind } from "../options/kind.js";
import { NO_OPTIONS, ownOptions } from "../options/own-options.js";
import { cookieByHand, storedFrom, type CookieAttributes, type CookieValue } from "./attributes.js";
import { canonicalDomain, cookieOf, type Cookie, type StoredCookie } from "./cookie.js";
import { readCookieFile, writeCookieFile } from "./cookie-file.js";
import { isToughCookieJar, toughCookies, type ToughCookieJar } from "./engine.js";
import { CookieStore, DEFAULT_COOKIE_LIMITS, type CookieLimits } from "./store.js";

/** Which of several cookies of one name is meant. A domain of "" means the cookies that have none. */
export interface CookieScope {
  /** The cookie's domain; "" means those that have none. */
  readonly domain?: string | null | undefined;
  /** The cookie's path. */
  readonly path?: string | null | undefined;
}

/** Anything that names cookies. tough-cookie's CookieJar is copied, and must have a synchronous store. */
export type CookiesInit =
  | RequestsCookieJar
  | ToughCookieJar
  | Readonly<Record<string, CookieValue | undefined>>
  | Iterable<readonly [string, CookieValue | undefined]>;

/** A jar as JSON: what `toJSON()` gives and `fromJSON()` takes. */
export interface CookieJarJSON {
  /** The cookies, the oldest first. */
  readonly cookies: readonly CookieJSON[];
}

/** One cookie of {@link CookieJarJSON}; times are ISO 8601 text. */
export interface CookieJSON extends Omit<Cookie, "expires" | "creation"> {
  /** When it ends; null at the end of the session. */
  readonly expires: string | null;
  /** When it was stored first. */
  readonly creation: string;
  /** True when name and value are bytes that are not UTF-8, one character for each. */
  readonly latin1?: true;
}

const STORE = Symbol("store");

/**
 * Cookies that are stored and sent as RFC 6265bis says, and that can be used like an object: `jar["name"]`,
 * `jar["name"] = "value"`, `delete jar["name"]`, `"name" in jar`. Iteration yields {@link Cookie} objects, oldest first.
 * A method hides a cookie of the same name: use `get("get")`. Cookies that have expired are not there.
 *
 * @example
 * ```ts
 * const jar = new RequestsCookieJar();
 * jar.set("tasty", "yum", { domain: "httpbin.org", path: "/cookies" });
 * jar["tasty"]; //=> "yum"
 * jar.getDict({ domain: "httpbin.org" }); //=> { tasty: "yum" }
 * ```
 */
export class RequestsCookieJar implements Iterable<Cookie> {
  declare readonly [STORE]: CookieStore;
  [name: string]: unknown;

  /**
   * @param cookies - The first cookies.
   * @param limits - How much servers may put into it; what is left out has its default. Copies keep them.
   * @throws TypeError for an unknown limit, RangeError for one that is not 1 or greater.
   */
  constructor(cookies?: CookiesInit | null, limits?: Partial<CookieLimits>) {
    Object.defineProperty(this, STORE, { value: new CookieStore(cookieLimits(limits)) });
    const indexed = new Proxy(this, INDEXED) as this;
    if (cookies != null) indexed.update(cookies);
    return indexed;
  }

  /**
   * The value of the cookie, or the fallback (undefined).
   *
   * @throws CookieConflictError when several cookies have the name; say which by `{ domain, path }`.
   */
  get(name: string): string | undefined;
  get<T>(name: string, fallback: T, scope?: CookieScope): string | T;
  get<T>(name: string, fallback?: T, scope?: CookieScope): string | T | undefined {
    let found: StoredCookie | undefined;
    for (const cookie of this[STORE].all()) {
      if (cookie.name !== name || !isInScope(cookie, scope)) continue;
      if (found !== undefined) throw conflict(name, found, cookie);
      found = cookie;
    }
    return found === undefined ? fallback : found.value;
  }

  /**
   * Stores a cookie. Without `domain` it goes to every host that the caller asks for, but never across a redirect to
   * a host not asked for. A value of `null` removes every cookie of the name (within `domain` and `path`, if given).
   *
   * @throws TypeError for an unknown attribute, naming the nearest known one.
   * @throws InvalidHeader for a name or value with `;`, CR, LF, NUL or another control character.
   */
  set(name: string, value: CookieValue | undefined, attributes: CookieAttributes = NO_OPTIONS): this {
    attributes = ownOptions(attributes);
    if (typeof name !== "string") throw new TypeError(`A cookie's name must be a string, not ${kindOf(name)}`);
    if (value == null) {
      this.delete(name, attributes);
      return this;
    }
    const cookie = cookieByHand(name, value, attributes);
    if (cookie.expires > Date.now()) this[STORE].put(cookie);
    else this.delete(name, { domain: cookie.domain, path: cookie.path });
    return this;
  }

  /** Stores a cookie as it is, such as one that another jar yielded. */
  setCookie(cookie: Pick<Cookie, "name" | "value"> & Partial<Cookie>): this {
    this[STORE].put(storedFrom({ ...cookie, expires: cookie.expires?.getTime() ?? Infinity }));
    return this;
  }

  /** Whether there is a cookie of the name, also when there are several. */
  has(name: string, scope?: CookieScope): boolean {
    return this[STORE].all().some((cookie) => cookie.name === name && isInScope(cookie, scope));
  }

  /** Removes every cookie of the name; false when there was none. */
  delete(name: string, scope?: CookieScope): boolean {
    return this[STORE].removeWhere((cookie) => cookie.name === name && isInScope(cookie, scope)) > 0;
  }

  /** The names, one for each cookie, so that a name may come several times. */
  keys(): string[] {
    return this[STORE].all().map((cookie) => cookie.name);
  }

  /** The values, one for each cookie. */
  values(): string[] {
    return this[STORE].all().map((cookie) => cookie.value);
  }

  /** Pairs of name and value, one for each cookie. */
  items(): [string, string][] {
    return this[STORE].all().map((cookie) => [cookie.name, cookie.value]);
  }

  /** A plain object of names and values, of one domain or path if given. Of several cookies the newest counts. */
  getDict(scope?: CookieScope): Record<string, string> {
    const found = this[STORE].all().filter((cookie) => isInScope(cookie, scope));
    return Object.fromEntries(found.map((cookie) => [cookie.name, cookie.value]));
  }

  /** The domains of the cookies, each once; "" for cookies without one. */
  listDomains(): string[] {
    return [...new Set(this[STORE].all().map((cookie) => cookie.domain))];
  }

  /** The paths of the cookies, each once. */
  listPaths(): string[] {
    return [...new Set(this[STORE].all().map((cookie) => cookie.path))];
  }

  /** Whether there are cookies of more than one domain. */
  multipleDomains(): boolean {
    return this.listDomains().filter((domain) => domain !== "").length > 1;
  }

  /**
   * Adds cookies in place of those with the same name, domain and path. Names and values from an object, a Map or
   * pairs have no domain; there `null` removes every cookie of the name.
   */
  update(cookies: CookiesInit): this {
    if (typeof cookies !== "object" || cookies === null) throw new TypeError(`${NOT_COOKIES}, not ${kindOf(cookies)}`);
    const store = this[STORE];
    if (cookies instanceof RequestsCookieJar) {
      for (const cookie of cookies[STORE].all()) store.put({ ...cookie });
      return this;
    }
    if (isToughCookieJar(cookies)) {
      for (const cookie of toughCookies(cookies)) store.put(storedFrom(cookie));
      return this;
    }
    const pairs: Iterable<unknown> =
      Symbol.iterator in cookies ? (cookies as Iterable<unknown>) : Object.entries(cookies);
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string")
        throw new TypeError(`cookies given as a list must be [name, value] pairs, not ${kindOf(pair)}`);
      if (pair[1] !== undefined) this.set(pair[0], pair[1] as CookieValue);
    }
    return this;
  }

  /** A jar with the same cookies that shares nothing. */
  copy(): RequestsCookieJar {
    return new RequestsCookieJar(this, this[STORE].limits);
  }

  /**
   * Removes cookies: all of them, those of a domain, of a path in it, or one. A domain of "" means those without one.
   *
   * @throws RangeError when a domain, path or name is given and no cookie is there (Python has a KeyError), and
   * TypeError for a path without a domain or a name without a path.
   */
  clear(domain?: string | null, path?: string | null, name?: string | null): void {
    if ((path != null && domain == null) || (name != null && path == null))
      throw new TypeError("clear(domain, path, name): a path needs its domain, and a name needs both");
    const scope = { domain, path };
    const removed = this[STORE].removeWhere(
      (cookie) => isInScope(cookie, scope) && (name == null || cookie.name === name),
    );
    if (removed === 0 && domain != null)
      throw new RangeError(
        `No cookie to clear for ${JSON.stringify([domain, path, name].filter((part) => part != null))}`,
      );
  }

  /** Removes the cookies that end with the session, those without an expiry. */
  clearSessionCookies(): void {
    this[STORE].removeWhere((cookie) => cookie.expires === Infinity);
  }

  /** The number of cookies. */
  get size(): number {
    return this[STORE].all().length;
  }

  /** Whether there is nothing in the jar, not even an expired cookie; cheaper than `size`. */
  get isEmpty(): boolean {
    return this[STORE].count === 0;
  }

  /**
   * Stores the cookies of a response. Fields that are malformed, or that the host may not set, are left out.
   *
   * @param setCookieValues - The values of the Set-Cookie fields, one character for each byte.
   * @param url - The URL of the request that was answered.
   * @param host - The Host header of that request, if it was the caller's own: the cookies belong to the host that it
   *   names.
   * @see RFC 6265bis §5.7
   */
  extract(setCookieValues: readonly string[], url: string, host?: string | null): void {
    this[STORE].extract(setCookieValues, url, host);
  }

  /**
   * The value of the Cookie header for a request, or undefined when no cookie is for it.
   *
   * @param options - `anyHost: false` leaves out the cookies without a domain, as for a redirect to another host. `host`
   *   is a Host header of the caller's own: the cookies are those of the host that it names.
   * @returns Text with one character for each byte.
   * @see RFC 6265bis §5.8.3
   */
  headerFor(
    url: string,
    options?: { readonly anyHost?: boolean | undefined; readonly host?: string | null | undefined },
  ): string | undefined {
    return this[STORE].headerFor(url, options?.anyHost ?? true, options?.host);
  }

  /** The cookies as data, for JSON.stringify. */
  toJSON(): CookieJarJSON {
    return {
      cookies: this[STORE].all().map((stored) => ({
        ...cookieOf(stored),
        expires: stored.expires === Infinity ? null : new Date(stored.expires).toISOString(),
        creation: new Date(stored.creation).toISOString(),
        ...(stored.latin1 && { latin1: true as const }),
      })),
    };
  }

  /**
   * The jar that `toJSON()` described.
   *
   * @param json - the data, or the text of it.
   * @throws TypeError when it is something else.
   */
  static fromJSON(json: CookieJarJSON | string): RequestsCookieJar {
    const data: unknown = typeof json === "string" ? JSON.parse(json) : json;
    const cookies = (data as { readonly cookies?: unknown } | null)?.cookies;
    if (!Array.isArray(cookies)) throw new TypeError("This is not a cookie jar's JSON: it has no list of cookies");
    const jar = new RequestsCookieJar();
    cookies.forEach((item: Partial<CookieJSON> | null, at) => {
      if (typeof item?.name !== "string" || typeof item.value !== "string")
        throw new TypeError(`This is not a cookie jar's JSON: cookie ${at} has no name or no value`);
      const expires = item.expires == null ? Infinity : Date.parse(item.expires);
      const creation = item.creation === undefined ? Date.now() : Date.parse(item.creation);
      if (Number.isNaN(expires) || Number.isNaN(creation))
        throw new TypeError(`This is not a cookie jar's JSON: cookie ${at} has an invalid date`);
      jar[STORE].put(storedFrom({ ...(item as CookieJSON), expires, creation }));
    });
    return jar;
  }

  /**
   * Writes every cookie to a file in the Netscape cookies.txt format that curl and Python read, atomically and
   * readable for its owner alone. (Python's MozillaCookieJar reads session cookies back with
   * `load(ignore_discard=True, ignore_expires=True)`.) SameSite has no place in that format.
   */
  async save(path: string): Promise<void> {
    await writeCookieFile(path, this[STORE].all());
  }

  /**
   * Adds the cookies of a cookies.txt file, in place of those with the same name, domain and path.
   *
   * @throws CookieFileError for a bad line, naming it; nothing is added then.
   */
  async load(path: string): Promise<this> {
    for (const cookie of await readCookieFile(path)) this[STORE].put(cookie);
    return this;
  }

  /** The cookies, the oldest first. */
  *[Symbol.iterator](): Generator<Cookie> {
    for (const cookie of this[STORE].all()) yield cookieOf(cookie);
  }

  [inspect.custom](): string {
    const shown = this[STORE].all().map(
      ({ name, domain, path }) => `<Cookie ${name} for ${domain || "any host"}${path}>`,
    );
    return `<RequestsCookieJar [${shown.join(", ")}]>`;
  }
}

const NOT_COOKIES = "cookies must be an object, a Map, pairs, a RequestsCookieJar or tough-cookie's CookieJar";

/**
 * The jar that the `cookies` option means. A RequestsCookieJar is given back as it is; everything else is copied, a
 * tough-cookie CookieJar too, so later changes of either are not seen by the other.
 *
 * @throws TypeError for anything that does not name cookies.
 */
export function cookieJarFrom(value: unknown): RequestsCookieJar {
  if (value instanceof RequestsCookieJar) return value;
  return new RequestsCookieJar(value as CookiesInit | null | undefined);
}

/**
 * A new jar with the cookies of all sources; later ones take the place of earlier ones with the same name, domain and
 * path. A `null` value in an object, Map or pairs removes every cookie of that name that came before.
 *
 * @throws TypeError for anything that does not name cookies.
 */
export function mergeCookies(...sources: readonly unknown[]): RequestsCookieJar {
  const jar = new RequestsCookieJar();
  for (const source of sources) if (source != null) jar.update(source as CookiesInit);
  return jar;
}

function cookieLimits(given: Partial<CookieLimits> | undefined): CookieLimits {
  if (given === undefined || given === DEFAULT_COOKIE_LIMITS) return DEFAULT_COOKIE_LIMITS;
  for (const [name, limit] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_COOKIE_LIMITS, name))
      throw new TypeError(
        `RequestsCookieJar: unknown limit ${JSON.stringify(name)}; known are ${Object.keys(DEFAULT_COOKIE_LIMITS).join(", ")}`,
      );
    if (typeof limit !== "number" || !(limit >= 1))
      throw new RangeError(`RequestsCookieJar: ${name} must be 1 or greater, not ${numberOrKind(limit)}`);
  }
  return { ...DEFAULT_COOKIE_LIMITS, ...given };
}

function isInScope(cookie: StoredCookie, scope: CookieScope | undefined): boolean {
  if (scope === undefined) return true;
  if (scope.path != null && scope.path !== cookie.path) return false;
  return scope.domain == null || cookie.domain === canonicalDomain(scope.domain);
}

function conflict(name: string, one: StoredCookie, other: StoredCookie): CookieConflictError {
  const places = [one, other].map(
    ({ domain, path }) => `{ domain: ${JSON.stringify(domain)}, path: ${JSON.stringify(path)} }`,
  );
  return new CookieConflictError(
    `There are multiple cookies with name, '${name}'; say which one you mean, as by get('${name}', undefined, ` +
      `${places[0]}) or ${places[1]}`,
  );
}

const INDEXED: ProxyHandler<RequestsCookieJar> = {
  get(target, name, receiver) {
    if (typeof name === "symbol" || name in target) return Reflect.get(target, name, receiver) as unknown;
    return target.get(name);
  },
  set(target, name, value, receiver) {
    if (typeof name === "symbol" || Object.hasOwn(target, name)) return Reflect.set(target, name, value, receiver);
    target.set(name, value as CookieValue);
    return true;
  },
  has(target, name) {
    return typeof name === "symbol" ? Reflect.has(target, name) : target.has(name);
  },
  deleteProperty(target, name) {
    if (typeof name === "symbol") return Reflect.deleteProperty(target, name);
    target.delete(name);
    return true;
  },
  ownKeys(target) {
    return [...Reflect.ownKeys(target).filter((key) => typeof key === "symbol"), ...new Set(target.keys())];
  },
  getOwnPropertyDescriptor(target, name) {
    if (typeof name === "symbol" || !target.has(name)) return Reflect.getOwnPropertyDescriptor(target, name);
    return { value: target.getDict()[name], writable: true, enumerable: true, configurable: true };
  },
};
