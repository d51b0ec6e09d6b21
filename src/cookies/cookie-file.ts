/**
 * The Netscape cookies.txt format, as curl and Python's MozillaCookieJar read and write it: one cookie a line, seven
 * fields with tabs between: domain, whether hosts below it are meant, path, https only, expiry in seconds since 1970
 * (0 for a session cookie), name, value. `#HttpOnly_` before the domain marks an HttpOnly cookie; other lines that
 * begin with `#` are comments. The file holds the bytes of the Cookie header.
 */
import { readFile } from "node:fs/promises";

import { writePrivateFile } from "./private-file.js";
import { checkedPair } from "./attributes.js";
import { canonicalDomain, decodeHeaderText, isAddress, LATEST_EXPIRY, type StoredCookie } from "./cookie.js";

const HTTP_ONLY = "#HttpOnly_";
// Python's MozillaCookieJar refuses a file without the first of these lines.
const HEADING = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n# Written by requests-ts.\n\n";
/** The most bytes that a cookie file may have. */
export const MAX_COOKIE_FILE = 64 * 1024 * 1024;

/** A cookie file has a line that is not a cookie, or is too large. */
export class CookieFileError extends Error {
  static {
    this.prototype.name = "CookieFileError";
  }
  /** A stable name for programs to compare. */
  readonly code: string = "ERR_COOKIE_FILE";
  /** The file, when it is known. */
  readonly path: string | undefined;
  /** The line, counted from 1; 0 when the file as a whole is meant. */
  readonly line: number;

  constructor(reason: string, line: number, path?: string) {
    super(`${path ?? "The cookie file"}${line === 0 ? "" : `, line ${line}`}: ${reason}`);
    this.path = path;
    this.line = line;
  }
}

/** The text of a cookie file, one character for each byte. Cookies with a tab inside cannot be written: left out. */
export function formatCookieFile(cookies: readonly StoredCookie[]): string {
  let text = HEADING;
  for (const cookie of cookies) {
    const spansHosts = !cookie.hostOnly && cookie.domain !== "";
    // Cookies without a name have an empty name field, as Python writes them.
    const name = cookie.name === "" ? "" : cookie.text.slice(0, cookie.text.indexOf("="));
    const value = cookie.name === "" ? cookie.text : cookie.text.slice(name.length + 1);
    const fields = [
      `${cookie.httpOnly ? HTTP_ONLY : ""}${spansHosts ? "." : ""}${cookie.domain}`,
      spansHosts ? "TRUE" : "FALSE",
      cookie.path,
      cookie.secure ? "TRUE" : "FALSE",
      // A time that is not over must not become 0, which means "session".
      cookie.expires === Infinity ? "0" : String(Math.max(1, Math.floor(cookie.expires / 1000))),
      name,
      value,
    ];
    if (fields.every((field) => !field.includes("\t"))) text += `${fields.join("\t")}\n`;
  }
  return text;
}

/**
 * The cookies of a cookie file, without those that have expired.
 *
 * @param text - one character for each byte.
 * @param now - milliseconds since 1970.
 * @param path - the file, for messages.
 * @throws CookieFileError for a line that is not a cookie.
 */
export function parseCookieFile(text: string, now: number, path?: string): StoredCookie[] {
  const found: StoredCookie[] = [];
  let line = 0;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf("\n", start);
    if (end === -1) end = text.length;
    line += 1;
    const last = end > start && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
    const cookie = parseLine(text.slice(start, last), line, now, path);
    if (cookie !== null && cookie.expires > now) found.push(cookie);
    start = end + 1;
  }
  return found;
}

function parseLine(text: string, line: number, now: number, path: string | undefined): StoredCookie | null {
  const httpOnly = text.startsWith(HTTP_ONLY);
  if ((text.startsWith("#") && !httpOnly) || text.trim() === "") return null;
  const fields = (httpOnly ? text.slice(HTTP_ONLY.length) : text).split("\t", 8);
  // curl and editors that cut trailing tabs leave an empty value out.
  if (fields.length === 6) fields.push("");
  if (fields.length !== 7)
    throw new CookieFileError(`expected 7 tab-separated fields, found ${fields.length}`, line, path);
  const [domain, spans, cookiePath, secure, expires, rawName, rawValue] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const spansHosts = flagOf(spans, "second", line, path);
  const name = decodeHeaderText(rawName);
  const value = decodeHeaderText(rawValue);
  const latin1 = name === null || value === null;
  const host = canonicalDomain(domain);
  let pair;
  try {
    pair = checkedPair(latin1 ? rawName : name, latin1 ? rawValue : value, latin1);
  } catch (cause) {
    throw new CookieFileError((cause as Error).message, line, path);
  }
  return {
    ...pair,
    domain: host,
    path: cookiePath.startsWith("/") ? cookiePath : "/",
    secure: flagOf(secure, "fourth", line, path),
    httpOnly,
    sameSite: null,
    expires: expiryOf(expires, line, path),
    hostOnly: host !== "" && (!spansHosts || isAddress(host)),
    byHand: false,
    creation: now,
    order: 0,
  };
}

function flagOf(text: string, which: string, line: number, path: string | undefined): boolean {
  const upper = text.toUpperCase();
  if (upper === "TRUE") return true;
  if (upper === "FALSE") return false;
  throw new CookieFileError(`the ${which} field must be TRUE or FALSE, not ${JSON.stringify(text)}`, line, path);
}

// Python writes an empty field for a session cookie, curl 0; browsers' exports may have fractions.
function expiryOf(text: string, line: number, path: string | undefined): number {
  if (text === "" || text === "0") return Infinity;
  if (!/^-?\d{1,16}(?:\.\d{1,16})?$/.test(text))
    throw new CookieFileError(`the fifth field must be seconds since 1970, not ${JSON.stringify(text)}`, line, path);
  return Math.min(Number(text) * 1000, LATEST_EXPIRY);
}

/**
 * Reads a cookie file.
 *
 * @throws CookieFileError for a line that is not a cookie; the file system's own error when it cannot be read.
 */
export async function readCookieFile(path: string): Promise<StoredCookie[]> {
  const bytes = await readFile(path);
  if (bytes.length > MAX_COOKIE_FILE) throw new CookieFileError(`larger than ${MAX_COOKIE_FILE} bytes`, 0, path);
  return parseCookieFile(bytes.toString("latin1"), Date.now(), path);
}

/**
 * Writes a cookie file readable for its owner alone (mode 0600). A reader sees the old file or the whole new one.
 *
 * @throws the file system's own error; the old file is then untouched.
 */
export async function writeCookieFile(path: string, cookies: readonly StoredCookie[]): Promise<void> {
  await writePrivateFile(path, formatCookieFile(cookies), "latin1");
}
