/** Sessions made from other sessions. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { HTTPAdapter, Retry, Session, type SessionOptions } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

import { serve, type Received } from "./serve.js";

describe("session.extend() [extend]", () => {
  it("keeps the settings, and puts the options on top", async () => {
    const base = new Session({
      baseUrl: "https://api.example/v1",
      headers: { "X-A": "1", "X-B": "1", Accept: null },
      params: { a: "1", b: "1" },
      auth: ["ada", "secret"],
      timeout: 5,
      proxies: { https: "http://proxy.example:1", http: "http://proxy.example:2" },
      verify: "ca.pem",
      cert: "client.pem",
      stream: true,
      maxResponseSize: 10,
      maxRedirects: 3,
      trustEnv: false,
      raiseForStatus: true,
      retries: new Retry({ total: 7 }),
    });
    const same = base.extend();
    for (const name of ["baseUrl", "auth", "timeout", "verify", "cert", "stream", "maxResponseSize"] as const)
      assert.deepEqual(same[name], base[name], name);
    for (const name of ["maxRedirects", "trustEnv", "raiseForStatus", "retries", "params", "proxies"] as const)
      assert.deepEqual(same[name], base[name], name);
    assert.deepEqual([...same.headers], [...base.headers]);

    const changed = base.extend({
      headers: { "x-b": "2", "X-C": "3", "X-A": null },
      params: { b: "2" },
      proxies: { https: null },
      auth: null,
      timeout: null,
      stream: false,
      raiseForStatus: false,
      baseUrl: null,
      retries: 2,
    });
    assert.deepEqual([changed.headers["X-A"], changed.headers["X-B"], changed.headers["X-C"]], [undefined, "2", "3"]);
    assert.equal(changed.headers["Accept"], undefined);
    assert.deepEqual(changed.params, { a: "1", b: "2" });
    assert.deepEqual(changed.proxies, { https: null, http: "http://proxy.example:2" });
    assert.deepEqual(
      [changed.auth, changed.timeout, changed.stream, changed.raiseForStatus],
      [null, null, false, false],
    );
    assert.deepEqual([changed.baseUrl, changed.retries?.total], [null, 2]);
    assert.deepEqual(base.params, { a: "1", b: "1" });
    assert.equal(base.headers["X-B"], "1");
  });

  it("shares nothing that can be changed, but for connections", async () => {
    await using server = await serve();
    await using base = new Session({ params: { a: "1" } });
    const own = base.extend();
    own.headers["X-Own"] = "1";
    (own.params as Record<string, string>)["b"] = "2";
    own.proxies["https"] = "http://proxy.example:1";
    own.hooks.response.push(() => undefined);
    const remove = own.use((request, _attempt, next) => next(request));
    own.mount("https://special.example/", new HTTPAdapter());
    assert.equal(base.headers["X-Own"], undefined);
    assert.deepEqual(base.params, { a: "1" });
    assert.deepEqual([base.proxies, base.hooks.response, base.layers.length, base.adapters.size], [{}, [], 0, 2]);
    remove();
    await base.get(server.url);
    await own.get(server.url);
    assert.equal(server.connections, 1);
  });

  it("has a cookie jar of its own, with the cookies that the session was made with", async () => {
    await using server = await serve((_request, response) => void response.setHeader("Set-Cookie", "got=1").end());
    await using base = new Session({ cookies: { locale: "de" } });
    await base.get(server.url);
    base.cookies.set("set", "1");
    const own = base.extend({ cookies: { theme: "dark" } });
    assert.deepEqual(own.cookies.getDict(), { locale: "de", theme: "dark" });
    own.cookies.set("mine", "1");
    assert.equal(base.cookies.get("mine"), undefined);
    assert.deepEqual(own.extend().cookies.getDict(), { locale: "de", theme: "dark" });
  });

  it("keeps hooks, adds some with add: true, and keeps layers and mocks", async () => {
    const order: string[] = [];
    await using base = new Session({ hooks: { response: () => void order.push("base") } });
    base.use((request, _attempt, next) => {
      order.push("layer");
      return next(request);
    });
    await using mock = mockRequests(base);
    mock.get("https://api.example/", { text: "mocked" });
    await base.extend().get("https://api.example/");
    await base.extend({ hooks: { response: () => void order.push("own"), add: true } }).get("https://api.example/");
    await base.extend({ hooks: { response: () => void order.push("own") } }).get("https://api.example/");
    assert.deepEqual(order, ["layer", "base", "layer", "base", "own", "layer", "own"]);
  });

  it("has a pool of its own with an option of the pool", () => {
    const base = new Session();
    const special = new HTTPAdapter();
    base.mount("https://special.example/", special);
    const own = base.extend({ maxConnections: 2 });
    assert.notEqual(own.getAdapter("https://a.example/"), base.getAdapter("https://a.example/"));
    assert.equal(own.getAdapter("https://special.example/"), special);
    assert.equal(base.extend({ timeout: 1 }).getAdapter("https://a.example/"), base.getAdapter("https://a.example/"));
  });

  it("keeps the class, its methods and its public fields, without calling its constructor", async () => {
    class Api extends Session {
      version = "1";
      constructor(token: string) {
        super({ headers: { Authorization: `Bearer ${token}` } });
        assert.equal(typeof token, "string");
      }
      get path(): string {
        return `/v${this.version}`;
      }
    }
    await using server = await serve();
    const api = new Api("secret");
    api.version = "2";
    const own = api.extend({ baseUrl: server.url });
    assert.ok(own instanceof Api);
    const received = (await own.get(own.path)).json<Received>();
    assert.deepEqual([received.target, received.headers["authorization"]], ["/v2", "Bearer secret"]);
    await own.close();
  });

  it("refuses what a session refuses", () => {
    const base = new Session();
    assert.throws(() => base.extend({ timeOut: 1 } as SessionOptions), /Did you mean "timeout"\?/);
    assert.throws(() => base.extend(5 as never), /must be an options object/);
    assert.throws(() => base.extend({ retries: -1 }), /retries must be/);
  });
});
