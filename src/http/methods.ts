/** Methods of HTTP. */

/**
 * Methods that may be sent twice: the second time changes nothing more at the server.
 *
 * Those of RFC 9110 §9.2.2, QUERY (draft-ietf-httpbis-safe-method-w-body), and the methods of WebDAV that only read
 * (RFC 4918 §9.1, RFC 5323 §2, RFC 3253 §3.6).
 */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
  "QUERY",
  "PROPFIND",
  "REPORT",
  "SEARCH",
]);

/**
 * Methods that a `Retry` repeats by default: those of RFC 9110 alone, since that is the default of urllib3 and a policy
 * is given by its users.
 *
 * @see urllib3: `Retry.DEFAULT_ALLOWED_METHODS`
 */
export const DEFAULT_ALLOWED_METHODS: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PUT",
  "TRACE",
]);
