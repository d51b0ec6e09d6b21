/** Async iterators whose `return()` takes effect while a `next()` waits. */

/** The end of the items of a {@link PullSource}. */
export const END: unique symbol = Symbol("end");
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
  #isOver = false;

  constructor(source: PullSource<T>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#waiting !== null) {
      const step = async (): Promise<IteratorResult<T, void>> => this.#step();
      return this.#inOrder(this.#waiting.then(step, step));
    }
    try {
      const step = this.#step();
      return step instanceof Promise ? this.#inOrder(step) : Promise.resolve(step);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async return(): Promise<IteratorResult<T, void>> {
    const isClosed = this.#end();
    // What a pull waits for may keep the source from closing.
    if (this.#waiting === null) await isClosed;
    return DONE;
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void | Promise<void> {
    this.#isOver = true;
    return this.#source.close();
  }

  #step(): IteratorResult<T, void> | Promise<IteratorResult<T, void>> {
    if (this.#isOver) return DONE;
    let item: T | End | Promise<T | End>;
    try {
      item = this.#source.pull();
    } catch (error) {
      void this.#end();
      throw error;
    }
    return item instanceof Promise ? this.#later(item) : this.#result(item);
  }

  async #later(pulled: Promise<T | End>): Promise<IteratorResult<T, void>> {
    try {
      const item = await pulled;
      return this.#isOver ? DONE : this.#result(item);
    } catch (error) {
      // An iteration that was left does not fail afterwards.
      if (this.#isOver) return DONE;
      // What closing fails with is not what went wrong first.
      await Promise.allSettled([this.#end()]);
      throw error;
    }
  }

  #result(item: T | End): IteratorResult<T, void> {
    if (item !== END) return { done: false, value: item };
    this.#isOver = true;
    return DONE;
  }

  #inOrder(step: Promise<IteratorResult<T, void>>): Promise<IteratorResult<T, void>> {
    this.#waiting = step;
    const settled = (): void => {
      if (this.#waiting === step) this.#waiting = null;
    };
    step.then(settled, settled);
    return step;
  }
}
