/** Servers of other projects: started for a test on free ports of 127.0.0.1, and ended by their process ids. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { hasEnded, signalGroup, stop } from "./process-group.js";

/** Milliseconds for a server to come up. */
const START_LIMIT = 20_000;
/** Another process may take a free port before the program does. */
const ATTEMPTS = 3;

/** Debian's packages of the programs. */
const PACKAGES: Readonly<Record<string, string>> = {
  squid: "squid",
  tinyproxy: "tinyproxy",
  danted: "dante-server",
  nginx: "nginx",
  openssl: "openssl",
};

/** @returns What to tell when the tests are skipped, or false where everything is installed. */
export function whyNot(...programs: readonly string[]): string | false {
  const missing = programs.filter((name) => pathOf(name) === null);
  if (missing.length === 0) return false;
  const packages = missing.map((name) => PACKAGES[name] ?? name).join(" ");
  return `not installed here: ${missing.join(", ")} (apt-get install ${packages})`;
}

/** Daemons are in sbin, which is not in the PATH of every user. */
function pathOf(program: string): string | null {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/bin"];
  const found = directories.find((directory) => directory !== "" && existsSync(join(directory, program)));
  return found === undefined ? null : join(found, program);
}

/** A directory for what a server reads and writes, also when it gave up being root. */
export class Workspace implements Disposable {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "requests-ts-"));
    chmodSync(this.path, 0o777);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** @returns The path of the file. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  /** The lines of a file; none when it is not there yet. */
  lines(name: string): string[] {
    if (!existsSync(this.file(name))) return [];
    return readFileSync(this.file(name), "utf8").trimEnd().split("\n");
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A running server. */
export interface Daemon extends AsyncDisposable {
  readonly ports: readonly number[];
  readonly workspace: Workspace;
  close(): Promise<void>;
}

/** How to run a program. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
}

/**
 * Starts a program, and waits until it accepts connections at each of its ports.
 *
 * @param count - How many free ports it wants.
 * @param configure - Writes what the program reads, and says how to run it in the foreground.
 * @throws Error with what the program wrote, when it does not come up.
 */
export async function startDaemon(
  count: number,
  configure: (workspace: Workspace, ports: readonly number[]) => Command,
): Promise<Daemon> {
  for (let attempt = 1; ; attempt += 1) {
    const workspace = new Workspace();
    try {
      return await startOnce(workspace, await freePorts(count), configure);
    } catch (error) {
      workspace[Symbol.dispose]();
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOnce(
  workspace: Workspace,
  ports: readonly number[],
  configure: (workspace: Workspace, ports: readonly number[]) => Command,
): Promise<Daemon> {
  const command = configure(workspace, ports);
  const path = pathOf(command.program);
  if (path === null) throw new Error(`${command.program} is not installed`);
  const child = spawn(path, command.arguments, {
    cwd: workspace.path,
    // A group of its own, so that its workers and helpers end with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const onText = (text: string): void => {
    output = (output + text).slice(-4000);
  };
  child.stdout.setEncoding("utf8").on("data", onText);
  child.stderr.setEncoding("utf8").on("data", onText);
  const killAll = (): void => signalGroup(child, "SIGKILL");
  process.once("exit", killAll);
  const close = async (): Promise<void> => {
    process.off("exit", killAll);
    await stop(child);
    workspace[Symbol.dispose]();
  };
  try {
    for (const port of ports) await untilItAccepts(port, child);
  } catch (error) {
    await close();
    throw new Error(`${command.program} did not start: ${String(error)}\n${output}`, { cause: error });
  }
  return { ports, workspace, close, [Symbol.asyncDispose]: close };
}

/** Runs a program to its end. @throws Error with what it wrote, when it fails. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd?: string; input?: string } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(pathOf(program) ?? program, args, {
    ...options,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${String(error ?? stderr)}`);
  return stdout;
}

/** Ports of 127.0.0.1 without a listener, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}

async function untilItAccepts(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_LIMIT;
  while (!(await accepts(port))) {
    if (hasEnded(child)) throw new Error("it ended at once");
    if (Date.now() > end) throw new Error(`nobody accepts connections at port ${port} after ${START_LIMIT / 1000} s`);
    await sleep(20);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
