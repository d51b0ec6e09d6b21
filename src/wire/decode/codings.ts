/** The engines of the content codings. */
import zlib from "node:zlib";

/** An engine that decodes piece by piece. */
export type Engine = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

/** The result of decoding a whole body. */
export interface OneShotResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type OneShot = (input: Buffer, options: object) => OneShotResult;

/** The decoder of one coding. */
export interface Coding {
  /** Decodes a whole body at once. */
  readonly sync: OneShot;
  /** Makes an engine. */
  readonly stream: (options: zlib.ZlibOptions) => Engine;
}

const GZIP: Coding = { sync: zlib.gunzipSync as unknown as OneShot, stream: (o) => zlib.createGunzip(o) };
const ZLIB: Coding = { sync: zlib.inflateSync as unknown as OneShot, stream: (o) => zlib.createInflate(o) };
const RAW: Coding = { sync: zlib.inflateRawSync as unknown as OneShot, stream: (o) => zlib.createInflateRaw(o) };
const BROTLI: Coding = {
  sync: zlib.brotliDecompressSync as unknown as OneShot,
  stream: (o) => zlib.createBrotliDecompress(o),
};

/** Node 22.15 has it; Node 20 has not. */
interface ZstdZlib {
  readonly zstdDecompressSync?: OneShot;
  readonly createZstdDecompress?: (options: zlib.ZlibOptions) => Engine;
}
const { zstdDecompressSync, createZstdDecompress } = zlib as unknown as ZstdZlib;
const ZSTD: Coding | null =
  zstdDecompressSync === undefined || createZstdDecompress === undefined
    ? null
    : { sync: zstdDecompressSync, stream: createZstdDecompress };

/** Whether the runtime can decode zstd. */
export const hasZstd: boolean = ZSTD !== null;

/**
 * RFC 9110 §8.4.1.2: deflate is the zlib format; some servers send the bare one, which the first bytes tell.
 *
 * @param first - The first two bytes at least, or all there are.
 */
export function codingFor(name: string, first: Buffer): Coding {
  switch (name) {
    case "deflate":
      return (first[0] & 15) === 8 && ((first[0] << 8) | (first[1] ?? 0)) % 31 === 0 ? ZLIB : RAW;
    case "br":
      return BROTLI;
    case "zstd":
      return ZSTD!;
    default:
      return GZIP;
  }
}
