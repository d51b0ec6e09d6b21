/** The target of a request (RFC 9110 §7.1), from its URL. */
import { effectivePort, hostHeaderOf, requestTargetOf, splitUrl, type UrlParts } from "./url.js";

/** The target of a request, from its URL. */
export interface RequestTarget {
  /** The URL as it was prepared. */
  readonly url: string;
  /** The same, split. */
  readonly parts: UrlParts;
  /** Path and query, as they are sent. */
  readonly path: string;
  /** In lower case, without the colon. */
  readonly scheme: string;
  /** The value of the Host header. */
  readonly authority: string;
  /** The host without the brackets of an IPv6 address. */
  readonly hostname: string;
  /** Scheme, host and port. */
  readonly origin: string;
}

/** Programs ask the same URLs again and again. */
const targets = new Map<string, RequestTarget>();
const MAX_TARGETS = 500;
const MAX_CACHED_URL = 500;

/** @throws InvalidURL for a URL that cannot be used. */
export function targetOf(url: string): RequestTarget {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const parts = splitUrl(url);
  const target = {
    url,
    parts,
    path: requestTargetOf(parts),
    scheme: parts.scheme,
    authority: hostHeaderOf(parts),
    hostname: parts.host.startsWith("[") ? parts.host.slice(1, -1) : parts.host,
    origin: `${parts.scheme}://${parts.host}:${effectivePort(parts)}`,
  };
  if (url.length <= MAX_CACHED_URL) {
    if (targets.size >= MAX_TARGETS) targets.clear();
    targets.set(url, target);
  }
  return target;
}
