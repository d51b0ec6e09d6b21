/** Each limit in time: never early, at most a tick late, with an exception of its own that says the phase and the time. */
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";

import {
  ConnectTimeout,
  HTTPAdapter,
  PoolTimeout,
  ReadTimeout,
  Retry,
  Session,
  TotalTimeout,
  type HTTPAdapterOptions,
  type RequestOptions,
} from "requests-ts";

import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

import { fullPort } from "../_support/fault-proxy.js";
import { GRACE, OK, pause, rawServer, rawTlsServer, type Script } from "../_support/raw-server.js";

/** Seconds. */
const LIMIT = 0.1;
/** Seconds by which it may be late: 0.015 on an idle machine, more where other tests run beside it. */
const LATE = 0.06;
/** More than the buffers of a loopback connection hold. */
const LARGE = 32 * 1024 * 1024;

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

/** A scenario: where the request goes, and how the peer behaves. */
interface Case {
  readonly name: string;
  readonly method?: string;
  readonly options?: RequestOptions;
  readonly adapter?: HTTPAdapterOptions;
  /** Takes the place of the server's address. */
  readonly url?: (address: string) => string;
  readonly script?: Script;
  readonly tls?: boolean;
  readonly phase: string | undefined;
}

type TimeoutClass = typeof ConnectTimeout | typeof ReadTimeout | typeof TotalTimeout | typeof PoolTimeout;

const silent: Script = (peer) => peer.gone;

/** Sends the head and a piece of the body every few milliseconds, without an end. */
const dripping: Script = async (peer) => {
  await peer.request();
  await peer.send(HEAD);
  while (!peer.isGone) {
    await peer.sendAndPause("*");
  }
};

function afterRequest(bytes: string): Script {
  return async (peer) => {
    await peer.request();
    await peer.send(bytes);
    await peer.gone;
  };
}

/** Answers each request a little late. */
function slowly(answer: string): Script {
  return async (peer) => {
    for (;;) {
      await peer.request();
      await pause(15);
      await peer.send(answer);
    }
  };
}

/** Right but for what a busy machine does to it. */
class Late extends Error {}

/** Never early is for every run; on time is for one of twenty, since the machine may have other work. */
async function onTime(run: () => Promise<void>): Promise<void> {
  for (let left = 19; ; left -= 1)
    try {
      return await run();
    } catch (error) {
      if (left === 0 || !(error instanceof Late)) throw error;
    }
}

async function play(one: Case, timeout: RequestOptions["timeout"], kind: TimeoutClass): Promise<void> {
  await onTime(() => playOnce(one, timeout, kind));
}

async function playOnce(one: Case, timeout: RequestOptions["timeout"], kind: TimeoutClass): Promise<void> {
  const script = one.script ?? silent;
  await using server = await (one.tls === true ? rawTlsServer(SERVER_KEY_PAIR, script) : rawServer(script));
  await using session = new Session({ trustEnv: false, verify: false, maxRedirects: 1000 });
  const adapter = new HTTPAdapter(one.adapter);
  session.mount("http://", adapter);
  session.mount("https://", adapter);
  const started = performance.now();
  const call = session.request(one.method ?? "GET", one.url?.(server.address) ?? `${server.url}/`, {
    timeout,
    ...one.options,
  });
  const error = await failure(one.options?.stream === true ? call.then((response) => response.read()) : call);
  assertOnTime(error, (performance.now() - started) / 1000, kind, one.phase);
  assert.equal(adapter.statistics.open - adapter.statistics.idle, 0, "a connection is still at work");
}

function assertOnTime(error: unknown, seconds: number, kind: TimeoutClass, phase: string | undefined): void {
  assert.ok(error instanceof kind, `${String(error)} is no ${kind.name}`);
  assert.ok(seconds >= LIMIT, `too early: after ${seconds} s`);
  assert.ok(error.elapsed! >= LIMIT && error.elapsed! <= seconds, `elapsed is ${error.elapsed} of ${seconds}`);
  if (kind !== TotalTimeout) assert.match(error.address ?? "", /:/);
  if (seconds >= LIMIT + LATE || error.phase !== phase) throw new Late(`after ${seconds} s in ${error.phase}`);
}

async function failure(call: PromiseLike<unknown>): Promise<unknown> {
  return call.then(
    (value) => assert.fail(`it gave ${String(value)}`),
    (error: unknown) => error,
  );
}

/** A server that reads by hand. */
async function readingServer(read: (socket: Socket) => void): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    read(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the connect timeout", { timeout: 300_000 }, () => {
  const slowLookup: HTTPAdapterOptions["lookup"] = (_host, options, done) => {
    setTimeout(
      () => (options.all === true ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)),
      30,
    );
  };
  const port = (address: string): string => address.slice(address.lastIndexOf(":") + 1);
  const cases: readonly Case[] = [
    { name: "DNS", phase: "dns", adapter: { lookup: () => undefined }, url: () => "http://nowhere.test/" },
    { name: "the TLS handshake", phase: "tls", url: (address) => `https://${address}/` },
    {
      name: "DNS and TLS together",
      phase: "tls",
      adapter: { lookup: slowLookup },
      url: (address) => `https://slow.test:${port(address)}/`,
    },
  ];
  for (const one of cases) it(`covers ${one.name}`, () => play(one, { connect: LIMIT }, ConnectTimeout));

  it("covers connecting by TCP", async () => {
    await using listener = await fullPort();
    await play(
      { name: "", phase: "connect", url: () => `http://127.0.0.1:${listener.port}/` },
      { connect: LIMIT },
      ConnectTimeout,
    );
  });
  it("covers a proxy that does not answer CONNECT", async () => {
    await using proxy = await rawServer(silent);
    const one = { name: "", phase: "proxy", tls: true, options: { proxies: { https: proxy.url } } };
    await play(one, { connect: LIMIT }, ConnectTimeout);
  });
  it("ends when the connection is open", async () => {
    await using server = await rawServer(slowly(OK));
    await using session = new Session({ trustEnv: false, timeout: { connect: 0.01 } });
    assert.equal((await session.get(server.url)).text, "ok");
  });
});

describe("the read timeout", { timeout: 300_000 }, () => {
  const cases: readonly Case[] = [
    { name: "silence before the response", phase: "wait" },
    { name: "silence before the response, over TLS", phase: "wait", tls: true },
    { name: "silence in the head", phase: "wait", script: afterRequest("HTTP/1.1 200 OK\r\nContent-") },
    { name: "silence in the body", phase: "receive", script: afterRequest(`${HEAD}*`) },
    {
      name: "silence in a streamed body",
      phase: "receive",
      script: afterRequest(`${HEAD}*`),
      options: { stream: true },
    },
    {
      name: "silence in a chunk's size",
      phase: "receive",
      script: afterRequest("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1"),
    },
    {
      name: "silence after a 100 Continue",
      phase: "wait",
      method: "POST",
      script: async (peer) => {
        await peer.until("\r\n\r\n");
        await peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        await peer.gone;
      },
      options: { data: "body", headers: { Expect: "100-continue" } },
    },
  ];
  for (const one of cases) it(`covers ${one.name}`, () => play(one, { read: LIMIT }, ReadTimeout));

  for (const [what, data] of [
    ["bytes", () => Buffer.alloc(LARGE)],
    ["an iterable", () => new Set(Array.from({ length: 512 }, () => Buffer.alloc(65536)))],
  ] as const)
    it(`covers a server that does not read our upload of ${what}`, async () => {
      await using server = await readingServer((socket) => socket.pause());
      const one = { name: "", phase: "send", method: "POST", url: () => server.url, options: { data: data() } };
      await play(one, { read: LIMIT }, ReadTimeout);
    });

  it("restarts with each byte", async () => {
    await using server = await rawServer(async (peer) => {
      await peer.request();
      for (const byte of OK) await peer.sendAndPause(byte);
    });
    await using session = new Session({ trustEnv: false, timeout: { read: 0.06 } });
    const started = performance.now();
    assert.equal((await session.get(server.url)).text, "ok");
    assert.ok(performance.now() - started > 120, "this test proves nothing: the response took no time");
  });
  it("gives the reader of a stream the bytes before it", async () => {
    await using server = await rawServer(afterRequest(`${HEAD}first`));
    await using session = new Session({ trustEnv: false, timeout: { read: 0.05 } });
    const response = await session.get(server.url, { stream: true });
    const pieces: string[] = [];
    const error = await failure(
      (async () => {
        for await (const piece of response.iterContent()) pieces.push(piece.toString());
      })(),
    );
    assert.deepEqual(pieces, ["first"]);
    assert.ok(error instanceof ReadTimeout, String(error));
  });
  it("does not count while the reader pauses", async () => {
    const size = 8 * 1024 * 1024;
    await using server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      await peer.send(Buffer.alloc(size));
    });
    await using session = new Session({ trustEnv: false, timeout: { read: 0.03 } });
    const response = await session.get(server.url, { stream: true });
    await pause(100);
    assert.equal((await response.read()).length, size);
  });
  it("does not count while the source of the body is slow", async () => {
    await using server = await rawServer(slowly(OK));
    await using session = new Session({ trustEnv: false, timeout: { read: 0.04 } });
    const data = (async function* () {
      yield "a";
      await pause(100);
      yield "b";
    })();
    assert.equal((await session.post(server.url, { data })).text, "ok");
  });
  for (const [what, data] of [
    ["bytes", Buffer.alloc(LARGE)],
    ["an iterable of large pieces", new Set([Buffer.alloc(LARGE / 2), Buffer.alloc(LARGE / 2, 1)])],
  ] as const)
    it(`does not end an upload of ${what} that makes slow progress`, async () => {
      let received = 0;
      await using server = await readingServer((socket) => {
        let rested = 0;
        socket.on("data", (chunk: Buffer) => {
          received += chunk.length;
          if (received >= LARGE) socket.end(OK);
          // A megabyte every 20 ms: the whole takes several times the limit.
          if (received - rested < 1024 * 1024) return;
          rested = received;
          socket.pause();
          setTimeout(() => socket.resume(), 20);
        });
      });
      await using session = new Session({ trustEnv: false, timeout: { read: 0.3 } });
      const started = performance.now();
      assert.equal((await session.post(server.url, { data })).text, "ok");
      assert.ok(performance.now() - started > 400, "this test proves nothing: the upload was fast");
    });
  it("does not shorten the wait of Expect: 100-continue", async () => {
    await using server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      await peer.until("body");
      await peer.send(OK);
    });
    await using session = new Session({ trustEnv: false, timeout: { read: 0.2 } });
    const headers = { Expect: "100-continue" };
    assert.equal((await session.post(server.url, { data: "body", headers })).text, "ok");
  });
});

describe("the total timeout", { timeout: 300_000 }, () => {
  const redirect = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
  const busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
  const cases: readonly Case[] = [
    { name: "DNS", phase: "dns", adapter: { lookup: () => undefined }, url: () => "http://nowhere.test/" },
    { name: "the TLS handshake", phase: "tls", url: (address) => `https://${address}/` },
    { name: "the wait", phase: "wait" },
    { name: "a body that drips in", phase: "receive", script: dripping },
    { name: "a streamed body that drips in", phase: "receive", script: dripping, options: { stream: true } },
    { name: "redirects", phase: "wait", script: slowly(redirect) },
    {
      name: "retries",
      phase: "wait",
      script: slowly(busy),
      adapter: { maxRetries: new Retry({ total: 1000, statusForcelist: [503] }) },
    },
    {
      name: "the back-off between retries",
      phase: undefined,
      script: slowly(busy),
      adapter: { maxRetries: new Retry({ total: 1000, statusForcelist: [503], backoffFactor: 30 }) },
    },
    {
      name: "Retry-After",
      phase: undefined,
      script: slowly("HTTP/1.1 503 Busy\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n"),
      adapter: { maxRetries: 3 },
    },
  ];
  for (const one of cases) it(`covers ${one.name}`, () => play(one, { total: LIMIT }, TotalTimeout));

  it("covers an upload that is not read", async () => {
    await using server = await readingServer((socket) => socket.pause());
    const options = { data: Buffer.alloc(LARGE) };
    await play(
      { name: "", phase: "send", method: "POST", url: () => server.url, options },
      { total: LIMIT },
      TotalTimeout,
    );
  });
  it("covers connecting by TCP", async () => {
    await using listener = await fullPort();
    await play(
      { name: "", phase: "connect", url: () => `http://127.0.0.1:${listener.port}/` },
      { total: LIMIT },
      TotalTimeout,
    );
  });
  it("does not end a response that arrived in time and is read late", async () => {
    await using server = await rawServer(slowly(OK));
    await using session = new Session({ trustEnv: false, timeout: { total: 0.05 } });
    const response = await session.get(server.url, { stream: true });
    await pause(80);
    assert.equal((await response.read()).toString(), "ok");
  });
});

describe("the pool timeout", { timeout: 300_000 }, () => {
  for (const [what, timeout, kind] of [
    ["bounds the wait for a connection", { pool: LIMIT }, PoolTimeout],
    ["is not the only limit of the wait: the total counts, too", { total: LIMIT }, TotalTimeout],
  ] as const)
    it(what, () =>
      onTime(async () => {
        await using server = await rawServer(silent);
        await using session = new Session({ trustEnv: false });
        const adapter = new HTTPAdapter({ maxConnections: 1 });
        session.mount("http://", adapter);
        const abort = new AbortController();
        const first = failure(session.get(server.url, { signal: abort.signal }));
        const started = performance.now();
        const error = await failure(session.get(server.url, { timeout }));
        assertOnTime(error, (performance.now() - started) / 1000, kind, "pool");
        assert.equal(server.peers.length, 1);
        abort.abort();
        await first;
        assert.deepEqual(adapter.statistics.waiting, 0);
      }),
    );
  it("ends when there is a connection", async () => {
    await using server = await rawServer(slowly(OK));
    await using session = new Session({ trustEnv: false, timeout: { pool: 0.05 } });
    session.mount("http://", new HTTPAdapter({ maxConnections: 1 }));
    const responses = await Promise.all([session.get(server.url), session.get(server.url)]);
    assert.deepEqual(
      responses.map((response) => response.text),
      ["ok", "ok"],
    );
  });
});

// Aborts at every other stage are in abort.test.ts.
it("an abort ends a pause between retries at once, with the reason of the signal", { timeout: 300_000 }, async () => {
  await using server = await rawServer(slowly("HTTP/1.1 503 Busy\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n"));
  await using session = new Session({ trustEnv: false });
  const controller = new AbortController();
  const reason = new Error("enough");
  let aborted = 0;
  const onRetry = (): void => {
    setTimeout(() => {
      aborted = performance.now();
      controller.abort(reason);
    }, 10);
  };
  session.mount("http://", new HTTPAdapter({ maxRetries: new Retry({ total: 3, onRetry }) }));
  assert.equal(await failure(session.get(server.url, { signal: controller.signal })), reason);
  assert.ok(performance.now() - aborted < GRACE, "it was waited for");
});
