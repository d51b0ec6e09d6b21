import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ChunkedEncodingError, ConnectionError, InvalidHeader } from "#internal/exceptions";
import { ResponseParser } from "#internal/wire/http1/response-parser";
import { parse, type ParseOptions, type Parsed } from "../../../_support/raw-server.js";

type Case = readonly [name: string, text: string, events: readonly string[], options?: ParseOptions];

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
const TWO_HUNDRED = "HTTP/1.1 200 OK\r\n";
const PLAIN = 'head 11 200 "OK" []';
const CHUNKED = 'head 11 200 "OK" ["Transfer-Encoding","chunked"] chunked, stays';
const CHUNKED_HEAD = `${TWO_HUNDRED}Transfer-Encoding: chunked\r\n\r\n`;

const GOOD: readonly Case[] = [
  ["a length", `${TWO_HUNDRED}Content-Length: 5\r\n\r\nhello`, ['head 11 200 "OK" ["Content-Length","5"] length 5, stays', "data hello", "end []"]],
  ["no bytes", `${TWO_HUNDRED}Content-Length: 0\r\n\r\n`, ['head 11 200 "OK" ["Content-Length","0"] length 0, stays', "end []"]],
  ["equal lengths", `${TWO_HUNDRED}Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nab`, ['head 11 200 "OK" ["Content-Length","2","Content-Length","2, 2"] length 2, stays', "data ab", "end []"]],
  ["until the end", `${TWO_HUNDRED}\r\nhello\r\n\r\n`, [`${PLAIN} no length, stays`, "data hello\r\n\r\n", "end []"], { closes: true }],
  ["until the end, nothing", `${TWO_HUNDRED}\r\n`, [`${PLAIN} no length, stays`, "end []"], { closes: true }],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nx", ['head 10 200 "OK" [] no length, closes', "data x", "end []"], { closes: true }],
  ["no reason", "HTTP/1.1 204\r\n\r\n", ['head 11 204 "" [] no length, stays', "end []"]],
  ["204 with a length", "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n", ['head 11 204 "x" ["Content-Length","5"] length 5, stays', "end []"]],
  ["204 that is chunked", "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n", ['head 11 204 "x" ["Transfer-Encoding","chunked"] chunked, stays', "end []"]],
  ["304 with a length", "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", ['head 11 304 "x" ["Content-Length","5"] length 5, stays', "end []"]],
  ["HEAD with a length", `${TWO_HUNDRED}Content-Length: 5\r\n\r\n`, ['head 11 200 "OK" ["Content-Length","5"] length 5, stays', "end []"], { method: "HEAD" }],
  ["HEAD that is chunked", CHUNKED_HEAD, [CHUNKED, "end []"], { method: "HEAD" }],
  ["HEAD without anything", `${TWO_HUNDRED}\r\n`, [`${PLAIN} no length, stays`, "end []"], { method: "HEAD" }],
  ["a 2xx answer to CONNECT", `${TWO_HUNDRED}\r\n`, [`${PLAIN} no length, closes`, "end []"], { method: "CONNECT" }],
  ["a 2xx answer to CONNECT with a length", `HTTP/1.1 299 x\r\nContent-Length: 5\r\n\r\n`, ['head 11 299 "x" ["Content-Length","5"] no length, closes', "end []"], { method: "CONNECT" }],
  ["a refusal of CONNECT", `HTTP/1.1 403 x\r\nContent-Length: 2\r\n\r\nno`, ['head 11 403 "x" ["Content-Length","2"] length 2, stays', "data no", "end []"], { method: "CONNECT" }],
  ["blanks after a chunk size", `${CHUNKED_HEAD}5 \r\nhello\r\n1 \t ;a=b\r\n!\r\n0\t\r\n\r\n`, [CHUNKED, "data hello!", "end []"]],
  ["a chunk size that is padded", `${CHUNKED_HEAD}2      \r\nok\r\n0       \r\n\r\n`, [CHUNKED, "data ok", "end []"]],
  ["chunks", `${CHUNKED_HEAD}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`, [CHUNKED, "data hello!", "end []"]],
  ["no chunk", `${CHUNKED_HEAD}0\r\n\r\n`, [CHUNKED, "end []"]],
  ["hexadecimal chunks", `${CHUNKED_HEAD}A\r\n0123456789\r\n0a\r\n0123456789\r\n000\r\n\r\n`, [CHUNKED, "data 01234567890123456789", "end []"]],
  ["chunk lengths with many zeros", `${CHUNKED_HEAD}${"0".repeat(40)}2\r\nok\r\n${"0".repeat(40)}\r\n\r\n`, [CHUNKED, "data ok", "end []"]],
  ["chunk extensions", `${CHUNKED_HEAD}1;a=b;c="d\te"\r\nx\r\n1;\r\ny\r\n0;\xff\r\n\r\n`, [CHUNKED, "data xy", "end []"]],
  ["a chunk of CRLFs", `${CHUNKED_HEAD}4\r\n\r\n\r\n\r\n0\r\n\r\n`, [CHUNKED, "data \r\n\r\n", "end []"]],
  ["trailers", `${CHUNKED_HEAD}1\r\nx\r\n0\r\nA: b\r\nContent-Length: 9\r\nC: d\r\n e\r\n\r\n`, [CHUNKED, "data x", 'end ["A","b","Content-Length","9","C","d e"]']],
  ["100 before", `HTTP/1.1 100 Continue\r\n\r\n${TWO_HUNDRED}Content-Length: 1\r\n\r\nx`, ['informational 11 100 "Continue" [] no length, stays', 'head 11 200 "OK" ["Content-Length","1"] length 1, stays', "data x", "end []"]],
  ["100, 103, 103", `HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204\r\n\r\n`, ['informational 11 100 "" [] no length, stays', 'informational 11 103 "Hints" ["Link","<a>"] no length, stays', 'informational 11 103 "Hints" ["Content-Length","9"] length 9, stays', 'head 11 204 "" [] no length, stays', "end []"]],
  ["empty lines before", `\r\n\n\r\n${TWO_HUNDRED}Content-Length: 1\r\n\r\nx`, ['head 11 200 "OK" ["Content-Length","1"] length 1, stays', "data x", "end []"]],
  ["a folded field", `${TWO_HUNDRED}A: b\r\n  c\r\nContent-Length: 1\r\n\r\nx`, ['head 11 200 "OK" ["A","b c","Content-Length","1"] length 1, stays', "data x", "end []"]],
  ["999", "HTTP/1.1 999 x\r\nContent-Length: 1\r\n\r\nx", ['head 11 999 "x" ["Content-Length","1"] length 1, stays', "data x", "end []"]],
]; // prettier-ignore

/** The same bytes: whole, in every split in two, byte by byte, and with empty pieces between. */
function everySplit(bytes: Buffer): Buffer[][] {
  const splits: Buffer[][] = [[bytes], Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))];
  for (let at = 1; at < bytes.length; at += 1)
    splits.push([bytes.subarray(0, at), Buffer.alloc(0), bytes.subarray(at)]);
  return splits;
}

describe("valid responses, however they are split", () => {
  for (const [name, text, events, options] of GOOD)
    it(name, () => {
      for (const pieces of everySplit(bytesOf(text)))
        assert.deepEqual(parse(pieces, options), { events, leftover: 0, error: null });
    });
});

describe("returns the bytes after the end of a response", () => {
  for (const [name, text, events, options] of GOOD.filter(([, , , given]) => given?.closes !== true))
    it(name, () => {
      for (const extra of ["H", "HTTP/1.1 200 OK\r\n\r\n", "\r\n"])
        for (const pieces of everySplit(bytesOf(text + extra)))
          assert.deepEqual(parse(pieces, options), { events, leftover: extra.length, error: null });
    });
});

/** Each of them is refused in a response that has a body. */
const BAD_FRAMINGS: readonly (readonly string[])[] = [
  ["Content-Length: 5", "Transfer-Encoding: chunked"],
  ["Transfer-Encoding: chunked", "Content-Length: 0"],
  ["Content-Length: 5", "Content-Length: 6"],
  ["Content-Length: 5, 6"],
  ["Content-Length:"],
  ["Content-Length: -1"],
  ["Content-Length: five"],
  ["Content-Length: 99999999999999999999"],
  ["Transfer-Encoding: identity"],
  ["Transfer-Encoding:"],
  ["Transfer-Encoding: gzip, chunked"],
  ["Transfer-Encoding: chunked, chunked"],
];
const BODILESS: readonly (readonly [method: string, status: number])[] = [
  ["HEAD", 200],
  ["HEAD", 404],
  ["GET", 204],
  ["POST", 304],
  ["CONNECT", 200],
  ["CONNECT", 204],
];

describe("ignores framing fields of a response without a body, and closes the connection after invalid ones", () => {
  for (const lines of BAD_FRAMINGS)
    it(JSON.stringify(lines), () => {
      const fields = lines.map((line) => `${line}\r\n`).join("");
      for (const [method, status] of BODILESS)
        for (const pieces of everySplit(bytesOf(`HTTP/1.1 ${status} x\r\n${fields}\r\n`))) {
          const { events, leftover, error } = parse(pieces, { method });
          assert.equal(error, null, `${method} ${status}`);
          assert.equal(leftover, 0);
          assert.match(events.join(" "), /^head .* no length, closes end \[\]$/);
        }
      const [, informational, head] = parse([bytesOf(`HTTP/1.1 103 x\r\n${fields}\r\n${TWO_HUNDRED}Content-Length: 1\r\n\r\nx`)]).events; // prettier-ignore
      assert.deepEqual([informational, head], ['head 11 200 "OK" ["Content-Length","1"] length 1, stays', "data x"]);
      assert.notEqual(parse([bytesOf(`${TWO_HUNDRED}${fields}\r\n`)]).error, null);
      assert.notEqual(parse([bytesOf(`HTTP/1.1 403 x\r\n${fields}\r\n`)], { method: "CONNECT" }).error, null);
    });
});

type Hostile = readonly [name: string, text: string, message: RegExp, options?: ParseOptions];
const SMALL = { maxHeaderSize: 60, maxHeaders: 3, maxInformational: 2 };
const INFORMATIONAL = "HTTP/1.1 102 x\r\n\r\n";

const BAD_HEADS: readonly Hostile[] = [
  ["garbage", "\x00\x01\x02garbage\r\n\r\n", /a NUL byte|malformed status line/],
  ["garbage without an end", "garbage", /malformed status line "g(arbage)?"; is this an HTTP server\?/],
  ["HTML", "<html></html>\r\n\r\n", /malformed status line/],
  ["TLS", "\x15\x03\x03\x00\x02\x02\x28", /a TLS alert; does the URL need https/],
  ["HTTP/0.9", "HTTP/0.9 200 OK\r\n\r\n", /unknown protocol version/],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", /unknown protocol version/],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", /unknown protocol version/],
  ["99", "HTTP/1.1 99 x\r\n\r\n", /malformed status line/],
  ["1000", "HTTP/1.1 1000 x\r\n\r\n", /malformed status line/],
  ["bare CR", `${TWO_HUNDRED}A: b\rc\r\n\r\n`, /a bare CR/],
  ["bare LF", `${TWO_HUNDRED}A: b\nC: d\r\n\r\n`, /a bare LF/],
  ["lines that end in LF", "HTTP/1.1 200 OK\nA: b\n\nbody", /a bare LF/],
  ["one line that ends in LF", "HTTP/1.1 200 OK\n\r\n", /a bare LF/],
  ["a field that ends in LF", `${TWO_HUNDRED}A: b\n\r\n`, /a bare LF/],
  ["an empty line that is LF", `${TWO_HUNDRED}A: b\r\n\n`, /a bare LF/],
  ["no field, and an empty line that is LF", `${TWO_HUNDRED}\n`, /a bare LF/],
  ["NUL", `${TWO_HUNDRED}A: \0\r\n\r\n`, /a NUL byte/],
  ["a bad second head", `HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\nA : b\r\n\r\n`, /white space before the colon/],
  ["garbage after a 1xx", "HTTP/1.1 100 x\r\n\r\nXTTP/1.1 200 OK\r\n\r\n", /malformed status line/],
  ["a 101 that was not requested", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", /101 Switching Protocols, which was not asked for/],
  ["too many 1xx", INFORMATIONAL.repeat(3), /more than 2 informational responses \(maxInformational/, { limits: SMALL }],
  ["too large a head", `${TWO_HUNDRED}A: ${"b".repeat(60)}\r\n\r\n`, /the head is larger than 60 bytes \(maxHeaderSize/, { limits: SMALL }],
  ["too large a head without an end", `HTTP/1.1 200 ${"x".repeat(60)}`, /the head is larger than 60 bytes/, { limits: SMALL }],
  ["too many fields", `${TWO_HUNDRED}${"A: b\r\n".repeat(4)}\r\n`, /more than 3 header fields/, { limits: SMALL }],
  ["length beside chunked", `${TWO_HUNDRED}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, /Content-Length beside/],
  ["unknown coding", `${TWO_HUNDRED}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, /unknown transfer coding/],
]; // prettier-ignore

function verdict(parsed: Parsed): (string | undefined)[] {
  return [parsed.error?.constructor.name, parsed.error?.code, parsed.error?.phase, ...parsed.events];
}

describe("hostile heads", () => {
  for (const [name, text, message, options] of BAD_HEADS)
    it(name, () => {
      const whole = parse([bytesOf(text)], options);
      assert.equal(whole.error?.constructor, ConnectionError);
      assert.equal(whole.error.code, "ERR_BAD_RESPONSE");
      assert.equal(whole.error.phase, "wait");
      assert.match(whole.error.message, message);
      assert.equal(
        whole.events.some((event) => event.startsWith("head")),
        false,
      );
      for (const pieces of everySplit(bytesOf(text))) assert.deepEqual(verdict(parse(pieces, options)), verdict(whole));
    });

  it("throw InvalidHeader for different lengths", () => {
    const text = `${TWO_HUNDRED}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`;
    for (const pieces of everySplit(bytesOf(text))) {
      const { error, events } = parse(pieces);
      assert.equal(error?.constructor, InvalidHeader);
      assert.equal(error.code, "ERR_INVALID_HEADER");
      assert.deepEqual(events, []);
    }
  });

  it("are accepted at exactly the limit", () => {
    const text = `${TWO_HUNDRED}A: ${"b".repeat(60 - TWO_HUNDRED.length - 3)}\r\n\r\n`;
    for (const pieces of everySplit(bytesOf(text))) {
      const { error, events } = parse(pieces, { limits: SMALL, method: "HEAD" });
      assert.equal(error, null);
      assert.equal(events.length, 2);
    }
  });

  it("are counted together with 1xx responses", () => {
    const { error, events } = parse([bytesOf(`${INFORMATIONAL.repeat(2)}HTTP/1.1 204 x\r\n\r\n`)], { limits: SMALL });
    assert.equal(error, null);
    assert.equal(events.length, 4);
  });
});

const BAD_CHUNKS: readonly Hostile[] = [
  ["no digits", "\r\nx\r\n", /invalid chunk length, beginning with byte 0x0d/],
  ["not hexadecimal", "g\r\n", /invalid chunk length, beginning with byte 0x67/],
  ["negative", "-1\r\n", /beginning with byte 0x2d/],
  ["a sign", "+1\r\nx\r\n", /beginning with byte 0x2b/],
  ["0x", "0x1\r\nx\r\n", /invalid byte 0x78 after a chunk length/],
  ["white space before", " 1\r\nx\r\n", /beginning with byte 0x20/],
  ["a tab before", "\t1\r\nx\r\n", /beginning with byte 0x09/],
  ["white space alone", " \r\nx\r\n", /beginning with byte 0x20/],
  ["white space between digits", "1 0\r\nx\r\n", /invalid byte 0x30 after a chunk length/],
  ["a letter after white space", "1 x\r\nx\r\n", /invalid byte 0x78 after a chunk length/],
  ["a bare LF after white space", "1 \nx\r\n", /invalid byte 0x0a after a chunk length/],
  ["a bare CR after white space", "1 \rx\r\n", /a chunk-size line that does not end in CRLF/],
  ["NUL after white space", "1 \0\r\nx\r\n", /invalid byte 0x00/],
  ["other white space", "1\x0b\r\nx\r\n", /invalid byte 0x0b/],
  ["white space beyond the limit", `1${" ".repeat(20_000)}\r\nx\r\n`, /a chunk-size line longer than 16384 bytes/],
  ["a bare LF", "1\nx\r\n", /invalid byte 0x0a after a chunk length/],
  ["a bare CR", "1\rx\r\n", /a chunk-size line that does not end in CRLF/],
  ["NUL in the length", "1\0\r\nx\r\n", /invalid byte 0x00/],
  ["a bare LF in an extension", "1;a\nx\r\n", /a control character in a chunk extension/],
  ["a bare CR in an extension", "1;a\rb\r\nx\r\n", /does not end in CRLF/],
  ["NUL in an extension", "1;\0\r\nx\r\n", /a control character in a chunk extension/],
  ["longer than its length", "1\r\nxy\r\n0\r\n\r\n", /a chunk that is longer than its length \(1 bytes read\)/],
  ["LF after a chunk", "1\r\nx\n0\r\n\r\n", /a chunk that is longer than its length/],
  ["CR alone after a chunk", "1\r\nx\r0\r\n\r\n", /a chunk that does not end in CRLF/],
  ["2^53", "20000000000000\r\n", /the size of a chunk is beyond 2\^52 bytes/],
  ["2^64 + 1", "10000000000000001\r\n", /beyond 2\^52/],
  ["many digits", "f".repeat(1000), /beyond 2\^52/],
  ["endless zeros", "0".repeat(20_000), /a chunk-size line longer than 16384 bytes \(maxChunkLineSize/],
  ["a long extension", `1;${"a".repeat(20_000)}\r\nx\r\n`, /a chunk-size line longer than 16384 bytes/],
  ["trailers without a colon", "0\r\nabc\r\n\r\n", /malformed trailers/],
  ["white space before the colon of a trailer", "0\r\nA : b\r\n\r\n", /malformed trailers/],
  ["a folded first trailer", "0\r\n A: b\r\n\r\n", /malformed trailers/],
  ["NUL in trailers", "0\r\nA: \0\r\n\r\n", /malformed trailers/],
  ["an empty line after the last chunk that is LF", "0\r\n\n", /do not end in CRLF/],
  ["an empty line after the last chunk that is CR", "0\r\n\rx", /do not end in CRLF/],
  ["trailers that end in LF", "0\r\nX: y\n\n", /do not end in CRLF/],
  ["a trailer that ends in LF", "0\r\nX: y\n\r\n", /do not end in CRLF/],
  ["an empty line after the trailers that is LF", "0\r\nX: y\r\n\n", /do not end in CRLF/],
  ["a bare LF in trailers", "0\r\nA: b\nC: d\r\n\r\n", /malformed trailers/],
  ["too many trailers", `0\r\n${"A: b\r\n".repeat(4)}\r\n`, /malformed trailers/, { limits: SMALL }],
  ["too large trailers", `0\r\nA: ${"b".repeat(80)}\r\n\r\n`, /trailers larger than 60 bytes/, { limits: SMALL }],
  ["too large trailers without an end", `0\r\nA: ${"b".repeat(80)}`, /trailers larger than 60 bytes/, { limits: SMALL }],
]; // prettier-ignore

describe("hostile chunks [hostile-chunks]", () => {
  for (const [name, text, message, options] of BAD_CHUNKS)
    it(name, () => {
      const bytes = bytesOf(CHUNKED_HEAD + text);
      const splits = bytes.length > 2000 ? [[bytes]] : everySplit(bytes);
      for (const pieces of splits) {
        const { error, events } = parse(pieces, options);
        assert.equal(error?.constructor, ChunkedEncodingError);
        assert.equal(error.code, "ERR_CHUNKED_ENCODING");
        assert.equal(error.phase, "receive");
        assert.match(error.message, message);
        assert.match(error.message, /^Connection broken: /);
        assert.equal(
          events.some((event) => event.startsWith("end")),
          false,
        );
      }
    });

  for (const [size, text] of [
    [2 ** 31 - 1, "7fffffff"],
    [2 ** 31, "80000000"],
    [2 ** 32 + 1, "100000001"],
    [2 ** 52 - 1, "fffffffffffff"],
    [2 ** 52 - 1, "000fffffffffffff"],
  ] as const)
    it(`a chunk of ${size} bytes ends after that many bytes`, () => {
      const { error, events } = parse([bytesOf(`${CHUNKED_HEAD}${text}\r\n`), bytesOf("abc\r\n0\r\n\r\n")], {
        closes: true,
      });
      assert.deepEqual(events, [CHUNKED, "data abc\r\n0\r\n\r\n"]);
      assert.equal(error?.code, "ERR_CHUNKED_ENCODING");
    });

  it("yield the content before an invalid chunk [content-before-bad-chunk]", () => {
    const { events } = parse([bytesOf(`${CHUNKED_HEAD}5\r\nhello\r\nz`)]);
    assert.deepEqual(events, [CHUNKED, "data hello"]);
  });
});

describe("a response truncated at any byte", () => {
  for (const [name, text, , options] of GOOD.filter(([, , , given]) => given?.closes !== true))
    it(name, () => {
      const bytes = bytesOf(text);
      for (let at = 0; at < bytes.length; at += 1) {
        const { error, events } = parse([bytes.subarray(0, at)], { ...options, closes: true });
        const begun = events.some((event) => event.startsWith("head "));
        assert.ok(error !== null, `cut at ${at}`);
        if (begun) {
          assert.equal(error.constructor, ChunkedEncodingError);
          assert.equal(error.phase, "receive");
          assert.match(
            error.message,
            /^Connection broken: incomplete read \(\d+ bytes read, (\d+ more expected|the last chunk did not come|the empty line after the last chunk did not come|the trailers are cut off)\)$/,
          );
          continue;
        }
        assert.equal(error.constructor, ConnectionError);
        assert.equal(error.phase, "wait");
        const nothing = /^(HTTP.*\r\n\r\n)*[\r\n]*$/s.test(text.slice(0, at));
        assert.equal(error.code, nothing ? "ERR_CONNECTION_CLOSED" : "ERR_BAD_RESPONSE", `cut at ${at}`);
        assert.match(
          error.message,
          nothing
            ? /^Connection aborted: remote end closed connection without response$/
            : /the connection was closed in the middle of the response head/,
        );
      }
    });

  for (const [text, missing] of [
    ["", "the last chunk did not come"],
    ["2\r\nok\r\n", "the last chunk did not come"],
    ["2\r\nok\r\n0\r\n", "the empty line after the last chunk did not come"],
    ["2\r\nok\r\n0\r\n\r", "the empty line after the last chunk did not come"],
    ["2\r\nok\r\n0\r\nA", "the trailers are cut off"],
    ["2\r\nok\r\n0\r\nA: b\r\n", "the trailers are cut off"],
    ["2\r\nok\r\n0\r\nA: b\r\n\r", "the trailers are cut off"],
  ] as const)
    it(`names what is missing: ${JSON.stringify(text)}`, () => {
      for (const pieces of everySplit(bytesOf(CHUNKED_HEAD + text)))
        assert.match(parse(pieces, { closes: true }).error!.message, new RegExp(`bytes read, ${missing}\\)$`));
    });

  it("counts the missing bytes", () => {
    const { error } = parse([bytesOf(`${TWO_HUNDRED}Content-Length: 10\r\n\r\nabc`)], { closes: true });
    assert.equal(error?.message, "Connection broken: incomplete read (3 bytes read, 7 more expected)");
  });
});

describe("the state of a parser", () => {
  it("is reported at each step, for one response after the other", () => {
    const parser = new ResponseParser({
      onInformational: () => undefined,
      onHead: () => undefined,
      onData: () => undefined,
      onEnd: () => undefined,
    });
    const states: (readonly [boolean, boolean, boolean, number | null])[] = [];
    const note = (): void => void states.push([parser.idle, parser.begun, parser.untilClose, parser.remaining]);
    const feed = (text: string): void => {
      parser.execute(bytesOf(text), 0, text.length);
      note();
    };
    note();
    parser.start("GET");
    note();
    feed("\r\n");
    feed("HTTP/1.1 100 Continue\r\n\r\n");
    feed("HTTP/1.1 2");
    feed("00 OK\r\nContent-Length: 5\r\n\r\nhe");
    feed("llo");
    parser.start("GET");
    note();
    feed("HTTP/1.1 200 OK\r\n\r\n");
    parser.finish();
    note();
    assert.deepEqual(states, [
      [true, true, false, null],
      [false, false, false, null],
      [false, false, false, null],
      [false, true, false, null],
      [false, true, false, null],
      [false, true, false, 3],
      [true, true, false, null],
      [false, false, false, null],
      [false, true, true, null],
      [true, true, false, null],
    ]);
  });

  it("accepts no bytes while idle", () => {
    const { leftover, events } = parse([bytesOf("HTTP/1.1 204 x\r\n\r\n"), bytesOf("HTTP/1.1 200 OK\r\n\r\n")]);
    assert.equal(leftover, 19);
    assert.equal(events.length, 2);
  });
});
