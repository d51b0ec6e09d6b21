/** Waits until the event loop has polled the sockets once more. */
import { setImmediate } from "./clock.js";

let queued: (() => void)[] = [];

/**
 * Calls back after the next complete poll of the event loop: everything that the kernel had received for any socket by
 * now has been delivered by then. All tasks of one turn share two immediates. One would not do, because code that runs
 * while the sockets are polled gets its immediates at the end of that same poll.
 */
export function afterPoll(task: () => void): void {
  if (queued.length === 0) setImmediate(beforePoll);
  queued.push(task);
}

function beforePoll(): void {
  const tasks = queued;
  queued = [];
  setImmediate(() => {
    for (const task of tasks) task();
  });
}
