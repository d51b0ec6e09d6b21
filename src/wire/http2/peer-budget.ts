/**
 * Limits on the work that a server can cause without sending a response: floods of control frames (CVE-2019-9511 to
 * 9518) cost the server little and the client much.
 */
import { excessive } from "./errors.js";
import type { Http2Limits } from "./limits.js";

/** Milliseconds after which the counts begin again: a PING each second is not a flood. */
const PERIOD = 10_000;

export class PeerBudget {
  readonly #limits: Http2Limits;
  /** Milliseconds. The connection sets it whenever it reads or starts a request. */
  now = 0;
  #controlFrames = 0;
  #controlSince = 0;
  #resets = 0;
  #resetsSince = 0;
  #pendingControl = 0;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  /** A frame came that is not a part of a response. @throws Http2Error ENHANCE_YOUR_CALM after too many. */
  countControlFrame(): void {
    if (this.now - this.#controlSince > PERIOD) {
      this.#controlSince = this.now;
      this.#controlFrames = 0;
    }
    this.#controlFrames += 1;
    if (this.#controlFrames > this.#limits.maxControlFrames)
      throw excessive(
        `more than ${this.#limits.maxControlFrames} control frames or empty frames without any data (maxControlFrames of HTTPAdapter)`,
      );
  }

  /** Fields or data were received, or data was sent. */
  noteProgress(): void {
    this.#controlFrames = 0;
  }

  /** An answer to a control frame was written. @throws Http2Error ENHANCE_YOUR_CALM when the server reads none. */
  countReply(bytes: number): void {
    this.#pendingControl += bytes;
    if (this.#pendingControl > this.#limits.maxPendingControl)
      throw excessive(
        `more than ${this.#limits.maxPendingControl} bytes of answers to control frames that the server does not read (maxPendingControl)`,
      );
  }

  /** The socket has sent everything that was written. */
  noteFlushed(): void {
    this.#pendingControl = 0;
  }

  /** The client has reset a stream. */
  countReset(): void {
    this.#restartResets();
    this.#resets += 1;
  }

  /** Whether the client has reset so many streams that the server may take it for an attacker (CVE-2023-44487). */
  get isResetHeavy(): boolean {
    this.#restartResets();
    return this.#resets >= this.#limits.maxConcurrentResets;
  }

  #restartResets(): void {
    if (this.now - this.#resetsSince <= PERIOD) return;
    this.#resetsSince = this.now;
    this.#resets = 0;
  }
}
