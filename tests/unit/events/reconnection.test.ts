/** When a stream of events goes on, and after how long. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  ChunkedEncodingError,
  ConnectionError,
  ConnectTimeout,
  HTTPError,
  ReadTimeout,
  RequestException,
  Response,
  SSLError,
} from "requests-ts";
import {
  askedDelay,
  delayAfter,
  isPassing,
  isSendableId,
  refusal,
  verdictOf,
  type Verdict,
} from "#internal/events/reconnection";

const answer = (statusCode: number, type?: string): Response =>
  new Response({ statusCode, headers: type === undefined ? {} : { "Content-Type": type } });

describe("verdictOf", () => {
  const cases: readonly (readonly [number, string | undefined, Verdict])[] = [
    [200, "text/event-stream", "open"],
    [200, "Text/Event-Stream; charset=utf-8", "open"],
    [200, "text/event-stream-2", "failed"],
    [200, "application/json", "failed"],
    [200, undefined, "failed"],
    [204, undefined, "finished"],
    [204, "text/event-stream", "finished"],
    [201, "text/event-stream", "failed"],
    [304, "text/event-stream", "failed"],
    [400, "text/event-stream", "failed"],
    [404, undefined, "failed"],
    [429, undefined, "again"],
    [500, undefined, "again"],
    [503, "text/event-stream", "again"],
    [599, undefined, "again"],
  ];
  for (const [status, type, verdict] of cases)
    it(`${status} ${type ?? "without a type"}: ${verdict}`, () => {
      assert.equal(verdictOf(answer(status, type)), verdict);
    });
});

describe("refusal", () => {
  const cases: readonly (readonly [number, string | undefined, string, RegExp])[] = [
    [404, undefined, "ERR_HTTP_STATUS", /404 Client Error/],
    [200, "text/html", "ERR_EVENT_STREAM", /Content-Type is "text\/html" and must be "text\/event-stream"/],
    [200, undefined, "ERR_EVENT_STREAM", /Content-Type is missing/],
    [304, undefined, "ERR_EVENT_STREAM", /status is 304 and must be 200/],
  ];
  for (const [status, type, code, message] of cases)
    it(`gives a reason for ${status} ${type ?? ""}`, () => {
      const response = answer(status, type);
      const error = refusal(response);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.equal(error.response, response);
    });
});

describe("isPassing", () => {
  const cases: readonly (readonly [unknown, boolean])[] = [
    [new ConnectionError("x"), true],
    [new ConnectTimeout("x"), true],
    [new ReadTimeout("x"), true],
    [new ChunkedEncodingError("x"), true],
    [new SSLError("x"), false],
    [new ConnectionError("x", { code: "ERR_ADDRESS_NOT_ALLOWED" }), false],
    [new ConnectionError("x", { code: "ERR_PROXY_AUTHENTICATION" }), false],
    [new HTTPError("x"), false],
    [new RequestException("x"), false],
    [new TypeError("x"), false],
    ["x", false],
  ];
  for (const [error, expected] of cases)
    it(`${String(error)} ${error instanceof RequestException ? error.code : ""}: ${expected}`, () => {
      assert.equal(isPassing(error), expected);
    });
});

describe("delayAfter", () => {
  // prettier-ignore
  const cases: readonly (readonly [failures: number, retry: number, least: number, most: number])[] = [
    [0, 3, 3, 3],
    [1, 3, 3, 6],
    [2, 3, 3, 12],
    [9, 3, 3, 60],
    [2000, 3, 3, 60],
    [0, 0, 0.5, 0.5],
    [0, 0.01, 0.5, 0.5],
    [0, 0.7, 0.7, 0.7],
    [1, 0, 0.5, 1],
    [3, 0, 0.5, 4],
    [1, 0.1, 0.5, 1],
    [1, 120, 120, 120],
  ];
  for (const [failures, retry, least, most] of cases)
    it(`${failures} failures, retry ${retry} s: ${least} to ${most} s`, () => {
      assert.equal(delayAfter(failures, retry, 0), least);
      assert.ok(Math.abs(delayAfter(failures, retry, 1) - most) < 1e-9);
    });
});

describe("askedDelay", () => {
  for (const [value, seconds] of [
    ["7", 7],
    ["0", 0],
    ["soon", null],
    ["999999999", 21600],
  ] as const)
    // prettier-ignore
    it(`reads Retry-After: ${value} as ${seconds}`, () => {
      assert.equal(askedDelay(new Response({ statusCode: 503, headers: { "Retry-After": value } })), seconds);
    });
  it("returns null without Retry-After", () => {
    assert.equal(askedDelay(new Response({ statusCode: 503 })), null);
  });
});

describe("isSendableId", () => {
  for (const [id, expected] of [
    ["", true],
    ["42", true],
    ["ü – 日本", true],
    ["a\tb", true],
    ["a\0b", false],
    ["a\x01", false],
    [" a", false],
    ["x".repeat(9000), false],
  ] as const)
    it(`${JSON.stringify(id.slice(0, 10))}: ${expected}`, () => {
      assert.equal(isSendableId(id), expected);
    });
});
