import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ConnectionError } from "#internal/exceptions";
import { ErrorCode, errorCodeName, Http2Error, malformed } from "#internal/wire/http2/errors";

describe("the error codes of HTTP/2", () => {
  it("have the names and numbers of RFC 9113", () => {
    assert.deepEqual(
      Array.from({ length: 14 }, (_, code) => errorCodeName(code).split(" ")[0]),
      [
        ...["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"],
        ...["FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"],
        ...["INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"],
      ],
    );
    assert.equal(errorCodeName(ErrorCode.HTTP_1_1_REQUIRED), "HTTP_1_1_REQUIRED (0xd)");
    assert.equal(errorCodeName(0xdeadbeef), "an unknown error code (0xdeadbeef)");
  });
});

describe("an error of HTTP/2", () => {
  it("is a ConnectionError of a bad response", () => {
    const error = new Http2Error(ErrorCode.PROTOCOL_ERROR, "a rule was broken");
    assert.ok(error instanceof ConnectionError);
    assert.deepEqual(
      [error.name, error.code, error.phase, error.errorCode, error.message],
      ["ConnectionError", "ERR_BAD_RESPONSE", "wait", 1, "Connection aborted: bad response: a rule was broken"],
    );
  });

  it("of one stream carries the exception for the caller", () => {
    const { errorCode, error } = malformed("no :status");
    assert.equal(errorCode, ErrorCode.PROTOCOL_ERROR);
    assert.match(error.message, /malformed HTTP\/2 response: no :status/);
  });
});
