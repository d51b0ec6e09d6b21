/** Writes a reply as a server would: head, framing, body, and whatever is to go wrong with it. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

import { FieldList } from "../extend/index.js";
import { CaseInsensitiveDict } from "../index.js";
import { delay } from "./clock.js";
import { connectionReset, GARBAGE } from "./faults.js";
import type { Reply } from "./reply.js";

/** The server's end of a connection. */
export interface ServerEnd {
  readonly far: Duplex;
  /** The client's end. */
  readonly near: Duplex;
  /** Aborted when the client is done with it. */
  readonly signal: AbortSignal;
  /** Called at each write: true while the client does not read, false after bytes were written. */
  readonly onBlocked: (isBlocked: boolean) => void;
}

/** Ends the connection as the fault says. */
export function breakOff({ far, near }: ServerEnd, fault: "reset" | "closed" | "garbage"): void {
  if (fault === "reset") near.destroy(connectionReset());
  else if (fault === "closed") far.end();
  else far.end(GARBAGE);
}

/** @param method - A HEAD is answered without its body. */
export async function writeReply(end: ServerEnd, reply: Reply, method: string): Promise<void> {
  const { far } = end;
  if (reply.raw !== undefined) {
    await writePieces(end, pieces([Buffer.from(reply.raw)], reply));
    far.end();
    return;
  }
  const status = reply.status ?? 200;
  const fields = fieldsOf(reply);
  const { stream } = reply;
  const content = stream === undefined ? contentOf(reply) : null;
  // RFC 9110 §6.4.1
  const bodiless = method === "HEAD" || status === 204 || status === 304;
  if (!fields.has("content-length") && !fields.has("transfer-encoding") && status !== 204) {
    if (content !== null) {
      if (status !== 304) fields.append("Content-Length", String(content.length));
    } else fields.append("Transfer-Encoding", "chunked");
  }
  const reason = reply.reason ?? STATUS_CODES[status] ?? "";
  let head = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let at = 0; at < fields.raw.length; at += 2) head += `${fields.raw[at]}: ${fields.raw[at + 1]}\r\n`;
  if (/[\r\n\0]/.test(reason) || fields.raw.some((text) => /[\r\n\0]/.test(text)))
    throw new TypeError("A reply's reason and headers have no line breaks in them; raw takes a whole response");
  await write(end, Buffer.from(`${head}\r\n`, "latin1"));
  if (bodiless) return;
  const source =
    content !== null ? (content.length === 0 ? [] : [content]) : typeof stream === "function" ? stream() : stream!;
  const chunked = fields.get("transfer-encoding")?.toLowerCase().endsWith("chunked") === true;
  const framed = pieces(chunked ? chunks(source) : buffers(source), reply);
  let whole = false;
  try {
    whole = await writePieces(end, framed);
  } catch {
    // The source failed, or the client no longer waits: the client sees a connection that ends.
  }
  if (!whole || fields.get("connection")?.toLowerCase() === "close") far.end();
}

function fieldsOf({ headers, cookies, json, text }: Reply): FieldList {
  const fields = new FieldList();
  const given = new CaseInsensitiveDict(headers);
  for (const name of given.keys()) fields.setAll(name, given.getAll(name));
  for (const [name, value] of Object.entries(cookies ?? {})) fields.append("Set-Cookie", `${name}=${value}; Path=/`);
  if (!fields.has("content-type")) {
    if (json !== undefined) fields.append("Content-Type", "application/json");
    else if (text !== undefined) fields.append("Content-Type", "text/plain; charset=utf-8");
  }
  return fields;
}

function contentOf({ json, text, body }: Reply): Buffer {
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  if (text !== undefined) return Buffer.from(text);
  if (body === undefined) return Buffer.alloc(0);
  return typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

async function* buffers(source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Source {
  for await (const piece of source) if (piece.length > 0) yield Buffer.from(piece as Uint8Array);
}

/** RFC 9112 §7.1 */
async function* chunks(source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Source {
  for await (const piece of buffers(source)) {
    yield Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]);
  }
  yield Buffer.from("0\r\n\r\n");
}

type Source = AsyncGenerator<Buffer, void>;

/** The part of the body that a cut leaves. */
interface Pieces {
  readonly source: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly limit: number;
  readonly drip: Reply["drip"];
}

function pieces(source: AsyncIterable<Buffer> | Iterable<Buffer>, { cut, drip }: Reply): Pieces {
  return { source, limit: cut ?? Infinity, drip };
}

/** @returns False when it was cut. */
async function writePieces(end: ServerEnd, { source, limit, drip }: Pieces): Promise<boolean> {
  let left = limit;
  let first = true;
  // A cut at 0 needs no body.
  if (left === 0) return false;
  for await (const piece of source) {
    const step = drip === undefined ? piece.length : drip.bytes;
    for (let at = 0; at < piece.length; at += step) {
      if (drip !== undefined && !first) await delay(drip.every, end.signal);
      first = false;
      const part = piece.subarray(at, Math.min(at + step, piece.length, at + left));
      left -= part.length;
      await write(end, part);
      if (left <= 0) return false;
    }
  }
  return true;
}

/** Waits while the client does not read. */
async function write({ far, signal, onBlocked }: ServerEnd, bytes: Uint8Array): Promise<void> {
  signal.throwIfAborted();
  const isTaken = far.write(bytes);
  onBlocked(!isTaken);
  if (isTaken) return;
  await new Promise<void>((resolve, reject) => {
    const onDrain = (): void => {
      signal.removeEventListener("abort", onAbort);
      onBlocked(false);
      resolve();
    };
    const onAbort = (): void => {
      far.off("drain", onDrain);
      reject(signal.reason as Error);
    };
    far.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
