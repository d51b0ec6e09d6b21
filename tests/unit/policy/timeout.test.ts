import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { NO_TIMEOUTS, resolveTimeout, type TimeoutOption, type Timeouts } from "#internal/policy/timeout";

function silent(text: string): void {
  assert.fail(`warned: ${text}`);
}

describe("resolveTimeout", () => {
  const table: [TimeoutOption, Partial<Timeouts>][] = [
    [5, { connect: 5000, read: 5000 }],
    [0.05, { connect: 50, read: 50 }],
    [3.05, { connect: 3050, read: 3050 }],
    [600, { connect: 600_000, read: 600_000 }],
    [Infinity, {}],
    [[3.5, 27], { connect: 3500, read: 27_000 }],
    [[null, 27], { read: 27_000 }],
    [[3.5, null], { connect: 3500 }],
    [[null, null], {}],
    [{}, {}],
    [
      { connect: 1, read: 2, total: 3, pool: 4 },
      { connect: 1000, read: 2000, total: 3000, pool: 4000 },
    ],
    [{ total: 3, read: null, pool: undefined }, { total: 3000 }],
    [{ total: Infinity }, {}],
  ];
  for (const [option, expected] of table)
    it(inspect(option), () => assert.deepEqual(resolveTimeout(option, silent), { ...NO_TIMEOUTS, ...expected }));

  it("returns one frozen constant for null and undefined", () => {
    assert.equal(resolveTimeout(null), NO_TIMEOUTS);
    assert.equal(resolveTimeout(undefined), NO_TIMEOUTS);
    assert.equal(Object.isFrozen(NO_TIMEOUTS), true);
    assert.deepEqual(NO_TIMEOUTS, { connect: null, read: null, total: null, pool: null });
  });

  const outOfRange: [unknown, RegExp][] = [
    [0, /timeout is 0, but the connect timeout must be more than 0 seconds/],
    [-1, /timeout is -1, but the connect/],
    [NaN, /timeout is NaN/],
    [-Infinity, /-Infinity/],
    [[0, 5], /timeout\[0\] is 0, but the connect/],
    [[5, -0.5], /timeout\[1\] is -0.5, but the read/],
    [{ total: 0 }, /timeout.total is 0, but the total/],
    [{ pool: NaN }, /timeout.pool is NaN, but the pool/],
  ];
  for (const [option, message] of outOfRange)
    it(`throws a RangeError for ${inspect(option)}`, () =>
      assert.throws(() => resolveTimeout(option as TimeoutOption), { name: "RangeError", message }));

  const wrongShape: [unknown, RegExp][] = [
    [true, /timeout must be a number of seconds.*not a boolean/],
    ["5", /timeout must be .*not a string/],
    [5n, /not a bigint/],
    [[5], /timeout given as a list must be \[connect, read\], not 1 item/],
    [[1, 2, 3], /not 3 item/],
    [["1", 2], /timeout\[0\] \(the connect timeout\) must be a number of seconds or null, not a string/],
    [[1, undefined], /timeout\[1\] \(the read timeout\).*not undefined/],
    [{ total: true }, /timeout.total \(the total timeout\).*not a boolean/],
    [{ tota: 5 }, /Unknown option "tota" for timeout. Did you mean "total"\?/],
    [{ milliseconds: 5 }, /Unknown option "milliseconds" for timeout. Valid options: connect, read, total, pool/],
  ];
  for (const [option, message] of wrongShape)
    it(`throws a TypeError for ${inspect(option)}`, () =>
      assert.throws(() => resolveTimeout(option as TimeoutOption), { name: "TypeError", message }));

  it("warns above 600 seconds that the unit is seconds", () => {
    const texts: string[] = [];
    const timeouts = resolveTimeout({ read: 30_000, total: 600.1 }, (text) => texts.push(text));
    assert.deepEqual([timeouts.read, timeouts.total], [30_000_000, 600_100]);
    assert.deepEqual(texts, [
      "timeout.read is 30000: timeouts are in seconds, not milliseconds, so this is 500 minutes",
      "timeout.total is 600.1: timeouts are in seconds, not milliseconds, so this is 10 minutes",
    ]);
  });

  it("treats a time that no timer can wait as no limit", () => {
    assert.equal(resolveTimeout({ read: 2_147_483.647 }, () => {}).read, 2 ** 31 - 1);
    assert.equal(resolveTimeout({ read: 2_147_484 }, () => {}).read, null);
  });

  it("warns once per process", async () => {
    const warnings: (Error & { code?: string })[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", listen);
    resolveTimeout(700);
    resolveTimeout(800);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    assert.deepEqual(
      warnings.map(({ code, message }) => [code, message.slice(0, 15)]),
      [["REQUESTS_TIMEOUT_UNIT", "timeout is 700:"]],
    );
  });
});
