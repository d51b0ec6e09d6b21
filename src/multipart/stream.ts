/** Parts as they come from a source that is read no faster than they are. */
import { types } from "node:util";

import { StreamConsumedError, type Response } from "../index.js";
import { END, kindOf, type End, PullIterator, type PullSource } from "../extend/index.js";
import { MultipartDecodeError } from "./errors.js";
import type { MultipartParser, ParserEvent } from "./parser.js";
import { parsePartHeaders } from "./part-headers.js";
import { StreamedPart, type PartSource } from "./part.js";

/** Bytes after the closing delimiter that are read, so that a connection can be used again. */
const MAX_EPILOGUE = 64 * 1024;

/** The input of {@link streamedParts}. */
export interface StreamPlan {
  readonly source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** For the exceptions. */
  readonly response: Response | null;
  /** The charset of parts that name none. */
  readonly encoding: string;
  /** Makes the parser, when the first part is asked for. */
  readonly parser: () => MultipartParser;
}

/** The parts of a source, which is closed when the iteration ends, for whatever reason. */
export function streamedParts(plan: StreamPlan): AsyncGenerator<StreamedPart, void> {
  return new PullIterator(new Parts(plan));
}

class Parts implements PullSource<StreamedPart> {
  readonly #plan: StreamPlan;
  readonly #feed: Feed;

  constructor(plan: StreamPlan) {
    this.#plan = plan;
    this.#feed = new Feed(plan);
  }

  async pull(): Promise<StreamedPart | End> {
    const feed = this.#feed;
    feed.open = null;
    try {
      feed.parser ??= this.#plan.parser();
      for (let event = await feed.next(); event !== "end"; event = await feed.next()) {
        // Skip the rest of the part, up to the next head.
        if (event !== "head") continue;
        const part = new StreamedPart(parsePartHeaders(feed.parser.head), this.#plan.encoding, feed);
        feed.open = part;
        return part;
      }
      await feed.drain(MAX_EPILOGUE);
      await this.close();
      return END;
    } catch (error) {
      throw about(this.#plan.response, error);
    }
  }

  async close(): Promise<void> {
    // First, because it wakes a reader that waits; and an iteration of it that was never begun closes nothing.
    this.#plan.response?.close();
    await this.#feed.close();
  }
}

class Feed implements PartSource {
  parser: MultipartParser | null = null;
  /** The part that may be read. */
  open: StreamedPart | null = null;
  readonly #items: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #response: Response | null;
  #isEnded = false;
  #isWaiting = false;
  #failure: { readonly error: unknown } | null = null;

  constructor({ source, response }: StreamPlan) {
    this.#response = response;
    this.#items = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async content(part: StreamedPart): Promise<Buffer | null> {
    if (this.open !== part)
      throw new StreamConsumedError("This part was skipped. Read a part before you move on to the next one");
    const event = await this.next();
    if (typeof event !== "string") return event;
    // It is its end; what follows is the next part's.
    this.open = null;
    return null;
  }

  async next(): Promise<Exclude<ParserEvent, "more">> {
    // The error is thrown by the part, and again by the parts: nothing follows it.
    if (this.#failure !== null) throw this.#failure.error;
    const parser = this.parser!;
    try {
      for (let event = parser.next(); ; event = parser.next()) {
        if (event !== "more") return event;
        const chunk = await this.#read();
        if (chunk === null) parser.finish();
        else parser.push(chunk);
      }
    } catch (error) {
      this.#failure ??= { error };
      throw about(this.#response, error);
    }
  }

  async drain(most: number): Promise<void> {
    for (let left = most; left >= 0;) {
      const chunk = await this.#read();
      if (chunk === null) return;
      left -= chunk.length;
    }
  }

  async close(): Promise<void> {
    this.open = null;
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#items.return?.();
  }

  async #read(): Promise<Buffer | null> {
    if (this.#isWaiting)
      throw new StreamConsumedError("The multipart content is being read already: await one read before the next");
    if (this.#isEnded) return null;
    this.#isWaiting = true;
    let step: IteratorResult<unknown>;
    try {
      step = await this.#items.next();
    } catch (error) {
      this.#isEnded = true;
      throw error;
    } finally {
      this.#isWaiting = false;
    }
    if (step.done !== true) return asBuffer(step.value);
    this.#isEnded = true;
    return null;
  }
}

/** The error, with the response that it is about. */
function about(response: Response | null, error: unknown): unknown {
  if (response !== null && error instanceof MultipartDecodeError) error.response = response;
  return error;
}

function asBuffer(item: unknown): Buffer {
  if (types.isUint8Array(item)) return Buffer.from(item.buffer, item.byteOffset, item.byteLength);
  throw new TypeError(
    `Multipart content is read from bytes, and the source gave ${kindOf(item)}: give it without an encoding`,
  );
}
