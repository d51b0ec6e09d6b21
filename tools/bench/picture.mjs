// The picture for the README: one bar for each client, ours first; readable on light and dark pages, and on a telephone.
import { middle } from "./statistics.mjs";

const WIDTH = 520;
const ROW = 26;
const TOP = 56;
const LEFT = 194;
const RIGHT = 70;

export function picture(rows, { date, node, cores, server }) {
  const shown = rows
    .filter((row) => row.error === undefined && row.id !== "floor")
    .map(({ id, name, rounds }) => ({ id, name, perSecond: middle({ rounds }, "perSecond") }))
    .toSorted((a, b) => b.perSecond - a.perSecond);
  const most = shown[0].perSecond;
  const height = TOP + shown.length * ROW + 34;
  const bars = shown.map((row, at) => {
    const y = TOP + at * ROW;
    const width = Math.max(2, Math.round((row.perSecond / most) * (WIDTH - LEFT - RIGHT)));
    const kind = row.id === "requests-ts" ? "ours" : "theirs";
    return `  <text class="name ${kind}" x="${LEFT - 10}" y="${y + 16}" text-anchor="end">${escaped(row.name)}</text>
  <rect class="bar ${kind}" x="${LEFT}" y="${y + 3}" width="${width}" height="${ROW - 8}" rx="3"/>
  <text class="number" x="${LEFT + width + 8}" y="${y + 16}">${Math.round(row.perSecond).toLocaleString("en-US")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Requests per second of ${shown.length} HTTP clients">
  <style>
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
    .title { font-size: 16px; font-weight: 600; }
    .small, .number { fill: #57606a; font-size: 12px; }
    .name.ours { font-weight: 600; }
    .bar.theirs { fill: #c4ccd4; }
    .bar.ours { fill: #1a7f5a; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .small, .number { fill: #9198a1; }
      .bar.theirs { fill: #444c56; }
      .bar.ours { fill: #3fb68b; }
    }
  </style>
  <text class="title" x="12" y="24">Requests per second, 50 at a time</text>
  <text class="small" x="12" y="42">GET of 192 bytes of JSON, parsed; more is better</text>
${bars.join("\n")}
  <text class="small" x="12" y="${height - 10}">${escaped(`${date}, Node ${node}, ${cores} cores, ${server} on loopback`)}</text>
</svg>
`;
}

function escaped(text) {
  return text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
}
