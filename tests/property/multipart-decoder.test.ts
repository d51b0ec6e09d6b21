/** What the encoder makes the decoder reads, however it is cut; and nothing it reads ends in anything but its exceptions. */
import assert from "node:assert/strict";
import { it } from "node:test";

import fc from "fast-check";

import { MultipartDecodeError, MultipartDecoder, MultipartEncoder, type MultipartFile } from "requests-ts/multipart";

import { readStrictly } from "../_support/strict-multipart.js";

/** As a name is read again: the escapes of browsers are not escaped themselves, so those are read as what they stand for. */
const asRead = (text: string): string => text.replace(/%(?:22|0[AaDd])/g, (escape) => decodeURIComponent(escape));

const name = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }).map((text) => Buffer.from(text).toString().replaceAll("\0", "")),
  fc.string({ unit: fc.constantFrom('"', "\r", "\n", "\\", ";", "=", " ", "%", "a", "name=", "filename=") }),
);
const BOUNDARY = "b0undary";
const pieces = ["\r", "\n", "-", "--", "\r\n--", "\r\n--b0undar", "x", "\r\n--b", " ", "b0undary"];
const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: "grapheme" }).map((text) => Buffer.from(text)),
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((all) => Buffer.from(all.join(""))),
);
const part = fc.record({ name, filename: fc.option(name), content });

function isSafe(bytes: Buffer): boolean {
  return !`\r\n${bytes.toString("latin1")}`.includes(`\r\n--${BOUNDARY}`);
}

async function streamed(
  body: Buffer,
  type: string,
  sizes: readonly number[],
): Promise<[string | null, string | null, Buffer][]> {
  const source = (function* () {
    for (let at = 0, index = 0; at < body.length; index += 1) {
      const size = sizes[index % sizes.length];
      yield body.subarray(at, at + size);
      at += size;
    }
  })();
  const found: [string | null, string | null, Buffer][] = [];
  for await (const each of MultipartDecoder.stream(source, type))
    found.push([each.name, each.filename, await each.read()]);
  return found;
}

it("returns every name, file name and content, whole and in pieces of any sizes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      async (parts, sizes) => {
        fc.pre(parts.every((each) => isSafe(each.content)));
        const fields = parts.map((each) => [each.name, [each.filename, each.content] as MultipartFile] as const);
        const encoder = new MultipartEncoder(fields, { boundary: BOUNDARY });
        const body = await encoder.read();
        const expected = parts.map((each) => [
          asRead(each.name),
          each.filename === null ? null : asRead(each.filename),
          each.content,
        ]);
        assert.equal(body.length, encoder.length);
        const decoded = new MultipartDecoder(body, encoder.contentType).parts;
        assert.deepEqual(decoded.map((each) => [each.name, each.filename, each.content]), expected); // prettier-ignore
        assert.deepEqual(await streamed(body, encoder.contentType, sizes), expected);
        assert.deepEqual(readStrictly(body, encoder.contentType).map((each) => each.content), expected.map((each) => each[2])); // prettier-ignore
      },
    ),
  );
});

it("returns the same for every split in two, and byte by byte", async () => {
  const fields = [
    ["é", ["a\\", Buffer.from("\r\n--b0undar\r\n--b0undar")]],
    ["empty", ["", Buffer.alloc(0)]],
    ["x", [null, Buffer.from("--\r\n\r")]],
  ] as const;
  const encoder = new MultipartEncoder(fields, { boundary: BOUNDARY });
  const body = Buffer.concat([
    Buffer.from("preamble\r\n"),
    await encoder.read(),
    Buffer.from("\r\n--b0undary\r\nepilogue"),
  ]);
  const expected = fields.map(([field, [filename, bytes]]) => [field, filename, bytes]);
  for (let cut = 1; cut < body.length; cut += 1)
    assert.deepEqual(await streamed(body, encoder.contentType, [cut, body.length]), expected, `cut at ${cut}`);
  assert.deepEqual(await streamed(body, encoder.contentType, [1]), expected);
});

it("reports that every beginning of a body is truncated", async () => {
  const encoder = new MultipartEncoder({ a: "1", b: ["b", "2"] }, { boundary: BOUNDARY });
  const body = await encoder.read();
  // The line break after the closing delimiter may be missing.
  for (let end = 0; end < body.length - 2; end += 1) {
    const cut = body.subarray(0, end);
    assert.throws(() => new MultipartDecoder(cut, encoder.contentType), MultipartDecodeError, `cut at ${end}`);
    await assert.rejects(streamed(cut, encoder.contentType, [7]), MultipartDecodeError);
  }
});

const SOUP = ["--B", "\r\n", "\r", "\n", "--", "-", " ", "\t", "B", "A: b", ":", "\0", "é", 'Content-Disposition: form-data; name="a"', "\r\n\r\n", "\r\n--B\r\n", "\r\n--B--"]; // prettier-ignore

it("returns parts or throws its own exceptions for any bytes, the same for any split", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...SOUP), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      async (words, sizes) => {
        const body = Buffer.from(words.join(""));
        const type = "multipart/mixed; boundary=B";
        let whole: unknown;
        try {
          whole = new MultipartDecoder(body, type).parts.map((each) => [each.name, each.filename, each.content]);
        } catch (error) {
          assert.ok(error instanceof MultipartDecodeError, String(error));
          whole = error.message;
        }
        const cut = await streamed(body, type, sizes).catch((error: unknown) => (error as Error).message);
        assert.deepEqual(cut, whole);
      },
    ),
    { numRuns: 500 },
  );
});
