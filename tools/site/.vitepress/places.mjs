// Where the files of the project stand on the site. The pages are the files that the repository shows: nothing is
// copied, and links between them are written for the repository.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";

/** The project's folder; VitePress calls it srcDir. */
export const root = join(import.meta.dirname, "..", "..", "..");

/** Pages outside docs/, by their file. docs/index.md is the front page. */
const AT_ROOT = {
  "README.md": "readme.md",
  "ARCHITECTURE.md": "architecture.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "SECURITY.md": "reporting.md",
};

/** The path on the site of a Markdown file, both without a leading slash; undefined for a file that is not a page. */
export function placeOf(file) {
  if (Object.hasOwn(AT_ROOT, file)) return AT_ROOT[file];
  if (file.startsWith("docs/")) return file.slice("docs/".length).replace(/(^|\/)README\.md$/, "$1index.md");
  if (file.startsWith("tools/site/api/")) return file.slice("tools/site/".length);
  return undefined;
}

/** The files that are pages. */
export function pages() {
  const below = (folder) =>
    !existsSync(join(root, folder))
      ? []
      : readdirSync(join(root, folder), { recursive: true })
          .map((name) => posix.join(folder, String(name).replaceAll("\\", "/")))
          .filter((name) => name.endsWith(".md"));
  return [...Object.keys(AT_ROOT), ...below("docs"), ...below("tools/site/api")].filter((file) => exists(file)).sort();
}

export function exists(file) {
  return existsSync(join(root, file));
}

/** The first heading of a page, without its code marks. */
export function titleOf(file) {
  const heading = /^# (.+)$/m.exec(readFileSync(join(root, file), "utf8"));
  return (heading?.[1] ?? file).replace(/[`\\]/g, "");
}

/**
 * Where a link of a file leads.
 *
 * @returns `{ page }` with the place and the anchor, `{ file }` for a file of the project that is not a page, `{ missing }`
 * for neither, or null for links that are left as they are.
 */
export function linkFrom(file, href) {
  if (/^([a-z][a-z0-9+.-]*:|\/\/|#|\/)/i.test(href)) return null;
  const [path, anchor = ""] = href.split("#");
  const target = posix.normalize(posix.join(posix.dirname(file), decodeURIComponent(path)));
  const candidates = [target, posix.join(target, "README.md")].map((name) => name.replace(/\/+$/, ""));
  for (const candidate of candidates) {
    const place = placeOf(candidate);
    if (place !== undefined && candidate.endsWith(".md") && exists(candidate))
      return { page: `/${place}${anchor === "" ? "" : `#${anchor}`}` };
  }
  return exists(target.replace(/\/+$/, "")) ? { file: target } : { missing: target };
}
