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

/** A row compared with itself is 1, without a range. */
function range({ middle: number, low, high }) {
  return low === high ? number.toFixed(2) : `${number.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}
