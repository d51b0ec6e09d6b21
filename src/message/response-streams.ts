/** The content of a response as a stream: pieces, lines, JSON values, events, a file. */
import { withCallerFrames } from "../content/caller-frames.js";
import {
  byteLines,
  EventPieces,
  JsonLines,
  SizedPieces,
  TextPieces,
  textLines,
  type EventIterOptions,
  type ServerSentEvent,
} from "../content/content-streams.js";
import { PullIterator } from "../content/pull-iterator.js";
import type { StandardSchema } from "../content/standard-schema.js";
import { kindOf, numberOrKind } from "../options/kind.js";
import type { ByteLineOptions, IterOptions, LineOptions, TextLineOptions } from "./response-parts.js";
import { insideResponse } from "./response-wire.js";
import type { Response } from "./response.js";
import type { SaveOptions, SaveResult } from "./save.js";

/** The part of a response that reads its content piece by piece. */
export abstract class ResponseStreams implements AsyncIterable<Buffer> {
  /**
   * The content in pieces, decoded. What came before an error is given before the error is thrown.
   *
   * @param chunkSize - Bytes of each piece but the last; without it, pieces as they arrive.
   * @throws StreamConsumedError when the stream was iterated before.
   */
  iterContent(
    chunkSize: number | null | undefined,
    options: IterOptions & { readonly decodeUnicode: true },
  ): AsyncGenerator<string, void>;
  iterContent(
    chunkSize?: number | null,
    options?: IterOptions & { readonly decodeUnicode?: false | undefined },
  ): AsyncGenerator<Buffer, void>;
  iterContent(
    chunkSize?: number | null,
    options: IterOptions = {},
  ): AsyncGenerator<Buffer, void> | AsyncGenerator<string, void> {
    if (chunkSize !== undefined && chunkSize !== null && !(Number.isInteger(chunkSize) && chunkSize > 0))
      throw new TypeError(
        `iterContent(chunkSize) takes a whole number of bytes above 0, or nothing, not ${numberOrKind(chunkSize)}`,
      );
    const pieces = insideResponse.open(this.#response);
    const sized = chunkSize == null ? pieces : new SizedPieces(pieces, chunkSize);
    return options.decodeUnicode === true
      ? new PullIterator(new TextPieces(sized, insideResponse.streamEncoding(this.#response)))
      : new PullIterator(sized);
  }

  /**
   * The content line by line, without the line ends; right across the borders of pieces.
   *
   * @param options - `delimiter` in place of line ends; `decodeUnicode` for text instead of bytes; `chunkSize` is
   *   accepted for requests' sake and changes nothing that can be seen.
   */
  iterLines(options: TextLineOptions): AsyncGenerator<string, void>;
  iterLines(options?: ByteLineOptions): AsyncGenerator<Buffer, void>;
  iterLines(options: LineOptions = {}): AsyncGenerator<Buffer, void> | AsyncGenerator<string, void> {
    const { delimiter } = options;
    const pieces = insideResponse.open(this.#response);
    if (options.decodeUnicode !== true) return new PullIterator(byteLines(pieces, delimiter));
    const text = new TextPieces(pieces, insideResponse.streamEncoding(this.#response));
    return new PullIterator(textLines(text, delimiter === undefined ? undefined : String(delimiter)));
  }

  /** Each line parsed as JSON (JSON Lines, NDJSON); empty lines are passed over. */
  iterJson<T = unknown>(schema?: StandardSchema<T>): AsyncGenerator<T, void> {
    const details = { response: this.#response, request: this.#response.request };
    return new PullIterator(
      new JsonLines(insideResponse.open(this.#response), {
        encoding: insideResponse.streamEncoding(this.#response),
        schema,
        details,
      }),
    );
  }

  /**
   * Server-sent events as they come. `requests-ts/events` reconnects after a cut.
   *
   * @throws ContentTooLarge for an event larger than `maxEventSize`.
   */
  iterEvents(options?: EventIterOptions): AsyncGenerator<ServerSentEvent, void> {
    return new PullIterator(new EventPieces(insideResponse.open(this.#response), options));
  }

  /**
   * Writes the content to a file: to a temporary one first, renamed when it is whole, so that a cut download never
   * looks whole.
   *
   * @param path - Of the file.
   * @param options - `resume: true` continues after a cut; `sha256` is compared; `onProgress` is told of bytes.
   */
  async saveTo(path: string, options: SaveOptions = {}): Promise<SaveResult> {
    if (typeof path !== "string" || path === "")
      throw new TypeError(`saveTo(path) takes the path of a file, not ${kindOf(path)}`);
    const { saveTo } = await import("./save.js");
    try {
      return await saveTo(this.#response, path, options);
    } catch (error) {
      throw withCallerFrames(error);
    }
  }

  /** The pieces as they arrive, as `iterContent()` gives them. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return this.iterContent();
  }

  get #response(): Response {
    return this as unknown as Response;
  }
}
