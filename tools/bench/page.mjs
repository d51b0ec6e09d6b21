// The parts of docs/performance.md that are written by the benchmark.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "performance.md");

/** Replaces what stands between `<!-- name -->` and `<!-- end of name -->`. */
export function writeBlock(name, text) {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(`<!-- ${name} -->\n`);
  const [, after] = rest.split(`<!-- end of ${name} -->`);
  writeFileSync(PAGE, `${before}<!-- ${name} -->\n\n\`\`\`text\n${text}\n\`\`\`\n\n<!-- end of ${name} -->${after}`);
}
