/** What every exception has in common. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { ConnectionError, HTTPError, JSONDecodeError, RequestException } from "#internal/exceptions";
import { PreparedRequest } from "#internal/message/prepared";
import { Response } from "#internal/message/response";

describe("the message of an exception", () => {
  const table: readonly (readonly [given: string, shown: string])[] = [
    ["Not Found: é ü", "Not Found: é ü"],
    ["a\tb\nc", "a\tb\nc"],
    ["\x1b[2J", "\\x1b[2J"],
    ["\x9b2J\x85", "\\x9b2J\\x85"],
    ["\0\r\x7f", "\\x00\\x0d\\x7f"],
    ["\u2028\u202e\u2066", "\\u2028\\u202e\\u2066"],
  ];
  for (const [given, shown] of table)
    it(`shows ${JSON.stringify(given)} as ${shown}`, () => {
      for (const error of [new RequestException(given), new ConnectionError(given)]) {
        assert.equal(error.message, shown);
        assert.ok(error.stack?.includes(shown));
      }
      assert.ok(new JSONDecodeError(given, "x", 0).message.startsWith(shown));
    });

  it("of HTTPError escapes the server's reason phrase and masks the URL", () => {
    const response = new Response({
      statusCode: 404,
      reason: "Not\x9b[31m Found\x07",
      url: "https://token@h/?api_key=x&q=1#access_token=y",
    });
    assert.throws(() => response.raiseForStatus(), {
      name: "HTTPError",
      message: "404 Client Error: Not\\x9b[31m Found\\x07 for url: https://***@h/?api_key=***&q=1#access_token=***",
    });
    assert.equal(response.reason, "Not\x9b[31m Found\x07", "the attribute is as it came");
  });
});

describe("the properties of an exception", () => {
  it("can be read, and are neither printed nor serialized", () => {
    const request = new PreparedRequest();
    const response = new Response({ request });
    const error = new HTTPError("no", { response, phase: "wait", address: "h:80", attempt: 2 });
    assert.equal(error.request, request);
    assert.equal(error.response, response);
    assert.deepEqual(Object.keys(error), ["code"]);
    assert.equal(JSON.stringify(error), '{"code":"ERR_HTTP_STATUS"}');
    assert.doesNotMatch(inspect(error), /PreparedRequest|attempt|h:80/);
  });
});
