// The contestants' processes: asked in turn, never two at once.
import { fork } from "node:child_process";
import { join } from "node:path";

export class Worker {
  #child;
  #ready;

  constructor(id, certificate) {
    this.#child = fork(join(import.meta.dirname, "worker.mjs"), [id], {
      execArgv: ["--expose-gc", "--no-warnings"],
      env: environment(certificate),
    });
    this.#ready = this.#next();
  }

  /** @returns What the task found; null where the client cannot do it. */
  async ask(message) {
    await this.#ready;
    const answer = this.#next();
    this.#child.send(message);
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  stop() {
    if (this.#child.connected) this.#child.disconnect();
  }

  #next() {
    return new Promise((resolve, reject) => {
      const exited = (code) => reject(new Error(`the process ended with ${code}`));
      this.#child.once("exit", exited);
      this.#child.once("message", (message) => {
        this.#child.off("exit", exited);
        resolve(message);
      });
    });
  }
}

/** Trust in the certificate of the servers, for all clients alike; no proxies and no other bundles. */
function environment(certificate) {
  const kept = Object.entries(process.env).filter(([name]) => !/_proxy$|^(SSL|REQUESTS|CURL)_C/i.test(name));
  return { ...Object.fromEntries(kept), NODE_EXTRA_CA_CERTS: certificate };
}

/** One task by a process that does nothing else: for peaks of memory. */
export async function askAlone(id, certificate, message) {
  const worker = new Worker(id, certificate);
  try {
    return await worker.ask(message);
  } finally {
    worker.stop();
  }
}
