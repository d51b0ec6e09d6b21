/** The content of a response as pieces of one size, text, lines, JSON values and events. */
import type { EventSourceParser } from "eventsource-parser";

import { ContentTooLarge, type ExceptionDetails } from "../exceptions.js";
import { END, type End, type PullSource } from "./pull-iterator.js";
import type { StandardSchema } from "./standard-schema.js";
import { TextStream } from "./charset.js";
import { parseJson, validateJsonLater } from "./json.js";
import { ByteLines, TextLines } from "./lines.js";

/** A server-sent event. */
export interface ServerSentEvent {
  /** The event's type; undefined where the server named none, which means "message". */
  readonly event: string | undefined;
  /** Its lines of data, joined by line feeds. */
  readonly data: string;
  /** The id that it names; undefined for none. The last one of a stream is told to `onId`. */
  readonly id: string | undefined;
  /** Milliseconds to wait before reconnecting, where the server said so with this event. */
  readonly retry: number | undefined;
}

/** Makes items of the pieces of a source: none, one or several of each piece. */
abstract class Stage<In, Out> implements PullSource<Out> {
  readonly #source: PullSource<In>;
  #ready: readonly Out[] = [];
  #next = 0;
  #failure: { readonly error: unknown } | null = null;
  #isAtEnd = false;
  #isClosed = false;

  constructor(source: PullSource<In>) {
    this.#source = source;
  }

  /** The items that a piece completes. */
  protected abstract take(piece: In): readonly Out[];

  /** The items that are left when the source has ended, or failed. */
  protected abstract rest(isFailed: boolean): readonly Out[];

  pull(): Out | End | Promise<Out | End> {
    if (this.#next < this.#ready.length) return this.#ready[this.#next++];
    return this.#more();
  }

  close(): void {
    this.#isClosed = true;
    void this.#source.close();
  }

  async #more(): Promise<Out | End> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#isAtEnd) return END;
      try {
        const piece = await this.#source.pull();
        // An iteration that was left ends as it stands: what is held is not the last item.
        if (this.#isClosed) return END;
        this.#isAtEnd = piece === END;
        this.#ready = piece === END ? this.rest(false) : this.take(piece);
      } catch (error) {
        this.#failure = { error };
        this.#ready = this.rest(true);
      }
      this.#next = 0;
      if (this.#ready.length > 0) return this.#ready[this.#next++];
    }
  }
}

/** Pieces of exactly `size` bytes, but for the last. What came before an error is given first. */
export class SizedPieces extends Stage<Buffer, Buffer> {
  readonly #size: number;
  #held: Buffer[] = [];
  #have = 0;

  constructor(source: PullSource<Buffer>, size: number) {
    super(source);
    this.#size = size;
  }

  protected override take(piece: Buffer): Buffer[] {
    const whole: Buffer[] = [];
    let rest = piece;
    while (this.#have + rest.length >= this.#size) {
      const wanted = this.#size - this.#have;
      this.#held.push(rest.subarray(0, wanted));
      whole.push(this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held, this.#size));
      rest = rest.subarray(wanted);
      this.#held = [];
      this.#have = 0;
    }
    if (rest.length > 0) {
      this.#held.push(rest);
      this.#have += rest.length;
    }
    return whole;
  }

  protected override rest(): Buffer[] {
    return this.#have === 0 ? [] : [Buffer.concat(this.#held, this.#have)];
  }
}

/** Text in an encoding, right across the borders of pieces. */
export class TextPieces extends Stage<Buffer, string> {
  readonly #decoder: TextStream;

  constructor(source: PullSource<Buffer>, encoding: string | null) {
    super(source);
    this.#decoder = new TextStream(encoding);
  }

  protected override take(piece: Buffer): string[] {
    const text = this.#decoder.decode(piece);
    return text === "" ? [] : [text];
  }

  protected override rest(isFailed: boolean): string[] {
    // A character that was cut by an error is not a malformed one.
    const text = isFailed ? "" : this.#decoder.end();
    return text === "" ? [] : [text];
  }
}

/** Splits pieces into lines. */
interface LineSplitter<T> {
  push(piece: T): T[];
  end(): T[];
}

/** Lines of bytes or text. What came before an error is given first. */
export class Lines<T> extends Stage<T, T> {
  readonly #lines: LineSplitter<T>;

  constructor(source: PullSource<T>, lines: LineSplitter<T>) {
    super(source);
    this.#lines = lines;
  }

  protected override take(piece: T): T[] {
    return this.#lines.push(piece);
  }

  protected override rest(_isFailed: boolean): T[] {
    return this.#lines.end();
  }
}

/** Lines of which one that an error cut off is not given. */
class WholeLines<T> extends Lines<T> {
  protected override rest(isFailed: boolean): T[] {
    return isFailed ? [] : super.rest(isFailed);
  }
}

/** Lines of bytes. */
export function byteLines(source: PullSource<Buffer>, delimiter?: string | Uint8Array): PullSource<Buffer> {
  return new Lines(source, new ByteLines(typeof delimiter === "string" ? Buffer.from(delimiter) : delimiter));
}

/** Lines of text. */
export function textLines(source: PullSource<string>, delimiter?: string): PullSource<string> {
  return new Lines(source, new TextLines(delimiter));
}

/** Options of {@link JsonLines}. */
export interface JsonLinesOptions<T> {
  readonly encoding: string | null;
  readonly schema: StandardSchema<T> | undefined;
  /** The response and request for errors. */
  readonly details: ExceptionDetails;
}

/** One value for each line that is not empty (https://jsonlines.org). Each line is parsed when it is asked for. */
export class JsonLines<T> implements PullSource<T> {
  readonly #lines: PullSource<string>;
  readonly #options: JsonLinesOptions<T>;

  constructor(source: PullSource<Buffer>, options: JsonLinesOptions<T>) {
    this.#lines = new WholeLines(new TextPieces(source, options.encoding), new TextLines("\n"));
    this.#options = options;
  }

  pull(): T | End | Promise<T | End> {
    for (;;) {
      const line = this.#lines.pull();
      if (line instanceof Promise) return this.#later(line);
      if (line === END) return END;
      if (line.trim() !== "") return this.#value(line.trim());
    }
  }

  close(): void {
    void this.#lines.close();
  }

  async #later(pulled: Promise<string | End>): Promise<T | End> {
    const line = await pulled;
    if (line === END) return END;
    return line.trim() === "" ? this.pull() : this.#value(line.trim());
  }

  #value(text: string): T | Promise<T> {
    const { schema, details } = this.#options;
    const value = parseJson(text, details);
    return schema === undefined ? (value as T) : validateJsonLater(value, schema, text, details);
  }
}

/** Callbacks for the parts of an event stream that are not events. */
export interface EventIterOptions {
  /** Called with the last event ID that a block sets: before its event, and also for a block without data. */
  readonly onId?: ((id: string) => void) | undefined;
  /** Called with the milliseconds to wait before reconnecting, as soon as they arrive. */
  readonly onRetry?: ((milliseconds: number) => void) | undefined;
  /** Called with comments, which servers send to keep the connection alive. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** Bytes of an event, past which it is ContentTooLarge. @defaultValue 64 MiB */
  readonly maxEventSize?: number | undefined;
}

/** The most bytes of one event: a larger one would fill the memory of the program that waits for its end. */
const MAX_EVENT_SIZE = 64 * 1024 * 1024;

/**
 * Server-sent events. Each line is parsed when it is asked for, so that `onId` is told of an event's ID just before it.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventPieces implements PullSource<ServerSentEvent> {
  readonly #source: PullSource<Buffer>;
  readonly #options: EventIterOptions;
  readonly #maxEventSize: number;
  // The parser gets line by line: given a piece whose lines end in CR alone, it looks through all that is left for LF at
  // each line.
  readonly #splitter = new ByteLines();
  #parser: EventSourceParser | null = null;
  #lines: readonly Buffer[] = [];
  #nextLine = 0;
  readonly #ready: ServerSentEvent[] = [];
  #isFirst = true;
  #id: string | undefined;
  #retry: number | undefined;

  constructor(source: PullSource<Buffer>, options: EventIterOptions = {}) {
    this.#source = source;
    this.#options = options;
    this.#maxEventSize = options.maxEventSize ?? MAX_EVENT_SIZE;
  }

  pull(): ServerSentEvent | End | Promise<ServerSentEvent | End> {
    return this.#fromLines() ?? this.#more();
  }

  close(): void {
    void this.#source.close();
  }

  async #more(): Promise<ServerSentEvent | End> {
    this.#parser ??= await this.#makeParser();
    for (;;) {
      const piece = await this.#source.pull();
      // An event that is not at its end does not count.
      if (piece === END) return END;
      this.#lines = this.#splitter.push(piece);
      this.#nextLine = 0;
      const event = this.#fromLines();
      if (event !== undefined) return event;
    }
  }

  /** The next event that is complete, if there is one. */
  #fromLines(): ServerSentEvent | undefined {
    while (this.#ready.length === 0 && this.#nextLine < this.#lines.length) this.#feed(this.#lines[this.#nextLine++]);
    if (this.#ready.length === 0 && this.#splitter.heldLength > this.#maxEventSize)
      throw eventTooLarge(this.#maxEventSize);
    return this.#ready.shift();
  }

  #feed(line: Buffer): void {
    // The format is UTF-8 by definition, whatever the charset says.
    let text = line.length === 0 ? "" : line.utf8Slice();
    if (this.#isFirst && text.startsWith("\ufeff")) text = text.slice(1);
    this.#isFirst = false;
    const { onId } = this.#options;
    if (onId !== undefined) {
      this.#id = idOf(text) ?? this.#id;
      if (text === "" && this.#id !== undefined) {
        onId(this.#id);
        this.#id = undefined;
      }
    }
    this.#parser!.feed(text === "" ? "\n" : `${text}\n`);
  }

  async #makeParser(): Promise<EventSourceParser> {
    const { onRetry, onComment } = this.#options;
    // Loaded only when there are events to parse.
    const { createParser } = await import("eventsource-parser");
    return createParser({
      maxBufferSize: this.#maxEventSize,
      onEvent: (event) => {
        this.#ready.push({ event: event.event, data: event.data, id: event.id, retry: this.#retry });
        this.#retry = undefined;
      },
      onRetry: (milliseconds) => {
        this.#retry = milliseconds;
        onRetry?.(milliseconds);
      },
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded") throw eventTooLarge(this.#maxEventSize);
      },
      ...(onComment === undefined ? {} : { onComment }),
    });
  }
}

/** The parser says nothing of the id of a block without data, which counts nevertheless. */
function idOf(line: string): string | undefined {
  if (!line.startsWith("id")) return undefined;
  if (line.length === 2) return "";
  if (line[2] !== ":" || line.includes("\0")) return undefined;
  return line.slice(line[3] === " " ? 4 : 3);
}

function eventTooLarge(limit: number): ContentTooLarge {
  return new ContentTooLarge(
    `A server-sent event is larger than ${limit} bytes and was not read to its end; iterEvents({ maxEventSize }) moves the limit`,
  );
}
