/** The host of a URL → the IP addresses that it spells, without DNS. */
import { isIPv4, isIPv6 } from "node:net";

/** Longest host that is read as numbers: four parts of an IPv4 address, with leading zeros to spare. */
const MAX_NUMBERS = 255;

/**
 * The addresses that a proxy or a resolver may take a host for, when it is not a name of DNS.
 *
 * - IPv4 in each form that the WHATWG URL parser and `inet_aton` read: `2130706433`, `0x7f.1`, `0177.0.0.1`, `127.0.0.1.`.
 *   A number with a leading zero is octal to them and decimal to other parsers, so that it has two readings.
 * - IPv6 without its zone, in the form of RFC 5952; an IPv4-mapped address is that IPv4 address as well.
 * - `localhost` and the names below it, which are 127.0.0.1 (RFC 6761 §6.3).
 *
 * @param host - Without brackets.
 * @returns null for a name; no address for a host that ends in a number and cannot be read as one.
 */
export function literalAddresses(host: string): readonly string[] | null {
  if (isIPv4(host)) return [host];
  if (host.includes(":")) return readIPv6(host);
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  if (/(?:^|\.)localhost$/i.test(name)) return ["127.0.0.1"];
  const parts = name.length > MAX_NUMBERS ? [] : name.split(".");
  if (!/^(?:[0-9]+|0x[0-9a-f]*)$/i.test(parts.at(-1) ?? "")) return null;
  const readings = [readIPv4(parts, wholeNumber), readIPv4(parts, decimalNumber)];
  return [...new Set(readings.filter((address) => address !== null))];
}

function readIPv4(parts: readonly string[], numberOf: (text: string) => number): string | null {
  if (parts.length > 4) return null;
  let address = 0;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const value = numberOf(part);
    // The last number fills the bytes that the others leave; NaN is in no range.
    if (!(value < (isLast ? 256 ** (5 - parts.length) : 256))) return null;
    address += isLast ? value : value * 256 ** (3 - index);
  }
  return dotted(address);
}

/** As the WHATWG URL parser reads it: 0x begins a hexadecimal number, 0 an octal one. */
function wholeNumber(text: string): number {
  if (/^0x[0-9a-f]*$/i.test(text)) return text.length === 2 ? 0 : parseInt(text.slice(2), 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return text.startsWith("0") && text !== "0" ? NaN : decimalNumber(text);
}

function decimalNumber(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : NaN;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

function readIPv6(host: string): readonly string[] {
  const plain = host.replace(/%.*$/, "");
  if (!isIPv6(plain)) return [];
  const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (mapped === null) return [canonical];
  const embedded = dotted(parseInt(mapped[1], 16) * 65_536 + parseInt(mapped[2], 16));
  return [`::ffff:${embedded}`, embedded];
}
