/** Ends requests in all the ways there are, while session and signal live on, and prints as JSON what is still held. */
import { getEventListeners, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { HTTPAdapter, Request, Session, type RequestOptions, type Response } from "requests-ts";

import { collectedUntil, collectThoroughly } from "./collected.js";

const waiting: ServerResponse[] = [];
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url!, "http://h");
  if (pathname === "/silent") waiting.push(response);
  else if (pathname === "/reset") request.socket.resetAndDestroy();
  else if (pathname === "/half") response.writeHead(200, { "Content-Length": "10" }).write("01234");
  else if (pathname === "/once") response.writeHead(302, { Location: "/held", "Set-Cookie": "a=1" }).end();
  else if (pathname === "/held") waiting.push(response);
  else if (pathname === "/missing") response.writeHead(404).end("missing");
  else response.end(Buffer.alloc(1024 * 1024));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const adapter = new HTTPAdapter({ maxConnections: 4 });
const session = new Session();
session.mount("http://", adapter);
let controller = new AbortController();

type Use = (response: Response) => unknown;
const ways: Record<string, readonly [path: string, options: RequestOptions, use: Use]> = {
  "read to the end": ["/", {}, (response) => response.content.length],
  "a status that is thrown": ["/missing", {}, (response) => response.raiseForStatus()],
  "a reset": ["/reset", {}, () => undefined],
  "a read timeout": ["/silent", { timeout: 0.02 }, () => undefined],
  "a total timeout": ["/silent", { timeout: { total: 0.02 } }, () => undefined],
  "an abort while waiting": ["/silent", {}, () => undefined],
  "an abort while streaming": ["/half", { stream: true }, (response) => response.read()],
  "streamed to the end": ["/", { stream: true }, (response) => response.read()],
  "left early": [
    "/",
    { stream: true },
    async (response) => {
      for await (const _ of response) break;
    },
  ],
  "closed unread": ["/", { stream: true }, (response) => response.close()],
  "dropped unread": ["/", { stream: true }, () => undefined],
  "a hook that throws": ["/", { stream: true }, () => undefined],
};

const results: Record<string, unknown> = {};
for (const [name, [path, options, use]] of Object.entries(ways)) {
  const run = async (): Promise<WeakRef<object>> => {
    const prepared = session.prepareRequest(new Request("GET", url + path));
    if (name === "a hook that throws")
      prepared.registerHook("response", () => {
        throw new Error("no");
      });
    if (name.startsWith("an abort")) setTimeout(() => controller.abort(), 20);
    try {
      await use(await session.send(prepared, { ...options, signal: controller.signal }));
    } catch {
      // How it ended is for others to test.
    }
    return new WeakRef(prepared);
  };
  const request = await run();
  const { signal } = controller;
  const gone = await collectedUntil(
    () => request.deref() === undefined && adapter.statistics.open === adapter.statistics.idle,
  );
  results[name] = { gone, listeners: getEventListeners(signal, "abort").length };
  if (signal.aborted) controller = new AbortController();
}

// close() while requests are at work, wait in the queue, and have another hop before them.
waiting.length = 0;
const calls = [
  ...Array.from({ length: 4 }, () => session.get(`${url}/once`)),
  session.get(`${url}/held`),
  session.get(`${url}/held`, { stream: true }),
];
await session.close();
const answering = setInterval(() => {
  for (const response of waiting.splice(0)) response.end("held");
}, 1);
const bodies = await Promise.all(calls.map(async (call) => String(await (await call).read())));
clearInterval(answering);
results["close() in the middle"] = { bodies, statistics: adapter.statistics };
await session.close();
server.close();
server.closeAllConnections();
await collectThoroughly();
results["resources"] = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq/.test(name));
console.log(JSON.stringify(results));
