/** The body of a request as HTTP/1.1 frames it: counted, or in chunks. @see RFC 9112 §7.1 */
import type { Socket } from "node:net";

import type { BodyWriter } from "../upload.js";

/** Writes a body whose length the head has told. */
export class CountedBodyWriter implements BodyWriter {
  protected readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get isBlocked(): boolean {
    return !this.socket.destroyed && this.socket.writableNeedDrain;
  }

  write(piece: Uint8Array, start: number, end: number): boolean {
    return this.socket.write(piece.subarray(start, end));
  }

  end(): void {
    // The server counts the bytes.
  }
}

/** Writes a chunk for each piece. */
export class ChunkedBodyWriter extends CountedBodyWriter {
  override write(piece: Uint8Array, start: number, end: number): boolean {
    const { socket } = this;
    socket.cork();
    if (start === 0) socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
    let flowing = socket.write(piece.subarray(start, end));
    if (end === piece.length) flowing = socket.write("\r\n", "latin1");
    socket.uncork();
    return flowing;
  }

  override end(): void {
    this.socket.write("0\r\n\r\n", "latin1");
  }
}
