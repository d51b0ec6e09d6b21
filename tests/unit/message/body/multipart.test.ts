/** The bytes of multipart bodies. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";

import { InvalidHeader, UnrewindableBodyError } from "#internal/exceptions";
import { bodyFrom, prepareBody, type BodyOptions } from "#internal/message/body/body";
import type { MultipartBody } from "#internal/message/body/multipart";

const TYPE = "multipart/form-data; boundary=B";

let directory: string;
let path: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "multipart-"));
  path = join(directory, "fö.txt");
  await writeFile(path, "from a file");
});
after(() => rm(directory, { recursive: true, force: true }));

function prepared(options: BodyOptions): MultipartBody {
  return prepareBody(options, TYPE).body as MultipartBody;
}

async function sent(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const disposition = 'Content-Disposition: form-data; name="f"';

describe("the layout, byte for byte", () => {
  const table: [why: string, options: BodyOptions, text: string][] = [
    ["content alone: the field's name is the file's", { files: { f: "x" } }, `--B\r\n${disposition}; filename="f"\r\n\r\nx\r\n--B--\r\n`],
    ["file name and content", { files: { f: ["n.txt", "x"] } }, `--B\r\n${disposition}; filename="n.txt"\r\n\r\nx\r\n--B--\r\n`],
    ["a content type", { files: { f: ["n", "x", "text/plain"] } }, `--B\r\n${disposition}; filename="n"\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n`],
    ["headers, in urllib3's order", { files: { f: ["n", "x", "a/b", { "X-A": "1", "content-location": "/l", "Content-Type": "no/no", "Content-Disposition": "no", "X-B": 2, "X-C": null }] } }, `--B\r\n${disposition}; filename="n"\r\nContent-Type: a/b\r\ncontent-location: /l\r\nX-A: 1\r\nX-B: 2\r\n\r\nx\r\n--B--\r\n`],
    ["a content type among the headers, as pairs", { files: { f: ["n", "x", null, [["content-type", "a/b"]]] } }, `--B\r\n${disposition}; filename="n"\r\nContent-Type: a/b\r\n\r\nx\r\n--B--\r\n`],
    ["no file name: a plain field", { files: { f: [null, "x"] } }, `--B\r\n${disposition}\r\n\r\nx\r\n--B--\r\n`],
    ["an empty file name", { files: { f: ["", "x"] } }, `--B\r\n${disposition}; filename=""\r\n\r\nx\r\n--B--\r\n`],
    ["a number", { files: { f: 5 } }, `--B\r\n${disposition}; filename="f"\r\n\r\n5\r\n--B--\r\n`],
    ["empty content", { files: { f: "" } }, `--B\r\n${disposition}; filename="f"\r\n\r\n\r\n--B--\r\n`],
    ["null content: left out", { files: { f: null, g: ["n", null] } }, "--B--\r\n"],
    ["several files of one field, as pairs", { files: [["f", ["a", "1"]], ["f", ["b", "2"]]] }, `--B\r\n${disposition}; filename="a"\r\n\r\n1\r\n--B\r\n${disposition}; filename="b"\r\n\r\n2\r\n--B--\r\n`], // prettier-ignore
    ["a Map", { files: new Map([["f", "x"]]) }, `--B\r\n${disposition}; filename="f"\r\n\r\nx\r\n--B--\r\n`],
    ["escapes in names", { files: { 'f"\r\n\\;': ['n"\r\n\\.txt', "x"] } }, '--B\r\nContent-Disposition: form-data; name="f%22%0D%0A\\;"; filename="n%22%0D%0A\\.txt"\r\n\r\nx\r\n--B--\r\n'],
    ["names beyond ASCII", { files: { fé: ["日.txt", "é"] } }, '--B\r\nContent-Disposition: form-data; name="fé"; filename="日.txt"\r\n\r\né\r\n--B--\r\n'],
    ["a Blob with a type", { files: { f: new Blob(["x"], { type: "a/b" }) } }, `--B\r\n${disposition}; filename="f"\r\nContent-Type: a/b\r\n\r\nx\r\n--B--\r\n`],
    ["a Blob without its type", { files: { f: ["n", new Blob(["x"], { type: "a/b" }), null] } }, `--B\r\n${disposition}; filename="n"\r\n\r\nx\r\n--B--\r\n`],
    ["a File", { files: { f: new File(["x"], "own.txt", { type: "a/b" }) } }, `--B\r\n${disposition}; filename="own.txt"\r\nContent-Type: a/b\r\n\r\nx\r\n--B--\r\n`],
    ["a File under another name", { files: { f: ["n", new File(["x"], "own.txt")] } }, `--B\r\n${disposition}; filename="n"\r\n\r\nx\r\n--B--\r\n`],
    ["fields first, arrays repeat, null drops", { data: { f: [1, "b", null], g: true, h: null }, files: { z: [null, "x"] } }, `--B\r\n${disposition}\r\n\r\n1\r\n--B\r\n${disposition}\r\n\r\nb\r\n--B\r\nContent-Disposition: form-data; name="g"\r\n\r\ntrue\r\n--B\r\nContent-Disposition: form-data; name="z"\r\n\r\nx\r\n--B--\r\n`],
    ["fields as pairs, bytes as they are", { data: [["f", Buffer.from("é")]], files: { f: [null, "x"] } }, `--B\r\n${disposition}\r\n\r\né\r\n--B\r\n${disposition}\r\n\r\nx\r\n--B--\r\n`],
    ["fields as URLSearchParams", { data: new URLSearchParams("f=1"), files: { f: [null, "x"] } }, `--B\r\n${disposition}\r\n\r\n1\r\n--B\r\n${disposition}\r\n\r\nx\r\n--B--\r\n`],
  ]; // prettier-ignore
  for (const [why, options, text] of table)
    it(why, async () => {
      const body = prepared(options);
      assert.equal(await sent(body), text);
      assert.equal(body.length, Buffer.byteLength(text));
      assert.equal(body.replayable, true);
      assert.equal(await sent(body.open()), text, "and again");
      if (body.bytes !== null) assert.equal(body.bytes.toString("utf8"), text);
    });
});

describe("FormData", () => {
  it("is sent as fetch sends it", async () => {
    const form = new FormData();
    form.append("a\nb", "1\n2\r\n3\r4");
    form.append("f", new File(["x"], 'n"\n.txt'));
    form.append("f", new Blob(["y"], { type: "a/b" }));
    const body = prepareBody({ data: form }, TYPE).body as MultipartBody;
    assert.equal(
      await sent(body),
      '--B\r\nContent-Disposition: form-data; name="a%0D%0Ab"\r\n\r\n1\r\n2\r\n3\r\n4\r\n' +
        `--B\r\n${disposition}; filename="n%22%0A.txt"\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n` +
        `--B\r\n${disposition}; filename="blob"\r\nContent-Type: a/b\r\n\r\ny\r\n--B--\r\n`,
    );
  });

  it("can be combined with files, and passed to bodyFrom", async () => {
    const form = new FormData();
    form.append("f", "1");
    assert.equal(
      await sent(prepared({ data: form, files: { f: [null, "2"] } })),
      `--B\r\n${disposition}\r\n\r\n1\r\n--B\r\n${disposition}\r\n\r\n2\r\n--B--\r\n`,
    );
    const body = bodyFrom(form) as MultipartBody;
    assert.match(await sent(body), /^--[0-9a-f]{32}\r\n/);
  });
});

describe("streamed parts [multipart-streams]", () => {
  it("include files, handles and Blobs with their lengths, any number of times [multipart-file-sources]", async () => {
    const handle = await open(path);
    try {
      const files = { s: createReadStream(path, { start: 5 }), h: handle, b: ["b", new Blob(["blob"])] };
      const body = prepared({ files });
      const text =
        '--B\r\nContent-Disposition: form-data; name="s"; filename="fö.txt"\r\n\r\na file\r\n' +
        '--B\r\nContent-Disposition: form-data; name="h"; filename="h"\r\n\r\nfrom a file\r\n' +
        '--B\r\nContent-Disposition: form-data; name="b"; filename="b"\r\n\r\nblob\r\n--B--\r\n';
      assert.equal(body.length, Buffer.byteLength(text));
      assert.equal(body.bytes, null);
      assert.equal(body.value, body);
      assert.equal(body.replayable, true);
      assert.equal(await sent(body), text);
      assert.equal(await sent(body), text);
    } finally {
      await handle.close();
    }
  });

  it("have no length and can be sent once with a stream or generator among them", async () => {
    const sources = [
      Readable.from(["a", "b"]),
      (function* () { yield "ab"; })(), // prettier-ignore
      new ReadableStream({ start(c) { c.enqueue(Buffer.from("ab")); c.close(); } }), // prettier-ignore
    ];
    for (const source of sources) {
      const body = prepared({ files: { f: ["n", source], g: "x" } });
      assert.equal(body.length, null);
      assert.equal(body.replayable, false);
      assert.match(await sent(body), /\r\n\r\nab\r\n--B\r\n.*\r\n\r\nx\r\n--B--\r\n$/);
      assert.throws(() => body.open(), UnrewindableBodyError);
    }
  });

  it("are closed when they are not sent", async () => {
    const streams = [Readable.from(["a"]), createReadStream(path)];
    await prepared({ files: { a: streams[0], b: streams[1] } }).close();
    assert.deepEqual(
      streams.map((stream) => stream.destroyed),
      [true, true],
    );
  });

  it("are closed when sending stops", async () => {
    const stream = Readable.from(["a", "b"]);
    for await (const chunk of prepared({ files: { a: stream } })) if (chunk.length === 1) break;
    assert.equal(stream.destroyed, true);
  });
});

describe("the size in memory", () => {
  const sizes: [size: number, isOne: boolean][] = [
    [10, true],
    [100_000, true],
    [2_000_000, false],
  ];
  for (const [size, isOne] of sizes)
    it(`${size} bytes ${isOne ? "are copied into one Buffer" : "are sent without a copy"}`, async () => {
      for (const content of ["x".repeat(size), Buffer.alloc(size, "x")]) {
        const body = prepared({ files: { f: content, g: "y" } });
        assert.equal(body.bytes !== null, isOne);
        assert.equal(Buffer.isBuffer(body.value), isOne);
        const text = await sent(body);
        assert.equal(body.length, text.length);
        assert.equal(text.split("x").length - 1, size);
      }
    });
});

describe("characters that could end the head of a part", () => {
  const table: [why: string, spec: unknown[]][] = [
    ["CRLF in a content type", ["n", "x", "a/b\r\nX-Evil: 1"]],
    ["LF in a content type", ["n", "x", "a/b\nX-Evil: 1"]],
    ["NUL in a content type", ["n", "x", "a/b\0"]],
    ["CRLF in a header", ["n", "x", null, { "X-A": "1\r\n\r\nbody" }]],
    ["CRLF in the Content-Location", ["n", "x", null, { "Content-Location": "1\r\nX: y" }]],
    ["CRLF in a name", ["n", "x", null, { "X-A\r\nX-Evil": "1" }]],
    ["a colon in a name", ["n", "x", null, { "X-A: 1": "1" }]],
    ["an empty name", ["n", "x", null, { "": "1" }]],
    ["a value that is not text", ["n", "x", null, { "X-A": {} }]],
  ];
  for (const [why, spec] of table) it(why, () => assert.throws(() => prepared({ files: { f: spec } }), InvalidHeader));
});

describe("invalid fields", () => {
  for (const value of [{ a: 1 }, new Blob(["x"]), () => 1, [["nested"]]])
    it(`refuses ${JSON.stringify(value)}`, () =>
      assert.throws(() => prepared({ data: { f: value }, files: { g: "x" } }), {
        name: "TypeError",
        message: /data\["f"\]/,
      }));
});
