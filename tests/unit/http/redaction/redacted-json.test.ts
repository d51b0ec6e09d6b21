/** JSON without its secrets, however it is nested or broken. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { redactedJson } from "#internal/http/redaction/redacted-json";

describe("redactedJson", () => {
  const table: readonly (readonly [text: string, shown: string])[] = [
    // Nothing to hide.
    ['{ "a": 1, "tokens": [1, 2], "b": "token" }', '{ "a": 1, "tokens": [1, 2], "b": "token" }'],
    ['"token"', '"token"'],
    ['["token", "x"]', '["token", "x"]'],
    ['{"password": null}', '{"password": null}'],
    ["", ""],
    // Values of every kind.
    ['{ "a": [{"refreshToken": "x"}] }', '{ "a": [{"refreshToken": "***"}] }'],
    ['{"pin_secret":1234,"b":1}', '{"pin_secret":"***","b":1}'],
    ['{"secret":true}', '{"secret":"***"}'],
    ['{"secret":""}', '{"secret":"***"}'],
    ['{"password":["x","y"],"b":1}', '{"password":"***","b":1}'],
    ['{"password":{"value":"x","more":[{"a":"}"}]},"b":1}', '{"password":"***","b":1}'],
    ['{"password":"a\\"b\\\\","b":1}', '{"password":"***","b":1}'],
    ['{"password"  \n: \n "x"}', '{"password"  \n: \n "***"}'],
    ['{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"***"}'],
    ['{"PASSWORD":"x","newPassword":"y","password_2":"z"}', '{"PASSWORD":"***","newPassword":"***","password_2":"***"}'],
    ['{"credentials":[{"user":"u","pw":"x"}]}', '{"credentials":"***"}'],
    // Several texts in a row.
    ['{"token":"x"}\n{"token":"y"}\n', '{"token":"***"}\n{"token":"***"}\n'],
    ['{"token":"x"}{"token":"y"}', '{"token":"***"}{"token":"***"}'],
    ['\x1e{"token":"x"}\n', '\x1e{"token":"***"}\n'],
    ['data: {"token":"x"}\n\n', 'data: {"token":"***"}\n\n'],
    // Text that is truncated, or is not JSON.
    ['{"a":1,"token":"x', '{"a":1,"token":"***"'],
    ['{"token":["x",', '{"token":"***"'],
    ['{"token":{"a":"x', '{"token":"***"'],
    ['{"token": "x",}', '{"token": "***",}'],
    ['" {"token":"x"}', '" {"token":"***"}'],
    ['{"token":}', '{"token":}'],
    // JSON in a string of JSON.
    ['{"body":"{\\"password\\":\\"x\\",\\"a\\":1}"}', '{"body":"{\\"password\\":\\"***\\",\\"a\\":1}"}'],
    ['{"body":"{\\"password\\":{\\"v\\":\\"x\\"}}","a":1}', '{"body":"{\\"password\\":\\"***\\"}","a":1}'],
    ['{"body":"{\\"password\\":\\"x\\\\\\"y\\"}"}', '{"body":"{\\"password\\":\\"***\\"}"}'],
    ['{"body":"{\\n  \\"token\\": 12\\n}"}', '{"body":"{\\n  \\"token\\": \\"***\\"\\n}"}'],
    ['{"body":"{\\"token\\":[\\"x","b":"y"}', '{"body":"{\\"token\\":\\"***\\"","b":"y"}'],
  ]; // prettier-ignore
  for (const [text, shown] of table)
    it(JSON.stringify(text), () => {
      assert.equal(redactedJson(text, "***"), shown);
    });

  it("hides secret values at any depth", () => {
    const deep = (value: string): string => '{"a":['.repeat(50_000) + value + "]}".repeat(50_000);
    assert.equal(redactedJson(deep('{"password":"x"}'), "***"), deep('{"password":"***"}'));
    assert.equal(redactedJson(`{"password":${deep('"x"')},"b":1}`, "***"), '{"password":"***","b":1}');
  });

  it("keeps valid JSON valid", () => {
    for (const [text, shown] of table) {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      if (valid) assert.doesNotThrow(() => void JSON.parse(shown), text);
    }
  });
});
