/** The promise of a response, with the steps that usually follow. */
import type { EventIterOptions, ServerSentEvent } from "../content/content-streams.js";
import type { StandardSchema } from "../content/standard-schema.js";
import type { ByteLineOptions, IterOptions, LineOptions, TextLineOptions } from "../message/response-parts.js";
import { insideResponse, type Response } from "../message/response.js";
import type { SaveOptions, SaveResult } from "../message/save.js";
import { streamCall, type Call } from "./call.js";
import { LaterIterator } from "./later-iterator.js";
import { raisingForStatus } from "./status-error.js";

/**
 * A Promise of a Response on which the next step can be called at once.
 *
 * @example
 * ```ts
 * const data = await requests.get("https://httpbin.org/get").raiseForStatus().json();
 * ```
 */
export class ResponsePromise extends Promise<Response> {
  static {
    // `await` takes a promise as it is only when its constructor is Promise; else it wraps it and waits three turns
    // more. It also makes `then` give ordinary promises.
    void Object.defineProperty(this.prototype, "constructor", { value: Promise, writable: true, configurable: true });
  }

  /** Rejects with HTTPError for 4xx and 5xx. Of a streamed body up to 64 KiB are read first. */
  raiseForStatus(): ResponsePromise {
    return responsePromise(this.then(raisingForStatus), OfPromise.callOf(this));
  }

  /**
   * The body parsed as JSON, checked by the schema if one is given; it may work asynchronously.
   *
   * @throws JSONDecodeError for what is not JSON or does not fit the schema.
   */
  async json<T = unknown>(schema?: StandardSchema<T>): Promise<T> {
    const response = await this;
    await response.read();
    return schema === undefined ? response.json() : insideResponse.jsonLater(response, schema);
  }

  /** The body as text. */
  async text(): Promise<string> {
    const response = await this;
    await response.read();
    return response.text;
  }

  /** The body as bytes. */
  async content(): Promise<Buffer> {
    const response = await this;
    return response.read();
  }

  /**
   * Streams the body to a file: see {@link Response.saveTo}. Called directly on the result of `get()`, it implies
   * `stream: true`, as do the four methods below.
   */
  async saveTo(path: string, options?: SaveOptions): Promise<SaveResult> {
    const response = await streamed(this);
    return response.saveTo(path, options);
  }

  /** The content in pieces as they arrive, without waiting for all of it: see {@link Response.iterContent}. */
  iterContent(
    chunkSize: number | null | undefined,
    options: IterOptions & { readonly decodeUnicode: true },
  ): AsyncGenerator<string, void>;
  iterContent(
    chunkSize?: number | null,
    options?: IterOptions & { readonly decodeUnicode?: false | undefined },
  ): AsyncGenerator<Buffer, void>;
  iterContent(chunkSize?: number | null, options?: IterOptions): AsyncGenerator<Buffer | string, void> {
    return iterate(this, (response) => response.iterContent(chunkSize, options as { readonly decodeUnicode: true }));
  }

  /** The lines of the content as they arrive: see {@link Response.iterLines}. */
  iterLines(options: TextLineOptions): AsyncGenerator<string, void>;
  iterLines(options?: ByteLineOptions): AsyncGenerator<Buffer, void>;
  iterLines(options?: LineOptions): AsyncGenerator<Buffer | string, void> {
    return iterate(this, (response) => response.iterLines(options as TextLineOptions));
  }

  /** Each line parsed as JSON, as it arrives: see {@link Response.iterJson}. */
  iterJson<T = unknown>(schema?: StandardSchema<T>): AsyncGenerator<T, void> {
    return iterate(this, (response) => response.iterJson(schema));
  }

  /** Server-sent events as they arrive: see {@link Response.iterEvents}. */
  iterEvents(options?: EventIterOptions): AsyncGenerator<ServerSentEvent, void> {
    return iterate(this, (response) => response.iterEvents(options));
  }
}

// Functions, not private methods: the promises were not made by the constructor of the class.

function iterate<T>(
  promise: ResponsePromise,
  items: (response: Response) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  return new LaterIterator(streamed(promise).then(items));
}

/** Has the response of a promise streamed, if its call is known. */
function streamed(promise: ResponsePromise): ResponsePromise {
  const call = OfPromise.callOf(promise);
  if (call !== null) streamCall(call);
  return promise;
}

/** A constructor that returns its argument: a subclass adds its private fields to that. */
class Itself {
  constructor(object: object) {
    return object;
  }
}

/** Adds to a promise, in a private field, the call that it is the result of. The field is not visible, and needs no lookup. */
class OfPromise extends Itself {
  readonly #call: Call | null;

  constructor(promise: ResponsePromise, call: Call | null) {
    super(promise);
    this.#call = call;
  }

  static callOf(promise: object): Call | null {
    return #call in promise ? promise.#call : null;
  }
}

/**
 * Gives a promise the methods of a {@link ResponsePromise}. The promise itself is changed: one around it would cost a turn
 * of the microtask queue, and V8 could not say any more who awaits the call.
 *
 * @param call - The call that it is the result of, or null if that is not known.
 */
export function responsePromise(promise: Promise<Response>, call: Call | null = null): ResponsePromise {
  const made = Object.setPrototypeOf(promise, ResponsePromise.prototype) as ResponsePromise;
  if (call !== null) new OfPromise(made, call);
  return made;
}
