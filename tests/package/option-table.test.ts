/** The table of options in docs/advanced.md is the registry's. `UPDATE_DOCS=1` writes it into the page. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

import { OPTIONS } from "#internal/client/options";
import type { OptionRow } from "#internal/options/option";
import { root } from "./source-graph.js";

const PAGE = join(root, "docs", "advanced.md");
const BEGIN = "<!-- table of options: written by tests/package/option-table.test.ts, UPDATE_DOCS=1 -->";
const END = "<!-- end of the table of options -->";

const MERGING: Readonly<Record<OptionRow["merge"], string>> = {
  "by key": "key by key, the call wins; `null` removes a key",
  replace: "the call's replaces the session's",
  "call only": "",
  "session only": "",
};

function rendered(): string {
  const rows: [string, OptionRow][] = Object.entries(OPTIONS);
  const mark = (row: OptionRow, place: OptionRow["of"][number]): string => (row.of.includes(place) ? "yes" : "");
  const lines = [
    ["option", "call", "`send`", "session", "given to both"],
    Array<string>(5).fill("---"),
    ...rows.map(([name, row]) => [
      `\`${name}\``,
      mark(row, "call"),
      mark(row, "send"),
      mark(row, "session"),
      MERGING[row.merge],
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

it("docs/advanced.md shows the options of the registry", () => {
  const page = readFileSync(PAGE, "utf8");
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  assert.ok(from !== -1 && to > from, `docs/advanced.md has lost its marks ${BEGIN} and ${END}`);
  const table = rendered();
  if (process.env["UPDATE_DOCS"] === "1") {
    writeFileSync(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`);
    return;
  }
  assert.equal(page.slice(from + BEGIN.length, to).trim(), table, "run this test with UPDATE_DOCS=1");
});
