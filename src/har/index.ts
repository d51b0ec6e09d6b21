/**
 * `requests-ts/har`: what a session does, as an HTTP Archive that browsers and proxies open.
 *
 * @example
 * ```ts
 * import { HarRecorder } from "requests-ts/har";
 *
 * const session = new Session();
 * const har = new HarRecorder(session);
 * await session.get("https://httpbin.org/redirect/1");
 * har.toJSON().log.entries.map(({ response }) => response.status); //=> [302, 200]
 * await har.save("session.har");
 * har.stop();
 * ```
 * @module
 */
export { HarRecorder, type HarOptions } from "./recorder.js";
export type {
  Har,
  HarContent,
  HarCookie,
  HarEntry,
  HarField,
  HarLog,
  HarPostData,
  HarRequest,
  HarResponse,
  HarTimings,
} from "./format.js";
