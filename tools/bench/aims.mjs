// The aims of speed, computed from the rounds of one run. An aim that compares two clients is met when the middle of its
// rounds meets it, by requests per second or by CPU time per request.
import { ratio, spread } from "./statistics.mjs";

const MEGABYTE = 1024 * 1024;
const OTHERS = ["undici-fetch", "fetch", "axios", "got", "ky", "node-fetch", "needle"];

export function aims(results) {
  const row = (workload, id) => results[workload]?.find((candidate) => candidate.id === id && !candidate.error);
  const ours = (workload) => row(workload, "requests-ts");
  const figures = (workload, figure, unit) =>
    ours(workload) && spread(ours(workload).rounds.map((round) => round[figure] / unit));
  const against = (workload, id, [rate, cpu] = ["perSecond", "cpu"]) => {
    const [mine, theirs] = [ours(workload), row(workload, id)];
    return mine && theirs && { rate: ratio(mine, theirs, rate), cpu: ratio(theirs, mine, cpu) };
  };
  /** The client that has moved the most bytes a second. */
  const best = (workload) => {
    const rivals = (results[workload] ?? []).filter(({ id, error }) => id !== "requests-ts" && !error);
    const rate = (rival) => spread(rival.rounds.map(({ perSecond }) => perSecond)).middle;
    return rivals.toSorted((a, b) => rate(b) - rate(a))[0]?.id;
  };
  const imports = ours("import") && row("import", "axios");
  return [
    atLeast("GET, 50 at a time, against undici request", against("get-50", "undici-request"), 2),
    atLeast("the same against undici dispatch by hand", against("get-50", "undici-dispatch"), 1.2),
    ...OTHERS.map((id) => atLeast(`the same against ${id}`, against("get-50", id), 10)),
    atLeast("the same against superagent", against("get-50", "superagent"), 6),
    atLeast("the same against raw sockets", against("get-50", "floor"), 0.7),
    atLeast("GET, one at a time, against undici request", against("get-1", "undici-request"), 1.1),
    atLeast("POST of JSON against undici request", against("post-50", "undici-request"), 2),
    atLeast("the same against undici dispatch by hand", against("post-50", "undici-dispatch"), 1.2),
    atLeast("GET over kept TLS connections against undici request", against("tls-50", "undici-request"), 2),
    atLeast("the same against undici dispatch by hand", against("tls-50", "undici-dispatch"), 1.3),
    atLeast(
      "1 GiB down against the best other client",
      against("down", best("down"), ["perSecond", "cpuSeconds"]),
      1.8,
    ),
    atMost("its peak of memory", figures("down", "peak", MEGABYTE), 100, " MB"),
    atLeast("1 GiB up against the best other client", against("up", best("up"), ["perSecond", "cpuSeconds"]), 1.8),
    atMost("its peak of memory", figures("up", "peak", MEGABYTE), 100, " MB"),
    atMost("import against importing axios", imports && ratio(ours("import"), imports, "milliseconds"), 0.3, "×"),
    atMost("errors of 10,000 GETs through 10 connections", figures("crowd", "errors", 1), 0, ""),
    atMost("what they leave on the heap", figures("crowd", "kept", MEGABYTE), 2, " MB"),
  ].filter((aim) => aim !== null);
}

/** Reports requests per second, or CPU time where only that meets the aim. */
function atLeast(what, found, bound) {
  if (!found) return null;
  const byRate = found.rate.middle >= bound;
  const byCpu = found.cpu.middle >= bound;
  const shown = byRate || !byCpu ? found.rate : found.cpu;
  const by = !byRate && byCpu ? ", by CPU" : "";
  return { what, found: shown, unit: "×", bound, most: false, met: byRate || byCpu, by };
}

function atMost(what, found, bound, unit) {
  return found ? { what, found, unit, bound, most: true, met: found.middle <= bound } : null;
}
