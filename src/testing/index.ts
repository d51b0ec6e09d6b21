/**
 * `requests-ts/testing`: a double for adapters, so that code that makes requests is tested without a network.
 *
 * @example
 * ```ts
 * import { mockRequests } from "requests-ts/testing";
 *
 * {
 *   await using mock = mockRequests();
 *   mock.get("https://api.example.com/users", { json: [{ id: 1 }] }, { params: { page: 2 } });
 *
 *   const response = await requests.get("https://api.example.com/users", { params: { page: 2 } });
 *   response.json(); //=> [{ id: 1 }]
 * }
 * ```
 * @module
 */
import type { Session } from "../index.js";
import { MockAdapter, type MockOptions } from "./mock-adapter.js";

export { MockAdapter, type MockOptions };
export { MockCall } from "./call.js";
export { UnmatchedRequest } from "./errors.js";
export type { Fault, Reply, ReplyFunction, ReplyInit, Streamed } from "./reply.js";
export type { Expected, Match, MockRoute } from "./route.js";
export type { UrlPattern } from "./url-pattern.js";

/**
 * A new MockAdapter that is installed already: in front of a session, or of `requests.get` and the other functions of the
 * module. `mock.restore()`, or `await using`, takes it away again.
 *
 * @param session - Without one, the functions of the module.
 */
export function mockRequests(session?: Session | null, options?: MockOptions): MockAdapter {
  return new MockAdapter(options).install(session ?? undefined);
}
