// Memory over time as an SVG: the heap after a collection, and the resident set.
const WIDTH = 760;
const HEIGHT = 260;
const LEFT = 60;
const RIGHT = 20;
const TOP = 56;
const BOTTOM = 40;
const MEGABYTE = 1024 * 1024;

/**
 * @param {readonly { seconds: number, requests: number, heap: number, rss: number }[]} samples
 * @param {{ minutes: number, node: string }} run
 */
export function memoryPicture(samples, { minutes, node }) {
  const end = samples.at(-1)?.seconds ?? 0;
  const most = Math.ceil(Math.max(...samples.map(({ rss }) => rss)) / MEGABYTE / 50) * 50;
  const x = (/** @type {number} */ seconds) => (LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (/** @type {number} */ bytes) =>
    (HEIGHT - BOTTOM - (bytes / MEGABYTE / most) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  /** @param {(sample: (typeof samples)[number]) => number} value */
  const line = (value) => samples.map((sample) => `${x(sample.seconds)},${y(value(sample))}`).join(" ");
  const grid = Array.from({ length: most / 50 + 1 }, (_step, at) => at * 50).map(
    (megabytes) =>
      `  <line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(megabytes * MEGABYTE)}" y2="${y(megabytes * MEGABYTE)}"/>
  <text class="small" x="${LEFT - 8}" y="${Number(y(megabytes * MEGABYTE)) + 4}" text-anchor="end">${megabytes}</text>`,
  );
  const last = samples.at(-1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Memory over ${minutes} minutes of requests under faults">
  <style>
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
    .title { font-size: 16px; font-weight: 600; }
    .small { fill: #57606a; font-size: 12px; }
    .grid { stroke: #d0d7de; stroke-width: 1; }
    polyline { fill: none; stroke-width: 2; }
    .heap { stroke: #1a7f5a; }
    .rss { stroke: #8250df; }
    text.heap { fill: #1a7f5a; stroke: none; }
    text.rss { fill: #8250df; stroke: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .small { fill: #9198a1; }
      .grid { stroke: #30363d; }
      .heap { stroke: #3fb68b; }
      .rss { stroke: #b392f0; }
      text.heap { fill: #3fb68b; }
      text.rss { fill: #b392f0; }
    }
  </style>
  <text class="title" x="12" y="24">Memory over ${minutes} minutes, one request in five broken</text>
  <text class="small" x="12" y="42">MB; ${(last?.requests ?? 0).toLocaleString("en-US")} requests, 50 at a time; <tspan class="rss">resident set</tspan>, <tspan class="heap">heap and buffers after a collection</tspan></text>
${grid.join("\n")}
  <polyline class="rss" points="${line(({ rss }) => rss)}"/>
  <polyline class="heap" points="${line(({ heap }) => heap)}"/>
  <text class="small" x="${LEFT}" y="${HEIGHT - 14}">0</text>
  <text class="small" x="${WIDTH - RIGHT}" y="${HEIGHT - 14}" text-anchor="end">${Math.round(end)} s, Node ${node}; npm run soak</text>
</svg>
`;
}
