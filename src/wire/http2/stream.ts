/** One request and its response on a connection. */
import type { RequestException } from "../../exceptions.js";
import type { ReceiveWindow } from "./receive-window.js";
import type { Http2Head } from "./response-fields.js";

/** Why a stream ended before its response. */
export interface StreamFailure {
  /** The exception for the caller. */
  readonly error: RequestException;
  /** The code of RST_STREAM or GOAWAY: `ErrorCode` of errors.ts. */
  readonly errorCode: number;
  /** The server has not processed the request: it can be sent again, whatever its method (RFC 9113 §8.7). */
  readonly isUnprocessed: boolean;
}

/**
 * Receives the response of one stream: informational heads, the head, data, the end. `onFailure` may come at any time,
 * and nothing follows it.
 */
export interface StreamReceiver {
  /** A 1xx response before the final one. */
  onInformational(head: Http2Head): void;
  onHead(head: Http2Head): void;
  /**
   * Bytes `start` to `end` of the body, valid during the call only.
   *
   * @returns Whether they are used up. If not, `Streams.use` gives them back to the server later.
   */
  onData(buffer: Buffer, start: number, end: number): boolean;
  /** The response is complete. @param trailers - name, value, name, value … */
  onEnd(trailers: string[]): void;
  /** The stream is closed. After `onEnd` it means that the server reads no more of the request's body. */
  onFailure(failure: StreamFailure): void;
  /** More of the request's body can be sent, after `Streams.sendData` took less than it was given. */
  onWritable(): void;
}

/** The states of RFC 9113 §5.1 that a client's stream can have: open, half-closed, or half-closed on the other side. */
export class Stream {
  /** Odd: the client's. */
  readonly id: number;
  /** The method of the request. */
  readonly method: string;
  readonly receiver: StreamReceiver;
  readonly receiveWindow: ReceiveWindow;
  /** Bytes that the server accepts. It is below 0 after the server made its windows smaller (RFC 9113 §6.9.2). */
  sendWindow: number;
  /** Whether the request was sent completely. */
  isSent = false;
  /** Whether the response was received completely. */
  isReceived = false;
  /** Whether the stream is closed for both sides. */
  isClosed = false;
  /** 1xx responses so far. */
  informational = 0;
  /** The final head, or null. */
  head: Http2Head | null = null;
  /** Bytes of the body so far. */
  received = 0;
  /** Bytes that the receiver has kept and not used up. */
  unread = 0;

  constructor(id: number, start: StreamStart, windows: { receive: ReceiveWindow; send: number }) {
    this.id = id;
    this.method = start.method;
    this.receiver = start.receiver;
    this.isSent = start.endStream;
    this.receiveWindow = windows.receive;
    this.sendWindow = windows.send;
  }
}

/** How a stream begins. */
export interface StreamStart {
  readonly method: string;
  /** Whether the request has no body. */
  readonly endStream: boolean;
  readonly receiver: StreamReceiver;
}
