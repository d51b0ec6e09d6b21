/** The exchange: auth → adapter → cookies → hooks → does auth answer? → redirect? */
import { insideResponse } from "../message/response.js";
import { queueOf } from "../message/raw-response.js";
import { insideRequest } from "../message/prepared.js";
import type { Adapter, CallSettings } from "../adapters/adapter.js";
import { sendByAdapter } from "../adapters/layers.js";
import { hasFlow } from "../auth/base.js";
import { RequestException } from "../exceptions.js";
import { appendCallerFrames } from "../content/caller-frames.js";
import { mergeCookies } from "../cookies/jar.js";
import { hooksOfRequest, type PreparedRequest } from "../message/prepared.js";
import type { Response } from "../message/response.js";
import type { Call } from "./call.js";
import { runRequestHooks, runResponseHooks } from "./hooks.js";
import { nextRequest, offeredRequest, useRequest } from "./redirects.js";
import { raisingForStatus } from "./status-error.js";

/** Sends the first request of a call, follows its redirects if the caller wants that, and gives the last response. */
export async function exchange(call: Call, allowRedirects: boolean): Promise<Response> {
  const { first, cancellation } = call;
  let streaming = false;
  try {
    cancellation?.throwIfCancelled();
    let response = await sendHop(call);
    if (allowRedirects) while (nextRequest(call, response) !== null) response = await sendHop(call);
    else response.next = offeredRequest(call, response);
    if ((call.given.raiseForStatus ?? call.session.raiseForStatus) && !response.ok) await raisingForStatus(response);
    if (insideRequest.source(first)?.withheld === true) abandon(first);
    streaming = cancellation !== null && call.settings.stream;
    if (streaming) queueOf(response.raw).whenDone(() => cancellation!.release());
    return response;
  } catch (error) {
    if (error instanceof RequestException) {
      error.request ??= first;
      appendCallerFrames(error);
    }
    abandon(first);
    throw error;
  } finally {
    if (!streaming) cancellation?.release();
  }
}

/** Closes the sources of a body that was not sent, and of its parts, without waiting for that. */
function abandon(request: PreparedRequest): void {
  const source = insideRequest.source(request);
  if (source?.close !== undefined) void Promise.resolve(source.close()).catch(() => undefined);
}

/** Runs the request hooks, then sends the request and those with which its auth object answers the responses. */
export function sendHop(call: Call): Promise<Response> {
  return hooksOfRequest(call.request, "request").length === 0 ? sendWithAuth(call) : sendAfterHooks(call);
}

async function sendAfterHooks(call: Call): Promise<Response> {
  const hooks = hooksOfRequest(call.request, "request");
  const request = await untilCancelled(call, runRequestHooks(hooks, call.request));
  insideRequest.setCredentialHeaders(request, call.session.credentialHeaders);
  // A hook may have changed the URL, and with it the proxy.
  useRequest(call, request);
  return sendWithAuth(call);
}

function sendWithAuth(call: Call): Promise<Response> {
  const { request } = call;
  if (!insideRequest.isSigning(request) && !answersResponses(request)) return sendOne(call, request);
  return driveFlow(call, request);
}

function answersResponses(request: PreparedRequest): boolean {
  const auth = insideRequest.auth(request);
  return auth !== null && hasFlow(auth);
}

/** Waits for the signature of the request, and drives the flow of its auth object. */
async function driveFlow(call: Call, request: PreparedRequest): Promise<Response> {
  if (insideRequest.isSigning(request)) await untilCancelled(call, insideRequest.signed(request));
  if (!answersResponses(request)) return sendOne(call, request);
  const flow = insideRequest.auth(request)!.flow(request);
  try {
    let step = await untilCancelled(call, flow.next());
    let response: Response | null = null;
    while (step.done !== true) {
      let next = step.value;
      if (response !== null) {
        response.close();
        call.history.push(response);
        next = withNewCookies(call, response, next);
      }
      response = await sendOne(call, next);
      step = await untilCancelled(call, flow.next(response));
    }
    return response ?? (await sendOne(call, request));
  } finally {
    // A cancelled flow may still wait for something: its `finally` blocks run when that has come.
    const ended = flow.return();
    if (call.cancellation?.cancelled == null) await ended;
    else ended.catch(() => undefined);
  }
}

/** The signal and the total timeout also end the wait for an auth object. */
function untilCancelled<T>({ cancellation }: Call, promise: Promise<T>): Promise<T> {
  return cancellation === null ? promise : cancellation.race(promise);
}

/** A challenge may set cookies that its answer must send, as in requests. */
function withNewCookies({ session }: Call, response: Response, request: PreparedRequest): PreparedRequest {
  if (insideResponse.headerValues(response, "set-cookie").length === 0 || insideRequest.withoutCookies(request))
    return request;
  const own = insideRequest.cookieJar(request);
  const next = request.copy();
  insideRequest.refreshCookies(
    next,
    own === null || own.isEmpty ? session.cookies : mergeCookies(session.cookies, own),
  );
  return next;
}

/** Sends one request, stores the cookies of its response, and runs the hooks. */
async function sendOne(call: Call, request: PreparedRequest): Promise<Response> {
  const { session, history } = call;
  const adapter = session.getAdapter(request.url);
  const settings = history.length === 0 ? call.settings : { ...call.settings, previous: history.slice() };
  const response = await sendBy(adapter, request, settings);
  response.connection ??= adapter;
  if (!settings.stream && !insideResponse.isRead(response)) await response.read();
  const setCookies = insideResponse.headerValues(response, "set-cookie");
  if (setCookies.length > 0 && !insideRequest.withoutCookies(request))
    session.cookies.extract(setCookies, request.url, insideRequest.fields(request).get("host"));
  if (history.length > 0) response.history = history.slice();
  if (settings.stream)
    insideResponse.useSender(response, (again) => sendBy(adapter, again, { ...settings, cancellation: undefined }));
  const hooks = hooksOfRequest(request, "response");
  return hooks.length === 0 ? response : untilCancelled(call, runResponseHooks(hooks, response, settings));
}

function sendBy(adapter: Adapter, request: PreparedRequest, settings: CallSettings): Promise<Response> {
  return adapter.repeats === true ? adapter.send(request, settings) : sendByAdapter(adapter, request, settings);
}
