/** A request and its settings → the route that its connection takes. */
import { insideRequest } from "../../message/prepared.js";
import type { LookupFunction } from "node:net";

import { ConnectionError, InvalidURL } from "../../exceptions.js";
import type { PreparedRequest } from "../../message/prepared.js";
import { shownUrl } from "../../http/redaction/shown-url.js";
import { effectivePort } from "../../http/url/url.js";
import { checkHost, notAllowed } from "../../wire/connect/address-policy.js";
import type { Route, RouteOptions } from "../../wire/connect/route.js";
import { cachedResolver } from "../../wire/connect/dns-cache.js";
import { resolverOf } from "../../wire/connect/resolver.js";
import { TlsPolicies, tlsPolicyKey, trustOf, type TlsPolicy } from "../../wire/connect/tls.js";
import { isForwarding, type ProxyHop } from "../../wire/connect/proxy-hop.js";
import type { SendSettings } from "../adapter.js";
import { proxyHop, proxyServer, type ProxyServer } from "./proxies.js";

/** Options of an adapter for its connections. */
export interface ConnectionOptions {
  /** Resolves host names, with the signature of Node's `dns.lookup`. @defaultValue `dns.lookup` */
  readonly lookup?: LookupFunction | undefined;
  /** The local IP address to connect from. */
  readonly localAddress?: string | undefined;
  /** Path of a Unix socket to connect to, whatever the host of the URL is. @example `"/var/run/docker.sock"` */
  readonly socketPath?: string | undefined;
  /**
   * Whether an address may be connected to: `true` allows it, anything else refuses it. Called for each address of a
   * name, and again for each redirect. Unix sockets are refused, except for `socketPath`.
   *
   * @example `{ allowAddress: publicAddressesOnly }`
   */
  readonly allowAddress?: ((address: string) => boolean) | undefined;
  /** SHA-256 fingerprints of acceptable certificates, as Node prints them; checked in addition to `verify`. */
  readonly pinnedFingerprints?: readonly string[] | undefined;
  /** The lowest TLS version to accept. @defaultValue "TLSv1.2" */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** The cipher suites in OpenSSL's notation. @defaultValue those of Node */
  readonly ciphers?: string | undefined;
  /** With `verify: true`, trust the certificate store of the system in addition to Node's own. @defaultValue false */
  readonly systemCertificates?: boolean | undefined;
  /** Seconds for which results of `lookup` are cached. @defaultValue 0: not at all */
  readonly dnsCache?: number | undefined;
  /** The host name for SNI and for the check of the certificate, in place of the URL's host. */
  readonly servername?: string | undefined;
}

/** Whether HTTP/2 is spoken: see `http2` of HTTPAdapterOptions. */
export type Http2Option = "auto" | "prior-knowledge" | boolean;

const MAX_ROUTES = 1000;

export class Routes {
  readonly #options: ConnectionOptions;
  readonly #routeOptions: RouteOptions;
  readonly #policies: TlsPolicies;
  readonly #http2: Http2Option;
  readonly #routes = new Map<string, Route>();

  constructor(options: ConnectionOptions, http2: Http2Option = false) {
    this.#options = options;
    this.#http2 = http2;
    const { dnsCache = 0, lookup, localAddress, allowAddress } = options;
    const resolve = resolverOf(lookup);
    this.#routeOptions = {
      resolve: dnsCache > 0 ? cachedResolver(resolve, dnsCache) : resolve,
      localAddress,
      allowAddress,
    };
    const { pinnedFingerprints, minVersion, ciphers, servername, systemCertificates } = options;
    this.#policies = new TlsPolicies({ pinnedFingerprints, minVersion, ciphers, servername, systemCertificates });
  }

  /**
   * @param proxy - The URL of the proxy to go through, or null.
   * @throws ConnectionError `ERR_ADDRESS_NOT_ALLOWED`, and whatever `allowAddress` throws.
   */
  routeFor(request: PreparedRequest, settings: SendSettings, proxy: string | null): Route {
    const { origin, parts } = insideRequest.target(request);
    const secure = parts.scheme === "https";
    const policy = secure ? this.#policies.policyFor(settings) : null;
    // A Unix socket is on this machine: there is no network in between.
    const local = this.#options.socketPath !== undefined || parts.scheme === "http+unix";
    const server = proxy === null || local ? null : proxyServer(proxy);
    let key = policy === null ? origin : `${origin}|${tlsPolicyKey(policy)}`;
    if (server !== null) key += `|${proxyKeyOf(server, settings)}`;
    if (this.#http2 !== false) key += `|http2 ${String(this.#http2)}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
      const hop = server === null ? null : proxyHop(server, secure, settings.verify);
      // A proxy that is handed the requests of all origins has them over the same connections.
      const shared = isForwarding(hop) ? `proxy ${proxyKeyOf(server!, settings)}` : key;
      route = this.#makeRoute(request, policy, hop, shared);
      this.#routes.set(key, route);
    }
    const { allowAddress } = this.#routeOptions;
    // A proxy is given the host, and its connections may be shared by several: each request is checked.
    if (server !== null && allowAddress !== undefined) checkHost(allowAddress, route.host, route.address);
    return route;
  }

  #makeRoute(request: PreparedRequest, tls: TlsPolicy | null, proxy: ProxyHop | null, key: string): Route {
    const { parts } = insideRequest.target(request);
    const unix = parts.scheme === "http+unix";
    const host = parts.host.startsWith("[") ? parts.host.slice(1, -1).replace("%25", "%") : parts.host;
    const port = unix ? 80 : effectivePort(parts);
    if (host === "" || port === 0)
      throw new InvalidURL(`Invalid URL '${shownUrl(request.url)}': there is no host and port to connect to`, {
        request,
      });
    if (tls?.verify === false) warnUnverified(parts.host);
    const socketPath = unix ? this.#socketPath(host, request) : (this.#options.socketPath ?? null);
    return {
      key,
      address: socketPath ?? `${parts.host}:${port}`,
      host,
      port,
      socketPath,
      tls,
      http2: this.#http2For(request, tls !== null, proxy),
      proxy,
      options: this.#routeOptions,
    };
  }

  #http2For(request: PreparedRequest, isSecure: boolean, proxy: ProxyHop | null): Route["http2"] {
    const http2 = this.#http2;
    if (http2 === false) return undefined;
    if (isSecure) return http2 === "auto" ? "auto" : "only";
    if (http2 === true)
      throw new ConnectionError(
        `HTTP/2 cannot be negotiated for '${shownUrl(request.url)}', because it is not https. Use http2: "prior-knowledge" if the server speaks HTTP/2 without TLS`,
        { code: "ERR_HTTP2_NOT_SUPPORTED", phase: "connect", request },
      );
    // A proxy that forwards requests is spoken to in HTTP/1.1.
    return http2 === "prior-knowledge" && !isForwarding(proxy) ? "only" : undefined;
  }

  /** The socket that a URL names. Where addresses are guarded, it must be the adapter's own: it is not an address. */
  #socketPath(host: string, request: PreparedRequest): string {
    const path = socketPathOf(host, request);
    if (this.#routeOptions.allowAddress !== undefined && path !== this.#options.socketPath) throw notAllowed(path);
    return path;
  }
}

function proxyKeyOf(server: ProxyServer, { verify }: SendSettings): string {
  return `${server.key}|${server.scheme === "https" ? JSON.stringify(trustOf(verify)) : ""}`;
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
