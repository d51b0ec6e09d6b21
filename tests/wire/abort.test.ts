/** An aborted call rejects with the signal's reason, closes its connection, and leaves the session usable. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Retry, Session, type RequestOptions } from "requests-ts";
import {
  answering,
  eventually,
  GRACE,
  OK,
  pause,
  rawServer,
  type RawServer,
  type Script,
} from "../_support/raw-server.js";

const REASONS: readonly unknown[] = [new Error("mine"), "a string", undefined, null, 0];

let session: Session;
let adapter: HTTPAdapter;
let server: RawServer;
let misbehaving: boolean;

function use(options: ConstructorParameters<typeof HTTPAdapter>[0]): void {
  adapter = new HTTPAdapter(options);
  session.mount("http://", adapter);
  session.mount("https://", adapter);
}

beforeEach(() => {
  session = new Session();
  misbehaving = true;
  use({});
});
afterEach(async () => {
  await session.close();
  await server.close();
});

async function outcome(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("the call should have been aborted");
}

/** The first connection follows the script; the others answer. */
async function serve(script: Script): Promise<string> {
  server = await rawServer((peer) => (misbehaving ? script(peer) : answering(OK)(peer)));
  return server.url;
}

async function assertUsable(signal: AbortSignal): Promise<void> {
  assert.equal(getEventListeners(signal, "abort").length, 0, "a listener stayed at the signal");
  await eventually(() => adapter.statistics.open === adapter.statistics.idle && adapter.statistics.waiting === 0);
  misbehaving = false;
  assert.equal((await session.get(server.url)).text, "ok");
}

const OPTIONS = { timeout: 30_000 };
const silent: Script = async (peer) => {
  await peer.request();
};

interface Phase {
  readonly name: string;
  readonly script: Script;
  readonly options?: () => RequestOptions;
  /** Resolves when the call stands where it is to be aborted. */
  readonly ready: () => Promise<unknown>;
}

const arrived = async (): Promise<void> => {
  const peer = await server.peer(1);
  await eventually(() => peer.received.includes("\r\n\r\n"));
  await pause(10);
};

const PHASES: readonly Phase[] = [
  { name: "waiting for the head", script: silent, ready: arrived },
  {
    name: "in the head",
    script: async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nA: ");
    },
    ready: arrived,
  },
  {
    name: "in the body",
    script: async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    },
    ready: arrived,
  },
  {
    name: "sending",
    script: async (peer) => {
      await peer.until("\r\n\r\n");
      peer.socket.pause();
    },
    options: () => ({ data: Buffer.alloc(50 << 20) }),
    ready: arrived,
  },
  {
    name: "waiting for 100 Continue",
    script: silent,
    options: () => ({ data: "x", headers: { Expect: "100-continue" } }),
    ready: arrived,
  },
  {
    name: "waiting for the source of the body",
    script: silent,
    options: () => ({
      data: (async function* (): AsyncGenerator<string, void> {
        yield "x";
        await new Promise(() => undefined);
      })(),
    }),
    ready: arrived,
  },
];

describe("an aborted signal", OPTIONS, () => {
  for (const { name, script, options, ready } of PHASES)
    it(`while ${name}`, async () => {
      const url = await serve(script);
      const controller = new AbortController();
      const method = options === undefined ? "GET" : "POST";
      const call = session.request(method, url, { ...options?.(), signal: controller.signal });
      const failed = outcome(call);
      await ready();
      const reason = new Error("mine");
      const aborted = performance.now();
      controller.abort(reason);
      assert.equal(await failed, reason);
      assert.ok(performance.now() - aborted < GRACE, "it took long");
      server.peers[0].socket.resume();
      await server.peers[0].gone;
      await assertUsable(controller.signal);
    });

  for (const reason of REASONS)
    it(`rejects with any reason unchanged: ${String(reason)}`, async () => {
      const url = await serve(silent);
      const controller = new AbortController();
      const failed = outcome(session.get(url, { signal: controller.signal }));
      await arrived();
      controller.abort(reason);
      // Without a reason a signal makes its own.
      assert.equal(await failed, controller.signal.reason);
      if (reason === undefined) assert.equal(((await failed) as Error).name, "AbortError");
      else assert.equal(await failed, reason);
      await assertUsable(controller.signal);
    });

  it("before the call opens no socket", async () => {
    const url = await serve(silent);
    const reason = new Error("mine");
    assert.equal(await outcome(session.get(url, { signal: AbortSignal.abort(reason) })), reason);
    await pause(5);
    assert.equal(server.peers.length, 0);
  });

  it("in the same turn as the call rejects it", async () => {
    const url = await serve(silent);
    const controller = new AbortController();
    const failed = outcome(session.get(url, { signal: controller.signal }));
    controller.abort("now");
    assert.equal(await failed, "now");
    await assertUsable(controller.signal);
  });

  it("rejects at any turn of connecting", async () => {
    await serve(silent);
    for (let turns = 0; turns < 12; turns += 1) {
      const controller = new AbortController();
      const failed = outcome(session.get(server.url, { signal: controller.signal }));
      for (let turn = 0; turn < turns; turn += 1) await (turns < 6 ? null : new Promise(setImmediate));
      controller.abort(turns);
      assert.equal(await failed, turns);
      await eventually(() => adapter.statistics.open === adapter.statistics.idle);
      await session.close();
    }
    await assertUsable(new AbortController().signal);
  });

  it("rejects during a name lookup, and ignores its late answer", async () => {
    await serve(silent);
    let answer: () => void = () => undefined;
    use({
      lookup: (_name, _options, callback) => {
        answer = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
      },
    });
    const controller = new AbortController();
    const failed = outcome(session.get(`http://slow.example:${server.port}/`, { signal: controller.signal }));
    await pause(5);
    controller.abort("mine");
    assert.equal(await failed, "mine");
    answer();
    await pause(5);
    assert.equal(server.peers.length, 0);
    assert.equal(adapter.statistics.open, 0);
  });

  it("rejects in a TLS handshake", async () => {
    const url = (await serve(() => undefined)).replace("http:", "https:");
    const controller = new AbortController();
    const failed = outcome(session.get(url, { signal: controller.signal }));
    await server.peer(1);
    await pause(5);
    controller.abort("mine");
    assert.equal(await failed, "mine");
    await server.peers[0].gone;
    await assertUsable(controller.signal);
  });

  it("rejects in the queue, and the other requests keep their places", async () => {
    use({ maxConnections: 1 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = await serve(async (peer) => {
      await peer.request();
      await held;
      await peer.send(OK);
      await answering(OK)(peer);
    });
    const first = session.get(url);
    await arrived();
    const controller = new AbortController();
    const aborted = outcome(session.get(url, { signal: controller.signal }));
    const last = session.get(url);
    await eventually(() => adapter.statistics.waiting === 2);
    controller.abort("mine");
    assert.equal(await aborted, "mine");
    assert.equal(adapter.statistics.waiting, 1);
    release();
    assert.deepEqual([(await first).text, (await last).text], ["ok", "ok"]);
    await assertUsable(controller.signal);
  });

  it("ends a stream after the bytes that arrived before it", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const controller = new AbortController();
    const response = await session.get(url, { stream: true, signal: controller.signal });
    const found: string[] = [];
    const failed = outcome(
      (async () => {
        for await (const chunk of response.iterContent()) found.push(String(chunk));
      })(),
    );
    await eventually(() => found.length > 0);
    controller.abort("mine");
    assert.equal(await failed, "mine");
    assert.deepEqual(found, ["abc"]);
    await server.peers[0].gone;
    await assertUsable(controller.signal);
  });

  it("ends a streamed response while the reader pauses", async () => {
    const url = await serve(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\n\r\n");
      await Promise.race([peer.send(Buffer.alloc(20 << 20)), peer.gone]);
    });
    const controller = new AbortController();
    const response = await session.get(url, { stream: true, signal: controller.signal });
    await pause(20);
    controller.abort("mine");
    await server.peers[0].gone;
    assert.equal(await outcome(response.read()), "mine");
    await assertUsable(controller.signal);
  });

  it("rejects between retries", async () => {
    use({ maxRetries: new Retry({ total: 5, statusForcelist: [503], backoffFactor: 100 }) });
    const url = await serve(answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"));
    const controller = new AbortController();
    const failed = outcome(session.get(url, { signal: controller.signal }));
    await arrived();
    await eventually(() => server.peers[0].received.split("GET ").length > 2);
    await pause(10);
    controller.abort("mine");
    assert.equal(await failed, "mine");
    await session.close();
    await assertUsable(controller.signal);
  });

  it("changes nothing after the call", async () => {
    misbehaving = false;
    const url = await serve(silent);
    const controller = new AbortController();
    const response = await session.get(url, { signal: controller.signal });
    const streamed = await session.get(url, { signal: controller.signal, stream: true });
    await streamed.read();
    controller.abort("mine");
    assert.deepEqual([response.text, streamed.text], ["ok", "ok"]);
    await assertUsable(controller.signal);
    assert.equal(server.peers.length, 1, "the connection was closed");
  });

  it("serves many calls with one signal, without a warning", async (context) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    context.after(() => process.off("warning", onWarning));
    const url = await serve(silent);
    const controller = new AbortController();
    const failed = Array.from({ length: 20 }, () => outcome(session.get(url, { signal: controller.signal })));
    await server.peer(20);
    controller.abort("all");
    assert.deepEqual(await Promise.all(failed), Array(20).fill("all"));
    await eventually(() => adapter.statistics.open === 0);
    await assertUsable(controller.signal);
    assert.deepEqual(warnings, []);
  });
});
