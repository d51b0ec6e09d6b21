import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ErrorCode, Http2Error } from "#internal/wire/http2/errors";
import type { Http2Limits } from "#internal/wire/http2/limits";
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  hex,
  literals,
  nameOf,
  numbers,
  PADDED,
  settings,
  TestClient,
} from "../../../_support/http2.js";

const OK = [":status", "200"];
const INITIAL_WINDOW_SIZE = 4;
const MAX_CONCURRENT_STREAMS = 3;
const text = (value: string): Buffer => Buffer.from(value, "latin1");
const data = (id: number, value: string | Buffer, flags = 0): Buffer => frame("DATA", flags, id, Buffer.from(value));

function connectionError(client: TestClient, bytes: Buffer, code: string, message: RegExp): void {
  assert.throws(
    () => client.feed(bytes),
    (error: unknown) => {
      assert.ok(error instanceof Http2Error, String(error));
      assert.equal(nameOf(error.errorCode), code);
      assert.match(error.message, message);
      return true;
    },
  );
}

describe("a client's streams", () => {
  it("begin with the preface, SETTINGS without push, and a larger window", () => {
    const client = new TestClient();
    assert.deepEqual(client.written(), [
      "PREFACE",
      "SETTINGS 0 000200000000" + "000400100000" + "000600040000",
      `WINDOW_UPDATE 0 +${16 * 1024 * 1024 - 65_535}`,
    ]);
  });

  it("never announce a window of the connection below the default", () => {
    const client = new TestClient({ connectionWindowSize: 1000 });
    assert.deepEqual(client.written().slice(2), []);
  });

  it("have odd ids, and carry requests and responses", () => {
    const client = TestClient.ready();
    assert.deepEqual([client.open().id, client.open("POST", false).id, client.open().id], [1, 3, 5]);
    assert.deepEqual(
      client.written().map((line) => line.replace(/\d+ bytes/, "n bytes")),
      [
        "HEADERS 1 n bytes END_HEADERS END_STREAM",
        "HEADERS 3 n bytes END_HEADERS",
        "HEADERS 5 n bytes END_HEADERS END_STREAM",
      ],
    );
    client.feed(
      headers(5, [...OK, "server", "x"], END_HEADERS),
      headers(1, [":status", "204"], END_HEADERS | END_STREAM),
      data(5, "hel"),
      data(5, "lo", END_STREAM),
    );
    assert.deepEqual(client.happened(), [
      '5 head 200 ["server","x"]',
      "1 head 204 []",
      "1 end []",
      '5 data "hel"',
      '5 data "lo"',
      "5 end []",
    ]);
    assert.equal(client.streams.count, 1);
    assert.deepEqual(client.written(), []);
  });

  it("report informational responses and trailers", () => {
    const client = TestClient.ready();
    client.open();
    client.feed(
      headers(1, [":status", "103", "link", "<a>"]),
      headers(1, [":status", "100"]),
      headers(1, OK),
      data(1, "x"),
      headers(1, ["checksum", "7"], END_HEADERS | END_STREAM),
    );
    assert.deepEqual(client.happened(), [
      "1 informational 103",
      "1 informational 100",
      "1 head 200 []",
      '1 data "x"',
      '1 end ["checksum","7"]',
    ]);
  });

  it("take the content of padded DATA without its padding", () => {
    const client = TestClient.ready();
    client.open();
    client.feed(headers(1, OK), data(1, "\x02hello\0\0", PADDED | END_STREAM));
    assert.deepEqual(client.happened(), ["1 head 200 []", '1 data "hello"', "1 end []"]);
  });

  it("stay open for the rest of a request whose response is complete", () => {
    const client = TestClient.ready();
    const stream = client.open("POST", false);
    client.feed(headers(1, OK, END_HEADERS | END_STREAM));
    assert.equal(client.streams.count, 1);
    assert.equal(client.streams.sendData(stream, 3, true), 3);
    client.writer.copy(text("abc"), 0, 3);
    assert.deepEqual(client.written().slice(1), ['DATA 1 "abc" END_STREAM']);
    assert.equal(client.streams.count, 0);
  });

  it("tell a receiver that the server wants no more of a request whose response is complete", () => {
    const client = TestClient.ready();
    client.open("POST", false);
    client.feed(headers(1, OK, END_HEADERS | END_STREAM), frame("RST_STREAM", 0, 1, numbers(ErrorCode.NO_ERROR)));
    assert.deepEqual(client.happened().slice(0, 2), ["1 head 200 []", "1 end []"]);
    assert.equal(client.streams.count, 0);
  });

  it("are at most as many as both sides allow", () => {
    const client = TestClient.ready({ maxStreams: 3 });
    assert.equal(client.streams.capacity, 3);
    client.open();
    client.feed(settings([MAX_CONCURRENT_STREAMS, 2]));
    assert.deepEqual(client.happened(), ["settings"]);
    assert.equal(client.streams.capacity, 2);
    assert.equal(client.streams.hasRoom, true);
    client.open();
    assert.equal(client.streams.hasRoom, false);
    client.feed(settings([MAX_CONCURRENT_STREAMS, 0xffffffff]));
    assert.equal(client.streams.capacity, 3);
  });
});

/** A malformed response on one of two streams: the other one and the connection go on. */
const FAULTS: readonly (readonly [what: string, bytes: readonly Buffer[], failure: RegExp, method?: string])[] = [
  ["DATA before the head", [data(1, "x")], /PROTOCOL_ERROR: .*DATA before the head.*§8\.1/],
  ["no :status", [headers(1, ["server", "x"])], /PROTOCOL_ERROR: .*not :status.*§8\.3\.2/],
  ["a head without fields", [headers(1, [])], /not :status/],
  [":status twice", [headers(1, [...OK, ":status", "200"])], /pseudo-field ":status".*§8\.3/],
  [":status after a field", [headers(1, ["a", "b", ...OK])], /not :status/],
  [":status of two digits", [headers(1, [":status", "20"])], /:status is "20", not three digits/],
  [":status of letters", [headers(1, [":status", "2xx"])], /not three digits/],
  [":status 099", [headers(1, [":status", "099"])], /not three digits/],
  [":status 101", [headers(1, [":status", "101"])], /101 Switching Protocols.*§8\.6/],
  ["a pseudo-field of requests", [headers(1, [":path", "/", ...OK])], /pseudo-field ":path"/],
  ["an unknown pseudo-field", [headers(1, [...OK, ":x", "1"])], /pseudo-field ":x"/],
  ["an upper-case name", [headers(1, [...OK, "Server", "x"])], /"Server".*§8\.2\.1/],
  ["LF in a value", [headers(1, [...OK, "a", "x\ny"])], /§8\.2\.1/],
  ["a blank at the end of a value", [headers(1, [...OK, "a", "x "])], /§8\.2\.1/],
  ["connection", [headers(1, [...OK, "connection", "close"])], /"connection".*§8\.2\.2/],
  ["transfer-encoding", [headers(1, [...OK, "transfer-encoding", "chunked"])], /"transfer-encoding".*§8\.2\.2/],
  ["te", [headers(1, [...OK, "te", "gzip"])], /"te".*§8\.2\.2/],
  ["a 1xx that ends the stream", [headers(1, [":status", "103"], END_HEADERS | END_STREAM)], /ends with the status 103.*§8\.1/],
  ["trailers that do not end the stream", [headers(1, OK), headers(1, ["a", "b"])], /trailers that do not end.*§8\.1/],
  ["trailers with a pseudo-field", [headers(1, OK), headers(1, OK, END_HEADERS | END_STREAM)], /":status".*trailers/],
  ["more DATA than Content-Length", [headers(1, [...OK, "content-length", "3"]), data(1, "abcd")], /ChunkedEncodingError .*longer than its Content-Length, 3 bytes/],
  ["less DATA than Content-Length", [headers(1, [...OK, "content-length", "3"]), data(1, "ab", END_STREAM)], /ChunkedEncodingError .*incomplete read \(2 bytes read, 1 more expected\)/],
  ["less DATA than Content-Length before trailers", [headers(1, [...OK, "content-length", "3"]), headers(1, ["a", "b"], END_HEADERS | END_STREAM)], /ChunkedEncodingError .*0 bytes read, 3 more expected/],
  ["no DATA for a Content-Length", [headers(1, [...OK, "content-length", "3"], END_HEADERS | END_STREAM)], /ChunkedEncodingError .*3 more expected/],
  ["different Content-Lengths", [headers(1, [...OK, "content-length", "3", "content-length", "4"])], /InvalidHeader .*\(3, 4\)/],
  ["a Content-Length that is not a number", [headers(1, [...OK, "content-length", "+3"])], /"\+3" is not a length/],
  ["a Content-Length that cannot be counted", [headers(1, [...OK, "content-length", "9007199254740993"])], /is not a length/],
  ["DATA in a response to HEAD", [headers(1, [...OK, "content-length", "3"]), data(1, "abc")], /has no body/, "HEAD"],
  ["DATA in a 204", [headers(1, [":status", "204"]), data(1, "abc")], /has no body/],
  ["DATA beyond the stream's window", [headers(1, OK), ...Array.from({ length: 65 }, () => data(1, Buffer.alloc(16_384)))], /FLOW_CONTROL_ERROR: .*beyond the window of stream 1.*§6\.9/],
  ["a window beyond 2^31-1", [frame("WINDOW_UPDATE", 0, 1, numbers(0x7fffffff))], /FLOW_CONTROL_ERROR: .*§6\.9\.1/],
  ["a window update of 0", [frame("WINDOW_UPDATE", 0, 1, numbers(0))], /PROTOCOL_ERROR: .*increment 0.*§6\.9/],
  ["a short PRIORITY", [frame("PRIORITY", 0, 1, Buffer.alloc(4))], /FRAME_SIZE_ERROR: .*§6\.3/],
  ["101 informational responses", Array.from({ length: 101 }, () => headers(1, [":status", "103"])), /ENHANCE_YOUR_CALM: .*more than 100 informational responses \(maxInformational of HTTPAdapter\)/],
  ["1001 fields", [frame("HEADERS", END_HEADERS, 1, Buffer.concat([hex("88"), Buffer.alloc(1000, 0x90)]))], /ENHANCE_YOUR_CALM: .*more than 1000 header fields/],
]; // prettier-ignore

describe("a stream fails, and the connection goes on, for", () => {
  for (const [what, bytes, failure, method] of FAULTS)
    it(what, () => {
      const client = TestClient.ready();
      client.open(method);
      client.open();
      client.writer.take();
      client.reads = false;
      client.feed(...bytes);
      const events = client.happened().filter((line) => line.includes("failure"));
      assert.equal(events.length, 1, events.join("\n"));
      assert.match(events[0], failure);
      assert.doesNotMatch(events[0], /unprocessed/);
      const code = /ERR_\w+ (\w+)/.exec(events[0])![1];
      assert.ok(client.written().includes(`RST_STREAM 1 ${code}`));
      client.feed(headers(3, OK), data(3, "x", END_STREAM));
      assert.deepEqual(client.happened(), ["3 head 200 []", '3 data "x"', "3 end []"]);
      // Frames that were under way are ignored.
      client.feed(data(1, "late"), headers(1, OK), frame("WINDOW_UPDATE", 0, 1, numbers(5)));
      client.feed(frame("RST_STREAM", 0, 1, numbers(0)));
      assert.deepEqual(client.happened(), []);
      assert.equal(client.streams.count, 0);
    });

  it("DATA or HEADERS after the end of the response, while the request is still sent", () => {
    for (const late of [data(1, "x"), headers(1, OK)]) {
      const client = TestClient.ready();
      client.open("POST", false);
      client.feed(headers(1, OK, END_HEADERS | END_STREAM));
      client.happened();
      client.feed(late);
      assert.match(client.happened()[0], /1 failure .* STREAM_CLOSED: .*after the end of the response.*§5\.1/);
    }
  });
});

/** Each of them ends the connection. */
const CONNECTION_ERRORS: readonly (readonly [what: string, bytes: Buffer, code: string, text: RegExp])[] = [
  ["HEADERS on a stream that was never opened", headers(5, OK), "PROTOCOL_ERROR", /HEADERS frame on stream 5, which was never opened.*§5\.1/],
  ["HEADERS on a stream of the server", headers(2, OK), "PROTOCOL_ERROR", /stream 2/],
  ["DATA on a stream that was never opened", data(5, "x"), "PROTOCOL_ERROR", /DATA frame on stream 5/],
  ["RST_STREAM on a stream that was never opened", frame("RST_STREAM", 0, 5, numbers(0)), "PROTOCOL_ERROR", /RST_STREAM frame on stream 5/],
  ["WINDOW_UPDATE on a stream that was never opened", frame("WINDOW_UPDATE", 0, 2, numbers(1)), "PROTOCOL_ERROR", /WINDOW_UPDATE frame on stream 2/],
  ["a window update of 0 on a stream that was never opened", frame("WINDOW_UPDATE", 0, 5, numbers(0)), "PROTOCOL_ERROR", /increment 0/],
  ["DATA after a complete response", data(1, "x"), "STREAM_CLOSED", /whose response was complete.*§5\.1/],
  ["HEADERS after a complete response", headers(1, OK), "STREAM_CLOSED", /whose response was complete/],
  ["a window of the connection beyond 2^31-1", frame("WINDOW_UPDATE", 0, 0, numbers(0x7fffffff)), "FLOW_CONTROL_ERROR", /§6\.9\.1/],
  ["an initial window beyond 2^31-1", settings([INITIAL_WINDOW_SIZE, 0x80000000]), "FLOW_CONTROL_ERROR", /§6\.5\.2/],
  ["push that is enabled by the server", settings([2, 1]), "PROTOCOL_ERROR", /SETTINGS_ENABLE_PUSH is 1.*§6\.5\.2/],
  ["a frame size below 2^14", settings([5, 16_383]), "PROTOCOL_ERROR", /SETTINGS_MAX_FRAME_SIZE is 16383/],
  ["a frame size beyond 2^24-1", settings([5, 16_777_216]), "PROTOCOL_ERROR", /SETTINGS_MAX_FRAME_SIZE is 16777216/],
  ["an acknowledgement of nothing", frame("SETTINGS", ACK, 0), "PROTOCOL_ERROR", /§6\.5\.3/],
  ["PUSH_PROMISE", frame("PUSH_PROMISE", END_HEADERS, 3, hex("00000002 82")), "PROTOCOL_ERROR", /§8\.4/],
  ["a block that cannot be decoded", frame("HEADERS", END_HEADERS, 3, hex("ff")), "COMPRESSION_ERROR", /RFC 7541/],
  ["a block that cannot be decoded, on a closed stream", frame("HEADERS", END_HEADERS, 1, hex("80")), "COMPRESSION_ERROR", /RFC 7541/],
]; // prettier-ignore

describe("the connection ends for", () => {
  for (const [what, bytes, code, message] of CONNECTION_ERRORS)
    it(what, () => {
      const client = TestClient.ready();
      client.open();
      client.open();
      client.feed(headers(1, OK, END_HEADERS | END_STREAM));
      connectionError(client, bytes, code, message);
      assert.deepEqual(
        client.streams.all().map(({ id }) => id),
        [3],
      );
    });

  it("an initial window that makes an open stream's window larger than 2^31-1", () => {
    const client = TestClient.ready();
    client.open("POST", false);
    client.feed(frame("WINDOW_UPDATE", 0, 1, numbers(1000)));
    connectionError(client, settings([INITIAL_WINDOW_SIZE, 0x7fffffff]), "FLOW_CONTROL_ERROR", /stream 1.*§6\.9\.2/);
  });
});

describe("frames for closed streams", () => {
  it("are decoded, so that the table stays in step", () => {
    const client = TestClient.ready();
    const stream = client.open();
    client.open();
    client.streams.reset(stream, ErrorCode.CANCEL);
    // Inserts "a: b", which the next block uses.
    client.feed(frame("HEADERS", END_HEADERS, 1, hex("88 4001610162")), frame("HEADERS", END_HEADERS, 3, hex("88 be")));
    assert.deepEqual(client.happened(), ['3 head 200 ["a","b"]']);
  });

  it("count in the window of the connection, which is refilled", () => {
    const client = TestClient.ready({ connectionWindowSize: 100_000 });
    client.streams.reset(client.open(), ErrorCode.CANCEL);
    client.writer.take();
    for (let frames = 0; frames < 4; frames += 1) client.feed(data(1, Buffer.alloc(16_384)));
    assert.deepEqual(client.written(), [`WINDOW_UPDATE 0 +${4 * 16_384}`]);
  });

  it("are answered with STREAM_CLOSED when the server itself has reset the stream", () => {
    const client = TestClient.ready();
    client.open();
    client.feed(frame("RST_STREAM", 0, 1, numbers(ErrorCode.CANCEL)));
    client.writer.take();
    client.feed(data(1, "x"));
    assert.deepEqual(client.written(), ["RST_STREAM 1 STREAM_CLOSED"]);
  });

  it("are ignored after the stream was forgotten", () => {
    const client = TestClient.ready({ maxClosedStreams: 3 });
    for (let count = 0; count < 8; count += 1) client.streams.reset(client.open(), ErrorCode.CANCEL);
    for (let id = 1; id <= 15; id += 2) client.feed(data(id, "x"), headers(id, OK));
    assert.deepEqual(client.happened(), []);
  });
});

describe("a stream that the server resets", () => {
  it("fails with the code", () => {
    const client = TestClient.ready();
    client.open();
    client.feed(frame("RST_STREAM", 0, 1, numbers(ErrorCode.INTERNAL_ERROR)));
    assert.deepEqual(client.happened(), [
      "1 failure ConnectionError ERR_CONNECTION_CLOSED INTERNAL_ERROR: Connection aborted: the server reset the stream: INTERNAL_ERROR (0x2)",
    ]);
    assert.deepEqual(client.written().slice(1), []);
  });

  it("fails with what was read, when the body is cut", () => {
    const client = TestClient.ready();
    client.open();
    client.feed(headers(1, OK), data(1, "abc"), frame("RST_STREAM", 0, 1, numbers(0x77)));
    assert.equal(
      client.happened().at(-1),
      "1 failure ChunkedEncodingError ERR_CHUNKED_ENCODING 119: Connection broken: incomplete read (3 bytes read, the server reset the stream: an unknown error code (0x77))",
    );
  });

  it("is unprocessed when it was refused, and refusals are counted until a response comes", () => {
    const client = TestClient.ready();
    for (let count = 0; count < 4; count += 1) client.open();
    client.feed(frame("RST_STREAM", 0, 1, numbers(ErrorCode.REFUSED_STREAM)));
    client.feed(frame("RST_STREAM", 0, 3, numbers(ErrorCode.REFUSED_STREAM)));
    assert.match(client.happened()[1], /3 failure .* REFUSED_STREAM unprocessed/);
    assert.equal(client.streams.refusals, 2);
    client.feed(headers(5, OK));
    assert.equal(client.streams.refusals, 0);
  });
});

describe("GOAWAY", () => {
  it("fails the streams that the server will not process, and lets the others end", () => {
    const client = TestClient.ready();
    for (let count = 0; count < 3; count += 1) client.open();
    client.feed(frame("GOAWAY", 0, 0, Buffer.concat([numbers(3, ErrorCode.ENHANCE_YOUR_CALM), text("slow\ndown")])));
    assert.deepEqual(client.happened(), [
      '5 failure ConnectionError ERR_CONNECTION_CLOSED ENHANCE_YOUR_CALM unprocessed: Connection aborted: the server closes the connection (GOAWAY) and has not processed the request: ENHANCE_YOUR_CALM (0xb), "slow\\ndown"',
      "goaway ENHANCE_YOUR_CALM slow\ndown",
    ]);
    assert.equal(client.streams.hasRoom, false);
    assert.equal(client.streams.isFinal, true);
    client.feed(headers(1, OK), headers(3, OK, END_HEADERS | END_STREAM), data(1, "x", END_STREAM));
    assert.deepEqual(client.happened().slice(-1), ["1 end []"]);
    assert.equal(client.streams.count, 0);
  });

  it("may come again with a lower id, as servers that close gracefully do", () => {
    const client = TestClient.ready();
    client.open();
    client.open();
    client.feed(frame("GOAWAY", 0, 0, numbers(0x7fffffff, 0)));
    assert.deepEqual(client.happened(), ["goaway NO_ERROR"]);
    client.feed(frame("GOAWAY", 0, 0, numbers(1, 0)));
    assert.match(client.happened()[0], /^3 failure .* NO_ERROR unprocessed/);
    connectionError(client, frame("GOAWAY", 0, 0, numbers(3, 0)), "PROTOCOL_ERROR", /after one with 1.*§6\.8/);
  });

  it("is written when the connection is closed", () => {
    const client = TestClient.ready();
    client.streams.close(ErrorCode.NO_ERROR);
    assert.deepEqual(client.written(), ["GOAWAY 0 last 0 NO_ERROR"]);
  });
});

describe("receive windows", () => {
  it("are refilled at half", () => {
    const client = TestClient.ready({ initialWindowSize: 100_000 });
    client.open();
    client.feed(headers(1, OK));
    client.writer.take();
    for (let frames = 0; frames < 3; frames += 1) client.feed(data(1, Buffer.alloc(16_384)));
    assert.deepEqual(client.written(), []);
    client.feed(data(1, Buffer.alloc(16_384)));
    assert.deepEqual(client.written(), [`WINDOW_UPDATE 1 +${4 * 16_384}`]);
  });

  it("of a stream wait for a reader that pauses, those of the connection do not", () => {
    const client = TestClient.ready({ initialWindowSize: 65_536, connectionWindowSize: 131_072 });
    const stream = client.open();
    client.feed(headers(1, OK));
    client.writer.take();
    client.reads = false;
    for (let frames = 0; frames < 4; frames += 1) client.feed(data(1, Buffer.alloc(16_384)));
    assert.deepEqual(client.written(), ["WINDOW_UPDATE 0 +65536"]);
    assert.equal(stream.unread, 65_536);
    client.streams.use(stream, 20_000);
    assert.deepEqual(client.written(), []);
    client.streams.use(stream, 20_000);
    assert.deepEqual(client.written(), ["WINDOW_UPDATE 1 +40000"]);
  });

  it("leave no room for streams when too much is unread", () => {
    const client = TestClient.ready({ connectionWindowSize: 65_535 });
    const streams = [client.open(), client.open()];
    client.reads = false;
    client.feed(headers(1, OK), headers(3, OK));
    for (let frames = 0; frames < 5; frames += 1) client.feed(data(frames % 2 === 0 ? 1 : 3, Buffer.alloc(16_384)));
    assert.equal(client.streams.hasRoom, false);
    client.streams.reset(streams[0], ErrorCode.CANCEL);
    assert.equal(client.streams.hasRoom, true);
  });

  it("count padding, and give it back", () => {
    const client = TestClient.ready({ initialWindowSize: 1000 });
    client.open();
    client.feed(headers(1, OK));
    client.writer.take();
    client.reads = false;
    const padded = Buffer.concat([hex("c8"), Buffer.alloc(100, "x"), Buffer.alloc(200)]);
    client.feed(frame("DATA", PADDED, 1, padded), frame("DATA", PADDED, 1, padded), frame("DATA", PADDED, 1, padded));
    assert.deepEqual(client.written(), ["WINDOW_UPDATE 1 +603"]);
  });

  it("of the connection count padding, too", () => {
    const client = TestClient.ready({ connectionWindowSize: 65_535 });
    client.open();
    client.feed(headers(1, OK));
    client.writer.take();
    const padded = Buffer.alloc(16_384);
    padded[0] = 255;
    client.feed(frame("DATA", PADDED, 1, padded));
    assert.deepEqual(client.written(), []);
    client.feed(frame("DATA", PADDED, 1, padded));
    assert.deepEqual(client.written(), ["WINDOW_UPDATE 0 +32768"]);
  });

  it("never send an increment of 0", () => {
    const client = TestClient.ready({ initialWindowSize: 0 });
    client.open();
    client.feed(headers(1, OK), data(1, ""), data(1, ""));
    assert.deepEqual(client.written().slice(1), []);
  });

  it("below the default hold from the acknowledgement on", () => {
    const client = new TestClient({ initialWindowSize: 10 });
    client.feed(settings());
    client.open();
    client.open();
    client.reads = false;
    client.feed(headers(1, OK), data(1, "more than ten bytes"));
    client.feed(frame("SETTINGS", ACK, 0));
    client.feed(headers(3, OK), data(3, "0123456789"));
    assert.doesNotMatch(client.happened().join(), /failure/);
    client.feed(data(3, "x"));
    assert.match(client.happened()[0], /3 failure .* FLOW_CONTROL_ERROR/);
    client.feed(data(1, "x"));
    assert.match(client.happened()[0], /1 failure .* FLOW_CONTROL_ERROR/);
  });

  it("are not refilled after the end of the response", () => {
    const client = TestClient.ready({ initialWindowSize: 10 });
    client.open("POST", false);
    client.feed(headers(1, OK), data(1, "0123456789", END_STREAM));
    assert.deepEqual(client.written().slice(1), []);
  });
});

describe("send windows", () => {
  it("limit DATA by stream, connection and frame size", () => {
    const client = TestClient.ready({}, [[INITIAL_WINDOW_SIZE, 50_000]]);
    const [first, second] = [client.open("POST", false), client.open("POST", false)];
    assert.equal(client.streams.sendData(first, 100_000, true), 16_384);
    assert.equal(client.streams.sendData(first, 83_616, true), 16_384);
    assert.equal(client.streams.sendData(first, 67_232, true), 16_384);
    assert.equal(client.streams.sendData(first, 50_848, true), 848);
    assert.equal(client.streams.sendData(first, 50_000, true), -1);
    // 65,535 for the connection.
    assert.equal(client.streams.sendData(second, 15_535, false), 15_535);
    assert.equal(client.streams.sendData(second, 1, true), -1);
    // An empty frame needs no window.
    assert.equal(client.streams.sendData(second, 0, true), 0);
    assert.equal(second.isSent, true);
    assert.equal(client.streams.sendData(second, 1, true), -1);
  });

  it("use the frame size of the server", () => {
    const client = TestClient.ready({}, [[5, 20_000]]);
    assert.equal(client.streams.sendData(client.open("POST", false), 30_000, true), 20_000);
  });

  it("wake the streams in turn", () => {
    const client = TestClient.ready();
    const streams = [client.open("POST", false), client.open("POST", false), client.open("POST", false)];
    for (let sent = 0; sent < 65_535;) sent += client.streams.sendData(streams[0], 65_535 - sent, false);
    for (const stream of streams) assert.equal(client.streams.sendData(stream, 100, false), -1);
    const woken: number[] = [];
    client.onWritable = (stream) => {
      woken.push(stream.id);
      client.streams.sendData(stream, 100, false);
    };
    client.feed(frame("WINDOW_UPDATE", 0, 3, numbers(1000)), frame("WINDOW_UPDATE", 0, 0, numbers(50)));
    // The first has no window of its own.
    assert.deepEqual(woken, [3]);
    client.feed(frame("WINDOW_UPDATE", 0, 0, numbers(50)));
    assert.deepEqual(woken, [3, 5]);
    client.feed(frame("WINDOW_UPDATE", 0, 1, numbers(50)), frame("WINDOW_UPDATE", 0, 0, numbers(200)));
    assert.deepEqual(woken.slice(2).sort(), [1, 3, 5]);
  });

  it("wake no stream whose request was ended while it waited", () => {
    const client = TestClient.ready({}, [[INITIAL_WINDOW_SIZE, 0]]);
    const stream = client.open("POST", false);
    assert.equal(client.streams.sendData(stream, 5, false), -1);
    assert.equal(client.streams.sendData(stream, 0, true), 0);
    client.onWritable = () => assert.fail("it was woken");
    client.feed(frame("WINDOW_UPDATE", 0, 1, numbers(5)), settings([INITIAL_WINDOW_SIZE, 100]));
  });

  it("become negative when the server makes them smaller", () => {
    const client = TestClient.ready();
    const stream = client.open("POST", false);
    client.streams.sendData(stream, 10_000, false);
    client.feed(settings([INITIAL_WINDOW_SIZE, 1000]));
    assert.equal(stream.sendWindow, -9000);
    assert.equal(client.streams.sendData(stream, 1, false), -1);
    let woken = 0;
    client.onWritable = () => (woken += 1);
    client.feed(frame("WINDOW_UPDATE", 0, 1, numbers(9000)));
    assert.equal(woken, 0);
    client.feed(settings([INITIAL_WINDOW_SIZE, 1001]));
    assert.equal(woken, 1);
    assert.equal(client.streams.sendData(stream, 5, false), 1);
  });
});

describe("the server's settings", () => {
  it("are acknowledged, and unknown ones ignored", () => {
    const client = TestClient.ready();
    client.feed(settings([0x77, 5], [6, 12_345]));
    assert.deepEqual(client.written(), ["SETTINGS 0 ACK"]);
    assert.equal(client.streams.settings.maxHeaderListSize, 12_345);
  });

  it("change the encoder's table, also when one frame lowers and raises it", () => {
    const client = TestClient.ready();
    client.feed(settings([1, 0], [1, 8192]));
    client.writer.take();
    client.open();
    const block = client.writer.take().subarray(9);
    assert.equal(block.subarray(0, 5).toString("hex"), "203fe11f82");
  });
});

describe("PING", () => {
  it("is answered with the same bytes", () => {
    const client = TestClient.ready();
    client.feed(frame("PING", 0, 0, text("12345678")));
    assert.deepEqual(client.written(), ["PING 0 ACK 3132333435363738"]);
  });

  it("of the client reports its answer once", () => {
    const client = TestClient.ready();
    assert.equal(client.streams.ping(), 1);
    assert.deepEqual(client.written(), ["PING 0 0000000000000001"]);
    const answer = frame("PING", ACK, 0, hex("0000000000000001"));
    client.feed(frame("PING", ACK, 0, hex("0000000000000002")), answer, answer);
    assert.deepEqual(client.happened(), ["pong 1"]);
  });
});

type Flood = readonly [what: string, attack: (at: number) => Buffer, limits?: Partial<Http2Limits>];

const FLOODS: readonly Flood[] = [
  ["SETTINGS", () => settings()],
  ["PING", () => frame("PING", 0, 0, Buffer.alloc(8))],
  ["answers to PING", () => frame("PING", ACK, 0, Buffer.alloc(8))],
  ["PRIORITY", () => frame("PRIORITY", 0, 1, Buffer.alloc(5))],
  ["PRIORITY on other streams", (at) => frame("PRIORITY", 0, at * 2 + 1, Buffer.alloc(5))],
  ["unknown frames", () => frame(0xee, 0, 0)],
  ["WINDOW_UPDATE of the connection", () => frame("WINDOW_UPDATE", 0, 0, numbers(1))],
  ["WINDOW_UPDATE of a stream", () => frame("WINDOW_UPDATE", 0, 1, numbers(1))],
  ["empty DATA", () => data(1, "")],
  ["DATA of padding alone", () => frame("DATA", PADDED, 1, hex("01 00"))],
  ["GOAWAY", () => frame("GOAWAY", 0, 0, numbers(0x7fffffff, 0))],
  ["RST_STREAM of a closed stream", () => frame("RST_STREAM", 0, 3, numbers(0))],
  ["HEADERS on a closed stream", () => headers(3, OK)],
  ["DATA on a closed stream", () => data(3, "x")],
  ["PRIORITY of the wrong length on a closed stream", () => frame("PRIORITY", 0, 3)],
];

describe("a flood ends the connection with ENHANCE_YOUR_CALM:", () => {
  for (const [what, attack] of FLOODS)
    it(what, () => {
      const client = TestClient.ready();
      client.open();
      client.streams.reset(client.open(), ErrorCode.CANCEL);
      client.feed(headers(1, OK));
      for (let at = 0; at < 1000; at += 1) client.feed(attack(at));
      connectionError(
        client,
        attack(1000),
        "ENHANCE_YOUR_CALM",
        /more than 1000 control frames or empty frames without any data \(maxControlFrames of HTTPAdapter\)/,
      );
      assert.ok(client.writer.pending < 32 * 1024, `${client.writer.pending} bytes were written`);
    });

  it("but not when data comes between", () => {
    const client = TestClient.ready({ maxControlFrames: 10 });
    client.open();
    client.feed(headers(1, OK));
    for (let round = 0; round < 100; round += 1) {
      for (let pings = 0; pings < 10; pings += 1) client.feed(frame("PING", 0, 0, Buffer.alloc(8)));
      client.feed(data(1, "x"));
      client.streams.budget.noteFlushed();
    }
  });

  it("but not when the client sends data between, as for window updates of an upload", () => {
    const client = TestClient.ready({ maxControlFrames: 10 });
    const stream = client.open("POST", false);
    for (let round = 0; round < 100; round += 1) {
      for (let updates = 0; updates < 4; updates += 1)
        client.feed(frame("WINDOW_UPDATE", 0, 0, numbers(1)), frame("WINDOW_UPDATE", 0, 1, numbers(1)));
      assert.equal(client.streams.sendData(stream, 5, false), 5);
      client.writer.copy(text("12345"), 0, 5);
    }
  });

  it("but not within hours: a PING each second is allowed", () => {
    const client = TestClient.ready({ maxControlFrames: 20 });
    for (let second = 0; second < 1000; second += 1) {
      client.streams.budget.now = second * 1000;
      client.feed(frame("PING", 0, 0, Buffer.alloc(8)));
      client.streams.budget.noteFlushed();
    }
  });

  it("and when the server does not read the answers", () => {
    const client = TestClient.ready();
    const attack = (): void => {
      for (let second = 0; second < 5000; second += 1) {
        client.streams.budget.now = second * 1000;
        client.feed(frame("PING", 0, 0, Buffer.alloc(8)));
      }
    };
    assert.throws(attack, /more than 65536 bytes of answers to control frames.*\(maxPendingControl\)/);
  });
});

describe("resets by the client", () => {
  it("leave no room on the connection when there are too many within ten seconds", () => {
    const client = TestClient.ready({ maxConcurrentResets: 5 });
    client.streams.budget.now = 50_000;
    for (let count = 0; count < 4; count += 1) client.streams.reset(client.open(), ErrorCode.CANCEL);
    assert.equal(client.streams.hasRoom, true);
    client.streams.reset(client.open(), ErrorCode.CANCEL);
    assert.equal(client.streams.hasRoom, false);
    client.streams.budget.now = 60_001;
    assert.equal(client.streams.hasRoom, true);
  });

  it("are written once, and silence the receiver", () => {
    const client = TestClient.ready();
    const stream = client.open();
    client.writer.take();
    client.streams.reset(stream, ErrorCode.CANCEL);
    client.streams.reset(stream, ErrorCode.CANCEL);
    assert.deepEqual(client.written(), ["RST_STREAM 1 CANCEL"]);
    client.feed(headers(1, OK), data(1, "x", END_STREAM));
    assert.deepEqual(client.happened(), []);
  });
});

describe("a response with a length", () => {
  for (const [what, method, fields, bytes] of [
    ["to HEAD has no body", "HEAD", [...OK, "content-length", "3"], ""],
    ["304 has no body", "GET", [":status", "304", "content-length", "3"], ""],
    ["may repeat it", "GET", [...OK, "content-length", "3, 3", "content-length", "3"], "abc"],
    ["may be empty", "GET", [...OK, "content-length", "0"], ""],
  ] as const)
    it(what, () => {
      const client = TestClient.ready();
      client.open(method);
      client.feed(frame("HEADERS", END_HEADERS, 1, literals(...fields)), data(1, bytes, END_STREAM));
      assert.equal(client.happened().at(-1), "1 end []");
    });
});
