/** Connects sockets, and puts the protocol on them that speaks with the peer. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import { ConnectionError, type RequestException } from "../exceptions.js";
import { ConnectAttempt, type Connected } from "./connect/connect-attempt.js";
import type { Route } from "./connect/route.js";
import { closedAtOnce, throughProxy } from "./errors.js";
import { Http1Connection } from "./http1/connection.js";
import { framedBody } from "./http1/request-framing.js";
import { headLines, requestHead } from "./http1/request-head.js";
import { Http2Connection } from "./http2/connection.js";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "./http2/limits.js";
import type { WireLimits } from "./limits.js";
import { SocketReader } from "./socket-reader.js";
import { TlsSessions } from "./connect/tls-sessions.js";
import type { Connecting, Connection, Connector, WireRequest } from "./transport.js";

/** Routes that are remembered because their servers demand HTTP/1.1. */
const MAX_HTTP1_ROUTES = 1000;

export class SocketConnector implements Connector {
  readonly #limits: WireLimits;
  readonly #http2Limits: Http2Limits;
  readonly #sessions = new TlsSessions();
  /** The keys of routes whose servers have answered HTTP/2 with HTTP_1_1_REQUIRED. */
  readonly #http1Routes = new Set<string>();

  constructor(limits: WireLimits, http2Limits: Partial<Http2Limits> = {}) {
    this.#limits = limits;
    this.#http2Limits = { ...DEFAULT_HTTP2_LIMITS, ...limits, ...http2Limits };
  }

  check(request: WireRequest): void {
    const lines = request.fields.derive(headLines);
    requestHead(request, lines, null);
    framedBody(request, lines);
  }

  expectedCapacity(route: Route): number {
    return this.#http2Of(route) === undefined ? 1 : this.#http2Limits.maxStreams;
  }

  connect(route: Route, timeout: number | null): Connecting {
    const http2 = this.#http2Of(route);
    const attempt = new ConnectAttempt(http2 === route.http2 ? route : { ...route, http2 }, this.#sessions, timeout);
    return { connection: this.#run(attempt, route), abort: (error) => attempt.abort(error) };
  }

  #http2Of({ http2, key }: Route): Route["http2"] {
    return http2 === "auto" && this.#http1Routes.has(key) ? undefined : http2;
  }

  async #run(attempt: ConnectAttempt, route: Route): Promise<Connection> {
    const reader = new SocketReader();
    try {
      const { socket, times, byEvents } = await this.#connected(attempt, route, reader);
      if (socket.destroyed) throw throughProxy(closedAtOnce(socket.errored, route.address), route.proxy);
      if (byEvents) reader.follow(socket);
      if (route.http2 === undefined || !speaksHttp2(route, socket))
        return new Http1Connection(route, { socket, reader, times }, this.#limits);
      const onHttp1Required = route.http2 === "auto" ? () => this.#rememberHttp1(route) : null;
      return new Http2Connection(route, { socket, reader, times, onHttp1Required }, this.#http2Limits);
    } catch (error) {
      this.#sessions.forget(route.key);
      throw error;
    }
  }

  async #connected(attempt: ConnectAttempt, route: Route, reader: SocketReader): Promise<Connected> {
    try {
      return await attempt.run(reader.onread);
    } catch (error) {
      // RFC 7301 §3.2: a server that speaks none of the protocols ends the handshake.
      if (route.http2 === "only" && isNoProtocol(error)) throw noHttp2(route, error);
      throw error;
    }
  }

  #rememberHttp1({ key }: Route): void {
    if (this.#http1Routes.size >= MAX_HTTP1_ROUTES) this.#http1Routes.clear();
    this.#http1Routes.add(key);
  }
}

/** @throws ConnectionError `ERR_HTTP2_NOT_SUPPORTED` when the server had to choose HTTP/2 and did not. */
function speaksHttp2(route: Route, socket: Socket): boolean {
  if (route.tls === null || (socket as TLSSocket).alpnProtocol === "h2") return true;
  if (route.http2 !== "only") return false;
  socket.destroy();
  throw noHttp2(route);
}

function isNoProtocol(error: unknown): boolean {
  const { cause } = error as { readonly cause?: { readonly code?: unknown; readonly message?: unknown } };
  return /no.?application.?protocol/i.test(`${String(cause?.code)} ${String(cause?.message)}`);
}

function noHttp2({ address, proxy }: Route, cause?: unknown): RequestException {
  const error = new ConnectionError(
    `${address} does not speak HTTP/2, and http2: true allows nothing else. Use http2: "auto" to fall back to HTTP/1.1`,
    { code: "ERR_HTTP2_NOT_SUPPORTED", phase: "tls", address, cause },
  );
  return throughProxy(error, proxy);
}
