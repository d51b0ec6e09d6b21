// Requests under faults for minutes, and a picture of the memory of the process that sends them.
//   npm run soak                         ten minutes
//   npm run soak -- --minutes 1 --picture docs/assets/soak.svg
// The line must be flat: the run fails when the last third holds more than the first third, or when a socket is left.
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { memoryPicture } from "./soak-picture.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, picture: { type: "string" } },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes must be a number above 0, not ${JSON.stringify(values.minutes)}`);
  process.exit(2);
}
/** Bytes by which the median of the last third may lie above that of the first. */
const SLACK = 2 * 1024 * 1024;

const support = (/** @type {string} */ name) =>
  import(pathToFileURL(join(import.meta.dirname, "..", "build", "tests", "_support", name)).href);
const { faultProxy } = await support("fault-proxy.js");
const { answerWithId, faultMix } = await support("fault-mix.js");

const server = createServer((request, response) => {
  answerWithId(request, response).catch(() => response.destroy());
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const proxy = await faultProxy(port, faultMix(0.2));

const client = fork(join(import.meta.dirname, "soak-client.mjs"), [proxy.url, String(minutes * 60)], {
  execArgv: ["--expose-gc"],
});
/** @type {{ seconds: number, requests: number, heap: number, rss: number }[]} */
const samples = [];
/** @type {{ outcomes: Record<string, number>, wrong: string[] } | undefined} */
let report;
client.on("message", (/** @type {any} */ message) => {
  if (message.sample === undefined) {
    report = message;
    return;
  }
  samples.push(message.sample);
  const { seconds, requests, heap, rss } = message.sample;
  console.log(
    `${String(Math.round(seconds)).padStart(5)} s  ${String(requests).padStart(9)} requests  heap ${megabytes(heap)} MB  RSS ${megabytes(rss)} MB`,
  );
});
const code = await new Promise((resolve) => client.once("exit", resolve));
const left = proxy.open;
await proxy.close();
server.closeAllConnections();
server.close();

if (code !== 0) fail(`the client ended with ${code}`);
const { outcomes, wrong } = finished();
console.log(`\n${JSON.stringify(outcomes, null, 2)}`);
if (values.picture !== undefined) {
  mkdirSync(dirname(values.picture), { recursive: true });
  writeFileSync(values.picture, memoryPicture(samples, { minutes, node: process.version }));
}
const third = Math.max(1, Math.floor(samples.length / 3));
const first = median(samples.slice(0, third).map(({ heap }) => heap));
const last = median(samples.slice(-third).map(({ heap }) => heap));
console.log(`heap: median ${megabytes(first)} MB in the first third, ${megabytes(last)} MB in the last`);
if (wrong.length > 0) fail(`outcomes that must not be: ${wrong.join("; ")}`);
if (left > 0) fail(`${left} connections are still open`);
if (last > first + SLACK) fail("the heap grows");
console.log("Nothing is left behind.");

function finished() {
  return report ?? fail("the client sent no report");
}

/**
 * @param {string} what
 * @returns {never}
 */
function fail(what) {
  console.error(what);
  process.exit(1);
}

function megabytes(/** @type {number} */ bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}

function median(/** @type {number[]} */ numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
