/** Response hooks: when they run, with what, and what they may do. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, {
  HTTPBasicAuth,
  HTTPDigestAuth,
  PreparedRequest,
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
