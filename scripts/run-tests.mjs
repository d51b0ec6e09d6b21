// Runs compiled tests with node:test.
//   REPORT=spec shows every test; otherwise only what failed is worth a line.
//   REQUIRE_INTEROP=1 makes a skipped interop test a failure: for machines that must have every server.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inspect } from "node:util";

const root = join(import.meta.dirname, "..");
const built = join(root, "build", "tests");

/** Warnings that tests cause on purpose, by type or code: shown here they would look like faults. */
const EXPECTED_WARNINGS = ["InsecureRequestWarning", "REQUESTS_TIMEOUT_UNIT", "REQUESTS_NETRC", "ExperimentalWarning"]
  .map((warning) => `--disable-warning=${warning}`)
  .join(" ");

/**
 * An event of node:test's stream.
 *
 * @typedef {object} TestEvent
 * @property {string} name
 * @property {number} nesting
 * @property {string | undefined} [file]
 * @property {number | undefined} [line]
 */

/**
 * What one run of files gave. The failures are texts, by file.
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} skipped
 * @property {Map<string, number>} passedByFile
 * @property {Map<string, string[]>} failures
 */

/**
 * Runs the chosen tests and prints "N passed, N failed".
 *
 * @param {object} choice
 * @param {readonly string[]} choice.words - Only the files whose path has one of them; none for all files.
 * @param {boolean} choice.interop - The tests that need other programs, or those that do not.
 * @returns {Promise<number>} The exit code.
 */
export async function runTests({ words, interop }) {
  const files = existsSync(built) ? testFiles(words, interop) : [];
  if (files.length === 0) {
    console.error(
      `No test file below ${relative(process.cwd(), built)} has ${words.join(" or ") || "the name *.test.js"}.`,
    );
    console.log("0 passed, 0 failed");
    return 1;
  }
  process.env["NODE_OPTIONS"] =
    `${process.env["NODE_OPTIONS"] ?? ""} --conditions=unbundled ${EXPECTED_WARNINGS} --import=${join(built, "_support", "setup.js")}`.trim();
  console.log(`${files.length} files of tests; only failed and skipped tests are shown (REPORT=spec shows all).`);

  const isReported = process.env["REPORT"] === "spec" || words.length > 0;
  const together = await runFiles(files, interop ? 1 : Math.max(1, availableParallelism()), isReported);
  const total = { passed: together.passed, failed: 0, skipped: together.skipped };
  for (const [file, failures] of together.failures) {
    // A machine that is busy with other things can break a test that measures time: alone it has to pass.
    const alone = await runFiles([file], 1, isReported);
    const lasting = [...alone.failures.values()].flat();
    total.passed += alone.passed - (together.passedByFile.get(file) ?? 0);
    total.failed += lasting.length;
    if (lasting.length === 0) console.log(`AGAIN ${shown(file)} passes when it runs alone; before, it failed:`);
    for (const failure of lasting.length === 0 ? failures : lasting)
      console.log(lasting.length === 0 ? failure.replace(/^/gm, "  ") : `FAILED ${failure}`);
  }
  if (interop && process.env["REQUIRE_INTEROP"] === "1" && total.skipped > 0) {
    total.failed += 1;
    console.log(
      `FAILED ${total.skipped} interop tests were skipped, and REQUIRE_INTEROP=1 wants every server here (.ci/packages.txt)`,
    );
  }
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

/**
 * What a test threw, which may be any value.
 *
 * @param {unknown} thrown
 */
function textOf(thrown) {
  const stack = /** @type {{ readonly stack?: unknown } | null} */ (thrown)?.stack;
  return typeof stack === "string" ? stack : inspect(thrown);
}

/** Milliseconds for one file: the longest takes one minute on an idle machine, and twenty at a load of 8 on 2 cores. */
const FILE_LIMIT = 1_800_000;

/**
 * Runs the files, `concurrency` of them at a time.
 *
 * @param {string[]} paths
 * @param {number} concurrency
 * @param {boolean} isReported - Whether every test is shown.
 */
async function runFiles(paths, concurrency, isReported) {
  /** @type {Outcome} */
  const result = { passed: 0, skipped: 0, passedByFile: new Map(), failures: new Map() };
  /** @type {Map<string, { event: TestEvent, count: number }>} Tests that were announced and have not ended. */
  const running = new Map();
  const stream = run({ files: paths, concurrency, timeout: FILE_LIMIT });

  /** @type {(event: { readonly file?: string | undefined }, what: string, detail?: string) => void} */
  const fail = (event, what, detail = "") => {
    const file = event.file ?? paths[0] ?? "";
    const failures = result.failures.get(file) ?? [];
    result.failures.set(file, [...failures, `${what}\n${detail === "" ? "" : `${detail}\n`}`]);
  };
  stream.on("test:enqueue", (event) => {
    if (!isFile(event)) running.set(key(event), { event, count: (running.get(key(event))?.count ?? 0) + 1 });
  });
  stream.on("test:complete", (event) => {
    if (!isFile(event)) running.set(key(event), { event, count: (running.get(key(event))?.count ?? 0) - 1 });
  });
  stream.on("test:pass", (event) => {
    if (event.details.type === "suite" && event.skip === undefined) return;
    // node:test reports a file as a test of its own only when nothing inside it was reported.
    if (isFile(event)) fail(event, `${shown(event.name)} ended without running a test`);
    else if (event.skip !== undefined || event.todo !== undefined) {
      result.skipped += 1;
      const reason = typeof event.skip === "string" && event.skip !== "" ? event.skip : event.todo;
      console.log(`SKIPPED ${event.name}${where(event)}: ${typeof reason === "string" ? reason : "no reason given"}`);
    } else {
      result.passed += 1;
      const file = event.file ?? "";
      result.passedByFile.set(file, (result.passedByFile.get(file) ?? 0) + 1);
    }
  });
  stream.on("test:fail", (event) => {
    /** @type {Error & { failureType?: string, cause?: Error }} */
    const error = event.details.error;
    if (event.todo !== undefined) result.skipped += 1;
    // A suite, or a test of subtests, that failed only because of what is inside it is not a failure of its own.
    else if (error.failureType === "subtestsFailed") return;
    else if (isFile(event))
      fail(event, `${shown(event.name)} crashed, or ended with an exit code; its output is above`);
    else fail(event, `${event.name}${where(event)}`, textOf(error.cause ?? error));
  });
  stream.on("test:diagnostic", (event) => {
    // Activity that a test left running, and an error of it when no test was there to fail.
    if (/generated asynchronous activity after the test ended|resulted in an? (uncaught|unhandled)/.test(event.message))
      fail(event, event.message.replace(/^(Error|Warning): /, ""));
  });
  stream.on("test:stderr", (event) => process.stderr.write(event.message));
  const ended = new Promise((resolve) => stream.once("end", resolve));
  if (isReported) stream.compose(new spec()).pipe(process.stdout, { end: false });
  else stream.resume();
  await ended;
  // Let the reporter write its last lines before ours.
  if (isReported) await new Promise((resolve) => setTimeout(resolve, 100));
  for (const [name, { event, count }] of running)
    if (count > 0) fail(event, `${name}: its process ended before this test did (process.exit, or a crash)`);
  return result;
}

/**
 * The tests that were compiled and whose source is still there.
 *
 * @param {readonly string[]} words
 * @param {boolean} interop
 */
function testFiles(words, interop) {
  return readdirSync(built, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".test.js"))
    .filter((file) => existsSync(join(root, "tests", file.replace(/\.js$/, ".ts"))))
    .filter((file) => file.startsWith("interop") === interop)
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .map((file) => join(built, file))
    .sort();
}

/** @param {TestEvent} event */
function isFile(event) {
  return event.nesting === 0 && event.name === event.file;
}

/** @param {TestEvent} event */
function key(event) {
  return `${event.name}${where(event)}`;
}

/** @param {TestEvent} event */
function where(event) {
  return event.file === undefined ? "" : ` (${shown(event.file)}:${event.line})`;
}

/** @param {string} file */
function shown(file) {
  return relative(root, file);
}
