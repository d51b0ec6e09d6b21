/** For programs that run with `--expose-gc`: what is left once the garbage is gone. */
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";

/** Collects garbage until the condition holds, and tells whether it came to that within two seconds. */
export async function collectedUntil(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + 2000;
  while (!condition()) {
    if (performance.now() > end) return false;
    await collect();
  }
  return true;
}

/** One collection, and time for the finalizers. */
export async function collect(): Promise<void> {
  await turn();
  (globalThis.gc as () => void)();
  await pause(5);
}

/** Runs enough garbage collections to find every unreachable object. */
export async function collectThoroughly(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await collect();
}
