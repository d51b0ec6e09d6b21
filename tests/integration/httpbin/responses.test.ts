import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("/response-headers", () => {
  it("sends and shows the headers, and its own length", async () => {
    const told = await ask(`${server.url}/response-headers?a=1&a=2&Content-Type=text/plain&b-c=%C3%A9`);
    assert.deepEqual(told.json, {
      "Content-Length": String(told.bytes.length),
      "Content-Type": ["application/json", "text/plain"],
      a: ["1", "2"],
      "b-c": "é",
    });
    assert.equal(told.headers["content-length"], String(told.bytes.length));
    const pairs = told.raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${told.raw[i + 1] ?? ""}`] : []));
    for (const line of ["a: 1", "a: 2", "Content-Type: application/json", "Content-Type: text/plain", "b-c: é"]) {
      assert.ok(pairs.includes(line), line);
    }
  });

  it("responds to POST, and with 500 to invalid headers", async () => {
    assert.equal((await ask(`${server.url}/response-headers?x=y`, { method: "POST" })).json.x, "y");
    for (const query of ["x=a%0d%0ab", "a%20b=1", "x=%F0%9F%A6%80"]) {
      assert.equal((await ask(`${server.url}/response-headers?${query}`)).status, 500, query);
    }
  });
});

describe("caching", () => {
  it("/cache has validators, and responds with 304 to a conditional request", async () => {
    const first = await ask(`${server.url}/cache`);
    assert.equal(first.json.url, `${server.url}/cache`);
    assert.match(first.headers.etag ?? "", /^[0-9a-f]{32}$/);
    assert.ok(Math.abs(Date.parse(first.headers["last-modified"] ?? "") - Date.now()) < 5000);
    for (const headers of [{ "If-None-Match": "x" }, { "If-Modified-Since": "never" }]) {
      const again = await ask(`${server.url}/cache`, { headers });
      assert.deepEqual([again.status, again.text], [304, ""]);
    }
  });

  it("/cache/<n> has a max-age of n seconds", async () => {
    assert.equal((await ask(`${server.url}/cache/060`)).headers["cache-control"], "public, max-age=60");
    assert.equal((await ask(`${server.url}/cache/x`)).status, 404);
  });

  for (const [headers, status] of [
    [{}, 200],
    [{ "If-None-Match": 'W/"abc", x' }, 304],
    [{ "If-None-Match": "x , abc" }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"abcd"' }, 200],
    [{ "If-Match": '"x"' }, 412],
    [{ "If-Match": '"x", "abc"' }, 200],
    [{ "If-Match": "*" }, 200],
    [{ "If-None-Match": "x", "If-Match": "y" }, 200],
  ] as const) {
    it(`/etag responds to ${JSON.stringify(headers)} with ${status}`, async () => {
      const told = await ask(`${server.url}/etag/abc`, { headers });
      assert.equal(told.status, status);
      assert.equal(told.headers.etag, status === 412 ? undefined : "abc");
      assert.equal(told.bytes.length > 0, status === 200);
    });
  }
});
