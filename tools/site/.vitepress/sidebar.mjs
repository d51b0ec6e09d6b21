// The order of the pages in the menu. A page of docs/ that is not listed is added to the migration pages or to the guide.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exists, pages, placeOf, root, titleOf } from "./places.mjs";

const GROUPS = [
  ["Start", ["README.md", "docs/quickstart.md", "docs/cookbook.md"]],
  [
    "Guide",
    [
      "docs/params-and-headers.md",
      "docs/uploads.md",
      "docs/responses.md",
      "docs/errors.md",
      "docs/streaming.md",
      "docs/sessions.md",
      "docs/timeouts.md",
      "docs/retries.md",
      "docs/pagination.md",
      "docs/authentication.md",
      "docs/cookies.md",
      "docs/proxies.md",
      "docs/tls.md",
      "docs/connections.md",
      "docs/ssrf.md",
      "docs/hooks-and-layers.md",
      "docs/adapters.md",
      "docs/logging.md",
    ],
  ],
  ["Testing", ["docs/testing.md", "docs/test-runners.md"]],
  ["Migration", ["docs/coming-from-python.md"]],
  [
    "Reference",
    [
      "docs/options.md",
      "tools/site/api/index.md",
      "docs/comparison.md",
      "docs/runtimes.md",
      "docs/performance.md",
      "docs/security.md",
      "CHANGELOG.md",
    ],
  ],
  [
    "Project",
    [
      "ARCHITECTURE.md",
      "docs/adr/README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      // The last one of the menu: it is long, and of use to readers of these tutorials only.
      "docs/from-the-tutorials.md",
    ],
  ],
];

/** Pages that are not listed above. */
/** @type {readonly (readonly [string, RegExp])[]} */
const UNLISTED = [
  ["Migration", /^docs\/(?:coming-from|migrating)-[^/]+\.md$/],
  ["Guide", /^docs\/(?!index\.md)[^/]+\.md$/],
];

const SHORT = {
  "README.md": "Overview",
  "docs/coming-from-python.md": "Python's requests",
  "docs/from-the-tutorials.md": "Python tutorials in TypeScript",
  "docs/ssrf.md": "SSRF protection",
  "docs/uploads.md": "Uploads",
  "tools/site/api/index.md": "API",
  "SECURITY.md": "Report a vulnerability",
};

export function groups() {
  const named = new Set(GROUPS.flatMap(([, files]) => files));
  const others = pages().filter((file) => !named.has(file));
  const groupOf = (file) => UNLISTED.find(([, pattern]) => pattern.test(file))?.[0];
  return GROUPS.map(([text, files]) => ({
    text,
    items: [...files, ...others.filter((file) => groupOf(file) === text)].filter(exists).map(item),
  })).filter(({ items }) => items.length > 0);
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
