/** A timer that never fires early and lets data that has already arrived win. */
import { systemClock, type Clock } from "./clock.js";

/** The longest time that a timer of Node can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Calls back once `milliseconds` have passed since `start()` or the last `touch()`.
 *
 * Node counts the time of a timer from the start of the current turn of the event loop, so a busy turn makes timers fire
 * early: the missing time is waited for. A busy turn also makes timers fire late, before the sockets are read. Therefore
 * the event loop polls the sockets once more before the deadline expires: data that arrived in time still stops it.
 */
export class Deadline {
  readonly #milliseconds: number;
  readonly #onExpired: () => void;
  readonly #clock: Clock;
  #since = 0;
  /** Not null while the deadline runs. */
  #timer: NodeJS.Timeout | null = null;
  /** Runs after the last look at the sockets. */
  #lastPoll: NodeJS.Immediate | null = null;
  /** Milliseconds that had passed at `pause()`. */
  #paused: number | null = null;

  constructor(milliseconds: number, onExpired: () => void, clock: Clock = systemClock) {
    this.#milliseconds = milliseconds;
    this.#onExpired = onExpired;
    this.#clock = clock;
  }

  /** Starts, or starts again from now. */
  start(): void {
    this.#since = this.#clock.now();
    if (this.#timer === null) this.#arm(this.#milliseconds);
  }

  /** Restarts the time if the deadline runs. Cheap: the timer itself is only moved when it fires. */
  touch(): void {
    if (this.#timer !== null) this.#since = this.#clock.now();
  }

  /** Ends the deadline: it does not call back. */
  stop(): void {
    this.#paused = null;
    if (this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lastPoll === null) return;
    this.#clock.clearImmediate(this.#lastPoll);
    this.#lastPoll = null;
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
    this.#since = this.#clock.now() - this.#paused;
    this.#arm(Math.max(0, this.#milliseconds - this.#paused));
    this.#paused = null;
  }

  /** Milliseconds since `start()` or the last `touch()`. */
  get elapsed(): number {
    return this.#clock.now() - this.#since;
  }

  #arm(milliseconds: number): void {
    // A longer time is waited for in pieces.
    this.#timer = this.#clock.setTimeout(this.#onTimer, Math.min(milliseconds, LONGEST_TIMER));
  }

  /** @returns Whether the deadline is reached; if it is not, the timer is set for the rest. */
  #isReached(): boolean {
    const missing = this.#milliseconds - this.elapsed;
    if (missing <= 0) return true;
    this.#arm(Math.ceil(missing));
    return false;
  }

  readonly #onTimer = (): void => {
    // Timers run before the sockets are polled; immediates run after.
    if (this.#isReached()) this.#lastPoll = this.#clock.setImmediate(this.#onPolled);
  };

  readonly #onPolled = (): void => {
    this.#lastPoll = null;
    if (!this.#isReached()) return;
    this.#timer = null;
    this.#onExpired();
  };
}
