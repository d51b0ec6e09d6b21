/** Python's own httpbin under gunicorn, as Debian packages it, for tests that compare with the real thing. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { hasEnded, signalGroup, stop } from "./process-group.js";

// By their full paths: another Python that comes first in PATH has no httpbin.
const PYTHON = "/usr/bin/python3";
const GUNICORN = "/usr/bin/gunicorn";
const WORKERS = ["--workers", "2", "--threads", "4"];

/** Milliseconds for the server to come up. */
const START_LIMIT = 30_000;

/** A running server. */
export interface PythonHttpbin extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** @returns What to tell when the tests are skipped, or false where it is installed. */
export function whyNoPythonHttpbin(): string | false {
  const installed =
    existsSync(PYTHON) && existsSync(GUNICORN) && spawnSync(PYTHON, ["-c", "import httpbin"]).status === 0;
  return installed ? false : "Python's httpbin is not installed: apt-get install python3-httpbin gunicorn";
}

/** @throws Error with what gunicorn wrote, when it does not come up. */
export async function startPythonHttpbin(): Promise<PythonHttpbin> {
  const port = await freePort();
  const child = spawn(PYTHON, [GUNICORN, "-b", `127.0.0.1:${port}`, ...WORKERS, "httpbin:app"], {
    cwd: "/",
    // A group of its own, so that its workers end with it.
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-4000);
  });
  const killAll = (): void => signalGroup(child, "SIGKILL");
  process.once("exit", killAll);
  const close = async (): Promise<void> => {
    process.off("exit", killAll);
    await stop(child);
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItAnswers(url, child);
  } catch (error) {
    await close();
    throw new Error(`gunicorn did not start: ${String(error)}\n${log}`, { cause: error });
  }
  return { url, close, [Symbol.asyncDispose]: close };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_LIMIT;
  while (!(await answers(`${url}/get`))) {
    if (hasEnded(child)) throw new Error("it ended at once");
    if (Date.now() > end) throw new Error(`no answer after ${START_LIMIT / 1000} s`);
    await sleep(50);
  }
}

/** By Node's own client: a fault of ours must not look like one of the server. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.on("close", () => resolve(response.statusCode === 200));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
