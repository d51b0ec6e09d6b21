/**
 * Bytes of a multipart body in, parts out; no waiting, no sources. Each byte is looked at once or twice, however the
 * input is cut.
 *
 * @see RFC 2046 §5.1.1
 */
import {
  ImproperBodyPartContentException,
  MultipartDelimiterError,
  MultipartLimitError,
  MultipartTruncatedError,
  type ResolvedLimits,
} from "./errors.js";

/**
 * The next event: content of the part, or
 *
 * - `head`: a part begins, `parser.head` has the bytes of its fields;
 * - `part-end`: its content is whole;
 * - `end`: that was the closing delimiter;
 * - `more`: nothing before the next `push()` or `finish()`.
 */
export type ParserEvent = Buffer | "head" | "part-end" | "end" | "more";

/** Bytes before the first delimiter, beyond which it is taken for missing. */
const MAX_PREAMBLE = 64 * 1024;
/** The most blanks after a delimiter that count as transport padding. */
const MAX_PADDING = 1000;

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const DASH = 45;
const EMPTY = Buffer.alloc(0);

const STATE = { preamble: 0, delimiter: 1, head: 2, content: 3, epilogue: 4 } as const;
type State = (typeof STATE)[keyof typeof STATE];

/** A push parser that is asked for its events one by one. */
export class MultipartParser {
  /** The bytes of the head that was announced last, without the empty line after it. */
  head: Buffer = EMPTY;
  readonly #boundary: string;
  /** CRLF, two dashes, the boundary. CR stands nowhere in it but at its begin, so that a search never goes back. */
  readonly #delimiter: Buffer;
  readonly #limits: ResolvedLimits;
  #chunk: Buffer = EMPTY;
  #at = 0;
  #finished = false;
  #state: State = STATE.preamble;
  #inPart = false;
  /** The number of bytes of the delimiter that the last bytes seen match. The line break before the first counts as seen. */
  #matched = 2;
  /** The number of those bytes that are not content: a line break that ended the head may also begin the delimiter. */
  #lent = 2;
  /** The text after the delimiter on its line. */
  #behind = "";
  /** The head while it comes, and how much of its closing CRLF CRLF has come. */
  #lines: Buffer[] = [];
  #headSize = 0;
  #breaks = 2;
  #parts = 0;
  #partSize = 0;
  #preambleSize = 0;
  #size = 0;

  /** @param boundary - 1 to 70 printable ASCII characters. */
  constructor(boundary: string, limits: ResolvedLimits) {
    this.#boundary = boundary;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#limits = limits;
  }

  /**
   * Takes the next bytes, when `next()` has said `more`. They are not changed, and parts of them are given as content.
   *
   * @throws MultipartLimitError past `maxSize`.
   */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#size += chunk.length;
    if (this.#size > this.#limits.maxSize) throw this.#passed("maxSize", "the multipart content has", "bytes");
  }

  /** Nothing will be pushed any more. */
  finish(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#finished = true;
  }

  /**
   * The next event. Must not be called after `end`.
   *
   * @throws MultipartDecodeError of one kind or another for content that is malformed or too much.
   */
  next(): ParserEvent {
    for (;;) {
      switch (this.#state) {
        case STATE.preamble: {
          const skipped = this.#search();
          if (skipped === null) return this.#more();
          this.#skip(skipped.length);
          break;
        }
        case STATE.content: {
          const content = this.#search();
          if (content === null) return this.#more();
          if (content.length > 0) return this.#content(content);
          break;
        }
        case STATE.delimiter: {
          const event = this.#afterDelimiter();
          if (event === "more") return this.#more();
          if (event !== null) return event;
          break;
        }
        case STATE.head:
          if (!this.#readHead()) return this.#more();
          return "head";
        default:
          return "end";
      }
    }
  }

  #more(): "more" {
    if (this.#finished) throw this.#truncated();
    return "more";
  }

  /**
   * Bytes up to the next delimiter (the state is then the one after it), to the end of the chunk, or held back before;
   * null when the chunk is used up.
   */
  #search(): Buffer | null {
    const chunk = this.#chunk;
    const delimiter = this.#delimiter;
    if (this.#matched > 0) {
      while (
        this.#at < chunk.length &&
        this.#matched < delimiter.length &&
        chunk[this.#at] === delimiter[this.#matched]
      ) {
        this.#at += 1;
        this.#matched += 1;
      }
      if (this.#matched === delimiter.length) return this.#foundDelimiter(EMPTY);
      if (this.#at === chunk.length) return null;
      const held = delimiter.subarray(this.#lent, this.#matched);
      this.#matched = 0;
      this.#lent = 0;
      if (held.length > 0) return held;
    }
    if (this.#at === chunk.length) return null;
    const start = this.#at;
    const found = chunk.indexOf(delimiter, start);
    if (found !== -1) {
      this.#at = found + delimiter.length;
      return this.#foundDelimiter(chunk.subarray(start, found));
    }
    const cut = beginOfDelimiter(chunk, start, delimiter);
    this.#matched = chunk.length - cut;
    this.#at = chunk.length;
    return chunk.subarray(start, cut);
  }

  #foundDelimiter(before: Buffer): Buffer {
    this.#state = STATE.delimiter;
    this.#behind = "";
    return before;
  }

  /** The rest of the delimiter's line; null when the line was one of the content, or of the preamble. */
  #afterDelimiter(): ParserEvent | null {
    for (; this.#at < this.#chunk.length; this.#at += 1) {
      const byte = this.#chunk[this.#at];
      const behind = this.#behind;
      const isBroken = behind.endsWith("\r");
      if (byte === LF && isBroken) {
        this.#at += 1;
        return this.#closeDelimiter();
      }
      if (byte === LF && behind !== "-") throw this.#bareLineFeed();
      const goesOn =
        byte === DASH
          ? behind === "" || behind === "-"
          : behind !== "-" && !isBroken && (byte === SPACE || byte === TAB || byte === CR);
      if (!goesOn) return this.#noDelimiter();
      if (behind.length >= MAX_PADDING)
        throw new MultipartDelimiterError(
          `Delimiter ${this.#parts + 1} of the multipart content is followed by more than ${MAX_PADDING} spaces or tabs: this ` +
            `is not a valid delimiter`,
        );
      this.#behind = behind + String.fromCharCode(byte);
    }
    // RFC 2046 §5.1.1: after the closing delimiter a line break is needed only before an epilogue.
    if (this.#finished && this.#behind.startsWith("--")) return this.#closeDelimiter();
    return "more";
  }

  #closeDelimiter(): ParserEvent | null {
    const wasInPart = this.#inPart;
    if (this.#behind.startsWith("--")) {
      this.#state = STATE.epilogue;
    } else {
      this.#parts += 1;
      if (this.#parts > this.#limits.maxParts) throw this.#passed("maxParts", "the multipart content has", "parts");
      this.#state = STATE.head;
      this.#breaks = 2;
      this.#headSize = 0;
      this.#lines = [];
    }
    this.#inPart = false;
    return wasInPart ? "part-end" : null;
  }

  /** A line that only begins as a delimiter does, such as one of a multipart body inside: it belongs where it stands. */
  #noDelimiter(): ParserEvent | null {
    const line = Buffer.concat([this.#delimiter.subarray(this.#lent), Buffer.from(this.#behind, "latin1")]);
    this.#matched = 0;
    this.#lent = 0;
    if (this.#inPart) {
      this.#state = STATE.content;
      return this.#content(line);
    }
    this.#state = STATE.preamble;
    this.#skip(line.length);
    return null;
  }

  #content(bytes: Buffer): Buffer {
    this.#partSize += bytes.length;
    if (this.#partSize > this.#limits.maxPartSize)
      throw this.#passed("maxPartSize", `part ${this.#parts} of the multipart content has`, "bytes");
    return bytes;
  }

  #skip(bytes: number): void {
    this.#preambleSize += bytes;
    if (this.#preambleSize <= MAX_PREAMBLE) return;
    throw new MultipartDelimiterError(
      `There is no delimiter ${this.#shown()} in the first ${MAX_PREAMBLE / 1024} KiB of the multipart content: compare the boundary ` +
        `of its Content-Type, and whether its lines end in CRLF`,
    );
  }

  /** @returns whether the head is whole. */
  #readHead(): boolean {
    const chunk = this.#chunk;
    const start = this.#at;
    while (this.#at < chunk.length) {
      const byte = chunk[this.#at];
      if (byte === LF) {
        if (this.#breaks % 2 === 0) throw this.#badHead("a line of it ends in a bare LF");
        this.#breaks += 1;
      } else if (this.#breaks % 2 === 1) {
        throw this.#badHead("it has a bare CR");
      } else {
        this.#breaks = byte === CR ? this.#breaks + 1 : 0;
      }
      this.#at += 1;
      this.#headSize += 1;
      if (this.#headSize > this.#limits.maxHeaderSize)
        throw this.#passed("maxHeaderSize", `the head of part ${this.#parts} has`, "bytes");
      if (this.#breaks === 4) {
        this.#endHead(chunk.subarray(start, this.#at));
        return true;
      }
    }
    // A copy: the source may use its buffer again.
    if (this.#at > start) this.#lines.push(Buffer.from(chunk.subarray(start, this.#at)));
    return false;
  }

  #endHead(last: Buffer): void {
    const whole = this.#lines.length === 0 ? last : Buffer.concat([...this.#lines, last]);
    this.head = whole.subarray(0, Math.max(0, whole.length - 4));
    this.#lines = [];
    this.#state = STATE.content;
    this.#inPart = true;
    this.#partSize = 0;
    this.#matched = 2;
    this.#lent = 2;
  }

  #shown(): string {
    return JSON.stringify(`--${this.#boundary}`);
  }

  #truncated(): MultipartDelimiterError | MultipartTruncatedError {
    if (this.#size === 0)
      return new MultipartTruncatedError(
        "The multipart content is empty; even one without parts has a closing delimiter",
      );
    if (this.#state === STATE.preamble)
      return new MultipartDelimiterError(
        `There is no delimiter ${this.#shown()} in the multipart content: compare the boundary of its Content-Type, and ` +
          `whether its lines end in CRLF`,
      );
    const isInHead = this.#state === STATE.head;
    const where =
      this.#parts === 0 ? "at its first delimiter" : `in ${isInHead ? "the head of " : ""}part ${this.#parts}`;
    return new MultipartTruncatedError(
      `The multipart content ends ${where}, after ${this.#size} bytes, before its closing delimiter ` +
        `${JSON.stringify(`--${this.#boundary}--`)}: it was cut on its way; ask for it again`,
    );
  }

  #bareLineFeed(): MultipartDelimiterError {
    return new MultipartDelimiterError(
      `The line of delimiter ${this.#shown()} ends in a bare LF: the lines of multipart content end in CRLF (RFC 2046 §5.1.1). ` +
        `The sender must use CRLF; a proxy may also have changed the line endings`,
    );
  }

  #badHead(what: string): ImproperBodyPartContentException {
    return new ImproperBodyPartContentException(
      `The head of part ${this.#parts} of the multipart content cannot be read: ${what}; its lines end in CRLF, and an empty one ` +
        `ends it (RFC 2046 §5.1)`,
    );
  }

  #passed(limit: keyof ResolvedLimits, what: string, unit: string): MultipartLimitError {
    const most = this.#limits[limit];
    return new MultipartLimitError(
      `Too much: ${what} more than ${most} ${unit}. If that is meant, give the decoder a larger ${limit}`,
      limit,
    );
  }
}

/** The position from which the end of a chunk may begin the delimiter; the length of the chunk if there is none. */
function beginOfDelimiter(chunk: Buffer, start: number, delimiter: Buffer): number {
  const first = Math.max(start, chunk.length - delimiter.length + 1);
  let at = chunk.length - 1;
  while (at >= first && chunk[at] !== CR) at -= 1;
  if (at < first) return chunk.length;
  for (let index = 1; at + index < chunk.length; index += 1)
    if (chunk[at + index] !== delimiter[index]) return chunk.length;
  return at;
}
