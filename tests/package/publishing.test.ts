/** What the checkers of packages say of the tarball. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { join } from "node:path";

import { runProgram } from "./child.js";
import { packed, type PackedPackage } from "./packed.js";
import { root } from "./source-graph.js";
import { tool } from "./tools.js";

const attw = tool("attw");

describe("the tarball", () => {
  let pack: PackedPackage;
  before(async () => {
    pack = await packed();
  });
  after(() => pack[Symbol.asyncDispose]());

  it("passes publint", async () => {
    const publint = join(root, "node_modules", ".bin", "publint");
    const { stdout } = await runProgram(publint, ["run", "--strict", pack.tarball], pack.project);
    assert.match(stdout, /All good!/);
  });

  it("passes attw", { skip: attw.skip }, async () => {
    const { stdout } = await runProgram(attw.program, [pack.tarball, "--format=json"], pack.project);
    const { analysis, problems } = JSON.parse(stdout) as {
      readonly analysis: { readonly types: unknown; readonly entrypoints: Readonly<Record<string, unknown>> };
      readonly problems?: Readonly<Record<string, readonly unknown[]>>;
    };
    assert.deepEqual(analysis.types, { kind: "included" });
    assert.deepEqual(Object.keys(analysis.entrypoints).sort(), Object.keys(pack.manifest.exports).sort());
    assert.deepEqual(Object.values(problems ?? {}).flat(), []);
  });
});
