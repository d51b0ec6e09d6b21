/** The items of a response that has not arrived yet. */

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/**
 * An async generator over the items of something that is still awaited. An error of the wait is thrown by the first
 * `next()`. `return()` before the wait is over ends the items as soon as they are there.
 */
export class LaterIterator<T> implements AsyncGenerator<T, void> {
  readonly #later: Promise<AsyncGenerator<T, void>>;
  #items: AsyncGenerator<T, void> | null = null;
  #isOver = false;

  constructor(later: Promise<AsyncGenerator<T, void>>) {
    this.#later = later;
    later.then(
      (items) => {
        this.#items = items;
      },
      // next() reports it.
      () => undefined,
    );
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#isOver) return Promise.resolve(DONE);
    return this.#items === null ? this.#first() : this.#items.next();
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#isOver = true;
    if (this.#items !== null) return this.#items.return();
    void this.#later.then(
      (items) => items.return(),
      () => undefined,
    );
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

  async #first(): Promise<IteratorResult<T, void>> {
    const items = await this.#later;
    return this.#isOver ? DONE : items.next();
  }
}
