import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import {
  ChunkedEncodingError,
  ConnectionError,
  ConnectTimeout,
  ContentDecodingError,
  InvalidURL,
  type Phase,
  PoolTimeout,
  ProxyError,
  ReadTimeout,
  SSLError,
  TotalTimeout,
} from "#internal/exceptions";
import { Response } from "#internal/message/response";
import { RetriesExhausted, Retry, type RetryContext, type RetryOptions } from "#internal/policy/retry";
import { RetryBudget } from "#internal/policy/retry-budget";
import { retryKind } from "#internal/policy/retry-kind";

const url = "http://h/";
const refused = new ConnectionError("refused", { phase: "connect" });
const reset = new ConnectionError("reset", { phase: "wait" });
const tls = new SSLError("certificate", { phase: "tls" });
const response = (statusCode: number, headers: Record<string, string> = {}): Response =>
  new Response({ statusCode, headers });

/** The policy after these errors and statuses, each met by a GET. */
function after(retry: Retry, ...events: (Error | number)[]): Retry {
  let next = retry;
  for (const event of events)
    next = next.increment({
      method: "GET",
      url,
      ...(typeof event === "number" ? { response: response(event) } : { error: event }),
    });
  return next;
}

function exhausted(work: () => unknown): RetriesExhausted {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof RetriesExhausted, inspect(error));
    return error;
  }
  assert.fail("is not exhausted");
}

describe("Retry", () => {
  it("has the defaults of urllib3", () => {
    const { allowedMethods, statusForcelist, removeHeadersOnRedirect, ...others } = new Retry();
    assert.deepEqual([...allowedMethods!].sort(), ["DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"]);
    assert.deepEqual([...statusForcelist], []);
    assert.deepEqual([...removeHeadersOnRedirect].sort(), ["authorization", "cookie", "proxy-authorization"]);
    assert.deepEqual(others, {
      ...{ total: 10, connect: null, read: null, redirect: null, status: null, other: null },
      ...{ backoffFactor: 0, backoffMax: 120, backoffJitter: 0, fullJitter: false },
      ...{ raiseOnRedirect: true, raiseOnStatus: true, respectRetryAfterHeader: true, retryAfterMax: 21_600 },
      ...{ history: [], predicate: null, onRetry: null, budget: null },
    });
  });

  it("is frozen; new() returns another", () => {
    const budget = new RetryBudget();
    const retry = new Retry({ total: 3, allowedMethods: ["get"], statusForcelist: [503], backoffFactor: 2, budget });
    assert.throws(() => ((retry as { total: number }).total = 5), TypeError);
    const changed = retry.new({ total: 5 });
    assert.deepEqual([retry.total, changed.total], [3, 5]);
    assert.equal(changed.budget, budget);
    assert.deepEqual(
      [changed.allowedMethods, changed.statusForcelist, changed.backoffFactor],
      [new Set(["GET"]), new Set([503]), 2],
    );
  });

  it("keeps the class and the members of a subclass", () => {
    class Loud extends Retry {
      readonly loud = true;
      override getBackoffTime(): number {
        return 7;
      }
    }
    const next = after(new Loud({ total: 3 }), refused);
    assert.ok(next instanceof Loud);
    assert.deepEqual([next.total, next.loud, next.getDelay()], [2, true, 7]);
  });

  it("prints like that of urllib3", () => {
    assert.equal(
      inspect(new Retry({ total: 3, read: false })),
      "Retry(total=3, connect=null, read=false, redirect=null, status=null)",
    );
  });

  it("takes a number for total, like Retry(3) of urllib3", () => {
    assert.deepEqual(inspect(new Retry(3)), inspect(new Retry({ total: 3 })));
  });

  const mistakes: [options: unknown, name: string, message: RegExp][] = [
    [
      { status_forcelist: [500] },
      "TypeError",
      /Unknown option "status_forcelist" for Retry. Did you mean "statusForcelist"\?/,
    ],
    [{ totl: 1 }, "TypeError", /Did you mean "total"/],
    ["3", "TypeError", /The argument of Retry must be an options object, not a string/],
    [1.5, "RangeError", /total must be a whole number.*not 1\.5/],
    [{ total: "3" }, "TypeError", /total must be a number, null \(no limit\) or false \(never\), not a string/],
    [{ total: true }, "TypeError", /total must be/],
    [{ connect: 1.5 }, "RangeError", /connect must be.*not 1\.5/],
    [{ read: NaN }, "RangeError", /read must be.*not NaN/],
    [{ status: -2 }, "RangeError", /status must be.*not -2/],
    [{ backoffFactor: -1 }, "RangeError", /backoffFactor must be a number of seconds, 0 or greater, not -1/],
    [{ retryAfterMax: NaN }, "RangeError", /retryAfterMax must be.*not NaN/],
    [{ backoffMax: "1" }, "TypeError", /backoffMax must be a number of seconds/],
    [{ allowedMethods: "POST" }, "TypeError", /allowedMethods must be a list of method names, not a string/],
    [{ allowedMethods: false }, "TypeError", /allowedMethods must be a list/],
    [{ allowedMethods: [1] }, "TypeError", /allowedMethods must be a list of method names/],
    [{ statusForcelist: 503 }, "TypeError", /statusForcelist must be a list/],
    [{ statusForcelist: ["503"] }, "TypeError", /statusForcelist must be a list of statuses/],
    [{ raiseOnStatus: 1 }, "TypeError", /raiseOnStatus must be true or false/],
    [{ predicate: true }, "TypeError", /predicate must be a function/],
    [{ budget: 10 }, "TypeError", /budget must be a RetryBudget/],
  ];
  for (const [options, name, message] of mistakes)
    it(`refuses ${inspect(options)}`, () => assert.throws(() => new Retry(options as RetryOptions), { name, message }));
});

describe("Retry.fromInt", () => {
  it("does not retry for 0 and undefined, and throws read errors unchanged", () => {
    for (const value of [0, null, undefined] as const) {
      const retry = Retry.fromInt(value);
      assert.deepEqual([retry.total, retry.read], [0, false]);
    }
    assert.equal(exhausted(() => after(Retry.fromInt(0), refused)).reason, refused);
    assert.throws(() => after(Retry.fromInt(0), reset), reset);
    assert.equal(Retry.fromInt(0).isRetry("GET", 503, true), false);
  });

  it("retries connections, reads of idempotent methods, and Retry-After for a number [retries-number]", () => {
    const retry = Retry.fromInt(2);
    assert.equal(after(retry, refused, reset).total, 0);
    assert.throws(() => retry.increment({ method: "POST", url, error: reset }), reset);
    assert.equal(retry.increment({ method: "POST", url, error: refused }).total, 1);
    assert.equal(retry.isRetry("GET", 503, true), true);
    assert.equal(retry.isRetry("GET", 503, false), false);
  });

  it("returns a Retry unchanged, and no retries for false", () => {
    const retry = new Retry({ total: 1 });
    assert.equal(Retry.fromInt(retry), retry);
    assert.throws(() => after(Retry.fromInt(false), refused), refused);
  });

  it("refuses other values", () => {
    assert.throws(() => Retry.fromInt(true as unknown as number), TypeError);
    assert.throws(() => Retry.fromInt(1.5), RangeError);
    assert.throws(() => Retry.fromInt("3" as unknown as number), TypeError);
  });
});

describe("isRetry", () => {
  const listed = { statusForcelist: [500, 502] };
  const table: [options: RetryOptions, method: string, status: number, hasRetryAfter: boolean, expected: boolean][] = [
    [{}, "GET", 500, false, false],
    [listed, "GET", 500, false, true],
    [listed, "get", 500, false, true],
    [listed, "POST", 500, false, false],
    [listed, "GET", 503, false, false],
    [listed, "GET", 503, true, true],
    [listed, "GET", 500, true, true],
    [{}, "GET", 413, true, true],
    [{}, "GET", 429, true, true],
    [{}, "GET", 504, true, false],
    [{}, "GET", 200, true, false],
    [{}, "POST", 429, true, false],
    [{ respectRetryAfterHeader: false }, "GET", 429, true, false],
    [{ total: 0 }, "GET", 429, true, false],
    [{ total: false }, "GET", 429, true, false],
    [{ total: null }, "GET", 429, true, true],
    [{ ...listed, total: 0 }, "GET", 500, false, true],
    [{ ...listed, allowedMethods: null }, "POST", 500, false, true],
    [{ ...listed, allowedMethods: null }, "PURGE", 500, false, true],
    [{ ...listed, allowedMethods: ["post"] }, "POST", 500, false, true],
    [{ ...listed, allowedMethods: ["post"] }, "GET", 500, false, false],
    [{ ...listed, allowedMethods: [] }, "GET", 500, false, false],
  ];
  for (const [options, method, status, hasRetryAfter, expected] of table)
    it(`${inspect(options)} ${method} ${status}${hasRetryAfter ? " with Retry-After" : ""}`, () => {
      const retry = new Retry(options);
      assert.equal(retry.isRetry(method, status, hasRetryAfter), expected);
      const headers: Record<string, string> = hasRetryAfter ? { "Retry-After": "1" } : {};
      assert.equal(retry.retriesResponse({ method, url, response: response(status, headers) }), expected);
    });

  it("ignores an empty Retry-After", () => {
    assert.equal(
      new Retry().retriesResponse({ method: "GET", url, response: response(503, { "Retry-After": "" }) }),
      false,
    );
  });
});

describe("retryKind", () => {
  const phases: [Phase, string][] = [
    ["pool", "connect"],
    ["dns", "connect"],
    ["connect", "connect"],
    ["tls", "connect"],
    ["proxy", "connect"],
    ["send", "read"],
    ["wait", "read"],
    ["receive", "read"],
  ];
  for (const [phase, expected] of phases)
    it(`ConnectionError in ${phase} → ${expected}`, () =>
      assert.equal(retryKind(new ConnectionError("", { phase })), expected));

  const table: [unknown, string | null][] = [
    [new ConnectionError(""), "read"],
    [new ConnectTimeout("", { phase: "dns" }), "connect"],
    [new ConnectTimeout("", { phase: "proxy" }), "connect"],
    [new ProxyError("", { phase: "proxy" }), "connect"],
    [new SSLError("", { phase: "tls" }), "other"],
    [new SSLError("", { phase: "wait" }), "other"],
    [new ReadTimeout("", { phase: "wait" }), "read"],
    [new ChunkedEncodingError("", { phase: "receive" }), "read"],
    [new TotalTimeout("", { phase: "connect" }), null],
    [new PoolTimeout("", { phase: "pool" }), null],
    [new ContentDecodingError(""), null],
    [new InvalidURL(""), null],
    [new TypeError(""), null],
    ["aborted", null],
  ];
  for (const [error, expected] of table)
    it(`${error instanceof Error ? error.name : inspect(error)} ${(error as ConnectionError).phase ?? ""} → ${expected}`, () =>
      assert.equal(retryKind(error), expected));
});

describe("increment", () => {
  it("requires an object", () => {
    const retry = new Retry(3) as unknown as { increment(method: string, url: string): Retry };
    assert.throws(() => retry.increment("GET", "/"), {
      name: "TypeError",
      message: "increment() takes an object: retry.increment({ method, url, error })",
    });
  });

  it("counts each event in its counter and in total", () => {
    const retry = new Retry({ total: 10, connect: 5, read: 5, status: 5, other: 5, redirect: 5 });
    const next = after(retry, refused, reset, tls, 503).increment({
      method: "GET",
      url,
      response: response(302),
      redirectLocation: "/b",
    });
    assert.deepEqual([next.total, next.connect, next.read, next.other, next.status, next.redirect], [5, 4, 4, 4, 4, 4]);
    assert.deepEqual([retry.total, retry.history.length], [10, 0]);
  });

  it("keeps null, so that the counter is never exhausted", () => {
    const next = after(new Retry({ total: null }), ...Array<Error>(50).fill(refused));
    assert.deepEqual([next.total, next.connect, next.isExhausted(), next.history.length], [null, null, false, 50]);
  });

  const endings: [title: string, options: RetryOptions, events: (Error | number)[], reason: unknown][] = [
    ["total", { total: 2 }, [refused, 503, reset], reset],
    ["total of 0", { total: 0 }, [refused], refused],
    ["connect", { connect: 1 }, [refused, refused], refused],
    ["connect before total", { total: 10, connect: 0 }, [refused], refused],
    ["read", { read: 1 }, [reset, reset], reset],
    ["other", { other: 0 }, [tls], tls],
    ["status", { status: 1 }, [503, 502], "too many 502 error responses"],
    ["total, by a status", { total: 0 }, [429], "too many 429 error responses"],
    ["status of false", { status: false }, [503], "too many 503 error responses"],
    ["total of false, by a status", { total: false }, [503], "too many 503 error responses"],
  ];
  for (const [title, options, events, reason] of endings)
    it(`is exhausted by ${title}, at the last allowed event`, () => {
      const signal = exhausted(() => after(new Retry(options), ...events));
      assert.equal(signal.reason, reason);
      assert.equal(signal.retry.history.length, events.length);
      assert.equal(signal.cause, reason instanceof Error ? reason : undefined);
      after(new Retry(options), ...events.slice(0, -1));
    });

  it("is exhausted by redirects", () => {
    const attempt = { method: "GET", url, response: response(302), redirectLocation: "http://u:s3cret@h/b" };
    const signal = exhausted(() => new Retry({ redirect: 0 }).increment(attempt));
    assert.equal(signal.reason, "too many redirects");
    assert.equal(signal.retry.history[0]?.redirectLocation, "http://u:***@h/b");
  });

  const rethrown: [title: string, options: RetryOptions, method: string, error: Error][] = [
    ["total of false", { total: false }, "GET", refused],
    ["connect of false", { connect: false }, "GET", refused],
    ["read of false", { read: false }, "GET", reset],
    ["other of false", { other: false }, "GET", tls],
    ["a method that may not be repeated", {}, "POST", reset],
    ["a timeout of a method that may not be repeated", {}, "POST", new ReadTimeout("", { phase: "wait" })],
    ["no failure of the connection", {}, "GET", new TypeError("a hook's")],
    ["the total timeout", {}, "GET", new TotalTimeout("", { phase: "connect" })],
  ];
  for (const [title, options, method, error] of rethrown)
    it(`throws the original error: ${title}`, () =>
      assert.throws(
        () => new Retry(options).increment({ method, url, error }),
        (thrown) => thrown === error,
      ));

  it("retries a POST that was not sent, and any method when all are allowed", () => {
    assert.equal(new Retry().increment({ method: "POST", url, error: refused }).total, 9);
    assert.equal(new Retry({ allowedMethods: null }).increment({ method: "POST", url, error: reset }).total, 9);
  });

  it("keeps a frozen history with the password masked", () => {
    const first = new Retry().increment({ method: "GET", url: "http://u:s3cret@h/", error: refused });
    const { history } = first.increment({ method: "GET", url, response: response(503) });
    assert.deepEqual(history, [
      { method: "GET", url: "http://u:***@h/", error: refused, status: null, redirectLocation: null },
      { method: "GET", url, error: null, status: 503, redirectLocation: null },
    ]);
    assert.ok(Object.isFrozen(history) && history.every(Object.isFrozen));
    assert.equal(first.history.length, 1);
  });
});

describe("predicate", () => {
  it("receives the event and the decision of the rules", () => {
    const seen: RetryContext[] = [];
    const predicate = (context: RetryContext): boolean => seen.push(context) > 0;
    const answer = response(503);
    const retry = new Retry({ predicate });
    const next = retry.increment({ method: "POST", url, error: reset });
    assert.equal(next.retriesResponse({ method: "GET", url, response: answer }), true);
    assert.deepEqual(seen, [
      { method: "POST", url, error: reset, response: null, attempt: 1, retryable: false },
      { method: "GET", url, error: null, response: answer, attempt: 2, retryable: false },
    ]);
  });

  it("can refuse a retry that the rules allow", () => {
    const retry = new Retry({ predicate: () => false, statusForcelist: [503] });
    assert.throws(() => retry.increment({ method: "GET", url, error: refused }), refused);
    assert.equal(retry.retriesResponse({ method: "GET", url, response: response(503) }), false);
  });

  it("cannot allow a retry that a counter excludes, or that cannot help", () => {
    const predicate = (): boolean => true;
    for (const options of [{ total: false }, { connect: false }] as const)
      assert.throws(() => after(new Retry({ ...options, predicate }), refused), refused);
    const limit = new TotalTimeout("");
    assert.throws(() => after(new Retry({ predicate }), limit), limit);
    const answer = { method: "GET", url, response: response(200) };
    assert.equal(new Retry({ predicate }).retriesResponse(answer), true);
    assert.equal(new Retry({ predicate, status: false }).retriesResponse(answer), false);
    assert.equal(exhausted(() => after(new Retry({ predicate, total: 0 }), refused)).reason, refused);
  });
});

describe("getBackoffTime", () => {
  const sequence = (options: RetryOptions, random?: () => number): number[] => {
    let retry = new Retry({ total: null, ...options });
    return Array.from({ length: 6 }, () => {
      retry = after(retry, refused);
      return retry.getBackoffTime(random);
    });
  };
  const table: [RetryOptions, random: number | undefined, number[]][] = [
    [{}, undefined, [0, 0, 0, 0, 0, 0]],
    // As urllib3 gives them.
    [{ backoffFactor: 0.5, backoffMax: 5 }, undefined, [0, 1, 2, 4, 5, 5]],
    [{ backoffFactor: 1 }, undefined, [0, 2, 4, 8, 16, 32]],
    [{ backoffFactor: 0.5, backoffMax: 5, backoffJitter: 1 }, 0.5, [0, 1.5, 2.5, 4.5, 5, 5]],
    [{ backoffJitter: 4 }, 0.25, [0, 1, 1, 1, 1, 1]],
    [{ backoffFactor: 0.5, backoffMax: 5, fullJitter: true }, 0.5, [0.25, 0.5, 1, 2, 2.5, 2.5]],
    [{ backoffFactor: 0.5, fullJitter: true }, 0, [0, 0, 0, 0, 0, 0]],
  ];
  for (const [options, random, expected] of table)
    it(`${inspect(options)} at ${random}`, () =>
      assert.deepEqual(sequence(options, random === undefined ? undefined : () => random), expected));

  it("is 0 before the first event", () =>
    assert.equal(new Retry({ backoffFactor: 9, fullJitter: true }).getBackoffTime(), 0));

  it("starts over after a redirect", () => {
    const retry = after(new Retry({ backoffFactor: 1 }), refused, refused);
    const redirected = retry.increment({ method: "GET", url, redirectLocation: "/b" });
    assert.equal(redirected.getBackoffTime(), 0);
    assert.equal(after(redirected, refused).getBackoffTime(), 0);
    assert.equal(after(redirected, refused, refused).getBackoffTime(), 2);
  });

  it("stays below its limit after any number of failures", () => {
    const retry = after(new Retry({ total: null, backoffFactor: 1 }), ...Array<Error>(1100).fill(refused));
    assert.equal(retry.getBackoffTime(), 120);
  });
});

describe("parseRetryAfter", () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 0);
  const table: [value: string, expected: number | null][] = [
    ["0", 0],
    ["120", 120],
    ["  7\t", 7],
    ["007", 7],
    ["21600", 21_600],
    ["21601", 21_600],
    ["9".repeat(100), 21_600],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 37],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 37],
    ["Sun Nov  6 08:49:37 1994", 37],
    ["sun, 06 nov 1994 08:49:37 gmt", 37],
    ["Sun, 06 Nov 1994 08:49:37 UTC", 37],
    ["Sun, 06 Nov 1994 08:48:59 GMT", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["Fri, 31 Dec 1999 23:59:60 GMT", 21_600],
    ["Tuesday, 01-Nov-44 00:00:00 GMT", 21_600],
    ["Tuesday, 01-Nov-45 00:00:00 GMT", 0],
    ["", null],
    ["3.5", null],
    ["-3", null],
    ["+3", null],
    ["1e3", null],
    ["0x10", null],
    ["٣", null],
    ["soon", null],
    ["1 2", null],
    ["Sun, 31 Feb 1994 08:49:37 GMT", null],
    ["Sun, 06 Xyz 1994 08:49:37 GMT", null],
    ["Sun, 06 Nov 1994 24:00:00 GMT", null],
    ["Sun, 06 Nov 1994 08:60:00 GMT", null],
    ["Sun, 00 Nov 1994 08:00:00 GMT", null],
    ["Sun, 06 Nov 1994 08:49:37 PST", null],
    ["Sun, 06 Nov 1994 08:49:37", null],
    ["1994-11-06T08:49:37Z", null],
    ["9".repeat(129), null],
  ];
  for (const [value, expected] of table)
    it(inspect(value.slice(0, 40)), () => assert.equal(new Retry().parseRetryAfter(value, now), expected));

  it("has its own limit", () => assert.equal(new Retry({ retryAfterMax: 5 }).parseRetryAfter("60"), 5));

  const delays: [RetryOptions, headers: Record<string, string>, expected: number][] = [
    [{}, { "Retry-After": "7" }, 7],
    [{}, { "Retry-After": "0" }, 2],
    [{}, { "Retry-After": "soon" }, 2],
    [{}, {}, 2],
    [{ respectRetryAfterHeader: false }, { "Retry-After": "7" }, 2],
  ];
  for (const [options, headers, expected] of delays)
    it(`getDelay with ${inspect(options)} and ${inspect(headers)}`, () => {
      const retry = after(new Retry({ ...options, backoffFactor: 1 }), 503, 503);
      assert.equal(retry.getDelay(response(503, headers), now), expected);
    });

  it("getDelay without a response returns the back-off", () =>
    assert.equal(after(new Retry({ backoffFactor: 1 }), refused, refused).getDelay(), 2));
});

describe("Retry.sensible", () => {
  const retry = Retry.sensible(3);

  it("retries connections, reads of idempotent methods and five statuses", () => {
    assert.equal(retry.increment({ method: "POST", url, error: refused }).total, 2);
    assert.equal(retry.increment({ method: "PUT", url, error: reset }).total, 2);
    assert.throws(() => retry.increment({ method: "POST", url, error: reset }), reset);
    assert.throws(() => retry.increment({ method: "GET", url, error: tls }), tls);
    const statuses = Array.from({ length: 600 }, (_, status) => status).filter((status) =>
      retry.isRetry("GET", status),
    );
    assert.deepEqual(statuses, [429, 500, 502, 503, 504]);
    assert.equal(retry.isRetry("POST", 503, true), false);
  });

  it("waits a random time up to 0.5, 1, 2 … seconds, and at most two minutes", () => {
    const one = after(retry, 503);
    assert.deepEqual([one.getBackoffTime(() => 0.999), after(one, 503).getBackoffTime(() => 0.5)], [0.4995, 0.5]);
    assert.equal(one.getDelay(response(503, { "Retry-After": "3600" })), 120);
  });

  it("returns the last response, and has its own budget", () => {
    assert.equal(retry.raiseOnStatus, false);
    assert.ok(retry.budget instanceof RetryBudget);
    assert.notEqual(Retry.sensible(3).budget, retry.budget);
    assert.throws(() => Retry.sensible(1.5), RangeError);
  });
});

describe("RetryBudget", () => {
  const drain = (budget: RetryBudget, now: number): number => {
    let taken = 0;
    while (budget.withdraw(now)) taken += 1;
    return taken;
  };

  it("allows ten retries, and one more for five requests", () => {
    const budget = new RetryBudget();
    assert.equal(drain(budget, 0), 10);
    for (let request = 0; request < 25; request += 1) budget.deposit();
    assert.equal(drain(budget, 0), 5);
    for (let request = 0; request < 4; request += 1) budget.deposit();
    assert.equal(drain(budget, 0), 0);
  });

  it("refills to ten retries in ten seconds, and no further", () => {
    const budget = new RetryBudget();
    drain(budget, 0);
    assert.equal(drain(budget, 5), 5);
    assert.equal(drain(budget, 1000), 10);
    assert.equal(drain(budget, 999), 0);
  });

  it("collects more retries with requests, up to a limit", () => {
    const budget = new RetryBudget();
    for (let request = 0; request < 100_000; request += 1) budget.deposit();
    assert.equal(drain(budget, 0), 100);
  });

  it("allows nothing with a ratio and a minimum of 0", () => {
    const budget = new RetryBudget({ ratio: 0, floor: 0 });
    for (let request = 0; request < 100; request += 1) budget.deposit();
    assert.equal(drain(budget, 0), 0);
  });

  it("refuses numbers out of range", () => {
    assert.throws(() => new RetryBudget({ ratio: -1 }), RangeError);
    assert.throws(() => new RetryBudget({ floor: NaN }), RangeError);
  });

  it("is shared by the copies of a Retry, and throws the error when it is empty", () => {
    const retry = new Retry({ total: null, budget: new RetryBudget({ ratio: 0, floor: 3 }) });
    after(retry, refused, refused);
    after(retry.new({ backoffFactor: 1 }), 503);
    const signal = exhausted(() => after(retry, refused));
    assert.equal(signal.reason, refused);
    assert.match(signal.message, /budget/);
    assert.equal(exhausted(() => after(retry, 503)).reason, "too many 503 error responses");
  });

  it("is charged for retries only", () => {
    const budget = new RetryBudget({ ratio: 0, floor: 1 });
    const retry = new Retry({ total: 0, budget });
    exhausted(() => after(retry, refused));
    assert.throws(() => retry.increment({ method: "POST", url, error: reset }), reset);
    assert.equal(budget.balance, 1);
  });
});
