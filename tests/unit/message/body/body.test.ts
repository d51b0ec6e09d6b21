/** Which body and Content-Type the options data, json and files mean. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { InvalidHeader, InvalidJSONError } from "#internal/exceptions";
import { bodyFrom, prepareBody, type Body, type BodyOptions } from "#internal/message/body/body";
import { MultipartBody } from "#internal/message/body/multipart";

async function textOf(body: Body): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const FORM = "application/x-www-form-urlencoded";

describe("prepareBody, the precedence", () => {
  const table: [options: BodyOptions, text: string | null, contentType: string | null][] = [
    [{}, null, null],
    [{ data: undefined, json: undefined, files: undefined }, null, null],
    [{ data: null, files: null }, null, null],
    [{ data: { a: 1, b: ["x", "y"], c: null } }, "a=1&b=x&b=y", FORM],
    [{ data: [["a", "1"], ["a", "é"]] }, "a=1&a=%C3%A9", FORM], // prettier-ignore
    [{ data: new Map([["a", "b c"]]) }, "a=b+c", FORM],
    [{ data: new URLSearchParams("a=1&a=2") }, "a=1&a=2", FORM],
    [{ data: Object.assign(Object.create(null), { a: "1" }) }, "a=1", FORM],
    [{ data: { a: null } }, "", FORM],
    [{ data: "raw é" }, "raw é", null],
    [{ data: Buffer.from("bytes") }, "bytes", null],
    [{ data: new Blob(["blob"]) }, "blob", null],
    [{ data: new Blob(["blob"], { type: "image/png" }) }, "blob", "image/png"],
    [{ data: new Blob([], { type: "image/png" }) }, "", "image/png"],
    [{ json: { a: 1 } }, '{"a":1}', "application/json"],
    [{ json: null }, "null", "application/json"],
    [{ json: {} }, "{}", "application/json"],
    [{ json: [] }, "[]", "application/json"],
    [{ json: 0 }, "0", "application/json"],
    [{ json: false }, "false", "application/json"],
    [{ json: "" }, '""', "application/json"],
    [{ json: NaN }, "null", "application/json"],
    [{ json: "é" }, '"é"', "application/json"],
    [{ data: { a: 1 }, json: { b: 2 } }, "a=1", FORM],
    [{ data: "x", json: { b: 2 } }, "x", null],
  ];
  for (const [options, text, contentType] of table)
    it(inspect(options), async () => {
      const prepared = prepareBody(options, undefined);
      assert.equal(prepared.contentType, contentType);
      assert.equal(prepared.body === null ? null : await textOf(prepared.body), text);
      if (prepared.body !== null) assert.equal(prepared.body.length, Buffer.byteLength(text!));
    });

  for (const empty of ["", Buffer.alloc(0), new ArrayBuffer(0), {}, [], new Map(), new Set(), new URLSearchParams()])
    it(`treats data ${inspect(empty)} as absent`, () => {
      assert.equal(prepareBody({ data: empty }, undefined).body, null);
      assert.equal(prepareBody({ data: empty, json: 1 }, undefined).body?.value, "1");
      assert.ok(prepareBody({ data: empty, files: { f: "x" } }, undefined).body instanceof MultipartBody);
    });

  for (const empty of [{}, [], new Map()])
    it(`treats files ${inspect(empty)} as absent`, () => {
      assert.equal(prepareBody({ data: "x", files: empty }, undefined).body?.value, "x");
      assert.equal(prepareBody({ json: 1, files: empty }, undefined).body?.value, "1");
    });

  it("ignores json when there are files", async () => {
    const { body } = prepareBody({ json: { secret: 1 }, files: { f: "x" } }, undefined);
    assert.doesNotMatch(await textOf(body!), /secret/);
  });

  it("keeps the caller's Content-Type", () => {
    for (const options of [
      { data: { a: 1 } },
      { json: 1 },
      { data: new Blob(["x"], { type: "a/b" }) },
      { files: { f: "x" } },
    ])
      assert.equal(prepareBody(options, "text/plain").contentType, null);
  });

  it("returns text as a string and bytes as a Buffer over the same memory", () => {
    assert.equal(prepareBody({ json: [1] }, undefined).body!.value, "[1]");
    const bytes = new Uint16Array([0x4141, 0x4242]);
    const value = prepareBody({ data: bytes }, undefined).body!.value as Buffer;
    assert.ok(Buffer.isBuffer(value));
    bytes[0] = 0x4343;
    assert.equal(value.toString(), "CCBB");
    const buffer = Buffer.from("x");
    assert.equal(bodyFrom(buffer)!.value, buffer);
  });

  const sendable = "must be an object, a Map or pairs \\(a form\\), a string, bytes";
  const wrong: [data: unknown, message: RegExp][] = [
    [1, new RegExp(`data ${sendable}.*not a number`)],
    [0, /not a number/],
    [true, /not a boolean/],
    [false, /not a boolean/],
    [() => 1, /not a function/],
    [new Date(), /not an instance of Date/],
    [new (class Point { x = 1; })(), /not an instance of Point/], // prettier-ignore
    [Promise.resolve("x"), /not an instance of Promise/],
    [["ab", "cd"], /data cannot be sent as a form: .*pairs/],
    [{ a: { b: 1 } }, /data cannot be sent as a form: .*"a"/],
  ];
  for (const [data, message] of wrong)
    it(`refuses data ${inspect(data)}`, () =>
      assert.throws(() => prepareBody({ data }, undefined), { name: "TypeError", message }));

  for (const data of [
    "text",
    Buffer.from("x"),
    Readable.from(["x"]),
    (function* () {
      yield "x";
    })(),
    1,
    new Date(),
  ])
    // prettier-ignore
    it(`refuses data ${inspect(data).split("\n", 1)[0]} with files`, () =>
      assert.throws(() => prepareBody({ data, files: { f: "x" } }, undefined), {
        name: "TypeError",
        message: /data must be an object, a Map or pairs when files are given.*\[null, content\]/,
      }));

  for (const files of [
    "x",
    1,
    Buffer.from("x"),
    new Set(["x"]),
    ["x"],
    [["a"]],
    { f: {} },
    { f: true },
    { f: ["only"] },
    { f: ["a", "b", "c", {}, 5] },
    { f: [Buffer.from("x"), Buffer.from("y")] },
    { f: ["n", "c", 5] },
  ])
    // prettier-ignore
    it(`refuses files ${inspect(files)}`, () => assert.throws(() => prepareBody({ files }, undefined), { name: "TypeError", message: /files/ }));
});

describe("prepareBody, values that JSON cannot express", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const boom = new RangeError("boom");
  const table: [what: string, json: unknown, cause: (error: unknown) => boolean][] = [
    ["a BigInt", { n: 1n }, (cause) => cause instanceof TypeError],
    ["a cycle", cycle, (cause) => cause instanceof TypeError && /circular|cyclic/i.test(cause.message)],
    ["a function", () => 1, (cause) => cause instanceof TypeError],
    ["a symbol", Symbol("x"), (cause) => cause instanceof TypeError],
    ["a toJSON that throws", { toJSON: () => { throw boom; } }, (cause) => cause === boom], // prettier-ignore
  ];
  for (const [what, json, isCause] of table)
    it(`throws InvalidJSONError with the cause for ${what}`, () =>
      assert.throws(
        () => prepareBody({ json }, undefined),
        (error: Error) => {
          assert.ok(error instanceof InvalidJSONError);
          assert.match(error.message, /^json cannot be written as JSON: ./);
          return isCause(error.cause);
        },
      ));
});

describe("prepareBody, the boundary", () => {
  const files = { f: "x" };
  const table: [contentType: string, boundary: string][] = [
    ["multipart/form-data; boundary=abc", "abc"],
    ["Multipart/Related; charset=utf-8; BOUNDARY=abc; x=y", "abc"],
    ['multipart/form-data; x="a;boundary=no"; boundary="a b:c"', "a b:c"],
    ['multipart/form-data; boundary="a\\+b"', "a+b"],
    ["multipart/form-data;boundary= abc ", "abc"],
    [`multipart/form-data; boundary=${"b".repeat(70)}`, "b".repeat(70)],
  ];
  for (const [contentType, boundary] of table)
    it(`is the caller's: ${contentType}`, async () => {
      for (const options of [{ files }, { data: formOf("f", "x") }]) {
        const prepared = prepareBody(options, contentType);
        assert.equal(prepared.contentType, null);
        assert.equal((prepared.body as MultipartBody).boundary, boundary);
        assert.ok((await textOf(prepared.body!)).endsWith(`\r\n--${boundary}--\r\n`));
      }
    });

  for (const contentType of [
    "multipart/form-data",
    "multipart/mixed; charset=utf-8",
    "multipart/form-data;",
    "multipart/form-data; boundaryx=1",
  ])
    it(`is added to ${contentType}`, () => {
      const prepared = prepareBody({ files }, contentType);
      const { boundary } = prepared.body as MultipartBody;
      assert.match(boundary, /^[0-9a-f]{32}$/);
      assert.equal(prepared.contentType, `${contentType.replace(/;$/, "")}; boundary=${boundary}`);
    });

  it("is different for each body", () => {
    const [one, other] = [prepareBody({ files }, undefined), prepareBody({ files }, undefined)];
    assert.match(one.contentType!, /^multipart\/form-data; boundary=[0-9a-f]{32}$/);
    assert.notEqual(one.contentType, other.contentType);
  });

  for (const boundary of ["", " ", "a{b", "a ", '"a\\"b"', "é", "b".repeat(71), "a\rb"])
    it(`refuses ${JSON.stringify(boundary)}`, () => {
      const quoted = boundary.endsWith(" ") ? `"${boundary}"` : boundary;
      assert.throws(
        () => prepareBody({ files }, `multipart/form-data; boundary=${quoted}`),
        (error: Error) => {
          assert.ok(error instanceof InvalidHeader);
          return /cannot be the boundary/.test(error.message);
        },
      );
    });

  it("is quoted where it must be", () =>
    assert.equal(new MultipartBody([], "a b").contentType, 'multipart/form-data; boundary="a b"'));
});

describe("bodyFrom", () => {
  it("returns null for null, and a body unchanged", () => {
    assert.equal(bodyFrom(null), null);
    assert.equal(bodyFrom(undefined), null);
    const body = bodyFrom("x")!;
    assert.equal(bodyFrom(body), body);
    const multipart = new MultipartBody([]);
    assert.equal(bodyFrom(multipart), multipart);
    assert.equal(prepareBody({ data: multipart }, undefined).contentType, multipart.contentType);
  });

  const inMemory: [value: unknown, text: string][] = [
    ["", ""],
    ["é\ud800", "é\ufffd"],
    [Buffer.from("ab"), "ab"],
    [new Uint8Array([97, 98, 99]).subarray(1), "bc"],
    [new DataView(new Uint8Array([97, 98, 99]).buffer, 1, 1), "b"],
    [new Uint8Array([97, 98]).buffer, "ab"],
    [new URLSearchParams({ a: "b c" }), "a=b+c"],
  ];
  for (const [value, text] of inMemory)
    it(`keeps ${inspect(value)} in memory, for any number of uses`, async () => {
      const body = bodyFrom(value)!;
      assert.equal(body.length, Buffer.byteLength(text));
      assert.equal(Buffer.from(body.bytes!).toString("utf8"), text);
      assert.equal(body.replayable, true);
      assert.equal(await textOf(body), text);
      assert.equal(await textOf(body), text);
    });

  it("takes a SharedArrayBuffer", async () => {
    const shared = new SharedArrayBuffer(2);
    new Uint8Array(shared).set([104, 105]);
    assert.equal(await textOf(bodyFrom(shared)!), "hi");
  });

  for (const value of [1, true, {}, [], new Map(), () => 1, 1n])
    it(`refuses ${inspect(value)}`, () => assert.throws(() => bodyFrom(value), TypeError));
});

function formOf(name: string, value: string): FormData {
  const form = new FormData();
  form.append(name, value);
  return form;
}
