/** DNS, Happy Eyeballs, TLS or a Unix socket → a connected socket. */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import {
  connect as connectTcp,
  isIP,
  type LookupFunction,
  type NetConnectOpts,
  type OnReadOpts,
  type Socket,
} from "node:net";
import { connect as connectTls, type ConnectionOptions, type PeerCertificate, type TLSSocket } from "node:tls";

import { connectionTls } from "../diagnostics/channels.js";
import { ConnectionError, RequestException, type Phase } from "../exceptions.js";
import { Deadline } from "./deadline.js";
import { connectFailure, connectTimedOut } from "./errors.js";
import {
  authoritiesOf,
  checkPinned,
  peerCertificateOf,
  tlsConnectOptions,
  type TlsPolicy,
  type TlsSession,
  type TlsSessions,
} from "./tls.js";
import { logKeys } from "./tls-support.js";
import { connectSocks, connectThrough, loadSocks, proxyError, type ProxyHop } from "./tunnel.js";

/** Where a connection leads, and how. Connections of one key are interchangeable. */
export interface Route {
  readonly key: string;
  /** `host:port` or the path of a Unix socket, for messages. */
  readonly address: string;
  /** Without brackets, perhaps with a zone. */
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | null;
  /** null for plain HTTP. */
  readonly tls: TlsPolicy | null;
  /** The proxy in between, or null. */
  readonly proxy: ProxyHop | null;
  readonly options: RouteOptions;
}

/** What an adapter says of its connections. */
export interface RouteOptions {
  /** Resolves host names, with the signature of Node's `dns.lookup`. */
  readonly lookup?: LookupFunction | undefined;
  /** The address to connect from. */
  readonly localAddress?: string | undefined;
  /** Whether an address may be connected to; asked for each address that a name has. */
  readonly allowAddress?: ((address: string) => boolean) | undefined;
}

/** Milliseconds that the phases of connecting took. */
export interface ConnectTimes {
  dns: number;
  connect: number;
  tls: number;
}

export interface Connected {
  readonly socket: Socket;
  readonly times: ConnectTimes;
  /** Whether the socket hands over what it reads by 'data' events: others have used it before, so it has no `onread`. */
  readonly byEvents: boolean;
}

/** What a socket is opened to. */
type Where =
  | { readonly path: string }
  | { readonly path: null; readonly host: string; readonly port: number; readonly lookup: LookupFunction | undefined };

/** A connection attempt that can be given up. */
export class ConnectAttempt {
  readonly #route: Route;
  readonly #sessions: TlsSessions;
  /** The TLS session that the socket at hand was offered to resume. */
  #offered: TlsSession | undefined;
  readonly #timeout: number | null;
  readonly #times: ConnectTimes = { dns: 0, connect: 0, tls: 0 };
  #phase: Phase = "dns";
  /** How far it came with the proxy, while the phase is "proxy". */
  #proxyPhase: Phase = "connect";
  #socket: Socket | null = null;
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
        const peer = this.#phase === "proxy" ? `proxy ${proxy!.shown}` : address;
        this.abort(connectTimedOut(peer, timeout, this.#deadline!.elapsed, this.#phase));
      });
      this.#deadline.start();
    }
    try {
      return await Promise.race([this.#connect(onread), givenUp]);
    } catch (error) {
      this.#socket?.destroy();
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
      error.phase ??= this.#phase;
      error.address ??= this.#route.address;
    }
    this.#socket?.destroy();
    this.#reject(error);
  }

  #failure(error: unknown): unknown {
    const { proxy, address, tls } = this.#route;
    if (proxy === null || this.#phase !== "proxy")
      return connectFailure(error, address, this.#phase, authoritiesOf(tls));
    if (error instanceof RequestException && error.phase === "proxy") return error;
    const cause = connectFailure(error, `${proxy.host}:${proxy.port}`, this.#proxyPhase, authoritiesOf(proxy.tls));
    return proxyError(proxy, cause.message, { cause: error, code: "ERR_PROXY_CONNECTION" });
  }

  async #connect(onread: OnReadOpts): Promise<Connected> {
    const { tls, proxy, address, key } = this.#route;
    // Files that cannot be read are an error before a socket opens.
    const options = tls === null ? null : tlsConnectOptions(tls, this.#route.host);
    if (proxy === null) {
      const socket = await this.#connectTarget(options, onread);
      if (tls !== null) checkPinned(tls, socket as TLSSocket, address);
      return { socket, times: this.#times, byEvents: false };
    }
    const carrier = await this.#connectProxy(proxy, onread);
    if (options === null) return { socket: carrier, times: this.#times, byEvents: proxy.kind !== "http" };
    this.#phase = "tls";
    const socket = connectTls({ ...options, socket: carrier, ...this.#resumed(key) });
    await this.#handshake(socket, key, address);
    checkPinned(tls!, socket, address);
    return { socket, times: this.#times, byEvents: true };
  }

  #resumed(key: string): { readonly session?: Buffer } {
    this.#offered = this.#sessions.get(key);
    return this.#offered === undefined ? {} : { session: this.#offered.session };
  }

  /** @param address - Of whom it is done with: the origin, or the proxy in between. */
  async #handshake(socket: TLSSocket, key: string, address: string): Promise<void> {
    const started = performance.now();
    this.#socket = socket;
    this.#sessions.follow(key, socket, this.#offered);
    const keyLogFile = this.#route.tls?.keyLogFile;
    if (keyLogFile !== undefined) logKeys(socket, keyLogFile);
    try {
      await this.#event(socket, "secureConnect");
    } catch (error) {
      throw withDates(error as Error, peerCertificateOf(socket));
    }
    const duration = performance.now() - started;
    this.#times.tls += duration;
    if (connectionTls.hasSubscribers) publishTls(socket, address, duration / 1000);
  }

  async #connectTarget(tls: ConnectionOptions | null, onread: OnReadOpts): Promise<Socket> {
    const { host, port, socketPath, options, key } = this.#route;
    const literal = socketPath !== null || isIP(host) !== 0;
    this.#phase = literal ? "connect" : "dns";
    if (socketPath === null && literal) this.#checkLiteral(host);
    const socket = await this.#open(
      socketPath === null ? { path: null, host, port, lookup: lookupOf(options) } : { path: socketPath },
      tls,
      key,
      onread,
    );
    if (tls !== null) {
      this.#phase = "tls";
      await this.#handshake(socket as TLSSocket, key, this.#route.address);
    }
    return socket;
  }

  /**
   * A TCP connection or one to a Unix socket. Only a socket that is made for TLS from the start, and not put over
   * another, hands its bytes over by `onread`.
   */
  async #open(
    where: Where,
    tls: ConnectionOptions | null,
    key: string,
    onread: OnReadOpts | undefined,
  ): Promise<Socket> {
    const { localAddress } = this.#route.options;
    const started = performance.now();
    let resolved = started;
    const options = {
      ...NOTHING_INHERITED,
      ...tls,
      ...(where.path !== null
        ? { path: where.path }
        : { host: where.host, port: where.port, noDelay: true, autoSelectFamily: true }),
      ...(where.path !== null || where.lookup === undefined ? {} : { lookup: where.lookup }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(onread === undefined ? {} : { onread }),
    };
    const socket =
      tls === null ? connectTcp(options as NetConnectOpts) : connectTls({ ...options, ...this.#resumed(key) });
    this.#socket = socket;
    socket.once("lookup", () => {
      if (this.#phase === "dns") this.#phase = "connect";
      this.#proxyPhase = "connect";
      resolved = performance.now();
      this.#times.dns = resolved - started;
    });
    await this.#event(socket, "connect");
    this.#times.connect += performance.now() - resolved;
    return socket;
  }

  /** A connection to the proxy, or through it: whatever the request or the target's TLS is to be written into. */
  async #connectProxy(proxy: ProxyHop, onread: OnReadOpts): Promise<Socket> {
    const { host, port, options } = this.#route;
    if (isIP(host) !== 0) this.#checkLiteral(host);
    const tls = proxy.tls === null ? null : tlsConnectOptions(proxy.tls, proxy.host);
    const key = `proxy ${proxy.host}:${proxy.port} ${String(proxy.tls?.verify)}`;
    // The proxy is the caller's own choice: allowAddress is not asked about it.
    const lookup = lookupOf({ lookup: options.lookup, allowAddress: undefined });
    const where = { path: null, host: proxy.host, port: proxy.port, lookup };
    const socks = proxy.kind === "http" ? null : await loadSocks();
    const target = socks === null ? host : await this.#socksTarget(proxy, host);
    this.#phase = "proxy";
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    let authorization: string | null = null;
    for (let round = 0; ; round += 1) {
      const forwards = proxy.kind === "http" && !proxy.tunnel;
      this.#proxyPhase = isIP(proxy.host) === 0 ? "dns" : "connect";
      const carrier = await this.#open(where, tls, key, forwards ? onread : undefined);
      if (tls !== null) {
        this.#proxyPhase = "tls";
        await this.#handshake(carrier as TLSSocket, key, `${proxy.host}:${proxy.port}`);
      }
      this.#proxyPhase = "proxy";
      if (forwards) return carrier;
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
    if (isIP(host) === 6 && (proxy.kind === "socks4" || proxy.kind === "socks4a"))
      throw proxyError(proxy, "SOCKS 4 knows no IPv6: a proxy that speaks SOCKS 5 does, socks5://host:port");
    if (isIP(host) !== 0 || proxy.kind === "socks4a" || proxy.kind === "socks5h") return host;
    this.#phase = "dns";
    const lookup = lookupOf(this.#route.options) ?? systemLookup;
    return new Promise<string>((resolve, reject) => {
      lookup(host, { family: proxy.kind === "socks4" ? 4 : 0, all: false }, (error, found) => {
        if (error !== null && error !== undefined) reject(error);
        else resolve(typeof found === "string" ? found : found[0].address);
      });
    });
  }

  #checkLiteral(host: string): void {
    if (this.#route.options.allowAddress?.(host.replace(/%.*$/, "")) === false) throw notAllowed(this.#route.address);
  }

  async #event(socket: Socket, name: "connect" | "secureConnect"): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onEvent = (): void => {
        // An error that comes before the next listener (an alert behind the handshake) is read off the socket then.
        socket.on("error", () => undefined);
        socket.off("error", onError).off("close", onClose);
        resolve();
      };
      const onError = (error: Error): void => {
        socket.off(name, onEvent).off("close", onClose);
        // A late error of a socket that was given up belongs to nobody.
        socket.on("error", () => undefined);
        reject(error);
      };
      const onClose = (): void => onError(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
      socket.once(name, onEvent).once("error", onError).once("close", onClose);
    });
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
 * Node reads its options through `Object.prototype`, too: a `path` that somebody's careless merge put there would send
 * every connection to that Unix socket.
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

/** What the error says of the certificate, unless Node told it. */
function withDates(error: Error, certificate: PeerCertificate | null): Error {
  if ("cert" in error || certificate === null) return error;
  const { valid_from, valid_to } = certificate;
  return Object.assign(error, { cert: { valid_from, valid_to } });
}

/**
 * The lookup of the route, with the addresses that are not allowed left out of its answer; undefined for the system's
 * own. One address is taken for an answer even where Node asks for all of them.
 */
function lookupOf(options: RouteOptions): LookupFunction | undefined {
  const { lookup = systemLookup, allowAddress: allow } = options;
  if (lookup === systemLookup && allow === undefined) return undefined;
  return (hostname, lookupOptions: LookupOptions, callback) => {
    lookup(hostname, lookupOptions, (error, found: string | LookupAddress[], family) => {
      if (error !== null && error !== undefined) {
        callback(error, found, family);
        return;
      }
      const addresses = typeof found === "string" ? [{ address: found, family: family ?? isIP(found) }] : found;
      const allowed = allow === undefined ? addresses : addresses.filter(({ address }) => allow(address));
      if (addresses.length === 0) callback(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), "", 4);
      else if (allowed.length === 0) callback(notAllowed(hostname), "", 4);
      else if (lookupOptions.all === true) callback(null, allowed);
      else callback(null, allowed[0].address, allowed[0].family);
    });
  };
}

function notAllowed(address: string): ConnectionError {
  return new ConnectionError(
    `Connection to ${address} refused here: its address is not allowed by allowAddress of HTTPAdapter`,
    {
      code: "ERR_ADDRESS_NOT_ALLOWED",
      phase: "connect",
      address,
    },
  );
}
