/** Cookies as Werkzeug reads and writes them, quotes and octal escapes included. */
import { latin1FromUtf8, utf8FromLatin1 } from "./fields.js";

const COOKIE = /([^=;]*)(?:\s*=\s*("(?:[^\\"]|\\.)*"|.*?))?\s*;/y;

/** The attributes of a cookie that `/cookies/set/<name>/<value>` can be asked for. */
export interface CookieAttributes {
  readonly path?: string | undefined;
  readonly domain?: string | undefined;
  readonly expires?: string | undefined;
  readonly maxAge?: string | undefined;
  readonly sameSite?: string | undefined;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
}

/** Parses a Cookie header (bytes as latin-1 characters). The first of a repeated name wins. */
export function parseCookies(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  const text = `${header};`;
  COOKIE.lastIndex = 0;
  for (let match = COOKIE.exec(text); match !== null; match = COOKIE.exec(text)) {
    const name = utf8FromLatin1((match[1] ?? "").trim());
    if (name !== "" && !cookies.has(name)) cookies.set(name, utf8FromLatin1(unquote(match[2] ?? "")));
    if (COOKIE.lastIndex >= text.length) break;
  }
  return cookies;
}

/** The value of a Set-Cookie header, in Werkzeug's order of attributes. */
export function formatCookie(name: string, value: string, attributes: CookieAttributes = {}): string {
  const { domain, expires, maxAge, secure = false, httpOnly = false, path = "/", sameSite } = attributes;
  const parts = [`${latin1FromUtf8(name)}=${quote(latin1FromUtf8(value))}`];
  if (domain !== undefined) parts.push(`Domain=${domain}`);
  if (expires !== undefined) parts.push(`Expires=${expires}`);
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  if (secure) parts.push("Secure");
  if (httpOnly) parts.push("HttpOnly");
  parts.push(`Path=${path}`);
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  return parts.join("; ");
}

function quote(bytes: string): string {
  if (/^[A-Za-z0-9/=!#$%&'*+\-.^_`|~:]*$/.test(bytes)) return bytes;

  const escaped = bytes.replace(/["\\]|[,;\x00-\x1f\x7f-\xff]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
  return `"${escaped}"`;
}

function unquote(value: string): string {
  if (!/^".*"$/s.test(value) || value.length < 2) return value;
  return value.slice(1, -1).replace(/\\([0-3][0-7][0-7]|.)/gs, (_, escape: string) => {
    return escape.length === 3 ? String.fromCharCode(parseInt(escape, 8)) : escape;
  });
}
