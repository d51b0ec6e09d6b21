/** Response hooks: when they run, with what, and what they may do. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, {
  HTTPBasicAuth,
  HTTPDigestAuth,
  PreparedRequest,
  Request,
  RequestException,
  Response,
  Session,
  type HookSettings,
  type ResponseHook,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure } from "./serve.js";

const server = await httpbin();
after(() => server.close());
const url = `${server.url}/get`;

describe("response hooks", () => {
  it("see the response with its body read, before the caller does", async () => {
    let seen: unknown;
    const response = await requests.get(`${url}?a=1`, {
      hooks: {
        response: (one) => {
          seen = [one.content.length > 0, one.text.length > 0, one.json<{ args: unknown }>().args];
        },
      },
    });
    assert.deepEqual(seen, [true, true, { a: "1" }]);
    assert.ok(response instanceof Response);
  });

  it("take one function or several, and run in order", async () => {
    const order: number[] = [];
    const hooks: ResponseHook[] = [() => void order.push(1), async () => void order.push(2), () => void order.push(3)];
    await requests.get(url, { hooks: { response: hooks } });
    assert.deepEqual(order, [1, 2, 3]);
  });

  it("may replace the response; the next hook sees the replacement", async () => {
    const other = new Response({ statusCode: 299, body: "replaced" });
    let seen: Response | undefined;
    const response = await requests.get(url, {
      hooks: { response: [async () => other, (one) => void (seen = one), () => null] },
    });
    assert.equal(response, other);
    assert.equal(seen, other);
    assert.equal(response.text, "replaced");
  });

  it("may change the response", async () => {
    const response = await requests.get(`${server.url}/encoding/utf8`, {
      hooks: { response: (one) => void (one.encoding = "latin1") },
    });
    assert.equal(response.encoding, "latin1");
  });

  it("run after each redirect", async () => {
    const seen: number[] = [];
    const hook = (one: Response): void => void seen.push(one.statusCode, one.history.length);
    await requests.get(`${server.url}/redirect/2`, { hooks: { response: hook } });
    assert.deepEqual(seen, [302, 0, 302, 1, 200, 2]);
  });

  it("run for the 401 of digest authentication too", async () => {
    const seen: number[] = [];
    await requests.get(`${server.url}/digest-auth/auth/u/p`, {
      auth: new HTTPDigestAuth("u", "p"),
      hooks: { response: (one) => void seen.push(one.statusCode) },
    });
    assert.deepEqual(seen, [401, 200]);
  });

  it("receive the settings of the exchange, and nothing else", async () => {
    let told: HookSettings | undefined;
    await requests.get(url, {
      timeout: 5,
      verify: false,
      proxies: { http: null },
      hooks: { response: (_, settings) => void (told = settings) },
    });
    assert.deepEqual(told, { stream: false, timeout: 5, verify: false, cert: null, proxies: { http: null } });
  });

  it("receive the response with its body unread under stream: true", async () => {
    const response = await requests.get(url, {
      stream: true,
      hooks: { response: (one) => assert.throws(() => one.content, { name: "StreamNotReadError" }) },
    });
    assert.ok((await response.read()).length > 0);
  });

  it("run after prepared.registerHook, and not after deregisterHook", async () => {
    const session = new Session();
    const seen: string[] = [];
    const kept = (): void => void seen.push("kept");
    const gone = (): void => void seen.push("gone");
    const prepared = session.prepareRequest(new requests.Request("GET", url));
    prepared.registerHook("response", [kept, gone]);
    assert.equal(prepared.deregisterHook("response", gone), true);
    assert.equal(prepared.deregisterHook("response", gone), false);
    await session.send(prepared);
    assert.deepEqual(seen, ["kept"]);
  });

  it("of an auth object run", async () => {
    class Watching extends HTTPBasicAuth {
      statuses: number[] = [];
      override apply(request: PreparedRequest): PreparedRequest {
        request.registerHook("response", (one) => void this.statuses.push(one.statusCode));
        return super.apply(request);
      }
    }
    const auth = new Watching("u", "p");
    await requests.get(`${server.url}/basic-auth/u/p`, { auth });
    assert.deepEqual(auth.statuses, [200]);
  });
});

describe("a hook that throws", () => {
  for (const [name, hook] of [
    ["at once", () => { throw new Error("from the hook"); }], // prettier-ignore
    ["later", async () => { throw new Error("from the hook"); }], // prettier-ignore
  ] as [string, ResponseHook][])
    it(`rejects the call with ${name} as cause`, async () => {
      const error = await failure(requests.get(url, { hooks: { response: hook } }));
      assert.ok(error instanceof RequestException);
      assert.match(error.message, /from the hook/);
      assert.equal((error.cause as Error).message, "from the hook");
      assert.equal(error.response?.statusCode, 200);
      assert.ok(error.request instanceof PreparedRequest);
    });

  it("rejects with a RequestException itself: raiseForStatus as a hook", async () => {
    const error = await failure(
      requests.get(`${server.url}/status/503`, { hooks: { response: (one) => one.raiseForStatus() } }),
    );
    assert.ok(error instanceof requests.HTTPError);
  });

  it("leaves the session usable, also under stream: true", async () => {
    const session = new Session();
    const hook = (): void => {
      throw new Error("from the hook");
    };
    for (const stream of [false, true]) {
      await failure(session.get(`${server.url}/bytes/100000`, { stream, hooks: { response: hook } }));
      assert.equal((await session.get(url)).statusCode, 200);
    }
  });
});

describe("the values of hooks", () => {
  const hook: ResponseHook = (response) => void (response.reason = "seen");
  const session = (): Session => new Session();
  type Call = (given: never) => PromiseLike<Response>;
  const prepared = (): PreparedRequest => new Request("GET", url).prepare();
  const places: readonly (readonly [string, Call])[] = [
    ["the option", async (hooks) => requests.get(url, { hooks })],
    ["the constructor", async (hooks) => new Session({ hooks }).get(url)],
    ["session.hooks", async (hooks) => {
      const one = session();
      one.hooks = hooks;
      return one.get(url);
    }],
    ["prepared.hooks", async (hooks) => {
      const one = prepared();
      one.hooks = hooks;
      return session().send(one);
    }],
    ["request.hooks", async (hooks) => {
      const one = new Request("GET", url);
      one.hooks = hooks;
      return session().send(session().prepareRequest(one));
    }],
  ]; // prettier-ignore
  const responses: readonly (readonly [string, Call])[] = [
    ["hooks: { response }", async (response) => requests.get(url, { hooks: { response } })],
    ["session.hooks.response", async (response) => {
      const one = session();
      one.hooks.response = response;
      return one.get(url);
    }],
    ["prepared.hooks.response", async (response) => {
      const one = prepared();
      one.hooks.response = response;
      return session().send(one);
    }],
    ["request.hooks.response", async (response) => {
      const one = new Request("GET", url);
      one.hooks.response = response;
      return session().send(session().prepareRequest(one));
    }],
  ]; // prettier-ignore
  const good: readonly (readonly [string, unknown, string])[] = [
    ["a function", hook, "seen"],
    ["an array", [hook], "seen"],
    ["null", null, "OK"],
    ["an empty array", [], "OK"],
  ];
  const bad = [5, true, "x", {}, new Set([hook]), [5], [null], new Map()];
  for (const [place, call] of responses) {
    for (const [name, value, reason] of good)
      it(`${place} takes ${name}`, async () => assert.equal((await call(value as never)).reason, reason));
    it(`${place} refuses others`, async () => {
      for (const value of bad) {
        const error = await failure(call(value as never));
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, /hook/i);
      }
    });
  }
  for (const [place, call] of places) {
    for (const [name, value] of [
      ["a function", hook],
      ["an object", { response: hook }],
    ] as const)
      // prettier-ignore
      it(`${place} takes ${name}`, async () => assert.equal((await call(value as never)).reason, "seen"));
    it(`${place} refuses others`, async () => {
      for (const value of [5, true, "x", [hook], new Set([hook]), new Map([["response", hook]]), { redirect: hook }]) {
        const error = await failure(call(value as never));
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, /hooks must be an object|Unsupported event/);
      }
    });
  }

  it("registerHook refuses others", () => {
    for (const value of [5, null, undefined, {}, new Set([hook])])
      assert.throws(() => prepared().registerHook("response", value as never), { name: "TypeError", message: /hook/ });
  });

  it("can be spread and compared", () => {
    const one = new Session({ hooks: hook });
    assert.deepEqual(one.hooks, { request: [], response: [hook] });
    assert.deepEqual({ ...one.hooks }, { request: [], response: [hook] });
    assert.deepEqual(prepared().hooks, { request: [], response: [] });
  });
});

describe("a call that is cancelled while a hook runs", { timeout: 10_000 }, () => {
  for (const stream of [false, true])
    it(`rejects with the reason of its signal${stream ? ", streamed" : ""}`, async () => {
      const controller = new AbortController();
      const reason = new Error("mine");
      const hook = async (): Promise<never> => {
        setImmediate(() => controller.abort(reason));
        return new Promise(() => undefined);
      };
      const call = requests.get(url, { stream, signal: controller.signal, hooks: { response: hook } });
      assert.equal(await failure(call), reason);
    });

  it("rejects at its total timeout", async () => {
    const hook = (): Promise<never> => new Promise(() => undefined);
    const call = requests.get(url, { timeout: { total: 0.5 }, hooks: { response: hook } });
    assert.equal((await failure(call)).name, "TotalTimeout");
  });

  it("rejects with the reason of a signal that the hook aborts", async () => {
    const controller = new AbortController();
    const reason = new Error("mine");
    for (const hook of [() => controller.abort(reason), async () => controller.abort(reason)])
      assert.equal(await failure(requests.get(url, { signal: controller.signal, hooks: { response: hook } })), reason);
  });
});
