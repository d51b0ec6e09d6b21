/** The peer of a connected socket. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

import { diagnosedConnection } from "../diagnostics/channels.js";
import type { DiagnosedConnection } from "../diagnostics/messages.js";
import type { Route } from "./connect/route.js";
import { peerCertificateOf } from "./connect/tls-sessions.js";
import type { Peer, TlsDetails } from "./transport.js";
import { isForwarding } from "./connect/proxy-hop.js";

export class SocketPeer implements Peer {
  readonly remoteAddress: string;
  readonly tls: TlsDetails | null;
  readonly #route: Route;
  #diagnosed: DiagnosedConnection | null = null;

  /** Reads the details at once: a socket that was closed no longer has them. */
  constructor(route: Route, socket: Socket) {
    this.#route = route;
    this.remoteAddress = addressOf(socket) ?? route.address;
    this.tls = route.tls === null ? null : tlsDetails(socket as TLSSocket);
  }

  get diagnosed(): DiagnosedConnection {
    const { address, proxy } = this.#route;
    // The connection to a forwarding proxy serves several origins.
    const end = isForwarding(proxy) ? `${proxy!.host}:${proxy!.port}` : address;
    this.#diagnosed ??= diagnosedConnection(end, proxy?.shown ?? null);
    return this.#diagnosed;
  }
}

function addressOf({ remoteAddress, remotePort, remoteFamily }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return remoteFamily === "IPv6" ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

function tlsDetails(socket: TLSSocket): TlsDetails {
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    // Node says false for none, Deno null.
    alpnProtocol: socket.alpnProtocol || null,
    peerCertificate: peerCertificateOf(socket),
  };
}
