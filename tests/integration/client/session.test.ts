/** Session: settings, how those of a call meet them, the order of headers, baseUrl. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import {
  CaseInsensitiveDict,
  HTTPAdapter,
  InvalidURL,
  Request,
  RequestsCookieJar,
  Retry,
  Session,
  version,
  type RequestOptions,
} from "requests-ts";
import { insideRequest } from "requests-ts/extend";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve, type Received } from "./serve.js";

const echo = await serve();
const server = await httpbin();
after(async () => {
  await echo.close();
  await server.close();
});

async function sent(session: Session, options: RequestOptions = {}, target = "/"): Promise<Received> {
  return (await session.get(echo.url + target, options)).json<Received>();
}

const ours = ({ pairs }: Received): (readonly [string, string])[] => pairs.filter(([name]) => /^x-/i.test(name));

describe("new Session()", () => {
  it("has the defaults of requests", () => {
    const session = new Session();
    assert.deepEqual([...session.headers.keys()], ["User-Agent", "Accept-Encoding", "Accept", "Connection"]);
    assert.equal(session.headers["user-agent"], `requests-ts/${version}`);
    assert.match(session.headers["accept-encoding"] as string, /^gzip, deflate, br(, zstd)?$/);
    assert.equal(session.headers["accept"], "*/*");
    assert.equal(session.headers["connection"], "keep-alive");
    const { auth, proxies, hooks, params, stream, verify, cert, timeout, baseUrl } = session;
    const { maxResponseSize, maxRedirects, trustEnv } = session;
    assert.deepEqual(
      { auth, proxies, hooks, params, stream, verify, cert, timeout, baseUrl, maxResponseSize, maxRedirects, trustEnv },
      {
        auth: null,
        proxies: {},
        hooks: { request: [], response: [] },
        params: {},
        stream: false,
        verify: true,
        cert: null,
        timeout: null,
        baseUrl: null,
        maxResponseSize: 0,
        maxRedirects: 30,
        trustEnv: true,
      },
    );
    assert.ok(session.cookies instanceof RequestsCookieJar && session.cookies.size === 0);
    assert.deepEqual([...session.adapters.keys()], ["https://", "http://"]);
    assert.ok(session.adapters.get("http://") instanceof HTTPAdapter);
  });

  it("takes every setting and has it as an attribute [session-settings]", () => {
    const hook = (): void => undefined;
    const session = new Session({
      baseUrl: new URL("http://h/v1"),
      headers: { "X-A": "1", Accept: null },
      params: { a: 1 },
      auth: ["u", "p"],
      cookies: { c: "1" },
      timeout: 5,
      proxies: { http: null },
      hooks: { response: hook },
      verify: false,
      cert: "/c.pem",
      stream: true,
      maxResponseSize: 2000,
      maxRedirects: 3,
      trustEnv: false,
      retries: 2,
    });
    assert.equal(session.baseUrl, "http://h/v1");
    assert.deepEqual([...session.headers.keys()], ["User-Agent", "Accept-Encoding", "Connection", "X-A"]);
    assert.deepEqual(session.params, { a: 1 });
    assert.deepEqual(session.auth, ["u", "p"]);
    assert.equal(session.cookies["c"], "1");
    assert.deepEqual([session.timeout, session.verify, session.cert, session.stream], [5, false, "/c.pem", true]);
    assert.deepEqual(session.hooks, { request: [], response: [hook] });
    assert.deepEqual([session.maxResponseSize, session.maxRedirects, session.trustEnv], [2000, 3, false]);
    assert.equal(session.retries?.total, 2);
  });

  const refused: [options: Record<string, unknown>, type: typeof TypeError | typeof RangeError, message: RegExp][] = [
    [{ base_url: "http://h" }, TypeError, /baseUrl/],
    [{ header: {} }, TypeError, /headers/],
    [{ verify: "" }, TypeError, /verify must be/],
    [{ timeout: 0 }, RangeError, /more than 0 seconds/],
    [{ proxies: [] }, TypeError, /proxies must be an object/],
    [{ stream: "yes" }, TypeError, /stream must be true or false, not a string/],
    [{ maxResponseSize: -1 }, RangeError, /maxResponseSize must be a number of bytes, 0 or greater, not -1/],
    [{ maxResponseSize: "1" }, TypeError, /maxResponseSize must be .*not a string/],
    [{ cert: {} }, TypeError, /cert must be/],
    [{ hooks: { redirect: [] } }, TypeError, /the events are "request" and "response"/],
  ];
  for (const [options, type, message] of refused)
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => new Session(options),
        (error: Error) => error instanceof type && message.test(error.message),
      );
    });
});

describe("merging the session's settings with those of the call", () => {
  it("merges headers ignoring case: the call's name and value at the session's place", async () => {
    const session = new Session({ headers: { "X-A": "session", "X-B": "session" } });
    assert.deepEqual(ours(await sent(session, { headers: { "x-a": "call", "X-C": "call" } })), [
      ["x-a", "call"],
      ["X-B", "session"],
      ["X-C", "call"],
    ]);
  });

  it("removes a header for null, and inherits it for undefined", async () => {
    const session = new Session({ headers: { "X-A": "1", "X-B": "2" } });
    const received = await sent(session, { headers: { "x-a": null, "X-B": undefined, "User-Agent": null } });
    assert.deepEqual(ours(received), [["X-B", "2"]]);
    assert.equal(received.headers["user-agent"], undefined);
    assert.deepEqual(ours(await sent(session, { headers: null })), [["X-A", "1"], ["X-B", "2"]]); // prettier-ignore
  });

  it("merges params by key when both are mappings; otherwise the call's params replace the session's", async () => {
    const session = new Session({ params: { a: "s", b: "s" } });
    const table: [RequestOptions["params"], string][] = [
      [undefined, "/?a=s&b=s"],
      [{ b: "c", c: "c" }, "/?a=s&b=c&c=c"],
      [{ a: null }, "/?b=s"],
      [{ A: "c" }, "/?a=s&b=s&A=c"],
      [new Map([["a", "c"]]), "/?a=c&b=s"],
      ["z=1", "/?z=1"],
      [[["z", "1"]], "/?z=1"],
      [null, "/"],
    ];
    for (const [params, target] of table) assert.equal((await sent(session, { params })).target, target);
  });

  it("sends the call's cookies with the session's, and does not keep them", async () => {
    const session = new Session({ cookies: { a: "s", b: "s" } });
    const { headers } = await sent(session, { cookies: { b: "c", d: "c" } });
    assert.deepEqual(headers["cookie"]!.split("; ").sort(), ["a=s", "b=c", "d=c"]);
    assert.deepEqual(session.cookies.getDict(), { a: "s", b: "s" });
    assert.deepEqual((await sent(session)).headers["cookie"]!.split("; ").sort(), ["a=s", "b=s"]);
  });

  it("uses the call's auth, or the session's; null disables it", async () => {
    const session = new Session({ auth: ["s", "s"] });
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
    assert.equal((await sent(session)).headers["authorization"], basic("s:s"));
    assert.equal((await sent(session, { auth: ["c", "c"] })).headers["authorization"], basic("c:c"));
    assert.equal((await sent(session, { auth: null })).headers["authorization"], undefined);
    session.auth = null;
    assert.equal((await sent(session)).headers["authorization"], undefined);
  });

  it("replaces the session's hooks with the call's", async () => {
    const seen: string[] = [];
    const session = new Session({ hooks: { response: () => void seen.push("session") } });
    await sent(session);
    await sent(session, { hooks: { response: () => void seen.push("call") } });
    await sent(session, { hooks: null });
    await sent(session, { hooks: { response: [] } });
    assert.deepEqual(seen, ["session", "call", "session", "session"]);
  });

  it("uses the call's stream, or the session's", async () => {
    const session = new Session({ stream: true });
    const streamed = await session.get(echo.url);
    assert.throws(() => streamed.content, { name: "StreamNotReadError" });
    streamed.close();
    assert.ok((await session.get(echo.url, { stream: false })).content.length > 0);
  });

  it("disables the session's timeout for timeout: null", async () => {
    const session = new Session({ timeout: 0.03 });
    assert.equal((await failure(session.get(`${server.url}/delay/0.1`))).name, "ReadTimeout");
    assert.equal((await session.get(`${server.url}/delay/0.1`, { timeout: null })).statusCode, 200);
    assert.equal((await session.get(`${server.url}/delay/0.1`, { timeout: 5 })).statusCode, 200);
  });

  it("merges proxies by key: null in the call overrides the session's", async () => {
    const session = new Session({ proxies: { http: "http://127.0.0.1:1" } });
    assert.equal((await failure(session.get(echo.url))).name, "ProxyError");
    assert.equal((await session.get(echo.url, { proxies: { http: null } })).statusCode, 200);
    assert.equal((await session.get(echo.url, { proxies: { "http://127.0.0.1": null } })).statusCode, 200);
  });

  it("does not keep the settings of a call", async () => {
    const session = new Session();
    await sent(session, { headers: { "X-A": "1" }, params: { a: 1 }, auth: ["u", "p"], timeout: 5 });
    const received = await sent(session);
    assert.deepEqual(ours(received), []);
    assert.equal(received.target, "/");
    assert.equal(received.headers["authorization"], undefined);
    assert.equal(session.timeout, null);
  });

  it("takes assigned attributes", async () => {
    const session = new Session();
    session.headers = { "X-Only": "1" };
    session.params = { p: 1 };
    session.cookies = { c: "1" };
    assert.ok(session.headers instanceof CaseInsensitiveDict);
    const received = await sent(session);
    assert.deepEqual(received.pairs, [
      ["Host", `127.0.0.1:${echo.port}`],
      ["X-Only", "1"],
      ["Cookie", "c=1"],
    ]);
    assert.equal(received.target, "/?p=1");
  });
});

describe("an attribute with an invalid value", () => {
  const table: readonly (readonly [string, readonly unknown[]])[] = [
    ["retries", ["3", true, {}, { total: 3 }, [], -1, NaN]],
    ["baseUrl", [5, {}, true, []]],
    ["hooks", [5, true, "x", []]],
    ["proxies", [5, true, "http://p", [], new URL("http://p")]],
  ];
  for (const [name, values] of table)
    it(`is refused at once: ${name}`, () => {
      for (const value of values) {
        const session = new Session();
        assert.throws(() => ((session as unknown as Record<string, unknown>)[name] = value), {
          message: new RegExp(name),
        });
      }
    });

  it("is refused by the call when the assignment could not check it", async () => {
    const session = new Session();
    session.proxies["http"] = 5 as never;
    assert.match((await failure(session.get(echo.url))).message, /^proxies\["http"\] must be a URL/);
    session.proxies = { no_proxy: "x" };
    session.proxies["no_proxy"] = ["h"] as never;
    assert.match((await failure(session.get(echo.url))).message, /^proxies\["no_proxy"\] must be text/);
  });

  it("may be a number for adapter.maxRetries", () => {
    const adapter = new HTTPAdapter();
    adapter.maxRetries = 5;
    assert.ok(adapter.maxRetries instanceof Retry);
    assert.equal(adapter.maxRetries.total, 5);
    adapter.maxRetries = false;
    assert.equal(adapter.maxRetries.total, false);
    for (const value of ["5", {}, [], NaN])
      assert.throws(() => (adapter.maxRetries = value as never), /maxRetries|total/);
    assert.equal(adapter.maxRetries.total, false);
  });

  it("does not allow endless redirects for maxRedirects = NaN", async () => {
    const session = new Session();
    session.maxRedirects = NaN;
    const turning = await serve((_request, response) => void response.writeHead(302, { Location: "/" }).end());
    assert.equal((await failure(session.get(turning.url))).name, "TooManyRedirects");
    await turning.close();
  });

  it("may be a URL for baseUrl", async () => {
    const session = new Session();
    session.baseUrl = new URL(`${echo.url}/api/`);
    assert.equal(session.baseUrl, `${echo.url}/api/`);
    assert.equal((await session.get("users")).json<Received>().target, "/api/users");
    session.baseUrl = null;
    assert.equal((await failure(session.get("users"))).name, "MissingSchema");
  });
});

describe("the order and case of headers on the wire", () => {
  const names = ({ pairs }: Received): string[] => pairs.map(([name]) => name);

  it("is Host, the session's, the call's, then headers added by preparation", async () => {
    const session = new Session({ cookies: { c: "1" } });
    const response = await session.post(echo.url, { headers: { "x-lower": "1" }, json: {}, auth: ["u", "p"] });
    assert.deepEqual(names(response.json<Received>()), [
      "Host",
      "User-Agent",
      "Accept-Encoding",
      "Accept",
      "Connection",
      "x-lower",
      "Cookie",
      "Content-Length",
      "Content-Type",
      "Authorization",
    ]);
  });

  it("keeps the caller's Host at its place", async () => {
    const { pairs } = await sent(new Session(), { headers: { "X-A": "1", hOsT: "example.com" } });
    assert.deepEqual(pairs.slice(-2), [
      ["X-A", "1"],
      ["hOsT", "example.com"],
    ]);
    assert.equal(pairs.filter(([name]) => name.toLowerCase() === "host").length, 1);
  });

  it("omits the default port from Host", () => {
    const prepared = new Session().prepareRequest(new Request("GET", "http://example.com:80/"));
    assert.equal(prepared.url, "http://example.com:80/");
    assert.equal(insideRequest.target(prepared).authority, "example.com");
  });
});

describe("baseUrl", () => {
  const table: [base: string, url: string, expected: string][] = [
    ["https://h/v1", "users", "https://h/v1/users"],
    ["https://h/v1", "/users", "https://h/v1/users"],
    ["https://h/v1/", "users", "https://h/v1/users"],
    ["https://h/v1/", "/users?x=1#f", "https://h/v1/users?x=1#f"],
    ["https://h", "users", "https://h/users"],
    ["https://h/v1", "http://other/x", "http://other/x"],
    ["https://h/v1", "HTTPS://other/x", "https://other/x"],
  ];
  for (const [baseUrl, url, expected] of table)
    it(`${baseUrl} + ${url}`, () => {
      assert.equal(new Session({ baseUrl }).prepareRequest(new Request("GET", url)).url, expected);
    });

  it("refuses //other.host/x below a base with InvalidURL [base-url-other-host]", async () => {
    const error = await failure(new Session({ baseUrl: "http://h/v1" }).get("//other.host/x"));
    assert.ok(error instanceof InvalidURL, String(error));
  });

  it("applies to requests that are sent, and may be assigned", async () => {
    const session = new Session();
    session.baseUrl = `${echo.url}/api`;
    const response = await session.get("/users", { params: { page: 2 } });
    assert.equal(response.json<Received>().target, "/api/users?page=2");
  });
});

describe("the lifetime of a session", () => {
  it("allows close() twice, and works afterwards", async () => {
    const session = new Session();
    await sent(session);
    await session.close();
    await session.close();
    assert.equal((await session.get(echo.url)).reused, false);
  });

  it("ends with await using", async () => {
    let closed = 0;
    const adapter = { send: () => Promise.reject(new Error("unused")), close: async () => void (closed += 1) };
    {
      await using session = new Session();
      session.mount("x://", adapter);
    }
    assert.equal(closed, 1);
  });

  it("keeps its connection between calls", async () => {
    await using own = await serve();
    const session = new Session();
    const first = await session.get(own.url);
    const second = await session.get(own.url);
    assert.deepEqual([first.reused, second.reused, own.connections], [false, true, 1]);
  });
});
