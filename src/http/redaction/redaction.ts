/** The headers that carry credentials, and what may be shown of any header. Other secrets have files of their own. */
import { isSecretParameter } from "./secret-names.js";
import { redactedUrl, redactedUrls } from "./shown-url.js";

export { redactedBody } from "./redacted-body.js";
export { isSecretParameter } from "./secret-names.js";
export { redactedQuery, redactedUrl, redactedUrls } from "./shown-url.js";

/**
 * Headers that carry credentials, dropped when a redirect leaves the origin and masked wherever requests are shown. The
 * default of a list that callers may set. Requests knows only the first three, so an `X-Api-Key` follows to any host there.
 */
export const credentialHeaders: readonly string[] = Object.freeze([
  "Authorization",
  "Cookie",
  "Proxy-Authorization",
  "Api-Key",
  "Apikey",
  "DD-API-KEY",
  "DD-APPLICATION-KEY",
  "Job-Token",
  "Ocp-Apim-Subscription-Key",
  "Private-Token",
  "X-Access-Token",
  "X-Amz-Security-Token",
  "X-Api-Key",
  "X-Api-Token",
  "X-Auth",
  "X-Auth-Key",
  "X-Auth-Token",
  "X-Consul-Token",
  "X-CSRF-Token",
  "X-CSRFToken",
  "X-Functions-Key",
  "X-Goog-Api-Key",
  "X-Goog-IAM-Authorization-Token",
  "X-Gitlab-Token",
  "X-RapidAPI-Key",
  "X-Session-Token",
  "X-Shopify-Access-Token",
  "X-Subject-Token",
  "X-Vault-Token",
  "X-XSRF-Token",
]);

/**
 * Whether a header is on a list of credential headers.
 *
 * @param name - the header's name in any case.
 * @param list - names in any case.
 */
export function isCredentialHeader(name: string, list: Iterable<string> = credentialHeaders): boolean {
  const wanted = name.toLowerCase();
  for (const one of list) if (one.length === wanted.length && one.toLowerCase() === wanted) return true;
  return false;
}

/** Fields whose value is a URL, which may carry credentials as any other. */
const URL_FIELDS: ReadonlySet<string> = new Set(["location", "content-location", "referer"]);

/**
 * The value of a header field without its secrets: of Authorization only the scheme is left, of Set-Cookie the name and
 * the attributes, of other credential headers nothing, of URLs in any other what may be shown of a URL.
 *
 * @param list - The names of headers that carry credentials beside the usual ones.
 */
export function redactedValue(name: string, value: string, list: Iterable<string> = credentialHeaders): string {
  const lower = name.toLowerCase();
  if (lower === "set-cookie") return redactedCookie(value);
  if (lower === "authorization" || lower === "proxy-authorization") return withoutSecret(value);
  // A header that a caller took off the list, so that it follows redirects, is a secret all the same.
  if (isCredentialHeader(lower) || isCredentialHeader(lower, list) || isSecretParameter(lower)) return "***";
  if (URL_FIELDS.has(lower)) return redactedUrl(value);
  if (lower === "link") return value.replace(/<[^<>]*>/g, (link) => `<${redactedUrl(link.slice(1, -1))}>`);
  if (lower === "refresh") return redactedRefresh(value);
  return redactedUrls(value);
}

/** `0; url=/next?token=…` */
function redactedRefresh(value: string): string {
  const start = /url\s{0,20}=\s{0,20}["']?/i.exec(value);
  if (start === null) return redactedUrls(value);
  const at = start.index + start[0].length;
  return value.slice(0, at) + redactedUrl(value.slice(at));
}

/** Header fields as pairs, without their secrets. @param raw - name, value, name, value … */
export function redactedFields(raw: readonly string[], list: Iterable<string> = credentialHeaders): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], redactedValue(raw[at], raw[at + 1], list)]);
  return found;
}

/** The scheme of an Authorization header is not a secret. */
function withoutSecret(value: string): string {
  const scheme = /^[A-Za-z]+(?= )/.exec(value)?.[0];
  return scheme === undefined ? "***" : `${scheme} ***`;
}

/** One without "=" is a value without a name (RFC 6265bis §5.6). */
function redactedCookie(value: string): string {
  const semicolon = value.indexOf(";");
  const end = semicolon === -1 ? value.length : semicolon;
  const equals = value.indexOf("=");
  const name = equals === -1 || equals > end ? "" : value.slice(0, equals + 1);
  return `${name}***${value.slice(end)}`;
}
