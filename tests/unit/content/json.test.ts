/** response.json(): encodings, faults, schemas. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { JSONDecodeError, Response, StreamNotReadError, type StandardSchema } from "requests-ts";

const made = (body: string | Uint8Array, type?: string): Response =>
  new Response({ body, ...(type === undefined ? {} : { headers: { "Content-Type": type } }) });
const utf16be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

describe("json() detects the Unicode encoding", () => {
  const text = '{"a":"é"}';
  const bom = "\ufeff";
  const table: [name: string, body: Uint8Array, type?: string][] = [
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a JSON type", Buffer.from(text), "application/json"],
    ["UTF-8 with a BOM", Buffer.from(bom + text)],
    ["UTF-8 with a BOM and a JSON type", Buffer.from(bom + text), "application/json"],
    ["a JSON type in capitals", Buffer.from(text), "Application/JSON"],
    ["a +json type", Buffer.from(text), "application/problem+json"],
    ["UTF-16 LE", Buffer.from(text, "utf16le")],
    ["UTF-16 LE with a BOM", Buffer.from(bom + text, "utf16le"), "application/json"],
    ["UTF-16 BE", utf16be(text)],
    ["UTF-16 BE with a BOM", utf16be(bom + text)],
    ["latin-1 that is named", Buffer.from(text, "latin1"), "application/json; charset=iso-8859-1"],
    ["latin-1 without a charset", Buffer.from(text, "latin1"), "text/plain"],
    ["latin-1 without a type", Buffer.from(text, "latin1")],
    ["latin-1 with an unknown charset", Buffer.from(text, "latin1"), "text/html; charset=unknown"],
    ["UTF-16 LE that is named UTF-8", Buffer.from(text, "utf16le"), "application/json; charset=utf-8"],
    ["UTF-8 with a BOM that is named latin-1", Buffer.from(bom + text), "application/json; charset=latin1"],
  ];
  for (const [name, body, type] of table) it(name, () => assert.deepEqual(made(body, type).json(), { a: "é" }));

  for (const [name, body, type] of table)
    it(`${name}, after encoding and text were read`, () => {
      const response = made(body, type);
      assert.equal(typeof response.text, "string");
      assert.notEqual(response.encoding, undefined);
      assert.deepEqual(response.json(), { a: "é" });
    });

  it("uses an assigned encoding", () => {
    const response = made(Buffer.from(text, "latin1"), "application/json");
    response.encoding = "latin1";
    assert.deepEqual(response.json(), { a: "é" });
  });
});

describe("json() of invalid JSON throws a JSONDecodeError with the position", () => {
  const table: [body: string, pos: number, line: number, column: number][] = [
    ["", 0, 1, 1],
    ["  ", 0, 1, 1],
    ["<html>", 0, 1, 1],
    ['{"a":}', 5, 1, 6],
    ["[1,\n2,\n]", 7, 3, 1],
    ["[1", 2, 1, 3],
    ["NaN", 0, 1, 1],
    ["1 2", 2, 1, 3],
  ];
  for (const [body, pos, line, column] of table)
    it(JSON.stringify(body), () => {
      const response = made(body);
      assert.throws(
        () => response.json(),
        (error: Error) => {
          assert.ok(error instanceof JSONDecodeError);
          assert.deepEqual([error.doc, error.pos, error.line, error.column], [body, pos, line, column]);
          assert.ok(error.message.endsWith(`line ${line} column ${column} (char ${pos})`), error.message);
          assert.equal(error.response, response);
          assert.ok(error.cause instanceof SyntaxError);
          return true;
        },
      );
    });
});

describe("the position in a JSONDecodeError refers to response.text", () => {
  const text = '{"a":"é",\n"b":}';
  const bom = "\ufeff";
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a BOM", Buffer.from(bom + text)],
    ["UTF-16 LE", Buffer.from(text, "utf16le")],
    ["UTF-16 LE with a BOM", Buffer.from(bom + text, "utf16le")],
    ["UTF-16 BE", utf16be(text)],
    ["UTF-16 BE with a BOM", utf16be(bom + text)],
    ["latin-1", Buffer.from(text, "latin1")],
  ];
  const types = [
    undefined,
    "text/plain",
    "application/json",
    "text/html; charset=unknown",
    "application/json; charset=utf-8",
    "text/plain; charset=latin1",
  ];
  for (const [name, body] of bodies)
    for (const type of types)
      it(`${name} as ${type}`, () => {
        const response = made(body, type);
        assert.throws(
          () => response.json(),
          (error: Error) => {
            assert.ok(error instanceof JSONDecodeError);
            assert.equal(error.doc, response.text);
            const before = error.doc.slice(0, error.pos).split("\n");
            assert.deepEqual([error.line, error.column], [before.length, before.at(-1)!.length + 1]);
            if (response.text === text) assert.deepEqual([error.line, error.column], [2, 5]);
            return true;
          },
        );
        if (type === undefined || (type === "application/json" && name !== "latin-1"))
          assert.equal(response.text, text);
      });
});

describe("json(schema)", () => {
  const schema: StandardSchema<{ n: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const { n } = value as { n: unknown };
        return typeof n === "string" ? { value: { n: Number(n) } } : { issues: [{ message: "not text", path: ["n"] }] };
      },
    },
  };

  it("returns the result of the schema", () => assert.deepEqual(made('{"n":"5"}').json(schema), { n: 5 }));

  it("throws JSONDecodeError with the path of a value that does not fit", () => {
    assert.throws(() => made('{"n":5}').json(schema), {
      name: "JSONDecodeError",
      code: "ERR_SCHEMA",
      message: /n: not text/,
    });
  });

  it("throws StreamNotReadError for a stream that was not read", () => {
    const response = new Response({ body: (async function* () { yield "{}"; })() }); // prettier-ignore
    assert.throws(() => response.json(), StreamNotReadError);
    response.close();
  });
});
