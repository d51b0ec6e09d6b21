/** A request that no route answers. */
import { RequestException } from "../index.js";
import { redactedUrl } from "../extend/index.js";
import type { MockCall } from "./call.js";
import { insideRoute, type MockRoute } from "./route.js";

const MAX_SHOWN_ROUTES = 20;

/** No route of the MockAdapter answers the request. It is not retried. */
export class UnmatchedRequest extends RequestException {
  static {
    this.prototype.name = "UnmatchedRequest";
  }
  static override readonly code: string = "ERR_UNMATCHED_REQUEST";
}

/** Says what was asked for, which route comes nearest and what differs there, and which others there are. */
export function unmatched(call: MockCall, routes: readonly MockRoute[]): UnmatchedRequest {
  const lines = [`No route of the MockAdapter answers ${call.method} ${redactedUrl(call.url)}`];
  if (routes.length === 0) lines.push('There are no routes: mock.get("https://…", { json: {} }) adds one');
  else {
    const ranked = routes
      .map((route) => ({ route, ...insideRoute.distance(route, call, true) }))
      .sort((one, other) => one.weight - other.weight || alike(other.route, call) - alike(one.route, call));
    const [nearest] = ranked;
    lines.push(`Nearest: ${String(nearest.route)}`, ...nearest.differences.map((what) => `  - ${what}`));
    if (routes.length > 1)
      lines.push("Routes:", ...routes.slice(0, MAX_SHOWN_ROUTES).map((route) => `  ${String(route)}`));
    if (routes.length > MAX_SHOWN_ROUTES) lines.push(`  … and ${routes.length - MAX_SHOWN_ROUTES} more`);
  }
  return new UnmatchedRequest(lines.join("\n"), { request: call.request });
}

/** Characters that the URLs begin with in common: among routes that fit as little, the one that was probably meant. */
function alike(route: MockRoute, call: MockCall): number {
  const shownUrl = insideRoute.shownUrl(route);
  let at = 0;
  while (at < shownUrl.length && shownUrl[at] === call.url[at]) at += 1;
  return at;
}

/** Thrown through the engine to the code that sends the request for real; never seen outside. */
export class PassThrough extends Error {
  readonly call: MockCall;

  constructor(call: MockCall) {
    super("This request is sent for real");
    this.call = call;
  }
}
