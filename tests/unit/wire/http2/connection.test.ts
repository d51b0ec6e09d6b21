/** An HTTP/2 connection on a socket of the test's own: the test plays the server, frame by frame. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";

import { FieldList } from "#internal/http/fields";
import type { Route } from "#internal/wire/connect/route";
import { Dispatch } from "#internal/wire/dispatch";
import { Http2Connection } from "#internal/wire/http2/connection";
import { SocketReader, type ByteReceiver } from "#internal/wire/socket-reader";
import type { ConnectionOwner, Exchange, Failure, ResponseHead, ResponseSink } from "#internal/wire/transport";
import {
  ACK,
  described,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  limitsWith,
  numbers,
  requestOf,
  settings,
} from "../../../_support/http2.js";

const ROUTE: Route = {
  key: "fake",
  address: "h:1",
  host: "h",
  port: 1,
  socketPath: null,
  tls: null,
  proxy: null,
  options: { resolve: () => Promise.reject(new Error("no names are resolved")) },
};
const OK = [":status", "200"];
const MAX_CONCURRENT_STREAMS = 3;
const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;

/** A socket that keeps what is written to it. */
class FakeSocket extends Duplex {
  readonly #written: Buffer[] = [];
  /** The number of writes since the last call of `taken`. */
  writes = 0;

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {
    // The test hands bytes to the connection itself.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes += 1;
    this.#written.push(Buffer.from(chunk));
    done();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  taken(): Buffer {
    this.writes = 0;
    return Buffer.concat(this.#written.splice(0));
  }
}

/** Hands the bytes of the test to the connection. */
class FakeReader extends SocketReader {
  receiver!: ByteReceiver;

  override attach(receiver: ByteReceiver): void {
    this.receiver = receiver;
  }
}

class Recorder implements ResponseSink {
  readonly events: string[] = [];
  reads = true;
  exchange!: Exchange;

  onStart(exchange: Exchange): void {
    this.exchange = exchange;
  }

  onInformational({ statusCode }: ResponseHead): void {
    this.events.push(`informational ${statusCode}`);
  }

  onHead({ statusCode, version }: ResponseHead): void {
    this.events.push(`head ${version} ${statusCode}`);
  }

  onData(buffer: Buffer, start: number, end: number): boolean {
    this.events.push(`data ${buffer.toString("latin1", start, end)}`);
    return this.reads;
  }

  onEnd(trailers: string[]): void {
    this.events.push(`end ${trailers.join("=")}`.trimEnd());
  }

  onError(error: unknown): void {
    this.events.push(`error ${(error as Error).name}: ${(error as Error).message}`);
  }
}

class Fixture implements ConnectionOwner {
  readonly socket = new FakeSocket();
  readonly reader = new FakeReader();
  readonly connection: Http2Connection;
  readonly events: string[] = [];
  http1Required = 0;

  constructor(server: readonly (readonly [number, number])[] = []) {
    const onHttp1Required = (): void => void (this.http1Required += 1);
    this.connection = new Http2Connection(
      ROUTE,
      {
        socket: this.socket as unknown as Socket,
        reader: this.reader,
        times: { dns: 0, connect: 0, tls: 0 },
        onHttp1Required,
      },
      limitsWith(),
    );
    this.connection.owner = this;
    this.feed(settings(...server), frame("SETTINGS", ACK, 0));
    this.events.length = 0;
    this.socket.taken();
  }

  onFree(): void {
    this.events.push("free");
  }

  onFailure(dispatch: Dispatch, { error, isStale, isUnprocessed }: Failure): void {
    this.events.push(`failure${isStale ? " stale" : ""}${isUnprocessed === true ? " unprocessed" : ""}`);
    dispatch.sink.onError(error);
  }

  onClose(): void {
    this.events.push("close");
  }

  onCapacity(): void {
    this.events.push(`capacity ${this.connection.capacity}`);
  }

  start(path = "/", read: number | null = null): Recorder {
    const sink = new Recorder();
    const request = { ...requestOf(path, new FieldList()), limits: { connect: null, read, pool: null } };
    const dispatch = new Dispatch(ROUTE, request, sink, 0);
    sink.onStart(dispatch);
    this.connection.start(dispatch, performance.now());
    return sink;
  }

  feed(...frames: Buffer[]): void {
    const bytes = Buffer.concat(frames);
    this.reader.receiver.onBytes(bytes, bytes.length);
  }

  /** The frames that were written, without the sizes of header blocks. */
  async written(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return described(this.socket.taken()).map((line) => line.replace(/\d+ bytes/, "block"));
  }
}

const data = (id: number, text: string, flags = 0): Buffer => frame("DATA", flags, id, Buffer.from(text));

describe("an HTTP/2 connection", () => {
  it("writes a request that is alone at once, and those that follow in the same turn together", async () => {
    const fixture = new Fixture();
    fixture.start();
    assert.equal(fixture.socket.writes, 1);
    fixture.start("/b");
    fixture.start("/c");
    assert.equal(fixture.socket.writes, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(fixture.socket.writes, 2);
    assert.deepEqual(await fixture.written(), [
      "HEADERS 1 block END_HEADERS END_STREAM",
      "HEADERS 3 block END_HEADERS END_STREAM",
      "HEADERS 5 block END_HEADERS END_STREAM",
    ]);
  });

  it("hands each response to its request, in any order", () => {
    const fixture = new Fixture();
    const first = fixture.start();
    const second = fixture.start();
    fixture.feed(headers(3, OK), data(3, "two", END_STREAM), headers(1, [":status", "103"]), headers(1, OK));
    fixture.feed(data(1, "one"), headers(1, ["x-sum", "1"], END_HEADERS | END_STREAM));
    assert.deepEqual(first.events, ["informational 103", "head 20 200", "data one", "end x-sum=1"]);
    assert.deepEqual(second.events, ["head 20 200", "data two", "end"]);
    assert.deepEqual(fixture.events, ["free", "free"]);
    assert.deepEqual([first.exchange.isReused, second.exchange.isReused], [false, true]);
  });

  it("resets an aborted stream and carries the others on", async () => {
    const fixture = new Fixture();
    const aborted = fixture.start();
    const other = fixture.start();
    await fixture.written();
    aborted.exchange.abort(new Error("enough"));
    assert.deepEqual(await fixture.written(), ["RST_STREAM 1 CANCEL"]);
    fixture.feed(headers(1, OK), data(1, "late"), headers(3, OK, END_HEADERS | END_STREAM));
    assert.deepEqual(aborted.events, ["error Error: enough"]);
    assert.deepEqual(other.events, ["head 20 200", "end"]);
    assert.equal(fixture.connection.isClosed, false);
  });

  it("gives the window of a paused stream back when its reader goes on", async () => {
    const fixture = new Fixture();
    const sink = fixture.start();
    sink.reads = false;
    await fixture.written();
    fixture.feed(headers(1, OK));
    for (let at = 0; at < 40; at += 1) fixture.feed(data(1, "x".repeat(16_000)));
    assert.deepEqual(await fixture.written(), []);
    sink.exchange.resume();
    assert.deepEqual(await fixture.written(), ["WINDOW_UPDATE 1 +640000"]);
  });

  it("takes over the limit of the server, and says when it changes", () => {
    const fixture = new Fixture([[MAX_CONCURRENT_STREAMS, 2]]);
    assert.equal(fixture.connection.capacity, 2);
    fixture.feed(settings([MAX_CONCURRENT_STREAMS, 7]));
    assert.deepEqual(fixture.events, ["capacity 7"]);
    assert.equal(fixture.connection.isWritable, true);
  });

  it("reports streams that the server refuses as not processed", () => {
    const fixture = new Fixture();
    const sink = fixture.start();
    fixture.feed(frame("RST_STREAM", 0, 1, numbers(REFUSED_STREAM)));
    assert.deepEqual(fixture.events, ["failure unprocessed"]);
    assert.match(sink.events[0], /^error ConnectionError: .*REFUSED_STREAM.*\(from h:1\)$/);
    assert.equal(fixture.connection.isClosed, false);
  });

  it("completes the streams before GOAWAY's last one, refuses those after it, and then closes", async () => {
    const fixture = new Fixture();
    const first = fixture.start();
    fixture.start();
    await fixture.written();
    fixture.feed(frame("GOAWAY", 0, 0, numbers(1, 0)));
    assert.deepEqual(fixture.events, ["failure unprocessed"]);
    assert.deepEqual([fixture.connection.isClosed, fixture.connection.isWritable], [true, false]);
    assert.equal(fixture.socket.writableEnded, false);
    fixture.feed(headers(1, OK, END_HEADERS | END_STREAM));
    assert.deepEqual(first.events, ["head 20 200", "end"]);
    assert.deepEqual(await fixture.written(), ["GOAWAY 0 last 0 NO_ERROR"]);
    assert.equal(fixture.socket.destroyed, true);
  });

  it("closes when GOAWAY comes while it is idle", () => {
    const fixture = new Fixture();
    fixture.feed(frame("GOAWAY", 0, 0, numbers(0, 0)));
    assert.deepEqual(fixture.events, ["close"]);
    assert.equal(fixture.socket.writableEnded, true);
  });

  it("asks for HTTP/1.1 when the server requires it", () => {
    const fixture = new Fixture();
    fixture.start();
    fixture.feed(frame("RST_STREAM", 0, 1, numbers(HTTP_1_1_REQUIRED)));
    assert.deepEqual([fixture.events[0], fixture.http1Required], ["failure unprocessed", 1]);
    assert.equal(fixture.connection.isClosed, true);
  });

  it("fails all its streams by name when the server breaks the protocol, and says which rule", async () => {
    const fixture = new Fixture();
    const waiting = fixture.start();
    const reading = fixture.start();
    fixture.feed(headers(3, OK), data(3, "part"));
    await fixture.written();
    fixture.feed(frame("PING", 0, 0, Buffer.alloc(3)));
    assert.deepEqual(await fixture.written(), ["GOAWAY 0 last 0 FRAME_SIZE_ERROR"]);
    assert.match(waiting.events[0], /^error ConnectionError: Connection aborted: bad response: .*\(from h:1\)$/);
    assert.match(reading.events[2], /^error ChunkedEncodingError: .*4 bytes read/);
    assert.equal(fixture.connection.isClosed, true);
  });

  it("tells which requests a lost connection has most likely never carried", () => {
    const fixture = new Fixture();
    const first = fixture.start();
    fixture.start();
    fixture.feed(headers(1, OK));
    fixture.socket.emit("error", Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    assert.deepEqual(fixture.events, ["failure", "failure stale"]);
    assert.match(first.events[1], /^error ChunkedEncodingError/);
  });

  it("times out a silent stream, and carries no other before a PING is answered", async () => {
    const fixture = new Fixture();
    const sink = fixture.start("/", 20);
    await fixture.written();
    while (sink.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    assert.match(sink.events[0], /^error ReadTimeout/);
    assert.deepEqual(fixture.events, ["capacity 0", "failure"]);
    assert.equal(fixture.connection.isWritable, false);
    const ping = "PING 0 0000000000000001";
    assert.deepEqual(await fixture.written(), [ping, "RST_STREAM 1 CANCEL"]);
    fixture.feed(frame("PING", ACK, 0, Buffer.from("0000000000000001", "hex")));
    assert.equal(fixture.events.at(-1), "capacity 100");
    assert.equal(fixture.connection.isWritable, true);
  });

  it("closes when the PING is not answered", async () => {
    const fixture = new Fixture();
    fixture.start("/", 20);
    while (!fixture.events.includes("close")) await new Promise((resolve) => setTimeout(resolve, 2));
    assert.deepEqual(fixture.events.slice(0, 3), ["capacity 0", "failure", "close"]);
    assert.equal(fixture.connection.isClosed, true);
  });
});
