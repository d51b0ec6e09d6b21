/**
 * What Node's own parser (llhttp, strict) makes of bytes, and what ours makes of them, in the same words.
 *
 * llhttp is asked through node:http: a request over a Duplex whose "data" and "end" events are the server's bytes, so
 * that no socket and no clock takes part.
 */
import http from "node:http";
import { Duplex } from "node:stream";

import { RequestException } from "#internal/exceptions";
import type { Http1Head } from "#internal/wire/http1/head";
import { ResponseParser } from "#internal/wire/http1/response-parser";
import { DEFAULT_LIMITS } from "#internal/wire/limits";

/** The bytes of a peer, which closes after them, and the method of the request that they answer. */
export interface WireInput {
  readonly method: "GET" | "HEAD" | "POST";
  readonly bytes: Buffer;
}

/** What a parser told of an input. */
export interface Reading {
  /** nothing: no final head came; broken: the head did, but not the whole body; whole: all of it. */
  verdict: "nothing" | "broken" | "whole";
  /** The 1xx responses. */
  readonly informational: Message[];
  head: Message | null;
  /** As latin-1. */
  body: string;
  trailers: readonly string[];
  /** Of a whole response: whether another request may follow on the connection. */
  keepAlive: boolean | null;
  /** Of a whole response: the bytes after it; null where the parser does not say (llhttp, except byte by byte). */
  leftover: number | null;
  /** Why it refused, for people and for the table of differences; never compared. */
  fault: string;
}

/** A head: version, status code, reason, raw headers. */
export type Message = readonly [version: string, statusCode: number, reason: string, rawHeaders: readonly string[]];

function nothingRead(): Reading {
  return {
    verdict: "nothing",
    informational: [],
    head: null,
    body: "",
    trailers: [],
    keepAlive: null,
    leftover: null,
    fault: "",
  };
}

/** Reads the pieces with our parser. Anything but a RequestException escapes. */
export function readByOurs(method: string, pieces: readonly Buffer[]): Reading {
  const reading = nothingRead();
  let leftover = 0;
  let stays = false;
  const parser = new ResponseParser(
    {
      onInformational: (head) => reading.informational.push(messageOf(head)),
      onHead: (head) => {
        reading.head = messageOf(head);
        reading.verdict = "broken";
        // A body that ends where the connection does leaves none.
        stays = head.keepAlive && !parser.untilClose;
      },
      onData: (buffer, start, end) => {
        reading.body += buffer.toString("latin1", start, end);
      },
      onEnd: (trailers) => {
        reading.verdict = "whole";
        reading.trailers = trailers;
      },
    },
    DEFAULT_LIMITS,
  );
  parser.start(method);
  try {
    for (const piece of pieces) leftover += piece.length - parser.execute(piece, 0, piece.length);
    parser.finish();
  } catch (error) {
    if (!(error instanceof RequestException)) throw error;
    reading.fault = faultText(error);
  }
  if (reading.verdict === "whole") {
    reading.keepAlive = stays;
    reading.leftover = leftover;
  }
  return reading;
}

function messageOf(head: Http1Head): Message {
  return [head.version === 11 ? "1.1" : "1.0", head.statusCode, head.reason, head.rawHeaders];
}

function faultText(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

/** Reads the pieces with llhttp. */
export async function readByLlhttp(method: string, pieces: readonly Buffer[]): Promise<Reading> {
  const reading = nothingRead();
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const request = http.request({
    createConnection: () => socket,
    method,
    // Asked to keep the connection, the client says afterwards whether it could be kept.
    headers: { Host: "h", Connection: "keep-alive" },
    maxHeaderSize: DEFAULT_LIMITS.maxHeaderSize,
  });
  let failed = false;
  let response: http.IncomingMessage | null = null;
  const onResponse = (found: http.IncomingMessage): void => {
    response = found;
    found.on("error", () => undefined);
  };
  request
    .on("response", onResponse)
    .on("upgrade", onResponse)
    .on("information", (info) =>
      reading.informational.push([info.httpVersion, info.statusCode, info.statusMessage, info.rawHeaders]),
    )
    .on("error", (error: NodeJS.ErrnoException) => {
      failed = true;
      reading.fault ||= `${error.code} ${error.message}`;
    })
    .end();
  // The client takes its parser a tick after its socket.
  await new Promise<void>((resolve) => request.once("socket", () => process.nextTick(resolve)));
  let given = 0;
  for (const piece of pieces) {
    // After the end it would read on, and take the leftover bytes for a second response.
    if (failed || isComplete(response)) break;
    socket.emit("data", piece);
    given += piece.length;
  }
  if (!failed && !isComplete(response)) socket.emit("end");
  if (response !== null) fill(reading, response, request, failed);
  if (reading.verdict === "whole" && pieces.every((piece) => piece.length <= 1)) {
    reading.leftover = pieces.length - given;
  }
  request.destroy();
  return reading;
}

function isComplete(response: http.IncomingMessage | null): boolean {
  return response?.complete === true;
}

function fill(reading: Reading, response: http.IncomingMessage, request: http.ClientRequest, failed: boolean): void {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  reading.head = [httpVersion, statusCode!, statusMessage!, rawHeaders];
  // From Node 26 on, read() gives what one read gave, and no longer all that is there.
  for (let chunk = response.read(); chunk !== null; chunk = response.read()) reading.body += chunk.toString("latin1");
  reading.verdict = response.complete ? "whole" : "broken";
  if (!response.complete) {
    reading.fault ||= failed ? "failed" : "closed in the middle of the body";
    return;
  }
  reading.fault = "";
  reading.trailers = response.rawTrailers;
  reading.keepAlive = request.shouldKeepAlive;
}

/** The parts of two readings that contradict each other; none when they agree. */
export function contradictions(ours: Reading, theirs: Reading): (keyof Reading)[] {
  const found: (keyof Reading)[] = [];
  for (const part of ["verdict", "head", "body", "trailers", "keepAlive", "informational"] as const)
    if (JSON.stringify(ours[part]) !== JSON.stringify(theirs[part])) found.push(part);
  if (ours.leftover !== null && theirs.leftover !== null && ours.leftover !== theirs.leftover) found.push("leftover");
  return found;
}

/** The bytes one by one. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
}

/** Both halves of the bytes, cut here. */
export function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
