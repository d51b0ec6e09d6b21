/** A test for linear time that a slow machine passes, and a quadratic function does not. */
import assert from "node:assert/strict";

const SMALL = 1 << 16;
const LARGE = 1 << 20;
/** Sixteen times the input may take this many times as long; a quadratic function takes 256 times. */
const MOST = 80;
/** Below this a measurement says nothing, in milliseconds. */
const NOISE = 4;

/** One measurement may fail through a pause of the machine; a quadratic function fails every time. */
const TRIES = 3;

interface Measured {
  readonly small: number;
  readonly large: number;
}

function isLinear({ small, large }: Measured): boolean {
  return large < Math.max(NOISE, small) * MOST;
}

function fail({ small, large }: Measured): never {
  assert.fail(`${small.toFixed(1)} ms for ${SMALL} characters, ${large.toFixed(1)} ms for ${LARGE}`);
}

/** Milliseconds of CPU time: other work of the machine does not count. */
function timeOf(work: () => void): number {
  const start = process.cpuUsage();
  work();
  return millisecondsSince(start);
}

async function timeOfAsync(work: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  return millisecondsSince(start);
}

function millisecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/**
 * Asserts that the time of a function grows like its input, from 64 KiB to 1 MiB.
 *
 * @param input - Makes an input of about this many characters.
 */
export function assertLinear(input: (size: number) => string, work: (value: string) => void): void {
  // The first time is the compiler's.
  work(input(SMALL - 100));
  for (let tries = 1; ; tries += 1) {
    // Never the same text twice: some functions remember the last one.
    const [small, large] = [input(SMALL + 100 * tries), input(LARGE + 100 * tries)];
    const measured = { small: timeOf(() => work(small)), large: timeOf(() => work(large)) };
    if (isLinear(measured)) return;
    if (tries === TRIES) fail(measured);
  }
}

/** The same for a function that returns a promise. */
export async function assertLinearAsync(
  input: (size: number) => string,
  work: (value: string) => Promise<void>,
): Promise<void> {
  await work(input(SMALL - 100));
  for (let tries = 1; ; tries += 1) {
    const [small, large] = [input(SMALL + 100 * tries), input(LARGE + 100 * tries)];
    const measured = { small: await timeOfAsync(() => work(small)), large: await timeOfAsync(() => work(large)) };
    if (isLinear(measured)) return;
    if (tries === TRIES) fail(measured);
  }
}
