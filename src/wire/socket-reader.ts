/** Reads from a socket into shared memory, and hands the bytes to the protocol that was negotiated. */
import type { OnReadOpts, Socket } from "node:net";

/**
 * All sockets read into this buffer: libuv fills it and calls back at once, and bytes that are needed later are copied.
 * A connection that waits for its response therefore has no buffer of its own.
 */
const SHARED_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** Size of a buffer that one socket reads into while the buffers of a large body are given away. */
const OWN_BUFFER = 256 * 1024;

/** The protocol on a socket. */
export interface ByteReceiver {
  /**
   * The first `length` bytes of the buffer were read. They are valid during the call only.
   *
   * @returns false to pause reading until `socket.resume()`.
   */
  onBytes(buffer: Buffer, length: number): boolean;
}

/** Reads one socket for the protocol that is attached to it. */
export class SocketReader {
  #receiver: ByteReceiver | null = null;
  #buffer = SHARED_BUFFER;
  #isGiven = false;
  /** Bytes that arrived before a protocol was there to receive them. */
  #early: Buffer[] = [];

  /** The options with which a socket reads into the buffers of this reader. */
  get onread(): OnReadOpts {
    return { buffer: this.#nextBuffer, callback: this.#onRead };
  }

  /** Reads a socket that was made without `onread`, because other code used it before. */
  follow(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      if (!this.#deliver(chunk, chunk.length)) socket.pause();
    });
    socket.resume();
  }

  /** Hands all bytes to the receiver from now on. */
  attach(receiver: ByteReceiver): void {
    this.#receiver = receiver;
    for (const bytes of this.#early.splice(0)) receiver.onBytes(bytes, bytes.length);
  }

  /** Gives the buffer of the last read away, as `Exchange.takeBuffer` describes. */
  takeBuffer(buffer: Buffer): boolean {
    this.#isGiven = true;
    return buffer === this.#buffer && buffer !== SHARED_BUFFER;
  }

  readonly #onRead = (length: number): boolean => this.#deliver(this.#buffer, length);

  /** Node asks for the next buffer when the socket is connected, and after each read. */
  readonly #nextBuffer = (): Buffer => {
    if (this.#isGiven) {
      this.#isGiven = false;
      this.#buffer = Buffer.allocUnsafeSlow(OWN_BUFFER);
    } else this.#buffer = SHARED_BUFFER;
    return this.#buffer;
  };

  #deliver(buffer: Buffer, length: number): boolean {
    if (this.#receiver !== null) return this.#receiver.onBytes(buffer, length);
    this.#early.push(Buffer.from(buffer.subarray(0, length)));
    return true;
  }
}
