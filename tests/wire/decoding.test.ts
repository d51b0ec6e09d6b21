/** A streamed body that keeps its decoder busy for a long time without giving any content: everything that ends a call ends it. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";

import {
  ContentDecodingError,
  ContentTooLarge,
  HTTPAdapter,
  Session,
  type RequestOptions,
  type Response,
} from "requests-ts";
import { eventually, pause, rawServer, type RawServer } from "../_support/raw-server.js";
import { ON_DENO } from "../_support/runtime.js";

/** What a busy machine is forgiven; decoding to the end takes many times as long. */
const PROMPT = 250;
const MEGABYTE = 1 << 20;
const GZIP_HEADER = Buffer.from("1f8b0800000000000003", "hex");
/** A deflate block without content, which is not the last one. */
const EMPTY_BLOCK = Buffer.from("000000ffff", "hex");
const LAST_BLOCK = Buffer.from("010000ffff", "hex");
const EMPTY_BLOCKS = Buffer.alloc(5 * 200_000, EMPTY_BLOCK);

/** A gzip of nothing, as long as it takes, within a gzip: several members are one stream. */
function busyBody(megabytes: number): Buffer {
  const some = gzipSync(EMPTY_BLOCKS);
  return Buffer.concat([
    gzipSync(GZIP_HEADER),
    ...Array.from({ length: megabytes }, () => some),
    gzipSync(Buffer.concat([LAST_BLOCK, Buffer.alloc(8)])),
  ]);
}

type Chain = readonly [codings: string, body: () => Buffer];
const twice = (): Buffer => busyBody(4000);
const CHAINS: readonly Chain[] = [
  ["gzip, gzip, gzip", () => gzipSync(twice())],
  ["gzip, gzip, br", () => brotliCompressSync(twice(), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ["gzip, gzip, deflate, deflate", () => deflateSync(deflateRawSync(twice(), { level: 1 }))],
];

const engines: zlib.Gunzip[] = [];
const { createGunzip } = zlib;
let adapter: HTTPAdapter;
let session: Session;

before(() => {
  const watched = (options?: zlib.ZlibOptions): zlib.Gunzip => {
    const engine = createGunzip(options);
    engines.push(engine);
    return engine;
  };
  // Deno's cannot be replaced.
  if (!ON_DENO) Object.defineProperty(zlib, "createGunzip", { value: watched });
});
after(() => {
  if (!ON_DENO) Object.defineProperty(zlib, "createGunzip", { value: createGunzip });
});
beforeEach(() => {
  engines.length = 0;
  adapter = new HTTPAdapter({ maxDecompressionRatio: 1e9 });
  session = new Session({ trustEnv: false });
  session.mount("http://", adapter);
});

/** @param isWhole - Whether all bytes of the body arrive; otherwise the last one is held back. */
function serving(codings: string, body: Buffer, isWhole: boolean): Promise<RawServer> {
  return rawServer(async (peer) => {
    await peer.request();
    await peer.send(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${codings}\r\nContent-Length: ${body.length}\r\n\r\n`),
        isWhole ? body : body.subarray(0, -1),
      ]),
    );
    await peer.gone;
  });
}

interface Stopper {
  readonly name: string;
  readonly options?: (controller: AbortController) => RequestOptions;
  /** Ends the call, unless the options do. @returns When it did. */
  readonly stop?: (response: Response, controller: AbortController) => unknown;
  readonly outcome: (error: unknown) => void;
  /** Seconds that pass before the call ends. */
  readonly after?: number;
}

const REASON = new Error("mine");
const STOPPERS: readonly Stopper[] = [
  {
    name: "the signal",
    options: ({ signal }) => ({ signal }),
    stop: (_response, controller) => controller.abort(REASON),
    outcome: (error) => assert.equal(error, REASON),
  },
  {
    name: "timeout.total",
    options: () => ({ timeout: { total: 0.4 } }),
    outcome: (error) => assert.equal((error as Error).name, "TotalTimeout"),
    after: 0.4,
  },
  {
    name: "timeout.read",
    options: () => ({ timeout: { read: 0.3 } }),
    outcome: (error) => {
      assert.equal((error as Error).name, "ReadTimeout");
      assert.match((error as Error).message, /^Read timed out\. \(read timeout=0\.3\) /);
    },
    after: 0.3,
  },
  {
    name: "response.close()",
    stop: (response) => response.close(),
    outcome: (error) => assert.equal((error as Error).name, "StreamConsumedError"),
  },
  {
    name: "maxResponseSize",
    options: () => ({ maxResponseSize: 1000 }),
    outcome: (error) => assert.ok(error instanceof ContentTooLarge, String(error)),
    after: 0,
  },
];

for (const [codings, makeBody] of CHAINS)
  describe(`${codings} that yields no content is stopped by`, { timeout: 60_000 }, () => {
    let body: Buffer;
    before(() => {
      body = makeBody();
    });
    for (const isWhole of [true, false])
      for (const { name, options, stop, outcome, after: delay } of STOPPERS)
        it(`${name}, ${isWhole ? "when all bytes have arrived" : "while bytes are still to come"}`, async () => {
          await using server = await serving(codings, body, isWhole);
          const controller = new AbortController();
          const response = await session.get(server.url, { ...options?.(controller), stream: true });
          const started = performance.now();
          const reading = response.read().then(
            () => assert.fail("the body was read"),
            (error: unknown) => error,
          );
          if (delay === undefined) {
            // Deno's engines cannot be seen.
            if (!ON_DENO) await eventually(() => engines.length > 0);
            await pause(50);
          }
          const stopped = delay === undefined ? performance.now() : started + delay * 1000;
          stop?.(response, controller);
          outcome(await reading);
          const late = performance.now() - stopped;
          assert.ok(late < PROMPT, `${late} ms late`);
          await eventually(() => engines.every((engine) => engine.destroyed));
          assert.ok(engines.length > 0 || ON_DENO);
          assert.equal(getEventListeners(controller.signal, "abort").length, 0);
          await eventually(() => adapter.statistics.open === adapter.statistics.idle);
        });

    const leaving: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
      "return() of iterContent()": async (response) => {
        const pieces = response.iterContent();
        const waiting = pieces.next();
        await pause(50);
        const left = performance.now();
        await pieces.return();
        assert.deepEqual(await waiting, { done: true, value: undefined });
        return left;
      },
      "cancel() of the reader of body": async (response) => {
        const reader = response.body.getReader();
        const waiting = reader.read();
        await pause(50);
        const left = performance.now();
        await reader.cancel();
        assert.equal((await waiting).done, true);
        return left;
      },
      "destroy() of a Readable": async (response) => {
        const readable = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
        readable.resume();
        await pause(50);
        const left = performance.now();
        readable.destroy();
        await new Promise((resolve) => readable.once("close", resolve));
        return left;
      },
    };
    for (const [name, leave] of Object.entries(leaving))
      it(name, async () => {
        await using server = await serving(codings, body, true);
        const left = await leave(await session.get(server.url, { stream: true }));
        await eventually(() => engines.every((engine) => engine.destroyed));
        const late = performance.now() - Number(left);
        assert.ok(late < PROMPT, `${late} ms late`);
      });

    it("the bomb limit, whether streamed or not", async () => {
      session.mount("http://", new HTTPAdapter());
      for (const stream of [true, false]) {
        await using server = await serving(codings, body, true);
        await assert.rejects(async () => (await session.get(server.url, { stream })).read(), (error) => {
          assert.ok(error instanceof ContentDecodingError, String(error));
          assert.match(error.message, /like a decompression bomb/);
          return true;
        }); // prettier-ignore
      }
    });
  });

describe("a decoder that is working", { timeout: 60_000 }, () => {
  it("lets other work run on the event loop", async () => {
    await using server = await serving("gzip, gzip, gzip", gzipSync(busyBody(300)), true);
    const response = await session.get(server.url, { stream: true });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    assert.equal((await response.read()).length, 0);
    clearInterval(timer);
    assert.ok(turns > 10, `${turns} turns`);
  });

  it("is limited by ReadTimeout only while a reader waits", async () => {
    const content = Buffer.alloc(4 * MEGABYTE, "content");
    await using server = await serving("gzip", gzipSync(content), true);
    const response = await session.get(server.url, { stream: true, timeout: { read: 1 } });
    let size = 0;
    for await (const piece of response.iterContent()) {
      if (size === 0) await pause(1200);
      size += piece.length;
    }
    assert.equal(size, content.length);
  });

  it("ends at the total timeout when a late reader waits: the time in between does not count", async () => {
    await using server = await serving("gzip, gzip, gzip", gzipSync(twice()), true);
    const response = await session.get(server.url, { stream: true, timeout: { total: 0.3 } });
    await pause(400);
    const started = performance.now();
    await assert.rejects(response.read(), { name: "TotalTimeout", phase: "receive", address: server.address });
    const elapsed = performance.now() - started;
    assert.ok(elapsed > 150 && elapsed < 300 + PROMPT, `${elapsed} ms`);
  });

  it("is not interrupted by ReadTimeout while bytes arrive, however little content they give", async () => {
    const bytes = gzipSync("content", { level: 0 });
    await using server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`);
      for (const byte of bytes.subarray(0, 12)) {
        await peer.send(Buffer.of(byte));
        await pause(50);
      }
      await peer.send(bytes.subarray(12));
      await peer.gone;
    });
    const response = await session.get(server.url, { stream: true, timeout: { read: 0.3 } });
    assert.equal((await response.read()).toString(), "content");
  });

  it("is ended by the signal without stream: true, too", async () => {
    await using server = await serving("gzip, gzip, gzip", gzipSync(twice()), true);
    const controller = new AbortController();
    const call = session.get(server.url, { signal: controller.signal });
    const failed = call.then(() => assert.fail("the call succeeded"), (error: unknown) => error); // prettier-ignore
    await pause(100);
    const aborted = performance.now();
    controller.abort(REASON);
    assert.equal(await failed, REASON);
    assert.ok(performance.now() - aborted < PROMPT);
    await eventually(() => engines.every((engine) => engine.destroyed));
  });
});

describe("content that arrived and was not read is discarded when the call is cancelled", { timeout: 20_000 }, () => {
  const answers: Readonly<Record<string, string | Buffer>> = {
    content: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
    "encoded content": Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipSync("abcd").length}\r\n\r\n`),
      gzipSync("abcd"),
    ]),
  };
  const reads: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
    "read()": (response) => response.read(),
    "iterContent()": (response) => response.iterContent().next(),
    "iterLines()": (response) => response.iterLines().next(),
    "raw.read()": (response) => response.raw.read(),
    body: (response) => response.body.getReader().read(),
  };
  for (const [what, answer] of Object.entries(answers))
    for (const [name, read] of Object.entries(reads)) {
      it(`${what}, by the signal: ${name}`, async () => {
        await using server = await rawServer(async (peer) => {
          await peer.request();
          await peer.send(answer);
          await peer.gone;
        });
        const controller = new AbortController();
        const response = await session.get(server.url, { stream: true, signal: controller.signal });
        await eventually(() => adapter.statistics.idle === 1);
        controller.abort(REASON);
        await assert.rejects(read(response), (error) => error === REASON);
        assert.equal(response.raw.closed, true);
        assert.equal(getEventListeners(controller.signal, "abort").length, 0);
      });
    }

  for (const [what, answer] of Object.entries(answers))
    it(`but not by timeout.total, because it arrived in time: ${what}`, async () => {
      await using server = await rawServer(async (peer) => {
        await peer.request();
        await peer.send(answer);
        await peer.gone;
      });
      const response = await session.get(server.url, { stream: true, timeout: { total: 2 } });
      await pause(2200);
      assert.equal((await response.read()).toString(), "abcd");
    });

  it("and not after it was read", async () => {
    await using server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(answers["encoded content"]);
      await peer.gone;
    });
    const controller = new AbortController();
    const response = await session.get(server.url, { stream: true, signal: controller.signal });
    await response.read();
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    controller.abort(REASON);
    assert.equal(response.text, "abcd");
  });
});
