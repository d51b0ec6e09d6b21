/** The connection of a response: what its public members show of the wire. */
import type { StandardSchema } from "../content/standard-schema.js";
import type { PullSource } from "../content/pull-iterator.js";
import type { PreparedRequest } from "./prepared.js";
import type { Response } from "./response.js";
import type { RawResponse } from "./raw-response.js";
import type { ByteSource } from "./raw-queue.js";

/** Seconds that the phases of an exchange took. 0 for a phase that was not needed, as connecting on a kept connection. */
export interface Timings {
  /** Waiting for a connection of the pool. */
  readonly queued: number;
  /** Resolving the host's name. */
  readonly dns: number;
  /** Making the TCP connection. */
  readonly connect: number;
  /** The TLS handshake. */
  readonly tls: number;
  /** Until the request was handed to the socket. */
  readonly send: number;
  /** From then to the response's head. */
  readonly wait: number;
  /** From the head to the end of the body; 0 until it has come. */
  readonly receive: number;
  /** From the call of the adapter to the end of the body. */
  readonly total: number;
}

/** The TLS side of a connection. */
export interface TlsInfo {
  /** Such as "TLSv1.3". */
  readonly protocol: string | null;
  /** The cipher's name, as OpenSSL has it. */
  readonly cipher: string;
  /** The protocol that ALPN chose: "h2" or "http/1.1"; null when the server chose none. */
  readonly alpnProtocol?: string | null;
  /** As Node's `tls.TLSSocket.getPeerCertificate()` gives it. */
  readonly peerCertificate: object;
}

/** The connection that carried the response. */
export interface ConnectionInfo {
  /** The peer, `address:port`. */
  readonly remoteAddress: string | null;
  /** Whether the connection had carried a request before. */
  readonly reused: boolean;
  /** null for plain http. */
  readonly tls: TlsInfo | null;
}

/** The wire's side of a response. Its values are made when they are first read. */
export interface WireExchange {
  /** Bytes of the body so far, before decoding. */
  readonly received: number;
  /** Whether `decode` changes the bytes of a body. */
  readonly decodes: boolean;
  info(): ConnectionInfo;
  timings(): Timings;
  /** The content of a body: its bytes without their content coding. Called once for each body. */
  decode(raw: RawResponse): ByteSource;
}

/** The parts of a response that HTTPAdapter received. */
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

/** The parts of a Response that its users do not see. */
export interface InsideResponse {
  /** The response that HTTPAdapter received. */
  fromWire(parts: WireResponse): Response;
  /** One field, without making `headers`. */
  header(response: Response, lowerName: string): string | undefined;
  /** All values of a field, without making `headers`. */
  headerValues(response: Response, lowerName: string): readonly string[];
  /** Whether the whole content is in memory. */
  isRead(response: Response): boolean;
  /** Whether the response was closed while its content was read. */
  isCutShort(response: Response): boolean;
  /** `json(schema)` with a schema that may work asynchronously. */
  jsonLater<T>(response: Response, schema: StandardSchema<T>): Promise<T>;
  /** Sends another request in the way in which this response came; null when that is not known. */
  sendAgain(response: Response, request: PreparedRequest): Promise<Response | null>;
  /** Sets that way. */
  useSender(response: Response, sender: (request: PreparedRequest) => Promise<Response>): void;
  /** The decoded content in pieces. @throws StreamConsumedError when it was iterated before. */
  open(response: Response): PullSource<Buffer>;
  /** The encoding for text that is made piece by piece; null means by a BOM, else UTF-8. */
  streamEncoding(response: Response): string | null;
  /**
   * Reads up to so many bytes of a streamed response, keeps them as its content, and closes it. Does nothing if the content
   * was read or iterated before.
   */
  readSome(response: Response, most: number): Promise<void>;
}

/** Access to these parts for the rest of the library: a friend of the class in place of public members. */
export let insideResponse: InsideResponse;

/** Called once, by the class. */
export function giveAccess(access: InsideResponse): void {
  insideResponse = access;
}
