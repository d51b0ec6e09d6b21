/** Several calls at once by `session.map`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HTTPError, Session, type MapOptions } from "requests-ts";

import { eventually, pause } from "../../_support/raw-server.js";
import { failure, serve } from "./serve.js";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** A server that says how many requests it had at once; `/slow` never answers. */
async function counting() {
  const state = { open: 0, most: 0, aborted: 0 };
  const server = await serve(async ({ target }, response) => {
    state.most = Math.max(state.most, (state.open += 1));
    response.on("close", () => {
      state.open -= 1;
      if (!response.writableEnded) state.aborted += 1;
    });
    if (target.startsWith("/slow")) return;
    await pause(2);
    response.statusCode = target === "/bad" ? 500 : 200;
    response.end(target);
  });
  return { server, state };
}

describe("session.map() [map]", () => {
  it("gives the results in the order of the items, with so many calls at once", async () => {
    const { server, state } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    const paths = Array.from({ length: 50 }, (_none, at) => `/${at}`);
    const texts = await all(session.map(paths, async (path) => (await session.get(path)).text, { concurrency: 4 }));
    assert.deepEqual(texts, paths);
    assert.equal(state.most, 4);
  });

  it("takes generators and async generators, and reads them no faster than the results", async () => {
    const { server } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    let given = 0;
    function* endless(): Generator<string, void> {
      for (;;) yield `/${(given += 1)}`;
    }
    let seen = 0;
    for await (const response of session.map(endless(), (path) => session.get(path), { concurrency: 3 })) {
      assert.equal(response.text, `/${(seen += 1)}`);
      await pause(3);
      if (seen === 10) break;
    }
    assert.ok(given <= 10 + 6, `${given} items were read for 10 results`);
    async function* later(): AsyncGenerator<string, void> {
      for (const path of ["/a", "/b"]) {
        await pause(1);
        yield path;
      }
    }
    assert.deepEqual(await all(session.map(later(), (path) => session.get(path).text())), ["/a", "/b"]);
    assert.deepEqual(await all(session.map([], () => assert.fail())), []);
  });

  it("gives each result as soon as it is there with ordered: false", async () => {
    await using session = new Session();
    const waits = [60, 1, 30];
    const work = async (ms: number): Promise<number> => {
      await pause(ms);
      return ms;
    };
    assert.deepEqual(await all(session.map(waits, work, { ordered: false })), [1, 30, 60]);
    assert.deepEqual(await all(session.map(waits, work)), waits);
  });

  it("aborts the calls under way when the loop is left, and keeps the results that were given", async () => {
    const { server, state } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    let left = false;
    function* paths(): Generator<string, void> {
      try {
        yield "/first";
        yield "/slow/1";
        yield "/slow/2";
        yield "/slow/3";
      } finally {
        left = true;
      }
    }
    for await (const response of session.map(paths(), (path) => session.get(path), { concurrency: 3 })) {
      assert.equal(response.text, "/first");
      await eventually(() => state.open === 3);
      break;
    }
    await eventually(() => state.aborted === 3);
    assert.ok(left, "the generator was not left");
    assert.equal((await session.get("/after")).text, "/after");
  });

  it("gives the function a signal for its later calls, and the position", async () => {
    const { server, state } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    const positions: number[] = [];
    const visit = async (path: string, { index, signal }: { index: number; signal: AbortSignal }): Promise<string> => {
      positions.push(index);
      await session.get("/login");
      return (await session.get(path, { signal })).text;
    };
    for await (const _text of session.map(["/a", "/slow"], visit)) {
      await eventually(() => state.open === 1);
      break;
    }
    await eventually(() => state.aborted === 1);
    assert.deepEqual(positions, [0, 1]);
  });

  it("aborts downloads, fetches and pages too", async () => {
    const { server, state } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    const calls: readonly (() => Promise<unknown>)[] = [
      () => session.download("/slow/1", "never.bin", { resume: false }),
      () => session.fetch("/slow/2"),
      () => session.paginate("/slow/3").next(),
      async () => "first",
    ];
    for await (const result of session.map(calls, (call) => call(), { ordered: false })) {
      assert.equal(result, "first");
      await eventually(() => state.open === 3);
      break;
    }
    await eventually(() => state.aborted === 3);
  });

  it("ends a wait at once when return() is called", async () => {
    const { server, state } = await counting();
    await using _closed = server;
    await using session = new Session({ baseUrl: server.url });
    const results = session.map(["/slow"], (path) => session.get(path));
    const next = results.next();
    await eventually(() => state.open === 1);
    await results.return();
    assert.deepEqual(await next, { done: true, value: undefined });
    await eventually(() => state.aborted === 1);
  });

  describe("when an item fails", () => {
    const items = ["/1", "/bad", "/slow/1", "/slow/2"];
    const start = async (onError?: MapOptions<string, string>["onError"], paths = items) => {
      const { server, state } = await counting();
      const session = new Session({ baseUrl: server.url, raiseForStatus: true });
      const found: string[] = [];
      const error = await (async () => {
        for await (const text of session.map(paths, (path) => session.get(path).text(), { concurrency: 3, onError }))
          found.push(text);
      })().catch((thrown: unknown) => thrown);
      await eventually(() => state.open === 0);
      await session.close();
      await server.close();
      return { found, error, state, requests: server.requests.length };
    };

    it("throws after the results before it, and aborts the rest", async () => {
      const { found, error, state } = await start();
      assert.deepEqual(found, ["/1"]);
      assert.ok(error instanceof HTTPError, String(error));
      assert.ok(state.aborted >= 1);
    });

    it('skips it with "skip"', async () => {
      assert.deepEqual((await start("skip", ["/1", "/bad", "/2"])).found, ["/1", "/2"]);
    });

    it("asks a function for another result", async () => {
      const seen: unknown[] = [];
      const replace = (error: unknown, path: string): string | undefined => {
        seen.push((error as Error).name, path);
        return path === "/bad" ? "instead" : undefined;
      };
      assert.deepEqual((await start(replace, ["/1", "/bad", "/2"])).found, ["/1", "instead", "/2"]);
      assert.deepEqual(seen, ["HTTPError", "/bad"]);
      assert.deepEqual((await start(() => undefined, ["/bad", "/2"])).found, ["/2"]);
      const mine = new Error("mine");
      assert.equal((await start(() => Promise.reject(mine), ["/bad"])).error, mine);
    });

    it("throws what the source throws, after the results before it", async () => {
      const mine = new Error("mine");
      function* broken(): Generator<string, void> {
        yield "a";
        throw mine;
      }
      await using session = new Session();
      const results = session.map(broken(), (item) => item);
      assert.deepEqual(await results.next(), { done: false, value: "a" });
      assert.equal(await failure(results.next()), mine);
      async function* brokenLater(): AsyncGenerator<string, void> {
        yield "a";
        throw mine;
      }
      const later = session.map(brokenLater(), (item) => item);
      assert.equal((await later.next()).value, "a");
      assert.equal(await failure(later.next()), mine);
    });

    it("throws what the function throws before it returns a promise", async () => {
      await using session = new Session();
      const mine = new Error("mine");
      const results = session.map([1], () => {
        throw mine;
      });
      assert.equal(await failure(results.next()), mine);
      assert.equal((await results.next()).done, true);
    });
  });

  it("refuses wrong arguments at once", async () => {
    await using session = new Session();
    const same = (item: unknown): unknown => item;
    assert.throws(() => session.map(5 as never, same), /first argument of map\(\) must be an iterable/);
    assert.throws(() => session.map([1], "x" as never), /second argument of map\(\) must be a function/);
    assert.throws(() => session.map([1], same, { concurrency: 0 }), /concurrency must be/);
    assert.throws(() => session.map([1], same, { onError: "ignore" as never }), /onError must be "throw", "skip" or/);
    assert.throws(() => session.map([1], same, { limit: 3 } as never), /Unknown option "limit"/);
  });
});
