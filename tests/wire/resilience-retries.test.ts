/** Retries from end to end: what the server gets, what the caller learns, and when it is over. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it, mock } from "node:test";

import {
  ConnectionError,
  ContentDecodingError,
  HTTPAdapter,
  ReadTimeout,
  RequestException,
  Retry,
  RetryError,
  Session,
  type RequestOptions,
  type RetryEvent,
  type RetryOptions,
} from "requests-ts";

import { faultProxy } from "../_support/fault-proxy.js";
import { failure, serve, type Scripted } from "../integration/client/serve.js";

let server: Scripted;
/** Status and headers of the next answers; the last one stays. */
let answers: readonly (readonly [status: number, headers?: Readonly<Record<string, string>>])[];

before(async () => {
  server = await serve((_request, response) => {
    const [status, headers = {}] = (answers.length > 1 ? answers.slice(0, 1) : answers)[0];
    answers = answers.length > 1 ? answers.slice(1) : answers;
    response.writeHead(status, headers);
    response.end("answer");
  });
});
after(() => server.close());
afterEach(() => mock.restoreAll());

function prepare(...next: typeof answers): void {
  answers = next;
  server.requests.length = 0;
}

function sessionWith(maxRetries: number | Retry, timeout: RequestOptions["timeout"] = null): Session {
  const session = new Session({ trustEnv: false, timeout });
  session.mount("http://", new HTTPAdapter({ maxRetries }));
  return session;
}

const NOW = { "Retry-After": "0" };
const policy = (options: RetryOptions): Retry => new Retry({ total: 2, statusForcelist: [503], ...options });

describe("repeated requests", { timeout: 20_000 }, () => {
  const table: readonly [
    what: string,
    Session,
    method: string,
    statuses: typeof answers,
    requests: number,
    status: number,
  ][] = [
    ["no retries", new Session(), "GET", [[503, NOW], [200]], 1, 503],
    ["maxRetries: 3, a bare 503", sessionWith(3), "GET", [[503], [200]], 1, 503],
    ["maxRetries: 3, a 503 with Retry-After", sessionWith(3), "GET", [[503, NOW], [429, NOW], [200]], 3, 200],
    ["maxRetries: 2, Retry-After each time", sessionWith(2), "GET", [[503, NOW]], 3, 503],
    ["maxRetries: 3, a POST", sessionWith(3), "POST", [[503, NOW], [200]], 1, 503],
    ["a Retry's list", sessionWith(policy({})), "PUT", [[503], [503], [200]], 3, 200],
    ["a Retry's list, another status", sessionWith(policy({})), "GET", [[502], [200]], 1, 502],
    ["raiseOnStatus: false", sessionWith(policy({ raiseOnStatus: false })), "GET", [[503]], 3, 503],
    ["allowedMethods: null, a POST", sessionWith(policy({ allowedMethods: null })), "POST", [[503], [200]], 2, 200],
    ["allowedMethods with POST", sessionWith(policy({ allowedMethods: ["POST"] })), "POST", [[503], [200]], 2, 200],
    [
      "allowedMethods with POST, a GET",
      sessionWith(policy({ allowedMethods: ["POST"] })),
      "GET",
      [[503], [200]],
      1,
      503,
    ],
    ["retries: 3, a bare 503", new Session({ retries: 3 }), "GET", [[503], [500], [200]], 3, 200],
    ["retries: 2, 500 each time", new Session({ retries: 2 }), "GET", [[500]], 3, 500],
    ["retries: 3, a POST", new Session({ retries: 3 }), "POST", [[503, NOW], [200]], 1, 503],
    ["retries: a Retry", new Session({ retries: policy({}) }), "DELETE", [[503], [200]], 2, 200],
  ];
  for (const [what, session, method, statuses, requests, status] of table)
    it(`${what}: sends ${method} ${requests} times`, async () => {
      mock.method(Math, "random", () => 0);
      prepare(...statuses);
      await using own = session;
      const response = await own.request(method, server.url);
      assert.equal(response.statusCode, status);
      assert.equal(response.text, "answer");
      assert.deepEqual(
        server.requests.map((request) => request.method),
        Array<string>(requests).fill(method),
      );
      const history = response.raw.retries?.history ?? [];
      assert.deepEqual(
        history.map((record) => record.status),
        statuses.length > 1
          ? statuses.slice(0, requests - 1).map(([one]) => one)
          : Array<number>(requests - 1).fill(status),
      );
    });

  it("include a POST that could not be connected, over the same adapter", async () => {
    let lookups = 0;
    await using session = new Session({ trustEnv: false });
    session.mount(
      "http://",
      new HTTPAdapter({
        maxRetries: 2,
        lookup: (_host, options, done) => {
          lookups += 1;
          if (lookups < 3) done(Object.assign(new Error("try again"), { code: "EAI_AGAIN" }), "");
          else if (options.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
          else done(null, "127.0.0.1", 4);
        },
      }),
    );
    prepare([200]);
    const response = await session.post(`http://sometimes.test:${server.port}/`, { data: "once" });
    assert.deepEqual(
      [response.statusCode, lookups, server.requests.map((request) => request.body)],
      [200, 3, ["once"]],
    );
  });

  it("are counted separately for each redirect", async () => {
    prepare([503], [302, { Location: "/next" }], [503], [503], [200]);
    await using session = sessionWith(policy({}));
    const response = await session.get(server.url);
    assert.deepEqual([response.statusCode, server.requests.length, response.raw.retries?.history.length], [200, 5, 2]);
  });
});

describe("the caller receives", { timeout: 20_000 }, () => {
  it("RetryError with every attempt [retry-history]", async () => {
    prepare([503]);
    await using session = sessionWith(policy({}));
    const error = await failure(session.get(`${server.url}/busy`));
    assert.ok(error instanceof RetryError, String(error));
    assert.match(
      error.message,
      /^Max retries exceeded with url: .*\/busy \(too many 503 error responses, 3 attempts\)$/,
    );
    assert.deepEqual([error.response?.statusCode, error.attempt, error.request?.url], [503, 3, `${server.url}/busy`]);
    const record = { method: "GET", url: `${server.url}/busy`, error: null, status: 503, redirectLocation: null };
    assert.deepEqual(error.retries?.history, [record, record, record]);
  });

  it("ConnectionError with every attempt", async () => {
    await using proxy = await faultProxy(server.port, { accept: "close" });
    await using session = sessionWith(2);
    const error = await failure(session.get(proxy.url));
    assert.ok(error instanceof ConnectionError, String(error));
    assert.match(error.message, /^Max retries exceeded \(3 attempts\): /);
    assert.deepEqual([error.attempt, error.retries?.history.length, proxy.connections], [3, 3, 3]);
    assert.equal(error.retries?.history[2]?.error, error);
    assert.deepEqual(
      error.retries?.history.map((record) => (record.error as ConnectionError).attempt),
      [1, 2, 3],
    );
  });

  it("the history also when the last attempt fails with an error that is not retried", async () => {
    prepare([503], [200, { "Content-Encoding": "gzip" }]);
    await using session = sessionWith(policy({}));
    const error = await failure(session.get(server.url));
    assert.ok(error instanceof ContentDecodingError, String(error));
    assert.deepEqual(
      error.retries?.history.map((record) => record.status),
      [503],
    );
  });

  it("a call of onRetry before each wait, with the password masked", async () => {
    const events: RetryEvent[] = [];
    prepare([503], [503], [200]);
    await using session = sessionWith(policy({ backoffFactor: 0.01, onRetry: (event) => events.push(event) }));
    const url = `http://user:secret@127.0.0.1:${server.port}/`;
    await session.get(url);
    const shown = `http://user:***@127.0.0.1:${server.port}/`;
    const both = { method: "GET", error: null, status: 503 };
    assert.deepEqual(
      events.map((event) => ({ ...event, url: event.url.replace(/:[^:@/]+@/, ":***@") })),
      [
        { ...both, url: shown, attempt: 1, delay: 0 },
        { ...both, url: shown, attempt: 2, delay: 0.02 },
      ],
    );
    assert.ok(!JSON.stringify(events).includes("secret"));
  });

  for (const [name, options] of [
    ["onRetry", { onRetry: thrower }],
    ["predicate", { predicate: thrower }],
  ] as const)
    it(`the error that ${name} throws, and the connection is free`, async () => {
      prepare([503]);
      await using session = new Session({ trustEnv: false });
      const adapter = new HTTPAdapter({ maxRetries: policy(options) });
      session.mount("http://", adapter);
      const error = await failure(session.get(server.url, { stream: true }));
      assert.ok(error instanceof RequestException, String(error));
      assert.deepEqual(
        [error.code, (error.cause as Error).message, server.requests.length],
        ["ERR_CALLBACK", "mine", 1],
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(adapter.statistics.open, adapter.statistics.idle);
    });
});

function thrower(): never {
  throw new Error("mine");
}

describe("Retry.predicate", { timeout: 20_000 }, () => {
  it("can retry a POST, a status that is not listed, and a 200", async () => {
    prepare([418], [200, { "X-Ready": "no" }], [200]);
    const predicate: RetryOptions["predicate"] = ({ response }) =>
      response !== null && (response.statusCode === 418 || response.headers.get("x-ready") === "no");
    await using session = sessionWith(new Retry({ total: 5, predicate }));
    assert.equal((await session.post(server.url, { data: "x" })).statusCode, 200);
    assert.deepEqual(
      server.requests.map((request) => request.body),
      ["x", "x", "x"],
    );
  });
  it("can refuse a retry that the rules allow", async () => {
    prepare([503], [200]);
    await using session = sessionWith(policy({ predicate: ({ attempt, retryable }) => retryable && attempt > 1 }));
    assert.equal((await session.get(server.url)).statusCode, 503);
  });
});

describe("the wait before a retry", { timeout: 20_000 }, () => {
  /** Delays that onRetry is told, up to a number of them; the call is given up there. */
  async function delays(retry: Retry, upTo: number): Promise<number[]> {
    const told: number[] = [];
    const abort = new AbortController();
    const onRetry = ({ delay }: RetryEvent): void => {
      told.push(delay);
      if (told.length === upTo || delay > 0.1) abort.abort(new Error("enough"));
    };
    await using session = sessionWith(retry.new({ onRetry }));
    const error = await failure(session.get(server.url, { signal: abort.signal }));
    assert.equal(error.message, "enough");
    return told;
  }

  const inTwoSeconds = (): string => new Date(Date.now() + 2000).toUTCString();
  const table: readonly [value: () => string, retry: Retry, least: number, most: number][] = [
    [() => "1", Retry.fromInt(3), 1, 1],
    [() => " 7 ", Retry.fromInt(3), 7, 7],
    [inTwoSeconds, Retry.fromInt(3), 0.9, 2],
    [() => "Sun, 06 Nov 1994 08:49:37 GMT", policy({}), 0, 0],
    [() => "soon", policy({}), 0, 0],
    [() => "-5", policy({}), 0, 0],
    [() => "1e9", policy({}), 0, 0],
    [() => "9".repeat(60), Retry.fromInt(3), 21_600, 21_600],
    [() => "9".repeat(60), new Retry({ retryAfterMax: 30 }), 30, 30],
    [() => "3600", Retry.sensible(3), 120, 120],
    [() => "5", policy({ respectRetryAfterHeader: false }), 0, 0],
  ];
  for (const [value, retry, least, most] of table)
    it(`is at most ${most} s for Retry-After: ${value().slice(0, 30)} with ${retry.toString()}`, async () => {
      prepare([503, { "Retry-After": value() }]);
      const [delay] = await delays(retry, 1);
      assert.ok(delay >= least && delay <= most, `${delay} s`);
    });

  it("grows exponentially with backoffFactor", async () => {
    prepare([503]);
    assert.deepEqual(
      await delays(new Retry({ statusForcelist: [503], backoffFactor: 0.005 }), 4),
      [0, 0.01, 0.02, 0.04],
    );
  });
  it("is random with Retry.sensible", async () => {
    mock.method(Math, "random", () => 0.1);
    prepare([503]);
    assert.deepEqual(await delays(Retry.sensible(3), 2), [0.05, 0.1]);
  });
  it("takes real time", async () => {
    prepare([503], [503], [503], [200]);
    await using session = sessionWith(new Retry({ statusForcelist: [503], backoffFactor: 0.01 }));
    const started = performance.now();
    await session.get(server.url);
    const waited = performance.now() - started;
    assert.ok(waited >= 60 && waited < 30_000, `${waited} ms`);
  });
  it("can be longer than a timer of Node allows", async () => {
    prepare([503]);
    const retry = policy({ backoffFactor: 1e9, backoffMax: Infinity, total: null });
    await using session = sessionWith(retry, { total: 0.05 });
    const error = await failure(session.get(server.url));
    assert.deepEqual([error.name, server.requests.length], ["TotalTimeout", 2]);
  });
});

it("a read timeout is retried for a GET, and each attempt has its own time", async () => {
  await using proxy = await faultProxy(server.port, (connection) =>
    connection < 3 ? { down: { kind: "stall", at: 0 } } : {},
  );
  prepare([200]);
  await using session = sessionWith(2, { read: 0.05 });
  const response = await session.get(proxy.url);
  assert.equal(response.statusCode, 200);
  assert.deepEqual(
    response.raw.retries?.history.map((record) => record.error instanceof ReadTimeout),
    [true, true],
  );
});
