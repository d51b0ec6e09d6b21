/** A session for requests of the library's own, such as those for tokens. */
import type { PreparedRequest } from "../message/prepared.js";
import type { Request } from "../message/request.js";
import { Session } from "./session.js";

/**
 * A session that reaches servers as the given one does: with its adapters, layers, proxies, `verify`, `cert`, `trustEnv`
 * and timeout. It has none of its headers, parameters, cookies, credentials and hooks, and it does not use netrc, so that
 * nothing of the session reaches a server that it was not meant for.
 *
 * @param session - The adapters are shared with it: do not close the new session.
 */
export function bareSession(session: Session): Session {
  const bare = new BareSession({
    proxies: session.proxies,
    verify: session.verify,
    cert: session.cert,
    trustEnv: session.trustEnv,
    timeout: session.timeout,
    retries: session.retries,
  });
  bare.adapters = session.adapters;
  for (const layer of session.layers) bare.use(layer);
  return bare;
}

class BareSession extends Session {
  /** A request without `auth` has no credentials at all: neither those of netrc nor those of the session. */
  override prepareRequest(request: Request): PreparedRequest {
    request.auth ??= null;
    return super.prepareRequest(request);
  }
}
