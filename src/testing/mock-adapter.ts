/** MockAdapter: answers by routes, where an adapter would send. */
import { inspect } from "node:util";

import { HTTPAdapter, type Adapter, type AroundAttempt, type PreparedRequest, type Response } from "../index.js";
import type { Retry, SendSettings, Session } from "../index.js";
import { POOL } from "../adapters/http.js";
import { interpose, InterposedAdapter } from "../client/interposing.js";
import { Book } from "./book.js";
import type { MockCall } from "./call.js";
import { MockPool } from "./engine.js";
import { PassThrough, type UnmatchedRequest } from "./errors.js";
import type { ReplyInit } from "./reply.js";
import { MockRoute, type Match } from "./route.js";
import type { UrlPattern } from "./url-pattern.js";

/** What a MockAdapter is made with. */
export interface MockOptions {
  /**
   * As of HTTPAdapter: each retry is a call.
   *
   * @defaultValue the retries of the adapter that it replaces, or those of the session
   */
  readonly maxRetries?: number | false | Retry | null | undefined;
  /**
   * Where requests go that no route answers, and those of the reply `"passthrough"`: an adapter; or, once installed,
   * true for the adapter that it stands in front of. Without it an unmatched request is an error.
   *
   * @defaultValue false
   */
  readonly passthrough?: boolean | Adapter | undefined;
}

/** One reply, or a sequence of which the last repeats. */
type Replies = ReplyInit | readonly ReplyInit[];

/**
 * Answers requests by routes. Mount it as any adapter, or `install()` it.
 *
 * The first route that fits answers. An answer goes through the engine itself, over a socket in memory: its framing is
 * parsed, its content decoded, and timeouts, limits, signals, progress and retries work as on the wire.
 *
 * @example
 * ```ts
 * import { MockAdapter } from "requests-ts/testing";
 *
 * const mock = new MockAdapter();
 * mock.get("https://api.example.com/users/{id}", (call) => ({ json: { id: call.params.id } }));
 *
 * const session = new Session();
 * session.mount("https://", mock);
 * const response = await session.get("https://api.example.com/users/7");
 * response.json(); //=> { id: "7" }
 * mock.calls.length; //=> 1
 * ```
 */
export class MockAdapter extends HTTPAdapter {
  readonly #book: Book;
  readonly #passthrough: boolean | Adapter;
  readonly #installed: (() => void)[] = [];

  /** @throws RangeError for `maxRetries` that cannot be. */
  constructor(options: MockOptions = {}) {
    const book = new Book(options.passthrough !== undefined && options.passthrough !== false);
    super({ maxRetries: options.maxRetries, ...({ [POOL]: new MockPool(book) } as object) });
    this.#book = book;
    this.#passthrough = options.passthrough ?? false;
  }

  /** The calls so far, the oldest first: those that no route answered, too. */
  get calls(): readonly MockCall[] {
    return this.#book.calls;
  }

  /** The routes in the order in which they are asked. */
  get routes(): readonly MockRoute[] {
    return this.#book.routes;
  }

  /** The errors of requests that no route answered, also where the code under test swallowed them. */
  get unmatched(): readonly UnmatchedRequest[] {
    return this.#book.unmatched;
  }

  /**
   * Adds a route.
   *
   * @param method - One or more, in any case; `"*"` for any.
   * @param url - See UrlPattern.
   * @param replies - One, or a sequence of which the last repeats. @defaultValue an empty 200
   * @param match - What else the request must have.
   * @throws TypeError or RangeError for what cannot be.
   */
  route(method: string | readonly string[], url: UrlPattern, replies: Replies = {}, match: Match = {}): MockRoute {
    const methods = method === "*" ? [] : typeof method === "string" ? [method] : method;
    const route = new MockRoute(methods, url, replies, match);
    this.#book.routes.push(route);
    return route;
  }

  /** A route for GET. */
  get(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("GET", url, replies, match);
  }

  /** A route for HEAD. */
  head(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("HEAD", url, replies, match);
  }

  /** A route for POST. */
  post(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("POST", url, replies, match);
  }

  /** A route for PUT. */
  put(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("PUT", url, replies, match);
  }

  /** A route for PATCH. */
  patch(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("PATCH", url, replies, match);
  }

  /** A route for DELETE. */
  delete(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("DELETE", url, replies, match);
  }

  /** A route for OPTIONS. */
  options(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("OPTIONS", url, replies, match);
  }

  /** A route for any method. */
  any(url: UrlPattern, replies?: Replies, match?: Match): MockRoute {
    return this.route("*", url, replies, match);
  }

  /** Forgets the calls, and begins every sequence anew; the routes stay. */
  reset(): void {
    this.#book.reset();
  }

  /** Forgets the calls and the routes. */
  clear(): void {
    this.#book.reset();
    this.#book.routes.length = 0;
  }

  /**
   * Sees to it that every route was called, and that every request found one.
   *
   * @throws Error when a route was never called, or a request found no route: it lists them.
   */
  assertAllCalled(): void {
    const idle = this.routes.filter(({ called }) => !called).map((route) => `Never called: ${String(route)}`);
    const problems = [...idle, ...this.unmatched.map(({ message }) => message)];
    if (problems.length > 0) throw new Error(problems.join("\n"));
  }

  /**
   * Stands in front of all adapters of a session, whatever is mounted there; without one, of `requests.get` and the other
   * functions of the module. A test then need not reach the session that the code under test makes its calls with.
   *
   * @returns The adapter itself.
   */
  install(session?: Session): this {
    this.#installed.push(
      interpose(
        session ?? null,
        (inner) => new InterposedAdapter(inner, (request, settings) => this.#send(request, settings, inner)),
      ),
    );
    return this;
  }

  /** Undoes every `install()`. */
  restore(): void {
    for (const takeBack of this.#installed.splice(0)) takeBack();
  }

  /** `await using mock = mockRequests()`: restores at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.restore();
    await this.close();
  }

  override send(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    return this.#send(request, settings, null);
  }

  [inspect.custom](): string {
    return `<MockAdapter [${this.routes.length} routes, ${this.calls.length} calls]>`;
  }

  /** @param inner - The adapter that this stands in front of, or null. */
  async #send(request: PreparedRequest, settings: SendSettings, inner: Adapter | null): Promise<Response> {
    const { aroundAttempt: outer } = settings;
    const aroundAttempt: AroundAttempt = (given, attempt, send) => {
      const record = (one: PreparedRequest): Promise<Response> => this.#book.record(one, attempt, send);
      return outer === undefined ? record(given) : outer(given, attempt, record);
    };
    const target = typeof this.#passthrough === "object" ? this.#passthrough : inner;
    try {
      // The code under test is retried as without the mock, unless the mock has retries of its own.
      const { ownRetries } = (inner ?? {}) as { readonly ownRetries?: Retry | null };
      const defaultRetries = ownRetries ?? settings.defaultRetries;
      return await super.send(request, { ...settings, aroundAttempt, defaultRetries });
    } catch (error) {
      if (!(error instanceof PassThrough)) throw error;
      if (target === null)
        throw new TypeError(
          "There is no adapter to pass a request through to: new MockAdapter({ passthrough: adapter }), or install()",
          { cause: error },
        );
      return this.#sendForReal(error.call, settings, target);
    }
  }

  /** A stream that was read to find the route is sent from what was read. */
  async #sendForReal(call: MockCall, settings: SendSettings, target: Adapter): Promise<Response> {
    let { request } = call;
    if (request.source !== null && !request.source.replayable && call.body.length > 0) {
      request = request.copy();
      request.body = call.body;
    }
    try {
      call.response = await target.send(request, settings);
      return call.response;
    } catch (error) {
      call.error = error;
      throw error;
    }
  }
}
