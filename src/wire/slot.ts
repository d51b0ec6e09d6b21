/** One connection of an origin: how many requests it carries, and whether it may carry another. */
import { afterPoll, type PollBatch, type Polled } from "./after-poll.js";
import { clearTimeout, currentTime, setTimeout } from "./clock.js";
import type { Dispatch, Stage } from "./dispatch.js";
import type { Connection, ConnectionOwner, Failure } from "./transport.js";

/**
 * Milliseconds that a connection must have been idle before it carries a request that cannot be replayed, as long as the
 * server has not shown that it keeps connections. A server that closes after each response without saying so closes
 * within this time, and the request is then sent on a new connection at once.
 */
const PROBATION = 25;

/** The origin of a slot. */
export interface SlotOwner {
  /** The slot has room for another request. */
  onFree(slot: Slot, now: number): void;
  onFailure(slot: Slot, dispatch: Dispatch, failure: Failure): void;
  onClose(slot: Slot): void;
  /** The number of requests that the connection can carry has changed. */
  onCapacity(slot: Slot): void;
  /** The request for which the slot was reserved can be sent now, if the connection is still usable. */
  onReserved(slot: Slot, dispatch: Dispatch): void;
  /** That request was given up. */
  onUnreserved(slot: Slot): void;
}

export class Slot implements ConnectionOwner, Polled, Stage {
  readonly connection: Connection;
  readonly #owner: SlotOwner;
  /** Requests under way or reserved. Written by the origin. */
  active = 1;
  /** Whether it stands in the origin's list of slots with room. Written by the origin. */
  isListed = false;
  /** Whether the origin has dropped it. Written by the origin. */
  isGone = false;
  /** `currentTime()` since when it carries no request. */
  freeSince = 0;
  /** `currentTime()` after which it may not be used again. */
  idleUntil = Infinity;

  #reservedFor: Dispatch | null = null;
  #batch: PollBatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  #onProbation = false;

  constructor(connection: Connection, owner: SlotOwner) {
    this.connection = connection;
    this.#owner = owner;
    connection.owner = this;
  }

  /** @param now - `currentTime()` */
  isUsable(now: number): boolean {
    return this.connection.isWritable && now < this.idleUntil;
  }

  get hasRoom(): boolean {
    return this.active < this.connection.capacity;
  }

  /**
   * Holds the connection for a request until the event loop has polled its socket.
   *
   * @param onProbation - The server must first show that it keeps the connection open: see PROBATION.
   */
  reserve(dispatch: Dispatch, onProbation: boolean): void {
    if (this.connection.capacity > 1) {
      afterPoll(new Reservation(this, dispatch, this.#owner));
      return;
    }
    this.#reservedFor = dispatch;
    this.#onProbation = onProbation;
    dispatch.stage = this;
    this.#batch = afterPoll(this);
  }

  onPolled(batch: PollBatch): void {
    // The poll may be one for an earlier reservation that was given up.
    if (batch !== this.#batch) return;
    if (this.#onProbation) {
      this.#onProbation = false;
      const missing = this.freeSince + PROBATION - currentTime();
      if (missing > 0) {
        this.#timer = setTimeout(() => {
          this.#batch = afterPoll(this);
        }, Math.ceil(missing));
        return;
      }
    }
    const dispatch = this.#endReservation();
    if (dispatch !== null) this.#owner.onReserved(this, dispatch);
  }

  /** Gives up the request for which the slot is reserved. */
  abort(error: unknown): void {
    const dispatch = this.#endReservation();
    if (dispatch === null) return;
    this.#owner.onUnreserved(this);
    dispatch.sink.onError(error);
  }

  // ── ConnectionOwner ───────────────────────────────────────────────────────────────────────────────────────────────

  onFree(now: number): void {
    this.#owner.onFree(this, now);
  }

  onFailure(dispatch: Dispatch, failure: Failure): void {
    this.#owner.onFailure(this, dispatch, failure);
  }

  onClose(): void {
    const dispatch = this.#endReservation();
    if (dispatch === null) this.#owner.onClose(this);
    else this.#owner.onReserved(this, dispatch);
  }

  onCapacity(): void {
    this.#owner.onCapacity(this);
  }

  /** @returns The request of the reservation, or null when there is none. */
  #endReservation(): Dispatch | null {
    const dispatch = this.#reservedFor;
    if (dispatch === null) return null;
    this.#reservedFor = null;
    this.#batch = null;
    dispatch.stage = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return dispatch;
  }
}

/** One of the requests for which a connection that carries several is held until its socket has been polled. */
class Reservation implements Polled, Stage {
  readonly #slot: Slot;
  readonly #dispatch: Dispatch;
  readonly #owner: SlotOwner;
  #isOver = false;

  constructor(slot: Slot, dispatch: Dispatch, owner: SlotOwner) {
    this.#slot = slot;
    this.#dispatch = dispatch;
    this.#owner = owner;
    dispatch.stage = this;
  }

  onPolled(): void {
    if (!this.#end()) return;
    this.#owner.onReserved(this.#slot, this.#dispatch);
  }

  abort(error: unknown): void {
    if (!this.#end()) return;
    this.#owner.onUnreserved(this.#slot);
    this.#dispatch.sink.onError(error);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#dispatch.stage = null;
    return true;
  }
}
