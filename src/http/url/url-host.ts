/**
 * The authority of a URL: user-info, host and port, checked and made canonical. One parser serves everything that needs
 * a host: two that disagree are how credentials reach the wrong one (CVE-2024-47081).
 */
import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

import { InvalidURL } from "../../exceptions.js";
import { shownUrl } from "../redaction/shown-url.js";
import { UNRESERVED, USERINFO, quote, unquoteToBytes } from "../url-encoded.js";

/** Longest host that is made ASCII, in characters: a name of DNS has 253 at most, and punycode is not linear. */
const MAX_UNICODE_HOST = 1024;
/** Longest label of a name, in bytes (RFC 1035 §2.3.4). */
const MAX_LABEL = 63;
const MAX_PORT = 65_535;

/** Characters that no host has, beside controls: delimiters of a URL, and those that RFC 3986 has no place for. */
const FORBIDDEN_IN_HOST = ' "#%/:<>?@[\\]^`{|}';

/** An authority in its three parts, as they were written. */
export interface Authority {
  /** Without the "@"; null when there is none. */
  readonly userinfo: string | null;
  /** With the brackets of an IPv6 address. */
  readonly host: string;
  /** The digits; null without a port or with an empty one. */
  readonly port: string | null;
}

/**
 * Splits an authority. The last "@" ends the user-info, as in every parser of URLs that is not to be fooled.
 *
 * @returns null when host and port cannot be told apart: two colons, an open bracket, text after a bracket.
 */
export function splitAuthority(authority: string): Authority | null {
  const at = authority.lastIndexOf("@");
  const userinfo = at === -1 ? null : authority.slice(0, at);
  const hostPort = at === -1 ? authority : authority.slice(at + 1);
  const bracket = hostPort.startsWith("[") ? hostPort.indexOf("]") : 0;
  if (bracket === -1) return null;
  const colon = hostPort.indexOf(":", bracket);
  const hostEnd = colon === -1 ? hostPort.length : colon;
  if (bracket > 0 && hostEnd !== bracket + 1) return null;
  const port = colon === -1 ? "" : hostPort.slice(colon + 1);
  return { userinfo, host: hostPort.slice(0, hostEnd), port: port === "" ? null : port };
}

/**
 * The number of a port.
 *
 * @returns null for 0, which requests drops; undefined for text that is not a port.
 */
export function portNumber(digits: string): number | null | undefined {
  let port = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
    if (port > MAX_PORT) return undefined;
  }
  return port === 0 ? null : port;
}

/**
 * The canonical authority of an http or https URL: user-info quoted, host by {@link canonicalHost}, port without leading
 * zeros; an empty user-info, an empty port and port 0 are dropped.
 *
 * @param url - The whole URL, for the message.
 * @throws InvalidURL when a part is not right.
 */
export function canonicalAuthority(authority: string, url: string): string {
  const parts = checkedAuthority(authority, url);
  const port = parts.port === null ? null : portNumber(parts.port);
  const userinfo = parts.userinfo ? `${quote(parts.userinfo, USERINFO, true)}@` : "";
  return `${userinfo}${canonicalHost(parts.host, url)}${port === null ? "" : `:${port}`}`;
}

/**
 * The authority of a scheme of which only the owner of an adapter knows what its host means (`http+unix`): checked for
 * its form, and left as it is.
 *
 * @throws InvalidURL when a part is not right.
 */
export function opaqueAuthority(authority: string, url: string): string {
  const parts = checkedAuthority(authority, url);
  if (parts.host.startsWith("[")) return authority;
  if (hasControlOrSpace(parts.host)) throw failedToParse(url, "the host has a space or a control character");
  if (/[[\]]/.test(parts.host)) throw failedToParse(url, "the host is malformed; an IPv6 address stands in [brackets]");
  if (/%(?![0-9a-f]{2})/i.test(parts.host)) throw failedToParse(url, "the host has a malformed % escape");
  const port = parts.port === null ? null : portNumber(parts.port);
  return `${parts.userinfo ? `${parts.userinfo}@` : ""}${parts.host}${port === null ? "" : `:${port}`}`;
}

function checkedAuthority(authority: string, url: string): Authority {
  const parts = splitAuthority(authority);
  if (parts === null) throw failedToParse(url, "the host is malformed; an IPv6 address stands in [brackets]");
  if (parts.port !== null && portNumber(parts.port) === undefined)
    throw failedToParse(url, "the port must be a number from 0 to 65535");
  if (parts.host === "") throw noHost(url);
  return parts;
}

/**
 * The canonical host of an http or https URL: lower case, ASCII by UTS 46, escapes undone, a zone id after `%25`.
 *
 * @param url - The whole URL, for the message.
 * @throws InvalidURL for a space, a control character or another that no host has; for an address that is none; and,
 * in requests' words, for a label that cannot be: `*`, a leading dot, what UTS 46 refuses.
 * @see RFC 3986 §3.2.2, RFC 6874 §2, UTS 46 §4
 */
export function canonicalHost(host: string, url: string): string {
  if (host.startsWith("[")) return canonicalAddress(host, url);
  if (host.includes("%")) host = unescapedHost(host, url);
  const ascii = checkCharacters(host, url) ? host.toLowerCase() : asciiHost(host);
  if (ascii === null || ascii === "" || ascii.startsWith("*") || ascii.startsWith("."))
    throw new InvalidURL(`URL has an invalid label. The URL is '${shownUrl(url)}'.`);
  return ascii;
}

function unescapedHost(host: string, url: string): string {
  if (/%(?![0-9a-f]{2})/i.test(host)) throw failedToParse(url, "the host has a malformed % escape");
  const text = unquoteToBytes(host).toString("utf8");
  if (text.includes("\ufffd")) throw failedToParse(url, "the escapes of the host are not UTF-8");
  return text;
}

/** Whether every character is ASCII. */
function checkCharacters(host: string, url: string): boolean {
  let ascii = true;
  for (let at = 0; at < host.length; at += 1) {
    const code = host.charCodeAt(at);
    if (code >= 0x80) ascii = false;
    else if (code <= 0x20 || code === 0x7f) throw failedToParse(url, "the host has a space or a control character");
    else if (FORBIDDEN_IN_HOST.includes(host[at]))
      throw failedToParse(url, `the host has a character that no host has: ${host[at]}`);
  }
  return ascii;
}

function asciiHost(host: string): string | null {
  if (host.length > MAX_UNICODE_HOST) return null;
  const ascii = domainToASCII(host);
  // Deno's lets through what UTS 46 maps to them, like U+FF0F to "/".
  for (const character of ascii) if (character <= " " || FORBIDDEN_IN_HOST.includes(character)) return null;
  const labels = ascii.split(".");
  if (labels.at(-1) === "") labels.pop();
  // UTS 46 as browsers do it lets these through; DNS cannot carry them.
  return labels.every((label) => label !== "" && label.length <= MAX_LABEL) ? ascii : null;
}

function canonicalAddress(host: string, url: string): string {
  const inner = host.slice(1, -1);
  const percent = inner.indexOf("%");
  const address = percent === -1 ? inner : inner.slice(0, percent);
  if (!host.endsWith("]") || !isIPv6(address)) throw failedToParse(url, "the host is not an IPv6 address");
  if (percent === -1) return host.toLowerCase();
  // RFC 6874 §2: the zone follows "%25"; a bare "%" is what people type.
  const after = inner.slice(percent + 1);
  const zone = after.startsWith("25") && after !== "25" ? after.slice(2) : after;
  if (zone === "" || hasControlOrSpace(zone)) throw failedToParse(url, "the zone id of the IPv6 address is malformed");
  return `[${address.toLowerCase()}%25${quote(zone, UNRESERVED, true)}]`;
}

/** Whether a host has what must never reach a request line, a Host header or a CONNECT. */
export function hasControlOrSpace(host: string): boolean {
  for (let at = 0; at < host.length; at += 1) {
    const code = host.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** requests' error for a URL that cannot be parsed, and what is wrong with it. */
export function failedToParse(url: string, reason: string): InvalidURL {
  return new InvalidURL(`Failed to parse: ${shownUrl(url)} (${reason})`);
}

/** requests' error for a URL without a host. */
export function noHost(url: string): InvalidURL {
  return new InvalidURL(`Invalid URL '${shownUrl(url)}': No host supplied`);
}
