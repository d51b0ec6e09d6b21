/** DNS, Happy Eyeballs, TLS or a Unix socket → a connected socket. */
import { connect as connectTcp, isIP, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type PeerCertificate, type TLSSocket } from "node:tls";

import { connectionTls } from "../../diagnostics/channels.js";
import { RequestException, type Phase } from "../../exceptions.js";
import { checkHost, isAllowed, notAllowed } from "./address-policy.js";
import { Deadline } from "../deadline.js";
import { connectFailure, connectTimedOut, throughProxy } from "../errors.js";
import { AddressRace } from "./happy-eyeballs.js";
import type { ConnectTimes, Route } from "./route.js";
import { ready } from "./socket-events.js";
import { authoritiesOf, checkPinned, tlsConnectOptions } from "./tls.js";
import { peerCertificateOf, type TlsSession, type TlsSessions } from "./tls-sessions.js";
import { logKeys } from "./tls-support.js";
import { isForwarding, type ProxyHop } from "./proxy-hop.js";
import { connectSocks, connectThrough, loadSocks, proxyError } from "./tunnel.js";

export interface Connected {
  readonly socket: Socket;
  readonly times: ConnectTimes;
  /** Whether the socket hands over what it reads by 'data' events: others have used it before, so it has no `onread`. */
  readonly byEvents: boolean;
}

/** The protocols that are offered to the origin (RFC 7301). */
const ALPN = Object.freeze({ auto: ["h2", "http/1.1"], only: ["h2"], never: ["http/1.1"] });

/** The other end of a socket: the origin, or the proxy. */
interface Peer {
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
  /** null for plain TCP. */
  readonly tls: ConnectionOptions | null;
  /** The key of its TLS sessions. */
  readonly key: string;
}

/** A connection attempt that can be given up. */
export class ConnectAttempt {
  readonly #route: Route;
  readonly #sessions: TlsSessions;
  /** The TLS session that the socket at hand was offered to resume. */
  #offered: TlsSession | undefined;
  readonly #timeout: number | null;
  readonly #times: ConnectTimes = { dns: 0, connect: 0, tls: 0 };
  #phase: Phase = "dns";
  /** Whether the phase is one of the connection to the proxy. */
  #withProxy = false;
  /** Destroyed when the attempt is given up. */
  #pending: { destroy(): unknown } | null = null;
  #reject: (error: unknown) => void = () => undefined;
  #deadline: Deadline | null = null;
  #over = false;

  /** @param timeout - Milliseconds for everything up to a usable connection, or null. */
  constructor(route: Route, sessions: TlsSessions, timeout: number | null) {
    this.#route = route;
    this.#sessions = sessions;
    this.#timeout = timeout;
  }

  /** @param onread - How the connected socket hands over what it reads. */
  async run(onread: OnReadOpts): Promise<Connected> {
    const givenUp = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    if (this.#timeout !== null) {
      const timeout = this.#timeout;
      this.#deadline = new Deadline(timeout, () => {
        const { proxy, address } = this.#route;
        const peer = this.#withProxy ? `proxy ${proxy!.shown}` : address;
        this.abort(this.#named(connectTimedOut(peer, timeout, this.#deadline!.elapsed, this.#reported)));
      });
      this.#deadline.start();
    }
    try {
      return await Promise.race([this.#connect(onread), givenUp]);
    } catch (error) {
      this.#pending?.destroy();
      throw this.#over ? error : this.#failure(error);
    } finally {
      this.#deadline?.stop();
      this.#over = true;
    }
  }

  /** Gives up: the attempt ends in this error. */
  abort(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (error instanceof RequestException) {
      error.phase ??= this.#reported;
      error.address ??= this.#route.address;
    }
    this.#pending?.destroy();
    this.#reject(error);
  }

  /** The phase as errors tell it. */
  get #reported(): Phase {
    return this.#withProxy ? "proxy" : this.#phase;
  }

  #failure(error: unknown): RequestException {
    const { proxy, address, tls } = this.#route;
    if (error instanceof RequestException) return this.#named(error);
    if (!this.#withProxy) return this.#named(connectFailure(error, address, this.#phase, authoritiesOf(tls)));
    const cause = connectFailure(error, `${proxy!.host}:${proxy!.port}`, this.#phase, authoritiesOf(proxy!.tls));
    return proxyError(proxy!, cause.message, { cause: error, code: "ERR_PROXY_CONNECTION" });
  }

  /** An error of the handshake with the target names the proxy that the bytes went through. */
  #named(error: RequestException): RequestException {
    const { proxy } = this.#route;
    return proxy !== null && !this.#withProxy && this.#phase === "tls" ? throughProxy(error, proxy) : error;
  }

  async #connect(onread: OnReadOpts): Promise<Connected> {
    const { tls, proxy, address, key, host, port, socketPath } = this.#route;
    // Files that cannot be read are an error before a socket opens.
    const options = tls === null ? null : tlsConnectOptions(tls, host, ALPN[this.#route.http2 ?? "never"]);
    const origin: Peer = { address, host, port, path: socketPath, tls: options, key };
    if (proxy === null) {
      const socket = await this.#open(origin, onread);
      if (tls !== null) checkPinned(tls, socket as TLSSocket, address);
      return { socket, times: this.#times, byEvents: false };
    }
    const carrier = await this.#connectProxy(proxy, onread);
    if (options === null) return { socket: carrier, times: this.#times, byEvents: proxy.kind !== "http" };
    this.#withProxy = false;
    const socket = connectTls({ ...options, socket: carrier, ...this.#resumed(origin) });
    await this.#handshake(socket, origin);
    checkPinned(tls!, socket, address);
    return { socket, times: this.#times, byEvents: true };
  }

  /** A connection to the proxy, or a tunnel through it: the request or the TLS of the target is written into it. */
  async #connectProxy(proxy: ProxyHop, onread: OnReadOpts): Promise<Socket> {
    const { host, port } = this.#route;
    const peer: Peer = {
      address: `${proxy.host}:${proxy.port}`,
      host: proxy.host,
      port: proxy.port,
      path: null,
      tls: proxy.tls === null ? null : tlsConnectOptions(proxy.tls, proxy.host),
      key: `proxy ${proxy.host}:${proxy.port} ${JSON.stringify(proxy.tls?.verify)}`,
    };
    const socks = proxy.kind === "http" ? null : await loadSocks();
    const target = socks === null ? host : await this.#socksTarget(proxy, host);
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    this.#withProxy = true;
    if (isForwarding(proxy)) return this.#open(peer, onread);
    let authorization: string | null = null;
    for (let round = 0; ; round += 1) {
      const carrier = await this.#open(peer, undefined);
      this.#phase = "proxy";
      if (socks !== null) return connectSocks(socks, carrier, proxy, target, port);
      const outcome = await connectThrough(carrier, proxy, authority, authorization, round);
      if (outcome.done) return carrier;
      // The answer to the challenge goes over a connection of its own: the proxy may have closed this one.
      carrier.destroy();
      authorization = outcome.authorization;
    }
  }

  /** socks4 and socks5 are given addresses, as in requests; socks4a and socks5h names, which the proxy resolves. */
  async #socksTarget(proxy: ProxyHop, host: string): Promise<string> {
    const isSocks4 = proxy.kind === "socks4" || proxy.kind === "socks4a";
    if (isIP(host) === 6 && isSocks4)
      throw proxyError(proxy, "SOCKS 4 knows no IPv6: a proxy that speaks SOCKS 5 does, socks5://host:port");
    if (isIP(host) !== 0 || proxy.kind === "socks4a" || proxy.kind === "socks5h") return host;
    return (await this.#resolve(host, isSocks4 ? 4 : 0))[0];
  }

  /**
   * Opens a socket to the peer, TLS included. Only a socket that is made for TLS from the start, and not put over
   * another, hands its bytes over by `onread`.
   */
  async #open(peer: Peer, onread: OnReadOpts | undefined): Promise<Socket> {
    const places = peer.path === null ? await this.#addressesOf(peer.host) : [peer.path];
    const started = performance.now();
    this.#phase = "connect";
    let socket: Socket;
    if (places.length === 1) {
      socket = this.#begin(peer, places[0], onread);
      this.#pending = socket;
      await ready(socket, "connect");
    } else {
      const race = new AddressRace(places, (address) => this.#begin(peer, address, onread));
      this.#pending = race;
      socket = await race.run();
      this.#pending = socket;
    }
    this.#times.connect += performance.now() - started;
    if (peer.tls !== null) await this.#handshake(socket as TLSSocket, peer);
    return socket;
  }

  /** A socket that begins to connect to one address of the peer, or to its path. */
  #begin(peer: Peer, place: string, onread: OnReadOpts | undefined): Socket {
    // A name may be resolved after the attempt was given up.
    if (this.#over) throw new Error("given up");
    const { localAddress } = this.#route.options;
    const options = {
      ...NOTHING_INHERITED,
      ...peer.tls,
      ...(peer.path === null ? { host: place, port: peer.port, noDelay: true } : { path: place }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(onread === undefined ? {} : { onread }),
    };
    return peer.tls === null
      ? connectTcp(options as NetConnectOpts)
      : connectTls({ ...options, ...this.#resumed(peer) });
  }

  /** The addresses of a peer. A proxy is the caller's own choice: `allowAddress` is not asked about it. */
  async #addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) === 0) return this.#resolve(host, 0);
    const { allowAddress } = this.#route.options;
    if (allowAddress !== undefined && !this.#withProxy)
      this.#asking(() => checkHost(allowAddress, host, this.#route.address));
    return [host];
  }

  async #resolve(host: string, family: 0 | 4): Promise<readonly string[]> {
    const { resolve, allowAddress } = this.#route.options;
    this.#phase = "dns";
    const started = performance.now();
    const found = await resolve(host, family);
    this.#times.dns += performance.now() - started;
    if (allowAddress === undefined || this.#withProxy) return found;
    const allowed = this.#asking(() => found.filter((address) => isAllowed(allowAddress, address)));
    if (allowed.length === 0) throw notAllowed(this.#route.address);
    return allowed;
  }

  /** Asks `allowAddress`: what it throws ends the attempt as it is, and not as a failure of the network. */
  #asking<Answer>(ask: () => Answer): Answer {
    try {
      return ask();
    } catch (error) {
      this.abort(error);
      throw error;
    }
  }

  #resumed({ key, tls }: Peer): { readonly session?: Buffer } {
    this.#offered = this.#sessions.get(key, tls!.secureContext!);
    return this.#offered === undefined ? {} : { session: this.#offered.session };
  }

  async #handshake(socket: TLSSocket, peer: Peer): Promise<void> {
    const started = performance.now();
    this.#phase = "tls";
    this.#pending = socket;
    this.#sessions.follow(peer.key, socket, peer.tls!.secureContext!, this.#offered);
    const keyLogFile = this.#route.tls?.keyLogFile;
    if (keyLogFile !== undefined) logKeys(socket, keyLogFile);
    try {
      await ready(socket, "secureConnect");
    } catch (error) {
      throw withDates(error as Error, peerCertificateOf(socket));
    }
    const duration = performance.now() - started;
    this.#times.tls += duration;
    if (connectionTls.hasSubscribers) publishTls(socket, peer.address, duration / 1000);
  }
}

function publishTls(socket: TLSSocket, address: string, duration: number): void {
  connectionTls.publish({
    address,
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    resumed: socket.isSessionReused(),
    authorized: socket.authorized,
    duration,
  });
}

/**
 * Node reads its options through `Object.prototype` as well: a `path` that a careless merge put there would send every
 * connection to that Unix socket.
 */
const NOTHING_INHERITED = Object.freeze({
  path: undefined,
  socket: undefined,
  handle: undefined,
  fd: undefined,
  lookup: undefined,
  localAddress: undefined,
  localPort: undefined,
  family: undefined,
  hints: undefined,
  servername: undefined,
  session: undefined,
  signal: undefined,
  timeout: undefined,
  pskCallback: undefined,
});

/** Adds the dates of the certificate to an error of Node that does not have them. */
function withDates(error: Error, certificate: PeerCertificate | null): Error {
  if ("cert" in error || certificate === null) return error;
  const { valid_from, valid_to } = certificate;
  return Object.assign(error, { cert: { valid_from, valid_to } });
}
