/**
 * A TCP proxy on 127.0.0.1 between a client and a server that breaks what it carries, by a plan for each exchange: in
 * either direction, at a place in the stream. With `tls` it ends the client's TLS, so that faults strike inside of it.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket, type SecureContextOptions } from "node:tls";
import { Worker } from "node:worker_threads";

/**
 * Where in one direction of an exchange a fault strikes: after so many bytes, inside the head, some bytes into the
 * body, or where the size of the first chunk stands.
 */
export type Place = number | "head" | "body" | "chunk-size";

/**
 * - `latency`: each piece comes later.
 * - `drip`: byte by byte.
 * - `stall`: nothing more is passed on; what comes is still read.
 * - `deaf`: nothing more is read, so that the sender's buffers fill.
 * - `cut`: the connection is closed in good order.
 * - `reset`: TCP RST to the client.
 * - `half-close`: this direction is closed, the other stays.
 * - `garbage`: other bytes stand in place of the rest, and the connection stays.
 */
export type Fault =
  | { readonly kind: "latency"; readonly milliseconds: number }
  | { readonly kind: "drip" }
  | { readonly kind: "stall" | "deaf" | "cut" | "reset" | "half-close"; readonly at: Place }
  | { readonly kind: "garbage"; readonly at: Place; readonly bytes: string };

/** What happens to one exchange. */
export interface Plan {
  /** Before the server is even asked, when the exchange is the first of its connection. */
  readonly accept?: "close" | "reset" | "silence";
  /** Client → server. */
  readonly up?: Fault;
  /** Server → client. */
  readonly down?: Fault;
}

/** @param exchange - Counted from 1 on each connection. @param connection - Counted from 1. */
export type Planner = (connection: number, exchange: number) => Plan;

/** Bytes into a head: after the start line, before its end. */
const INSIDE_HEAD = 20;
/** Bytes into a body. */
const INSIDE_BODY = 5;
const END_OF_HEAD = "\r\n\r\n";

/** Milliseconds in which bytes leave the kernel before a reset would discard them. */
const FLUSH = 20;

/** One direction of a connection. */
class Lane {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #strike: (kind: Fault["kind"]) => void;
  #fault: Fault | undefined = undefined;
  #passed = 0;
  #tail = "";
  /** The offset at which the fault strikes, once it is known. */
  #offset = Infinity;
  #pending: Promise<void> = Promise.resolve();
  struck = false;

  constructor(source: Socket, target: Socket, strike: (kind: Fault["kind"]) => void) {
    this.#source = source;
    this.#target = target;
    this.#strike = strike;
  }

  /** A new exchange begins. */
  restart(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#passed = 0;
    this.#tail = "";
    const place = fault !== undefined && "at" in fault ? fault.at : Infinity;
    this.#offset = typeof place === "number" ? place : place === "head" ? INSIDE_HEAD : Infinity;
    // Nothing has to come for a fault before the first byte.
    if (this.#offset === 0 && fault?.kind !== "garbage") this.#strikeNow();
  }

  take(chunk: Buffer): void {
    if (this.struck) return;
    this.#source.pause();
    this.#pending = this.#pending
      .then(() => this.#pass(chunk))
      .then(() => {
        if (!(this.struck && this.#fault?.kind === "deaf")) this.#source.resume();
      });
  }

  /** The source said all that it has to say. */
  finish(): void {
    this.#pending = this.#pending.then(() => {
      if (!this.struck) this.#target.end();
    });
  }

  async #pass(chunk: Buffer): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined) {
      await this.#write(chunk);
      return;
    }
    if (fault.kind === "latency") await pause(fault.milliseconds);
    if (fault.kind === "drip") {
      for (let at = 0; at < chunk.length && !this.#target.destroyed; at += 1) {
        await this.#write(chunk.subarray(at, at + 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return;
    }
    this.#locate(chunk, fault);
    const room = this.#offset - this.#passed;
    this.#passed += chunk.length;
    if (chunk.length < room) {
      await this.#write(chunk);
      return;
    }
    if (room > 0) await this.#write(chunk.subarray(0, room));
    if (fault.kind === "garbage") await this.#write(Buffer.from(fault.bytes, "latin1"));
    if (fault.kind === "reset" && room > 0) await pause(FLUSH);
    this.#strikeNow();
  }

  /** Finds the end of the head, on which "body" and "chunk-size" depend. */
  #locate(chunk: Buffer, fault: Fault): void {
    if (!("at" in fault) || this.#offset !== Infinity) return;
    const text = this.#tail + chunk.toString("latin1");
    const end = text.indexOf(END_OF_HEAD);
    if (end === -1) {
      this.#tail = text.slice(-3);
      return;
    }
    const body = this.#passed - this.#tail.length + end + END_OF_HEAD.length;
    this.#offset = fault.at === "body" ? body + INSIDE_BODY : body;
  }

  #strikeNow(): void {
    this.struck = true;
    this.#strike(this.#fault!.kind);
    if (this.#fault!.kind === "half-close") this.#target.end();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#target.destroyed) return;
    await new Promise<void>((resolve) => {
      // A write into a socket that is destroyed meanwhile is never called back in all versions of Node.
      this.#target.once("close", resolve);
      this.#target.write(bytes, () => {
        this.#target.off("close", resolve);
        resolve();
      });
    });
  }
}

/** One client and its connection to the server. */
class Pair {
  readonly #raw: Socket;
  readonly #client: Socket;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #plan: (exchange: number) => Plan;
  #upstream: Socket | null = null;
  #exchange = 0;
  /** Whether the server has said something since the client did: what the client says then is a new exchange. */
  #answered = true;

  constructor(raw: Socket, client: Socket, port: number, plan: (exchange: number) => Plan) {
    this.#raw = raw;
    this.#client = client;
    this.#plan = plan;
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    const strike = (kind: Fault["kind"]): void => {
      if (kind === "cut") this.#end();
      else if (kind === "reset") this.reset();
      // The other side is gone and will not close it.
      else if (client.readableEnded) this.destroy();
    };
    this.#up = new Lane(client, upstream, strike);
    this.#down = new Lane(upstream, client, strike);
    client.on("data", (chunk: Buffer) => {
      if (this.#answered) this.#begin();
      this.#up.take(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      this.#answered = true;
      this.#down.take(chunk);
    });
    client.on("end", () => {
      // After a fault nothing arrives that would close the other side.
      if (this.#up.struck || this.#down.struck) this.destroy();
      else this.#up.finish();
    });
    upstream.on("end", () => this.#down.finish());
    client.on("error", () => this.destroy()).on("close", () => this.destroy());
    upstream.on("error", () => this.destroy());
  }

  /** TCP RST, under TLS too. */
  reset(): void {
    this.#raw.resetAndDestroy();
    this.destroy();
  }

  destroy(): void {
    this.#client.destroy();
    this.#raw.destroy();
    this.#upstream?.destroy();
  }

  #begin(): void {
    this.#answered = false;
    this.#exchange += 1;
    const { up, down } = this.#plan(this.#exchange);
    this.#up.restart(up);
    this.#down.restart(down);
  }

  #end(): void {
    this.#upstream?.destroy();
    this.#client.end();
  }
}

/** A running fault proxy. */
export class FaultProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair | Socket>();
  readonly #secure: boolean;
  #connections = 0;
  #exchanges = 0;
  /** Decides what happens; may be changed at any time. */
  planner: Planner;

  constructor(upstreamPort: number, planner: Planner, tls: SecureContextOptions | null) {
    this.planner = planner;
    this.#secure = tls !== null;
    const context = tls === null ? undefined : createSecureContext(tls);
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (raw) => {
      const number = (this.#connections += 1);
      raw.on("error", () => undefined);
      const { accept } = this.planner(number, 1);
      if (accept !== undefined) {
        this.#pairs.add(raw);
        raw.on("close", () => this.#pairs.delete(raw));
        // Without reading it, the client's end would go unnoticed.
        raw.resume().on("end", () => raw.end());
        if (accept === "close") raw.end();
        else if (accept === "reset") raw.resetAndDestroy();
        return;
      }
      const client = context === undefined ? raw : new TLSSocket(raw, { isServer: true, secureContext: context });
      const pair = new Pair(raw, client, upstreamPort, (exchange) => {
        this.#exchanges += 1;
        return this.planner(number, exchange);
      });
      this.#pairs.add(pair);
      raw.on("close", () => this.#pairs.delete(pair));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  #port = 0;

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#secure ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connections that were accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that came so far, whole or not. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Ends everything; from then on its port refuses connections. Can be called twice. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const pair of this.#pairs) pair.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts a proxy to a port of 127.0.0.1.
 *
 * @param plan - The same for every exchange, or a function that decides for each.
 * @param tls - Certificate and key with which the client's TLS is ended; the server is then spoken to in plain HTTP.
 */
export async function faultProxy(
  upstreamPort: number,
  plan: Plan | Planner = {},
  tls: SecureContextOptions | null = null,
): Promise<FaultProxy> {
  return new FaultProxy(upstreamPort, typeof plan === "function" ? plan : () => plan, tls).listen();
}

/** A port whose connections are never completed: SYN packets get no answer. */
export interface FullPort extends AsyncDisposable {
  readonly port: number;
}

/** Listens with a backlog of one, and never accepts: the thread that could is asleep. */
const SLEEPING_LISTENER = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** Starts a listener, and fills its backlog; Bun's is longer than it is told. */
export async function fullPort(): Promise<FullPort> {
  const worker = new Worker(SLEEPING_LISTENER, { eval: true });
  const port = await new Promise<number>((resolve, reject) => worker.once("message", resolve).once("error", reject));
  const fill: Socket[] = [];
  for (let accepted = true; accepted;) {
    const socket = connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
    fill.push(socket);
    const connected = new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)));
    accepted = await Promise.race([connected, pause(50).then(() => false)]);
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fill) socket.destroy();
      await worker.terminate();
    },
  };
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
}
