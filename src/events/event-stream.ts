/** A stream of server-sent events over as many connections as it takes. */
import {
  aBoolean,
  aFunction,
  aString,
  atLeast,
  GeneratorSource,
  IDEMPOTENT_METHODS,
  kindOf,
  PullIterator,
  type Resolved,
  type Rows,
  sendOptionsOf,
  splitOptions,
} from "../extend/index.js";
import {
  Request,
  RetryError,
  Session,
  StreamConsumedError,
  type EventIterOptions,
  type HeadersLike,
  type HeaderValue,
  type PreparedRequest,
  type RequestException,
  type RequestOptions,
  type Response,
  type SendOptions,
  type ServerSentEvent,
} from "../index.js";
import { askedDelay, DEFAULT_RETRY, delayAfter, isPassing, isSendableId, refusal, verdictOf } from "./reconnection.js";

/** The argument of `onReconnect`. */
export interface Reconnection {
  /** Connections in a row that came to nothing; 0 after one that brought events. */
  readonly failures: number;
  /** Seconds until the next connection. */
  readonly delay: number;
  /** The error that ended the last connection; undefined when the server ended it regularly. */
  readonly error: RequestException | undefined;
}

/**
 * Options of `events()`: those of any call, and these. `timeout.read` bounds the silence of the server (a
 * connection that is silent for longer is made again), `timeout.total` the length of each connection.
 */
export interface EventsOptions extends Omit<RequestOptions, "stream"> {
  /** The method of the request. @defaultValue "GET" */
  readonly method?: string | undefined;
  /** Sends the requests; by default one of its own, which keeps cookies from connection to connection. */
  readonly session?: Session | undefined;
  /** The ID of the last event that was processed, sent as Last-Event-ID. @defaultValue "" */
  readonly lastEventId?: string | undefined;
  /** Seconds to wait before reconnecting, until the server says otherwise; less than 0.5 counts as 0.5. @defaultValue 3 */
  readonly retry?: number | undefined;
  /**
   * Connections in a row that may fail before RetryError. One that brought an event, or was open for five seconds,
   * starts the count again. 0 does not reconnect after a failure. @defaultValue Infinity
   */
  readonly maxRetries?: number | undefined;
  /**
   * Whether to reconnect at all. Without it the stream ends when the connection does, and an error is thrown as it is.
   *
   * @defaultValue true for the idempotent methods (GET, HEAD, OPTIONS, TRACE, PUT, DELETE, QUERY, PROPFIND, REPORT and
   *   SEARCH); false for the others, because what they do would be done again
   */
  readonly reconnect?: boolean | undefined;
  /** Bytes of one event, past which it is ContentTooLarge. @defaultValue 64 MiB */
  readonly maxEventSize?: number | undefined;
  /** Called with comments, which servers send to keep the connection alive. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** Called for each connection that opens, with its response. */
  readonly onOpen?: ((response: Response) => void) | undefined;
  /** Called before each wait for the next connection. */
  readonly onReconnect?: ((reconnection: Reconnection) => void) | undefined;
}

/** A row for each option that the options of a call do not have. */
const EVENT_OPTIONS = {
  method: { check: aString, default: "GET" },
  session: { check: aSession, default: undefined },
  lastEventId: { check: anEventId, default: "" },
  retry: { check: atLeast(0, "seconds"), default: DEFAULT_RETRY },
  maxRetries: { check: atLeast(0), default: Infinity },
  reconnect: { check: aBoolean, default: undefined },
  maxEventSize: { check: atLeast(0, "bytes"), default: undefined },
  onComment: { check: aFunction<(comment: string) => void>, default: undefined },
  onOpen: { check: aFunction<(response: Response) => void>, default: undefined },
  onReconnect: { check: aFunction<(reconnection: Reconnection) => void>, default: undefined },
} satisfies Rows<Omit<EventsOptions, keyof RequestOptions>>;

function aSession(value: unknown, name: string): Session {
  if (typeof value === "object" && value !== null && "prepareRequest" in value) return value as Session;
  throw new TypeError(`${name} must be a Session, not ${kindOf(value)}`);
}

function anEventId(value: unknown, name: string): string {
  const id = aString(value, name);
  if (!isSendableId(id)) throw new RangeError(`${name} cannot be sent as a header`);
  return id;
}

/** The loss of a connection. */
interface Lost {
  readonly error: RequestException | undefined;
  /** The answer, when it was one that asks to come back. */
  readonly response: Response | undefined;
}

/** Milliseconds after which a connection was a good one though it brought nothing. */
const STEADY = 5000;

/**
 * Server-sent events, read with `for await`; it can be iterated once. Has the state of a browser's EventSource.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream implements AsyncIterable<ServerSentEvent>, AsyncDisposable {
  /** `readyState` before the first connection, and between two. */
  static readonly CONNECTING = 0;
  /** `readyState` while a connection is open. */
  static readonly OPEN = 1;
  /** `readyState` when no connection will follow. */
  static readonly CLOSED = 2;

  /** The URL, as it was given. */
  readonly url: string;
  readonly #options: Resolved<typeof EVENT_OPTIONS>;
  /** The options of each call. */
  readonly #callOptions: Omit<RequestOptions, "stream">;
  readonly #method: string;
  readonly #reconnects: boolean;
  readonly #stopper = new AbortController();
  #session: Session | null = null;
  #first: PreparedRequest | null = null;
  #readyState: 0 | 1 | 2 = EventStream.CONNECTING;
  #response: Response | null = null;
  #lastEventId: string;
  #retry: number;
  #failures = 0;
  #iterated = false;
  /** Closed by the caller, which is not an error. */
  #closed = false;

  /** @throws TypeError or RangeError for an option of the wrong type or out of its range. */
  constructor(url: string | URL, options: EventsOptions = {}) {
    const { own, shared } = splitOptions(options, EVENT_OPTIONS, "events()", ["stream"]);
    this.url = String(url);
    this.#options = own;
    this.#callOptions = shared;
    this.#method = own.method.toUpperCase();
    this.#reconnects = own.reconnect ?? IDEMPOTENT_METHODS.has(this.#method);
    this.#retry = own.retry;
    this.#lastEventId = own.lastEventId;
  }

  /** 0 connecting, 1 open, 2 closed. */
  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /** The id to go on from, for another program or another day; "" for none. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Seconds to wait before reconnecting, as the server said last. */
  get retry(): number {
    return this.#retry;
  }

  /** The response of the connection that is open, or was last; null before there was one. */
  get response(): Response | null {
    return this.#response;
  }

  /** Ends the stream: the connection is closed, a wait is over, and the loop that reads it ends. */
  close(): void {
    if (this.#readyState === EventStream.CLOSED) return;
    this.#closed = true;
    this.#readyState = EventStream.CLOSED;
    this.#stopper.abort();
    this.#response?.close();
  }

  /** `await using stream = events(url)`: closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /**
   * The events. Leaving the loop closes the connection.
   *
   * @throws HTTPError for a 4xx; RequestException `ERR_EVENT_STREAM` for a response that is not a stream of events; RetryError past
   *   `maxRetries`; the signal's reason.
   */
  [Symbol.asyncIterator](): AsyncGenerator<ServerSentEvent, void> {
    if (this.#iterated)
      throw new StreamConsumedError("A stream of events can be iterated once; call events() again for another");
    this.#iterated = true;
    return new PullIterator(new GeneratorSource(this.#run(), () => this.close()));
  }

  async *#run(): AsyncGenerator<ServerSentEvent, void> {
    const { session } = this.#options;
    const { signal } = this.#callOptions;
    const onAbort = (): void => this.#stopper.abort(signal!.reason);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    this.#session = session ?? new Session();
    try {
      for (;;) {
        const lost = yield* this.#connect();
        if (lost === null || this.#closed) return;
        await this.#wait(lost);
      }
    } catch (error) {
      // close() interrupts whatever was under way, and that is not an error.
      if (!this.#closed) throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#readyState = EventStream.CLOSED;
      this.#response?.close();
      if (session === undefined) await this.#session.close();
    }
  }

  /** The events of one connection. @returns null when no other is to follow. */
  async *#connect(): AsyncGenerator<ServerSentEvent, Lost | null> {
    this.#readyState = EventStream.CONNECTING;
    this.#stopper.signal.throwIfAborted();
    const session = this.#session!;
    let response: Response;
    try {
      response = await session.send(this.#prepare(session), this.#settings());
    } catch (error) {
      this.#failures += 1;
      return this.#lostBy(error);
    }
    this.#response = response;
    const verdict = verdictOf(response);
    if (verdict === "open") return yield* this.#read(response);
    response.close();
    if (verdict === "finished") return null;
    if (verdict === "failed" || !this.#reconnects) throw refusal(response);
    this.#failures += 1;
    return { error: refusal(response), response };
  }

  async *#read(response: Response): AsyncGenerator<ServerSentEvent, Lost | null> {
    this.#readyState = EventStream.OPEN;
    const opened = performance.now();
    const { onOpen, onComment, maxEventSize } = this.#options;
    const options: EventIterOptions = {
      onId: (id) => {
        if (isSendableId(id)) this.#lastEventId = id;
      },
      onRetry: (milliseconds) => {
        this.#retry = milliseconds / 1000;
      },
      onComment,
      maxEventSize,
    };
    let hasEvents = false;
    try {
      onOpen?.(response);
      for await (const event of response.iterEvents(options)) {
        hasEvents = true;
        yield event;
      }
    } catch (error) {
      this.#count(hasEvents, opened);
      return this.#lostBy(error);
    }
    this.#count(hasEvents, opened);
    return this.#reconnects ? { error: undefined, response: undefined } : null;
  }

  #count(hasEvents: boolean, opened: number): void {
    this.#failures = hasEvents || performance.now() - opened >= STEADY ? 0 : this.#failures + 1;
  }

  /** @throws The error, when there is no coming back from it. */
  #lostBy(error: unknown): Lost {
    if (!this.#reconnects || !isPassing(error)) throw error;
    return { error, response: undefined };
  }

  async #wait({ error, response }: Lost): Promise<void> {
    this.#readyState = EventStream.CONNECTING;
    if (this.#failures > this.#options.maxRetries) throw this.#exhausted(error);
    const backoff = delayAfter(this.#failures, this.#retry, Math.random());
    const delay = Math.max(backoff, (response === undefined ? null : askedDelay(response)) ?? 0);
    this.#options.onReconnect?.({ failures: this.#failures, delay, error });
    await sleep(delay, this.#stopper.signal);
  }

  #exhausted(error: RequestException | undefined): RetryError {
    const why = error === undefined ? "the server ended each connection without an event" : error.message;
    return new RetryError(
      `Gave up after ${this.#failures} failed connections in a row: ${why}. Pass lastEventId to resume; a larger maxRetries allows more`,
      { cause: error, response: error?.response, request: error?.request },
    );
  }

  /** Prepared again for each connection, because cookies and credentials may have changed. The body is always the first one's. */
  #prepare(session: Session): PreparedRequest {
    const { data, files, json } = this.#callOptions;
    const hasBody = data != null || files != null || json !== undefined;
    if (hasBody && this.#first !== null) {
      const again = this.#first.copy();
      if (this.#lastEventId === "") again.headers.delete("Last-Event-ID");
      else again.headers.set("Last-Event-ID", Buffer.from(this.#lastEventId));
      return again;
    }
    const init = { ...this.#callOptions, headers: this.#headers() };
    const prepared = session.prepareRequest(new Request(this.#method, this.url, init));
    this.#first ??= prepared;
    return hasBody ? prepared.copy() : prepared;
  }

  #headers(): [string, HeaderValue][] {
    const given = entriesOf(this.#callOptions.headers);
    const names = new Set(given.map(([name]) => name.toLowerCase()));
    if (!names.has("accept")) given.push(["Accept", "text/event-stream"]);
    if (!names.has("cache-control")) given.push(["Cache-Control", "no-store"]);
    if (this.#lastEventId === "") return given;
    // The standard sends it as UTF-8.
    const id: HeaderValue = Buffer.from(this.#lastEventId);
    return [...given.filter(([name]) => name.toLowerCase() !== "last-event-id"), ["Last-Event-ID", id]];
  }

  #settings(): SendOptions {
    const fixed = { stream: true, raiseForStatus: false, signal: this.#stopper.signal };
    return { ...sendOptionsOf(this.#callOptions), ...fixed };
  }
}

/**
 * Server-sent events from a URL, reconnecting after a cut: for `for await`. Nothing is sent before the first event is
 * asked for.
 *
 * @param url - Of the stream.
 * @param options - Those of any call (`method` and `json` for an API that streams the answer to a POST), and of
 *   reconnecting.
 * @throws TypeError or RangeError for an option of the wrong type or out of its range.
 */
export function events(url: string | URL, options?: EventsOptions): EventStream {
  return new EventStream(url, options);
}

function entriesOf(headers: HeadersLike | null | undefined): [string, HeaderValue][] {
  if (headers == null) return [];
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  return [...(pairs as Iterable<readonly [string, HeaderValue]>)].map(([name, value]) => [name, value]);
}

/** The longest delay that a timer takes, in milliseconds. */
const MAX_TIMER = 0x7fff_ffff;

async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (seconds === 0) return;
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(seconds * 1000, MAX_TIMER),
    );
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
