// Writes down what later runs are compared with. The difference belongs in the review.
//   npm run golden                   the public types: tests/package/public-types.golden.txt
//   npm run golden -- parity         what Python's requests does: tests/parity/recordings (python3-requests of Debian)
//   npm run golden -- parity urls    one subject of it
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const [what, ...rest] = process.argv.slice(2);

if (what === "parity") run("/usr/bin/python3", ["tests/parity/record.py", ...rest]);
else if (what === undefined) {
  run(process.execPath, ["scripts/build.mjs", "tests"]);
  run(process.execPath, ["build/tests/package/golden.js"]);
} else {
  console.error(`npm run golden knows "parity", not ${JSON.stringify(what)}`);
  process.exit(2);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
