/** Carries a stream of the caller into the queue of a response. */
import type { Body } from "./body/source.js";
import type { RawControl, RawQueue } from "./raw-queue.js";

/** Carries a stream of the caller's into a queue, no faster than it is read. */
export class BodyPump implements RawControl {
  readonly waits = true;
  queue: RawQueue | null = null;
  readonly #body: Body;
  readonly #trailers: readonly string[];
  #wake: (() => void) | null = null;
  #isRunning = false;
  #isCancelled = false;

  constructor(body: Body, trailers: readonly string[]) {
    this.#body = body;
    this.#trailers = trailers;
  }

  resume(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#carry(this.queue!).catch((error: unknown) => this.queue!.fail(error));
    }
    this.#awake();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#awake();
    // The loop below is left only when the source yields, which may be never.
    void this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#body.close?.();
    } catch {
      // The reader does not want the rest, so nothing is lost.
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async #carry(queue: RawQueue): Promise<void> {
    for await (const { buffer, byteOffset, byteLength } of this.#body.open()) {
      if (!queue.push(Buffer.from(buffer, byteOffset, byteLength)) && !this.#isCancelled)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      if (this.#isCancelled) return;
    }
    queue.end(this.#trailers);
  }
}
