/** saveTo: a file that is whole or not there, and downloads that go on after a cut. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";

import {
  ChunkedEncodingError,
  RequestException,
  Response,
  Session,
  type SaveOptions,
  type SaveResult,
} from "requests-ts";

import { failure, serve } from "./serve.js";

const directory = await mkdtemp(join(tmpdir(), "requests-save-"));
const path = join(directory, "file.bin");
let content = Buffer.alloc(0);
let etag: string | null = null;
/** Milliseconds since the file changed, for Last-Modified; null for none. */
let modified: number | null = null;
const NOON = Date.UTC(2026, 0, 1, 12);
/** Bytes after which the next response is cut; 0 for never. */
let cutAfter = 0;
/** Answers a request with Range in place of the server below. */
let answerRange: ((start: number, response: ServerResponse) => void) | null = null;
const server = await serve((request, response) => {
  const headers: Record<string, string> = etag === null ? {} : { ETag: etag };
  if (modified !== null) {
    headers["Date"] = new Date(NOON).toUTCString();
    headers["Last-Modified"] = new Date(NOON - modified).toUTCString();
  }
  const range = /^bytes=(\d+)-$/.exec(request.headers["range"] ?? "")?.[1];
  if (range !== undefined && answerRange !== null) {
    answerRange(Number(range), response);
    return;
  }
  const goesOn = range !== undefined && request.headers["if-range"] === (etag ?? headers["Last-Modified"]);
  const start = goesOn ? Number(range) : 0;
  if (goesOn) headers["Content-Range"] = `bytes ${start}-${content.length - 1}/${content.length}`;
  headers["Content-Length"] = String(content.length - start);
  response.writeHead(goesOn ? 206 : 200, headers);
  if (cutAfter === 0) {
    response.end(content.subarray(start));
    return;
  }
  const end = cutAfter;
  cutAfter = 0;
  response.write(content.subarray(start, end), () => setTimeout(() => response.socket?.destroy(), 10));
});
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  content = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251));
  etag = '"v1"';
  cutAfter = 0;
  answerRange = null;
  modified = null;
  server.requests.length = 0;
  for (const name of await readdir(directory)) await rm(join(directory, name));
});

const session = new Session();
async function save(options: SaveOptions = {}): Promise<SaveResult> {
  return (await session.get(server.url, { stream: true })).saveTo(path, options);
}
const sha256 = (): string => createHash("sha256").update(content).digest("hex");

describe("saveTo", () => {
  it("writes the whole file, and nothing else", async () => {
    assert.deepEqual(await save(), { path, size: 50_000, resumedFrom: 0 });
    assert.deepEqual(await readFile(path), content);
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });

  it("works for a response that was read, and an empty one", async () => {
    await (await session.get(server.url)).saveTo(path);
    assert.deepEqual(await readFile(path), content);
    content = Buffer.alloc(0);
    assert.equal((await save()).size, 0);
    assert.equal((await readFile(path)).length, 0);
  });

  it("after a cut leaves the old file as it was, and no part", async () => {
    await writeFile(path, "old");
    cutAfter = 20_000;
    assert.ok((await failure(save())) instanceof ChunkedEncodingError);
    assert.equal(await readFile(path, "utf8"), "old");
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });

  it("compares sha256, in either case", async () => {
    await save({ sha256: sha256() });
    await save({ sha256: sha256().toUpperCase() });
    await writeFile(path, "old");
    const error = await failure(save({ sha256: "0".repeat(64) }));
    assert.ok(error instanceof RequestException);
    assert.equal(error.code, "ERR_DIGEST");
    assert.match(error.message, new RegExp(sha256()));
    assert.equal(await readFile(path, "utf8"), "old");
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });

  it("tells its progress", async () => {
    const seen: { transferred: number; total?: number; done: boolean }[] = [];
    await save({ onProgress: (one) => void seen.push(one) });
    assert.deepEqual(seen.at(-1), { transferred: 50_000, total: 50_000, done: true });
    assert.equal(seen.filter(({ done }) => done).length, 1);
  });

  it("a progress callback that throws rejects, and leaves nothing behind", async () => {
    const error = await failure(
      save({
        onProgress: () => {
          throw new Error("from the callback");
        },
      }),
    );
    assert.match(error.message, /from the callback/);
    assert.deepEqual(await readdir(directory), []);
  });

  it("into a directory that is not there rejects with the system's error", async () => {
    const response = await session.get(server.url, { stream: true });
    const error = await failure(response.saveTo(join(directory, "missing", "file")));
    assert.equal((error as NodeJS.ErrnoException).code, "ENOENT");
  });
});

describe("saveTo with resume: true", () => {
  it("goes on after a cut with Range and If-Range", async () => {
    cutAfter = 20_000;
    assert.ok((await failure(save({ resume: true }))) instanceof ChunkedEncodingError);
    const result = await save({ resume: true, sha256: sha256() });
    assert.deepEqual(result, { path, size: 50_000, resumedFrom: 20_000 });
    assert.deepEqual(await readFile(path), content);
    assert.deepEqual(await readdir(directory), ["file.bin"]);
    const last = server.requests.at(-1)!;
    assert.equal(last.headers["range"], "bytes=20000-");
    assert.equal(last.headers["if-range"], '"v1"');
    assert.equal(last.headers["accept-encoding"], "identity");
  });

  it("tells progress of the whole file", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    const seen: number[] = [];
    await save({ resume: true, onProgress: ({ transferred, total }) => void seen.push(transferred, total ?? -1) });
    assert.ok(seen[0] > 20_000);
    assert.equal(seen[1], 50_000);
  });

  it("starts anew when the file changed", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    content = Buffer.from(content).fill(7);
    etag = '"v2"';
    const result = await save({ resume: true, sha256: sha256() });
    assert.equal(result.resumedFrom, 0);
    assert.deepEqual(await readFile(path), content);
  });

  for (const validator of [null, 'W/"weak"'])
    it(`starts anew when ${validator === null ? "nothing" : "a weak validator"} tells that it is the same file`, async () => {
      etag = validator;
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      assert.equal((await save({ resume: true })).resumedFrom, 0);
      assert.deepEqual(await readFile(path), content);
      assert.ok(server.requests.every(({ headers }) => headers["range"] === undefined));
    });

  const whole = 50_000;
  const odd: readonly (readonly [name: string, answer: (start: number, response: ServerResponse) => void])[] = [
    ["416", (_, response) => response.writeHead(416, { "Content-Range": `bytes */${whole}` }).end()],
    ["503", (_, response) => response.writeHead(503).end("later")],
    ["a 206 of another place", (start, response) => partial(response, start + 1, whole - 1, whole, '"v1"')],
    ["a 206 of less than was asked", (start, response) => partial(response, start, start + 99, whole, '"v1"')],
    ["a 206 of another file", (start, response) => partial(response, start, whole - 1, whole, '"v2"')],
    ["a 206 without Content-Range", (start, response) => response.writeHead(206).end(content.subarray(start))],
    ["a 206 that is encoded", (start, response) => {
      response.setHeader("Content-Encoding", "identity, x-other");
      partial(response, start, whole - 1, whole, '"v1"');
    }], // prettier-ignore
  ];
  function partial(response: ServerResponse, from: number, to: number, total: number, tag: string): void {
    response.writeHead(206, { ETag: tag, "Content-Range": `bytes ${from}-${to}/${total}` });
    response.end(tag === etag ? content.subarray(from, to + 1) : Buffer.alloc(to + 1 - from, "other"));
  }
  for (const [name, answer] of odd)
    it(`takes the whole file when the answer to Range is ${name}`, async () => {
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      answerRange = answer;
      const result = await save({ resume: true, sha256: sha256() });
      assert.deepEqual(result, { path, size: 50_000, resumedFrom: 0 });
      assert.deepEqual(await readdir(directory), ["file.bin"]);
    });

  it("takes a part that is whole already as it is", async () => {
    await failure(save({ resume: true, onProgress: ({ done }) => { if (done) throw new Error("at the end"); } })); // prettier-ignore
    const result = await save({ resume: true, sha256: sha256() });
    assert.deepEqual(result, { path, size: 50_000, resumedFrom: 50_000 });
    assert.deepEqual(await readFile(path), content);
    assert.deepEqual(await readdir(directory), ["file.bin"]);
    assert.ok(server.requests.every(({ headers }) => headers["range"] === undefined));
  });

  it("keeps the part when the server answers with an error", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    const parts = await readdir(directory);
    const response = new Response({ statusCode: 503, body: "later", url: server.url });
    assert.equal((await failure(response.saveTo(path, { resume: true }))).name, "HTTPError");
    assert.deepEqual(await readdir(directory), parts);
    assert.equal((await save({ resume: true, sha256: sha256() })).resumedFrom, 20_000);
  });

  it("closes the response when the part cannot be written", async () => {
    const response = await session.get(server.url, { stream: true });
    await failure(response.saveTo(join(directory, "missing", "file"), { resume: true }));
    assert.equal(response.raw.closed, true);
  });

  it("goes by Last-Modified only when the file has rested since", async () => {
    for (const [age, resumedFrom] of [
      [5000, 20_000],
      [0, 0],
    ] as const) {
      // prettier-ignore
      await rm(path, { force: true });
      modified = age;
      etag = null;
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      assert.equal((await save({ resume: true, sha256: sha256() })).resumedFrom, resumedFrom);
    }
  });

  it("does not keep a part whose digest is wrong", async () => {
    await failure(save({ resume: true, sha256: "0".repeat(64) }));
    assert.deepEqual(await readdir(directory), []);
  });

  it("in one go is as without", async () => {
    assert.deepEqual(await save({ resume: true }), { path, size: 50_000, resumedFrom: 0 });
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });
});
