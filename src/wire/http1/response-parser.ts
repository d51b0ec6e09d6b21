/** Bytes of one connection → responses. Sans-IO: it is handed bytes and calls back; it knows no socket and no clock. */
import { ChunkedEncodingError, type RequestException } from "../../exceptions.js";
import { DEFAULT_LIMITS, type WireLimits } from "../limits.js";
import { badResponse, parseHead, parseTrailers, shownLine, type Expected, type Http1Head } from "./head.js";
import { PartialBytes } from "./partial-bytes.js";

/** The events of the parser, in this order: informational heads, the head, data, the end. */
export interface ParserHandler {
  /** A 1xx response before the final one. */
  onInformational(head: Http1Head): void;
  onHead(head: Http1Head): void;
  /** Bytes `start` to `end` of the buffer given to `execute`: valid during the call only. */
  onData(buffer: Buffer, start: number, end: number): void;
  onEnd(trailers: string[]): void;
}

// What the next bytes are.
const IDLE = 0;
const HEAD = 1;
const LENGTH = 2;
const UNTIL_CLOSE = 3;
const CHUNK_SIZE = 4;
const CHUNK_EXTENSION = 5;
const CHUNK_SIZE_LF = 6;
const CHUNK_DATA = 7;
const CHUNK_CR = 8;
const CHUNK_LF = 9;
const TRAILERS = 10;
const CHUNK_BLANKS = 11;

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const SEMICOLON = 59;
/** The first bytes of a TLS alert record (RFC 8446 §5.1). */
const TLS_ALERT = 0x15;
const TLS_MAJOR = 3;
const HEAD_END = "\r\n\r\n";
/** Empty lines after a line, or that are one, which ends in a bare LF. */
const BARE_ENDS = [Buffer.from("\n\n"), Buffer.from("\n\r\n")];
/** A chunk size beyond this gets no further digit: with one it would be beyond 2^52, and sums no longer exact. */
const MAX_BEFORE_DIGIT = 2 ** 48 - 1;
const NO_TRAILERS: string[] = [];

export class ResponseParser {
  readonly #handler: ParserHandler;
  readonly #limits: WireLimits;
  readonly #expected: Expected;
  #state = IDLE;
  #informational = 0;
  /** The beginning of a head or trailer section whose end has not come yet. */
  #partial: PartialBytes | null = null;
  /** Bytes of the body, or of the chunk, still to come. */
  #remaining = 0;
  #received = 0;
  /** Bytes of the chunk-size line so far. */
  #chunkLine = 0;

  constructor(handler: ParserHandler, limits: WireLimits = DEFAULT_LIMITS) {
    this.#handler = handler;
    this.#limits = limits;
    this.#expected = { method: "GET", maxHeaders: limits.maxHeaders };
  }

  /** Expects the response to a request of this method. */
  start(method: string): void {
    this.#state = HEAD;
    this.#expected.method = method;
    this.#informational = 0;
    this.#partial = null;
    this.#received = 0;
  }

  /** Whether no response is being read. */
  get idle(): boolean {
    return this.#state === IDLE;
  }

  /** Whether a byte of the head has come. */
  get begun(): boolean {
    return this.#state !== HEAD || this.#partial !== null || this.#informational > 0;
  }

  /** Whether the body ends where the connection does. */
  get untilClose(): boolean {
    return this.#state === UNTIL_CLOSE;
  }

  /** Bytes of the body that are still to come, when that is known. */
  get remaining(): number | null {
    return this.#state === LENGTH ? this.#remaining : null;
  }

  /**
   * Reads bytes `start` to `end` of the buffer.
   *
   * @returns Where reading stopped: `end`, or less when the response ended before and bytes are left over.
   * @throws ConnectionError, InvalidHeader or ChunkedEncodingError; the connection is of no more use then.
   */
  execute(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case IDLE:
          return at;
        case HEAD:
          at = this.#readHead(buffer, at, end);
          break;
        case LENGTH: {
          const take = Math.min(this.#remaining, end - at);
          this.#remaining -= take;
          this.#received += take;
          this.#handler.onData(buffer, at, at + take);
          at += take;
          if (this.#remaining === 0) this.#finish(NO_TRAILERS);
          break;
        }
        case UNTIL_CLOSE:
          this.#received += end - at;
          this.#handler.onData(buffer, at, end);
          return end;
        case CHUNK_DATA: {
          const take = Math.min(this.#remaining, end - at);
          this.#remaining -= take;
          this.#received += take;
          this.#handler.onData(buffer, at, at + take);
          at += take;
          if (this.#remaining === 0) this.#state = CHUNK_CR;
          break;
        }
        case TRAILERS:
          at = this.#readTrailers(buffer, at, end);
          break;
        default:
          at = this.#readChunkLine(buffer, at, end);
      }
    }
    return at;
  }

  /**
   * The peer has closed its side.
   *
   * @throws ConnectionError when no whole head came, ChunkedEncodingError when the body is cut.
   */
  finish(): void {
    switch (this.#state) {
      case IDLE:
        return;
      case UNTIL_CLOSE:
        this.#finish(NO_TRAILERS);
        return;
      case HEAD:
        if (this.#partial !== null && this.#partial.length > 0)
          throw badResponse("the connection was closed in the middle of the response head");
        throw closedWithoutResponse();
      case LENGTH:
        throw incomplete(this.#received, `${this.#remaining} more expected`);
      case TRAILERS:
        throw incomplete(this.#received, this.#missingTrailers());
      default:
        throw incomplete(this.#received, "the last chunk did not come");
    }
  }

  #missingTrailers(): string {
    const begun = this.#partial !== null && this.#partial.bytes[0] !== CR;
    return begun ? "the trailers are cut off" : "the empty line after the last chunk did not come";
  }

  #readHead(buffer: Buffer, at: number, end: number): number {
    if (this.#partial !== null) return this.#readRestOfHead(this.#partial, buffer, at, end);
    let start = at;
    // A robust reader skips empty lines before a message (RFC 9112 §2.2), as llhttp does.
    while (start < end && (buffer[start] === CR || buffer[start] === LF)) start += 1;
    if (start === end) return end;
    // The buffer may have older bytes after `end`.
    const found = buffer.indexOf(HEAD_END, start, "latin1");
    if (found === -1 || found + HEAD_END.length > end) {
      this.#keepPartial(new PartialBytes(buffer, start, end), 0);
      return end;
    }
    this.#onHeadBytes(buffer, start, found);
    return found + HEAD_END.length;
  }

  #readRestOfHead(partial: PartialBytes, buffer: Buffer, at: number, end: number): number {
    const before = partial.length;
    partial.append(buffer, at, end);
    const joined = partial.bytes;
    const found = joined.indexOf(HEAD_END, Math.max(0, before - 3), "latin1");
    if (found === -1) {
      this.#keepPartial(partial, before);
      return end;
    }
    this.#partial = null;
    this.#onHeadBytes(joined, 0, found);
    return at + found + HEAD_END.length - before;
  }

  /** @param before - Bytes that were looked at before. */
  #keepPartial(partial: PartialBytes, before: number): void {
    // Up to three bytes of the empty line that ends it may be there already.
    if (partial.length - 3 > this.#limits.maxHeaderSize) throw this.#headTooLarge();
    const { bytes } = partial;
    if (bytes[0] === TLS_ALERT && (bytes.length < 2 || bytes[1] === TLS_MAJOR))
      throw badResponse("the server answered with a TLS alert; does the URL need https instead of http?");
    if (!looksLikeHttp(bytes))
      throw badResponse(`malformed status line ${shownLine(bytes.latin1Slice(), 0)}; is this an HTTP server?`);
    if (hasBareEnd(bytes, before)) throw badResponse("the lines of the head end in a bare LF, not in CRLF");
    this.#partial = partial;
  }

  #headTooLarge(): RequestException {
    return badResponse(`the head is larger than ${this.#limits.maxHeaderSize} bytes (maxHeaderSize of HTTPAdapter)`);
  }

  #onHeadBytes(bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#limits.maxHeaderSize) throw this.#headTooLarge();
    const head = parseHead(bytes, start, end, this.#expected);
    const { statusCode } = head;
    if (statusCode < 200) {
      if (statusCode === 101) throw badResponse("101 Switching Protocols, which was not asked for");
      this.#informational += 1;
      if (this.#informational > this.#limits.maxInformational)
        throw badResponse(
          `more than ${this.#limits.maxInformational} informational responses (maxInformational of HTTPAdapter)`,
        );
      this.#handler.onInformational(head);
      return;
    }
    if (!head.hasBody || (head.contentLength === 0 && !head.chunked)) this.#state = IDLE;
    else if (head.chunked) this.#beginChunk();
    else if (head.contentLength !== null) {
      this.#state = LENGTH;
      this.#remaining = head.contentLength;
    } else this.#state = UNTIL_CLOSE;
    this.#handler.onHead(head);
    if (this.#state === IDLE) this.#handler.onEnd(NO_TRAILERS);
  }

  #beginChunk(): void {
    this.#state = CHUNK_SIZE;
    this.#remaining = 0;
    this.#chunkLine = 0;
  }

  /** RFC 9112 §7.1, byte by byte: these lines are short. */
  #readChunkLine(buffer: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end) {
      const byte = buffer[at];
      at += 1;
      switch (this.#state) {
        case CHUNK_SIZE: {
          const digit = hexDigit(byte);
          if (digit !== -1) {
            if (this.#remaining > MAX_BEFORE_DIGIT) throw this.#badChunk("the size of a chunk is beyond 2^52 bytes");
            this.#remaining = this.#remaining * 16 + digit;
            this.#countChunkLine();
          } else if (this.#chunkLine === 0) {
            throw this.#badChunk(`invalid chunk length, beginning with byte 0x${byte.toString(16).padStart(2, "0")}`);
          } else this.#afterChunkSize(byte);
          break;
        }
        case CHUNK_BLANKS:
          this.#afterChunkSize(byte);
          break;
        case CHUNK_EXTENSION:
          if (byte === CR) this.#state = CHUNK_SIZE_LF;
          else if ((byte < 32 && byte !== TAB) || byte === 127)
            throw this.#badChunk("a control character in a chunk extension");
          else this.#countChunkLine();
          break;
        case CHUNK_SIZE_LF:
          if (byte !== LF) throw this.#badChunk("a chunk-size line that does not end in CRLF");
          if (this.#remaining > 0) {
            this.#state = CHUNK_DATA;
            return at;
          }
          this.#state = TRAILERS;
          this.#partial = null;
          return at;
        case CHUNK_CR:
          if (byte !== CR) throw this.#badChunk("a chunk that is longer than its length");
          this.#state = CHUNK_LF;
          break;
        default:
          if (byte !== LF) throw this.#badChunk("a chunk that does not end in CRLF");
          this.#beginChunk();
      }
    }
    return at;
  }

  /**
   * A byte after the digits of a chunk size. Blanks before an extension are allowed (BWS, RFC 9110 §5.6.3); blanks before
   * the CR are not, but old servers pad a size to a fixed width with them.
   */
  #afterChunkSize(byte: number): void {
    if (byte === CR) {
      this.#state = CHUNK_SIZE_LF;
      return;
    }
    if (byte === SPACE || byte === TAB) this.#state = CHUNK_BLANKS;
    else if (byte === SEMICOLON) this.#state = CHUNK_EXTENSION;
    else throw this.#badChunk(`invalid byte 0x${byte.toString(16).padStart(2, "0")} after a chunk length`);
    this.#countChunkLine();
  }

  /** One byte more of a chunk-size line, its CRLF not counted. */
  #countChunkLine(): void {
    this.#chunkLine += 1;
    const { maxChunkLineSize } = this.#limits;
    if (this.#chunkLine > maxChunkLineSize)
      throw this.#badChunk(`a chunk-size line longer than ${maxChunkLineSize} bytes (maxChunkLineSize of HTTPAdapter)`);
  }

  #readTrailers(buffer: Buffer, at: number, end: number): number {
    const before = this.#partial?.length ?? 0;
    this.#partial?.append(buffer, at, end);
    const joined = this.#partial?.bytes ?? buffer.subarray(at, end);
    if (joined[0] === CR && joined[1] === LF) {
      this.#partial = null;
      this.#finish(NO_TRAILERS);
      return at + 2 - before;
    }
    const found = joined.indexOf(HEAD_END, Math.max(0, before - 3), "latin1");
    if (found > this.#limits.maxHeaderSize || (found === -1 && joined.length - 3 > this.#limits.maxHeaderSize))
      throw this.#badChunk(`trailers larger than ${this.#limits.maxHeaderSize} bytes (maxHeaderSize of HTTPAdapter)`);
    if (found === -1) {
      const isBare = joined[0] === LF || (joined[0] === CR && joined.length > 1) || hasBareEnd(joined, before);
      if (isBare) throw this.#badChunk("the trailers, or the empty line after them, do not end in CRLF");
      this.#partial ??= new PartialBytes(buffer, at, end);
      return end;
    }
    this.#partial = null;
    let trailers: string[];
    try {
      trailers = parseTrailers(joined, 0, found, this.#limits.maxHeaders);
    } catch (error) {
      throw this.#badChunk("malformed trailers", error);
    }
    this.#finish(trailers);
    return at + found + HEAD_END.length - before;
  }

  #finish(trailers: string[]): void {
    this.#state = IDLE;
    this.#handler.onEnd(trailers);
  }

  #badChunk(what: string, cause?: unknown): ChunkedEncodingError {
    return new ChunkedEncodingError(`Connection broken: ${what} (${this.#received} bytes read)`, {
      phase: "receive",
      cause,
    });
  }
}

/** Whether the bytes can be the beginning of a status line: garbage is refused before it fills the limit. */
function looksLikeHttp(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, 5);
  for (let at = 0; at < length; at += 1) if (bytes[at] !== "HTTP/".charCodeAt(at)) return false;
  return true;
}

/**
 * Whether there is an empty line that does not end the section, because a line ends in a bare LF: the CRLF CRLF that is
 * waited for may never come.
 *
 * @param before - Bytes that were looked at before.
 */
function hasBareEnd(bytes: Buffer, before: number): boolean {
  return BARE_ENDS.some((end) => bytes.indexOf(end, Math.max(0, before - end.length + 1)) !== -1);
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function closedWithoutResponse(): RequestException {
  const error = badResponse("");
  error.code = "ERR_CONNECTION_CLOSED";
  error.message = "Connection aborted: remote end closed connection without response";
  return error;
}

/** A body that broke off, in the words of requests. */
export function incomplete(received: number, missing: string, cause?: unknown): ChunkedEncodingError {
  return new ChunkedEncodingError(`Connection broken: incomplete read (${received} bytes read, ${missing})`, {
    phase: "receive",
    cause,
  });
}
