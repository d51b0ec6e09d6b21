// The order of the pages, by what a reader wants to do. A page of docs/ that nobody named is shown under the guides.
import { pages, placeOf, titleOf, exists } from "./places.mjs";
import { basename, dirname } from "node:path";

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
      "docs/diagnostics.md",
      "docs/performance.md",
    ],
  ],
  ["Coming from", ["docs/coming-from-python.md", "docs/from-the-tutorials.md", "docs/coming-from-axios-got-fetch.md"]],
  ["Reference", ["site/api/index.md", "docs/security.md", "CHANGELOG.md"]],
  ["The project", ["ARCHITECTURE.md", "docs/adr/README.md", "CONTRIBUTING.md", "SECURITY.md"]],
];

const SHORT = {
  "README.md": "What it is",
  "docs/coming-from-axios-got-fetch.md": "axios, got, fetch",
  "docs/coming-from-python.md": "Python",
  "docs/from-the-tutorials.md": "The tutorials, side by side",
  "site/api/index.md": "API",
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

const KINDS = ["classes", "functions", "variables", "interfaces", "type-aliases"];

/** One group for each entry of the package, its classes first. */
function apiGroups() {
  const files = pages().filter((file) => file.startsWith("site/api/"));
  const entries = files.filter((file) => /\/requests-ts\/.*index\.md$/.test(file)).map((file) => dirname(file));
  return [
    { text: "API", link: "/api/" },
    ...entries.sort().map((folder) => ({
      text: folder.slice("site/api/".length),
      link: `/${folder.slice("site/".length)}/`,
      collapsed: folder !== "site/api/requests-ts",
      items: KINDS.map((kind) => ({
        text: kind[0].toUpperCase() + kind.slice(1).replace("-", " "),
        collapsed: kind !== "classes" && kind !== "functions",
        items: files
          .filter((file) => dirname(file) === `${folder}/${kind}`)
          .map((file) => ({ text: basename(file, ".md"), link: `/${placeOf(file)}` })),
      })).filter(({ items }) => items.length > 0),
    })),
  ];
}

function item(file) {
  return { text: SHORT[file] ?? titleOf(file), link: `/${placeOf(file).replace(/(^|\/)index\.md$/, "$1")}` };
}

function readmeFirst(a, b) {
  return Number(b.endsWith("README.md")) - Number(a.endsWith("README.md")) || a.localeCompare(b);
}
