/**
 * The computation of HTTP Digest: challenges in, an Authorization value out. Pure; nonces and counts come from outside.
 *
 * Parameters of challenges are header text, so they hold one byte a character; user names and passwords are UTF-8.
 *
 * @see RFC 7616, RFC 2617 §3, RFC 2069 (no qop)
 */
import { createHash } from "node:crypto";

import { parseChallenges } from "../http/challenges.js";
import { controlCharacterAt, credentialBytes, type Credential } from "./credentials.js";

/** Quality of protection: "auth" covers method and URI, "auth-int" the body too, null is RFC 2069's. */
export type DigestQop = "auth" | "auth-int" | null;

/** One Digest challenge that can be answered. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  /** To be sent back as it came, or null. */
  readonly opaque: string | null;
  /** The algorithm as the server wrote it, null when it wrote none (MD5). */
  readonly algorithm: string | null;
  /** node:crypto's name of the hash. */
  readonly hash: string;
  /** Whether it is one of the `-sess` algorithms. */
  readonly session: boolean;
  /** The offered values that are known here; null when no qop was given. */
  readonly qop: readonly ("auth" | "auth-int")[] | null;
  /** The nonce of the last answer was too old, but its credentials were right. */
  readonly stale: boolean;
  /** The server wants the user name hashed. */
  readonly userhash: boolean;
  /** The server reads user names as UTF-8, and so knows RFC 7616. */
  readonly utf8: boolean;
  /** The URIs of the protection space as written, or null for the whole server. */
  readonly domain: readonly string[] | null;
}

/** The values for one Authorization header, in addition to the challenge. */
export interface DigestInput {
  readonly username: Credential;
  readonly password: Credential;
  readonly method: string;
  /** The request target: path and query. */
  readonly uri: string;
  readonly qop: DigestQop;
  /** The number of times that the nonce has been used, this time included. */
  readonly nonceCount: number;
  /** The client's own nonce. */
  readonly cnonce: string;
  /** The whole body, for qop "auth-int". */
  readonly body?: Uint8Array | undefined;
  /** For `-sess`: the nonce that the session began with; the challenge's by default. */
  readonly sessionNonce?: string | undefined;
}

/** Names in lower case → hash of node:crypto and strength. RFC 7616 §3.3, with SHA and SHA-512 as requests has them. */
const ALGORITHMS: ReadonlyMap<string, { readonly hash: string; readonly strength: number }> = new Map([
  ["md5", { hash: "md5", strength: 1 }],
  ["sha", { hash: "sha1", strength: 2 }],
  ["sha-256", { hash: "sha256", strength: 3 }],
  ["sha-512-256", { hash: "sha512-256", strength: 4 }],
  ["sha-512", { hash: "sha512", strength: 4 }],
]);
const SESSION_SUFFIX = "-sess";

/**
 * The Digest challenges of a WWW-Authenticate or Proxy-Authenticate value that can be answered here: strongest
 * algorithm first, and in the order of the server among equals. Other schemes, unknown algorithms and qops, and
 * challenges without realm or nonce are left out.
 *
 * @param value - the header's value; several fields joined by ", ".
 * @returns none, when the response is to be left as it is.
 */
export function digestChallenges(value: string): DigestChallenge[] {
  if (!/digest/i.test(value)) return [];
  const found: DigestChallenge[] = [];
  for (const { scheme, parameters } of parseChallenges(value)) {
    const challenge = scheme === "digest" ? digestChallenge(parameters) : null;
    if (challenge !== null) found.push(challenge);
  }
  return found.sort((one, other) => strength(other) - strength(one));
}

function digestChallenge(parameters: ReadonlyMap<string, string>): DigestChallenge | null {
  const realm = parameters.get("realm");
  const nonce = parameters.get("nonce");
  const opaque = parameters.get("opaque") ?? null;
  if (realm === undefined || nonce === undefined) return null;
  // They go back in a header; a parser that let these through must not make us send them.
  if ([realm, nonce, opaque ?? ""].some((text) => controlCharacterAt(text) !== -1)) return null;

  const algorithm = parameters.get("algorithm") ?? null;
  const known = ALGORITHMS.get(hashName(algorithm));
  if (known === undefined || !isAvailable(known.hash)) return null;

  const offered = (parameters.get("qop") ?? "")
    .split(",")
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "");
  const qop = offered.filter((one) => one === "auth" || one === "auth-int");
  if (offered.length > 0 && qop.length === 0) return null;
  const domain = (parameters.get("domain") ?? "").split(/[ \t]+/).filter((one) => one !== "");
  return {
    realm,
    nonce,
    opaque,
    algorithm,
    hash: known.hash,
    session: algorithm?.toLowerCase().endsWith(SESSION_SUFFIX) === true,
    qop: offered.length === 0 ? null : qop,
    stale: parameters.get("stale")?.toLowerCase() === "true",
    userhash: parameters.get("userhash")?.toLowerCase() === "true",
    utf8: parameters.get("charset")?.toLowerCase() === "utf-8",
    domain: domain.length === 0 ? null : domain,
  };
}

/**
 * The quality of protection to answer with: "auth" where it is offered, since that needs no body and is what servers
 * know best.
 *
 * @param challenge - the challenge.
 */
export function qopFor(challenge: DigestChallenge): DigestQop {
  if (challenge.qop === null) return null;
  return challenge.qop.includes("auth") ? "auth" : "auth-int";
}

/**
 * The `response` of an answer, in lower-case hexadecimal.
 *
 * @param challenge - realm, nonce and algorithm.
 * @param input - everything else.
 * @see RFC 7616 §3.4.1–3.4.3; RFC 2617 §3.2.2.1 for answers without qop
 */
export function digestResponse(
  challenge: Pick<DigestChallenge, "realm" | "nonce" | "hash" | "session">,
  input: DigestInput,
): string {
  const hash = (...parts: readonly (string | Uint8Array)[]): string => hashOf(challenge.hash, parts);
  const { cnonce, qop } = input;
  const nonce = fieldBytes(challenge.nonce);

  let a1 = hash(credentialBytes(input.username), fieldBytes(challenge.realm), credentialBytes(input.password));
  if (challenge.session) a1 = hash(a1, fieldBytes(input.sessionNonce ?? challenge.nonce), cnonce);

  const a2 =
    qop === "auth-int"
      ? hash(input.method, input.uri, hash(input.body ?? new Uint8Array(0)))
      : hash(input.method, input.uri);

  return qop === null ? hash(a1, nonce, a2) : hash(a1, nonce, nonceCountText(input.nonceCount), cnonce, qop, a2);
}

/**
 * The value of the Authorization (or Proxy-Authorization) header that answers a challenge.
 *
 * @param challenge - the challenge.
 * @param input - credentials, request and nonces.
 * @returns text of one byte a character.
 * @see RFC 7616 §3.4
 */
export function digestAuthorization(challenge: DigestChallenge, input: DigestInput): string {
  const fields = [
    usernameField(challenge, input.username),
    `realm=${quoted(challenge.realm)}`,
    `nonce=${quoted(challenge.nonce)}`,
    `uri=${quoted(input.uri)}`,
    `response="${digestResponse(challenge, input)}"`,
  ];
  if (challenge.opaque !== null) fields.push(`opaque=${quoted(challenge.opaque)}`);
  if (challenge.algorithm !== null) fields.push(`algorithm=${challenge.algorithm}`);
  // RFC 7616 §3.4: qop, nc and algorithm are written without quotes.
  if (input.qop !== null) fields.push(`qop=${input.qop}`, `nc=${nonceCountText(input.nonceCount)}`);
  // Without qop a cnonce has no place (RFC 2617 §3.2.2), but a -sess server cannot check the answer without it.
  if (input.qop !== null || challenge.session) fields.push(`cnonce=${quoted(input.cnonce)}`);
  if (challenge.userhash) fields.push("userhash=true");
  return `Digest ${fields.join(", ")}`;
}

/** The user name hashed, plain, or in the extended form for what a quoted string cannot say (RFC 7616 §3.4.4, §4). */
function usernameField(challenge: DigestChallenge, username: Credential): string {
  const bytes = credentialBytes(username);
  if (challenge.userhash) return `username="${hashOf(challenge.hash, [bytes, fieldBytes(challenge.realm)])}"`;
  // Servers that do not announce UTF-8 mostly predate username*; what they read from raw UTF-8 bytes is what they hash.
  const extended = challenge.utf8 && bytes.some((byte) => byte > 0x7e);
  return extended ? `username*=UTF-8''${extendedValue(bytes)}` : `username=${quoted(bytes.toString("latin1"))}`;
}

/** RFC 8187 §3.2.1 value-chars: attr-char as it is, each other byte as %XX. */
function extendedValue(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += ATTR_CHAR.includes(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

const ATTR_CHAR = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~";

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** RFC 7616 §3.4: nc is 8LHEX. */
function nonceCountText(count: number): string {
  return count.toString(16).padStart(8, "0");
}

/** The hash of the parts with ":" between them. */
function hashOf(name: string, parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash(name);
  for (let at = 0; at < parts.length; at += 1) {
    if (at > 0) hash.update(":");
    hash.update(parts[at]);
  }
  return hash.digest("hex");
}

/** The bytes that came on the wire. Text that cannot have come from it (a test's own response) is UTF-8. */
function fieldBytes(text: string): Buffer {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0xff) return Buffer.from(text, "utf8");
  return Buffer.from(text, "latin1");
}

function hashName(algorithm: string | null): string {
  const name = algorithm?.toLowerCase() ?? "md5";
  return name.endsWith(SESSION_SUFFIX) ? name.slice(0, -SESSION_SUFFIX.length) : name;
}

function strength(challenge: DigestChallenge): number {
  return ALGORITHMS.get(hashName(challenge.algorithm))!.strength;
}

const availability = new Map<string, boolean>();

/** Whether this runtime makes the hash: OpenSSL in FIPS mode refuses MD5. Asked once for each. */
function isAvailable(hash: string): boolean {
  let available = availability.get(hash);
  if (available === undefined) {
    try {
      createHash(hash);
      available = true;
    } catch {
      available = false;
    }
    availability.set(hash, available);
  }
  return available;
}
