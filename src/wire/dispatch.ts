/** One request under way, as the pool and the connections see it. */
import type { Route } from "./connect/route.js";
import type { Connection, Exchange, ExchangeTimes, ResponseSink, WireRequest } from "./transport.js";

/** Where a request is: in a queue, waiting for a connection to be made, or on a connection. */
export interface Stage {
  abort(error: unknown): void;
  resume?(): void;
  discard?(): void;
  takeBuffer?(buffer: Buffer): boolean;
}

export class Dispatch implements Exchange {
  /** Its own route: a forwarding proxy's connection carries requests to several origins. */
  readonly route: Route;
  readonly request: WireRequest;
  readonly sink: ResponseSink;
  readonly times: ExchangeTimes;
  stage: Stage | null = null;
  connection: Connection | null = null;
  isReused = false;
  /** Whether this is the second try, after a reused connection turned out to be dead. */
  isReplay = false;
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
