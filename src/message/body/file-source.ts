/** Bodies that lie in files and Blobs: their length is known and they can be read again. */
import type { Blob } from "node:buffer";
import { closeSync, fstatSync, openSync, read, readSync, statSync, type ReadStream, type Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

import type { Body } from "./source.js";
import { unrewindable } from "./source.js";

/** Bytes of a file that are read at once. */
export const FILE_CHUNK = 256 * 1024;
/** Bytes of a Blob that are read at once. Each read needs a slice, a stream and several promises. */
export const BLOB_CHUNK = 1024 * 1024;

/** A Blob or File, read by slices: one that `fs.openAsBlob()` made is never in memory as a whole. */
export class BlobBody implements Body {
  readonly value: Blob;
  readonly length: number;
  readonly bytes = null;
  readonly replayable = true;

  constructor(blob: Blob) {
    this.value = blob;
    this.length = blob.size;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < this.length; start += BLOB_CHUNK)
      yield await bytesOfBlob(this.value.slice(start, Math.min(start + BLOB_CHUNK, this.length)));
  }
}

/** The Blobs of older jsdom can be read by its FileReader alone. */
interface FileReaderLike {
  result: ArrayBuffer;
  error: unknown;
  onload: () => void;
  onerror: () => void;
  readAsArrayBuffer(blob: Blob): void;
}

async function bytesOfBlob(blob: Blob): Promise<Uint8Array> {
  if (typeof (blob as Partial<Blob>).arrayBuffer === "function") return Buffer.from(await blob.arrayBuffer());
  const { FileReader } = globalThis as { readonly FileReader?: new () => FileReaderLike };
  if (FileReader === undefined)
    throw new TypeError("This Blob cannot be sent as a body: it has no arrayBuffer() method. Give its bytes");
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(Buffer.from(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

/**
 * The body of a FileHandle, from its first byte whatever was read before. The handle stays open: who opened it closes
 * it. Other files (a pipe, a terminal) are read once, from their current position.
 *
 * @throws TypeError for a handle that is closed.
 */
export function fileHandleBody(handle: FileHandle): Body {
  let stats: Stats;
  try {
    stats = fstatSync(handle.fd);
  } catch (cause) {
    throw new TypeError("This FileHandle cannot be sent as a body: it is closed", { cause });
  }
  return new FileHandleBody(handle, stats.isFile() ? lengthOfFile(stats, handle.fd) : null, stats.isFile());
}

class FileHandleBody implements Body {
  readonly value: FileHandle;
  readonly length: number | null;
  readonly bytes = null;
  readonly replayable: boolean;
  #isOpened = false;

  constructor(handle: FileHandle, length: number | null, replayable: boolean) {
    this.value = handle;
    this.length = length;
    this.replayable = replayable;
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#isOpened && !this.replayable) throw unrewindable("what this FileHandle opened is not a regular file, it");
    this.#isOpened = true;
    return readRange(() => this.value.fd, this.replayable ? 0 : null, this.length ?? Infinity);
  }
}

/**
 * The body of `fs.createReadStream(path)` for a regular file, or null for a stream that has no file of its own to go
 * back to: one made from a descriptor, one that was read from already, one that gives text in some encoding.
 */
export function readStreamBody(stream: ReadStream): Body | null {
  // Node ignores (and does not keep) the path where a descriptor was given.
  const { path, start = 0, end = Infinity } = stream as ReadStream & { readonly start?: number; readonly end?: number };
  if ((path as unknown) === undefined || stream.readableEncoding !== null) return null;
  if (stream.readableDidRead || stream.destroyed) return null;
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch {
    // The stream reports by itself what is wrong with the file, when it is read.
    return null;
  }
  if (!stats.isFile()) return null;
  const size = lengthOfFile(stats, path);
  return new ReadStreamBody(stream, start, size === null ? null : Math.max(0, Math.min(size, end + 1) - start), end);
}

class ReadStreamBody implements Body {
  readonly value: ReadStream;
  readonly length: number | null;
  readonly bytes = null;
  readonly replayable = true;
  readonly #start: number;
  readonly #limit: number;
  #isOpened = false;

  constructor(stream: ReadStream, start: number, length: number | null, end: number) {
    this.value = stream;
    this.length = length;
    this.#start = start;
    this.#limit = length ?? Math.max(0, end + 1 - start);
    // Without a listener an error before the body is read would end the process; open() reports it.
    stream.on("error", ignore);
  }

  open(): AsyncIterable<Uint8Array> {
    const stream = this.value;
    const isFresh = !this.#isOpened && !stream.readableDidRead && !stream.destroyed;
    this.#isOpened = true;
    // The first time from the file that the stream has opened, even if its name is gone since.
    if (!isFresh) return readPath(stream.path, this.#start, this.#limit);
    const isWatched = stream.readableFlowing !== null || stream.listenerCount("readable") > 0;
    return isWatched ? capped(stream, this.#limit) : readUnderStream(stream, this.#start, this.#limit);
  }

  close(): void {
    this.value.destroy();
  }
}

/** The bytes through the stream, for a caller who listens to its "data" as well. */
async function* capped(stream: ReadStream, limit: number): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (chunk.length > left) {
      // The file has grown since its length was declared.
      if (left > 0) yield chunk.subarray(0, left);
      return;
    }
    left -= chunk.length;
    yield chunk;
  }
}

/** The bytes from the descriptor of a stream, past its machinery: three times as fast. */
async function* readUnderStream(stream: ReadStream, start: number, limit: number): AsyncGenerator<Uint8Array> {
  try {
    await opened(stream);
    yield* readRange(() => descriptorOf(stream), start, limit);
  } catch (error) {
    // A read that failed because its descriptor was closed under it is not what went wrong.
    throw stream.destroyed ? gone(stream) : error;
  } finally {
    stream.destroy();
  }
}

function opened(stream: ReadStream): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!stream.pending) {
      resolve();
      return;
    }
    stream.once("open", () => {
      resolve();
    });
    stream.once("close", () => {
      reject(gone(stream));
    });
  });
}

function descriptorOf(stream: ReadStream): number {
  const { fd } = stream as ReadStream & { readonly fd: number | null };
  if (fd === null || stream.destroyed) throw gone(stream);
  return fd;
}

function gone(stream: ReadStream): Error {
  return stream.errored ?? new Error("The stream was destroyed while its file was being sent");
}

async function* readPath(path: string | Buffer, start: number, limit: number): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    yield* readRange(() => handle.fd, start, limit);
  } finally {
    await handle.close();
  }
}

/** The bytes from a position (null: wherever the file stands) on, at most `limit`; one chunk is read ahead. */
async function* readRange(descriptor: () => number, start: number | null, limit: number): AsyncGenerator<Uint8Array> {
  let position = start;
  let left = limit;
  let reading = readChunk(descriptor(), position, left);
  try {
    for (;;) {
      const chunk = await reading;
      if (chunk.length === 0) return;
      left -= chunk.length;
      if (position !== null) position += chunk.length;
      // Asked before the chunk is given: a descriptor that was closed under the read may have been another file's.
      reading = readChunk(descriptor(), position, left);
      yield chunk;
    }
  } finally {
    // A file must not be closed under a read.
    await reading.catch(ignore);
  }
}

function readChunk(descriptor: number, position: number | null, left: number): Promise<Buffer> {
  const wanted = Math.min(FILE_CHUNK, left);
  const reading = new Promise<Buffer>((resolve, reject) => {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, wanted));
    if (wanted <= 0) resolve(buffer);
    else
      read(descriptor, buffer, 0, wanted, position, (error, bytesRead) => {
        if (error === null) resolve(buffer.subarray(0, bytesRead));
        else reject(error);
      });
  });
  // It may fail before it is awaited; the next caller that awaits it gets the error.
  reading.catch(ignore);
  return reading;
}

/** The size of a regular file; null where the system says 0 and there are bytes nevertheless, as in /proc. */
function lengthOfFile(stats: Stats, file: number | string | Buffer): number | null {
  if (stats.size > 0) return stats.size;
  if (typeof file === "number") return readSync(file, Buffer.alloc(1), 0, 1, 0) === 0 ? 0 : null;
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return 0;
  }
  try {
    return readSync(descriptor, Buffer.alloc(1), 0, 1, 0) === 0 ? 0 : null;
  } finally {
    closeSync(descriptor);
  }
}

function ignore(): void {}
