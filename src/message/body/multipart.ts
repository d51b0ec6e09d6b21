/** multipart/form-data that streams: files are read while they are sent, and the length is known before. */
import { InvalidHeader } from "../../exceptions.js";
import { isUint8Array } from "../../options/kinds.js";
import { boundaryParameter, checkBoundary, randomBoundary } from "../../http/boundary.js";
import type { Part } from "./multipart-part.js";
import { unrewindable, type Body } from "./source.js";

/** Content of up to this many bytes is copied together with the heads around it; larger content is sent as it lies. */
const COPIED = 64 * 1024;
/** A body of up to this many bytes, all in memory, is one Buffer. */
const WHOLE = 1024 * 1024;

/**
 * A multipart/form-data body. Its length is exact whenever every part's length is known, and it can be sent again when
 * every part can.
 *
 * @see RFC 7578, RFC 2046 §5.1
 */
export class MultipartBody implements Body, AsyncIterable<Uint8Array> {
  /** The boundary that separates the parts. */
  readonly boundary: string;
  /** The Content-Type header that goes with this body. */
  readonly contentType: string;
  readonly length: number | null;
  readonly replayable: boolean;
  readonly bytes: Buffer | null;
  readonly #parts: readonly Part[];
  readonly #segments: readonly (Uint8Array | Body)[];
  #isOpened = false;

  /**
   * @param parts - in the order in which they are sent.
   * @param boundary - 32 random hex characters by default.
   * @param headEncoding - of the heads; the contents are bytes already.
   * @throws InvalidHeader for a boundary that RFC 2046 does not allow, or that content in memory has.
   */
  constructor(parts: readonly Part[], boundary?: string, headEncoding: HeadEncoding = "utf8") {
    if (boundary !== undefined) {
      checkBoundary(boundary);
      checkContents(parts, boundary);
    }
    boundary ??= randomBoundary();
    this.boundary = boundary;
    this.contentType = `multipart/form-data; ${boundaryParameter(boundary)}`;
    this.#parts = parts;
    this.replayable = parts.every(({ body }) => body.replayable);
    const segments = segmentsOf(parts, boundary, headEncoding);
    this.length = lengthOf(segments);
    const isInMemory = segments.every((segment) => isUint8Array(segment));
    this.bytes = isInMemory && this.length! <= WHOLE ? Buffer.concat(segments) : null;
    this.#segments = this.bytes === null ? segments : [this.bytes];
  }

  /** The whole as a Buffer when it is small and in memory, else this object, which can be iterated. */
  get value(): unknown {
    return this.bytes ?? this;
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#isOpened && !this.replayable) throw unrewindable("a part of this multipart body");
    this.#isOpened = true;
    return this.#stream();
  }

  async *#stream(): AsyncGenerator<Uint8Array> {
    let isWhole = false;
    try {
      for (const segment of this.#segments) {
        if (isUint8Array(segment)) yield segment;
        else yield* segment.open();
      }
      isWhole = true;
    } finally {
      // The parts after the one at which it was stopped, or which failed, are not going to be opened.
      if (!isWhole) await this.#closeParts();
    }
  }

  /** Closes the sources of all parts. */
  async close(): Promise<void> {
    await this.#closeParts();
  }

  async #closeParts(): Promise<void> {
    // One that cannot be closed, or takes its time, does not keep the others open. What failed before is what counts.
    await Promise.allSettled(this.#parts.map(async ({ body }) => body.close?.()));
  }

  /** The bytes of the body, from the start; as `open()`. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.open()[Symbol.asyncIterator]();
  }
}

/** The encodings in which names and file names can be written. */
export type HeadEncoding = "utf8" | "latin1";

/**
 * A boundary of the caller's own choice may stand in a content, which could then bring parts of its own. Streams are not
 * looked through: of those the caller has to know.
 */
function checkContents(parts: readonly Part[], boundary: string): void {
  const line = `\r\n--${boundary}`;
  const at = parts.findIndex(({ body: { bytes } }) => {
    if (bytes === null || bytes.byteLength < boundary.length) return false;
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // RFC 2046 §5.1.1: the line break before a delimiter may be the one that ends the head.
    return content.includes(line) || content.subarray(0, line.length - 2).equals(Buffer.from(line.slice(2)));
  });
  if (at === -1) return;
  throw new InvalidHeader(
    `${JSON.stringify(boundary)} cannot be the boundary of this multipart body: it occurs in the content of part ${at + 1}. ` +
      `Omit the boundary to use a random one`,
  );
}

/** The body as runs of bytes and the sources between them. */
function segmentsOf(parts: readonly Part[], boundary: string, headEncoding: HeadEncoding): (Uint8Array | Body)[] {
  const segments: (Uint8Array | Body)[] = [];
  let run: Uint8Array[] = [];
  let text = "";
  const endRun = (): void => {
    if (text !== "") run.push(Buffer.from(text, headEncoding));
    if (run.length > 0) segments.push(run.length === 1 ? run[0] : Buffer.concat(run));
    run = [];
    text = "";
  };
  for (const { head, body } of parts) {
    text += `--${boundary}\r\n${head}`;
    const content = body.bytes;
    if (content === null) {
      endRun();
      segments.push(body);
    } else if (typeof body.value === "string" && content.byteLength <= COPIED) {
      text += body.value;
    } else if (content.byteLength <= COPIED) {
      run.push(Buffer.from(text, headEncoding), content);
      text = "";
    } else {
      endRun();
      segments.push(content);
    }
    text += "\r\n";
  }
  text += `--${boundary}--\r\n`;
  endRun();
  return segments;
}

function lengthOf(segments: readonly (Uint8Array | Body)[]): number | null {
  let total = 0;
  for (const segment of segments) {
    const length = isUint8Array(segment) ? segment.byteLength : segment.length;
    if (length === null) return null;
    total += length;
  }
  return total;
}
