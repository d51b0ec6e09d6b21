/**
 * `requests-ts/opentelemetry`: client spans by the HTTP semantic conventions, and `traceparent` on what is sent. Needs
 * `@opentelemetry/api`, which the package does not bring along.
 *
 * @example
 * ```ts
 * import { instrument } from "requests-ts/opentelemetry";
 *
 * const session = new Session();
 * const stop = instrument(session);
 * await session.get("https://httpbin.org/get");
 * stop();
 * ```
 * @module
 */
export { instrument, tracing, type InstrumentOptions } from "./instrument.js";
