/**
 * Big streams in little memory, up and down, and between sides of different speed. 256 MiB each way; BIG=4096 makes it
 * so many MiB (`npm test -- big`).
 */
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Measured } from "./big-streams-program.js";

const MIB = 1 << 20;
/** MiB of the client's whole process. */
const MOST_RSS = 120;
/** MiB that the kernel takes for both sockets, with what Node takes on both sides. */
const MOST_AHEAD = 24;
const size = Number(process.env["BIG"] ?? 256);
const program = fileURLToPath(new URL("./big-streams-program.js", import.meta.url));
const run = promisify(execFile);

const cases: readonly (readonly [mode: string, what: string, mebibytes: number])[] = [
  ["down", "down", size],
  ["up", "up", size],
  ["slow-reader", "down to a slow reader", Math.min(size, 64)],
  ["slow-writer", "up from a slow source", Math.min(size, 64)],
  ["slow-server", "up to a slow server", Math.min(size, 64)],
];

describe("a big stream", { timeout: 60_000 + size * 60 }, () => {
  let server: ChildProcess;
  let url: string;
  before(async () => {
    server = spawn(process.execPath, [program, "serve"], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(server.stdout!, "data")) as [Buffer];
    url = `http://127.0.0.1:${port.toString().trim()}`;
  });
  after(() => server.kill());

  for (const [mode, what, mebibytes] of cases)
    it(`of ${mebibytes} MiB, ${what}, needs less than ${MOST_RSS} MiB of memory`, async (test) => {
      const { stdout } = await run(process.execPath, [program, mode, url, String(mebibytes * MIB)]);
      const { bytes, seconds, peakRss, baseRss, ahead } = JSON.parse(stdout) as Measured;
      test.diagnostic(
        `${mebibytes} MiB in ${seconds.toFixed(1)} s (${(mebibytes / seconds).toFixed(0)} MiB/s), RSS ${baseRss.toFixed(0)} → at most ${peakRss.toFixed(0)} MiB, ahead by at most ${ahead.toFixed(1)} MiB`,
      );
      assert.equal(bytes, mebibytes * MIB);
      assert.ok(peakRss < MOST_RSS, `${peakRss.toFixed(1)} MiB of memory`);
      assert.ok(ahead < MOST_AHEAD, `${ahead.toFixed(1)} MiB ahead`);
      if (mode !== "down" && mode !== "up" && mode !== "slow-writer") assert.ok(ahead > 0, "the fast side was never ahead"); // prettier-ignore
    });
});
