/** `response.raw`: the undecoded body as its reader sees it. */
import type { RequestException } from "../exceptions.js";
import { kindOf } from "../options/kind.js";
import { contentBody } from "./body/content.js";
import { withCallerFrames } from "../content/caller-frames.js";
import { asBytes } from "./body/source.js";
import { END, PullIterator, type End } from "../content/pull-iterator.js";
import { BodyPump } from "./body-pump.js";
import { RawQueue, type RawControl } from "./raw-queue.js";

/** The head of a response as `raw` shows it. */
export interface RawHead {
  /** name, value, name, value … as they came. */
  readonly rawHeaders: readonly string[];
  /** 10, 11 or 20. */
  readonly version: number;
}

const EMPTY = Buffer.alloc(0);

/** The queue of a body, for the side that pushes and for decoders. */
export let queueOf: (raw: RawResponse) => RawQueue;

/**
 * `response.raw`: the bytes of the body as they came, without decoding. Read with `read(n)` or by iterating.
 *
 * @see urllib3's HTTPResponse, of which this keeps `read`, `headers` and `version`.
 */
export class RawResponse implements AsyncIterable<Buffer> {
  readonly #head: RawHead;
  readonly #queue: RawQueue;
  /** The policy of retries as it stood for this attempt: its `history` has those that failed before; null for none. */
  retries: NonNullable<RequestException["retries"]> | null = null;

  constructor(head: RawHead, control: RawControl) {
    this.#head = head;
    this.#queue = new RawQueue(control);
  }

  static {
    queueOf = (raw) => raw.#queue;
  }

  /** The header fields as pairs, in their order and case. */
  get headers(): [string, string][] {
    return pairs(this.#head.rawHeaders);
  }

  /** The trailer fields as pairs; empty until the body was read to its end. */
  get trailers(): [string, string][] {
    return pairs(this.#queue.trailers);
  }

  /** 11 for HTTP/1.1, 10 for HTTP/1.0, 20 for HTTP/2. */
  get version(): number {
    return this.#head.version;
  }

  /** Whether the body was read to its end, failed, or was closed. */
  get closed(): boolean {
    return this.#queue.closed;
  }

  /** Bytes that have come so far, before decoding. */
  get bytesReceived(): number {
    return this.#queue.bytesReceived;
  }

  /**
   * Exactly `n` bytes while there are as many, fewer at the end, an empty Buffer after it; without `n` all that is left.
   *
   * @param n - Bytes.
   * @throws ChunkedEncodingError, ReadTimeout … when the body breaks off; what came before is given first.
   */
  async read(n?: number): Promise<Buffer> {
    if (n !== undefined && (!Number.isInteger(n) || n < 0))
      throw new RangeError(`read(n) takes a number of bytes, not ${n}`);
    const wanted = n ?? Infinity;
    const parts: Buffer[] = [];
    let have = 0;
    while (have < wanted) {
      let chunk: Buffer | null;
      try {
        chunk = await this.#queue.pull(wanted - have);
      } catch (error) {
        if (have === 0 || n === undefined) throw withCallerFrames(error);
        break;
      }
      if (chunk === null) break;
      parts.push(chunk);
      have += chunk.length;
    }
    return parts.length === 0 ? EMPTY : parts.length === 1 ? parts[0] : Buffer.concat(parts, have);
  }

  /** The bytes as they arrive. Leaving the loop early closes the body, also while it waits for bytes. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    // The iterator holds this response, so that its connection is not given back while it is read.
    return new PullIterator({ pull: () => this.#pull(), close: () => this.close() });
  }

  #pull(): Buffer | End | Promise<Buffer | End> {
    const chunk = this.#queue.pull();
    return chunk instanceof Promise ? chunk.then(orEnd) : orEnd(chunk);
  }

  /** The rest is not read: the connection goes back to the pool or is closed, whichever is cheaper. */
  close(): void {
    this.#queue.close();
  }
}

function orEnd(chunk: Buffer | null): Buffer | End {
  return chunk ?? END;
}

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) found.push([raw[at], raw[at + 1]]);
  return found;
}

/** The sources of a body that was not received from a server. */
export type RawInit = Uint8Array | string | AsyncIterable<Uint8Array | string> | null | undefined;

/**
 * The body of a response that the caller makes.
 *
 * @throws TypeError for a value that is neither bytes nor text nor a stream of them.
 */
export function rawFrom(source: RawInit, head: RawHead, trailers: readonly string[] = []): RawResponse {
  const bytes = source === null || source === undefined ? EMPTY : asBytes(source);
  if (bytes !== null) {
    const raw = new RawResponse(head, NO_CONTROL);
    if (bytes.byteLength > 0) queueOf(raw).push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    queueOf(raw).end(trailers);
    queueOf(raw).settle();
    return raw;
  }
  const body = contentBody(source);
  if (body === null)
    throw new TypeError(`The body of a Response must be bytes, text or a stream of these, not ${kindOf(source)}`);
  const pump = new BodyPump(body, trailers);
  const raw = new RawResponse(head, pump);
  pump.queue = queueOf(raw);
  dropped.register(raw, queueOf(raw));
  return raw;
}

/** Closes the stream of a response that was collected as garbage before it was read to its end. */
const dropped = new FinalizationRegistry<RawQueue>((queue) => queue.close());

const NO_CONTROL: RawControl = { resume: () => undefined, cancel: () => undefined };
