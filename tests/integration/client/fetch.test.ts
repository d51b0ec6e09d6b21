/** session.fetch: what libraries that take a fetch expect. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { RequestException, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { closedPort, failure, serve, type Received } from "./serve.js";

const server = await httpbin();
const echo = await serve();
after(async () => {
  await server.close();
  await echo.close();
});

const { fetch } = new Session();
const echoed = async (...call: Parameters<typeof globalThis.fetch>): Promise<Received> =>
  (await (await fetch(...call)).json()) as Received;

describe("session.fetch", () => {
  it("gives a standard Response", async () => {
    const response = await fetch(`${server.url}/get?a=1#f`);
    assert.ok(response instanceof globalThis.Response);
    assert.deepEqual(
      [response.status, response.statusText, response.ok, response.redirected],
      [200, "OK", true, false],
    );
    assert.equal(response.url, `${server.url}/get?a=1`);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.deepEqual(((await response.json()) as { args: unknown }).args, { a: "1" });
  });

  it("takes a URL or a Request, and init overrides the Request", async () => {
    assert.equal((await echoed(new URL(`${echo.url}/u`))).target, "/u");
    const request = new globalThis.Request(`${echo.url}/r`, { method: "PUT", body: "b", headers: { "X-A": "1" } });
    const received = await echoed(request);
    assert.deepEqual(
      [received.method, received.target, received.body, received.headers["x-a"]],
      ["PUT", "/r", "b", "1"],
    );
    assert.equal((await echoed(new globalThis.Request(echo.url), { method: "DELETE" })).method, "DELETE");
  });

  it("refuses init that is not an object", async () => {
    for (const init of ["POST", 5, true])
      assert.ok((await failure(fetch(echo.url, init as unknown as object))) instanceof TypeError);
  });

  it("has immutable headers", async () => {
    const response = await fetch(echo.url);
    for (const { headers } of [response.clone(), response]) {
      assert.throws(() => headers.set("X-A", "1"), TypeError);
      assert.throws(() => headers.append("X-A", "1"), TypeError);
      assert.throws(() => headers.delete("date"), TypeError);
      assert.ok(new Headers(headers).has("date"));
    }
  });

  it("takes the method of a Request, and a body of init", async () => {
    const request = new globalThis.Request(echo.url, { method: "POST" });
    const received = await echoed(request, { body: "text" });
    assert.deepEqual([received.method, received.body], ["POST", "text"]);
    const error = await failure(fetch(new globalThis.Request(echo.url), { body: "text" }));
    assert.match(error.message, /GET\/HEAD/);
  });

  it("sends bodies with their type", async () => {
    const text = await echoed(echo.url, { method: "POST", body: "text" });
    assert.deepEqual([text.body, text.headers["content-type"]], ["text", "text/plain;charset=UTF-8"]);
    const form = await echoed(echo.url, { method: "POST", body: new URLSearchParams({ a: "1" }) });
    assert.deepEqual(
      [form.body, form.headers["content-type"]],
      ["a=1", "application/x-www-form-urlencoded;charset=UTF-8"],
    );
    const data = new FormData();
    data.append("k", "v");
    assert.match(
      (await echoed(echo.url, { method: "POST", body: data })).headers["content-type"]!,
      /^multipart\/form-data; boundary=/,
    );
    const streamed = await echoed(echo.url, {
      method: "POST",
      body: new Blob(["s"]).stream(),
      duplex: "half",
    });
    assert.deepEqual([streamed.body, streamed.headers["transfer-encoding"]], ["s", "chunked"]);
  });

  it("resolves for a 404, as fetch does", async () => {
    assert.equal((await fetch(`${server.url}/status/500`)).status, 500);
    assert.equal((await fetch(`${server.url}/status/204`)).body, null);
  });

  it("follows, returns or refuses redirects, as the redirect option says [fetch-redirect-option]", async () => {
    const url = `${server.url}/redirect/2`;
    const followed = await fetch(url);
    assert.deepEqual([followed.status, followed.redirected, followed.url], [200, true, `${server.url}/get`]);
    const manual = await fetch(url, { redirect: "manual" });
    assert.deepEqual([manual.status, manual.headers.get("location") !== null], [302, true]);
    assert.ok((await failure(fetch(url, { redirect: "error" }))) instanceof TypeError);
  });

  it("decodes content and removes the headers that describe its coding", async () => {
    const response = await fetch(`${server.url}/gzip`);
    assert.equal(((await response.json()) as { gzipped: boolean }).gzipped, true);
    assert.equal(response.headers.get("content-encoding"), null);
    assert.equal(response.headers.get("content-length"), null);
  });

  it("keeps several Set-Cookie headers apart", async () => {
    const response = await fetch(`${server.url}/cookies/set?a=1&b=2`, { redirect: "manual" });
    assert.equal(response.headers.getSetCookie().length, 2);
  });

  it("rejects with a TypeError whose cause is the exception when the network fails", async () => {
    const error = await failure(fetch(`http://127.0.0.1:${await closedPort()}/`));
    assert.ok(error instanceof TypeError);
    assert.ok(error.cause instanceof RequestException);
  });

  it("rejects with the reason of the signal", async () => {
    const reason = new Error("mine");
    assert.equal(await failure(fetch(`${server.url}/get`, { signal: AbortSignal.abort(reason) })), reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    assert.equal((await failure(fetch(`${server.url}/hang`, { signal: controller.signal }))).name, "AbortError");
  });

  it("uses headers, cookies, auth and baseUrl of the session", async () => {
    const session = new Session({ baseUrl: echo.url, headers: { "X-S": "1" }, cookies: { c: "1" }, auth: ["u", "p"] });
    const received = (await (await session.fetch("/api")).json()) as Received;
    assert.equal(received.target, "/api");
    assert.deepEqual(
      [received.headers["x-s"], received.headers["cookie"], received.headers["authorization"]],
      ["1", "c=1", "Basic dTpw"],
    );
    const omitted = (await (await session.fetch("/api", { credentials: "omit" })).json()) as Received;
    assert.equal(omitted.headers["authorization"], undefined);
  });

  it("returns a body that streams", async () => {
    const response = await fetch(`${server.url}/stream-bytes/5000?seed=1`);
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
    assert.equal(size, 5000);
  });
});
