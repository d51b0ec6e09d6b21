/** Decodes a body by its content codings: gzip, deflate, br, zstd. Cut or malformed data and bombs are errors. */
import { ContentDecodingError, ContentTooLarge } from "../../exceptions.js";
import { codingNames } from "../../http/fields.js";
import { WebStreamLayer, zlibChecksBrotli } from "./brotli.js";
import { codingFor, hasZstd, type OneShotResult } from "./codings.js";
import { engineFault, EngineLayer, LayerFault, type ByteSource, type DecodingLayer } from "./decoding-layer.js";

/** RFC 9110 §8.4 sets no bound on chained codings; more than a few are an attack. */
export const MAX_CODINGS = 5;
/** Empty items and "identity" that are read beside them. */
const MAX_IDLE_ITEMS = 20;
/** Output up to this is never a bomb. */
const BOMB_FLOOR = 10 * 1024 * 1024;
/** Input up to this is decoded at once; more of it would hold up the event loop. */
const SYNC_INPUT = 16 * 1024;
/** Output up to this is decoded at once. */
const SYNC_OUTPUT = 1024 * 1024;
const ONE_SHOT = { info: true, maxOutputLength: SYNC_OUTPUT } as const;

export interface DecodeLimits {
  /** Output ÷ input beyond which output over 10 MiB is a bomb. */
  readonly maxRatio: number;
  /** Bytes of output, or 0 for no limit. */
  readonly maxOutput: number;
  /** Codings in a row. @defaultValue 5 */
  readonly maxCodings?: number;
}

/** The codings that the runtime can decode, for Accept-Encoding. */
export const ACCEPT_ENCODING: string = hasZstd ? "gzip, deflate, br, zstd" : "gzip, deflate, br";

/**
 * The codings to undo, the last applied first.
 *
 * @returns An empty list for none, and for a single one that is unknown: its bytes are handed on as they are, as in
 *   requests.
 * @throws ContentDecodingError for more than `most`, or an unknown one among several.
 */
export function codingsOf(contentEncoding: string, most = MAX_CODINGS): string[] {
  const maxItems = most + MAX_IDLE_ITEMS;
  const items = contentEncoding.split(",", maxItems);
  const codings = codingNames(items).reverse();
  if (codings.length > most || items.length === maxItems)
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
  return name === "gzip" || name === "x-gzip" || name === "deflate" || name === "br" || (name === "zstd" && hasZstd);
}

/** Time limits that run while a reader waits for decoded content, such as a Deadline. */
export interface Patience {
  start(): void;
  /** Bytes have arrived. */
  touch(): void;
  stop(): void;
}

/** A whole body that is being decoded away from the event loop. */
export interface Decoding {
  readonly content: Promise<Buffer>;
  /** Ends it at once with this error. */
  stop(error: unknown): void;
}

/**
 * Decodes a whole body: a small one at once.
 *
 * @throws ContentDecodingError when it is cut, malformed, followed by garbage, or a bomb; ContentTooLarge past
 *   `maxOutput`.
 */
export function decodeAll(bytes: Buffer, codings: readonly string[], limits: DecodeLimits): Buffer | Decoding {
  // Servers label empty bodies, too.
  if (bytes.length === 0 || codings.length === 0) return bytes;
  const isSmall = bytes.length <= SYNC_INPUT && (zlibChecksBrotli() || !codings.includes("br"));
  const content = isSmall ? decodeAtOnce(bytes, codings) : null;
  if (content === null) {
    const decoder = new Decoder(once(bytes), codings, limits);
    return { content: decoder.readAll(), stop: (error) => decoder.stop(error) };
  }
  if (limits.maxOutput > 0 && content.length > limits.maxOutput) throw tooLarge(limits.maxOutput);
  return content;
}

/** @returns null when a layer gives more than is decoded at once. */
function decodeAtOnce(bytes: Buffer, codings: readonly string[]): Buffer | null {
  let current = bytes;
  for (const name of codings) {
    let result: OneShotResult;
    try {
      result = codingFor(name, current).sync(current, ONE_SHOT);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
      throw layerFailure(engineFault(error as NodeJS.ErrnoException), name);
    }
    if (result.engine.bytesWritten < current.length) throw garbageAfter(name);
    current = result.buffer;
  }
  return current;
}

function once(bytes: Buffer): ByteSource {
  let rest: Buffer | null = bytes;
  return {
    pull: () => {
      const given = rest;
      rest = null;
      return given;
    },
  };
}

/** The most bytes of compressed data for an amount of content: data that cannot be compressed grows a little. */
export function compressedBound(content: number): number {
  return content + Math.ceil(content / 100) + 64 * 1024;
}

/**
 * Decodes a body while it arrives, one layer for each coding. The layers are driven by the reader: each decodes only a
 * few pieces ahead.
 */
export class Decoder {
  readonly #limits: DecodeLimits;
  readonly #layers: DecodingLayer[] = [];
  readonly #last: ByteSource;
  /** Bytes that were taken from the source. */
  #input = 0;
  #output = 0;
  readonly #patience: Patience | null;
  #stopped: { readonly error: unknown } | null = null;
  #isClosed = false;

  /**
   * @param codings - As {@link codingsOf} gives them; none only counts.
   * @param patience - Runs while a reader waits for the next piece; bytes that arrive restart it.
   */
  constructor(source: ByteSource, codings: readonly string[], limits: DecodeLimits, patience: Patience | null = null) {
    this.#limits = limits;
    this.#patience = patience;
    let from: ByteSource = { pull: () => this.#count(source.pull()) };
    for (const name of codings) {
      const layer = name === "br" && !zlibChecksBrotli() ? new WebStreamLayer(from) : new EngineLayer(from, name);
      this.#layers.push(layer);
      from = { pull: () => this.#pullLayer(layer, name) };
    }
    this.#last = from;
  }

  /**
   * The next decoded piece, null at the end. Content that could be decoded before an error is given before it.
   *
   * @throws As {@link decodeAll}, and what the source throws.
   */
  async pull(): Promise<Buffer | null> {
    this.#patience?.start();
    try {
      const piece = await this.#last.pull();
      if (this.#stopped !== null) throw this.#stopped.error;
      if (this.#isClosed || piece === null) {
        this.#release();
        return null;
      }
      this.#output += piece.length;
      const { maxOutput } = this.#limits;
      if (maxOutput > 0 && this.#output > maxOutput) throw tooLarge(maxOutput);
      return piece;
    } catch (error) {
      this.#release();
      if (this.#isClosed) return null;
      throw this.#stopped === null ? error : this.#stopped.error;
    } finally {
      this.#patience?.stop();
    }
  }

  /** All that is left. */
  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let piece = await this.pull(); piece !== null; piece = await this.pull()) pieces.push(piece);
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  /** Ends at once, also while a reader waits: it gets this error. */
  stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#release();
  }

  /** Ends at once; a reader that waits gets the end. */
  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    for (const layer of this.#layers) layer.stop();
  }

  #count(pulled: Buffer | null | Promise<Buffer | null>): Buffer | null | Promise<Buffer | null> {
    if (!(pulled instanceof Promise)) return this.#counted(pulled);
    return pulled.then((piece) => {
      this.#patience?.touch();
      return this.#counted(piece);
    });
  }

  #counted(piece: Buffer | null): Buffer | null {
    if (piece !== null) this.#input += piece.length;
    return piece;
  }

  /** Each layer is measured by what came over the wire: one that shrinks again what grew before it hides nothing. */
  async #pullLayer(layer: DecodingLayer, name: string): Promise<Buffer | null> {
    let piece: Buffer | null;
    try {
      piece = await layer.pull();
    } catch (error) {
      throw layerFailure(error, name);
    }
    if (layer.output > BOMB_FLOOR && layer.output > this.#input * this.#limits.maxRatio)
      throw bomb(this.#limits.maxRatio);
    const { maxOutput } = this.#limits;
    if (maxOutput > 0 && layer.output > compressedBound(maxOutput)) throw tooLarge(maxOutput);
    return piece;
  }
}

/** Errors of the source, and of the layers before this one, stay as they are. */
function layerFailure(error: unknown, name: string): unknown {
  if (!(error instanceof LayerFault)) return error;
  if (error.kind === "garbage") return garbageAfter(name);
  const what = error.kind === "cut" ? "is cut off" : `is malformed: ${error.message}`;
  return undecodable(`the ${name} data ${what}`, name, error.cause);
}

function garbageAfter(name: string): ContentDecodingError {
  return undecodable(`bytes after the end of the ${name} data`, name);
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
