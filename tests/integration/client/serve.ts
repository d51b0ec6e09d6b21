/** A small server of the test's own: what httpbin does not answer. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as it came, with its body. */
export interface Received {
  readonly method: string;
  readonly target: string;
  /** Names and values as sent. */
  readonly pairs: readonly (readonly [string, string])[];
  /** Lower-cased names; the last value of each. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

export interface Scripted {
  readonly url: string;
  readonly port: number;
  /** The same server under its other name, which is another origin. */
  readonly localhost: string;
  readonly requests: Received[];
  readonly connections: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers each request by the handler; without one, with what came as JSON. */
export async function serve(
  handler: (request: Received, response: ServerResponse) => void | Promise<void> = echo,
): Promise<Scripted> {
  const requests: Received[] = [];
  const sockets = new Map<Socket, number>();
  let accepted = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = await read(request, sockets.get(request.socket) ?? 0);
    requests.push(received);
    await handler(received, response);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.set(socket, (accepted += 1));
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets.keys()) socket.destroy();
    });
  return {
    url: `http://127.0.0.1:${port}`,
    localhost: `http://localhost:${port}`,
    port,
    requests,
    get connections() {
      return accepted;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function read(request: IncomingMessage, connection: number): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const pairs: [string, string][] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    pairs.push([request.rawHeaders[at], request.rawHeaders[at + 1]]);
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    pairs,
    headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.concat(chunks).toString("utf8"),
    connection,
  };
}

function echo(request: Received, response: ServerResponse): void {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(request));
}

/** What a promise rejects with; fails the test when it does not. */
export async function failure(promise: PromiseLike<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`It was expected to reject, and gave ${String(value)}`);
}

/** A port of 127.0.0.1 without a listener. */
export async function closedPort(): Promise<number> {
  const server = await serve();
  await server.close();
  return server.port;
}
