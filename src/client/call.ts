/** One call of a session: what its requests, redirects and responses have in common. */
import type { Adapter, CallSettings } from "../adapters/adapter.js";
import type { Cancellation } from "../adapters/cancellation.js";
import type { RequestsCookieJar } from "../cookies/jar.js";
import type { PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { Proxies, SendOptions } from "./options.js";
import type { SessionSettings } from "./settings.js";

/** Has the response streamed. It takes effect unless the body is being read already. */
export function streamCall(call: Call): void {
  call.given = { ...call.given, stream: true };
  call.settings.stream = true;
}

/** The members of a session that a call uses. */
export interface CallSession extends SessionSettings {
  readonly cookies: RequestsCookieJar;
  readonly maxRedirects: number;
  readonly raiseForStatus: boolean;
  readonly credentialHeaders: readonly string[];
  getAdapter(url: string): Adapter;
  getRedirectTarget(response: Response): string | null;
  shouldStripAuth(oldUrl: string, newUrl: string): boolean;
  rebuildAuth(prepared: PreparedRequest, response: Response): void;
  rebuildMethod(prepared: PreparedRequest, response: Response): void;
  rebuildProxies(prepared: PreparedRequest, proxies: Proxies | null): Readonly<Record<string, string | null>>;
}

export interface Call {
  readonly session: CallSession;
  /** The request that the caller made: credentials and cookies were meant for its origin. */
  readonly first: PreparedRequest;
  /** The options that the caller gave: they are resolved again for each hop. */
  given: SendOptions;
  readonly cancellation: Cancellation | null;
  /** The request that is under way, as it was before its auth object answered any response. */
  request: PreparedRequest;
  /** For the request that is under way. The adapter looks at `stream` when the head of the response has arrived. */
  settings: CallSettings & { stream: boolean };
  /** The responses so far that were followed by another request, by redirects or authentication, the oldest first. */
  readonly history: Response[];
  /** The number of redirects that this call has followed. */
  redirects: number;
}
