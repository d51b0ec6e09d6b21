// The parts of README.md and docs/performance.md that are written by the benchmark.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** Replaces what stands between `<!-- name -->` and `<!-- end of name -->` in docs/performance.md. */
export function writeBlock(name, text) {
  writeBetween(join(root, "docs", "performance.md"), name, `\`\`\`text\n${text}\n\`\`\``);
}

/** The same in the README, as Markdown. */
export function writeReadme(name, markdown) {
  writeBetween(join(root, "README.md"), name, markdown);
}

function writeBetween(file, name, markdown) {
  const [before, rest = ""] = readFileSync(file, "utf8").split(`<!-- ${name} -->\n`);
  const [, after] = rest.split(`<!-- end of ${name} -->`);
  if (after === undefined) throw new Error(`${file} has no <!-- ${name} --> and <!-- end of ${name} -->`);
  writeFileSync(file, `${before}<!-- ${name} -->\n\n${markdown}\n\n<!-- end of ${name} -->${after}`);
}
