/** The error codes of HTTP/2, and the errors for a server that breaks its rules. */
import { ConnectionError, type RequestException } from "../../exceptions.js";

/** The codes that RST_STREAM and GOAWAY carry. @see RFC 9113 §7 */
export const ErrorCode = Object.freeze({
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
});

const NAMES = Object.keys(ErrorCode);

/** The name of an error code with its number: `REFUSED_STREAM (0x7)`. */
export function errorCodeName(code: number): string {
  return `${NAMES[code] ?? "an unknown error code"} (0x${code.toString(16)})`;
}

/** A connection error: the connection is closed with a GOAWAY frame that carries the code. @see RFC 9113 §5.4.1 */
export class Http2Error extends ConnectionError {
  /** One of {@link ErrorCode}. */
  readonly errorCode: number;

  constructor(errorCode: number, what: string) {
    super(`Connection aborted: bad response: ${what}`, { code: "ERR_BAD_RESPONSE", phase: "wait" });
    this.errorCode = errorCode;
  }
}

/** A stream error: only the stream ends, with a RST_STREAM frame that carries the code. @see RFC 9113 §5.4.2 */
export interface StreamFault {
  /** One of {@link ErrorCode}. */
  readonly errorCode: number;
  /** The exception for the caller of the request. */
  readonly error: RequestException;
}

/**
 * A fault of one stream.
 *
 * @param what - The rule that the server broke, with its section.
 */
export function streamFault(errorCode: number, what: string): StreamFault {
  return { errorCode, error: new Http2Error(errorCode, what) };
}

/** A fault of one stream: the response is malformed (RFC 9113 §8.1.1). */
export function malformed(what: string): StreamFault {
  return streamFault(ErrorCode.PROTOCOL_ERROR, `malformed HTTP/2 response: ${what}`);
}

/** The connection error for a server that breaks a rule of the protocol. */
export function protocolError(what: string): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, what);
}

/** The connection error for a header block that cannot be decoded: later blocks cannot be decoded either. */
export function compressionError(what: string): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, `the header block cannot be decoded: ${what}`);
}

/** The connection error for a server that sends more than a limit allows. */
export function excessive(what: string): Http2Error {
  return new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, what);
}
