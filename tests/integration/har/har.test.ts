/** The HAR recorder: valid by the schema, true to what was sent, without credentials. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import requests, { Session, type RequestOptions } from "requests-ts";
import { HarRecorder, type Har, type HarEntry } from "requests-ts/har";
import { httpbin } from "requests-ts/httpbin";
import { MockAdapter, mockRequests } from "requests-ts/testing";

const require = createRequire(import.meta.url);
const schemas = require("har-schema") as Readonly<Record<string, object>>;
// The schemas carry words of older drafts: "optional", "min".
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addMetaSchema(require("ajv/dist/refs/json-schema-draft-06.json") as object);
ajv.addSchema(Object.values(schemas));

function assertValid(har: Har): void {
  const plain: unknown = JSON.parse(JSON.stringify(har));
  assert.ok(ajv.validate("har.json#", plain), JSON.stringify(ajv.errors, null, 2));
}

function only(har: HarRecorder): HarEntry {
  const archive = har.toJSON();
  assertValid(archive);
  assert.equal(archive.log.entries.length, 1);
  return archive.log.entries[0];
}

describe("the schema", () => {
  it("refuses a value that is not a HAR", () => {
    assert.equal(
      ajv.validate("har.json#", { log: { version: "1.2", creator: { name: "x", version: "1" }, entries: [{}] } }),
      false,
    );
  });
});

describe("HarRecorder", () => {
  let server: Awaited<ReturnType<typeof httpbin>>;
  before(async () => {
    server = await httpbin();
  });
  after(() => server.close());

  function recorded(): { session: Session; har: HarRecorder } {
    const session = new Session({ baseUrl: server.url });
    return { session, har: new HarRecorder(session) };
  }

  it("writes request, response, sizes and timings", async () => {
    const { session, har } = recorded();
    const response = await session.get("/response-headers", { params: { "X-A": "ü", b: ["1", "2"] } });
    await session.close();
    const entry = only(har);
    const { request } = entry;
    assert.equal(request.method, "GET");
    assert.equal(request.url, response.url);
    assert.deepEqual(request.queryString, [
      { name: "X-A", value: "ü" },
      { name: "b", value: "1" },
      { name: "b", value: "2" },
    ]);
    assert.deepEqual(request.headers[0], { name: "Host", value: new URL(server.url).host });
    assert.equal(request.bodySize, 0);
    assert.equal(entry.response.status, 200);
    assert.equal(entry.response.bodySize, response.content.length);
    assert.equal(entry.response.content.text, response.text);
    assert.equal(entry.response.content.mimeType, response.headers["content-type"]);
    assert.equal(entry.serverIPAddress, "127.0.0.1");
    const { blocked, dns, connect, ssl, send, wait, receive } = entry.timings;
    assert.ok(connect >= 0 && ssl === -1 && wait > 0);
    assert.ok(Math.abs(entry.time - (blocked + Math.max(0, dns) + connect + send + wait + receive)) < 1e-9);
    assert.ok(Math.abs(Date.parse(entry.startedDateTime) - Date.now()) < 60_000);
  });

  it("counts the bytes of heads on the wire", async () => {
    const session = new Session();
    const mock = new MockAdapter();
    session.mount("http://", mock);
    const har = new HarRecorder(session);
    const raw = "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok";
    mock.get("*", { raw });
    await session.get("http://h/a?b", {
      headers: { "User-Agent": null, Accept: null, "Accept-Encoding": null, Connection: null },
    });
    const { request, response } = only(har);
    assert.equal(request.headersSize, "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n".length);
    assert.equal(response.headersSize, raw.length - 2);
  });

  it("records the bytes saved by compression", async () => {
    const { session, har } = recorded();
    const response = await session.get("/gzip");
    await session.close();
    const { content, bodySize } = only(har).response;
    assert.equal(content.size, response.content.length);
    assert.ok(bodySize > 0 && bodySize !== content.size);
    assert.equal(content.compression, content.size - bodySize);
    assert.equal(content.text, response.text);
  });

  it("has an entry for each redirect, with its cookies", async () => {
    const { session, har } = recorded();
    await session.get("/cookies/set?sid=abc");
    await session.close();
    const archive = har.toJSON();
    assertValid(archive);
    const [first, second] = archive.log.entries;
    assert.deepEqual(
      [first.response.status, first.response.redirectURL, second.response.status],
      [302, "/cookies", 200],
    );
    const [cookie] = first.response.cookies;
    assert.deepEqual([cookie.name, cookie.value, cookie.path, cookie.httpOnly], ["sid", "***", "/", false]);
    assert.deepEqual(second.request.cookies, [{ name: "sid", value: "***" }]);
    // The connection was there already.
    assert.deepEqual([second.timings.connect, second.timings.dns], [-1, -1]);
  });

  const bodies: readonly (readonly [string, object, object])[] = [
    ["JSON", { json: { a: "ü" } }, { mimeType: "application/json", text: '{"a":"ü"}' }],
    ["a form", { data: { a: "1 2", password: "s3cret" } }, { mimeType: "application/x-www-form-urlencoded", params: [{ name: "a", value: "1 2" }, { name: "password", value: "***" }] }],
    ["JSON with a secret", { json: { client_secret: "s3cret", b: [1] } }, { mimeType: "application/json", text: '{"client_secret":"***","b":[1]}' }],
    ["bytes", { data: Buffer.from([0, 255]), headers: { "Content-Type": "application/octet-stream" } }, { mimeType: "application/octet-stream", text: "AP8=", comment: "base64" }],
    ["a stream", { data: (async function* () { yield "x"; })() }, { mimeType: "", comment: "The body was streamed and is not kept" }],
  ]; // prettier-ignore
  for (const [what, options, expected] of bodies)
    it(`keeps the body of a request: ${what}`, async () => {
      const { session, har } = recorded();
      await session.post("/post", options);
      await session.close();
      assert.deepEqual(only(har).request.postData, expected);
    });

  it("keeps binary content as base64, and omits large content", async () => {
    const session = new Session({ baseUrl: server.url });
    const har = new HarRecorder(session, { maxBodySize: 10_000 });
    const image = await session.get("/image/png");
    await session.get("/bytes/20000");
    await session.close();
    const [first, second] = har.toJSON().log.entries;
    assert.deepEqual(
      [first.response.content.encoding, first.response.content.text],
      ["base64", image.content.toString("base64")],
    );
    assert.deepEqual([second.response.content.size, second.response.content.text], [20_000, undefined]);
    assert.match(String(second.response.content.comment), /20000 bytes is not kept/);
    assertValid(har.toJSON());
  });

  it("keeps the part of a stream that was read, and its size", async () => {
    const { session, har } = recorded();
    const read = await session.get("/bytes/100?seed=1", { stream: true });
    await read.read();
    const iterated = await session.get("/bytes/5000", { stream: true });
    for await (const piece of iterated.iterContent()) assert.ok(piece.length > 0);
    await session.close();
    const [first, second] = har.toJSON().log.entries;
    assert.equal(first.response.content.text, read.content.toString("base64"));
    assert.deepEqual([second.response.bodySize, second.response.content.size], [5000, 5000]);
    assertValid(har.toJSON());
  });

  it("has failures and retries", async () => {
    const mock = new MockAdapter({ maxRetries: 1 });
    mock.get("*", { error: "refused" });
    const session = new Session();
    session.mount("http://", mock);
    const har = new HarRecorder(session);
    await session.get("http://h/").catch(() => undefined);
    const archive = har.toJSON();
    assertValid(archive);
    assert.deepEqual(
      archive.log.entries.map(({ response, _attempt, _error }) => [response.status, _attempt, _error?.slice(0, 16)]),
      [
        [0, undefined, "ConnectionError:"],
        [0, 2, "ConnectionError:"],
      ],
    );
  });

  for (const credentials of [false, true])
    it(credentials ? "shows credentials when asked to" : "hides credentials", async () => {
      const mock = new MockAdapter();
      mock.get("*", {
        status: 302,
        headers: { Location: "http://u:s3cret@h/?token=s3cret" },
        cookies: { sid: "s3cret" },
      });
      mock.post("*", { json: { access_token: "s3cret", expires_in: 1 } });
      const session = new Session();
      session.mount("http://", mock);
      session.credentialHeaders = ["X-Mine"];
      const har = new HarRecorder(session, { credentials });
      await session.get("http://h/?api_key=s3cret&q=1", {
        headers: { "X-Mine": "s3cret", "X-Api-Key": "s3cret" },
        auth: ["u", "s3cret"],
        cookies: { a: "s3cret" },
        allowRedirects: false,
      });
      await session.post("http://user:s3cret@h/", { data: { client_secret: "s3cret" } });
      const archive = har.toJSON();
      assertValid(archive);
      const [{ request, response }, { request: post, response: answer }] = archive.log.entries;
      const secret = credentials ? "s3cret" : "***";
      const header = (name: string): string | undefined => request.headers.find((field) => field.name === name)?.value;
      assert.deepEqual(
        [header("X-Mine"), header("X-Api-Key"), header("Cookie"), header("Authorization")],
        credentials ? ["s3cret", "s3cret", "a=s3cret", "Basic dTpzM2NyZXQ="] : ["***", "***", "***", "Basic ***"],
      );
      assert.equal(request.url, `http://h/?api_key=${secret}&q=1`);
      assert.deepEqual(request.queryString[0], { name: "api_key", value: secret });
      assert.deepEqual(request.cookies, [{ name: "a", value: secret }]);
      assert.equal(response.redirectURL, `http://u:${secret}@h/?token=${secret}`);
      assert.equal(response.cookies[0].value, secret);
      assert.deepEqual(post.postData?.params, [{ name: "client_secret", value: secret }]);
      assert.equal(post.url, "http://h/");
      assert.equal(answer.content.text, `{"access_token":"${secret}","expires_in":1}`);
      if (!credentials) assert.doesNotMatch(JSON.stringify(har), /s3cret|dTpzM2NyZXQ/);
    });

  it("stops, clears, and keeps at most the configured number of entries", async () => {
    const session = new Session({ baseUrl: server.url });
    const har = new HarRecorder(session, { maxEntries: 2 });
    for (const path of ["/get?1", "/get?2", "/get?3"]) await session.get(path);
    assert.deepEqual(har.toJSON().log.entries.map(({ request }) => request.url.slice(-1)), ["2", "3"]); // prettier-ignore
    har.stop();
    await session.get("/get");
    assert.equal(har.size, 2);
    har.clear();
    assert.deepEqual(har.toJSON().log.entries, []);
    assertValid(har.toJSON());
    await session.close();
  });

  it("records single calls through its hook, each once", async () => {
    const session = new Session({ baseUrl: server.url });
    const har = new HarRecorder();
    await session.get("/get?1");
    await session.get("/get?2", { hooks: { response: har.hook } });
    assert.equal(only(har).request.url.slice(-1), "2");
    const whole = new HarRecorder(session);
    await session.get("/get?3", { hooks: { response: whole.hook } });
    assert.equal(whole.size, 1);
    await session.close();
  });

  it("records the module functions, and the replies of a mock", async () => {
    await using mock = mockRequests();
    mock.get("*", { json: 1 });
    const har = new HarRecorder(null);
    await requests.get("http://h/");
    har.stop();
    await requests.get("http://h/");
    assert.equal(only(har).response.content.text, "1");
  });

  it("writes a file that only its owner may read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "requests-ts-har-"));
    try {
      const { session, har } = recorded();
      await session.get("/get");
      await session.close();
      const path = join(folder, "session.har");
      await har.save(path);
      assert.deepEqual(JSON.parse(await readFile(path, "utf8")), JSON.parse(JSON.stringify(har)));
      if (process.platform !== "win32") assert.equal((await stat(path)).mode & 0o777, 0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("replaces a file that others may read with one that only its owner may read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "requests-ts-har-"));
    try {
      const path = join(folder, "session.har");
      await writeFile(path, "old", { mode: 0o644 });
      const old = await stat(path);
      await recorded().har.save(path);
      const now = await stat(path);
      assert.notEqual(now.ino, old.ino);
      if (process.platform !== "win32") assert.equal(now.mode & 0o777, 0o600);
      assert.deepEqual(await readdir(folder), ["session.har"]);
      await assert.rejects(recorded().har.save(join(folder, "missing", "x.har")), { code: "ENOENT" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const bodiesWithSecrets: readonly (readonly [string, RequestOptions])[] = [
    ["nested JSON", { json: { password: ["s3cret"], token: { value: "s3cret" } } }],
    ["JSON Lines", { data: '{"token":"s3cret"}\n{"token":"s3cret"}\n', headers: { "Content-Type": "application/jsonl" } }],
    ["JSON that is broken", { data: '{"token":"s3cret', headers: { "Content-Type": "application/json" } }],
    ["a nested form", { data: { "user[password]": "s3cret" } }],
    ["JSON in a form", { data: { payload: '{"token":"s3cret"}' } }],
    ["multipart fields", { files: { password: [null, "s3cret"] } }],
    ["multipart fields beside bytes", { files: { password: [null, "s3cret"], file: ["a", Buffer.from([0, 255])] } }],
    ["a content coding", { data: gzipSync("password=s3cret"), headers: { "Content-Encoding": "gzip" } }],
    ["no type", { data: "password=s3cret" }],
  ]; // prettier-ignore
  for (const [what, options] of bodiesWithSecrets)
    it(`hides secrets of bodies: ${what}`, async () => {
      const session = new Session();
      const mock = new MockAdapter();
      session.mount("http://", mock);
      // The response is what came: the same body once more.
      mock.any("*", ({ body, headers }) => ({ body, headers: { "Content-Type": headers["content-type"] ?? "text/plain", ...(headers.has("content-encoding") ? { "Content-Encoding": "gzip" } : {}) } })); // prettier-ignore
      const har = new HarRecorder(session);
      await session.post("http://h/", options);
      const entry = only(har);
      const { text: sent = "", params = [] } = entry.request.postData ?? {};
      const received = entry.response.content.text ?? "";
      for (const text of [
        sent,
        JSON.stringify(params),
        what === "no type" || what === "a content coding" ? "" : received,
      ]) {
        assert.doesNotMatch(text, /s3cret/);
        assert.doesNotMatch(Buffer.from(text, "base64").toString("latin1"), /s3cret/);
      }
      const shown = new HarRecorder(session, { credentials: true });
      await session.post("http://h/", options);
      assert.ok(shown.size > 0);
    });

  const locations = ["http://1.2.3.4.5:1/", "http://xn--a/", "http://999.999.999.999/", "http://[fe80::1%25x]/", "http://a_b/", "http://256/"]; // prettier-ignore
  for (const location of locations)
    it(`records a redirect to ${location} without changing the outcome of the call`, async () => {
      const outcome = async (record: boolean): Promise<string> => {
        const session = new Session();
        const har = record ? new HarRecorder(session) : null;
        await using mock = mockRequests(session);
        const within = record ? new HarRecorder(session) : null;
        mock.get("http://h/", { status: 302, headers: { Location: location } });
        mock.any("*", { text: "there" });
        const result = await session.get("http://h/").then(
          ({ text, url }) => `${text} ${url}`,
          (error: unknown) => String(error),
        );
        // The format "uri" of the schema knows no zone id (RFC 6874).
        if (within !== null && !location.includes("%25")) assertValid(within.toJSON());
        har?.stop();
        return result;
      };
      assert.equal(await outcome(true), await outcome(false));
    });

  it("does not fail a call that it cannot describe", async () => {
    const session = new Session();
    const har = new HarRecorder(session);
    const prepared = session.prepareRequest(new requests.Request("GET", "http://h/"));
    prepared.url = "nonsense";
    const outcome = (): Promise<string> => session.send(prepared).then(String, String);
    const withRecorder = await outcome();
    har.stop();
    assert.equal(withRecorder, await outcome());
  });

  it("refuses invalid sizes", () => {
    assert.throws(() => new HarRecorder(null, { maxBodySize: -1 }), RangeError);
    assert.throws(() => new HarRecorder(null, { maxEntries: 0 }), RangeError);
  });
});
