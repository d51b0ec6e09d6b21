// The process whose memory is watched: a session under faults, with streams, aborts and bodies that are never read.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { HTTPAdapter, RequestException, Retry, RetryBudget, Session } from "requests-ts";

const AT_ONCE = 50;
/** Seconds between two samples; the requests rest meanwhile, so that only what is kept is counted. */
const EVERY = 5;
const [url = "", duration] = process.argv.slice(2);
const collectGarbage = globalThis.gc ?? assert.fail("run it with --expose-gc");

/** @type {Record<string, number>} */
const outcomes = {};
/** @type {string[]} */
const wrong = [];
let requests = 0;
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;

const session = new Session({ trustEnv: false, timeout: { connect: 5, read: 0.15, total: 30, pool: 20 } });
const retry = Retry.sensible(3).new({ backoffFactor: 0.01, budget: new RetryBudget({ ratio: 0.5 }) });
session.mount("http://", new HTTPAdapter({ maxRetries: retry, maxConnections: 40, poolMaxsize: 40 }));

while (seconds() < Number(duration)) {
  const end = Math.min(seconds() + EVERY, Number(duration));
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(end)));
  await pause(1200); // what was broken off is drained for a second at most
  collectGarbage();
  await pause(10);
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ sample: { seconds: seconds(), requests, heap: heapUsed + external, rss } });
}
await session.close();
await pause(200);
process.send?.({ outcomes, wrong: wrong.slice(0, 10) }, () => process.disconnect());

async function work(/** @type {number} */ end) {
  while (seconds() < end) {
    requests += 1;
    const outcome = await one(requests).catch(named);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
}

async function one(/** @type {number} */ id) {
  const aborter = new AbortController();
  const stream = id % 10 === 3 || id % 10 === 4;
  const method = id % 5 === 0 ? "POST" : "GET";
  if (id % 50 === 7) setTimeout(() => aborter.abort(new RequestException("enough", { code: "ERR_ENOUGH" })), 1);
  const response = await session.request(method, url, {
    headers: { "X-Id": String(id) },
    ...(method === "POST" ? { data: `body of ${id}` } : {}),
    signal: aborter.signal,
    stream,
  });
  if (id % 10 === 4) {
    for await (const _piece of response.iterContent()) break;
    return "broken off";
  }
  await response.read();
  const answer = /** @type {{ id: string }} */ (response.json());
  if (answer.id !== String(id)) wrong.push(`${id} got the answer of ${answer.id}`);
  return "response";
}

function named(/** @type {unknown} */ error) {
  if (error instanceof RequestException) return `${error.name} ${error.code}`;
  wrong.push(String(error));
  return "wrong";
}
