/** PullIterator: an async generator that can be left while it waits. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { END, PullIterator, type End, type PullSource } from "#internal/content/pull-iterator";

/** Gives the items, and then waits until it is closed. */
class Silent implements PullSource<number> {
  closed = 0;
  readonly #items: number[];
  #end: (end: End) => void = () => undefined;

  constructor(...items: number[]) {
    this.#items = items;
  }

  pull(): number | Promise<End> {
    return (
      this.#items.shift() ??
      new Promise<End>((resolve) => {
        this.#end = resolve;
      })
    );
  }

  close(): void {
    this.closed += 1;
    this.#end(END);
  }
}

const DONE = { done: true, value: undefined };

describe("PullIterator", { timeout: 5000 }, () => {
  it("yields the items and the end, at once or later", async () => {
    const items: (number | End | Promise<number | End>)[] = [1, Promise.resolve(2), 3, Promise.resolve(END), 5];
    const iterator = new PullIterator({ pull: () => items.shift()!, close: () => undefined });
    const found: number[] = [];
    for await (const item of iterator) found.push(item);
    assert.deepEqual(found, [1, 2, 3]);
    assert.deepEqual(await iterator.next(), DONE);
    assert.equal(items.length, 1);
  });

  it("ends pending calls of next() on return()", async () => {
    const source = new Silent(1);
    const iterator = new PullIterator(source);
    assert.deepEqual(await iterator.next(), { done: false, value: 1 });
    const waiting = [iterator.next(), iterator.next()];
    assert.deepEqual(await iterator.return(), DONE);
    assert.deepEqual(await Promise.all(waiting), [DONE, DONE]);
    assert.deepEqual(await iterator.next(), DONE);
    assert.ok(source.closed > 0);
  });

  it("closes the source on return() before the first next()", async () => {
    const source = new Silent();
    await new PullIterator(source).return();
    assert.equal(source.closed, 1);
  });

  it("closes the source and rejects on throw()", async () => {
    const source = new Silent(1);
    const iterator = new PullIterator(source);
    await assert.rejects(iterator.throw(new Error("mine")), /mine/);
    assert.deepEqual(await iterator.next(), DONE);
    assert.equal(source.closed, 1);
  });

  it("closes the source with await using", async () => {
    const source = new Silent(1);
    {
      await using iterator = new PullIterator(source);
      await iterator.next();
    }
    assert.equal(source.closed, 1);
  });

  it("yields the items in order to several next() at once", async () => {
    const waiting: ((item: number | End) => void)[] = [];
    const iterator = new PullIterator<number>({
      pull: () => new Promise<number | End>((resolve) => waiting.push(resolve)),
      close: () => undefined,
    });
    const steps = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    for (const item of [1, 2, 3, END] as const) {
      await new Promise(setImmediate);
      assert.equal(waiting.length, 1, "one pull at a time");
      waiting.shift()!(item);
    }
    assert.deepEqual(await Promise.all(steps), [
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 3 },
      DONE,
    ]);
  });

  for (const kind of ["thrown", "rejected"])
    it(`ends, and closes the source, when an error is ${kind}`, async () => {
      let closed = 0;
      const iterator = new PullIterator<number>({
        pull: () => {
          if (kind === "thrown") throw new Error("cut");
          return Promise.reject(new Error("cut"));
        },
        close: () => void (closed += 1),
      });
      await assert.rejects(iterator.next(), /cut/);
      assert.deepEqual(await iterator.next(), DONE);
      assert.equal(closed, 1);
    });

  it("does not fail after return()", async () => {
    let fail: (error: Error) => void = () => undefined;
    const iterator = new PullIterator<number>({
      pull: () => new Promise<End>((_resolve, reject) => (fail = reject)),
      close: () => fail(new Error("closed")),
    });
    const waiting = iterator.next();
    await iterator.return();
    assert.deepEqual(await waiting, DONE);
  });
});
