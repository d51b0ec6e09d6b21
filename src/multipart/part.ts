/** The parts of a multipart body that came: as a whole, and as they come. */
import { inspect } from "node:util";

import { StreamConsumedError, type CaseInsensitiveDict } from "../index.js";
import { decodeText, encodingFromHeaders } from "../extend/index.js";
import { parseContentDisposition, type Disposition } from "./part-headers.js";

/** The common base of parts: the head. */
abstract class PartHead {
  /** The part's own header fields, by name in any case. */
  readonly headers: CaseInsensitiveDict;
  /**
   * The charset by which `text` is read: that of the part's Content-Type, else the decoder's `encoding`. Assign to
   * override.
   */
  encoding: string;
  #disposition: Disposition | null = null;

  /** Parts are made by a decoder. */
  constructor(headers: CaseInsensitiveDict, encoding: string) {
    this.headers = headers;
    this.encoding = encodingFromHeaders(headers.get("content-type")) ?? encoding;
  }

  /** The name of the form's field; null when Content-Disposition has none. */
  get name(): string | null {
    return this.#named.name;
  }

  /**
   * The file's name as its sender calls it; null for a part that is not a file. Never use it as a path as it is: it
   * may have slashes, dots and whatever a file system takes for special.
   */
  get filename(): string | null {
    return this.#named.filename;
  }

  /** The part's Content-Type as it stands; null when there is none, which means text/plain (RFC 7578 §4.4). */
  get contentType(): string | null {
    return this.headers.get("content-type", null);
  }

  get #named(): Disposition {
    this.#disposition ??= parseContentDisposition(this.headers.get("content-disposition", ""));
    return this.#disposition;
  }

  [inspect.custom](): string {
    const file = this.filename === null ? "" : ` ${JSON.stringify(this.filename)}`;
    return `<${this.constructor.name}${this.name === null ? "" : ` ${JSON.stringify(this.name)}`}${file}>`;
  }
}

/**
 * A part of a multipart body that is in memory.
 *
 * @see requests-toolbelt: `BodyPart`
 */
export class BodyPart extends PartHead {
  /** The bytes. They are a view of what the decoder was given, where they lie in one piece there. */
  readonly content: Buffer;

  /** Parts are made by a decoder. */
  constructor(headers: CaseInsensitiveDict, encoding: string, content: Buffer) {
    super(headers, encoding);
    this.content = content;
  }

  /** The content by `encoding`; malformed sequences become U+FFFD. */
  get text(): string {
    return decodeText(this.content, this.encoding);
  }
}

/** Gives the next bytes of the part that is open, null at its end. */
export interface PartSource {
  content(part: StreamedPart): Promise<Buffer | null>;
}

/**
 * A part of a multipart body that is still coming. Iterate it for its bytes, once; what is left of it is skipped when the
 * next part is asked for.
 */
export class StreamedPart extends PartHead implements AsyncIterable<Buffer> {
  readonly #source: PartSource;
  #isRead = false;

  /** Parts are made by a decoder. */
  constructor(headers: CaseInsensitiveDict, encoding: string, source: PartSource) {
    super(headers, encoding);
    this.#source = source;
  }

  /**
   * The whole content.
   *
   * @throws StreamConsumedError when the part was read before, or passed over.
   */
  async read(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this) pieces.push(piece);
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  /** The whole content by `encoding`; malformed sequences become U+FFFD. */
  async text(): Promise<string> {
    return decodeText(await this.read(), this.encoding);
  }

  /**
   * The content as it comes.
   *
   * @throws StreamConsumedError when the part was read before, or passed over.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    if (this.#isRead) throw new StreamConsumedError("This part has already been read; store the result of read()");
    this.#isRead = true;
    for (let piece = await this.#source.content(this); piece !== null; piece = await this.#source.content(this))
      yield piece;
  }
}
