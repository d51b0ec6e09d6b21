/** Content codings undone: gzip, deflate, br, zstd, several in a row. What is cut, bad or a bomb is an error. */
import zlib from "node:zlib";

import { ContentDecodingError, ContentTooLarge } from "../exceptions.js";
import { brotliByWebStream, BrotliFault, zlibChecksBrotli } from "./brotli.js";

/** RFC 9110 §8.4 sets no bound on chained codings; more than a few are an attack. */
export const MAX_CODINGS = 5;
/** Empty items and "identity" that are read beside them. */
const MAX_IDLE_ITEMS = 20;
/** Output up to this is never a bomb. */
const BOMB_FLOOR = 10 * 1024 * 1024;
/** Input up to this is decoded at once; more of it would hold up the event loop. */
const SYNC_INPUT = 16 * 1024;
const CHUNK = 64 * 1024;

export interface DecodeLimits {
  /** Output ÷ input beyond which output over 10 MiB is a bomb. */
  readonly maxRatio: number;
  /** Bytes of output, or 0 for no limit. */
  readonly maxOutput: number;
  /** Codings in a row. @defaultValue 5 */
  readonly maxCodings?: number;
}

type Engine = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

interface WithInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type OneShot = (input: Buffer, options: object) => WithInfo;
type OneShotAsync = (input: Buffer, options: object, done: (error: Error | null, result: WithInfo) => void) => void;

interface Coding {
  readonly sync: OneShot;
  readonly async: OneShotAsync;
  readonly stream: (options: zlib.ZlibOptions) => Engine;
}

const GZIP: Coding = {
  sync: zlib.gunzipSync as unknown as OneShot,
  async: zlib.gunzip as OneShotAsync,
  stream: (o) => zlib.createGunzip(o),
};
const ZLIB: Coding = {
  sync: zlib.inflateSync as unknown as OneShot,
  async: zlib.inflate as OneShotAsync,
  stream: (o) => zlib.createInflate(o),
};
const RAW: Coding = {
  sync: zlib.inflateRawSync as unknown as OneShot,
  async: zlib.inflateRaw as OneShotAsync,
  stream: (o) => zlib.createInflateRaw(o),
};
const BROTLI: Coding = {
  sync: zlib.brotliDecompressSync as unknown as OneShot,
  async: zlib.brotliDecompress as OneShotAsync,
  stream: (o) => zlib.createBrotliDecompress(o),
};

/** Node 22.15 has it; Node 20 has not. */
interface ZstdZlib {
  readonly zstdDecompressSync?: OneShot;
  readonly zstdDecompress?: OneShotAsync;
  readonly createZstdDecompress?: (options: zlib.ZlibOptions) => Engine;
}
const { zstdDecompressSync, zstdDecompress, createZstdDecompress } = zlib as unknown as ZstdZlib;
const ZSTD: Coding | null =
  zstdDecompressSync === undefined || zstdDecompress === undefined || createZstdDecompress === undefined
    ? null
    : { sync: zstdDecompressSync, async: zstdDecompress, stream: createZstdDecompress };

/** What the runtime can decode, for Accept-Encoding. */
export const ACCEPT_ENCODING: string = ZSTD === null ? "gzip, deflate, br" : "gzip, deflate, br, zstd";

/**
 * The codings to undo, the last applied first.
 *
 * @returns An empty list for none, and for a single one that is unknown: its bytes are handed on as they are, as in
 *   requests.
 * @throws ContentDecodingError for more than `most`, or an unknown one among several.
 */
export function codingsOf(contentEncoding: string, most = MAX_CODINGS): string[] {
  const maxItems = most + MAX_IDLE_ITEMS;
  const named = contentEncoding.split(",", maxItems).map((item) => item.trim().toLowerCase());
  const codings = named.filter((name) => name !== "" && name !== "identity").reverse();
  if (codings.length > most || named.length === maxItems)
    throw undecodable(
      `more than ${most} content codings (maxContentCodings of HTTPAdapter)`,
      contentEncoding.slice(0, 100),
    );
  const unknown = codings.find((name) => !isKnown(name));
  if (unknown === undefined) return codings;
  if (codings.length === 1) return [];
  throw undecodable(`unknown content coding ${JSON.stringify(unknown.slice(0, 40))}`, contentEncoding.slice(0, 100));
}

function isKnown(name: string): boolean {
  return (
    name === "gzip" || name === "x-gzip" || name === "deflate" || name === "br" || (name === "zstd" && ZSTD !== null)
  );
}

/** RFC 9110 §8.4.1.2: deflate is the zlib format; some servers send the bare one, told by its first bytes. */
function codingFor(name: string, first: Buffer): Coding {
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

/**
 * Decodes a whole body.
 *
 * @throws ContentDecodingError when it is cut, malformed, followed by garbage, or a bomb; ContentTooLarge past
 *   `maxOutput`.
 */
export function decodeAll(bytes: Buffer, codings: readonly string[], limits: DecodeLimits): Buffer | Promise<Buffer> {
  // A server that has nothing to say often labels it all the same.
  if (bytes.length === 0 || codings.length === 0) return bytes;
  if (codings.includes("br") && !zlibChecksBrotli()) return decodeAllByStream(bytes, codings, limits);
  if (bytes.length > SYNC_INPUT) return decodeAllAsync(bytes, codings, limits);
  let current = bytes;
  for (const name of codings) {
    const options = oneShotOptions(bytes.length, limits);
    let result: WithInfo;
    try {
      result = codingFor(name, current).sync(current, options);
    } catch (error) {
      throw oneShotFailure(error as NodeJS.ErrnoException, name, options.maxOutputLength, limits);
    }
    current = withoutGarbage(result, current.length, name);
  }
  return checkedSize(current, limits);
}

async function decodeAllAsync(bytes: Buffer, codings: readonly string[], limits: DecodeLimits): Promise<Buffer> {
  let current = bytes;
  for (const name of codings) {
    const options = oneShotOptions(bytes.length, limits);
    const input = current;
    const result = await new Promise<WithInfo>((resolve, reject) => {
      codingFor(name, input).async(input, options, (error, found) => {
        if (error === null) resolve(found);
        else reject(oneShotFailure(error, name, options.maxOutputLength, limits));
      });
    });
    current = withoutGarbage(result, input.length, name);
  }
  return checkedSize(current, limits);
}

async function decodeAllByStream(bytes: Buffer, codings: readonly string[], limits: DecodeLimits): Promise<Buffer> {
  const decoded: Buffer[] = [];
  for await (const chunk of decodeStream(once(bytes), codings, limits)) decoded.push(chunk);
  return Buffer.concat(decoded);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void> {
  yield bytes;
}

function oneShotOptions(inputLength: number, limits: DecodeLimits): { info: true; maxOutputLength: number } {
  const bomb = Math.max(BOMB_FLOOR, inputLength * limits.maxRatio);
  return { info: true, maxOutputLength: limits.maxOutput > 0 ? Math.min(bomb, limits.maxOutput + 1) : bomb };
}

function oneShotFailure(error: NodeJS.ErrnoException, name: string, bound: number, limits: DecodeLimits): Error {
  if (error.code !== "ERR_BUFFER_TOO_LARGE") return malformed(name, error);
  return limits.maxOutput > 0 && bound === limits.maxOutput + 1 ? tooLarge(limits.maxOutput) : bomb(limits.maxRatio);
}

function withoutGarbage(result: WithInfo, inputLength: number, name: string): Buffer {
  if (result.engine.bytesWritten < inputLength) throw garbageBehind(name);
  return result.buffer;
}

function checkedSize(bytes: Buffer, limits: DecodeLimits): Buffer {
  if (limits.maxOutput > 0 && bytes.length > limits.maxOutput) throw tooLarge(limits.maxOutput);
  return bytes;
}

/**
 * Decodes a body while it comes. What could be decoded before an error is given first.
 *
 * @throws As {@link decodeAll}, and whatever the source throws.
 */
export async function* decodeStream(
  source: AsyncIterable<Buffer>,
  codings: readonly string[],
  limits: DecodeLimits,
): AsyncGenerator<Buffer, void> {
  let input = 0;
  let output = 0;
  const counted = async function* (): AsyncGenerator<Buffer, void> {
    for await (const chunk of source) {
      input += chunk.length;
      yield chunk;
    }
  };
  let decoded: AsyncIterable<Buffer> = codings.length === 0 ? source : counted();
  for (const name of codings)
    decoded = name === "br" && !zlibChecksBrotli() ? decodeBrotli(decoded) : decodeOne(decoded, name);
  for await (const chunk of decoded) {
    output += chunk.length;
    if (limits.maxOutput > 0 && output > limits.maxOutput) throw tooLarge(limits.maxOutput);
    if (codings.length > 0 && output > BOMB_FLOOR && output > input * limits.maxRatio) throw bomb(limits.maxRatio);
    yield chunk;
  }
}

/** Pieces that are decoded ahead of the reader, at the most. */
const MAX_AHEAD = 4;

async function* decodeOne(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer, void> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await firstBytes(iterator);
  if (first.length === 0) return;
  const engine = codingFor(name, first).stream({ chunkSize: CHUNK });
  const ready: Buffer[] = [];
  let failure: { readonly error: unknown } | null = null;
  let ended = false;
  let wake: () => void = () => undefined;
  // Lets the feeder go on: its piece is written, or the engine is at its end.
  let proceed: () => void = () => undefined;
  engine.on("data", (chunk: Buffer) => {
    ready.push(chunk);
    if (ready.length >= MAX_AHEAD) engine.pause();
    wake();
  });
  engine.on("end", () => {
    ended = true;
    wake();
    proceed();
  });
  engine.on("error", (error: Error) => {
    failure ??= { error: malformed(name, error) };
    wake();
    proceed();
  });

  const feed = async (): Promise<void> => {
    let fed = 0;
    for (let chunk: Buffer | null = first; chunk !== null;) {
      fed += chunk.length;
      const input = chunk;
      await new Promise<void>((resolve) => {
        proceed = resolve;
        engine.write(input, () => resolve());
      });
      if (failure !== null) return;
      const next: IteratorResult<Buffer> = await iterator.next();
      if (ended && (engine.bytesWritten < fed || next.done !== true)) throw garbageBehind(name);
      chunk = next.done === true ? null : next.value;
    }
    if (!ended) engine.end();
    await new Promise<void>((resolve) => {
      proceed = resolve;
      if (ended || failure !== null) resolve();
    });
    if (failure === null && engine.bytesWritten < fed) throw garbageBehind(name);
  };
  let fedAll = false;
  void feed().then(
    () => {
      fedAll = true;
      wake();
    },
    (error: unknown) => {
      failure ??= { error };
      wake();
    },
  );

  try {
    for (;;) {
      const chunk = ready.shift();
      if (chunk !== undefined) {
        if (ready.length === 0 && engine.isPaused()) engine.resume();
        yield chunk;
        continue;
      }
      if (failure !== null) throw (failure as { readonly error: unknown }).error;
      if (ended && fedAll) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    engine.destroy();
    // Not awaited: it would wait for a piece that the feeder asked for, and a silent source never gives one.
    void iterator.return?.().catch(() => undefined);
  }
}

async function* decodeBrotli(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* brotliByWebStream(source);
  } catch (error) {
    if (!(error instanceof BrotliFault)) throw error;
    if (error.kind === "garbage behind") throw garbageBehind("br");
    throw error.kind === "cut" ? undecodable("the br data is cut off", "br", error) : malformed("br", error);
  }
}

/** The two bytes that tell the formats apart, with what came along. */
async function firstBytes(iterator: AsyncIterator<Buffer>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < 2) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return first;
}

function malformed(name: string, error: NodeJS.ErrnoException): ContentDecodingError {
  const cut = error.code === "Z_BUF_ERROR" || /unexpected end/i.test(error.message);
  return undecodable(
    cut ? `the ${name} data is cut off` : `the ${name} data is malformed: ${error.message}`,
    name,
    error,
  );
}

function garbageBehind(name: string): ContentDecodingError {
  return undecodable(`bytes behind the end of the ${name} data`, name);
}

function bomb(ratio: number): ContentDecodingError {
  return undecodable(
    `it grows more than ${ratio} times, like a decompression bomb (maxDecompressionRatio of HTTPAdapter)`,
    "compressed",
  );
}

function undecodable(what: string, coding: string, cause?: unknown): ContentDecodingError {
  return new ContentDecodingError(
    `Received response with content-encoding: ${coding}, but failed to decode it: ${what}`,
    { phase: "receive", cause },
  );
}

/** @param limit - Bytes. */
export function tooLarge(limit: number): ContentTooLarge {
  return new ContentTooLarge(
    `The body is larger than maxResponseSize (${limit} bytes): raise it, or read with stream: true`,
    {
      phase: "receive",
    },
  );
}
