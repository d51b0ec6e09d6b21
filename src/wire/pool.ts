/** The pool of connections by origin: how many origins are kept, and when idle connections are closed. */
import { clearTimeout, currentTime, setImmediate, setTimeout } from "./clock.js";
import type { Route } from "./connect/route.js";
import { Dispatch } from "./dispatch.js";
import { KEEP_IDLE, Origin, type OriginOwner } from "./origin.js";
import type { Connector, Exchange, ResponseSink, Transport, TransportStatistics, WireRequest } from "./transport.js";

/** The limits of a pool. */
export interface PoolLimits {
  /** Origins whose idle connections are kept; the least recently used one loses them first. */
  readonly origins: number;
  /** Idle connections kept for each origin. */
  readonly idle: number;
  /** Connections open at once for each origin; more requests wait in order. */
  readonly open: number;
  /** Requests that may wait for each origin; one more fails at once. */
  readonly waiting: number;
}

/** The default for requests that may wait for one origin: more of them are a runaway program, or an attack through it. */
export const MAX_QUEUE = 100_000;

/** Milliseconds for which idle connections beyond the limit stay open, so that waves of requests do not reconnect. */
const SURPLUS_GRACE = 20;

export class Pool implements Transport, OriginOwner {
  readonly connector: Connector;
  readonly maxOpen: number;
  readonly maxWaiting: number;
  readonly keepAlive: boolean;
  readonly #limits: PoolLimits;
  /** The least recently used origin first. */
  readonly #origins = new Map<string, Origin>();
  #lastUsed: Origin | null = null;
  #settling = false;
  #surplusTimer: NodeJS.Timeout | null = null;
  #expiryTimer: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(limits: PoolLimits, connector: Connector, keepAlive = true) {
    this.#limits = limits;
    this.connector = connector;
    this.maxOpen = limits.open;
    this.maxWaiting = limits.waiting;
    this.keepAlive = keepAlive;
  }

  send(route: Route, request: WireRequest, sink: ResponseSink): Exchange {
    const now = currentTime();
    const dispatch = new Dispatch(route, request, sink, now);
    sink.onStart(dispatch);
    this.#originOf(route).send(dispatch, now);
    return dispatch;
  }

  get statistics(): TransportStatistics {
    let open = 0;
    let idle = 0;
    let waiting = 0;
    for (const origin of this.#origins.values()) {
      open += origin.open;
      idle += origin.idle;
      waiting += origin.waiting;
    }
    return { open, idle, waiting, origins: this.#origins.size };
  }

  /** Closes idle connections now, and the others when their requests are done. The pool stays usable, as in requests. */
  close(): void {
    if (this.#surplusTimer !== null) clearTimeout(this.#surplusTimer);
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer);
    this.#surplusTimer = null;
    this.#expiryTimer = null;
    this.#closing = true;
    for (const origin of this.#origins.values()) {
      origin.closeIdle();
      this.#forgetUnused(origin);
    }
    this.#lastUsed = null;
  }

  onRest(origin: Origin): void {
    if (this.#closing && origin.open === 0) {
      this.#forgetUnused(origin);
      return;
    }
    if (this.#settling) return;
    // While other connections are at work they keep the process alive anyway.
    const allIdle = origin.idle === origin.open;
    const isSurplus = origin.idle > this.#limits.idle && this.#surplusTimer === null;
    if (!allIdle && !isSurplus && !this.#closing && this.#expiryTimer !== null) return;
    this.#settling = true;
    setImmediate(this.#settle);
  }

  #originOf(route: Route): Origin {
    this.#closing = false;
    if (this.#lastUsed?.route.key === route.key) return this.#lastUsed;
    let origin = this.#origins.get(route.key);
    if (origin === undefined) {
      origin = new Origin(route, this);
      if (this.#origins.size >= this.#limits.origins) this.#evict();
    } else this.#origins.delete(route.key);
    this.#origins.set(route.key, origin);
    this.#lastUsed = origin;
    return origin;
  }

  /** Closes the idle connections of the least recently used origins. Those with requests under way stay known. */
  #evict(): void {
    for (const origin of this.#origins.values()) {
      if (this.#origins.size < Math.max(1, this.#limits.origins)) return;
      origin.closeIdle();
      this.#forgetUnused(origin);
    }
  }

  #forgetUnused(origin: Origin): void {
    if (origin.open > 0 || origin.waiting > 0) return;
    this.#origins.delete(origin.route.key);
    if (this.#lastUsed === origin) this.#lastUsed = null;
  }

  /** At most once in a turn of the event loop. Idle connections must not keep the process alive, nor stay open forever. */
  readonly #settle = (): void => {
    this.#settling = false;
    let isSurplus = false;
    let anyIdle = false;
    for (const origin of this.#origins.values()) {
      if (this.#closing) origin.closeIdle();
      origin.unrefIdle();
      if (origin.idle > this.#limits.idle) isSurplus = true;
      if (origin.idle > 0) anyIdle = true;
    }
    if (isSurplus && this.#surplusTimer === null)
      this.#surplusTimer = setTimeout(this.#closeSurplus, SURPLUS_GRACE).unref();
    if (anyIdle && this.#expiryTimer === null)
      this.#expiryTimer = setTimeout(this.#closeExpired, KEEP_IDLE / 2).unref();
  };

  readonly #closeSurplus = (): void => {
    this.#surplusTimer = null;
    for (const origin of this.#origins.values()) origin.closeSurplus(this.#limits.idle);
  };

  readonly #closeExpired = (): void => {
    this.#expiryTimer = null;
    const now = currentTime();
    let anyIdle = false;
    for (const origin of this.#origins.values()) {
      origin.closeExpired(now);
      if (origin.idle > 0) anyIdle = true;
    }
    if (anyIdle) this.#expiryTimer = setTimeout(this.#closeExpired, KEEP_IDLE / 2).unref();
  };
}
