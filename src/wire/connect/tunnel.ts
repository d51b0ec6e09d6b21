/** HTTP(S) proxies, CONNECT and SOCKS → a socket that is connected through a proxy. */
import { isIP, type Socket } from "node:net";

import type { SocksClient } from "socks";

import { InvalidSchema, InvalidURL, ProxyError } from "../../exceptions.js";
import { parseHead, quoted, shownLine, type Http1Head } from "../http1/head.js";
import { PartialBytes } from "../http1/partial-bytes.js";
import { serializeHead } from "../http1/request-head.js";
import { DEFAULT_LIMITS } from "../limits.js";
import type { ProxyHop } from "./proxy-hop.js";

/** Rounds of CONNECT: the first, the answer to a challenge, and one more for a nonce that was too old. */
const MAX_ROUNDS = 3;
const MAX_CONNECT_HEAD = 64 * 1024;
const MAX_CONNECT_FIELDS = 1000;
const CR = 13;
const LF = 10;

/** The outcome of CONNECT: the tunnel is open, or another connection must be tried with this Proxy-Authorization. */
export type ConnectOutcome = { readonly done: true } | { readonly done: false; readonly authorization: string };

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6).
 *
 * @param authority - `host:port` of the target.
 * @param round - From 0.
 * @throws ProxyError when the proxy refuses, answers garbage, or wants other credentials.
 */
export async function connectThrough(
  socket: Socket,
  proxy: ProxyHop,
  authority: string,
  authorization: string | null,
  round: number,
): Promise<ConnectOutcome> {
  if (/[^\x21-\x7e]/.test(authority)) throw new InvalidURL(`Invalid host for CONNECT: ${quoted(authority)}`);
  const fields = ["Host", authority];
  const credentials = authorization ?? proxy.credentials?.first("CONNECT", authority) ?? null;
  if (credentials !== null) fields.push("Proxy-Authorization", credentials);
  socket.write(serializeHead("CONNECT", authority, fields), "latin1");
  const head = await readConnectHead(socket, proxy);
  if (head.statusCode >= 200 && head.statusCode < 300) return { done: true };
  if (head.statusCode === 407 && round + 1 < MAX_ROUNDS) {
    const challenges: string[] = [];
    for (let at = 0; at < head.rawHeaders.length; at += 2)
      if (head.rawHeaders[at].toLowerCase() === "proxy-authenticate") challenges.push(head.rawHeaders[at + 1]);
    const answer = proxy.credentials?.answer(challenges, "CONNECT", authority) ?? null;
    if (answer !== null && answer !== credentials) return { done: false, authorization: answer };
  }
  throw refused(proxy, authority, head, credentials !== null);
}

function refused(proxy: ProxyHop, authority: string, head: Http1Head, hadCredentials: boolean): ProxyError {
  const what =
    head.statusCode !== 407 && head.statusCode !== 401
      ? "it does not connect to this host and port for us"
      : hadCredentials
        ? "it does not accept the user name and password"
        : "it wants a user name and password: give them in the proxy's URL, http://user:password@host:port";
  return proxyError(proxy, `Tunnel connection failed: ${head.statusCode} ${head.reason} for ${authority}; ${what}`, {
    code: head.statusCode === 407 || head.statusCode === 401 ? "ERR_PROXY_AUTHENTICATION" : "ERR_PROXY_REFUSED",
  });
}

/**
 * The head of the answer, whose lines may end in a bare LF: curl and requests take it from old proxies, and nothing can
 * be smuggled in an answer after which the connection is a tunnel or closed.
 */
async function readConnectHead(socket: Socket, proxy: ProxyHop): Promise<Http1Head> {
  let informational = 0;
  for (;;) {
    const { head, rest } = await readHead(socket, proxy);
    if (head.statusCode < 200 && head.statusCode !== 101) {
      informational += 1;
      if (informational > DEFAULT_LIMITS.maxInformational)
        throw proxyError(proxy, "the proxy goes on sending 1xx responses instead of answering CONNECT");
      if (rest.length > 0) socket.unshift(rest);
      continue;
    }
    // The target of a tunnel speaks second: bytes after the answer were made up by the proxy.
    const success = head.statusCode >= 200 && head.statusCode < 300;
    if (success && rest.length > 0) throw proxyError(proxy, "the proxy sent bytes after its answer to CONNECT");
    return head;
  }
}

async function readHead(socket: Socket, proxy: ProxyHop): Promise<{ head: Http1Head; rest: Buffer }> {
  let partial: PartialBytes | null = null;
  for (;;) {
    const chunk = await nextChunk(socket);
    if (chunk === null) throw proxyError(proxy, "the proxy closed the connection instead of answering CONNECT");
    const before: number = partial?.length ?? 0;
    if (partial === null) {
      // Empty lines before a message are skipped (RFC 9112 §2.2).
      let start = 0;
      while (chunk[start] === CR || chunk[start] === LF) start += 1;
      if (start === chunk.length) continue;
      partial = new PartialBytes(chunk, start, chunk.length);
    } else partial.append(chunk, 0, chunk.length);
    const { bytes } = partial;
    const end = endOfHead(bytes, Math.max(0, before - 2));
    if (end !== null)
      return { head: parseAnswer(bytes.latin1Slice(0, end.head), proxy), rest: bytes.subarray(end.rest) };
    if (!"HTTP/".startsWith(bytes.latin1Slice(0, Math.min(bytes.length, 5))))
      throw proxyError(
        proxy,
        `the proxy answered CONNECT with ${shownLine(bytes.latin1Slice(), 0)}, which is not HTTP`,
      );
    if (bytes.length > MAX_CONNECT_HEAD)
      throw proxyError(proxy, `the proxy's answer to CONNECT is larger than ${MAX_CONNECT_HEAD} bytes`);
  }
}

/**
 * The end of a head: its empty line, whatever its line ends are.
 *
 * @returns The end of its last line, and the first byte after the empty line; null when that has not come.
 */
function endOfHead(bytes: Buffer, from: number): { readonly head: number; readonly rest: number } | null {
  for (let lf = bytes.indexOf(LF, from); lf !== -1; lf = bytes.indexOf(LF, lf + 1)) {
    const next = bytes[lf + 1] === CR ? lf + 2 : lf + 1;
    if (bytes[next] === LF) return { head: lf, rest: next + 1 };
  }
  return null;
}

function parseAnswer(text: string, proxy: ProxyHop): Http1Head {
  // The line end before the empty line is not a part of the head.
  const head = Buffer.from(text.replace(/\r$/, "").replace(/\r?\n/g, "\r\n"), "latin1");
  try {
    // As if to HEAD: no body of an answer is read, so its framing fields mean nothing (RFC 9110 §9.3.6).
    return parseHead(head, 0, head.length, { method: "HEAD", maxHeaders: MAX_CONNECT_FIELDS });
  } catch (error) {
    throw proxyError(proxy, `the proxy's answer to CONNECT is malformed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The next bytes of a socket that has no other reader, or null at its end. */
async function nextChunk(socket: Socket): Promise<Buffer | null> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) return null;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        socket.off("readable", done).off("end", done).off("close", done).off("error", fail);
        resolve();
      };
      const fail = (error: Error): void => {
        socket.off("readable", done).off("end", done).off("close", done);
        socket.on("error", () => undefined);
        reject(error);
      };
      socket.on("readable", done).on("end", done).on("close", done).on("error", fail);
    });
  }
}

/** The result of `import("socks")`. A bundler may put all exports of a CommonJS package under `default`. */
interface SocksModule {
  readonly SocksClient?: typeof SocksClient;
  readonly default?: { readonly SocksClient?: typeof SocksClient };
}

/**
 * Loads the package `socks` when a SOCKS proxy is used, and before a socket opens: an error of a socket would go unheard
 * in the meantime.
 *
 * @throws InvalidSchema as in requests, when the package cannot be loaded.
 */
export async function loadSocks(load: () => Promise<SocksModule> = () => import("socks")): Promise<typeof SocksClient> {
  try {
    const loaded = await load();
    const found = loaded.SocksClient ?? loaded.default?.SocksClient;
    if (found === undefined) throw new Error("it does not export SocksClient");
    return found;
  } catch (error) {
    throw new InvalidSchema(
      `Missing dependencies for SOCKS support: could not load the package socks (${(error as Error).message}). Install it, or keep it out of the bundle`,
      { code: "ERR_SOCKS_PACKAGE", cause: error },
    );
  }
}

/**
 * Asks a SOCKS proxy for a connection.
 *
 * @param host - A name for socks4a and socks5h, else an address.
 */
export async function connectSocks(
  Client: typeof SocksClient,
  socket: Socket,
  proxy: ProxyHop,
  host: string,
  port: number,
): Promise<Socket> {
  const { credentials } = proxy;
  try {
    const client = new Client({
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: proxy.kind === "socks4" || proxy.kind === "socks4a" ? 4 : 5,
        ...(credentials === null ? {} : { userId: credentials.username, password: credentials.password }),
      },
      command: "connect",
      destination: { host, port },
    });
    // Our own deadline is the one that counts. The package never clears its timer, which holds the socket until then:
    // so it stays short (30 seconds, the package's own), and does nothing.
    Object.defineProperty(client, "onEstablishedTimeout", { value: () => undefined });
    return await new Promise<Socket>((resolve, reject) => {
      client.once("established", (established) => resolve(established.socket));
      client.once("error", reject);
      client.connect(socket);
    });
  } catch (error) {
    throw socksFailure(proxy, withoutOptions(error as Error), `${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
  }
}

/** An error of the package carries the options it was called with, and so the password of the proxy. */
function withoutOptions(error: Error): Error {
  const bare = new Error(error.message);
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? bare : Object.assign(bare, { code });
}

const NOT_SOCKS = "it does not speak this version of SOCKS";

function socksFailure(proxy: ProxyHop, error: Error, target: string): ProxyError {
  const { message } = error;
  // The package tells a good code under a wrong version by this name.
  const what = /- Granted$/.test(message)
    ? NOT_SOCKS
    : /authentication failed|no acceptable|Authentication/i.test(message)
      ? "it does not accept our user name and password (or wants some): socks5://user:password@host:port"
      : /ConnectionRefused/i.test(message)
        ? `${target} refused its connection`
        : /NotAllowed/i.test(message)
          ? `its rules do not allow ${target}`
          : /HostUnreachable|NetworkUnreachable|Failure|TTLExpired|Rejected|Failed/i.test(message)
            ? `it cannot reach ${target}`
            : /socket closed/i.test(message)
              ? "it closed the connection in the middle of the handshake"
              : NOT_SOCKS;
  // The package's own error carries the password in its options.
  return proxyError(proxy, `SOCKS connection failed: ${what} (${message})`, { cause: new Error(message) });
}

/** An error of the proxy, which is named without its password. */
export function proxyError(
  proxy: ProxyHop,
  what: string,
  details: { cause?: unknown; code?: string } = {},
): ProxyError {
  return new ProxyError(`Cannot connect to proxy ${proxy.shown}: ${what}`, {
    ...details,
    phase: "proxy",
    address: `${proxy.host}:${proxy.port}`,
  });
}
