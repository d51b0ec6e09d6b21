/** The settings that the server has sent. @see RFC 9113 §6.5.2 */
import { ErrorCode, Http2Error, protocolError } from "./errors.js";
import {
  DEFAULT_WINDOW_SIZE,
  MAX_MAX_FRAME_SIZE,
  MAX_WINDOW_SIZE,
  MIN_MAX_FRAME_SIZE,
  Setting,
  SETTING_SIZE,
  uint32,
} from "./frames.js";
import { DEFAULT_TABLE_SIZE } from "./hpack-table.js";

/** The server's settings, with the values that hold before it says anything. */
export class PeerSettings {
  headerTableSize = DEFAULT_TABLE_SIZE;
  /** The smallest table size of the frame that was applied last. */
  lowestTableSize = DEFAULT_TABLE_SIZE;
  /** null for no limit. */
  maxConcurrentStreams: number | null = null;
  initialWindowSize = DEFAULT_WINDOW_SIZE;
  maxFrameSize = MIN_MAX_FRAME_SIZE;
  /** null for no limit. It is advice: a server may refuse larger requests. */
  maxHeaderListSize: number | null = null;

  /**
   * Applies the parameters of a SETTINGS frame in their order. Unknown ones are ignored.
   *
   * @throws Http2Error for a value that is not allowed.
   */
  apply(bytes: Uint8Array, start: number, end: number): void {
    this.lowestTableSize = this.headerTableSize;
    for (let at = start; at < end; at += SETTING_SIZE)
      this.#set((bytes[at] << 8) | bytes[at + 1], uint32(bytes, at + 2));
  }

  #set(identifier: number, value: number): void {
    switch (identifier) {
      case Setting.HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        this.lowestTableSize = Math.min(this.lowestTableSize, value);
        return;
      case Setting.ENABLE_PUSH:
        if (value !== 0)
          throw protocolError(`SETTINGS_ENABLE_PUSH is ${value}, and a server may only send 0 (RFC 9113 §6.5.2)`);
        return;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_SIZE)
          throw new Http2Error(
            ErrorCode.FLOW_CONTROL_ERROR,
            `SETTINGS_INITIAL_WINDOW_SIZE is ${value}, beyond 2^31-1 (RFC 9113 §6.5.2)`,
          );
        this.initialWindowSize = value;
        return;
      case Setting.MAX_FRAME_SIZE:
        if (value < MIN_MAX_FRAME_SIZE || value > MAX_MAX_FRAME_SIZE)
          throw protocolError(`SETTINGS_MAX_FRAME_SIZE is ${value}, not within 2^14 and 2^24-1 (RFC 9113 §6.5.2)`);
        this.maxFrameSize = value;
        return;
      case Setting.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
    }
  }
}
