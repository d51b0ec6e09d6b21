import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { authFrom } from "#internal/auth/auth-from";
import { AuthBase, hasFlow } from "#internal/auth/base";
import { HTTPBasicAuth } from "#internal/auth/basic";
import { HTTPDigestAuth } from "#internal/auth/digest";
import { PreparedRequest } from "#internal/message/prepared";
import type { Response } from "#internal/message/response";

function prepared(): PreparedRequest {
  const request = new PreparedRequest();
  request.prepare({ method: "GET", url: "http://example.com/", auth: null });
  return request;
}

class Flowing extends AuthBase {
  override async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
    yield request;
  }
}

describe("authFrom", () => {
  it("returns null for null and undefined", () => {
    assert.equal(authFrom(null), null);
    assert.equal(authFrom(undefined), null);
  });

  it("makes Basic authentication of a pair", () => {
    const auth = authFrom(["user", "pass"]);
    assert.ok(auth instanceof HTTPBasicAuth);
    assert.deepEqual([auth.username, auth.password], ["user", "pass"]);
  });

  it("keeps an AuthBase, also one of another copy of the package", () => {
    const auth = new Flowing();
    assert.equal(authFrom(auth), auth);
    const foreign = { apply: (request: unknown) => request, flow: (request: PreparedRequest) => auth.flow(request) };
    assert.equal(authFrom(foreign), foreign);
  });

  it("calls a function with the request, and uses the result", () => {
    const request = prepared();
    const other = prepared();
    const auth = authFrom((given: unknown) => (given === request ? other : null));
    assert.equal(auth?.apply(request), other);
  });

  it("awaits an asynchronous function", async () => {
    const request = prepared();
    const auth = authFrom(async (given: PreparedRequest) => {
      given.headers.set("X-Signed", "1");
      return given;
    });
    assert.equal(await auth?.apply(request), request);
    assert.equal(request.headers.get("X-Signed"), "1");
  });

  const mistakenReturns: [string, unknown, RegExp][] = [
    ["undefined", undefined, /function sign must return the PreparedRequest.*returned undefined.*return request/],
    ["null", null, /returned null/],
    ["an object", { url: "x" }, /returned an object/],
  ];
  for (const [name, returned, message] of mistakenReturns) {
    it(`throws a TypeError with advice when a function returns ${name}`, async () => {
      const sign = () => returned;
      assert.throws(() => authFrom(sign)?.apply(prepared()), { name: "TypeError", message });
    });
    it(`throws a TypeError with advice when a function promises ${name}`, async () => {
      const sign = () => Promise.resolve(returned);
      await assert.rejects(async () => authFrom(sign)?.apply(prepared()), { name: "TypeError", message });
    });
  }

  it("takes an object with only one of the two methods, and calls it as a method", async () => {
    const signer = {
      token: "t",
      apply(request: PreparedRequest) {
        request.headers.set("X-Token", this.token);
        return request;
      },
    };
    const request = prepared();
    const applied = authFrom(signer);
    await applied?.apply(request);
    assert.equal(request.headers.get("X-Token"), "t");
    assert.equal(hasFlow(applied!), false);

    const flowing = {
      async *flow(given: PreparedRequest) {
        yield this === flowing ? given : null;
      },
    };
    const driven = authFrom(flowing);
    assert.equal(hasFlow(driven!), true);
    assert.equal(driven!.apply(request), request);
    assert.equal((await driven!.flow(request).next()).value, request);
  });

  const refused: [string, unknown, RegExp][] = [
    ["text", "user:s3cret", /auth must be \[user, password\].*not a string/],
    ["a number", 7, /auth must be .*not a number/],
    ["true", true, /auth must be .*not a boolean/],
    ["an empty object", {}, /auth must be .*not an object without apply\(\) or flow\(\)/],
    ["one item", ["s3cret"], /: it has 1 item$/],
    ["no items", [], /^auth given as a list must be \[user, password\], two strings: it has 0 items$/],
    ["three items", ["a", "b", "s3cret"], /: it has 3 items$/],
    ["a number as password", ["user", 5], /: the password is of type number$/],
    ["null as password", ["user", null], /: the password is null$/],
    ["no password", ["user", undefined], /: the password is undefined \(is an environment variable unset\?\)$/],
    ["no user name", [undefined, "s3cret"], /: the user name is undefined \(is an environment variable unset\?\)$/],
    ["neither", [undefined, undefined], /: the user name is undefined/],
    ["a class", HTTPDigestAuth, /auth is the class HTTPDigestAuth itself: give an object of it, new HTTPDigestAuth/],
  ];
  for (const [name, value, message] of refused)
    it(`refuses ${name}`, () => {
      assert.throws(
        () => authFrom(value),
        (error: Error) =>
          error instanceof TypeError && message.test(error.message) && !error.message.includes("s3cret"),
      );
    });
});

describe("AuthBase", () => {
  class Nothing extends AuthBase {}

  it("changes nothing by default", async () => {
    const request = prepared();
    assert.equal(new Nothing().apply(request), request);
    const steps = new Nothing().flow(request);
    assert.deepEqual(await steps.next(), { done: false, value: request });
    assert.equal((await steps.next({} as Response)).done, true);
  });

  it("hasFlow says whether a subclass overrides flow", () => {
    assert.equal(hasFlow(new Nothing()), false);
    assert.equal(hasFlow(new HTTPBasicAuth("u", "p")), false);
    assert.equal(hasFlow(new Flowing()), true);
    assert.equal(hasFlow(new HTTPDigestAuth("u", "p")), true);
  });
});
