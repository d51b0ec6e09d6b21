/** A limit on retries as a share of the requests, so that a server in trouble does not get a multiple of its load. */

import { numberOrKind } from "../options/kind.js";

/** Options of a {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** Retries for each request, on average. @defaultValue 0.2 */
  readonly ratio?: number | undefined;
  /** Retries that are there in any case, regained within ten seconds. @defaultValue 10 */
  readonly floor?: number | undefined;
}

/** In this time the floor is regained, so that a program with few requests is not left without retries. */
const FLOOR_PERIOD_SECONDS = 10;
/** Savings of a busy time: as many retries as this many times the floor. */
const MAX_SAVED_FLOORS = 10;

/** Whether a retry could be taken from the budget now. */
export let hasRetryLeft: (budget: RetryBudget) => boolean;

/**
 * A token bucket: each request pays in `ratio`, each retry takes 1, and the floor fills up again by itself. One budget
 * is shared by all copies of a Retry, and may be shared by several: that is its use.
 *
 * @see https://finagle.github.io/blog/2016/02/08/retry-budgets/
 */
export class RetryBudget {
  /** Retries for each request. */
  readonly ratio: number;
  /** Retries that are there in any case. */
  readonly floor: number;
  #tokens: number;
  #seenAt: number | null = null;

  static {
    hasRetryLeft = (budget) => budget.#has(performance.now() / 1000);
  }

  /** @throws RangeError for numbers below 0 and NaN. */
  constructor({ ratio = 0.2, floor = 10 }: RetryBudgetOptions = {}) {
    if (!(ratio >= 0)) throw new RangeError(`budget.ratio must be 0 or greater, not ${numberOrKind(ratio)}`);
    if (!(floor >= 0)) throw new RangeError(`budget.floor must be 0 or greater, not ${numberOrKind(floor)}`);
    this.ratio = ratio;
    this.floor = floor;
    this.#tokens = floor;
  }

  /** Pays in for one request. The adapter does it once for each call, not for each attempt. */
  deposit(): void {
    const most = Math.max(this.floor * MAX_SAVED_FLOORS, 1);
    if (this.#tokens < most) this.#tokens = Math.min(most, this.#tokens + this.ratio);
  }

  #has(now: number): boolean {
    this.#regain(now);
    // A sum of fifths falls short of a whole by rounding.
    return this.#tokens >= 1 - 1e-9;
  }

  /**
   * Takes one retry.
   *
   * @param now - seconds of a clock that only goes forward.
   * @returns false when none is left.
   */
  withdraw(now: number = performance.now() / 1000): boolean {
    if (!this.#has(now)) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** Retries that are left. */
  get balance(): number {
    return this.#tokens;
  }

  #regain(now: number): void {
    if (this.#seenAt !== null && this.#tokens < this.floor) {
      const regained = (Math.max(0, now - this.#seenAt) / FLOOR_PERIOD_SECONDS) * this.floor;
      this.#tokens = Math.min(this.floor, this.#tokens + regained);
    }
    this.#seenAt = now;
  }
}
