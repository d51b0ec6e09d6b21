import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { InvalidHeader, InvalidURL, RequestException } from "#internal/exceptions";
import { serializeHead } from "#internal/wire/http1/request-head";

describe("serializeHead", () => {
  const good: readonly (readonly [readonly [string, string, readonly string[]], string])[] = [
    [["GET", "/", []], "GET / HTTP/1.1\r\n\r\n"],
    [["GET", "/a?b=%20c", ["Host", "h"]], "GET /a?b=%20c HTTP/1.1\r\nHost: h\r\n\r\n"],
    [["OPTIONS", "*", ["Host", "h"]], "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"],
    [["GET", "http://h:1/x", ["host", "h:1"]], "GET http://h:1/x HTTP/1.1\r\nhost: h:1\r\n\r\n"],
    [["M-SEARCH", "/", ["X", "1", "x", "2"]], "M-SEARCH / HTTP/1.1\r\nX: 1\r\nx: 2\r\n\r\n"],
    [["GET", "/", ["A", ""]], "GET / HTTP/1.1\r\nA: \r\n\r\n"],
    [["GET", "/", ["A", "\x80\xff\tb c~"]], "GET / HTTP/1.1\r\nA: \x80\xff\tb c~\r\n\r\n"],
    [["!#$%&'*+-.^_`|~09azAZ", "/", []], "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n\r\n"],
  ];
  for (const [input, expected] of good)
    it(JSON.stringify(input), () => {
      assert.equal(serializeHead(...input), expected);
    });

  const methods = [
    "",
    " ",
    "G ET",
    "GET ",
    "GET\r",
    "GET\n",
    "GET\0",
    "GET /x HTTP/1.1\r\nA: b\r\n\r\nGET",
    "GÉT",
    "G(T",
    "GET\u0130",
    "G\tT",
  ];
  for (const method of methods)
    it(`refuses the method ${JSON.stringify(method)}`, () => {
      assert.throws(
        () => serializeHead(method, "/", []),
        (error: unknown) => {
          assert.ok(error instanceof RequestException);
          assert.deepEqual([error.constructor, error.code], [RequestException, "ERR_INVALID_METHOD"]);
          assert.match(error.message, /^Invalid method ".*": a method is a token/);
          return true;
        },
      );
    });

  const targets = [
    "",
    " ",
    "/a b",
    "/a\r\nX: y",
    "/a\n",
    "/a\r",
    "/\0",
    "/\t",
    "/\x7f",
    "/\x1f",
    "/é",
    "/\u2028",
    "/\ud83d\ude00",
  ];
  for (const target of targets)
    it(`refuses the target ${JSON.stringify(target)}`, () => {
      assert.throws(
        () => serializeHead("GET", target, []),
        (error: unknown) => {
          assert.ok(error instanceof InvalidURL);
          assert.equal(error.code, "ERR_INVALID_URL");
          assert.match(
            error.message,
            /Invalid request target ".*": white space and control characters must be percent-encoded/s,
          );
          return true;
        },
      );
    });

  const names = ["", " A", "A ", "A:", "A b", "A\r\nB", "A\n", "A\0", "é", "A\x7f", "(A)", "A\u212a"];
  for (const name of names)
    it(`refuses the name ${JSON.stringify(name)}`, () => {
      assert.throws(() => serializeHead("GET", "/", ["Ok", "1", name, "v"]), {
        name: "InvalidHeader",
        code: "ERR_INVALID_HEADER",
        message: /reserved character\(s\), or return character\(s\) in header name/,
      });
    });

  const values: readonly (readonly [string, RegExp])[] = [
    ["a\r\nB: c", /U\+000D/],
    ["a\n", /U\+000A/],
    ["a\r", /U\+000D/],
    ["\0", /U\+0000/],
    ["a\x0b", /U\+000B/],
    ["a\x7f", /U\+007F/],
    ["\u0100", /U\+0100\) that is not Latin-1: encode it/],
    ["€", /U\+20AC\) that is not Latin-1/],
    ["a\u2028", /U\+2028/],
    // U+010A would become LF, were its upper byte cut off.
    ["a\u010aB: c", /U\+010A/],
  ];
  for (const [value, message] of values)
    it(`refuses the value ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => serializeHead("GET", "/", ["A", value]),
        (error: unknown) => {
          assert.ok(error instanceof InvalidHeader);
          assert.match(error.message, message);
          assert.match(error.message, /"A"/);
          return true;
        },
      );
    });

  it("has no secret in its messages", () => {
    assert.throws(
      () => serializeHead("GET", "/", ["Authorization", "Bearer hunter2\r\n"]),
      (error: Error) => !error.message.includes("hunter2"),
    );
  });
});
