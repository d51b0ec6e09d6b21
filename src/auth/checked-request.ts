/** The check of what auth functions return. */
import type { PreparedRequest } from "../message/prepared.js";
import { kindOf } from "../options/kind.js";

/**
 * Checks what an auth function or `apply` returned. A request of another copy of this package is accepted.
 *
 * @param who - The function, for the message.
 * @throws TypeError when it is not a request: most often a forgotten `return request`.
 */
export function checkedRequest(value: unknown, who: string): PreparedRequest {
  const request = value as Partial<PreparedRequest> | null | undefined;
  if (
    typeof request === "object" &&
    request !== null &&
    typeof request.method === "string" &&
    typeof request.url === "string" &&
    typeof request.headers === "object"
  )
    return request as PreparedRequest;
  throw new TypeError(
    `The auth ${who} must return the PreparedRequest that it was given (or another one), but returned ${kindOf(value)}. Did you forget "return request"?`,
  );
}
