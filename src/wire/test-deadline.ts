/** Time limits on the fake timers of a test runner. */
import { setTimeout as nodeSetTimeout } from "./clock.js";

/** The function of Deno and jsdom is not the one of node:timers. */
const firstSetTimeout = globalThis.setTimeout;

/** Whether a test runner has replaced the global timers. Those of jest, vitest and sinon have a member `clock`. */
function areTimersFake(): boolean {
  const { setTimeout } = globalThis;
  if (setTimeout === nodeSetTimeout) return false;
  return setTimeout !== firstSetTimeout || "clock" in setTimeout;
}

/**
 * A time limit that expires when a test advances its fake timers. The other deadlines follow the real clock, which such
 * a test does not wait for. Under real timers it does nothing.
 */
export class TestDeadline {
  readonly #milliseconds: number | null;
  readonly #onExpired: () => void;
  #cancel: (() => void) | null = null;

  /**
   * @param milliseconds - The limit, or null for none.
   * @param onExpired - Called once, when the limit is reached.
   */
  constructor(milliseconds: number | null, onExpired: () => void) {
    this.#milliseconds = milliseconds;
    this.#onExpired = onExpired;
  }

  /** Starts, or starts again from now, if the global timers are fake. */
  start(): void {
    this.stop();
    if (this.#milliseconds === null || !areTimersFake()) return;
    const { setTimeout, clearTimeout } = globalThis;
    const timer = setTimeout(() => {
      this.#cancel = null;
      this.#onExpired();
    }, this.#milliseconds);
    this.#cancel = () => clearTimeout(timer);
  }

  /** Ends the limit: it does not call back. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
