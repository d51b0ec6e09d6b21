/** Our frames and blocks, read by nghttp2, and those of nghttp2, read by us: node:http2 on a socket in memory. */
import assert from "node:assert/strict";
import { createServer, getPackedSettings, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import { after, describe, it } from "node:test";

import fc from "fast-check";

import { FieldList } from "#internal/http/fields";
import { FrameWriter } from "#internal/wire/http2/frame-writer";
import { Setting } from "#internal/wire/http2/frames";
import { requestLines } from "#internal/wire/http2/request-fields";
import { requestOf, TestClient } from "../_support/http2.js";

/** One end of a connection in memory: what a server reads and writes. */
class MemorySocket extends Duplex {
  onWritten: (bytes: Buffer) => void = () => undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.onWritten(chunk);
    done();
  }
}

interface Received {
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

type Respond = (stream: ServerHttp2Stream) => void;

/** A client of ours whose bytes go to nghttp2 and come back. */
class Link {
  readonly client = new TestClient();
  readonly #socket = new MemorySocket();
  readonly #received: Received[] = [];
  #wake: () => void = () => undefined;

  constructor(server: Http2Server, respond: Respond) {
    this.#socket.onWritten = (bytes) => {
      this.client.feed(bytes);
      this.#wake();
    };
    server.removeAllListeners("stream");
    server.on("stream", (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, rawHeaders: string[]) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        this.#received.push({ rawHeaders, body: Buffer.concat(chunks).toString("latin1") });
        this.#wake();
      });
      stream.on("error", () => undefined);
      respond(stream);
    });
    server.emit("connection", this.#socket);
  }

  /** Sends everything that was written, until this is true. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.client.writer.pending > 0) this.#socket.push(Buffer.from(this.client.writer.take()));
      if (done()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The requests in the order in which they ended. */
  get received(): readonly Received[] {
    return this.#received;
  }

  request(method: string, path: string, fields: FieldList, body = ""): void {
    const request = requestOf(path, fields, { method });
    const { streams, writer } = this.client;
    const block = streams.requests.encode(request, request.fields.derive(requestLines), false);
    const stream = this.client.open(method, body === "", block);
    if (body === "") return;
    assert.equal(streams.sendData(stream, body.length, true), body.length);
    writer.copy(Buffer.from(body, "latin1"), 0, body.length);
  }

  close(): void {
    this.#socket.destroy();
  }
}

const NAME = "abcdefghijklmnopqrstuvwxyz-0123456789_";
const fieldName = fc.string({ unit: fc.constantFrom(...NAME), minLength: 3, maxLength: 12 }).map((name) => `x-${name}`);
/** nghttp2 gives values as UTF-8 or Latin-1, as it likes: ASCII is the same in both. */
const fieldValue = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));
const fieldsArbitrary = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 8 });

describe("nghttp2", () => {
  const server = createServer();
  after(() => {
    server.close();
  });

  it("reads our requests", async () => {
    await fc.assert(
      fc.asyncProperty(fieldsArbitrary, fieldsArbitrary, async (constant, own) => {
        const link = new Link(server, (stream) => stream.respond({ ":status": 200 }, { endStream: true }));
        const session = new FieldList([...constant.flat(), "Authorization", "secret", "Connection", "keep-alive"]);
        const expected: Received[] = [];
        for (let round = 0; round < 5; round += 1) {
          const fields = session.copyOnWrite();
          if (round % 2 === 1) for (const [name, value] of own) fields.append(name, value);
          const body = round === 3 ? "a body" : "";
          if (body !== "") fields.append("Content-Length", String(body.length));
          link.request(body === "" ? "GET" : "POST", `/${round}`, fields, body);
          const raw = [...constant.flat(), "authorization", "secret", ...(round % 2 === 1 ? own.flat() : [])];
          if (body !== "") raw.push("content-length", "6");
          expected.push({
            rawHeaders: [
              ...[":method", body === "" ? "GET" : "POST", ":scheme", "https", ":authority", "example.org"],
              ...[":path", `/${round}`, ...raw],
            ],
            body,
          });
        }
        await link.until(() => link.received.length === 5);
        const byPath = [...link.received].sort((a, b) => a.rawHeaders[7].localeCompare(b.rawHeaders[7]));
        assert.deepEqual(byPath, expected);
        link.close();
      }),
      { numRuns: 50 },
    );
  });

  it("writes responses that we read", async () => {
    await fc.assert(
      fc.asyncProperty(fieldsArbitrary, fc.nat(60_000), async (fields, length) => {
        const body = "a body ".repeat(Math.ceil(length / 7)).slice(0, length);
        const link = new Link(server, (stream) => {
          stream.additionalHeaders({ ":status": 103, link: "<a>" });
          const headers: Record<string, string | number> = { ":status": 200 };
          for (const [name, value] of fields) headers[name] = value;
          stream.respond(headers, { waitForTrailers: true, sendDate: false } as never);
          stream.on("wantTrailers", () => stream.sendTrailers({ checksum: "7" }));
          stream.end(body);
        });
        const isOver = (): boolean => link.client.events.some((line) => / (end|failure) /.test(line));
        for (let round = 0; round < 3; round += 1) {
          link.request("GET", "/", new FieldList());
          link.client.events.length = 0;
          await link.until(isOver);
          const id = round * 2 + 1;
          const events = link.client.happened().filter((line) => line !== "settings");
          assert.equal(events[0], `${id} informational 103`);
          const head = events[1];
          const raw = JSON.parse(head.slice(head.indexOf("["))) as string[];
          for (const [name, value] of Object.entries(Object.fromEntries(fields)))
            assert.equal(raw[raw.indexOf(name) + 1], value);
          const data = events.filter((line) => line.startsWith(`${id} data `));
          assert.equal(data.map((line) => JSON.parse(line.slice(`${id} data `.length)) as string).join(""), body);
          assert.equal(events.at(-1), `${id} end ["checksum","7"]`);
        }
        link.close();
      }),
      { numRuns: 30 },
    );
  });

  it("packs settings as we do", () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(fc.nat(0x7fffffff), fc.integer({ min: 16_384, max: 16_777_215 }), fc.nat(), (window, frame, list) => {
        writer.settings([
          [Setting.ENABLE_PUSH, 0],
          [Setting.INITIAL_WINDOW_SIZE, window],
          [Setting.MAX_FRAME_SIZE, frame],
          [Setting.MAX_HEADER_LIST_SIZE, list],
        ]);
        const packed = getPackedSettings({
          enablePush: false,
          initialWindowSize: window,
          maxFrameSize: frame,
          maxHeaderListSize: list,
        });
        assert.deepEqual(sorted(writer.take().subarray(9)), sorted(packed));
      }),
    );
  });
});

/** The parameters in the order of their identifiers. */
function sorted(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / 6 }, (_, at) => bytes.toString("hex", at * 6, at * 6 + 6)).sort();
}
