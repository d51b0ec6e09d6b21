/** A streamed response → a file that is either whole or not there. */
import { createHash, randomBytes, type Hash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from "node:fs/promises";

import { ContentDecodingError, RequestException } from "../exceptions.js";
import type { Response } from "./response.js";

/** How a download is saved. */
export interface SaveOptions {
  /** Told of bytes written so far, and in all where that is known. */
  readonly onProgress?: ((progress: { transferred: number; total?: number; done: boolean }) => void) | undefined;
  /** Keep what came before a cut, and go on from there the next time. @defaultValue false */
  readonly resume?: boolean | undefined;
  /** Hex digest that the whole file must have. */
  readonly sha256?: string | undefined;
}

/** What was saved. */
export interface SaveResult {
  /** Where the file is, as it was given. */
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Where the download went on, in bytes; 0 for one in a single go. */
  readonly resumedFrom: number;
}

/** What is kept beside a part, to know that the file on the server is still the same. */
interface PartNote {
  readonly url: string;
  /** For If-Range (RFC 9110 §13.1.5): a strong ETag, or Last-Modified. */
  readonly validator: string;
}

/** @throws RequestException `ERR_DIGEST` when the digest differs; whatever the body ends in; errors of the file system. */
export async function saveTo(response: Response, path: string, options: SaveOptions): Promise<SaveResult> {
  const part = options.resume === true ? `${path}.part` : `${path}.${randomBytes(8).toString("hex")}.part`;
  const note = `${part}.json`;
  let current = response;
  let offset = 0;
  let isWhole = false;
  try {
    if (options.resume === true) {
      // The page of an error must not take the place of what came before it.
      response.raiseForStatus();
      const have = await resumable(response, part, note);
      // It was cut behind the last byte, or its digest could not be compared any more.
      isWhole = have > 0 && have === totalOf(response, 0);
      if (have > 0 && !isWhole) current = await continueFrom(response, have);
      if (isWhole || current.statusCode === 206) offset = have;
      await writeNote(current, response, note, offset);
    }
    const size = isWhole
      ? await complete(response, part, offset, options)
      : await write(current, part, offset, options);
    await rename(part, path);
    if (options.resume === true) await rm(note, { force: true });
    return { path, size, resumedFrom: offset };
  } catch (error) {
    // A part that cannot be continued, or is not what it should be, is of no use.
    const keeps = options.resume === true && !isWrong(error);
    if (!keeps) await Promise.all([rm(part, { force: true }), rm(note, { force: true })]);
    throw error;
  } finally {
    response.close();
    current.close();
  }
}

function isWrong(error: unknown): boolean {
  return error instanceof ContentDecodingError || (error instanceof RequestException && error.code === "ERR_DIGEST");
}

async function write(response: Response, part: string, offset: number, options: SaveOptions): Promise<number> {
  const hash = options.sha256 === undefined ? null : createHash("sha256");
  if (hash !== null && offset > 0) await hashFile(part, offset, hash);
  // Never through a link that somebody else laid at this name, as may happen in /tmp (CVE-2026-25645 of requests).
  if (offset === 0) await rm(part, { force: true });
  const file = await open(part, offset > 0 ? constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) : "wx", 0o666);
  let size = offset;
  try {
    if (offset > 0) await file.truncate(offset);
    const total = totalOf(response, offset);
    for await (const chunk of response.iterContent()) {
      await writeAll(file, chunk, size);
      hash?.update(chunk);
      size += chunk.length;
      options.onProgress?.(
        total === undefined ? { transferred: size, done: false } : { transferred: size, total, done: false },
      );
    }
    await file.sync();
    options.onProgress?.({ transferred: size, total: size, done: true });
  } finally {
    await file.close();
  }
  if (hash !== null) checkDigest(hash.digest("hex"), options.sha256!, response);
  return size;
}

/** The part is all of it already. */
async function complete(response: Response, part: string, size: number, options: SaveOptions): Promise<number> {
  options.onProgress?.({ transferred: size, total: size, done: true });
  if (options.sha256 === undefined) return size;
  const hash = createHash("sha256");
  await hashFile(part, size, hash);
  checkDigest(hash.digest("hex"), options.sha256, response);
  return size;
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

async function hashFile(path: string, length: number, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(path, { end: length - 1 })) hash.update(chunk as Buffer);
}

function checkDigest(found: string, wanted: string, response: Response): void {
  if (found === wanted.toLowerCase()) return;
  throw new RequestException(`SHA-256 mismatch: expected ${wanted}, got ${found}. The file was not saved`, {
    code: "ERR_DIGEST",
    response,
  });
}

function totalOf(response: Response, offset: number): number | undefined {
  if (response.header("content-encoding") !== undefined) return undefined;
  const length = response.header("content-length");
  return length === undefined ? undefined : Number(length) + offset;
}

/** Bytes that are there already and belong to the file that the server has now. */
async function resumable(response: Response, part: string, note: string): Promise<number> {
  const validator = validatorOf(response);
  if (
    validator === null ||
    response.statusCode !== 200 ||
    response.request.method !== "GET" ||
    response.header("content-encoding") !== undefined
  )
    return 0;
  try {
    const known = JSON.parse(await readFile(note, "utf8")) as PartNote;
    const { size } = await stat(part);
    return known.url === response.url && known.validator === validator ? size : 0;
  } catch {
    return 0;
  }
}

async function writeNote(current: Response, first: Response, note: string, offset: number): Promise<void> {
  const validator = validatorOf(current) ?? validatorOf(first);
  if (offset > 0 || validator === null) return;
  const content: PartNote = { url: first.url, validator };
  await rm(note, { force: true });
  await writeFile(note, JSON.stringify(content), { flag: "wx" });
}

/**
 * RFC 9110 §13.1.5: only a strong validator promises the same bytes. §8.8.2.2: a time of change is one when the clock of
 * the server has gone on since, for in the same second the file may change once more.
 */
function validatorOf(response: Response): string | null {
  const etag = response.header("etag");
  if (etag !== undefined && !etag.startsWith("W/")) return etag;
  const modified = response.header("last-modified");
  if (modified === undefined) return null;
  const age = Date.parse(response.header("date") ?? "") - Date.parse(modified);
  return age >= 1000 ? modified : null;
}

/** Asks for the rest. The answer is used if it is the rest, or else the whole file anew. */
async function continueFrom(response: Response, have: number): Promise<Response> {
  const request = response.request.copy();
  request.headers.set("Range", `bytes=${have}-`);
  request.headers.set("If-Range", validatorOf(response));
  // What is encoded cannot be continued in the middle.
  request.headers.set("Accept-Encoding", "identity");
  const rest = await response.sendAgain(request);
  if (rest === null) return response;
  if (rest.statusCode === 206 && isRest(rest, have, validatorOf(response))) {
    response.close();
    return rest;
  }
  if (rest.statusCode === 200) {
    response.close();
    return rest;
  }
  // 416 and everything else: the first response has the whole file.
  rest.close();
  return response;
}

/** Whether a 206 is all that is missing, of the same file: a server may not know If-Range, or give less than was asked. */
function isRest(rest: Response, have: number, validator: string | null): boolean {
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(rest.header("content-range") ?? "");
  if (range === null || Number(range[1]) !== have || rest.header("content-encoding") !== undefined) return false;
  if (range[3] !== "*" && Number(range[2]) + 1 !== Number(range[3])) return false;
  const etag = rest.header("etag");
  return etag === undefined || !validator!.includes('"') || etag === validator;
}
