/**
 * Bytes of one connection → frames. Sans-IO: it is handed bytes and calls back. It checks each frame by itself
 * (RFC 9113 §4 and §6); the states of streams are checked by streams.ts.
 */
import { PartialBytes } from "../http1/partial-bytes.js";
import { ErrorCode, excessive, Http2Error, protocolError, streamFault, type StreamFault } from "./errors.js";
import {
  Flag,
  FRAME_HEADER_SIZE,
  frameName,
  FrameType,
  MIN_MAX_FRAME_SIZE,
  SETTING_SIZE,
  uint31,
  uint32,
} from "./frames.js";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "./limits.js";

/** Bytes `start` to `end` of the buffer are a header block. */
export interface BlockRange {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Receives the frames. Buffers are valid during the call only. */
export interface FrameHandler {
  /**
   * A DATA frame begins. `onData` follows for its bytes and `onDataEnd` for its end, before any other frame.
   *
   * @param length - The whole payload with its padding, which counts in the windows.
   */
  onDataFrame(streamId: number, length: number, endStream: boolean): void;
  /** Bytes `start` to `end` of the buffer given to `execute` belong to the DATA frame. */
  onData(buffer: Buffer, start: number, end: number): void;
  /** The DATA frame is complete. */
  onDataEnd(): void;
  /** A whole header block: HEADERS with its CONTINUATION frames. */
  onHeaders(streamId: number, endStream: boolean, block: BlockRange): void;
  onReset(streamId: number, errorCode: number): void;
  /** The parameters: six bytes each, from `start` to `end`. */
  onSettings(buffer: Buffer, start: number, end: number): void;
  onSettingsAck(): void;
  /** Eight bytes from `start` on. */
  onPing(buffer: Buffer, start: number, isAck: boolean): void;
  /** @param debug - Text that the server added, cut to a length that can be shown. */
  onGoaway(lastStreamId: number, errorCode: number, debug: string): void;
  /** @param streamId - 0 for the connection. */
  onWindowUpdate(streamId: number, increment: number): void;
  /** A PRIORITY frame, or one of an unknown type, which is to be ignored (RFC 9113 §5.3.2, §4.1). */
  onIgnored(streamId: number, type: number): void;
  /** A frame that is an error of its stream, not of the connection. */
  onStreamFault(streamId: number, fault: StreamFault): void;
}

// The meaning of the next bytes.
const HEADER = 0;
const PAD_LENGTH = 1;
const DATA = 2;
const PADDING = 3;
const PAYLOAD = 4;
const IGNORED = 5;

/** Bytes of the debug data of a GOAWAY frame that are handed on. */
const DEBUG_SHOWN = 200;
const HTTP1 = "HTTP/";
const NO_BYTES: Buffer = Buffer.alloc(0);

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #limits: Http2Limits;
  #state = HEADER;
  #stopped = false;
  /** Whether the server's first SETTINGS frame has come. */
  #begun = false;
  readonly #header = Buffer.allocUnsafe(FRAME_HEADER_SIZE);
  #headerLength = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of the payload that were not read yet. */
  #remaining = 0;
  /** How many of them are padding. */
  #padding = 0;
  /** The beginning of a payload whose end has not come yet. */
  #payload: PartialBytes | null = null;
  /** The stream whose header block is incomplete, or 0. */
  #blockStreamId = 0;
  #blockEndsStream = false;
  #block: PartialBytes | null = null;
  #continuations = 0;
  /** Used again for every block. */
  readonly #range = { buffer: NO_BYTES, start: 0, end: 0 };

  constructor(handler: FrameHandler, limits: Http2Limits = DEFAULT_HTTP2_LIMITS) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Whether the server's first SETTINGS frame has come. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether the bytes so far end between two frames, and not within a header block. */
  get isBetweenFrames(): boolean {
    return this.#state === HEADER && this.#headerLength === 0 && this.#blockStreamId === 0;
  }

  /** Reads nothing more, also of the bytes at hand: the connection was closed in a callback. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Reads bytes `start` to `end` of the buffer.
   *
   * @throws Http2Error for a connection error: GOAWAY with its code is all that can be sent then.
   */
  execute(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.#stopped) {
      switch (this.#state) {
        case HEADER:
          at = this.#readHeader(buffer, at, end);
          break;
        case PAD_LENGTH:
          this.#onPadLength(buffer[at]);
          at += 1;
          break;
        case DATA: {
          const take = Math.min(this.#remaining - this.#padding, end - at);
          this.#remaining -= take;
          if (this.#remaining === this.#padding) this.#state = PADDING;
          this.#handler.onData(buffer, at, at + take);
          at += take;
          if (this.#remaining === 0) this.#endData();
          break;
        }
        case PADDING: {
          const take = Math.min(this.#remaining, end - at);
          this.#remaining -= take;
          at += take;
          if (this.#remaining === 0) this.#endData();
          break;
        }
        case PAYLOAD:
          at = this.#readPayload(buffer, at, end);
          break;
        default: {
          const take = Math.min(this.#remaining, end - at);
          this.#remaining -= take;
          at += take;
          if (this.#remaining === 0) this.#state = HEADER;
        }
      }
    }
  }

  #readHeader(buffer: Buffer, at: number, end: number): number {
    if (this.#headerLength === 0 && end - at >= FRAME_HEADER_SIZE) {
      this.#onHeader(buffer, at);
      return at + FRAME_HEADER_SIZE;
    }
    const take = Math.min(FRAME_HEADER_SIZE - this.#headerLength, end - at);
    buffer.copy(this.#header, this.#headerLength, at, at + take);
    this.#headerLength += take;
    if (this.#headerLength === FRAME_HEADER_SIZE) {
      this.#headerLength = 0;
      this.#onHeader(this.#header, 0);
    }
    return at + take;
  }

  #onHeader(bytes: Buffer, at: number): void {
    const length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    const type = bytes[at + 3];
    const flags = bytes[at + 4];
    const streamId = uint31(bytes, at + 5);
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    this.#remaining = length;
    if (!this.#begun) this.#checkFirst(bytes, at);
    if (length > MIN_MAX_FRAME_SIZE)
      throw sizeError(`a ${frameName(type)} frame of ${length} bytes, and ${MIN_MAX_FRAME_SIZE} are allowed`, "4.2");
    if (this.#blockStreamId !== 0 && (type !== FrameType.CONTINUATION || streamId !== this.#blockStreamId))
      throw protocolError(
        `a ${frameName(type)} frame within the header block of stream ${this.#blockStreamId} (RFC 9113 §4.3)`,
      );
    if (type === FrameType.DATA) {
      this.#beginData(length, flags, streamId);
      return;
    }
    this.#checkHeader(length);
    this.#state = type > FrameType.CONTINUATION ? IGNORED : PAYLOAD;
    if (this.#state === IGNORED) this.#handler.onIgnored(streamId, type);
    if (length > 0) return;
    this.#state = HEADER;
    if (type <= FrameType.CONTINUATION) this.#onPayload(bytes, at, at);
  }

  /** RFC 9113 §3.4: the server's preface is a SETTINGS frame. */
  #checkFirst(bytes: Buffer, at: number): void {
    if (bytes.latin1Slice(at, at + HTTP1.length) === HTTP1)
      throw protocolError("the server answered with HTTP/1.x to HTTP/2; does it support HTTP/2 here?");
    if (this.#type !== FrameType.SETTINGS || (this.#flags & Flag.ACK) !== 0)
      throw protocolError(
        `the first frame is ${frameName(this.#type)}, not SETTINGS; does the server support HTTP/2 here? (RFC 9113 §3.4)`,
      );
    this.#begun = true;
  }

  #beginData(length: number, flags: number, streamId: number): void {
    if (streamId === 0) throw protocolError("a DATA frame on stream 0 (RFC 9113 §6.1)");
    const isPadded = (flags & Flag.PADDED) !== 0;
    if (isPadded && length === 0) throw sizeError("a padded DATA frame without a pad length", "6.1");
    this.#padding = 0;
    this.#handler.onDataFrame(streamId, length, (flags & Flag.END_STREAM) !== 0);
    if (length === 0) this.#endData();
    else this.#state = isPadded ? PAD_LENGTH : DATA;
  }

  #onPadLength(padding: number): void {
    this.#remaining -= 1;
    if (padding > this.#remaining)
      throw protocolError(`a DATA frame with more padding than payload on stream ${this.#streamId} (RFC 9113 §6.1)`);
    this.#padding = padding;
    if (this.#remaining === 0) this.#endData();
    else this.#state = this.#remaining === padding ? PADDING : DATA;
  }

  #endData(): void {
    this.#state = HEADER;
    this.#handler.onDataEnd();
  }

  /** Everything that can be refused before the payload has come. */
  #checkHeader(length: number): void {
    const streamId = this.#streamId;
    switch (this.#type) {
      case FrameType.HEADERS:
        if (streamId === 0) throw protocolError("a HEADERS frame on stream 0 (RFC 9113 §6.2)");
        return;
      case FrameType.PRIORITY:
        if (streamId === 0) throw protocolError("a PRIORITY frame on stream 0 (RFC 9113 §6.3)");
        return;
      case FrameType.RST_STREAM:
        if (streamId === 0) throw protocolError("a RST_STREAM frame on stream 0 (RFC 9113 §6.4)");
        if (length !== 4) throw sizeError(`a RST_STREAM frame of ${length} bytes, not 4`, "6.4");
        return;
      case FrameType.SETTINGS:
        if (streamId !== 0) throw protocolError(`a SETTINGS frame on stream ${streamId} (RFC 9113 §6.5)`);
        if ((this.#flags & Flag.ACK) !== 0) {
          if (length !== 0) throw sizeError(`an acknowledgement of SETTINGS with ${length} bytes`, "6.5");
        } else if (length % SETTING_SIZE !== 0)
          throw sizeError(`a SETTINGS frame of ${length} bytes, not a multiple of 6`, "6.5");
        if (length > this.#limits.maxSettings * SETTING_SIZE)
          throw excessive(`a SETTINGS frame with more than ${this.#limits.maxSettings} parameters (maxSettings)`);
        return;
      case FrameType.PUSH_PROMISE:
        throw protocolError("a PUSH_PROMISE frame, and SETTINGS_ENABLE_PUSH is 0 (RFC 9113 §8.4)");
      case FrameType.PING:
        if (streamId !== 0) throw protocolError(`a PING frame on stream ${streamId} (RFC 9113 §6.7)`);
        if (length !== 8) throw sizeError(`a PING frame of ${length} bytes, not 8`, "6.7");
        return;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw protocolError(`a GOAWAY frame on stream ${streamId} (RFC 9113 §6.8)`);
        if (length < 8) throw sizeError(`a GOAWAY frame of ${length} bytes, not 8 or more`, "6.8");
        return;
      case FrameType.WINDOW_UPDATE:
        if (length !== 4) throw sizeError(`a WINDOW_UPDATE frame of ${length} bytes, not 4`, "6.9");
        return;
      case FrameType.CONTINUATION:
        this.#checkContinuation();
    }
  }

  #checkContinuation(): void {
    if (this.#blockStreamId === 0)
      throw protocolError("a CONTINUATION frame without a HEADERS frame before it (RFC 9113 §6.10)");
    this.#continuations += 1;
    if (this.#continuations > this.#limits.maxContinuations)
      throw excessive(
        `a header block with more than ${this.#limits.maxContinuations} CONTINUATION frames (maxContinuations of HTTPAdapter)`,
      );
  }

  /** Waits for the whole payload: only that of DATA is handed on in pieces. */
  #readPayload(buffer: Buffer, at: number, end: number): number {
    const take = Math.min(this.#remaining, end - at);
    this.#remaining -= take;
    if (this.#remaining === 0 && this.#payload === null) {
      this.#state = HEADER;
      this.#onPayload(buffer, at, at + take);
      return at + take;
    }
    if (this.#payload === null) this.#payload = new PartialBytes(buffer, at, at + take);
    else this.#payload.append(buffer, at, at + take);
    if (this.#remaining === 0) {
      const { bytes } = this.#payload;
      this.#payload = null;
      this.#state = HEADER;
      this.#onPayload(bytes, 0, bytes.length);
    }
    return at + take;
  }

  #onPayload(bytes: Buffer, start: number, end: number): void {
    const handler = this.#handler;
    const streamId = this.#streamId;
    switch (this.#type) {
      case FrameType.HEADERS:
        this.#onHeadersPayload(bytes, start, end);
        return;
      case FrameType.CONTINUATION:
        this.#onFragment(bytes, start, end);
        return;
      case FrameType.PRIORITY:
        if (end - start === 5) handler.onIgnored(streamId, FrameType.PRIORITY);
        else
          handler.onStreamFault(
            streamId,
            streamFault(ErrorCode.FRAME_SIZE_ERROR, "a PRIORITY frame that is not 5 bytes long (RFC 9113 §6.3)"),
          );
        return;
      case FrameType.RST_STREAM:
        handler.onReset(streamId, uint32(bytes, start));
        return;
      case FrameType.SETTINGS:
        if ((this.#flags & Flag.ACK) !== 0) handler.onSettingsAck();
        else handler.onSettings(bytes, start, end);
        return;
      case FrameType.PING:
        handler.onPing(bytes, start, (this.#flags & Flag.ACK) !== 0);
        return;
      case FrameType.GOAWAY: {
        const debug = bytes.toString("utf8", start + 8, Math.min(end, start + 8 + DEBUG_SHOWN));
        handler.onGoaway(uint31(bytes, start), uint32(bytes, start + 4), debug);
        return;
      }
      default:
        this.#onWindowUpdate(uint31(bytes, start));
    }
  }

  #onWindowUpdate(increment: number): void {
    const streamId = this.#streamId;
    if (increment > 0) {
      this.#handler.onWindowUpdate(streamId, increment);
      return;
    }
    const what = "a WINDOW_UPDATE frame with the increment 0 (RFC 9113 §6.9)";
    if (streamId === 0) throw protocolError(what);
    this.#handler.onStreamFault(streamId, streamFault(ErrorCode.PROTOCOL_ERROR, what));
  }

  /** RFC 9113 §6.2: pad length, priority, fragment, padding. */
  #onHeadersPayload(bytes: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    if ((this.#flags & Flag.PADDED) !== 0) {
      if (start === end) throw sizeError("a padded HEADERS frame without a pad length", "6.2");
      end -= bytes[start];
      start += 1;
    }
    if ((this.#flags & Flag.PRIORITY) !== 0) start += 5;
    if (start > end) {
      if ((this.#flags & Flag.PADDED) !== 0)
        throw protocolError(
          `a HEADERS frame with more padding than payload on stream ${this.#streamId} (RFC 9113 §6.2)`,
        );
      throw sizeError("a HEADERS frame that is too short for its priority", "6.2");
    }
    this.#blockStreamId = this.#streamId;
    this.#blockEndsStream = (this.#flags & Flag.END_STREAM) !== 0;
    this.#continuations = 0;
    this.#onFragment(bytes, start, end);
  }

  #onFragment(bytes: Buffer, start: number, end: number): void {
    const { maxHeaderSize } = this.#limits;
    if ((this.#block?.length ?? 0) + end - start > maxHeaderSize)
      throw excessive(`a header block larger than ${maxHeaderSize} bytes (maxHeaderSize of HTTPAdapter)`);
    const isLast = (this.#flags & Flag.END_HEADERS) !== 0;
    const range = this.#range;
    if (isLast && this.#block === null) {
      range.buffer = bytes;
      range.start = start;
      range.end = end;
    } else {
      if (this.#block === null) this.#block = new PartialBytes(bytes, start, end);
      else this.#block.append(bytes, start, end);
      if (!isLast) return;
      range.buffer = this.#block.bytes;
      range.start = 0;
      range.end = range.buffer.length;
      this.#block = null;
    }
    const streamId = this.#blockStreamId;
    this.#blockStreamId = 0;
    this.#handler.onHeaders(streamId, this.#blockEndsStream, range);
  }
}

function sizeError(what: string, section: string): Http2Error {
  return new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `${what} (RFC 9113 §${section})`);
}
