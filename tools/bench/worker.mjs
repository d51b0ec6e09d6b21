// A process of its own for each contestant, so that none pays for the heap or the compiled code of another.
//   node --expose-gc worker.mjs <contestant>, then messages { task, … } and an answer for each
import assert from "node:assert/strict";

const { default: open, limitsConnections = true } = await import(`./contestants/${process.argv[2]}.mjs`);

const collectGarbage = globalThis.gc ?? assert.fail("run it with --expose-gc");
const TASKS = { rate, transfer, crowd, memory };
const clients = new Map();

process.on("message", async ({ task, ...settings }) => {
  try {
    process.send?.({ value: await TASKS[task](settings) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });

/** One client for each way of connecting, kept over the rounds. */
function clientFor(settings) {
  const key = JSON.stringify(settings);
  if (!clients.has(key)) clients.set(key, open(settings));
  return clients.get(key);
}

/** How many requests are answered in so many milliseconds, and what each costs this process. */
async function rate({ call, url, value, concurrency, milliseconds, keepAlive, expected }) {
  const client = clientFor({ connections: concurrency, keepAlive });
  if (client[call] === undefined) return null;
  let done = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + milliseconds;
  const worker = async () => {
    while (performance.now() < end) {
      const answer = await client[call](url, value);
      if ((typeof answer === "number" ? answer : answer.id) !== expected)
        throw new Error(`wrong answer: ${JSON.stringify(answer).slice(0, 80)}`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (done * 1000) / (performance.now() - start), cpu: (user + system) / done };
}

/** One big body down or up: bytes a second, and the most memory that the process has had since it began. */
async function transfer({ call, url, path, bytes }) {
  const client = clientFor({ connections: 1, keepAlive: true });
  if (client[call] === undefined) return null;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const answer = await client[call](url, path);
  const seconds = (performance.now() - start) / 1000;
  const received = typeof answer === "number" ? answer : answer.bytes;
  if (received !== bytes) throw new Error(`${received} bytes arrived, of ${bytes}`);
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: bytes / seconds, cpuSeconds: (user + system) / 1e6, peak: process.resourceUsage().maxRSS * 1024 };
}

/** Very many requests at once through few connections. */
async function crowd({ url, requests, connections }) {
  if (!limitsConnections) return null;
  const client = clientFor({ connections, keepAlive: true });
  // A smaller crowd first, so that code and tables that stay for good are there already.
  await Promise.all(Array.from({ length: requests / 10 }, () => client.json(url)));
  collectGarbage();
  const before = process.memoryUsage.rss();
  const heapBefore = heap();
  const start = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: requests }, () => client.json(url)));
  const seconds = (performance.now() - start) / 1000;
  const grown = process.resourceUsage().maxRSS * 1024 - before;
  const errors = outcomes.filter(({ status }) => status === "rejected").length;
  outcomes.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 100));
  collectGarbage();
  return { seconds, errors, grown, kept: heap() - heapBefore };
}

/** Bytes for a client that has sent one request and keeps its connection, and for a request that waits for its answer. */
async function memory({ url, stalled, clients: count, requests }) {
  if (!limitsConnections) return null;
  await clientFor({ connections: 1, keepAlive: true }).json(url);
  collectGarbage();
  const idleBefore = heap();
  const idle = [];
  for (let made = 0; made < count; made += 1) {
    const client = open({ connections: 1, keepAlive: true });
    await client.json(url);
    idle.push(client);
  }
  collectGarbage();
  const perClient = (heap() - idleBefore) / count;
  await Promise.all(idle.splice(0).map((client) => client.close()));

  const busy = open({ connections: requests, keepAlive: true });
  collectGarbage();
  const busyBefore = heap();
  const pending = Array.from({ length: requests }, () => busy.json(stalled).catch(() => null));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  collectGarbage();
  const perRequest = (heap() - busyBefore) / requests;
  return { perClient, perRequest, pending: pending.length };
}

function heap() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
