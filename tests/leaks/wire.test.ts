/** Nothing is left: no socket, no timer, no listener, no process that does not end. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, Retry, Session } from "requests-ts";
import { eventually, OK, pause, rawServer, type Peer, type RawServer } from "../_support/raw-server.js";

const LARGE = Buffer.alloc(200_000, "x");
const LENGTH = `HTTP/1.1 200 OK\r\nContent-Length: ${LARGE.length}\r\n\r\n`;
const ZIPPED = gzipSync(LARGE);

/** Behaves as the path says. */
async function behave(peer: Peer): Promise<void> {
  for (;;) {
    const { head } = await peer.request();
    switch (/^\w+ \/([\w-]*)/.exec(head)![1]) {
      case "reset":
        peer.reset();
        return;
      case "cut":
        await peer.send(LENGTH);
        peer.end("x");
        return;
      case "garbage":
        await peer.send("garbage\r\n\r\n");
        break;
      case "silent":
        break;
      case "stalled":
        await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx");
        break;
      case "large":
        await peer.send(LENGTH);
        await Promise.race([peer.send(LARGE), peer.gone]);
        break;
      case "gzip":
        await peer.send(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${ZIPPED.length}\r\n\r\n`);
        await peer.send(ZIPPED);
        break;
      case "status":
        await peer.send("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n");
        break;
      default:
        await peer.send(OK);
    }
  }
}

/** What this process waits for, by kind, without pipes and files. */
function resources(): Record<string, number> {
  const found: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo())
    if (/TCP|TLS|Timeout|Immediate|GetAddrInfo|Connect/.test(kind)) found[kind] = (found[kind] ?? 0) + 1;
  return found;
}

type Call = (session: Session, url: string, signal: AbortSignal) => Promise<unknown>;

const CALLS: Readonly<Record<string, Call>> = {
  success: async (session, url) => (await session.get(url)).text,
  upload: (session, url) => session.post(url, { data: [Buffer.alloc(1000)].values() }),
  "an error status": (session, url) => session.get(`${url}/status`).raiseForStatus(),
  reset: (session, url) => session.get(`${url}/reset`),
  "a cut body": (session, url) => session.get(`${url}/cut`),
  garbage: (session, url) => session.get(`${url}/garbage`),
  "a read timeout": (session, url) => session.get(`${url}/silent`, { timeout: 0.02 }),
  "a total timeout": (session, url) => session.get(`${url}/silent`, { timeout: { total: 0.02, connect: 5, read: 5 } }),
  "an unused timeout": (session, url) => session.get(url, { timeout: { connect: 30, read: 30, total: 30, pool: 30 } }),
  abort: (session, url, signal) => session.get(`${url}/silent`, { signal }),
  "an unused signal": (session, url, signal) => session.get(url, { signal }),
  "a stream, read": async (session, url) => (await session.get(`${url}/large`, { stream: true })).read(),
  "a stream, left early": async (session, url) => {
    const response = await session.get(`${url}/large`, { stream: true, timeout: 30 });
    for await (const chunk of response.iterContent(10)) if (chunk.length > 0) break;
  },
  "a compressed stream, left early": async (session, url) => {
    const response = await session.get(`${url}/gzip`, { stream: true });
    for await (const chunk of response.iterContent(10)) if (chunk.length > 0) break;
  },
  "a stalled stream, left early": async (session, url) => {
    const response = await session.get(`${url}/stalled`, { stream: true });
    for await (const chunk of response.iterContent()) if (chunk.length > 0) break;
  },
  "a stream, unread and closed": async (session, url) =>
    (await session.get(`${url}/large`, { stream: true, timeout: { total: 30 } })).close(),
  "a stream, aborted": async (session, url, signal) =>
    (await session.get(`${url}/stalled`, { stream: true, signal })).read(),
  "Expect: 100-continue, refused": (session, url) =>
    session.post(`${url}/status`, { data: "", headers: { Expect: "100-continue" } }),
};

async function mixedCalls(session: Session, server: RawServer, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const controller = new AbortController();
    const calls = Object.entries(CALLS).map(([name, call]) => ({
      waitsForAbort: name.endsWith("abort") || name.endsWith("aborted"),
      outcome: call(session, server.url, controller.signal),
    }));
    const settled = Promise.allSettled(calls.map(({ outcome }) => outcome));
    await Promise.allSettled(calls.filter(({ waitsForAbort }) => !waitsForAbort).map(({ outcome }) => outcome));
    controller.abort(new Error("aborted"));
    const results = await settled;
    assert.equal(getEventListeners(controller.signal, "abort").length, 0, "listeners stayed at the signal");
    const failed = Object.keys(CALLS).filter((_name, at) => results[at].status === "rejected");
    assert.deepEqual(failed, ["an error status", "reset", "a cut body", "garbage", "a read timeout", "a total timeout", "abort", "a stream, aborted"]); // prettier-ignore
  }
}

describe("after 200 requests of mixed outcome", { timeout: 60_000 }, () => {
  it("no socket, timer or listener is left when the session was closed [nothing-left-after-close]", async () => {
    const server = await rawServer(behave);
    const before = resources();
    const session = new Session();
    const adapter = new HTTPAdapter({ maxRetries: new Retry({ total: 0, read: false, raiseOnStatus: false }) });
    session.mount("http://", adapter);
    const rounds = Math.ceil(200 / Object.keys(CALLS).length);
    await mixedCalls(session, server, rounds);
    await session.close();
    await eventually(() => adapter.statistics.open === 0);
    assert.deepEqual(adapter.statistics, { open: 0, idle: 0, waiting: 0, origins: 0 });
    await Promise.all(server.peers.map((peer) => peer.gone));
    const left = (): boolean => {
      const now = resources();
      return Object.keys({ ...before, ...now }).some((kind) => (now[kind] ?? 0) > (before[kind] ?? 0));
    };
    // The pause of eventually() is a timer itself: looked at in between.
    for (let turn = 0; left() && turn < 200; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(resources(), before);
    await server.close();
  });

  it("all connections of a small pool are available", async () => {
    const server = await rawServer(behave);
    const session = new Session();
    const adapter = new HTTPAdapter({ maxConnections: 3 });
    session.mount("http://", adapter);
    for (let round = 0; round < 20; round += 1) {
      const controller = new AbortController();
      const calls = Array.from({ length: 5 }, () => session.get(`${server.url}/silent`, { signal: controller.signal }));
      const settled = Promise.allSettled(calls);
      await pause(2);
      controller.abort();
      await settled;
    }
    await eventually(() => adapter.statistics.open === 0);
    assert.equal(adapter.statistics.waiting, 0);
    const responses = await Promise.all([1, 2, 3, 4, 5].map(() => session.get(server.url)));
    assert.equal(
      responses.every(({ text }) => text === "ok"),
      true,
    );
    await session.close();
    await server.close();
  });
});

describe("a process", { timeout: 60_000 }, () => {
  const run = promisify(execFile);
  const scripts: Readonly<Record<string, string>> = {
    "that leaves a session open": `await new Session().get(url);`,
    "that leaves many connections open": `
      const session = new Session();
      await Promise.all(Array.from({ length: 30 }, () => session.get(url, { timeout: 60 })));`,
    "that used the functions": `await requests.get(url); await requests.post(url, { json: {} });`,
    "that read half a stream": `
      const response = await new Session().get(url + "/large", { stream: true, timeout: { total: 60 } });
      for await (const chunk of response.iterContent()) break;`,
    "that closed a stream whose rest does not come": `
      (await new Session().get(url + "/stalled", { stream: true })).close();`,
    "whose calls failed": `
      const session = new Session();
      await Promise.allSettled([session.get(url + "/reset"), session.get(url + "/cut"), session.get(url + "/garbage"), session.get(url + "/silent", { timeout: 0.02 })]);`,
    "that aborted a call": `
      await new Session().get(url + "/silent", { signal: AbortSignal.timeout(20) }).catch(() => undefined);`,
  };
  for (const [name, body] of Object.entries(scripts))
    it(`${name} ends without process.exit`, async () => {
      const server = await rawServer(behave);
      const code = `import requests, { Session } from "requests-ts"; const url = ${JSON.stringify(server.url)}; ${body}; console.log("done");`;
      const started = performance.now();
      const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", code], { timeout: 20_000 });
      assert.equal(stdout, "done\n");
      assert.equal(stderr, "");
      assert.ok(performance.now() - started < 20_000, "it took long to end");
      await server.close();
    });
});
