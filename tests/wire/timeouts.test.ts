/** Timeouts: each fires at its time, says in which phase, and leaves nothing behind. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { connect, type Socket } from "node:net";

import {
  ConnectionError,
  HTTPAdapter,
  Retry,
  Session,
  Timeout,
  type RequestException,
  type RequestOptions,
} from "requests-ts";
import {
  answering,
  eventually,
  OK,
  pause,
  rawServer,
  rejection,
  type RawServer,
  type Script,
} from "../_support/raw-server.js";

/** Lateness that a shared machine is forgiven, in milliseconds. */
const GRACE = 60;
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

interface Expected {
  readonly name: string;
  readonly code: string;
  readonly phase: string;
  readonly message: RegExp;
  /** Seconds. */
  readonly after: number;
}

/** @param started - When the time began to count. */
function assertTimedOut(error: RequestException, started: number, expected: Expected): void {
  const elapsed = performance.now() - started;
  assert.deepEqual([error.name, error.code, error.phase], [expected.name, expected.code, expected.phase]);
  assert.match(error.message, expected.message);
  assert.ok(error instanceof Timeout);
  const wanted = expected.after * 1000;
  assert.ok(elapsed >= wanted - 0.5, `${wanted - elapsed} ms early`);
  assert.ok(elapsed < wanted + GRACE, `${elapsed - wanted} ms late`);
  assert.ok(error.elapsed !== undefined && error.elapsed * 1000 >= wanted - 0.6, `elapsed is ${error.elapsed}`);
  assert.ok(error.elapsed * 1000 < wanted + GRACE);
}

async function assertNothingLeft(): Promise<void> {
  await session.close();
  await eventually(() => adapter.statistics.open === 0 && adapter.statistics.waiting === 0);
}

const OPTIONS = { timeout: 30_000 };

/** A listener whose thread sleeps: the kernel fills its queue, and then answers no more. */
class DeafListener {
  readonly #worker: Worker;
  readonly #fillers: Socket[] = [];
  port = 0;

  constructor() {
    const code = `
      const { parentPort } = require("node:worker_threads");
      const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
        parentPort.postMessage(server.address().port);
        setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
      });`;
    this.#worker = new Worker(code, { eval: true });
  }

  async fill(): Promise<void> {
    this.port = await new Promise<number>((resolve) => this.#worker.once("message", resolve));
    for (let accepted = true; accepted;) {
      const socket = connect(this.port, "127.0.0.1").on("error", () => undefined);
      this.#fillers.push(socket);
      accepted = await Promise.race([
        new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true))),
        pause(50).then(() => false),
      ]);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#fillers) socket.destroy();
    await this.#worker.terminate();
  }
}

describe("timeout.connect", OPTIONS, () => {
  it(
    "of a listener that does not accept",
    { skip: process.platform !== "linux" && "needs Linux's backlog" },
    async () => {
      const listener = new DeafListener();
      try {
        await listener.fill();
        const started = performance.now();
        const error = await rejection(
          session.get(`http://127.0.0.1:${listener.port}/`, { timeout: { connect: SHORT } }),
        );
        assertTimedOut(error, started, {
          name: "ConnectTimeout",
          code: "ERR_CONNECT_TIMEOUT",
          phase: "connect",
          message:
            /^Connection to 127\.0\.0\.1:\d+ timed out\. \(connect timeout=0\.04\) Still in phase "connect" after 0\.0\d+ s$/,
          after: SHORT,
        });
        assert.ok(error instanceof ConnectionError);
        assert.equal(error.address, `127.0.0.1:${listener.port}`);
        await assertNothingLeft();
      } finally {
        await listener.close();
      }
    },
  );

  it("of a name that is never resolved", async () => {
    use({ lookup: () => undefined });
    const started = performance.now();
    const error = await rejection(session.get("http://slow.example/", { timeout: [SHORT, null] }));
    assertTimedOut(error, started, {
      name: "ConnectTimeout",
      code: "ERR_CONNECT_TIMEOUT",
      phase: "dns",
      message: /^Connection to slow\.example:80 timed out\. \(connect timeout=0\.04\) Still in phase "dns"/,
      after: SHORT,
    });
    await assertNothingLeft();
  });

  it("of a TLS handshake that nobody answers", async () => {
    const url = (await serve(() => undefined)).replace("http:", "https:");
    const started = performance.now();
    const error = await rejection(session.get(url, { timeout: { connect: SHORT } }));
    assertTimedOut(error, started, {
      name: "ConnectTimeout",
      code: "ERR_CONNECT_TIMEOUT",
      phase: "tls",
      message: /Still in phase "tls"/,
      after: SHORT,
    });
    await server!.peers[0].gone;
    await assertNothingLeft();
  });

  it("does not count once there is a connection", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await pause(50);
      await peer.send(OK);
    });
    assert.equal((await session.get(url, { timeout: { connect: 0.03 } })).text, "ok");
  });
});

const READ = { name: "ReadTimeout", code: "ERR_READ_TIMEOUT", after: SHORT };

describe("timeout.read", OPTIONS, () => {
  /** What the server says before it falls silent; the rest is the same for all. */
  const silences: readonly (readonly [string, string, string])[] = [
    ["before the head", "", "wait"],
    ["in the head", "HTTP/1.1 200 OK\r\nA:", "wait"],
    ["after a 100", "HTTP/1.1 100 Continue\r\n\r\n", "wait"],
    ["before the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "receive"],
    ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "receive"],
    ["in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "receive"],
    ["before the connection's end", "HTTP/1.1 200 OK\r\n\r\nabc", "receive"],
  ];
  for (const [name, bytes, phase] of silences)
    it(`of silence ${name}`, async () => {
      let spoken = 0;
      const url = await serve(async (peer) => {
        await peer.request();
        spoken = performance.now();
        if (bytes !== "") await peer.send(bytes);
      });
      const error = await rejection(session.get(url, { timeout: { read: SHORT } }));
      assertTimedOut(error, spoken, {
        ...READ,
        phase,
        message: new RegExp(
          `^Read timed out\\. \\(read timeout=0\\.04\\) 127\\.0\\.0\\.1:\\d+: the server is silent, in phase "${phase}" for 0\\.0\\d+ s$`,
        ),
      });
      assert.equal(error.address, server!.address);
      await server!.peers[0].gone;
      await assertNothingLeft();
    });

  it("while streaming", async () => {
    let spoken = 0;
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.sendAndPause("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
      spoken = performance.now();
      await peer.send("c");
    });
    const response = await session.get(url, { stream: true, timeout: { read: SHORT } });
    const found: Buffer[] = [];
    const error = await rejection(
      (async () => {
        for await (const chunk of response.iterContent()) found.push(chunk);
      })(),
    );
    assert.equal(String(Buffer.concat(found)), "abc");
    assertTimedOut(error, spoken, { ...READ, phase: "receive", message: /^Read timed out\./ });
    assert.equal(error.response, response);
    await assertNothingLeft();
  });

  it("while the peer takes no more of our upload", async () => {
    const url = await serve(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.socket.pause();
    });
    const error = await rejection(session.post(url, { data: Buffer.alloc(50 << 20), timeout: { read: SHORT } }));
    assert.deepEqual([error.name, error.code, error.phase], ["ReadTimeout", "ERR_READ_TIMEOUT", "send"]);
    assert.match(error.message, /: the server takes no more of the request, in phase "send" for 0\.\d+ s$/);
    assert.ok(error.elapsed! >= SHORT - 0.0006 && error.elapsed! < SHORT + GRACE / 1000, `elapsed is ${error.elapsed}`);
    await assertNothingLeft();
  });

  it("does not count while our own source is slow", async () => {
    const url = await serve(answering(OK));
    async function* slow(): AsyncGenerator<string, void> {
      yield "a";
      await pause(2000 * SHORT);
      yield "b";
    }
    assert.equal((await session.post(url, { data: slow(), timeout: { read: SHORT } })).text, "ok");
  });

  it("does not count while our own reader is slow", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n");
      await peer.send(Buffer.alloc(20_000_000));
    });
    const response = await session.get(url, { stream: true, timeout: { read: SHORT } });
    await pause(2000 * SHORT);
    assert.equal((await response.read()).length, 20_000_000);
  });

  it("counts anew from each byte", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
      for (const byte of "abcdef") {
        await pause(1000 * SHORT * 0.5);
        await peer.send(byte);
      }
    });
    assert.equal((await session.get(url, { timeout: { read: SHORT } })).text, "abcdef");
  });

  it("may be of a number, for both", async () => {
    const url = await serve((peer) => peer.request().then(() => undefined));
    assert.equal((await rejection(session.get(url, { timeout: SHORT }))).name, "ReadTimeout");
    use({ lookup: () => undefined });
    assert.equal((await rejection(session.get("http://slow.example/", { timeout: SHORT }))).name, "ConnectTimeout");
  });
});

describe("timeout.total", OPTIONS, () => {
  const total = (phase: string): Expected => ({
    name: "TotalTimeout",
    code: "ERR_TOTAL_TIMEOUT",
    phase,
    message:
      /^Total timeout reached\. \(total timeout=0\.04\) The call with its redirects, retries and body was not over after 0\.0\d+ s$/,
    after: SHORT,
  });
  const limited: RequestOptions = { timeout: { total: SHORT } };

  it("of a wait in the queue", async () => {
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

  it("of a name that is never resolved", async () => {
    use({ lookup: () => undefined });
    const started = performance.now();
    assertTimedOut(await rejection(session.get("http://slow.example/", limited)), started, total("dns"));
    await assertNothingLeft();
  });

  it("of a server that is silent", async () => {
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
  it("of a body that drips", async () => {
    const url = await serve(dripping);
    const started = performance.now();
    const error = await rejection(session.get(url, { timeout: { total: SHORT, read: 1 } }));
    assertTimedOut(error, started, total("receive"));
    await assertNothingLeft();
  });

  it("of a streamed body that drips", async () => {
    const url = await serve(dripping);
    const started = performance.now();
    const response = await session.get(url, { ...limited, stream: true });
    assertTimedOut(await rejection(response.read()), started, total("receive"));
    await assertNothingLeft();
  });

  it("of an upload that drips", async () => {
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

  it("across redirects", async () => {
    const url = await serve(async (peer) => {
      for (;;) {
        await peer.request();
        await pause(15);
        await peer.send("HTTP/1.1 302 x\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
      }
    });
    const started = performance.now();
    assertTimedOut(await rejection(session.get(url, limited)), started, total("wait"));
    assert.ok(server!.peers[0].received.split("GET ").length > 2, "there was no redirect");
    await assertNothingLeft();
  });

  it("across retries and the pauses between them", async () => {
    use({ maxRetries: new Retry({ total: 50, statusForcelist: [503], backoffFactor: 0.01 }) });
    const url = await serve(answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"));
    const started = performance.now();
    const error = await rejection(session.get(url, limited));
    const elapsed = performance.now() - started;
    assert.equal(error.name, "TotalTimeout");
    assert.ok(elapsed >= 39.5 && elapsed < 40 + GRACE, `${elapsed} ms`);
    await assertNothingLeft();
  });

  it("does not fire once the call is over", async () => {
    const url = await serve(answering(OK));
    assert.equal((await session.get(url, limited)).text, "ok");
    const response = await session.get(url, { ...limited, stream: true });
    await response.read();
    await pause(1000 * SHORT + 10);
    assert.equal((await session.get(url)).reused, true);
  });
});

describe("timeout.pool", OPTIONS, () => {
  it("of a pool whose connections are all in use", async () => {
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

describe("a timeout that is none", OPTIONS, () => {
  for (const timeout of [0, -1, NaN, [1, 0], { total: 0 }, { pool: -1 }] as const)
    it(`${JSON.stringify(timeout)} is a RangeError`, async () => {
      await assert.rejects(session.get("http://127.0.0.1:1/", { timeout }), RangeError);
    });
});
