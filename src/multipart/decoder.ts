/** Multipart bodies taken apart: in memory, or as they come. */
import { inspect, types } from "node:util";

import { Response, type CaseInsensitiveDict } from "../index.js";
import { boundaryOf, kindOf } from "../extend/index.js";
import {
  MultipartBoundaryError,
  MultipartDecodeError,
  NonMultipartContentTypeException,
  resolveLimits,
  type MultipartLimits,
} from "./errors.js";
import { MultipartParser } from "./parser.js";
import { parsePartHeaders } from "./part-headers.js";
import { BodyPart, type StreamedPart } from "./part.js";
import { streamedParts } from "./stream.js";

/** Options for reading a multipart body. */
export interface MultipartDecoderOptions extends MultipartLimits {
  /**
   * The charset of parts that name none.
   *
   * @defaultValue "utf-8"
   */
  readonly encoding?: string | undefined;
}

/** The sources of a streamed multipart body. */
export type MultipartSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | Uint8Array | Response;

/** RFC 2046 §5.1.1 says which characters; others are in use, and do no harm. */
const BOUNDARY = /^[\x20-\x7e]*[\x21-\x7e]$/;
const MAX_BOUNDARY = 70;

/**
 * A multipart body taken apart: of any subtype, form-data, mixed, related, byteranges …
 *
 * Malformed content is never guessed at: see the exceptions.
 *
 * @example
 * ```ts
 * import { MultipartDecoder, MultipartEncoder } from "requests-ts/multipart";
 *
 * const encoder = new MultipartEncoder({ title: "Möwe", picture: ["möwe.png", Buffer.from([1, 2]), "image/png"] });
 * const { parts } = new MultipartDecoder(await encoder.read(), encoder.contentType);
 * parts.map((part) => part.name); //=> ["title", "picture"]
 * parts[0].text; //=> "Möwe"
 * parts[1].filename; //=> "möwe.png"
 * parts[1].headers["content-type"]; //=> "image/png"
 * ```
 * @see requests-toolbelt: `MultipartDecoder`; RFC 2046 §5.1, RFC 7578
 */
export class MultipartDecoder {
  /** The parts, in order. */
  readonly parts: readonly BodyPart[];
  /** The Content-Type by which they were found. */
  readonly contentType: string;
  /** The boundary that separates them. */
  readonly boundary: string;
  /** The charset of parts that name none. */
  readonly encoding: string;

  /**
   * @param content - the whole body. The parts are views of it.
   * @param contentType - the Content-Type that came with it.
   * @param options - limits, and the charset of parts that name none.
   * @throws MultipartDecodeError of one kind or another for what is not whole, well-formed multipart.
   * @throws RangeError for a limit that is none.
   */
  constructor(content: Uint8Array, contentType: string, options: MultipartDecoderOptions = {}) {
    if (!types.isUint8Array(content))
      throw new TypeError(
        "new MultipartDecoder(content, contentType) takes bytes; for a response there are MultipartDecoder.fromResponse() and MultipartDecoder.stream()",
      );
    this.boundary = multipartBoundary(contentType);
    this.contentType = contentType;
    this.encoding = options.encoding ?? "utf-8";
    this.parts = bufferedParts(content, this.boundary, this.encoding, options);
  }

  /**
   * The parts of a response that was read.
   *
   * @throws MultipartDecodeError as the constructor; it has the `response`.
   * @throws StreamNotReadError under `stream: true`: use {@link MultipartDecoder.stream}.
   */
  static fromResponse(response: Response, options: MultipartDecoderOptions = {}): MultipartDecoder {
    try {
      return new MultipartDecoder(response.content, response.headers.get("content-type", ""), options);
    } catch (error) {
      if (error instanceof MultipartDecodeError) error.response = response;
      throw error;
    }
  }

  /**
   * The parts as they come, one at a time: nothing is kept in memory. Leaving the loop closes the source. What stands
   * after the closing delimiter is read (up to 64 KiB) and dropped, so that a connection can be used again.
   *
   * @param source - a response of `stream: true`, a stream, a part of another multipart body, or any iterable of bytes.
   * @param contentType - its Content-Type; not needed for a response.
   * @param options - limits, and the charset of parts that name none.
   * @throws MultipartDecodeError of one kind or another, from the iteration, for what is malformed or cut; what came
   *   before is given first.
   * @throws TypeError and RangeError for arguments that are none, at once.
   *
   * @example
   * ```ts
   * import { MultipartDecoder, MultipartEncoder } from "requests-ts/multipart";
   *
   * const encoder = new MultipartEncoder({ a: "1", b: ["b.txt", "2"], c: "3" });
   * const found: string[] = [];
   * for await (const part of MultipartDecoder.stream(encoder, encoder.contentType)) {
   *   if (part.filename === null) continue; // its content is skipped
   *   for await (const chunk of part) found.push(`${part.filename}: ${chunk.toString()}`);
   * }
   * found; //=> ["b.txt: 2"]
   * ```
   */
  static stream(
    source: MultipartSource,
    contentType?: string | null,
    options: MultipartDecoderOptions = {},
  ): AsyncGenerator<StreamedPart, void> {
    const limits = resolveLimits(options);
    const response = source instanceof Response ? source : null;
    const type = contentType ?? response?.headers.get("content-type") ?? "";
    return streamedParts({
      source: response === null ? checkedSource(source) : response.iterContent(),
      response,
      encoding: options.encoding ?? "utf-8",
      parser: () => new MultipartParser(multipartBoundary(type), limits),
    });
  }

  [inspect.custom](): string {
    return `<MultipartDecoder [${this.parts.length} parts]>`;
  }
}

/**
 * The boundary of a multipart Content-Type.
 *
 * @throws NonMultipartContentTypeException, MultipartBoundaryError
 */
function multipartBoundary(contentType: string): string {
  if (typeof contentType !== "string") throw new TypeError(`contentType must be a string, not ${kindOf(contentType)}`);
  if (!/^[ \t]*multipart\/[^\s;,]/i.test(contentType))
    throw new NonMultipartContentTypeException(
      contentType === ""
        ? "There is no Content-Type, so there is no boundary: give it as contentType if it is known from elsewhere"
        : `The content is ${JSON.stringify(contentType.slice(0, 100))} and not multipart/…: look at response.text, it may be an error page`,
    );
  const boundary = boundaryOf(contentType);
  if (boundary === null || boundary === "")
    throw new MultipartBoundaryError(
      `The Content-Type ${JSON.stringify(contentType.slice(0, 100))} has no boundary, and without it the parts cannot be told ` +
        `apart: set no Content-Type where the body is made, the library that makes it knows the boundary`,
    );
  if (boundary.length <= MAX_BOUNDARY && BOUNDARY.test(boundary)) return boundary;
  throw new MultipartBoundaryError(
    `${JSON.stringify(boundary.slice(0, 100))} cannot be the boundary of multipart content: it must have 1 to ${MAX_BOUNDARY} ` +
      `printable ASCII characters, the last one no space (RFC 2046 §5.1.1), and has ${boundary.length}`,
  );
}

function bufferedParts(content: Uint8Array, boundary: string, encoding: string, limits: MultipartLimits): BodyPart[] {
  const parser = new MultipartParser(boundary, resolveLimits(limits));
  parser.push(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
  const parts: BodyPart[] = [];
  let headers: CaseInsensitiveDict | null = null;
  let pieces: Buffer[] = [];
  for (let event = parser.next(); event !== "end"; event = parser.next()) {
    if (event === "more") parser.finish();
    else if (event === "head") {
      headers = parsePartHeaders(parser.head);
      pieces = [];
    } else if (event === "part-end")
      parts.push(new BodyPart(headers!, encoding, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
    else pieces.push(event);
  }
  return parts;
}

function checkedSource(source: unknown): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (types.isUint8Array(source)) return [source];
  if (typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source))
    return source as AsyncIterable<Uint8Array>;
  throw new TypeError(
    "MultipartDecoder.stream(source, contentType) takes a Response, a stream, or an iterable of bytes as its source",
  );
}
