/**
 * The engine over a socket in memory. What the client does with an answer, a silence or a broken connection is done by
 * the code that does it on the wire, so that a test of it is a test of the real thing.
 */
import { duplexPair, type Duplex } from "node:stream";
import type { Socket } from "node:net";

import {
  type ConnectionOwner,
  connectTimedOut,
  Deadline,
  DEFAULT_LIMITS,
  Dispatch,
  type Exchange,
  type Failure,
  Http1Connection,
  readTimedOut,
  type ResponseSink,
  type Route,
  SocketReader,
  type Stage,
  TestDeadline,
  type Transport,
  type TransportStatistics,
  type WireBody,
  type WireRequest,
} from "../extend/index.js";
import { insideCall, type MockCall } from "./call.js";
import { currentTime, delay, inNextTurn } from "./clock.js";
import { PassThrough } from "./errors.js";
import { faultBeforeConnection, timeoutFault } from "./faults.js";
import { checkReply, type Reply, type ReplyInit } from "./reply.js";
import { breakOff, writeReply } from "./write-reply.js";

/** Knows the routes. */
export interface Switchboard {
  /** The call that a request belongs to. */
  callFor(request: WireRequest): MockCall;
  /**
   * The answer to a call, or null as long as the body is needed to choose it.
   *
   * @throws UnmatchedRequest when there is none.
   */
  answerFor(call: MockCall, bodyKnown: boolean): ReplyInit | null;
}

const NOTHING = Buffer.alloc(0);

/** Takes the place of the pool: each request has a connection of its own, to a server that answers by the routes. */
export class MockTransport implements Transport {
  readonly #switchboard: Switchboard;

  constructor(switchboard: Switchboard) {
    this.#switchboard = switchboard;
  }

  send(route: Route, request: WireRequest, sink: ResponseSink): Exchange {
    const body = new SentBody(request.body);
    const recorded = { ...request, body: request.body === null ? null : body };
    // TLS, proxies and sockets are below this level.
    const dispatch = new Dispatch({ ...route, tls: null, proxy: null }, recorded, sink, currentTime());
    sink.onStart(dispatch);
    new MockExchange(dispatch, this.#switchboard.callFor(request), body, this.#switchboard).run();
    return dispatch;
  }

  close(): void {
    // Every connection ends with its request.
  }

  get statistics(): TransportStatistics {
    return { open: 0, idle: 0, waiting: 0, origins: 0 };
  }
}

/** The body of a request, kept while it goes out. */
class SentBody implements WireBody {
  readonly #body: WireBody | null;
  readonly #chunks: Buffer[] = [];
  #onDone: (() => void) | null = null;
  #done: boolean;

  constructor(body: WireBody | null) {
    this.#body = body;
    this.#done = body === null || body.bytes !== null;
    if (body !== null && body.bytes !== null) this.#chunks.push(Buffer.from(body.bytes));
  }

  get length(): number | null {
    return this.#body!.length;
  }

  get bytes(): Uint8Array | null {
    return this.#body!.bytes;
  }

  get replayable(): boolean {
    return this.#body!.replayable;
  }

  /** Whether all of it is known. */
  get isKnown(): boolean {
    return this.#done;
  }

  get content(): Buffer {
    return this.#chunks.length === 0 ? NOTHING : Buffer.concat(this.#chunks);
  }

  async *open(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of this.#body!.open()) {
      this.#chunks.push(Buffer.from(chunk));
      yield chunk;
    }
    this.#done = true;
    this.#onDone?.();
  }

  close(): void | Promise<void> {
    return this.#body!.close?.();
  }

  /** Calls back when all of it went out. */
  whenSent(callback: () => void): void {
    if (this.#done) callback();
    else this.#onDone = callback;
  }
}

/** One request, from here to its answer. */
class MockExchange implements ConnectionOwner, Stage {
  readonly #dispatch: Dispatch;
  readonly #call: MockCall;
  readonly #body: SentBody;
  readonly #switchboard: Switchboard;
  /** Aborted when the client is done, or has given up. */
  readonly #over = new AbortController();
  /** The read timeout, for tests with fake timers. */
  readonly #silence: TestDeadline;
  #isAnswering = false;
  #connection: Http1Connection | null = null;

  constructor(dispatch: Dispatch, call: MockCall, body: SentBody, switchboard: Switchboard) {
    this.#dispatch = dispatch;
    this.#call = call;
    this.#body = body;
    this.#switchboard = switchboard;
    const { address } = dispatch.route;
    const { read } = dispatch.request.limits;
    this.#silence = new TestDeadline(read, () =>
      this.abort(readTimedOut(address, read!, read!, this.#isAnswering ? "receive" : "wait")),
    );
  }

  run(): void {
    // It may be cancelled in this very turn, as on the wire.
    this.#dispatch.stage = this;
    void this.#run().catch((error: unknown) => this.abort(error));
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    if (this.#over.signal.aborted) return;
    if (this.#body.isKnown) insideCall.useBody(this.#call, this.#body.content);
    const known = this.#switchboard.answerFor(this.#call, this.#body.isKnown);
    const reply = known === null || typeof known === "function" ? null : this.#resolved(known);
    if (reply !== null) await this.#beforeConnection(reply);
    if (this.#over.signal.aborted) return;
    this.#connect(known, reply);
  }

  #resolved(answer: Exclude<ReplyInit, (...given: never[]) => unknown>): Reply {
    if (answer === "passthrough") throw new PassThrough(this.#call);
    return answer instanceof Error ? { error: answer } : answer;
  }

  async #beforeConnection({ connectDelay, error }: Reply): Promise<void> {
    const { request, route } = this.#dispatch;
    const { address } = route;
    if (connectDelay !== undefined) {
      const limit = request.limits.connect;
      const deadline =
        limit === null
          ? null
          : new Deadline(limit, () => this.abort(connectTimedOut(address, limit, deadline!.elapsed, "connect")));
      const testDeadline = new TestDeadline(limit, () =>
        this.abort(connectTimedOut(address, limit!, limit!, "connect")),
      );
      deadline?.start();
      testDeadline.start();
      try {
        await delay(connectDelay, this.#over.signal);
      } finally {
        deadline?.stop();
        testDeadline.stop();
      }
    }
    const fault = typeof error === "string" ? faultBeforeConnection(error, address, request) : null;
    if (fault !== null) throw fault;
  }

  #connect(answer: ReplyInit | null, reply: Reply | null): void {
    const [near, far] = duplexPair();
    const { route, request } = this.#dispatch;
    const socket = near as unknown as Socket;
    const reader = new SocketReader();
    reader.follow(socket);
    const connected = { socket, reader, times: { dns: 0, connect: 0, tls: 0 } };
    const connection = new Http1Connection(route, connected, DEFAULT_LIMITS);
    connection.owner = this;
    this.#connection = connection;
    near.once("close", () => {
      this.#end();
      far.destroy();
    });
    far.on("error", () => undefined).resume();
    connection.start(this.#dispatch, currentTime());
    const expects = request.fields.get("expect")?.toLowerCase() === "100-continue";
    if (expects) far.write("HTTP/1.1 100 Continue\r\n\r\n");
    const answerNow = (): void => {
      void this.#answer(answer, reply, near, far).catch((error: unknown) => this.abort(error));
    };
    // The last bytes of a body that is sent later than the head are still on their way out.
    if (expects || !this.#body.isKnown) this.#body.whenSent(() => inNextTurn(answerNow));
    // An empty write calls back after the request was written. The event loop does not turn in the meantime: a test that
    // advances fake timers right after the call would otherwise advance them before the call waits for one.
    else near.write(NOTHING, answerNow);
  }

  async #answer(answer: ReplyInit | null, given: Reply | null, near: Duplex, far: Duplex): Promise<void> {
    const { signal } = this.#over;
    if (signal.aborted) return;
    insideCall.useBody(this.#call, this.#body.content);
    this.#silence.start();
    let reply = given;
    if (reply === null) {
      const found = answer ?? this.#switchboard.answerFor(this.#call, true)!;
      const made = typeof found === "function" ? await found(this.#call, signal) : found;
      reply = this.#resolved(made);
      if (typeof found === "function") checkReply(reply);
      await this.#beforeConnection(reply);
    }
    if (reply.delay !== undefined) await delay(reply.delay, signal);
    if (signal.aborted) return;
    const { error } = reply;
    const end = { near, far, signal, onBlocked: this.#onBlocked };
    if (error === undefined) await writeReply(end, reply, this.#call.method);
    else if (error === "reset" || error === "closed" || error === "garbage") breakOff(end, error);
    else if (error instanceof Error) throw error;
    else throw timeoutFault(error, this.#dispatch.route.address, this.#dispatch.request)!;
  }

  /** Told at each write whether the client takes no more bytes: such a time does not count. */
  readonly #onBlocked = (isBlocked: boolean): void => {
    this.#isAnswering = true;
    if (this.#over.signal.aborted) return;
    if (isBlocked) this.#silence.stop();
    else this.#silence.start();
  };

  #end(): void {
    this.#silence.stop();
    this.#over.abort();
  }

  abort(error: unknown): void {
    if (this.#over.signal.aborted) return;
    this.#silence.stop();
    // A connection has the exchange from the moment in which the request was written.
    if (this.#dispatch.connection !== null) {
      this.#connection!.abort(error);
      return;
    }
    this.#end();
    this.#connection?.close();
    this.#dispatch.stage = null;
    this.#dispatch.sink.onError(error);
  }

  // ── the connection's reports ──────────────────────────────────────────────────────────────────────────────────────

  onFree(): void {
    this.#end();
    this.#connection!.close();
  }

  onFailure(dispatch: Dispatch, { error }: Failure): void {
    this.#end();
    dispatch.sink.onError(error);
  }

  onClose(): void {
    // Nothing was under way.
  }
}
