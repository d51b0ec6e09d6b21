/** What tutorials of Python's requests show, camel-cased: it must work as they say. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import type { Response } from "requests-ts";
import requests, { HTTPAdapter, HTTPError, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure } from "./serve.js";

const server = await httpbin();
const url = server.url;
const directory = await mkdtemp(join(tmpdir(), "requests-seeds-"));
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

interface Echo {
  readonly args: Record<string, unknown>;
  readonly data: string;
  readonly files: Record<string, unknown>;
  readonly form: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly json: unknown;
}

describe("examples of well-known tutorials", () => {
  it("checking the status", async () => {
    const response = await requests.get(`${url}/get`);
    assert.equal(response.statusCode, requests.codes.ok);
    assert.ok(response.ok);
    const bad = await requests.get(`${url}/status/404`);
    assert.throws(() => bad.raiseForStatus(), {
      name: "HTTPError",
      message: `404 Client Error: NOT FOUND for url: ${url}/status/404`,
    });
  });

  it("try … except HTTPError … except Exception … else", async () => {
    const told: string[] = [];
    for (const path of ["/get", "/status/404"]) {
      try {
        const response = await requests.get(url + path);
        response.raiseForStatus();
        told.push("Success!");
      } catch (error) {
        told.push(error instanceof HTTPError ? "HTTP error" : "other");
      }
    }
    assert.deepEqual(told, ["Success!", "HTTP error"]);
  });

  it("payloads: content, text, encoding, json(), headers", async () => {
    const response = await requests.get(`${url}/json`);
    response.encoding = "utf-8";
    assert.equal(JSON.stringify(JSON.parse(response.text)), JSON.stringify(response.json()));
    assert.equal(response.headers["Content-Type"], "application/json");
    assert.equal(response.headers.get("content-type"), "application/json");
  });

  it("query parameters", async () => {
    const payload = { key1: "value1", key2: ["value2", "value3"] };
    const response = await requests.get(`${url}/get`, { params: payload });
    assert.equal(response.url, `${url}/get?key1=value1&key2=value2&key2=value3`);
    const search = await requests.get(`${url}/get`, { params: { q: "requests+language:python" } });
    assert.equal(search.request.url, `${url}/get?q=requests%2Blanguage%3Apython`);
    assert.deepEqual(search.json<Echo>().args, { q: "requests+language:python" });
  });

  it("all the other methods", async () => {
    assert.deepEqual((await requests.post(`${url}/post`, { data: { name: "john" } })).json<Echo>().form, {
      name: "john",
    });
    assert.deepEqual((await requests.put(`${url}/put`, { data: { key: "value" } })).json<Echo>().form, {
      key: "value",
    });
    assert.equal((await requests.delete(`${url}/delete`)).statusCode, 200);
    assert.equal((await requests.patch(`${url}/patch`, { data: { key: "value" } })).statusCode, 200);
    assert.equal((await requests.head(`${url}/get`)).content.length, 0);
    assert.match((await requests.options(`${url}/get`)).headers["allow"] as string, /GET/);
  });

  it("data, JSON text, json", async () => {
    const payload = { name: "john", age: 12 };
    const form = (await requests.post(`${url}/post`, { data: payload })).json<Echo>();
    assert.deepEqual([form.form, form.json], [{ name: "john", age: "12" }, null]);
    const text = (await requests.post(`${url}/post`, { data: JSON.stringify(payload) })).json<Echo>();
    assert.deepEqual([text.form, text.json], [{}, payload]);
    const json = (await requests.post(`${url}/post`, { json: payload })).json<Echo>();
    assert.deepEqual([json.json, json.headers["Content-Type"]], [payload, "application/json"]);
  });

  it("files: one, with name and headers, several of one field", async () => {
    const path = join(directory, "example.txt");
    await writeFile(path, "the file");
    const one = await requests.post(`${url}/post`, { files: { file: createReadStream(path) } });
    assert.deepEqual(one.json<Echo>().files, { file: "the file" });
    const named = await requests.post(`${url}/post`, {
      files: { file: ["report.xls", createReadStream(path), "application/vnd.ms-excel", { Expires: "0" }] },
    });
    assert.deepEqual(named.json<Echo>().files, { file: "the file" });
    const several = await requests.post(`${url}/post`, {
      files: [
        ["images", ["foo.png", createReadStream(path), "image/png"]],
        ["images", ["bar.png", createReadStream(path), "image/png"]],
      ],
      data: { note: "both" },
    });
    assert.deepEqual(several.json<Echo>().form, { note: "both" });
  });

  it("inspecting the request that was sent", async () => {
    const response = await requests.post(`${url}/post`, { json: { key: "value" } });
    assert.equal(response.request.headers["Content-Type"], "application/json");
    assert.equal(response.request.url, `${url}/post`);
    assert.equal(response.request.body, '{"key":"value"}');
  });

  it("authentication: basic as a pair and as an object, digest, a custom class", async () => {
    const { HTTPBasicAuth, HTTPDigestAuth, AuthBase } = requests.auth;
    const basic = `${url}/basic-auth/username/password`;
    assert.equal((await requests.get(basic, { auth: ["username", "password"] })).statusCode, 200);
    assert.equal((await requests.get(basic, { auth: new HTTPBasicAuth("username", "password") })).statusCode, 200);
    const digest = `${url}/digest-auth/auth/username/password`;
    assert.equal((await requests.get(digest, { auth: new HTTPDigestAuth("username", "password") })).statusCode, 200);
    class TokenAuth extends AuthBase {
      override apply(request: InstanceType<typeof requests.PreparedRequest>): typeof request {
        request.headers["X-TokenAuth"] = "12345abcde-token";
        return request;
      }
    }
    const response = await requests.get(`${url}/get`, { auth: new TokenAuth() });
    assert.equal(response.json<Echo>().headers["X-Tokenauth"], "12345abcde-token");
  });

  it("timeouts: one number, a pair, none; Timeout catches both kinds", async () => {
    await requests.get(`${url}/get`, { timeout: 5 });
    await requests.get(`${url}/get`, { timeout: [3.05, 27] });
    await requests.get(`${url}/get`, { timeout: null });
    const error = await failure(requests.get(`${url}/delay/3`, { timeout: [2, 0.03] }));
    assert.ok(error instanceof requests.exceptions.Timeout);
    assert.ok(error instanceof requests.exceptions.ReadTimeout);
    assert.ok(error instanceof requests.exceptions.RequestException);
  });

  it("a session: cookies, headers, auth, transport adapters", async () => {
    await using session = new requests.Session();
    await session.get(`${url}/cookies/set/sessioncookie/123456789`);
    assert.deepEqual((await session.get(`${url}/cookies`)).json(), { cookies: { sessioncookie: "123456789" } });
    session.auth = ["user", "pass"];
    session.headers.update({ "x-test": "true" });
    const { headers } = (await session.get(`${url}/headers`, { headers: { "x-test2": "true" } })).json<Echo>();
    assert.deepEqual([headers["X-Test"], headers["X-Test2"]], ["true", "true"]);
    assert.equal(headers["Authorization"], "Basic dXNlcjpwYXNz");
    session.mount(url, new HTTPAdapter({ maxRetries: 3 }));
    assert.equal((await session.get(`${url}/get`)).statusCode, 200);
  });

  it("cookies of a call, a jar with domains", async () => {
    const response = await requests.get(`${url}/cookies`, { cookies: { cookies_are: "working" } });
    assert.deepEqual(response.json(), { cookies: { cookies_are: "working" } });
    const jar = new requests.cookies.RequestsCookieJar();
    jar.set("tasty-cookie", "yum", { domain: "127.0.0.1", path: "/cookies" });
    assert.deepEqual((await requests.get(`${url}/cookies`, { cookies: jar })).json(), {
      cookies: { "tasty-cookie": "yum" },
    });
  });

  it("hooks, one of which changes the response", async () => {
    const printed: string[] = [];
    const response = await requests.get(`${url}/get`, {
      hooks: {
        response: [(one) => void printed.push(one.url), (one) => Object.assign(one, { hookCalled: true })],
      },
    });
    assert.deepEqual(printed, [`${url}/get`]);
    assert.equal((response as Response & { hookCalled?: boolean }).hookCalled, true);
  });

  it("raw content, chunks, lines", async () => {
    const raw = await requests.get(`${url}/json`, { stream: true });
    assert.equal((await raw.raw.read(10)).length, 10);
    raw.close();
    let size = 0;
    for await (const chunk of (await requests.get(`${url}/bytes/1000`, { stream: true })).iterContent(128))
      size += chunk.length;
    assert.equal(size, 1000);
    const ids: number[] = [];
    for await (const line of (await requests.get(`${url}/stream/5`, { stream: true })).iterLines())
      if (line.length > 0) ids.push((JSON.parse(line.toString("utf8")) as { id: number }).id);
    assert.deepEqual(ids, [0, 1, 2, 3, 4]);
  });

  it("a generator as body is chunked", async () => {
    function* pieces(): Generator<string> {
      yield "hi";
      yield "there";
    }
    const echo = (await requests.post(`${url}/post`, { data: pieces() })).json<Echo>();
    assert.equal(echo.data, "hithere");
    assert.equal(echo.headers["Transfer-Encoding"], "chunked");
  });

  it("prepared requests", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new requests.Request("POST", `${url}/post`, { data: "body" }));
    prepared.body = "No, I want exactly this as the body.";
    delete prepared.headers["Content-Type"];
    const response = await session.send(prepared, { stream: false, timeout: 5 });
    assert.equal(response.json<Echo>().data, "No, I want exactly this as the body.");
  });
});
