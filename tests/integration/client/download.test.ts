/** Downloads that continue after a cut. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import type { RequestException } from "requests-ts";
import requests, { HTTPError, Session, TotalTimeout } from "requests-ts";

import { failure, serve, type Received, type Scripted } from "./serve.js";

const FILE = Buffer.from(Array.from({ length: 300_000 }, (_none, at) => (at * 7919) % 251));
const SHA256 = createHash("sha256").update(FILE).digest("hex");

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "requests-ts-download-"));
  path = join(folder, "file.bin");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Shape {
  /** The response is cut after so many bytes of its body; one number for each request, then none. */
  readonly cuts?: number[];
  readonly etag?: string | null;
  readonly headers?: Record<string, string>;
  readonly content?: Buffer;
}

/** A server of one file, which knows Range and If-Range. */
function fileServer(shape: Shape = {}): Promise<Scripted> {
  const { etag = '"v1"', cuts = [], headers = {}, content = FILE } = shape;
  return serve((request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers["range"] ?? "");
    const start = range !== null && request.headers["if-range"] === etag ? Number(range[1]) : 0;
    if (etag !== null) response.setHeader("ETag", etag);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (start >= content.length) {
      response.writeHead(416, { "Content-Range": `bytes */${content.length}` }).end();
      return;
    }
    if (start > 0)
      response.writeHead(206, { "Content-Range": `bytes ${start}-${content.length - 1}/${content.length}` });
    send(response, content.subarray(start), cuts.shift());
  });
}

function send(response: ServerResponse, body: Buffer, cut: number | undefined): void {
  if (!response.headersSent) response.setHeader("Content-Length", body.length);
  if (cut === undefined) response.end(body);
  else response.write(body.subarray(0, cut), () => setTimeout(() => response.socket?.destroy(), 5));
}

const ranges = ({ requests: sent }: Scripted): (string | undefined)[] => sent.map(({ headers }) => headers["range"]);

describe("session.download() [download]", () => {
  it("saves a file with one request", async () => {
    await using server = await fileServer();
    await using session = new Session({ baseUrl: server.url });
    const seen: number[] = [];
    const result = await session.download("/file", path, {
      sha256: SHA256,
      onProgress: ({ transferred, total, done }) => {
        assert.equal(total, FILE.length);
        if (done) seen.push(transferred);
      },
    });
    assert.deepEqual(readFileSync(path), FILE);
    const { response, ...rest } = result;
    assert.deepEqual(rest, { path, size: FILE.length, resumedFrom: 0, attempts: 1 });
    assert.equal(response.headers["etag"], '"v1"');
    assert.deepEqual([server.requests.length, ranges(server), seen], [1, [undefined], [FILE.length]]);
    assert.deepEqual(readdirSync(folder), ["file.bin"]);
  });

  it("continues after cuts with Range and If-Range, one request for each attempt", async () => {
    await using server = await fileServer({ cuts: [100_000, 50_000] });
    const { attempts, resumedFrom } = await requests.download(server.url, path, { sha256: SHA256 });
    assert.deepEqual([attempts, resumedFrom], [3, 0]);
    assert.deepEqual(readFileSync(path), FILE);
    const [first, second, third] = ranges(server);
    assert.equal(first, undefined);
    assert.match(second ?? "", /^bytes=\d+-$/);
    assert.match(third ?? "", /^bytes=\d+-$/);
    assert.equal(server.requests.length, 3);
  });

  it("keeps what has arrived when it fails, and continues in the next call", async () => {
    await using server = await fileServer({ cuts: [100_000] });
    const error = (await failure(requests.download(server.url, path, { attempts: 1 }))) as RequestException;
    assert.match(
      error.message,
      /failed after 1 attempt\. The bytes received so far are in .*file\.bin\.part; the next download\(\) continues/,
    );
    assert.deepEqual(readdirSync(folder).sort(), ["file.bin.part", "file.bin.part.json"]);
    const part = readFileSync(`${path}.part`).length;
    const { resumedFrom, size } = await requests.download(server.url, path, { sha256: SHA256 });
    assert.deepEqual([resumedFrom, size, server.requests.length], [part, FILE.length, 2]);
    assert.deepEqual(readdirSync(folder), ["file.bin"]);
  });

  it("leaves no part with resume: false, and continues within the call", async () => {
    await using server = await fileServer({ cuts: [100_000] });
    await requests.download(server.url, path, { resume: false, sha256: SHA256 });
    assert.match(ranges(server)[1] ?? "", /^bytes=/);
    assert.deepEqual(readdirSync(folder), ["file.bin"]);
    await using broken = await fileServer({ cuts: [10, 10] });
    await failure(requests.download(broken.url, join(folder, "other"), { resume: false, attempts: 2 }));
    assert.deepEqual(readdirSync(folder), ["file.bin"]);
  });

  for (const [what, shape, next] of [
    ["the file has changed", { cuts: [100_000] }, { etag: '"v2"' }],
    ["the server has no validator", { cuts: [100_000], etag: null }, { etag: null }],
    ["the validator is weak", { cuts: [100_000], etag: 'W/"v1"' }, { etag: 'W/"v1"' }],
  ] as const)
    it(`begins again when ${what}`, async () => {
      await using server = await fileServer({ ...shape, cuts: [...shape.cuts] });
      await failure(requests.download(server.url, path, { attempts: 1 }));
      await using second = await fileServer(next);
      // The same URL, so that only the validator differs.
      const url = server.url;
      await server.close();
      const own = new Session({ hooks: { request: (request) => void (request.url = second.url) } });
      const { resumedFrom } = await own.download(url, path, { sha256: SHA256 });
      assert.equal(resumedFrom, 0);
      assert.deepEqual(readFileSync(path), FILE);
    });

  it("begins again when the rest is not the rest of this file", async () => {
    for (const contentRange of ["bytes 0-9/10", `bytes 5-${FILE.length - 1}/${FILE.length}`, "nonsense", "bytes */7"]) {
      let asked = 0;
      await using server = await serve(({ headers }: Received, response) => {
        asked += 1;
        response.setHeader("ETag", '"v1"');
        if (headers["range"] !== undefined) response.writeHead(206, { "Content-Range": contentRange }).end("rest");
        else send(response, FILE, asked === 1 ? 1000 : undefined);
      });
      await requests.download(server.url, path, { sha256: SHA256 });
      assert.equal(asked, 3, contentRange);
    }
  });

  it("is done without a body when the part is complete", async () => {
    await using server = await fileServer();
    writeFileSync(`${path}.part`, FILE);
    const url = createHash("sha256").update(`${server.url}/`).digest("hex");
    writeFileSync(`${path}.part.json`, JSON.stringify({ url, validator: '"v1"' }));
    const { resumedFrom, size } = await requests.download(server.url, path, { sha256: SHA256 });
    assert.deepEqual([resumedFrom, size, server.requests.length], [FILE.length, FILE.length, 1]);
    assert.deepEqual(readFileSync(path), FILE);
  });

  it("ignores a note that is garbage, and a part that is a link", async () => {
    await using server = await fileServer();
    for (const note of ["", "{", "[]", '{"url":1}', "null"]) {
      writeFileSync(`${path}.part`, "xxx");
      writeFileSync(`${path}.part.json`, note);
      await requests.download(server.url, path, { sha256: SHA256 });
    }
    assert.deepEqual(new Set(ranges(server)), new Set([undefined]));
  });

  it("refuses a wrong digest, and removes the part", async () => {
    await using server = await fileServer();
    const error = (await failure(requests.download(server.url, path, { sha256: "0".repeat(64) }))) as RequestException;
    assert.equal(error.code, "ERR_DIGEST");
    assert.deepEqual([readdirSync(folder), server.requests.length], [[], 1]);
  });

  it("repeats 429 and 503, and ends with HTTPError for other errors at once", async () => {
    const statuses = [503, 429];
    await using server = await serve((_request, response) => {
      const status = statuses.shift();
      if (status === undefined) response.end(FILE);
      else response.writeHead(status, { "Retry-After": "0" }).end("later");
    });
    assert.equal((await requests.download(server.url, path)).attempts, 3);
    await using missing = await serve((_request, response) => void response.writeHead(404).end('{"why":"gone"}'));
    const error = (await failure(requests.download(missing.url, join(folder, "x")))) as HTTPError;
    assert.ok(error instanceof HTTPError);
    assert.deepEqual([error.response.json(), missing.requests.length], [{ why: "gone" }, 1]);
    assert.equal(existsSync(join(folder, "x")), false);
  });

  it("asks for the bytes without a coding, and decodes them when the caller wants one", async () => {
    await using server = await serve(({ headers }, response) => {
      if (!/gzip/.test(headers["accept-encoding"] ?? "")) response.end("plain");
      else response.writeHead(200, { "Content-Encoding": "gzip", ETag: '"z"' }).end(gzipSync("packed"));
    });
    await requests.download(server.url, path);
    assert.equal(readFileSync(path, "utf8"), "plain");
    assert.equal(server.requests[0].headers["accept-encoding"], "identity");
    await requests.download(server.url, path, { headers: { "accept-encoding": "gzip" } });
    assert.equal(readFileSync(path, "utf8"), "packed");
  });

  it("sends the options of the call with each attempt", async () => {
    await using server = await fileServer({ cuts: [1000] });
    await using session = new Session({ headers: { "X-Session": "1" } });
    const options = { params: { q: "1" }, headers: { "X-Call": "1" }, auth: ["ada", "secret"] as [string, string] };
    await session.download(server.url, path, { ...options, sha256: SHA256 });
    for (const { target, headers } of server.requests)
      assert.deepEqual(
        [target, headers["x-session"], headers["x-call"], headers["authorization"] !== undefined],
        ["/?q=1", "1", "1", true],
      );
    assert.equal(server.requests.length, 2);
  });

  it("ends with timeout.total and the signal, for all attempts together", async () => {
    await using server = await serve(
      (_request, response) => void response.writeHead(503, { "Retry-After": "60" }).end(),
    );
    const started = performance.now();
    const error = await failure(requests.download(server.url, path, { timeout: { total: 0.2 } }));
    assert.ok(error instanceof TotalTimeout, String(error));
    assert.ok(performance.now() - started < 30_000);
    const reason = new Error("enough");
    const stopper = new AbortController();
    setTimeout(() => stopper.abort(reason), 30);
    assert.equal(await failure(requests.download(server.url, path, { signal: stopper.signal })), reason);
  });

  it("refuses wrong arguments", async () => {
    await using session = new Session();
    assert.match(String(await failure(session.download("http://h/", ""))), /must be the path of a file/);
    assert.match(String(await failure(session.download("http://h/", path, { attempts: 0 }))), /attempts must be/);
    assert.match(
      String(await failure(session.download("http://h/", path, { stream: true } as never))),
      /Unknown option "stream" for download\(\)/,
    );
  });
});
