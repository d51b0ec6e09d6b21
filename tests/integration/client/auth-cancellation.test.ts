/** The signal and the total timeout of a call end the wait for an auth object; promises of any kind are awaited. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { AuthBase, Session, TotalTimeout, type AuthInit, type PreparedRequest, type Response } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

const URL_ = "http://api.example.test/x";

/** Settles when the test says so. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

interface Waiting {
  readonly name: string;
  readonly auth: (opened: Promise<void>, log: string[]) => AuthInit;
}

const WAITING: readonly Waiting[] = [
  {
    name: "flow() before its first request",
    auth: (opened, log) =>
      new (class extends AuthBase {
        override async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
          try {
            await opened;
            yield request;
          } finally {
            log.push("finally");
          }
        }
      })(),
  },
  {
    name: "flow() after a response",
    auth: (opened, log) =>
      new (class extends AuthBase {
        override async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
          try {
            yield request;
            await opened;
            yield request.copy();
          } finally {
            log.push("finally");
          }
        }
      })(),
  },
  {
    name: "an async apply()",
    auth: (opened) =>
      new (class extends AuthBase {
        override async apply(request: PreparedRequest): Promise<PreparedRequest> {
          await opened;
          return request;
        }
      })(),
  },
  { name: "an async function", auth: (opened) => (request) => opened.then(() => request) },
];

describe("a call whose auth object is still working", () => {
  for (const { name, auth } of WAITING) {
    it(`rejects with the reason of its signal: ${name}`, async () => {
      const { opened, open } = gate();
      const log: string[] = [];
      const session = new Session();
      mockRequests(session).any(URL_, { status: 401 });
      const controller = new AbortController();
      const call = session.get(URL_, { auth: auth(opened, log), signal: controller.signal });
      setImmediate(() => controller.abort(new Error("given up")));
      // The gate is still closed: nothing but the signal can end the call.
      await assert.rejects(call, /given up/);
      open();
      await opened;
      await new Promise(setImmediate);
      if (name.startsWith("flow")) assert.deepEqual(log, ["finally"], "the flow was not ended");
    });

    it(`rejects at its total timeout: ${name}`, async () => {
      const { opened } = gate();
      const session = new Session();
      mockRequests(session).any(URL_, { status: 401 });
      await assert.rejects(
        async () => session.get(URL_, { auth: auth(opened, []), timeout: { total: 0.02 } }),
        TotalTimeout,
      );
    });
  }
});

describe("a promise returned by apply()", () => {
  /** A promise of another library: it has `then`, and nothing else. */
  class Thenable {
    readonly #value: unknown;
    constructor(value: unknown) {
      this.#value = value;
    }
    then(resolve: (value: unknown) => void): void {
      queueMicrotask(() => resolve(this.#value));
    }
  }

  const signing = (wrap: (request: PreparedRequest) => unknown): AuthBase =>
    new (class extends AuthBase {
      override apply(request: PreparedRequest): PreparedRequest {
        request.headers["X-Signed"] = "1";
        return wrap(request) as PreparedRequest;
      }
    })();

  for (const [name, auth] of [
    ["a thenable", signing((request) => new Thenable(request))],
    ["a promise", signing((request) => Promise.resolve(request))],
    ["a copy by a thenable", signing((request) => new Thenable(request.copy()))],
  ] as const)
    it(`is awaited: ${name}`, async () => {
      const session = new Session({ auth });
      const mock = mockRequests(session);
      mock.get(URL_);
      await session.get(URL_);
      assert.equal(mock.calls[0].request.headers["X-Signed"], "1");
    });

  for (const [name, auth] of [
    ["undefined", signing(() => undefined)],
    ["undefined by a promise", signing(() => Promise.resolve(undefined))],
    ["undefined by a thenable", signing(() => new Thenable(undefined))],
    ["another object", signing(() => ({ signed: true }))],
  ] as const)
    it(`throws a TypeError and sends nothing when it resolves to ${name}`, async () => {
      const session = new Session({ auth });
      const mock = mockRequests(session);
      mock.get(URL_);
      await assert.rejects(async () => session.get(URL_), /The auth apply\(\) must return the PreparedRequest/);
      assert.equal(mock.calls.length, 0);
    });
});
