/** A real server that does one thing wrong, to compare the double with. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

/** What the peer does once a request came. */
export interface PeerScript {
  readonly send?: string;
  readonly reset?: boolean;
  /** Neither says more nor closes. */
  readonly hold?: boolean;
}

/** @param script - null for a URL without a listener. */
export async function peer(script: PeerScript | null): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      if (script?.reset === true) socket.resetAndDestroy();
      else if (script?.hold === true) socket.write(script.send ?? "");
      else socket.end(script?.send ?? "");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  if (script === null) await close();
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      if (script !== null) await close();
    },
  };
}
