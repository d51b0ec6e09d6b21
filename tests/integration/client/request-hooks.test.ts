/** Request hooks, and hooks of a call that are added to those of the session. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { PreparedRequest, RequestException } from "requests-ts";
import requests, { AuthBase, HTTPError, Session, type Response } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

import { failure, serve, type Received } from "./serve.js";

const shown = (response: Response): Received => response.json<Received>();

describe("request hooks [request-hooks]", () => {
  it("see the prepared request before it is sent, and may change it", async () => {
    await using server = await serve();
    const seen: string[] = [];
    const response = await requests.post(server.url, {
      json: { a: 1 },
      hooks: {
        request: (request) => {
          seen.push(`${request.method} ${request.url}`);
          request.headers["X-Signed"] = String((request.body as string).length);
        },
      },
    });
    assert.deepEqual(seen, [`POST ${server.url}/`]);
    assert.equal(shown(response).headers["x-signed"], "7");
  });

  it("may return another request, or a promise of one", async () => {
    await using server = await serve();
    const other = new requests.Request("PUT", `${server.url}/other`, { data: "x" }).prepare();
    for (const hook of [() => other, async () => other]) {
      const response = await requests.get(server.url, { hooks: { request: hook } });
      assert.deepEqual([shown(response).method, shown(response).target], ["PUT", "/other"]);
      assert.equal(response.request, other);
    }
  });

  it("run in order, each with the request of the one before it", async () => {
    await using server = await serve();
    const order: string[] = [];
    const response = await requests.get(server.url, {
      hooks: {
        request: [
          (request) => {
            order.push("first");
            const copy = request.copy();
            copy.headers["X-First"] = "1";
            return copy;
          },
          async (request) => void order.push(request.headers["X-First"] as string),
        ],
      },
    });
    assert.deepEqual(order, ["first", "1"]);
    assert.equal(shown(response).headers["x-first"], "1");
  });

  it("run at each redirect, and not for a retry", async () => {
    let failures = 1;
    await using server = await serve((request, response) => {
      if (request.target === "/") response.writeHead(307, { Location: "/next" }).end();
      else if ((failures -= 1) >= 0) response.writeHead(503, { "Retry-After": "0" }).end();
      else response.end("ok");
    });
    const seen: string[] = [];
    await using session = new Session({ retries: 2, hooks: { request: ({ url }) => void seen.push(url) } });
    assert.equal((await session.get(server.url)).text, "ok");
    assert.deepEqual(seen, [`${server.url}/`, `${server.url}/next`]);
    assert.equal(server.requests.length, 3);
  });

  it("run before an auth object signs", async () => {
    class Signature extends AuthBase {
      override async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
        request.headers["X-Signature"] = `of ${String(request.headers["X-Date"])}`;
        yield request;
      }
    }
    await using server = await serve();
    const hooks = { request: (request: PreparedRequest) => void (request.headers["X-Date"] = "today") };
    const response = await requests.get(server.url, { auth: new Signature(), hooks });
    assert.equal(shown(response).headers["x-signature"], "of today");
  });

  it("may send the request elsewhere, through the proxy for that URL", async () => {
    await using proxy = await serve();
    await using direct = await serve();
    const hooks = { request: (request: PreparedRequest) => void (request.url = "http://other.example/x") };
    const response = await requests.get(direct.url, { hooks, proxies: { "http://other.example": proxy.url } });
    assert.equal(shown(response).target, "http://other.example/x");
    assert.equal(direct.requests.length, 0);
  });

  it("end the call with what they throw", async () => {
    await using server = await serve();
    const mine = new Error("mine");
    const error = (await failure(
      requests.get(server.url, {
        hooks: {
          request: () => {
            throw mine;
          },
        },
      }),
    )) as RequestException;
    assert.equal(error.code, "ERR_HOOK");
    assert.equal(error.cause, mine);
    assert.equal(error.message, "A request hook threw: mine");
    assert.equal(error.request?.url, `${server.url}/`);
    assert.equal(server.requests.length, 0);
    const own = new HTTPError("own");
    assert.equal(await failure(requests.get(server.url, { hooks: { request: () => Promise.reject(own) } })), own);
  });

  it("end with the signal and the total timeout while they wait", async () => {
    await using server = await serve();
    const hooks = { request: () => new Promise<never>(() => undefined) };
    const error = await failure(requests.get(server.url, { hooks, timeout: { total: 0.05 } }));
    assert.equal(error.name, "TotalTimeout");
    const reason = new Error("enough");
    assert.equal(await failure(requests.get(server.url, { hooks, signal: AbortSignal.abort(reason) })), reason);
  });

  it("run for mocks, for session.fetch and for prepared requests", async () => {
    await using session = new Session({ hooks: { request: (request) => void (request.headers["X-Hook"] = "ran") } });
    await using mock = mockRequests(session);
    const route = mock.get("https://api.example/x", { text: "ok" });
    await session.get("https://api.example/x");
    await session.fetch("https://api.example/x");
    await session.send(session.prepareRequest(new requests.Request("GET", "https://api.example/x")));
    assert.deepEqual(
      route.calls.map(({ request }) => request.headers["X-Hook"]),
      ["ran", "ran", "ran"],
    );
  });

  it("can be registered on a request, on a prepared request and on a session", async () => {
    await using server = await serve();
    await using session = new Session();
    const mark = (name: string) => (request: PreparedRequest) => void (request.headers[`X-${name}`] = "1");
    const request = new requests.Request("GET", server.url);
    request.registerHook("request", mark("request"));
    const prepared = session.prepareRequest(request);
    prepared.registerHook("request", mark("prepared"));
    const unwanted = mark("unwanted");
    prepared.registerHook("request", unwanted);
    assert.equal(prepared.deregisterHook("request", unwanted), true);
    const { headers } = shown(await session.send(prepared));
    assert.deepEqual([headers["x-request"], headers["x-prepared"], headers["x-unwanted"]], ["1", "1", undefined]);
    session.hooks.request = mark("session");
    assert.equal(shown(await session.get(server.url)).headers["x-session"], "1");
  });
});

describe("hooks of a call and of its session [hooks-add]", () => {
  const order: string[] = [];
  const log = (name: string) => (): void => void order.push(name);
  const common = { request: log("session request"), response: log("session response") };

  for (const [what, hooks, expected] of [
    ["a call without hooks", undefined, ["session request", "session response"]],
    ["a response hook replaces those for responses only", { response: log("own") }, ["session request", "own"]],
    ["a request hook replaces those for requests only", { request: log("own") }, ["own", "session response"]],
    ["a function is a response hook", log("own"), ["session request", "own"]],
    [
      "add: true runs them after those of the session",
      { request: log("own request"), response: [log("own 1"), log("own 2")], add: true },
      ["session request", "own request", "session response", "own 1", "own 2"],
    ],
    ["add: false replaces", { response: log("own"), add: false }, ["session request", "own"]],
    ["an empty list replaces nothing, as in requests", { response: [] }, ["session request", "session response"]],
  ] as const)
    it(what, async () => {
      await using server = await serve();
      await using session = new Session({ hooks: common });
      order.length = 0;
      await session.get(server.url, { hooks: hooks as never });
      assert.deepEqual(order, expected);
    });

  it("add must be true or false", async () => {
    const error = await failure(requests.get("http://127.0.0.1:1/", { hooks: { add: "yes" as never } }));
    assert.match(String(error), /hooks\.add must be true or false, not /);
  });

  it("an unknown event names the events", async () => {
    const error = await failure(requests.get("http://127.0.0.1:1/", { hooks: { before: log("x") } as never }));
    assert.match(String(error), /with event name "before": the events are "request" and "response"/);
  });
});
