/** The bounds on what an HTTP/2 server may send, with their defaults. */
import { DEFAULT_LIMITS, type WireLimits } from "../limits.js";

/**
 * The limits of HTTP/1.1 that mean the same here, and those of HTTP/2. `maxHeaderSize` bounds the encoded header block,
 * and the decoded fields with 32 bytes for each (RFC 9113 §6.5.2).
 */
export interface Http2Limits extends WireLimits {
  /** Streams that are open at once on one connection. The server's SETTINGS_MAX_CONCURRENT_STREAMS may be lower. */
  readonly maxStreams: number;
  /** CONTINUATION frames of one header block. */
  readonly maxContinuations: number;
  /**
   * Frames in ten seconds that are not a part of a response: SETTINGS, PING, PRIORITY, WINDOW_UPDATE, frames of an unknown type, frames
   * for closed streams, and empty DATA. Fields and data of an open stream, and data that we send, set the count to 0.
   */
  readonly maxControlFrames: number;
  /** Parameters of one SETTINGS frame. */
  readonly maxSettings: number;
  /** Streams that the client resets in ten seconds before it puts no further stream on the connection. */
  readonly maxConcurrentResets: number;
  /** Bytes of answers to control frames that wait because the server reads nothing. */
  readonly maxPendingControl: number;
  /** Closed streams that are remembered: frames for them may still be on their way. */
  readonly maxClosedStreams: number;
  /** Bytes that the server may send on a stream before they are read. */
  readonly initialWindowSize: number;
  /** Bytes that the server may send on all streams of a connection before they have arrived here; at least 65,535. */
  readonly connectionWindowSize: number;
}

/** The limits that hold unless the adapter was given others. */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = Object.freeze({
  ...DEFAULT_LIMITS,
  maxStreams: 100,
  maxContinuations: 32,
  maxControlFrames: 1000,
  maxSettings: 32,
  maxConcurrentResets: 100,
  maxPendingControl: 64 * 1024,
  maxClosedStreams: 1000,
  initialWindowSize: 1024 * 1024,
  connectionWindowSize: 16 * 1024 * 1024,
});
