// Runs the tests that need nothing but a runtime (unit, wire, integration) on every runtime, and closes with
// "N passed, N failed".
//   node scripts/test-runtimes.mjs [--readme] [node20 | node22 | node24 | node26 | bun | deno …] [word …]
//   Words choose the files whose path has one of them. --readme writes the table into README.md.
// The runtimes are packages of runtimes/, installed on first use; where a platform has none, the PATH is asked.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";

import { EXCLUDED, RUNTIMES } from "../runtimes/list.mjs";

const root = join(import.meta.dirname, "..");
const folder = join(root, "runtimes");
const built = join(root, "build", "tests");
const setup = join(built, "_support", "setup.js");
/** Of one file; the slowest takes a tenth of it. */
const FILE_LIMIT_MS = 120_000;

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const names = words.filter((word) => word in RUNTIMES);
const fileWords = words.filter((word) => !(word in RUNTIMES));
const chosen = names.length === 0 ? Object.keys(RUNTIMES) : names;

const files = existsSync(built) ? testFiles() : [];
if (files.length === 0) {
  console.error(`No test file of unit/, wire/, integration/ has ${fileWords.join(" or ")}: is it built (npx tsc -b)?`);
  console.log("0 passed, 0 failed");
  process.exit(1);
}

if (!existsSync(join(folder, "node_modules"))) install();
const scratch = mkdtempSync(join(tmpdir(), "runtimes-"));
const rows = [];
for (const name of chosen) {
  const found = find(name);
  if (found === null) {
    console.log(`${RUNTIMES[name].label}: not found, neither in runtimes/node_modules nor on the PATH`);
    continue;
  }
  rows.push(await runOn(name, found));
}
rmSync(scratch, { recursive: true });

const table = tableOf(rows);
console.log(`\n${table}\n`);
if (process.argv.includes("--readme")) writeReadme(table);
const passed = sum("passed");
const failed = sum("failed");
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);

function sum(column) {
  return rows.reduce((total, row) => total + row[column], 0);
}

/** Without install scripts: the packages hold the programs themselves. */
function install() {
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) console.log("npm ci in runtimes/ failed: what is on the PATH is taken instead");
}

/** The program of a runtime and its version, or null. */
function find(name) {
  const { packages, program, onPath, fits } = RUNTIMES[name];
  const own = packages.map((each) => join(folder, "node_modules", each, program)).find((path) => existsSync(path));
  for (const path of [own, onPath]) {
    if (path === undefined) continue;
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const version = /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0];
    if (status === 0 && version !== undefined && fits(version)) return { path, version };
  }
  return null;
}

/** Every file in a process of its own, a few at a time: one that hangs is ended, and counts as failed. */
async function runOn(name, { path, version }) {
  const runtime = RUNTIMES[name];
  const row = { label: runtime.label, version, passed: 0, failed: 0, skipped: 0, excluded: 0 };
  const started = performance.now();
  const waiting = files.filter((file) => !isExcluded(name, file));
  row.excluded = files.length - waiting.length;
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker));
  row.seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${row.label} ${version}: ${row.passed} passed, ${row.failed} failed, ${row.skipped} skipped (${row.seconds} s)`,
  );
  return row;

  async function worker() {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const result = await runFile(name, path, file);
      row.passed += result.passed;
      row.skipped += result.skipped;
      row.failed += result.failures.length;
      for (const failure of result.failures) console.log(`FAILED ${row.label}: ${file}: ${failure}`);
    }
  }
}

function isExcluded(name, file) {
  return EXCLUDED.some(({ on, files: excluded }) => on.includes(name) && excluded.includes(file));
}

function runFile(name, path, file) {
  const report = join(scratch, `${name}-${file.replaceAll("/", "-")}.xml`);
  const child = spawn(path, RUNTIMES[name].args({ setup, report, file: join(built, file) }), {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (text) => (output = (output + text).slice(-20_000));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, FILE_LIMIT_MS);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ passed: 0, skipped: 0, failures: [String(error)] }));
    // "exit", not "close": a program that a killed test left behind may hold the pipes.
    child.on("exit", (code, signal) => {
      clearTimeout(limit);
      const result = readReport(existsSync(report) ? readFileSync(report, "utf8") : "");
      if (timedOut) result.failures.push(`did not end within ${FILE_LIMIT_MS / 1000} s\n${output.slice(-3000)}`);
      else if (
        (code !== 0 && result.failures.length === 0) ||
        result.passed + result.skipped + result.failures.length === 0
      )
        result.failures.push(`ended with ${signal ?? `exit code ${code}`}\n${output.slice(-3000)}`);
      resolve(result);
    });
  });
}

/** What a JUnit report says; a suite is no test, and one that failed through its tests no failure more. */
function readReport(xml) {
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes, , inside]) => ({
      name: unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? ""),
      failure: /<(?:failure|error)\b([^>]*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/.exec(inside ?? ""),
      skipped: /<skipped\b/.test(inside ?? ""),
    }),
  );
  const parents = new Set(cases.flatMap(({ name }) => prefixes(name)));
  const failedChildren = new Set(cases.filter(({ failure }) => failure !== null).flatMap(({ name }) => prefixes(name)));
  const result = { passed: 0, skipped: 0, failures: [] };
  for (const { name, failure, skipped } of cases) {
    if (failure !== null) {
      if (!failedChildren.has(name)) result.failures.push(`${name}\n${failureText(failure)}`);
    } else if (skipped) result.skipped += 1;
    else if (!parents.has(name)) result.passed += 1;
  }
  return result;
}

/** Deno names a test "suite > test", and reports the suite as well. */
function prefixes(name) {
  const parts = name.split(" > ");
  return parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join(" > "));
}

function failureText([, attributes, text]) {
  const message = unescape(/\bmessage="([^"]*)"/.exec(attributes)?.[1] ?? "");
  return `${message}\n${unescape(text ?? "")}`.trim().slice(0, 2500);
}

function unescape(text) {
  return text
    .replace(/&#(x?)([0-9a-f]+);/gi, (_all, hex, digits) =>
      String.fromCodePoint(parseInt(digits, hex === "" ? 10 : 16)),
    )
    .replace(/&(lt|gt|quot|apos|amp);/g, (_all, word) => ({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" })[word]);
}

/** The tests that were compiled and whose source is still there. */
function testFiles() {
  return readdirSync(built, { recursive: true })
    .map(String)
    .filter((file) => /^(unit|wire|integration)\/.*\.test\.js$/.test(file))
    .filter((file) => existsSync(join(root, "tests", file.replace(/\.js$/, ".ts"))))
    .filter((file) => fileWords.length === 0 || fileWords.some((word) => file.includes(word)))
    .sort();
}

function tableOf(found) {
  const lines = ["| runtime | passed | failed | skipped | files left out |", "|---|---|---|---|---|"];
  for (const { label, version, passed: ok, failed: bad, skipped, excluded } of found)
    lines.push(`| ${label} ${version} | ${ok.toLocaleString("en")} | ${bad} | ${skipped} | ${excluded} |`);
  return lines.join("\n");
}

function writeReadme(text) {
  const file = join(root, "README.md");
  const before = readFileSync(file, "utf8");
  const after = before.replace(
    /(<!-- runtimes -->\n)[\s\S]*?(<!-- end of runtimes -->)/,
    (_all, start, end) => `${start}\n${text}\n\n${end}`,
  );
  if (after === before && !before.includes("<!-- runtimes -->")) {
    console.error("README.md has no <!-- runtimes --> and <!-- end of runtimes --> to write between");
    process.exitCode = 1;
  } else writeFileSync(file, after);
  console.log(`The table stands in ${relative(process.cwd(), file)}`);
}
