import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { basicAuthHeader, HTTPBasicAuth, HTTPProxyAuth } from "#internal/auth/basic";
import { HTTPBearerAuth } from "#internal/auth/bearer";
import { HTTPDigestAuth } from "#internal/auth/digest";
import { InvalidHeader } from "#internal/exceptions";
import { PreparedRequest } from "#internal/message/prepared";

function prepared(): PreparedRequest {
  const request = new PreparedRequest();
  request.prepare({ method: "GET", url: "http://example.com/", auth: null });
  return request;
}

describe("basicAuthHeader [basic-auth]", () => {
  const table: [string | Uint8Array, string | Uint8Array, string][] = [
    // RFC 7617 §2
    ["Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
    // RFC 7617 §2.1
    ["test", "123£", "Basic dGVzdDoxMjPCow=="],
    ["", "", "Basic Og=="],
    ["user", "with:colon", "Basic dXNlcjp3aXRoOmNvbG9u"],
    [Buffer.from("user"), Buffer.of(0xff, 0x3a), "Basic dXNlcjr/Og=="],
    ["user", Buffer.from("pass"), "Basic dXNlcjpwYXNz"],
  ];
  for (const [user, password, expected] of table)
    it(inspect([user, password]), () => assert.equal(basicAuthHeader(user, password), expected));

  const refused: [string | Uint8Array, string | Uint8Array, RegExp][] = [
    ["a:b", "s3cret", /user name has a ":"/],
    [Buffer.from("a:b"), "s3cret", /user name has a ":"/],
    ["user", "s3cret\n", /password has a control character \(0x0a at index 6\).*trim/],
    ["us\rer", "s3cret", /user name has a control character \(0x0d/],
    ["user", "s3cret\0", /0x00/],
    ["user", "s3cret\x7f", /0x7f/],
    ["user", Buffer.from("s3cret\x01"), /0x01/],
  ];
  for (const [user, password, message] of refused)
    it(`refuses ${inspect([user, password])}`, () => {
      assert.throws(
        () => basicAuthHeader(user, password),
        (error: Error) =>
          error instanceof InvalidHeader && message.test(error.message) && !error.message.includes("s3cret"),
      );
    });

  it("refuses a value that is neither text nor bytes, without showing it", () => {
    assert.throws(
      () => basicAuthHeader("user", 1234 as unknown as string),
      /password must be a string or bytes, not a number/,
    );
    assert.throws(() => basicAuthHeader(undefined as unknown as string, "x"), {
      name: "TypeError",
      message: /environment variable/,
    });
  });
});

describe("the auth objects", () => {
  it("HTTPBasicAuth sets Authorization", () => {
    const request = prepared();
    request.headers.set("authorization", "other");
    assert.equal(new HTTPBasicAuth("user", "pass").apply(request), request);
    assert.deepEqual(request.headers.getAll("Authorization"), ["Basic dXNlcjpwYXNz"]);
  });

  it("HTTPProxyAuth sets only Proxy-Authorization", () => {
    const request = new HTTPProxyAuth("user", "pass").apply(prepared());
    assert.equal(request.headers.get("Proxy-Authorization"), "Basic dXNlcjpwYXNz");
    assert.equal(request.headers.has("Authorization"), false);
  });

  it("HTTPBearerAuth sends the token", () => {
    const request = new HTTPBearerAuth("abc.def-1_~+/==").apply(prepared());
    assert.equal(request.headers.get("Authorization"), "Bearer abc.def-1_~+/==");
  });

  const badTokens: [unknown, RegExp][] = [
    ["", /is empty/],
    ["s3cret\n", /U\+000A at index 6.*line break/],
    ["Bearer s3cret", /leave out the word "Bearer"/],
    ["s3crèt", /U\+00E8/],
    [undefined, /environment variable/],
    [null, /not null/],
  ];
  for (const [token, message] of badTokens)
    it(`HTTPBearerAuth refuses ${inspect(token)}`, () => {
      assert.throws(
        () => new HTTPBearerAuth(token as string),
        (error: Error) => message.test(error.message) && !error.message.includes("s3c"),
      );
    });

  it("have public fields and are compared by equals()", () => {
    const auth = new HTTPBasicAuth("user", "pass");
    assert.deepEqual([auth.username, auth.password], ["user", "pass"]);
    assert.equal(auth.equals(new HTTPBasicAuth("user", Buffer.from("pass"))), true);
    assert.equal(auth.equals(new HTTPBasicAuth("user", "other")), false);
    assert.equal(auth.equals(new HTTPBasicAuth("other", "pass")), false);
    assert.equal(auth.equals(new HTTPProxyAuth("user", "pass")), false);
    assert.equal(auth.equals(null), false);
    assert.equal(new HTTPDigestAuth("user", "pass").equals(new HTTPDigestAuth("user", "pass")), true);
    assert.equal(new HTTPDigestAuth("user", "pass").equals(new HTTPDigestAuth("user", "x")), false);
    assert.equal(new HTTPBearerAuth("t").equals(new HTTPBearerAuth("t")), true);
    assert.equal(new HTTPBearerAuth("t").equals(new HTTPBearerAuth("u")), false);
  });

  for (const auth of [
    new HTTPBasicAuth("user", "s3cret"),
    new HTTPProxyAuth("user", Buffer.from("s3cret")),
    new HTTPDigestAuth("user", "s3cret"),
    new HTTPBearerAuth("s3cret"),
  ])
    it(`${auth.constructor.name} hides its secret when it is printed`, () => {
      for (const text of [
        inspect(auth),
        inspect({ nested: { auth } }, { depth: 9, showHidden: true }),
        JSON.stringify({ auth }),
      ]) {
        assert.doesNotMatch(text, /s3cret|czNjcmV0|73 33 63/);
        assert.match(text, /\*\*\*/);
      }
      assert.match(inspect(auth), new RegExp(`^${auth.constructor.name} \\{`));
    });
});

it("credentials that are assigned are sent", () => {
  const auth = new HTTPBasicAuth("a", "b");
  auth.password = "c";
  auth.username = "d";
  const request = auth.apply(prepared());
  assert.equal(request.headers["authorization"], `Basic ${Buffer.from("d:c").toString("base64")}`);
  assert.throws(() => (auth.username = "x:y"), { name: "InvalidHeader" });
  assert.throws(() => (auth.password = 5 as never), TypeError);
  assert.deepEqual([auth.username, auth.password], ["d", "c"]);
});
