/** Brotli for a runtime whose node:zlib takes what is cut or no brotli at all for an empty body (Deno 2.9). */
import { DecompressionStream } from "node:stream/web";
import { brotliDecompressSync } from "node:zlib";

let strict: boolean | undefined;

/** Whether node:zlib says that brotli data is cut; found out by trying, once. */
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

/** Brotli data is not what it should be. */
export class BrotliFault extends Error {
  readonly kind: "cut" | "malformed" | "garbage behind";

  constructor(kind: BrotliFault["kind"], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = kind;
  }
}

/**
 * Decodes with the runtime's own web stream, which is strict.
 *
 * @throws BrotliFault, and whatever the source throws.
 */
export async function* brotliByWebStream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const iterator = source[Symbol.asyncIterator]();
  let next = await iterator.next();
  while (next.done !== true && next.value.length === 0) next = await iterator.next();
  // A server that has nothing to say often labels it all the same.
  if (next.done === true) return;
  const { readable, writable } = new DecompressionStream("brotli" as "gzip");
  const writer = writable.getWriter();
  const reader = readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let failure: { readonly error: unknown } | null = null;
  let closing = false;
  const feed = async (): Promise<void> => {
    while (next.done !== true) {
      if (next.value.length > 0) await writer.write(next.value);
      try {
        next = await iterator.next();
      } catch (error) {
        failure = { error };
        await writer.abort(error);
        return;
      }
    }
    closing = true;
    await writer.close();
  };
  // What it fails with, the reader is told, too.
  void feed().catch(() => undefined);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } catch (error) {
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
    const garbage = error instanceof Error && /whole buffer|trailing/i.test(error.message);
    throw new BrotliFault(garbage ? "garbage behind" : closing ? "cut" : "malformed", error);
  } finally {
    void reader.cancel().catch(() => undefined);
    // Not awaited: it would wait for a piece that the feeder asked for, and a silent source never gives one.
    void iterator.return?.().catch(() => undefined);
  }
}
