import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Retry } from "requests-ts";
import { DEFAULT_ALLOWED_METHODS, IDEMPOTENT_METHODS } from "#internal/http/methods";

describe("methods", () => {
  it("are idempotent by RFC 9110 §9.2.2 and by the RFCs of WebDAV", () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY", "PROPFIND", "REPORT", "SEARCH"])
      assert.ok(IDEMPOTENT_METHODS.has(method), method);
    for (const method of ["POST", "PATCH", "CONNECT", "LOCK", "MKCOL", "get", ""])
      assert.ok(!IDEMPOTENT_METHODS.has(method), method);
  });

  it("that a Retry repeats are those of urllib3, which are all idempotent", () => {
    assert.deepEqual([...(new Retry().allowedMethods ?? [])].sort(), [
      "DELETE",
      "GET",
      "HEAD",
      "OPTIONS",
      "PUT",
      "TRACE",
    ]);
    for (const method of DEFAULT_ALLOWED_METHODS) assert.ok(IDEMPOTENT_METHODS.has(method), method);
  });
});
