/** A request that ends early while the source of its body is waited for: the source is closed at once. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { after, afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Session, type RequestOptions } from "requests-ts";
import { eventually, rawServer, type Peer, type RawServer } from "../_support/raw-server.js";

let session: Session;
let adapter: HTTPAdapter;
let server: RawServer;
const folder = await mkdtemp(join(tmpdir(), "requests-source-"));
const path = join(folder, "file");
await writeFile(path, "content");
after(() => rm(folder, { recursive: true }));
beforeEach(() => {
  session = new Session();
  adapter = new HTTPAdapter();
  session.mount("http://", adapter);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

/** Yields one piece and then waits without an end; `closed` says whether it was stopped. */
interface Stuck {
  readonly data: unknown;
  readonly closed: () => boolean;
}

const kinds: Readonly<Record<string, () => Stuck>> = {
  "a Readable": () => {
    const data = new Readable({ read: () => undefined });
    data.push("first");
    return { data, closed: () => data.destroyed };
  },
  "a web stream": () => {
    let cancelled = false;
    const data = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from("first")),
      pull: () => new Promise<void>(() => undefined),
      cancel: () => void (cancelled = true),
    });
    return { data, closed: () => cancelled };
  },
  "an iterator by hand": () => {
    let closed = false;
    let end: () => void = () => undefined;
    let steps = 0;
    const data = {
      next: () =>
        (steps += 1) === 1
          ? Promise.resolve({ done: false, value: "first" })
          : new Promise((resolve) => (end = () => resolve({ done: true, value: undefined }))),
      return: () => {
        closed = true;
        end();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => data,
    };
    return { data, closed: () => closed };
  },
};

/** How the request ends while its source is silent. */
const endings: Readonly<Record<string, (peer: Peer) => Promise<void>>> = {
  "it is aborted": async () => undefined,
  "the total timeout passes": async () => undefined,
  "the server resets": async (peer) => peer.socket.resetAndDestroy() as unknown as void,
  "the server closes": async (peer) => void peer.socket.end(),
  "the server answers and closes": async (peer) =>
    void (await peer.send("HTTP/1.1 413 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")),
};

for (const [kind, make] of Object.entries(kinds))
  describe(`${kind} that does not yield is closed when`, { timeout: 20_000 }, () => {
    for (const [ending, end] of Object.entries(endings))
      for (const how of ["as data", "as a file", "under a Content-Length"])
        it(`${ending}, ${how}`, async () => {
          server = await rawServer(async (peer) => {
            await peer.until("first");
            await end(peer);
          });
          const { data, closed } = make();
          const controller = new AbortController();
          const options: RequestOptions =
            how === "as a file" ? { files: { file: ["name", data as never] } } : { data: data as never };
          const call = session.post(server.url, {
            ...options,
            ...(how === "under a Content-Length" ? { headers: { "Content-Length": "100" } } : {}),
            signal: controller.signal,
            timeout: ending === "the total timeout passes" ? { total: 0.05 } : null,
          });
          if (ending === "it is aborted") {
            await eventually(() => server.peers[0]?.received.includes("first") === true);
            controller.abort();
          }
          if (ending === "the server answers and closes") assert.equal((await call).statusCode, 413);
          else await assert.rejects(call);
          await eventually(closed);
          await eventually(() => adapter.statistics.open === 0);
          assert.equal(getEventListeners(controller.signal, "abort").length, 0);
        });
  });

describe("a body that can be sent again", { timeout: 20_000 }, () => {
  it("is not closed by an attempt that failed", async () => {
    let attempts = 0;
    server = await rawServer(async (peer) => {
      await peer.until("content");
      attempts += 1;
      if (attempts === 1) peer.socket.resetAndDestroy();
      else await peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    });
    session.mount("http://", new HTTPAdapter({ maxRetries: 1 }));
    const handle = await open(path);
    try {
      for (const data of [
        createReadStream(path),
        handle,
        {
          [Symbol.asyncIterator]: async function* () {
            yield "content";
          },
        },
      ]) {
        // prettier-ignore
        attempts = 0;
        const response = await session.put(server.url, { data });
        assert.deepEqual([response.statusCode, attempts], [200, 2]);
      }
    } finally {
      await handle.close();
    }
  });
});
