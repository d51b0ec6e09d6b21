/** Programs that a test starts. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a program to its end, without what makes a Node process part of the test run. */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env };
  delete env["NODE_OPTIONS"];
  delete env["NODE_TEST_CONTEXT"];
  return execute(program, args, { cwd, env, timeout: 120_000 });
}

/** Runs Node. */
export function runNode(args: readonly string[], cwd: string): ReturnType<typeof runProgram> {
  return runProgram(process.execPath, args, cwd);
}
