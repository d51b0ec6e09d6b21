/** Connections by origin: reuse, limits, a waiting queue, idle expiry, and one replay when a kept connection was dead. */

import { connectionError, connectionOpen, diagnosedError, poolWait } from "../diagnostics/channels.js";
import { ConnectionError, PoolTimeout, RequestException } from "../exceptions.js";
import { clearTimeout, currentTime, setImmediate, setTimeout } from "./clock.js";
import { IDEMPOTENT_METHODS } from "../http/methods.js";
import { ConnectAttempt, type ConnectTimes, type Route } from "./connect.js";
import { Connection, type ConnectionOwner } from "./connection.js";
import { Deadline } from "./deadline.js";
import type { Dispatch, Failure, ResponseSink, WireRequest } from "./dispatch.js";
import { closedAtOnce, throughProxy } from "./errors.js";
import { DEFAULT_LIMITS, type WireLimits } from "./limits.js";
import { Reservation } from "./reservation.js";
import { TlsSessions } from "./tls.js";

/** How many connections there may be, and how long they are kept. */
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

/** Requests that wait for one origin by default: more of them are a program that runs away, or an attack through it. */
export const MAX_QUEUE = 100_000;

/** Milliseconds that an idle connection is kept when the server names no time. */
const KEEP_IDLE = 30_000;
/** Milliseconds by which a server's `Keep-Alive: timeout` is undercut: it closes a little early sometimes. */
const KEEP_ALIVE_MARGIN = 1000;
/** Milliseconds that idle connections beyond the limit stay, so that waves of requests do not reconnect each time. */
const SURPLUS_GRACE = 20;
/**
 * Milliseconds after which a free connection is not used again before the event loop has polled its socket. It is the time
 * that a program takes which sends its next request as soon as it has the response: bytes that arrive so soon are read
 * as the next response by every HTTP/1.1 client.
 */
const UNPOLLED_LIMIT = 0.05;
/** A server that closes an idle connection within so many milliseconds of the response does not keep connections. */
const EARLY_CLOSE = 1000;

interface Waiting {
  readonly dispatch: Dispatch;
  deadline: Deadline | null;
}

/** The connections of one route. */
class Origin {
  readonly route: Route;
  /** Free connections, the most recently used last. */
  readonly idle: Connection[] = [];
  readonly waiting: Waiting[] = [];
  /** Connections that are open or being made. */
  open = 0;
  /** Whether the server was seen to answer a second request on a connection, and has not closed one early since. */
  keepsConnections = false;

  constructor(route: Route) {
    this.route = route;
  }
}

export class Pool implements ConnectionOwner {
  readonly #limits: PoolLimits;
  readonly #wireLimits: WireLimits;
  readonly #keepAlive: boolean;
  readonly #origins = new Map<string, Origin>();
  readonly #sessions = new TlsSessions();
  #lastUsed: Origin | null = null;
  #settling = false;
  #surplusTimer: NodeJS.Timeout | null = null;
  #expiryTimer: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(limits: PoolLimits, wireLimits: WireLimits = DEFAULT_LIMITS, keepAlive = true) {
    this.#limits = limits;
    this.#wireLimits = wireLimits;
    this.#keepAlive = keepAlive;
  }

  /** A request on its way, before it is dispatched. */
  prepare(request: WireRequest, sink: ResponseSink): Dispatch {
    return {
      request,
      sink,
      times: { created: currentTime(), assigned: 0, sent: 0, head: 0, end: 0, connecting: null },
      route: null,
      replayed: false,
      handle: null,
      stopped: null,
      over: false,
    };
  }

  /** Sends a request over a connection of the route. What comes of it comes through the sink, never as a throw. */
  dispatch(route: Route, dispatch: Dispatch): void {
    const origin = this.#originOf(route);
    dispatch.route = route;
    // No time has passed since it was prepared.
    const now = dispatch.times.created;
    this.#dispatchTo(origin, dispatch, now);
  }

  /** Connections that are open or being made, and requests that wait, over all origins. */
  get statistics(): { open: number; idle: number; waiting: number; origins: number } {
    let open = 0;
    let idle = 0;
    let waiting = 0;
    for (const origin of this.#origins.values()) {
      open += origin.open;
      idle += origin.idle.length;
      waiting += origin.waiting.length;
    }
    return { open, idle, waiting, origins: this.#origins.size };
  }

  /** Closes what is idle now and the rest when it is done; the pool can be used again afterwards, as in requests. */
  close(): void {
    for (const origin of this.#origins.values()) this.#closeIdle(origin);
    if (this.#surplusTimer !== null) clearTimeout(this.#surplusTimer);
    if (this.#expiryTimer !== null) clearTimeout(this.#expiryTimer);
    this.#surplusTimer = null;
    this.#expiryTimer = null;
    this.#closing = true;
    for (const [key, origin] of this.#origins)
      if (origin.open === 0 && origin.waiting.length === 0) this.#origins.delete(key);
    this.#lastUsed = null;
  }

  // ── the connections' reports ──────────────────────────────────────────────────────────────────────────────────────

  onFree(connection: Connection, reusable: boolean, now: number): void {
    const origin = this.#origins.get(connection.route.key);
    if (origin === undefined) {
      connection.destroy();
      return;
    }
    if (!reusable || !this.#keepAlive) {
      connection.destroy();
      origin.open -= 1;
      this.#next(origin);
      return;
    }
    if (connection.requests > 1) origin.keepsConnections = true;
    const seconds = connection.keepAliveTimeout;
    connection.idleUntil = now + (seconds === null ? KEEP_IDLE : Math.max(0, seconds * 1000 - KEEP_ALIVE_MARGIN));
    this.#offer(origin, connection, now);
  }

  onFailure(connection: Connection, dispatch: Dispatch, failure: Failure): void {
    const origin = this.#origins.get(connection.route.key);
    if (origin !== undefined) {
      origin.open -= 1;
      if (failure.stale && !dispatch.replayed && canReplay(dispatch.request)) {
        // The connection was dead before the request reached it: what is idle beside it probably is, too.
        this.#closeIdle(origin);
        dispatch.replayed = true;
        this.#enqueue(origin, dispatch);
        return;
      }
      this.#next(origin);
    }
    dispatch.sink.onError(failure.error);
  }

  onIdleClose(connection: Connection): void {
    const origin = this.#origins.get(connection.route.key);
    if (origin === undefined) return;
    if (currentTime() - connection.freeSince < EARLY_CLOSE) origin.keepsConnections = false;
    if (connection.reservation !== null) {
      connection.reservation.onClosed();
      return;
    }
    const at = origin.idle.indexOf(connection);
    if (at === -1) return;
    origin.idle.splice(at, 1);
    origin.open -= 1;
    this.#next(origin);
  }

  // ── the inside ────────────────────────────────────────────────────────────────────────────────────────────────────

  #originOf(route: Route): Origin {
    this.#closing = false;
    if (this.#lastUsed?.route.key === route.key) return this.#lastUsed;
    let origin = this.#origins.get(route.key);
    if (origin === undefined) {
      origin = new Origin(route);
      if (this.#origins.size >= this.#limits.origins) this.#evict();
    } else this.#origins.delete(route.key);
    // The map's order is the order of use.
    this.#origins.set(route.key, origin);
    this.#lastUsed = origin;
    return origin;
  }

  /** The least recently used origins lose what is idle; those at work stay known. */
  #evict(): void {
    for (const [key, origin] of this.#origins) {
      if (this.#origins.size < Math.max(1, this.#limits.origins)) return;
      this.#closeIdle(origin);
      if (origin.open === 0 && origin.waiting.length === 0) this.#origins.delete(key);
    }
  }

  #takeIdle(origin: Origin, now: number): Connection | null {
    for (;;) {
      const connection = origin.idle.pop();
      if (connection === undefined) return null;
      if (connection.isUsable(now)) return connection;
      origin.open -= 1;
      connection.destroy();
    }
  }

  #dispatchTo(origin: Origin, dispatch: Dispatch, now: number): void {
    const connection = this.#takeIdle(origin, now);
    if (connection !== null) this.#startOn(connection, origin, dispatch, now);
    else this.#enqueue(origin, dispatch);
  }

  /**
   * The server may have closed the connection, or sent bytes that belong to no request, without the event loop having
   * read it yet. A request that cannot be replayed, and any request after a pause, therefore waits for a poll. So do
   * requests while others are under way: written together after the poll, they cost much less CPU.
   */
  #startOn(connection: Connection, origin: Origin, dispatch: Dispatch, now: number): void {
    const isAlone = origin.open - origin.idle.length === 1;
    if (isAlone && now - connection.freeSince <= UNPOLLED_LIMIT && canReplay(dispatch.request)) {
      connection.start(dispatch, now);
      return;
    }
    const reservation = new Reservation(connection, dispatch, {
      onProbation: !origin.keepsConnections && connection.keepAliveTimeout === null && !canReplay(dispatch.request),
      onPolled: () => {
        const polled = currentTime();
        if (connection.isUsable(polled)) {
          connection.start(dispatch, polled);
          return;
        }
        connection.destroy();
        origin.open -= 1;
        this.#dispatchTo(origin, dispatch, polled);
      },
      onAborted: () => this.#offer(origin, connection, currentTime()),
    });
    reservation.start();
  }

  #closeIdle(origin: Origin): void {
    for (const connection of origin.idle.splice(0)) {
      origin.open -= 1;
      connection.destroy();
    }
  }

  #enqueue(origin: Origin, dispatch: Dispatch): void {
    if (origin.open < this.#limits.open) {
      origin.open += 1;
      void this.#connect(origin, dispatch);
      return;
    }
    const { address } = dispatch.route!;
    if (origin.waiting.length >= this.#limits.waiting) {
      dispatch.sink.onError(poolFull(address, origin.waiting.length, this.#limits.open));
      return;
    }
    const waiting: Waiting = { dispatch, deadline: null };
    const leave = (error: unknown): void => {
      const at = origin.waiting.indexOf(waiting);
      if (at === -1) return;
      origin.waiting.splice(at, 1);
      waiting.deadline?.stop();
      dispatch.handle = null;
      if (error instanceof RequestException) {
        error.phase ??= "pool";
        error.address ??= address;
      }
      dispatch.sink.onError(error);
    };
    const limit = dispatch.request.poolTimeout;
    if (limit !== null) {
      const deadline = new Deadline(limit, () =>
        leave(poolTimedOut(address, limit, deadline.elapsed, this.#limits.open)),
      );
      waiting.deadline = deadline;
      deadline.start();
    }
    dispatch.handle = { abort: leave };
    origin.waiting.push(waiting);
    if (poolWait.hasSubscribers) poolWait.publish({ address, open: origin.open, waiting: origin.waiting.length });
  }

  /** Gives a free connection to whoever waits longest, or keeps it. */
  #offer(origin: Origin, connection: Connection, now: number): void {
    connection.freeSince = now;
    const waiting = this.#nextWaiting(origin);
    if (waiting !== null) {
      this.#startOn(connection, origin, waiting.dispatch, now);
      return;
    }
    origin.idle.push(connection);
    this.#settleSoon(origin);
  }

  /** Where others are at work, they keep the process alive anyway: what is idle is left as it is. */
  #settleSoon({ idle, open }: Origin): void {
    if (this.#settling) return;
    const allIdle = idle.length === open;
    const surplus = idle.length > this.#limits.idle && this.#surplusTimer === null;
    if (!allIdle && !surplus && !this.#closing && this.#expiryTimer !== null) return;
    this.#settling = true;
    setImmediate(this.#settle);
  }

  #nextWaiting(origin: Origin): Waiting | null {
    const waiting = origin.waiting.shift();
    if (waiting === undefined) return null;
    waiting.deadline?.stop();
    waiting.dispatch.handle = null;
    return waiting;
  }

  /** A place became free: whoever waits longest gets it. */
  #next(origin: Origin): void {
    if (origin.open < this.#limits.open) {
      const waiting = this.#nextWaiting(origin);
      if (waiting !== null) {
        origin.open += 1;
        void this.#connect(origin, waiting.dispatch);
        return;
      }
    }
    this.#settleSoon(origin);
    if (!this.#closing || origin.open > 0) return;
    this.#origins.delete(origin.route.key);
    this.#lastUsed = null;
  }

  /** Makes a connection for the dispatch; the place in `origin.open` is taken already. */
  async #connect(origin: Origin, dispatch: Dispatch): Promise<void> {
    const connection = new Connection(origin.route, this, this.#wireLimits);
    const route = dispatch.route!;
    const attempt = new ConnectAttempt(route, this.#sessions, dispatch.request.connectTimeout);
    dispatch.handle = attempt;
    try {
      const { socket, times, byEvents } = await attempt.run(connection.onread);
      connection.attach(socket, times, byEvents);
      dispatch.times.connecting = times;
      if (connectionOpen.hasSubscribers) publishOpen(connection, times);
    } catch (error) {
      if (connectionError.hasSubscribers) publishFailure(route, error);
      dispatch.handle = null;
      origin.open -= 1;
      this.#sessions.forget(origin.route.key);
      this.#next(origin);
      dispatch.sink.onError(error);
      return;
    }
    if (dispatch.stopped !== null) {
      // It was given up in the moment in which the connection was there: others may want it.
      connection.requests = 0;
      dispatch.handle = null;
      this.#offer(origin, connection, currentTime());
      dispatch.sink.onError(dispatch.stopped.error);
      return;
    }
    if (connection.socket!.destroyed) {
      origin.open -= 1;
      this.#next(origin);
      const error = closedAtOnce(connection.socket!.errored, route.address);
      dispatch.sink.onError(route.proxy === null ? error : throughProxy(error, route.proxy.shown));
      return;
    }
    connection.start(dispatch, currentTime());
  }

  /** At most once a turn of the event loop: what is still idle must not keep the process alive, nor live for ever. */
  readonly #settle = (): void => {
    this.#settling = false;
    let surplus = false;
    let anyIdle = false;
    for (const origin of this.#origins.values()) {
      if (this.#closing) this.#closeIdle(origin);
      for (const connection of origin.idle) connection.unref();
      if (origin.idle.length > this.#limits.idle) surplus = true;
      if (origin.idle.length > 0) anyIdle = true;
    }
    if (surplus && this.#surplusTimer === null)
      this.#surplusTimer = setTimeout(this.#dropSurplus, SURPLUS_GRACE).unref();
    if (anyIdle && this.#expiryTimer === null) this.#expiryTimer = setTimeout(this.#dropExpired, KEEP_IDLE / 2).unref();
  };

  readonly #dropSurplus = (): void => {
    this.#surplusTimer = null;
    for (const origin of this.#origins.values())
      while (origin.idle.length > this.#limits.idle) {
        // The longest idle one stands first.
        origin.idle.shift()!.destroy();
        origin.open -= 1;
      }
  };

  readonly #dropExpired = (): void => {
    this.#expiryTimer = null;
    const now = currentTime();
    let left = false;
    for (const origin of this.#origins.values()) {
      for (let at = origin.idle.length - 1; at >= 0; at -= 1) {
        if (origin.idle[at].idleUntil > now) continue;
        origin.idle.splice(at, 1)[0].destroy();
        origin.open -= 1;
      }
      if (origin.idle.length > 0) left = true;
    }
    if (left) this.#expiryTimer = setTimeout(this.#dropExpired, KEEP_IDLE / 2).unref();
  };
}

/** RFC 9110 §9.2.2: only what may be done twice is done twice. */
function canReplay(request: WireRequest): boolean {
  return IDEMPOTENT_METHODS.has(request.method) && (request.body === null || request.body.replayable);
}

function publishOpen(connection: Connection, { dns, connect, tls }: ConnectTimes): void {
  const { diagnosed, remoteAddress } = connection;
  connectionOpen.publish({
    connection: diagnosed,
    remoteAddress,
    dns: dns / 1000,
    connect: connect / 1000,
    tls: tls / 1000,
  });
}

function publishFailure({ address, proxy }: Route, error: unknown): void {
  connectionError.publish({ address, proxy: proxy?.shown ?? null, error: diagnosedError(error) });
}

function poolFull(address: string, waiting: number, open: number): ConnectionError {
  return new ConnectionError(
    `The pool is full: ${waiting} requests wait for the ${open} connections to ${address}. Send less at once, or raise maxQueue of HTTPAdapter`,
    { code: "ERR_POOL_FULL", phase: "pool", address },
  );
}

function poolTimedOut(address: string, limit: number, elapsed: number, open: number): PoolTimeout {
  return new PoolTimeout(
    `Pool timed out. (pool timeout=${limit / 1000}) All ${open} connections to ${address} are in use: raise maxConnections of HTTPAdapter, or send less at once`,
    { phase: "pool", address, elapsed: elapsed / 1000 },
  );
}
