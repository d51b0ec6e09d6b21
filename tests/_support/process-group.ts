/** Programs that were started detached, with whatever they started themselves: ended together, and nothing else. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Milliseconds to go by oneself. */
const STOP_LIMIT = 5_000;

/** Asks the group to end, and makes it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  signalGroup(child, "SIGTERM");
  const limit = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_LIMIT);
  await exit;
  clearTimeout(limit);
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** To the child and its own children. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || hasEnded(child)) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It went away by itself in the meantime.
  }
}
