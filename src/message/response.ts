/** Response: what came back, as requests gives it. */
import { inspect } from "node:util";

import { HTTPError, StreamConsumedError, StreamNotReadError } from "../exceptions.js";
import { RequestsCookieJar } from "./cookies/jar.js";
import type { CaseInsensitiveDict } from "./headers.js";
import { dictOf, FieldList, headerEntries, rawValue, rawValues, type HeadersInit } from "./headers.js";
import { NO_OPTIONS, ownOptions } from "./own-options.js";
import type { PreparedRequest } from "./prepared.js";
import { rawFrom, type RawResponse } from "./raw.js";
import {
  byteLines,
  decoded,
  jsonLines,
  resized,
  serverSentEvents,
  textLines,
  type EventIterOptions,
  type ServerSentEvent,
} from "./response-streams.js";
import type { ConnectionInfo, Timings, TlsInfo, WireExchange } from "./response-wire.js";
import type { SaveOptions, SaveResult } from "./save.js";
import type { StandardSchema } from "./standard-schema.js";
import { apparentEncoding, decodeText, encodingOfBody, jsonTextOf } from "./text/charset.js";
import { declaredEncoding, encodingFromHeaders } from "./text/content-type.js";
import { parseJson, validateJson, validateJsonLater } from "./text/json.js";
import { linksByRel } from "./text/link.js";
import { maskedUrl } from "./url.js";

export type { ConnectionInfo, Timings, TlsInfo, WireExchange } from "./response-wire.js";

/** What an adapter's author makes a response from; all of it is optional. */
export interface ResponseInit {
  /** What it answers. */
  readonly request?: PreparedRequest | undefined;
  /** The status. @defaultValue 200 */
  readonly statusCode?: number | undefined;
  /** The reason phrase. */
  readonly reason?: string | undefined;
  /** An object, pairs, a Map or `Headers`. */
  readonly headers?: HeadersInit | undefined;
  /** Where it came from. */
  readonly url?: string | undefined;
  /** The content: bytes, text or a stream, without content coding. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array | string> | null | undefined;
  /** "1.1" by default. */
  readonly httpVersion?: string | undefined;
}

/** What the package's own adapter adds. @internal */
export interface WireResponse {
  readonly request: PreparedRequest;
  readonly statusCode: number;
  readonly reason: string;
  readonly rawHeaders: string[];
  readonly version: number;
  /** The whole content, or null when it is streamed from `raw`. */
  readonly content: Buffer | null;
  /** null for a whole response: its raw side is at its end. */
  readonly raw: RawResponse | null;
  readonly trailers: readonly string[];
  readonly exchange: WireExchange;
  /** Seconds. */
  readonly elapsed: number;
}

/** How content is iterated as text or bytes. */
export interface IterOptions {
  /** Give text in `encoding` (UTF-8 when that is null) instead of bytes. */
  readonly decodeUnicode?: boolean | undefined;
}

const NO_CONNECTION: ConnectionInfo = { remoteAddress: null, reused: false, tls: null };
const EMPTY = Buffer.alloc(0);
const WIRE = Symbol("wire");

/**
 * The answer to a request. Its body is read already, unless `stream: true` was given.
 *
 * @example
 * ```ts
 * const response = await requests.get("https://httpbin.org/get");
 * response.statusCode; //=> 200
 * response.json();
 * ```
 */
export class Response implements AsyncIterable<Buffer> {
  /** Such as 200. */
  statusCode: number;
  /** The text behind the status, as the server wrote it: "OK", "NOT FOUND". */
  reason: string;
  /** "1.1" or "1.0". */
  httpVersion: string;
  /** The responses that led here by redirects or authentication, the oldest first. */
  history: Response[] = [];
  /** The request that would follow this redirect, when redirects were not to be followed; else null. */
  next: PreparedRequest | null = null;
  /** The adapter that sent the request. */
  connection: unknown = null;
  /** Seconds from sending to the headers. */
  elapsed: number;

  #request: PreparedRequest | undefined;
  #url: string;
  #rawHeaders: string[];
  #headers: CaseInsensitiveDict | null = null;
  #content: Buffer | null;
  #encoding: string | null | undefined = undefined;
  #text: string | null = null;
  #cookies: RequestsCookieJar | null = null;
  #raw: RawResponse | null;
  #trailers: readonly string[] = [];
  #exchange: WireExchange | null = null;
  #iterated = false;
  #decoded = 0;
  #reading: Promise<Buffer> | null = null;
  #sender: ((request: PreparedRequest) => Promise<Response>) | null = null;

  constructor(init: ResponseInit = NO_OPTIONS) {
    const wire = (init as { readonly [WIRE]?: WireResponse })[WIRE];
    if (wire !== undefined) {
      this.statusCode = wire.statusCode;
      this.reason = wire.reason;
      this.httpVersion = wire.version === 10 ? "1.0" : "1.1";
      this.#request = wire.request;
      this.#url = wire.request.url;
      this.#rawHeaders = wire.rawHeaders;
      this.#content = wire.content;
      this.#raw = wire.raw;
      this.#trailers = wire.trailers;
      this.#exchange = wire.exchange;
      this.elapsed = wire.elapsed;
      return;
    }
    init = ownOptions(init);
    this.statusCode = init.statusCode ?? 200;
    this.reason = init.reason ?? "";
    this.httpVersion = init.httpVersion ?? "1.1";
    this.#request = init.request;
    this.#url = init.url ?? init.request?.url ?? "";
    this.#rawHeaders =
      init.headers === undefined
        ? []
        : headerEntries(init.headers).flatMap(([name, values]) => (values ?? []).flatMap((value) => [name, value]));
    const { body } = init;
    const whole = body === undefined || body === null || typeof body === "string" || body instanceof Uint8Array;
    this.#content = whole ? contentOf(body) : null;
    this.#raw = rawFrom(body, { rawHeaders: this.#rawHeaders, version: this.httpVersion === "1.0" ? 10 : 11 });
    this.elapsed = 0;
  }

  /** The undecoded body. After the content was read it is at its end. */
  get raw(): RawResponse {
    this.#raw ??= rawFrom(
      null,
      { rawHeaders: this.#rawHeaders, version: this.httpVersion === "1.0" ? 10 : 11 },
      this.#trailers,
    );
    return this.#raw;
  }

  /** The request that was sent, as it was sent. */
  get request(): PreparedRequest {
    return this.#request as PreparedRequest;
  }
  set request(request: PreparedRequest) {
    this.#request = request;
  }

  /** The URL that answered, after redirects. */
  get url(): string {
    return this.#url;
  }
  set url(url: string) {
    this.#url = url;
  }

  /** The header fields; one that came several times is joined by ", " (`getAll` gives them apart). */
  get headers(): CaseInsensitiveDict {
    this.#headers ??= dictOf(new FieldList(this.#rawHeaders));
    return this.#headers;
  }
  set headers(headers: CaseInsensitiveDict) {
    this.#headers = headers;
  }

  /** False for 400 to 599. */
  get ok(): boolean {
    return this.statusCode < 400 || this.statusCode > 599;
  }

  /** Whether this is a redirect that could be followed: one of the five statuses, with a Location. */
  get isRedirect(): boolean {
    return REDIRECTS.has(this.statusCode) && this.header("location") !== undefined;
  }

  /** Whether this is a permanent redirect: 301 or 308, with a Location. */
  get isPermanentRedirect(): boolean {
    return (this.statusCode === 301 || this.statusCode === 308) && this.header("location") !== undefined;
  }

  /**
   * The body as bytes, without its content coding.
   *
   * @throws StreamNotReadError under `stream: true` before `await response.read()`; StreamConsumedError after the
   *   stream was iterated, because nobody kept what was read.
   */
  get content(): Buffer {
    if (this.#content !== null) return this.#content;
    if (this.#iterated)
      throw new StreamConsumedError(
        "The content for this response was already consumed: it was iterated and not kept",
        { response: this },
      );
    throw new StreamNotReadError(
      "The body has not been read, because of stream: true. Call await response.read() before content, text or json()",
      {
        response: this,
      },
    );
  }

  /**
   * The body as text, in `encoding`. Where that is null: UTF-8 if the bytes are valid UTF-8, otherwise by detection. JSON
   * without a charset may be UTF-16 or UTF-32 as well. Bytes that cannot be decoded become U+FFFD.
   */
  get text(): string {
    if (this.#text === null) {
      const bytes = this.content;
      const given = this.#encoding;
      const encoding = given === undefined ? encodingOfBody(bytes, this.header("content-type")) : given;
      this.#text = decodeText(bytes, encoding);
    }
    return this.#text;
  }

  /**
   * The charset that the headers name, `utf-8` for JSON types that name none, otherwise null; a charset that is unknown
   * counts as none. Assign to override. Labels mean what the WHATWG Encoding Standard says: `iso-8859-1` is windows-1252.
   */
  get encoding(): string | null {
    // Not kept: json() tells what was assigned from what the headers say.
    return this.#encoding === undefined ? encodingFromHeaders(this.header("content-type")) : this.#encoding;
  }
  set encoding(encoding: string | null) {
    this.#encoding = encoding;
    this.#text = null;
  }

  /** The charset that the bytes look like. */
  get apparentEncoding(): string {
    return apparentEncoding(this.content);
  }

  /**
   * The body parsed as JSON, in whatever Unicode encoding it came.
   *
   * @param schema - Any Standard Schema (zod, valibot, arktype …): checks the value and gives it its type.
   * @throws JSONDecodeError for what is not JSON (`doc`, `pos`, `line`, `column` say where) or does not fit the schema;
   *   TypeError for a schema that works asynchronously, which `await requests.get(url).json(schema)` takes.
   */
  json<T = unknown>(schema?: StandardSchema<T>): T {
    const details = { response: this, request: this.#request };
    const text = this.#jsonText();
    const value = parseJson(text, details);
    return schema === undefined ? (value as T) : validateJson(value, schema, text, details);
  }

  /** As `json(schema)`, for a schema that may work asynchronously. @internal */
  async jsonLater<T>(schema: StandardSchema<T>): Promise<T> {
    const details = { response: this, request: this.#request };
    const text = this.#jsonText();
    return validateJsonLater(parseJson(text, details), schema, text, details);
  }

  /** Cookies that this response set, and no others. */
  get cookies(): RequestsCookieJar {
    if (this.#cookies === null) {
      this.#cookies = new RequestsCookieJar();
      const lines = rawValues(this.#rawHeaders, "set-cookie");
      if (lines.length > 0) this.#cookies.extract(lines, this.#url, this.#request?.fields.get("host"));
    }
    return this.#cookies;
  }
  set cookies(cookies: RequestsCookieJar) {
    this.#cookies = cookies;
  }

  /** The Link header, by `rel` (or by URL where there is none). */
  get links(): Record<string, Record<string, string>> {
    const value = rawValues(this.#rawHeaders, "link").join(", ");
    return value === "" ? {} : linksByRel(value);
  }

  /** Seconds that the phases took. */
  get timings(): Timings {
    return (
      this.#exchange?.timings() ?? {
        queued: 0,
        dns: 0,
        connect: 0,
        tls: 0,
        send: 0,
        wait: this.elapsed,
        receive: 0,
        total: this.elapsed,
      }
    );
  }

  /** Bytes of the body that have come so far, as they were on the wire: with their content coding. */
  get bytesReceived(): number {
    return this.#exchange?.received ?? this.#raw?.bytesReceived ?? this.#content?.length ?? 0;
  }

  /** Bytes of content that were read so far, without content coding; at the end the size of the content. */
  get bytesDecoded(): number {
    return this.#content?.length ?? this.#decoded;
  }

  /** The peer, `address:port`; null where no socket was used. */
  get remoteAddress(): string | null {
    return this.#connectionInfo.remoteAddress;
  }

  /** Whether the connection had carried a request before. */
  get reused(): boolean {
    return this.#connectionInfo.reused;
  }

  /** The TLS side of the connection, or null. */
  get tls(): TlsInfo | null {
    return this.#connectionInfo.tls;
  }

  /**
   * Throws for 4xx and 5xx, else returns the response itself.
   *
   * @throws HTTPError `404 Client Error: NOT FOUND for url: …`, passwords masked.
   */
  raiseForStatus(): this {
    if (this.ok) return this;
    const side = this.statusCode < 500 ? "Client" : "Server";
    throw new HTTPError(`${this.statusCode} ${side} Error: ${this.reason} for url: ${maskedUrl(this.#url)}`, {
      response: this,
    });
  }

  /**
   * The content in pieces, decoded. What came before an error is given before the error is thrown.
   *
   * @param chunkSize - Bytes of each piece but the last; without it, pieces as they arrive.
   * @throws StreamConsumedError when the stream was iterated before.
   */
  iterContent(
    chunkSize: number | null | undefined,
    options: IterOptions & { readonly decodeUnicode: true },
  ): AsyncGenerator<string, void>;
  iterContent(
    chunkSize?: number | null,
    options?: IterOptions & { readonly decodeUnicode?: false | undefined },
  ): AsyncGenerator<Buffer, void>;
  iterContent(
    chunkSize?: number | null,
    options: IterOptions = {},
  ): AsyncGenerator<Buffer, void> | AsyncGenerator<string, void> {
    if (chunkSize !== undefined && chunkSize !== null && !(Number.isInteger(chunkSize) && chunkSize > 0))
      throw new TypeError(
        `iterContent(chunkSize) takes a whole number of bytes above 0, or nothing, not ${String(chunkSize)}`,
      );
    const pieces = this.#pieces();
    const sized = chunkSize == null ? pieces : resized(pieces, chunkSize);
    return options.decodeUnicode === true ? decoded(sized, this.#streamEncoding) : sized;
  }

  /**
   * The content line by line, without the line ends; right across the borders of pieces.
   *
   * @param options - `delimiter` in place of line ends; `decodeUnicode` for text instead of bytes; `chunkSize` is
   *   accepted for requests' sake and changes nothing that can be seen.
   */
  iterLines(options: {
    readonly chunkSize?: number | undefined;
    readonly decodeUnicode: true;
    readonly delimiter?: string | undefined;
  }): AsyncGenerator<string, void>;
  iterLines(options?: {
    readonly chunkSize?: number | undefined;
    readonly decodeUnicode?: false | undefined;
    readonly delimiter?: string | Uint8Array | undefined;
  }): AsyncGenerator<Buffer, void>;
  iterLines(
    options: {
      readonly decodeUnicode?: boolean | undefined;
      readonly delimiter?: string | Uint8Array | undefined;
    } = {},
  ): AsyncGenerator<Buffer, void> | AsyncGenerator<string, void> {
    const { delimiter } = options;
    if (options.decodeUnicode !== true) return byteLines(this.#pieces(), delimiter);
    return textLines(
      decoded(this.#pieces(), this.#streamEncoding),
      delimiter === undefined ? undefined : String(delimiter),
    );
  }

  /** Each line parsed as JSON (JSON Lines, NDJSON); empty lines are passed over. */
  iterJson<T = unknown>(schema?: StandardSchema<T>): AsyncGenerator<T, void> {
    return jsonLines(this.#pieces(), this.#streamEncoding, schema, { response: this, request: this.#request });
  }

  /**
   * Server-sent events as they come. `requests-ts/events` reconnects after a cut.
   *
   * @throws ContentTooLarge for an event larger than `maxEventSize`.
   */
  iterEvents(options?: EventIterOptions): AsyncGenerator<ServerSentEvent, void> {
    return serverSentEvents(this.#pieces(), options);
  }

  /** Reads the whole content, also of a streamed response, and keeps it for `content`, `text` and `json()`. */
  async read(): Promise<Buffer> {
    if (this.#content !== null) return this.#content;
    this.#reading ??= this.#readAll();
    return this.#reading;
  }

  /** The content as a web stream, its back-pressure intact. */
  get body(): ReadableStream<Uint8Array> {
    const pieces = this.#pieces();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = await pieces.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        },
        async cancel() {
          await pieces.return();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * Writes the content to a file: to a temporary one first, renamed when it is whole, so that a cut download never
   * looks whole.
   *
   * @param path - Of the file.
   * @param options - `resume: true` continues after a cut; `sha256` is compared; `onProgress` is told of bytes.
   */
  async saveTo(path: string, options: SaveOptions = {}): Promise<SaveResult> {
    const { saveTo } = await import("./save.js");
    return saveTo(this, path, options);
  }

  /** Releases the connection; the rest of the body is not read. */
  close(): void {
    this.#raw?.close();
  }

  /** `await using response = …`: closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** The pieces as they arrive, as `iterContent()` gives them. */
  [Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    return this.iterContent();
  }

  [inspect.custom](): string {
    return `<Response [${this.statusCode}]>`;
  }

  /** One field without making the dict. @internal */
  header(lowerName: string): string | undefined {
    return this.#headers === null ? rawValue(this.#rawHeaders, lowerName) : this.#headers.get(lowerName);
  }

  /** The values of a field apart. @internal */
  headerValues(lowerName: string): readonly string[] {
    return this.#headers === null ? rawValues(this.#rawHeaders, lowerName) : this.#headers.getAll(lowerName);
  }

  /** Sends another request the way this response came; null when that is not known. @internal */
  async sendAgain(request: PreparedRequest): Promise<Response | null> {
    return this.#sender === null ? null : this.#sender(request);
  }

  /** Told by the session how to send again. @internal */
  useSender(sender: (request: PreparedRequest) => Promise<Response>): void {
    this.#sender = sender;
  }

  /** Whether the whole content is at hand. @internal */
  get isRead(): boolean {
    return this.#content !== null;
  }

  get #connectionInfo(): ConnectionInfo {
    return this.#exchange?.info() ?? NO_CONNECTION;
  }

  #jsonText(): string {
    const bytes = this.content;
    // Nearly all JSON is UTF-8 that begins with two ASCII characters.
    const plain = bytes.length < 2 || (isAscii(bytes[0]) && isAscii(bytes[1]));
    if (
      plain &&
      (this.#encoding === undefined || this.#encoding === "utf-8") &&
      isUtf8Json(this.header("content-type"))
    )
      return bytes.utf8Slice();
    return this.#encoding == null ? jsonTextOf(bytes, this.text) : this.text;
  }

  /** The encoding for text that is made piece by piece; null means by a BOM, else UTF-8. */
  get #streamEncoding(): string | null {
    return this.#encoding === undefined ? declaredEncoding(this.header("content-type")).charset : this.#encoding;
  }

  async #readAll(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#pieces()) chunks.push(chunk);
    this.#content = chunks.length === 0 ? EMPTY : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    return this.#content;
  }

  #pieces(): AsyncGenerator<Buffer, void> {
    if (this.#content !== null) return once(this.#content);
    if (this.#iterated)
      throw new StreamConsumedError(
        "The content for this response was already consumed: a stream can be iterated once",
        { response: this },
      );
    this.#iterated = true;
    return this.#watched(this.#exchange === null ? this.raw : this.#exchange.decode(this.raw));
  }

  /** Errors get to know their response; leaving early releases the connection. */
  async *#watched(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
    try {
      for await (const chunk of source) {
        this.#decoded += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof Error && "response" in error) {
        error.response ??= this;
        if ("request" in error) error.request ??= this.#request;
      }
      throw error;
    } finally {
      this.raw.close();
    }
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Makes a response from what the wire gave. @internal */
export function wireResponse(parts: WireResponse): Response {
  return new Response({ [WIRE]: parts } as ResponseInit);
}

async function* once(content: Buffer): AsyncGenerator<Buffer, void> {
  if (content.length > 0) yield content;
}

function contentOf(body: Uint8Array | string | null | undefined): Buffer {
  if (body === null || body === undefined) return EMPTY;
  return typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function isAscii(byte: number): boolean {
  return byte > 0 && byte < 128;
}

function isUtf8Json(contentType: string | undefined): boolean {
  return (
    contentType === "application/json" ||
    (contentType !== undefined && encodingFromHeaders(contentType)?.toLowerCase() === "utf-8")
  );
}
