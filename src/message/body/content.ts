/** The content of a body, or of a part of a multipart body. */
import { ReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { hasMethods, isBlob, isFormData, isMap, isUrlSearchParams } from "../../options/kinds.js";
import { BlobBody, fileHandleBody, readStreamBody } from "./file-source.js";
import { BytesBody, TextBody } from "./memory-source.js";
import { asBytes, isBody, type Body } from "./source.js";
import { IterableBody, OldStreamBody, ReadableBody, WebStreamBody, type OldStream } from "./stream-source.js";

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
  // Streams of the package readable-stream are not instances of Node's class, but have its iterator.
  if (isPipeable(value) && !(Symbol.asyncIterator in value)) return new OldStreamBody(value);
  if (Array.isArray(value) || isMap(value) || isUrlSearchParams(value) || isFormData(value)) return null;
  if (Symbol.asyncIterator in value || Symbol.iterator in value)
    return new IterableBody(value as Iterable<unknown> | AsyncIterable<unknown>);
  return null;
}

function isWebStream(value: object): value is ReadableStream {
  return hasMethods(value, "getReader");
}

function isFileHandle(value: object): value is FileHandle {
  return typeof (value as Partial<FileHandle>).fd === "number" && hasMethods(value, "read", "datasync");
}

function isPipeable(value: object): value is OldStream {
  return hasMethods(value, "pipe", "on");
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
