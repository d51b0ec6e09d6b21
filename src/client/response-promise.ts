/** The promise of a response, with the steps that usually follow. */
import { insideResponse } from "../message/response.js";
import type { Response } from "../message/response.js";
import type { StandardSchema } from "../content/standard-schema.js";

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

  /** Rejects with HTTPError for 4xx and 5xx. */
  raiseForStatus(): ResponsePromise {
    return responsePromise(this.then((response) => response.raiseForStatus()));
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
}

/**
 * Gives a promise the steps of a {@link ResponsePromise}. The promise itself is changed: one around it would cost a turn
 * of the microtask queue, and V8 could not say any more who awaits the call.
 */
export function responsePromise(promise: Promise<Response>): ResponsePromise {
  return Object.setPrototypeOf(promise, ResponsePromise.prototype) as ResponsePromise;
}
