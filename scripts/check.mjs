// `npm run check`: everything that can be said about the project without running its tests. One line for each check; a
// failed one shows what it found and what to do about it.
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");

/**
 * Name, command, what to do when it fails. The build comes first, since the others read dist/ and build/.
 *
 * @type {readonly (readonly [string, readonly [string, ...string[]], string])[]}
 */
const checks = [
  ["docs build", ["node", "scripts/docs-tests.mjs"], "fix the block of the page or @example that is named"],
  ["types", ["tsc", "-b", "tests"], "fix the types; an error in tests/docs/ is one of the page that its file names"],
  ["bundle", ["node", "scripts/bundle.mjs"], "fix the import that is named"],
  ["rolled-up types", ["node", "scripts/types.mjs"], "fix the declaration that is named"],
  [
    "types of scripts",
    ["tsc", "-b", "tsconfig.scripts.json", "tools"],
    "fix the types, by JSDoc where TypeScript cannot infer them",
  ],
  ["format", ["prettier", "--check", "--log-level=warn", "."], "npm run fix"],
  ["lint", ["eslint", "--max-warnings=0", "."], "npm run fix, and fix the rest by hand"],
  [
    "plain English",
    ["node", "scripts/plain-english.mjs"],
    "use the word that is suggested; npm run fix writes smaller numbers down",
  ],
  [
    "import table",
    ["node", "scripts/test.mjs", "package/imports"],
    "import downwards; the table stands in tests/package/imports.test.ts",
  ],
  [
    "public types",
    ["node", "scripts/test.mjs", "package/golden"],
    "if the change is meant: npm run golden, and a line in CHANGELOG.md",
  ],
  [
    "dead code",
    ["knip", "--no-progress", "--tsConfig", "tests/tsconfig.json"],
    "delete unused code, or remove its `export`",
  ],
  ["package.json", ["publint", "--strict"], "fix exports, types or files in package.json"],
];

const env = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}` };
const width = Math.max(...checks.map(([name]) => name.length));
let failures = 0;

for (const [name, [command, ...args], advice] of checks) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const passed = status === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  console.log(`${passed ? "✓" : "✗"} ${name.padEnd(width)} ${seconds} s`);
  if (passed) continue;
  failures += 1;
  console.log(`\n${[stdout, stderr, error?.message].filter(Boolean).join("\n").trimEnd()}\n\n  → ${advice}\n`);
}

console.log(failures === 0 ? "Everything is in order." : `${failures} of ${checks.length} checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;
