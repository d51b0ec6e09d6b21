/** Writes frames, one after the other, into memory that goes out in one write. */
import { CLIENT_PREFACE, Flag, FRAME_HEADER_SIZE, FrameType, SETTING_SIZE } from "./frames.js";

/** The memory that frames are written into; what was taken of it stays with the socket until it is sent. */
const SLAB = 16 * 1024;

export class FrameWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB);
  /** The frames that were not taken yet. */
  #start = 0;
  #end = 0;

  /** Bytes that were not taken yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** The frames since the last call. The writer does not touch these bytes again. */
  take(): Buffer {
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return bytes;
  }

  /** The connection preface of a client; a SETTINGS frame must follow it. */
  preface(): void {
    this.#reserve(CLIENT_PREFACE.length);
    this.#end += this.#slab.latin1Write(CLIENT_PREFACE, this.#end);
  }

  /** @param parameters - Identifiers and values. */
  settings(parameters: readonly (readonly [identifier: number, value: number])[]): void {
    this.#frame(parameters.length * SETTING_SIZE, FrameType.SETTINGS, 0, 0);
    for (const [identifier, value] of parameters) {
      this.#slab[this.#end] = identifier >>> 8;
      this.#slab[this.#end + 1] = identifier;
      this.#end += 2;
      this.#uint32(value);
    }
  }

  settingsAck(): void {
    this.#frame(0, FrameType.SETTINGS, Flag.ACK, 0);
  }

  /**
   * A block of fields: HEADERS, and CONTINUATION frames for what does not fit.
   *
   * @param maxFrameSize - The server's SETTINGS_MAX_FRAME_SIZE.
   */
  headers(streamId: number, block: Uint8Array, endStream: boolean, maxFrameSize: number): void {
    const first = Math.min(block.length, maxFrameSize);
    const isWhole = first === block.length;
    const flags = (endStream ? Flag.END_STREAM : 0) | (isWhole ? Flag.END_HEADERS : 0);
    this.#frame(first, FrameType.HEADERS, flags, streamId);
    this.#bytes(block, 0, first);
    for (let at = first; at < block.length; at += maxFrameSize) {
      const end = Math.min(block.length, at + maxFrameSize);
      this.#frame(end - at, FrameType.CONTINUATION, end === block.length ? Flag.END_HEADERS : 0, streamId);
      this.#bytes(block, at, end);
    }
  }

  /**
   * The header of a DATA frame. Its `length` bytes follow: by `copy`, or written to the socket right after what `take`
   * returns, which saves large pieces the copy.
   */
  dataHeader(streamId: number, length: number, endStream: boolean): void {
    this.#frameHeader(length, FrameType.DATA, endStream ? Flag.END_STREAM : 0, streamId);
  }

  /** Bytes `start` to `end` as the payload of the DATA frame whose header was written last. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes(bytes, start, end);
  }

  /** @param increment - At least 1. */
  windowUpdate(streamId: number, increment: number): void {
    this.#frame(4, FrameType.WINDOW_UPDATE, 0, streamId);
    this.#uint32(increment);
  }

  rstStream(streamId: number, errorCode: number): void {
    this.#frame(4, FrameType.RST_STREAM, 0, streamId);
    this.#uint32(errorCode);
  }

  /** @param opaque - Eight bytes, from `at` on. */
  ping(opaque: Uint8Array, at: number, isAck: boolean): void {
    this.#frame(8, FrameType.PING, isAck ? Flag.ACK : 0, 0);
    this.#bytes(opaque, at, at + 8);
  }

  /** @param lastStreamId - The last stream of the server that was processed: 0 for a client that refuses all. */
  goaway(lastStreamId: number, errorCode: number): void {
    this.#frame(8, FrameType.GOAWAY, 0, 0);
    this.#uint32(lastStreamId);
    this.#uint32(errorCode);
  }

  /** A frame header, with room for the payload after it. */
  #frame(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(FRAME_HEADER_SIZE + length);
    this.#frameHeader(length, type, flags, streamId);
  }

  #frameHeader(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(FRAME_HEADER_SIZE);
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    this.#end = at + 5;
    this.#uint32(streamId);
  }

  #uint32(value: number): void {
    const slab = this.#slab;
    const at = this.#end;
    slab[at] = value >>> 24;
    slab[at + 1] = value >>> 16;
    slab[at + 2] = value >>> 8;
    slab[at + 3] = value;
    this.#end = at + 4;
  }

  #bytes(source: Uint8Array, start: number, end: number): void {
    if (start === 0 && end === source.length) this.#slab.set(source, this.#end);
    else this.#slab.set(source.subarray(start, end), this.#end);
    this.#end += end - start;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#slab.length) return;
    const pending = this.#end - this.#start;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB, (pending + bytes) * 2));
    this.#slab.copy(slab, 0, this.#start, this.#end);
    this.#slab = slab;
    this.#start = 0;
    this.#end = pending;
  }
}
