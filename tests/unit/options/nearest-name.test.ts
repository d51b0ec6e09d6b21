import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { nearestName, refuseUnknownNames } from "#internal/options/nearest-name";

describe("nearestName", () => {
  const known = ["allowRedirects", "headers", "json", "params", "timeout", "total"];
  const table: [string, string | null][] = [
    ["allow_redirects", "allowRedirects"],
    ["ALLOW-REDIRECTS", "allowRedirects"],
    ["allowRedirect", "allowRedirects"],
    ["header", "headers"],
    ["timeuot", "timeout"],
    ["jsno", null],
    ["jsn", "json"],
    ["body", null],
    ["", null],
    ["x".repeat(10_000), null],
  ];
  for (const [name, expected] of table)
    it(`${name.slice(0, 20)} → ${expected}`, () => assert.equal(nearestName(name, known), expected));

  it("refuseUnknownNames allows known names with any value", () => {
    const table = Object.fromEntries(known.map((name) => [name, undefined]));
    refuseUnknownNames({ json: undefined, total: null }, table, "options");
    assert.throws(() => refuseUnknownNames({ toString: 1 }, table, "options"), TypeError);
    assert.throws(() => refuseUnknownNames({ time_out: 1 }, table, "options"), {
      name: "TypeError",
      message: 'Unknown option "time_out" for options. Did you mean "timeout"?',
    });
  });
});
