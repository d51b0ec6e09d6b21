/**
 * `requests-ts/events`: server-sent events that reconnect, as a browser's EventSource does.
 *
 * @example
 * ```ts
 * import { events } from "requests-ts/events";
 *
 * const found: string[] = [];
 * for await (const event of events("https://httpbin.org/sse", { params: { count: 3 } })) {
 *   found.push(event.data);
 *   if (found.length === 3) break; // closes the connection
 * }
 * JSON.parse(found[2]).id; //=> 2
 * ```
 * @module
 */
export { events, EventStream, type EventsOptions, type Reconnection } from "./event-stream.js";
