import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { FieldSection } from "#internal/wire/http2/hpack-decoder";
import { isFault, ResponseFields, type Http2Head } from "#internal/wire/http2/response-fields";

const section = (...raw: string[]): FieldSection => ({ raw, fault: null });

function head(fields: ResponseFields, from: FieldSection, method = "GET"): Http2Head {
  const result = fields.head(from, method);
  assert.ok(!isFault(result), isFault(result) ? result.error.message : "");
  return result;
}

describe("the head of an HTTP/2 response", () => {
  it("has what HTTP/1.1 gives, and the standard phrase for a reason", () => {
    assert.deepEqual(head(new ResponseFields(), section(":status", "404", "server", "x", "content-length", "12")), {
      version: 20,
      statusCode: 404,
      reason: "Not Found",
      rawHeaders: ["server", "x", "content-length", "12"],
      hasBody: true,
      contentLength: 12,
      isDelimited: true,
    });
  });

  it("has no reason for a status without a phrase", () => {
    assert.equal(head(new ResponseFields(), section(":status", "799")).reason, "");
    assert.equal(head(new ResponseFields(), section(":status", "999")).statusCode, 999);
  });

  for (const [method, status, hasBody] of [
    ["GET", "200", true],
    ["HEAD", "200", false],
    ["GET", "204", false],
    ["GET", "304", false],
    ["GET", "100", false],
    ["POST", "500", true],
  ] as const)
    it(`${status} to ${method} ${hasBody ? "can have a body" : "has no body"}`, () => {
      assert.equal(head(new ResponseFields(), section(":status", status), method).hasBody, hasBody);
    });

  it("ignores a Content-Length that is invalid when there is no body", () => {
    const { contentLength } = head(new ResponseFields(), section(":status", "204", "content-length", "x"));
    assert.equal(contentLength, null);
  });

  it("is parsed once for a section that repeats, and given as a list of its own each time", () => {
    const fields = new ResponseFields();
    const repeated = section(":status", "200", "a", "b");
    const first = head(fields, repeated);
    const second = head(fields, repeated, "HEAD");
    assert.equal(second.hasBody, false);
    assert.deepEqual(first.rawHeaders, second.rawHeaders);
    first.rawHeaders.push("c", "d");
    assert.deepEqual(head(fields, repeated).rawHeaders, ["a", "b"]);
  });

  it("allows te: trailers", () => {
    assert.deepEqual(head(new ResponseFields(), section(":status", "200", "te", "trailers")).rawHeaders, [
      "te",
      "trailers",
    ]);
  });

  it("of a faulty section is the fault", () => {
    const fields = new ResponseFields();
    const fault = fields.head(section("a", "b"), "GET");
    assert.ok(isFault(fault));
    assert.equal(fields.head({ raw: [":status", "200"], fault }, "GET"), fault);
    assert.equal(fields.trailers({ raw: [], fault }), fault);
  });
});

describe("the trailers of an HTTP/2 response", () => {
  it("are a list of their own", () => {
    const raw = ["a", "b"];
    const trailers = new ResponseFields().trailers(section(...raw));
    assert.deepEqual(trailers, raw);
  });

  for (const name of [":status", "connection", "transfer-encoding"])
    it(`must not have ${name}`, () => {
      assert.ok(isFault(new ResponseFields().trailers(section("a", "b", name, "200"))));
    });
});
