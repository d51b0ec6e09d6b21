// The documentation as a site.
//   npm run docs              builds it into tools/site/dist
//   npm run docs -- dev       serves it while pages are written
//   npm run docs -- check     opens every page of the built site in Chromium (tools/site/check.mjs)
//   npm run docs -- parity    writes tests/parity/departures/ and the table in docs/coming-from-python.md
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const [mode = "build", ...rest] = process.argv.slice(2);

if (mode === "build" || mode === "dev") run(["tools/site/build.mjs", mode]);
else if (mode === "check") run(["tools/site/check.mjs", ...rest]);
else if (mode === "parity") {
  run(["scripts/build.mjs", "tests"]);
  const setup = `--import=${join(root, "build", "tests", "_support", "setup.js")}`;
  const test = join("build", "tests", "parity", "parity.test.js");
  run(["--conditions=unbundled", setup, "--test", test], { UPDATE_DOCS: "1" });
} else {
  console.error(`npm run docs knows "dev", "check" and "parity", not ${JSON.stringify(mode)}`);
  process.exit(2);
}

/**
 * Runs Node, and ends this process with it when it fails.
 *
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env]
 */
function run(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
