/** One request under way, as the pool and the connections see it. */
import type { Route } from "./connect/route.js";
import type { Connection, Exchange, ExchangeTimes, ResponseSink, WireRequest } from "./transport.js";

/** The stage of a request: in a queue, waiting for a connection to be made, or on a connection. */
export interface Stage {
  /** Gives the request up: see {@link Exchange.abort}. */
  abort(error: unknown): void;
  /** Reads on: see {@link Exchange.resume}. */
  resume?(): void;
  /** Drops the rest: see {@link Exchange.discard}. */
  discard?(): void;
  /** Gives the buffer away: see {@link Exchange.takeBuffer}. */
  takeBuffer?(buffer: Buffer): boolean;
}

/** One request with its receiver, its times, and the stage that it has reached. */
export class Dispatch implements Exchange {
  /** Its own route: a forwarding proxy's connection carries requests to several origins. */
  readonly route: Route;
  readonly request: WireRequest;
  /** The receiver of the response. */
  readonly sink: ResponseSink;
  readonly times: ExchangeTimes;
  /** The stage that carries out `resume`, `discard` and `abort` now. */
  stage: Stage | null = null;
  connection: Connection | null = null;
  isReused = false;
  /** Whether this is the second try, after a reused connection turned out to be dead. */
  isReplay = false;
  /** How often a server has said that it did not process the request. */
  refusals = 0;
  stopped: { readonly error: unknown } | null = null;

  /** @param now - `currentTime()` of clock.ts */
  constructor(route: Route, request: WireRequest, sink: ResponseSink, now: number) {
    this.route = route;
    this.request = request;
    this.sink = sink;
    this.times = { created: now, assigned: 0, sent: 0, head: 0, end: 0, connecting: null };
  }

  resume(): void {
    this.stage?.resume?.();
  }

  discard(): void {
    this.stage?.discard?.();
  }

  abort(error: unknown): void {
    this.stopped ??= { error };
    this.stage?.abort(error);
  }

  takeBuffer(buffer: Buffer): boolean {
    return this.stage?.takeBuffer?.(buffer) ?? false;
  }
}
