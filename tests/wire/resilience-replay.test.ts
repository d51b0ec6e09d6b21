/** The bodies that are sent again when a request is retried, and how often a failing server receives requests. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it, mock } from "node:test";

import {
  ConnectionError,
  HTTPAdapter,
  Retry,
  RetryBudget,
  Session,
  UnrewindableBodyError,
  type RequestOptions,
  type RetryOptions,
} from "requests-ts";

import { faultProxy, type Planner } from "../_support/fault-proxy.js";
import { failure, serve, type Received, type Scripted } from "../integration/client/serve.js";

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

function sessionWith(maxRetries: number | Retry): Session {
  const session = new Session({ trustEnv: false });
  session.mount("http://", new HTTPAdapter({ maxRetries }));
  return session;
}

const policy = (options: RetryOptions): Retry => new Retry({ total: 2, statusForcelist: [503], ...options });

describe("a body is sent again", { timeout: 20_000 }, () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "requests-ts-"));
    file = join(folder, "body.txt");
    await writeFile(file, "of a file");
  });
  after(() => rm(folder, { recursive: true }));

  const bodies: readonly [what: string, body: () => RequestOptions | Promise<RequestOptions>][] = [
    ["a string", () => ({ data: "text" })],
    ["bytes", () => ({ data: Buffer.from([0, 1, 2, 65]) })],
    ["a form", () => ({ data: { a: "1" } })],
    ["JSON", () => ({ json: { a: 1 } })],
    ["multipart", () => ({ files: { f: "content" } })],
    ["a Blob", () => ({ data: new Blob(["blob"]) })],
    ["a file by createReadStream", () => ({ data: createReadStream(file) })],
    ["a file by its handle", async () => ({ data: await open(file) })],
    ["an iterable that starts again", () => ({ data: new Set(["a", "b"]) })],
  ];
  for (const [what, body] of bodies)
    for (const failing of ["a 503", "a broken connection"])
      it(`${what}, after ${failing}`, async () => {
        prepare(failing === "a 503" ? [503] : [200], [200]);
        const once: Planner = (connection) =>
          connection === 1 && failing !== "a 503" ? { down: { kind: "cut", at: "head" } } : {};
        await using proxy = await faultProxy(server.port, once);
        await using session = sessionWith(policy({}));
        const options = await body();
        try {
          assert.equal((await session.put(proxy.url, options)).statusCode, 200);
        } finally {
          if (what.endsWith("handle")) await (options.data as { close(): Promise<void> }).close();
        }
        const [first, second, ...more] = await received(2);
        assert.deepEqual([second.body, more.length], [first.body, 0]);
        assert.notEqual(first.body, "");
      });

  async function received(count: number): Promise<readonly Received[]> {
    while (server.requests.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    return server.requests;
  }

  function* generator(): Generator<string> {
    yield "only once";
  }
  it("except a generator after a broken connection: that error is thrown", async () => {
    await using proxy = await faultProxy(server.port, { down: { kind: "cut", at: 0 } });
    await using session = sessionWith(2);
    const error = await failure(session.put(proxy.url, { data: generator() }));
    assert.ok(error instanceof ConnectionError, String(error));
    assert.deepEqual([error.code, proxy.connections], ["ERR_CONNECTION_CLOSED", 1]);
  });
  it("except a generator when the response asks for it: UnrewindableBodyError has the response", async () => {
    prepare([503]);
    await using session = sessionWith(policy({}));
    const error = await failure(session.put(server.url, { data: generator() }));
    assert.ok(error instanceof UnrewindableBodyError, String(error));
    assert.deepEqual([error.response?.statusCode, server.requests.length], [503, 1]);
  });
});

describe("the retry budget", { timeout: 20_000 }, () => {
  const CALLS = 300;

  /** The calls, 30 at a time. */
  async function storm(session: Session, url: string): Promise<unknown[]> {
    const outcomes: unknown[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next++ < CALLS)
        outcomes.push(
          await session.get(url).then(
            (response) => response.statusCode,
            (error: unknown) => error,
          ),
        );
    };
    await Promise.all(Array.from({ length: 30 }, worker));
    return outcomes;
  }

  function assertBounded(requests: number, seconds: number, floor: number): void {
    // The floor comes back within ten seconds.
    const most = CALLS * 1.2 + floor + (seconds / 10) * floor + 1;
    assert.ok(requests <= most, `${requests} requests for ${CALLS} calls, more than ${most}`);
    assert.ok(requests >= CALLS * 1.15, `${requests} requests: nothing was retried`);
  }

  it("limits retries during an outage with 503 responses", async () => {
    mock.method(Math, "random", () => 0);
    prepare([503]);
    await using session = new Session({ retries: 3 });
    const started = performance.now();
    const outcomes = await storm(session, server.url);
    assert.deepEqual(new Set(outcomes), new Set([503]));
    assertBounded(server.requests.length, (performance.now() - started) / 1000, 10);
  });
  it("limits retries during an outage with broken connections", async () => {
    mock.method(Math, "random", () => 0);
    await using proxy = await faultProxy(server.port, { accept: "close" });
    await using session = new Session({ retries: 3 });
    const started = performance.now();
    const outcomes = await storm(session, proxy.url);
    assert.ok(outcomes.every((outcome) => outcome instanceof ConnectionError));
    assertBounded(proxy.connections, (performance.now() - started) / 1000, 10);
  });
  it("is shared by the policies that have it", async () => {
    prepare([503]);
    const budget = new RetryBudget({ ratio: 0, floor: 3 });
    await using one = sessionWith(policy({ total: 10, raiseOnStatus: false, budget }));
    await using other = sessionWith(policy({ total: 10, raiseOnStatus: false, budget }));
    await one.get(server.url);
    await other.get(server.url);
    assert.equal(server.requests.length, 5);
  });
});
