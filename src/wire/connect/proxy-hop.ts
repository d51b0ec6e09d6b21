/** A proxy on the way to an origin. */
import type { TlsPolicy } from "./tls.js";

/** A proxy that a route leads through. */
export interface ProxyHop {
  readonly kind: "http" | "socks4" | "socks4a" | "socks5" | "socks5h";
  /** For messages: without its password. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  /** The TLS policy for an https proxy; null for other proxies. */
  readonly tls: TlsPolicy | null;
  /** Ask an HTTP proxy for a tunnel; false: it is handed the requests themselves, in absolute-form. */
  readonly tunnel: boolean;
  readonly credentials: ProxyCredentials | null;
}

/** Whether a proxy is handed the requests themselves, of whatever origin, in absolute-form (RFC 9112 §3.2.2). */
export function isForwarding(proxy: ProxyHop | null): boolean {
  return proxy?.kind === "http" && !proxy.tunnel;
}

/** Credentials for the proxy. */
export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
  /** The Proxy-Authorization to send without being asked. */
  first(method: string, target: string): string | null;
  /** Whether `answer` has an answer to a 407. */
  answers(challenges: readonly string[]): boolean;
  /** The answer to a 407, or null when there is none. */
  answer(challenges: readonly string[], method: string, target: string): string | null;
}
