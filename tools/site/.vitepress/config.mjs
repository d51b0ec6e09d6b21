import { join } from "node:path";
import { forTheSite, lines } from "./markdown.mjs";
import { pages, placeOf, root } from "./places.mjs";
import { groups, sidebar } from "./sidebar.mjs";

/** Where the project's files can be read; links to sources are left out without it. */
const sourceUrl = (process.env.DOCS_SOURCE_URL ?? "").replace(/\/+$/, "");
const menu = groups();

/** An arrow there and one back. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#3d8a63" stroke-width="4"><path d="M3 11h24m-7-7 7 7-7 7M29 22H5m7 7-7-7"/></svg>';

/** Pages that take the whole window: tables of many columns, code side by side, drawings in text. */
const WIDE = {
  "README.md": "wide table",
  "ARCHITECTURE.md": "wide",
  "docs/comparison.md": "wide table",
  "docs/from-the-tutorials.md": "wide",
  "docs/errors.md": "wide",
  "docs/options.md": "wide",
  "docs/performance.md": "wide",
  "docs/security.md": "wide",
};

export default {
  lang: "en-GB",
  title: "requests-ts",
  description:
    "Python's requests for TypeScript: sessions, cookies, auth, retries and timeouts on an HTTP engine of its own.",
  base: process.env.DOCS_BASE ?? "/",
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  srcDir: root,
  srcExclude: [
    "{node_modules,src,tests,dist,build,scripts,.git,.ci}/**",
    "tools/{bench,runners,runtimes}/**",
    "tools/site/!(api)/**",
  ],
  outDir: "./dist",
  rewrites: Object.fromEntries(pages().map((file) => [file, placeOf(file)])),
  lastUpdated: false,
  markdown: {
    config: (markdown) => forTheSite(markdown, sourceUrl),
    codeTransformers: [lines],
    theme: { light: "github-light", dark: "github-dark-default" },
  },
  transformPageData(page) {
    page.frontmatter.editLink = false;
    const pageClass = WIDE[page.filePath];
    if (pageClass !== undefined) Object.assign(page.frontmatter, { aside: false, pageClass });
    if (page.filePath.startsWith("tools/site/api/")) page.frontmatter.pageClass = "api";
    if (page.filePath === "README.md") page.title = "Python's requests for TypeScript";
  },
  themeConfig: {
    search: { provider: "local", options: { miniSearch: { searchOptions: { boostDocument: rankOf } } } },
    outline: { level: [2, 3] },
    nav: menu.map(({ text, items }) => ({ text, items })),
    sidebar: sidebar(),
    docFooter: { prev: "Before", next: "Next" },
  },
  vite: {
    // The project's folder is the root of the pages: its sources are none of the site's business.
    server: {
      watch: { ignored: ["**/node_modules/**", "**/build/**", "**/tests/**", "**/tools/bench/**", "**/src/**"] },
    },
    publicDir: false,
    plugins: [vueForPages()],
    build: { chunkSizeWarningLimit: 2000 },
  },
};

/**
 * How much a section counts in the search. VitePress sends the text of this function to the browser, so that it can use
 * nothing from outside.
 *
 * @param id - The path of the page, with the anchor of the section.
 */
function rankOf(id) {
  // The tutorials have every word of the guide many times.
  if (/\/from-the-tutorials\b/.test(id)) return 0.02;
  if (/\/(?:adr\/|changelog|architecture|contributing|reporting|comparison|performance|security)\b/.test(id))
    return 0.2;
  // The page on a topic comes before recipes, and before the notes for users of other clients.
  if (/\/(?:cookbook|quickstart|coming-from|migrating-from)\b/.test(id)) return 0.6;
  return /\/api\//.test(id) ? 0.3 : 1;
}

/** The pages stand above this folder, where Vue would not be found. */
function vueForPages() {
  const here = join(import.meta.dirname, "theme", "index.mjs");
  return {
    name: "vue-for-pages",
    enforce: "pre",
    resolveId(source, importer) {
      if (!/^vue(\/|$)/.test(source) || !/\.md($|\?)/.test(importer ?? "")) return null;
      return this.resolve(source, here, { skipSelf: true });
    },
  };
}
