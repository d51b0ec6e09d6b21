// Runs the tests that were built; `npm test` builds them first. The last line is "N passed, N failed".
//   npm test                      everything that needs no other program
//   npm test -- cookies tls       the files whose path has one of the words
//   npm test -- interop [word …]  against nginx, squid, dante and other programs, where they are installed
//   npm test -- runtimes [name …] [word …]   on every Node from 20 on, Bun and Deno (scripts/test-runtimes.mjs)
//   npm test -- runtimes runners  in Jest, vitest, mocha, webpack and other test runners and bundlers
//   npm test -- big               the tests of big streams with 4 GiB each way, or BIG=… MiB
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { runTests } from "./run-tests.mjs";

const [variant, ...rest] = process.argv.slice(2);

if (variant === "runtimes") {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, "test-runtimes.mjs"), ...rest], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} else if (variant === "interop") {
  process.exitCode = await runTests({ words: rest, interop: true });
} else if (variant === "big") {
  process.env["BIG"] ??= "4096";
  process.exitCode = await runTests({ words: ["leaks/big-streams"], interop: false });
} else {
  process.exitCode = await runTests({ words: process.argv.slice(2), interop: false });
}
