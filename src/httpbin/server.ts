import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TlsOptions } from "node:tls";
import { debuglog } from "node:util";
import { CLIENT_KEY_PAIR, SERVER_KEY_PAIR, TEST_CA, type KeyPair } from "./certificate.js";
import { Incoming } from "./incoming.js";
import { errorPage, reasonPhrase, type Answer, type HeaderPair, type Reply } from "./responses.js";
import { Router } from "./router.js";
import { routeGroups } from "./routes/table.js";

/** Options of a server. */
export interface HttpbinOptions {
  /** TCP port, 0 to 65535; 0 takes a free one. @defaultValue `0` */
  readonly port?: number;
  /** Address to bind. @defaultValue `"127.0.0.1"` */
  readonly host?: string;
  /**
   * `true` speaks HTTPS with a certificate for `localhost`, `127.0.0.1` and `::1`, issued by a test authority
   * ({@link Server.ca}). An object is given to Node's TLS server; without `key` and `cert` the test certificate is used.
   *
   * @defaultValue `false`
   */
  readonly tls?: boolean | TlsOptions;
  /** Listens on this Unix socket, instead of a port. `url` then has the host `localhost`. */
  readonly socketPath?: string;
}

/** A request as it arrived. */
export interface ReceivedRequest {
  /** The method, as it was sent. */
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
  /** Names and values as sent, in the order sent. */
  readonly headers: readonly HeaderPair[];
  /** The number of the connection that it came on, from 1. */
  readonly connection: number;
}

/** A running server. */
export interface Server {
  /** The URL of the server, without a slash at the end: `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The port, 0 on a Unix socket. */
  readonly port: number;
  /** The address it is bound to. */
  readonly host: string;
  /** The authority to trust, PEM; only with the test certificate. */
  readonly ca?: string;
  /** A client certificate issued by the same authority, for servers with `tls: { requestCert: true, ca: server.ca }`. */
  readonly client?: KeyPair;
  /** The last 1000 requests, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** The number of connections that were accepted so far. */
  readonly connections: number;
  /** Ends all connections, also those in the middle of an answer. Can be called twice. */
  close(): Promise<void>;
  /** `await using server = await httpbin()`: closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** `NODE_DEBUG=httpbin` shows why an answer became a 500. */
const debug = debuglog("httpbin");
const REMEMBERED_REQUESTS = 1000;
const MAX_HEADER_BYTES = 1 << 20;

/**
 * Starts an httpbin: a server that answers about the request it got, and that fails in every way that a client must
 * withstand. It listens when the promise resolves.
 *
 * @throws the error of Node's `listen`: `EADDRINUSE` when the port is taken, `EACCES` when it is not yours to take.
 *
 * @example
 * ```ts
 * import { httpbin } from "requests-ts/httpbin";
 *
 * const server = await httpbin();
 * const response = await fetch(`${server.url}/status/418`);
 * response.status; //=> 418
 * await server.close();
 * ```
 *
 * @see https://httpbin.org
 */
export async function httpbin(options: HttpbinOptions = {}): Promise<Server> {
  const { port = 0, host = "127.0.0.1", tls = false, socketPath } = options;
  const router = new Router(routeGroups());
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const connections = new WeakMap<Socket, number>();
  let accepted = 0;

  const serve = (isWaiting: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    requests.push(remember(request, connections.get(request.socket) ?? 0));
    if (requests.length > REMEMBERED_REQUESTS) requests.shift();
    exchange(router, new Incoming(request, response, isWaiting), response).catch(() => response.destroy());
  };

  const { server, isTestCertificate } = createServer(tls);
  server.on("request", serve(false));
  server.on("checkContinue", serve(true));
  // Sockets before their TLS handshake are not yet connections of the HTTP server, but close() must end them too.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on(tls === false ? "connection" : "secureConnection", (socket: Socket) => {
    connections.set(socket, ++accepted);
    // A client that goes away is not a fault of the server.
    socket.on("error", () => socket.destroy());
  });
  // Nothing here may time out on its own: how long a client waits is what is being tested.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0;
  server.timeout = 0;

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath === undefined ? { port, host } : { path: socketPath }, () => {
      server.off("error", reject);
      resolve();
    });
  });

  const bound = server.address() as AddressInfo | string;
  const boundPort = typeof bound === "string" ? 0 : bound.port;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `${tls === false ? "http" : "https"}://${authority(host, boundPort)}`,
    port: boundPort,
    host,
    ...(isTestCertificate && { ca: TEST_CA, client: CLIENT_KEY_PAIR }),
    requests,
    get connections() {
      return accepted;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createServer(tls: boolean | TlsOptions): {
  server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>;
  isTestCertificate: boolean;
} {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES };
  if (tls === false) return { server: createHttpServer(limits), isTestCertificate: false };
  const given = tls === true ? {} : tls;
  const isTestCertificate = given.cert === undefined && given.pfx === undefined;
  const server = createHttpsServer({ ...(isTestCertificate && SERVER_KEY_PAIR), ...given, ...limits });
  return { server, isTestCertificate };
}

function authority(host: string, port: number): string {
  if (port === 0) return "localhost";
  if (host === "0.0.0.0" || host === "::" || host === "") return `127.0.0.1:${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function remember(request: IncomingMessage, connection: number): ReceivedRequest {
  const { rawHeaders, method = "", url = "" } = request;
  const headers: HeaderPair[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  return { method, target: url, headers, connection };
}

/** One request and its answer. A fault is answered with 500, or ends the connection if it is too late for that. */
async function exchange(router: Router, incoming: Incoming, response: ServerResponse): Promise<void> {
  try {
    await send(await router.answer(incoming), incoming, response);
  } catch (error) {
    if (incoming.signal.aborted || response.destroyed) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    debug("%s %s: %o", incoming.method, incoming.target, error);
    await send(errorPage(500, INTERNAL_ERROR), incoming, response);
  }
}

const INTERNAL_ERROR =
  "The server encountered an internal error and was unable to complete your request. " +
  "Either the server is overloaded or there is an error in the application.";

/** Puts an answer on the wire. */
async function send(answer: Answer, incoming: Incoming, response: ServerResponse): Promise<void> {
  if ("takeOver" in answer) {
    await answer.takeOver(response);
    return;
  }
  const { status, body } = answer;
  const hasNoBody = status === 204 || status === 304;
  response.writeHead(status, reasonPhrase(status), allHeaders(answer, incoming, hasNoBody).flat());
  if (hasNoBody || incoming.method === "HEAD") {
    response.end();
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    // As bytes: Node would write the headers, latin-1 by RFC 9110, in the encoding of a string that follows at once.
    response.end(typeof body === "string" ? Buffer.from(body) : body);
  } else {
    response.flushHeaders();
    for await (const chunk of body) {
      await written(response, chunk, incoming.signal);
    }
    if (answer.trailers !== undefined)
      response.addTrailers(answer.trailers().map(([name, value]): [string, string] => [name, value]));
    response.end();
  }
}

function allHeaders({ headers, body }: Reply, incoming: Incoming, hasNoBody: boolean): HeaderPair[] {
  const all: HeaderPair[] = [["Server", "requests-httpbin"], ...headers];
  const isWhole = typeof body === "string" || body instanceof Uint8Array;
  const hasLength = headers.some(([name]) => name.toLowerCase() === "content-length");
  // RFC 9110 section 8.6: none with 204, and with 304 only that of the 200 it stands for.
  if (isWhole && !hasLength && !hasNoBody) all.push(["Content-Length", String(Buffer.byteLength(body))]);
  // RFC 9110 section 10.1.1: it cannot be known whether the body still comes. Node says so itself; Bun and Deno do not.
  if (incoming.isHeldBack) all.push(["Connection", "close"]);
  all.push(["Access-Control-Allow-Origin", incoming.header("Origin") ?? "*"]);
  all.push(["Access-Control-Allow-Credentials", "true"]);
  if (incoming.method === "OPTIONS") {
    all.push(["Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, PATCH, OPTIONS"]);
    all.push(["Access-Control-Max-Age", "3600"]);
    const asked = incoming.header("Access-Control-Request-Headers");
    if (asked !== undefined) all.push(["Access-Control-Allow-Headers", asked]);
  }
  return all;
}

/** Hands a chunk to the system before the next one comes: Node 26 makes one of those that are written in one tick. */
async function written(response: ServerResponse, chunk: string | Uint8Array, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(new Error("The client went away"));
    signal.addEventListener("abort", onAbort, { once: true });
    response.write(chunk, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
  });
}
