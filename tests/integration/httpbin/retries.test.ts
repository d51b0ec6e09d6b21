import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("/flaky", () => {
  it("fails n times for a key, then succeeds always", async () => {
    const statuses = async (key: string): Promise<number[]> => {
      const seen: number[] = [];
      for (let i = 0; i < 4; i++) seen.push((await ask(`${server.url}/flaky/${key}/2`, { method: "PUT" })).status);
      return seen;
    };
    assert.deepEqual(await statuses("a"), [503, 503, 200, 200]);
    assert.deepEqual(await statuses("b"), [503, 503, 200, 200]);
  });

  it("fails with the requested status, headers and text", async () => {
    const told = await ask(`${server.url}/flaky/c/1?status=429&retry_after=7`);
    assert.deepEqual([told.status, told.headers["retry-after"]], [429, "7"]);
    assert.deepEqual(told.json, { attempt: 1, failures: 1, key: "c", method: "GET" });
    assert.equal((await ask(`${server.url}/flaky/c/1`)).headers["retry-after"], undefined);
    assert.equal((await ask(`${server.url}/flaky/e/1?status=1`)).status, 400);
  });

  it("can reset the connection instead", async () => {
    await assert.rejects(ask(`${server.url}/flaky/d/1?fault=reset`), { code: "ECONNRESET" });
    assert.equal((await ask(`${server.url}/flaky/d/1?fault=reset`)).json.attempt, 2);
  });

  it("counts separately in each server", async () => {
    const other = await httpbin();
    try {
      assert.equal((await ask(`${other.url}/flaky/a/1`)).json.attempt, 1);
    } finally {
      await other.close();
    }
  });
});

describe("/retry-after", () => {
  it("sends seconds or a date", async () => {
    const inSeconds = await ask(`${server.url}/retry-after?seconds=2.5`);
    assert.deepEqual([inSeconds.status, inSeconds.headers["retry-after"]], [503, "3"]);
    const now = Date.now();
    const byDate = await ask(`${server.url}/retry-after?date=100&status=429`);
    const left = Date.parse(byDate.headers["retry-after"] ?? "") - now;
    assert.equal(byDate.status, 429);
    assert.ok(left >= 100_000 && left < 103_000, `${left} ms`);
  });

  it("enforces the wait, for a key", async () => {
    const url = `${server.url}/retry-after?seconds=0.04&key=k`;
    assert.equal((await ask(url)).status, 503);
    await wait(50);
    assert.equal((await ask(url)).status, 200);
  });
});

describe("/rate-limit", () => {
  it("refuses further requests until the window ends", async () => {
    const long = `${server.url}/rate-limit?limit=2&window=600&key=long`;
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask(long)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    const short = `${server.url}/rate-limit?limit=1&window=0.05&key=short`;
    assert.equal((await ask(short)).status, 200);
    await wait(60);
    assert.equal((await ask(short)).status, 200);
  });

  for (const [style, fields] of [
    ["ietf", { "ratelimit-policy": '"default";q=1;w=60', ratelimit: '"default";r=0;t=60' }],
    ["legacy", { "ratelimit-limit": "1", "ratelimit-remaining": "0", "ratelimit-reset": "60" }],
    ["github", { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-used": "1" }],
  ] as const) {
    it(`sends the limits in the style of ${style}`, async () => {
      const url = `${server.url}/rate-limit?limit=1&style=${style}&key=${style}`;
      for (const [status, retryAfter] of [
        [200, undefined],
        [429, "60"],
      ]) {
        const told = await ask(url);
        assert.deepEqual([told.status, told.headers["retry-after"]], [status, retryAfter]);
        for (const [name, value] of Object.entries(fields)) assert.equal(told.headers[name], value);
      }
    });
  }

  it("sends GitHub's reset as a time", async () => {
    const { headers } = await ask(`${server.url}/rate-limit?style=github&key=t`);
    const left = Number(headers["x-ratelimit-reset"]) - Date.now() / 1000;
    assert.ok(left > 55 && left < 62, `${left} s`);
    assert.equal((await ask(`${server.url}/rate-limit?style=x`)).status, 400);
  });
});

describe("/unstable", () => {
  it("fails always, never, or randomly by its seed", async () => {
    const status = async (query: string): Promise<number> => (await ask(`${server.url}/unstable?${query}`)).status;
    assert.equal(await status("failure_rate=1"), 500);
    assert.equal(await status("failure_rate=0"), 200);
    // random.Random(1).random() == 0.13436424411240122
    assert.equal(await status("seed=1&failure_rate=0.1344"), 500);
    assert.equal(await status("seed=1&failure_rate=0.1343"), 200);
    assert.equal(await status("failure_rate=1.1"), 400);
  });
});
