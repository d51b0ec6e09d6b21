// npm run bench -- profile: where the CPU time of a request goes, function by function, against a real server.
//   --seconds 5     of each profile
//   --top 15        how many functions are listed
//   --page          writes the profiles into docs/performance.md
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { writeBlock } from "./page.mjs";
import { profiled } from "./profiler.mjs";
import { startServers } from "./servers/index.mjs";

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    top: { type: "string", default: "15" },
    page: { type: "boolean", default: false },
  },
});
const milliseconds = Number(values.seconds) * 1000;
const servers = await startServers(1);
const { default: open } = await import("./contestants/requests-ts.mjs");

const blocks = [
  `${new Date().toISOString().slice(0, 10)} · Node ${process.version} · ${cpus()[0]?.model ?? "unknown"} · server ${servers.software}`,
];
try {
  for (const concurrency of [50, 1]) {
    const client = open({ connections: concurrency, keepAlive: true });
    const call = () => client.json(`${servers.plain}/json`);
    await play(call, concurrency, 1000);
    const { functions, requests } = await profiled(
      () => play(call, concurrency, milliseconds),
      (sent) => sent,
    );
    const total = functions.reduce((sum, { time }) => sum + time, 0);
    const lines = functions
      .slice(0, Number(values.top))
      .map(
        ({ place, time }) =>
          `${time.toFixed(2).padStart(8)} µs ${`${((100 * time) / total).toFixed(0)} %`.padStart(6)}   ${place}`,
      );
    blocks.push(
      "",
      `GET of 192 bytes of JSON, ${concurrency} at a time: ${total.toFixed(1)} µs busy for each of ${requests.toLocaleString("en-US")} requests`,
      ...lines,
    );
    await client.close();
  }
} finally {
  servers.stop();
}
console.log(blocks.join("\n"));
if (values.page) writeBlock("profiles", blocks.join("\n"));
process.exit();

/** Sends requests for so long, and counts them. */
async function play(call, concurrency, duration) {
  const end = performance.now() + duration;
  let sent = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await call();
      sent += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return sent;
}
