/** MockAdapter: answers by routes, where an adapter would send. */
import { insideRequest } from "../extend/index.js";
import { inspect } from "node:util";

import {
  HTTPAdapter,
  use,
  type Adapter,
  type Layer,
  type PreparedRequest,
  type Response,
  type Retry,
  type SendSettings,
  type Session,
} from "../index.js";
import { withoutRetry } from "../extend/index.js";
import { Book } from "./book.js";
import type { MockCall } from "./call.js";
import { MockTransport } from "./mock-transport.js";
import { PassThrough, type UnmatchedRequest } from "./errors.js";
import type { ReplyInit } from "./reply.js";
import { MockRoute, type Match } from "./route.js";
import type { UrlPattern } from "./url-pattern.js";

/** Options of a MockAdapter. */
export interface MockOptions {
  /**
   * As of HTTPAdapter: each retry is a call.
   *
   * @defaultValue the retries of the adapter that would have sent the request, or those of the session
   */
  readonly maxRetries?: number | false | Retry | null | undefined;
  /**
   * The destination of requests that no route answers, and those of the reply `"passthrough"`: an adapter; or, once installed,
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
  #hasOwnRetries: boolean;

  /** @throws RangeError for `maxRetries` that cannot be. */
  constructor(options: MockOptions = {}) {
    const book = new Book(options.passthrough !== undefined && options.passthrough !== false);
    super({ maxRetries: options.maxRetries, transport: new MockTransport(book) });
    this.#book = book;
    this.#passthrough = options.passthrough ?? false;
    this.#hasOwnRetries = options.maxRetries !== undefined;
  }

  override get maxRetries(): Retry {
    return super.maxRetries;
  }
  override set maxRetries(maxRetries: Retry) {
    this.#hasOwnRetries = true;
    super.maxRetries = maxRetries;
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

  /** Forgets the calls, and starts every sequence again. The routes stay. */
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
   * Answers all requests of a session, whatever is mounted there; without one, those of `requests.get` and the other
   * functions of the module. Redirects, retries and layers of the session work as without it.
   *
   * @returns The adapter itself.
   */
  install(session?: Session): this {
    this.#installed.push(session === undefined ? use(this.layer) : session.use(this.layer));
    return this;
  }

  /** Undoes every `install()`. */
  restore(): void {
    for (const remove of this.#installed.splice(0)) remove();
  }

  /** `await using mock = mockRequests()`: restores at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.restore();
    await this.close();
  }

  override send(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    const recording = this.#recording(1, (given) => this.#passOn(given, settings));
    return super.send(request, { ...settings, layers: [...(settings.layers ?? []), recording] });
  }

  /** The layer that `install` adds. It answers instead of the adapter. */
  readonly layer: Layer = Object.assign<Layer, { readonly innermost: true }>(
    async (request, { number, settings }, next) => {
      const pass = this.#passthrough === true ? next : (given: PreparedRequest) => this.#passOn(given, settings);
      const recording = this.#recording(number, pass);
      try {
        const response = await super.send(request, { ...settings, layers: [recording], defaultRetries: null });
        return this.#hasOwnRetries ? withoutRetry(response) : response;
      } catch (error) {
        throw this.#hasOwnRetries ? withoutRetry(error) : error;
      }
    },
    { innermost: true },
  );

  [inspect.custom](): string {
    return `<MockAdapter [${this.routes.length} routes, ${this.calls.length} calls]>`;
  }

  /** Records each attempt of this adapter. @param first - The number of the first one. */
  #recording(first: number, pass: (request: PreparedRequest) => Promise<Response>): Layer {
    return async (request, { number }, next) => {
      try {
        return await this.#book.record(request, first + number - 1, next);
      } catch (error) {
        if (!(error instanceof PassThrough)) throw error;
        return sendForReal(error.call, pass);
      }
    };
  }

  /** Sends a request that no route answers by the adapter of `passthrough`. */
  #passOn(request: PreparedRequest, settings: SendSettings): Promise<Response> {
    if (typeof this.#passthrough === "object") return this.#passthrough.send(request, { ...settings, layers: [] });
    throw new TypeError(
      "There is no adapter to pass a request through to: new MockAdapter({ passthrough: adapter }), or install()",
    );
  }
}

/** A stream that was read to find the route is sent from what was read. */
async function sendForReal(call: MockCall, pass: (request: PreparedRequest) => Promise<Response>): Promise<Response> {
  let { request } = call;
  if (!insideRequest.isRepeatable(request) && call.body.length > 0) {
    request = request.copy();
    request.body = call.body;
  }
  try {
    call.response = await pass(request);
    return call.response;
  } catch (error) {
    call.error = error;
    throw error;
  }
}
