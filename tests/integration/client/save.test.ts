/** saveTo: a file that is whole or not there, and downloads that go on after a cut. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFile, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
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
let encoding: string | null = null;
/** Bytes after which the next response is cut; 0 for never. */
let cutAfter = 0;
/** Answers a request with Range in place of the server below. */
let answerRange: ((start: number, response: ServerResponse) => void) | null = null;
const server = await serve((request, response) => {
  const headers: Record<string, string> = etag === null ? {} : { ETag: etag };
  if (encoding !== null) headers["Content-Encoding"] = encoding;
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
  encoding = null;
  cutAfter = 0;
  answerRange = null;
  modified = null;
  server.requests.length = 0;
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
});

const session = new Session();
async function save(options: SaveOptions = {}): Promise<SaveResult> {
  return (await session.get(server.url, { stream: true })).saveTo(path, options);
}
const sha256 = (): string => createHash("sha256").update(content).digest("hex");

describe("saveTo", () => {
  it("writes the whole file and no other file", async () => {
    assert.deepEqual(await save(), { path, size: 50_000, resumedFrom: 0 });
    assert.deepEqual(await readFile(path), content);
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });

  it("saves a response that was read, and an empty one", async () => {
    await (await session.get(server.url)).saveTo(path);
    assert.deepEqual(await readFile(path), content);
    content = Buffer.alloc(0);
    assert.equal((await save()).size, 0);
    assert.equal((await readFile(path)).length, 0);
  });

  it("keeps the old file after a truncated download, and leaves no .part file", async () => {
    await writeFile(path, "old");
    cutAfter = 20_000;
    assert.ok((await failure(save())) instanceof ChunkedEncodingError);
    assert.equal(await readFile(path, "utf8"), "old");
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });

  it("compares sha256, in upper or lower case", async () => {
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

  it("reports its progress", async () => {
    const seen: { transferred: number; total?: number; done: boolean }[] = [];
    await save({ onProgress: (one) => void seen.push(one) });
    assert.deepEqual(seen.at(-1), { transferred: 50_000, total: 50_000, done: true });
    assert.equal(seen.filter(({ done }) => done).length, 1);
  });

  it("rejects when a progress callback throws, and leaves no file", async () => {
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

  it("rejects with the system's error for a missing directory", async () => {
    const response = await session.get(server.url, { stream: true });
    const error = await failure(response.saveTo(join(directory, "missing", "file")));
    assert.equal((error as NodeJS.ErrnoException).code, "ENOENT");
  });
});

describe("saveTo with resume: true", () => {
  it("continues a truncated download with Range and If-Range", async () => {
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

  it("reports the progress of the whole file", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    const seen: number[] = [];
    await save({ resume: true, onProgress: ({ transferred, total }) => void seen.push(transferred, total ?? -1) });
    assert.ok(seen[0] > 20_000);
    assert.equal(seen[1], 50_000);
  });

  it("starts over when the file changed", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    content = Buffer.from(content).fill(7);
    etag = '"v2"';
    const result = await save({ resume: true, sha256: sha256() });
    assert.equal(result.resumedFrom, 0);
    assert.deepEqual(await readFile(path), content);
  });

  for (const validator of [null, 'W/"weak"'])
    it(`starts over when ${validator === null ? "no validator" : "only a weak validator"} identifies the file`, async () => {
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

  /** Answers to Range whose head does not fit: [status, headers, bytes]. */
  type Contradiction = readonly [
    name: string,
    headers: (start: number) => Readonly<Record<string, string | readonly string[]>>,
    bytes?: (start: number) => Buffer,
  ];
  const contradictions: readonly Contradiction[] = [
    ["a total other than that of the first answer", (start) => ({ "Content-Range": `bytes ${start}-49999/50001` })],
    ["a smaller total", (start) => ({ "Content-Range": `bytes ${start}-39999/40000` })],
    ["a larger total", (start) => ({ "Content-Range": `bytes ${start}-59999/60000` }), (start) => Buffer.alloc(60_000 - start)],
    ["no total, and less than the rest", (start) => ({ "Content-Range": `bytes ${start}-39999/*` })],
    ["a Content-Length other than its range", (start) => ({ "Content-Range": `bytes ${start}-49999/50000`, "Content-Length": "10" }), () => Buffer.alloc(10)],
    ["an end before its start", (start) => ({ "Content-Range": `bytes ${start}-${start - 1}/50000` })],
    ["an unsatisfied range", () => ({ "Content-Range": "bytes */50000" })],
    ["another unit", (start) => ({ "Content-Range": `items ${start}-49999/50000` })],
    ["two ranges", (start) => ({ "Content-Range": [`bytes ${start}-49999/50000`, `bytes 0-9/50000`] })],
    ["several ranges in its body", (start) => ({ "Content-Type": "multipart/byteranges; boundary=B", "Content-Range": `bytes ${start}-49999/50000` })],
    ["a weak validator", (start) => ({ ETag: 'W/"v1"', "Content-Range": `bytes ${start}-49999/50000` })],
    ["a range from the beginning", () => ({ "Content-Range": "bytes 0-49999/50000" }), () => content],
    ["numbers beyond measure", (start) => ({ "Content-Range": `bytes ${start}-99999999999999999999/99999999999999999999` })],
  ]; // prettier-ignore
  for (const [name, headers, bytes] of contradictions)
    it(`takes the whole file when the 206 has ${name}`, async () => {
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      answerRange = (start, response) =>
        void response.writeHead(206, { ETag: '"v1"', ...headers(start) } as Record<string, string>).end(bytes?.(start) ?? content.subarray(start)); // prettier-ignore
      assert.deepEqual(await save({ resume: true }), { path, size: 50_000, resumedFrom: 0 });
      assert.deepEqual(await readFile(path), content);
      assert.deepEqual(await readdir(directory), ["file.bin"]);
    });

  for (const [name, headers] of [
    ["a range without total", (start: number) => ({ "Content-Range": `bytes ${start}-49999/*` })],
    ["its unit in capitals", (start: number) => ({ "Content-Range": `BYTES ${start}-49999/50000` })],
    ["no validator of its own", (start: number) => ({ "Content-Range": `bytes ${start}-49999/50000`, ETag: "" })],
    [
      "Content-Encoding: identity",
      (start: number) => ({ "Content-Range": `bytes ${start}-49999/50000`, "Content-Encoding": "identity" }),
    ],
  ] as const)
    // prettier-ignore
    it(`continues with a 206 that has ${name}`, async () => {
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      answerRange = (start, response) => {
        const { ETag = '"v1"', ...others } = headers(start) as Record<string, string>;
        response.writeHead(206, { ...(ETag === "" ? {} : { ETag }), ...others }).end(content.subarray(start));
      };
      assert.equal((await save({ resume: true, sha256: sha256() })).resumedFrom, 20_000);
    });

  for (const [name, change] of [
    ["fewer bytes", (rest: Buffer) => rest.subarray(0, 10)],
    ["none", (rest: Buffer) => rest.subarray(0, 0)],
    ["more bytes", (rest: Buffer) => Buffer.concat([rest, Buffer.from("more")])],
    ["many more", (rest: Buffer) => Buffer.concat([rest, rest])],
  ] as const)
    it(`throws when ${name} arrive than the 206 announced, and starts over the next time`, async () => {
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      // Chunked, so that the wire has no length to compare.
      answerRange = (start, response) => {
        response.writeHead(206, { ETag: '"v1"', "Content-Range": `bytes ${start}-49999/50000` });
        response.write(content.subarray(start, start + 1));
        response.end(change(content.subarray(start)).subarray(1));
      };
      await writeFile(path, "old");
      const error = await failure(save({ resume: true }));
      assert.ok(error instanceof RequestException);
      assert.equal(error.code, "ERR_DOWNLOAD_SIZE");
      assert.match(error.message, /the server announced 50000/);
      assert.equal(await readFile(path, "utf8"), "old");
      assert.deepEqual(await readdir(directory), ["file.bin"]);
      assert.equal((await save({ resume: true, sha256: sha256() })).resumedFrom, 0);
    });

  it("never appends a second 200 to the first", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    answerRange = (_start, response) => void response.writeHead(200, { ETag: '"v2"' }).end("short");
    assert.deepEqual(await save({ resume: true, sha256: sha256() }), { path, size: 50_000, resumedFrom: 0 });
  });

  it("does not continue a part that is larger than the file", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    await appendFile(`${path}.part`, Buffer.alloc(50_000));
    assert.deepEqual(await save({ resume: true, sha256: sha256() }), { path, size: 50_000, resumedFrom: 0 });
    assert.ok(server.requests.every(({ headers }) => headers["range"] === undefined));
  });

  it("ignores Content-Encoding: identity: the download continues and has a total", async () => {
    encoding = "identity";
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    const totals = new Set<number | undefined>();
    const result = await save({ resume: true, sha256: sha256(), onProgress: ({ total }) => void totals.add(total) });
    assert.deepEqual([result.resumedFrom, ...totals], [20_000, 50_000]);
  });

  it("writes only a digest of the URL beside the part, readable by its owner alone", async () => {
    cutAfter = 20_000;
    const response = await session.get(`${server.url}/?token=topsecret`, { stream: true });
    await failure(response.saveTo(path, { resume: true }));
    const note = await readFile(`${path}.part.json`, "utf8");
    assert.doesNotMatch(note, /topsecret|127\.0\.0\.1/);
    assert.equal((await stat(`${path}.part.json`)).mode & 0o777, 0o600);
    const other = await session.get(`${server.url}/?token=another`, { stream: true });
    assert.equal((await other.saveTo(path, { resume: true })).resumedFrom, 0);
  });

  it("creates the part with the mode of any other file", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    await writeFile(join(directory, "plain"), "");
    assert.equal((await stat(`${path}.part`)).mode, (await stat(join(directory, "plain"))).mode);
  });

  for (const size of [20_000, 50_000])
    it(`never follows a symbolic link in place of a part of ${size} bytes, and never makes it the file`, async () => {
      cutAfter = 20_000;
      await failure(save({ resume: true }));
      const elsewhere = join(directory, "elsewhere");
      await writeFile(elsewhere, content.subarray(0, size));
      await rm(`${path}.part`);
      await symlink(elsewhere, `${path}.part`);
      assert.deepEqual(await save({ resume: true, sha256: sha256() }), { path, size: 50_000, resumedFrom: 0 });
      assert.equal((await lstat(path)).isFile(), true);
      assert.deepEqual(await readFile(elsewhere), content.subarray(0, size));
    });

  it("rejects with the system's error for a folder in place of the part", async () => {
    cutAfter = 20_000;
    await failure(save({ resume: true }));
    await rm(`${path}.part`);
    await mkdir(`${path}.part`);
    assert.match((await failure(save({ resume: true }))).message, /EISDIR|EEXIST|directory/i);
    await rm(`${path}.part`, { recursive: true });
  });

  it("rejects with StreamConsumedError when the response is closed meanwhile", async () => {
    content = Buffer.alloc(4_000_000);
    for (const resume of [true, false]) {
      const response = await session.get(server.url, { stream: true });
      const error = await failure(response.saveTo(path, { resume, onProgress: () => response.close() }));
      assert.equal(error.name, "StreamConsumedError");
      assert.ok(!(await readdir(directory)).includes("file.bin"));
    }
  });

  it("uses a part that is already complete", async () => {
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

  it("trusts Last-Modified only when the file was unchanged for some time", async () => {
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

  it("deletes a part whose digest is wrong", async () => {
    await failure(save({ resume: true, sha256: "0".repeat(64) }));
    assert.deepEqual(await readdir(directory), []);
  });

  it("does the same as without resume when nothing interrupts it", async () => {
    assert.deepEqual(await save({ resume: true }), { path, size: 50_000, resumedFrom: 0 });
    assert.deepEqual(await readdir(directory), ["file.bin"]);
  });
});
