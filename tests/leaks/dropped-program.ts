/** Drops streamed responses in all the ways there are, and prints as JSON what became of their connections. */
import { getEventListeners, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, Request, Session } from "requests-ts";

import { collectedUntil, collectThoroughly } from "./collected.js";

const MUCH = randomBytes(8 * 1024 * 1024);
const COMPRESSED = gzipSync(MUCH, { level: 0 });
const warnings: { readonly code: string | undefined; readonly message: string }[] = [];
process.on("warning", (warning) => {
  warnings.push({ code: (warning as { code?: string }).code, message: warning.message });
});

/** Answers whose rest is sent when the scenario says so. */
const held: ServerResponse[] = [];
const server = createServer((request, response) => {
  const path = request.url!.split("?")[0];
  if (path === "/little") response.end("little");
  else if (path === "/much") response.end(MUCH);
  else if (path === "/gzip") response.writeHead(200, { "Content-Encoding": "gzip" }).end(COMPRESSED);
  else {
    response.writeHead(200, { "Content-Length": "10" }).write("01234");
    held.push(response);
  }
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const adapter = new HTTPAdapter({ maxConnections: 1 });
const session = new Session();
session.mount("http://", adapter);
const stream = { stream: true } as const;

const isFree = (): boolean => adapter.statistics.open === adapter.statistics.idle;
async function isUsable(): Promise<boolean> {
  return (await session.get(`${url}/little`, { timeout: { pool: 2, read: 2 } })).text === "little";
}
/** Whether the connection comes back by itself, and serves the next request. */
async function comesBack(): Promise<boolean> {
  return (await collectedUntil(isFree)) && (await isUsable());
}

const results: Record<string, unknown> = {};

await session.get(`${url}/little`, stream);
results["whole when dropped"] = await comesBack();
results["warnings so far"] = (await collectThoroughly(), warnings.length);

await session.get(`${url}/much?token=1`, stream);
results["never read"] = await comesBack();

await session.get(`${url}/held`, stream);
results["little left"] = await collectedUntil(() => {
  if (warnings.length > 0 && held.length > 0) held.pop()!.end("56789");
  return isFree();
});
results["little left, reused"] = (await session.get(`${url}/little`)).reused;

const firstPiece = async (path: string): Promise<void> => {
  const pieces = (await session.get(url + path, stream)).iterContent();
  await pieces.next();
};
await firstPiece("/much");
results["iterated in part"] = await comesBack();
await firstPiece("/gzip");
results["iterated in part, gzip"] = await comesBack();

await session.fetch(`${url}/much`);
results["fetch"] = await comesBack();

const { signal } = new AbortController();
await session.get(`${url}/much`, { ...stream, signal, timeout: { total: 60 } });
results["with a signal and a total timeout"] = await comesBack();
results["listeners"] = getEventListeners(signal, "abort").length;

await adapter.send(new Request("GET", `${url}/much`).prepare(), {
  ...session.mergeEnvironmentSettings(url),
  stream: true,
  timeout: null,
});
results["of an adapter alone"] = await comesBack();

const keepRaw = async (): Promise<AsyncIterable<Buffer>> => (await session.get(`${url}/much`, stream)).raw;
const keepPieces = async (): Promise<AsyncIterable<Buffer>> => (await session.get(`${url}/gzip`, stream)).iterContent();
for (const [name, keep] of Object.entries({ raw: keepRaw, iterator: keepPieces })) {
  const kept = await keep();
  await collectThoroughly();
  let size = 0;
  for await (const piece of kept) size += piece.length;
  results[`kept by its ${name} alone`] = size === MUCH.length;
}

// Only the connection refers to this reader, which waits for bytes.
let read = "";
void (async () => {
  for await (const piece of await session.get(`${url}/held`, stream)) read += piece.toString();
  read += ".";
})();
await collectedUntil(() => read === "01234");
await collectThoroughly();
held.pop()!.end("56789");
await collectedUntil(() => read.endsWith("."));
results["a reader that waits"] = read;

results["warnings"] = warnings;
console.log(JSON.stringify(results));
await session.close();
server.close();
