/** A multipart body that tells how far it has been read. */
import { inspect } from "node:util";

import { MultipartEncoder, type MultipartEncoding, type MultipartFields } from "./encoder.js";

/** Called with the monitor after each read. */
export type MonitorCallback = (monitor: MultipartEncoderMonitor) => void;

/** Bytes that count as one read, at most: a file of 1 GiB in memory is not one step. */
const STEP = 64 * 1024;

/**
 * Wraps a MultipartEncoder and calls back after each piece that is read from it, at most 64 KiB. Bytes that were read are not
 * yet with the server: `onUploadProgress` tells of what was handed to the socket.
 *
 * @example
 * ```ts
 * import { MultipartEncoder, MultipartEncoderMonitor } from "requests-ts/multipart";
 *
 * const encoder = new MultipartEncoder({ file: ["large.bin", Buffer.alloc(200_000)] });
 * const seen: number[] = [];
 * const monitor = new MultipartEncoderMonitor(encoder, ({ bytesRead }) => seen.push(bytesRead));
 * await requests.post("https://httpbin.org/post", { data: monitor, headers: { "Content-Type": monitor.contentType } });
 * seen.at(-1) === monitor.length; //=> true
 * seen.length; //=> 4
 * ```
 * @see requests-toolbelt: `MultipartEncoderMonitor`
 */
export class MultipartEncoderMonitor implements AsyncIterable<Uint8Array> {
  /** The encoder that is read. */
  readonly encoder: MultipartEncoder;
  /** Bytes that were read so far; from 0 again when the body is sent a second time. */
  bytesRead = 0;
  /** Called after each read. An error that it throws ends the request. */
  readonly callback: MonitorCallback;
  /** null: the body is always read piece by piece. */
  readonly bytes = null;

  /** @param callback - gets this monitor after each read. */
  constructor(encoder: MultipartEncoder, callback: MonitorCallback = ignore) {
    if (!(encoder instanceof MultipartEncoder))
      throw new TypeError(
        "new MultipartEncoderMonitor(encoder, callback) takes a MultipartEncoder; fromFields makes one",
      );
    if (typeof callback !== "function")
      throw new TypeError("The callback of a MultipartEncoderMonitor must be a function");
    this.encoder = encoder;
    this.callback = callback;
  }

  /** A monitor of a new MultipartEncoder. */
  static fromFields(
    fields: MultipartFields,
    boundary?: string | null,
    encoding?: MultipartEncoding | null,
    callback?: MonitorCallback | null,
  ): MultipartEncoderMonitor {
    const encoder = new MultipartEncoder(fields, { boundary: boundary ?? undefined, encoding: encoding ?? undefined });
    return new MultipartEncoderMonitor(encoder, callback ?? undefined);
  }

  /** The Content-Type header that goes with the body. */
  get contentType(): string {
    return this.encoder.contentType;
  }

  /** The boundary that separates the parts. */
  get boundary(): string {
    return this.encoder.boundary;
  }

  /** Bytes of the whole body, or null when the length of a part is not known. */
  get length(): number | null {
    return this.encoder.length;
  }

  /** Whether the body can be sent again. */
  get replayable(): boolean {
    return this.encoder.replayable;
  }

  /** This object; what `prepared.body` shows. */
  get value(): unknown {
    return this;
  }

  /** The bytes from the start, counted. */
  open(): AsyncIterable<Uint8Array> {
    const source = this.encoder.open();
    this.bytesRead = 0;
    return this.#counted(source);
  }

  /** Reads on from where the last `read` ended: as {@link MultipartEncoder.read}, and then calls back. */
  async read(size?: number | null): Promise<Buffer> {
    const bytes = await this.encoder.read(size);
    this.bytesRead += bytes.length;
    this.callback(this);
    return bytes;
  }

  /** Closes the sources of all parts, for a body that is not going to be sent. */
  async close(): Promise<void> {
    await this.encoder.close();
  }

  /** As {@link MultipartEncoder.toString}. */
  toString(): string {
    return this.encoder.toString();
  }

  /** The bytes of the body, from the start; as `open()`. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.open()[Symbol.asyncIterator]();
  }

  async *#counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source)
      for (let at = 0; at < chunk.byteLength; at += STEP) {
        const piece = chunk.subarray(at, at + STEP);
        this.bytesRead += piece.byteLength;
        this.callback(this);
        yield piece;
      }
  }

  [inspect.custom](): string {
    return `<MultipartEncoderMonitor [${this.bytesRead} of ${this.length ?? "unknown"} bytes]>`;
  }
}

function ignore(): void {}
