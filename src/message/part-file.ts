/** The partial file of a download: its bytes, its note, and the responses that may continue it. */
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readFile, rm, writeFile, type FileHandle } from "node:fs/promises";

import { ContentDecodingError, RequestException, StreamConsumedError } from "../exceptions.js";
import { codingNames } from "../http/fields.js";
import { redactedUrl } from "../http/redaction/redaction.js";
import { insideResponse, type Response } from "./response.js";
import type { SaveOptions } from "./save.js";

/** Stored next to a partial file, to know that the file on the server is still the same. */
export interface PartNote {
  /** SHA-256 of the URL, which may have a password or a signature in it. */
  readonly url: string;
  /** For If-Range (RFC 9110 §13.1.5): a strong ETag, or Last-Modified. */
  readonly validator: string;
}

/** The response that gives the bytes of the file from an offset on. */
export interface Source {
  readonly response: Response;
  readonly offset: number;
  /** Bytes of the whole file, if they are known. */
  readonly total: number | undefined;
}

export async function write({ response, offset, total }: Source, part: string, options: SaveOptions): Promise<number> {
  const hash = options.sha256 === undefined ? null : createHash("sha256");
  // Never through a link that another user made at this name, as may happen in /tmp (CVE-2026-25645 of requests).
  if (offset === 0) await rm(part, { force: true });
  const file = offset === 0 ? await open(part, "wx", 0o666) : await openPart(part, offset, constants.O_RDWR);
  let size = offset;
  try {
    if (offset > 0) {
      if (hash !== null) await hashFile(file, offset, hash);
      await file.truncate(offset);
    }
    for await (const chunk of response.iterContent()) {
      if (offset > 0 && size + chunk.length > total!)
        throw wrongSize(response, total!, `at least ${size + chunk.length}`);
      await writeAll(file, chunk, size);
      hash?.update(chunk);
      size += chunk.length;
      options.onProgress?.(
        total === undefined ? { transferred: size, done: false } : { transferred: size, total, done: false },
      );
    }
    if (insideResponse.isCutShort(response))
      throw new StreamConsumedError("The response was closed before its body was saved", { response });
    if (offset > 0 && size !== total) throw wrongSize(response, total!, String(size));
    await file.sync();
    options.onProgress?.({ transferred: size, total: size, done: true });
  } finally {
    await file.close();
  }
  if (hash !== null) checkDigest(hash.digest("hex"), options.sha256!, response);
  return size;
}

/** The part has all bytes already. */
export async function checkComplete(
  response: Response,
  part: string,
  size: number,
  options: SaveOptions,
): Promise<number> {
  const file = await openPart(part, size, constants.O_RDONLY);
  try {
    options.onProgress?.({ transferred: size, total: size, done: true });
    if (options.sha256 === undefined) return size;
    const hash = createHash("sha256");
    await hashFile(file, size, hash);
    checkDigest(hash.digest("hex"), options.sha256, response);
    return size;
  } finally {
    await file.close();
  }
}

/**
 * Opens a part that was found before, and makes sure that it is still a file.
 *
 * @param least - Bytes that it must have.
 */
async function openPart(part: string, least: number, access: number): Promise<FileHandle> {
  const file = await open(part, access | (constants.O_NOFOLLOW ?? 0));
  const stats = await file.stat();
  if (stats.isFile() && stats.size >= least) return file;
  await file.close();
  throw new RequestException(
    `${part} was changed while its download was being continued: it is no longer a file of ${least} bytes. Call saveTo() again`,
    { code: "ERR_DOWNLOAD_SIZE" },
  );
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

async function hashFile(file: FileHandle, length: number, hash: Hash): Promise<void> {
  const stream = file.createReadStream({ start: 0, end: length - 1, autoClose: false });
  for await (const chunk of stream) hash.update(chunk as Buffer);
}

function checkDigest(found: string, wanted: string, response: Response): void {
  if (found === wanted.toLowerCase()) return;
  throw new RequestException(`SHA-256 mismatch: expected ${wanted}, got ${found}. The file was not saved`, {
    code: "ERR_DIGEST",
    response,
  });
}

function wrongSize(response: Response, total: number, found: string): RequestException {
  return new RequestException(
    `The continued download of ${redactedUrl(response.url)} has ${found} bytes, and the server announced ${total}. The file was not saved; call saveTo() again to download it from its beginning`,
    { code: "ERR_DOWNLOAD_SIZE", response },
  );
}

/** Bytes of the content, if the head says so: encoded content has another length than its body. */
export function totalOf(response: Response): number | undefined {
  const length = insideResponse.header(response, "content-length");
  return length !== undefined && /^\d{1,15}$/.test(length) && !isEncoded(response) ? Number(length) : undefined;
}

export function isEncoded(response: Response): boolean {
  return codingNames(insideResponse.headerValues(response, "content-encoding").join(",").split(",")).length > 0;
}

/** The partial file and its note, or null. A link that another user made must not become the file. */
export async function partAt(part: string, note: string): Promise<(PartNote & { readonly size: number }) | null> {
  try {
    const { url, validator } = JSON.parse(await readFile(note, "utf8")) as Partial<PartNote>;
    const stats = await lstat(part);
    if (!stats.isFile() || typeof url !== "string" || typeof validator !== "string") return null;
    return { url, validator, size: stats.size };
  } catch {
    return null;
  }
}

/** Replaces the note. Without a validator there is none, because the file cannot be continued. */
export async function writeNote(
  note: string,
  { url, validator }: { readonly url: string; readonly validator: string | null },
): Promise<void> {
  await rm(note, { force: true });
  if (validator !== null) await writeFile(note, JSON.stringify({ url, validator }), { flag: "wx", mode: 0o600 });
}

export function digestOf(url: string): string {
  return createHash("sha256").update(url).digest("hex");
}

/**
 * RFC 9110 §13.1.5: only a strong validator promises the same bytes. §8.8.2.2: a time of change is one when the clock of
 * the server has gone on since, for in the same second the file may change once more.
 */
export function validatorOf(response: Response): string | null {
  const etag = insideResponse.header(response, "etag");
  if (etag !== undefined && !etag.startsWith("W/")) return etag;
  const modified = insideResponse.header(response, "last-modified");
  if (modified === undefined) return null;
  const age = Date.parse(insideResponse.header(response, "date") ?? "") - Date.parse(modified);
  return age >= 1000 ? modified : null;
}

/**
 * The bytes of the whole file when the response has all that is missing of the same file, otherwise null: a server may
 * not know If-Range, may give less than was asked for, or may contradict itself.
 */
export function restOf(rest: Response, have: number, total: number | undefined): number | null {
  if (rest.statusCode !== 206 || isEncoded(rest)) return null;
  // Of several ranges each has a head of its own within the body.
  if (/^\s*multipart\//i.test(insideResponse.header(rest, "content-type") ?? "")) return null;
  const ranges = insideResponse.headerValues(rest, "content-range");
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(ranges.length === 1 ? ranges[0] : "");
  if (range === null) return null;
  const end = Number(range[2]) + 1;
  const announced = range[3] === "*" ? total : Number(range[3]);
  if (Number(range[1]) !== have || end <= have || announced !== end || (total !== undefined && total !== end))
    return null;
  const length = insideResponse.header(rest, "content-length");
  if (length !== undefined && Number(length) !== end - have) return null;
  return end;
}

/** Whether a part of a file has the validators of the whole, as far as it has any. */
export function isSameFile(rest: Response, first: Response): boolean {
  return ["etag", "last-modified"].every((name) => {
    const found = insideResponse.header(rest, name);
    const expected = insideResponse.header(first, name);
    return found === undefined || expected === undefined || found === expected;
  });
}

/** Whether a response that continues a partial file has its validator, as far as it has one of that kind. */
export function hasValidator(rest: Response, validator: string): boolean {
  const isTag = validator.startsWith('"');
  const found = insideResponse.header(rest, isTag ? "etag" : "last-modified");
  return found === undefined || found === validator;
}

/** Whether the partial file is not what it should be, so that it must not be continued. */
export function isUseless(error: unknown): boolean {
  return (
    error instanceof ContentDecodingError ||
    (error instanceof RequestException && (error.code === "ERR_DIGEST" || error.code === "ERR_DOWNLOAD_SIZE"))
  );
}
