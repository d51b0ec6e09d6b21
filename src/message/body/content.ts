/** What can be the content of a body, or of a part of a multipart body. */
import type { Blob } from "node:buffer";
import { ReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { BlobBody, fileHandleBody, readStreamBody } from "./file-source.js";
import { BytesBody, TextBody } from "./memory-source.js";
import { asBytes, isBody, type Body } from "./source.js";
import { IterableBody, oldStreamBody, ReadableBody, WebStreamBody } from "./stream-source.js";

/**
 * The body of a value that has bytes of its own, or null for one that has none: arrays, mappings, numbers and objects.
 *
 * @throws TypeError for a stream that cannot be read any more.
 */
export function contentBody(value: unknown): Body | null {
  if (typeof value === "string") return new TextBody(value);
  if (typeof value !== "object" || value === null) return null;
  const bytes = asBytes(value);
  if (bytes !== null) return new BytesBody(bytes);
  if (isBody(value)) return value;
  if (isBlob(value)) return new BlobBody(value);
  if (value instanceof ReadStream) return readStreamBody(value) ?? new ReadableBody(value);
  if (value instanceof Readable) return new ReadableBody(value);
  if (isWebStream(value)) return new WebStreamBody(value);
  if (isFileHandle(value)) return fileHandleBody(value);
  // Streams of the package readable-stream are no instances of Node's class, but have its iterator.
  if (isPipeable(value) && !(Symbol.asyncIterator in value)) return oldStreamBody(value);
  if (Array.isArray(value) || value instanceof Map || value instanceof URLSearchParams || isFormData(value))
    return null;
  if (Symbol.asyncIterator in value || Symbol.iterator in value)
    return new IterableBody(value as Iterable<unknown> | AsyncIterable<unknown>);
  return null;
}

/** Whether a value is a Blob or File, of Node or of another implementation. */
export function isBlob(value: object): value is Blob {
  const tag = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  const { size, slice } = value as Partial<Blob>;
  return (tag === "Blob" || tag === "File") && typeof size === "number" && typeof slice === "function";
}

/** A FormData, of Node or of another implementation. */
export interface FormDataLike extends Iterable<readonly [string, string | Blob]> {
  readonly [Symbol.toStringTag]?: string;
}

/** Whether a value is a FormData. By its tag: naming Node's class would load its whole `fetch`. */
export function isFormData(value: object): value is FormDataLike {
  return (
    (value as FormDataLike)[Symbol.toStringTag] === "FormData" &&
    Symbol.iterator in value &&
    typeof (value as { readonly append?: unknown }).append === "function"
  );
}

function isWebStream(value: object): value is ReadableStream {
  return typeof (value as Partial<ReadableStream>).getReader === "function";
}

function isFileHandle(value: object): value is FileHandle {
  const { fd, read, datasync } = value as Partial<FileHandle>;
  return typeof fd === "number" && typeof read === "function" && typeof datasync === "function";
}

function isPipeable(value: object): value is NodeJS.ReadableStream {
  const { pipe, on } = value as Partial<NodeJS.ReadableStream>;
  return typeof pipe === "function" && typeof on === "function";
}

/** The file name that a value brings along (a File's name, the base name of a stream's path), or null. */
export function ownFileName(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, path } = value as { readonly name?: unknown; readonly path?: unknown };
  if (isBlob(value)) return typeof name === "string" && name !== "" ? name : null;
  if (!isPipeable(value)) return null;
  if (typeof path === "string") return basename(path);
  return Buffer.isBuffer(path) ? basename(path.toString("utf8")) : null;
}
