/** The extension point for credentials: what an auth object does, and when. */
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";

/**
 * Base class of authentication schemes. Override **one** of the two methods:
 *
 * - `apply` for schemes that need nothing from the server (Basic, Bearer, a signature);
 * - `flow` for schemes that answer the server (Digest, OAuth with a refresh).
 *
 * One object may serve many requests at once, so state that belongs to one request lives in `flow`'s local variables.
 * Which requests an auth object sees is not its concern: it is not asked when a redirect leaves the origin that the
 * credentials were meant for.
 *
 * @example
 * ```ts
 * class TokenAuth extends AuthBase {
 *   override apply(request: PreparedRequest) {
 *     request.headers.set("X-Token", "secret");
 *     return request;
 *   }
 * }
 * ```
 * @see requests.auth.AuthBase
 */
export abstract class AuthBase {
  /**
   * Adds the credentials while the request is being prepared, after its body and headers are there. May change the
   * request in place or return another one; must return a request. Runs once for each preparation, not for each hop.
   *
   * @param request - the prepared request.
   * @returns the request to send; a promise of it is awaited by `Session.send`, before the first byte.
   */
  apply(request: PreparedRequest): PreparedRequest | Promise<PreparedRequest> {
    return request;
  }

  /**
   * Drives the exchange of one request: yield a request, receive its response, yield another or return. The response
   * of the last yielded request is the result.
   *
   * The exchange loop promises: every yielded request goes the ordinary way (adapter, cookies, hooks); the response
   * handed back has its body unread under `stream: true` and read otherwise; a response that is followed by another
   * request is drained and stands in the last one's `history`; when sending fails or the call is aborted, the
   * generator is ended by `return()`, so that `finally` runs.
   *
   * The implementation promises: yield at least once; leave a request that was yielded alone, and change a
   * `request.copy()` instead; do not read or close the response's connection.
   *
   * @param request - the prepared request, after `apply`.
   */
  async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
    yield request;
  }
}

/**
 * Whether the exchange must drive `auth.flow`: it is overridden. For all others the request can be sent as it is,
 * which saves the generator.
 *
 * @param auth - what `authFrom` gave.
 */
export function hasFlow(auth: AuthBase): boolean {
  return typeof auth.flow === "function" && auth.flow !== AuthBase.prototype.flow;
}
