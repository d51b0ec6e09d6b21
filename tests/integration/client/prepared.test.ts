/** The prepared flow: prepare alone or by a session, edit, send. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, { PreparedRequest, ProxyError, Request, Session } from "requests-ts";

import { closedPort, failure, serve, type Received } from "./serve.js";

const echo = await serve();
after(() => echo.close());
async function sent(prepared: PreparedRequest, session = new Session()): Promise<Received> {
  return (await session.send(prepared)).json<Received>();
}

describe("Request.prepare() alone", () => {
  it("takes nothing from a session: the engine adds Host only", async () => {
    const session = new Session({ headers: { "X-A": "1" }, cookies: { c: "1" }, auth: ["u", "p"], params: { a: 1 } });
    const received = await sent(new Request("GET", `${echo.url}/x`, { headers: { "X-Own": "1" } }).prepare(), session);
    assert.deepEqual(received.pairs, [
      ["Host", `127.0.0.1:${echo.port}`],
      ["X-Own", "1"],
    ]);
    assert.equal(received.target, "/x");
  });

  it("sends Content-Length or Transfer-Encoding with a body", async () => {
    const received = await sent(new Request("POST", echo.url, { data: "abc" }).prepare());
    assert.deepEqual(received.pairs, [
      ["Host", `127.0.0.1:${echo.port}`],
      ["Content-Length", "3"],
    ]);
  });
});

describe("session.prepareRequest(request)", () => {
  it("merges the session's settings into the request", () => {
    const session = new Session({ headers: { "X-A": "1" }, cookies: { c: "1" }, auth: ["u", "p"], params: { a: 1 } });
    const prepared = session.prepareRequest(new Request("post", echo.url, { params: { b: 2 }, json: { x: 1 } }));
    assert.ok(prepared instanceof PreparedRequest);
    assert.equal(prepared.method, "POST");
    assert.equal(prepared.url, `${echo.url}/?a=1&b=2`);
    assert.equal(prepared.pathUrl, "/?a=1&b=2");
    assert.equal(prepared.body, '{"x":1}');
    assert.deepEqual([...prepared.headers.keys()].slice(4), [
      "X-A",
      "Cookie",
      "Content-Length",
      "Content-Type",
      "Authorization",
    ]);
  });

  it("takes the request's hooks, or those of the session when it has none", () => {
    const a = (): void => undefined;
    const b = (): void => undefined;
    const session = new Session({ hooks: { response: a } });
    assert.deepEqual(session.prepareRequest(new Request("GET", echo.url)).hooks.response, [a]);
    const own = session.prepareRequest(new Request("GET", echo.url, { hooks: { response: b } }));
    assert.deepEqual(own.hooks.response, [b]);
    own.registerHook("response", a);
    assert.deepEqual(session.hooks.response, [a]);
  });
});

describe("editing before sending", () => {
  it("sends edited URL, method, headers and body", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new Request("POST", echo.url, { json: { a: 1 } }));
    prepared.url = `${echo.url}/raw path|`.replace(" ", "%20");
    prepared.method = "PUT";
    prepared.headers["X-New"] = "1";
    delete prepared.headers["accept"];
    prepared.body = "changed é";
    const received = await sent(prepared, session);
    assert.equal(received.target, "/raw%20path|");
    assert.equal(received.method, "PUT");
    assert.equal(received.body, "changed é");
    assert.equal(received.headers["content-length"], "10");
    assert.equal(received.headers["x-new"], "1");
    assert.equal(received.headers["accept"], undefined);
  });

  it("sends no body after it was removed", async () => {
    const prepared = new Session().prepareRequest(new Request("POST", echo.url, { data: "abc" }));
    prepared.body = null;
    const received = await sent(prepared);
    assert.equal(received.body, "");
    assert.equal(received.headers["content-length"], "0");
  });

  it("sends a body that was replaced by a stream", async () => {
    const prepared = new Session().prepareRequest(new Request("POST", echo.url, { data: "abc" }));
    prepared.body = (async function* () {
      yield "stream";
    })();
    const received = await sent(prepared);
    assert.equal(received.body, "stream");
    assert.equal(received.headers["transfer-encoding"], "chunked");
    assert.equal(received.headers["content-length"], undefined);
  });

  for (const [name, edit] of [
    ["a Content-Length that is too long", (p: PreparedRequest) => (p.headers["Content-Length"] = "99")],
    ["no framing at all", (p: PreparedRequest) => p.headers.delete("content-length")],
    ["both kinds of framing", (p: PreparedRequest) => (p.headers["Transfer-Encoding"] = "chunked")],
    ["a line end in a header", (p: PreparedRequest) => (p.headers["X"] = "1\r\nY: 2")],
  ] as [string, (prepared: PreparedRequest) => unknown][])
    it(`rejects ${name} set by hand with InvalidHeader, and sends nothing`, async () => {
      const before = echo.requests.length;
      const prepared = new Request("POST", echo.url, { data: "abc" }).prepare();
      edit(prepared);
      const error = await failure(new Session().send(prepared));
      assert.equal(error.name, "InvalidHeader", error.message);
      assert.equal(echo.requests.length, before);
    });

  it("sends no line break of a URL [line-break-in-url]", async () => {
    const before = echo.requests.length;
    const prepared = new Request("GET", echo.url).prepare();
    prepared.url = `${echo.url}/ HTTP/1.1\r\nX: y`;
    const error = await failure(new Session().send(prepared));
    assert.ok(error instanceof requests.RequestException, String(error));
    assert.equal(echo.requests.length, before);
  });
});

describe("session.send(prepared)", () => {
  it("sends what request() sends: environment, cookies, hooks and redirects [send-prepared-like-request]", async () => {
    const port = await closedPort();
    process.env["HTTP_PROXY"] = `http://u:secret@127.0.0.1:${port}`;
    const session = new Session();
    const prepared = session.prepareRequest(new Request("GET", echo.url));
    const error = await failure(session.send(prepared));
    assert.ok(error instanceof ProxyError, String(error));
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.doesNotMatch(error.message, /secret/);
    assert.equal((await session.send(prepared, { proxies: { http: null } })).statusCode, 200);
  });

  it("takes settings that override those of the session", async () => {
    const session = new Session();
    const response = await session.send(session.prepareRequest(new Request("GET", echo.url)), { stream: true });
    assert.throws(() => response.content, { name: "StreamNotReadError" });
    assert.ok((await response.read()).length > 0);
  });

  it("sends a prepared request twice", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new Request("POST", echo.url, { data: "again" }));
    assert.equal((await sent(prepared, session)).body, "again");
    assert.equal((await sent(prepared, session)).body, "again");
  });

  it("refuses a value that is not a prepared request", async () => {
    const error = await failure(new Session().send(new Request("GET", echo.url) as unknown as PreparedRequest));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /You can only send PreparedRequests/);
  });

  it("refuses an unknown option", async () => {
    const prepared = new Request("GET", echo.url).prepare();
    const error = await failure(new Session().send(prepared, { allow_redirects: false } as object));
    assert.match(error.message, /Did you mean "allowRedirects"/);
  });

  it("throws errors that have the request", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new Request("GET", `http://127.0.0.1:${await closedPort()}/`));
    const error = await failure(session.send(prepared));
    assert.ok(error instanceof requests.exceptions.ConnectionError);
    assert.equal(error.request, prepared);
    assert.equal(error.phase, "connect");
    assert.equal(error.attempt, 1);
    assert.match(error.address ?? "", /^127\.0\.0\.1:\d+$/);
    assert.match(error.message, /127\.0\.0\.1:\d+/);
  });
});

describe("response.request", () => {
  it("is the request that was sent", async () => {
    const session = new Session();
    const response = await session.get(echo.url, { headers: { "X-A": "1" } });
    assert.equal(response.request.method, "GET");
    assert.equal(response.request.headers["x-a"], "1");
    assert.equal(response.connection, session.getAdapter(echo.url));
  });
});
