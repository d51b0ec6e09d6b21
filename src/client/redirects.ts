/** The rules of redirects, and the request that follows a response. */
import type { CallSettings } from "../adapters/adapter.js";
import { insideRequest } from "../message/prepared.js";
import { insideResponse } from "../message/response.js";
import { requestRedirect } from "../diagnostics/channels.js";
import { InvalidSchema, RequestException, TooManyRedirects, UnrewindableBodyError } from "../exceptions.js";
import { mergeCookies } from "../cookies/jar.js";
import type { FieldList } from "../http/fields.js";
import type { PreparedRequest } from "../message/prepared.js";
import { redactedUrl } from "../http/redaction/redaction.js";
import type { Response } from "../message/response.js";
import { locationText, locationUrl, referenceUrl } from "../http/url/url.js";
import {
  isBodyHeader,
  isCredentialHeader,
  keepsBody,
  redirectMethod,
  REDIRECT_STATUSES,
  shouldStripAuth,
} from "../policy/redirect.js";
import type { Call, CallSession } from "./call.js";
import { environmentAuth } from "./environment.js";
import type { SendOptions } from "./options.js";
import { SessionAttributes } from "./session-attributes.js";
import { settingsFor } from "./settings.js";

/**
 * The redirect rules of a session. Override one to change how redirects are followed.
 *
 * @see requests' `SessionRedirectMixin`
 */
export abstract class SessionRedirects extends SessionAttributes {
  /** The text of the Location that a response redirects to, or null when it does not redirect. */
  getRedirectTarget(response: Response): string | null {
    const location = REDIRECT_STATUSES.has(response.statusCode)
      ? insideResponse.header(response, "location")
      : undefined;
    return location === undefined || location === "" ? null : locationText(location);
  }

  /** Whether credentials must not be sent when going from one URL to the other. */
  shouldStripAuth(oldUrl: string, newUrl: string): boolean {
    return shouldStripAuth(oldUrl, newUrl);
  }

  /** Removes the credentials that must not follow the redirect, and adds those that netrc has for the new host. */
  rebuildAuth(prepared: PreparedRequest, response: Response): void {
    insideRequest.fields(prepared).delete("proxy-authorization");
    const leaves = this.shouldStripAuth(response.request.url, prepared.url);
    if (leaves) dropCredentials(prepared, this.credentialHeaders);
    else if (insideRequest.auth(prepared) !== null) prepared.prepareAuth(insideRequest.auth(prepared));
    if (!leaves || !this.trustEnv || insideRequest.withoutCredentials(prepared)) return;
    const found = environmentAuth(insideRequest.target(prepared).hostname);
    if (found !== null) prepared.prepareAuth(found);
  }

  /** Sets the method of the next request. */
  rebuildMethod(prepared: PreparedRequest, response: Response): void {
    prepared.method = redirectMethod(response.statusCode, prepared.method);
  }
}

/**
 * The settings of one request of a call. An adapter may drop the body of a redirect only if the session's own rule says
 * which redirects are followed.
 */
export function hopSettings(session: CallSession, request: PreparedRequest, given: SendOptions): CallSettings {
  const settings = settingsFor(session, request, given);
  return session.getRedirectTarget === SessionRedirects.prototype.getRedirectTarget
    ? settings
    : { ...settings, followsRedirects: false };
}

/**
 * The request that follows a response by its redirect, or null. The response is closed and becomes a part of the
 * call's history.
 *
 * @throws TooManyRedirects; InvalidURL for a Location that is not a URL; UnrewindableBodyError.
 */
export function nextRequest(call: Call, response: Response): PreparedRequest | null {
  const { session } = call;
  const target = session.getRedirectTarget(response);
  if (target === null || target === undefined || target === "") return null;
  // NaN would be a limit that is never reached.
  if (!(call.redirects < session.maxRedirects)) throw tooManyRedirects(session, response);
  const next = redirectedRequest(call, response, target);
  requireAdapter(session, next, response);
  call.redirects += 1;
  response.close();
  call.history.push(response);
  if (requestRedirect.hasSubscribers) publishRedirect(response, call.request, next);
  useRequest(call, next);
  return next;
}

/** Makes a request the one that is sent next, with the settings for its URL. */
export function useRequest(call: Call, next: PreparedRequest): void {
  const { session } = call;
  call.request = next;
  call.settings = {
    ...hopSettings(session, next, call.given),
    proxies: session.rebuildProxies(next, call.given.proxies ?? null),
    cancellation: call.cancellation ?? undefined,
  };
}

/** The request that would follow, for callers who follow redirects themselves; null when it cannot be made. */
export function offeredRequest(call: Call, response: Response): PreparedRequest | null {
  const target = call.session.getRedirectTarget(response);
  if (target === null || target === undefined || target === "") return null;
  try {
    return redirectedRequest(call, response, target);
  } catch (error) {
    if (error instanceof RequestException) return null;
    throw error;
  }
}

function redirectedRequest(call: Call, response: Response, location: string): PreparedRequest {
  const { session, request } = call;
  const next = followingRequest(response, request, () => redirectUrl(request.url, response, location));
  session.rebuildMethod(next, response);
  if (keepsBody(response.statusCode, request.method)) requireRewindable(next, response);
  else dropBody(next);
  session.rebuildAuth(next, response);
  // After the credentials, which include the old Cookie header: the jars may have cookies for the new origin.
  rebuildCookies(session, next, call.first);
  return next;
}

/**
 * The request for a URL that a response names, as a page names the next one: the same request for another URL. The
 * rules of redirects apply: credentials do not follow to another origin, and cookies are looked up again.
 *
 * @param first - The request that the caller made.
 * @param url - Absolute, or relative to the response's.
 * @throws InvalidURL for a text that is not a URL; UnrewindableBodyError for a body that cannot be sent again.
 */
export function linkedRequest(
  session: CallSession,
  response: Response,
  first: PreparedRequest,
  url: string,
): PreparedRequest {
  const next = followingRequest(response, response.request, () => referenceUrl(response.url, url));
  requireAdapter(session, next, response);
  requireRewindable(next, response);
  session.rebuildAuth(next, response);
  rebuildCookies(session, next, first);
  return next;
}

/** The bytes of the header count, unless `getRedirectTarget` was overridden and chose another target. */
function redirectUrl(base: string, response: Response, target: string): string {
  const header = insideResponse.header(response, "location");
  return header !== undefined && locationText(header) === target
    ? locationUrl(base, header)
    : referenceUrl(base, target);
}

/** A copy of the request, for the URL that its response names. */
function followingRequest(response: Response, request: PreparedRequest, url: () => string): PreparedRequest {
  const next = request.copy();
  try {
    next.url = url();
    refuseLocalScheme(next, request, response);
  } catch (error) {
    if (error instanceof RequestException) {
      error.response ??= response;
      if (!(error instanceof InvalidSchema)) error.message += leadsThere(response, request);
    }
    throw error;
  }
  return next;
}

/** @throws InvalidSchema that says where the URL came from, before anything is sent. */
function requireAdapter(session: CallSession, next: PreparedRequest, response: Response): void {
  try {
    session.getAdapter(next.url);
  } catch (error) {
    if (error instanceof InvalidSchema) {
      error.response ??= response;
      error.request ??= next;
      error.message += leadsThere(response, response.request);
    }
    throw error;
  }
}

function leadsThere(response: Response, { url }: PreparedRequest): string {
  return `. The ${linkName(response)} of ${redactedUrl(url)} leads there`;
}

function linkName(response: Response): string {
  return REDIRECT_STATUSES.has(response.statusCode) ? `${response.statusCode} redirect` : "next page";
}

/** A server on the network must not choose a socket of this machine (CVE-2022-33987 of got). */
function refuseLocalScheme(next: PreparedRequest, request: PreparedRequest, response: Response): void {
  const { scheme } = insideRequest.target(next).parts;
  if (!scheme.endsWith("+unix") || insideRequest.target(next).origin === insideRequest.target(request).origin) return;
  throw new InvalidSchema(
    `A redirect or link to ${JSON.stringify(redactedUrl(next.url))} was refused: Unix sockets are reached only by a URL of the caller's own`,
    { request: next, response },
  );
}

function requireRewindable(next: PreparedRequest, response: Response): void {
  if (insideRequest.isRepeatable(next)) return;
  throw new UnrewindableBodyError(
    `Unable to rewind request body for the ${linkName(response)} to ${insideRequest.target(next).origin}: the body is a stream that was read. Use bytes, a path by fs.createReadStream(), or an iterable that can be started again`,
    { request: next, response },
  );
}

/** RFC 9110 §15.4: the fields that describe a body are removed with it. */
function dropBody(next: PreparedRequest): void {
  insideRequest.dropBody(next);
  deleteFields(insideRequest.fields(next), isBodyHeader);
}

/** The Cookie header is made from the jars for each hop. */
function rebuildCookies(session: CallSession, next: PreparedRequest, first: PreparedRequest): void {
  insideRequest.fields(next).delete("cookie");
  const given = insideRequest.cookieJar(next);
  if (insideRequest.withoutCookies(next) || (session.cookies.isEmpty && (given === null || given.isEmpty))) return;
  // Cookies without a domain were meant for the hosts that the caller asks for, not for where those redirect to.
  const anyHost = !session.shouldStripAuth(first.url, next.url);
  const jar = given === null || given.isEmpty ? session.cookies : mergeCookies(given, session.cookies);
  const header = jar.headerFor(next.url, { anyHost, host: insideRequest.fields(next).get("host") });
  if (header !== undefined) insideRequest.useCookieHeader(next, header);
}

/** Removes all credentials of the caller: the request goes to another origin. */
function dropCredentials(next: PreparedRequest, names: Iterable<string>): void {
  deleteFields(insideRequest.fields(next), (name) => name === "host" || isCredentialHeader(name, names));
  insideRequest.dropAuth(next);
}

function deleteFields(fields: FieldList, matches: (lowerName: string) => boolean): void {
  for (const name of new Set(fields.lower)) if (matches(name)) fields.delete(name);
}

function tooManyRedirects(session: CallSession, response: Response): TooManyRedirects {
  response.close();
  return new TooManyRedirects(
    `Exceeded ${session.maxRedirects} redirects. The last one led to ${redactedUrl(insideResponse.header(response, "location") ?? "")}; raise session.maxRedirects, or use allowRedirects: false to see each`,
    { response },
  );
}

function publishRedirect({ statusCode }: Response, from: PreparedRequest, to: PreparedRequest): void {
  requestRedirect.publish({
    statusCode,
    from: { method: from.method, url: redactedUrl(from.url) },
    to: { method: to.method, url: redactedUrl(to.url) },
  });
}
