import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Deadline } from "#internal/wire/deadline";

/** Lateness that a shared machine is forgiven, in milliseconds. */
const GRACE = 60;

/** Milliseconds until the deadline that is made fires. */
async function firing(make: (onExpired: () => void) => Deadline): Promise<number> {
  const started = performance.now();
  await new Promise<void>((resolve) => make(resolve).start());
  return performance.now() - started;
}

function assertAbout(elapsed: number, milliseconds: number): void {
  assert.ok(elapsed >= milliseconds - 0.5, `fired ${milliseconds - elapsed} ms early`);
  assert.ok(elapsed < milliseconds + GRACE, `fired ${elapsed - milliseconds} ms late`);
}

function busy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

describe("Deadline", () => {
  for (const milliseconds of [0.2, 1, 5, 20.5, 40])
    it(`fires after ${milliseconds} ms, never before`, async () => {
      assertAbout(await firing((onExpired) => new Deadline(milliseconds, onExpired)), milliseconds);
    });

  it("does not fire early out of a busy tick", async () => {
    await new Promise(setImmediate);
    // Node would count from the beginning of this tick.
    busy(15);
    assertAbout(await firing((onExpired) => new Deadline(20, onExpired)), 20);
  });

  it("counts from the last touch", async () => {
    const started = performance.now();
    let touched = 0;
    let elapsed = 0;
    await new Promise<void>((resolve) => {
      const deadline = new Deadline(25, () => {
        elapsed = deadline.elapsed;
        resolve();
      });
      deadline.start();
      setTimeout(() => {
        deadline.touch();
        touched = performance.now();
      }, 15);
    });
    assertAbout(performance.now() - touched, 25);
    assertAbout(elapsed, 25);
    assert.ok(performance.now() - started >= 39.5);
  });

  it("counts anew from a second start", async () => {
    const started = performance.now();
    await new Promise<void>((resolve) => {
      const deadline = new Deadline(20, resolve);
      deadline.start();
      setTimeout(() => deadline.start(), 10);
    });
    assert.ok(performance.now() - started >= 29.5);
  });

  it("does not fire once stopped, and can be started again", async () => {
    let fired = 0;
    const deadline = new Deadline(5, () => (fired += 1));
    deadline.start();
    deadline.stop();
    deadline.stop();
    // A touch must not wake it.
    deadline.touch();
    await new Promise((resolve) => setTimeout(resolve, 15));
    assert.equal(fired, 0);
    deadline.start();
    await new Promise((resolve) => setTimeout(resolve, 15 + GRACE / 2));
    assert.equal(fired, 1);
  });

  it("waits longer than a timer of Node can", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    let now = 0;
    context.mock.method(performance, "now", () => now);
    let fired = 0;
    const days = 24 * 3600 * 1000;
    new Deadline(60 * days, () => (fired += 1)).start();
    for (const [day, expected] of [
      [25, 0],
      [50, 0],
      [59, 0],
      [61, 1],
    ] as const) {
      const step = day * days - now;
      now += step;
      context.mock.timers.tick(Math.min(step, 2 ** 31 - 1));
      assert.equal(fired, expected, `on day ${day}`);
    }
  });
});
