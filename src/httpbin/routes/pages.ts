/** The pages about the routes, all made from the table that the router uses. */
import type { Json } from "../json.js";
import { escapeHtml, HTML, json, reply } from "../responses.js";
import { allowedMethods, pathParameters, type Route, type RouteGroup } from "../router.js";

/** `/`, `/legacy` and `/spec.json`. They list themselves, so `groups` may grow until they are asked for. */
export function pageRoutes(groups: readonly RouteGroup[]): RouteGroup {
  return {
    title: "About this server",
    routes: [
      {
        path: "/",
        summary: "This page.",
        examples: ["/"],
        handle: () => reply(HTML, indexPage(groups)),
      },
      {
        path: "/legacy",
        summary: "The routes as a plain list.",
        examples: ["/legacy"],
        handle: () => reply(HTML, plainPage(groups)),
      },
      {
        path: "/spec.json",
        summary: "The routes as a Swagger 2 description.",
        examples: ["/spec.json"],
        handle: (incoming) => json(swagger(groups, incoming.base)),
      },
    ],
  };
}

const STYLE = `
  :root { color-scheme: light dark; --line: light-dark(#dde1e6, #3a4048); --soft: light-dark(#5b6470, #9aa4b0);
          --chip: light-dark(#eef1f4, #2a2f36); --link: light-dark(#0b57d0, #8ab4f8); }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
  h1 { margin: 0; } h2 { margin: 2.5rem 0 .5rem; font-size: 1.15rem; }
  p { margin: .25rem 0; } nav { margin-top: 1rem; }
  nav a { margin-right: .9rem; white-space: nowrap; }
  a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
  section > div { border-top: 1px solid var(--line); padding: .6rem 0; }
  code { font: .9em ui-monospace, monospace; } .path { font-weight: 600; overflow-wrap: anywhere; }
  .method { font: .72em ui-monospace, monospace; background: var(--chip); border-radius: .3em; padding: .15em .45em;
            margin-right: .3em; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .8rem; margin: .2rem 0; color: var(--soft);
       font-size: .9em; }
  dd { margin: 0; } .try { font-size: .9em; } .try a { margin-right: 1rem; overflow-wrap: anywhere; }
`;

function indexPage(groups: readonly RouteGroup[]): string {
  const anchor = (title: string): string => title.toLowerCase().replace(/[^a-z]+/g, "-");
  const links = groups.map(({ title }) => `<a href="#${anchor(title)}">${escapeHtml(title)}</a>`);
  const sections = groups.map(
    ({ title, routes }) =>
      `<section id="${anchor(title)}"><h2>${escapeHtml(title)}</h2>\n${routes.map(describe).join("\n")}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>httpbin</title>
<style>${STYLE}</style>
</head>
<body>
<h1>httpbin</h1>
<p>A server to test HTTP clients against: it shows the request it got, and fails in the ways that it is asked to.</p>
<nav>${links.join("\n")}</nav>
${sections.join("\n")}
</body>
</html>
`;
}

function describe(route: Route): string {
  const methods = (route.methods ?? ["GET"]).map((method) => `<span class="method">${method}</span>`).join("");
  const options = Object.entries(route.query ?? {}).map(
    ([name, meaning]) => `<dt><code>?${escapeHtml(name)}</code></dt><dd>${escapeHtml(meaning)}</dd>`,
  );
  const examples = (route.examples ?? []).map((path) => `<a href="${escapeHtml(path)}">${escapeHtml(path)}</a>`);
  return (
    `<div><p>${methods}<code class="path">${escapeHtml(route.path)}</code></p><p>${escapeHtml(route.summary)}</p>` +
    (options.length === 0 ? "" : `<dl>${options.join("")}</dl>`) +
    (examples.length === 0 ? "" : `<p class="try">${examples.join("")}</p>`) +
    "</div>"
  );
}

function plainPage(groups: readonly RouteGroup[]): string {
  const items = groups
    .flatMap(({ routes }) => routes)
    .map((route) => {
      const path = escapeHtml(route.path);
      const example = route.examples?.[0];
      const name = example === undefined ? path : `<a href="${escapeHtml(example)}">${path}</a>`;
      return `<li><code>${name}</code> ${escapeHtml(route.summary)}</li>`;
    });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>httpbin</title></head>
<body>
<h1>httpbin: HTTP Request &amp; Response Service</h1>
<ul>
${items.join("\n")}
</ul>
</body>
</html>
`;
}

function swagger(groups: readonly RouteGroup[], base: string): Json {
  const paths = new Map<string, Json>();
  for (const { title, routes } of groups) {
    for (const route of routes) {
      const operation = {
        summary: route.summary,
        tags: [title],
        parameters: parameters(route),
        responses: { default: { description: "See the summary." } },
      };
      const methods = allowedMethods(route).filter((method) => method !== "TRACE" && method !== "OPTIONS");
      paths.set(
        route.path.replace(/<(?:\w+:)?(\w+)>/g, "{$1}"),
        new Map(methods.map((method) => [method.toLowerCase(), operation])),
      );
    }
  }
  const url = new URL(base);
  return {
    swagger: "2.0",
    info: { title: "httpbin", version: "1", description: "A server to test HTTP clients against." },
    host: url.host,
    schemes: [url.protocol.slice(0, -1)],
    basePath: "/",
    tags: groups.map(({ title }) => ({ name: title })),
    paths,
  };
}

function parameters(route: Route): Json {
  const inPath = pathParameters(route.path).map(({ name, kind }) => ({
    name,
    in: "path",
    required: true,
    type: kind === "int" ? "integer" : "string",
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    required: false,
    type: "string",
    description,
  }));
  return [...inPath, ...inQuery];
}
