/** Connects sockets, and puts the protocol on them that speaks with the peer. */
import type { WireLimits } from "./limits.js";
import { ConnectAttempt } from "./connect/connect-attempt.js";
import type { Route } from "./connect/route.js";
import { closedAtOnce, throughProxy } from "./errors.js";
import { Http1Connection } from "./http1/connection.js";
import { framedBody } from "./http1/request-framing.js";
import { headLines, requestHead } from "./http1/request-head.js";
import { SocketReader } from "./socket-reader.js";
import { TlsSessions } from "./connect/tls-sessions.js";
import type { Connecting, Connection, Connector, WireRequest } from "./transport.js";

export class SocketConnector implements Connector {
  readonly #limits: WireLimits;
  readonly #sessions = new TlsSessions();

  constructor(limits: WireLimits) {
    this.#limits = limits;
  }

  check(request: WireRequest): void {
    const lines = request.fields.derive(headLines);
    requestHead(request, lines, null);
    framedBody(request, lines);
  }

  connect(route: Route, timeout: number | null): Connecting {
    const attempt = new ConnectAttempt(route, this.#sessions, timeout);
    return { connection: this.#run(attempt, route), abort: (error) => attempt.abort(error) };
  }

  async #run(attempt: ConnectAttempt, route: Route): Promise<Connection> {
    const reader = new SocketReader();
    try {
      const { socket, times, byEvents } = await attempt.run(reader.onread);
      if (socket.destroyed) {
        const error = closedAtOnce(socket.errored, route.address);
        throw route.proxy === null ? error : throughProxy(error, route.proxy.shown);
      }
      if (byEvents) reader.follow(socket);
      return new Http1Connection(route, { socket, reader, times }, this.#limits);
    } catch (error) {
      this.#sessions.forget(route.key);
      throw error;
    }
  }
}
