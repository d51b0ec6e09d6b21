// npm run bench: requests-ts next to the other clients, in one run.
//   --rounds 5 --seconds 1     how often and how long each is asked; ratios are taken within a round
//   --only get,down            workloads whose id begins so
//   --with axios,got           only these beside requests-ts
//   --json results.json        the figures as they are
//   --page                     writes them into docs/performance.md and README.md, and draws docs/assets/benchmark.svg
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { installPackages, packageFolder } from "../packages.mjs";
import { aims } from "./aims.mjs";
import { CONTESTANTS } from "./contestants/index.mjs";
import { writeBlock, writeReadme } from "./page.mjs";
import { picture } from "./picture.mjs";
import { startServers } from "./servers/index.mjs";
import { aimsTable, conditionsLine, readmeTable, table } from "./tables.mjs";
import { crowds, measureAlone, measureImports, measureRate, rates, transfers } from "./workloads.mjs";

const root = join(import.meta.dirname, "..", "..");
const GIBIBYTE = 1024 ** 3;
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    only: { type: "string" },
    with: { type: "string" },
    json: { type: "string" },
    page: { type: "boolean", default: false },
  },
});
const rounds = positive("rounds");
const seconds = positive("seconds");

if (!installPackages("bench")) process.exit(1);

const only = values.only?.split(",");
const others = values.with?.split(",");
const contestants = CONTESTANTS.filter(({ id }) => id === "requests-ts" || (others?.includes(id) ?? true));
const clients = contestants.filter(({ id }) => id !== "floor");
const wanted = ({ id }) => only === undefined || only.some((word) => id.startsWith(word));

const results = {};
const titles = {};
const servers = await startServers(GIBIBYTE);
const conditions = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  processor: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  server: servers.software,
  rounds,
  seconds,
  versions: versionsOf(clients),
};
console.log(`${conditionsLine(conditions)}\n`);
try {
  for (const workload of rates(servers).filter(wanted)) {
    const takers = workload.id.startsWith("get-") ? contestants : clients;
    keep(workload, await measureRate(workload, takers, servers, { rounds, seconds }, report));
  }
  for (const workload of transfers(servers, GIBIBYTE).filter(wanted))
    keep(workload, await measureAlone(workload, clients, servers, rounds, report));
  for (const workload of crowds(servers).filter(wanted))
    keep(workload, await measureAlone(workload, clients, servers, rounds, report));
  const imports = { id: "import", title: "import, in a fresh process" };
  if (wanted(imports)) keep(imports, measureImports(clients, rounds * 3));
} finally {
  servers.stop();
}

const reached = aims(results);
console.log(aimsTable(reached));
const all = { conditions, titles, results, aims: reached };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
if (values.page) writePage(all);

function keep({ id, title }, rows) {
  results[id] = rows;
  titles[id] = title;
  console.log(`${table(id, title, rows)}\n`);
}

function report(text) {
  console.error(`  ${text}`);
}

function writePage({ conditions: made, results: found }) {
  const blocks = Object.keys(found).map((id) => table(id, titles[id], found[id]));
  writeBlock("figures", [conditionsLine(made), "", aimsTable(reached), "", blocks.join("\n\n")].join("\n"));
  if (found["get-50"] === undefined) return;
  writeReadme("speed", readmeTable(found, made));
  mkdirSync(join(root, "docs", "assets"), { recursive: true });
  writeFileSync(join(root, "docs", "assets", "benchmark.svg"), picture(found["get-50"], made));
}

function versionsOf(list) {
  const found = {};
  for (const { package: name } of list)
    if (name !== undefined)
      found[name] = JSON.parse(readFileSync(join(packageFolder("bench", name) ?? "", "package.json"), "utf8")).version;
  return found;
}

function positive(name) {
  const number = Number(values[name]);
  if (number > 0) return number;
  console.error(`--${name} must be a number above 0, not ${JSON.stringify(values[name])}`);
  process.exit(2);
}
