/**
 * Errors about a multipart body that was received.
 *
 * ```
 * RequestException
 * └ MultipartDecodeError
 *   ├ NonMultipartContentTypeException   the Content-Type names no multipart type
 *   ├ MultipartBoundaryError             it names no boundary, or one that cannot be
 *   ├ MultipartDelimiterError            the lines that separate the parts are not as they must be
 *   ├ ImproperBodyPartContentException   the head of a part is garbage
 *   ├ MultipartTruncatedError            the content ends before its closing delimiter
 *   └ MultipartLimitError                a limit of the decoder is passed
 * ```
 */
import { numberOrKind } from "../extend/index.js";
import { RequestException, type ExceptionDetails } from "../index.js";

/** The base of every exception in which decoding a multipart body can end. */
export class MultipartDecodeError extends RequestException {
  static {
    this.prototype.name = "MultipartDecodeError";
  }
  static override readonly code: string = "ERR_MULTIPART";
}

/** The Content-Type is missing, or names no multipart type. The name is requests-toolbelt's. */
export class NonMultipartContentTypeException extends MultipartDecodeError {
  static {
    this.prototype.name = "NonMultipartContentTypeException";
  }
  static override readonly code: string = "ERR_MULTIPART_TYPE";
}

/** The Content-Type has no boundary, or one that RFC 2046 §5.1.1 does not allow. */
export class MultipartBoundaryError extends MultipartDecodeError {
  static {
    this.prototype.name = "MultipartBoundaryError";
  }
  static override readonly code: string = "ERR_MULTIPART_BOUNDARY";
}

/** A delimiter line ends in a bare LF, or there is no delimiter at all. */
export class MultipartDelimiterError extends MultipartDecodeError {
  static {
    this.prototype.name = "MultipartDelimiterError";
  }
  static override readonly code: string = "ERR_MULTIPART_DELIMITER";
}

/** The head of a part is not made of header fields. The name is requests-toolbelt's. */
export class ImproperBodyPartContentException extends MultipartDecodeError {
  static {
    this.prototype.name = "ImproperBodyPartContentException";
  }
  static override readonly code: string = "ERR_MULTIPART_PART";
}

/** The content ends before its closing delimiter: what came is not all. */
export class MultipartTruncatedError extends MultipartDecodeError {
  static {
    this.prototype.name = "MultipartTruncatedError";
  }
  static override readonly code: string = "ERR_MULTIPART_TRUNCATED";
}

/** One of the decoder's limits is passed. */
export class MultipartLimitError extends MultipartDecodeError {
  static {
    this.prototype.name = "MultipartLimitError";
  }
  static override readonly code: string = "ERR_MULTIPART_LIMIT";
  /** The option that would have to be raised. */
  readonly limit: keyof MultipartLimits;

  constructor(message: string, limit: keyof MultipartLimits, details: ExceptionDetails = {}) {
    super(message, details);
    this.limit = limit;
  }
}

/** The limits of a decoder. 0 means no limit. */
export interface MultipartLimits {
  /**
   * Number of parts.
   *
   * @defaultValue 1000, as Werkzeug's: each part costs some hundred bytes, however small it is sent
   */
  readonly maxParts?: number | undefined;
  /**
   * Bytes of the head of one part.
   *
   * @defaultValue 16384
   */
  readonly maxHeaderSize?: number | undefined;
  /**
   * Bytes of the content of one part.
   *
   * @defaultValue 0: a part that is streamed costs no memory, and one that is buffered is in memory already
   */
  readonly maxPartSize?: number | undefined;
  /**
   * Bytes in total: contents, heads, delimiters, and the text before and after them.
   *
   * @defaultValue 0
   */
  readonly maxSize?: number | undefined;
}

/** Every limit, with Infinity for none. */
export type ResolvedLimits = Readonly<Record<keyof MultipartLimits, number>>;

/** @throws RangeError for a limit that is not a whole number, 0 or greater. */
export function resolveLimits(limits: MultipartLimits): ResolvedLimits {
  return {
    maxParts: limitOf("maxParts", limits.maxParts ?? 1000),
    maxHeaderSize: limitOf("maxHeaderSize", limits.maxHeaderSize ?? 16 * 1024),
    maxPartSize: limitOf("maxPartSize", limits.maxPartSize ?? 0),
    maxSize: limitOf("maxSize", limits.maxSize ?? 0),
  };
}

function limitOf(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${name} must be a whole number, 0 (no limit) or greater, not ${numberOrKind(value)}`);
  return value === 0 ? Infinity : value;
}
