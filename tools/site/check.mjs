// `npm run docs -- check`: opens every page of tools/site/dist in Chromium, as wide as a telephone and as a desk, and fails on
// errors in the console, requests that fail, pages that are wider than the window, and links that lead nowhere.
// CHROMIUM names the browser; `--pictures <folder>` keeps a picture of each page.
/// <reference lib="dom" />
import { createServer } from "node:http";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const dist = join(import.meta.dirname, "dist");
const executablePath =
  process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const pictures = process.argv.includes("--pictures") ? process.argv[process.argv.indexOf("--pictures") + 1] : undefined;
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const WIDTHS = [390, 1280];
/** What readers search for, and the page that must come first. */
const SEARCHES = [
  ["cookie jar", "cookies"],
  ["timeout", "timeouts"],
  ["proxy", "proxies"],
  ["ca certificate", "tls"],
  ["client certificate", "tls"],
  ["retry on 429", "retries"],
  ["upload file", "uploads"],
  ["download", "streaming"],
  ["server-sent events", "streaming"],
  ["error codes", "errors"],
  ["bearer token", "authentication"],
  ["concurrent requests", "sessions"],
  ["jest", "test-runners"],
];
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

if (!existsSync(join(dist, "index.html"))) stop("There is no site yet: npm run docs");
if (executablePath === undefined)
  stop("There is no Chromium: install it (apt-get install chromium), or name it in CHROMIUM");

const pages = readdirSync(dist, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".html") && name !== "404.html" && name.includes(only))
  .sort();
const ids = new Map();
const problems = [];

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).replace(
    /\/$/,
    "/index.html",
  );
  const file = join(dist, path);
  if (!file.startsWith(dist) || !existsSync(file) || extname(file) === "") return void response.writeHead(404).end();
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  response.end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const origin = `http://127.0.0.1:${port}`;

const profile = mkdtempSync(join(tmpdir(), "docs-check-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});

try {
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  const links = [];
  const rest = WIDTHS.flatMap((width) => pages.map((name) => ({ name, width })));
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) links.push(...(await look(next)));
  };
  await Promise.all([worker(), worker(), worker()]);
  checkLinks(links);
  await checkSearch();
} finally {
  await context.close();
  server.close();
  rmSync(profile, { recursive: true, force: true });
}

if (problems.length > 0) stop([...new Set(problems)].join("\n"));
console.log(`${pages.length} pages at ${WIDTHS.join(" and ")} pixels: everything is in order.`);

/** Opens one page. @returns Its links of this site, `{ from, to }`. */
async function look({ name, width }) {
  const page = await context.newPage();
  const say = (what) => problems.push(`${name} at ${width}: ${what}`);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) say(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => say(`error: ${error.message}`));
  page.on("requestfailed", (request) => {
    // The browser gives up prefetched files when we leave the page; that is not a fault of the page.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") say(`failed: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) say(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin))
      say(`asks another host: ${request.url()}`);
  });
  try {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${origin}/${name}`, { waitUntil: "load" });
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector("#app"))?.__vue_app__ !== undefined);
    const seen = await page.evaluate(() => ({
      title: document.title,
      heading: document.querySelector("h1")?.textContent ?? "",
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
      links: [...document.querySelectorAll("a[href]")].map((link) => /** @type {HTMLAnchorElement} */ (link).href),
      width: document.documentElement.scrollWidth,
      window: window.innerWidth,
      wide: [...document.querySelectorAll("main *")]
        .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
        .filter((element) => element.closest(".scrolls, pre, div[class*='language-'], .katex") === null)
        .slice(0, 3)
        .map(
          (element) =>
            `<${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent?.slice(0, 60)}`,
        ),
    }));
    if (seen.title === "" || seen.heading === "") say("has no title");
    if (seen.width > seen.window) say(`is ${seen.width} pixels wide`);
    for (const what of seen.wide) say(`sticks out: ${what}`);
    ids.set(`/${name}`, new Set(seen.ids));
    if (pictures !== undefined) await photograph(page, name, width);
    return seen.links.filter((to) => to.startsWith(origin)).map((to) => ({ from: name, to }));
  } finally {
    await page.close();
  }
}

async function photograph(page, name, width) {
  await page.addStyleTag({ content: "* { transition: none !important }" });
  for (const colours of ["light", "dark"]) {
    await page.evaluate((dark) => document.documentElement.classList.toggle("dark", dark), colours === "dark");
    await page.screenshot({
      path: join(pictures ?? "", `${name.replaceAll("/", "-")}-${width}-${colours}.png`),
      fullPage: true,
    });
  }
}

function checkLinks(links) {
  for (const { from, to } of links) {
    const { pathname, hash } = new URL(to);
    const path = decodeURIComponent(pathname).replace(/\/$/, "/index.html");
    const found = ids.get(path);
    if (found === undefined && (only === "" || !existsSync(join(dist, path))))
      problems.push(`${from}: the link ${pathname} leads nowhere`);
    if (found !== undefined && hash !== "" && !found.has(decodeURIComponent(hash.slice(1))))
      problems.push(`${from}: ${pathname} has no ${hash}`);
  }
}

/** The search shows the right page first. */
async function checkSearch() {
  if (only !== "") return;
  const page = await context.newPage();
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${origin}/`, { waitUntil: "load" });
  await page.locator(".DocSearch-Button").first().click();
  for (const [words, expected] of SEARCHES) {
    if (!pages.includes(`${expected}.html`)) continue;
    await page.locator(".VPLocalSearchBox input").fill(words);
    const isFirst = (name) =>
      document.querySelector(".VPLocalSearchBox .result")?.getAttribute("href")?.includes(`/${name}.html`) ?? false;
    await page
      .waitForFunction(isFirst, expected, { timeout: 10_000 })
      .catch(() => problems.push(`the search for "${words}" does not show ${expected} first`));
  }
  await page.close();
}

function stop(message) {
  console.error(message);
  process.exit(1);
}
