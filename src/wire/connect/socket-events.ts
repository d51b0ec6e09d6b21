/** The outcome of a socket that is being connected, as promises. */
import type { Socket } from "node:net";

/**
 * Calls back once: when the event comes, or with the error that ends the socket before. From then on an error of the
 * socket that has no other listener is ignored; its next user reads it from `socket.errored`.
 */
export function onceReady(
  socket: Socket,
  event: "connect" | "secureConnect",
  done: (error: Error | null) => void,
): void {
  const settle = (error: Error | null): void => {
    socket.on("error", () => undefined);
    socket.off(event, onEvent).off("error", onError).off("close", onClose);
    done(error);
  };
  const onEvent = (): void => settle(null);
  const onError = (error: Error): void => settle(error);
  const onClose = (): void => settle(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
  socket.once(event, onEvent).once("error", onError).once("close", onClose);
}

/** The same as a promise. */
export async function ready(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    onceReady(socket, event, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
