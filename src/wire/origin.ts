/** The connections of one route: which of them carries a request, which requests wait, and when a connection is closed. */
import { connectionError, connectionOpen, diagnosedError, poolWait } from "../diagnostics/channels.js";
import { ConnectionError, PoolTimeout, RequestException } from "../exceptions.js";
import { IDEMPOTENT_METHODS } from "../http/methods.js";
import { clearTimeout, currentTime, setTimeout } from "./clock.js";
import type { Route } from "./connect/route.js";
import { Deadline } from "./deadline.js";
import type { Dispatch } from "./dispatch.js";
import { Slot, type SlotOwner } from "./slot.js";
import type { Connection, Connector, Failure, WireRequest } from "./transport.js";

/** Milliseconds that an idle connection is kept when the server names no time. */
export const KEEP_IDLE = 30_000;
/** Milliseconds subtracted from a server's `Keep-Alive: timeout`: some servers close a little early. */
const KEEP_ALIVE_MARGIN = 1000;
/**
 * Milliseconds after which an idle connection is not used again before the event loop has polled its socket. It is about
 * the time in which a program sends its next request when it has the response: every HTTP/1.1 client reads bytes that
 * arrive within that time as the next response.
 */
const UNPOLLED_LIMIT = 0.05;
/** A server that closes an idle connection within so many milliseconds of the response does not keep connections. */
const EARLY_CLOSE = 1000;

/** How often a request is sent again that a server says it did not process. */
const MAX_REFUSALS = 3;
/** Milliseconds before the second time, and twice as many before the third. */
const REFUSAL_PAUSE = 100;

/** The settings that all origins of a pool share, and the pool's part in their work. */
export interface OriginOwner {
  readonly connector: Connector;
  /** Connections that may be open at once. */
  readonly maxOpen: number;
  /** Requests that may wait. */
  readonly maxWaiting: number;
  readonly keepAlive: boolean;
  /** No request waits, and connections may be idle. */
  onRest(origin: Origin): void;
}

interface Waiting {
  readonly dispatch: Dispatch;
  deadline: Deadline | null;
}

export class Origin implements SlotOwner {
  readonly route: Route;
  readonly #owner: OriginOwner;
  /** Slots with room for a request, the most recently used last. */
  readonly #withRoom: Slot[] = [];
  readonly #waiting: Waiting[] = [];
  #open = 0;
  #idle = 0;
  /** Connections that are being made. */
  #connecting = 0;
  /** The number of requests that the next connection is expected to carry at once. */
  #expectedCapacity: number;
  /** Whether the server was seen to answer a second request on a connection, and has not closed one early since. */
  #keepsConnections = false;

  constructor(route: Route, owner: OriginOwner) {
    this.route = route;
    this.#owner = owner;
    this.#expectedCapacity = owner.connector.expectedCapacity?.(route) ?? 1;
  }

  /** Connections that are open or being made. */
  get open(): number {
    return this.#open;
  }

  /** Connections that carry no request. */
  get idle(): number {
    return this.#idle;
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Sends the request on a connection with room, on a new one, or when it is its turn. @param now - `currentTime()` */
  send(dispatch: Dispatch, now: number): void {
    const slot = this.#take(now);
    if (slot === null) this.#enqueue(dispatch);
    else this.#startOn(slot, dispatch, now);
  }

  // ── for the pool ──────────────────────────────────────────────────────────────────────────────────────────────────

  closeIdle(): void {
    for (const slot of this.#idleSlots()) this.#close(slot);
  }

  /** Closes idle connections beyond a number, the longest idle first. */
  closeSurplus(kept: number): void {
    for (const slot of this.#idleSlots().slice(0, Math.max(0, this.#idle - kept))) this.#close(slot);
  }

  /** Closes idle connections whose time is over. @param now - `currentTime()` */
  closeExpired(now: number): void {
    for (const slot of this.#idleSlots()) if (slot.idleUntil <= now) this.#close(slot);
  }

  /** Lets the process exit while connections are idle. */
  unrefIdle(): void {
    for (const slot of this.#withRoom) if (slot.active === 0) slot.connection.unref();
  }

  #idleSlots(): Slot[] {
    return this.#withRoom.filter(({ active }) => active === 0);
  }

  // ── slots ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The most recently used connection with room, now with one request more, or null. */
  #take(now: number): Slot | null {
    for (;;) {
      const slot = this.#withRoom.at(-1);
      if (slot === undefined) return null;
      if (!slot.isUsable(now)) {
        this.#discard(slot);
        continue;
      }
      if (slot.active === 0) this.#idle -= 1;
      slot.active += 1;
      if (!slot.hasRoom) this.#unlist(slot);
      return slot;
    }
  }

  /** A request of the slot is over. */
  #release(slot: Slot, now: number): void {
    slot.active -= 1;
    if (slot.isGone) return;
    if (slot.active === 0) {
      slot.freeSince = now;
      this.#idle += 1;
    }
    this.#list(slot);
  }

  #list(slot: Slot): void {
    if (slot.isListed || slot.isGone || !slot.hasRoom) return;
    slot.isListed = true;
    this.#withRoom.push(slot);
  }

  #unlist(slot: Slot): void {
    if (!slot.isListed) return;
    slot.isListed = false;
    if (this.#withRoom.at(-1) === slot) this.#withRoom.pop();
    else this.#withRoom.splice(this.#withRoom.indexOf(slot), 1);
  }

  /** The slot takes no further request; it is closed unless it carries one. */
  #discard(slot: Slot): void {
    if (slot.active === 0) this.#close(slot);
    else this.#unlist(slot);
  }

  #close(slot: Slot): void {
    slot.connection.close();
    this.#drop(slot);
  }

  /** The slot's connection is closed: its place is free. */
  #drop(slot: Slot): void {
    if (slot.isGone) return;
    slot.isGone = true;
    this.#unlist(slot);
    if (slot.active === 0) this.#idle -= 1;
    this.#open -= 1;
  }

  // ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The server may have closed the connection, or sent bytes that belong to no request, without the event loop having
   * read them yet. A request that cannot be replayed, and any request after a pause, therefore waits for a poll. So do
   * requests while others are under way: written together after the poll, they cost much less CPU.
   */
  #startOn(slot: Slot, dispatch: Dispatch, now: number): void {
    const isAlone = this.#open - this.#idle === 1;
    if (isAlone && now - slot.freeSince <= UNPOLLED_LIMIT && canReplay(dispatch.request)) {
      this.#start(slot, dispatch, now);
      return;
    }
    const isUnproven = !this.#keepsConnections && slot.connection.keepAliveTimeout === null;
    slot.reserve(dispatch, isUnproven && !canReplay(dispatch.request));
  }

  #start(slot: Slot, dispatch: Dispatch, now: number): void {
    try {
      slot.connection.start(dispatch, now);
      // A connection that carries several requests is not idle until the last one is done.
      if (slot.connection.capacity > 1) slot.idleUntil = Infinity;
    } catch (error) {
      // The request cannot be sent. The connection is as it was.
      this.#release(slot, now);
      this.#serve(now);
      dispatch.sink.onError(error);
    }
  }

  #enqueue(dispatch: Dispatch): void {
    try {
      this.#owner.connector.check(dispatch.request);
    } catch (error) {
      dispatch.sink.onError(error);
      return;
    }
    if (this.#mayConnect(this.#waiting.length)) {
      void this.#connect(dispatch);
      return;
    }
    const { address } = dispatch.route;
    const { maxOpen } = this.#owner;
    if (this.#waiting.length >= this.#owner.maxWaiting) {
      dispatch.sink.onError(poolFull(address, this.#waiting.length, maxOpen));
      return;
    }
    const waiting: Waiting = { dispatch, deadline: null };
    const limit = dispatch.request.limits.pool;
    if (limit !== null) {
      const deadline = new Deadline(limit, () =>
        this.#leave(waiting, poolTimedOut(address, limit, deadline.elapsed, maxOpen)),
      );
      waiting.deadline = deadline;
      deadline.start();
    }
    dispatch.stage = { abort: (error) => this.#leave(waiting, error) };
    this.#waiting.push(waiting);
    if (poolWait.hasSubscribers) poolWait.publish({ address, open: this.#open, waiting: this.#waiting.length });
  }

  /**
   * Whether a connection may be made for a request. It waits instead while the connections that are being made are
   * expected to carry it, too: the first burst to an HTTP/2 server needs one handshake.
   *
   * @param others - Requests that wait before it.
   * @param expected - The number of requests that each of those connections is expected to carry.
   */
  #mayConnect(others: number, expected = this.#expectedCapacity): boolean {
    return this.#open < this.#owner.maxOpen && others >= this.#connecting * (expected - 1);
  }

  /** A request gives up waiting. */
  #leave(waiting: Waiting, error: unknown): void {
    const at = this.#waiting.indexOf(waiting);
    if (at === -1) return;
    this.#waiting.splice(at, 1);
    waiting.deadline?.stop();
    const { dispatch } = waiting;
    dispatch.stage = null;
    if (error instanceof RequestException) {
      error.phase ??= "pool";
      error.address ??= dispatch.route.address;
    }
    dispatch.sink.onError(error);
  }

  /** Gives connections with room, and places for new ones, to the requests that wait longest. */
  #serve(now: number, expected = this.#expectedCapacity): void {
    while (this.#waiting.length > 0) {
      const slot = this.#take(now);
      if (slot === null && !this.#mayConnect(this.#waiting.length - 1, expected)) return;
      const { dispatch, deadline } = this.#waiting.shift()!;
      deadline?.stop();
      dispatch.stage = null;
      if (slot === null) void this.#connect(dispatch);
      else this.#startOn(slot, dispatch, now);
    }
    this.#owner.onRest(this);
  }

  /** Makes a connection for the request. */
  async #connect(dispatch: Dispatch): Promise<void> {
    this.#open += 1;
    this.#connecting += 1;
    const { route } = dispatch;
    const connecting = this.#owner.connector.connect(route, dispatch.request.limits.connect);
    dispatch.stage = connecting;
    let connection: Connection;
    try {
      connection = await connecting.connection;
    } catch (error) {
      if (connectionError.hasSubscribers) publishFailure(route, error);
      dispatch.stage = null;
      this.#open -= 1;
      this.#connecting -= 1;
      // Those that waited for this connection each try to make their own: one timeout after the other would be too long.
      this.#serve(currentTime(), dispatch.stopped === null ? 1 : this.#expectedCapacity);
      dispatch.sink.onError(error);
      return;
    }
    this.#connecting -= 1;
    this.#expectedCapacity = Math.max(1, connection.capacity);
    dispatch.stage = null;
    dispatch.times.connecting = connection.connectTimes;
    if (connectionOpen.hasSubscribers) publishOpen(connection);
    const slot = new Slot(connection, this);
    const now = currentTime();
    if (dispatch.stopped !== null) {
      // It was given up at the moment in which the connection was made: other requests may use that.
      this.#release(slot, now);
      this.#serve(now);
      dispatch.sink.onError(dispatch.stopped.error);
      return;
    }
    this.#start(slot, dispatch, now);
    if (connection.capacity > 1) this.#list(slot);
    if (connection.capacity > 1 || this.#waiting.length > 0) this.#serve(now);
  }

  // ── SlotOwner ─────────────────────────────────────────────────────────────────────────────────────────────────────

  onFree(slot: Slot, now: number): void {
    this.#endRequest(slot, now);
    this.#finish(slot, now);
    this.#serve(now);
  }

  /** A request is done: the connection may stay open for some time, or it is closed. */
  #endRequest(slot: Slot, now: number): void {
    const { connection } = slot;
    if (!connection.isClosed && this.#owner.keepAlive) {
      if (connection.requests > 1) this.#keepsConnections = true;
      const seconds = connection.keepAliveTimeout;
      slot.idleUntil = now + (seconds === null ? KEEP_IDLE : Math.max(0, seconds * 1000 - KEEP_ALIVE_MARGIN));
    } else if (slot.active === 1) connection.close();
  }

  onFailure(slot: Slot, dispatch: Dispatch, { error, isStale, isUnprocessed }: Failure): void {
    const now = currentTime();
    this.#endRequest(slot, now);
    this.#finish(slot, now);
    if (isUnprocessed === true && dispatch.refusals < MAX_REFUSALS && isRepeatable(dispatch.request)) {
      this.#sendAgain(dispatch, now);
      this.#serve(now);
      return;
    }
    if (isStale && !dispatch.isReplay && canReplay(dispatch.request)) {
      // The connection was dead before the request reached it. Other idle ones probably are, too.
      this.closeIdle();
      dispatch.isReplay = true;
      this.#enqueue(dispatch);
      return;
    }
    this.#serve(now);
    dispatch.sink.onError(error);
  }

  onClose(slot: Slot): void {
    if (slot.isGone) return;
    if (currentTime() - slot.freeSince < EARLY_CLOSE) this.#keepsConnections = false;
    this.#drop(slot);
    this.#serve(currentTime());
  }

  onCapacity(slot: Slot): void {
    if (slot.isGone) return;
    if (!slot.hasRoom) {
      this.#unlist(slot);
      return;
    }
    this.#list(slot);
    this.#serve(currentTime());
  }

  /** Sends a request again that the server has not processed: at once the first time, and later after a pause. */
  #sendAgain(dispatch: Dispatch, now: number): void {
    dispatch.refusals += 1;
    if (dispatch.refusals === 1) {
      this.send(dispatch, now);
      return;
    }
    const timer = setTimeout(
      () => {
        dispatch.stage = null;
        this.send(dispatch, currentTime());
      },
      REFUSAL_PAUSE * 2 ** (dispatch.refusals - 2),
    );
    dispatch.stage = {
      abort: (error) => {
        clearTimeout(timer);
        dispatch.stage = null;
        dispatch.sink.onError(error);
      },
    };
  }

  onReserved(slot: Slot, dispatch: Dispatch): void {
    const now = currentTime();
    if (slot.isUsable(now)) {
      this.#start(slot, dispatch, now);
      return;
    }
    if (slot.connection.isClosed && now - slot.freeSince < EARLY_CLOSE) this.#keepsConnections = false;
    if (slot.active === 1) slot.connection.close();
    this.#finish(slot, now);
    this.send(dispatch, now);
  }

  onUnreserved(slot: Slot): void {
    const now = currentTime();
    this.#release(slot, now);
    this.#serve(now);
  }

  /** A request of the slot is over, and so is the slot when its connection is closed. */
  #finish(slot: Slot, now: number): void {
    if (slot.connection.isClosed) this.#drop(slot);
    this.#release(slot, now);
  }
}

/** Whether a request may be sent a second time (RFC 9110 §9.2.2). */
function canReplay(request: WireRequest): boolean {
  return IDEMPOTENT_METHODS.has(request.method) && isRepeatable(request);
}

/** Whether the body of a request can be sent a second time. */
function isRepeatable({ body }: WireRequest): boolean {
  return body === null || body.replayable;
}

function publishOpen({ peer, connectTimes: { dns, connect, tls } }: Connection): void {
  connectionOpen.publish({
    connection: peer.diagnosed,
    remoteAddress: peer.remoteAddress,
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
