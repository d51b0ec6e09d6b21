/** Brotli for a runtime whose node:zlib takes cut data, or data that is not brotli, for an empty body (Deno 2.9). */
import { DecompressionStream, type ReadableStreamDefaultReader, type WritableStreamDefaultWriter } from "node:stream/web";
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
    if (this.#reader === null && !(await this.#start())) return null;
    const value = await this.#read();
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

  /** @returns False for an empty body: servers label these, too. */
  async #start(): Promise<boolean> {
    const first = await this.#nextBytes();
    if (first === null || this.#isStopped) return false;
    const { readable, writable } = new DecompressionStream(this.#format as "gzip");
    this.#reader = readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    this.#writer = (writable as WritableStream<Uint8Array>).getWriter();
    // The reader is told of the error as well.
    void this.#feed(first, this.#writer).catch(() => undefined);
    return true;
  }

  async #feed(first: Buffer, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
    for (let chunk: Buffer | null = first; chunk !== null && !this.#isStopped;) {
      await writer.write(chunk);
      try {
        chunk = await this.#nextBytes();
      } catch (error) {
        this.#failure = { error };
        await writer.abort(error);
        return;
      }
    }
    this.#isClosing = true;
    await writer.close();
  }

  async #nextBytes(): Promise<Buffer | null> {
    let chunk = await this.#source.pull();
    while (chunk !== null && chunk.length === 0) chunk = await this.#source.pull();
    return chunk;
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      return (await this.#reader!.read()).value;
    } catch (error) {
      if (this.#failure !== null) throw this.#failure.error;
      const isGarbage = error instanceof Error && /whole buffer|trailing/i.test(error.message);
      throw new LayerFault(isGarbage ? "garbage" : this.#isClosing ? "cut" : "malformed", error);
    }
  }
}
