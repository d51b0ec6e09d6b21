/**
 * HTTP/2 without a socket: frames as a server writes them, made without the code that is tested; and a client whose
 * events and answers are text that can be compared.
 */
import { FieldList } from "#internal/http/fields";
import { ErrorCode, Http2Error } from "#internal/wire/http2/errors";
import { FrameReader, type FrameHandler } from "#internal/wire/http2/frame-reader";
import { FrameWriter } from "#internal/wire/http2/frame-writer";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "#internal/wire/http2/limits";
import { requestLines } from "#internal/wire/http2/request-fields";
import type { Stream, StreamReceiver } from "#internal/wire/http2/stream";
import { Streams } from "#internal/wire/http2/streams";
import type { WireRequest } from "#internal/wire/transport";

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s+/g, ""), "hex");

export const TYPES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
] as const;
export type TypeName = (typeof TYPES)[number];

/** The flags of RFC 9113 §6. */
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 32;

/** @param type - A name, or the number of an unknown type. */
export function frame(
  type: TypeName | number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = typeof type === "number" ? type : TYPES.indexOf(type);
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

export function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => bytes.writeUInt32BE(value, at * 4));
  return bytes;
}

/** A SETTINGS frame of identifiers and values. */
export function settings(...pairs: readonly (readonly [identifier: number, value: number])[]): Buffer {
  return frame(
    "SETTINGS",
    0,
    0,
    Buffer.concat(
      pairs.map(([identifier, value]) => {
        const bytes = Buffer.alloc(6);
        bytes.writeUInt16BE(identifier, 0);
        bytes.writeUInt32BE(value, 2);
        return bytes;
      }),
    ),
  );
}

/** Fields as literals without indexing and without Huffman: name, value, name, value … */
export function literals(...fields: string[]): Buffer {
  const parts: Buffer[] = [];
  fields.forEach((text, at) => {
    if (at % 2 === 0) parts.push(Buffer.from([0]));
    const bytes = Buffer.from(text, "latin1");
    if (bytes.length < 127) parts.push(Buffer.from([bytes.length]), bytes);
    else {
      const rest = bytes.length - 127;
      parts.push(Buffer.from([127, (rest & 127) | 128, ((rest >> 7) & 127) | 128, rest >> 14]), bytes);
    }
  });
  return Buffer.concat(parts);
}

/** A HEADERS frame with a whole block. */
export function headers(streamId: number, fields: readonly string[], flags = END_HEADERS): Buffer {
  return frame("HEADERS", flags, streamId, literals(...fields));
}

/** The frames in bytes, as text: `WINDOW_UPDATE 1 +500`. */
export function described(bytes: Buffer): string[] {
  const found: string[] = [];
  let at = bytes.subarray(0, 3).toString("latin1") === "PRI" ? 24 : 0;
  if (at > 0) found.push("PREFACE");
  while (at < bytes.length) {
    const length = bytes.readUIntBE(at, 3);
    const type = TYPES[bytes[at + 3]];
    const flags = bytes[at + 4];
    const id = bytes.readUInt32BE(at + 5);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    found.push(`${type} ${id}${shownPayload(type, flags, payload)}`);
    at += 9 + length;
  }
  return found;
}

function shownPayload(type: TypeName, flags: number, payload: Buffer): string {
  const end = (flags & END_STREAM) !== 0 ? " END_STREAM" : "";
  switch (type) {
    case "RST_STREAM":
      return ` ${nameOf(payload.readUInt32BE(0))}`;
    case "WINDOW_UPDATE":
      return ` +${payload.readUInt32BE(0)}`;
    case "GOAWAY":
      return ` last ${payload.readUInt32BE(0)} ${nameOf(payload.readUInt32BE(4))}`;
    case "SETTINGS":
    case "PING":
      return (flags & ACK) !== 0 ? ` ACK ${payload.toString("hex")}`.trimEnd() : ` ${payload.toString("hex")}`;
    case "DATA":
      return ` ${JSON.stringify(payload.toString("latin1"))}${end}`;
    default:
      return ` ${payload.length} bytes${(flags & END_HEADERS) !== 0 ? " END_HEADERS" : ""}${type === "HEADERS" ? end : ""}`;
  }
}

export function nameOf(code: number): string {
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? String(code);
}

export function limitsWith(limits: Partial<Http2Limits> = {}): Http2Limits {
  return { ...DEFAULT_HTTP2_LIMITS, ...limits };
}

/** A request without a body. */
export function requestOf(
  path = "/",
  fields: FieldList = new FieldList(),
  target: { method?: string; scheme?: string; authority?: string } = {},
): WireRequest {
  return {
    method: target.method ?? "GET",
    target: { scheme: target.scheme ?? "https", authority: target.authority ?? "example.org", path },
    fields,
    body: null,
    proxyAuthorization: null,
    limits: { connect: null, read: null, pool: null },
  };
}

/** What the frame reader makes of bytes. */
export interface ReadFrames {
  readonly events: string[];
  readonly error: Http2Error | null;
}

/** Feeds pieces to a frame reader of its own. The pieces of one DATA frame are one event. */
export function readFrames(pieces: readonly Uint8Array[], limits: Partial<Http2Limits> = {}): ReadFrames {
  const events: string[] = [];
  let data = "";
  const handler: FrameHandler = {
    onDataFrame: (id, length, endStream) => {
      data = "";
      events.push(`data-frame ${id} ${length}${endStream ? " END_STREAM" : ""}`);
    },
    onData: (buffer, start, end) => (data += buffer.toString("latin1", start, end)),
    onDataEnd: () => events.push(`data ${JSON.stringify(data)}`),
    onHeaders: (id, endStream, { buffer, start, end }) =>
      events.push(`headers ${id} ${buffer.toString("hex", start, end)}${endStream ? " END_STREAM" : ""}`),
    onReset: (id, code) => events.push(`reset ${id} ${nameOf(code)}`),
    onSettings: (buffer, start, end) => events.push(`settings ${buffer.toString("hex", start, end)}`),
    onSettingsAck: () => events.push("settings ACK"),
    onPing: (buffer, start, isAck) =>
      events.push(`ping ${buffer.toString("hex", start, start + 8)}${isAck ? " ACK" : ""}`),
    onGoaway: (last, code, debug) => events.push(`goaway ${last} ${nameOf(code)} ${JSON.stringify(debug)}`),
    onWindowUpdate: (id, increment) => events.push(`window ${id} +${increment}`),
    onIgnored: (id, type) => events.push(`ignored ${id} ${type}`),
    onStreamFault: (id, { errorCode }) => events.push(`fault ${id} ${nameOf(errorCode)}`),
  };
  const reader = new FrameReader(handler, limitsWith(limits));
  try {
    for (const piece of pieces) {
      // Not at the start of its memory, as in a read buffer that is used again.
      const shifted = Buffer.concat([Buffer.from("#"), piece, Buffer.from("#")]);
      reader.execute(shifted, 1, 1 + piece.length);
      shifted.fill("!");
    }
  } catch (error) {
    if (!(error instanceof Http2Error)) throw error;
    return { events, error };
  }
  return { events, error: null };
}

/** The same bytes: whole, in every split in two, and byte by byte. */
export function everySplit(bytes: Buffer): Buffer[][] {
  const splits: Buffer[][] = [[bytes], Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))];
  for (let at = 1; at < bytes.length; at += 1)
    splits.push([bytes.subarray(0, at), Buffer.alloc(0), bytes.subarray(at)]);
  return splits;
}

/** A client's side of a connection. Everything that happens is a line of `events`. */
export class TestClient {
  readonly events: string[] = [];
  readonly writer = new FrameWriter();
  readonly streams: Streams;
  readonly reader: FrameReader;
  /** Whether the receivers use up what they are given at once. */
  reads = true;
  /** Called when a stream can send more. */
  onWritable: (stream: Stream) => void = () => undefined;

  constructor(limits: Partial<Http2Limits> = {}) {
    const all = limitsWith(limits);
    this.streams = new Streams(
      {
        onSettings: () => this.events.push("settings"),
        onGoaway: (code, debug) => this.events.push(`goaway ${nameOf(code)} ${debug}`.trimEnd()),
        onPong: (number) => this.events.push(`pong ${number}`),
      },
      this.writer,
      all,
    );
    this.reader = new FrameReader(this.streams, all);
    this.streams.start();
  }

  /** A client whose handshake is over. */
  static ready(limits: Partial<Http2Limits> = {}, server: readonly (readonly [number, number])[] = []): TestClient {
    const client = new TestClient(limits);
    client.feed(settings(...server), frame("SETTINGS", ACK, 0));
    client.events.length = 0;
    client.writer.take();
    return client;
  }

  /** Opens a stream for a request. @param block - Of another request than one for "/". */
  open(method = "GET", endStream = true, block?: Uint8Array): Stream {
    const request = requestOf("/", new FieldList(), { method });
    block ??= this.streams.requests.encode(request, request.fields.derive(requestLines), false);
    const id = { current: 0 };
    const stream = this.streams.open(block, { method, endStream, receiver: this.#receiver(id, () => stream) });
    id.current = stream.id;
    return stream;
  }

  #receiver(id: { current: number }, stream: () => Stream): StreamReceiver {
    const { events } = this;
    return {
      onInformational: ({ statusCode }) => events.push(`${id.current} informational ${statusCode}`),
      onHead: ({ statusCode, rawHeaders }) =>
        events.push(`${id.current} head ${statusCode} ${JSON.stringify(rawHeaders)}`),
      onData: (buffer, start, end) => {
        events.push(`${id.current} data ${JSON.stringify(buffer.toString("latin1", start, end))}`);
        return this.reads;
      },
      onEnd: (trailers) => events.push(`${id.current} end ${JSON.stringify(trailers)}`),
      onFailure: ({ error, errorCode, isUnprocessed }) =>
        events.push(
          `${id.current} failure ${error.name} ${error.code} ${nameOf(errorCode)}${isUnprocessed ? " unprocessed" : ""}: ${error.message}`,
        ),
      onWritable: () => this.onWritable(stream()),
    };
  }

  /** @throws Http2Error for a connection error. */
  feed(...pieces: Uint8Array[]): void {
    for (const piece of pieces) this.reader.execute(Buffer.from(piece), 0, piece.length);
  }

  /** The frames that were written since the last call. */
  written(): string[] {
    return described(this.writer.take());
  }

  /** The events since the last call. */
  happened(): string[] {
    return this.events.splice(0);
  }
}
