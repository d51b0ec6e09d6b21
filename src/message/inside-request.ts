/** Access of the rest of the library to members of a PreparedRequest that are not public. */
import type { AuthBase } from "../auth/base.js";
import type { FieldList } from "../http/fields.js";
import type { RequestTarget } from "../http/url/request-target.js";
import type { Body } from "./body/body.js";
import type { RequestsCookieJar } from "../cookies/jar.js";
import type { PreparedRequest } from "./prepared.js";

/** The parts of a PreparedRequest that its users do not see. */
export interface InsideRequest {
  /** The URL in its parts. */
  target(request: PreparedRequest): RequestTarget;
  /** The list of fields that `headers` shows. */
  fields(request: PreparedRequest): FieldList;
  /** Replaces the fields by a list that needs no checks. */
  useFields(request: PreparedRequest, fields: FieldList): void;
  /** The body that is sent, or null for none. */
  source(request: PreparedRequest): Body | null;
  /** Whether the request can be sent a second time: it has no body, or one that gives the same bytes again. */
  isRepeatable(request: PreparedRequest): boolean;
  /** Drops the body, but not the fields that describe it. */
  dropBody(request: PreparedRequest): void;
  /** The auth object, or null. */
  auth(request: PreparedRequest): AuthBase | null;
  /** Removes the auth object, but not the headers that it has set. */
  dropAuth(request: PreparedRequest): void;
  /** Whether an auth function returned a promise that was not awaited yet. */
  isSigning(request: PreparedRequest): boolean;
  /** Waits for that promise. */
  signed(request: PreparedRequest): Promise<void>;
  /** The cookies of the request's own, or null. */
  cookieJar(request: PreparedRequest): RequestsCookieJar | null;
  /** Adds the cookies of a session, which do not belong to the request. */
  prepareSessionCookies(request: PreparedRequest, jar: RequestsCookieJar): void;
  /** Sets a Cookie header that comes from a jar, not from the caller. */
  useCookieHeader(request: PreparedRequest, header: string): void;
  /** Makes the Cookie header again, unless the caller set it. */
  refreshCookies(request: PreparedRequest, jar: RequestsCookieJar): void;
  /** Whether the call had `cookies: null`: no cookie is sent, and none of the response is stored. */
  withoutCookies(request: PreparedRequest): boolean;
  /** Sets what `withoutCookies` tells. */
  setWithoutCookies(request: PreparedRequest, without: boolean): void;
  /** Whether the call had `auth: null`: a redirect adds no credentials either. */
  withoutCredentials(request: PreparedRequest): boolean;
  /** Sets what `withoutCredentials` tells. */
  setWithoutCredentials(request: PreparedRequest, without: boolean): void;
  /** Names of headers that carry credentials beside the usual ones: masked wherever the request is shown. */
  credentialHeaders(request: PreparedRequest): readonly string[];
  /** Sets what `credentialHeaders` gives. */
  setCredentialHeaders(request: PreparedRequest, names: readonly string[]): void;
}
