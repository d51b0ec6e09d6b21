/** The route of a request: where it goes, and all that its connection depends on. */
import type { AllowAddress } from "./address-policy.js";
import type { ProxyHop } from "./proxy-hop.js";
import type { Resolver } from "./resolver.js";
import type { TlsPolicy } from "./tls.js";

/** The target of a request and the way to it. Routes with the same key share their connections. */
export interface Route {
  /** Identifies the origin and everything that its connections depend on; only the proxy, if it forwards the requests. */
  readonly key: string;
  /** `host:port` of the origin or the path of a Unix socket, for messages. */
  readonly address: string;
  /** Without brackets, perhaps with a zone. */
  readonly host: string;
  /** The port of the origin. */
  readonly port: number;
  /** The path of a Unix socket, or null for TCP. */
  readonly socketPath: string | null;
  /** null for plain HTTP. */
  readonly tls: TlsPolicy | null;
  /**
   * Whether HTTP/2 is spoken: "auto" with a server that chooses it by ALPN, "only" with every server. Without TLS, "only"
   * means prior knowledge (RFC 9113 §3.3). HTTP/1.1 without it.
   */
  readonly http2?: "auto" | "only" | undefined;
  /** The proxy in between, or null. */
  readonly proxy: ProxyHop | null;
  /** The part that the adapter decides. */
  readonly options: RouteOptions;
}

/** The part of a route that its adapter decides. */
export interface RouteOptions {
  readonly resolve: Resolver;
  /** The address to connect from. */
  readonly localAddress?: string | undefined;
  /** Whether an address may be connected to; asked for each address that a name has. */
  readonly allowAddress?: AllowAddress | undefined;
}

/** Milliseconds that the phases of connecting took. */
export interface ConnectTimes {
  /** Name resolution. */
  dns: number;
  /** TCP and, with a proxy, its handshake. */
  connect: number;
  /** The TLS handshake; 0 without TLS. */
  tls: number;
}
