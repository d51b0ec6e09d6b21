/**
 * The two clocks of a MockAdapter. The delays of its replies follow the timers that are global when they begin, so that
 * fake timers of a test runner move them. All else goes by Node's own timers, which no fake timers stop.
 */
import { setImmediate } from "node:timers";

/** Calls back in the next turn of the event loop. Taken when this module loads, before a test replaces the global. */
export const inNextTurn: (callback: () => void) => void = setImmediate;

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
