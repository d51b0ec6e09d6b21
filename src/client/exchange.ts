/** THE loop: auth → adapter → cookies → hooks → does auth ask again? → redirect? */
import type { Adapter, SendSettings } from "../adapters/adapter.js";
import { cancellationFor, HTTPAdapter } from "../adapters/http.js";
import { hasFlow, type AuthBase } from "../auth/base.js";
import { requestRedirect } from "../diagnostics/channels.js";
import { RequestException, TooManyRedirects } from "../exceptions.js";
import { mergeCookies } from "../message/cookies/jar.js";
import type { PreparedRequest } from "../message/prepared.js";
import { redactedUrl } from "../message/redaction.js";
import type { Response } from "../message/response.js";
import { resolveTimeout } from "../policy/timeout.js";
import { forgetEnvironment } from "./environment.js";
import { runHooks } from "./hooks.js";
import type { Proxies } from "./options.js";
import type { Session } from "./session.js";

/**
 * Sends a request and follows where it leads.
 *
 * @param settings - For the request itself.
 * @param proxies - As the caller gave them: each hop is looked up anew.
 */
export async function exchange(
  session: Session,
  prepared: PreparedRequest,
  settings: SendSettings,
  proxies: Proxies | null,
  allowRedirects: boolean,
): Promise<Response> {
  const cancellation = cancellationFor(settings, resolveTimeout(settings.timeout));
  const history: Response[] = [];
  let request = prepared;
  let hop = cancellation === null ? settings : { ...settings, cancellation };
  let streaming = false;
  try {
    cancellation?.throwIfCancelled();
    for (let redirects = 0; ; redirects += 1) {
      const response = await sendWithAuth(session, request, hop, history);
      const next = allowRedirects ? session.nextRequest(response, request, prepared) : null;
      if (next === null) {
        if (!allowRedirects) response.next = offeredRequest(session, response, request, prepared);
        if (prepared.source?.withheld === true) abandon(prepared);
        streaming = cancellation !== null && settings.stream;
        if (streaming) response.raw.whenDone(() => cancellation!.release());
        return response;
      }
      if (redirects >= session.maxRedirects) throw tooManyRedirects(session, response);
      response.close();
      history.push(response);
      if (requestRedirect.hasSubscribers) publishRedirect(response, request, next);
      request = next;
      hop = { ...hop, proxies: session.rebuildProxies(next, proxies) };
    }
  } catch (error) {
    forgetEnvironment();
    if (error instanceof RequestException) error.request ??= prepared;
    abandon(prepared);
    throw error;
  } finally {
    if (!streaming) cancellation?.release();
  }
}

/** The sources of a body that did not go out, and of its parts, are closed; nobody waits for that. */
function abandon({ source }: PreparedRequest): void {
  if (source?.close !== undefined) void Promise.resolve(source.close()).catch(() => undefined);
}

/** Sends one request, and whatever its auth object answers the response with. */
export function sendWithAuth(
  session: Session,
  request: PreparedRequest,
  settings: SendSettings,
  history: Response[],
): Promise<Response> {
  const auth = request.auth as AuthBase | null;
  if (!request.isSigning && (auth === null || !hasFlow(auth))) return sendOne(session, request, settings, history);
  return driveFlow(session, request, settings, history);
}

/** Drives the auth object's flow: it may answer the response with another request. */
async function driveFlow(
  session: Session,
  request: PreparedRequest,
  settings: SendSettings,
  history: Response[],
): Promise<Response> {
  const { signing } = request;
  if (signing !== null) await signing;
  const auth = request.auth as AuthBase | null;
  if (auth === null || !hasFlow(auth)) return sendOne(session, request, settings, history);
  const flow = auth.flow(request);
  try {
    let step = await flow.next();
    let response: Response | null = null;
    while (step.done !== true) {
      let next = step.value;
      if (response !== null) {
        response.close();
        history.push(response);
        next = withNewCookies(session, response, next);
      }
      response = await sendOne(session, next, settings, history);
      step = await flow.next(response);
    }
    return response ?? (await sendOne(session, request, settings, history));
  } finally {
    await flow.return();
  }
}

/** A challenge may set cookies that its answer must bring, as in requests. */
function withNewCookies(session: Session, response: Response, request: PreparedRequest): PreparedRequest {
  if (response.headerValues("set-cookie").length === 0) return request;
  const own = request.cookieJar;
  const next = request.copy();
  next.refreshCookies(own === null || own.isEmpty ? session.cookies : mergeCookies(session.cookies, own));
  return next;
}

/** One request, one response, with what the session keeps of it. */
async function sendOne(
  session: Session,
  request: PreparedRequest,
  settings: SendSettings,
  history: Response[],
): Promise<Response> {
  const adapter = session.getAdapter(request.url);
  let response =
    adapter instanceof HTTPAdapter
      ? await adapter.send(request, withPrevious(settings, history))
      : await sendByOther(adapter, request, withPrevious(settings, history));
  response.connection ??= adapter;
  if (!settings.stream && !response.isRead) await response.read();
  const setCookies = response.headerValues("set-cookie");
  if (setCookies.length > 0) session.cookies.extract(setCookies, request.url);
  if (history.length > 0) response.history = history.slice();
  if (settings.stream) response.useSender((again) => adapter.send(again, { ...settings, cancellation: undefined }));
  if (request.hooks.response.length > 0) response = await runHooks(request.hooks.response, response, settings);
  return response;
}

function withPrevious(settings: SendSettings, history: Response[]): SendSettings {
  return history.length === 0 ? settings : { ...settings, previous: history.slice() };
}

/** An adapter of somebody else's may not know how long it took. */
async function sendByOther(adapter: Adapter, request: PreparedRequest, settings: SendSettings): Promise<Response> {
  const started = performance.now();
  const response = await adapter.send(request, settings);
  // Without a wire in between, this may still be the turn in which the environment was looked at.
  forgetEnvironment();
  if (response.elapsed === 0) response.elapsed = (performance.now() - started) / 1000;
  return response;
}

/** What would follow, for whoever looks at redirects one by one; a redirect that cannot be followed is still a response. */
function offeredRequest(
  session: Session,
  response: Response,
  request: PreparedRequest,
  first: PreparedRequest,
): PreparedRequest | null {
  try {
    return session.nextRequest(response, request, first);
  } catch (error) {
    if (error instanceof RequestException) return null;
    throw error;
  }
}

/** Closes the response, and makes the error that it is one redirect too many. */
export function tooManyRedirects(session: Session, response: Response): TooManyRedirects {
  response.close();
  return new TooManyRedirects(
    `Exceeded ${session.maxRedirects} redirects. The last one led to ${redactedUrl(response.header("location") ?? "")}; raise session.maxRedirects, or allowRedirects: false to see each`,
    {
      response,
    },
  );
}

/** Tells the diagnostics channel that a redirect is followed. */
export function publishRedirect({ statusCode }: Response, from: PreparedRequest, to: PreparedRequest): void {
  requestRedirect.publish({
    statusCode,
    from: { method: from.method, url: redactedUrl(from.url) },
    to: { method: to.method, url: redactedUrl(to.url) },
  });
}
