/**
 * One side of a big stream, as a process of its own, so that its memory is its own.
 *
 *   serve                      a server; prints its port
 *   down|up|slow-reader|slow-writer|slow-server URL BYTES    a client; prints what it measured, as JSON
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { Session } from "requests-ts";

const CHUNK = Buffer.alloc(64 * 1024, "requests");
const MIB = 1 << 20;

/** What a client measured. */
export interface Measured {
  /** Bytes that arrived, as the receiver counted them. */
  readonly bytes: number;
  readonly seconds: number;
  /** MiB; of the client. */
  readonly peakRss: number;
  /** MiB before the first request. */
  readonly baseRss: number;
  /** MiB by which the fast side was ahead of the slow one at most. */
  readonly ahead: number;
}

const [mode, url, bytes] = process.argv.slice(2);
if (mode === "serve") await serve();
else process.stdout.write(JSON.stringify(await measure(mode, url, Number(bytes))));

async function serve(): Promise<void> {
  /** Bytes handed to the socket of the last download, and read from the last upload. */
  let moved = 0;
  const server = createServer((request, response) => {
    const size = Number(new URL(request.url!, "http://h").searchParams.get("bytes"));
    if (request.url === "/moved") response.end(String(moved));
    else if (request.method === "POST") void receive(request, response, request.url === "/slow");
    else void send(response, size);
  });
  async function send(response: ServerResponse, size: number): Promise<void> {
    moved = 0;
    response.setHeader("Content-Length", size);
    while (moved < size) {
      const chunk = CHUNK.subarray(0, Math.min(CHUNK.length, size - moved));
      moved += chunk.length;
      if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  }
  async function receive(request: IncomingMessage, response: ServerResponse, slowly: boolean): Promise<void> {
    moved = 0;
    let next = MIB;
    for await (const chunk of request) {
      moved += (chunk as Buffer).length;
      if (slowly && moved >= next) {
        next += MIB;
        await sleep(2);
      }
    }
    response.end(String(moved));
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
}

async function measure(kind: string | undefined, base: string | undefined, size: number): Promise<Measured> {
  const session = new Session();
  const watcher = new Session();
  await session.get(`${base}/moved`);
  globalThis.gc?.();
  const baseRss = rss();
  let peakRss = baseRss;
  const timer = setInterval(() => (peakRss = Math.max(peakRss, rss())), 5);
  const started = performance.now();
  let moved = 0;
  let ahead = 0;
  let next = MIB;
  /** Every MiB: a rest for the slow, and a look at how far the fast side is. */
  const eachMiB = async (isSlow: boolean): Promise<void> => {
    if (moved < next) return;
    next += MIB;
    peakRss = Math.max(peakRss, rss());
    if (!isSlow) return;
    await sleep(2);
    if (next % (8 * MIB) === 0) {
      const there = Number(await watcher.get(`${base}/moved`).text());
      ahead = Math.max(ahead, kind === "slow-reader" ? there - moved : moved - there);
    }
  };
  async function* source(): AsyncGenerator<Buffer, void> {
    while (moved < size) {
      const chunk = CHUNK.subarray(0, Math.min(CHUNK.length, size - moved));
      moved += chunk.length;
      yield chunk;
      await eachMiB(kind === "slow-writer");
      if (kind === "slow-server" && moved % (8 * MIB) === 0) {
        const there = Number(await watcher.get(`${base}/moved`).text());
        ahead = Math.max(ahead, moved - there);
      }
    }
  }
  let arrived: number;
  if (kind === "down" || kind === "slow-reader") {
    const response = await session.get(`${base}/?bytes=${size}`, { stream: true });
    for await (const chunk of response.iterContent()) {
      moved += chunk.length;
      await eachMiB(kind === "slow-reader");
    }
    arrived = response.bytesReceived;
  } else {
    const path = kind === "slow-server" ? "/slow" : "/up";
    arrived = Number(await session.post(`${base}${path}`, { data: source() }).text());
  }
  clearInterval(timer);
  await session.close();
  await watcher.close();
  const seconds = (performance.now() - started) / 1000;
  return { bytes: arrived, seconds, peakRss, baseRss, ahead: ahead / MIB };
}

function rss(): number {
  return process.memoryUsage.rss() / MIB;
}
