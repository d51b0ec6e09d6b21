/** A free connection that is held for a request until the event loop has polled its socket. */

import { afterPoll } from "./after-poll.js";
import { clearTimeout, currentTime, setTimeout } from "./clock.js";
import type { Connection } from "./connection.js";
import type { Dispatch } from "./dispatch.js";

/**
 * Milliseconds that a connection must have been free before it carries a request that cannot be replayed, as long as the
 * server has not shown that it keeps connections. A server that closes after each response without saying so closes
 * within this time, and the request then goes out on a new connection at once.
 */
const PROBATION = 25;

/** What the reservation reports. Exactly one of the two is called. */
export interface ReservationOwner {
  /** Whether the server has to show first that it keeps the connection. */
  readonly onProbation: boolean;
  /** The socket was polled: the connection knows whether it is still usable. */
  onPolled(): void;
  /** The request was given up; the connection is free again. */
  onAborted(): void;
}

export class Reservation {
  readonly #connection: Connection;
  readonly #dispatch: Dispatch;
  readonly #owner: ReservationOwner;
  #timer: NodeJS.Timeout | null = null;

  constructor(connection: Connection, dispatch: Dispatch, owner: ReservationOwner) {
    this.#connection = connection;
    this.#dispatch = dispatch;
    this.#owner = owner;
  }

  start(): void {
    this.#connection.reservation = this;
    this.#dispatch.handle = this;
    afterPoll(this.#afterFirstPoll);
  }

  /** Gives the request up while it waits. */
  abort(error: unknown): void {
    if (!this.#end()) return;
    this.#owner.onAborted();
    this.#dispatch.sink.onError(error);
  }

  /** The server closed the connection: there is nothing to wait for. */
  onClosed(): void {
    if (this.#end()) this.#owner.onPolled();
  }

  readonly #afterFirstPoll = (): void => {
    if (this.#connection.reservation !== this) return;
    const missing = this.#owner.onProbation ? this.#connection.freeSince + PROBATION - currentTime() : 0;
    if (missing <= 0) this.#finish();
    else this.#timer = setTimeout(this.#afterProbation, Math.ceil(missing));
  };

  readonly #afterProbation = (): void => afterPoll(this.#finish);

  readonly #finish = (): void => {
    if (this.#end()) this.#owner.onPolled();
  };

  /** @returns False when it was over before. */
  #end(): boolean {
    if (this.#connection.reservation !== this) return false;
    this.#connection.reservation = null;
    this.#dispatch.handle = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    return true;
  }
}
