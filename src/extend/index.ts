/**
 * `requests-ts/extend`: the parts that companions of requests-ts are made from, for authors of layers, adapters, transports
 * and recorders. A program that only sends requests needs none of them. They change more often than the main entry: the
 * changelog lists such changes, and they come with minor versions.
 *
 * @example
 * ```ts
 * import { bareSession, redactedUrl } from "requests-ts/extend";
 *
 * const session = new Session({ headers: { Authorization: "Bearer secret" } });
 * const bare = bareSession(session);
 * bare.headers["authorization"]; //=> undefined
 * redactedUrl("https://ada:secret@example.com/?token=secret"); //=> "https://ada:***@example.com/?token=***"
 * ```
 * @module
 */

// Layers and adapters
export { throughLayers, withoutRetry, type AttemptParts, type Layer, type LayerAttempt } from "../adapters/layers.js";
export { bareSession } from "../client/bare-session.js";

// The parts of requests and responses that their users do not see
export { insideRequest, type InsideRequest, type RequestTarget } from "../message/prepared.js";
export { insideResponse, type InsideResponse } from "../message/response.js";

// Options: their tables, checks and messages
export { sendOptionsOf, splitOptions } from "../client/given-options.js";
export { aBoolean, aFunction, aString, atLeast } from "../options/checks.js";
export { kindOf, numberOrKind } from "../options/kind.js";
export { refuseUnknownNames } from "../options/nearest-name.js";
export type { Check, OptionRow, Resolved, Rows } from "../options/option.js";

// Secrets, and files for them
export {
  isCredentialHeader,
  isSecretParameter,
  redactedBody,
  redactedFields,
  redactedUrl,
  redactedUrls,
  redactedValue,
} from "../http/redaction/redaction.js";
export { writePrivateFile } from "../cookies/private-file.js";

// HTTP vocabulary
export { FieldList, type Derivation } from "../http/fields.js";
export { IDEMPOTENT_METHODS } from "../http/methods.js";
export { effectivePort, splitUrl, urlWithoutAuthAndFragment, type UrlParts } from "../http/url/url.js";
export { decodeText } from "../content/charset.js";
export { parseContentType } from "../http/content-type.js";
export { encodingFromHeaders } from "../content/declared-encoding.js";

// Multipart bodies
export { boundaryOf } from "../http/boundary.js";
export { MultipartBody } from "../message/body/multipart.js";
export { encoderParts, headEncoding, type PartEncoding } from "../message/body/multipart-part.js";
export { END, GeneratorSource, PullIterator, type End, type PullSource } from "../content/pull-iterator.js";

// Transports
export type { ByteReceiver } from "../wire/socket-reader.js";
export type {
  Connecting,
  Connection,
  ConnectionOwner,
  Connector,
  Exchange,
  ExchangeLimits,
  ExchangeTimes,
  Failure,
  Peer,
  ResponseHead,
  ResponseSink,
  TlsDetails,
  Transport,
  TransportStatistics,
  WireBody,
  WireRequest,
  WireTarget,
} from "../wire/transport.js";
export type { ConnectTimes, Route } from "../wire/connect/route.js";
export { Deadline } from "../wire/deadline.js";
export { TestDeadline } from "../wire/test-deadline.js";
export { Dispatch, type Stage } from "../wire/dispatch.js";
export { connectFailure, connectTimedOut, readTimedOut } from "../wire/errors.js";
export { Http1Connection } from "../wire/http1/connection.js";
export { DEFAULT_LIMITS, type WireLimits } from "../wire/limits.js";
export { SocketReader } from "../wire/socket-reader.js";
