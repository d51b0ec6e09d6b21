/** The limits of a whole call and of its wait for a connection: they hold wherever it stands. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Retry, Session, type RequestOptions } from "requests-ts";
import {
  answering,
  assertTimedOut,
  eventually,
  GRACE,
  OK,
  pause,
  rawServer,
  rejection,
  type ExpectedTimeout,
  type RawServer,
  type Script,
} from "../_support/raw-server.js";

const SHORT = 0.04;

let session: Session;
let adapter: HTTPAdapter;
let server: RawServer | null = null;

function use(options: ConstructorParameters<typeof HTTPAdapter>[0]): void {
  adapter = new HTTPAdapter(options);
  session.mount("http://", adapter);
  session.mount("https://", adapter);
}

beforeEach(() => {
  session = new Session();
  use({});
});
afterEach(async () => {
  await session.close();
  await server?.close();
  server = null;
});

async function serve(script: Script): Promise<string> {
  server = await rawServer(script);
  return server.url;
}

async function assertNothingLeft(): Promise<void> {
  await session.close();
  await eventually(() => adapter.statistics.open === 0 && adapter.statistics.waiting === 0);
}

const OPTIONS = { timeout: 30_000 };

describe("timeout.total [timeout-total]", OPTIONS, () => {
  const total = (phase: string, after = SHORT): ExpectedTimeout => ({
    name: "TotalTimeout",
    code: "ERR_TOTAL_TIMEOUT",
    phase,
    message: new RegExp(
      `^Total timeout reached\\. \\(total timeout=${after}\\) The call, with its redirects, retries and body, did not finish within ${after} s$`,
    ),
    after,
  });
  const limited: RequestOptions = { timeout: { total: SHORT } };

  it("ends a wait in the queue", async () => {
    use({ maxConnections: 1 });
    const url = await serve((peer) => peer.request().then(() => undefined));
    const abort = new AbortController();
    const blocking = session.get(url, { signal: abort.signal });
    await server!.peer(1);
    const started = performance.now();
    assertTimedOut(await rejection(session.get(url, limited)), started, total("pool"));
    assert.equal(adapter.statistics.waiting, 0);
    abort.abort(new Error("enough"));
    await assert.rejects(blocking, /enough/);
    await assertNothingLeft();
  });

  it("ends a name lookup that never finishes", async () => {
    use({ lookup: () => undefined });
    const started = performance.now();
    assertTimedOut(await rejection(session.get("http://slow.example/", limited)), started, total("dns"));
    await assertNothingLeft();
  });

  it("ends a wait for a silent server", async () => {
    const url = await serve((peer) => peer.request().then(() => undefined));
    const started = performance.now();
    const error = await rejection(session.get(url, limited));
    assertTimedOut(error, started, total("wait"));
    assert.equal(error.address, server!.address);
    await assertNothingLeft();
  });

  const dripping: Script = async (peer) => {
    await peer.request();
    await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (!peer.isGone) {
      await peer.send("x");
      await pause(5);
    }
  };
  it("ends a body that arrives slowly", async () => {
    const url = await serve(dripping);
    const started = performance.now();
    const error = await rejection(session.get(url, { timeout: { total: SHORT, read: 1 } }));
    assertTimedOut(error, started, total("receive"));
    await assertNothingLeft();
  });

  it("ends a streamed body that arrives slowly", async () => {
    const url = await serve(dripping);
    const started = performance.now();
    const response = await session.get(url, { ...limited, stream: true });
    assertTimedOut(await rejection(response.read()), started, total("receive"));
    await assertNothingLeft();
  });

  it("ends an upload that is read slowly", async () => {
    const url = await serve((peer) => peer.request().then(() => undefined));
    async function* drip(): AsyncGenerator<string, void> {
      for (;;) {
        yield "x";
        await pause(5);
      }
    }
    const started = performance.now();
    assertTimedOut(await rejection(session.post(url, { ...limited, data: drip() })), started, total("send"));
    await assertNothingLeft();
  });

  it("covers redirects", async () => {
    const url = await serve(async (peer) => {
      for (;;) {
        await peer.request();
        await pause(15);
        await peer.send("HTTP/1.1 302 x\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
      }
    });
    const started = performance.now();
    // Long enough for a redirect on a busy machine.
    session.maxRedirects = 1000;
    const error = await rejection(session.get(url, { timeout: { total: 0.8 } }));
    // Between two requests there is no phase.
    assertTimedOut(error, started, total(error.phase ?? (undefined as unknown as string), 0.8));
    assert.ok(error.phase === undefined || error.phase === "wait", error.phase);
    assert.ok(server!.peers[0].received.split("GET ").length > 2, "there was no redirect");
    await assertNothingLeft();
  });

  it("covers retries and the pauses between them", async () => {
    use({ maxRetries: new Retry({ total: 50, statusForcelist: [503], backoffFactor: 0.01 }) });
    const url = await serve(answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"));
    const started = performance.now();
    const error = await rejection(session.get(url, limited));
    const elapsed = performance.now() - started;
    assert.equal(error.name, "TotalTimeout");
    assert.ok(elapsed >= 39.5 && elapsed < 40 + GRACE, `${elapsed} ms`);
    await assertNothingLeft();
  });

  it("does not fire after the call", async () => {
    const url = await serve(answering(OK));
    const ample: RequestOptions = { timeout: { total: 0.15 } };
    assert.equal((await session.get(url, ample)).text, "ok");
    const response = await session.get(url, { ...ample, stream: true });
    await response.read();
    await pause(170);
    assert.equal((await session.get(url)).reused, true);
  });
});

describe("timeout.pool", OPTIONS, () => {
  it("ends a wait for a pool whose connections are all in use", async () => {
    use({ maxConnections: 1 });
    const url = await serve(async (peer) => {
      await peer.request();
      await pause(100);
      await peer.send(OK);
      await answering(OK)(peer);
    });
    const blocking = session.get(url);
    await server!.peer(1);
    const started = performance.now();
    const error = await rejection(session.get(url, { timeout: { pool: SHORT } }));
    assertTimedOut(error, started, {
      name: "PoolTimeout",
      code: "ERR_POOL_TIMEOUT",
      phase: "pool",
      message:
        /^Pool timed out\. \(pool timeout=0\.04\) All 1 connections to 127\.0\.0\.1:\d+ are in use: raise maxConnections of HTTPAdapter, or send less at once$/,
      after: SHORT,
    });
    assert.equal(error.address, server!.address);
    const waiting = session.get(url, { timeout: { pool: 5 } });
    assert.equal((await blocking).text, "ok");
    assert.equal((await waiting).reused, true);
    await assertNothingLeft();
  });
});

describe("an invalid timeout", OPTIONS, () => {
  for (const timeout of [0, -1, NaN, [1, 0], { total: 0 }, { pool: -1 }] as const)
    it(`${JSON.stringify(timeout)} throws a RangeError`, async () => {
      await assert.rejects(session.get("http://127.0.0.1:1/", { timeout }), RangeError);
    });
});
