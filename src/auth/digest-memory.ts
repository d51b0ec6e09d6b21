/**
 * What a Digest object remembers between requests: for each origin the challenges that it answered, and how often it
 * used each nonce. A challenge is found again only at its own origin and in its own protection space.
 */
import { InvalidURL, MissingSchema } from "../exceptions.js";
import { effectivePort, locationUrl, prepareUrl, requestTargetOf, splitUrl } from "../http/url/url.js";
import type { DigestChallenge } from "./digest-response.js";

/** Origins remembered by one auth object. */
export const MAX_ORIGINS = 100;
/** Protection spaces remembered for one origin. */
export const MAX_SPACES = 16;
/** Nonces counted for one origin. */
export const MAX_NONCES = 256;

/** A challenge that was answered, with what its next answers need. */
export interface DigestSpace {
  readonly challenge: DigestChallenge;
  /**
   * For `-sess`: nonce and client nonce that A1 was made with. Both stay until the next challenge (RFC 7616 §3.4.2);
   * null for the other algorithms, which take a fresh client nonce each time.
   */
  readonly session: { readonly nonce: string; readonly cnonce: string } | null;
  /** Path prefixes, or null for the whole origin. */
  readonly prefixes: readonly string[] | null;
}

/** The part of the memory that belongs to one origin. */
export class DigestOrigin {
  #spaces: DigestSpace[] = [];
  readonly #counts = new Map<string, number>();

  /**
   * The answered challenge whose space a request is in.
   *
   * @param path - path and query of the request.
   */
  find(path: string): DigestSpace | null {
    const covers = ({ prefixes }: DigestSpace): boolean =>
      prefixes === null || prefixes.some((prefix) => path.startsWith(prefix));
    return this.#spaces.find(covers) ?? null;
  }

  /** Remembers a challenge that was answered well, in place of an older one of its realm. */
  remember(space: DigestSpace): void {
    this.#spaces = [space, ...this.#others(space)].slice(0, MAX_SPACES);
  }

  /** Forgets what was remembered for the challenge's realm: its answer was refused. */
  forget(space: DigestSpace): void {
    this.#spaces = this.#others(space);
  }

  /**
   * Counts one more use of a nonce. Synchronous, so concurrent requests never share a count (RFC 7616 §3.4: a server
   * may take a repeated one for a replay).
   *
   * @returns the count, this use included.
   */
  count(nonce: string): number {
    const used = (this.#counts.get(nonce) ?? 0) + 1;
    // Re-inserted at the end, so that the nonce that was not used for longest goes first.
    this.#counts.delete(nonce);
    this.#counts.set(nonce, used);
    if (this.#counts.size > MAX_NONCES) this.#counts.delete(this.#counts.keys().next().value!);
    return used;
  }

  #others(space: DigestSpace): DigestSpace[] {
    return this.#spaces.filter(({ challenge }) => challenge.realm !== space.challenge.realm);
  }
}

/** The origins that one auth object has met. */
export class DigestMemory {
  readonly #origins = new Map<string, DigestOrigin>();

  /**
   * The memory of a URL's origin, empty at first.
   *
   * @param url - an absolute URL.
   */
  at(url: string): DigestOrigin {
    const key = originOf(url);
    const origin = this.#origins.get(key) ?? new DigestOrigin();
    this.#origins.delete(key);
    this.#origins.set(key, origin);
    if (this.#origins.size > MAX_ORIGINS) this.#origins.delete(this.#origins.keys().next().value!);
    return origin;
  }
}

/**
 * The path prefixes that a challenge's `domain` covers at the origin of the URL. URIs of other origins are left out:
 * what one origin asks for is never volunteered to another, whatever its `domain` says.
 *
 * @param domain - the URIs of the parameter, or null.
 * @param url - the URL that was challenged.
 * @returns null for the whole origin, when there is no domain. With none of its URIs at this origin the list is empty:
 * the request that was challenged is answered, and later ones go out plain.
 * @see RFC 7616 §3.3 "domain"
 */
export function spacePrefixes(domain: readonly string[] | null, url: string): string[] | null {
  if (domain === null) return null;
  const origin = originOf(url);
  const prefixes: string[] = [];
  for (const uri of domain) {
    const absolute = absoluteUrl(uri, url);
    if (absolute !== null && originOf(absolute) === origin) prefixes.push(requestTargetOf(splitUrl(absolute)));
  }
  return prefixes;
}

/** A URI of a header prepared like the URL of a request; null if it cannot be used. */
function absoluteUrl(uri: string, base: string): string | null {
  try {
    return prepareUrl(locationUrl(base, uri));
  } catch (error) {
    if (error instanceof InvalidURL || error instanceof MissingSchema) return null;
    throw error;
  }
}

function originOf(url: string): string {
  const parts = splitUrl(url);
  return `${parts.scheme}://${parts.host}:${effectivePort(parts) ?? ""}`.toLowerCase();
}
