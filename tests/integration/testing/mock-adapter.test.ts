/** MockAdapter: routes, replies, records, and where it stands. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import requests, { HTTPAdapter, RetryError, Retry, Session, type Response } from "requests-ts";
import { HarRecorder } from "requests-ts/har";
import { httpbin } from "requests-ts/httpbin";
import {
  MockAdapter,
  mockRequests,
  UnmatchedRequest,
  type Match,
  type Reply,
  type UrlPattern,
} from "requests-ts/testing";

const API = "https://api.example.com";

/** A session that reaches nothing but the double. */
function mocked(options?: ConstructorParameters<typeof MockAdapter>[0]): { mock: MockAdapter; session: Session } {
  const mock = new MockAdapter(options);
  const session = new Session({ baseUrl: API });
  session.mount("https://", mock);
  session.mount("http://", mock);
  return { mock, session };
}

describe("a route", () => {
  const fits: readonly (readonly [UrlPattern, string, Record<string, string> | null])[] = [
    [`${API}/users`, "/users", {}],
    [`${API}/users`, "/users?page=2", {}],
    [`${API}/users`, "/users/", null],
    [`${API}/users`, "http://api.example.com/users", null],
    [`HTTPS://API.example.com:443/users`, "/users", {}],
    [API, "/", {}],
    [`${API}/users?page=2`, "/users?sort=name&page=2", {}],
    [`${API}/users?page=2`, "/users?page=3", null],
    [`${API}/users/{id}`, "/users/a%20b", { id: "a b" }],
    [`${API}/users/{id}`, "/users/1/posts", null],
    [`${API}/users/{id}/posts/{post}`, "/users/1/posts/2", { id: "1", post: "2" }],
    [`${API}/files/*`, "/files/a/b", {}],
    [`${API}/*/b`, "/a/b", {}],
    [`${API}/*/b`, "/a/a/b", null],
    ["https://*.example.com/x", "/x", {}],
    ["https://*.example.com/x", "https://example.com/x", null],
    ["/users", "/users", {}],
    ["/users", "http://elsewhere.example/users", {}],
    ["*", "http://elsewhere.example/any?x=1", {}],
    [/\/users\/(?<id>\d+)$/g, "/users/42", { id: "42" }],
    [/\/users\/(?<id>\d+)$/, "/users/x", null],
    [new URL(`${API}/users`), "/users", {}],
    [(url) => url.hostname.endsWith(".example.com"), "/x", {}],
    [(url) => url.port === "8080", "/x", null],
    [`${API}/a.b`, "/axb", null],
  ];
  for (const [pattern, url, params] of fits)
    it(`${String(pattern)} ${params === null ? "does not match" : "matches"} ${url}`, async () => {
      const { mock, session } = mocked();
      mock.get(pattern, { text: "here" });
      // Twice: a RegExp with a state of its own would fail the second time.
      for (let round = 0; round < 2; round += 1) {
        if (params === null) await assert.rejects(session.get(url), UnmatchedRequest);
        else assert.equal((await session.get(url)).text, "here");
        assert.deepEqual({ ...mock.calls[round].params }, params ?? {});
      }
    });

  const matches: readonly (readonly [string, Match, RequestCase, string | null])[] = [
    ["params", { params: { page: 2 } }, { params: { page: "2", a: "b" } }, null],
    ["params", { params: { page: 2 } }, { params: { page: "3" } }, 'params.page is "3", not 2'],
    ["params", { params: { page: null } }, { params: { page: "3" } }, 'params.page is "3", not absent'],
    ["params", { params: { tag: ["a", "b"] } }, { params: { tag: ["a", "b"] } }, null],
    ["params", { params: { tag: ["a"] } }, { params: { tag: ["a", "b"] } }, 'params.tag is "a" and "b", not ["a"]'],
    ["params", { params: { page: /^\d$/g } }, { params: { page: 7 } }, null],
    ["headers", { headers: { "x-a": "1" } }, { headers: { "X-A": "1" } }, null],
    ["headers", { headers: { "x-a": "1" } }, {}, 'headers.x-a is missing, not "1"'],
    [
      "secret headers",
      { headers: { Authorization: "Bearer good" } },
      { headers: { Authorization: "Bearer s3cret" } },
      "headers.Authorization has another value",
    ],
    ["json", { json: { a: [1, { b: 2 }] } }, { json: { a: [1, { b: 2 }] } }, null],
    ["json", { json: { a: 1 } }, { json: { a: 2 } }, 'the JSON is {"a":2}, not {"a":1}'],
    ["json", { json: { a: 1 } }, { data: "{" }, "the body is not JSON"],
    ["json null", { json: null }, { json: null }, null],
    ["form", { form: { a: "1" } }, { data: { a: "1", b: "2" } }, null],
    ["form", { form: { a: "1" } }, { data: { a: "2" } }, 'form.a is "2", not "1"'],
    ["text", { text: /hello/ }, { data: "well, hello" }, null],
    ["text", { text: "hello" }, { data: "hallo" }, 'the text is "hallo", not "hello"'],
    ["body", { body: Buffer.from([1, 2]) }, { data: Buffer.from([1, 2]) }, null],
    [
      "body",
      { body: Buffer.from([1, 2]) },
      { data: Buffer.from([1, 3, 4]) },
      "the body is 3 other bytes than the 2 wanted",
    ],
    ["a streamed body", { json: { a: 1 } }, { data: pieces('{"a"', ":1}") }, null],
    ["a streamed body", { json: { a: 1 } }, { data: pieces('{"a"', ":2}") }, 'the JSON is {"a":2}, not {"a":1}'],
    ["when", { when: ({ headers }) => headers.has("x-a") }, { headers: { "X-A": "" } }, null],
    ["when", { when: () => false }, {}, "its function says no"],
  ];
  for (const [what, match, options, difference] of matches)
    it(`by ${what}: ${difference ?? "matches"}`, async () => {
      const { mock, session } = mocked();
      mock.post("/x", { text: "here" }, match);
      if (difference === null) {
        assert.equal((await session.post("/x", options as object)).text, "here");
        return;
      }
      const error = await session.post("/x", options as object).then(
        () => assert.fail("it was answered"),
        (reason: unknown) => reason as UnmatchedRequest,
      );
      assert.ok(error instanceof UnmatchedRequest);
      assert.ok(error.message.split("\n").includes(`  - ${difference}`), error.message);
      assert.doesNotMatch(error.message, /s3cret/);
    });

  it("takes several methods, or any", async () => {
    const { mock, session } = mocked();
    mock.route(["put", "PATCH"], "/a", { status: 201 });
    mock.any("/b", { status: 202 });
    assert.equal((await session.patch("/a")).statusCode, 201);
    assert.equal((await session.request("brew", "/b")).statusCode, 202);
    await assert.rejects(session.post("/a"), /the method is POST/);
  });

  it("that was added first replies, up to its number of times", async () => {
    const { mock, session } = mocked();
    mock.get("/x", { text: "first" }, { times: 1 });
    mock.get("/*", { text: "second" }, { times: 2 });
    const texts: string[] = [];
    for (let call = 0; call < 3; call += 1) texts.push((await session.get("/x")).text);
    assert.deepEqual(texts, ["first", "second", "second"]);
    await assert.rejects(session.get("/x"), /it has answered 1 time, and may not again/);
  });

  it("returns a sequence in order, and repeats its last reply [mock-sequence]", async () => {
    const { mock, session } = mocked();
    const route = mock.get("/x", [{ status: 503 }, () => ({ status: 500 }), { json: 1 }]);
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await session.get("/x")).statusCode);
    assert.deepEqual(statuses, [503, 500, 200, 200]);
    assert.equal(route.callCount, 4);
    mock.reset();
    assert.deepEqual([mock.calls.length, route.called], [0, false]);
    assert.equal((await session.get("/x")).statusCode, 503);
  });

  const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["a URL without a scheme", () => new MockAdapter().get("users"), /a path \("\/path"\) or "\*", not "users"/],
    [
      "an unknown part of a reply",
      () => new MockAdapter().get("/", { staus: 1 } as Reply),
      /Unknown option "staus" for a reply\. Did you mean "status"/,
    ],
    ["two contents", () => new MockAdapter().get("/", { json: 1, text: "" }), /one content, not json and text/],
    ["a status that cannot be", () => new MockAdapter().get("/", { status: 100 }), /from 200 to 999/],
    ["a negative delay", () => new MockAdapter().get("/", { delay: -1 }), /delay must be/],
    [
      "an unknown fault",
      () => new MockAdapter().get("/", { error: "boom" as "reset" }),
      /error takes an Error or one of/,
    ],
    ["no replies", () => new MockAdapter().get("/", []), /must contain at least one reply/],
    ["times of none", () => new MockAdapter().get("/", {}, { times: 0 }), /times must be/],
  ];
  for (const [what, make, message] of mistakes)
    it(`refuses ${what} when it is added`, () => assert.throws(make, message));
});

describe("a reply", () => {
  const table: readonly (readonly [string, Reply, (response: Response) => unknown, unknown])[] = [
    ["nothing", {}, ({ statusCode, reason, content }) => [statusCode, reason, content.length], [200, "OK", 0]],
    ["status", { status: 404 }, ({ statusCode, reason }) => [statusCode, reason], [404, "Not Found"]],
    ["reason", { status: 299, reason: "Sure" }, ({ reason }) => reason, "Sure"],
    ["json", { json: { a: "ü" } }, (response) => [response.json(), response.headers["content-type"]], [{ a: "ü" }, "application/json"]],
    ["text", { text: "ü" }, (response) => [response.text, response.encoding], ["ü", "utf-8"]],
    ["bytes", { body: Buffer.from([0, 255]) }, ({ content }) => [...content], [0, 255]],
    ["a stream", { stream: pieces("a", "", "b") }, (response) => [response.text, response.headers["transfer-encoding"]], ["ab", "chunked"]],
    ["a stream by a function", { stream: () => ["x", "y"] }, ({ text }) => text, "xy"],
    ["content coding", { body: gzipSync("zipped"), headers: { "Content-Encoding": "gzip" } }, ({ text }) => text, "zipped"],
    ["headers again", { headers: { "X-A": ["1", "2"] } }, ({ headers }) => headers.getAll("x-a"), ["1", "2"]],
    ["cookies", { cookies: { a: "1" } }, ({ cookies }) => cookies.getDict(), { a: "1" }],
    ["drip", { text: "slowly", drip: { bytes: 2, every: 0.002 } }, ({ text }) => text, "slowly"],
    ["raw", { raw: "HTTP/1.0 203 Fine\r\n\r\nuntil the end" }, ({ statusCode, httpVersion, text }) => [statusCode, httpVersion, text], [203, "1.0", "until the end"]],
    ["204", { status: 204 }, ({ content, headers }) => [content.length, headers.has("content-length")], [0, false]],
  ]; // prettier-ignore
  for (const [what, reply, seen, expected] of table)
    it(`has ${what}`, async () => {
      const { mock, session } = mocked();
      mock.get("/x", reply);
      assert.deepEqual(seen(await session.get("/x")), expected);
    });

  it("to HEAD has no body, but its length", async () => {
    const { mock, session } = mocked();
    mock.head("/x", { text: "12345" });
    const response = await session.head("/x");
    assert.deepEqual([response.headers["content-length"], response.content.length], ["5", 0]);
  });

  it("from a function receives the request, and may be asynchronous", async () => {
    const { mock, session } = mocked();
    mock.post("/echo/{name}", async ({ params, query, form, headers, method }) => {
      await Promise.resolve();
      return { json: [method, params, Object.fromEntries(query), form.get("a"), headers["x-a"]] };
    });
    const response = await session.post("/echo/n", { params: { q: 1 }, data: { a: "1" }, headers: { "X-A": "2" } });
    assert.deepEqual(response.json(), ["POST", { name: "n" }, { q: "1" }, "1", "2"]);
  });

  it("from a function that throws rejects with that error", async () => {
    const { mock, session } = mocked();
    const mistake = new assert.AssertionError({ message: "not like this" });
    mock.get("/x", () => {
      throw mistake;
    });
    assert.equal(await session.get("/x").catch((error: unknown) => error), mistake);
    assert.equal(mock.calls[0].error, mistake);
  });

  it("with a line break in a header is refused", async () => {
    const { mock, session } = mocked();
    mock.get("/x", { headers: [["X-A", "1\r\nX-B: 2"]] as [string, string][] });
    await assert.rejects(session.get("/x"), /line break|header/i);
  });

  it("is streamed to a reader at any speed", async () => {
    const { mock, session } = mocked();
    let made = 0;
    mock.get("/x", {
      stream: (function* () {
        for (; made < 1000; made += 1) yield Buffer.alloc(16 * 1024);
      })(),
    });
    const response = await session.get("/x", { stream: true });
    for await (const piece of response.iterContent()) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.ok(made < 200, `${made} pieces were made for a reader of one`);
  });

  it("responds to Expect: 100-continue", async () => {
    const { mock, session } = mocked();
    mock.put("/x", (call) => ({ text: call.text }));
    const started = performance.now();
    const response = await session.put("/x", { data: "body", headers: { Expect: "100-continue" } });
    assert.equal(response.text, "body");
    assert.ok(performance.now() - started < 900, "the body waited for its patience to end");
  });
});

describe("the recorded calls", () => {
  it("have each request, its body and its response", async () => {
    const { mock, session } = mocked();
    const route = mock.post("/x", { status: 201 });
    const response = await session.post("/x", { json: { a: 1 } });
    await session.post("/x", { data: pieces("str", "eam") });
    const [first, second] = mock.calls;
    assert.equal(first.request, response.request);
    assert.equal(first.response, response);
    assert.deepEqual([first.json(), first.attempt, first.route], [{ a: 1 }, 1, route]);
    assert.deepEqual([second.text, second.body.length], ["stream", 6]);
    assert.deepEqual(route.calls, mock.calls);
    assert.equal(String(first.headers["Content-Type"]), "application/json");
  });

  it("distinguish concurrent calls with one prepared request", async () => {
    const { mock, session } = mocked();
    let count = 0;
    mock.get("/x", () => ({ text: String((count += 1)) }));
    const prepared = session.prepareRequest(new requests.Request("GET", "/x"));
    const responses = await Promise.all([session.send(prepared), session.send(prepared), session.send(prepared)]);
    assert.deepEqual(
      mock.calls.map(({ response }) => response),
      responses,
    );
  });

  it("include retries, which follow the adapter's policy", async () => {
    const { mock, session } = mocked({ maxRetries: new Retry({ total: 2, statusForcelist: [503], backoffFactor: 0 }) });
    mock.get("/x", [{ error: "refused" }, { status: 503 }, { text: "at last" }]);
    assert.equal((await session.get("/x")).text, "at last");
    assert.deepEqual(
      mock.calls.map(({ attempt, error, response }) => [
        attempt,
        (error as Error | undefined)?.name,
        response?.statusCode,
      ]),
      [
        [1, "ConnectionError", undefined],
        [2, undefined, 503],
        [3, undefined, 200],
      ],
    );
    mock.clear();
    mock.get("/x", { status: 503 });
    await assert.rejects(session.get("/x"), RetryError);
  });

  it("include redirects, with the cookies that the session keeps", async () => {
    const { mock, session } = mocked();
    mock.get("/login", { status: 302, headers: { Location: "/home" }, cookies: { sid: "1" } });
    mock.get("/home", ({ headers }) => ({ text: headers["cookie"] ?? "" }));
    const response = await session.get("/login");
    assert.deepEqual([response.text, response.history.length], ["sid=1", 1]);
    assert.deepEqual(mock.calls.map(({ url }) => url), [`${API}/login`, `${API}/home`]); // prettier-ignore
  });

  it("assert that every route was called, and no other", async () => {
    const { mock, session } = mocked();
    mock.get("/x");
    assert.throws(() => mock.assertAllCalled(), /Never called: GET \/x/);
    await session.get("/x");
    mock.assertAllCalled();
    await session.get("/y").catch(() => undefined);
    assert.throws(() => mock.assertAllCalled(), /No route of the MockAdapter answers GET https:\/\/api.example.com\/y/);
  });
});

describe("an unmatched request", () => {
  it("is reported with the nearest route, and is not retried", async () => {
    const { mock, session } = mocked({ maxRetries: 3 });
    mock.get("/users");
    mock.post("/users/{id}", {}, { json: {}, params: { a: "1" } });
    const error = await session.post("/users/1?access_token=s3cret", { json: {} }).catch((reason: unknown) => reason);
    assert.ok(error instanceof UnmatchedRequest);
    assert.equal(error.code, "ERR_UNMATCHED_REQUEST");
    assert.equal(
      error.message,
      [
        "No route of the MockAdapter answers POST https://api.example.com/users/1?access_token=***",
        "Nearest: POST /users/{id} with json, params",
        '  - params.a is missing, not "1"',
        "Routes:",
        "  GET /users",
        "  POST /users/{id} with json, params",
      ].join("\n"),
    );
    assert.deepEqual([mock.calls.length, mock.unmatched], [1, [error]]);
  });

  it("shows no credentials in the difference", async () => {
    const { mock, session } = mocked();
    mock.post("/a?sig=mine", {}, { params: { api_key: "other" }, headers: { "X-Api-Key": "other" } });
    const first = await session
      .post("/a?api_key=s3cret&sig=s3cret", { headers: { "X-Api-Key": "s3cret" } })
      .catch((reason: unknown) => reason);
    assert.match(
      String(first),
      /params\.sig has another value\n.*params\.api_key has another.*\n.*headers\.X-Api-Key has another/,
    );
    assert.doesNotMatch(String(first), /s3cret/);
    mock.clear();
    mock.post("/b", {}, { form: { password: "other", user: "ada" } });
    mock.post("/b", {}, { json: { password: "other" } });
    mock.post("/b", {}, { text: "password=other" });
    for (const options of [{ data: { password: "s3cret" } }, { json: { password: ["s3cret"] } }]) {
      const error = await session.post("/b", options).catch((reason: unknown) => reason);
      assert.ok(error instanceof UnmatchedRequest);
      assert.doesNotMatch(error.message, /s3cret/);
    }
  });

  it("without any route gives advice on how to add one", async () => {
    const { session } = mocked();
    await assert.rejects(session.get("/x"), /There are no routes: mock\.get\(/);
  });
});

describe("install", () => {
  it("replaces the adapters of the module functions until it is restored", async () => {
    const server = await httpbin();
    try {
      {
        await using mock = mockRequests();
        mock.get(`${server.url}/get`, { json: "mocked" });
        assert.equal((await requests.get(`${server.url}/get`)).json(), "mocked");
        assert.equal(mock.calls.length, 1);
      }
      assert.notEqual((await requests.get(`${server.url}/get`)).json(), "mocked");
    } finally {
      await server.close();
    }
  });

  it("replaces all adapters of a session, including later ones", async () => {
    const session = new Session();
    session.mount("https://api.example.com/v1", new MockAdapter());
    const mock = mockRequests(session);
    mock.get("*", { text: "mine" });
    session.mount("https://api.example.com/v1/deeper", new MockAdapter());
    assert.equal((await session.get(`${API}/v1/deeper/x`)).text, "mine");
    mock.restore();
    await assert.rejects(session.get(`${API}/v1/x`), UnmatchedRequest);
    assert.equal(Object.hasOwn(session, "getAdapter"), false);
  });

  it("may be nested, and restored in any order", async () => {
    const session = new Session();
    const outer = mockRequests(session);
    const inner = mockRequests(session);
    outer.get("*", { text: "outer" });
    inner.get("*", { text: "inner" });
    assert.equal((await session.get(API)).text, "inner");
    outer.restore();
    assert.equal((await session.get(API)).text, "inner");
    inner.restore();
    inner.restore();
    const last = mockRequests(session);
    last.get("*", { text: "last" });
    assert.equal((await session.get(API)).text, "last");
    last.restore();
  });

  it("passes unmatched requests and passthrough replies to the real adapters", async () => {
    const server = await httpbin();
    const session = new Session({ baseUrl: server.url });
    try {
      const mock = mockRequests(session, { passthrough: true });
      mock.get("/uuid", { json: "mocked" });
      mock.post("/post", (call) => (call.text === "real" ? "passthrough" : { text: "mocked" }));
      assert.equal((await session.get("/uuid")).json(), "mocked");
      assert.equal(
        (await session.get("/get", { params: { a: 1 } })).json<{ args: object }>().args.hasOwnProperty("a"),
        true,
      );
      assert.equal((await session.post("/post", { data: pieces("not", "real") })).text, "mocked");
      const real = await session.post("/post", { data: pieces("re", "al") });
      assert.equal(real.json<{ data: string }>().data, "real");
      assert.equal(mock.calls.at(-1)?.response, real);
      assert.deepEqual(mock.unmatched, []);
    } finally {
      await session.close();
      await server.close();
    }
  });

  it("refuses passthrough when the mock is only mounted", async () => {
    const { mock, session } = mocked();
    mock.get("/x", "passthrough");
    await assert.rejects(session.get("/x"), /no adapter to pass a request through to/);
  });
});

type RequestCase = Readonly<Record<string, unknown>>;

async function* pieces(...texts: readonly string[]): AsyncGenerator<string, void> {
  for (const text of texts) {
    await Promise.resolve();
    yield text;
  }
}

describe("retries", () => {
  const flaky: readonly Reply[] = [{ status: 503 }, { error: "reset" }, { text: "at last" }];
  /** Statuses and faults are retried at once. */
  const retries = (): Retry => new Retry({ total: 3, statusForcelist: [503], backoffFactor: 0 });

  it("are those of the session whose adapters are replaced", async () => {
    const session = new Session({ retries: retries() });
    await using mock = mockRequests(session);
    mock.get("*", flaky);
    assert.equal((await session.get(`${API}/x`)).text, "at last");
    assert.deepEqual(mock.calls.map(({ attempt }) => attempt), [1, 2, 3]); // prettier-ignore
  });

  it("are those of the adapter that is mounted at the time of the call", async () => {
    const session = new Session();
    await using mock = mockRequests(session);
    mock.get("*", flaky);
    assert.equal((await session.get(`${API}/x`)).statusCode, 503);
    mock.reset();
    session.mount(`${API}/`, new HTTPAdapter({ maxRetries: retries() }));
    assert.equal((await session.get(`${API}/x`)).text, "at last");
    mock.reset();
    const plain = session.adapters.get("http://") as HTTPAdapter;
    plain.maxRetries = retries();
    assert.equal((await session.get("http://h/")).text, "at last");
  });

  it("are found through a recorder", async () => {
    const session = new Session({ retries: retries() });
    const har = new HarRecorder(session);
    await using mock = mockRequests(session);
    mock.get("*", flaky);
    assert.equal((await session.get(`${API}/x`)).text, "at last");
    har.stop();
  });

  it("are those of the mock when it has some", async () => {
    const session = new Session({ retries: retries() });
    for (const maxRetries of [0, false, null, new Retry({ total: 0 })] as const) {
      const mock = mockRequests(session, { maxRetries });
      mock.get("*", [{ error: "reset" }, { text: "a" }]);
      await assert.rejects(session.get(`${API}/x`), { name: "ConnectionError" });
      mock.restore();
    }
    const mock = mockRequests(session);
    mock.maxRetries = new Retry({ total: 0 });
    mock.get("*", [{ error: "reset" }, { text: "a" }]);
    await assert.rejects(session.get(`${API}/x`), { name: "ConnectionError" });
    mock.restore();
  });
});
