/** Proxies of the pages: one for HTTP as companies have it, one for SOCKS5 as Tor is. */
import { createServer as createHttpServer, request as forward } from "node:http";
import { connect, createServer, type Socket } from "node:net";

import { listening } from "./serving.js";

/** @param credentials - `user:password` that it asks for, or none. */
export async function httpProxy(credentials: string | null): Promise<string> {
  const expected = credentials === null ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
  const server = createHttpServer((incoming, response) => {
    if (incoming.headers["proxy-authorization"] !== expected) return void response.writeHead(407).end();
    const headers = { ...incoming.headers, via: "1.1 proxy" };
    const outgoing = forward(incoming.url ?? "", { method: incoming.method ?? "GET", headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.writeHead(502).end());
    incoming.pipe(outgoing);
  });
  server.on("connect", (request, socket: Socket) => {
    if (request.headers["proxy-authorization"] !== expected)
      return void socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
      );
    const [host = "", port = ""] = (request.url ?? "").split(":");
    join(socket, connect(Number(port), host), () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
  });
  return `127.0.0.1:${await listening(server)}`;
}

/** @param hidden - The port that every name leads to: only the proxy can resolve the names. */
export async function socksProxy(hidden: () => number): Promise<string> {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.from([5, 0]));
      // Version, CONNECT, reserved, then a name (3) or an IPv4 address (1).
      socket.once("data", (asked) => {
        const isName = asked[3] === 3;
        const end = isName ? 5 + (asked[4] ?? 0) : 8;
        const host = isName ? "127.0.0.1" : asked.subarray(4, 8).join(".");
        const port = isName ? hidden() : asked.readUInt16BE(end);
        join(socket, connect(port, host), () => socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80])));
      });
    });
  });
  return `127.0.0.1:${await listening(server)}`;
}

function join(client: Socket, server: Socket, connected: () => void): void {
  server.once("connect", () => {
    connected();
    client.pipe(server).pipe(client);
  });
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
}
