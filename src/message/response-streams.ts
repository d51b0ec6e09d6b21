/** The content of a response as pieces, lines, JSON values and events. */
import { parseJson, validateJson } from "./text/json.js";
import { ByteLines, TextLines } from "./text/lines.js";
import { TextStream } from "./text/charset.js";
import type { StandardSchema } from "./standard-schema.js";

/** A server-sent event. */
export interface ServerSentEvent {
  /** The event's type; undefined where the server named none, which means "message". */
  readonly event: string | undefined;
  readonly data: string;
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

/** Text in `encoding`, right across the borders of the pieces. */
export async function* decoded(source: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string, void> {
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
  encoding: string,
  schema?: StandardSchema<T>,
): AsyncGenerator<T, void> {
  const lines = new TextLines("\n");
  for await (const chunk of decoded(source, encoding))
    for (const line of lines.push(chunk)) {
      const text = line.trim();
      if (text !== "") yield jsonValue(text, schema);
    }
  for (const line of lines.end()) {
    const text = line.trim();
    if (text !== "") yield jsonValue(text, schema);
  }
}

function jsonValue<T>(text: string, schema: StandardSchema<T> | undefined): T {
  const value = parseJson(text);
  return schema === undefined ? (value as T) : validateJson(value, schema, text);
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export async function* serverSentEvents(source: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent, void> {
  const { createParser } = await import("eventsource-parser");
  const ready: ServerSentEvent[] = [];
  let retry: number | undefined;
  const parser = createParser({
    onEvent: (event) => {
      ready.push({ event: event.event, data: event.data, id: event.id, retry });
      retry = undefined;
    },
    onRetry: (milliseconds) => {
      retry = milliseconds;
    },
  });
  // Line by line: of a chunk with CR alone for line ends, the parser searches all that is left for LF at each line.
  const lines = new ByteLines();
  let isFirst = true;
  for await (const chunk of source)
    for (const line of lines.push(chunk)) {
      // The format is UTF-8 by definition, whatever the charset says.
      const text = line.toString("utf8");
      parser.feed(isFirst && text.startsWith("\ufeff") ? `${text.slice(1)}\n` : `${text}\n`);
      isFirst = false;
      if (ready.length > 0) yield* ready.splice(0);
    }
}
