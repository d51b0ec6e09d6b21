/** A proxy of the tests' own, which remembers what it was told. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { request as forward } from "node:http";

/** A request as a proxy got it: its whole head. */
export interface Proxy {
  readonly url: string;
  /** With a user name and password in it. */
  readonly urlWithPassword: string;
  /** The heads that it got, plain requests and CONNECT. */
  readonly heads: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Tunnels, and forwards plain requests that have no body. */
export async function startProxy(): Promise<Proxy> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    let received = "";
    const onData = (bytes: Buffer): void => {
      received += bytes.toString("latin1");
      if (!received.includes("\r\n\r\n")) return;
      const head = received;
      received = "";
      heads.push(head);
      const [method, target] = head.split(" ", 2);
      if (method === "CONNECT") {
        socket.off("data", onData);
        tunnel(socket, target);
      } else pass(socket, method, target, head);
    };
    socket.on("data", onData);
  });
  const tunnel = (socket: Socket, authority: string): void => {
    const { hostname, port } = new URL(`http://${authority}`);
    const other = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(other).pipe(socket);
    });
    sockets.add(other);
    other.on("error", () => socket.destroy()).on("close", () => sockets.delete(other));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    urlWithPassword: `http://who:secret@127.0.0.1:${port}`,
    heads,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Hands a request on as it came, but for what is the proxy's. */
function pass(socket: Socket, method: string, target: string, head: string): void {
  const lines = head.split("\r\n").slice(1, -2);
  const fields = lines.filter((line) => !/^proxy-/i.test(line)).flatMap((line) => line.split(/: (.*)/s).slice(0, 2));
  forward(target, { method, headers: fields, agent: false }, (response) => {
    const answer = [`HTTP/1.1 ${response.statusCode} OK`];
    const { location } = response.headers;
    if (location !== undefined) answer.push(`Location: ${location}`);
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      const body = Buffer.concat(chunks);
      socket.write(`${answer.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
  })
    .on("error", () => socket.destroy())
    .end();
}

/** The values of a field that was sent, whatever its case. */
export function sent(headers: readonly (readonly [string, string])[], name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}
