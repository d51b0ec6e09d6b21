import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("/cookies", () => {
  for (const [sent, shown] of [
    ["a=1; b=2", { a: "1", b: "2" }],
    ["a=1; a=2", { a: "1" }],
    ['q="x y"; o="a\\054b"; e="\\"\\\\"', { q: "x y", o: "a,b", e: '"\\' }],
    ['s="a;b"; t=1', { s: "a;b", t: "1" }],
    ["d; =e; f=%20; g = h ", { d: "", f: "%20", g: "h" }],
    [Buffer.from("é=ü").toString("latin1"), { é: "ü" }],
    ["__utma=1; _gauges_unique_day=2; __utmx=3", { __utmx: "3" }],
    ["__proto__=1", JSON.parse('{"__proto__":"1"}')],
  ] as const) {
    it(`shows ${sent}`, async () => {
      assert.deepEqual((await ask(`${server.url}/cookies`, { headers: { Cookie: sent } })).json, { cookies: shown });
    });
  }

  it("shows none, and the hidden ones on request", async () => {
    assert.deepEqual((await ask(`${server.url}/cookies`)).json, { cookies: {} });
    const { json } = await ask(`${server.url}/cookies?show_env`, { headers: { Cookie: "__utma=1" } });
    assert.deepEqual(json, { cookies: { __utma: "1" } });
  });
});

describe("/cookies/set and /cookies/delete", () => {
  for (const [path, cookies] of [
    ["set?a=1&b=2&a=3", ["a=1; Path=/", "b=2; Path=/"]],
    ["set?b=x%20y&c=a,b;d&f=", ['b="x y"; Path=/', 'c="a\\054b\\073d"; Path=/', "f=; Path=/"]],
    ["set?e=%C3%A9&g=%22q%5C", ['e="\\303\\251"; Path=/', 'g="\\"q\\\\"; Path=/']],
    ["set/n/v%3D1", ["n=v=1; Path=/"]],
    ["set/n/v?max_age=60&httponly&samesite=Lax", ["n=v; Max-Age=60; HttpOnly; Path=/; SameSite=Lax"]],
    ["set/n/v?secure&domain=x.example&path=/p", ["n=v; Domain=x.example; Secure; Path=/p"]],
    ["delete?a&b=1", ["a", "b"].map((name) => `${name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/`)],
  ] as const) {
    it(`/cookies/${path}`, async () => {
      const { status, headers } = await ask(`${server.url}/cookies/${path}`);
      assert.deepEqual([status, headers.location, headers["set-cookie"]], [302, "/cookies", cookies]);
    });
  }

  it("sets nothing without arguments", async () => {
    const { status, headers } = await ask(`${server.url}/cookies/set`);
    assert.deepEqual([status, headers["set-cookie"]], [302, undefined]);
  });

  it("returns the values that it quoted", async () => {
    const value = 'a"b\\c,d;e é 🦀';
    const { headers } = await ask(`${server.url}/cookies/set?k=${encodeURIComponent(value)}`);
    const Cookie = headers["set-cookie"]?.[0]?.replace("; Path=/", "") ?? "";
    assert.deepEqual((await ask(`${server.url}/cookies`, { headers: { Cookie } })).json, { cookies: { k: value } });
  });

  it("sets Secure cookies over https", async () => {
    const secure = await httpbin({ tls: true });
    try {
      const { headers } = await ask(`${secure.url}/cookies/set?a=1`, { ca: secure.ca ?? "" });
      assert.deepEqual(headers["set-cookie"], ["a=1; Secure; Path=/"]);
    } finally {
      await secure.close();
    }
  });
});
