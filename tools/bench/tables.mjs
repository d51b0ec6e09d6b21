// Results as text that fits a terminal and a page alike.
import { middle, ratio } from "./statistics.mjs";

const MEGABYTE = 1024 * 1024;
/** Column titles with the text for a row; columns of ratios are titled by the figure that they compare. */
const COLUMNS = {
  rate: [
    ["req/s", (row) => whole(middle(row, "perSecond"))],
    ["CPU µs/req", (row) => middle(row, "cpu").toFixed(1)],
    ["ours ÷ theirs", (row, ours) => range(ratio(ours, row, "perSecond"))],
    ["their CPU ÷ ours", (row, ours) => range(ratio(row, ours, "cpu"))],
  ],
  transfer: [
    ["MB/s", (row) => whole(middle(row, "perSecond") / 1e6)],
    ["CPU s", (row) => middle(row, "cpuSeconds").toFixed(2)],
    ["peak MB", (row) => whole(middle(row, "peak") / MEGABYTE)],
    ["ours ÷ theirs", (row, ours) => range(ratio(ours, row, "perSecond"))],
    ["their CPU ÷ ours", (row, ours) => range(ratio(row, ours, "cpuSeconds"))],
  ],
  crowd: [
    ["seconds", (row) => middle(row, "seconds").toFixed(2)],
    ["errors", (row) => whole(middle(row, "errors"))],
    ["grew by MB", (row) => whole(middle(row, "grown") / MEGABYTE)],
    ["kept MB", (row) => (middle(row, "kept") / MEGABYTE).toFixed(1)],
  ],
  memory: [
    ["KB a client", (row) => (middle(row, "perClient") / 1024).toFixed(1)],
    ["KB a request", (row) => (middle(row, "perRequest") / 1024).toFixed(1)],
  ],
  import: [
    ["ms", (row) => middle(row, "milliseconds").toFixed(1)],
    ["ours ÷ theirs", (row, ours) => range(ratio(ours, row, "milliseconds"))],
  ],
};
const KINDS = { down: "transfer", up: "transfer", crowd: "crowd", memory: "memory", import: "import" };
const NAME_WIDTH = 26;
const WIDTHS = { "ours ÷ theirs": 21, "their CPU ÷ ours": 21, "CPU µs/req": 12 };
const COLUMN_WIDTH = 12;

export function table(id, title, rows) {
  const columns = COLUMNS[KINDS[id] ?? "rate"];
  const ours = rows.find((row) => row.id === "requests-ts");
  const cell = (name, text) => text.padStart(WIDTHS[name] ?? COLUMN_WIDTH);
  const head = "".padEnd(NAME_WIDTH) + columns.map(([name]) => cell(name, name)).join("");
  const lines = rows.map((row) =>
    row.error === undefined
      ? row.name.padEnd(NAME_WIDTH) + columns.map(([name, value]) => cell(name, value(row, ours))).join("")
      : `${row.name.padEnd(NAME_WIDTH)}  failed: ${row.error}`,
  );
  return [title, head, ...lines].join("\n");
}

export function aimsTable(list) {
  const shown = list.map(({ what, found, unit, bound, most, met, by }) => {
    const aim = bound === 0 ? "none" : `${most ? "≤" : "≥"} ${bound}${unit}`;
    const number = (value) => value.toFixed(unit === "×" ? 2 : unit === "" ? 0 : 1);
    const text = `${number(found.middle)}${unit} (${number(found.low)} to ${number(found.high)})`;
    return `${met ? "met   " : "missed"} ${what.padEnd(55)}${text.padStart(24)}   aim ${aim}${by ?? ""}`;
  });
  return ["Aims: middle and range of the rounds", ...shown].join("\n");
}

export function conditionsLine({ date, node, processor, cores, server, rounds, seconds, versions }) {
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date} · Node ${node} · ${cores} cores of ${processor} · server ${server} · ${rounds} rounds of ${seconds} s\n${[...new Set(others)].join(", ")}`;
}

const README_COLUMNS = ["undici-request", "undici-dispatch", "superagent", "axios", "got", "ky", "node-fetch", "fetch"];
const README_ROWS = [
  ["get-50", "GET, 50 at a time"],
  ["get-1", "GET, one at a time"],
  ["post-50", "POST of JSON, 50 at a time"],
  ["tls-50", "GET over kept TLS connections, 50 at a time"],
];

/** How many requests per second requests-ts sends for each of another client: a table for the README. */
export function readmeTable(results, { date, node, cores, server, rounds }) {
  const row = (workload, id) => results[workload]?.find((candidate) => candidate.id === id && !candidate.error);
  const head = ["", ...README_COLUMNS.map((id) => row("get-50", id)?.name.replace(", by hand", "") ?? id)];
  const lines = README_ROWS.filter(([workload]) => row(workload, "requests-ts")).map(([workload, title]) => [
    title,
    ...README_COLUMNS.map((id) => {
      const theirs = row(workload, id);
      return theirs === undefined ? "–" : range(ratio(row(workload, "requests-ts"), theirs, "perSecond"), 1);
    }),
  ]);
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `Requests per second of requests-ts, divided by those of each client in the same round: the middle of ${rounds} rounds, and
their range. ${date}, Node ${node}, ${cores} shared cores, ${server} on loopback.

${table}`;
}

/** A row compared with itself is 1, without a range. */
function range({ middle: number, low, high }, digits = 2) {
  const text = (value) => value.toFixed(digits);
  return low === high ? text(number) : `${text(number)} (${text(low)}–${text(high)})`;
}

function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}
