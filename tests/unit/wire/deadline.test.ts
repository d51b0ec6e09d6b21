import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Clock } from "#internal/wire/clock";
import { Deadline } from "#internal/wire/deadline";

/** A clock that the test moves. A turn runs the timers that are due, then polls, then runs the immediates. */
class ManualClock implements Clock {
  time = 0;
  /** Called where the event loop would poll the sockets. */
  onPoll: () => void = () => undefined;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  readonly #immediates = new Map<object, () => void>();
  /** The longest time that a timer was set for. */
  longest = 0;

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, milliseconds: number): NodeJS.Timeout {
    const timer = {};
    this.longest = Math.max(this.longest, milliseconds);
    this.#timers.set(timer, { at: this.time + milliseconds, callback });
    return timer as NodeJS.Timeout;
  }

  clearTimeout(timer: NodeJS.Timeout): void {
    this.#timers.delete(timer);
  }

  setImmediate(callback: () => void): NodeJS.Immediate {
    const immediate = {};
    this.#immediates.set(immediate, callback);
    return immediate as NodeJS.Immediate;
  }

  clearImmediate(immediate: NodeJS.Immediate): void {
    this.#immediates.delete(immediate);
  }

  get pending(): number {
    return this.#timers.size + this.#immediates.size;
  }

  /** One turn of the event loop at this time. Timers fire up to `early` milliseconds too early, as Node's may. */
  turn(time: number, early = 0): void {
    this.time = time;
    for (const [timer, { at, callback }] of [...this.#timers])
      if (at - early <= time && this.#timers.delete(timer)) callback();
    this.onPoll();
    for (const [immediate, callback] of [...this.#immediates]) if (this.#immediates.delete(immediate)) callback();
  }
}

function started(milliseconds: number): { clock: ManualClock; deadline: Deadline; fired: number[] } {
  const clock = new ManualClock();
  const fired: number[] = [];
  const deadline: Deadline = new Deadline(milliseconds, () => fired.push(deadline.elapsed), clock);
  deadline.start();
  return { clock, deadline, fired };
}

describe("Deadline", () => {
  for (const milliseconds of [0.2, 1, 5, 20.5, 40])
    it(`fires after ${milliseconds} ms, never before`, () => {
      const { clock, fired } = started(milliseconds);
      for (let time = 0; time < milliseconds; time += 0.1) clock.turn(time, 1);
      assert.deepEqual(fired, []);
      clock.turn(milliseconds + 1);
      assert.deepEqual(fired, [milliseconds + 1]);
      assert.equal(clock.pending, 0);
    });

  it("waits longer when the timer fires early", () => {
    const { clock, fired } = started(20);
    clock.turn(15, 10);
    assert.deepEqual(fired, []);
    clock.turn(21);
    assert.deepEqual(fired, [21]);
  });

  it("counts from the last touch", () => {
    const { clock, deadline, fired } = started(25);
    clock.turn(15);
    deadline.touch();
    clock.turn(39);
    assert.deepEqual(fired, []);
    clock.turn(41);
    assert.deepEqual(fired, [26]);
  });

  it("counts from a second start", () => {
    const { clock, deadline, fired } = started(20);
    clock.turn(10);
    deadline.start();
    clock.turn(29);
    assert.deepEqual(fired, []);
    clock.turn(30);
    assert.deepEqual(fired, [20]);
  });

  it("does not fire after stop, and can be started again", () => {
    const { clock, deadline, fired } = started(5);
    deadline.stop();
    deadline.stop();
    // A touch must not start it.
    deadline.touch();
    clock.turn(15);
    assert.deepEqual([fired, clock.pending], [[], 0]);
    deadline.start();
    clock.turn(21);
    assert.deepEqual(fired, [6]);
  });

  it("can be started again after it fired", () => {
    const { clock, deadline, fired } = started(5);
    clock.turn(5);
    deadline.start();
    clock.turn(9);
    clock.turn(10);
    assert.deepEqual(fired, [5, 5]);
  });

  it("waits longer than a timer of Node can", () => {
    const day = 24 * 3600 * 1000;
    const { clock, fired } = started(60 * day);
    for (const [at, expected] of [
      [25, 0],
      [50, 0],
      [59, 0],
      [61, 1],
    ] as const) {
      clock.turn(at * day);
      assert.equal(fired.length, expected, `on day ${at}`);
    }
    assert.ok(clock.longest <= 2 ** 31 - 1);
  });

  describe("after the event loop was busy beyond the deadline", () => {
    it("prefers data that arrived in the meantime", () => {
      const { clock, deadline, fired } = started(10);
      clock.onPoll = () => deadline.stop();
      clock.turn(500);
      assert.deepEqual([fired, clock.pending], [[], 0]);
    });

    it("continues from data that arrived in the meantime", () => {
      const { clock, deadline, fired } = started(10);
      clock.onPoll = () => deadline.touch();
      clock.turn(500);
      clock.onPoll = () => undefined;
      clock.turn(509);
      assert.deepEqual(fired, []);
      clock.turn(511);
      assert.deepEqual(fired, [11]);
    });

    it("fires in the same turn when no data arrived", () => {
      const { clock, fired } = started(10);
      clock.turn(500);
      assert.deepEqual(fired, [500]);
    });

    it("does not fire when it is stopped between the timer and the poll", () => {
      const { clock, deadline, fired } = started(10);
      clock.onPoll = () => {
        deadline.stop();
        deadline.start();
      };
      clock.turn(500);
      clock.onPoll = () => undefined;
      clock.turn(510);
      assert.deepEqual(fired, [10]);
    });
  });
});
