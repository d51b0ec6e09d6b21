/** The content of a response as pieces, lines, JSON values and events. */
import { ContentTooLarge, type ExceptionDetails } from "../exceptions.js";
import { parseJson, validateJsonLater } from "./text/json.js";
import { ByteLines, TextLines } from "./text/lines.js";
import { TextStream } from "./text/charset.js";
import type { StandardSchema } from "./standard-schema.js";

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

/** Pieces of exactly `size` bytes, but for the last. */
export async function* resized(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer, void> {
  let held: Buffer[] = [];
  let have = 0;
  try {
    for await (const chunk of source) {
      let rest = chunk;
      while (have + rest.length >= size) {
        const take = size - have;
        held.push(rest.subarray(0, take));
        const whole = held.length === 1 ? held[0] : Buffer.concat(held, size);
        rest = rest.subarray(take);
        held = [];
        have = 0;
        yield whole;
      }
      if (rest.length > 0) {
        held.push(rest);
        have += rest.length;
      }
    }
  } catch (error) {
    // What came before an error is given first.
    if (have > 0) yield Buffer.concat(held, have);
    throw error;
  }
  if (have > 0) yield Buffer.concat(held, have);
}

/** Text in `encoding` (null: by a BOM, else UTF-8), right across the borders of the pieces. */
export async function* decoded(source: AsyncIterable<Buffer>, encoding: string | null): AsyncGenerator<string, void> {
  const decoder = new TextStream(encoding);
  for await (const chunk of source) {
    const text = decoder.decode(chunk);
    if (text !== "") yield text;
  }
  const last = decoder.end();
  if (last !== "") yield last;
}

export async function* byteLines(
  source: AsyncIterable<Buffer>,
  delimiter?: string | Uint8Array,
): AsyncGenerator<Buffer, void> {
  const lines = new ByteLines(typeof delimiter === "string" ? Buffer.from(delimiter) : delimiter);
  try {
    // yield* would make several promises for each line.
    for await (const chunk of source) for (const line of lines.push(chunk)) yield line;
  } catch (error) {
    yield* lines.end();
    throw error;
  }
  yield* lines.end();
}

export async function* textLines(source: AsyncIterable<string>, delimiter?: string): AsyncGenerator<string, void> {
  const lines = new TextLines(delimiter);
  try {
    for await (const chunk of source) for (const line of lines.push(chunk)) yield line;
  } catch (error) {
    yield* lines.end();
    throw error;
  }
  yield* lines.end();
}

/** One value for each line that is not empty (https://jsonlines.org). */
export async function* jsonLines<T>(
  source: AsyncIterable<Buffer>,
  encoding: string | null,
  schema?: StandardSchema<T>,
  details: ExceptionDetails = {},
): AsyncGenerator<T, void> {
  const lines = new TextLines("\n");
  for await (const chunk of decoded(source, encoding))
    for (const line of lines.push(chunk)) {
      const text = line.trim();
      if (text !== "")
        yield schema === undefined ? (parseJson(text, details) as T) : await validated(text, schema, details);
    }
  for (const line of lines.end()) {
    const text = line.trim();
    if (text !== "")
      yield schema === undefined ? (parseJson(text, details) as T) : await validated(text, schema, details);
  }
}

function validated<T>(text: string, schema: StandardSchema<T>, details: ExceptionDetails): Promise<T> {
  return validateJsonLater(parseJson(text, details), schema, text, details);
}

/** What a stream of events says beside its events. */
export interface EventIterOptions {
  /** Told of the last event ID that a block sets, before its event, and of a block without data too. */
  readonly onId?: ((id: string) => void) | undefined;
  /** Told at once of the milliseconds to wait before reconnecting. */
  readonly onRetry?: ((milliseconds: number) => void) | undefined;
  /** Told of comments, which servers send to keep the connection alive. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** Bytes of an event, past which it is ContentTooLarge. @defaultValue 64 MiB */
  readonly maxEventSize?: number | undefined;
}

/** An event larger than this would fill the memory of whoever waits for its end, in bytes. */
const MAX_EVENT_SIZE = 64 * 1024 * 1024;

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export async function* serverSentEvents(
  source: AsyncIterable<Buffer>,
  options: EventIterOptions = {},
): AsyncGenerator<ServerSentEvent, void> {
  const { onId, onRetry, onComment, maxEventSize = MAX_EVENT_SIZE } = options;
  const { createParser } = await import("eventsource-parser");
  const ready: ServerSentEvent[] = [];
  let retry: number | undefined;
  const parser = createParser({
    maxBufferSize: maxEventSize,
    onEvent: (event) => {
      ready.push({ event: event.event, data: event.data, id: event.id, retry });
      retry = undefined;
    },
    onRetry: (milliseconds) => {
      retry = milliseconds;
      onRetry?.(milliseconds);
    },
    onError: ({ type }) => {
      if (type === "max-buffer-size-exceeded") throw eventTooLarge(maxEventSize);
    },
    ...(onComment === undefined ? {} : { onComment }),
  });
  // Line by line: of a chunk with CR alone for line ends, the parser searches all that is left for LF at each line.
  const lines = new ByteLines();
  let isFirst = true;
  let id: string | undefined;
  for await (const chunk of source) {
    for (const line of lines.push(chunk)) {
      // The format is UTF-8 by definition, whatever the charset says.
      let text = line.length === 0 ? "" : line.utf8Slice();
      if (isFirst && text.startsWith("\ufeff")) text = text.slice(1);
      isFirst = false;
      if (onId !== undefined) {
        id = idOf(text) ?? id;
        if (text === "" && id !== undefined) {
          onId(id);
          id = undefined;
        }
      }
      parser.feed(text === "" ? "\n" : `${text}\n`);
      if (ready.length > 0) yield* ready.splice(0);
    }
    if (lines.heldLength > maxEventSize) throw eventTooLarge(maxEventSize);
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
