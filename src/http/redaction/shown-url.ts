/** URLs as messages, logs and archives may show them: without the secrets in them. */
import { looksLikeJson, redactedJson } from "./redacted-json.js";
import { isSecretParameter } from "./secret-names.js";
import { formEncode, unquote } from "../url-encoded.js";

/** Longest URL that {@link shownUrl} shows whole, in characters. */
const MAX_SHOWN = 500;

/** The index at which the authority that starts at `start` ends: at "/", "\", "?", "#" or the end of the text. */
export function authorityEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2f || code === 0x3f || code === 0x23 || code === 0x5c) return at;
  }
  return text.length;
}

/**
 * The URL without its secrets: the password of the user-info, a user name that stands there without a password (tokens
 * are given so), and the values of parameters that carry credentials, in the query and in the fragment. Never throws.
 *
 * A text without "//" that looks like `user:password@host` is masked as well: people forget the scheme.
 *
 * @param mark - What stands in place of a secret.
 */
export function redactedUrl(url: string, mark = "***"): string {
  const start = startOfAuthority(url);
  const end = authorityEnd(url, start);
  const at = end === start ? -1 : url.lastIndexOf("@", end - 1);
  const hash = url.indexOf("#", end);
  const pathEnd = hash === -1 ? url.length : hash;
  const question = url.indexOf("?", end);
  const queryAt = question === -1 || question > pathEnd ? pathEnd : question;
  let query = url.slice(queryAt + 1, pathEnd);
  let fragment = hash === -1 ? "" : url.slice(hash + 1);
  let authority = url.slice(start, end);
  if (at >= start) {
    if (!isLocal(url, start, at)) authority = maskedUserinfo(url.slice(start, at), mark) + url.slice(at, end);
  } else if (authority.includes(":")) {
    // `http://joe:12#cret@host` is a URL of the host "joe": what looks like its fragment or query ends a password.
    fragment = maskedToAt(fragment, mark);
    if (!query.slice(0, query.lastIndexOf("@") + 1).includes("=")) query = maskedToAt(query, mark);
  }
  return (
    url.slice(0, start) +
    authority +
    url.slice(end, queryAt) +
    (queryAt < pathEnd ? `?${redactedQuery(query, mark)}` : "") +
    (hash === -1 ? "" : `#${redactedQuery(fragment, mark)}`)
  );
}

/** The same for `a=1&b=2`: a query, a fragment or the body of a form. */
export function redactedQuery(query: string, mark = "***"): string {
  if (!query.includes("=")) return query;
  return query
    .split("&")
    .map((part) => redactedPart(part, mark))
    .join("&");
}

/** `a=1`; also `a=1;b=2`, and `/path?a=1` where a fragment is a route or a value is a URL. */
function redactedPart(part: string, mark: string): string {
  for (let from = 0; ;) {
    const equals = part.indexOf("=", from);
    if (equals === -1) return part;
    const before = part.slice(from, equals);
    const name = before.slice(Math.max(...[";", "?", "/", "#"].map((delimiter) => before.lastIndexOf(delimiter))) + 1);
    if (isSecretParameter(unquote(name))) return part.length === equals + 1 ? part : part.slice(0, equals + 1) + mark;
    const value = part.slice(equals + 1);
    if (/^(?:%7b|%5b|[[{])/i.test(value)) return part.slice(0, equals + 1) + redactedJsonValue(value, mark);
    if (NESTED_URL.test(value)) return part.slice(0, equals + 1) + redactedNestedUrl(value, mark);
    const next = value.search(/[;?]/);
    if (next === -1) return part;
    from = equals + 1 + next + 1;
  }
}

/** A value that is a URL, as it is or percent-encoded; of one without a scheme, only if it has a query. */
const NESTED_URL = /^[a-z][a-z0-9+.-]{0,31}(?::|%3a)(?:\/|%2f){2}|^(?:\/|%2f).*%3d/i;

function redactedNestedUrl(value: string, mark: string): string {
  const isPlain = /^[^%]{0,32}:?\/(?!.*%3d)/i.test(value);
  if (isPlain) return redactedUrl(value, mark);
  const url = unquote(value);
  const shown = redactedUrl(url, mark);
  return shown === url ? value : formEncode(shown);
}

function redactedJsonValue(value: string, mark: string): string {
  const text = unquote(value.replaceAll("+", " "));
  if (!looksLikeJson(text)) return value;
  const shown = redactedJson(text, mark);
  return shown === text ? value : formEncode(shown);
}

/** Every URL in a text redacted. */
export function redactedUrls(text: string, mark = "***"): string {
  if (!text.includes("://")) return text;
  return text.replace(/[a-z][a-z0-9+.-]{0,31}:\/\/[^\s"'<>]*/gi, (url) => redactedUrl(url, mark));
}

/**
 * A URL that cannot be parsed, as a message may show it: on one line, cut when long, and without what could be a
 * password. Since the end of its authority is not known, all from the first ":" of it to the last "@" is hidden.
 */
export function shownUrl(url: string): string {
  const start = startOfAuthority(url);
  const at = lastAt(url);
  const colon = url.indexOf(":", start);
  const masked =
    colon !== -1 && colon < at
      ? url.slice(0, start) + maskedUserinfo(url.slice(start, at), "***") + url.slice(at)
      : url;
  const shown = redactedUrl(masked);
  return onOneLine(shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown);
}

/** The URL of a proxy, which has nothing after its authority: all up to the last "@" belongs to the credentials. */
export function shownProxyUrl(url: string): string {
  const start = startOfAuthority(url);
  const at = lastAt(url);
  if (at < start) return shownUrl(url.slice(0, start) + withoutPassword(url.slice(start)));
  return shownUrl(url.slice(0, start) + maskedUserinfo(url.slice(start, at), "***") + url.slice(at));
}

/** `user:password` and `user:password:host:port` of a proxy's URL without its "@". */
function withoutPassword(authority: string): string {
  return /^(?:\[[^\]]*\]|[^:[]*)(?::\d*)?(?:[/?#\\].*)?$/s.test(authority)
    ? authority
    : maskedUserinfo(authority, "***");
}

/** The last "@", also one that is escaped, full-width or small: IDNA makes an "@" of those. */
function lastAt(url: string): number {
  return Math.max(...["@", "%40", "\uff20", "\ufe6b"].map((sign) => url.lastIndexOf(sign)));
}

/** Control characters as escapes: a text from elsewhere must neither break a line nor steer a terminal. */
export function onOneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function startOfAuthority(url: string): number {
  return /^(?:[a-z][a-z0-9+.-]*:)?[\\/]+|^(?:https?|mailto):/i.exec(url)?.[0].length ?? 0;
}

/** Whether a name before "@" is not a credential: `/users/joe@example.com`, an address of mail, or no name at all. */
function isLocal(url: string, start: number, at: number): boolean {
  if (at === start) return true;
  return (start === 1 || /^mailto:/i.test(url)) && !url.slice(start, at).includes(":");
}

/** The user name stays where there is a password beside it: it says whose credentials these are. */
function maskedUserinfo(userinfo: string, mark: string): string {
  const colon = userinfo.indexOf(":");
  const name = colon === -1 ? userinfo : userinfo.slice(0, colon);
  // A token is given as `TOKEN@`, `TOKEN:@` (Stripe) or `TOKEN:x-oauth-basic@` (GitHub).
  if (colon === -1 || (name !== "" && /^(?:|x-oauth-basic)$/i.test(userinfo.slice(colon + 1)))) return mark;
  return `${name}:${mark}`;
}

function maskedToAt(text: string, mark: string): string {
  const at = text.lastIndexOf("@");
  return at === -1 ? text : mark + text.slice(at);
}
