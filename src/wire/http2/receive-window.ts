/** The window in which the server may send, of a stream or of the connection. @see RFC 9113 §5.2 and §6.9 */
export class ReceiveWindow {
  readonly #size: number;
  /** Bytes that the server may still send. It is below 0 after the window was made smaller. */
  #available: number;
  /** Bytes that were used up and not given back to the server yet. */
  #used = 0;

  /** @param size - Bytes that the server may have under way. @param available - What it may send now. */
  constructor(size: number, available = size) {
    this.#size = size;
    this.#available = available;
  }

  /** Bytes that the server may still send. */
  get available(): number {
    return this.#available;
  }

  /** Bytes came. @returns False when the server was not allowed to send them. */
  receive(bytes: number): boolean {
    if (bytes > 0 && bytes > this.#available) return false;
    this.#available -= bytes;
    return true;
  }

  /**
   * Bytes were used up: the server may send as many again. It is told once they are half of the window.
   *
   * @returns The increment for a WINDOW_UPDATE frame, or 0 for none: the increment 0 would be an error.
   */
  use(bytes: number): number {
    this.#used += bytes;
    if (this.#used === 0 || this.#used * 2 < this.#size) return 0;
    const increment = this.#used;
    this.#used = 0;
    this.#available += increment;
    return increment;
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changes what the server may send on open streams, also below 0. */
  adjust(difference: number): void {
    this.#available += difference;
  }
}
