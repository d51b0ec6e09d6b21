/** Which values are secrets, and what replaces them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isSecretParameter, redactedBody, redactedFields, redactedValue } from "#internal/http/redaction/redaction";

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
    ["Location", "/next?token=x", "/next?token=***"],
    ["Refresh", "0; url=https://t@h/?token=x", "0; url=https://***@h/?token=***"],
    ["Refresh", "5; URL='/next?token=x'", "5; URL='/next?token=***"],
    [
      "Link",
      '<https://h/?page=2&access_token=x>; rel="next", </a?sig=y>; rel="last"',
      '<https://h/?page=2&access_token=***>; rel="next", </a?sig=***>; rel="last"',
    ],
    ["X-Original-URL", "https://u:p@h/?token=x", "https://u:***@h/?token=***"],
    ["X-Team-Token", "x", "***"],
    ["X-Session-Id", "x", "***"],
    ["ETag", '"x"', '"x"'],
  ];
  for (const [name, value, expected] of table)
    it(`${name}: ${value}`, () => assert.equal(redactedValue(name, value), expected));

  it("adds the caller's names to the usual ones", () => {
    const raw = ["X-Mine", "x", "X-Api-Key", "y", "Authorization", "Basic z"];
    assert.deepEqual(redactedFields(raw, ["x-mine"]), [
      ["X-Mine", "***"],
      ["X-Api-Key", "***"],
      ["Authorization", "Basic ***"],
    ]);
  });
});

describe("redactedBody", () => {
  const form = "application/x-www-form-urlencoded";
  const multipart = "multipart/form-data; boundary=B";
  const part = (head: string, content: string): string =>
    `--B\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n--B--\r\n`;
  const table: readonly (readonly [text: string, contentType: string | undefined, shown: string])[] = [
    // Forms.
    ["user=a&password=b", form, "user=a&password=***"],
    ["user=a&password=b", `${form}; charset=utf-8`, "user=a&password=***"],
    ["user=a&password=b", form.toUpperCase(), "user=a&password=***"],
    ["user[name]=a&user[password]=b", form, "user[name]=a&user[password]=***"],
    ["user%5Bpassword%5D%5B0%5D=b&c=1", form, "user%5Bpassword%5D%5B0%5D=***&c=1"],
    ["password[]=b&password[]=c", form, "password[]=***&password[]=***"],
    ["auth[user]=b", form, "auth[user]=***"],
    ["user.password=b", form, "user.password=***"],
    ["payload=%7B%22token%22%3A%22b%22%7D&c=1", form, "payload=%7B%22token%22%3A%22%2A%2A%2A%22%7D&c=1"],
    ["user=a&password=b", "text/plain", "user=a&password=b"],
    ["user=a&password=b", undefined, "user=a&password=***"],
    // JSON, whatever its type is called.
    ['{ "a": 1 }', "application/json", '{ "a": 1 }'],
    ['{"token": {"type": "bearer"}}', "application/json", '{"token": "***"}'],
    ['[{"token":"b"}]', "application/vnd.api+json", '[{"token":"***"}]'],
    ['{"token":"b"}\n{"token":"c"}', "application/x-ndjson", '{"token":"***"}\n{"token":"***"}'],
    ['{"token":"b"}\n{"token":"c"}', "application/jsonl", '{"token":"***"}\n{"token":"***"}'],
    ['data: {"token":"b"}\n\n', "text/event-stream", 'data: {"token":"***"}\n\n'],
    ['{"token":"b"}', form, '{"token":"***"}'],
    ['{"token":"b"}', "text/plain", '{"token":"***"}'],
    [' {"token":"b"}', undefined, ' {"token":"***"}'],
    ["{", "application/json", "{"],
    ["null", "application/json", "null"],
    // Multipart content.
    [part('name="a"', "b"), multipart, part('name="a"', "b")],
    [part('name="password"', "b"), multipart, part('name="password"', "***")],
    [part('name="password"; filename="x"', "b\r\nc"), multipart, part('name="password"; filename="x"', "***")],
    [part("name=password", "b"), multipart, part("name=password", "***")],
    [part('name="user[password]"', "b"), multipart, part('name="user[password]"', "***")],
    [part("name*=utf-8''pass%77ord", "b"), multipart, part("name*=utf-8''pass%77ord", "***")],
    [part('filename="; name=x"; name="token"', "b"), multipart, part('filename="; name=x"; name="token"', "***")],
    [part('name="a"\r\nContent-Type: application/json', '{"token":"b"}'), multipart, part('name="a"\r\nContent-Type: application/json', '{"token":"***"}')],
    [part('name="a"', '{"token":"b"}'), multipart, part('name="a"', '{"token":"***"}')],
    [part('name="token"', ""), multipart, part('name="token"', "")],
    [part('name="token"', "b").replaceAll("\r\n", "\n"), multipart, part('name="token"', "***").replaceAll("\r\n", "\n")],
    [`--B\r\nContent-Disposition: form-data; name="token"\r\n\r\ncut`, multipart, `--B\r\nContent-Disposition: form-data; name="token"\r\n\r\n***`],
    [part('name="token"', "b"), "multipart/form-data", "***"],
    [part('name="token"', "b"), "multipart/form-data; boundary=other", "***"],
    ["", "multipart/form-data; boundary=B", ""],
  ]; // prettier-ignore
  for (const [text, type, expected] of table)
    it(`${JSON.stringify(text)} as ${type}`, () => assert.equal(redactedBody(text, type), expected));

  it("searches nested multipart content, and hides content that is nested too deeply", () => {
    let inner = part('name="token"', "s3cret");
    for (let depth = 0; depth < 10; depth += 1) {
      assert.doesNotMatch(redactedBody(inner, multipart), /s3cret/);
      const next = `B${depth}`;
      inner = `--${next}\r\nContent-Type: multipart/mixed; boundary=${depth === 0 ? "B" : `B${depth - 1}`}\r\n\r\n${inner}\r\n--${next}--\r\n`;
      assert.doesNotMatch(redactedBody(inner, `multipart/mixed; boundary=${next}`), /s3cret/);
    }
  });
});

describe("isSecretParameter", () => {
  it("recognizes a name in any spelling", () => {
    for (const name of ["api_key", "apiKey", "API-KEY", "api.key", "apikey"])
      assert.equal(isSecretParameter(name), true, name);
    for (const name of [
      "token",
      "X-Amz-Signature",
      "user[password]",
      "password2",
      "newPassword",
      "csrf_token",
      "sig",
      "pwd",
      ...["key", "tokens", "ticket", "pass", "sid", "otp", "pin", "csrf", "hmac", "subscription-key", "X-Session-Id"],
    ])
      assert.equal(isSecretParameter(name), true, name);
    for (const name of [
      "page",
      "monkey",
      "max_tokens",
      "encoding",
      "pageToken",
      "next_token",
      "author",
      "decode",
      "a[b]",
      "",
    ])
      assert.equal(isSecretParameter(name), false, name);
  });
});
