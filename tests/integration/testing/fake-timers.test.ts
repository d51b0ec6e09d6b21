/** Fake timers of a test runner: mocked calls do not hang, and mocked delays and waits before retries are moved. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { Session } from "requests-ts";
import { mockRequests, type ReplyInit } from "requests-ts/testing";

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
};

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** What `useFakeTimers()` of a test runner does: nothing happens unless the test moves the time. */
class FakeTimers {
  #now = 0;
  #timers: Timer[] = [];

  install(): void {
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, milliseconds = 0) => {
        const timer = { due: this.#now + milliseconds, callback };
        this.#timers.push(timer);
        return timer;
      },
      clearTimeout: (timer: Timer) => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
      setImmediate: () => ({}),
      clearImmediate: () => undefined,
    });
  }

  restore(): void {
    Object.assign(globalThis, real);
  }

  get count(): number {
    return this.#timers.length;
  }

  /** Moves the time, and lets what is ready happen between its steps. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await turns();
      const next = this.#timers.filter(({ due }) => due <= end).sort((one, other) => one.due - other.due)[0] as Timer | undefined; // prettier-ignore
      if (next === undefined) break;
      this.#now = next.due;
      this.#timers = this.#timers.filter((one) => one !== next);
      next.callback();
    }
    this.#now = end;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => real.setImmediate(() => resolve()));
}

describe("with fake timers", () => {
  let fake: FakeTimers;
  beforeEach(() => {
    fake = new FakeTimers();
    fake.install();
  });
  afterEach(() => fake.restore());

  function mocked(replies: ReplyInit | readonly ReplyInit[], retries = 0): Session {
    const session = new Session({ retries });
    mockRequests(session).any("*", replies);
    return session;
  }

  it("a call gets its reply without advancing the clock", async () => {
    assert.equal((await mocked({ text: "a" }).post("http://h/", { json: [1] })).text, "a");
  });

  it("a function may reply, and the body may be streamed", async () => {
    const session = mocked((call) => ({ stream: () => [call.text, "!"] }));
    async function* body(): AsyncGenerator<string> {
      yield "a";
      yield "b";
    }
    assert.equal((await session.post("http://h/", { data: body() })).text, "ab!");
  });

  it("faults end the call", async () => {
    await assert.rejects(mocked({ error: "reset" }).get("http://h/"), { name: "ConnectionError" });
    await assert.rejects(mocked({ error: "ReadTimeout" }).get("http://h/"), { name: "ReadTimeout" });
  });

  const delayed: readonly (readonly [string, ReplyInit | readonly ReplyInit[]])[] = [
    ["delay", { text: "abcd", delay: 60 }],
    ["connectDelay", { text: "abcd", connectDelay: 60 }],
    ["drip", { text: "abcd", drip: { bytes: 1, every: 20 } }],
    ["Retry-After", [{ status: 503, headers: { "Retry-After": "60" } }, { text: "abcd" }]],
  ];
  for (const [what, replies] of delayed)
    it(`${what} waits until the clock is advanced`, async () => {
      const call = mocked(replies, 1).get("http://h/");
      let answered = false;
      call.then(
        () => (answered = true),
        () => undefined,
      );
      await fake.advance(59_000);
      assert.equal(answered, false);
      await fake.advance(1_000);
      assert.equal((await call).text, "abcd");
      assert.equal(fake.count, 0, "no timer is left");
    });

  it("an abort ends a delay, and leaves no timer", async () => {
    const controller = new AbortController();
    const call = mocked({ delay: 60 }).get("http://h/", { signal: controller.signal });
    call.catch(() => undefined);
    await turns();
    assert.equal(fake.count, 1);
    controller.abort(new Error("enough"));
    await assert.rejects(call, { message: "enough" });
    await turns();
    assert.equal(fake.count, 0);
  });
});
