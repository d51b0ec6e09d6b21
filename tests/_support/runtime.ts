/** The runtime that the tests run on, where they must know: what it cannot do is asserted, or skipped with a reason. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export const ON_BUN = process.versions["bun"] !== undefined;
export const ON_DENO = process.versions["deno"] !== undefined;

/** Runs the text of an ES module in a process of its own; its last argument is `process.argv.at(-1)`. */
export async function runText(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly timeout?: number },
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  // Deno takes what follows Node's --eval for a script, which imports nothing.
  const flags = ON_DENO ? ["eval", "--quiet"] : ["--input-type=module", "--eval"];
  return promisify(execFile)(process.execPath, [...flags, program, ...args], options);
}
