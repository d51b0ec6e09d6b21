/** Saves the content of a response to a file that is either complete or not there. */
import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";

import {
  checkComplete,
  digestOf,
  isEncoded,
  isSameFile,
  isUseless,
  partAt,
  restOf,
  totalOf,
  validatorOf,
  write,
  writeNote,
  type Source,
} from "./part-file.js";
import { insideResponse, type Response } from "./response.js";

/** Options of `saveTo`. */
export interface SaveOptions {
  /** Called with the bytes of the file written so far, and their total if it is known. */
  readonly onProgress?: ((progress: { transferred: number; total?: number; done: boolean }) => void) | undefined;
  /** Keep the bytes that arrived before a cut, and continue from there the next time. @defaultValue false */
  readonly resume?: boolean | undefined;
  /** SHA-256 of the whole file, in hexadecimal digits. */
  readonly sha256?: string | undefined;
}

/** The saved file. */
export interface SaveResult {
  /** The path, as it was given. */
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Byte at which the download was continued; 0 if it was not. */
  readonly resumedFrom: number;
}

/**
 * @throws RequestException `ERR_DIGEST` when the digest differs, `ERR_DOWNLOAD_SIZE` when a continued download has
 *   another size than the server announced; the error in which the body ends; errors of the file system.
 */
export async function saveTo(response: Response, path: string, options: SaveOptions): Promise<SaveResult> {
  const part = options.resume === true ? `${path}.part` : `${path}.${randomBytes(8).toString("hex")}.part`;
  const note = `${part}.json`;
  let source: Source = { response, offset: 0, total: totalOf(response) };
  try {
    let isComplete = false;
    if (options.resume === true) {
      // An error page must not replace the bytes that came before it.
      response.raiseForStatus();
      const have = await resumable(response, part, note);
      // The connection broke after the last byte, or the digest could not be compared any more.
      isComplete = have > 0 && have === source.total;
      if (have > 0 && !isComplete) source = await continued(source, have);
      if (source.offset === 0 && !isComplete)
        await writeNote(note, { url: digestOf(response.url), validator: validatorOf(response) });
    }
    if (isComplete) source = { ...source, offset: source.total! };
    const size = isComplete
      ? await checkComplete(response, part, source.offset, options)
      : await write(source, part, options);
    await rename(part, path);
    if (options.resume === true) await rm(note, { force: true });
    return { path, size, resumedFrom: source.offset };
  } catch (error) {
    // A part that cannot be continued, or is not what it should be, is of no use.
    const keeps = options.resume === true && !isUseless(error);
    if (!keeps) await Promise.all([rm(part, { force: true }), rm(note, { force: true })]);
    throw error;
  } finally {
    response.close();
    source.response.close();
  }
}

/** Bytes that are there already and belong to the file that the server has now. */
async function resumable(response: Response, part: string, note: string): Promise<number> {
  const validator = validatorOf(response);
  if (validator === null || response.statusCode !== 200 || response.request.method !== "GET" || isEncoded(response))
    return 0;
  const known = await partAt(part, note);
  return known !== null && known.url === digestOf(response.url) && known.validator === validator ? known.size : 0;
}

/**
 * Asks for the rest of the file. Every answer but the rest of this very file is passed over: the first response still
 * has the whole.
 */
async function continued(first: Source, have: number): Promise<Source> {
  const { response } = first;
  if (first.total !== undefined && have > first.total) return first;
  const request = response.request.copy();
  request.headers.set("Range", `bytes=${have}-`);
  request.headers.set("If-Range", validatorOf(response));
  // Encoded content cannot be continued in the middle.
  request.headers.set("Accept-Encoding", "identity");
  const rest = await insideResponse.sendAgain(response, request);
  if (rest === null) return first;
  const total = isSameFile(rest, response) ? restOf(rest, have, first.total) : null;
  if (total === null) {
    rest.close();
    return first;
  }
  response.close();
  return { response: rest, offset: have, total };
}
