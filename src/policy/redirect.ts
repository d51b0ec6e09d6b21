/** The effect of a redirect on the request: its method, its body, and the headers that may follow to another origin. */
import { InvalidURL } from "../exceptions.js";
import { effectivePort, splitUrl, type UrlParts } from "../http/url/url.js";

export { credentialHeaders, isCredentialHeader } from "../http/redaction/redaction.js";

/** The statuses that are followed when they carry a Location. 300, 304, 305 and 306 are not, as in requests. */
export const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The method of the next request.
 *
 * | | GET | HEAD | POST | all others |
 * |---|---|---|---|---|
 * | 301 | GET | HEAD | GET | the same |
 * | 302, 303 | GET | HEAD | GET | GET |
 * | 307, 308 | GET | HEAD | POST | the same |
 *
 * @param statusCode - a status of {@link REDIRECT_STATUSES}.
 * @param method - the method of the request that was redirected, in upper case.
 * @see RFC 9110 §15.4; requests' `rebuild_method`
 */
export function redirectMethod(statusCode: number, method: string): string {
  if ((statusCode === 302 || statusCode === 303) && method !== "HEAD") return "GET";
  if (statusCode === 301 && method === "POST") return "GET";
  return method;
}

/**
 * Whether the body follows. Requests drops it at a 301 even where the method stays, so that a PUT arrives empty; here
 * a 301 keeps both for everything but POST.
 *
 * @param statusCode - a status of {@link REDIRECT_STATUSES}.
 * @param method - the method of the request that was redirected, in upper case.
 */
export function keepsBody(statusCode: number, method: string): boolean {
  if (statusCode === 307 || statusCode === 308) return true;
  return statusCode === 301 && method !== "POST";
}

/**
 * Whether credentials must not follow from one URL to another: the host differs, or scheme or port do. From http to
 * https of the same host on their default ports they follow.
 *
 * @param oldUrl - the URL that the credentials were meant for.
 * @param newUrl - the URL of the next request.
 * @returns true also when one of the URLs cannot be parsed.
 * @see requests' `should_strip_auth`
 */
export function shouldStripAuth(oldUrl: string, newUrl: string): boolean {
  const before = partsOf(oldUrl);
  const after = partsOf(newUrl);
  if (before === null || after === null || before.host !== after.host) return true;
  if (before.scheme === "http" && after.scheme === "https" && hasDefaultPort(before) && hasDefaultPort(after))
    return false;
  if (before.scheme !== after.scheme) return true;
  return effectivePort(before) !== effectivePort(after);
}

function partsOf(url: string): UrlParts | null {
  try {
    return splitUrl(url);
  } catch (error) {
    if (error instanceof InvalidURL) return null;
    throw error;
  }
}

function hasDefaultPort({ scheme, port }: UrlParts): boolean {
  return port === null || port === (scheme === "https" ? 443 : 80);
}

/** Headers about the body that do not begin with `Content-`; lower case. */
export const bodyHeaders: readonly string[] = Object.freeze([
  "transfer-encoding",
  "trailer",
  "digest",
  "repr-digest",
  "last-modified",
  "expect",
]);

/**
 * Whether a header describes the body, and goes when the body does.
 *
 * @param name - the header's name in any case.
 * @see RFC 9110 §15.4: "Content-Encoding, Content-Language, Content-Location, Content-Type, Content-Length, Digest,
 * Last-Modified"
 */
export function isBodyHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith("content-") || bodyHeaders.includes(lower);
}
