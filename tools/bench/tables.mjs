// Results as text that fits a terminal and a page alike.
const MEGABYTE = 1024 * 1024;
const COLUMNS = {
  rate: [
    ["req/s", (row) => whole(row.perSecond)],
    ["CPU µs/req", (row) => row.cpu.toFixed(1)],
    ["ours ÷ theirs", (row, ours) => (ours.perSecond / row.perSecond).toFixed(2)],
  ],
  transfer: [
    ["MB/s", (row) => whole(row.perSecond / 1e6)],
    ["CPU s", (row) => row.cpuSeconds.toFixed(2)],
    ["peak MB", (row) => whole(row.peak / MEGABYTE)],
    ["ours ÷ theirs", (row, ours) => (ours.perSecond / row.perSecond).toFixed(2)],
  ],
  crowd: [
    ["seconds", (row) => row.seconds.toFixed(2)],
    ["errors", (row) => whole(row.errors)],
    ["grew by MB", (row) => whole(row.grown / MEGABYTE)],
    ["kept MB", (row) => (row.kept / MEGABYTE).toFixed(1)],
  ],
  memory: [
    ["KB a client", (row) => (row.perClient / 1024).toFixed(1)],
    ["KB a request", (row) => (row.perRequest / 1024).toFixed(1)],
  ],
  import: [
    ["ms", (row) => row.milliseconds.toFixed(1)],
    ["ours ÷ theirs", (row, ours) => (ours.milliseconds / row.milliseconds).toFixed(2)],
  ],
};
const KINDS = { down: "transfer", up: "transfer", crowd: "crowd", memory: "memory", import: "import" };
const NAME_WIDTH = 30;
const COLUMN_WIDTH = 15;

export function table(id, title, rows) {
  const columns = COLUMNS[KINDS[id] ?? "rate"];
  const ours = rows.find((row) => row.id === "requests-ts");
  const head = "".padEnd(NAME_WIDTH) + columns.map(([name]) => name.padStart(COLUMN_WIDTH)).join("");
  const lines = rows.map((row) =>
    row.error === undefined
      ? row.name.padEnd(NAME_WIDTH) + columns.map(([, value]) => value(row, ours).padStart(COLUMN_WIDTH)).join("")
      : `${row.name.padEnd(NAME_WIDTH)}  failed: ${row.error}`,
  );
  return [title, head, ...lines].join("\n");
}

export function aimsTable(list) {
  const shown = list.map(({ what, value, unit, bound, most, met }) => {
    const aim = bound === 0 ? "none" : `${most ? "≤" : "≥"} ${bound}${unit}`;
    const number = unit === "×" ? value.toFixed(2) : value.toFixed(unit === "" ? 0 : 1);
    return `${met ? "met   " : "missed"} ${what.padEnd(56)}${`${number}${unit}`.padStart(12)}   aim ${aim}`;
  });
  return ["Aims", ...shown].join("\n");
}

export function conditionsLine({ date, node, processor, cores, server, rounds, seconds, versions }) {
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date} · Node ${node} · ${cores} cores of ${processor} · server ${server} · medians of ${rounds} rounds of ${seconds} s\n${[...new Set(others)].join(", ")}`;
}

function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}
