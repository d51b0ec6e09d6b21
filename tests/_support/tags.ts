/**
 * Tags: stable names of tests. Pages and tables name a test by its file and tag, so that its title can change freely.
 * A tag stands in brackets at the end of a title, of a suite's title, or of the text of a table's row that ends a title:
 * `it("rejects a certificate of an unknown authority by default [unknown-authority]", …)`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const TESTS = join(import.meta.dirname, "..", "..", "..", "tests");

/** How many strings of a source end with the tag. */
export function countTag(source: string, tag: string): number {
  return source.split(/\[([\w.-]+)\]["'`]/).filter((part, at) => at % 2 === 1 && part === tag).length;
}

/** Fails unless exactly one test, suite or row of the file has the tag. The path begins below `tests/`. */
export function assertTagged(file: string, tag: string): void {
  const count = countTag(readFileSync(join(TESTS, file), "utf8"), tag);
  assert.equal(count, 1, `tests/${file} must have exactly one title that ends with [${tag}]`);
}
