import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { InvalidHeader, InvalidURL, RequestException } from "#internal/exceptions";
import { FieldList } from "#internal/http/fields";
import { HpackDecoder } from "#internal/wire/http2/hpack-decoder";
import { HpackEncoder } from "#internal/wire/http2/hpack-encoder";
import { RequestEncoder, requestLines } from "#internal/wire/http2/request-fields";
import type { WireRequest } from "#internal/wire/transport";
import { requestOf } from "../../../_support/http2.js";

/** An encoder, and what the server's decoder makes of its blocks. */
class Pair {
  readonly hpack = new HpackEncoder();
  readonly encoder = new RequestEncoder(this.hpack);
  readonly decoder = new HpackDecoder({ maxHeaderSize: 1 << 20, maxHeaders: 1000 });
  /** Of the last block. */
  length = 0;

  send(request: WireRequest, isTunnelled = false): readonly string[] {
    const block = Buffer.from(this.encoder.encode(request, request.fields.derive(requestLines), isTunnelled));
    this.length = block.length;
    const { raw, fault } = this.decoder.decode(block, 0, block.length);
    assert.equal(fault, null);
    return raw;
  }
}

const PSEUDO = [":method", "GET", ":scheme", "https", ":authority", "example.org", ":path", "/"];
const fieldsOf = (...raw: string[]): FieldList => new FieldList(raw);

describe("the fields of an HTTP/2 request", () => {
  it("begin with the pseudo-fields, and have names in lower case", () => {
    const request = requestOf("/a?b=c", fieldsOf("User-Agent", "x", "X-Mine", "Y"), {
      method: "PATCH",
      scheme: "http",
    });
    assert.deepEqual(new Pair().send(request), [
      ...[":method", "PATCH", ":scheme", "http", ":authority", "example.org", ":path", "/a?b=c"],
      ...["user-agent", "x", "x-mine", "Y"],
    ]);
  });

  it("have the scheme http on a Unix socket", () => {
    assert.equal(new Pair().send(requestOf("/", new FieldList(), { scheme: "http+unix" }))[3], "http");
  });

  it("have neither scheme nor path for CONNECT", () => {
    assert.deepEqual(new Pair().send(requestOf("/", new FieldList(), { method: "CONNECT" })), [
      ":method",
      "CONNECT",
      ":authority",
      "example.org",
    ]);
  });

  it("send Host as :authority", () => {
    const raw = new Pair().send(requestOf("/", fieldsOf("A", "1", "Host", " other.example:8443 ", "B", "2")));
    assert.deepEqual(raw.slice(4), [":authority", "other.example:8443", ":path", "/", "a", "1", "b", "2"]);
  });

  it("leave out the fields of HTTP/1.1 connections", () => {
    const fields = fieldsOf(
      ...["Connection", "keep-alive", "Keep-Alive", "timeout=5", "Proxy-Connection", "keep-alive"],
      ...["Transfer-Encoding", "chunked", "Upgrade", "h2c", "HTTP2-Settings", "AAMAAABk", "TE", "gzip"],
    );
    assert.deepEqual(new Pair().send(requestOf("/", fields)), PSEUDO);
  });

  it("keep TE: trailers", () => {
    assert.deepEqual(new Pair().send(requestOf("/", fieldsOf("TE", "Trailers"))).slice(8), ["te", "Trailers"]);
  });

  it("have no blanks around values", () => {
    assert.deepEqual(new Pair().send(requestOf("/", fieldsOf("a", " \tx y\t ", "b", "  "))).slice(8), [
      "a",
      "x y",
      "b",
      "",
    ]);
  });

  it("keep their order, and fields of one name apart", () => {
    const fields = ["cookie", "a=1", "accept", "x", "accept", "y", "cookie", "b=2"];
    assert.deepEqual(new Pair().send(requestOf("/", fieldsOf(...fields))).slice(8), fields);
  });

  it("say what they mean for the message", () => {
    const lines = (...raw: string[]): object => {
      const { authority, hasFraming, hasProxyAuthorization, closes } = fieldsOf(...raw).derive(requestLines);
      return { authority, hasFraming, hasProxyAuthorization, closes };
    };
    const nothing = { authority: null, hasFraming: false, hasProxyAuthorization: false, closes: false };
    assert.deepEqual(lines("Connection", "keep-alive"), nothing);
    assert.deepEqual(lines("Connection", "Close"), { ...nothing, closes: true });
    assert.deepEqual(lines("Content-Length", "3"), { ...nothing, hasFraming: true });
    assert.deepEqual(lines("Transfer-Encoding", "chunked"), { ...nothing, hasFraming: true });
    assert.deepEqual(lines("Proxy-Authorization", "x"), { ...nothing, hasProxyAuthorization: true });
    assert.deepEqual(lines("Host", "a", "Host", "b"), { ...nothing, authority: "a" });
  });

  it("keep a proxy's credentials from the origin at the end of its tunnel", () => {
    const session = fieldsOf("Proxy-Authorization", "secret", "A", "1");
    const copy = session.copyOnWrite();
    copy.append("B", "2");
    const pair = new Pair();
    for (const fields of [session, session, copy, session]) {
      assert.doesNotMatch(pair.send(requestOf("/", fields), true).join(), /secret/);
      assert.match(pair.send(requestOf("/", fields), false).join(), /secret/);
    }
  });
});

describe("a request that must not be sent", () => {
  const cases: readonly (readonly [what: string, request: WireRequest, error: typeof RequestException])[] = [
    ["a method that is not a token", requestOf("/", new FieldList(), { method: "GE T" }), RequestException],
    ["a path with a blank", requestOf("/a b"), InvalidURL],
    ["a path with a line break", requestOf("/a\nb"), InvalidURL],
    ["a path above ASCII", requestOf("/\xe9"), InvalidURL],
    ["an empty path", requestOf(""), InvalidURL],
    ["an authority with a line break", requestOf("/", new FieldList(), { authority: "a\r\nb" }), InvalidHeader],
    ["a name with a blank", requestOf("/", fieldsOf("a b", "x")), InvalidHeader],
    ["a pseudo-field", requestOf("/", fieldsOf(":path", "/other")), InvalidHeader],
    ["a value with a line break", requestOf("/", fieldsOf("a", "x\r\ny")), InvalidHeader],
    ["a value with NUL", requestOf("/", fieldsOf("a", "\0")), InvalidHeader],
    ["a value beyond Latin-1", requestOf("/", fieldsOf("a", "\u20ac")), InvalidHeader],
  ];
  for (const [what, request, error] of cases)
    it(`${what} is refused, and the next one is encoded as if it had not been there`, () => {
      const pair = new Pair();
      const good = requestOf("/", fieldsOf("a", "1"));
      pair.send(good);
      assert.throws(() => pair.send(request), error);
      assert.deepEqual(pair.send(good).slice(8), ["a", "1"]);
    });
});

describe("requests of one session", () => {
  const session = (): FieldList => fieldsOf("User-Agent", "requests-ts", "Accept", "*/*", "Authorization", "secret");

  it("take one byte for each constant field from the third one on, and secrets stay literals", () => {
    const pair = new Pair();
    const fields = session();
    const lengths = Array.from({ length: 5 }, () => {
      pair.send(requestOf("/", fields.copyOnWrite()));
      return pair.length;
    });
    assert.equal(lengths[2], lengths[4]);
    // Four pseudo-fields, two constant fields, and Authorization: two bytes of name, one of length, four of Huffman.
    assert.equal(lengths[4], 4 + 2 + 2 + 1 + 4);
  });

  it("are encoded once when nothing differs", () => {
    const pair = new Pair();
    const request = requestOf("/", session());
    for (let round = 0; round < 5; round += 1) pair.send(request);
    const lines = request.fields.derive(requestLines);
    assert.equal(pair.encoder.encode(request, lines, false), pair.encoder.encode(request, lines, false));
  });

  it("differ where the caller wants it", () => {
    const pair = new Pair();
    const fields = session();
    const expected = ["user-agent", "requests-ts", "accept", "*/*", "authorization", "secret"];
    for (let round = 0; round < 20; round += 1) {
      const own = fields.copyOnWrite();
      if (round % 3 === 1) own.append("X-Round", String(round));
      const path = round % 2 === 0 ? "/" : `/${round}`;
      const raw = pair.send(requestOf(path, own, { method: round % 5 === 4 ? "POST" : "GET" }));
      assert.equal(raw[1], round % 5 === 4 ? "POST" : "GET");
      assert.equal(raw[7], path);
      assert.deepEqual(raw.slice(8), round % 3 === 1 ? [...expected, "x-round", String(round)] : expected);
    }
  });

  it("have their own method, scheme, authority and path", () => {
    const pair = new Pair();
    const fields = session();
    const targets = ["GET", "POST"].flatMap((method) =>
      ["http", "https"].flatMap((scheme) =>
        ["a.example", "b.example"].flatMap((authority) =>
          ["/", "/b"].map((path) => ({ method, scheme, authority, path })),
        ),
      ),
    );
    // Often enough that each combination is encoded from its parts and as a whole.
    for (const target of [...targets, ...targets].flatMap((one) => [one, one, one, one]))
      assert.deepEqual(pair.send(requestOf(target.path, fields, target)).slice(0, 8), [
        ...[":method", target.method, ":scheme", target.scheme, ":authority", target.authority, ":path", target.path],
      ]);
    for (const target of [...targets, ...targets, ...targets])
      assert.equal(pair.send(requestOf(target.path, fields, target))[5], target.authority);
  });

  it("change with the session", () => {
    const pair = new Pair();
    const fields = session();
    for (let round = 0; round < 4; round += 1) pair.send(requestOf("/", fields.copyOnWrite()));
    fields.set("Accept", "text/html");
    for (let round = 0; round < 4; round += 1)
      assert.equal(pair.send(requestOf("/", fields.copyOnWrite()))[11], "text/html");
  });

  it("stay decodable when the server changes the table between them", () => {
    const pair = new Pair();
    const fields = session();
    const raw = pair.send(requestOf("/", fields));
    for (const size of [4096, 4096, 4096, 0, 0, 0, 4096, 4096, 100, 4096, 60, 4096]) {
      pair.hpack.peerTableSize = size;
      for (let round = 0; round < 3; round += 1) assert.deepEqual(pair.send(requestOf("/", fields.copyOnWrite())), raw);
      assert.ok(pair.decoder.tableSize.maxSize <= size);
    }
  });

  it("share a connection with another session", () => {
    const pair = new Pair();
    const [first, second] = [session(), fieldsOf("User-Agent", "other", "Accept", "*/*")];
    for (let round = 0; round < 6; round += 1) {
      assert.equal(pair.send(requestOf("/", first))[9], "requests-ts");
      assert.equal(pair.send(requestOf("/", second))[9], "other");
    }
  });
});
