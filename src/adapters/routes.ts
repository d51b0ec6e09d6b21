/** A request and its settings → the route that its connection takes. */
import type { LookupFunction } from "node:net";

import { InvalidURL } from "../exceptions.js";
import type { PreparedRequest } from "../message/prepared.js";
import { effectivePort } from "../message/url.js";
import type { Route, RouteOptions } from "../wire/connect.js";
import { tlsPolicyKey, type TlsPolicy } from "../wire/tls.js";
import type { SendSettings } from "./adapter.js";

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
  /** The name to ask for by SNI and to verify, in place of the URL's host. */
  readonly servername?: string | undefined;
}

const MAX_ROUTES = 1000;

export class Routes {
  readonly #options: ConnectionOptions;
  readonly #routeOptions: RouteOptions;
  readonly #routes = new Map<string, Route>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#routeOptions = {
      lookup: options.lookup,
      localAddress: options.localAddress,
      allowAddress: options.allowAddress,
    };
  }

  routeFor(request: PreparedRequest, settings: SendSettings): Route {
    const { parts } = request.target;
    const secure = parts.scheme === "https";
    const policy = secure ? this.#policy(settings) : null;
    const origin = request.target.origin;
    const key = policy === null ? origin : `${origin}|${tlsPolicyKey(policy)}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
      route = this.#makeRoute(request, policy, key);
      this.#routes.set(key, route);
    }
    return route;
  }

  #policy(settings: SendSettings): TlsPolicy {
    const { pinnedFingerprints, minVersion, ciphers, servername } = this.#options;
    return { verify: settings.verify, cert: settings.cert, pinnedFingerprints, minVersion, ciphers, servername };
  }

  #makeRoute(request: PreparedRequest, tls: TlsPolicy | null, key: string): Route {
    const { parts } = request.target;
    const host = parts.host.startsWith("[") ? parts.host.slice(1, -1).replace("%25", "%") : parts.host;
    const port = effectivePort(parts);
    if (host === "" || port === 0)
      throw new InvalidURL(`Invalid URL '${request.url}': there is no host and port to connect to`, { request });
    const socketPath = this.#options.socketPath ?? null;
    return {
      key,
      address: socketPath ?? `${parts.host}:${port}`,
      host,
      port,
      socketPath,
      tls,
      options: this.#routeOptions,
    };
  }
}
