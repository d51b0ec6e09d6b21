/** docs/errors.md has every exception and every code. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import * as exceptions from "#internal/exceptions";
import { root, sources } from "./source-graph.js";

/** Codes of errors of Node and of the package's own commands, which no caller of the client sees. */
const OTHERS = /^ERR_(?:BUFFER|ENCODING|PARSE_ARGS|TLS_CERT)/;

describe("docs/errors.md", () => {
  const page = readFileSync(join(root, "docs", "errors.md"), "utf8");
  const used = new Set<string>();
  for (const { text } of sources())
    for (const [code] of text.matchAll(/\bERR_[A-Z_]+\b/g)) if (!OTHERS.test(code)) used.add(code);

  it("has every code of the sources", () => {
    assert.ok(used.has("ERR_DIGEST") && used.has("ERR_SSL") && used.has("ERR_PROXY_REFUSED"));
    assert.deepEqual(
      [...used].filter((code) => !page.includes(`\`${code}\``)),
      [],
    );
  });

  it("has no code that does not exist", () => {
    const shown = [...page.matchAll(/`(ERR_[A-Z_]+)`/g)].map(([, code]) => code);
    assert.deepEqual(
      shown.filter((code) => !used.has(code)),
      [],
    );
  });

  const classes: [string, { readonly name: string; readonly code?: string }][] = Object.entries(exceptions);
  for (const [name, { code }] of classes)
    it(`has ${name} with its code`, () => {
      const cell = code === undefined ? `| \`${name}\` ` : `| \`${name}\` \`${code}\` |`;
      assert.ok(page.includes(cell), `a row that begins with ${cell}`);
    });
});
