/** The timeouts of connecting and of reading: each fires at its time, names its phase, and leaves no timer. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { connect, type Socket } from "node:net";

import { ConnectionError, HTTPAdapter, Session } from "requests-ts";
import {
  answering,
  assertTimedOut,
  eventually,
  GRACE,
  OK,
  pause,
  rawServer,
  rejection,
  type RawServer,
  type Script,
} from "../_support/raw-server.js";

const SHORT = 0.04;
/** For what must not time out, on a machine that is busy. */
const AMPLE = 0.15;

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

describe("timeout.connect [timeout-connect]", OPTIONS, () => {
  it(
    "ends a connection attempt that is not accepted",
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

  it("ends a name lookup that never finishes", async () => {
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

  it("ends a TLS handshake that the server does not answer", async () => {
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

  it("does not count when the connection is open", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await pause(1000 * AMPLE + 10);
      await peer.send(OK);
    });
    assert.equal((await session.get(url, { timeout: { connect: AMPLE } })).text, "ok");
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
    it(`ends a wait ${name}`, async () => {
      let spoken = 0;
      const url = await serve(async (peer) => {
        await peer.request();
        spoken = performance.now();
        if (bytes !== "") await peer.send(bytes);
      });
      const called = performance.now();
      const error = await rejection(session.get(url, { timeout: { read: SHORT } }));
      // The silence before the first byte begins when the request goes out, and so before the peer sees it.
      assertTimedOut(error, bytes === "" ? called : spoken, {
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

  it("ends a stream that is silent", async () => {
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

  it("ends an upload that the server stops reading", async () => {
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

  it("does not count while the source of the body is slow", async () => {
    const url = await serve(answering(OK));
    async function* slow(): AsyncGenerator<string, void> {
      yield "a";
      await pause(1000 * AMPLE + 30);
      yield "b";
    }
    assert.equal((await session.post(url, { data: slow(), timeout: { read: AMPLE } })).text, "ok");
  });

  it("does not count while the reader is slow", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n");
      await peer.send(Buffer.alloc(20_000_000));
    });
    const response = await session.get(url, { stream: true, timeout: { read: AMPLE } });
    await pause(1000 * AMPLE + 30);
    assert.equal((await response.read()).length, 20_000_000);
  });

  it("restarts with each byte", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
      for (const byte of "abcdef") {
        await pause(1000 * AMPLE * 0.25);
        await peer.send(byte);
      }
    });
    assert.equal((await session.get(url, { timeout: { read: AMPLE } })).text, "abcdef");
  });

  it("takes one number for both", async () => {
    const url = await serve((peer) => peer.request().then(() => undefined));
    assert.equal((await rejection(session.get(url, { timeout: SHORT }))).name, "ReadTimeout");
    use({ lookup: () => undefined });
    assert.equal((await rejection(session.get("http://slow.example/", { timeout: SHORT }))).name, "ConnectTimeout");
  });
});
