/** Bearer tokens (RFC 6750). */
import { inspect, type InspectOptions } from "node:util";

import { InvalidHeader } from "../exceptions.js";
import type { PreparedRequest } from "../message/prepared.js";
import { kindOf } from "../options/kind.js";
import { AuthBase } from "./base.js";
import { MASK } from "./credentials.js";

/**
 * Sends `Authorization: Bearer <token>`.
 *
 * @see RFC 6750 §2.1
 */
export class HTTPBearerAuth extends AuthBase {
  /** The token, as given; masked when the object is printed or made JSON. */
  readonly token: string;

  /**
   * @param token - visible ASCII characters, without the word "Bearer".
   * @throws TypeError when it is not a string.
   * @throws InvalidHeader when it is empty, or has spaces, control or non-ASCII characters.
   */
  constructor(token: string) {
    super();
    if (typeof (token as unknown) !== "string")
      throw new TypeError(
        `token must be a string, not ${kindOf(token)}` +
          (token === undefined ? " (is an environment variable unset?)" : ""),
      );
    refuseUnsendable(token);
    this.token = token;
  }

  /** Sets the Authorization header, in place of one that is there. */
  override apply(request: PreparedRequest): PreparedRequest {
    request.headers.set("Authorization", `Bearer ${this.token}`);
    return request;
  }

  /** Whether the other is of the same class and has the same token. */
  equals(other: unknown): boolean {
    return other instanceof HTTPBearerAuth && other.constructor === this.constructor && other.token === this.token;
  }

  /** The object without its secret. */
  toJSON(): { readonly token: string } {
    return { token: MASK };
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }
}

/** Wider than RFC 6750's b64token, since issued tokens are; as narrow as one header word must be. */
function refuseUnsendable(token: string): void {
  if (token === "") throw new InvalidHeader("The bearer token is empty (is an environment variable unset?)");
  for (let at = 0; at < token.length; at += 1) {
    const code = token.charCodeAt(at);
    if (code > 0x20 && code < 0x7f) continue;
    throw new InvalidHeader(
      `The bearer token has a character that cannot be sent (U+${code.toString(16).toUpperCase().padStart(4, "0")} at ` +
        `index ${at}): ${
          /^bearer /i.test(token)
            ? 'leave out the word "Bearer"'
            : "a token read from a file often ends in a line break, trim it"
        }`,
    );
  }
}
