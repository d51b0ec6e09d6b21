/** Response: what came back, as requests gives it. */
import { queueOf } from "./raw-response.js";
import { inspect } from "node:util";

import { HTTPError, StreamConsumedError, StreamNotReadError } from "../exceptions.js";
import { FieldList, rawValue, rawValues } from "../http/fields.js";
import { NO_OPTIONS, ownOptions } from "../options/own-options.js";
import { bodyStream } from "../content/body-stream.js";
import { withCallerFrames } from "../content/caller-frames.js";
import { RequestsCookieJar } from "../cookies/jar.js";
import { CaseInsensitiveDict, dictOf, headerPairs, type HeadersLike } from "./headers.js";
import { Pieces, piecesOf } from "./pieces.js";
import { insideRequest, type PreparedRequest } from "./prepared.js";
import { END, type PullSource } from "../content/pull-iterator.js";
import { rawFrom, RawResponse, type RawHead, type RawInit } from "./raw-response.js";
import type { ResponseParts } from "./response-parts.js";
import { ResponseStreams } from "./response-streams.js";
import { giveAccess, type ConnectionInfo, type Timings, type TlsInfo, type WireExchange } from "./response-wire.js";
import type { StandardSchema } from "../content/standard-schema.js";
import { apparentEncoding, decodeText, encodingOfBody, jsonTextOf } from "../content/charset.js";
import { declaredEncoding, encodingFromHeaders } from "../content/declared-encoding.js";
import { parseJson, validateJson, validateJsonLater } from "../content/json.js";
import { linksByRel } from "../http/link.js";
import { maskedResponse } from "./masked.js";
import { redactedUrl } from "../http/redaction/shown-url.js";

export type { IterOptions, ResponseParts } from "./response-parts.js";
export { insideResponse } from "./response-wire.js";
export type { ConnectionInfo, InsideResponse, Timings, TlsInfo, WireExchange } from "./response-wire.js";

const EMPTY = Buffer.alloc(0);
const NO_TRAILERS: readonly string[] = Object.freeze([]);

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
export class Response extends ResponseStreams {
  /** Such as 200. */
  statusCode: number;
  /** The text after the status, as the server wrote it: "OK", "NOT FOUND". */
  reason: string;
  /** "1.0", "1.1" or "2". */
  httpVersion: string;
  /** The responses that led here by redirects or authentication, the oldest first. */
  history: Response[] = [];
  /** The request that would follow this redirect if redirects were followed, otherwise null. */
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
  /** Whether `cookies` was assigned. */
  #hasOwnCookies = false;
  #raw: RawResponse | null;
  #trailers: readonly string[];
  #exchange: WireExchange | null = null;
  #given: ResponseParts | null = null;
  /** The stream of pieces, once it was asked for. */
  #pieces: Pieces | null = null;
  #body: ReadableStream<Uint8Array> | null = null;
  #reading: Promise<Buffer> | null = null;
  #sender: ((request: PreparedRequest) => Promise<Response>) | null = null;

  constructor(init: ResponseParts = NO_OPTIONS) {
    super();
    if (init !== NO_OPTIONS) init = ownOptions(init);
    this.statusCode = init.statusCode ?? 200;
    this.reason = init.reason ?? "";
    this.httpVersion = init.httpVersion ?? "1.1";
    this.#request = init.request;
    this.#url = init.url ?? init.request?.url ?? "";
    this.#rawHeaders = init.headers === undefined ? [] : headerPairs(init.headers);
    this.#trailers = init.trailers?.flat() ?? NO_TRAILERS;
    this.elapsed = init.elapsed ?? 0;
    this.#raw = null;
    this.#content = EMPTY;
    if (init === NO_OPTIONS) return;
    this.#given = init;
    this.history = [...(init.history ?? [])];
    this.#raw = rawFrom(init.body, this.#rawHead, this.#trailers);
    this.#content = queueOf(this.#raw).wholeContent();
  }

  static {
    giveAccess({
      fromWire(parts) {
        const response = new Response();
        response.statusCode = parts.statusCode;
        response.reason = parts.reason;
        if (parts.version !== 11) response.httpVersion = parts.version === 10 ? "1.0" : "2";
        response.#request = parts.request;
        response.#url = parts.request.url;
        response.#rawHeaders = parts.rawHeaders;
        response.#content = parts.content;
        response.#raw = parts.raw;
        response.#trailers = parts.trailers;
        response.#exchange = parts.exchange;
        response.elapsed = parts.elapsed;
        return response;
      },
      header: (response, lowerName) => response.#header(lowerName),
      headerValues: (response, lowerName) => response.#headerValues(lowerName),
      isRead: (response) => response.#content !== null,
      isCutShort: (response) => response.#isCutShort,
      async jsonLater(response, schema) {
        const details = { response, request: response.#request };
        const text = response.#jsonText();
        return validateJsonLater(parseJson(text, details), schema, text, details);
      },
      sendAgain: async (response, request) => (response.#sender === null ? null : response.#sender(request)),
      useSender: (response, sender) => {
        response.#sender = sender;
      },
      open: (response) => response.#open(),
      streamEncoding: (response) => response.#streamEncoding,
      readSome: (response, most) => response.#readSome(most),
    });
  }

  /**
   * The undecoded body. After the content was read it is at its end.
   *
   * It can be assigned: a RawResponse, bytes, text or a stream takes the place of a body, as if it had come from the
   * server. The one before stays open, for the new one may read from it.
   */
  get raw(): RawResponse {
    this.#raw ??= rawFrom(null, this.#rawHead, this.#trailers);
    return this.#raw;
  }
  set raw(raw: RawResponse | RawInit) {
    const next = raw instanceof RawResponse ? raw : rawFrom(raw, this.#rawHead);
    this.#raw = next;
    this.#content = this.#exchange?.decodes === true ? null : queueOf(next).wholeContent();
    this.#text = null;
    this.#pieces = null;
    this.#body = null;
    this.#reading = null;
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
  set url(url: string | URL) {
    this.#url = String(url);
  }

  /**
   * The header fields; one that came several times is joined by ", " (`getAll` gives them apart). Assigning an object,
   * pairs, a Map or `Headers` replaces them, and with them what follows from them: `encoding`, `text`, `links`, `cookies`.
   */
  get headers(): CaseInsensitiveDict {
    // raw.headers keeps the fields as they came.
    this.#headers ??= dictOf(new FieldList(this.#rawHeaders).copyOnWrite());
    return this.#headers;
  }
  set headers(headers: HeadersLike) {
    this.#headers = headers instanceof CaseInsensitiveDict ? headers : dictOf(new FieldList(headerPairs(headers)));
    this.#text = null;
    if (!this.#hasOwnCookies) this.#cookies = null;
  }

  /** False for 400 to 599. */
  get ok(): boolean {
    return this.statusCode < 400 || this.statusCode > 599;
  }

  /** Whether this is a redirect that could be followed: one of the five statuses, with a Location. */
  get isRedirect(): boolean {
    return REDIRECTS.has(this.statusCode) && this.#header("location") !== undefined;
  }

  /** Whether this is a permanent redirect: 301 or 308, with a Location. */
  get isPermanentRedirect(): boolean {
    return (this.statusCode === 301 || this.statusCode === 308) && this.#header("location") !== undefined;
  }

  /**
   * The body as bytes, without its content coding.
   *
   * @throws StreamNotReadError under `stream: true` before `await response.read()`; StreamConsumedError after the
   *   stream was iterated, because streamed content is not kept.
   */
  get content(): Buffer {
    if (this.#content !== null) return this.#content;
    if (this.#pieces !== null)
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
      const encoding = given === undefined ? encodingOfBody(bytes, this.#header("content-type")) : given;
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
    return this.#encoding === undefined ? encodingFromHeaders(this.#header("content-type")) : this.#encoding;
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

  /** Cookies that this response set, and no others. */
  get cookies(): RequestsCookieJar {
    if (this.#cookies === null) {
      this.#cookies = new RequestsCookieJar();
      const lines = this.#headerValues("set-cookie");
      if (lines.length > 0) this.#cookies.extract(lines, this.#url, hostOf(this.#request));
    }
    return this.#cookies;
  }
  set cookies(cookies: RequestsCookieJar) {
    this.#cookies = cookies;
    this.#hasOwnCookies = true;
  }

  /** The Link header, by `rel` (or by URL where there is none). */
  get links(): Record<string, Record<string, string>> {
    const value = this.#headerValues("link").join(", ");
    return value === "" ? {} : linksByRel(value);
  }

  /** Seconds that the phases took. */
  get timings(): Timings {
    return (
      this.#exchange?.timings() ??
      this.#given?.timings ?? {
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

  /** Bytes of content that were read so far, after decoding; at the end the size of the content. */
  get bytesDecoded(): number {
    return this.#content?.length ?? this.#pieces?.bytes ?? 0;
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
    throw new HTTPError(`${this.statusCode} ${side} Error: ${this.reason} for url: ${redactedUrl(this.#url)}`, {
      response: this,
    });
  }

  /** Reads the whole content, also of a streamed response, and keeps it for `content`, `text` and `json()`. */
  async read(): Promise<Buffer> {
    if (this.#content !== null) return this.#content;
    this.#reading ??= this.#readAll();
    try {
      return await this.#reading;
    } catch (error) {
      throw withCallerFrames(error);
    }
  }

  /**
   * The content as a web stream of bytes, the same one each time. It is read from the socket no faster than the stream is
   * read. Cancelling it releases the connection at once.
   */
  get body(): ReadableStream<Uint8Array> {
    if (this.#body !== null) return this.#body;
    if (this.#content === null && this.#pieces !== null) throw this.#consumed();
    this.#body = bodyStream({
      open: () => this.#open(),
      isCutShort: () => this.#isCutShort,
      close: () => this.close(),
    });
    return this.#body;
  }

  /** Releases the connection; the rest of the body is not read. */
  close(): void {
    this.#raw?.close();
  }

  /** `await using response = …`: closes it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** `<Response [200]>`, as in requests. */
  override toString(): string {
    return `<Response [${this.statusCode}]>`;
  }

  /** The response in plain values without its content, with secrets masked: what `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return maskedResponse(
      this,
      this.#request === undefined ? undefined : insideRequest.credentialHeaders(this.#request),
    );
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** The first value of a field. */
  #header(lowerName: string): string | undefined {
    return this.#headers === null ? rawValue(this.#rawHeaders, lowerName) : this.#headers.getAll(lowerName)[0];
  }

  #headerValues(lowerName: string): readonly string[] {
    return this.#headers === null ? rawValues(this.#rawHeaders, lowerName) : this.#headers.getAll(lowerName);
  }

  get #isCutShort(): boolean {
    return this.#pieces?.isCutShort ?? false;
  }

  get #connectionInfo(): ConnectionInfo {
    if (this.#exchange !== null) return this.#exchange.info();
    const { remoteAddress = null, reused = false, tls = null } = this.#given ?? {};
    return { remoteAddress, reused, tls };
  }

  get #rawHead(): RawHead {
    const version = this.httpVersion === "1.0" ? 10 : this.httpVersion.startsWith("2") ? 20 : 11;
    return { rawHeaders: this.#rawHeaders, version };
  }

  #jsonText(): string {
    const bytes = this.content;
    // Nearly all JSON is UTF-8 that begins with two ASCII characters.
    const plain = bytes.length < 2 || (isAscii(bytes[0]) && isAscii(bytes[1]));
    if (
      plain &&
      (this.#encoding === undefined || this.#encoding === "utf-8") &&
      isUtf8Json(this.#header("content-type"))
    )
      return bytes.utf8Slice();
    return this.#encoding == null ? jsonTextOf(bytes, this.text) : this.text;
  }

  /** The encoding for text that is made piece by piece; null means by a BOM, else UTF-8. */
  get #streamEncoding(): string | null {
    return this.#encoding === undefined ? declaredEncoding(this.#header("content-type")).charset : this.#encoding;
  }

  async #readAll(): Promise<Buffer> {
    const pieces = this.#open();
    const chunks: Buffer[] = [];
    for (let chunk = await pieces.pull(); chunk !== END; chunk = await pieces.pull()) chunks.push(chunk);
    if (this.#isCutShort)
      throw new StreamConsumedError("The response was closed before its body was read to the end", { response: this });
    this.#content = chunks.length === 0 ? EMPTY : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    return this.#content;
  }

  /** Reads up to so many bytes of a streamed response, and keeps them as its content. An error ends the reading. */
  async #readSome(most: number): Promise<void> {
    if (this.#content !== null || this.#pieces !== null) return;
    const pieces = this.#open();
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for (let chunk = await pieces.pull(); chunk !== END && size < most; chunk = await pieces.pull()) {
        chunks.push(chunk);
        size += chunk.length;
      }
    } finally {
      this.#content = Buffer.concat(chunks).subarray(0, most);
      this.close();
    }
  }

  #open(): PullSource<Buffer> {
    if (this.#content !== null) return piecesOf(this.#content);
    if (this.#pieces !== null) throw this.#consumed();
    const { raw } = this;
    this.#pieces = new Pieces(this, raw, this.#exchange === null ? queueOf(raw) : this.#exchange.decode(raw));
    return this.#pieces;
  }

  #consumed(): StreamConsumedError {
    return new StreamConsumedError(
      "The content for this response was already consumed: a stream can be iterated once",
      { response: this },
    );
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function hostOf(request: PreparedRequest | undefined): string | undefined {
  return request === undefined ? undefined : insideRequest.fields(request).get("host");
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
