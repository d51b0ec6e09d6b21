/**
 * A TCP peer of raw bytes on 127.0.0.1: a script says what it sends after what it received, when it pauses, resets or
 * closes half. It records the exact bytes. With it: what the parser makes of bytes, as text that can be compared.
 */
import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

import { RequestException, Timeout } from "#internal/exceptions";
import type { Http1Head } from "#internal/wire/http1/head";
import { ResponseParser } from "#internal/wire/http1/response-parser";
import { DEFAULT_LIMITS, type WireLimits } from "#internal/wire/limits";

/** A whole answer that keeps the connection. */
export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** One request as it came, bytes as latin-1. */
export interface ReceivedMessage {
  /** With the empty line at its end. */
  readonly head: string;
  /** Chunked bodies with their framing. */
  readonly body: string;
}

/** The client went away while the script was waiting for it. */
class PeerGone extends Error {}

/** One connection, as the script sees it. */
export class Peer {
  readonly socket: Socket;
  /** Counted from 1. */
  readonly number: number;
  /** Resolves once the client has closed its side or reset. */
  readonly gone: Promise<void>;
  #received = Buffer.alloc(0);
  #consumed = 0;
  #isGone = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.number = number;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.gone = new Promise((resolve) => {
      const onGone = (): void => {
        this.#isGone = true;
        this.#wake();
        resolve();
      };
      socket.on("end", onGone).on("close", onGone).on("error", onGone);
    });
  }

  /** Everything that came so far, as latin-1. */
  get received(): string {
    return this.#received.toString("latin1");
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The bytes up to and with the mark that were not consumed before; of a number, so many bytes. */
  async until(mark: string | number): Promise<string> {
    for (;;) {
      const rest = this.#received.subarray(this.#consumed);
      const found = typeof mark === "number" ? 0 : rest.indexOf(mark, 0, "latin1");
      const end = typeof mark === "number" ? mark : found + mark.length;
      if (found !== -1 && rest.length >= end) {
        this.#consumed += end;
        return rest.toString("latin1", 0, end);
      }
      if (this.#isGone) throw new PeerGone(`the client went away before ${JSON.stringify(mark)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next request, framed by Content-Length or chunked coding. */
  async request(): Promise<ReceivedMessage> {
    const head = await this.until("\r\n\r\n");
    const length = /^content-length: *(\d+)\r$/im.exec(head);
    if (length !== null) return { head, body: await this.until(Number(length[1])) };
    return { head, body: /^transfer-encoding: *chunked\r$/im.test(head) ? await this.until("0\r\n\r\n") : "" };
  }

  /** Sends text as latin-1; resolves when the kernel has it. */
  async send(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, () => resolve());
    });
  }

  /** Sends, and lets the client see it before anything else follows. */
  async sendAndPause(bytes: string | Uint8Array): Promise<void> {
    await this.send(bytes);
    await pause(10);
  }

  /** Closes our side; the client may still send. */
  end(bytes = ""): void {
    // Deno's TLS never has done with writing nothing.
    if (bytes === "") this.socket.end();
    else this.socket.end(Buffer.from(bytes, "latin1"));
  }

  /** TCP RST, also of the connection under TLS. */
  reset(): void {
    const { _parent: carrier } = this.socket as Socket & { readonly _parent?: Socket | null };
    (carrier ?? this.socket).resetAndDestroy();
  }
}

/** What a peer does with one connection. */
export type Script = (peer: Peer) => Promise<void> | void;

/** A server that follows a script. */
export class RawServer {
  readonly peers: Peer[] = [];
  readonly #server: NetServer;
  readonly #errors: unknown[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #scheme: string;
  #waiting: (() => void)[] = [];

  constructor(script: Script, tls: TlsOptions | null) {
    const onSocket = (socket: Socket): void => {
      this.#follow(script, socket);
    };
    this.#scheme = tls === null ? "http" : "https";
    this.#server =
      tls === null
        ? createServer({ allowHalfOpen: true, noDelay: true }, onSocket)
        : createTlsServer({ ...tls, noDelay: true }, onSocket);
    // Also what never finishes its TLS handshake is closed at the end.
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port = 0, host = "127.0.0.1"): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, host, resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The connection of this number, once it is there. */
  async peer(number: number): Promise<Peer> {
    while (this.peers.length < number)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    return this.peers[number - 1];
  }

  /** Ends everything. @throws What a script threw, but for clients that went away. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #follow(script: Script, socket: Socket): void {
    const peer = new Peer(socket, this.peers.length + 1);
    this.peers.push(peer);
    for (const wake of this.#waiting.splice(0)) wake();
    void Promise.resolve()
      .then(() => script(peer))
      .catch((error: unknown) => {
        if (!(error instanceof PeerGone)) this.#errors.push(error);
      });
    void peer.gone.then(() => socket.end());
  }
}

/** Starts a peer; each connection follows the script. */
export async function rawServer(script: Script): Promise<RawServer> {
  return new RawServer(script, null).listen();
}

/** The same under TLS. */
export async function rawTlsServer(tls: TlsOptions, script: Script): Promise<RawServer> {
  return new RawServer(script, tls).listen();
}

/** Answers each request, of whatever connection, with the next of the answers; the last one for all that follow. */
export function answering(...answers: readonly (string | Uint8Array)[]): Script {
  let next = 0;
  return async (peer) => {
    for (;;) {
      await peer.request();
      await peer.send(answers[Math.min(next, answers.length - 1)]);
      next += 1;
    }
  };
}

/** @param milliseconds - Few: just long enough for bytes to cross the loopback. */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
}

/** The exception that a call ends in. */
export async function rejection(call: PromiseLike<unknown>): Promise<RequestException> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RequestException, `not a RequestException: ${String(error)}`);
    return error;
  }
  return assert.fail("the call should have failed");
}

/** The message without the address after it, which must be there and in the stack that people are shown. */
export function unplaced(error: RequestException, address: string): string {
  const place = ` (from ${address})`;
  assert.ok(error.message.endsWith(place), `${error.message} does not say where`);
  assert.ok(error.stack?.includes(error.message), "the stack shows another message");
  return error.message.slice(0, -place.length);
}

/** Waits until a condition holds; the test's own timeout bounds it. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

/**
 * Milliseconds that a call may end late: a busy machine can stop this process for that long. That deadlines are punctual
 * is tested with a clock of its own, in tests/unit/wire/deadline.test.ts.
 */
export const GRACE = 5000;

/** What a timeout is to be. */
export interface ExpectedTimeout {
  readonly name: string;
  readonly code: string;
  readonly phase: string;
  readonly message: RegExp;
  /** Seconds. */
  readonly after: number;
}

/** @param started - `performance.now()` when the time began to count. */
export function assertTimedOut(error: RequestException, started: number, expected: ExpectedTimeout): void {
  const elapsed = performance.now() - started;
  assert.deepEqual([error.name, error.code, error.phase], [expected.name, expected.code, expected.phase]);
  assert.match(error.message, expected.message);
  assert.ok(error instanceof Timeout);
  const wanted = expected.after * 1000;
  assert.ok(elapsed >= wanted - 0.5, `${wanted - elapsed} ms early`);
  assert.ok(elapsed < wanted + GRACE, `${elapsed - wanted} ms late`);
  assert.ok(error.elapsed !== undefined && error.elapsed * 1000 >= wanted - 0.6, `elapsed is ${error.elapsed}`);
  assert.ok(error.elapsed * 1000 < wanted + GRACE);
}

/** What the parser told of some bytes. */
export interface Parsed {
  /** One line for each event; data that follows data is one. */
  readonly events: string[];
  /** Bytes after the response. */
  readonly leftover: number;
  readonly error: RequestException | null;
}

export interface ParseOptions {
  readonly method?: string;
  readonly limits?: Partial<WireLimits>;
  /** Whether the peer closes after the bytes. */
  readonly closes?: boolean;
}

/** Feeds a parser. Anything but a RequestException escapes. */
export function parse(pieces: readonly Uint8Array[], options: ParseOptions = {}): Parsed {
  const events: string[] = [];
  let leftover = 0;
  let error: RequestException | null = null;
  const parser = new ResponseParser(
    {
      onInformational: (head) => events.push(`informational ${described(head)}`),
      onHead: (head) => events.push(`head ${described(head)}`),
      onData: (buffer, start, end) => {
        const text = buffer.toString("latin1", start, end);
        if (events.at(-1)?.startsWith("data ") === true) events[events.length - 1] += text;
        else events.push(`data ${text}`);
      },
      onEnd: (trailers) => events.push(`end ${JSON.stringify(trailers)}`),
    },
    { ...DEFAULT_LIMITS, ...options.limits },
  );
  parser.start(options.method ?? "GET");
  try {
    for (const piece of pieces) {
      // Not at the start of its memory, as in a read buffer that is used again.
      const shifted = Buffer.concat([Buffer.from("#"), piece, Buffer.from("#")]);
      leftover += 1 + piece.length - parser.execute(shifted, 1, 1 + piece.length);
    }
    if (options.closes === true) parser.finish();
  } catch (thrown) {
    if (!(thrown instanceof RequestException)) throw thrown;
    error = thrown;
  }
  return { events, leftover, error };
}

function described(head: Http1Head): string {
  const { version, statusCode, reason, rawHeaders, contentLength, chunked, keepAlive } = head;
  const framing = chunked ? "chunked" : contentLength === null ? "no length" : `length ${contentLength}`;
  return `${version} ${statusCode} ${JSON.stringify(reason)} ${JSON.stringify(rawHeaders)} ${framing}, ${keepAlive ? "stays" : "closes"}`;
}
