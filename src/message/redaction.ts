/** What is a secret in a URL or a header, and what stands in its place wherever it could be seen by others. */
import { maskedUrl } from "./url.js";

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

/** Names of query parameters and form fields that carry credentials; lower case, without `-`, `_` and `.`. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "accesskey",
  "accesstoken",
  "apikey",
  "apitoken",
  "assertion",
  "auth",
  "authtoken",
  "authorization",
  "awsaccesskeyid",
  "clientassertion",
  "clientsecret",
  "code",
  "codeverifier",
  "idtoken",
  "jwt",
  "passwd",
  "password",
  "privatekey",
  "privatetoken",
  "pwd",
  "refreshtoken",
  "secret",
  "secretkey",
  "session",
  "sessionid",
  "sessiontoken",
  "sig",
  "signature",
  "token",
  "xamzcredential",
  "xamzsecuritytoken",
  "xamzsignature",
  "xgoogcredential",
  "xgoogsignature",
]);

/** Whether a query parameter or form field of this name is a secret: `api_key`, `access-token`, `X-Amz-Signature` … */
export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETERS.has(name.toLowerCase().replace(/[-_.]/g, ""));
}

/**
 * The URL without its secrets: the password of the user-info, and the values of parameters that carry credentials.
 * Never throws.
 *
 * @param mark - What stands in place of a parameter's value.
 */
export function redactedUrl(url: string, mark = "***"): string {
  const shown = maskedUrl(url);
  const question = shown.indexOf("?");
  if (question === -1) return shown;
  const hash = shown.indexOf("#", question);
  const end = hash === -1 ? shown.length : hash;
  return shown.slice(0, question + 1) + redactedQuery(shown.slice(question + 1, end), mark) + shown.slice(end);
}

/** The same for `a=1&b=2`, a query or the body of a form. */
export function redactedQuery(query: string, mark = "***"): string {
  return query
    .split("&")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals > 0 && isSecretParameter(decoded(part.slice(0, equals))) ? part.slice(0, equals + 1) + mark : part;
    })
    .join("&");
}

/** Deeper than this JSON is shown as it is: nobody's form is. */
const MAX_DEPTH = 100;

/** The text of a body without the values of parameters that carry credentials: of a form, or of JSON's members. */
export function redactedBody(text: string, contentType: string | undefined, mark = "***"): string {
  const type = contentType?.split(";", 1)[0].trim().toLowerCase() ?? "";
  if (type === "application/x-www-form-urlencoded") return redactedQuery(text, mark);
  if (type !== "application/json" && !type.endsWith("+json")) return text;
  try {
    const value: unknown = JSON.parse(text);
    // What has no secrets stays as it was written.
    return hideMembers(value, mark, 0) ? JSON.stringify(value) : text;
  } catch {
    return text;
  }
}

/** @returns Whether there was something to hide. */
function hideMembers(value: unknown, mark: string, depth: number): boolean {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return false;
  const members = value as Record<string, unknown>;
  let hidden = false;
  for (const name of Object.keys(members)) {
    const member = members[name];
    if (!Array.isArray(value) && typeof member !== "object" && isSecretParameter(name)) {
      members[name] = mark;
      hidden = true;
    } else if (hideMembers(member, mark, depth + 1)) hidden = true;
  }
  return hidden;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Fields whose value is a URL, which may carry credentials as any other. */
const URL_FIELDS: ReadonlySet<string> = new Set(["location", "content-location", "referer", "refresh"]);

/**
 * The value of a header field without its secrets: of Authorization only the scheme is left, of Set-Cookie the name and
 * the attributes, of other credential headers nothing.
 *
 * @param list - The names of headers that carry credentials.
 */
export function redactedValue(name: string, value: string, list: Iterable<string> = credentialHeaders): string {
  const lower = name.toLowerCase();
  if (lower === "set-cookie") return redactedCookie(value);
  if (URL_FIELDS.has(lower)) return redactedUrl(value);
  // A list of one's own may leave it out; what it holds is a secret all the same.
  if (lower === "authorization" || lower === "proxy-authorization") return withoutSecret(value);
  return isCredentialHeader(lower, list) ? "***" : value;
}

/** Header fields as pairs, without their secrets. @param raw - name, value, name, value … */
export function redactedFields(raw: readonly string[], list: Iterable<string> = credentialHeaders): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], redactedValue(raw[at], raw[at + 1], list)]);
  return found;
}

/** The scheme of an Authorization header is no secret. */
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
