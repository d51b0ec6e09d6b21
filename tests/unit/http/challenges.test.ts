import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { parseChallenges } from "#internal/http/challenges";

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
    // A list without its quotes.
    [
      'Digest realm="r", qop=auth,auth-int, nonce="n"',
      [["digest", null, { realm: "r", qop: "auth,auth-int", nonce: "n" }]],
    ],
    ["Digest qop=auth , auth-int , nonce=n", [["digest", null, { qop: "auth,auth-int", nonce: "n" }]]],
    [
      'Digest realm="r", nonce="n", qop=auth,auth-int',
      [["digest", null, { realm: "r", nonce: "n", qop: "auth,auth-int" }]],
    ],
    [
      "Digest qop=auth,auth-int, Basic realm=b",
      [
        ["digest", null, { qop: "auth,auth-int" }],
        ["basic", null, { realm: "b" }],
      ],
    ],
    [
      "Digest qop=auth,auth-int, Negotiate abc=",
      [
        ["digest", null, { qop: "auth,auth-int" }],
        ["negotiate", "abc=", {}],
      ],
    ],
    [
      "Digest nonce=n, qop=auth, NTLM",
      [
        ["digest", null, { nonce: "n", qop: "auth" }],
        ["ntlm", null, {}],
      ],
    ],
    // A word alone, and a parameter after its comma: the word is not a scheme, since the parameter would not belong to it.
    ['Digest algorithm=MD5,SHA-256, nonce="n"', [["digest", null, { algorithm: "MD5", nonce: "n" }]]],
    ["Basic realm=My, Site, charset=UTF-8", [["basic", null, { realm: "My", charset: "UTF-8" }]]],
    ['Digest realm="r", stale, nonce="n"', [["digest", null, { realm: "r", nonce: "n" }]]],
    // A word alone, and a scheme or nothing after it.
    [
      'Basic realm="b", NTLM',
      [
        ["basic", null, { realm: "b" }],
        ["ntlm", null, {}],
      ],
    ],
    [
      "Basic realm=b, NTLM, Negotiate",
      [
        ["basic", null, { realm: "b" }],
        ["ntlm", null, {}],
        ["negotiate", null, {}],
      ],
    ],
    [
      'Negotiate, Digest realm="r"',
      [
        ["negotiate", null, {}],
        ["digest", null, { realm: "r" }],
      ],
    ],
    // Blanks in place of commas.
    ['Digest realm="r" nonce="n"', [["digest", null, { realm: "r", nonce: "n" }]]],
    [
      'Digest realm="r"\tqop="auth" nonce=n opaque=o',
      [["digest", null, { realm: "r", qop: "auth", nonce: "n", opaque: "o" }]],
    ],
    ["Digest realm=r nonce=n qop=auth", [["digest", null, { realm: "r", nonce: "n", qop: "auth" }]]],
    ["Digest realm=My Site nonce = n", [["digest", null, { realm: "My Site", nonce: "n" }]]],
    ['Digest realm="r"nonce="n"', [["digest", null, { realm: "r", nonce: "n" }]]],
    ['Digest realm="r" junk, nonce="n"', [["digest", null, { realm: "r", nonce: "n" }]]],
    [
      'Basic realm="b" Digest realm="r" nonce="n"',
      [
        ["basic", null, { realm: "b" }],
        ["digest", null, { realm: "r", nonce: "n" }],
      ],
    ],
  ];
  for (const [value, expected] of table)
    it(JSON.stringify(value), () =>
      assert.deepEqual(
        parseChallenges(value).map(({ scheme, token68, parameters }) => [scheme, token68, [...parameters]]),
        expected.map(([scheme, token68, parameters]) => [scheme, token68, Object.entries(parameters)]),
      ),
    );
  it("assigns a parameter only to the scheme that it directly follows", () => {
    const word = fc.constantFrom("Basic", "Digest", "auth", "auth-int", "x", "NTLM");
    const parameter = fc.constantFrom('realm="r, s"', "qop=auth", "nonce=n", 'nonce="n"', "stale = true", "a=b");
    const piece = fc.oneof(word, parameter, fc.constantFrom(",", " ", ", ", "\t", "abc==", '"', ";"));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        for (const { scheme, token68, parameters } of parseChallenges(text)) {
          assert.match(scheme, /^[a-z0-9!#$%&'*+.^_`|~-]+$/);
          assert.ok(token68 === null || parameters.size === 0 || text.includes(token68));
        }
      }),
    );
  });
  it("reads quoted parameters of one challenge with any separator", () => {
    const separator = fc.constantFrom(", ", ",", " ", "\t", " , ", ",,", ", ,");
    const names = ["realm", "nonce", "opaque", "algorithm"];
    fc.assert(
      fc.property(fc.array(separator, { minLength: 4, maxLength: 4 }), (separators) => {
        const text = `Digest ${names.map((name, at) => `${name}="${name}, x"${separators[at]}`).join("")}`;
        const expected = names.map((name) => [name, `${name}, x`]);
        assert.deepEqual(
          parseChallenges(text).map(({ scheme, parameters }) => [scheme, [...parameters]]),
          [["digest", expected]],
        );
      }),
    );
  });
  it("reads a limited number of challenges and parameters", () => {
    assert.equal(parseChallenges("Basic,".repeat(1000)).length, 100);
    const many = Array.from({ length: 500 }, (_, at) => `p${at}=1`).join(",");
    assert.equal(parseChallenges(`Digest ${many}`)[0]?.parameters.size, 100);
  });
});
