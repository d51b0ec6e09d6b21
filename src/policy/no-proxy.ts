/** Which proxy a URL goes through: the mapping of proxies, and the list of exceptions. */
import { BlockList, isIPv4, isIPv6 } from "node:net";

import { redactedUrl } from "../http/redaction/redaction.js";
import { effectivePort, splitUrl, type UrlParts } from "../http/url/url.js";
import { kindOf } from "../options/kind.js";
import { nearestName } from "../options/nearest-name.js";

/**
 * Proxies by `scheme://host`, `scheme`, `all://host` or `all`, in any case of letters; null and "" mean a direct
 * connection. `no_proxy`, or `noProxy`, lists hosts that are connected to directly, as NO_PROXY does.
 */
export type ProxyMapping = Readonly<Record<string, string | null | undefined>>;

/**
 * The proxy for a URL. The first key that is there decides, also with null: `scheme://host` (without port), `scheme`,
 * `all://host`, `all`. A host of `no_proxy` has none.
 *
 * @param url - the URL of the request.
 * @param proxies - the mapping; undefined values count as not there.
 * @returns the proxy's URL as written, or null for a direct connection.
 * @throws InvalidURL for a URL that has no host or cannot be parsed; TypeError for a key that means nothing.
 * @see requests' `select_proxy`
 */
export function selectProxy(url: string, proxies: ProxyMapping | null | undefined): string | null {
  return decidingValue(url, proxies) || null;
}

/**
 * Whether a mapping decides about a URL: it has one of the four keys, also with null for a direct connection, or its
 * `no_proxy` lists the host.
 *
 * @param url - the URL of the request.
 * @param proxies - the mapping; undefined values count as not there.
 * @throws InvalidURL for a URL that has no host or cannot be parsed; TypeError for a key that means nothing.
 */
export function isProxyNamed(url: string, proxies: ProxyMapping | null | undefined): boolean {
  return decidingValue(url, proxies) !== undefined;
}

/** The value of the first key that is there, "" for a direct connection. */
function decidingValue(url: string, proxies: ProxyMapping | null | undefined): string | undefined {
  if (proxies == null || isEmpty(proxies)) return undefined;
  const { scheme, host } = splitUrl(url);
  // Python's parser takes the brackets of an IPv6 address off, so its users write the key without them.
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  const names =
    host === ""
      ? [scheme, "all"]
      : [`${scheme}://${host}`, `${scheme}://${bare}`, scheme, `all://${host}`, `all://${bare}`, "all"];
  let found: string | undefined;
  let first = names.length;
  for (const key of Object.keys(proxies)) {
    const value = proxies[key];
    if (value === undefined) continue;
    const name = proxyKey(key);
    if (typeof value !== "string") checkProxyValue(key, value);
    if (name === NO_PROXY) {
      if (value !== null && bypassesProxy(url, value)) return "";
      continue;
    }
    const at = names.indexOf(name);
    // Of two spellings of a key the last one counts.
    if (at === -1 || at > first) continue;
    first = at;
    found = value ?? "";
  }
  return found;
}

function isEmpty(proxies: ProxyMapping): boolean {
  for (const _ in proxies) return false;
  return true;
}

/** The key of the hosts that are connected to directly. */
export const NO_PROXY = "no_proxy";

/** Names that other clients give to a proxy, or that name the scheme of the proxy instead of the URL's. */
const MEANS_ALL: ReadonlySet<string> = new Set([
  "*",
  "any",
  "default",
  "proxies",
  "proxy",
  "server",
  "socks",
  "socks4",
  "socks4a",
  "socks5",
  "socks5h",
  "uri",
  "url",
]);
const WEB = ["http", "https"];
/** A proxy in parts, as axios takes it. */
const PARTS: ReadonlySet<string> = new Set(["auth", "host", "hostname", "password", "port", "protocol", "username"]);

const knownKeys = new Map<string, string>();
const MAX_KNOWN_KEYS = 1000;

/**
 * A key of a mapping of proxies, in lower case.
 *
 * @throws TypeError for a key that no URL would ever fit, so that a request does not go out directly by mistake.
 */
export function proxyKey(key: string): string {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const name = key.toLowerCase();
  const checked = /^no[-_]?proxy$/.test(name) ? NO_PROXY : name;
  if (checked !== NO_PROXY) {
    const meant = meantKey(name);
    if (meant !== name) throw unknownKey(key, meant);
  }
  if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
  knownKeys.set(key, checked);
  return checked;
}

/**
 * @throws TypeError for a value that is neither text nor null nor undefined, and for a key that means nothing.
 */
export function checkProxyValue(key: string, value: unknown): void {
  const wanted = proxyKey(key) === NO_PROXY ? 'text such as "localhost,.example.com"' : "a URL";
  if (typeof value === "string" || value === null || value === undefined) return;
  throw new TypeError(`proxies[${JSON.stringify(key)}] must be ${wanted} or null, not ${kindOf(value)}`);
}

/**
 * A mapping of proxies with the keys of another one over it, which replace a key in any of its spellings.
 *
 * @param only - The keys of `base` to take, as `proxyKey` gives them; all of them without it.
 */
export function mergedProxies(base: ProxyMapping, over: ProxyMapping, only?: string): ProxyMapping {
  const replaced = new Set(
    Object.keys(over)
      .filter((key) => over[key] !== undefined)
      .map(proxyKey),
  );
  const kept = Object.entries(base).filter(([key]) => {
    const name = proxyKey(key);
    return !replaced.has(name) && (only === undefined || name === only);
  });
  return { ...Object.fromEntries(kept), ...over };
}

/** The key itself where it is one; otherwise the key that was probably meant, or null. */
function meantKey(name: string): string | null {
  if (MEANS_ALL.has(name)) return "all";
  if (PARTS.has(name)) return null;
  const ofVariable = /^([a-z]+?)[-_]?prox(?:y|ies)$/.exec(name)?.[1];
  if (ofVariable !== undefined) return ofVariable;
  const parts = /^([a-z][a-z0-9+-]*)(:\/{0,2})?(.*)$/s.exec(name);
  if (parts === null) return isHost(name) ? `all://${name}` : null;
  const [, written, separator, rest] = parts;
  // "htpp", "htps"
  const scheme = nearestName(written, WEB) ?? written;
  if (separator === undefined && rest === "" && name !== "localhost") return scheme;
  if (separator === undefined) return isHost(name) ? `all://${name}` : null;
  if (rest === "" || rest === "*" || rest === "/") return scheme;
  if (separator !== "://") return null;
  const authority = rest.slice(rest.lastIndexOf("@") + 1).replace(/[/?#].*$/s, "");
  const host = /^(\[[^\]]*\]|[^:]*):\d*$/.exec(authority)?.[1] ?? authority;
  return host === "" || host.includes("*") ? scheme : isHost(host) ? `${scheme}://${host}` : null;
}

function isHost(text: string): boolean {
  return isIPv6(text) || /^(?:\[[0-9a-f:.%]+\]|[^\s:/?#@[\]*\\]+)$/i.test(text);
}

function unknownKey(key: string, meant: string | null): TypeError {
  const hint =
    meant === null
      ? 'Write { https: "http://user:password@proxy.example:3128" }.'
      : `Did you mean ${JSON.stringify(meant)}?`;
  return new TypeError(
    `Unknown key ${JSON.stringify(redactedUrl(key))} in proxies. ${hint} A key is the scheme of the request's URL, ` +
      '"all", either with "://host", or "no_proxy".',
  );
}

/**
 * Whether a URL goes past the proxies of the environment.
 *
 * Entries are separated by commas or white space, and compared without regard to case:
 *
 * | entry | matches |
 * |---|---|
 * | `*` | every host |
 * | `example.com`, `.example.com` | the host and everything below it, never `badexample.com` |
 * | `*.example.com` | everything below the host |
 * | `10.0.0.1`, `::1`, `[::1]` | the address, however it is written |
 * | `10.0.0.0/8`, `fd00::/8` | addresses of the block |
 * | any host or address with `:port` (`[::1]:8080`) | the same at that port; default ports count, written or not |
 *
 * Host names are not resolved, and an entry that cannot be read matches nothing.
 *
 * @param url - the URL of the request.
 * @param noProxy - the value of NO_PROXY.
 * @returns true also for a URL without a host, as in requests, unless there are no entries.
 * @throws InvalidURL for a URL that cannot be parsed.
 * @see requests' `should_bypass_proxies`, which knows neither IPv6 nor default ports nor `*.host`
 */
export function bypassesProxy(url: string, noProxy: string): boolean {
  if (noProxy === "") return false;
  // The variable hardly ever changes, and is asked about for each request.
  if (noProxy !== lastText) {
    lastExceptions = parseNoProxy(noProxy);
    lastText = noProxy;
  }
  return lastExceptions.length > 0 && matchesAny(splitUrl(url), lastExceptions);
}

/** One readable entry. */
type Exception =
  | { readonly kind: "all" }
  | { readonly kind: "name"; readonly name: string; readonly belowOnly: boolean; readonly port: number | null }
  | { readonly kind: "addresses"; readonly block: BlockList; readonly port: number | null };

let lastText = "";
let lastExceptions: readonly Exception[] = [];

function parseNoProxy(text: string): Exception[] {
  return text
    .toLowerCase()
    .split(/[,\s]+/)
    .map(parseEntry)
    .filter((entry) => entry !== null);
}

function parseEntry(entry: string): Exception | null {
  if (entry === "") return null;
  if (entry === "*") return { kind: "all" };
  const slash = entry.indexOf("/");
  if (slash !== -1) return parseSubnet(entry.slice(0, slash), entry.slice(slash + 1));

  const split = splitPort(entry);
  if (split === null) return null;
  const { port } = split;
  const address = plainAddress(split.host);
  const family = familyOf(address);
  if (family !== null) {
    const block = new BlockList();
    block.addAddress(address, family);
    return { kind: "addresses", block, port };
  }
  const belowOnly = split.host.startsWith("*.");
  const name = withoutFinalDot(split.host.slice(belowOnly ? 2 : split.host.startsWith(".") ? 1 : 0));
  return name === "" || name.includes("*") ? null : { kind: "name", name, belowOnly, port };
}

function parseSubnet(network: string, prefix: string): Exception | null {
  const address = plainAddress(network);
  const family = familyOf(address);
  const bits = decimal(prefix, 3);
  if (family === null || bits === null || bits > (family === "ipv4" ? 32 : 128)) return null;
  const block = new BlockList();
  block.addSubnet(address, bits, family);
  return { kind: "addresses", block, port: null };
}

/** Takes the port off. An address with several colons and no brackets has none. */
function splitPort(entry: string): { readonly host: string; readonly port: number | null } | null {
  const bracket = entry.startsWith("[") ? entry.indexOf("]") : -1;
  const colon = bracket === -1 ? entry.indexOf(":") : entry.indexOf(":", bracket);
  if (colon === -1 || (bracket === -1 && entry.includes(":", colon + 1))) return { host: entry, port: null };
  const port = decimal(entry.slice(colon + 1), 5);
  return port === null ? null : { host: entry.slice(0, colon), port };
}

function matchesAny(parts: UrlParts, exceptions: readonly Exception[]): boolean {
  if (parts.host === "") return true;
  const port = effectivePort(parts);
  const address = plainAddress(parts.host);
  const family = familyOf(address);
  const name = family === null ? withoutFinalDot(parts.host) : "";
  return exceptions.some((exception) => {
    if (exception.kind === "all") return true;
    if (exception.port !== null && exception.port !== port) return false;
    if (exception.kind === "addresses") return family !== null && exception.block.check(address, family);
    // "0.0.1" is not a domain that 10.0.0.1 is in.
    if (family !== null) return false;
    return name === exception.name ? !exception.belowOnly : isBelow(name, exception.name);
  });
}

function isBelow(name: string, domain: string): boolean {
  return name.endsWith(domain) && name[name.length - domain.length - 1] === ".";
}

/** Without brackets and zone, which BlockList does not take. */
function plainAddress(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const zone = bare.indexOf("%");
  return zone === -1 ? bare : bare.slice(0, zone);
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  return isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : null;
}

function withoutFinalDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function decimal(text: string, maxDigits: number): number | null {
  if (text === "" || text.length > maxDigits) return null;
  for (const digit of text) if (digit < "0" || digit > "9") return null;
  return Number(text);
}
