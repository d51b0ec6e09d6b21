/** PreparedRequest: its steps, and what may be edited. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, it } from "node:test";

import {
  CaseInsensitiveDict,
  HTTPBasicAuth,
  InvalidHeader,
  MissingSchema,
  PreparedRequest,
  Request,
  type HeadersLike,
  type PrepareOptions,
} from "requests-ts";

function prepared(options: PrepareOptions): PreparedRequest {
  const request = new PreparedRequest();
  request.prepare({ method: "GET", url: "http://h/", ...options });
  return request;
}

describe("headers =", () => {
  const forms: readonly (readonly [string, HeadersLike])[] = [
    ["an object", { "X-Sig": "1" }],
    ["pairs", [["X-Sig", "1"]]],
    ["a Map", new Map([["X-Sig", "1"]])],
    ["Headers", new Headers({ "X-Sig": "1" })],
    ["a CaseInsensitiveDict", new CaseInsensitiveDict({ "X-Sig": "1" })],
  ];
  for (const [name, headers] of forms)
    it(`takes ${name}, and keeps the framing headers of the body`, () => {
      const request = prepared({ method: "POST", data: "abc" });
      request.headers = headers;
      assert.deepEqual(
        [...request.headers.lowerItems()],
        [
          ["x-sig", "1"],
          ["content-length", "3"],
        ],
      );
      const streamed = prepared({ method: "POST", data: Readable.from(["abc"]) });
      streamed.headers = headers;
      assert.equal(streamed.headers["transfer-encoding"], "chunked");
      const empty = prepared({ method: "POST" });
      empty.headers = headers;
      assert.equal(empty.headers["content-length"], "0");
      const bodiless = prepared({});
      bodiless.headers = headers;
      assert.deepEqual([...bodiless.headers.lowerItems()], [["x-sig", "1"]]);
    });

  it("lets an auth function spread them", () => {
    const request = prepared({
      headers: { "X-A": "1" },
      auth: (given: PreparedRequest) => {
        given.headers = { ...given.headers, "X-Sig": "1" };
        return given;
      },
    });
    assert.deepEqual(request.headers.toJSON(), { "X-A": "1", "X-Sig": "1" });
  });

  it("never changes the assigned object, such as the headers of a session", () => {
    const shared = new CaseInsensitiveDict({ "X-A": "1" });
    const request = prepared({ method: "POST", data: "abc" });
    request.headers = shared;
    request.headers["X-B"] = "2";
    assert.deepEqual(shared.toJSON(), { "X-A": "1" });
  });

  it("refuses values that are not headers", () => {
    for (const value of [null, undefined, 5, "X-A: 1", [1]])
      assert.throws(
        () => {
          prepared({}).headers = value as unknown as HeadersLike;
        },
        { name: "TypeError", message: /headers/ },
      );
  });
});

describe("prepare", () => {
  it("does everything in the order of requests", () => {
    const request = prepared({
      method: "post",
      url: "http://h/p",
      headers: { "X-A": "1", "X-B": null },
      params: { q: 1 },
      cookies: { c: "1" },
      json: {},
      auth: ["u", "p"],
    });
    assert.equal(request.method, "POST");
    assert.equal(request.url, "http://h/p?q=1");
    assert.deepEqual([...request.headers.keys()], ["X-A", "Cookie", "Content-Length", "Content-Type", "Authorization"]);
    assert.equal(request.body, "{}");
    assert.equal(inspect(request), "<PreparedRequest [POST]>");
  });

  const lengths: [method: string, expected: string | undefined][] = [
    ["GET", undefined],
    ["HEAD", undefined],
    ["POST", "0"],
    ["PUT", "0"],
    ["PATCH", "0"],
    ["DELETE", "0"],
    ["OPTIONS", "0"],
    ["PURGE", "0"],
  ];
  for (const [method, expected] of lengths)
    it(`${method} without a body has Content-Length ${String(expected)}`, () => {
      assert.equal(prepared({ method }).headers["content-length"], expected);
    });

  it("uses a Cookie header instead of cookies", () => {
    assert.equal(prepared({ headers: { cookie: "x=1" }, cookies: { c: "1" } }).headers["cookie"], "x=1");
  });

  it("signs with user-info unless auth is null or given, and overwrites an Authorization header [auth-null]", () => {
    const url = "http://u:p@h/";
    assert.equal(prepared({ url }).headers["authorization"], "Basic dTpw");
    assert.equal(prepared({ url, auth: null }).headers["authorization"], undefined);
    assert.equal(prepared({ url, auth: new HTTPBasicAuth("a", "b") }).headers["authorization"], "Basic YTpi");
    assert.equal(prepared({ url, headers: { authorization: "x" } }).headers["authorization"], "Basic dTpw");
    assert.equal(prepared({ url: "http://u@h/" }).headers["authorization"], undefined);
  });

  it("keeps hooks that the credentials registered", () => {
    const hook = (): void => undefined;
    const own = (): void => undefined;
    const request = prepared({
      hooks: { response: own },
      auth: (one: PreparedRequest) => {
        one.registerHook("response", hook);
        return one;
      },
    });
    assert.deepEqual(request.hooks.response, [hook, own]);
  });

  it("throws MissingSchema without a URL", () => {
    assert.throws(() => new PreparedRequest().prepare({}), MissingSchema);
  });
});

describe("editing a PreparedRequest", () => {
  it("updates the framing headers when a body is assigned", () => {
    const request = prepared({ method: "POST", data: "abc" });
    const framing = (): unknown[] => [request.headers["content-length"], request.headers["transfer-encoding"]];
    assert.deepEqual(framing(), ["3", undefined]);
    request.body = new Set(["a"]);
    assert.deepEqual(framing(), [undefined, "chunked"]);
    request.body = Buffer.from("four");
    assert.deepEqual(framing(), ["4", undefined]);
    request.body = null;
    assert.deepEqual(framing(), ["0", undefined]);
    request.method = "GET";
    request.body = null;
    assert.deepEqual(framing(), [undefined, undefined]);
  });

  it("throws a TypeError for a value that is not a body", () => {
    const request = prepared({});
    assert.throws(() => (request.body = 5), TypeError);
  });

  it("has a pathUrl of path and query, without the fragment", () => {
    for (const [url, expected] of [
      ["http://h", "/"],
      ["http://h/a?b=c#d", "/a?b=c"],
      ["http://h?x", "/?x"],
    ])
      // prettier-ignore
      assert.equal(prepared({ url }).pathUrl, expected);
    const request = prepared({});
    request.url = "http://h/raw|path";
    assert.equal(request.url, "http://h/raw|path");
    assert.equal(request.pathUrl, "/raw|path");
  });

  it("does not change copies", () => {
    const request = prepared({ method: "POST", data: "x", headers: { A: "1" }, hooks: { response: () => undefined } });
    const copy = request.copy();
    copy.headers["A"] = "2";
    copy.hooks.response.length = 0;
    copy.method = "PUT";
    copy.url = "http://other/";
    assert.deepEqual([request.headers["A"], request.hooks.response.length, request.method, request.url], ["1", 1, "POST", "http://h/"]); // prettier-ignore
    assert.equal(copy.body, "x");
  });

  it("refuses invalid headers in each step", () => {
    assert.throws(() => prepared({ headers: { "a b": "1" } }), InvalidHeader);
  });
});

describe("Request", () => {
  it("keeps its values, and prepares another request each time", () => {
    const request = new Request("get", "http://h/", { params: { a: 1 } });
    assert.deepEqual([request.method, request.url, request.params], ["get", "http://h/", { a: 1 }]);
    assert.equal(request.prepare().url, "http://h/?a=1");
    request.params = { b: 2 };
    assert.equal(request.prepare().url, "http://h/?b=2");
  });

  it("registers hooks for the two events", () => {
    const hook = (): void => undefined;
    const request = new Request("GET", "http://h/");
    request.registerHook("response", hook);
    assert.equal(request.deregisterHook("response", hook), true);
    assert.equal(request.deregisterHook("response", hook), false);
    request.registerHook("request", hook);
    assert.equal(request.deregisterHook("request", hook), true);
    assert.throws(
      () => request.registerHook("redirect" as "response", hook),
      /the events are "request" and "response"/,
    );
  });
});
