/** A streamed response that is dropped gives its connection back, and nothing that is still read is ever closed. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { runNode } from "../package/child.js";

interface Warned {
  readonly code: string;
  readonly message: string;
}

const directory = fileURLToPath(new URL(".", import.meta.url));
let results: Record<string, unknown>;
before(async () => {
  const { stdout } = await runNode(["--expose-gc", "--no-warnings", "dropped-program.js"], directory);
  results = JSON.parse(stdout) as Record<string, unknown>;
});

describe("an unreachable streamed response releases its connection", { timeout: 60_000 }, () => {
  for (const name of [
    "never read",
    "little left",
    "little left, reused",
    "iterated in part",
    "iterated in part, gzip",
    "fetch",
    "with a signal and a total timeout",
    "of an adapter alone",
  ])
    it(name, () => assert.equal(results[name], true));

  it("removes the listener from its signal", () => assert.equal(results["listeners"], 0));

  it("prints one warning per process, with the place and advice, and without secrets", () => {
    const warnings = results["warnings"] as Warned[];
    assert.equal(warnings.length, 1);
    assert.equal(warnings[0].code, "REQUESTS_UNREAD_RESPONSE");
    assert.doesNotMatch(warnings[0].message, /token/);
    assert.match(warnings[0].message, /GET http:\/\/127\.0\.0\.1:\d+\/much.*response\.close\(\).*await using/s);
  });

  it("prints no warning when the body had arrived completely", () => {
    assert.equal(results["whole when dropped"], true);
    assert.equal(results["warnings so far"], 0);
  });
});

describe("a response that can still be read stays open", () => {
  for (const name of ["kept by its raw alone", "kept by its iterator alone"])
    it(name, () => assert.equal(results[name], true));

  it("a reader that waits for bytes, referenced by the connection only", () => {
    assert.equal(results["a reader that waits"], "0123456789.");
  });
});
