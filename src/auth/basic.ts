/** HTTP Basic, for servers and for proxies (RFC 7617). */
import { inspect, type InspectOptions } from "node:util";

import { InvalidHeader } from "../exceptions.js";
import type { PreparedRequest } from "../message/prepared.js";
import { AuthBase } from "./base.js";
import {
  credentialBytes,
  MASK,
  refuseControlCharacters,
  requireCredential,
  sameCredential,
  shownUsername,
  type Credential,
} from "./credentials.js";

const COLON = 0x3a;

/**
 * The value of an Authorization or Proxy-Authorization header for Basic.
 *
 * @param username - text (sent as UTF-8) or bytes, without ":".
 * @param password - text (sent as UTF-8) or bytes.
 * @returns `Basic ` and the base64 of `username:password`.
 * @throws TypeError when one is neither text nor bytes.
 * @throws InvalidHeader for control characters, and for a user name with ":".
 * @see RFC 7617 §2; requests' `_basic_auth_str`, which encodes as latin-1
 */
export function basicAuthHeader(username: Credential, password: Credential): string {
  requireCredential(username, "username");
  requireCredential(password, "password");
  refuseControlCharacters(username, "user name");
  refuseControlCharacters(password, "password");
  // RFC 7617 §2: the first colon ends the user name, so one inside it would move into the password. The name is not
  // shown: it may well be "user:password" in one string.
  if (typeof username === "string" ? username.includes(":") : username.includes(COLON))
    throw new InvalidHeader(
      'The user name has a ":", which Basic authentication cannot express: give user name and password apart, ' +
        "or use another scheme",
    );
  if (typeof username === "string" && typeof password === "string")
    return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  const bytes = Buffer.concat([credentialBytes(username), Buffer.of(COLON), credentialBytes(password)]);
  return `Basic ${bytes.toString("base64")}`;
}

/**
 * HTTP Basic authentication. `auth: ["user", "password"]` is the short form.
 *
 * @example
 * ```ts
 * new HTTPBasicAuth("Aladdin", "open sesame").equals(new HTTPBasicAuth("Aladdin", "open sesame")); //=> true
 * ```
 * @see requests.auth.HTTPBasicAuth
 */
export class HTTPBasicAuth extends AuthBase {
  #username: Credential;
  #password: Credential;
  /** The header's value: the same for each request. */
  #header: string;

  /**
   * @param username - text (sent as UTF-8) or bytes, without ":".
   * @param password - text (sent as UTF-8) or bytes.
   * @throws TypeError when one is neither text nor bytes.
   * @throws InvalidHeader for characters that Basic cannot send.
   */
  constructor(username: Credential, password: Credential) {
    super();
    this.#header = basicAuthHeader(username, password);
    this.#username = username;
    this.#password = password;
  }

  /** The user name, as given. */
  get username(): Credential {
    return this.#username;
  }
  set username(username: Credential) {
    this.#header = basicAuthHeader(username, this.#password);
    this.#username = username;
  }

  /** The password, as given; masked when the object is printed or made JSON. */
  get password(): Credential {
    return this.#password;
  }
  set password(password: Credential) {
    this.#header = basicAuthHeader(this.#username, password);
    this.#password = password;
  }

  /** Sets the Authorization header, in place of one that is there. */
  override apply(request: PreparedRequest): PreparedRequest {
    request.headers.set("Authorization", this.#header);
    return request;
  }

  /** Whether the other is of the same class and has the same credentials. */
  equals(other: unknown): boolean {
    return (
      other instanceof HTTPBasicAuth &&
      other.constructor === this.constructor &&
      sameCredential(this.username, other.username) &&
      sameCredential(this.password, other.password)
    );
  }

  /** The object without its secret. */
  toJSON(): { readonly username: string; readonly password: string } {
    return { username: shownUsername(this.username), password: MASK };
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /** The header's value, for the subclass that sends it under another name. */
  protected get header(): string {
    return this.#header;
  }
}

/**
 * HTTP Basic authentication at a proxy that sees the request itself (plain http): sets Proxy-Authorization. For https
 * put the credentials into the proxy's URL, so that they go into the CONNECT and never to the server.
 *
 * @see requests.auth.HTTPProxyAuth
 */
export class HTTPProxyAuth extends HTTPBasicAuth {
  /** Sets the Proxy-Authorization header. */
  override apply(request: PreparedRequest): PreparedRequest {
    request.headers.set("Proxy-Authorization", this.header);
    return request;
  }
}
