/** Values of other realms (vm, jest, vitest with jsdom) and of other implementations (happy-dom, jsdom) are what they are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext, runInContext } from "node:vm";

import { CaseInsensitiveDict, HTTPBasicAuth, Request, RequestsCookieJar, Response } from "requests-ts";
import { MultipartDecoder, MultipartEncoder } from "requests-ts/multipart";
import { bodyFrom } from "#internal/message/body/body";
import {
  isAnyArrayBuffer,
  isBlob,
  isDate,
  isFormData,
  isMap,
  isPlainObject,
  isSet,
  isUint8Array,
  isUrl,
  isUrlSearchParams,
} from "#internal/options/kinds";

const context = createContext({ URL, URLSearchParams });
/** A value of another realm. */
function foreign<T>(code: string): T {
  return runInContext(`(${code})`, context) as T;
}

/** A Blob without a tag, as happy-dom's. */
class OwnBlob {
  readonly size: number;
  readonly type: string;
  readonly #bytes: Buffer;
  constructor(parts: readonly string[], { type = "" } = {}) {
    this.#bytes = Buffer.from(parts.join(""));
    this.size = this.#bytes.length;
    this.type = type;
  }
  slice(start: number, end: number): OwnBlob {
    return new OwnBlob([this.#bytes.subarray(start, end).toString()]);
  }
  async text(): Promise<string> {
    return this.#bytes.toString();
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    const copy = foreign<ArrayBuffer>(`new ArrayBuffer(${this.size})`);
    Buffer.from(copy).set(this.#bytes);
    return copy;
  }
}
class OwnFile extends OwnBlob {
  readonly name: string;
  constructor(parts: readonly string[], name: string, options = {}) {
    super(parts, options);
    this.name = name;
  }
}
/** A FormData without a tag, as happy-dom's. */
class FormData {
  readonly #entries: [string, unknown][] = [];
  append(name: string, value: unknown): void {
    this.#entries.push([name, value]);
  }
  getAll(name: string): unknown[] {
    return this.#entries.filter(([one]) => one === name).map(([, value]) => value);
  }
  [Symbol.iterator](): Iterator<[string, unknown]> {
    return this.#entries[Symbol.iterator]();
  }
}
/** A Blob as older jsdom's: with a tag, and without arrayBuffer(). */
class OldBlob {
  readonly size = 3;
  readonly type = "";
  slice(): OldBlob {
    return this;
  }
  get [Symbol.toStringTag](): string {
    return "Blob";
  }
}

describe("the kind of a value", () => {
  const kinds: Readonly<Record<string, (value: object) => boolean>> = {
    isAnyArrayBuffer,
    isBlob,
    isDate,
    isFormData,
    isMap,
    isPlainObject,
    isSet,
    isUint8Array,
    isUrl,
    isUrlSearchParams,
  };
  const table: readonly (readonly [string, object, string | null])[] = [
    ["an object", {}, "isPlainObject"],
    ["an object of another realm", foreign("{}"), "isPlainObject"],
    ["an object without a prototype", Object.create(null) as object, "isPlainObject"],
    ["a clone", structuredClone({ a: 1 }), "isPlainObject"],
    ["an instance", new (class {})(), null],
    ["an instance of another realm", foreign("new (class {})()"), null],
    ["an array", [], null],
    ["an array of another realm", foreign("[]"), null],
    ["an error", new Error("x"), null],
    ["a Buffer", Buffer.from("a"), "isUint8Array"],
    ["a Uint8Array of another realm", foreign("new Uint8Array(1)"), "isUint8Array"],
    ["a Float64Array of another realm", foreign("new Float64Array(1)"), null],
    ["an ArrayBuffer", new ArrayBuffer(1), "isAnyArrayBuffer"],
    ["an ArrayBuffer of another realm", foreign("new ArrayBuffer(1)"), "isAnyArrayBuffer"],
    ["a SharedArrayBuffer of another realm", foreign("new SharedArrayBuffer(1)"), "isAnyArrayBuffer"],
    ["a Map of another realm", foreign("new Map()"), "isMap"],
    ["a Set of another realm", foreign("new Set()"), "isSet"],
    ["a Date of another realm", foreign("new Date()"), "isDate"],
    ["a Promise", Promise.resolve(), null],
    ["a URL", new URL("http://h/"), "isUrl"],
    ["a URLSearchParams", new URLSearchParams(), "isUrlSearchParams"],
    ["Headers", new Headers(), null],
    ["a CaseInsensitiveDict", new CaseInsensitiveDict({ append: "x", sort: "y", size: "1" }), null],
    ["a RequestsCookieJar", new RequestsCookieJar(), null],
    ["Node's FormData", new globalThis.FormData(), "isFormData"],
    ["a FormData without a tag", new FormData(), "isFormData"],
    ["a Blob", new Blob([]), "isBlob"],
    ["a File", new OwnFile([], "n"), "isBlob"],
    ["a Blob with a tag alone", new OldBlob(), "isBlob"],
    ["a Response of fetch", new globalThis.Response(""), null],
    ["a location", { href: "http://h/", searchParams: {} }, "isPlainObject"],
  ]; // prettier-ignore
  for (const [name, value, expected] of table)
    it(name, () => {
      const found = Object.keys(kinds).filter((kind) => kinds[kind](value));
      assert.deepEqual(found, expected === null ? [] : [expected]);
    });
});

/** The Content-Type and the body that are sent for these options. */
async function sent(options: ConstructorParameters<typeof Request>[2]): Promise<[type: string, body: string]> {
  const prepared = new Request("POST", "http://h/", options).prepare();
  const body = bodyFrom(prepared.body);
  const chunks: Uint8Array[] = [];
  if (body !== null) for await (const chunk of body.open()) chunks.push(chunk);
  return [prepared.headers["content-type"] ?? "", Buffer.concat(chunks).toString()];
}
const FORM = "application/x-www-form-urlencoded";

describe("values of another realm in a request", () => {
  const asData: readonly (readonly [string, unknown, string, string])[] = [
    ["an object", foreign("{ a: 1, b: [2, 3] }"), FORM, "a=1&b=2&b=3"],
    ["a clone", structuredClone({ a: "1" }), FORM, "a=1"],
    ["pairs", foreign("[['a', 1], ['a', 2]]"), FORM, "a=1&a=2"],
    ["a Map", foreign("new Map([['a', 1]])"), FORM, "a=1"],
    ["a Date in a form", { d: foreign("new Date(0)") }, FORM, "d=1970-01-01T00%3A00%3A00.000Z"],
    ["bytes in a form", { d: foreign("new Uint8Array([65, 38])") }, FORM, "d=A%26"],
    ["a Set in a form", { d: foreign("new Set([1, 2])") }, FORM, "d=1&d=2"],
    ["bytes", foreign("new Uint8Array([65, 66])"), "", "AB"],
    ["an ArrayBuffer", foreign("new Uint8Array([65, 66]).buffer"), "", "AB"],
    ["a DataView", foreign("new DataView(new Uint8Array([65, 66, 67]).buffer, 1)"), "", "BC"],
    ["a Uint16Array", foreign("new Uint16Array([0x4241])"), "", "AB"],
    ["an iterable of bytes", foreign("(function* () { yield new Uint8Array([65]); yield 'B'; })()"), "", "AB"],
    ["no bytes", foreign("new Uint8Array(0)"), "", ""],
    ["an empty Map", foreign("new Map()"), "", ""],
    ["an empty object", foreign("{}"), "", ""],
  ];
  for (const [name, data, type, body] of asData)
    it(`data: ${name}`, async () => {
      assert.deepEqual(await sent({ data: data as never }), [type, body]);
    });

  const asFiles: readonly (readonly [string, unknown])[] = [
    ["an object", foreign("{ f: ['n.bin', new Uint8Array([65, 66]), 'x/y'] }")],
    ["a Map", foreign("new Map([['f', ['n.bin', new Uint8Array([65, 66]), 'x/y']]])")],
    ["pairs", foreign("[['f', ['n.bin', new Uint8Array([65, 66]).buffer, 'x/y']]]")],
    ["a Blob", [["f", ["n.bin", new OwnBlob(["AB"], { type: "x/y" })]]]],
    ["a File", { f: new OwnFile(["AB"], "n.bin", { type: "x/y" }) }],
  ];
  for (const [name, files] of asFiles)
    it(`files: ${name}`, async () => {
      const [type, body] = await sent({
        files: files as never,
        data: foreign("{ k: new Uint8Array([67]), d: new Date(0) }"),
      });
      const { parts } = new MultipartDecoder(Buffer.from(body), type);
      assert.deepEqual(
        parts.map((part) => [part.name, part.filename, part.contentType, part.text]),
        [["k", null, null, "C"], ["d", null, null, "1970-01-01T00:00:00.000Z"], ["f", "n.bin", "x/y", "AB"]], // prettier-ignore
      );
    });

  it("takes a FormData of another implementation", async () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("f", new OwnFile(["AB"], "n.bin", { type: "x/y" }));
    form.append("b", new OwnBlob(["CD"]));
    const [type, body] = await sent({ data: form });
    const { parts } = new MultipartDecoder(Buffer.from(body), type);
    assert.deepEqual(
      parts.map((part) => [part.name, part.filename, part.contentType, part.text]),
      [["a", null, null, "1"], ["f", "n.bin", "x/y", "AB"], ["b", "blob", "application/octet-stream", "CD"]], // prettier-ignore
    );
  });

  it("names a Blob that cannot be read, and reads one through FileReader", async () => {
    const globals = globalThis as { FileReader?: unknown };
    const before = globals.FileReader;
    delete globals.FileReader;
    await assert.rejects(sent({ data: new OldBlob() }), /no arrayBuffer\(\) method/);
    class FileReader {
      result: ArrayBuffer | null = null;
      onload: () => void = () => undefined;
      readAsArrayBuffer(_blob: unknown): void {
        this.result = foreign("new Uint8Array([65, 66, 67]).buffer");
        setImmediate(() => this.onload());
      }
    }
    globals.FileReader = FileReader;
    try {
      assert.equal((await sent({ data: new OldBlob() }))[1], "ABC");
    } finally {
      if (before === undefined) delete globals.FileReader;
      else globals.FileReader = before;
    }
  });

  it("takes params, headers and credentials", () => {
    const prepared = new Request("GET", "http://h/", {
      params: foreign("new Map([['a', new Uint8Array([65])], ['d', new Date(0)]])"),
      headers: foreign("new Map([['X-A', new Uint8Array([0xe9])]])"),
      auth: [foreign<Uint8Array>("new Uint8Array([117])"), foreign<Uint8Array>("new Uint8Array([112])")],
    }).prepare();
    assert.equal(prepared.url, "http://h/?a=A&d=1970-01-01T00%3A00%3A00.000Z");
    assert.equal(prepared.headers["x-a"], "\xe9");
    assert.equal(prepared.headers["authorization"], `Basic ${Buffer.from("u:p").toString("base64")}`);
    assert.ok(new HTTPBasicAuth(foreign<Uint8Array>("new Uint8Array([117])"), "p"));
  });

  it("still refuses a bare object as a parameter", () => {
    for (const value of [foreign("{}"), foreign("new (class {})()"), foreign("new Map()"), {}])
      assert.throws(() => new Request("GET", "http://h/", { params: { a: value as never } }).prepare(), /nested/);
    for (const value of [foreign("new (class { toString() { return 't' } })()"), foreign("new URL('http://h/')")])
      assert.match(new Request("GET", "http://h/", { params: { a: value as never } }).prepare().url, /a=(t|http)/);
  });
});

describe("values of another realm elsewhere", () => {
  it("work as the body of a Response, and as multipart content", async () => {
    assert.equal(new Response({ body: foreign<Uint8Array>("new Uint8Array([65, 66])") }).text, "AB");
    const content = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--\r\n";
    const bytes = foreign<Uint8Array>(`Uint8Array.from(${JSON.stringify([...Buffer.from(content)])})`);
    assert.equal(new MultipartDecoder(bytes, "multipart/form-data; boundary=B").parts[0].text, "1");
    for (const source of [bytes, [bytes]])
      for await (const part of MultipartDecoder.stream(source, "multipart/form-data; boundary=B"))
        assert.equal(await part.text(), "1");
    const encoder = new MultipartEncoder(foreign("{ a: new Uint8Array([65]) }"));
    assert.match((await encoder.read()).toString(), /\r\n\r\nA\r\n/);
  });

  it("work where Uint8Array, Map and Date of the global object are another realm's, as in vitest with jsdom", async () => {
    const names = ["Uint8Array", "ArrayBuffer", "Map", "Set", "Date"] as const;
    const before = names.map((name) => [name, globalThis[name]] as const);
    for (const name of names) (globalThis as Record<string, unknown>)[name] = foreign(name);
    let outcome: [string, string];
    try {
      outcome = await sent({ data: { k: "v" }, files: { f: ["n", Buffer.from("AB")] } });
    } finally {
      for (const [name, value] of before) (globalThis as Record<string, unknown>)[name] = value;
    }
    const { parts } = new MultipartDecoder(Buffer.from(outcome[1]), outcome[0]);
    assert.deepEqual(parts.map((part) => part.text), ["v", "AB"]); // prettier-ignore
  });
});
