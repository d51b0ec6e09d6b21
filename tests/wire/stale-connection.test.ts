/** A kept connection that the server has closed, or has written to, while the event loop did not look at it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Session, type Response } from "requests-ts";
import { eventually, OK, rawServer } from "../_support/raw-server.js";
import { threadServer, type ThreadServer, type ThreadServerOptions } from "../_support/thread-server.js";

const OPTIONS = { timeout: 60_000 };
const STRAY = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";

let session: Session;
let adapter: HTTPAdapter;
let server: ThreadServer;

beforeEach(() => {
  session = new Session({ timeout: 30 });
  adapter = new HTTPAdapter();
  session.mount("http://", adapter);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

async function serve(options: Omit<ThreadServerOptions, "answer">): Promise<void> {
  server = await threadServer({ answer: OK, ...options });
}

/** What happens between two calls; `round` is the number of calls so far. */
type Pause = readonly [name: string, pause: (round: number) => Promise<void> | void];

const PAUSES: readonly Pause[] = [
  ["the event loop blocked", (round) => server.blockUntilDone(round)],
  [
    "a turn of the event loop, and then the loop blocked",
    async (round) => {
      await new Promise((resolve) => setImmediate(resolve));
      server.blockUntilDone(round);
    },
  ],
  [
    "a timer, and then the loop blocked",
    async (round) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      server.blockUntilDone(round);
    },
  ],
  [
    "a pause after the server is done",
    async (round) => {
      server.blockUntilDone(round);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  ],
];

describe("a server that closes after each response without saying so", OPTIONS, () => {
  const CALLS: readonly (readonly [string, () => PromiseLike<Response>])[] = [
    ["POST of text", () => session.post(server.url, { data: "x" })],
    ["POST of JSON", () => session.post(server.url, { json: { a: 1 } })],
    [
      "POST of a stream",
      () =>
        session.post(server.url, {
          data: (function* () {
            yield "ab";
          })(),
          headers: { "Content-Length": "2" },
        }),
    ],
    ["PATCH", () => session.patch(server.url, { data: "x" })],
    [
      "PUT of a stream",
      () =>
        session.put(server.url, {
          data: (async function* () {
            yield "ab";
          })(),
          headers: { "Content-Length": "2" },
        }),
    ],
    [
      "a streamed response to POST",
      async () => {
        const response = await session.post(server.url, { data: "x", stream: true });
        await response.read();
        return response;
      },
    ],
  ];
  for (const [name, call] of CALLS)
    for (const [between, pause] of PAUSES)
      it(`answers 10 of 10: ${name}, with ${between} between two calls`, async () => {
        await serve({ end: true });
        for (let round = 0; round < 10; round += 1) {
          const response = await call();
          assert.equal(response.text, "ok");
          await pause(round + 1);
        }
      });

  it("answers 10 of 10 when the connection is reset", async () => {
    await serve({ reset: true });
    for (let round = 0; round < 10; round += 1) {
      assert.equal((await session.post(server.url, { data: "x" })).text, "ok");
      server.blockUntilDone(round + 1);
    }
  });

  it("answers 10 of 10 without a pause, and all of many at once", async () => {
    const inProcess = await rawServer(async (peer) => {
      await peer.request();
      peer.socket.end(OK);
    });
    try {
      for (let round = 0; round < 10; round += 1)
        assert.equal((await session.post(inProcess.url, { data: "x" })).text, "ok");
      session.mount("http://", new HTTPAdapter({ maxConnections: 4 }));
      const responses = await Promise.all(Array.from({ length: 40 }, () => session.post(inProcess.url, { data: "x" })));
      assert.deepEqual(new Set(responses.map(({ text }) => text)), new Set(["ok"]));
    } finally {
      await inProcess.close();
    }
    await serve({});
  });
});

describe("a response without a request", OPTIONS, () => {
  const CALLS: readonly (readonly [string, () => PromiseLike<Response>])[] = [
    ["GET", () => session.get(server.url)],
    ["POST", () => session.post(server.url, { data: "x" })],
  ];
  for (const [method, call] of CALLS)
    for (const [between, pause] of PAUSES)
      it(`is never given to a later ${method}, with ${between} between two calls`, async () => {
        await serve({ stray: STRAY });
        for (let round = 0; round < 20; round += 1) {
          assert.equal((await call()).text, "ok");
          await pause(round + 1);
        }
      });
});

describe("a request that waits while its connection is checked", OPTIONS, () => {
  it("can be aborted, and the connection stays usable", async () => {
    await serve({});
    await session.get(server.url);
    const controller = new AbortController();
    const call = session.post(server.url, { data: "x", signal: controller.signal });
    controller.abort(new Error("given up"));
    await assert.rejects(call, /given up/);
    assert.equal((await session.get(server.url)).reused, true);
    assert.deepEqual(adapter.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
  });

  it("uses the connection when the server keeps it open", async () => {
    await serve({});
    const reused = [];
    for (let round = 0; round < 3; round += 1) {
      reused.push((await session.post(server.url, { data: "x" })).reused);
    }
    assert.deepEqual(reused, [false, true, true]);
  });

  it("leaves no timer and no listener when the connection is dead", async () => {
    await serve({ end: true });
    for (let round = 0; round < 5; round += 1) {
      await session.get(server.url);
      server.blockUntilDone(round + 1);
    }
    await eventually(() => adapter.statistics.open === 0);
  });
});
