// The order of the pages, by what a reader wants to do. A page of docs/ that is not listed is shown under the guides.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exists, pages, placeOf, root, titleOf } from "./places.mjs";

const GROUPS = [
  ["Get started", ["README.md", "docs/quickstart.md", "docs/cookbook.md"]],
  [
    "Guides",
    [
      "docs/advanced.md",
      "docs/authentication.md",
      "docs/streaming.md",
      "docs/multipart.md",
      "docs/resilience.md",
      "docs/testing.md",
      "docs/test-runners.md",
      "docs/diagnostics.md",
      "docs/performance.md",
      "docs/security.md",
      "docs/runtimes.md",
    ],
  ],
  [
    "Coming from",
    [
      "docs/coming-from-python.md",
      "docs/from-the-tutorials.md",
      "docs/coming-from-axios-got-fetch.md",
      "docs/comparison.md",
    ],
  ],
  ["Reference", ["tools/site/api/index.md", "CHANGELOG.md"]],
  ["The project", ["ARCHITECTURE.md", "docs/adr/README.md", "CONTRIBUTING.md", "SECURITY.md"]],
];

const SHORT = {
  "README.md": "What it is",
  "docs/coming-from-axios-got-fetch.md": "axios, got, fetch",
  "docs/coming-from-python.md": "Python",
  "docs/from-the-tutorials.md": "The tutorials, side by side",
  "tools/site/api/index.md": "API",
  "SECURITY.md": "Reporting a fault",
};

export function groups() {
  const named = new Set(GROUPS.flatMap(([, files]) => files));
  const others = pages().filter((file) => /^docs\/[^/]+\.md$/.test(file) && !named.has(file));
  return GROUPS.map(([text, files]) => ({
    text,
    items: [...files, ...(text === "Guides" ? others : [])].filter(exists).map(item),
  }));
}

export function sidebar() {
  const decisions = pages().filter((file) => file.startsWith("docs/adr/"));
  return {
    "/adr/": [{ text: "Decisions", items: decisions.sort(readmeFirst).map(item) }, ...groups()],
    "/api/": [...apiGroups(), ...groups().slice(0, 3)],
    "/": groups(),
  };
}

/** One group for each entry of the package, with the groups of its own page: functions, classes, exceptions … */
function apiGroups() {
  const entries = pages().filter((file) => /^tools\/site\/api\/requests-ts\/(.*\/)?index\.md$/.test(file));
  return [
    { text: "API", link: "/api/" },
    ...entries
      .map((file) => dirname(file))
      .sort()
      .map((folder) => ({
        text: folder.slice("tools/site/api/".length),
        link: `/${folder.slice("tools/site/".length)}/`,
        collapsed: folder !== "tools/site/api/requests-ts",
        items: exportsOf(folder),
      })),
  ];
}

/** The tables of an entry's page, as groups. */
function exportsOf(folder) {
  /** @type {{ text: string, collapsed: boolean, items: { text: string, link: string }[] }[]} */
  const groups = [];
  for (const line of readFileSync(join(root, folder, "index.md"), "utf8").split("\n")) {
    const heading = /^## (.+)$/.exec(line)?.[1];
    if (heading !== undefined) groups.push({ text: heading, collapsed: !OPEN.has(heading), items: [] });
    const [, name, path] = /^\| \[([^\]]+)\]\(([^)]+)\)/.exec(line) ?? [];
    if (name !== undefined)
      groups.at(-1)?.items.push({ text: name.replaceAll("\\", ""), link: `/${placeOf(`${folder}/${path}`)}` });
  }
  return groups.filter(({ items }) => items.length > 0);
}

const OPEN = new Set(["Functions", "Classes"]);

function item(file) {
  return { text: SHORT[file] ?? titleOf(file), link: `/${placeOf(file).replace(/(^|\/)index\.md$/, "$1")}` };
}

function readmeFirst(a, b) {
  return Number(b.endsWith("README.md")) - Number(a.endsWith("README.md")) || a.localeCompare(b);
}
