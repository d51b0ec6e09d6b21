/** Waits until the event loop has polled the sockets once more. */
import { setImmediate } from "./clock.js";

/** The waiters of one turn of the event loop. */
export type PollBatch = readonly Polled[];

/** Waits for a poll. */
export interface Polled {
  /** @param batch - What `afterPoll` returned. */
  onPolled(batch: PollBatch): void;
}

let queued: Polled[] = [];

/**
 * Calls `onPolled` after the next complete poll of the event loop: everything that the kernel had received for any socket
 * by now has been delivered by then. All waiters of one turn share two immediates. One would not do, because code that
 * runs while the sockets are polled gets its immediates at the end of that same poll.
 */
export function afterPoll(waiter: Polled): PollBatch {
  if (queued.length === 0) setImmediate(beforePoll);
  queued.push(waiter);
  return queued;
}

function beforePoll(): void {
  const batch = queued;
  queued = [];
  setImmediate(() => {
    for (const waiter of batch) waiter.onPolled(batch);
  });
}
