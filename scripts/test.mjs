// Runs the compiled tests with node:test and closes with "N passed, N failed".
//   node scripts/test.mjs [--interop] [word …]     only the files whose path has one of the words
//   REPORT=spec shows every test; otherwise only what failed is worth a line.
//   REQUIRE_INTEROP=1 makes a skipped interop test a failure: for machines that must have every server.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const built = join(root, "build", "tests");
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const interop = process.argv.includes("--interop");
const mayNotSkip = interop && process.env["REQUIRE_INTEROP"] === "1";

const files = existsSync(built) ? testFiles() : [];
if (files.length === 0) {
  console.error(
    `No test file below ${relative(process.cwd(), built)} has ${words.join(" or ") || "the name *.test.js"}.`,
  );
  console.log("0 passed, 0 failed");
  process.exit(1);
}

let passed = 0;
let failed = 0;
let skipped = 0;
/** Tests that were announced and have not ended, by place and name. */
const running = new Map();

/** What tests provoke on purpose, by type or code: it would read as a fault. They see the warnings all the same. */
const EXPECTED_WARNINGS = ["InsecureRequestWarning", "REQUESTS_TIMEOUT_UNIT", "ExperimentalWarning"]
  .map((warning) => `--disable-warning=${warning}`)
  .join(" ");

process.env["NODE_OPTIONS"] =
  `${process.env["NODE_OPTIONS"] ?? ""} --conditions=unbundled ${EXPECTED_WARNINGS} --import=${join(built, "_support", "setup.js")}`.trim();
console.log(`${files.length} files of tests; only what fails or is skipped is shown (REPORT=spec shows all).`);
const stream = run({ files, concurrency: interop ? 1 : Math.max(1, availableParallelism()), timeout: 300_000 });

stream.on("test:enqueue", (event) => {
  if (!isFile(event)) running.set(key(event), (running.get(key(event)) ?? 0) + 1);
});
stream.on("test:complete", (event) => {
  if (!isFile(event)) running.set(key(event), (running.get(key(event)) ?? 0) - 1);
});
stream.on("test:pass", (event) => {
  if (event.details.type === "suite" && event.skip === undefined) return;
  // node:test reports a file as a test of its own only when nothing inside it was reported.
  if (isFile(event)) fail(`${shown(event.file)} ended without running a test`);
  else if (event.skip !== undefined || event.todo !== undefined) skip(event);
  else passed += 1;
});
stream.on("test:fail", (event) => {
  const error = event.details.error;
  if (event.todo !== undefined) skipped += 1;
  // A suite, or a test of subtests, that failed only because of what is inside it is no failure more.
  else if (error.failureType === "subtestsFailed") return;
  else if (isFile(event)) fail(`${shown(event.file)} crashed, or ended with an exit code; its output is above`);
  else fail(`${event.name}${where(event)}`, String(error.cause?.stack ?? error.cause ?? error.stack));
});
stream.on("test:diagnostic", (event) => {
  // What a test left running, and what then went wrong with it, when no test was there to fail.
  if (/generated asynchronous activity after the test ended|resulted in an? (uncaught|unhandled)/.test(event.message))
    fail(event.message.replace(/^(Error|Warning): /, ""));
});
stream.on("test:stderr", (event) => process.stderr.write(event.message));

if (process.env["REPORT"] === "spec" || words.length > 0) stream.compose(spec).pipe(process.stdout);
else stream.resume();

stream.on("end", () => {
  for (const [name, count] of running)
    if (count > 0) fail(`${name}: its process ended before this test did (process.exit, or a crash)`);
  if (mayNotSkip && skipped > 0)
    fail(`${skipped} interop tests were skipped, and REQUIRE_INTEROP=1 wants every server here (.ci/packages.txt)`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  // Let the reporter write its last lines before ours.
  setTimeout(() => console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`), 100);
});

/** The tests that were compiled and whose source is still there. */
function testFiles() {
  return readdirSync(built, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".test.js"))
    .filter((file) => existsSync(join(root, "tests", file.replace(/\.js$/, ".ts"))))
    .filter((file) => file.startsWith("interop") === interop)
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .map((file) => join(built, file))
    .sort();
}

function isFile(event) {
  return event.nesting === 0 && event.name === event.file;
}

function key(event) {
  return `${event.name}${where(event)}`;
}

function where(event) {
  return event.file === undefined ? "" : ` (${shown(event.file)}:${event.line})`;
}

function shown(file) {
  return relative(root, file);
}

function skip(event) {
  skipped += 1;
  const reason = typeof event.skip === "string" && event.skip !== "" ? event.skip : event.todo;
  console.log(`SKIPPED ${event.name}${where(event)}: ${typeof reason === "string" ? reason : "no reason given"}`);
}

function fail(what, detail = "") {
  failed += 1;
  console.log(`FAILED ${what}\n${detail === "" ? "" : `${detail}\n`}`);
}
