/** Each event as one line, for `NODE_DEBUG=requests`. */
import type { DiagnosedError, DiagnosedRequest, DiagnosticsMessages } from "./messages.js";

type Lines = { readonly [N in keyof DiagnosticsMessages]: (message: DiagnosticsMessages[N]) => string };

const LINES: Lines = {
  "requests:request:start": ({ request }) =>
    `${label(request)} ${request.method} ${request.url}${request.attempt > 1 ? ` (attempt ${request.attempt})` : ""}${bodyOf(request)}`,
  "requests:request:head": ({ request, statusCode, reason, connection, reused }) =>
    `${label(request)} ${statusCode} ${reason} on connection ${connection.id}${reused ? " (reused)" : ""}`,
  "requests:request:end": ({ request, statusCode, bytes, complete, timings }) =>
    `${label(request)} ${complete ? "done" : "closed early"}: ${statusCode}, ${bytes} bytes in ${seconds(timings.total)}`,
  "requests:request:error": ({ request, error }) => `${label(request)} failed: ${shown(error)}`,
  "requests:request:retry": ({ method, url, attempt, delay, statusCode, error }) =>
    `retry of ${method} ${url} in ${seconds(delay)}: attempt ${attempt} ended in ${error === null ? String(statusCode) : shown(error)}`,
  "requests:request:redirect": ({ statusCode, from, to }) =>
    `redirect ${statusCode}: ${from.method} ${from.url} leads to ${to.method} ${to.url}`,
  "requests:pool:wait": ({ address, open, waiting }) =>
    `pool: all ${open} connections to ${address} are busy; ${waiting} waiting`,
  "requests:connection:open": ({ connection, remoteAddress, dns, connect, tls }) =>
    `connection ${connection.id} to ${connection.address} open${remoteAddress === connection.address ? "" : ` at ${remoteAddress}`}${through(connection.proxy)}: dns ${seconds(dns)}, connect ${seconds(connect)}, tls ${seconds(tls)}`,
  "requests:connection:tls": ({ address, protocol, cipher, resumed, authorized, duration }) =>
    `tls with ${address}: ${protocol ?? "TLS"}, ${cipher}${resumed ? ", resumed" : ""}${authorized ? "" : ", NOT VERIFIED"}, in ${seconds(duration)}`,
  "requests:connection:error": ({ address, proxy, error }) =>
    `no connection to ${address}${through(proxy)}: ${shown(error)}`,
  "requests:connection:close": ({ connection, requests }) =>
    `connection ${connection.id} to ${connection.address} closed after ${requests} request${requests === 1 ? "" : "s"}`,
};

/** One line without control characters: what a server wrote must not steer a terminal. */
export function eventLine<N extends keyof DiagnosticsMessages>(name: N, message: DiagnosticsMessages[N]): string {
  return LINES[name](message).replace(/[\x00-\x1f\x7f-\x9f]/g, "\uFFFD");
}

function label({ id }: DiagnosedRequest): string {
  return `request ${id}:`;
}

function bodyOf({ bodySize }: DiagnosedRequest): string {
  return bodySize === 0 ? "" : bodySize === null ? ", body of unknown length" : `, body of ${bodySize} bytes`;
}

function through(proxy: string | null): string {
  return proxy === null ? "" : ` through ${proxy}`;
}

function shown({ name, message, code }: DiagnosedError): string {
  return `${name}${code === undefined ? "" : ` [${code}]`}: ${message}`;
}

function seconds(value: number): string {
  return `${(value * 1000).toFixed(1)} ms`;
}
