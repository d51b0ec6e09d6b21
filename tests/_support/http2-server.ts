/** Servers of node:http2 on 127.0.0.1, with TLS by the certificate of the embedded httpbin, or without. */
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { AddressInfo } from "node:net";

import { SERVER_KEY_PAIR, TEST_CA } from "#internal/httpbin/certificate";

/** The authority of the certificate. */
export { TEST_CA };

export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void | Promise<void>;

export interface Http2ServerOptions {
  /** TLS, or prior knowledge without it. */
  readonly tls?: boolean;
  /** The path of a Unix socket. */
  readonly socketPath?: string;
  readonly settings?: Settings;
}

/** A server that counts its connections and its streams. */
export class TestHttp2Server {
  readonly #server: Http2Server;
  readonly sessions: ServerHttp2Session[] = [];
  readonly requests: IncomingHttpHeaders[] = [];
  readonly isSecure: boolean;

  private constructor(server: Http2Server, isSecure: boolean) {
    this.#server = server;
    this.isSecure = isSecure;
  }

  static async start(handler: StreamHandler, options: Http2ServerOptions = {}): Promise<TestHttp2Server> {
    const { tls = false, settings = {}, socketPath } = options;
    const server = tls ? createSecureServer({ ...SERVER_KEY_PAIR, settings }) : createServer({ settings });
    const started = new TestHttp2Server(server, tls);
    server.on("session", (session: ServerHttp2Session) => {
      started.sessions.push(session);
      session.on("error", () => undefined);
    });
    server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      started.requests.push(headers);
      // A client that resets a stream is not a fault of the server.
      stream.on("error", () => undefined);
      void handler(stream, headers);
    });
    await new Promise<void>((resolve) => {
      if (socketPath === undefined) server.listen(0, "127.0.0.1", resolve);
      else server.listen(socketPath, resolve);
    });
    return started;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.isSecure ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Paths of the requests, in the order of their arrival. */
  get paths(): (string | undefined)[] {
    return this.requests.map((headers) => headers[":path"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

/** The whole body of a request. */
export async function bodyOf(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers with what came, as JSON. */
export async function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const body = await bodyOf(stream);
  stream.respond({ ":status": 200, "content-type": "application/json" });
  stream.end(
    JSON.stringify({
      method: headers[":method"],
      path: headers[":path"],
      authority: headers[":authority"],
      scheme: headers[":scheme"],
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":"))),
      body: body.toString("latin1"),
    }),
  );
}
