/**
 * 10,000 requests through the fault proxy, one in five of them broken, with retries on: every one ends in the right
 * response or a named exception, and nothing is left of them. The client runs in a process of its own, so that what is
 * left can only be the client's. `FAULT_REQUESTS` sets another number.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";

import { HTTPAdapter, RequestException, Retry, RetryBudget, Session } from "requests-ts";

import { answerWithId, EXPECTED, faultMix } from "../_support/fault-mix.js";
import { faultProxy, type FaultProxy } from "../_support/fault-proxy.js";
import { eventually, pause, rawServer } from "../_support/raw-server.js";

const REQUESTS = Number(process.env["FAULT_REQUESTS"] ?? 10_000);
const AT_ONCE = 50;
const FAULTY = 0.2;
/** Bytes by which the heap may have grown: what is kept of each request would be more. */
const HEAP_SLACK = 3 * 1024 * 1024;

/** What the client's process tells. */
interface Report {
  /** How many calls ended in what: "response", or the exception's name and code. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Outcomes that must not be. */
  readonly wrong: readonly string[];
  readonly retries: number;
  readonly statistics: HTTPAdapter["statistics"];
  /** Resources that keep the process alive, before and after. */
  readonly resources: readonly [before: readonly string[], after: readonly string[]];
  readonly abortListeners: number;
  readonly heap: readonly [warm: number, end: number];
  readonly buffers: readonly [warm: number, end: number];
}

/** @param healthyUrl - The server itself, without the faults. */
async function warmAndRun(url: string, healthyUrl: string): Promise<Report> {
  const gc = (globalThis as unknown as { gc: () => void }).gc;
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  let retries = 0;
  // What loading this file left open is closed first.
  await pause(50);
  const before = process.getActiveResourcesInfo();
  const abort = new AbortController();
  const session = new Session({ trustEnv: false, timeout: { connect: 20, total: 120, pool: 100 } });
  const policy = Retry.sensible(3);
  // Without waiting as long as in earnest, and with one retry for two requests.
  const retry = policy.new({
    backoffFactor: 0.01,
    onRetry: () => (retries += 1),
    budget: new RetryBudget({ ratio: 0.5 }),
  });
  const adapter = new HTTPAdapter({ maxRetries: retry, maxConnections: 40, poolMaxsize: 40 });
  session.mount("http://", adapter);

  const one = async (id: number): Promise<string> => {
    const method = id % 5 === 0 ? "POST" : "GET";
    const body = method === "POST" ? `body of ${id}` : "";
    const stream = id % 10 === 3 || id % 10 === 4;
    const response = await session.request(method, url, {
      headers: { "X-Id": String(id) },
      ...(method === "POST" ? { data: body } : {}),
      ...(id % 3 === 0 ? { signal: abort.signal } : {}),
      stream,
    });
    // Some lose their interest in the middle of the body.
    if (id % 10 === 4) {
      for await (const _piece of response.iterContent()) break;
      return "response";
    }
    await response.read();
    const found = response.json<{ id: string; body: string }>();
    if (found.id !== String(id) || found.body !== body) wrong.push(`${id} got ${found.id} ${found.body}`);
    return "response";
  };
  const run = async (from: number, to: number): Promise<void> => {
    let next = from;
    const worker = async (): Promise<void> => {
      while (next < to) {
        const id = (next += 1);
        const outcome = await one(id).catch((error: unknown) => {
          if (error instanceof RequestException && EXPECTED.has(error.name)) return `${error.name} ${error.code}`;
          const { phase, elapsed } = error as Partial<RequestException>;
          wrong.push(`${id} ended in ${String(error)}, ${phase}, ${elapsed}, ${JSON.stringify(adapter.statistics)}`);
          return "wrong";
        });
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  const measure = async (): Promise<NodeJS.MemoryUsage> => {
    await session.close();
    await pause(50);
    gc();
    await pause(10);
    gc();
    return process.memoryUsage();
  };

  // A stall must be told from a machine that is busy with other work.
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, (_none, id) => session.get(healthyUrl, { headers: { "X-Id": String(id) } })),
  );
  const read = Math.min(2, Math.max(0.15, (10 * (performance.now() - started)) / 1000));
  session.timeout = { connect: 20, read, total: 120, pool: 100 };

  const warming = Math.floor(REQUESTS / 10);
  await run(0, warming);
  const warm = await measure();
  await run(warming, REQUESTS);
  // Bodies that are not read to the end get a second.
  const end = Date.now() + 2000;
  while (adapter.statistics.open > adapter.statistics.idle && Date.now() < end) await pause(20);
  const last = await measure();
  return {
    outcomes,
    wrong: wrong.slice(0, 20),
    retries,
    statistics: adapter.statistics,
    resources: [before, process.getActiveResourcesInfo()],
    abortListeners: getEventListeners(abort.signal, "abort").length,
    heap: [warm.heapUsed, last.heapUsed],
    buffers: [warm.arrayBuffers, last.arrayBuffers],
  };
}

/** Starts this file again as the client. */
async function clientProcess(proxy: FaultProxy, healthy: string): Promise<{ report: Report; open: number }> {
  const environment = {
    ...process.env,
    FAULT_CLIENT_URL: proxy.url,
    FAULT_CLIENT_HEALTHY_URL: healthy,
    NODE_OPTIONS: "",
  };
  delete (environment as NodeJS.ProcessEnv)["NODE_TEST_CONTEXT"];
  const child = fork(import.meta.filename, { execArgv: ["--expose-gc"], env: environment });
  const report = await new Promise<Report>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Report));
    child.once("exit", (code) => reject(new Error(`the client ended with ${code} and without a report`)));
  });
  // While it still lives: its sockets must be closed because it closed them.
  const open = await stillOpen(proxy);
  const exited = new Promise<unknown>((resolve) => child.once("exit", resolve));
  child.disconnect();
  assert.equal(await exited, 0);
  return { report, open };
}

const clientUrl = process.env["FAULT_CLIENT_URL"];
if (clientUrl !== undefined) {
  process.send!(await warmAndRun(clientUrl, process.env["FAULT_CLIENT_HEALTHY_URL"]!));
  // Runs until the parent disconnects.
  process.once("disconnect", () => undefined);
} else {
  describe("resources after faults", () => {
    it(
      `are released: ${REQUESTS} requests, ${FAULTY * 100} % of them broken`,
      { timeout: 900_000 },
      async (context) => {
        const server = createServer((request, response) => {
          answerWithId(request, response).catch(() => response.destroy());
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as AddressInfo;
        const proxy = await faultProxy(port, faultMix(FAULTY));
        try {
          const { report, open } = await clientProcess(proxy, `http://127.0.0.1:${port}/`);
          const { connections, exchanges } = proxy;
          context.diagnostic(JSON.stringify({ ...report, connections, exchanges, open }));
          check(report);
          assert.equal(open, 0, "connections are still open at the proxy");
        } finally {
          await proxy.close();
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        }
      },
    );

    it("are held by an unread, endless body for at most a second [endless-body]", async () => {
      await using server = await rawServer(async (peer) => {
        await peer.request();
        await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n*");
        while (!peer.isGone) await peer.sendAndPause("*");
      });
      await using session = new Session({ trustEnv: false });
      const adapter = new HTTPAdapter();
      session.mount("http://", adapter);
      const response = await session.get(server.url, { stream: true });
      const started = performance.now();
      response.close();
      await eventually(() => adapter.statistics.open === 0);
      assert.ok(performance.now() - started < 5000, `${performance.now() - started} ms`);
    });
  });
}

/** Connections at the proxy, after the time that closing takes. */
async function stillOpen(proxy: FaultProxy): Promise<number> {
  const end = Date.now() + 2000;
  while (proxy.open > 0 && Date.now() < end) await pause(10);
  return proxy.open;
}

function check(report: Report): void {
  const { outcomes, wrong, retries, statistics, resources, heap, buffers } = report;
  assert.deepEqual(wrong, [], "see resources and statistics in the diagnostic");
  assert.equal(
    Object.values(outcomes).reduce((sum, count) => sum + count, 0),
    REQUESTS,
  );
  const { response = 0, ...failed } = outcomes;
  // Broken and not to be repeated are only some of the POSTs and the streams; the rest is what retries are for.
  assert.ok(response > REQUESTS * 0.6, `only ${response} responses`);
  assert.ok(Object.keys(failed).length > 1, "no fault came through: this test proves nothing");
  assert.ok(retries > REQUESTS * 0.05, `only ${retries} retries: this test proves nothing`);
  assert.deepEqual({ ...statistics, origins: 0 }, { open: 0, idle: 0, waiting: 0, origins: 0 });
  assert.deepEqual([...resources[1]].sort(), [...resources[0]].sort());
  assert.equal(report.abortListeners, 0, "listeners are left on the AbortSignal");
  assert.ok(heap[1] < heap[0] + HEAP_SLACK, `the heap grew from ${heap[0]} to ${heap[1]}`);
  assert.ok(buffers[1] < buffers[0] + HEAP_SLACK, `buffers grew from ${buffers[0]} to ${buffers[1]}`);
}
