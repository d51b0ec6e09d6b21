// The aims of speed, as sums over the results of one run.
const MEGABYTE = 1024 * 1024;
const NODE_CLIENTS = ["axios", "got", "ky", "node-fetch", "superagent", "needle"];

export function aims(results) {
  const row = (workload, id) => results[workload]?.find((candidate) => candidate.id === id && !candidate.error);
  const ours = (workload) => row(workload, "requests-ts");
  const ratio = (workload, id) => ours(workload)?.perSecond / row(workload, id)?.perSecond;
  const best = (workload, ids) => Math.max(...ids.map((id) => row(workload, id)?.perSecond ?? 0));
  const bulk = ["undici-request", "undici-dispatch", "undici-fetch", "axios", "got"];
  const list = [
    aim("GET, 50 at a time, against undici request", ratio("get-50", "undici-request"), 2, "×"),
    aim("the same against undici dispatch by hand", ratio("get-50", "undici-dispatch"), 1, "×"),
    ...NODE_CLIENTS.map((id) => aim(`the same against ${id}`, ratio("get-50", id), 6, "×")),
    aim("GET, one at a time, against undici request", ratio("get-1", "undici-request"), 1.1, "×"),
    aim("1 GiB down against the best of undici, axios, got", ours("down")?.perSecond / best("down", bulk), 1.6, "×"),
    aim("its peak of memory", ours("down")?.peak / MEGABYTE, -100, " MB"),
    aim("1 GiB up against the best of undici, axios, got", ours("up")?.perSecond / best("up", bulk), 1, "×"),
    aim("its peak of memory", ours("up")?.peak / MEGABYTE, -100, " MB"),
    aim(
      "import against importing axios",
      row("import", "requests-ts")?.milliseconds / row("import", "axios")?.milliseconds,
      -0.6,
      "×",
    ),
    aim("errors of 10,000 GETs through 10 connections", ours("crowd")?.errors, -0, ""),
    aim("what they leave on the heap", ours("crowd")?.kept / MEGABYTE, -2, " MB"),
  ];
  return list.filter(({ value }) => Number.isFinite(value));
}

/** @param bound - The least that is aimed at; a negative one (or -0) the most. */
function aim(what, value, bound, unit) {
  const most = Object.is(bound, -0) || bound < 0;
  return { what, value, unit, bound: Math.abs(bound), most, met: most ? value <= -bound : value >= bound };
}
