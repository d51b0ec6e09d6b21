/** Which proxy a URL goes through: the mapping of proxies, and the list of exceptions. */
import { BlockList, isIPv4, isIPv6 } from "node:net";

import { effectivePort, splitUrl, type UrlParts } from "../message/url.js";

/** Proxies by `scheme://host`, `scheme`, `all://host` or `all`; null and "" mean a direct connection. */
export type ProxyMapping = Readonly<Record<string, string | null | undefined>>;

/**
 * The proxy for a URL. The first key that is there decides, also with null: `scheme://host` (without port), `scheme`,
 * `all://host`, `all`. Keys are in lower case.
 *
 * @param url - the URL of the request.
 * @param proxies - the mapping; undefined values count as not there.
 * @returns the proxy's URL as written, or null for a direct connection.
 * @throws InvalidURL for a URL that has no host or cannot be parsed.
 * @see requests' `select_proxy`
 */
export function selectProxy(url: string, proxies: ProxyMapping | null | undefined): string | null {
  return decidingValue(url, proxies) || null;
}

/**
 * Whether a mapping decides about a URL: it has one of the four keys, also with null for a direct connection.
 *
 * @param url - the URL of the request.
 * @param proxies - the mapping; undefined values count as not there.
 * @throws InvalidURL for a URL that has no host or cannot be parsed.
 */
export function isProxyNamed(url: string, proxies: ProxyMapping | null | undefined): boolean {
  return decidingValue(url, proxies) !== undefined;
}

/** The value of the first key that is there, "" for null. */
function decidingValue(url: string, proxies: ProxyMapping | null | undefined): string | undefined {
  if (proxies == null || isEmpty(proxies)) return undefined;
  const { scheme, host } = splitUrl(url);
  return (
    valueFor(proxies, scheme, host) ??
    valueAt(proxies, scheme) ??
    valueFor(proxies, "all", host) ??
    valueAt(proxies, "all")
  );
}

function isEmpty(proxies: ProxyMapping): boolean {
  for (const _ in proxies) return false;
  return true;
}

function valueFor(proxies: ProxyMapping, scheme: string, host: string): string | undefined {
  if (host === "") return undefined;
  const value = valueAt(proxies, `${scheme}://${host}`);
  // Python's parser takes the brackets of an IPv6 address off, so its users write the key without them.
  return value ?? (host.startsWith("[") ? valueAt(proxies, `${scheme}://${host.slice(1, -1)}`) : undefined);
}

function valueAt(proxies: ProxyMapping, key: string): string | undefined {
  if (!Object.hasOwn(proxies, key)) return undefined;
  const value = proxies[key];
  return value === null ? "" : value;
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
