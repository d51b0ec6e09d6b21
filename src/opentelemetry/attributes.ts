/**
 * The attributes of a span, from a request and its outcome.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
import { insideRequest } from "../extend/index.js";
import type { Attributes } from "@opentelemetry/api";

import { RequestException, type CaseInsensitiveDict, type PreparedRequest, type Response } from "../index.js";
import { effectivePort, redactedUrl, redactedValue, splitUrl } from "../extend/index.js";

/** RFC 9110, PATCH and QUERY: others could be of any number. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

/** The convention's own word for what is not shown. */
const REDACTED = "REDACTED";

/** `GET`, or `HTTP` for a method that is not known; with the template of the URL where there is one. */
export function spanName(method: string, template: string | undefined): string {
  const name = KNOWN_METHODS.has(method) ? method : "HTTP";
  return template === undefined ? name : `${name} ${template}`;
}

/** @param resends - How often the call was sent before, by redirects, retries or authentication. */
export function requestAttributes(
  request: PreparedRequest,
  resends: number,
  template: string | undefined,
  headerNames: readonly string[],
): Attributes {
  const { method } = request;
  const parts = splitUrl(request.url);
  const port = effectivePort(parts);
  const known = KNOWN_METHODS.has(method);
  const attributes: Attributes = {
    "http.request.method": known ? method : "_OTHER",
    "url.full": shownUrl(request.url),
    "server.address": parts.host.replace(/^\[|\]$/g, ""),
  };
  // A Unix socket has none.
  if (port !== 0) attributes["server.port"] = port;
  if (!known) attributes["http.request.method_original"] = method;
  if (template !== undefined) attributes["url.template"] = template;
  if (resends > 0) attributes["http.request.resend_count"] = resends;
  const names = insideRequest.credentialHeaders(request);
  return { ...attributes, ...headerAttributes("http.request.header", headerNames, request.headers, names) };
}

export function responseAttributes(
  request: PreparedRequest,
  response: Response,
  headerNames: readonly string[],
): Attributes {
  const { statusCode, httpVersion, remoteAddress } = response;
  const attributes: Attributes = {
    "http.response.status_code": statusCode,
    "network.protocol.version": httpVersion,
  };
  const colon = remoteAddress?.lastIndexOf(":") ?? -1;
  if (remoteAddress !== null && colon > 0) {
    attributes["network.peer.address"] = remoteAddress.slice(0, colon).replace(/^\[|\]$/g, "");
    attributes["network.peer.port"] = Number(remoteAddress.slice(colon + 1));
  }
  // By the convention, a 4xx is an error in the span of a client.
  if (statusCode >= 400) attributes["error.type"] = String(statusCode);
  const { headers } = response;
  return {
    ...attributes,
    ...headerAttributes("http.response.header", headerNames, headers, insideRequest.credentialHeaders(request)),
  };
}

/** A name of few values: the class of the exception, or the system's code. */
export function errorType(error: unknown): string {
  if (error instanceof RequestException || error instanceof Error) return error.name;
  return "_OTHER";
}

/** The convention replaces both halves of the user-info. */
function shownUrl(url: string): string {
  return redactedUrl(url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\\]*@/i, `$1${REDACTED}:${REDACTED}@`), REDACTED);
}

/** @param list - Names of headers to mask beside the usual ones. */
function headerAttributes(
  prefix: string,
  names: readonly string[],
  headers: CaseInsensitiveDict,
  list: readonly string[],
): Attributes {
  const found: Attributes = {};
  for (const name of names) {
    const values = headers.getAll(name);
    if (values.length > 0)
      found[`${prefix}.${name.toLowerCase()}`] = values.map((value) => redactedValue(name, value, list));
  }
  return found;
}
