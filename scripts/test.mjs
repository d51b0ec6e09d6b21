// Runs the compiled tests with node:test and closes with "N passed, N failed".
//   node scripts/test.mjs [--interop] [word …]     only the files whose path has one of the words
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const built = join(root, "build", "tests");
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const interop = process.argv.includes("--interop");

const files = readdirSync(built, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => file.startsWith("interop") === interop)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => join(built, file))
  .sort();

if (files.length === 0) {
  console.error(
    `No test file below ${relative(process.cwd(), built)} has ${words.join(" or ") || "the name *.test.js"}.`,
  );
  process.exit(1);
}

const setup = join(built, "_support", "setup.js");
let passed = 0;
let failed = 0;
let skipped = 0;
process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --import=${setup}`.trim();
const stream = run({ files, concurrency: interop ? 1 : Math.max(1, availableParallelism()), timeout: 300_000 });
stream.on("test:pass", (event) => {
  if (event.details.type === "suite") return;
  if (event.skip !== undefined || event.todo !== undefined) skipped += 1;
  else passed += 1;
});
stream.on("test:fail", (event) => {
  if (event.details.type !== "suite") failed += 1;
});
// Only what failed is worth a line of output; the full tree is there with REPORT=spec.
if (process.env["REPORT"] === "spec" || words.length > 0) stream.compose(spec).pipe(process.stdout);
else
  stream.on("test:fail", (event) => {
    if (event.details.type === "suite") return;
    const where = event.file === undefined ? "" : ` (${relative(root, event.file)}:${event.line})`;
    console.log(
      `FAILED ${event.name}${where}\n${String(event.details.error.cause?.stack ?? event.details.error.stack)}\n`,
    );
  });
stream.on("end", () => {
  // Let the reporter write its last lines before ours.
  setTimeout(() => {
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  }, 100);
});
