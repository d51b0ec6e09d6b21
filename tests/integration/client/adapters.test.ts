/** Adapters: mounting, adapters of one's own, responses made by hand. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";

import requests, {
  BaseAdapter,
  CaseInsensitiveDict,
  HTTPAdapter,
  InvalidSchema,
  Response,
  Session,
  type Adapter,
  type PreparedRequest,
  type SendSettings,
} from "requests-ts";

import { failure, serve } from "./serve.js";

const echo = await serve();
after(() => echo.close());

class Named extends BaseAdapter {
  readonly name: string;
  closed = 0;
  constructor(name: string) {
    super();
    this.name = name;
  }
  override async send(request: PreparedRequest): Promise<Response> {
    return new Response({ request, body: this.name });
  }
  override async close(): Promise<void> {
    this.closed += 1;
  }
}

describe("mount and getAdapter", () => {
  it("chooses the longest prefix, whatever the order [longest-prefix]", async () => {
    for (const prefixes of [
      ["http://", "http://h/a", "http://h"],
      ["http://h/a", "http://h", "http://"],
    ]) {
      // prettier-ignore
      const session = new Session();
      for (const prefix of prefixes) session.mount(prefix, new Named(prefix));
      for (const [url, expected] of [
        ["http://h/a/b", "http://h/a"],
        ["http://h/b", "http://h"],
        ["http://other/", "http://"],
        ["HTTP://H/a", "http://h/a"],
      ] as const)
        assert.equal((await session.get(url)).text, expected, url);
    }
  });

  it("ends a prefix at the end of a host name [prefix-host-border]", async () => {
    const session = new Session();
    session.mount("https://example.com", new Named("mine"));
    session.mount("https://", new Named("all"));
    for (const [url, expected] of [
      ["https://example.com/x", "mine"],
      ["https://example.com", "mine"],
      ["https://example.com:443/x", "mine"],
      ["https://example.com:8443/x", "all"],
      ["https://example.com.evil.org/x", "all"],
      ["https://example.community/", "all"],
      ["https://user:pw@example.com/", "mine"],
      ["https://example.com@evil.org/", "all"],
    ] as const)
      assert.equal((await session.get(url)).text, expected, url);
  });

  it("replaces the adapter of a prefix that is mounted again, and orders the map by length", () => {
    const session = new Session();
    session.mount("http://h", new Named("1"));
    session.mount("http://h", new Named("2"));
    assert.deepEqual([...session.adapters.keys()], ["https://", "http://h", "http://"].sort((a, b) => b.length - a.length)); // prettier-ignore
    assert.equal((session.getAdapter("http://h/") as Named).name, "2");
  });

  it("throws InvalidSchema with the mounted prefixes when no adapter fits", async () => {
    for (const url of ["ftp://h/x", "mailto:a@b", "localhost:3128"]) {
      const error = await failure(new Session().get(url));
      assert.ok(error instanceof InvalidSchema, `${url}: ${String(error)}`);
      assert.match(error.message, /No connection adapters were found for '/);
      assert.match(error.message, /https:\/\//);
    }
  });

  it("refuses a value that is not an adapter", () => {
    const session = new Session();
    assert.throws(() => session.mount("x://", {} as Adapter), TypeError);
    assert.throws(() => session.mount(5 as unknown as string, new Named("x")), TypeError);
  });

  it("closes each adapter once in session.close()", async () => {
    const session = new Session();
    const adapter = new Named("x");
    session.mount("a://", adapter);
    session.mount("b://", adapter);
    await session.close();
    assert.equal(adapter.closed, 1);
  });
});

describe("a custom adapter", () => {
  it("receives the prepared request and the resolved settings for its own scheme", async () => {
    let told: { request: PreparedRequest; settings: SendSettings } | undefined;
    const session = new Session({ timeout: 3, headers: { "X-A": "1" } });
    session.mount("memory://", {
      send: async (request, settings) => {
        told = { request, settings };
        return new Response({ request, statusCode: 201, reason: "MADE", headers: { "X-B": "2" }, body: "hello" });
      },
      close: async () => undefined,
    });
    const response = await session.post("memory://box/key", { data: "value" });
    assert.equal(told!.request.url, "memory://box/key");
    assert.equal(told!.request.method, "POST");
    assert.equal(told!.request.headers["x-a"], "1");
    assert.equal(told!.request.body, "value");
    const { stream, timeout, verify, cert, proxies } = told!.settings;
    assert.deepEqual({ stream, timeout, verify, cert, proxies }, { stream: false, timeout: 3, verify: true, cert: null, proxies: {} }); // prettier-ignore
    assert.equal(response.statusCode, 201);
    assert.equal(response.text, "hello");
    assert.equal(response.url, "memory://box/key");
    assert.equal(response.headers["x-b"], "2");
    assert.equal(response.connection, session.getAdapter("memory://box"));
    assert.ok(response.elapsed >= 0);
  });

  it("returns responses whose cookies, redirects and hooks the session handles", async () => {
    const seen: string[] = [];
    const session = new Session();
    session.mount("memory://", {
      send: async (request) => {
        seen.push(`${request.url} ${String(request.headers["cookie"])}`);
        return request.url.endsWith("/a")
          ? new Response({ request, statusCode: 302, headers: { Location: "/b", "Set-Cookie": "c=1" } })
          : new Response({ request, body: "end" });
      },
      close: async () => undefined,
    });
    const hooked: number[] = [];
    const response = await session.get("memory://h/a", {
      hooks: { response: (one) => void hooked.push(one.statusCode) },
    });
    assert.equal(response.text, "end");
    assert.deepEqual(hooked, [302, 200]);
    assert.deepEqual(
      seen.map((line) => line.split(" ")[0]),
      ["memory://h/a", "memory://h/b"],
    );
  });

  it("returns a stream that is read before the call returns, or iterated under stream: true", async () => {
    const session = new Session();
    session.mount("memory://", {
      send: async (request) => new Response({ request, body: Readable.from([Buffer.from("ab"), "cd"]) }),
      close: async () => undefined,
    });
    assert.equal((await session.get("memory://h")).text, "abcd");
    const response = await session.get("memory://h", { stream: true });
    const pieces: string[] = [];
    for await (const piece of response.iterContent(3)) pieces.push(piece.toString());
    assert.deepEqual(pieces, ["abc", "d"]);
    assert.equal(response.raw.closed, true);
  });

  it("rejects with the adapter's error, which gets the request", async () => {
    const session = new Session();
    session.mount("memory://", {
      send: () => Promise.reject(new requests.ConnectionError("gone")),
      close: async () => undefined,
    });
    const error = await failure(session.get("memory://h"));
    assert.ok(error instanceof requests.ConnectionError);
    assert.equal((error.request as PreparedRequest).url, "memory://h");
  });

  it("refuses a BaseAdapter without send", async () => {
    class Unfinished extends BaseAdapter {}
    const session = new Session();
    session.mount("memory://", new Unfinished());
    const error = await failure(session.get("memory://h"));
    assert.match(error.message, /Unfinished must override send/);
  });

  it("may extend HTTPAdapter to change each request", async () => {
    class Counting extends HTTPAdapter {
      count = 0;
      override async send(request: PreparedRequest, settings: SendSettings): Promise<Response> {
        this.count += 1;
        return super.send(request, settings);
      }
    }
    const adapter = new Counting();
    const session = new Session();
    session.mount("http://", adapter);
    await session.get(echo.url);
    assert.equal(adapter.count, 1);
  });
});

describe("new HTTPAdapter()", () => {
  const refused: [options: Record<string, unknown>, type: typeof TypeError | typeof RangeError, message: RegExp][] = [
    [{ http2: 2 }, TypeError, /^HTTPAdapter: http2 must be "auto", "prior-knowledge", true or false, not a number$/],
    [{ initialWindowSize: 2 ** 31 }, RangeError, /initialWindowSize must be an integer from 1 to 2147483647/],
    [{ connectionWindowSize: 1000 }, RangeError, /connectionWindowSize must be a number of bytes, 65535 or greater/],
    [{ pool_maxsize: 5 }, TypeError, /poolMaxsize/],
    [{ maxRetry: 5 }, TypeError, /maxRetries/],
    [{ poolMaxsize: -1 }, RangeError, /poolMaxsize/],
    [{ maxConnections: 0 }, RangeError, /maxConnections/],
    [{ maxHeaderSize: "x" }, RangeError, /^HTTPAdapter: maxHeaderSize must be a number, 1 or greater, not a string$/],
    [{ allowAddress: true }, TypeError, /^HTTPAdapter: allowAddress must be a function, not a boolean$/],
    [{ keepAlive: "no" }, TypeError, /^HTTPAdapter: keepAlive must be true or false, not a string$/],
    [{ minVersion: "TLSv1" }, TypeError, /^HTTPAdapter: minVersion must be "TLSv1\.2" or "TLSv1\.3", not "TLSv1"$/],
    [{ pinnedFingerprints: "00" }, TypeError, /pinnedFingerprints must be an array of strings, not a string/],
    [{ maxRetries: "3" }, TypeError, /^Retry: total must be a number/],
    [{ dnsCache: -1 }, RangeError, /dnsCache must be a number of seconds, 0 or greater, not -1/],
  ];
  for (const [options, type, message] of refused)
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => new HTTPAdapter(options),
        (error: Error) => error instanceof type && message.test(error.message),
      );
    });

  it("closes the connection after each response with keepAlive: false", async () => {
    const session = new Session();
    session.mount("http://", new HTTPAdapter({ keepAlive: false }));
    await session.get(echo.url);
    assert.equal((await session.get(echo.url)).reused, false);
  });

  it("opens at most maxConnections; other requests wait in order", async () => {
    await using own = await serve();
    const session = new Session();
    session.mount("http://", new HTTPAdapter({ maxConnections: 2 }));
    const all = await Promise.all(Array.from({ length: 10 }, (_, at) => session.get(`${own.url}/${at}`)));
    assert.equal(own.connections, 2);
    assert.ok(all.every(({ statusCode }) => statusCode === 200));
  });

  it("limits the wait with timeout.pool", async () => {
    await using own = await serve(() => undefined);
    const session = new Session();
    session.mount("http://", new HTTPAdapter({ maxConnections: 1 }));
    const first = session.get(own.url, { timeout: { total: 0.2 } });
    const error = await failure(session.get(own.url, { timeout: { pool: 0.03 } }));
    assert.equal(error.name, "PoolTimeout");
    assert.equal((await failure(first)).name, "TotalTimeout");
  });
});

describe("a Response constructed by a program", () => {
  it("has defaults", () => {
    const response = new Response();
    assert.equal(response.statusCode, 200);
    assert.equal(response.reason, "");
    assert.equal(response.url, "");
    assert.equal(response.text, "");
    assert.ok(response.headers instanceof CaseInsensitiveDict);
    assert.equal(response.raw.closed, true);
  });
});
