/** `params` and form data: what may be given, how it is encoded, how a session's and a request's are merged. */
import { kindOf } from "../options/kind.js";
import { isDate, isMap, isUint8Array, isUrlSearchParams } from "../options/kinds.js";
import { formEncode, formEncodeBytes } from "./url-encoded.js";

/**
 * One value of a parameter. null and undefined drop the parameter; bytes are escaped as they are; a Date is written as
 * ISO 8601; any other object with a text of its own (`toString`) as that text.
 */
export type ParamScalar = string | number | bigint | boolean | Uint8Array | Date | URL | null | undefined;

/** A parameter's value; an array, a Set or any iterable repeats the key. */
export type ParamValue = ParamScalar | Iterable<ParamScalar>;

/** A parameter's name. */
export type ParamKey = string | number;

/** The values of `params` and of form `data`. A string or bytes are used without further encoding. */
export type Params =
  | string
  | Uint8Array
  | URLSearchParams
  | ReadonlyMap<ParamKey, ParamValue>
  | Iterable<readonly [ParamKey, ParamValue]>
  | { readonly [name: string]: ParamValue };

/**
 * Encodes parameters in the form style, in the order given: space as `+`, UTF-8, everything but letters, digits and
 * `-._~` escaped. Booleans are `true` and `false`.
 *
 * @param params - A string is given back as it is, bytes as the latin-1 text of the same bytes.
 * @returns `a=1&b=2` without a question mark; "" when there is nothing to send.
 * @throws TypeError for what is neither mapping nor pairs, and for a value that is itself a mapping or a list within a
 * list: flatten it, or give JSON.stringify of it.
 * @see requests: `RequestEncodingMixin._encode_params`
 */
export function encodeParams(params: Params): string {
  if (typeof params === "string") return params;
  if (typeof params !== "object" || params === null)
    throw new TypeError(`params must be an object, [name, value] pairs, a Map or a string, not ${kindOf(params)}`);
  if (isUint8Array(params)) return Buffer.from(params.buffer, params.byteOffset, params.byteLength).toString("latin1");
  let encoded = "";
  if (!(Symbol.iterator in params)) {
    for (const name of Object.keys(params)) encoded = appendParam(encoded, name, params[name]);
    return encoded;
  }
  for (const pair of params as Iterable<unknown>) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new TypeError(`params given as a list must be [name, value] pairs, not ${kindOf(pair)}`);
    const [name, value] = pair as [unknown, unknown];
    if (typeof name !== "string" && typeof name !== "number")
      throw new TypeError(`The name of a parameter must be a string or a number, not ${kindOf(name)}`);
    encoded = appendParam(encoded, String(name), value);
  }
  return encoded;
}

function appendParam(encoded: string, name: string, value: unknown): string {
  if (value === null || value === undefined) return encoded;
  if (typeof value === "object" && Symbol.iterator in value && !isUint8Array(value)) {
    if (isMap(value) || isUrlSearchParams(value)) throw nested(name, value);
    for (const item of value as Iterable<unknown>)
      if (item !== null && item !== undefined) encoded = appendPair(encoded, name, encodeScalar(name, item));
    return encoded;
  }
  return appendPair(encoded, name, encodeScalar(name, value));
}

function appendPair(encoded: string, name: string, value: string): string {
  return encoded === "" ? `${formEncode(name)}=${value}` : `${encoded}&${formEncode(name)}=${value}`;
}

function encodeScalar(name: string, value: unknown): string {
  if (typeof value === "string") return formEncode(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return formEncode(String(value));
  if (typeof value !== "object" || value === null)
    throw new TypeError(
      `The value of parameter ${JSON.stringify(name)} must be text, a number, a boolean or bytes, not ${kindOf(value)}`,
    );
  if (isUint8Array(value)) return formEncodeBytes(value);
  if (isDate(value)) return formEncode(value.toISOString());
  // A list in a list, a mapping and a bare object have no text that a server could read.
  if (Symbol.iterator in value || typeof value.toString !== "function" || !hasOwnText(value)) throw nested(name, value);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- checked above: the text is the object's own
  return formEncode(String(value));
}

/** Whether `toString` is another than that of Object.prototype, of whichever realm. */
function hasOwnText(value: object): boolean {
  for (let level: object | null = value; level !== null; level = Object.getPrototypeOf(level) as object | null)
    if (Object.hasOwn(level, "toString")) return level === value || Object.getPrototypeOf(level) !== null;
  return false;
}

function nested(name: string, value: unknown): TypeError {
  return new TypeError(
    `The value of parameter ${JSON.stringify(name)} is nested (${kindOf(value)}), which a query cannot express. ` +
      `Flatten it into keys of its own, or give JSON.stringify(value).`,
  );
}

/**
 * The parameters of a session and of a request as one. Where both are mappings, the request's keys win and a key whose
 * value is null is removed; anything else of the request (a string, pairs) replaces the session's whole.
 *
 * @param request - undefined, or what is empty, inherits the session's; null sends none.
 * @see requests: `sessions.merge_setting`
 */
export function mergeParams(session: Params | null | undefined, request: Params | null | undefined): Params | null {
  if (request === undefined || request === "" || (Array.isArray(request) && request.length === 0))
    return session ?? null;
  if (request === null || session === null || session === undefined) return request;
  const ours = mappingEntries(session);
  const theirs = ours === null ? null : mappingEntries(request);
  if (ours === null || theirs === null) return request;
  const merged = new Map<string, ParamValue>();
  for (const [name, value] of ours) merged.set(String(name), value);
  for (const [name, value] of theirs) if (value !== undefined) merged.set(String(name), value);
  for (const [name, value] of merged) if (value === null) merged.delete(name);
  return merged;
}

function mappingEntries(params: Params): Iterable<readonly [ParamKey, ParamValue]> | null {
  if (isMap(params)) return params as ReadonlyMap<ParamKey, ParamValue>;
  if (typeof params !== "object" || Symbol.iterator in params) return null;
  return Object.entries(params);
}
