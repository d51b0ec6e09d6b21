/**
 * `requests-ts/multipart`: multipart bodies to send, with their progress, and to take apart, whole or as they come.
 *
 * @see requests-toolbelt: `MultipartEncoder`, `MultipartEncoderMonitor`, `MultipartDecoder`
 * @module
 */
export {
  MultipartEncoder,
  type MultipartContent,
  type MultipartEncoderOptions,
  type MultipartEncoding,
  type MultipartField,
  type MultipartFields,
  type MultipartFile,
} from "./encoder.js";
export { MultipartEncoderMonitor, type MonitorCallback } from "./monitor.js";
export { MultipartDecoder, type MultipartDecoderOptions, type MultipartSource } from "./decoder.js";
export { BodyPart, StreamedPart } from "./part.js";
export {
  ImproperBodyPartContentException,
  MultipartBoundaryError,
  MultipartDecodeError,
  MultipartDelimiterError,
  MultipartLimitError,
  MultipartTruncatedError,
  NonMultipartContentTypeException,
  type MultipartLimits,
} from "./errors.js";
