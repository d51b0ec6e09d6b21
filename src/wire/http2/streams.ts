/**
 * The client's side of HTTP/2 without a socket: the states of the streams, the windows, and the limits.
 *
 * A connection puts the pieces together like this:
 *
 * ```
 * writer = new FrameWriter(); streams = new Streams(owner, writer, limits); reader = new FrameReader(streams, limits)
 * streams.start()                                 the preface and SETTINGS; writer.take() is the first write
 *
 * request:  request.fields.derive(requestLines)   checks the fields; kept for all requests of a session
 *           streams.requests.encode(…)            the block; everything that can be refused is refused here
 *           streams.open(block, …)                HEADERS; the StreamReceiver is told of the response
 *           streams.sendData(…)                   a DATA header for as much as the windows allow; the bytes follow it
 * read:     streams.budget.now = now; reader.execute(buffer, 0, length)
 *             → FrameReader checks each frame → Streams checks it against its stream → StreamReceiver or StreamsOwner
 *           An Http2Error that `execute` throws ends the connection: streams.close(errorCode) writes GOAWAY, and
 *           streams.all() are the requests that failed.
 * write:    once for all frames of a turn: socket.write(writer.take()); streams.budget.noteFlushed() when it is sent
 * ```
 *
 * `capacity` of the connection is `streams.capacity`, and it has room for a request when `streams.hasRoom` is true.
 */
import { ChunkedEncodingError, ConnectionError, type RequestException } from "../../exceptions.js";
import { quoted } from "../http1/head.js";
import { incomplete } from "../http1/response-parser.js";
import { ClosedStreams, type Closing } from "./closed-streams.js";
import {
  ErrorCode,
  errorCodeName,
  Http2Error,
  malformed,
  protocolError,
  streamFault,
  type StreamFault,
} from "./errors.js";
import type { BlockRange, FrameHandler } from "./frame-reader.js";
import type { FrameWriter } from "./frame-writer.js";
import { DEFAULT_WINDOW_SIZE, FRAME_HEADER_SIZE, MAX_STREAM_ID, Setting, uint32 } from "./frames.js";
import { HpackDecoder, type FieldSection } from "./hpack-decoder.js";
import { HpackEncoder } from "./hpack-encoder.js";
import type { Http2Limits } from "./limits.js";
import { PeerBudget } from "./peer-budget.js";
import { PeerSettings } from "./peer-settings.js";
import { ReceiveWindow } from "./receive-window.js";
import { RequestEncoder } from "./request-fields.js";
import { isFault, ResponseFields, type Http2Head } from "./response-fields.js";
import { SendWindows } from "./send-windows.js";
import { Stream, type StreamStart } from "./stream.js";

/** Told what concerns the connection as a whole. */
export interface StreamsOwner {
  /** The server's settings came, or changed: `capacity` may be another one. */
  onSettings(): void;
  /** GOAWAY came: no further stream can be opened, and those that the server will not process have failed. */
  onGoaway(errorCode: number, debug: string): void;
  /** The answer to the PING with this number came. */
  onPong(number: number): void;
}

const NO_TRAILERS: string[] = [];
const RST_STREAM_SIZE = FRAME_HEADER_SIZE + 4;
const PING_SIZE = 8;

export class Streams implements FrameHandler {
  readonly settings = new PeerSettings();
  readonly budget: PeerBudget;
  readonly requests: RequestEncoder;

  readonly #owner: StreamsOwner;
  readonly #writer: FrameWriter;
  readonly #limits: Http2Limits;
  readonly #encoder: HpackEncoder;
  readonly #decoder: HpackDecoder;
  readonly #fields = new ResponseFields();
  readonly #open = new Map<number, Stream>();
  readonly #closed: ClosedStreams;
  #nextId = 1;
  /** The last stream that the server may process, after GOAWAY; otherwise null. */
  #lastStreamId: number | null = null;
  readonly #sendWindows = new SendWindows();
  readonly #receiveWindow: ReceiveWindow;
  #unacknowledged = 0;
  #pings = 0;
  #pongs = 0;
  #unread = 0;
  #refusals = 0;
  // The DATA frame at hand.
  #current: Stream | null = null;
  #frameLength = 0;
  /** Bytes of it that the receiver has kept. */
  #frameKept = 0;
  #frameHasData = false;
  #frameEnds = false;

  /** @param isCredential - Tells the names of fields that are secrets in addition to the usual ones. */
  constructor(
    owner: StreamsOwner,
    writer: FrameWriter,
    limits: Http2Limits,
    isCredential?: (lowerName: string) => boolean,
  ) {
    this.#owner = owner;
    this.#writer = writer;
    this.#limits = limits;
    this.budget = new PeerBudget(limits);
    this.#encoder = new HpackEncoder(isCredential);
    this.#decoder = new HpackDecoder(limits);
    this.#closed = new ClosedStreams(limits.maxClosedStreams);
    this.requests = new RequestEncoder(this.#encoder);
    const size = Math.max(limits.connectionWindowSize, DEFAULT_WINDOW_SIZE);
    this.#receiveWindow = new ReceiveWindow(size);
  }

  // ── for the connection ────────────────────────────────────────────────────────────────────────────────────────────

  /** Streams that may be open at once. Before the server's settings come, its limit is taken to be ours. */
  get capacity(): number {
    return Math.min(this.#limits.maxStreams, this.settings.maxConcurrentStreams ?? MAX_STREAM_ID);
  }

  /** Streams that are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Whether a stream can be opened now. */
  get hasRoom(): boolean {
    return (
      !this.isFinal &&
      this.#open.size < this.capacity &&
      this.#unread <= this.#limits.connectionWindowSize &&
      !this.budget.isResetHeavy
    );
  }

  /** Whether no stream can ever be opened again: GOAWAY came, or the ids are used up. */
  get isFinal(): boolean {
    return this.#lastStreamId !== null || this.#nextId > MAX_STREAM_ID;
  }

  /** Streams that the server has refused one after the other, without a response between them. */
  get refusals(): number {
    return this.#refusals;
  }

  /** The open streams. */
  all(): Stream[] {
    return [...this.#open.values()];
  }

  /** Writes the client's preface: its SETTINGS, and the window of the connection. */
  start(): void {
    const { maxHeaderSize, initialWindowSize } = this.#limits;
    this.#writer.preface();
    this.#writer.settings([
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, initialWindowSize],
      [Setting.MAX_HEADER_LIST_SIZE, maxHeaderSize],
    ]);
    this.#unacknowledged += 1;
    const increment = this.#receiveWindow.available - DEFAULT_WINDOW_SIZE;
    if (increment > 0) this.#writer.windowUpdate(0, increment);
  }

  /**
   * Opens a stream with a HEADERS frame. The caller has asked `hasRoom`.
   *
   * @param block - Of `requests.encode`.
   */
  open(block: Uint8Array, start: StreamStart): Stream {
    const { initialWindowSize } = this.#limits;
    // Until it has acknowledged our SETTINGS, the server may take the default for the window.
    const available = this.#unacknowledged > 0 ? Math.max(initialWindowSize, DEFAULT_WINDOW_SIZE) : initialWindowSize;
    const stream = new Stream(this.#nextId, start, {
      receive: new ReceiveWindow(initialWindowSize, available),
      send: this.settings.initialWindowSize,
    });
    this.#nextId += 2;
    this.#open.set(stream.id, stream);
    this.#writer.headers(stream.id, block, start.endStream, this.settings.maxFrameSize);
    return stream;
  }

  /**
   * Writes the header of a DATA frame for as many of `bytes` bytes as the windows and the server's frame size allow. The
   * caller writes that many bytes right after it. If there are fewer than `bytes`, `onWritable` says when to go on,
   * unless the frame size was the limit: then it can go on at once.
   *
   * @param isLast - Whether the body ends with these bytes, which may be none.
   * @returns The length of the frame, or -1 when none was written.
   */
  sendData(stream: Stream, bytes: number, isLast: boolean): number {
    if (stream.isClosed || stream.isSent) return -1;
    const length = this.#sendWindows.take(stream, bytes, this.settings.maxFrameSize);
    if (length === -1) return -1;
    if (length > 0) this.budget.noteProgress();
    const endStream = isLast && length === bytes;
    this.#writer.dataHeader(stream.id, length, endStream);
    if (endStream) {
      stream.isSent = true;
      this.#sendWindows.forget(stream);
      if (stream.isReceived) this.#forget(stream);
    }
    return length;
  }

  /** The receiver has used up bytes that it had kept: the server may send as many more. */
  use(stream: Stream, bytes: number): void {
    if (stream.isClosed) return;
    stream.unread -= bytes;
    this.#unread -= bytes;
    this.#refill(stream, bytes);
  }

  /** Closes a stream; the receiver is told nothing more. */
  reset(stream: Stream, errorCode: number): void {
    if (stream.isClosed) return;
    this.#forget(stream, "by-client");
    this.budget.countReset();
    this.#writer.rstStream(stream.id, errorCode);
  }

  /** Asks the server for a sign of life. @returns The number that `onPong` is called with. */
  ping(): number {
    this.#pings += 1;
    const opaque = Buffer.alloc(PING_SIZE);
    opaque.writeUInt32BE(this.#pings, 4);
    this.#writer.ping(opaque, 0, false);
    return this.#pings;
  }

  /** Writes GOAWAY: the connection is about to be closed. */
  close(errorCode: number): void {
    this.#writer.goaway(0, errorCode);
  }

  // ── the reader's calls ────────────────────────────────────────────────────────────────────────────────────────────

  onDataFrame(streamId: number, length: number, endStream: boolean): void {
    if (!this.#receiveWindow.receive(length))
      throw new Http2Error(
        ErrorCode.FLOW_CONTROL_ERROR,
        `DATA beyond the window of the connection, on stream ${streamId} (RFC 9113 §6.9)`,
      );
    this.#frameLength = length;
    this.#frameKept = 0;
    this.#frameHasData = false;
    this.#frameEnds = endStream;
    const stream = this.#find(streamId, "DATA");
    this.#current = stream;
    if (stream === null) return;
    if (stream.isReceived) this.#fail(stream, closedFault("DATA"));
    else if (stream.head === null) this.#fail(stream, malformed("DATA before the head (RFC 9113 §8.1)"));
    else if (!stream.receiveWindow.receive(length))
      this.#fail(
        stream,
        streamFault(ErrorCode.FLOW_CONTROL_ERROR, `DATA beyond the window of stream ${streamId} (RFC 9113 §6.9)`),
      );
  }

  onData(buffer: Buffer, start: number, end: number): void {
    const stream = this.#current;
    if (stream === null || start === end) return;
    const { hasBody, contentLength } = stream.head!;
    stream.received += end - start;
    this.#frameHasData = true;
    this.budget.noteProgress();
    if (!hasBody) this.#fail(stream, malformed("DATA in a response that has no body (RFC 9113 §8.1.1)"));
    else if (contentLength !== null && stream.received > contentLength) this.#fail(stream, tooLong(contentLength));
    else if (!stream.receiver.onData(buffer, start, end) && !stream.isClosed) {
      stream.unread += end - start;
      this.#unread += end - start;
      this.#frameKept += end - start;
    }
  }

  onDataEnd(): void {
    // A reader that pauses holds up its stream, and not the connection.
    const increment = this.#receiveWindow.use(this.#frameLength);
    if (increment > 0) this.#writer.windowUpdate(0, increment);
    const stream = this.#current;
    this.#current = null;
    if (stream === null) return;
    // Padding alone is not progress either.
    if (!this.#frameHasData && !this.#frameEnds) this.budget.countControlFrame();
    if (this.#frameEnds) this.#end(stream, NO_TRAILERS);
    else this.#refill(stream, this.#frameLength - this.#frameKept);
  }

  onHeaders(streamId: number, endStream: boolean, { buffer, start, end }: BlockRange): void {
    // Also for a stream that is closed: later blocks depend on the table.
    const section = this.#decoder.decode(buffer, start, end);
    const stream = this.#find(streamId, "HEADERS");
    if (stream === null) return;
    this.budget.noteProgress();
    if (stream.isReceived) this.#fail(stream, closedFault("HEADERS"));
    else if (stream.head !== null) this.#onTrailers(stream, section, endStream);
    else {
      const head = this.#fields.head(section, stream.method);
      if (isFault(head)) this.#fail(stream, head);
      else this.#onHead(stream, head, endStream);
    }
  }

  onReset(streamId: number, errorCode: number): void {
    const stream = this.#open.get(streamId);
    if (stream === undefined) {
      this.#checkOpened(streamId, "RST_STREAM");
      this.budget.countControlFrame();
      return;
    }
    this.#forget(stream, "by-server");
    const isUnprocessed = errorCode === ErrorCode.REFUSED_STREAM;
    if (isUnprocessed) this.#refusals += 1;
    const what = `the server reset the stream: ${errorCodeName(errorCode)}`;
    stream.receiver.onFailure({ error: brokenOff(stream, what), errorCode, isUnprocessed });
  }

  onSettings(bytes: Buffer, start: number, end: number): void {
    this.budget.countControlFrame();
    const { settings } = this;
    const before = settings.initialWindowSize;
    settings.apply(bytes, start, end);
    // Both count: a smaller table has evicted entries (RFC 7541 §4.2).
    this.#encoder.peerTableSize = settings.lowestTableSize;
    this.#encoder.peerTableSize = settings.headerTableSize;
    this.#sendWindows.adjust(this.#open.values(), settings.initialWindowSize - before);
    this.#writer.settingsAck();
    this.budget.countReply(FRAME_HEADER_SIZE);
    this.#owner.onSettings();
    if (settings.initialWindowSize > before) this.#sendWindows.wake();
  }

  onSettingsAck(): void {
    if (this.#unacknowledged === 0)
      throw protocolError("an acknowledgement of SETTINGS that were not sent (RFC 9113 §6.5.3)");
    this.#unacknowledged -= 1;
    const { initialWindowSize } = this.#limits;
    if (initialWindowSize >= DEFAULT_WINDOW_SIZE) return;
    // RFC 9113 §6.9.2: the smaller window holds for the streams that are open, too.
    for (const stream of this.#open.values()) stream.receiveWindow.adjust(initialWindowSize - DEFAULT_WINDOW_SIZE);
  }

  onPing(bytes: Buffer, start: number, isAck: boolean): void {
    const number = uint32(bytes, start + 4);
    if (isAck && number > this.#pongs && number <= this.#pings) {
      this.#pongs = number;
      this.#owner.onPong(number);
      return;
    }
    this.budget.countControlFrame();
    if (isAck) return;
    this.#writer.ping(bytes, start, true);
    this.budget.countReply(FRAME_HEADER_SIZE + PING_SIZE);
  }

  onGoaway(lastStreamId: number, errorCode: number, debug: string): void {
    this.budget.countControlFrame();
    if (this.#lastStreamId !== null && lastStreamId > this.#lastStreamId)
      throw protocolError(
        `GOAWAY with the last stream ${lastStreamId}, after one with ${this.#lastStreamId} (RFC 9113 §6.8)`,
      );
    this.#lastStreamId = lastStreamId;
    const reason = debug === "" ? errorCodeName(errorCode) : `${errorCodeName(errorCode)}, ${quoted(debug)}`;
    for (const stream of this.all()) {
      // A receiver may have closed others.
      if (stream.id <= lastStreamId || stream.isClosed) continue;
      this.#forget(stream, "by-server");
      const error = brokenOff(
        stream,
        `the server closes the connection (GOAWAY) and has not processed the request: ${reason}`,
      );
      stream.receiver.onFailure({ error, errorCode, isUnprocessed: true });
    }
    this.#owner.onGoaway(errorCode, debug);
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.budget.countControlFrame();
    if (streamId === 0) {
      this.#sendWindows.enlarge(increment);
      return;
    }
    const stream = this.#open.get(streamId);
    if (stream === undefined) {
      this.#checkOpened(streamId, "WINDOW_UPDATE");
      return;
    }
    if (!this.#sendWindows.enlargeFor(stream, increment))
      this.#fail(
        stream,
        streamFault(
          ErrorCode.FLOW_CONTROL_ERROR,
          `WINDOW_UPDATE makes the window of stream ${streamId} larger than 2^31-1 (RFC 9113 §6.9.1)`,
        ),
      );
  }

  onIgnored(): void {
    this.budget.countControlFrame();
  }

  onStreamFault(streamId: number, fault: StreamFault): void {
    const stream = this.#open.get(streamId);
    if (stream !== undefined) {
      this.#fail(stream, fault);
      return;
    }
    // RST_STREAM cannot be sent for a stream that was never opened.
    if (!this.#wasOpened(streamId)) throw fault.error;
    this.budget.countControlFrame();
  }

  // ── the states ────────────────────────────────────────────────────────────────────────────────────────────────────

  #onHead(stream: Stream, head: Http2Head, endStream: boolean): void {
    if (head.statusCode < 200) {
      stream.informational += 1;
      const { maxInformational } = this.#limits;
      if (endStream)
        this.#fail(stream, malformed(`the stream ends with the status ${head.statusCode} (RFC 9113 §8.1)`));
      else if (stream.informational > maxInformational)
        this.#fail(
          stream,
          streamFault(
            ErrorCode.ENHANCE_YOUR_CALM,
            `more than ${maxInformational} informational responses (maxInformational of HTTPAdapter)`,
          ),
        );
      else stream.receiver.onInformational(head);
      return;
    }
    stream.head = head;
    this.#refusals = 0;
    stream.receiver.onHead(head);
    if (endStream && !stream.isClosed) this.#end(stream, NO_TRAILERS);
  }

  #onTrailers(stream: Stream, section: FieldSection, endStream: boolean): void {
    if (!endStream) {
      this.#fail(stream, malformed("trailers that do not end the stream (RFC 9113 §8.1)"));
      return;
    }
    const trailers = this.#fields.trailers(section);
    if (isFault(trailers)) this.#fail(stream, trailers);
    else this.#end(stream, trailers);
  }

  /** The response is complete, unless its length says otherwise. */
  #end(stream: Stream, trailers: string[]): void {
    const { hasBody, contentLength } = stream.head!;
    if (hasBody && contentLength !== null && stream.received < contentLength) {
      const error = incomplete(stream.received, `${contentLength - stream.received} more expected`);
      this.#fail(stream, { errorCode: ErrorCode.PROTOCOL_ERROR, error });
      return;
    }
    stream.isReceived = true;
    if (stream.isSent) this.#forget(stream);
    stream.receiver.onEnd(trailers);
  }

  /** The stream that a frame belongs to; null for a frame to ignore, because it was sent before the stream was closed. */
  #find(streamId: number, frame: string): Stream | null {
    const stream = this.#open.get(streamId);
    if (stream !== undefined) return stream;
    this.#checkOpened(streamId, frame);
    this.budget.countControlFrame();
    const closing = this.#closed.closingOf(streamId);
    if (closing === "by-server") {
      this.#writer.rstStream(streamId, ErrorCode.STREAM_CLOSED);
      this.budget.countReply(RST_STREAM_SIZE);
    } else if (closing === null)
      throw new Http2Error(
        ErrorCode.STREAM_CLOSED,
        `a ${frame} frame on stream ${streamId}, whose response was complete (RFC 9113 §5.1)`,
      );
    return null;
  }

  #wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextId;
  }

  #checkOpened(streamId: number, frame: string): void {
    if (!this.#wasOpened(streamId))
      throw protocolError(`a ${frame} frame on stream ${streamId}, which was never opened (RFC 9113 §5.1)`);
  }

  /** Ends a stream because of its server's fault. */
  #fail(stream: Stream, { errorCode, error }: StreamFault): void {
    this.#forget(stream, "by-client");
    // Not counted as an answer: there are at most as many as requests, and the receiver must be told in any case.
    this.#writer.rstStream(stream.id, errorCode);
    stream.receiver.onFailure({ error, errorCode, isUnprocessed: false });
  }

  /** @param closing - Who closed it, when the other side may still send frames for it. */
  #forget(stream: Stream, closing?: Closing): void {
    stream.isClosed = true;
    this.#open.delete(stream.id);
    this.#sendWindows.forget(stream);
    this.#unread -= stream.unread;
    stream.unread = 0;
    if (this.#current === stream) this.#current = null;
    if (closing !== undefined) this.#closed.add(stream.id, closing);
  }

  #refill(stream: Stream, bytes: number): void {
    if (stream.isReceived) return;
    const increment = stream.receiveWindow.use(bytes);
    if (increment > 0) this.#writer.windowUpdate(stream.id, increment);
  }
}

function closedFault(frame: string): StreamFault {
  return streamFault(ErrorCode.STREAM_CLOSED, `a ${frame} frame after the end of the response (RFC 9113 §5.1)`);
}

function tooLong(contentLength: number): StreamFault {
  const error = new ChunkedEncodingError(
    `Connection broken: the body is longer than its Content-Length, ${contentLength} bytes (RFC 9113 §8.1.1)`,
    { phase: "receive" },
  );
  return { errorCode: ErrorCode.PROTOCOL_ERROR, error };
}

/** The exception for a stream that the server ended: before the head nothing came, after it the body is cut. */
function brokenOff(stream: Stream, what: string): RequestException {
  if (stream.head !== null) return incomplete(stream.received, what);
  return new ConnectionError(`Connection aborted: ${what}`, { code: "ERR_CONNECTION_CLOSED", phase: "wait" });
}
