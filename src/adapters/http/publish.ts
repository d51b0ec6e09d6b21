/** Publishes the adapter's messages on the diagnostics channels. Called only when there are subscribers. */
import { diagnosedError, nextRequestId, requestError, requestHead, requestRetry } from "../../diagnostics/channels.js";
import type { DiagnosedError, DiagnosedRequest } from "../../diagnostics/messages.js";
import { insideRequest, type PreparedRequest } from "../../message/prepared.js";
import { redactedFields, redactedUrl, redactedUrls } from "../../http/redaction/redaction.js";
import type { Retry } from "../../policy/retry.js";
import type { Exchange, ResponseHead } from "../../wire/transport.js";

/** The request as it may be shown to others. */
export function diagnosedRequest(request: PreparedRequest, attempt: number): DiagnosedRequest {
  const { method } = request;
  const fields = insideRequest.fields(request);
  const source = insideRequest.source(request);
  const { authority } = insideRequest.target(request);
  const headers = redactedFields(fields.raw, insideRequest.credentialHeaders(request));
  return {
    id: nextRequestId(),
    method,
    url: redactedUrl(request.url),
    headers: fields.has("host") ? headers : [["Host", authority], ...headers],
    bodySize: source === null ? 0 : source.length,
    attempt,
  };
}

const VERSIONS = Object.freeze({ 10: "1.0", 11: "1.1", 20: "2" });

/** @param credentialHeaders - Names of headers to mask beside the usual ones. */
export function publishHead(
  request: DiagnosedRequest,
  head: ResponseHead,
  { connection, isReused }: Exchange,
  credentialHeaders: readonly string[],
): void {
  requestHead.publish({
    request,
    connection: connection!.peer.diagnosed,
    reused: isReused,
    statusCode: head.statusCode,
    reason: head.reason,
    httpVersion: VERSIONS[head.version],
    headers: redactedFields(head.rawHeaders, credentialHeaders),
  });
}

export function publishError(request: DiagnosedRequest, error: unknown): void {
  requestError.publish({ request, error: shownError(error) });
}

/** @param retry - The policy for the next attempt: the end of its history is what failed. */
export function publishRetry(retry: Retry, url: string, attempt: number, delay: number): void {
  const { method, error, status } = retry.history.at(-1)!;
  requestRetry.publish({
    method,
    url: redactedUrl(url),
    attempt,
    delay,
    statusCode: status,
    error: error === null ? null : shownError(error),
  });
}

/** Errors of other code, such as a body that could not be read, may name a URL. */
function shownError(error: unknown): DiagnosedError {
  const found = diagnosedError(error);
  return { ...found, message: redactedUrls(found.message) };
}
