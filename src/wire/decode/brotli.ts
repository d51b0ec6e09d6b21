/** Brotli for a runtime whose node:zlib takes cut data, or data that is not brotli, for an empty body (Deno 2.9). */
import {
  DecompressionStream,
  type ReadableStreamDefaultReader,
  type WritableStreamDefaultWriter,
} from "node:stream/web";
import { brotliDecompressSync } from "node:zlib";

import { LayerFault, type ByteSource, type DecodingLayer } from "./decoding-layer.js";

let strict: boolean | undefined;

/** Whether node:zlib notices brotli data that is cut; found out by trying, once. */
export function zlibChecksBrotli(): boolean {
  if (strict !== undefined) return strict;
  try {
    brotliDecompressSync(Buffer.alloc(0));
    strict = false;
  } catch {
    strict = true;
  }
  return strict;
}

/** Decodes with the runtime's own web stream, which is strict. */
export class WebStreamLayer implements DecodingLayer {
  output = 0;
  readonly #source: ByteSource;
  readonly #format: string;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isClosing = false;
  #isStopped = false;

  /** @param format - "brotli", which only runtimes that need this class may know; tests use "gzip". */
  constructor(source: ByteSource, format = "brotli") {
    this.#source = source;
    this.#format = format;
  }

  async pull(): Promise<Buffer | null> {
    if (this.#isStopped) throw new Error("The decoder was stopped");
    this.#reader ??= this.#start();
    const value = await this.#read(this.#reader);
    if (this.#isStopped) throw new Error("The decoder was stopped");
    if (value === undefined) return null;
    this.output += value.byteLength;
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  stop(): void {
    this.#isStopped = true;
    // Each rejects when the stream has failed, which the reader was told of.
    void this.#reader?.cancel().catch(() => undefined);
    void this.#writer?.abort().catch(() => undefined);
  }

  #start(): ReadableStreamDefaultReader<Uint8Array> {
    const { readable, writable } = new DecompressionStream(this.#format as "gzip");
    const reader = readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const writer = (writable as WritableStream<Uint8Array>).getWriter();
    this.#writer = writer;
    // The reader is told of the error as well.
    void this.#feed(reader, writer).catch(() => undefined);
    return reader;
  }

  async #feed(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    writer: WritableStreamDefaultWriter<Uint8Array>,
  ): Promise<void> {
    let isEmpty = true;
    for (;;) {
      let chunk: Buffer | null;
      try {
        chunk = await this.#source.pull();
      } catch (error) {
        this.#failure = { error };
        await writer.abort(error);
        return;
      }
      if (chunk === null || this.#isStopped) break;
      if (chunk.length === 0) continue;
      isEmpty = false;
      await writer.write(chunk);
    }
    // Servers label empty bodies, too.
    if (isEmpty) await reader.cancel();
    this.#isClosing = true;
    await writer.close();
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
    try {
      return (await reader.read()).value;
    } catch (error) {
      if (this.#failure !== null) throw this.#failure.error;
      const isGarbage = error instanceof Error && /whole buffer|trailing/i.test(error.message);
      throw new LayerFault(isGarbage ? "garbage" : this.#isClosing ? "cut" : "malformed", error);
    }
  }
}
