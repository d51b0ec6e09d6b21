/** Multipart bodies are read back by a parser that shares nothing with the encoder. */
import assert from "node:assert/strict";
import { it } from "node:test";

import fc from "fast-check";

import { boundaryOf } from "#internal/http/boundary";
import { prepareBody } from "#internal/message/body/body";

interface ReadPart {
  readonly name: string;
  readonly filename: string | null;
  readonly type: string | null;
  readonly content: string;
}

/** RFC 2046 §5.1.1, as literally as possible. Text is latin-1: one character for each byte. */
function read(text: string, boundary: string): ReadPart[] {
  const pieces = `\r\n${text}`.split(`\r\n--${boundary}`);
  assert.equal(pieces.shift(), "", "no preamble");
  assert.equal(pieces.pop(), "--\r\n", "closed");
  return pieces.map((piece) => {
    assert.ok(piece.startsWith("\r\n"));
    const end = piece.indexOf("\r\n\r\n");
    const head = piece.slice(2, end);
    const found =
      /^Content-Disposition: form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?(?:\r\nContent-Type: ([^\r\n]*))?$/.exec(
        head,
      );
    assert.ok(found !== null, head);
    return { name: found[1], filename: found[2] ?? null, type: found[3] ?? null, content: piece.slice(end + 4) };
  });
}

const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const escaped = (text: string): string =>
  bytesOf(text).replace(/["\r\n]/g, (character) => ({ '"': "%22", "\r": "%0D", "\n": "%0A" })[character]!);

const name = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom('"', "\r", "\n", "\\", ";", "=", "-", "a") }),
);
const content = fc.oneof(
  fc.string({ unit: "grapheme" }).map((text) => ({ value: text, text: bytesOf(text) })),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ value: bytes, text: Buffer.from(bytes).toString("latin1") })),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => ({
    value: new Blob([bytes]),
    text: Buffer.from(bytes).toString("latin1"),
  })),
  fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4 }).map((all) => ({
    value: new Set([...all, "."]),
    text: [...new Set([...all, "."])].map(bytesOf).join(""),
  })),
  fc.string({ unit: fc.constantFrom("\r\n", "-", "--", "a") }).map((text) => ({ value: text, text })),
);
const file = fc.tuple(name, fc.option(name), content, fc.option(fc.constantFrom("text/plain", "a/b; c=d")));

it("returns every name, file name, type and content, and declares its exact length", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, fc.string({ unit: "grapheme" })), { maxLength: 3 }),
      fc.array(file, { minLength: 1, maxLength: 4 }),
      async (fields, files) => {
        const { body, contentType } = prepareBody(
          { data: fields, files: files.map(([field, filename, { value }, type]) => [field, [filename, value, type]]) },
          undefined,
        );
        const chunks: Uint8Array[] = [];
        for await (const chunk of body!.open()) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString("latin1");
        const isStreamed = files.some(([, , { value }]) => value instanceof Set);
        assert.equal(body!.length, isStreamed ? null : text.length);
        assert.deepEqual(read(text, boundaryOf(contentType!)!), [
          ...fields.map(([field, value]) => ({
            name: escaped(field),
            filename: null,
            type: null,
            content: bytesOf(value),
          })),
          ...files.map(([field, filename, { text: sent }, type]) => ({
            name: escaped(field),
            filename: filename === null ? null : escaped(filename),
            type,
            content: sent,
          })),
        ]);
      },
    ),
  );
});

it("finds the boundary in a Content-Type in any spelling", () => {
  const boundary = fc.stringMatching(/^[0-9A-Za-z'()+_,\-./:=?]{1,70}$/);
  const other = fc.constantFrom("charset=utf-8", 'x="a;b=\\"c"', "y", " z = 1", "");
  fc.assert(
    fc.property(boundary, fc.array(other), fc.array(other), (wanted, before, behind) => {
      const type = ["multipart/form-data", ...before, `boundary="${wanted}"`, ...behind].join("; ");
      assert.equal(boundaryOf(type), wanted);
    }),
  );
});
