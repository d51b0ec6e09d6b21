import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, it } from "node:test";

import { AddressRace, inTurns } from "#internal/wire/connect/happy-eyeballs";

/** A socket that connects or fails when the test says so. */
class FakeSocket extends EventEmitter {
  destroyed = false;

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }

  fail(code: string, address: string): void {
    this.emit("error", Object.assign(new Error(`connect ${code} ${address}`), { code }));
    this.destroy();
  }
}

/** A race over fake sockets, with a clock that the test moves. */
class Course {
  readonly opened: string[] = [];
  readonly sockets = new Map<string, FakeSocket>();
  readonly race: AddressRace;
  readonly outcome: Promise<string>;
  #waiting: (() => void) | null = null;

  constructor(addresses: readonly string[], refused: readonly string[] = []) {
    this.race = new AddressRace(
      addresses,
      (address) => {
        this.opened.push(address);
        if (refused.includes(address)) throw Object.assign(new Error(`no ${address}`), { code: "EINVAL" });
        const socket = new FakeSocket();
        this.sockets.set(address, socket);
        return socket as unknown as Socket;
      },
      (callback) => {
        this.#waiting = callback;
        return () => {
          this.#waiting = null;
        };
      },
    );
    this.outcome = this.race.run().then((socket) => {
      for (const [address, one] of this.sockets) if ((one as unknown as Socket) === socket) return address;
      return assert.fail("a socket of another race");
    });
    this.outcome.catch(() => undefined);
  }

  /** Lets the delay between attempts pass. */
  delayPasses(): void {
    const callback = this.#waiting;
    this.#waiting = null;
    assert.ok(callback !== null, "no delay is running");
    callback();
  }

  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  get open(): string[] {
    return [...this.sockets].filter(([, socket]) => !socket.destroyed).map(([address]) => address);
  }
}

describe("the order of addresses", () => {
  const table: readonly (readonly [given: readonly string[], order: readonly string[]])[] = [
    [["1.1.1.1"], ["1.1.1.1"]],
    [
      ["1.1.1.1", "2.2.2.2"],
      ["1.1.1.1", "2.2.2.2"],
    ],
    [
      ["1::", "2::", "1.1.1.1", "2.2.2.2"],
      ["1::", "1.1.1.1", "2::", "2.2.2.2"],
    ],
    [
      ["1.1.1.1", "2.2.2.2", "1::"],
      ["1.1.1.1", "1::", "2.2.2.2"],
    ],
    [
      ["1.1.1.1", "1::", "2::", "3::"],
      ["1.1.1.1", "1::", "2::", "3::"],
    ],
    [
      ["1::", "2::", "3::", "1.1.1.1"],
      ["1::", "1.1.1.1", "2::", "3::"],
    ],
    [
      ["fe80::1%eth0", "1.1.1.1"],
      ["fe80::1%eth0", "1.1.1.1"],
    ],
  ];
  for (const [given, order] of table)
    it(JSON.stringify(given), () => {
      assert.deepEqual(inTurns(given), order);
    });
});

describe("a race between addresses", () => {
  const A = "1::";
  const B = "1.1.1.1";
  const C = "2::";
  const ADDRESSES = [A, C, B];

  it("connects to the first address only when it responds", async () => {
    const course = new Course(ADDRESSES);
    course.sockets.get(A)!.emit("connect");
    assert.equal(await course.outcome, A);
    assert.deepEqual([course.opened, course.open, course.isWaiting], [[A], [A], false]);
  });

  it("starts the next attempt after the delay, while earlier ones continue", async () => {
    const course = new Course(ADDRESSES);
    assert.deepEqual(course.opened, [A]);
    course.delayPasses();
    assert.deepEqual(course.opened, [A, B]);
    course.delayPasses();
    assert.deepEqual(course.opened, [A, B, C]);
    assert.deepEqual([course.open, course.isWaiting], [[A, B, C], false]);
    course.sockets.get(A)!.emit("connect");
    assert.equal(await course.outcome, A);
    assert.deepEqual(course.open, [A]);
  });

  it("starts the next attempt at once when one fails", async () => {
    const course = new Course(ADDRESSES);
    course.sockets.get(A)!.fail("ECONNREFUSED", A);
    assert.deepEqual(course.opened, [A, B]);
    course.sockets.get(B)!.fail("ECONNREFUSED", B);
    assert.deepEqual(course.opened, [A, B, C]);
    course.sockets.get(C)!.emit("connect");
    assert.equal(await course.outcome, C);
  });

  it("waits for a slow first address when the others fail", async () => {
    const course = new Course(ADDRESSES);
    course.delayPasses();
    course.sockets.get(B)!.fail("ECONNREFUSED", B);
    course.sockets.get(C)!.fail("ECONNREFUSED", C);
    assert.deepEqual([course.open, course.isWaiting], [[A], false]);
    course.sockets.get(A)!.emit("connect");
    assert.equal(await course.outcome, A);
  });

  it("starts no attempt after one has connected", async () => {
    const course = new Course(ADDRESSES);
    course.delayPasses();
    course.sockets.get(B)!.emit("connect");
    assert.equal(await course.outcome, B);
    assert.deepEqual([course.opened, course.open, course.isWaiting], [[A, B], [B], false]);
  });

  it("ignores the attempts that lost", async () => {
    const course = new Course([A, B]);
    course.delayPasses();
    course.sockets.get(B)!.emit("connect");
    course.sockets.get(A)!.emit("error", new Error("late"));
    assert.equal(await course.outcome, B);
    assert.deepEqual(course.open, [B]);
  });

  it("treats an address that cannot be opened as failed", async () => {
    const course = new Course(ADDRESSES, [A, B]);
    assert.deepEqual(course.opened, [A, B, C]);
    course.sockets.get(C)!.emit("connect");
    assert.equal(await course.outcome, C);
  });

  it("fails with every address and the code of the first when none connects", async () => {
    const course = new Course([A, B]);
    course.sockets.get(A)!.fail("ECONNREFUSED", A);
    course.sockets.get(B)!.fail("ENETUNREACH", B);
    await assert.rejects(course.outcome, (error: AggregateError & { code: string }) => {
      assert.ok(error instanceof AggregateError);
      assert.equal(error.code, "ECONNREFUSED");
      assert.equal(error.message, "connect ECONNREFUSED 1::; connect ENETUNREACH 1.1.1.1");
      assert.deepEqual(
        error.errors.map((one: NodeJS.ErrnoException) => one.code),
        ["ECONNREFUSED", "ENETUNREACH"],
      );
      return true;
    });
  });

  it("tries a limited number of addresses, and names each of them", async () => {
    const many = Array.from({ length: 100 }, (_item, at) => `10.0.0.${at}`);
    const course = new Course(many);
    for (const address of many) course.sockets.get(address)?.fail("ECONNREFUSED", address);
    await assert.rejects(course.outcome, (error: AggregateError) => {
      assert.deepEqual(course.opened, many.slice(0, 32));
      assert.equal(error.message, course.opened.map((address) => `connect ECONNREFUSED ${address}`).join("; "));
      return true;
    });
  });

  it("throws the original error when there is one address", async () => {
    const course = new Course([A]);
    assert.equal(course.isWaiting, false);
    course.sockets.get(A)!.fail("ECONNREFUSED", A);
    await assert.rejects(course.outcome, { code: "ECONNREFUSED", message: "connect ECONNREFUSED 1::", name: "Error" });
  });

  it("destroys all attempts when it is cancelled, and starts no other", async () => {
    const course = new Course(ADDRESSES);
    course.delayPasses();
    course.race.destroy();
    assert.deepEqual([course.opened, course.open, course.isWaiting], [[A, B], [], false]);
    await assert.rejects(course.outcome);
  });

  it("destroys the winner when it is cancelled while that connects", () => {
    const course = new Course([A, B]);
    course.sockets.get(A)!.emit("connect");
    course.race.destroy();
    assert.deepEqual(course.open, []);
  });
});
