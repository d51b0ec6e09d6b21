// What the site does to the Markdown of the project: links lead to the places on the site, wide tables scroll, a
// Python block stands beside its TypeScript twin, and lines of code know how far in they are and what comes out.
import { linkFrom, exists, root } from "./places.mjs";
import { posix, relative } from "node:path";

/** @param sourceUrl - Where the files of the project can be read, such as `https://host/project/blob/main`, or "". */
export function forTheSite(markdown, sourceUrl) {
  markdown.core.ruler.push("project-links", (state) => {
    const path = state.env.realPath ?? state.env.path;
    // VitePress renders the title of a page apart from the page.
    if (path === undefined) return;
    const file = relative(root, path).replaceAll("\\", "/");
    for (const token of state.tokens) {
      if (token.type === "html_block") token.content = htmlFor(file, token.content);
      if (token.type !== "inline") continue;
      const children = token.children ?? [];
      for (const [index, child] of children.entries()) {
        if (child.type === "link_open") setLink(file, child, children, index, sourceUrl);
        if (child.type === "html_inline") child.content = htmlFor(file, child.content);
        if (child.type === "image" && !imageExists(file, child.attrGet("src") ?? "")) asText(child);
      }
    }
  });
  wrap(markdown, "table_open", (html) => `<div class="scrolls" tabindex="0">${html}`);
  wrap(markdown, "table_close", (html) => `${html}</div>`);
  twins(markdown);
}

function setLink(file, open, children, index, sourceUrl) {
  const href = open.attrGet("href") ?? "";
  const link = linkFrom(file, href);
  if (link === null) return;
  if (link.missing !== undefined) throw new Error(`${file}: the link ${href} leads nowhere`);
  if (link.page !== undefined) {
    open.attrSet("href", link.page);
  } else if (sourceUrl !== "") {
    open.attrSet("href", `${sourceUrl}/${link.file}`);
  } else {
    // The file is not on the site: its name stays, the link goes.
    open.tag = "span";
    open.attrs = [["title", link.file]];
    const close = children.slice(index).find(({ type, level }) => type === "link_close" && level === open.level);
    if (close !== undefined) close.tag = "span";
    open.type = "source_open";
    if (close !== undefined) close.type = "source_close";
  }
}

/** HTML in a page: Vite takes paths that begin with a dot for files; pictures that are not there yet become their text. */
function htmlFor(file, html) {
  const isMissing = [...html.matchAll(/(?:src|srcset)="([^":]+)"/g)].some(([, src]) => !imageExists(file, src));
  if (isMissing)
    return html
      .replace(
        /<picture>[\s\S]*?<\/picture>|<img[^>]*>/g,
        (part) => `<em>${/alt="([^"]*)"/.exec(part)?.[1] ?? ""}</em>`,
      )
      .replace(/<\/?(?:picture|source)[^>]*>/g, "");
  return html.replace(/(src|srcset)="(?![./]|[a-z]+:)([^"]+)"/g, '$1="./$2"');
}

function imageExists(file, src) {
  return /^([a-z]+:|\/)/i.test(src) || exists(posix.join(posix.dirname(file), src));
}

function asText(image) {
  image.type = "text";
  image.tag = "";
  image.attrs = null;
  image.children = null;
}

function wrap(markdown, rule, change) {
  const before =
    markdown.renderer.rules[rule] ?? ((tokens, index, options, _env, self) => self.renderToken(tokens, index, options));
  markdown.renderer.rules[rule] = (...args) => change(before(...args));
}

/** A python block directly followed by a ts block: side by side where there is room. */
function twins(markdown) {
  const isFence = (token, language) => token?.type === "fence" && token.info.trim().split(" ")[0] === language;
  const fence = markdown.renderer.rules.fence;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const html = fence(tokens, index, ...rest);
    if (isFence(tokens[index], "python") && isFence(tokens[index + 1], "ts")) return `<div class="twins">${html}`;
    if (isFence(tokens[index], "ts") && isFence(tokens[index - 1], "python")) return `${html}</div>`;
    return html;
  };
}

/** Tells the style how far a line is indented, so that one which is too long goes on further in, and what comes out. */
export const lines = {
  name: "lines",
  line(node) {
    const indent = /^ */.exec(textOf(node))?.[0].length ?? 0;
    if (indent > 0) node.properties.style = `--indent: ${indent}ch`;
    for (const part of node.children) if (/^\s*\/\/\s*=>/.test(textOf(part))) this.addClassToHast(part, "shows");
  },
};

function textOf(node) {
  return node.type === "text" ? node.value : (node.children ?? []).map(textOf).join("");
}
