/**
 * An httpbin to test HTTP clients against, in this process: every route of Python's httpbin with the same answers, and
 * routes that fail on purpose. Built on `node:http` alone; it shares no code with the client that it tests.
 *
 * @packageDocumentation
 */
export { httpbin, type HttpbinOptions, type ReceivedRequest, type Server } from "./server.js";
export type { KeyPair } from "./certificate.js";
