/** Async iterators whose `return()` takes effect while a `next()` waits. */

import { withCallerFrames } from "./caller-frames.js";

/** The end of the items of a {@link PullSource}. */
export const END: unique symbol = Symbol("end");
/** The type of {@link END}. */
export type End = typeof END;

/**
 * Gives items one at a time. The caller does not pull again before the last pull has settled.
 *
 * An implementation gives items that it has at hand synchronously, because a promise for each line would be slow.
 */
export interface PullSource<T> {
  /** The next item or END, or a promise of it if it has not arrived yet. */
  pull(): T | End | Promise<T | End>;
  /** Releases what the items come from. A pull that waits settles soon after. May be called more than once. */
  close(): void | Promise<void>;
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/**
 * The items of a source as an async generator. The generator of a generator function queues `return()` after a `next()`
 * that waits, which may be forever; this one closes the source at once, and the waiting `next()` is done.
 */
export class PullIterator<T> implements AsyncGenerator<T, void> {
  readonly #source: PullSource<T>;
  /** The step that waits; later steps follow it in order. */
  #waiting: Promise<unknown> | null = null;
  /** The number of the last step. */
  #turn = 0;
  #isOver = false;

  constructor(source: PullSource<T>) {
    this.#source = source;
  }

  /** The next item. Several calls may wait at once; they settle in order. */
  next(): Promise<IteratorResult<T, void>> {
    this.#turn += 1;
    if (this.#waiting !== null) return (this.#waiting = this.#after(this.#waiting, this.#turn));
    try {
      const step = this.#step(this.#turn);
      return step instanceof Promise ? (this.#waiting = step) : Promise.resolve(step);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/unbound-method -- a frame of the stack is named by it, no call is made
      return Promise.reject(withCallerFrames(error, this.next));
    }
  }

  /** Closes the source, also while a `next()` waits; that one is then done. */
  async return(): Promise<IteratorResult<T, void>> {
    const isClosed = this.#end();
    // What a pull waits for may keep the source from closing.
    if (this.#waiting === null) await isClosed;
    return DONE;
  }

  /** Closes the source, then rejects with the error. */
  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.return();
    throw error;
  }

  /** The same as `return()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The iterator itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void | Promise<void> {
    this.#isOver = true;
    return this.#source.close();
  }

  async #after(previous: Promise<unknown>, turn: number): Promise<IteratorResult<T, void>> {
    await Promise.allSettled([previous]);
    try {
      return await this.#step(turn);
    } finally {
      this.#settled(turn);
    }
  }

  #step(turn: number): IteratorResult<T, void> | Promise<IteratorResult<T, void>> {
    if (this.#isOver) return DONE;
    let item: T | End | Promise<T | End>;
    try {
      item = this.#source.pull();
    } catch (error) {
      void this.#end();
      throw error;
    }
    return item instanceof Promise ? this.#later(item, turn) : this.#result(item);
  }

  /** V8 knows the callers who await this promise only while nothing else does: it does its own bookkeeping. */
  async #later(pulled: Promise<T | End>, turn: number): Promise<IteratorResult<T, void>> {
    try {
      const item = await pulled;
      return this.#isOver ? DONE : this.#result(item);
    } catch (error) {
      // An iteration that was left does not fail afterwards.
      if (this.#isOver) return DONE;
      withCallerFrames(error);
      // What closing fails with is not what went wrong first.
      await Promise.allSettled([this.#end()]);
      throw error;
    } finally {
      this.#settled(turn);
    }
  }

  #settled(turn: number): void {
    if (this.#turn === turn) this.#waiting = null;
  }

  #result(item: T | End): IteratorResult<T, void> {
    if (item !== END) return { done: false, value: item };
    this.#isOver = true;
    return DONE;
  }
}

/** The items of a generator that waits for something which can be stopped. */
export class GeneratorSource<T> implements PullSource<T> {
  readonly #items: AsyncGenerator<T, void>;
  readonly #stop: () => void;

  /** @param stop - Ends what the generator waits for. */
  constructor(items: AsyncGenerator<T, void>, stop: () => void) {
    this.#items = items;
    this.#stop = stop;
  }

  async pull(): Promise<T | End> {
    const step = await this.#items.next();
    return step.done === true ? END : step.value;
  }

  async close(): Promise<void> {
    // A generator that does not wait ends by itself, before anything is stopped.
    const ended = this.#items.return();
    this.#stop();
    await Promise.allSettled([ended]);
  }
}
