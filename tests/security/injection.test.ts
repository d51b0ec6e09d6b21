/** Nothing that a caller hands through becomes a line of its own on the wire. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";

import { InvalidHeader, Request, RequestException, RequestsCookieJar, Session, type RequestOptions } from "requests-ts";
import { prepareBody } from "#internal/message/body/body";

import { assertLinear } from "../property/linear.js";
import { failure, serve, type Received } from "../integration/client/serve.js";

const echo = await serve();
after(() => echo.close());

const EVIL = "x\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1";

async function isRefused(options: RequestOptions, url = echo.url): Promise<void> {
  const before = echo.requests.length;
  await using session = new Session();
  const error = await failure(session.post(url, options));
  assert.ok(error instanceof RequestException || error instanceof TypeError, String(error));
  assert.equal(echo.requests.length, before, "nothing was sent");
}

async function partsOf(options: RequestOptions): Promise<string> {
  await using session = new Session();
  return (await session.post(echo.url, options)).json<Received>().body;
}

describe("injection", () => {
  for (const name of ["Content-Type", "Host", "Upgrade", "Connection", "Transfer-Encoding", "Cookie", "Authorization"])
    it(`refuses a line break in ${name} [GHSA-3cvr-822r-rqcc]`, async () => {
      for (const value of [EVIL, "x\n y", "x\ry", "x\0y", "x\r\n y"]) await isRefused({ headers: { [name]: value } });
    });

  it("refuses a line break in the content type of a body [GHSA-f772-66g8-q5h3]", async () => {
    await isRefused({ files: { f: ["name", "content", EVIL] } });
    await isRefused({ files: { f: ["name", "content", "text/plain", { "X-A": EVIL }] } });
    await isRefused({ files: { f: ["name", "content", "text/plain", { [EVIL]: "x" }] } });
    // The standard itself makes such a type empty.
    const blob = new Blob(["x"], { type: EVIL });
    assert.doesNotMatch(blob.type, /[\r\n]/);
    Object.defineProperty(blob, "type", { value: EVIL });
    await isRefused({ data: blob });
    await isRefused({ files: { f: ["name", blob] } });
  });

  it("refuses a line break in the host [GHSA-5r9g-qh6m-jxff]", async () => {
    await isRefused({}, `http://127.0.0.1:${echo.port}\r\nX-Evil: 1/`);
    await isRefused({}, `http://127.0.0.1\r\nX-Evil: 1:${echo.port}/`);
    await isRefused({ headers: { Host: "a\r\nX-Evil: 1" } });
  });

  it("refuses a line break in Upgrade, and a 101 that was not requested [GHSA-4992-7rv2-5pvq]", async () => {
    await isRefused({ headers: { Upgrade: "websocket\r\nX-Evil: 1", Connection: "Upgrade" } });
    await using server = await serve((_request, response) => {
      response.socket!.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\n\r\n");
    });
    await using session = new Session();
    assert.ok((await failure(session.get(server.url))) instanceof RequestException);
  });

  it("escapes line breaks in path and query, and sends one request [CVE-2019-9740]", async () => {
    await using session = new Session();
    for (const path of ["/a\r\nX-Evil: 1", "/a?b=\r\nX-Evil: 1", "/a b\nHTTP/1.1"]) {
      const before = echo.requests.length;
      const outcome = await session.get(echo.url + path).catch((error: unknown) => error);
      if (outcome instanceof Error) assert.ok(outcome instanceof RequestException);
      for (const request of echo.requests.slice(before)) {
        assert.equal(request.headers["x-evil"], undefined);
        assert.match(request.target, /^\/a[^\s]*$/);
      }
    }
    const { target } = (await session.get(echo.url, { params: { q: EVIL } })).json<Received>();
    assert.match(target, /^\/\?q=x%0D%0AX-Evil/);
  });

  it("refuses attributes and line breaks within cookie values [undici-cookie-attributes]", () => {
    const jar = new RequestsCookieJar();
    for (const text of ["a; Domain=evil.test", "a\r\nSet-Cookie: b=1", "a\0", "a\x7f"]) {
      assert.throws(() => jar.set("name", text));
      assert.throws(() => jar.set(text, "value"));
      assert.throws(() => jar.set("name", "value", { path: `/${text}` }));
      assert.throws(() => jar.set("name", "value", { domain: text }));
    }
    assert.equal(jar.size, 0);
  });

  for (const [name, options] of [
    ["file name [GHSA-hmw2-7cc7-3qxx-file-name]", { files: { f: ['a"\r\nX-Evil: 1\r\n\r\n<script>', "content"] } }],
    ["field name [GHSA-hmw2-7cc7-3qxx-field-name]", { files: { 'f"\r\nX-Evil: 1': ["name", "content"] } }],
    ["form field", { data: { 'f"; filename="evil\r\nX-Evil: 1': "v" }, files: { f: ["name", "content"] } }],
  ] as const)
    it(`escapes quotes and line breaks in a multipart ${name}`, async () => {
      const body = await partsOf(options);
      assert.doesNotMatch(body, /^X-Evil/m);
      assert.match(body, /(name|filename)="[^"\r\n]*%22[^"\r\n]*%0D%0AX-Evil[^"\r\n]*"/);
    });

  const contradictions: readonly (readonly [title: string, headers: readonly (readonly [string, string])[]])[] = [
    ["two lengths that differ in case", [["content-length", "3"], ["Content-Length", "5"]]], // prettier-ignore
    ["two wrong lengths that agree", [["Content-Length", "3"], ["CONTENT-LENGTH", "3"]]], // prettier-ignore
    ["two codings", [["Transfer-Encoding", "chunked"], ["transfer-encoding", "identity"]]], // prettier-ignore
    ["a length and a coding", [["Content-Length", "5"], ["Transfer-Encoding", "chunked"]]], // prettier-ignore
  ];
  for (const [title, headers] of contradictions)
    it(`sends one Content-Length or none for ${title} [GHSA-2mjp-6q6p-2qxm]`, async () => {
      await using session = new Session();
      const before = echo.requests.length;
      const outcome = await session
        .post(echo.url, { headers: [...headers], data: "hello" })
        .catch((error: unknown) => error);
      if (outcome instanceof Error) assert.ok(outcome instanceof InvalidHeader, String(outcome));
      for (const { pairs, body } of echo.requests.slice(before)) {
        const framing = pairs.filter(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
        assert.deepEqual(
          framing.map(([name, value]) => [name.toLowerCase(), value]),
          [["content-length", "5"]],
        );
        assert.equal(body, "hello");
      }
      const prepared = new Request("POST", echo.url, { data: "hello" }).prepare();
      for (const [name, value] of headers) prepared.headers.append(name, value);
      assert.ok((await failure(session.send(prepared))) instanceof InvalidHeader, "added after preparing");
    });

  it("takes multipart boundaries from the system's random numbers, not from Math.random [CVE-2025-22150]", async () => {
    const { random } = Math;
    Math.random = () => 0.5;
    try {
      const boundaries = new Set<string>();
      for (let at = 0; at < 100; at += 1) {
        const { contentType } = prepareBody({ files: { f: ["n", "c"] } }, undefined) as { contentType?: string };
        boundaries.add(String(contentType));
      }
      assert.equal(boundaries.size, 100);
      for (const one of boundaries) assert.match(one, /^multipart\/form-data; boundary=[0-9a-f]{32}$/);
    } finally {
      Math.random = random;
    }
  });

  it("checks header values in linear time [GHSA-r6ch-mqf9-qc9w]", () => {
    for (const unit of ["\t", " ", "a ", "\t \t", "a\t"])
      assertLinear(
        (size) => `a${unit.repeat(size / unit.length)}a`,
        (value) => new Request("GET", "http://h/", { headers: { "X-A": value } }).prepare(),
      );
  });
});

describe("the supply chain", () => {
  it("runs no script when it is installed [axios-1.14.1]", () => {
    const root = new URL("../../../", import.meta.url);
    // By the lock file: `npm ls` of the installed tree fails while the packages of the tools are not installed.
    const command = ["ls", "--package-lock-only", "--omit=dev", "--all", "--parseable"];
    const listed = execFileSync("npm", command, { cwd: root, encoding: "utf8" });
    const packages = listed.trim().split("\n");
    assert.ok(packages.length > 3);
    for (const path of packages) {
      const { scripts = {} } = JSON.parse(readFileSync(`${path}/package.json`, "utf8")) as {
        scripts?: Record<string, string>;
      };
      for (const script of ["preinstall", "install", "postinstall"])
        assert.equal(scripts[script], undefined, `${path}: ${script}`);
      assert.equal(existsSync(`${path}/binding.gyp`), false, path);
    }
  });
});
