/**
 * Recognizes values by kind, whatever realm or implementation they come from. Contexts of node:vm, jest and vitest
 * with jsdom have globals of their own, so `instanceof` says no to a Map or a Uint8Array of the realm outside.
 */
import type { Blob } from "node:buffer";
import { types } from "node:util";

export const { isAnyArrayBuffer, isDate, isMap, isSet, isUint8Array } = types;

/** Whether the value is an object literal, or one without a prototype: not an instance of a class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype, of whichever realm, is the end of the chain.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether the value is a URL. */
export function isUrl(value: object): value is URL {
  const { href, searchParams } = value as Partial<URL>;
  return tagOf(value) === "URL" && typeof href === "string" && typeof searchParams === "object";
}

/** Whether the value is a URLSearchParams; a FormData cannot be sorted. */
export function isUrlSearchParams(value: object): value is URLSearchParams {
  return Symbol.iterator in value && hasMethods(value, "append", "getAll", "sort");
}

/** A Blob or File, of Node or of another implementation. */
export function isBlob(value: object): value is Blob {
  const { size, type } = value as Partial<Blob>;
  if (typeof size !== "number" || typeof type !== "string" || !hasMethods(value, "slice")) return false;
  const tag = tagOf(value);
  // happy-dom gives its Blobs no tag.
  return tag === "Blob" || tag === "File" || hasMethods(value, "arrayBuffer", "text");
}

/** A FormData, of Node or of another implementation. */
export interface FormDataLike extends Iterable<readonly [string, string | Blob]> {
  readonly [Symbol.toStringTag]?: string;
}

/** Whether the value is a FormData that can be iterated. Naming Node's class would load its whole `fetch`. */
export function isFormData(value: object): value is FormDataLike {
  if (!(Symbol.iterator in value) || !hasMethods(value, "append", "getAll")) return false;
  // happy-dom gives its FormData no tag.
  return tagOf(value) === "FormData" || hasAncestor(value, "FormData");
}

/** Whether an object has all of these methods. */
export function hasMethods(value: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function");
}

function tagOf(value: object): unknown {
  return (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}

/** Whether the class of an object, or one that it extends, has this name. */
function hasAncestor(value: object, name: string): boolean {
  let level = Object.getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null;
  for (; level !== null; level = Object.getPrototypeOf(level) as typeof level)
    if (level.constructor?.name === name) return true;
  return false;
}

/** Whether a value is to be awaited: promises of other libraries and realms are not instances of Promise. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
