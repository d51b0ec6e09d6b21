/** What is a secret, and what stands in its place. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  isSecretParameter,
  redactedBody,
  redactedFields,
  redactedUrl,
  redactedValue,
} from "#internal/message/redaction";

describe("redactedUrl", () => {
  const table: readonly (readonly [string, string])[] = [
    ["https://h/a?b=1", "https://h/a?b=1"],
    ["https://user:pass@h/", "https://user:***@h/"],
    ["https://h/?access_token=x&b=1#c?token=d", "https://h/?access_token=***&b=1#c?token=d"],
    ["https://h/?X-Amz-Signature=x&X-Amz-Date=y", "https://h/?X-Amz-Signature=***&X-Amz-Date=y"],
    ["https://h/?api%5Fkey=x", "https://h/?api%5Fkey=***"],
    ["https://h/?token", "https://h/?token"],
    ["https://h/?token=a=b", "https://h/?token=***"],
    ["https://h/?%zz=1&sig=x", "https://h/?%zz=1&sig=***"],
    ["/relative?password=x", "/relative?password=***"],
    ["", ""],
  ];
  for (const [url, expected] of table) it(url, () => assert.equal(redactedUrl(url), expected));

  it("takes another mark", () => assert.equal(redactedUrl("https://h/?sig=x", "REDACTED"), "https://h/?sig=REDACTED"));
});

describe("redactedValue", () => {
  const table: readonly (readonly [string, string, string])[] = [
    ["Accept", "*/*", "*/*"],
    ["authorization", "Bearer x", "Bearer ***"],
    ["AUTHORIZATION", "x", "***"],
    ["Proxy-Authorization", "Basic dTpw", "Basic ***"],
    ["X-Api-Key", "one two", "***"],
    ["Cookie", "a=1; b=2", "***"],
    ["Set-Cookie", "a=1; Path=/; HttpOnly", "a=***; Path=/; HttpOnly"],
    ["Set-Cookie", "a=b=c", "a=***"],
    ["Set-Cookie", "secret; Path=/a=b", "***; Path=/a=b"],
    ["Set-Cookie", "", "***"],
    ["Location", "https://u:p@h/?code=x", "https://u:***@h/?code=***"],
  ];
  for (const [name, value, expected] of table)
    it(`${name}: ${value}`, () => assert.equal(redactedValue(name, value), expected));

  it("heeds a list of one's own, and the two that are always secrets", () => {
    const raw = ["X-Mine", "x", "X-Api-Key", "y", "Authorization", "Basic z"];
    assert.deepEqual(redactedFields(raw, ["x-mine"]), [
      ["X-Mine", "***"],
      ["X-Api-Key", "y"],
      ["Authorization", "Basic ***"],
    ]);
  });
});

describe("redactedBody", () => {
  const form = "application/x-www-form-urlencoded";
  const table: readonly (readonly [string, string | undefined, string])[] = [
    ["user=a&password=b", form, "user=a&password=***"],
    ["user=a&password=b", `${form}; charset=utf-8`, "user=a&password=***"],
    ["user=a&password=b", "text/plain", "user=a&password=b"],
    ["user=a&password=b", undefined, "user=a&password=b"],
    ['{ "a": 1 }', "application/json", '{ "a": 1 }'],
    ['{ "a": [{"refreshToken": "x"}] }', "application/vnd.api+json", '{"a":[{"refreshToken":"***"}]}'],
    ['{"token": {"type": "bearer"}}', "application/json", '{"token": {"type": "bearer"}}'],
    ["{", "application/json", "{"],
    ["null", "application/json", "null"],
  ];
  for (const [text, type, expected] of table)
    it(`${text} as ${type}`, () => assert.equal(redactedBody(text, type), expected));

  it("bears deep JSON", () => {
    const deep = "[".repeat(5000) + "]".repeat(5000);
    assert.equal(redactedBody(deep, "application/json"), deep);
  });
});

describe("isSecretParameter", () => {
  it("knows a name however it is spelt", () => {
    for (const name of ["api_key", "apiKey", "API-KEY", "api.key", "apikey"])
      assert.equal(isSecretParameter(name), true, name);
    for (const name of ["key", "page", "tokens", "encoding", ""]) assert.equal(isSecretParameter(name), false, name);
  });
});
