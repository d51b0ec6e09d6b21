// npm run bench [-- --seconds 1 --rounds 5]: requests-ts next to other clients, in one run.
// Contestants take turns in rounds, so that a noisy machine hurts all alike; the figures are medians over the rounds.
import { spawnSync, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const here = import.meta.dirname;
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

if (!existsSync(join(here, "node_modules"))) {
  console.error("Installing the other clients into bench/node_modules …");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: here, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

const { contestants } = await import("./contestants.mjs");
const server = fork(join(here, "server.mjs"));
const { url } = await new Promise((resolve) => server.once("message", resolve));

const list = (await contestants()).filter(({ name }) => values.only === undefined || name.includes(values.only));
const milliseconds = Number(values.seconds) * 1000;
const results = new Map(list.map(({ name }) => [name, { many: [], manyCpu: [], one: [], oneCpu: [] }]));

for (const { get } of list) await measure(get, 50, Math.min(milliseconds, 500));
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const { name, get } of list) {
    const many = await measure(get, 50, milliseconds);
    const one = await measure(get, 1, milliseconds / 2);
    const result = results.get(name);
    result.many.push(many.rate);
    result.manyCpu.push(many.cpu);
    result.one.push(one.rate);
    result.oneCpu.push(one.cpu);
  }
}
for (const { close } of list) await close();
server.disconnect();

const rows = list.map(({ name }) => {
  const { many, manyCpu, one, oneCpu } = results.get(name);
  return { name, many: median(many), manyCpu: median(manyCpu), one: median(one), oneCpu: median(oneCpu) };
});
const ours = rows[0];
if (values.json) console.log(JSON.stringify({ node: process.version, cpus: cpus().length, rows }, null, 2));
else print();

async function measure(get, concurrency, limit) {
  let done = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + limit;
  const worker = async () => {
    while (performance.now() < end) {
      const value = await get(url);
      if (value.id !== 1) throw new Error(`wrong answer: ${JSON.stringify(value)}`);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / done };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function print() {
  console.log(
    `GET of 192 bytes of JSON on loopback, parsed. Node ${process.version}, ${cpus().length} cores, ${values.rounds} rounds of ${values.seconds} s.\n`,
  );
  console.log("                                      50 at a time                    one at a time");
  console.log("                                      req/s   CPU µs/req  ours ÷      req/s   CPU µs/req  ours ÷");
  for (const { name, many, manyCpu, one, oneCpu } of rows)
    console.log(
      `${name.padEnd(36)}${String(Math.round(many)).padStart(7)}${manyCpu.toFixed(1).padStart(13)}${(ours.many / many).toFixed(2).padStart(8)}${String(Math.round(one)).padStart(11)}${oneCpu.toFixed(1).padStart(13)}${(ours.one / one).toFixed(2).padStart(8)}`,
    );
}
