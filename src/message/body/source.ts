/** The contract of a request body: what redirects, retries, digest, progress and the wire know of it. */
import { UnrewindableBodyError } from "../../exceptions.js";
import { kindOf } from "../../options/kind.js";
import { isAnyArrayBuffer, isUint8Array } from "../../options/kinds.js";

/**
 * The bytes of a request, wherever they come from. An implementation yields no empty chunk, and makes no promise about
 * who may keep a chunk: it never writes into one again after yielding it.
 */
export interface Body {
  /** Exact number of bytes, or null when unknown (then it is sent chunked). */
  readonly length: number | null;
  /** The bytes at once when they are in memory (string bodies: their UTF-8), else null. */
  readonly bytes: Uint8Array | null;
  /** The same as text, where it is text of one byte each. */
  readonly ascii?: string | null;
  /** Whether `open()` may be called again and gives the same bytes. */
  readonly replayable: boolean;
  /**
   * The bytes as chunks, from the start. Stopping the iteration early closes the source. Never more bytes than
   * `length` where the source is a file; whether there are fewer is for the wire to find out.
   *
   * @throws UnrewindableBodyError when it was opened before and is not replayable.
   */
  open(): AsyncIterable<Uint8Array>;
  /** The value of `prepared.body`: a string, a Buffer or the stream object. */
  readonly value: unknown;
  /** The Content-Type that goes with the bytes, where they cannot be read without it. */
  readonly contentType?: string;
  /** Set when the server refused to have it (`Expect: 100-continue`), and it was not opened. */
  withheld?: boolean;
  /** Closes the source, because the request failed: before it was opened, or while its next piece is waited for. */
  close?(): void | Promise<void>;
}

/** Whether a value is a body already. */
export function isBody(value: object): value is Body {
  const body = value as Partial<Body>;
  return typeof body.open === "function" && typeof body.replayable === "boolean" && "length" in body;
}

/** The bytes of a string (UTF-8) or of any binary value, not copied where they need not be; null for anything else. */
export function asBytes(value: unknown): Uint8Array | null {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (isUint8Array(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return isAnyArrayBuffer(value) ? Buffer.from(value) : null;
}

/**
 * The bytes of one item that a stream or iterable gave.
 *
 * @throws TypeError naming the item when it is neither bytes nor a string.
 */
export function itemBytes(item: unknown, index: number): Uint8Array {
  const bytes = asBytes(item);
  if (bytes !== null) return bytes;
  throw new TypeError(
    `Item ${index} of the request's body is ${kindOf(item)}; a stream or iterable given as a body must give bytes or ` +
      `strings`,
  );
}

/** The error of a body that is gone when it is needed a second time. */
export function unrewindable(what: string): UnrewindableBodyError {
  return new UnrewindableBodyError(
    `Unable to rewind the request's body: ${what} can be read only once, and was read already. Give bytes, a Blob, ` +
      `fs.createReadStream(path), a FileHandle, or an iterable that starts again each time; or a body for this request alone.`,
  );
}
