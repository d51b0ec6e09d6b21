/** Bodies across redirects: sent again where they can be, refused where they cannot, never emptied. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";

import requests, { UnrewindableBodyError } from "requests-ts";

import { failure, serve, type Received } from "./serve.js";

const echo = await serve((request, response) => {
  const status = /^\/(\d{3})$/.exec(request.target)?.[1];
  if (status === undefined) response.end(JSON.stringify(request));
  else response.writeHead(Number(status), { Location: "/end" }).end();
});
const directory = await mkdtemp(join(tmpdir(), "requests-redirect-bodies-"));
const path = join(directory, "body.txt");
await writeFile(path, "0123456789");
const handle = await open(path);
after(async () => {
  await handle.close();
  await echo.close();
  await rm(directory, { recursive: true });
});

class Restartable {
  *[Symbol.iterator](): Generator<string> {
    yield "a";
    yield "b";
  }
}

const again: [name: string, body: () => unknown, text: string][] = [
  ["text", () => "text é", "text é"],
  ["bytes", () => Buffer.from("bytes"), "bytes"],
  ["a form", () => ({ a: 1 }), "a=1"],
  ["a Blob", () => new Blob(["blob"]), "blob"],
  ["createReadStream", () => createReadStream(path), "0123456789"],
  ["createReadStream with a start and an end", () => createReadStream(path, { start: 2, end: 5 }), "2345"],
  ["a FileHandle", () => handle, "0123456789"],
  ["an iterable that can be restarted", () => new Restartable(), "ab"],
];

const once: [name: string, body: () => unknown][] = [
  ["a generator", () => new Restartable()[Symbol.iterator]()],
  ["an async generator", () => (async function* () { yield "a"; })()], // prettier-ignore
  ["a Readable", () => Readable.from(["a"])],
  ["a web stream", () => new Blob(["a"]).stream()],
];

for (const status of [307, 308]) {
  describe(`${status} sends the body again`, () => {
    for (const [name, body, text] of again)
      it(name, async () => {
        const before = echo.requests.length;
        const response = await requests.post(`${echo.url}/${status}`, { data: (await body()) as never });
        assert.equal(response.json<Received>().body, text);
        assert.deepEqual(
          echo.requests.slice(before).map((request) => request.body),
          [text, text],
        );
      });

    it("multipart, with the same boundary and length", async () => {
      const before = echo.requests.length;
      await requests.post(`${echo.url}/${status}`, {
        data: { k: "v" },
        files: { f: createReadStream(path), b: new Blob(["b"]) },
      });
      const [first, second] = echo.requests.slice(before);
      assert.ok(first.body.includes("0123456789"));
      assert.equal(second.body, first.body);
      assert.equal(second.headers["content-type"], first.headers["content-type"]);
      assert.equal(second.headers["content-length"], first.headers["content-length"]);
    });
  });

  describe(`${status} and a body that cannot be produced again`, () => {
    for (const [name, body] of once)
      it(`throws UnrewindableBodyError for ${name}, and sends nothing more`, async () => {
        const before = echo.requests.length;
        const error = await failure(requests.post(`${echo.url}/${status}`, { data: body() as never }));
        assert.ok(error instanceof UnrewindableBodyError, String(error));
        assert.equal(error.response?.statusCode, status);
        assert.match(error.message, /Unable to rewind request body/);
        assert.equal(echo.requests.length, before + 1);
        assert.equal(echo.requests.at(-1)!.body, "a" + (name === "a generator" ? "b" : ""));
      });

    it("returns the response with allowRedirects: false", async () => {
      const response = await requests.post(`${echo.url}/${status}`, {
        data: Readable.from(["a"]),
        allowRedirects: false,
      });
      assert.equal(response.statusCode, status);
    });
  });
}

describe("303 after a generator", () => {
  it("needs no body", async () => {
    const response = await requests.post(`${echo.url}/303`, { data: Readable.from(["a"]) });
    const received = response.json<Received>();
    assert.deepEqual([received.method, received.body], ["GET", ""]);
    assert.equal(received.headers["transfer-encoding"], undefined);
    assert.equal(received.headers["content-length"], undefined);
  });
});
