/** The fake timers of node:test: mocked calls, their timeouts, and the pauses between retries. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock as runner } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Session, TotalTimeout } from "requests-ts";
import { mockRequests, type ReplyInit } from "requests-ts/testing";

/** Advances in steps, with one turn of the event loop before each, as a user would. */
async function advance(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 1) {
    await turn();
    runner.timers.tick(1000);
  }
}

function mocked(replies: ReplyInit | readonly ReplyInit[], retries = 0): Session {
  const session = new Session({ retries });
  mockRequests(session).any("*", replies);
  return session;
}

/** Other runtimes lack them; the getter of one throws. */
function hasMockTimers(): boolean {
  try {
    return typeof (runner as { timers?: { enable?: unknown } }).timers?.enable === "function";
  } catch {
    return false;
  }
}

const URL = "http://h/";

describe("under mock.timers", { skip: hasMockTimers() ? false : "this runtime has no mock.timers" }, () => {
  beforeEach(() => runner.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => runner.timers.reset());

  it("a call is answered without a tick", async () => {
    assert.equal((await mocked({ text: "a" }).get(URL, { timeout: 5 })).text, "a");
  });

  it("one turn of the event loop is enough to reach the pause before a retry", async () => {
    const call = mocked([{ status: 503, headers: { "Retry-After": "60" } }, { text: "a" }], 1).get(URL);
    await turn();
    runner.timers.tick(60_000);
    assert.equal((await call).text, "a");
  });

  it("one turn is enough to reach the second pause", async () => {
    const busy = { status: 503, headers: { "Retry-After": "60" } };
    const call = mocked([busy, busy, { text: "a" }], 2).put(URL, { json: [1] });
    for (let tick = 0; tick < 2; tick += 1) {
      await turn();
      runner.timers.tick(60_000);
    }
    assert.equal((await call).text, "a");
  });

  const late: readonly (readonly [string, ReplyInit, string])[] = [
    ["delay", { text: "abcd", delay: 60 }, "ReadTimeout"],
    ["drip", { text: "abcd", drip: { bytes: 1, every: 20 } }, "ReadTimeout"],
    ["connectDelay", { text: "abcd", connectDelay: 60 }, "ConnectTimeout"],
    ["a function that never replies", () => new Promise<never>(() => undefined), "ReadTimeout"],
  ];
  for (const [what, reply, name] of late)
    it(`${what} ends in ${name} when the time has been advanced by the timeout`, async () => {
      const call = mocked(reply).get(URL, { timeout: 5 });
      let outcome = "";
      call.then(
        () => (outcome = "answered"),
        (error: Error) => (outcome = error.name),
      );
      await advance(4);
      assert.equal(outcome, "");
      await advance(2);
      await assert.rejects(call, { name });
    });

  it("a drip that is faster than the read timeout is answered", async () => {
    const call = mocked({ text: "abcd", drip: { bytes: 1, every: 4 } }).get(URL, { timeout: 5 });
    await advance(14);
    assert.equal((await call).text, "abcd");
  });

  it("the total timeout ends a pause before a retry", async () => {
    const call = mocked({ status: 503, headers: { "Retry-After": "60" } }, 1).get(URL, { timeout: { total: 30 } });
    const failed = assert.rejects(call, TotalTimeout);
    await advance(31);
    await failed;
  });

  it("the total timeout ends a delay", async () => {
    const call = mocked({ delay: 60 }).get(URL, { timeout: { total: 30 } });
    const failed = assert.rejects(call, TotalTimeout);
    await advance(31);
    await failed;
  });

  it("nothing fires after a call that was answered in time", async () => {
    const session = mocked({ text: "a" });
    const response = await session.get(URL, { timeout: { connect: 1, read: 1, total: 1 }, stream: true });
    await advance(3);
    await response.read();
    assert.equal(response.text, "a");
  });
});
