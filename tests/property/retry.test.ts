import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { ConnectionError } from "#internal/exceptions";
import { RetriesExhausted, Retry } from "#internal/policy/retry";
import { parseHttpDate } from "#internal/policy/retry-after";

describe("Retry", () => {
  const failure = fc.constantFrom<"connect" | "wait" | 503>("connect", "wait", 503);

  it("makes no more retries than total and its counters allow", () => {
    const counter = fc.option(fc.nat(6));
    fc.assert(
      fc.property(
        fc.nat(8),
        counter,
        counter,
        counter,
        fc.array(failure, { maxLength: 30 }),
        (total, connect, read, status, events) => {
          const limits = { connect: connect ?? Infinity, wait: read ?? Infinity, 503: status ?? Infinity };
          let retry = new Retry({ total, connect, read, status });
          let retries = 0;
          for (const event of events) {
            const left = limits[event];
            limits[event] -= 1;
            const attempt =
              event === 503
                ? { response: { statusCode: 503, headers: new Map() } }
                : { error: new ConnectionError("", { phase: event }) };
            const isOver = retries === total || left === 0;
            try {
              retry = retry.increment({ method: "GET", url: "http://h/", ...attempt });
            } catch (error) {
              assert.ok(error instanceof RetriesExhausted && isOver);
              return;
            }
            assert.ok(!isOver);
            retries += 1;
            assert.equal(retry.history.length, retries);
          }
        },
      ),
    );
  });

  it("waits a finite time from 0 to its limit", () => {
    const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        fc.boolean(),
        fc.nat(60),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (factor, most, jitter, fullJitter, failures, random) => {
          let retry = new Retry({
            total: null,
            backoffFactor: factor,
            backoffMax: most,
            backoffJitter: jitter,
            fullJitter,
          });
          for (let at = 0; at < failures; at += 1)
            retry = retry.increment({
              method: "GET",
              url: "http://h/",
              error: new ConnectionError("", { phase: "connect" }),
            });
          const seconds = retry.getBackoffTime(() => random);
          assert.ok(seconds >= 0 && seconds <= most);
        },
      ),
    );
  });

  it("parses any Retry-After as null or as seconds from 0 to the limit", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.stringMatching(/^[0-9A-Za-z:, -]{0,40}$/)), (value) => {
        const seconds = new Retry().parseRetryAfter(value);
        assert.ok(seconds === null || (seconds >= 0 && seconds <= 21_600));
      }),
    );
  });
});

describe("parseHttpDate", () => {
  it("parses the output of toUTCString", () => {
    const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (when) => {
        assert.equal(parseHttpDate(when.toUTCString(), 0), Math.floor(when.getTime() / 1000) * 1000);
      }),
    );
  });
});
