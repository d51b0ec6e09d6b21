/**
 * The two clocks of a MockAdapter. The delays of its replies follow the timers that are global when they begin, so that
 * fake timers of a test runner move them. Everything else uses Node's own timers, which fake timers do not stop.
 */
import { performance } from "node:perf_hooks";
import * as timers from "node:timers";

const realClock = performance;

/** Calls back in the next turn of the event loop. Copied when this module is loaded: fake timers replace the member. */
export const inNextTurn: (callback: () => void) => void = timers.setImmediate;

/** Milliseconds of the real clock, as the engine measures them. */
export function currentTime(): number {
  return realClock.now();
}

/** Waits by the global timers; ends early when the signal is aborted. */
export function delay(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const { clearTimeout } = globalThis;
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = globalThis.setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, seconds * 1000);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
