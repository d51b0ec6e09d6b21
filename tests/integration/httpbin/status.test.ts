import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

const REFUSAL =
  '{"message": "Client did not request a supported media type.", ' +
  '"accept": ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"]}';

describe("/status", () => {
  for (const [code, reason] of [
    [200, "OK"],
    [300, "MULTIPLE CHOICES"],
    [308, "PERMANENT REDIRECT"],
    [404, "NOT FOUND"],
    [413, "REQUEST ENTITY TOO LARGE"],
    [416, "REQUESTED RANGE NOT SATISFIABLE"],
    [503, "SERVICE UNAVAILABLE"],
    [999, "UNKNOWN"],
  ] as const) {
    it(`${code} is empty, with the type HTML, without a Location`, async () => {
      const told = await ask(`${server.url}/status/${code}`);
      assert.deepEqual([told.status, told.reason, told.text], [code, reason, ""]);
      assert.equal(told.headers["content-type"], "text/html; charset=utf-8");
      assert.equal(told.headers["content-length"], "0");
      assert.equal(told.headers.location, undefined);
    });
  }

  for (const code of [301, 302, 303, 305, 307]) {
    it(`${code} redirects to /redirect/1 and has no type`, async () => {
      const { status, headers, text } = await ask(`${server.url}/status/${code}`);
      assert.deepEqual([status, headers.location, headers["content-type"], text], [code, "/redirect/1", undefined, ""]);
    });
  }

  it("204 and 304 have neither body nor length", async () => {
    for (const code of [204, 304]) {
      const { status, headers, text } = await ask(`${server.url}/status/${code}`);
      assert.deepEqual([status, headers["content-length"], text], [code, undefined, ""]);
      assert.equal(headers["transfer-encoding"], undefined);
    }
  });

  it("401 and 407 have a challenge", async () => {
    const origin = await ask(`${server.url}/status/401`);
    assert.equal(origin.headers["www-authenticate"], 'Basic realm="Fake Realm"');
    const proxy = await ask(`${server.url}/status/407`);
    assert.equal(proxy.headers["proxy-authenticate"], 'Basic realm="Fake Realm"');
  });

  it("402, 406 and 418 have a text", async () => {
    const payment = await ask(`${server.url}/status/402`);
    assert.equal(payment.headers["x-more-info"], "http://vimeo.com/22053820");
    assert.notEqual(payment.text, "");
    const refusal = await ask(`${server.url}/status/406`);
    assert.deepEqual([refusal.headers["content-type"], refusal.text], ["application/json", REFUSAL]);
    const teapot = await ask(`${server.url}/status/418`);
    assert.equal(teapot.reason, "I'M A TEAPOT");
    assert.match(teapot.text, /teapot/);
  });

  it("responds to each method", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
      assert.equal((await ask(`${server.url}/status/204`, { method })).status, 204);
    }
  });

  for (const codes of ["abc", "1:2", "200,", "200:x,404", "200:1:2,404", "99", "100", "199", "1000", "-1"]) {
    it(`refuses ${codes}`, async () => {
      const { status, text, headers } = await ask(`${server.url}/status/${codes}`);
      assert.deepEqual([status, text], [400, "Invalid status code"]);
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    });
  }

  it("chooses a status by weight", async () => {
    for (let i = 0; i < 20; i++) {
      assert.equal((await ask(`${server.url}/status/200:0,404:0.5,500:0`)).status, 404);
    }
    const seen = new Set<number>();
    for (let i = 0; i < 60; i++) seen.add((await ask(`${server.url}/status/201,202`)).status);
    assert.deepEqual([...seen].sort(), [201, 202]);
  });
});

describe("redirects", () => {
  for (const [path, location, isEmpty] of [
    ["/redirect/1", "/get", false],
    ["/redirect/3", "/relative-redirect/2", false],
    ["/redirect/1?absolute=TRUE", "$/get", false],
    ["/redirect/3?absolute=true", "$/absolute-redirect/2", false],
    ["/redirect/3?absolute=yes", "/relative-redirect/2", false],
    ["/relative-redirect/1", "/get", true],
    ["/relative-redirect/2", "/relative-redirect/1", true],
    ["/absolute-redirect/1", "$/get", false],
    ["/absolute-redirect/2", "$/absolute-redirect/1", false],
    ["/links/3", "/links/3/0", false],
  ] as const) {
    it(`${path} redirects to ${location}`, async () => {
      const told = await ask(server.url + path);
      const expected = location.replace("$", server.url);
      assert.deepEqual([told.status, told.reason, told.headers.location], [302, "FOUND", expected]);
      if (isEmpty) assert.equal(told.text, "");
      else assert.match(told.text, new RegExp(`<h1>Redirecting...</h1>.*href="${expected}"`, "s"));
    });
  }

  for (const [query, status, location] of [
    ["url=/get%3Fa%3D1", 302, "/get?a=1"],
    ["url=http://x.example/&status_code=307", 307, "http://x.example/"],
    ["URL=x&Status_Code=301", 301, "x"],
    ["url=x&status_code=200", 302, "x"],
    ["url=x&status_code=400", 302, "x"],
    ["url=/a%20b", 302, "/a b"],
    ["url=%C3%A9", 302, "\u00c3\u00a9"],
  ] as const) {
    it(`/redirect-to?${query} redirects with ${status} to ${location}`, async () => {
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
        const told = await ask(`${server.url}/redirect-to?${query}`, { method });
        assert.deepEqual([told.status, told.headers.location, told.text], [status, location, ""]);
      }
    });
  }

  it("/redirect-to takes its options from the query only, and refuses invalid headers", async () => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    assert.equal((await ask(`${server.url}/redirect-to`, { method: "POST", headers, body: "url=/get" })).status, 500);
    assert.equal((await ask(`${server.url}/redirect-to?url=x&status_code=abc`)).status, 500);
    const injected = await ask(`${server.url}/redirect-to?url=x%0d%0aX-Evil:1`);
    assert.deepEqual([injected.status, injected.headers["x-evil"]], [500, undefined]);
  });
});
