/** However a request ends, nothing of it is held while its session and its signal live on. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { runNode } from "../package/child.js";

const directory = fileURLToPath(new URL(".", import.meta.url));
let results: Record<string, unknown>;
before(async () => {
  const { stdout } = await runNode(["--expose-gc", "--no-warnings", "retained-program.js"], directory);
  results = JSON.parse(stdout) as Record<string, unknown>;
});

describe("request, response and listener are collected after", { timeout: 60_000 }, () => {
  for (const name of [
    "read to the end",
    "a status that is thrown",
    "a reset",
    "a read timeout",
    "a total timeout",
    "an abort while waiting",
    "an abort while streaming",
    "streamed to the end",
    "left early",
    "closed unread",
    "dropped unread",
    "a hook that throws",
  ])
    it(name, () => assert.deepEqual(results[name], { gone: true, listeners: 0 }));
});

describe("session.close() during requests", () => {
  it("lets active, queued and redirected requests finish", () => {
    const { bodies } = results["close() in the middle"] as { bodies: string[] };
    assert.deepEqual(bodies, Array(6).fill("held"));
  });

  it("leaves nothing that keeps the process alive", () => {
    assert.deepEqual(results["resources"], []);
  });
});
