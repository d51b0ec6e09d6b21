/**
 * The timers and the clock of the engine. They are taken from Node's modules when this file is loaded, so that a test
 * which replaces the globals (fake timers, jsdom) neither stops a request nor breaks the pool.
 */
import { performance } from "node:perf_hooks";
import * as timers from "node:timers";

// Copied, because fake timers also replace the members of the module, which CommonJS code reads at each call.
export const { clearTimeout, setImmediate, setTimeout } = timers;
const { clearImmediate } = timers;
const clock = performance;

/** Milliseconds since some fixed moment, with fractions. */
export function currentTime(): number {
  return clock.now();
}

/** The parts of the platform that measure time and wait. Tests of deadlines pass their own. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout): void;
  setImmediate(callback: () => void): NodeJS.Immediate;
  clearImmediate(immediate: NodeJS.Immediate): void;
}

/** The real clock. */
export const systemClock: Clock = { now: currentTime, setTimeout, clearTimeout, setImmediate, clearImmediate };
