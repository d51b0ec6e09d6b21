/** Every code of an exception is documented. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

import { root, sources } from "./source-graph.js";

/** Codes of Node's own errors, and of companions that document theirs by class. */
const OTHERS = /^ERR_(?:BUFFER|ENCODING|PARSE_ARGS|TLS_CERT|MULTIPART)/;

it("the pages describe every exception code without a class of its own", () => {
  const pages = readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => readFileSync(join(root, "docs", name), "utf8"))
    .join("\n");
  const used = new Set<string>();
  const ofClasses = new Set<string>();
  for (const { text } of sources()) {
    for (const [, code] of text.matchAll(/\bcode: (?:[^\n]*\? )?"(ERR_[A-Z_]+)"/g)) used.add(code);
    for (const [, code] of text.matchAll(/readonly code: string = "(ERR_[A-Z_]+)"/g)) ofClasses.add(code);
  }
  assert.ok(used.has("ERR_DIGEST") && used.has("ERR_BODY_SOURCE") && ofClasses.has("ERR_SSL"));
  const missing = [...used].filter(
    (code) => !ofClasses.has(code) && !OTHERS.test(code) && !pages.includes(`\`${code}\``),
  );
  assert.deepEqual(missing, []);
});
