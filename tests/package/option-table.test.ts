/** The table of docs/options.md says of each option what the registry says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { OPTIONS } from "#internal/client/options";
import type { OptionRow } from "#internal/options/option";
import { root } from "./source-graph.js";

const MERGING: Readonly<Record<OptionRow["merge"], string>> = {
  "by key": "merged by key",
  replace: "call replaces",
  "call only": "",
  "session only": "",
};

/** The rows of the page's first table, by the name of their option. */
function rows(): ReadonlyMap<string, readonly string[]> {
  const page = readFileSync(join(root, "docs", "options.md"), "utf8");
  const [table = ""] = page.split("\n## ");
  const found = new Map<string, readonly string[]>();
  for (const line of table.split("\n").slice(1)) {
    const name = /^\| \[?`(\w+)`/.exec(line)?.[1];
    if (name === undefined) continue;
    const [, ...cells] = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    found.set(name, cells);
  }
  return found;
}

describe("the table of docs/options.md", () => {
  const options: [string, OptionRow][] = Object.entries(OPTIONS);

  it("has the options of the registry, in its order", () => {
    assert.deepEqual(
      [...rows().keys()],
      options.map(([name]) => name),
    );
  });

  for (const [name, { of, merge }] of options)
    it(`says where ${name} is given, and how it merges`, () => {
      const [value, byDefault, given, merging] = rows().get(name) ?? [];
      assert.deepEqual([given, merging], [of.join(", "), MERGING[merge]]);
      assert.ok(value !== "" && byDefault !== "", "a value and a default");
    });
});
