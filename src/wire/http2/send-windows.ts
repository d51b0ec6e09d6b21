/** The windows in which the client may send: of the connection, and of the streams that it is shared between. */
import { ErrorCode, Http2Error } from "./errors.js";
import { DEFAULT_WINDOW_SIZE, MAX_WINDOW_SIZE } from "./frames.js";
import type { Stream } from "./stream.js";

export class SendWindows {
  #connection = DEFAULT_WINDOW_SIZE;
  /** Streams that wait for a window, in the order in which they are served. */
  readonly #waiting = new Set<Stream>();

  /**
   * Takes bytes from the windows of a stream and of the connection. A stream that gets fewer because of a window waits
   * for more.
   *
   * @param bytes - The number of bytes that it wants to send, which may be 0.
   * @param maxFrameSize - The number of bytes that it can get at once.
   * @returns How many it may send, or -1 when it wants some and may send none.
   */
  take(stream: Stream, bytes: number, maxFrameSize: number): number {
    if (bytes === 0) return 0;
    const window = Math.min(stream.sendWindow, this.#connection);
    const taken = Math.min(bytes, window, maxFrameSize);
    if (taken < bytes && window <= maxFrameSize) this.#waiting.add(stream);
    if (taken <= 0) return -1;
    stream.sendWindow -= taken;
    this.#connection -= taken;
    return taken;
  }

  /** The stream has nothing more to send. */
  forget(stream: Stream): void {
    this.#waiting.delete(stream);
  }

  /** WINDOW_UPDATE of the connection. @throws Http2Error FLOW_CONTROL_ERROR. */
  enlarge(increment: number): void {
    this.#connection += increment;
    if (this.#connection > MAX_WINDOW_SIZE)
      throw new Http2Error(
        ErrorCode.FLOW_CONTROL_ERROR,
        "WINDOW_UPDATE makes the window of the connection larger than 2^31-1 (RFC 9113 §6.9.1)",
      );
    this.wake();
  }

  /** WINDOW_UPDATE of a stream. @returns False when its window is too large now. */
  enlargeFor(stream: Stream, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_WINDOW_SIZE) return false;
    if (this.#waiting.has(stream)) this.wake();
    return true;
  }

  /**
   * SETTINGS_INITIAL_WINDOW_SIZE changed: so do the windows of all streams (RFC 9113 §6.9.2).
   *
   * @throws Http2Error FLOW_CONTROL_ERROR.
   */
  adjust(streams: Iterable<Stream>, difference: number): void {
    for (const stream of streams) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_WINDOW_SIZE)
        throw new Http2Error(
          ErrorCode.FLOW_CONTROL_ERROR,
          `SETTINGS_INITIAL_WINDOW_SIZE makes the window of stream ${stream.id} larger than 2^31-1 (RFC 9113 §6.9.2)`,
        );
    }
  }

  /** Lets the waiting streams send, each in its turn. One that must wait again waits after the others. */
  wake(): void {
    for (const stream of [...this.#waiting]) {
      if (this.#connection <= 0) return;
      if (stream.sendWindow <= 0 || !this.#waiting.delete(stream)) continue;
      stream.receiver.onWritable();
    }
  }
}
