// `npm run test:big`: the tests of big streams with 4 GiB each way, or BIG=… MiB; the figures are shown.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const { status } = spawnSync(process.execPath, [join(import.meta.dirname, "test.mjs"), "leaks/big-streams"], {
  stdio: "inherit",
  env: { BIG: "4096", ...process.env },
});
process.exitCode = status ?? 1;
