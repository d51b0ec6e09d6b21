/** What a server may cost us: memory, time, connections and listeners. */
import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { after, describe, it } from "node:test";

import { ContentDecodingError, HTTPAdapter, RequestException, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve } from "../integration/client/serve.js";

const ZEROS = Buffer.alloc(32 * 1024 * 1024);
const GZIP_BOMB = gzipSync(ZEROS);
const BROTLI_BOMB = brotliCompressSync(ZEROS, { params: { 1: 1 } });
let chain: Buffer = Buffer.from("hello");
for (let depth = 0; depth < 6; depth += 1) chain = gzipSync(chain);

const server = await serve((request, response) => {
  switch (request.target) {
    case "/chain":
      return void response.writeHead(200, { "Content-Encoding": Array(6).fill("gzip").join(", ") }).end(chain);
    case "/moved":
      return void response.writeHead(302, { Location: "/end", "Content-Encoding": "gzip" }).end(GZIP_BOMB);
    case "/br":
      return void response.writeHead(200, { "Content-Encoding": "br" }).end(BROTLI_BOMB);
    case "/gzip":
      return void response.writeHead(200, { "Content-Encoding": "gzip" }).end(GZIP_BOMB);
    default:
      return void response.end("end");
  }
});
after(() => server.close());

describe("limits", () => {
  for (const stream of [false, true])
    it(`refuses six content codings, stream: ${stream} [CVE-2025-66418]`, async () => {
      await using session = new Session();
      const call = session.get(`${server.url}/chain`, { stream }).then((response) => response.read());
      const error = await failure(call);
      assert.ok(error instanceof ContentDecodingError, String(error));
      assert.match(error.message, /more than 5 content codings/);
    });

  it("decodes no more of a stream than it returns [CVE-2025-66471]", async () => {
    await using session = new Session();
    const response = await session.get(`${server.url}/gzip`, { stream: true });
    for await (const piece of response.iterContent()) {
      assert.ok(piece.length <= 64 * 1024, `${piece.length} bytes at once`);
      break;
    }
  });

  it("does not decode the body of a redirect that it discards [CVE-2026-21441]", async () => {
    await using session = new Session();
    const response = await session.get(`${server.url}/moved`, { stream: true });
    assert.equal((await response.read()).toString(), "end");
    // Without `stream: true` the history keeps the body of a redirect, but not one that is a decompression bomb.
    const followed = await session.get(`${server.url}/moved`);
    assert.equal(followed.text, "end");
    assert.equal(followed.history[0].content.length, 0);
  });

  for (const path of ["/br", "/gzip"])
    it(`keeps the bomb limit after the first piece, and decodes nothing on close: ${path} [CVE-2026-44432]`, async () => {
      await using session = new Session();
      const pieces = (await session.get(server.url + path, { stream: true })).iterContent(1000);
      await pieces.next();
      let size = 0;
      const error = await failure(
        (async () => {
          for await (const piece of pieces) size += piece.length;
        })(),
      );
      assert.ok(error instanceof ContentDecodingError, String(error));
      assert.ok(size < 16 * 1024 * 1024, `${size} bytes before it was stopped`);
      const closed = await session.get(server.url + path, { stream: true });
      await closed.iterContent(1000).next();
      closed.close();
      assert.equal((await session.get(server.url)).text, "end");
    });

  it("refuses a data: URL of any size [CVE-2025-58754]", async () => {
    await using session = new Session();
    const error = await failure(session.get(`data:text/plain;base64,${"A".repeat(100_000)}`));
    assert.ok(error instanceof RequestException, String(error));
    assert.ok(error.message.length < 1000, "nor is it in the message");
  });

  it("leaks no memory when it refuses certificates [CVE-2025-47279]", async () => {
    await using secure = await httpbin({ tls: true });
    const adapter = new HTTPAdapter();
    await using session = new Session();
    session.mount("https://", adapter);
    const before = process.getActiveResourcesInfo().filter((name) => name === "TLSWrap" || name === "Timeout").length;
    for (let round = 0; round < 5; round += 1)
      await Promise.all(Array.from({ length: 10 }, () => failure(session.get(`${secure.url}/get`))));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(adapter.statistics.open, 0);
    assert.deepEqual(adapter.statistics.waiting, 0);
    await secure.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const left = process.getActiveResourcesInfo().filter((name) => name === "TLSWrap" || name === "Timeout").length;
    assert.ok(left <= before, `${left} sockets and timers, ${before} before`);
  });

  it("adds no listeners to a reused connection [axios-10780]", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    await using session = new Session();
    const { signal } = new AbortController();
    for (let at = 0; at < 50; at += 1) {
      const response = await session.get(server.url, { signal, timeout: { total: 60 }, stream: at % 2 === 0 });
      assert.equal((await response.read()).toString(), "end");
      assert.equal(response.reused, at > 0);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
  });
});
