/** Addresses of the public internet, to guard requests for user-supplied URLs (SSRF). */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** IANA's special-purpose registries (RFC 6890): none of these is a public host. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Only 2000::/3 is given out (RFC 4291); what is special within it is listed. */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an address is one of the public internet: no loopback, private, link-local, shared, documentation, multicast
 * or reserved one, and no IPv6 form of such an IPv4 address.
 *
 * @param address - IPv4 or IPv6, without brackets.
 * @example
 * ```ts
 * const guarded = new HTTPAdapter({ allowAddress: publicAddressesOnly });
 * publicAddressesOnly("169.254.169.254"); //=> false
 * publicAddressesOnly("93.184.215.14"); //=> true
 * ```
 */
export function publicAddressesOnly(address: string): boolean {
  const plain = address.replace(/%.*$/, "");
  if (isIPv4(plain)) return !special.check(plain, "ipv4");
  if (!isIPv6(plain)) return false;
  const embedded = embeddedIPv4(plain);
  if (embedded !== null) return !special.check(embedded, "ipv4");
  return globalUnicast.check(plain, "ipv6") && !special.check(plain, "ipv6");
}

/** The IPv4 address within ::ffff:0:0/96 and 64:ff9b::/96 (RFC 6052). */
function embeddedIPv4(address: string): string | null {
  const groups = expanded(address);
  const prefix = groups.slice(0, 6).join(":");
  if (prefix !== "0:0:0:0:0:ffff" && prefix !== "64:ff9b:0:0:0:0") return null;
  const high = parseInt(groups[6], 16);
  const low = parseInt(groups[7], 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** The eight groups, by the URL parser's canonical form. */
function expanded(address: string): string[] {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const before = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  return [...before, ...Array<string>(8 - before.length - behind.length).fill("0"), ...behind];
}
