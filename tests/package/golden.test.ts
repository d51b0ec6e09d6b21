/** The public types are what they were, or the change was written down. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { goldenFile, publicTypes } from "./public-types.js";

describe("the public types", () => {
  it("match public-types.golden.txt", () => {
    const now = publicTypes();
    assert.ok(now.includes("class Session"), "the text of the types holds no Session");
    const changes = changedLines(readFileSync(goldenFile, "utf8"), now);
    if (changes.length > 0)
      assert.fail(
        `The public types changed. If that is meant, run npm run golden, and give CHANGELOG.md a line.\n${changes.join("\n")}`,
      );
  });

  it("are compared line by line", () => {
    assert.deepEqual(changedLines("a\nb\nc", "a\nc\nd"), ["- b", "+ d"]);
    assert.deepEqual(changedLines("a\nb", "b\na"), ["the lines are the same, in another order"]);
    assert.deepEqual(changedLines("a", "a"), []);
  });
});

/** The lines that only one of two texts has; enough to see what happened. */
function changedLines(before: string, now: string): string[] {
  if (before === now) return [];
  const removed = without(before.split("\n"), now.split("\n")).map((line) => `- ${line}`);
  const added = without(now.split("\n"), before.split("\n")).map((line) => `+ ${line}`);
  const changes = [...removed, ...added];
  return changes.length > 0 ? changes : ["the lines are the same, in another order"];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return lines.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
