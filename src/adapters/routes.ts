/** A request and its settings → the route that its connection takes. */
import { lookup as dnsLookup } from "node:dns";
import type { LookupFunction } from "node:net";

import { InvalidURL } from "../exceptions.js";
import type { PreparedRequest } from "../message/prepared.js";
import { shownUrl } from "../message/shown-url.js";
import { effectivePort } from "../message/url.js";
import type { Route, RouteOptions } from "../wire/connect.js";
import { cachedLookup } from "../wire/dns-cache.js";
import { tlsPolicyKey, type TlsPolicy } from "../wire/tls.js";
import type { ProxyHop } from "../wire/tunnel.js";
import type { SendSettings } from "./adapter.js";
import { proxyHop, proxyServer } from "./proxies.js";

/** How an adapter connects. */
export interface ConnectionOptions {
  /** Resolves host names, with the signature of Node's `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** The address to connect from. */
  readonly localAddress?: string | undefined;
  /** A Unix socket to connect to, whatever the host of the URL. */
  readonly socketPath?: string | undefined;
  /** Whether an address may be connected to; asked of the addresses that a name really has, at each hop. */
  readonly allowAddress?: ((address: string) => boolean) | undefined;
  /** SHA-256 of acceptable certificates, as Node prints them; checked on top of `verify`. */
  readonly pinnedFingerprints?: readonly string[] | undefined;
  /** The least TLS version. @defaultValue "TLSv1.2" */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** OpenSSL's list of cipher suites. */
  readonly ciphers?: string | undefined;
  /** Trust the system's certificates beside Node's own, with `verify: true`. @defaultValue false */
  readonly systemCertificates?: boolean | undefined;
  /** Seconds that answers of `lookup` are remembered. @defaultValue 0 */
  readonly dnsCache?: number | undefined;
  /** The name to ask for by SNI and to verify, in place of the URL's host. */
  readonly servername?: string | undefined;
}

const MAX_ROUTES = 1000;
const systemLookup = dnsLookup as unknown as LookupFunction;

export class Routes {
  readonly #options: ConnectionOptions;
  readonly #routeOptions: RouteOptions;
  readonly #routes = new Map<string, Route>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { dnsCache = 0 } = options;
    const lookup = dnsCache > 0 ? cachedLookup(options.lookup ?? systemLookup, dnsCache) : options.lookup;
    this.#routeOptions = {
      lookup,
      localAddress: options.localAddress,
      allowAddress: options.allowAddress,
    };
  }

  /** @param proxy - The URL of the proxy to go through, or null. */
  routeFor(request: PreparedRequest, settings: SendSettings, proxy: string | null): Route {
    const secure = request.target.parts.scheme === "https";
    const policy = secure ? this.#policy(settings) : null;
    // A Unix socket is on this machine: nobody can come in between.
    const local = this.#options.socketPath !== undefined || request.target.parts.scheme === "http+unix";
    const server = proxy === null || local ? null : proxyServer(proxy);
    let key = policy === null ? request.target.origin : `${request.target.origin}|${tlsPolicyKey(policy)}`;
    if (server !== null) key += `|${server.key}|${server.scheme === "https" ? String(settings.verify) : ""}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
      route = this.#makeRoute(request, policy, key, server === null ? null : proxyHop(server, secure, settings.verify));
      this.#routes.set(key, route);
    }
    return route;
  }

  #policy(settings: SendSettings): TlsPolicy {
    const { pinnedFingerprints, minVersion, ciphers, servername, systemCertificates } = this.#options;
    const { verify, cert, keyLogFile } = settings;
    return { verify, cert, pinnedFingerprints, minVersion, ciphers, servername, systemCertificates, keyLogFile };
  }

  #makeRoute(request: PreparedRequest, tls: TlsPolicy | null, key: string, proxy: ProxyHop | null): Route {
    const { parts } = request.target;
    const unix = parts.scheme === "http+unix";
    const host = parts.host.startsWith("[") ? parts.host.slice(1, -1).replace("%25", "%") : parts.host;
    const port = unix ? 80 : effectivePort(parts);
    if (host === "" || port === 0)
      throw new InvalidURL(`Invalid URL '${shownUrl(request.url)}': there is no host and port to connect to`, {
        request,
      });
    if (tls?.verify === false) warnUnverified(parts.host);
    const socketPath = unix ? socketPathOf(host, request) : (this.#options.socketPath ?? null);
    return {
      key,
      address: socketPath ?? `${parts.host}:${port}`,
      host,
      port,
      socketPath,
      tls,
      proxy,
      options: this.#routeOptions,
    };
  }
}

const warned = new Set<string>();

/** One warning for each host, where urllib3 gives one for each request. */
function warnUnverified(host: string): void {
  if (warned.has(host) || warned.size >= MAX_ROUTES) return;
  warned.add(host);
  process.emitWarning(
    `Unverified HTTPS request is being made to host '${host}'. Anyone in between can read and change it; to trust a private authority pass verify: "ca.pem"`,
    "InsecureRequestWarning",
  );
}

/** `http+unix://%2Fvar%2Frun%2Fdocker.sock/version`: the host is the escaped path. */
function socketPathOf(host: string, request: PreparedRequest): string {
  try {
    return decodeURIComponent(host);
  } catch (error) {
    throw new InvalidURL(
      `Invalid URL '${shownUrl(request.url)}': the host of http+unix is the path of a socket, with / written as %2F`,
      { request, cause: error },
    );
  }
}
