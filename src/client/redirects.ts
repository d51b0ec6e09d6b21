/** A response and its request → the request that follows, by the rules of requests and the departures of ours. */
import { InvalidSchema, UnrewindableBodyError } from "../exceptions.js";
import type { FieldList } from "../message/headers.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import { redactedUrl } from "../message/redaction.js";
import { locationUrl } from "../message/url.js";
import { isBodyHeader, isCredentialHeader, keepsBody, REDIRECT_STATUSES } from "../policy/redirect.js";
import { mergeCookies } from "../message/cookies/jar.js";
import type { Session } from "./session.js";

/**
 * The request that a redirect leads to.
 *
 * @param first - The request that the caller made: credentials and cookies were meant for its origin.
 * @throws InvalidURL for a Location that is none, UnrewindableBodyError for a body that cannot be sent again.
 */
export function redirectedRequest(
  session: Session,
  response: Response,
  request: PreparedRequest,
  first: PreparedRequest,
  location: string,
): PreparedRequest {
  const next = request.copy();
  next.url = locationUrl(request.url, location);
  refuseLocalScheme(next, request, response);
  session.rebuildMethod(next, response);
  if (keepsBody(response.statusCode, request.method)) requireRewindable(next, response);
  else dropBody(next);
  session.rebuildAuth(next, response);
  // After the credentials, among which the old Cookie header is: the jars may have cookies for the new origin.
  rebuildCookies(session, next, first);
  return next;
}

/**
 * The request for a URL that a response names, as a page names the next: the same request elsewhere. What holds for
 * redirects holds here: credentials do not follow to another origin, and cookies are looked up anew.
 *
 * @param first - The request that the caller made.
 * @param url - Absolute, or relative to the response's; as it stands in a header.
 * @throws InvalidURL for a URL that is none, UnrewindableBodyError for a body that cannot be sent again.
 */
export function linkedRequest(
  session: Session,
  response: Response,
  first: PreparedRequest,
  url: string,
): PreparedRequest {
  const next = response.request.copy();
  next.url = locationUrl(response.url, url);
  refuseLocalScheme(next, response.request, response);
  requireRewindable(next, response);
  session.rebuildAuth(next, response);
  rebuildCookies(session, next, first);
  return next;
}

/** A server on the network has no say about the sockets of this machine (CVE-2022-33987 of got). */
function refuseLocalScheme(next: PreparedRequest, request: PreparedRequest, response: Response): void {
  const { scheme } = next.target.parts;
  if (!scheme.endsWith("+unix") || next.target.origin === request.target.origin) return;
  throw new InvalidSchema(
    `A redirect or link to ${JSON.stringify(redactedUrl(next.url))} is refused: Unix sockets are reached only by a URL of the caller's own`,
    { request: next, response },
  );
}

function requireRewindable(next: PreparedRequest, response: Response): void {
  if (next.source === null || next.source.replayable) return;
  throw new UnrewindableBodyError(
    `Unable to rewind request body for the ${REDIRECT_STATUSES.has(response.statusCode) ? `${response.statusCode} redirect` : "next page"} to ${next.target.origin}: it is a stream that was read. Give bytes, a path by fs.createReadStream(), or an iterable that can be started again`,
    { request: next, response },
  );
}

/** RFC 9110 §15.4: the fields that describe a body go with it. */
function dropBody(next: PreparedRequest): void {
  next.dropBody();
  deleteFields(next.fields, isBodyHeader);
}

/** The Cookie header is made anew from the jars for each hop. */
function rebuildCookies(session: Session, next: PreparedRequest, first: PreparedRequest): void {
  next.fields.delete("cookie");
  const given = next.cookieJar;
  if (session.cookies.isEmpty && (given === null || given.isEmpty)) return;
  // Cookies without a domain were meant for the hosts that the caller asks for, not for wherever those lead.
  const anyHost = !session.shouldStripAuth(first.url, next.url);
  const jar = given === null || given.isEmpty ? session.cookies : mergeCookies(given, session.cookies);
  const header = jar.headerFor(next.url, { anyHost });
  if (header !== undefined) next.useCookieHeader(header);
}

/** Takes away everything that speaks for the caller: for another origin. */
export function dropCredentials(next: PreparedRequest, names: Iterable<string>): void {
  deleteFields(next.fields, (name) => name === "host" || isCredentialHeader(name, names));
  next.dropAuth();
}

function deleteFields(fields: FieldList, matches: (lowerName: string) => boolean): void {
  for (const name of new Set(fields.lower)) if (matches(name)) fields.delete(name);
}
