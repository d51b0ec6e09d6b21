/** Retries through an adapter and through a session. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { after, describe, it } from "node:test";

import {
  ConnectionError,
  HTTPAdapter,
  Retry,
  RetryBudget,
  RetryError,
  Session,
  UnrewindableBodyError,
  type RetryEvent,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { closedPort, failure, serve } from "./serve.js";

const server = await httpbin();
after(() => server.close());

let keys = 0;
const flaky = (failures: number, query = ""): string => `${server.url}/flaky/key-${(keys += 1)}/${failures}${query}`;

function retrying(maxRetries: Retry | number): Session {
  const session = new Session();
  session.mount("http://", new HTTPAdapter({ maxRetries }));
  return session;
}

describe("statusForcelist", () => {
  const policy = new Retry({ total: 3, statusForcelist: [503] });

  it("is retried until success, and the response has the attempts", async () => {
    const response = await retrying(policy).get(flaky(2));
    assert.equal(response.statusCode, 200);
    assert.equal(response.json<{ attempt: number }>().attempt, 3);
    assert.equal(response.history.length, 0);
    const { retries } = response.raw as unknown as { retries: Retry };
    assert.deepEqual(
      retries.history.map(({ status, method }) => [status, method]),
      [
        [503, "GET"],
        [503, "GET"],
      ],
    );
  });

  it("throws RetryError with the last response when the attempts are used up", async () => {
    const before = server.requests.length;
    const error = await failure(retrying(policy).get(`${server.url}/status/503`));
    assert.ok(error instanceof RetryError);
    assert.equal(error.response?.statusCode, 503);
    assert.match(error.message, /Max retries exceeded/);
    assert.equal(server.requests.length, before + 4);
  });

  it("returns the last response with raiseOnStatus: false", async () => {
    const session = retrying(new Retry({ total: 1, statusForcelist: [503], raiseOnStatus: false }));
    assert.equal((await session.get(`${server.url}/status/503`)).statusCode, 503);
  });

  it("does not retry other statuses", async () => {
    const before = server.requests.length;
    assert.equal((await retrying(policy).get(`${server.url}/status/500`)).statusCode, 500);
    assert.equal(server.requests.length, before + 1);
  });

  it("does not retry a POST unless allowedMethods has it", async () => {
    assert.equal((await retrying(policy).post(flaky(1))).statusCode, 503);
    const all = new Retry({ total: 3, statusForcelist: [503], allowedMethods: null });
    assert.equal((await retrying(all).post(flaky(1))).statusCode, 200);
  });

  it("stops when the budget is used up", async () => {
    const budget = new RetryBudget({ ratio: 0, floor: 0 });
    const before = server.requests.length;
    const session = retrying(new Retry({ total: 3, statusForcelist: [503], raiseOnStatus: false, budget }));
    const response = await session.get(`${server.url}/status/503`);
    assert.equal(response.statusCode, 503);
    assert.equal(server.requests.length, before + 1);
  });
});

describe("onRetry", () => {
  it("is called before each retry", async () => {
    const events: RetryEvent[] = [];
    const policy = new Retry({ total: 3, statusForcelist: [503], onRetry: (event) => void events.push(event) });
    const url = flaky(2).replace("//", "//u:secret@");
    await retrying(policy).get(url);
    assert.deepEqual(
      events.map(({ attempt, status, method, delay }) => [attempt, status, method, delay]),
      [
        [1, 503, "GET", 0],
        [2, 503, "GET", 0],
      ],
    );
    assert.doesNotMatch(JSON.stringify(events), /secret/);
  });
});

describe("connection errors", () => {
  it("are retried, and the last error has the attempts", async () => {
    const session = retrying(2);
    const error = await failure(session.get(`http://127.0.0.1:${await closedPort()}/`));
    assert.ok(error instanceof ConnectionError);
    assert.equal(error.attempt, 3);
    assert.match(error.message, /Max retries exceeded \(3 attempts\)/);
  });

  it("are thrown unchanged without retries", async () => {
    const error = await failure(new Session().get(`http://127.0.0.1:${await closedPort()}/`));
    assert.doesNotMatch(error.message, /Max retries/);
  });

  it("retries a reset for GET and not for POST", async () => {
    assert.equal((await retrying(2).get(flaky(1, "?fault=reset"))).statusCode, 200);
    const error = await failure(retrying(2).post(flaky(1, "?fault=reset")));
    assert.ok(error instanceof ConnectionError, String(error));
  });
});

describe("Retry-After", () => {
  it("is followed for a 503 when retries is a number", async () => {
    const started = performance.now();
    const response = await retrying(1).get(flaky(1, "?retry_after=1"));
    assert.equal(response.statusCode, 200);
    assert.ok(performance.now() - started >= 990);
  });

  it("returns the last response when the attempts are used up", async () => {
    const response = await retrying(1).get(flaky(9, "?retry_after=0"));
    assert.equal(response.statusCode, 503);
  });

  it("ends at the total timeout", async () => {
    const error = await failure(retrying(1).get(`${server.url}/retry-after?seconds=60`, { timeout: { total: 0.05 } }));
    assert.equal(error.name, "TotalTimeout");
  });

  it("ends with the reason of the signal", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const call = retrying(new Retry({ total: 1, onRetry: () => controller.abort(reason) })).get(
      `${server.url}/retry-after?seconds=60`,
      { signal: controller.signal },
    );
    assert.equal(await failure(call), reason);
  });
});

describe("the body of a retried request", () => {
  const path = fileURLToPath(import.meta.url);

  for (const [name, data] of [
    ["text", () => "text"],
    ["a file", () => createReadStream(path, { end: 99 })],
    ["a Blob", () => new Blob(["blob"])],
    ["an iterable that can be restarted", () => new Set(["a", "b"])],
  ] as [string, () => unknown][])
    it(`sends ${name} again, never empty`, async () => {
      await using own = await serve((request, response) => {
        response.writeHead(own.requests.length === 1 ? 503 : 200).end(request.body);
      });
      const session = retrying(new Retry({ total: 1, statusForcelist: [503] }));
      await session.put(own.url, { data: data() as never });
      const [first, second] = own.requests;
      assert.ok(first.body.length > 0);
      assert.equal(second.body, first.body);
    });

  it("throws UnrewindableBodyError when it cannot be produced again", async () => {
    await using own = await serve((_, response) => void response.writeHead(503).end());
    const session = retrying(new Retry({ total: 1, statusForcelist: [503] }));
    const error = await failure(session.put(own.url, { data: Readable.from(["once"]) }));
    assert.ok(error instanceof UnrewindableBodyError, String(error));
    assert.equal(own.requests.length, 1);
  });

  it("throws the connection error when it cannot be produced again", async () => {
    const session = retrying(2);
    const port = await closedPort();
    const error = await failure(session.put(`http://127.0.0.1:${port}/`, { data: Readable.from(["once"]) }));
    assert.ok(error instanceof ConnectionError, String(error));
    assert.equal(error.attempt, 1);
  });
});

describe("new Session({ retries })", () => {
  it("uses a Retry as it is", async () => {
    const session = new Session({ retries: new Retry({ total: 2, statusForcelist: [418] }) });
    assert.equal((await session.get(flaky(2, "?status=418"))).statusCode, 200);
    assert.equal((await session.get(flaky(1, "?status=503"))).statusCode, 503);
  });

  for (const status of [429, 500, 502, 503, 504])
    it(`retries ${status} when it is a number`, async () => {
      const session = new Session({ retries: 1 });
      assert.equal((await session.get(flaky(1, `?status=${status}`))).statusCode, 200);
    });

  it("does not retry 404 or POST when it is a number, and returns the last response", async () => {
    const session = new Session({ retries: 1 });
    assert.equal((await session.get(flaky(1, "?status=404"))).statusCode, 404);
    assert.equal((await session.post(flaky(1))).statusCode, 503);
    assert.equal((await session.get(flaky(9))).statusCode, 503);
  });

  it("does not retry by default", async () => {
    assert.equal((await new Session().get(flaky(1))).statusCode, 503);
  });
});
