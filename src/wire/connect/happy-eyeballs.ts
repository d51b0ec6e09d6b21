/** Connects to the address of a host that answers first (RFC 8305, "Happy Eyeballs"). */
import { isIPv6, type Socket } from "node:net";
import { clearTimeout, setTimeout } from "../clock.js";

import { onceReady } from "./socket-events.js";

/** Milliseconds from one attempt to the next while none has failed: the Connection Attempt Delay of RFC 8305 §5. */
const ATTEMPT_DELAY = 250;

/** The most addresses of a host that are tried, so that DNS cannot make one request connect to thousands. */
const MAX_ADDRESSES = 32;

/** Calls back after the delay between attempts. @returns Calls it off. */
export type AttemptDelay = (callback: () => void) => () => void;

/**
 * The addresses in the order in which they are tried: the families take turns, beginning with that of the first address
 * (RFC 8305 §4); within a family the resolver's order is kept.
 */
export function inTurns(addresses: readonly string[]): readonly string[] {
  const first = isIPv6(addresses[0]);
  const preferred = addresses.filter((address) => isIPv6(address) === first);
  const others = addresses.filter((address) => isIPv6(address) !== first);
  return preferred
    .flatMap((address, at) => [address, ...others.slice(at, at + 1)])
    .concat(others.slice(preferred.length))
    .slice(0, MAX_ADDRESSES);
}

/**
 * Attempts to connect to several addresses of one host. The next attempt begins after a delay, or at once when one has
 * failed; earlier attempts go on. The first that connects wins, and the others are destroyed.
 */
export class AddressRace {
  readonly #waiting: string[];
  readonly #open: (address: string) => Socket;
  readonly #delay: AttemptDelay;
  readonly #sockets = new Set<Socket>();
  readonly #failures: Error[] = [];
  #callOff: () => void = () => undefined;
  #settle!: { resolve(socket: Socket): void; reject(error: Error): void };

  /**
   * @param addresses - In the order of the resolver.
   * @param open - Begins to connect to an address.
   */
  constructor(addresses: readonly string[], open: (address: string) => Socket, delay: AttemptDelay = delayed) {
    this.#waiting = [...inTurns(addresses)];
    this.#open = open;
    this.#delay = delay;
  }

  /** @throws The failure when there is one address, else an AggregateError with the `code` of the first failure. */
  async run(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#next();
    });
  }

  /** Gives up all attempts, and the connection that was made. */
  destroy(): void {
    this.#callOff();
    this.#waiting.length = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  #next(): void {
    this.#callOff();
    const address = this.#waiting.shift();
    if (address === undefined) {
      if (this.#sockets.size === 0) this.#settle.reject(failureOf(this.#failures));
      return;
    }
    if (this.#waiting.length > 0) this.#callOff = this.#delay(() => this.#next());
    let socket: Socket;
    try {
      socket = this.#open(address);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#sockets.add(socket);
    onceReady(socket, "connect", (error) => {
      if (error === null) this.#win(socket);
      else {
        this.#sockets.delete(socket);
        this.#fail(error);
      }
    });
  }

  #fail(error: Error): void {
    this.#failures.push(error);
    this.#next();
  }

  #win(winner: Socket): void {
    this.#callOff();
    this.#waiting.length = 0;
    for (const socket of this.#sockets) if (socket !== winner) socket.destroy();
    this.#sockets.clear();
    this.#sockets.add(winner);
    this.#settle.resolve(winner);
  }
}

function delayed(callback: () => void): () => void {
  const timer = setTimeout(callback, ATTEMPT_DELAY);
  return () => clearTimeout(timer);
}

/** One error that names each address that was tried. */
function failureOf(failures: readonly Error[]): Error {
  if (failures.length === 1) return failures[0];
  const { code } = failures[0] as NodeJS.ErrnoException;
  const message = failures.map((failure) => failure.message).join("; ");
  return Object.assign(new AggregateError(failures, message), { code });
}
