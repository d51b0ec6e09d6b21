/** The programs of runtimes/, which `npm run test:runtimes` installs. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { root } from "./source-graph.js";

/**
 * Where a program stands, and why the tests that need it are skipped; false where they are not. REQUIRE_TOOLS=1 is for
 * those who must not skip: then a missing one fails.
 */
export function tool(name: string): { readonly program: string; readonly skip: string | false } {
  const program = join(root, "runtimes", "node_modules", ".bin", name);
  const skip = !existsSync(program) && process.env["REQUIRE_TOOLS"] !== "1";
  return { program, skip: skip && `${name} is not installed: npm run test:runtimes -- package installs it` };
}
