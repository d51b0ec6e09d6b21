/**
 * HTTP Digest, from the side of the server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7616
 */
import { createHash, randomBytes } from "node:crypto";
import { utf8FromLatin1 } from "./fields.js";

/** Algorithms that `/digest-auth` offers. */
export const DIGEST_ALGORITHMS = ["MD5", "SHA-256", "SHA-512"] as const;
/** One of {@link DIGEST_ALGORITHMS}. */
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

const REALM = "me@kennethreitz.com";
const QUOTED_OR_TOKEN = /([^\s=,]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g;

/** The parameters of a Digest Authorization header, by their names in lower case. */
export type DigestCredentials = ReadonlyMap<string, string>;

/** The value of WWW-Authenticate: fresh nonce and opaque, as long as the hash of the algorithm. */
export function digestChallenge(qop: string | undefined, algorithm: DigestAlgorithm, isStale: boolean): string {
  const nonce = digest(algorithm, randomBytes(16));
  const opaque = digest(algorithm, randomBytes(16));
  return (
    `Digest realm="${REALM}", nonce="${nonce}", qop="${qop ?? "auth, auth-int"}", opaque="${opaque}", ` +
    `algorithm=${algorithm}, stale=${isStale ? "TRUE" : "FALSE"}`
  );
}

/** @returns the credentials, or `undefined` where they are not Digest or lack a part that the answer needs. */
export function parseDigestCredentials(authorization: string): DigestCredentials | undefined {
  const [, scheme = "", rest = ""] = /^(\S+)\s+(.*)$/s.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== "digest") return undefined;
  const credentials = new Map<string, string>();
  for (const [, name = "", quoted, token = ""] of rest.matchAll(QUOTED_OR_TOKEN)) {
    credentials.set(name.toLowerCase(), quoted?.replace(/\\(.)/gs, "$1") ?? token.trim());
  }
  const needed = ["username", "realm", "nonce", "uri", "response", ...(credentials.has("qop") ? ["nc", "cnonce"] : [])];
  return needed.every((name) => credentials.has(name)) ? credentials : undefined;
}

/** Whether the response in the credentials is the one that the password makes (RFC 7616 section 3.4.1). */
export function isDigestRight(
  credentials: DigestCredentials,
  expected: { user: string; password: string },
  request: { method: string; target: string; body: Buffer },
): boolean {
  const part = (name: string): string => credentials.get(name) ?? "";
  const hash = (text: string): string => digest(part("algorithm"), Buffer.from(text, "utf8"));
  const qop = credentials.get("qop");
  if (qop !== undefined && qop !== "auth" && qop !== "auth-int") return false;
  const user = part("username");
  if (user !== expected.user && utf8FromLatin1(user) !== expected.user) return false;

  const a1 = hash(`${expected.user}:${part("realm")}:${expected.password}`);
  const entity = qop === "auth-int" ? `:${digest(part("algorithm"), request.body)}` : "";
  const a2 = hash(`${request.method}:${request.target}${entity}`);
  const middle = qop === undefined ? [part("nonce")] : [part("nonce"), part("nc"), part("cnonce"), qop];
  return hash([a1, ...middle, a2].join(":")) === part("response");
}

/** MD5 for whatever is not in the table, as in Python's httpbin. */
function digest(algorithm: string, bytes: Uint8Array): string {
  const name = { "SHA-256": "sha256", "SHA-512": "sha512" }[algorithm] ?? "md5";
  return createHash(name).update(bytes).digest("hex");
}
