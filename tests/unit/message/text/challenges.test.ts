import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { parseChallenges } from "#internal/message/text/challenges";

type Row = readonly [scheme: string, token68: string | null, parameters: Readonly<Record<string, string>>];

describe("parseChallenges", () => {
  const table: readonly (readonly [string, readonly Row[]])[] = [
    ["", []],
    [" , ,", []],
    ["Basic", [["basic", null, {}]]],
    ['Basic realm="x"', [["basic", null, { realm: "x" }]]],
    ['BASIC REALM = "a, b=c \\"d\\"" , charset=UTF-8', [["basic", null, { realm: 'a, b=c "d"', charset: "UTF-8" }]]],
    ["Negotiate", [["negotiate", null, {}]]],
    ["Negotiate YIIab+/==", [["negotiate", "YIIab+/==", {}]]],
    [
      "NTLM, Negotiate abc , Basic realm=x",
      [
        ["ntlm", null, {}],
        ["negotiate", "abc", {}],
        ["basic", null, { realm: "x" }],
      ],
    ],
    [
      'Digest realm="r", qop="auth,auth-int", nonce=n, opaque="", stale=TRUE, Basic realm="b"',
      [
        ["digest", null, { realm: "r", qop: "auth,auth-int", nonce: "n", opaque: "", stale: "TRUE" }],
        ["basic", null, { realm: "b" }],
      ],
    ],
    // The example of RFC 9110 §11.6.1.
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ["basic", null, { realm: "simple" }],
        ["newauth", null, { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ],
    ],
    ["Foo a=b", [["foo", null, { a: "b" }]]],
    ["Foo a=", [["foo", "a=", {}]]],
    ["Foo a=b==", [["foo", null, { a: "b==" }]]],
    [
      "Basic realm=My Site, Digest nonce=n",
      [
        ["basic", null, { realm: "My Site" }],
        ["digest", null, { nonce: "n" }],
      ],
    ],
    ["Basic realm=a, realm=b", [["basic", null, { realm: "a" }]]],
    ["realm=x, Basic", [["basic", null, {}]]],
    ['"junk", Basic', [["basic", null, {}]]],
    [
      "Basic;realm=x, Digest",
      [
        ["basic", null, {}],
        ["digest", null, {}],
      ],
    ],
    [
      "Basic one two, Digest",
      [
        ["basic", null, {}],
        ["digest", null, {}],
      ],
    ],
    ['Basic realm="open, Digest', [["basic", null, { realm: "open, Digest" }]]],
    ["Basic __proto__=x", [["basic", null, { ["__proto__"]: "x" }]]],
  ];
  for (const [value, expected] of table)
    it(JSON.stringify(value), () =>
      assert.deepEqual(
        parseChallenges(value).map(({ scheme, token68, parameters }) => [scheme, token68, [...parameters]]),
        expected.map(([scheme, token68, parameters]) => [scheme, token68, Object.entries(parameters)]),
      ),
    );
  it("reads a bounded number of challenges and parameters", () => {
    assert.equal(parseChallenges("Basic,".repeat(1000)).length, 100);
    const many = Array.from({ length: 500 }, (_, at) => `p${at}=1`).join(",");
    assert.equal(parseChallenges(`Digest ${many}`)[0]?.parameters.size, 100);
  });
});
