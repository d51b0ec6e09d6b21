/** A raw TCP server in a thread of its own: it goes on sending while the event loop of the test is busy. */
import { Worker } from "node:worker_threads";

/** What the server does after each answer. */
export interface ThreadServerOptions {
  /** Sent in answer to each request. */
  readonly answer: string;
  /** Sent `delay` milliseconds after the answer, in a write of its own. */
  readonly stray?: string;
  /** Close the connection `delay` milliseconds after the answer. */
  readonly end?: boolean;
  /** Reset the connection instead of closing it. */
  readonly reset?: boolean;
  /** @defaultValue 0 */
  readonly delay?: number;
}

export interface ThreadServer {
  readonly url: string;
  /**
   * Blocks the event loop of the caller until the server has done so many times what follows an answer, and for a
   * millisecond at least.
   */
  blockUntilDone(times: number): void;
  close(): Promise<void>;
}

const PROGRAM = `
const { createServer } = require("node:net");
const { parentPort, workerData: { answer, stray, end, reset, delay = 0, done } } = require("node:worker_threads");
const counter = new Int32Array(done);
const count = () => { Atomics.add(counter, 0, 1); Atomics.notify(counter, 0); };
const server = createServer((socket) => {
  let received = "";
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    for (;;) {
      const head = received.indexOf("\\r\\n\\r\\n");
      if (head === -1) return;
      const length = Number(/^content-length: *(\\d+)/im.exec(received.slice(0, head))?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      received = received.slice(head + 4 + length);
      socket.write(answer);
      const then = () => {
        if (reset) { socket.on("close", count); socket.resetAndDestroy(); }
        else if (end) socket.end(count);
        else if (stray !== undefined) socket.write(stray, count);
        else count();
      };
      if (delay > 0) setTimeout(then, delay);
      else then();
    }
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

export async function threadServer(options: ThreadServerOptions): Promise<ThreadServer> {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(PROGRAM, { eval: true, workerData: { ...options, done: counter.buffer } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    blockUntilDone(times) {
      for (let done = Atomics.load(counter, 0); done < times; done = Atomics.load(counter, 0))
        Atomics.wait(counter, 0, done, 10_000);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
