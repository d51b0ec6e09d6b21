/** Bodies that are in memory: text and bytes. */
import type { Body } from "./source.js";

/** A string, sent as UTF-8. */
export class TextBody implements Body {
  readonly value: string;
  readonly length: number;
  readonly replayable = true;
  readonly ascii: string | null;
  #bytes: Buffer | undefined;

  constructor(text: string) {
    this.value = text;
    this.length = Buffer.byteLength(text, "utf8");
    this.ascii = this.length === text.length ? text : null;
  }

  // Made when it is first needed: the wire writes a short ASCII text together with the head, without it.
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.value, "utf8");
    return this.#bytes;
  }

  open(): AsyncIterable<Uint8Array> {
    return single(this.bytes);
  }
}

/** Bytes, not copied: what the caller writes into them before they are sent is sent. */
export class BytesBody implements Body {
  readonly value: Buffer;
  readonly bytes: Buffer;
  readonly length: number;
  readonly replayable = true;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.value = this.bytes;
    this.length = bytes.byteLength;
  }

  open(): AsyncIterable<Uint8Array> {
    return single(this.bytes);
  }
}

async function* single(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
