// `npm run build`: src/ → build/src (modules, which the tests load) and dist/ (bundle and types, which users load).
//   node scripts/build.mjs tests     also the tests, with those that are made from the pages
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const withTests = process.argv[2] === "tests";

const steps = [
  ...(withTests ? [["scripts/docs-tests.mjs"]] : []),
  [compiler, "-b", withTests ? "tests" : "src"],
  ["scripts/bundle.mjs"],
  ["scripts/types.mjs"],
];
for (const step of steps) {
  const { status } = spawnSync(process.execPath, step, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
