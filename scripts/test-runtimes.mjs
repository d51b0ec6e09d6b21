// Runs the tests of the package itself (bundlers, types, tarball), the package in test runners and bundlers, and then on
// every runtime the tests that need nothing else (unit, wire, integration), with tools/runtimes/smoke.mjs from the packed
// package. Closes with "N passed, N failed".
//   npm test -- runtimes [--readme] [package | runners | node20 | node22 | node24 | node26 | bun | deno …] [word …]
//   Words choose the files whose path has one of them ("smoke" is one), or the runners by their name ("jest").
//   --readme writes the names of the runtimes into README.md.
// The runtimes are packages of tools/runtimes/, installed on first use; where a platform has none, the PATH is asked.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { installPackages, packageFolder } from "../tools/packages.mjs";
import { RUNNERS } from "../tools/runners/list.mjs";
import { runFixture } from "../tools/runners/run.mjs";
import { ALONE, EXCLUDED, RUNTIMES } from "../tools/runtimes/list.mjs";

const root = join(import.meta.dirname, "..");
const folder = join(root, "tools", "runtimes");
const built = join(root, "build", "tests");
const setup = join(built, "_support", "setup.js");
/** Of one file; the slowest takes a tenth of it. */
const FILE_LIMIT_MS = 120_000;
/** Entities of XML that reports hold. */
const ENTITIES = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["amp", "&"],
]);

const PACKAGE = "package";
const RUNNER_GROUP = "runners";
const known = [PACKAGE, RUNNER_GROUP, ...Object.keys(RUNTIMES)];
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const names = words.filter((word) => known.includes(word));
const fileWords = words.filter((word) => !known.includes(word));
const chosen = names.length === 0 ? known : known.filter((name) => names.includes(name));
const forReadme = process.argv.includes("--readme");

const isBuilt = existsSync(built);
const files = testFiles(/^(unit|wire|integration)\//);
const packageFiles = testFiles(/^package\//);
const runners = RUNNERS.filter(({ label, folder }) => isWanted(`${label} ${folder}`.toLowerCase()));
const withSmoke = isWanted("smoke");
if (!isBuilt || (files.length + packageFiles.length + runners.length === 0 && !withSmoke)) {
  console.error(`No test file has ${fileWords.join(" or ")}: is it built (npx tsc -b)?`);
  console.log("0 passed, 0 failed");
  process.exit(1);
}
if (forReadme && words.length > 0) {
  console.error("--readme is for a run of everything: leave the words out");
  process.exit(1);
}

if (!installPackages("runtimes"))
  console.log("The packages of tools/runtimes could not be installed: the runtimes on the PATH are used instead");
const scratch = mkdtempSync(join(tmpdir(), "runtimes-"));
const started = performance.now();
/** @type {Row[]} */
const rows = [];
/** @type {Smoke | null} */
const smoke =
  withSmoke && chosen.some((name) => name !== PACKAGE && name !== RUNNER_GROUP) ? await smokeServer() : null;
for (const name of chosen) {
  if (name === RUNNER_GROUP) {
    if (runners.length > 0) rows.push(await runRunners());
    continue;
  }
  if (name === PACKAGE) {
    if (packageFiles.length > 0) rows.push(await runPackage());
    continue;
  }
  const found = find(name);
  if (found === null) {
    console.log(
      `FAILED ${name}: found neither in node_modules nor on the PATH (npm install --workspaces --workspace tools/runtimes)`,
    );
    rows.push({ ...emptyRow(RUNTIMES[name].label, ""), failed: 1 });
  } else rows.push(await runOn(name, found));
}
await smoke?.[Symbol.asyncDispose]();
rmSync(scratch, { recursive: true });

const passed = sum("passed");
const failed = sum("failed");
console.log(`\n${tableOf(rows)}\n`);
if (forReadme && failed === 0) writeReadme(`${green(rows)}.`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
console.log(`${Math.round((performance.now() - started) / 1000)} s`);
console.log(`${passed} passed, ${failed} failed`);

function sum(/** @type {'passed' | 'failed'} */ column) {
  return rows.reduce((total, row) => total + row[column], 0);
}

/** The program of a runtime and its version, or null. */
function find(/** @type {string} */ name) {
  const { packages, program, onPath, fits } = RUNTIMES[name];
  const installed = packages.map((each) => packageFolder("runtimes", each)).find((each) => each !== undefined);
  const own = installed === undefined ? undefined : join(installed, program);
  for (const path of [own, onPath]) {
    if (path === undefined) continue;
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    const version = /\d+\.\d+\.\d+/.exec(stdout ?? "")?.[0];
    if (status === 0 && version !== undefined && fits(version)) return { path, version };
  }
  return null;
}

function emptyRow(/** @type {string} */ label, /** @type {string} */ version) {
  return { label, version, passed: 0, failed: 0, skipped: 0, excluded: 0 };
}

/**
 * @typedef {{ passed: number, skipped: number, failures: string[] }} Result
 * @typedef {{ label: string, version: string, passed: number, failed: number, skipped: number, excluded: number }} Row
 * @typedef {Awaited<ReturnType<typeof smokeServer>>} Smoke
 * @typedef {[file: string, run: () => Promise<Result>, failures?: string[]]} Task
 */

/** Every file in a process of its own, a few at a time: one that hangs is ended, and counts as failed. */
async function runOn(/** @type {string} */ name, /** @type {{ path: string, version: string }} */ { path, version }) {
  const row = emptyRow(RUNTIMES[name].label, version);
  const wanted = files.filter((file) => !isExcluded(name, file));
  row.excluded = files.length - wanted.length;
  /** @type {Task[]} */
  const tasks = wanted.map((file) => [file, () => runFile(name, path, file)]);
  if (smoke !== null) tasks.unshift(["tools/runtimes/smoke.mjs", () => runSmoke(name, path, smoke)]);
  return runTasks(row, tasks);
}

/** What depends on no runtime; a tool that is missing fails. */
function runPackage() {
  const row = emptyRow("The package, on Node", process.versions.node);
  const node = { name: "node20", path: process.execPath, env: { REQUIRE_TOOLS: "1" } };
  return runTasks(
    row,
    packageFiles.map((file) => [file, () => runFile(node.name, node.path, file, node.env)]),
  );
}

/** The package in test runners and bundlers, as users install it. */
async function runRunners() {
  const row = emptyRow("Test runners and bundlers", "");
  if (!installPackages("runners")) return { ...row, failed: 1 };
  const pack = await packedPackage();
  const tasks = runners.flatMap((runner) =>
    runner.nodes.map(
      (name) => /** @type {Task} */ ([`${runner.label} on ${name}`, () => runRunner(runner, name, pack)]),
    ),
  );
  await runTasks(row, tasks);
  await pack[Symbol.asyncDispose]();
  return row;
}

/**
 * @param {import("../tools/runners/list.mjs").Runner} runner
 * @param {string} name - Of the runtime.
 * @param {{ readonly installed: string }} pack
 * @returns {Promise<Result>}
 */
async function runRunner(runner, name, { installed }) {
  const found = find(name);
  if (found === null) return { passed: 0, skipped: 0, failures: [`${name} is not installed`] };
  const failures = await runFixture(runner, found.path, installed, async (program, args, cwd) => {
    const { ending, output } = await ended(program, args, cwd, { NODE_TEST_CONTEXT: undefined, CI: "1" });
    return { ...ending, output };
  });
  return { passed: failures.length === 0 ? 1 : 0, skipped: 0, failures };
}

/**
 * Several at a time; after them, alone, those that measure time. A file that failed is run again, alone, and reported
 * ("AGAIN …"): on a machine that is busy with other things a limit strikes before the peer had its turn.
 */
async function runTasks(/** @type {Row} */ row, /** @type {Task[]} */ tasks) {
  const started = performance.now();
  const where = `${row.label} ${row.version}`.trim();
  const alone = tasks.filter(([file]) => ALONE.test(file));
  const beside = tasks.filter(([file]) => !ALONE.test(file));
  await Promise.all(
    Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
      for (let task = beside.shift(); task !== undefined; task = beside.shift()) {
        const result = await task[1]();
        if (result.failures.length === 0) count(result);
        else alone.push([task[0], task[1], result.failures]);
      }
    }),
  );
  for (const [file, run, failures] of alone) {
    let before = failures ?? null;
    let result = await run();
    if (before === null && result.failures.length > 0) {
      before = result.failures;
      result = await run();
    }
    count(result);
    if (before !== null && result.failures.length === 0)
      console.log(`AGAIN ${where}: ${file} passes at the second time; at the first: ${shortened(before)}`);
    for (const failure of result.failures) console.log(`FAILED ${where}: ${file}: ${failure}`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${where}: ${row.passed} passed, ${row.failed} failed, ${row.skipped} skipped (${seconds} s)`);
  return row;

  function count(/** @type {Result} */ result) {
    row.passed += result.passed;
    row.skipped += result.skipped;
    row.failed += result.failures.length;
  }
}

function shortened(/** @type {string[]} */ failures) {
  return failures.map((failure) => failure.split("\n").slice(0, 2).join(": ").slice(0, 200)).join("; ");
}

function isExcluded(/** @type {string} */ name, /** @type {string} */ file) {
  return EXCLUDED.some(({ on, files: excluded }) => on.includes(name) && excluded.includes(file));
}

async function runFile(/** @type {string} */ name, /** @type {string} */ path, /** @type {string} */ file, env = {}) {
  const report = join(scratch, `${name}-${file.replaceAll("/", "-")}.xml`);
  rmSync(report, { force: true });
  const args = RUNTIMES[name].args({ setup, report, file: join(built, file) });
  const { ending, output } = await ended(path, args, root, env);
  const result = readReport(existsSync(report) ? readFileSync(report, "utf8") : "");
  const isEmpty = result.passed + result.skipped + result.failures.length === 0;
  if (ending.limit || (!ending.good && result.failures.length === 0) || isEmpty)
    result.failures.push(`${ending.text}\n${output.slice(-3000)}`);
  return result;
}

/** The program prints a line for each check, and one at its end. */
async function runSmoke(/** @type {string} */ name, /** @type {string} */ path, /** @type {Smoke} */ smoke) {
  const args = [...RUNTIMES[name].run(join(smoke.project, "smoke.mjs")), smoke.ports];
  const { ending, output } = await ended(path, args, smoke.project);
  /** @type {Result} */
  const result = {
    passed: output.match(/^ok /gm)?.length ?? 0,
    skipped: 0,
    failures: [...output.matchAll(/^not ok (.*(?:\n {4}.*)*)/gm)].map(([, text]) => text),
  };
  if (!/^the end$/m.test(output) || result.passed === 0) result.failures.push(`${ending.text}\n${output.slice(-3000)}`);
  return result;
}

/** Runs a program to its end, or to the limit. */
function ended(/** @type {string} */ path, /** @type {string[]} */ args, /** @type {string} */ cwd, env = {}) {
  const child = spawn(path, args, {
    cwd,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (/** @type {string} */ text) => (output = (output + text).slice(-200_000));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  let atLimit = false;
  const limit = setTimeout(() => {
    atLimit = true;
    child.kill("SIGKILL");
  }, FILE_LIMIT_MS);
  return new Promise((resolve) => {
    const over = (/** @type {boolean} */ good, /** @type {string} */ text) => {
      clearTimeout(limit);
      resolve({ ending: { good, limit: atLimit, text }, output });
    };
    child.on("error", (error) => over(false, String(error)));
    // "exit", not "close": a program that a killed test left behind may hold the pipes. Output that is still in them comes first.
    child.on("exit", (code, signal) =>
      setTimeout(
        () =>
          over(
            code === 0,
            atLimit ? `did not end within ${FILE_LIMIT_MS / 1000} s` : `ended with ${signal ?? `exit code ${code}`}`,
          ),
        20,
      ),
    );
  });
}

/** The packed package in a project, and the servers that smoke.mjs asks. */
async function smokeServer() {
  const pack = await packedPackage();
  for (const file of ["smoke.mjs", "smoke-server.mjs", "certificates.mjs"])
    copyFileSync(join(folder, file), join(pack.project, file));
  const server = spawn(process.execPath, ["smoke-server.mjs"], {
    cwd: pack.project,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ports = await new Promise((resolve, reject) => {
    server.stdout.setEncoding("utf8").once("data", (line) => resolve(line.trim()));
    server.once("exit", (code) => reject(new Error(`tools/runtimes/smoke-server.mjs ended with ${code}`)));
  });
  return {
    ports,
    project: pack.project,
    [Symbol.asyncDispose]: async () => {
      server.stdin.end();
      await pack[Symbol.asyncDispose]();
    },
  };
}

/** The package as npm would publish it, unpacked in a project. */
async function packedPackage() {
  const { packed } = await import(pathToFileURL(join(built, "package", "packed.js")).href);
  return packed();
}

/** Reads a JUnit report. A suite is not counted as a test, nor as a failure when one of its tests failed. */
function readReport(/** @type {string} */ xml) {
  const cases = [...xml.matchAll(/<testcase((?:\s+[\w-]+="[^"]*")*)\s*(\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes, , inside]) => ({
      name: unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? ""),
      failure: /<(?:failure|error)((?:\s+[\w-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/.exec(
        inside ?? "",
      ),
      skipped: /<skipped\b/.test(inside ?? ""),
    }),
  );
  const parents = new Set(cases.flatMap(({ name }) => prefixes(name)));
  const failedChildren = new Set(cases.filter(({ failure }) => failure !== null).flatMap(({ name }) => prefixes(name)));
  /** @type {Result} */
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
function prefixes(/** @type {string} */ name) {
  const parts = name.split(" > ");
  return parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join(" > "));
}

/** @param {RegExpExecArray} found - Attributes and text of a failure. */
function failureText([, attributes = "", text]) {
  const message = unescape(/\bmessage="([^"]*)"/.exec(attributes)?.[1] ?? "");
  return `${message}\n${unescape(text ?? "")}`.trim().slice(0, 2500);
}

function unescape(/** @type {string} */ text) {
  return text
    .replace(
      /&#(x?)([0-9a-f]+);/gi,
      (/** @type {string} */ _all, /** @type {string} */ hex, /** @type {string} */ digits) =>
        String.fromCodePoint(parseInt(digits, hex === "" ? 10 : 16)),
    )
    .replace(/&(lt|gt|quot|apos|amp);/g, (entity, word) => ENTITIES.get(word) ?? entity);
}

/** The tests that were compiled and whose source is still there. */
function testFiles(/** @type {RegExp} */ places) {
  return (isBuilt ? readdirSync(built, { recursive: true }) : [])
    .map(String)
    .filter((file) => places.test(file) && file.endsWith(".test.js"))
    .filter((file) => existsSync(join(root, "tests", file.replace(/\.js$/, ".ts"))))
    .filter(isWanted)
    .sort();
}

function isWanted(/** @type {string} */ file) {
  return fileWords.length === 0 || fileWords.some((word) => file.includes(word));
}

function tableOf(/** @type {Row[]} */ found) {
  const lines = ["| runtime | passed | failed | skipped | files left out |", "|---|---|---|---|---|"];
  for (const { label, version, passed: ok, failed: bad, skipped, excluded } of found)
    lines.push(`| ${label} ${version} | ${ok.toLocaleString("en")} | ${bad} | ${skipped} | ${excluded} |`);
  return lines.join("\n");
}

/** The runtimes of the rows, such as "Node 24.21.0, Bun 1.4.5 and Deno 2.9.6". */
function green(/** @type {Row[]} */ found) {
  const labels = Object.values(RUNTIMES).map(({ label }) => label);
  const names = found.filter(({ label }) => labels.includes(label)).map(({ label, version }) => `${label} ${version}`);
  return new Intl.ListFormat("en-GB").format(names);
}

function writeReadme(/** @type {string} */ text) {
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
  console.log(`${relative(process.cwd(), file)} names the runtimes`);
}
