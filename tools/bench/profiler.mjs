// A CPU profile of one run, as microseconds per request for each function.
import inspector from "node:inspector/promises";

/** What V8 calls work that is not a function. */
const NOT_BUSY = new Set(["(idle)", "(root)"]);

/**
 * @param {() => Promise<unknown>} run
 * @param {number | ((result: any) => number)} requests - How many requests the run sends, or how to read that from its result.
 */
export async function profiled(run, requests) {
  const session = new inspector.Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  const result = await run();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const count = typeof requests === "number" ? requests : requests(result);
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map();
  for (const [at, id] of (profile.samples ?? []).entries()) {
    const frame = frames.get(id);
    if (frame === undefined || NOT_BUSY.has(frame.functionName)) continue;
    const { functionName, url, lineNumber } = frame;
    const place =
      url === "" ? functionName : `${functionName || "(anonymous)"} ${url.split("/").at(-1)}:${lineNumber + 1}`;
    times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas?.[at] ?? 0));
  }
  const functions = [...times]
    .map(([place, time]) => ({ place, time: time / count }))
    .toSorted((a, b) => b.time - a.time);
  return { functions, requests: count };
}
