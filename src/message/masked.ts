/** The JSON form of requests and responses, which test runners and loggers print. Secrets are masked. */
import { kindOf } from "../options/kind.js";
import { dictOf, headerEntries, type HeadersLike } from "./headers.js";
import type { PreparedRequest } from "./prepared.js";
import type { ShownRequest } from "./shown-request.js";
import { redactedBody, redactedUrl, redactedValue } from "../http/redaction/redaction.js";
import { redactedJson } from "../http/redaction/redacted-json.js";
import type { Request } from "./request.js";
import type { Response } from "./response.js";

/** Replaces a secret. */
const MASK = "***";
/** Bytes of a body that is shown. */
const MAX_BODY = 64 * 1024;

/** Headers by name: text, or a list where a field comes several times. */
export type MaskedHeaders = Record<string, string | string[] | null>;

/** A prepared request in plain values. */
export function maskedPrepared({
  method,
  url,
  fields,
  body,
  credentialHeaders,
}: ShownRequest): Record<string, unknown> {
  const contentType = fields.get("content-type");
  const bytes = body?.bytes ?? null;
  const shown =
    bytes === null || fields.has("content-encoding") ? describedSize(body?.length) : shownBytes(bytes, contentType);
  return {
    method,
    url: redactedUrl(url),
    headers: maskedHeaders(dictOf(fields), credentialHeaders),
    body: body === null ? null : shown,
  };
}

/** A request that is not prepared yet. */
export function maskedRequest(request: Request): Record<string, unknown> {
  const { method, url, headers, params, data, json, files, auth, cookies } = request;
  return withoutUndefined({
    method,
    url: url === undefined ? undefined : redactedUrl(String(url)),
    headers: headers == null ? undefined : maskedHeaders(headers),
    params: params == null ? undefined : maskedValue(params),
    data: data == null ? undefined : maskedValue(data),
    json: json === undefined ? undefined : maskedValue(json),
    files: files == null ? undefined : namesOf(files),
    auth: auth == null ? auth : maskedAuth(auth),
    cookies: cookies == null ? undefined : namesOf(cookies),
  });
}

/** A response without its body. */
export function maskedResponse(
  response: Response,
  credentialHeaders: readonly string[] | undefined,
): Record<string, unknown> {
  const { statusCode, reason, url, elapsed, history } = response;
  // A response that was made from data may have none.
  const request = response.request as PreparedRequest | undefined;
  return {
    statusCode,
    reason,
    url: redactedUrl(url),
    headers: maskedHeaders(response.headers, credentialHeaders),
    elapsed,
    request: request ?? null,
    history,
  };
}

/** @param list - Names of headers that carry credentials beside the usual ones. */
export function maskedHeaders(headers: HeadersLike, list?: readonly string[]): MaskedHeaders {
  const found: MaskedHeaders = {};
  for (const [name, values] of headerEntries(headers)) {
    const shown = values?.map((value) => redactedValue(name, value, list)) ?? null;
    found[name] = shown?.length === 1 ? shown[0] : shown;
  }
  return found;
}

/** The option `auth`: who it is, never the password. */
export function maskedAuth(auth: unknown): unknown {
  if (Array.isArray(auth)) return [typeof auth[0] === "string" ? auth[0] : kindOf(auth[0]), MASK];
  if (typeof auth === "function") return `[function ${auth.name || "(anonymous)"}]`;
  if (typeof auth !== "object" || auth === null) return MASK;
  const { toJSON } = auth as { readonly toJSON?: unknown };
  return typeof toJSON === "function" ? auth : `[${kindOf(auth)}]`;
}

/** Text, or what JSON can say of a value; of anything else only its kind. */
export function maskedValue(value: unknown): unknown {
  if (typeof value === "string") return redactedBody(value, undefined, MASK);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  const pairs = pairsOf(value);
  try {
    const text = JSON.stringify(pairs ?? plainOf(value));
    if (text !== undefined && text.length <= MAX_BODY) return JSON.parse(redactedJson(text, MASK)) as unknown;
  } catch {
    // A cycle or a bigint.
  }
  return `[${kindOf(value)}]`;
}

function shownBytes(bytes: Uint8Array, contentType: string | undefined): string {
  if (bytes.length > MAX_BODY) return describedSize(bytes.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  return Buffer.from(text).equals(buffer) ? redactedBody(text, contentType, MASK) : describedSize(bytes.length);
}

function describedSize(length: number | null | undefined): string {
  return length == null ? "[a stream]" : `[${length} bytes]`;
}

/** Names and values become members, so that a secret name hides its value. */
function pairsOf(value: unknown): Record<string, unknown> | null {
  if (!(value instanceof Map || value instanceof URLSearchParams) && !isListOfPairs(value)) return null;
  const found: Record<string, unknown> = {};
  for (const [name, item] of value as Iterable<readonly [unknown, unknown]>) {
    const key = String(name);
    const known = found[key];
    found[key] = known === undefined ? item : [...(Array.isArray(known) ? (known as unknown[]) : [known]), item];
  }
  return found;
}

function isListOfPairs(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => Array.isArray(item) && item.length === 2);
}

/** undefined for bytes, streams and other objects that JSON says nothing of, or too much. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  return prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null)
    ? value
    : undefined;
}

/** The names of files or cookies: their contents are left out. */
function namesOf(value: unknown): unknown {
  const found: string[] = [];
  if (typeof value !== "object" || value === null) return `[${kindOf(value)}]`;
  if (Symbol.iterator in value) {
    for (const item of value as Iterable<unknown>) {
      const name: unknown = Array.isArray(item) ? item[0] : (item as { readonly name?: unknown } | null)?.name;
      if (typeof name === "string") found.push(name);
    }
  } else found.push(...Object.keys(value));
  return Object.fromEntries(found.map((name) => [name, MASK]));
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
