/** Programs of requests give a session defaults by overriding `request`, `prepareRequest` or `send`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  HTTPAdapter,
  Request,
  Session,
  type HookSettings,
  type PreparedRequest,
  type RequestOptions,
  type Response,
  type ResponsePromise,
  type SendOptions,
} from "requests-ts";
import { MockAdapter, mockRequests } from "requests-ts/testing";

import { serve } from "./serve.js";

const URL_ = "http://api.example.test/x";

/** Records the methods that a call goes through. */
class Watched extends Session {
  readonly calls: string[] = [];

  override request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    this.calls.push(`request ${method}`);
    return super.request(method, url, options);
  }

  override prepareRequest(request: Request): PreparedRequest {
    this.calls.push("prepareRequest");
    return super.prepareRequest(request);
  }

  override send(prepared: PreparedRequest, settings?: SendOptions): ResponsePromise {
    this.calls.push("send");
    return super.send(prepared, settings);
  }
}

const WAY = (method: string): string[] => [`request ${method}`, "prepareRequest", "send"];

describe("a call goes through request(), prepareRequest() and send()", () => {
  const CALLS: readonly (readonly [string, (session: Session) => PromiseLike<unknown>])[] = [
    ["GET", (session) => session.get(URL_)],
    ["OPTIONS", (session) => session.options(URL_)],
    ["HEAD", (session) => session.head(URL_)],
    ["POST", (session) => session.post(URL_, { json: 1 })],
    ["PUT", (session) => session.put(URL_)],
    ["PATCH", (session) => session.patch(URL_)],
    ["DELETE", (session) => session.delete(URL_)],
    ["REPORT", (session) => session.request("REPORT", URL_)],
    ["GET", (session) => session.fetch(URL_)],
    ["GET", (session) => session.paginate(URL_).next()],
  ];
  for (const [at, [method, call]] of CALLS.entries())
    it(`${method} (${at})`, async () => {
      const session = new Watched();
      const mock = mockRequests(session);
      mock.any(URL_);
      await call(session);
      assert.deepEqual(session.calls, WAY(method));
    });

  it("also for the pages of paginate when its options change", async () => {
    const session = new Watched();
    mockRequests(session).any(URL_);
    const pages = session.paginate(URL_, { next: (_response, page) => ({ params: { page } }), maxPages: 3 });
    for await (const page of pages) assert.equal(page.statusCode, 200);
    assert.deepEqual(session.calls, [...WAY("GET"), ...WAY("GET"), ...WAY("GET")]);
  });
});

describe("a subclass", () => {
  it("overrides request() to give every call defaults", async () => {
    class Api extends Session {
      override request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
        return super.request(method, `http://api.example.test${String(url)}`, {
          headers: { "X-Api": "1" },
          ...options,
        });
      }
    }
    const session = new Api();
    const mock = mockRequests(session);
    mock.get(URL_);
    assert.equal((await session.get("/x")).statusCode, 200);
    assert.equal(mock.calls[0].request.headers["X-Api"], "1");
  });

  it("overrides request() with an async function, and calls can still be chained", async () => {
    class Api extends Session {
      // The type of the base asks for a ResponsePromise; programs in JavaScript do this.
      // @ts-expect-error -- see above
      override async request(method: string, url: string | URL, options?: RequestOptions): Promise<Response> {
        return super.request(method, url, options);
      }
    }
    const session = new Api() as unknown as Session;
    mockRequests(session).get(URL_, { json: { a: 1 } });
    assert.deepEqual(await session.get(URL_).raiseForStatus().json(), { a: 1 });
  });

  it("overrides prepareRequest() to change every request, also for paginate and fetch", async () => {
    class Signed extends Session {
      override prepareRequest(request: Request): PreparedRequest {
        const prepared = super.prepareRequest(request);
        prepared.headers["X-Signed"] = "1";
        return prepared;
      }
    }
    const session = new Signed();
    const mock = mockRequests(session);
    mock.any(URL_);
    await session.get(URL_);
    await session.fetch(URL_);
    await session.paginate(URL_).next();
    assert.deepEqual(
      mock.calls.map(({ request }) => request.headers["X-Signed"]),
      ["1", "1", "1"],
    );
  });

  it("overrides send() to see the settings of each call", async () => {
    const seen: (SendOptions | undefined)[] = [];
    class Timed extends Session {
      override send(prepared: PreparedRequest, settings?: SendOptions): ResponsePromise {
        seen.push(settings);
        return super.send(prepared, { timeout: 5, ...settings });
      }
    }
    const session = new Timed();
    mockRequests(session).any(URL_);
    await session.get(URL_);
    await session.post(URL_, { json: 1, timeout: 2, stream: true });
    await session.head(URL_);
    assert.deepEqual(
      seen.map((settings) => settings && { ...settings }),
      [undefined, { timeout: 2, stream: true }, { allowRedirects: false }],
    );
  });

  it("overrides getRedirectTarget() to return undefined for a redirect that it does not follow", async () => {
    class Staying extends Session {
      override getRedirectTarget(): string | null {
        return undefined as unknown as null;
      }
    }
    const session = new Staying();
    mockRequests(session).any(URL_, { status: 302, headers: { Location: "/y" } });
    assert.equal((await session.get(URL_)).statusCode, 302);
  });
});

describe("send()", () => {
  for (const option of ["headers", "json", "params", "data", "auth", "cookies", "files", "hooks"])
    it(`refuses ${option}, which belongs to the request`, async () => {
      const session = new Session();
      const prepared = session.prepareRequest(new Request("GET", URL_));
      await assert.rejects(async () => session.send(prepared, { [option]: {} }), {
        name: "TypeError",
        message: new RegExp(`send\\(\\) has no option "${option}": the request is prepared already`),
      });
    });
});

describe("session.hooks", () => {
  it("can be assigned like the constructor option", async () => {
    const seen: number[] = [];
    const session = new Session();
    session.hooks = { response: (response) => void seen.push(response.statusCode) };
    mockRequests(session).any(URL_);
    await session.get(URL_);
    session.hooks.response.push((response) => void seen.push(-response.statusCode));
    await session.get(URL_);
    session.hooks = null;
    await session.get(URL_);
    assert.deepEqual(seen, [200, 200, -200]);
  });

  it("refuses values that are not functions", () => {
    const session = new Session();
    assert.throws(() => (session.hooks = { response: 5 } as never), TypeError);
  });
});

describe("session.retries", () => {
  const FLAKY = [{ status: 503 }, { status: 503 }, { status: 200 }];

  it("can be read and assigned", async () => {
    const session = new Session();
    assert.equal(session.retries, null);
    session.retries = 3;
    assert.equal(session.retries?.total, 3);
    const mock = mockRequests(session);
    mock.get(URL_, FLAKY);
    assert.equal((await session.get(URL_)).statusCode, 200);
    assert.equal(mock.calls.length, 3);
  });

  it("is used by an adapter that was mounted without its own policy", async () => {
    const session = new Session({ retries: 3 });
    const mock = new MockAdapter();
    mock.get(URL_, FLAKY);
    session.mount("http://", mock);
    assert.equal((await session.get(URL_)).statusCode, 200);
    const own = new MockAdapter({ maxRetries: 0 });
    own.get(URL_, FLAKY);
    session.mount("http://", own);
    assert.equal((await session.get(URL_)).statusCode, 503);
    assert.equal(new HTTPAdapter({ maxRetries: 2 }).maxRetries.total, 2);
  });
});

describe("an override of mergeEnvironmentSettings", () => {
  type Merged = ReturnType<Session["mergeEnvironmentSettings"]>;
  class Merging extends Session {
    readonly seen: unknown[][] = [];
    change: Partial<Merged> = {};

    override mergeEnvironmentSettings(...given: Parameters<Session["mergeEnvironmentSettings"]>): Merged {
      this.seen.push(given);
      return { ...super.mergeEnvironmentSettings(...given), ...this.change };
    }
  }

  it("receives the settings of the call, and its result is used", async () => {
    const session = new Merging({ trustEnv: false });
    const mock = mockRequests(session);
    mock.get(URL_, {});
    session.change = { stream: true, verify: false };
    let told: HookSettings | undefined;
    const hook = (_response: Response, settings: HookSettings): void => void (told = settings);
    const response = await session.get(URL_, { proxies: { https: "http://p" }, hooks: { response: hook } });
    assert.deepEqual(session.seen, [[URL_, { https: "http://p" }, undefined, undefined, undefined]]);
    assert.deepEqual([told?.stream, told?.verify], [true, false]);
    response.close();
  });

  it("can disable the proxies of the environment and the session", async () => {
    process.env["HTTP_PROXY"] = "http://127.0.0.1:1";
    const session = new Merging({ proxies: { all: "http://127.0.0.1:1" } });
    session.change = { proxies: {} };
    const echo = await serve();
    assert.equal((await session.get(echo.url)).statusCode, 200);
    await echo.close();
  });
});
