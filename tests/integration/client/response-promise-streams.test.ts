/** Streams that begin on the promise of a response. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

import type { HTTPAdapter } from "requests-ts";
import requests, { HTTPError, Response, Session, type PreparedRequest } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

import { eventually } from "../../_support/raw-server.js";
import { failure, serve } from "./serve.js";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Sends a line at once, and the next one only when `next` is called. */
async function lineServer(contentType = "text/plain") {
  let next: () => void = () => undefined;
  const server = await serve((_request, response) => {
    response.writeHead(200, { "Content-Type": contentType });
    response.write('{"line": 1}\n');
    next = () => response.end('{"line": 2}\n');
  });
  return { server, next: () => next() };
}

describe("the promise of a response streams [promise-streams]", () => {
  it("lines, before the whole body has arrived", async () => {
    const { server, next } = await lineServer();
    await using _closed = server;
    const lines = requests.get(server.url).iterLines({ decodeUnicode: true });
    assert.equal((await lines.next()).value, '{"line": 1}');
    next();
    assert.equal((await lines.next()).value, '{"line": 2}');
    assert.equal((await lines.next()).done, true);
  });

  it("pieces, JSON values and events", async () => {
    const { server, next } = await lineServer();
    await using _closed = server;
    const pieces = requests.get(server.url).iterContent();
    assert.equal(String((await pieces.next()).value), '{"line": 1}\n');
    await pieces.return();
    const values = requests.get(server.url).iterJson<{ line: number }>();
    assert.deepEqual((await values.next()).value, { line: 1 });
    next();
    assert.deepEqual(await all(values), [{ line: 2 }]);
    await using events = await serve((_request, response) => void response.write("data: a\n\n"));
    const seen = requests.get(events.url).iterEvents();
    assert.equal(((await seen.next()).value as { data: string }).data, "a");
    await seen.return();
  });

  it("after raiseForStatus(), which throws for an error", async () => {
    const { server, next } = await lineServer();
    await using _closed = server;
    const lines = requests.get(server.url).raiseForStatus().iterLines();
    assert.equal(String((await lines.next()).value), '{"line": 1}');
    next();
    await all(lines);
    await using broken = await serve((_request, response) => void response.writeHead(500).end("why"));
    const error = (await failure(all(requests.get(broken.url).raiseForStatus().iterLines()))) as HTTPError;
    assert.ok(error instanceof HTTPError);
    assert.equal(error.response.text, "why");
  });

  it("to a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "requests-ts-promise-"));
    try {
      await using server = await serve((_request, response) => void response.end("content"));
      const { size } = await requests.get(server.url).raiseForStatus().saveTo(join(folder, "file"));
      assert.equal(size, 7);
      assert.equal(readFileSync(join(folder, "file"), "utf8"), "content");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("over redirects, digest, layers, signals and mocks", async () => {
    let next: () => void = () => undefined;
    await using server = await serve(({ target }, response) => {
      if (target === "/") response.writeHead(302, { Location: "/lines" }).end();
      else {
        response.write("first\n");
        next = () => response.end("second\n");
      }
    });
    await using session = new Session();
    session.use((request, _attempt, send) => send(request));
    const options = { signal: new AbortController().signal, timeout: { total: 20 } };
    const lines = session.get(server.url, options).iterLines({ decodeUnicode: true });
    assert.equal((await lines.next()).value, "first");
    next();
    assert.deepEqual(await all(lines), ["second"]);
    await using mock = mockRequests(session);
    mock.get("https://api.example/", { text: "a\nb" });
    assert.deepEqual(await all(session.get("https://api.example/").iterLines({ decodeUnicode: true })), ["a", "b"]);
  });

  it("also when the response is read already, and for another adapter than HTTPAdapter", async () => {
    await using server = await serve((_request, response) => void response.end("a\nb"));
    const promise = requests.get(server.url);
    await promise;
    assert.deepEqual(await all(promise.iterLines({ decodeUnicode: true })), ["a", "b"]);
    await using session = new Session();
    session.mount("own://", {
      send: async (request: PreparedRequest) => new Response({ request, body: "c\nd" }),
      close: async () => undefined,
    });
    assert.deepEqual(await all(session.get("own://x").iterLines({ decodeUnicode: true })), ["c", "d"]);
  });

  it("does not read ahead: leaving the loop closes the connection", async () => {
    let closed = false;
    await using server = await serve((_request, response) => {
      response.on("close", () => (closed = true));
      response.write("first\n");
    });
    for await (const line of requests.get(server.url).iterLines({ decodeUnicode: true })) {
      assert.equal(line, "first");
      break;
    }
    await eventually(() => closed);
  });

  it("ends with return() before the response has arrived, and closes it then", async () => {
    await using server = await serve((_request, response) => void setTimeout(() => response.write("x\n"), 20));
    await using session = new Session();
    const lines = session.get(server.url).iterLines();
    assert.equal((await lines.return()).done, true);
    assert.equal((await lines.next()).done, true);
    const adapter = session.getAdapter(server.url) as HTTPAdapter;
    await eventually(() => adapter.statistics.open === adapter.statistics.idle);
  });

  it("throws the error of the call at the first step, and no unhandled rejection", async () => {
    const lines = requests.get("http://127.0.0.1:1/").iterLines();
    // Long enough for an unhandled rejection to be noticed, which would end the process.
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await failure(lines.next())).name, "ConnectionError");
  });

  it("releases the connection of a body that was streamed to its end", async () => {
    await using server = await serve((_request, response) => void response.end("a\nb"));
    await using session = new Session();
    await all(session.get(server.url, { timeout: { total: 5 } }).iterLines());
    await all(session.get(server.url).iterLines());
    assert.equal(server.connections, 1);
  });
});
