/** The streams that were closed before their response was complete: the other side may not know it yet. */

/** Which side closed a stream. */
export type Closing = "by-client" | "by-server";

/** Remembers a bounded number of them. */
export class ClosedStreams {
  readonly #limit: number;
  readonly #closings = new Map<number, Closing>();
  /** Streams up to this one may have been forgotten. */
  #forgotten = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(streamId: number, closing: Closing): void {
    this.#closings.set(streamId, closing);
    if (this.#closings.size <= this.#limit) return;
    const [oldest] = this.#closings.keys();
    this.#closings.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldest);
  }

  /**
   * How a stream that is not open was closed. One that may have been forgotten counts as closed by the client.
   *
   * @returns null for a stream whose response was complete.
   */
  closingOf(streamId: number): Closing | null {
    return this.#closings.get(streamId) ?? (streamId <= this.#forgotten ? "by-client" : null);
  }
}
