/** Calls a function for each item of a list, several at a time. */
import { GeneratorSource, PullIterator } from "../content/pull-iterator.js";
import { aBoolean, atLeast } from "../options/checks.js";
import { kindOf } from "../options/kind.js";
import { resolveOptions, type Rows } from "../options/option.js";

/** The second argument of the function of `map`. */
export interface MapContext {
  /** The position of the item, counted from 0. */
  readonly index: number;
  /** Aborted when the loop is left or another item fails. Pass it on to calls that begin after an `await`. */
  readonly signal: AbortSignal;
}

/** Options of `map`. */
export interface MapOptions<Item, Result> {
  /** The number of items that are worked on at once. @defaultValue 10 */
  readonly concurrency?: number | undefined;
  /** Give the results in the order of the items; otherwise each as soon as it is there. @defaultValue true */
  readonly ordered?: boolean | undefined;
  /**
   * The reaction to an item that fails. "throw": the loop ends in the error, and the other calls are aborted. "skip": the item
   * has no result. A function: what it returns is the result, and undefined skips the item.
   *
   * @defaultValue "throw"
   */
  readonly onError?:
    | "throw"
    | "skip"
    | ((error: unknown, item: Item) => Result | undefined | void | PromiseLike<Result | undefined | void>)
    | undefined;
}

const MAP_OPTIONS = {
  concurrency: { check: atLeast(1), default: 10 },
  ordered: { check: aBoolean, default: true },
  onError: { check: anErrorRule, default: "throw" },
} satisfies Rows<MapOptions<unknown, unknown>>;

function anErrorRule(value: unknown, name: string): NonNullable<MapOptions<unknown, unknown>["onError"]> {
  if (value === "throw" || value === "skip" || typeof value === "function")
    return value as NonNullable<MapOptions<unknown, unknown>["onError"]>;
  throw new TypeError(`${name} must be "throw", "skip" or a function (error, item), not ${kindOf(value)}`);
}

/** The function that `map` calls for each item. */
export type MapFunction<Item, Result> = (item: Item, context: MapContext) => Result | PromiseLike<Result>;

/**
 * @param start - Calls the function for an item, so that the calls it makes are aborted with the signal.
 * @throws TypeError or RangeError for wrong arguments, at once.
 */
export function map<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  call: MapFunction<Item, Result>,
  options: MapOptions<Item, Result>,
  start: (signal: AbortSignal, begin: () => Result | PromiseLike<Result>) => Result | PromiseLike<Result>,
): AsyncGenerator<Result, void> {
  const source: unknown = items;
  const isIterable =
    typeof source === "string" ||
    (typeof source === "object" && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source));
  if (!isIterable)
    throw new TypeError(`The first argument of map() must be an iterable or an async iterable, not ${kindOf(items)}`);
  if (typeof call !== "function")
    throw new TypeError(`The second argument of map() must be a function (item) => …, not ${kindOf(call)}`);
  const { concurrency, ordered, onError } = resolveOptions(options, MAP_OPTIONS, "map()");
  const crew = new Crew<Item, Result>(iteratorOf(items), {
    begin: (item, context) => start(context.signal, () => call(item, context)),
    onError: onError as NonNullable<MapOptions<Item, Result>["onError"]>,
    concurrency: Math.floor(concurrency),
    ordered,
  });
  return new PullIterator(new GeneratorSource(crew.results(), () => crew.stop()));
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): Iterator<Item> | AsyncIterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

interface Rules<Item, Result> {
  readonly begin: (item: Item, context: MapContext) => Result | PromiseLike<Result>;
  readonly onError: NonNullable<MapOptions<Item, Result>["onError"]>;
  readonly concurrency: number;
  readonly ordered: boolean;
}

/** One item that is worked on. */
interface Job<Result> {
  readonly stopper: AbortController;
  outcome: Outcome<Result> | null;
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown } | "skipped";

/** Works on the items of a source, a bounded number at a time. */
class Crew<Item, Result> {
  readonly #source: Iterator<Item> | AsyncIterator<Item>;
  readonly #rules: Rules<Item, Result>;
  /** Items whose result was not given yet, in their order. */
  readonly #jobs: Job<Result>[] = [];
  #running = 0;
  #started = 0;
  #isPulling = false;
  #isAtEnd = false;
  #isStopped = false;
  /** The error that the source threw. */
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;

  constructor(source: Iterator<Item> | AsyncIterator<Item>, rules: Rules<Item, Result>) {
    this.#source = source;
    this.#rules = rules;
  }

  async *results(): AsyncGenerator<Result, void> {
    try {
      for (;;) {
        this.#fill();
        const job = this.#finished();
        if (job !== null) {
          const outcome = job.outcome!;
          if (outcome === "skipped") continue;
          if ("error" in outcome) throw outcome.error;
          yield outcome.result;
          continue;
        }
        if (this.#jobs.length === 0 && this.#failure !== null) throw this.#failure.error;
        if (this.#jobs.length === 0 && this.#isAtEnd) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#isStopped) return;
      }
    } finally {
      this.stop();
    }
  }

  /** Aborts what is under way, and leaves the source. Results that were given stay usable. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const { stopper } of this.#jobs.splice(0)) stopper.abort();
    if (!this.#isAtEnd) void Promise.resolve(this.#source.return?.()).catch(() => undefined);
    this.#wake();
  }

  /** Starts further items, as far as there is room: results that wait for their turn take room, too. */
  #fill(): void {
    const { concurrency } = this.#rules;
    while (!this.#isPulling && !this.#isAtEnd && this.#running < concurrency && this.#jobs.length < 2 * concurrency) {
      if (this.#jobs.some(({ outcome }) => isError(outcome))) return;
      let step: IteratorResult<Item> | Promise<IteratorResult<Item>>;
      try {
        step = this.#source.next();
      } catch (error) {
        this.#sourceFailed(error);
        return;
      }
      if (!(step instanceof Promise)) {
        this.#take(step);
        continue;
      }
      this.#isPulling = true;
      step.then(
        (next) => {
          this.#isPulling = false;
          this.#take(next);
          this.#wake();
        },
        (error: unknown) => {
          this.#sourceFailed(error);
          this.#wake();
        },
      );
    }
  }

  #sourceFailed(error: unknown): void {
    this.#isPulling = false;
    this.#isAtEnd = true;
    this.#failure = { error };
  }

  #take(step: IteratorResult<Item>): void {
    if (step.done === true) this.#isAtEnd = true;
    else if (!this.#isStopped) void this.#work(step.value);
  }

  async #work(item: Item): Promise<void> {
    const job: Job<Result> = { stopper: new AbortController(), outcome: null };
    this.#jobs.push(job);
    this.#running += 1;
    const context = { index: this.#started, signal: job.stopper.signal };
    this.#started += 1;
    try {
      job.outcome = { result: await this.#rules.begin(item, context) };
    } catch (error) {
      job.outcome = await this.#afterError(error, item);
    }
    this.#running -= 1;
    this.#wake();
  }

  async #afterError(error: unknown, item: Item): Promise<Outcome<Result>> {
    const { onError } = this.#rules;
    if (onError === "throw" || this.#isStopped) return { error };
    if (onError === "skip") return "skipped";
    try {
      const result = await onError(error, item);
      return result === undefined ? "skipped" : { result: result as Result };
    } catch (thrown) {
      return { error: thrown };
    }
  }

  /** Takes the next job whose result can be given, or null. */
  #finished(): Job<Result> | null {
    const at = this.#rules.ordered ? 0 : this.#jobs.findIndex(({ outcome }) => outcome !== null);
    if (at === -1 || this.#jobs.length === 0 || this.#jobs[at].outcome === null) return null;
    return this.#jobs.splice(at, 1)[0];
  }
}

function isError(outcome: Outcome<unknown> | null): boolean {
  return outcome !== null && outcome !== "skipped" && "error" in outcome;
}
