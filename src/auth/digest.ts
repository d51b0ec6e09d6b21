/** HTTP Digest, from the side of the client: when to answer, and with what (RFC 7616, RFC 2617). */
import { randomBytes } from "node:crypto";
import { inspect, type InspectOptions } from "node:util";

import { UnrewindableBodyError } from "../exceptions.js";
import { isAnyArrayBuffer } from "../options/kinds.js";
import { parseChallenges } from "../http/challenges.js";
import { requestTargetOf, splitUrl } from "../http/url/url.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import { AuthBase } from "./base.js";
import {
  controlCharacterAt,
  MASK,
  refuseControlCharacters,
  requireCredential,
  sameCredential,
  shownUsername,
  type Credential,
} from "./credentials.js";
import { digestAuthorization, digestChallenges, qopFor, type DigestChallenge } from "./digest-response.js";
import { DigestMemory, spacePrefixes, type DigestOrigin, type DigestSpace } from "./digest-memory.js";

/** The party that asks for authentication (a server or a proxy), with the names of its fields. */
export interface DigestRole {
  /** The response field with the challenges. */
  readonly challenge: string;
  /** The request field with the answer. */
  readonly credentials: string;
  /** The response field that may bring the next nonce. */
  readonly info: string;
  /** The status that means "not these credentials". */
  readonly refusal: number;
  /** Whether a status may carry a challenge for this role. */
  readonly challengedBy: (statusCode: number) => boolean;
}

/** Any 4xx with a challenge, as in requests; but 407, which is the proxy's. */
export const SERVER_ROLE: DigestRole = {
  challenge: "WWW-Authenticate",
  credentials: "Authorization",
  info: "Authentication-Info",
  refusal: 401,
  challengedBy: (statusCode) => statusCode >= 400 && statusCode < 500 && statusCode !== 407,
};

/** The first answer, and one more when the server says that only the nonce was too old. */
const MAX_ANSWERS = 2;

/**
 * HTTP Digest authentication.
 *
 * The first request goes out plain; a challenge is answered with the strongest algorithm that both sides know, and
 * later requests to the same origin and protection space carry an answer from the start. Knows MD5, SHA, SHA-256,
 * SHA-512-256 and SHA-512, each also as `-sess`; qop `auth`, `auth-int` and none; `userhash`, UTF-8 user names,
 * `stale` and `nextnonce`. A refused answer gives the server's 401.
 *
 * One object may be used by any number of requests at once, and by several sessions.
 *
 * @example
 * ```ts
 * const response = await requests.get("https://httpbin.org/digest-auth/auth/user/pass", {
 *   auth: new HTTPDigestAuth("user", "pass"),
 * });
 * response.statusCode; //=> 200
 * ```
 * @see requests.auth.HTTPDigestAuth
 */
export class HTTPDigestAuth extends AuthBase {
  /** The user name, as given. */
  readonly username: Credential;
  /** The password, as given; masked when the object is printed or made JSON. */
  readonly password: Credential;
  readonly #memory = new DigestMemory();

  /**
   * @param username - text (UTF-8) or bytes.
   * @param password - text (UTF-8) or bytes.
   * @throws TypeError when one is neither text nor bytes.
   * @throws InvalidHeader when the user name has control characters.
   */
  constructor(username: Credential, password: Credential) {
    super();
    requireCredential(username, "username");
    requireCredential(password, "password");
    refuseControlCharacters(username, "user name");
    this.username = username;
    this.password = password;
  }

  /**
   * Sends the request, answers the challenge of a 401, and signs from the start once there was one.
   *
   * @throws UnrewindableBodyError when the server takes nothing but qop `auth-int` and the body is a stream.
   */
  override flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
    return digestFlow(request, this, this.#memory, SERVER_ROLE);
  }

  /** Whether the other is of the same class and has the same credentials. */
  equals(other: unknown): boolean {
    return (
      other instanceof HTTPDigestAuth &&
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
}

/**
 * The exchange of one request under Digest, for a server or a proxy.
 *
 * @param request - the request; stays as it is, copies of it carry the answers.
 * @param credentials - user name and password.
 * @param memory - what the auth object knows from earlier requests.
 * @param role - the fields and statuses to look at.
 * @throws UnrewindableBodyError when every challenge needs the bytes of a body that is a stream.
 */
export async function* digestFlow(
  request: PreparedRequest,
  credentials: { readonly username: Credential; readonly password: Credential },
  memory: DigestMemory,
  role: DigestRole,
): AsyncGenerator<PreparedRequest, void, Response> {
  const origin = memory.at(request.url);
  const path = requestTargetOf(splitUrl(request.url));
  const answer = (space: DigestSpace): PreparedRequest => {
    const { challenge, session } = space;
    const qop = qopFor(challenge);
    const answered = request.copy();
    answered.headers.set(
      role.credentials,
      digestAuthorization(challenge, {
        username: credentials.username,
        password: credentials.password,
        method: request.method,
        uri: path,
        qop,
        nonceCount: origin.count(challenge.nonce),
        cnonce: session?.cnonce ?? clientNonce(),
        sessionNonce: session?.nonce,
        body: qop === "auth-int" ? (bytesOf(request.body) ?? undefined) : undefined,
      }),
    );
    return answered;
  };

  let space = origin.find(path);
  // A stream under auth-int cannot be answered in advance; plain, it may still meet a space that wants less.
  if (space !== null && !isAnswerable(space.challenge, request.body)) space = null;
  let response = yield space === null ? request : answer(space);

  for (let answers = 0; ; answers += 1) {
    const challenges = role.challengedBy(response.statusCode)
      ? digestChallenges(response.headers.get(role.challenge) ?? "")
      : [];
    if (challenges.length === 0) {
      if (space === null) return;
      if (response.statusCode === role.refusal) origin.forget(space);
      else settle(origin, space, nextNonce(response.headers.get(role.info)), answers > 0);
      return;
    }
    const challenge = challenges.find((one) => isAnswerable(one, request.body));
    if (challenge === undefined) throw streamUnderAuthInt(request, response);
    // The answer was to a challenge of this very exchange and is refused: the credentials are wrong.
    if (answers > 0 && (answers === MAX_ANSWERS || !challenge.stale)) {
      if (space !== null) origin.forget(space);
      return;
    }
    space = spaceOf(challenge, request.url);
    response = yield answer(space);
  }
}

/** The answer was accepted: later requests begin with it, or with the nonce that the server wants next. */
function settle(origin: DigestOrigin, space: DigestSpace, next: string | null, isNew: boolean): void {
  if (next !== null) origin.remember({ ...space, challenge: { ...space.challenge, nonce: next } });
  // Keep an entry that is already there, since a slower response must not bring an older nonce back.
  else if (isNew) origin.remember(space);
}

/** RFC 7616 §3.5: Authentication-Info is a list of parameters, the same as a challenge without its scheme. */
function nextNonce(info: string | undefined): string | null {
  if (info === undefined) return null;
  const nonce = parseChallenges(`Digest ${info}`)[0]?.parameters.get("nextnonce");
  return nonce === undefined || nonce === "" || controlCharacterAt(nonce) !== -1 ? null : nonce;
}

function spaceOf(challenge: DigestChallenge, url: string): DigestSpace {
  return {
    challenge,
    session: challenge.session ? { nonce: challenge.nonce, cnonce: clientNonce() } : null,
    prefixes: spacePrefixes(challenge.domain, url),
  };
}

function clientNonce(): string {
  return randomBytes(16).toString("hex");
}

function isAnswerable(challenge: DigestChallenge, body: unknown): boolean {
  return qopFor(challenge) !== "auth-int" || bytesOf(body) !== null;
}

/** The bytes of a body, or null when it is a stream. */
function bytesOf(body: unknown): Uint8Array | null {
  if (body == null) return new Uint8Array(0);
  if (typeof body === "string") return Buffer.from(body, "utf8");
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return isAnyArrayBuffer(body) ? Buffer.from(body) : null;
}

function streamUnderAuthInt(request: PreparedRequest, response: Response): UnrewindableBodyError {
  return new UnrewindableBodyError(
    "The server accepts Digest only with qop=auth-int, whose answer contains a hash of the whole body, and the body of " +
      "this request is a stream: read it into a Buffer or string first, or use another scheme",
    { request, response },
  );
}
