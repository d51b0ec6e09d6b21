/** The programs of tools/runtimes, which `npm test -- runtimes` installs. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { root } from "./source-graph.js";

/**
 * Where a program stands, and why the tests that need it are skipped; false where they are not. REQUIRE_TOOLS=1 is for
 * those who must not skip: then a missing one fails.
 */
export function tool(name: string): { readonly program: string; readonly skip: string | false } {
  const folders = [join(root, "tools", "runtimes", "node_modules"), join(root, "node_modules")];
  const program = folders.map((folder) => join(folder, ".bin", name)).find((path) => existsSync(path));
  const skip = program === undefined && process.env["REQUIRE_TOOLS"] !== "1";
  return {
    program: program ?? name,
    skip: skip && `${name} is not installed: npm test -- runtimes -- package installs it`,
  };
}
