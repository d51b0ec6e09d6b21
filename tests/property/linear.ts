/** A test for linear time that a slow machine passes, and a quadratic function does not. */
import assert from "node:assert/strict";

const SMALL = 1 << 16;
const LARGE = 1 << 20;
/** Sixteen times the input may take this many times as long; a quadratic function takes 256 times. */
const MOST = 80;
/** Below this a measurement says nothing, in milliseconds. */
const NOISE = 4;

function fastest(work: () => void): number {
  let best = Infinity;
  for (let run = 0; run < 2; run += 1) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function assertGrowth(first: number, second: number, small: string, large: string): void {
  assert.ok(
    second < Math.max(NOISE, first) * MOST,
    `${first.toFixed(1)} ms for ${small.length}, ${second.toFixed(1)} ms for ${large.length}`,
  );
}

/**
 * Asserts that the time of a function grows like its input, from 64 KiB to 1 MiB.
 *
 * @param input - Makes an input of about this many characters.
 */
export function assertLinear(input: (size: number) => string, work: (value: string) => void): void {
  const small = input(SMALL);
  const large = input(LARGE);
  const first = fastest(() => work(small));
  const second = fastest(() => work(large));
  assertGrowth(first, second, small, large);
}

/** The same for a function that returns a promise. */
export async function assertLinearAsync(
  input: (size: number) => string,
  work: (value: string) => Promise<void>,
): Promise<void> {
  const small = input(SMALL);
  const large = input(LARGE);
  const first = await timeOf(() => work(small));
  const second = await timeOf(() => work(large));
  assertGrowth(first, second, small, large);
}
