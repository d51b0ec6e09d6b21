/** The functions of the module and the verbs of a session: what each sends, and how each treats redirects. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";

import requests, * as named from "requests-ts";
import {
  HTTPError,
  JSONDecodeError,
  MissingSchema,
  Request,
  RequestException,
  Response,
  ResponsePromise,
  Session,
  type RequestOptions,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve } from "./serve.js";

const server = await httpbin();
const echo = await serve();
/** Not httpbin: there OPTIONS is answered without a redirect. */
const detour = await serve((request, response) => {
  if (request.target === "/end") response.end("there");
  else response.writeHead(307, { Location: "/end" }).end();
});
after(async () => {
  await server.close();
  await echo.close();
  await detour.close();
});

type Verb = "get" | "options" | "head" | "post" | "put" | "patch" | "delete";
const VERBS: readonly Verb[] = ["get", "options", "head", "post", "put", "patch", "delete"];

for (const [where, subject] of [
  ["requests", requests],
  ["session", new Session()],
] as const)
  describe(`${where}, the verbs`, () => {
    for (const verb of VERBS) {
      it(`${verb} sends ${verb.toUpperCase()}`, async () => {
        const response = await subject[verb](`${echo.url}/x`);
        assert.equal(echo.requests.at(-1)!.method, verb.toUpperCase());
        assert.equal(echo.requests.at(-1)!.target, "/x");
        assert.equal(response.statusCode, 200);
        assert.ok(response instanceof Response);
      });

      it(`${verb} ${verb === "head" ? "does not follow" : "follows"} redirects by default`, async () => {
        const response = await subject[verb](`${detour.url}/start`);
        assert.equal(response.statusCode, verb === "head" ? 307 : 200);
        assert.equal(response.history.length, verb === "head" ? 0 : 1);
      });

      it(`${verb} follows allowRedirects: ${verb === "head"}`, async () => {
        const response = await subject[verb](`${detour.url}/start`, { allowRedirects: verb === "head" });
        assert.equal(response.statusCode, verb === "head" ? 200 : 307);
      });
    }

    it("request takes any method, converts it to upper case, and follows redirects, also for HEAD", async () => {
      await subject.request("purge", `${echo.url}/`);
      assert.equal(echo.requests.at(-1)!.method, "PURGE");
      const response = await subject.request("HEAD", `${server.url}/redirect/1`);
      assert.equal(response.statusCode, 200);
      assert.equal(response.request.method, "HEAD");
    });

    it("takes a URL object", async () => {
      const response = await subject.get(new URL("/a?b=c", echo.url));
      assert.equal(response.url, `${echo.url}/a?b=c`);
    });
  });

describe("a method that is not a token", () => {
  for (const method of ["GE T", "GET\r\nX: 1", "GÉT", "G(T"])
    it(`${JSON.stringify(method)} is refused before anything is sent`, async () => {
      const before = echo.requests.length;
      const error = await failure(requests.request(method, `${echo.url}/`));
      assert.ok(error instanceof RequestException || error instanceof TypeError, String(error));
      assert.match(error.message, /method/i);
      assert.equal(echo.requests.length, before);
    });

  it("throws a TypeError for a method that is not a string", async () => {
    const error = await failure(requests.request(7 as unknown as string, `${echo.url}/`));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /method must be a string, not a number/);
  });
});

describe("a second argument that is not an options object throws a TypeError with the right call", () => {
  const wrong: [unknown, RegExp][] = [
    ["a=1", /^The second argument of post\(\) must be an options object, not a string: post\(url, \{ data: text \}\)$/],
    [[["a", "1"]], /not an array/],
    [null, /not null/],
    [5, /not a number/],
    [() => 1, /not a function/],
    [new URLSearchParams("a=1"), /not an instance of URLSearchParams: post\(url, \{ data: … \}\)$/],
    [new FormData(), /not an instance of FormData: post\(url, \{ data/],
    [new Map([["a", "1"]]), /not an instance of Map: post\(url, \{ data/],
    [Buffer.from("a"), /not an instance of Buffer: post\(url, \{ data/],
    [new Blob(["a"]), /not an instance of Blob: post\(url, \{ data/],
    [Readable.from(["a"]), /not an instance of Readable: post\(url, \{ data/],
    [Promise.resolve({}), /not an instance of Promise/],
  ];
  for (const [options, message] of wrong)
    it(String(options), async () => {
      const before = echo.requests.length;
      const error = await failure(requests.post(echo.url, options as RequestOptions));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      assert.equal(echo.requests.length, before);
    });
});

describe("request() and send() with wrong arguments do the same", () => {
  it("request(method, url, options)", async () => {
    const error = await failure(requests.request("POST", echo.url, "a=1" as unknown as RequestOptions));
    assert.equal(
      error.message,
      "The third argument of request() must be an options object, not a string: request(method, url, { data: text })",
    );
  });
  it("send(prepared, settings)", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new Request("GET", echo.url));
    const error = await failure(session.send(prepared, 5 as unknown as RequestOptions));
    assert.match(
      error.message,
      /^The second argument of send\(\) must be an options object, not a number: send\(prepared, \{/,
    );
  });
});

describe("an unknown option throws a TypeError with the nearest known name", () => {
  const table: [string, string][] = [
    ["allow_redirects", "allowRedirects"],
    ["param", "params"],
    ["header", "headers"],
    ["file", "files"],
    ["cookie", "cookies"],
    ["max_response_size", "maxResponseSize"],
    ["Timeout", "timeout"],
    ["on_upload_progress", "onUploadProgress"],
  ];
  for (const [given, meant] of table)
    it(`${given} → ${meant}`, async () => {
      const error = await failure(requests.get(echo.url, { [given]: undefined }));
      assert.ok(error instanceof TypeError);
      assert.equal(error.message, `Unknown option "${given}" for get(). Did you mean "${meant}"?`);
    });
});

describe("values in place of the options", () => {
  const body = "The second argument of post() is an options object. To send an object as the body, write post(url, { json: { name: … } }), or data: { … } for a form."; // prettier-ignore
  const table: readonly (readonly [call: () => Promise<unknown>, message: RegExp])[] = [
    [() => requests.post(echo.url, { name: "ada" } as object), new RegExp(`^Unknown option "name" for post\\(\\)\\. Valid options: .*retries\\. ${escaped(body)}$`)],
    [() => requests.put(echo.url, { date: 1, name: 1 } as object), /Did you mean "data"\?.* write put\(url, \{ json: \{ date: … \} \}\)/],
    [() => requests.patch(echo.url, { username: "u", password: "p" } as object), /Did you mean "auth"\?.* write patch\(url, \{ json: \{ username: … \} \}\)/],
    [() => requests.request("POST", echo.url, { "first-name": 1 } as object), /The third argument of request\(\) .* write request\(method, url, \{ json: \{ "first-name": … \} \}\)/],
    [() => requests.get(echo.url, { q: "x" } as object), /write get\(url, \{ params: \{ q: … \} \}\)\.$/],
    // One option that exists: the others are mistakes.
    [() => requests.post(echo.url, { name: "ada", timeout: 1 } as object), /retries\.$/],
    [() => requests.post(echo.url, { proxy: "http://p" } as object), /or \{ all: … \}\.$/],
  ]; // prettier-ignore
  for (const [call, message] of table)
    it(String(call), async () => {
      const before = echo.requests.length;
      const error = await failure(call());
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      assert.equal(echo.requests.length, before);
    });
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

describe("ResponsePromise", () => {
  it("chains: await requests.get(url).raiseForStatus().json()", async () => {
    const data = await requests.get(`${server.url}/get?a=1`).raiseForStatus().json<{ args: Record<string, string> }>();
    assert.deepEqual(data.args, { a: "1" });
  });

  it("text() and content() return the body", async () => {
    assert.match(await requests.get(`${server.url}/robots.txt`).text(), /^User-agent: \*/);
    assert.deepEqual(await requests.get(`${server.url}/base64/aGVsbG8=`).content(), Buffer.from("hello"));
  });

  it("reads a streamed response", async () => {
    assert.equal(await requests.get(`${server.url}/base64/aGVsbG8=`, { stream: true }).text(), "hello");
  });

  it("raiseForStatus rejects with HTTPError, and the steps after it reject with the same error", async () => {
    const error = await failure(requests.get(`${server.url}/status/404`).raiseForStatus().json());
    assert.ok(error instanceof HTTPError);
    assert.equal(error.message, `404 Client Error: NOT FOUND for url: ${server.url}/status/404`);
    assert.equal(error.response?.statusCode, 404);
    assert.equal(error.request, error.response?.request);
    assert.equal(error.code, "ERR_HTTP_STATUS");
  });

  it("json() of invalid JSON rejects with JSONDecodeError", async () => {
    const error = await failure(requests.get(`${server.url}/robots.txt`).json());
    assert.ok(error instanceof JSONDecodeError);
  });

  it("has then, catch and finally, and rejects for wrong arguments instead of throwing", async () => {
    const promise = requests.get("no scheme");
    assert.ok(promise instanceof ResponsePromise);
    assert.ok(promise instanceof Promise);
    let over = false;
    const caught = await promise
      .then(() => null)
      .catch((error: unknown) => error)
      .finally(() => (over = true));
    assert.ok(caught instanceof MissingSchema);
    assert.ok(over);
  });
});

describe("the default export", () => {
  it("has the functions, classes and values of the named exports", () => {
    const names =
      "request get options head post put patch delete session Session Request PreparedRequest Response Retry HTTPAdapter " +
      "BaseAdapter CaseInsensitiveDict RequestsCookieJar HTTPBasicAuth HTTPProxyAuth HTTPDigestAuth HTTPBearerAuth " +
      "AuthBase codes version RequestException HTTPError ConnectionError Timeout TooManyRedirects JSONDecodeError";
    const both = [requests, named] as unknown as [Record<string, unknown>, Record<string, unknown>];
    for (const name of names.split(" ")) {
      assert.notEqual(both[1][name], undefined, name);
      assert.equal(both[0][name], both[1][name], name);
    }
  });

  it("has the namespaces of Python, with the same classes", () => {
    assert.equal(requests.exceptions.RequestException, RequestException);
    assert.equal(requests.exceptions.ConnectionError, named.ConnectionError);
    assert.equal(requests.adapters.HTTPAdapter, named.HTTPAdapter);
    assert.equal(requests.adapters.BaseAdapter, named.BaseAdapter);
    assert.equal(requests.auth.HTTPBasicAuth, named.HTTPBasicAuth);
    assert.equal(requests.auth.HTTPDigestAuth, named.HTTPDigestAuth);
    assert.equal(requests.auth.HTTPProxyAuth, named.HTTPProxyAuth);
    assert.equal(requests.auth.AuthBase, named.AuthBase);
    assert.equal(requests.cookies.RequestsCookieJar, named.RequestsCookieJar);
    assert.equal(requests.structures.CaseInsensitiveDict, named.CaseInsensitiveDict);
    assert.equal(requests.codes.ok, 200);
  });

  it("session() gives a Session", () => {
    assert.ok(requests.session() instanceof Session);
  });

  it("exports every exception of the tree", () => {
    const tree =
      "RequestException InvalidJSONError JSONDecodeError HTTPError ConnectionError ProxyError SSLError ConnectTimeout Timeout ReadTimeout PoolTimeout TotalTimeout URLRequired TooManyRedirects RetryError UnrewindableBodyError MissingSchema InvalidSchema InvalidURL InvalidProxyURL InvalidHeader ChunkedEncodingError ContentDecodingError ContentTooLarge StreamConsumedError StreamNotReadError CookieConflictError";
    for (const name of tree.split(" ")) {
      const found = (named as unknown as Record<string, { readonly prototype: { readonly name: string } }>)[name];
      assert.equal(typeof found, "function", name);
      assert.equal(found.prototype.name, name);
    }
  });
});

describe('require("requests-ts")', () => {
  it("gives the named exports and works", async () => {
    const required = createRequire(import.meta.url)("requests-ts") as typeof named;
    assert.equal(required.Session, Session);
    const response = await required.get(`${server.url}/get`);
    assert.equal(response.statusCode, 200);
  });
});

describe("module functions", () => {
  it("share connections", async () => {
    await using own = await serve();
    for (let call = 0; call < 3; call += 1) await requests.get(own.url);
    assert.equal(own.connections, 1);
    assert.equal(own.requests.length, 3);
  });

  it("never share cookies", async () => {
    const first = await requests.get(`${server.url}/cookies/set?a=1`);
    assert.deepEqual(first.json(), { cookies: { a: "1" } });
    assert.deepEqual(await requests.get(`${server.url}/cookies`).json(), { cookies: {} });
  });
});
