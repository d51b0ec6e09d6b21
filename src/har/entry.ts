/** A request and its response → an entry of the archive. */
import { insideResponse } from "../extend/index.js";
import { insideRequest } from "../extend/index.js";
import { isIP } from "node:net";

import type { PreparedRequest, Response } from "../index.js";
import {
  isSecretParameter,
  redactedBody,
  redactedFields,
  redactedUrl,
  redactedUrls,
  redactedValue,
  splitUrl,
  urlWithoutAuthAndFragment,
} from "../extend/index.js";
import type {
  HarContent,
  HarCookie,
  HarEntry,
  HarField,
  HarPostData,
  HarRequest,
  HarResponse,
  HarTimings,
} from "./format.js";

/** Whether credentials are shown, and how much of a body. */
export interface Shown {
  /** Whether credentials stand in clear. */
  readonly credentials: boolean;
  /** Bytes of a body up to which it is kept. */
  readonly maxBodySize: number;
}

/** A request as it stood when it was sent, and what came of it so far. */
export interface Recorded {
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly attempt: number;
  readonly request: HarRequest;
  /** Names of headers that carry credentials beside the usual ones. */
  readonly credentialHeaders: readonly string[];
  response: Response | null;
  error: unknown;
  /** Milliseconds until it failed. */
  failedAfter: number;
}

const MASK = "***";

export function harEntry(recorded: Recorded, shown: Shown): HarEntry {
  const { started, attempt, request, response, error } = recorded;
  const timings = response === null ? failedTimings(recorded.failedAfter) : harTimings(response);
  const address = addressOf(response?.remoteAddress ?? null);
  return {
    startedDateTime: new Date(started).toISOString(),
    time:
      timings.blocked +
      positive(timings.dns) +
      positive(timings.connect) +
      timings.send +
      timings.wait +
      timings.receive,
    request: response === null ? request : { ...request, httpVersion: `HTTP/${response.httpVersion}` },
    response: response === null ? noResponse() : harResponse(recorded, response, shown),
    cache: {},
    timings,
    ...(address === null ? {} : { serverIPAddress: address }),
    ...(attempt > 1 ? { _attempt: attempt } : {}),
    ...(response === null
      ? { _error: redactedUrls(error instanceof Error ? `${error.name}: ${error.message}` : String(error)) }
      : {}),
  };
}

export function harRequest(request: PreparedRequest, shown: Shown): HarRequest {
  const { method } = request;
  const fields = insideRequest.fields(request);
  const source = insideRequest.source(request);
  const target = insideRequest.target(request);
  const { raw } = fields;
  const all = fields.has("host") ? raw : ["Host", target.authority, ...raw];
  // Neither the user-info nor the fragment is sent.
  const url = urlWithoutAuthAndFragment(request.url);
  const body = source === null ? null : postData(request, shown);
  return {
    method,
    url: shown.credentials ? url : redactedUrl(url, MASK),
    httpVersion: "HTTP/1.1",
    cookies: requestCookies(fields.getAll("cookie"), shown),
    headers: harFields(all, shown, insideRequest.credentialHeaders(request)),
    queryString: parameters(new URLSearchParams(splitUrl(url).query ?? ""), shown),
    ...(body === null ? {} : { postData: body }),
    headersSize: sizeOfHead(`${method} ${target.path} HTTP/1.1`, all),
    bodySize: source === null ? 0 : (source.length ?? -1),
  };
}

function postData(request: PreparedRequest, shown: Shown): HarPostData {
  const fields = insideRequest.fields(request);
  const mimeType = fields.get("content-type") ?? "";
  const bytes = insideRequest.source(request)!.bytes;
  if (bytes === null) return { mimeType, comment: "The body was streamed and is not kept" };
  if (bytes.length > shown.maxBodySize) return { mimeType, comment: `The body of ${bytes.length} bytes is not kept` };
  if (!shown.credentials && fields.has("content-encoding"))
    return { mimeType, comment: "The body has a content coding and is not kept: secrets in it cannot be masked" };
  const buffer = shownBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), mimeType, shown);
  const text = textOf(buffer);
  if (text === null) return { mimeType, text: buffer.toString("base64"), comment: "base64" };
  // HAR 1.2: params and text exclude each other.
  if (mimeType.split(";", 1)[0].trim().toLowerCase() === "application/x-www-form-urlencoded")
    return { mimeType, params: parameters(new URLSearchParams(text), shown) };
  return { mimeType, text };
}

function harResponse({ credentialHeaders }: Recorded, response: Response, shown: Shown): HarResponse {
  const raw = response.raw.headers.flat();
  const location = response.headers.get("location") ?? "";
  return {
    status: response.statusCode,
    statusText: response.reason,
    httpVersion: `HTTP/${response.httpVersion}`,
    cookies: responseCookies(response, shown),
    headers: harFields(raw, shown, credentialHeaders),
    content: harContent(response, shown),
    redirectURL: shown.credentials ? location : redactedValue("location", location),
    headersSize: sizeOfHead(`HTTP/${response.httpVersion} ${response.statusCode} ${response.reason}`, raw),
    bodySize: response.bytesReceived,
  };
}

function harContent(response: Response, shown: Shown): HarContent {
  const mimeType = response.headers.get("content-type") ?? "";
  if (!insideResponse.isRead(response))
    return { size: response.bytesReceived, mimeType, comment: "The body was streamed and is not kept" };
  const { content } = response;
  const encoded = response.headers.get("content-encoding") !== undefined;
  const sizes = {
    size: content.length,
    ...(encoded ? { compression: content.length - response.bytesReceived } : {}),
    mimeType,
  };
  if (content.length === 0) return sizes;
  if (content.length > shown.maxBodySize)
    return { ...sizes, comment: `The body of ${content.length} bytes is not kept` };
  if (response.encoding !== null && response.encoding !== "utf-8")
    return { ...sizes, text: shown.credentials ? response.text : redactedBody(response.text, mimeType, MASK) };
  const bytes = shownBytes(content, mimeType, shown);
  const text = textOf(bytes);
  return text === null ? { ...sizes, text: bytes.toString("base64"), encoding: "base64" } : { ...sizes, text };
}

/** A field of multipart content may be a secret beside one of bytes. */
function shownBytes(bytes: Buffer, mimeType: string, shown: Shown): Buffer {
  return shown.credentials ? bytes : Buffer.from(redactedBody(bytes.latin1Slice(), mimeType, MASK), "latin1");
}

function noResponse(): HarResponse {
  return {
    status: 0,
    statusText: "",
    httpVersion: "HTTP/1.1",
    cookies: [],
    headers: [],
    content: { size: 0, mimeType: "x-unknown" },
    redirectURL: "",
    headersSize: -1,
    bodySize: -1,
  };
}

function harTimings(response: Response): HarTimings {
  const { queued, dns, connect, tls, send, wait, receive } = response.timings;
  const opened = connect > 0;
  return {
    blocked: milliseconds(queued),
    dns: opened && dns > 0 ? milliseconds(dns) : -1,
    connect: opened ? milliseconds(connect + tls) : -1,
    ssl: opened && tls > 0 ? milliseconds(tls) : -1,
    send: milliseconds(send),
    wait: milliseconds(wait),
    receive: milliseconds(receive),
  };
}

function failedTimings(after: number): HarTimings {
  return { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: after, receive: 0 };
}

/** Microseconds are all that means anything. */
function milliseconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1e6) / 1000);
}

function positive(value: number): number {
  return Math.max(0, value);
}

function harFields(raw: readonly string[], shown: Shown, credentialHeaders: readonly string[]): HarField[] {
  const pairs = shown.credentials ? pairsOf(raw) : redactedFields(raw, credentialHeaders);
  return pairs.map(([name, value]) => ({ name, value }));
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], raw[at + 1]]);
  return found;
}

function parameters(given: URLSearchParams, shown: Shown): HarField[] {
  return [...given].map(([name, value]) => ({
    name,
    value: shown.credentials ? value : isSecretParameter(name) ? MASK : redactedBody(value, "text/plain", MASK),
  }));
}

function requestCookies(lines: readonly string[], shown: Shown): HarCookie[] {
  const found: HarCookie[] = [];
  for (const pair of lines.flatMap((line) => line.split(";"))) {
    const equals = pair.indexOf("=");
    const name = (equals === -1 ? "" : pair.slice(0, equals)).trim();
    found.push({ name, value: shown.credentials ? pair.slice(equals + 1).trim() : MASK });
  }
  return found;
}

function responseCookies(response: Response, shown: Shown): HarCookie[] {
  return [...response.cookies].map(({ name, value, path, domain, expires, httpOnly, secure }) => ({
    name,
    value: shown.credentials ? value : MASK,
    path,
    ...(domain === "" ? {} : { domain }),
    ...(expires === null ? {} : { expires: expires.toISOString() }),
    httpOnly,
    secure,
  }));
}

/** Bytes of a head as HTTP/1.1 writes it. */
function sizeOfHead(firstLine: string, raw: readonly string[]): number {
  let size = Buffer.byteLength(firstLine) + 4;
  for (let at = 0; at < raw.length; at += 2) size += raw[at].length + raw[at + 1].length + 4;
  return size;
}

/** null for bytes that are not UTF-8. */
function textOf(bytes: Buffer): string | null {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : null;
}

/** `address:port` → the address, where it is one. */
function addressOf(remote: string | null): string | null {
  if (remote === null) return null;
  const address = remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return isIP(address) === 0 ? null : address;
}
