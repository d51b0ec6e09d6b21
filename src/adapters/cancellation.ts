import { defaultMaxListeners, getMaxListeners, setMaxListeners } from "node:events";

import { LONGEST_TIMER } from "../policy/timeout.js";
import { Deadline } from "../wire/deadline.js";
import { TestDeadline } from "../wire/test-deadline.js";

/** One reason to stop a call, wherever it stands: an AbortSignal, or the end of its total time. */
export class Cancellation {
  #listeners: Set<(reason: unknown) => void> | null = null;
  #cancelled: { readonly reason: unknown } | null = null;
  #release: (() => void) | null = null;
  #deadline: Deadline | null = null;
  /** The same limit for a test with fake timers, which also move `sleep()`. */
  #testDeadline: TestDeadline | null = null;
  #signal: AbortSignal | null = null;

  /** Stops with the signal's reason, whatever it is. */
  follow(signal: AbortSignal): void {
    if (signal.aborted) {
      this.cancel(reasonOf(signal));
      return;
    }
    const onAbort = (): void => this.cancel(reasonOf(signal));
    allowManyListeners(signal);
    signal.addEventListener("abort", onAbort, { once: true });
    this.whenReleased(() => signal.removeEventListener("abort", onAbort));
  }

  cancel(reason: unknown): void {
    if (this.#cancelled !== null) return;
    this.#cancelled = { reason };
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(reason);
  }

  /** Stops with the error once the time has passed. @param milliseconds - From now. */
  deadline(milliseconds: number, errorFor: (elapsed: number) => unknown): Deadline {
    const deadline = new Deadline(milliseconds, () => this.cancel(errorFor(deadline.elapsed)));
    deadline.start();
    this.#deadline = deadline;
    this.#testDeadline = new TestDeadline(milliseconds, () => this.cancel(errorFor(milliseconds)));
    this.#testDeadline.start();
    return deadline;
  }

  /** Stops the clock of the deadline: all of the response has arrived, and the caller takes time to read it. */
  pause(): void {
    this.#deadline?.pause();
    this.#testDeadline?.stop();
  }

  /** Lets the clock of the deadline go on. */
  resume(): void {
    this.#deadline?.resume();
  }

  /** Why the call was stopped, or null. */
  get cancelled(): { readonly reason: unknown } | null {
    return this.#cancelled;
  }

  /** @throws The reason, when the call was stopped. */
  throwIfCancelled(): void {
    if (this.#cancelled !== null) throw this.#cancelled.reason;
  }

  /** The same as an AbortSignal: aborted with the reason when the call is stopped. */
  get signal(): AbortSignal {
    if (this.#signal === null) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      this.onCancel((reason) => controller.abort(reason));
    }
    return this.#signal;
  }

  /** @returns Removes the listener. */
  onCancel(listener: (reason: unknown) => void): () => void {
    if (this.#cancelled !== null) {
      listener(this.#cancelled.reason);
      return () => undefined;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /**
   * The outcome of a promise, unless the call is stopped before.
   *
   * @throws The reason for which the call was stopped; what the promise rejects with.
   */
  async race<T>(promise: Promise<T>): Promise<T> {
    if (this.#cancelled !== null) promise.catch(() => undefined);
    this.throwIfCancelled();
    return new Promise<T>((resolve, reject) => {
      const off = this.onCancel(reject);
      promise.then(resolve, reject).finally(off);
    });
  }

  /**
   * Waits, unless the call is stopped before. The timer is the current global one, so that tests advance the pauses
   * between retries with fake timers.
   *
   * @param seconds - How long to wait.
   */
  async sleep(seconds: number): Promise<void> {
    this.throwIfCancelled();
    await new Promise<void>((resolve, reject) => {
      let left = Math.ceil(seconds * 1000);
      let timer: ReturnType<typeof setTimeout>;
      const wait = (): void => {
        // A longer time is waited for in pieces.
        const piece = Math.min(left, LONGEST_TIMER);
        left -= piece;
        timer = setTimeout(left > 0 ? wait : done, piece);
      };
      const done = (): void => {
        off();
        resolve();
      };
      const off = this.onCancel((reason) => {
        clearTimeout(timer);
        reject(reason);
      });
      wait();
    });
  }

  whenReleased(release: () => void): void {
    const before = this.#release;
    this.#release = before === null ? release : () => (before(), release());
  }

  /** The call is over: timers and listeners go. */
  release(): void {
    const release = this.#release;
    this.#release = null;
    this.#testDeadline?.stop();
    release?.();
  }
}

/** A signal that is aborted with the caller's, if there is one, or with another one. */
export function anySignal(given: AbortSignal | null | undefined, other: AbortSignal): AbortSignal {
  return given == null ? other : AbortSignal.any([given, other]);
}

/** Signals of polyfills may have no reason; the platform's always have one. */
function reasonOf({ reason }: AbortSignal): unknown {
  return reason === undefined ? new DOMException("This operation was aborted", "AbortError") : (reason as unknown);
}

/** As many calls as Node's own fetch lets follow one signal before it warns of a leak. */
const MANY_LISTENERS = 1500;

function allowManyListeners(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(MANY_LISTENERS, signal);
  } catch {
    // A signal of another make, or one that was allowed any number: Node does not take 0 for a number here.
  }
}
