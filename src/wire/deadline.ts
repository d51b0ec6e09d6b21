/** Timers that keep their word: never early, and at most a tick of the event loop late. */

/**
 * Calls back once `milliseconds` have really passed since `start()` or the last `touch()`. Node starts its timers from
 * the time at which the current tick began, so a busy tick makes them fire early: what is missing is waited for.
 */
export class Deadline {
  readonly #milliseconds: number;
  readonly #onExpired: () => void;
  #since = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Milliseconds that had passed at `pause()`. */
  #paused: number | null = null;

  constructor(milliseconds: number, onExpired: () => void) {
    this.#milliseconds = milliseconds;
    this.#onExpired = onExpired;
  }

  /** Starts, or starts again from now. */
  start(): void {
    this.#since = performance.now();
    if (this.#timer === null) this.#arm(this.#milliseconds);
  }

  /** Something moved: the time counts from now. Cheap; the timer itself is only moved when it fires. */
  touch(): void {
    if (this.#timer !== null) this.#since = performance.now();
  }

  stop(): void {
    this.#paused = null;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Stops the clock until `resume()`. The time in between does not count, and does not keep the process alive. */
  pause(): void {
    if (this.#timer === null) return;
    const { elapsed } = this;
    this.stop();
    this.#paused = elapsed;
  }

  /** Does nothing unless the deadline is paused. */
  resume(): void {
    if (this.#paused === null) return;
    this.#since = performance.now() - this.#paused;
    this.#arm(Math.max(0, this.#milliseconds - this.#paused));
    this.#paused = null;
  }

  /** Milliseconds since `start()` or the last `touch()`. */
  get elapsed(): number {
    return performance.now() - this.#since;
  }

  #arm(milliseconds: number): void {
    // Longer than a timer can be is waited for in pieces.
    this.#timer = setTimeout(this.#check, Math.min(milliseconds, 2 ** 31 - 1));
  }

  readonly #check = (): void => {
    const missing = this.#milliseconds - this.elapsed;
    if (missing > 0) {
      this.#arm(Math.ceil(missing));
      return;
    }
    this.#timer = null;
    this.#onExpired();
  };
}
