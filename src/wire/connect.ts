/** DNS, Happy Eyeballs, TLS or a Unix socket → a connected socket. */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import { ConnectionError, type Phase } from "../exceptions.js";
import { Deadline } from "./deadline.js";
import { connectFailure, connectTimedOut } from "./errors.js";
import { checkPinned, tlsConnectOptions, type TlsPolicy, type TlsSessions } from "./tls.js";

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
}

/** A connection attempt that can be given up. */
export class ConnectAttempt {
  readonly #route: Route;
  readonly #sessions: TlsSessions;
  readonly #timeout: number | null;
  readonly #times: ConnectTimes = { dns: 0, connect: 0, tls: 0 };
  #phase: Phase = "dns";
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
      this.#deadline = new Deadline(timeout, () =>
        this.abort(connectTimedOut(this.#route.address, timeout, this.#deadline!.elapsed, this.#phase)),
      );
      this.#deadline.start();
    }
    try {
      return await Promise.race([this.#connect(onread), givenUp]);
    } catch (error) {
      this.#socket?.destroy();
      throw this.#over ? error : connectFailure(error, this.#route.address, this.#phase);
    } finally {
      this.#deadline?.stop();
      this.#over = true;
    }
  }

  /** Gives up: the attempt ends in this error. */
  abort(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.destroy();
    this.#reject(error);
  }

  async #connect(onread: OnReadOpts): Promise<Connected> {
    const { tls } = this.#route;
    // Files that cannot be read are an error before a socket opens.
    const tlsOptions = tls === null ? null : tlsConnectOptions(tls, this.#route.host);
    const raw = await this.#connectSocket(tlsOptions === null ? onread : undefined);
    if (tlsOptions === null) return { socket: raw, times: this.#times };
    const started = performance.now();
    this.#phase = "tls";
    const session = this.#sessions.get(this.#route.key);
    const secure = connectTls({
      ...tlsOptions,
      socket: raw,
      onread,
      ...(session === undefined ? {} : { session }),
    } as ConnectionOptions);
    this.#socket = secure;
    secure.on("session", (fresh: Buffer) => this.#sessions.set(this.#route.key, fresh));
    await this.#event(secure, "secureConnect");
    checkPinned(tls!, secure, this.#route.address);
    this.#times.tls = performance.now() - started;
    return { socket: secure, times: this.#times };
  }

  async #connectSocket(onread: OnReadOpts | undefined): Promise<Socket> {
    const { host, port, socketPath, options } = this.#route;
    const started = performance.now();
    let resolved = started;
    if (socketPath === null && isIP(host) !== 0) this.#checkLiteral(host);
    const shared = onread === undefined ? {} : { onread };
    const socket =
      socketPath !== null
        ? connectTcp({ path: socketPath, ...shared })
        : connectTcp({
            host,
            port,
            noDelay: true,
            autoSelectFamily: true,
            ...shared,
            ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
            ...(options.lookup === undefined && options.allowAddress === undefined
              ? {}
              : { lookup: guardedLookup(options) }),
          });
    this.#socket = socket;
    if (socketPath !== null || isIP(host) !== 0) this.#phase = "connect";
    socket.once("lookup", () => {
      this.#phase = "connect";
      resolved = performance.now();
      this.#times.dns = resolved - started;
    });
    await this.#event(socket, "connect");
    this.#times.connect = performance.now() - resolved;
    return socket;
  }

  #checkLiteral(host: string): void {
    if (this.#route.options.allowAddress?.(host.replace(/%.*$/, "")) === false) throw notAllowed(this.#route.address);
  }

  async #event(socket: Socket, name: "connect" | "secureConnect"): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onEvent = (): void => {
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

/** The lookup of the route, with the addresses that are not allowed left out of its answer. */
function guardedLookup(options: RouteOptions): LookupFunction {
  const lookup = options.lookup ?? (systemLookup as unknown as LookupFunction);
  const allow = options.allowAddress;
  if (allow === undefined) return lookup;
  return (hostname, lookupOptions: LookupOptions, callback) => {
    lookup(hostname, lookupOptions, (error, found: string | LookupAddress[], family) => {
      if (error !== null && error !== undefined) {
        callback(error, found as string, family);
        return;
      }
      const addresses = typeof found === "string" ? [{ address: found, family: family ?? isIP(found) }] : found;
      const allowed = addresses.filter(({ address }) => allow(address));
      if (allowed.length === 0) callback(notAllowed(hostname) as NodeJS.ErrnoException, "", 4);
      else if (typeof found === "string") callback(null, allowed[0]!.address, allowed[0]!.family);
      else callback(null, allowed);
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
