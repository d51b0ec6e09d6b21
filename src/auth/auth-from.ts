/** From what a caller gives as `auth` to an {@link AuthBase}. */
import { isPromiseLike, isUint8Array } from "../options/kinds.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import { kindOf } from "../options/kind.js";
import { AuthBase } from "./base.js";
import { checkedRequest } from "./checked-request.js";
import { HTTPBasicAuth } from "./basic.js";

/** Signs a request: changes it, or returns another; may be asynchronous. Must return a request. */
export type AuthFunction = (request: PreparedRequest) => PreparedRequest | Promise<PreparedRequest>;

/** The values of the option `auth`, apart from null. A pair is user name and password for Basic. */
export type AuthInit = readonly [string, string] | AuthBase | AuthFunction;

/**
 * The auth object for a caller's `auth`.
 *
 * @param value - a pair, an AuthBase (or any object with an `apply` or `flow` method), a function, or null.
 * @returns the object itself where it is an AuthBase, a wrapper for the other forms; null for null and undefined.
 * @throws TypeError for anything else.
 * @throws InvalidHeader when a pair has characters that Basic cannot send.
 * @see requests' `prepare_auth`: there a pair must be a tuple, and everything else is called.
 */
export function authFrom(value: unknown): AuthBase | null {
  if (value == null) return null;
  if (value instanceof AuthBase) return value;
  if (typeof value === "function") return authFromFunction(value as AuthFunction);
  if (Array.isArray(value)) {
    if (value.length === 2 && isCredential(value[0]) && isCredential(value[1]))
      return new HTTPBasicAuth(value[0], value[1]);
    throw new TypeError(`auth given as a list must be [user, password], two strings: ${whatIsWrong(value)}`);
  }
  if (typeof value === "object") {
    const { apply, flow } = value as Partial<AuthBase>;
    // An AuthBase of another copy of this package has both.
    if (typeof apply === "function" && typeof flow === "function") return value as AuthBase;
    if (typeof apply === "function") return new AppliedAuth((request) => apply.call(value, request), "apply()");
    if (typeof flow === "function") return new FlowAuth(value as Pick<AuthBase, "flow">);
  }
  throw new TypeError(
    `auth must be [user, password], an AuthBase, a function of the request or null, not ${
      typeof value === "object" ? "an object without apply() or flow()" : kindOf(value)
    }`,
  );
}

class AppliedAuth extends AuthBase {
  readonly #sign: AuthFunction;
  readonly #who: string;

  constructor(sign: AuthFunction, who: string) {
    super();
    this.#sign = sign;
    this.#who = who;
  }

  override apply(request: PreparedRequest): PreparedRequest | Promise<PreparedRequest> {
    const signed: unknown = this.#sign(request);
    return isPromiseLike(signed)
      ? Promise.resolve(signed).then((value) => checkedRequest(value, this.#who))
      : checkedRequest(signed, this.#who);
  }
}

class FlowAuth extends AuthBase {
  readonly #inner: Pick<AuthBase, "flow">;

  constructor(inner: Pick<AuthBase, "flow">) {
    super();
    this.#inner = inner;
  }

  override flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
    return this.#inner.flow(request);
  }
}

function authFromFunction(sign: AuthFunction): AuthBase {
  // `auth: HTTPDigestAuth` instead of `new HTTPDigestAuth(…)` would end in "cannot be invoked without 'new'".
  if ((sign.prototype as unknown) instanceof AuthBase)
    throw new TypeError(`auth is the class ${sign.name} itself: give an object of it, new ${sign.name}(…)`);
  return new AppliedAuth(sign, sign.name === "" ? "function" : `function ${sign.name}`);
}

/** The items stay out of the message: one of them is likely to be a password. */
function whatIsWrong(pair: readonly unknown[]): string {
  if (pair.length !== 2) return `it has ${pair.length} item${pair.length === 1 ? "" : "s"}`;
  const at = isCredential(pair[0]) ? 1 : 0;
  const kind = pair[at] === null || pair[at] === undefined ? String(pair[at]) : `of type ${typeof pair[at]}`;
  const hint = pair[at] === undefined ? " (is an environment variable unset?)" : "";
  return `the ${at === 0 ? "user name" : "password"} is ${kind}${hint}`;
}

function isCredential(value: unknown): value is string | Uint8Array {
  return typeof value === "string" || isUint8Array(value);
}
