/** The content of a response as a web stream. */
import type { ReadableByteStreamController, UnderlyingByteSource } from "node:stream/web";

import { END, type PullSource } from "./pull-iterator.js";

/** The content that a web stream is made of. */
export interface StreamedContent {
  /** Called when the stream is read for the first time. */
  open(): PullSource<Buffer>;
  /** Whether the content was closed before its end. */
  isCutShort(): boolean;
  /** Releases the content, whether it was opened or not. */
  close(): void;
}

/**
 * A byte stream that reads no further than it is read. Cancelling it releases the content at once, also while a read
 * waits.
 */
export function bodyStream(content: StreamedContent): ReadableStream<Uint8Array> {
  return new ReadableStream(new ContentStream(content), { highWaterMark: 0 });
}

class ContentStream implements UnderlyingByteSource {
  readonly type = "bytes";
  readonly #content: StreamedContent;
  #pieces: PullSource<Buffer> | null = null;
  /** Bytes that did not fit into the view of a BYOB reader. */
  #rest: Buffer | null = null;
  #isCancelled = false;

  constructor(content: StreamedContent) {
    this.#content = content;
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    this.#pieces ??= this.#content.open();
    const piece = this.#rest ?? (await this.#pieces.pull());
    this.#rest = null;
    // The stream is closed already, and its controller would throw.
    if (this.#isCancelled) return;
    if (piece === END) this.#end(controller);
    else this.#give(piece, controller);
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#content.close();
  }

  #end(controller: ReadableByteStreamController): void {
    if (this.#content.isCutShort()) throw new TypeError("The response was closed before its body was read to the end");
    controller.close();
    // The read of a BYOB reader that waits settles only now.
    controller.byobRequest?.respond(0);
  }

  /** A copy, because the stream takes over the memory of what it is given. */
  #give(piece: Buffer, controller: ReadableByteStreamController): void {
    const request = controller.byobRequest;
    const view = request?.view;
    if (request == null || view == null) {
      const copy = Buffer.allocUnsafeSlow(piece.length);
      piece.copy(copy);
      controller.enqueue(new Uint8Array(copy.buffer));
      return;
    }
    const length = Math.min(view.byteLength, piece.length);
    new Uint8Array(view.buffer, view.byteOffset, length).set(piece.subarray(0, length));
    if (length < piece.length) this.#rest = piece.subarray(length);
    request.respond(length);
  }
}
