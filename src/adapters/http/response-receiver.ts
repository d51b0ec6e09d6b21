/** The receiver of one response: what whole and streamed responses have in common. */
import { insideRequest } from "../../message/prepared.js";
import { requestEnd, requestError, requestHead } from "../../diagnostics/channels.js";
import type { DiagnosedRequest } from "../../diagnostics/messages.js";
import { RequestException } from "../../exceptions.js";
import { rawValues } from "../../http/fields.js";
import type { PreparedRequest } from "../../message/prepared.js";
import type { RawResponse } from "../../message/raw-response.js";
import type { ByteSource } from "../../message/raw-queue.js";
import {
  insideResponse,
  type ConnectionInfo,
  type Response,
  type Timings,
  type WireExchange,
} from "../../message/response.js";
import { codingsOf, tooLarge, type DecodeLimits } from "../../wire/decode/decode.js";
import type { Exchange, ExchangeTimes, Peer, ResponseHead, ResponseSink } from "../../wire/transport.js";
import type { CallSettings, ProgressCallback } from "../adapter.js";
import type { Attempt } from "./attempt.js";
import { diagnosedRequest, publishError, publishHead } from "./publish.js";

const NO_CODINGS: readonly string[] = [];

/** Receives one response, and makes a Response of it. */
export abstract class ResponseReceiver implements ResponseSink, WireExchange {
  readonly request: PreparedRequest;
  readonly settings: CallSettings;
  readonly limits: DecodeLimits;
  readonly #uploadTotal: number | null;
  #sent = 0;
  /** Forgotten once used, because it holds its promise, and so the response. */
  #resolve: (response: Response) => void;
  #reject: (error: unknown) => void;
  /** Set by the transport, before anything else is reported. */
  exchange!: Exchange;
  /** Whether the connection has done its part: nothing is reported after that. */
  isOver = false;
  head: ResponseHead | null = null;
  codings: readonly string[] = NO_CODINGS;
  received = 0;
  /** Another request will follow, by a redirect, a retry or a challenge: the body must not decide about the call. */
  isPassing = false;
  #peer: Peer | null = null;
  #isSettled = false;
  #whenOver: (() => void) | null = null;
  readonly #attempt: Attempt;
  readonly #number: number;
  #diagnosed: DiagnosedRequest | null = null;

  constructor(
    request: PreparedRequest,
    attempt: Attempt,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.settings = attempt.settings;
    this.limits = attempt.limits;
    this.#attempt = attempt;
    this.#number = attempt.number;
    this.#uploadTotal = insideRequest.source(request)?.length ?? null;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Another receiver for the same response, which takes over from this one. */
  protected successor<Receiver extends ResponseReceiver>(
    Kind: new (...parts: ConstructorParameters<typeof ResponseReceiver>) => Receiver,
  ): Receiver {
    const next = new Kind(
      this.request,
      this.#attempt,
      (response) => this.resolve(response),
      (error) => this.reject(error),
    );
    next.exchange = this.exchange;
    next.#diagnosed = this.#diagnosed;
    next.onOver(() => this.settle());
    return next;
  }

  onStart(exchange: Exchange): void {
    this.exchange = exchange;
  }

  onHead(head: ResponseHead): void {
    this.head = head;
    this.#peer = this.exchange.connection!.peer;
    if (requestHead.hasSubscribers)
      publishHead(this.diagnosed, head, this.exchange, insideRequest.credentialHeaders(this.request));
    if (head.statusCode >= 300 && this.#attempt.goesOnAfter(head)) {
      this.isPassing = true;
      this.onGoodHead(head);
      return;
    }
    const { maxOutput } = this.limits;
    try {
      this.codings = this.codingsFor(head);
    } catch (error) {
      this.stop(error);
      return;
    }
    if (maxOutput > 0 && this.codings.length === 0 && (head.contentLength ?? 0) > maxOutput && head.hasBody) {
      this.stop(tooLarge(maxOutput));
      return;
    }
    this.onGoodHead(head);
  }

  onInformational(head: ResponseHead): void {
    const { onInformational } = this.settings;
    if (onInformational === undefined) return;
    const { statusCode, reason, rawHeaders } = head;
    const headers: [string, string][] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at], rawHeaders[at + 1]]);
    this.#guarded(() => onInformational({ statusCode, reason, headers }));
  }

  onData(buffer: Buffer, start: number, end: number): boolean {
    this.received += end - start;
    const { onDownloadProgress } = this.settings;
    if (onDownloadProgress !== undefined)
      this.#report(onDownloadProgress, this.received, this.head!.contentLength, false);
    return this.isOver ? true : this.onBytes(buffer, start, end);
  }

  /** Calls back once when the call can no longer be stopped: its content was read, or it has failed or was closed. */
  onOver(callback: () => void): void {
    if (this.#isSettled) callback();
    else this.#whenOver = callback;
  }

  /** The call can no longer be stopped. */
  settle(): void {
    this.#isSettled = true;
    this.#whenOver?.();
    this.#whenOver = null;
  }

  onEnd(trailers: string[]): void {
    this.over();
    const { onDownloadProgress } = this.settings;
    if (onDownloadProgress !== undefined) {
      try {
        onDownloadProgress(progressOf(this.received, this.head!.contentLength, true));
      } catch (error) {
        this.onFailed(callbackFailed(error));
        return;
      }
    }
    this.onComplete(trailers);
  }

  onError(error: unknown): void {
    this.over();
    if (this.isPassing && this.exchange.stopped === null) {
      this.onBrokenPassing(error);
      return;
    }
    if (requestError.hasSubscribers) publishError(this.diagnosed, error);
    this.onFailed(error);
  }

  onSent(bytes: number): void {
    this.#sent = bytes;
    const { onUploadProgress } = this.settings;
    if (onUploadProgress !== undefined)
      this.#report(onUploadProgress, bytes, this.#uploadTotal, bytes === this.#uploadTotal);
  }

  /** The end of a body of unknown length is known only now. */
  onSentAll(): void {
    const { onUploadProgress } = this.settings;
    if (onUploadProgress !== undefined && this.#uploadTotal === null)
      this.#report(onUploadProgress, this.#sent, null, true);
  }

  /** The connection has done its part. */
  over(): void {
    this.isOver = true;
  }

  /** Ends the exchange with this error. */
  stop(error: unknown): void {
    this.exchange.abort(error);
  }

  /** Says where the call stood when it was stopped, once the connection cannot say it any more. */
  located(error: unknown): void {
    if (!(error instanceof RequestException)) return;
    error.phase ??= "receive";
    error.address ??= this.#peer?.remoteAddress;
  }

  /** For subscribers of the diagnostics channels: made when the first message is published. */
  get diagnosed(): DiagnosedRequest {
    this.#diagnosed ??= diagnosedRequest(this.request, this.#number);
    return this.#diagnosed;
  }

  /** @param complete - Whether the body was read to its end. */
  tellEnd(complete: boolean): void {
    if (requestEnd.hasSubscribers)
      requestEnd.publish({
        request: this.diagnosed,
        statusCode: this.head!.statusCode,
        bytes: this.received,
        complete,
        timings: this.timings(),
      });
  }

  abstract onGoodHead(head: ResponseHead): void;
  abstract onBytes(buffer: Buffer, start: number, end: number): boolean;
  abstract onComplete(trailers: string[]): void;
  abstract onFailed(error: unknown): void;
  /** The body of a response that another request follows broke off. */
  abstract onBrokenPassing(error: unknown): void;

  resolve(response: Response): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = settled;
    resolve(response);
  }

  reject(error: unknown): void {
    this.#reject(error);
  }

  makeResponse(content: Buffer | null, raw: RawResponse | null, trailers: readonly string[]): Response {
    const head = this.head!;
    const { times } = this.exchange;
    return insideResponse.fromWire({
      request: this.request,
      statusCode: head.statusCode,
      reason: head.reason,
      rawHeaders: head.rawHeaders,
      version: head.version,
      content,
      raw,
      trailers,
      exchange: this,
      elapsed: (times.head - times.created) / 1000,
    });
  }

  info(): ConnectionInfo {
    const { remoteAddress, tls } = this.#peer!;
    return { remoteAddress, reused: this.exchange.isReused, tls };
  }

  timings(): Timings {
    return timingsOf(this.exchange.times);
  }

  abstract get decodes(): boolean;
  abstract decode(raw: RawResponse): ByteSource;

  /** @throws ContentDecodingError for codings that cannot be undone. */
  codingsFor(head: ResponseHead): readonly string[] {
    const coding = rawValues(head.rawHeaders, "content-encoding");
    if (coding.length === 0 || !head.hasBody || this.settings.decode === false) return NO_CODINGS;
    return codingsOf(coding.join(","), this.limits.maxCodings);
  }

  #report(callback: ProgressCallback, transferred: number, total: number | null, done: boolean): void {
    this.#guarded(() => callback(progressOf(transferred, total, done)));
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.stop(callbackFailed(error));
    }
  }
}

function progressOf(
  transferred: number,
  total: number | null,
  done: boolean,
): { transferred: number; total?: number; done: boolean } {
  return total === null ? { transferred, done } : { transferred, total, done };
}

function settled(): void {
  // The call has its outcome.
}

function callbackFailed(error: unknown): RequestException {
  return error instanceof RequestException
    ? error
    : new RequestException(`A progress callback threw: ${error instanceof Error ? error.message : String(error)}`, {
        code: "ERR_CALLBACK",
        cause: error,
      });
}

function timingsOf(times: ExchangeTimes): Timings {
  const connecting = times.connecting;
  const dns = (connecting?.dns ?? 0) / 1000;
  const connect = (connecting?.connect ?? 0) / 1000;
  const tls = (connecting?.tls ?? 0) / 1000;
  // An answer may come before the whole request went out.
  const sent = times.sent === 0 ? times.head : Math.min(times.sent, times.head);
  const end = times.end === 0 ? times.head : times.end;
  return {
    queued: Math.max(0, (times.assigned - times.created) / 1000 - dns - connect - tls),
    dns,
    connect,
    tls,
    send: (sent - times.assigned) / 1000,
    wait: (times.head - sent) / 1000,
    receive: (end - times.head) / 1000,
    total: (end - times.created) / 1000,
  };
}
