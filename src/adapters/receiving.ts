/** What the wire says of one response → a Response: whole, or as a stream. */
import { requestEnd, requestError, requestHead } from "../diagnostics/channels.js";
import type { DiagnosedRequest } from "../diagnostics/messages.js";
import { RequestException } from "../exceptions.js";
import { rawValues } from "../message/headers.js";
import type { PreparedRequest } from "../message/prepared.js";
import { RawResponse, type RawControl, type RawQueue } from "../message/raw.js";
import {
  wireResponse,
  type ConnectionInfo,
  type Response,
  type Timings,
  type WireExchange,
} from "../message/response.js";
import type { Connection } from "../wire/connection.js";
import { codingsOf, decodeAll, decodeStream, tooLarge, type DecodeLimits } from "../wire/decode.js";
import type { Dispatch, DispatchTimes, ResponseSink } from "../wire/dispatch.js";
import type { ResponseHead } from "../wire/http1/head.js";
import type { ProgressCallback, SendSettings } from "./adapter.js";
import { diagnosedRequest, publishEnd, publishError, publishHead } from "./diagnosis.js";

/** A body of a declared length up to this gets its memory at once; beyond, as it comes: the length may be a lie. */
const TRUSTED_LENGTH = 4 * 1024 * 1024;
const EMPTY = Buffer.alloc(0);
const NO_TRAILERS: readonly string[] = [];
const NO_CODINGS: readonly string[] = [];

/** The parts that whole and streamed responses have in common. */
abstract class Receiving implements ResponseSink, WireExchange {
  readonly request: PreparedRequest;
  readonly settings: SendSettings;
  readonly limits: DecodeLimits;
  readonly #uploadTotal: number | null;
  #sent = 0;
  /** Forgotten once used: it holds its promise, and so the response. */
  #resolve: (response: Response) => void;
  #reject: (error: unknown) => void;
  dispatch: Dispatch | null = null;
  head: ResponseHead | null = null;
  codings: readonly string[] = NO_CODINGS;
  received = 0;
  #whenOver: (() => void) | null = null;
  #connection: Connection | null = null;
  #reused = false;
  #remoteAddress: string | null = null;
  /** 1, and more for a retry. */
  attempt = 1;
  #diagnosed: DiagnosedRequest | null = null;

  constructor(
    request: PreparedRequest,
    settings: SendSettings,
    limits: DecodeLimits,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.request = request;
    this.settings = settings;
    this.limits = limits;
    this.#uploadTotal = request.source?.length ?? null;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onHead(head: ResponseHead, connection: Connection): void {
    this.head = head;
    this.#connection = connection;
    this.#reused = connection.requests > 1;
    this.#remoteAddress = connection.remoteAddress;
    if (requestHead.hasSubscribers) publishHead(this.diagnosed, head, connection, this.request.credentialHeaders);
    const coding = rawValues(head.rawHeaders, "content-encoding");
    const { maxOutput } = this.limits;
    try {
      if (coding.length > 0 && this.hasBody(head)) this.codings = codingsOf(coding.join(","), this.limits.maxCodings);
    } catch (error) {
      this.stop(error);
      return;
    }
    if (maxOutput > 0 && this.codings.length === 0 && (head.contentLength ?? 0) > maxOutput && this.hasBody(head)) {
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
    return this.dispatch!.over ? true : this.onBytes(buffer, start, end);
  }

  /** Calls back once when the exchange is over. */
  onOver(callback: () => void): void {
    if (this.dispatch!.over) callback();
    else this.#whenOver = callback;
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
    if (requestError.hasSubscribers) publishError(this.diagnosed, error);
    this.onFailed(error);
  }

  onSent(bytes: number): void {
    this.#sent = bytes;
    const { onUploadProgress } = this.settings;
    if (onUploadProgress !== undefined)
      this.#report(onUploadProgress, bytes, this.#uploadTotal, bytes === this.#uploadTotal);
  }

  /** Of an unknown length only now is it known that nothing follows. */
  onSentAll(): void {
    const { onUploadProgress } = this.settings;
    if (onUploadProgress !== undefined && this.#uploadTotal === null)
      this.#report(onUploadProgress, this.#sent, null, true);
  }

  over(): void {
    this.dispatch!.over = true;
    this.#whenOver?.();
    this.#whenOver = null;
  }

  /** Ends the exchange in this error. */
  stop(error: unknown): void {
    const dispatch = this.dispatch!;
    dispatch.stopped ??= { error };
    dispatch.handle?.abort(error);
  }

  /** For whoever watches: made when it is first told of. */
  get diagnosed(): DiagnosedRequest {
    this.#diagnosed ??= diagnosedRequest(this.request, this.attempt);
    return this.#diagnosed;
  }

  /** @param complete - Whether the body was read to its end. */
  tellEnd(complete: boolean): void {
    if (requestEnd.hasSubscribers)
      publishEnd(this.diagnosed, this.head!.statusCode, this.received, complete, this.timings());
  }

  hasBody(head: ResponseHead): boolean {
    return this.request.method !== "HEAD" && head.statusCode !== 204 && head.statusCode !== 304;
  }

  abstract onGoodHead(head: ResponseHead): void;
  abstract onBytes(buffer: Buffer, start: number, end: number): boolean;
  abstract onComplete(trailers: string[]): void;
  abstract onFailed(error: unknown): void;

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
    const { times } = this.dispatch!;
    return wireResponse({
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
    return { remoteAddress: this.#remoteAddress, reused: this.#reused, tls: this.#connection!.tls };
  }

  timings(): Timings {
    return timingsOf(this.dispatch!.times);
  }

  decode(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    return decodeStream(source, this.codings, this.limits);
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

/** Collects the body; the response is there when all of it is. */
export class WholeResponse extends Receiving {
  #chunks: Buffer[] | null = null;
  #whole: Buffer | null = null;
  #size = 0;

  override onGoodHead(head: ResponseHead): void {
    const length = head.contentLength;
    if (length !== null && length > 0 && length <= TRUSTED_LENGTH && this.hasBody(head))
      this.#whole = Buffer.allocUnsafe(length);
  }

  override onBytes(buffer: Buffer, start: number, end: number): boolean {
    if (this.#whole !== null) buffer.copy(this.#whole, this.#size, start, end);
    else {
      this.#chunks ??= [];
      this.#chunks.push(Buffer.from(buffer.subarray(start, end)));
    }
    this.#size += end - start;
    const { maxOutput } = this.limits;
    // Compressed data is at most a little longer than what it stands for.
    const bound = this.codings.length === 0 ? maxOutput : maxOutput + 64 * 1024;
    if (maxOutput > 0 && this.#size > bound) this.stop(tooLarge(maxOutput));
    return true;
  }

  override onComplete(trailers: string[]): void {
    const bytes = this.#whole ?? joined(this.#chunks);
    if (this.codings.length === 0) {
      this.#finish(bytes, trailers);
      return;
    }
    let decoded: Buffer | Promise<Buffer>;
    try {
      decoded = decodeAll(bytes, this.codings, this.limits);
    } catch (error) {
      this.#notDecoded(error);
      return;
    }
    if (decoded instanceof Promise)
      decoded.then(
        (content) => this.#finish(content, trailers),
        (error: unknown) => this.#notDecoded(error),
      );
    else this.#finish(decoded, trailers);
  }

  override onFailed(error: unknown): void {
    this.reject(error);
  }

  #notDecoded(error: unknown): void {
    if (requestError.hasSubscribers) publishError(this.diagnosed, error);
    this.reject(error);
  }

  #finish(content: Buffer, trailers: string[]): void {
    this.tellEnd(true);
    this.resolve(this.makeResponse(content, null, trailers));
  }
}

function joined(chunks: Buffer[] | null): Buffer {
  if (chunks === null) return EMPTY;
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

/** Hands the response over with its head; the body follows through `raw`, which nothing here holds. */
export class StreamedResponse extends Receiving implements RawControl {
  #queue: RawQueue | null = null;
  #connection: Connection | null = null;

  override onHead(head: ResponseHead, connection: Connection): void {
    this.#connection = connection;
    super.onHead(head, connection);
  }

  override onGoodHead(head: ResponseHead): void {
    const raw = new RawResponse(head, this);
    this.#queue = raw.queue;
    dropped.register(raw, this, this);
    this.resolve(this.makeResponse(null, raw, NO_TRAILERS));
  }

  override onBytes(buffer: Buffer, start: number, end: number): boolean {
    const bytes = buffer.subarray(start, end);
    // A large body goes on in the buffer that it was read into; a small piece must not keep a large buffer alive.
    const kept = end - start >= buffer.length / 2 && this.#connection!.takeBuffer(buffer);
    return this.#queue!.push(kept ? bytes : Buffer.from(bytes));
  }

  override onComplete(trailers: string[]): void {
    this.tellEnd(true);
    this.#queue!.end(trailers);
  }

  override onFailed(error: unknown): void {
    if (this.#queue === null) this.reject(error);
    else this.#queue.fail(error);
  }

  override over(): void {
    dropped.unregister(this);
    super.over();
  }

  /** Nobody can read it any more, and nobody closed it. */
  onDropped(): void {
    if (this.dispatch!.over) return;
    warnOfDropped(this.request);
    this.#queue!.close();
  }

  // ── the reader's wishes ───────────────────────────────────────────────────────────────────────────────────────────

  resume(): void {
    if (!this.dispatch!.over) this.#connection?.resume();
  }

  cancel(): void {
    if (this.dispatch!.over) return;
    this.over();
    this.tellEnd(false);
    this.#connection?.discard();
  }
}

/** Streams whose reader was collected as garbage give their connections back. */
const dropped = new FinalizationRegistry<StreamedResponse>((sink) => sink.onDropped());
let hasWarned = false;

function warnOfDropped({ method, target }: PreparedRequest): void {
  if (hasWarned) return;
  hasWarned = true;
  // Without the query, which may carry keys: a warning goes into logs that nobody thinks of.
  const shown = `${method} ${target.origin}${target.path.split("?", 1)[0]}`;
  process.emitWarning(
    `A response of stream: true was dropped with its body unread (${shown}), and kept its connection until the garbage collector found it. Read it to its end, call response.close(), or declare it with "await using". There is no further warning.`,
    { code: "REQUESTS_UNREAD_RESPONSE" },
  );
}

function callbackFailed(error: unknown): RequestException {
  return error instanceof RequestException
    ? error
    : new RequestException(`A progress callback threw: ${error instanceof Error ? error.message : String(error)}`, {
        code: "ERR_CALLBACK",
        cause: error,
      });
}

function timingsOf(times: DispatchTimes): Timings {
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
