/** The public types are what they were, or the change was written down. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { goldenFile, publicTypes } from "./public-types.js";

describe("the public types", () => {
  it("are those of public-types.golden.txt", () => {
    const now = publicTypes();
    assert.ok(now.includes("class Session"), "the text of the types holds no Session");
    assert.equal(
      now,
      readFileSync(goldenFile, "utf8"),
      "The public types changed. If that is meant, run `npm run golden`, and give CHANGELOG.md a line.",
    );
  });
});
