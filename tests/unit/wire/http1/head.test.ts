import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ConnectionError, InvalidHeader } from "#internal/exceptions";
import { parseHead, parseTrailers, quoted, shownLine, type Http1Head } from "#internal/wire/http1/head";

const MANY = 1000;

function headOf(text: string, maxHeaders: number): Http1Head {
  return parseHead(Buffer.from(text, "latin1"), 0, text.length, { method: "GET", maxHeaders });
}

function trailersOf(text: string, maxHeaders: number): string[] {
  return parseTrailers(Buffer.from(text, "latin1"), 0, text.length, maxHeaders);
}

function head(...lines: string[]): Http1Head {
  return headOf(lines.join("\r\n"), MANY);
}

describe("the status line", () => {
  const good: readonly (readonly [string, number, number, string])[] = [
    ["HTTP/1.1 200 OK", 11, 200, "OK"],
    ["HTTP/1.0 200 OK", 10, 200, "OK"],
    ["HTTP/1.1 200 ", 11, 200, ""],
    ["HTTP/1.1 200", 11, 200, ""],
    ["HTTP/1.1 404 Not  Found ", 11, 404, "Not  Found "],
    ["HTTP/1.1 100 Continue", 11, 100, "Continue"],
    ["HTTP/1.1 999 x", 11, 999, "x"],
    ["HTTP/1.1 200 caf\xe9\tau lait", 11, 200, "caf\xe9\tau lait"],
  ];
  for (const [line, version, statusCode, reason] of good)
    it(JSON.stringify(line), () => {
      const found = head(line);
      assert.deepEqual([found.version, found.statusCode, found.reason], [version, statusCode, reason]);
      assert.deepEqual(found.rawHeaders, []);
    });

  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /malformed status line ""; is this an HTTP server\?/],
    ["HTTP/1.1", /malformed status line/],
    ["HTTP/1.1 ", /malformed status line/],
    ["HTTP/1.1 99 x", /malformed status line/],
    ["HTTP/1.1 099 x", /malformed status line/],
    ["HTTP/1.1 000 x", /malformed status line/],
    ["HTTP/1.1 1000 x", /malformed status line "HTTP\/1.1 1000 x"/],
    ["HTTP/1.1 20", /malformed status line/],
    ["HTTP/1.1 2x0 OK", /malformed status line/],
    ["HTTP/1.1 -20 OK", /malformed status line/],
    ["HTTP/1.1 200\tOK", /malformed status line/],
    ["HTTP/1.1 200OK", /malformed status line/],
    ["HTTP/1.1  200 OK", /malformed status line/],
    ["HTTP/1.1\t200 OK", /malformed status line/],
    [" HTTP/1.1 200 OK", /malformed status line/],
    ["http/1.1 200 OK", /malformed status line/],
    ["HTTP/1.11 200 OK", /malformed status line/],
    ["HTTP/11 200 OK", /malformed status line/],
    ["HTTP/1.2 200 OK", /unknown protocol version .*"HTTP\/1.2 200 OK"; only HTTP\/1.x/],
    ["HTTP/0.9 200 OK", /unknown protocol version/],
    ["HTTP/2.0 200 OK", /unknown protocol version/],
    ["HTTP/2 200 OK", /malformed status line/],
    ["ICY 200 OK", /malformed status line "ICY 200 OK"; is this an HTTP server\?/],
    ["SSH-2.0-OpenSSH_9.6", /malformed status line/],
    ["<html>hello</html>", /malformed status line/],
    ["\x15\x03\x01\x00\x02\x02", /a control character in the line/],
  ];
  for (const [line, message] of bad)
    it(`refuses ${JSON.stringify(line)}`, () => {
      assert.throws(
        () => head(line),
        (error: unknown) => {
          assert.ok(error instanceof ConnectionError);
          assert.deepEqual([error.constructor, error.code, error.phase], [ConnectionError, "ERR_BAD_RESPONSE", "wait"]);
          assert.match(error.message, message);
          assert.match(error.message, /^Connection aborted: bad response: /);
          return true;
        },
      );
    });
});

describe("the fields", () => {
  const good: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["A: b"], ["A", "b"]],
    [["A:b"], ["A", "b"]],
    [["A: \t b \t "], ["A", "b"]],
    [["A:"], ["A", ""]],
    [["A:  "], ["A", ""]],
    [["A: b: c"], ["A", "b: c"]],
    [["aB-9!#$%&'*+.^_`|~: x"], ["aB-9!#$%&'*+.^_`|~", "x"]],
    [
      ["A: 1", "a: 2", "A: 3"],
      ["A", "1", "a", "2", "A", "3"],
    ],
    [["A: \x80\xe9\xff"], ["A", "\x80\xe9\xff"]],
    [["A: b\tc"], ["A", "b\tc"]],
    // RFC 9112 section 5.2
    [
      ["A: b", " c"],
      ["A", "b c"],
    ],
    [
      ["A: b  ", "\t  c ", " d"],
      ["A", "b c d"],
    ],
    [
      ["A:", " c"],
      ["A", "c"],
    ],
    [
      ["A: b", " "],
      ["A", "b"],
    ],
    [
      ["A: b", "   ", " c", "B: d"],
      ["A", "b c", "B", "d"],
    ],
  ];
  for (const [lines, raw] of good)
    it(JSON.stringify(lines), () => {
      assert.deepEqual(head("HTTP/1.1 200 OK", ...lines).rawHeaders, raw);
      assert.deepEqual(trailersOf(lines.join("\r\n"), MANY), raw);
    });

  const bad: readonly (readonly [readonly string[], RegExp])[] = [
    [[": b"], /malformed header line ": b"/],
    [["b"], /malformed header line "b"/],
    [["A b"], /malformed header line/],
    [["A : b"], /white space before the colon of header "A : b"/],
    [["A\t: b"], /white space before the colon/],
    [["A B: c"], /malformed header line/],
    [["(A): b"], /malformed header line/],
    [["\xe9: b"], /malformed header line/],
    [["A\x80: b"], /malformed header line/],
    [["A: b", "", "C: d"], /malformed header line ""/],
    [[" A: b"], /white space before the first header field/],
    [["\tA: b"], /white space before the first header field/],
    [["A: b\0c"], /a NUL byte in the line "A: b/],
    [["A: b\rc"], /a bare CR/],
    [["A: b\r"], /a bare CR/],
    [["A: b\nC: d"], /a bare LF/],
    [["\nA: b"], /a bare LF/],
    [["A: b\x01"], /a control character/],
    [["A: b\x0b"], /a control character/],
    [["A: b\x1f"], /a control character/],
    [["A: b\x7f"], /a control character/],
    [["A\x00: b"], /a NUL byte/],
    [["A: b", " c\0"], /a NUL byte/],
  ];
  for (const [lines, message] of bad)
    it(`refuses ${JSON.stringify(lines)}`, () => {
      const expected = { name: "ConnectionError", code: "ERR_BAD_RESPONSE", phase: "wait", message };
      assert.throws(() => head("HTTP/1.1 200 OK", ...lines), expected);
      assert.throws(() => trailersOf(lines.join("\r\n"), MANY), expected);
    });

  it("are accepted up to the limit, and refused above it", () => {
    const lines = ["HTTP/1.1 200 OK", "A: 1", "B: 2", " folded", "C: 3"].join("\r\n");
    assert.equal(headOf(lines, 3).rawHeaders.length, 6);
    assert.throws(() => headOf(lines, 2), {
      code: "ERR_BAD_RESPONSE",
      message: /more than 2 header fields \(maxHeaders/,
    });
  });
});

describe("the framing", () => {
  const lengths: readonly (readonly [readonly string[], number])[] = [
    [["Content-Length: 0"], 0],
    [["Content-Length: 5"], 5],
    [["content-length:5"], 5],
    [["CONTENT-LENGTH: 0005"], 5],
    [["Content-Length: 00000000000000000000000000000005"], 5],
    [["Content-Length: 5", "Content-Length: 5"], 5],
    [["Content-Length: 5, 5"], 5],
    [["Content-Length: 5,5 ,\t5", "content-length: 05"], 5],
    [["Content-Length: 9007199254740991"], 2 ** 53 - 1],
    [["Content-Length:", " 5"], 5],
  ];
  for (const [lines, length] of lengths)
    it(JSON.stringify(lines), () => {
      const found = head("HTTP/1.1 200 OK", ...lines);
      assert.deepEqual([found.contentLength, found.chunked], [length, false]);
    });

  const differing: readonly (readonly [readonly string[], RegExp])[] = [
    [["Content-Length: 5", "Content-Length: 6"], /unmatching values \(5, 6\)/],
    [["Content-Length: 5, 6"], /\(5, 6\)/],
    [["Content-Length: 5,5,7"], /\(5, 7\)/],
    [["Content-Length: 5", "Content-Length: 5, 0"], /\(5, 0\)/],
    [["Content-Length: 5,", " 6"], /\(5, 6\)/],
    [["Content-Length: 0", "Transfer-Encoding: chunked", "Content-Length: 1"], /\(0, 1\)/],
  ];
  for (const [lines, message] of differing)
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(
        () => head("HTTP/1.1 200 OK", ...lines),
        (error: unknown) => {
          assert.ok(error instanceof InvalidHeader);
          assert.deepEqual([error.code, error.phase], ["ERR_INVALID_HEADER", "wait"]);
          assert.match(error.message, /^Content-Length contained multiple unmatching values/);
          assert.match(error.message, message);
          return true;
        },
      );
    });

  const lies: readonly (readonly [readonly string[], RegExp])[] = [
    [["Content-Length: "], /Content-Length "" is not a length/],
    [["Content-Length: -5"], /"-5" is not a length/],
    [["Content-Length: +5"], /"\+5" is not a length/],
    [["Content-Length: 5.0"], /"5.0" is not a length/],
    [["Content-Length: 5 5"], /"5 5" is not a length/],
    [["Content-Length: 5", " 5"], /"5 5" is not a length/],
    [["Content-Length: 0x5"], /"0x5" is not a length/],
    [["Content-Length: 5,"], /"5," is not a length/],
    [["Content-Length: ,5"], /",5" is not a length/],
    [["Content-Length: 5;5"], /"5;5" is not a length/],
    [["Content-Length: \xb2"], /is not a length/],
    [["Content-Length: 5\xa0"], /is not a length/],
    [["Content-Length: \xa05, 5"], /is not a length/],
    [["Content-Length: 9007199254740992"], /is not a length/],
    [["Content-Length: 18446744073709551617"], /is not a length/],
    [["Content-Length: 99999999999999999999999999"], /is not a length/],
    [["Content-Length: 5", "Transfer-Encoding: chunked"], /Content-Length beside Transfer-Encoding/],
    [["Transfer-Encoding: chunked", "Content-Length: 0"], /Content-Length beside Transfer-Encoding/],
    [["transfer-encoding: identity", "Content-Length: 5"], /Content-Length beside Transfer-Encoding/],
    [["Transfer-Encoding: identity"], /unknown transfer coding "identity"; only a single "chunked"/],
    [["Transfer-Encoding: "], /unknown transfer coding ""/],
    [["Transfer-Encoding: gzip, chunked"], /unknown transfer coding "gzip, chunked"/],
    [["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], /unknown transfer coding "gzip, chunked"/],
    [["Transfer-Encoding: chunked, chunked"], /unknown transfer coding "chunked, chunked"/],
    [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], /unknown transfer coding "chunked, chunked"/],
    [["Transfer-Encoding: chunked, identity"], /unknown transfer coding/],
    [["Transfer-Encoding: chunked;q=1"], /unknown transfer coding/],
    [["Transfer-Encoding: xchunked"], /unknown transfer coding "xchunked"/],
    [["Transfer-Encoding: chunked\xa0"], /unknown transfer coding/],
    [['Transfer-Encoding: "chunked"'], /unknown transfer coding/],
  ];
  for (const [lines, message] of lies)
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(() => head("HTTP/1.1 200 OK", ...lines), {
        name: "ConnectionError",
        code: "ERR_BAD_RESPONSE",
        phase: "wait",
        message,
      });
    });

  for (const coding of ["chunked", "Chunked", "CHUNKED", "chunked  "])
    it(`accepts Transfer-Encoding: ${JSON.stringify(coding)}`, () => {
      assert.equal(head("HTTP/1.1 200 OK", `Transfer-Encoding: ${coding}`).chunked, true);
    });

  it("comes from no other field", () => {
    const found = head(
      "HTTP/1.1 200 OK",
      "Content-Lengths: 5",
      "Content-Lengtk: 6",
      "Transfer-Encodinh: gzip",
      "Connectiom: close",
    );
    assert.deepEqual([found.contentLength, found.chunked, found.keepAlive], [null, false, true]);
  });
});

describe("whether the connection is kept", () => {
  const table: readonly (readonly [string, readonly string[], boolean])[] = [
    ["HTTP/1.1", [], true],
    ["HTTP/1.1", ["Connection: close"], false],
    ["HTTP/1.1", ["connection: CLOSE"], false],
    ["HTTP/1.1", ["Connection: keep-alive"], true],
    ["HTTP/1.1", ["Connection: keep-alive, close"], false],
    ["HTTP/1.1", ["Connection: x", "Connection: close"], false],
    ["HTTP/1.1", ["Connection: closed"], true],
    ["HTTP/1.1", ["Connection: xclos"], true],
    ["HTTP/1.0", [], false],
    ["HTTP/1.0", ["Connection: keep-alive"], true],
    ["HTTP/1.0", ["Connection: Keep-Alive, x"], true],
    ["HTTP/1.0", ["Connection: close"], false],
    // RFC 9112 section 9.3: close beats keep-alive
    ["HTTP/1.0", ["Connection: keep-alive, close"], false],
    ["HTTP/1.0", ["Connection: close", "Connection: keep-alive"], false],
    // 0xA0 is part of the option
    ["HTTP/1.0", ["Connection: x,\xa0keep-alive"], false],
    ["HTTP/1.1", ["Connection: x,\xa0close"], true],
    ["HTTP/1.1", ["Connection: x,\tclose"], false],
    // RFC 9112 section 6.1: chunked coding in HTTP/1.0 is faulty
    ["HTTP/1.0", ["Connection: keep-alive", "Transfer-Encoding: chunked"], false],
  ];
  for (const [version, lines, expected] of table)
    it(`${version} ${JSON.stringify(lines)}: ${expected}`, () => {
      assert.equal(head(`${version} 200 OK`, ...lines).keepAlive, expected);
    });

  const seconds: readonly (readonly [string, number | null])[] = [
    ["timeout=5", 5],
    ["timeout=5, max=100", 5],
    ["max=100,timeout=5", 5],
    ["Timeout = 5", 5],
    ['timeout="15"', 15],
    ["max=5", null],
    ["xtimeout=5", null],
    ["timeout=", null],
    ["timeout=-1", null],
    ["", null],
  ];
  for (const [value, expected] of seconds)
    it(`Keep-Alive: ${value}`, () => {
      assert.equal(head("HTTP/1.1 200 OK", `Keep-Alive: ${value}`).keepAliveTimeout, expected);
    });
});

describe("the message for an invalid head", () => {
  function messageFor(...lines: string[]): string {
    try {
      head(...lines);
    } catch (error) {
      return (error as Error).message;
    }
    return assert.fail("no error");
  }

  const ok = "HTTP/1.1 200 OK";
  const shows: readonly (readonly [readonly string[], RegExp])[] = [
    [[ok, "A: b\x01c", "B: d"], /a control character in the line "A: b\\u0001c"$/],
    [[ok, "A: b\0c", "B: d"], /a NUL byte in the line "A: b\\u0000c"$/],
    [[ok, "A: b\nB: d"], /a bare LF in the line "A: b"$/],
    [[ok, "A: b\rB: d"], /a bare CR in the line "A: b"$/],
    [["HTTP/1.1 200 O\x01K", "B: d"], /a control character in the line "HTTP\/1.1 200 O\\u0001K"$/],
    [["HTTP/1.1 401 Unauthorized\x01", "B: d"], /in the line "HTTP\/1.1 401 Unauthorized\\u0001"$/],
    [[ok, `A: ${"b".repeat(200)}\x01`, "B: d"], /in the line "A: b{77}…"$/],
    [[ok, "A b", "B: d"], /malformed header line "A b"$/],
    [["garbage", "B: d"], /malformed status line "garbage"; /],
  ];
  for (const [lines, message] of shows)
    it(`shows the invalid line of ${JSON.stringify(lines).slice(0, 60)}`, () => {
      assert.match(messageFor(...lines), message);
    });

  const secret = "s3cret-value";
  const hides: readonly (readonly string[])[] = [
    [ok, "A: b\x01", `Set-Cookie: sid=${secret}`],
    [ok, `Set-Cookie: sid=${secret}\x01`],
    [ok, `set-cookie: sid=${secret}; Path=/\0; HttpOnly`],
    [ok, `Set-Cookie : sid=${secret}`],
    [ok, `Set-Cookie sid=${secret}`],
    [ok, `Set-Coo\0kie: sid=${secret}`],
    [ok, `Set-Cookie: a=b;`, `  sid=${secret}\x01`],
    [ok, `Set-Cookie: sid=${secret}\nA: b`],
    [ok, `Set-Cookie: sid=${secret}\rA: b`],
    [ok, `A: b\nSet-Cookie: sid=${secret}`],
    [ok, `A: b\rSet-Cookie: sid=${secret}`],
    [ok, `Authorization: Bearer ${secret}\x01`],
    [ok, `Proxy-Authorization: Basic ${secret}\x01`],
    [ok, `Authentication-Info: nextnonce="${secret}"\x01`],
    [ok, `X-Api-Key: ${secret}\x01`],
    [ok, `X-Auth-Token : ${secret}`],
    [ok, `X-Session-Id: ${secret}\x7f`],
    [ok, `X-CSRF-Token: ${secret}\x7f`],
    [`Set-Cookie: sid=${secret}`],
    [`Set-Cookie: sid=${secret}\x01`, "A: b"],
  ];
  for (const lines of hides)
    it(`hides the credentials of ${JSON.stringify(lines).slice(0, 80)}`, () => {
      assert.doesNotMatch(messageFor(...lines), /s3cret/);
    });

  it("names the field whose value is hidden", () => {
    assert.match(
      messageFor(ok, `Set-Cookie: sid=${secret}\x01`),
      /a control character in the line "Set-Cookie: \*\*\*"$/,
    );
  });
});

describe("text quoted in a message", () => {
  it("is short and has no control characters", () => {
    assert.equal(quoted("a\0\x1b[31m\n"), String.raw`"a\u0000\u001b[31m\n"`);
    assert.equal(quoted("x".repeat(81)), `"${"x".repeat(80)}…"`);
    assert.equal(quoted("x".repeat(80)), `"${"x".repeat(80)}"`);
  });
});

describe("a malformed head whose fields hold URLs", () => {
  for (const name of ["Location", "Content-Location", "Refresh", "Link", "Referer"])
    it(`does not show the value of ${name}`, () => {
      const text = `HTTP/1.1 302 x\r\n${name} : https://joe:s3cret@h/?token=s3cret\r\nA: b\rc`;
      const bytes = Buffer.from(text, "latin1");
      for (const end of [text.indexOf("\r\nA:"), text.length])
        assert.throws(
          () => parseHead(bytes, 0, end, { method: "GET", maxHeaders: 100 }),
          (error: Error) => !error.message.includes("s3cret"),
        );
      assert.doesNotMatch(shownLine(`HTTP/1.1 302 x\r\n${name}: https://joe:s3cret@h/`, 20), /s3cret/);
    });
});
