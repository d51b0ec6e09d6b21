/** What each option accepts, what goes out for it, and what is refused before anything goes out. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";

import requests, {
  CaseInsensitiveDict,
  InvalidHeader,
  InvalidJSONError,
  InvalidURL,
  MissingSchema,
  RequestsCookieJar,
  type RequestOptions,
} from "requests-ts";
import { CookieJar } from "tough-cookie";

import { failure, serve, type Received } from "./serve.js";

const echo = await serve();
const directory = await mkdtemp(join(tmpdir(), "requests-options-"));
const path = join(directory, "report.txt");
await writeFile(path, "from a file");
const handle = await open(path);
after(async () => {
  await handle.close();
  await echo.close();
  await rm(directory, { recursive: true });
});

async function sent(options: RequestOptions, target = "/"): Promise<Received> {
  return (await requests.post(echo.url + target, options)).json<Received>();
}

describe("params", () => {
  const table: [name: string, params: RequestOptions["params"], target: string, url?: string][] = [
    ["an object", { a: 1, b: "x y", c: true, d: 10n }, "/?a=1&b=x+y&c=true&d=10"],
    ["null and undefined are dropped", { a: null, b: undefined, c: "" }, "/?c="],
    ["arrays repeat the key", { a: ["1", 2, null], b: [] }, "/?a=1&a=2"],
    ["pairs", [["a", "1"], ["b", "2"], ["a", "3"]], "/?a=1&b=2&a=3"], // prettier-ignore
    ["a Map", new Map([["a", "é"]]), "/?a=%C3%A9"],
    ["URLSearchParams", new URLSearchParams("a=1&a=2"), "/?a=1&a=2"],
    ["a string as it is", "q=a b&x", "/?q=a%20b&x"],
    ["after an existing query", { b: 2 }, "/?a=1&b=2", "/?a=1"],
    ["nothing", {}, "/"],
    ["null", null, "/"],
  ];
  for (const [name, params, target, url] of table)
    it(name, async () => assert.equal((await sent({ params }, url)).target, target));

  it("refuses a nested value of a parameter", async () => {
    const before = echo.requests.length;
    const error = await failure(requests.get(echo.url, { params: { a: { b: 1 } as unknown as string } }));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /"a" is nested/);
    assert.equal(echo.requests.length, before);
  });
});

describe("headers", () => {
  const table: [name: string, headers: RequestOptions["headers"]][] = [
    ["an object", { "X-A": "1", "x-b": "2" }],
    ["pairs", [["X-A", "1"], ["x-b", "2"]]], // prettier-ignore
    ["a Map", new Map([["X-A", "1"], ["x-b", "2"]])], // prettier-ignore
    ["a CaseInsensitiveDict", new CaseInsensitiveDict({ "X-A": "1", "x-b": "2" })],
  ];
  for (const [name, headers] of table)
    it(name, async () => {
      const { pairs } = await sent({ headers });
      assert.deepEqual(
        pairs.filter(([field]) => /^x-/i.test(field)),
        [["X-A", "1"], ["x-b", "2"]], // prettier-ignore
      );
    });

  it("takes a Headers object", async () => {
    const { headers } = await sent({ headers: new Headers({ "X-A": "1" }) });
    assert.equal(headers["x-a"], "1");
  });

  it("sends a header several times for an array", async () => {
    const { pairs } = await sent({ headers: { "X-A": ["1", "2"] } });
    assert.deepEqual(
      pairs.filter(([field]) => field === "X-A").map(([, value]) => value),
      ["1", "2"],
    );
  });

  it("sends nothing for null and undefined, digits for numbers, and Latin-1 bytes for text", async () => {
    const { headers } = await sent({ headers: { "X-A": null, "X-B": undefined, "X-C": 3, "X-D": "é" } });
    assert.equal("x-a" in headers || "x-b" in headers, false);
    assert.equal(headers["x-c"], "3");
    assert.equal(headers["x-d"], "é");
  });

  const refused: [name: string, headers: Record<string, unknown>, message: RegExp][] = [
    ["CR LF in a value", { "X-A": "1\r\nX-B: 2" }, /return character\(s\) in header value of "X-A"/],
    ["LF in a value", { "X-A": "1\n" }, /"X-A"/],
    ["NUL in a value", { "X-A": "1\0" }, /U\+0000/],
    ["leading white space", { "X-A": " 1" }, /Invalid leading whitespace/],
    ["a space in the name", { "X A": "1" }, /header name: "X A"/],
    ["an empty name", { "": "1" }, /header name/],
    ["a colon in the name", { "X:": "1" }, /header name/],
    ["a character beyond Latin-1", { "X-A": "日" }, /U\+65E5.*Latin-1/],
    ["an object as value", { "X-A": {} }, /must be a string, a number or bytes, not an object/],
  ];
  for (const [name, headers, message] of refused)
    it(`throws InvalidHeader for ${name}`, async () => {
      const before = echo.requests.length;
      const error = await failure(requests.get(echo.url, { headers: headers as Record<string, string> }));
      assert.ok(error instanceof InvalidHeader, String(error));
      assert.match(error.message, message);
      assert.equal(echo.requests.length, before);
    });

  it("keeps the value of a refused header out of the message", async () => {
    const error = await failure(requests.get(echo.url, { headers: { Authorization: "hunter2\n" } }));
    assert.doesNotMatch(error.message, /hunter2/);
  });

  for (const headers of ["X-A: 1", 5, [["only one"]]])
    it(`throws a TypeError for ${JSON.stringify(headers)}`, async () => {
      const error = await failure(requests.get(echo.url, { headers: headers as unknown as Record<string, string> }));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /headers/);
    });
});

describe("cookies", () => {
  const tough = new CookieJar();
  tough.setCookieSync("a=1", echo.url);
  const table: [name: string, cookies: RequestOptions["cookies"], header: string | undefined][] = [
    ["an object", { a: "1", b: "2" }, "a=1; b=2"],
    ["a RequestsCookieJar", new RequestsCookieJar({ a: "1" }), "a=1"],
    ["tough-cookie's CookieJar", tough, "a=1"],
    ["an empty object", {}, undefined],
    ["null", null, undefined],
  ];
  for (const [name, cookies, header] of table)
    it(name, async () => assert.equal((await sent({ cookies })).headers["cookie"], header));

  it("sends the caller's Cookie header in place of cookies", async () => {
    const { headers } = await sent({ headers: { Cookie: "mine=1" }, cookies: { a: "1" } });
    assert.equal(headers["cookie"], "mine=1");
  });

  it("throws a TypeError for text, and InvalidHeader for a line break in a value", async () => {
    const text = await failure(requests.get(echo.url, { cookies: "a=1" as unknown as Record<string, string> }));
    assert.ok(text instanceof TypeError, String(text));
    const lineEnd = await failure(requests.get(echo.url, { cookies: { a: "1\r\nX: 2" } }));
    assert.ok(lineEnd instanceof InvalidHeader, String(lineEnd));
  });
});

const FORM = "application/x-www-form-urlencoded";

describe("data and json", () => {
  async function* numbers(): AsyncGenerator<string> {
    yield "1";
    yield "22";
  }
  const table: [
    name: string,
    options: () => RequestOptions | Promise<RequestOptions>,
    body: string,
    type: string | undefined,
    length: string,
  ][] = [
    ["an object is a form", () => ({ data: { a: 1, b: ["x", "y z"] } }), "a=1&b=x&b=y+z", FORM, "13"],
    ["pairs are a form", () => ({ data: [["a", "1"], ["a", "2"]] }), "a=1&a=2", FORM, "7"], // prettier-ignore
    ["URLSearchParams are a form", () => ({ data: new URLSearchParams({ a: "b c" }) }), "a=b+c", FORM, "5"],
    ["a string is sent as UTF-8, its length in bytes", () => ({ data: "é" }), "é", undefined, "2"],
    ["a Buffer", () => ({ data: Buffer.from("bytes") }), "bytes", undefined, "5"],
    ["a TypedArray", () => ({ data: new Uint8Array([104, 105]) }), "hi", undefined, "2"],
    ["an ArrayBuffer", () => ({ data: new Uint8Array([104, 105]).buffer }), "hi", undefined, "2"],
    ["a Blob with its type", () => ({ data: new Blob(["blob"], { type: "text/x" }) }), "blob", "text/x", "4"],
    ["a Readable", () => ({ data: Readable.from(["a", "b"]) }), "ab", undefined, "chunked"],
    ["a web stream", () => ({ data: new Blob(["web"]).stream() }), "web", undefined, "chunked"],
    ["an async generator", () => ({ data: numbers() }), "122", undefined, "chunked"],
    ["a Set of strings", () => ({ data: new Set(["a", "b"]) }), "ab", undefined, "chunked"],
    ["createReadStream has a length", () => ({ data: createReadStream(path) }), "from a file", undefined, "11"],
    ["its start counts", () => ({ data: createReadStream(path, { start: 5 }) }), "a file", undefined, "6"],
    ["a FileHandle has a length", () => ({ data: handle }), "from a file", undefined, "11"],
    ["json", () => ({ json: { a: [1, null, "é"] } }), '{"a":[1,null,"é"]}', "application/json", "19"],
    ["json null", () => ({ json: null }), "null", "application/json", "4"],
    ["json false", () => ({ json: false }), "false", "application/json", "5"],
    ["json NaN is null", () => ({ json: [NaN] }), "[null]", "application/json", "6"],
    ["json undefined is none", () => ({ json: undefined }), "", undefined, "0"],
    ["json beside data is ignored", () => ({ data: "d", json: { a: 1 } }), "d", undefined, "1"],
    ["json beside empty data counts", () => ({ data: "", json: 1 }), "1", "application/json", "1"],
    ["no body has the length 0", () => ({}), "", undefined, "0"],
  ];
  for (const [name, options, body, type, length] of table)
    it(name, async () => {
      const received = await sent(await options());
      assert.equal(received.body, body);
      assert.equal(received.headers["content-type"], type);
      assert.equal(received.headers["content-length"] ?? received.headers["transfer-encoding"], length);
    });

  it("sends FormData as multipart", async () => {
    const form = new FormData();
    form.append("field", "value");
    const file = new File(["content"], "a.txt", { type: "text/plain" });
    form.append("file", file);
    const { body, headers } = await sent({ data: form });
    const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(headers["content-type"]!)![1];
    assert.equal(
      body,
      `--${boundary}\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n` +
        // Bun adds a charset to a file's type.
        `Content-Type: ${file.type}\r\n\r\ncontent\r\n--${boundary}--\r\n`,
    );
    assert.equal(headers["content-length"], String(body.length));
  });

  it("keeps the caller's Content-Type", async () => {
    const { headers } = await sent({ json: {}, headers: { "content-type": "application/vnd.api+json" } });
    assert.equal(headers["content-type"], "application/vnd.api+json");
  });

  it("sends a GET without body without Content-Length, and a GET with a body with one", async () => {
    assert.equal((await requests.get(echo.url)).json<Received>().headers["content-length"], undefined);
    const { headers, body } = (await requests.get(echo.url, { data: "x" })).json<Received>();
    assert.deepEqual([headers["content-length"], body], ["1", "x"]);
  });

  it("sends an iterable with the caller's Content-Length instead of chunks", async () => {
    const { headers, body } = await sent({ data: numbers(), headers: { "Content-Length": "3" } });
    assert.deepEqual([headers["content-length"], headers["transfer-encoding"], body], ["3", undefined, "122"]);
  });

  for (const length of ["2", "4"])
    it(`checks the length while sending: Content-Length ${length} for 3 bytes throws InvalidHeader`, async () => {
      const error = await failure(sent({ data: numbers(), headers: { "Content-Length": length } }));
      assert.ok(error instanceof InvalidHeader, String(error));
      assert.match(error.message, new RegExp(`Content-Length is ${length}`));
    });

  it("replaces the caller's Content-Length when the length is known", async () => {
    const { headers } = await sent({ data: "abc", headers: { "Content-Length": "99" } });
    assert.equal(headers["content-length"], "3");
  });

  it("throws InvalidHeader for Transfer-Encoding with a body of known length, and sends nothing", async () => {
    const before = echo.requests.length;
    const error = await failure(sent({ data: "abc", headers: { "Transfer-Encoding": "chunked" } }));
    assert.ok(error instanceof InvalidHeader, String(error));
    assert.equal(echo.requests.length, before);
  });

  const refused: [name: string, options: RequestOptions, message: RegExp][] = [
    ["a number", { data: 5 as never }, /data must be .*not /],
    ["true", { data: true as never }, /data must be /],
    ["a function", { data: (() => "x") as never }, /data must be /],
    ["a list of strings", { data: ["ab", "cd"] as never }, /pairs/],
    ["files that are text", { files: "text" as never }, /files must be/],
    [
      "data text beside files",
      { data: "text", files: { f: "x" } },
      /data must be an object, a Map or pairs when files/,
    ],
  ];
  for (const [name, options, message] of refused)
    it(`throws a TypeError for ${name}, and sends nothing`, async () => {
      const before = echo.requests.length;
      const error = await failure(sent(options));
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, message);
      assert.equal(echo.requests.length, before);
    });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const [name, json] of [
    ["BigInt", 1n],
    ["a cycle", cycle],
  ] as const)
    // prettier-ignore
    it(`throws InvalidJSONError with the cause for json with ${name}`, async () => {
      const error = await failure(sent({ json }));
      assert.ok(error instanceof InvalidJSONError);
      assert.ok(error.cause instanceof TypeError);
    });
});

describe("files", () => {
  async function parts(options: RequestOptions): Promise<string[]> {
    const { body, headers } = await sent(options);
    const boundary = /boundary=(\S+)$/.exec(headers["content-type"]!)![1];
    const pieces = body.split(`--${boundary}`);
    assert.equal(pieces.at(-1), "--\r\n");
    return pieces.slice(1, -1).map((piece) => piece.slice(2, -2));
  }
  const head = (name: string, filename: string | null, more = ""): string =>
    `Content-Disposition: form-data; name="${name}"${filename === null ? "" : `; filename="${filename}"`}\r\n${more}\r\n`;

  const table: [name: string, options: () => RequestOptions, expected: string[]][] = [
    ["text", () => ({ files: { f: "content" } }), [head("f", "f") + "content"]],
    ["bytes", () => ({ files: { f: Buffer.from("content") } }), [head("f", "f") + "content"]],
    ["[filename, content]", () => ({ files: { f: ["n.txt", "c"] } }), [head("f", "n.txt") + "c"]],
    [
      "[filename, content, type, headers]",
      () => ({ files: { f: ["n", "c", "text/csv", { Expires: "0" }] } }),
      [head("f", "n", "Content-Type: text/csv\r\nExpires: 0\r\n") + "c"],
    ],
    ["no file name", () => ({ files: { f: [null, "c"] } }), [head("f", null) + "c"]],
    ["createReadStream", () => ({ files: { f: createReadStream(path) } }), [head("f", "report.txt") + "from a file"]],
    [
      "a File",
      () => ({ files: { f: new File(["c"], "x.png", { type: "image/png" }) } }),
      [head("f", "x.png", "Content-Type: image/png\r\n") + "c"],
    ],
    ["a Readable", () => ({ files: { f: ["n", Readable.from(["a", "b"])] } }), [head("f", "n") + "ab"]],
    [
      "pairs, and data before them",
      () => ({ data: { k: ["1", "2"] }, files: [["f", "a"], ["f", "b"]] }), // prettier-ignore
      [head("k", null) + "1", head("k", null) + "2", head("f", "f") + "a", head("f", "f") + "b"],
    ],
  ];
  for (const [name, options, expected] of table)
    it(name, async () => assert.deepEqual(await parts(options()), expected));

  it("send a Content-Length when every length is known, and chunks otherwise", async () => {
    const known = await sent({ files: { f: createReadStream(path) } });
    assert.equal(known.headers["content-length"], String(known.body.length));
    const unknown = await sent({ files: { f: Readable.from(["a"]) } });
    assert.equal(unknown.headers["transfer-encoding"], "chunked");
  });

  it("replace json", async () => {
    assert.deepEqual(await parts({ files: { f: "c" }, json: { a: 1 } }), [head("f", "f") + "c"]);
  });

  it("use the caller's boundary, and add one to a multipart type without a boundary", async () => {
    const own = await sent({ files: { f: "c" }, headers: { "Content-Type": "multipart/form-data; boundary=b" } });
    assert.ok(own.body.startsWith("--b\r\n") && own.body.endsWith("--b--\r\n"));
    const { headers, body } = await sent({ files: { f: "c" }, headers: { "Content-Type": "multipart/mixed" } });
    const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(headers["content-type"]!)![1];
    assert.ok(body.startsWith(`--${boundary}\r\n`));
  });
});

describe("options of the wrong type are refused before a request is sent", () => {
  const table: [options: Record<string, unknown>, type: typeof TypeError | typeof RangeError, message: RegExp][] = [
    [{ allowRedirects: 1 }, TypeError, /allowRedirects must be true or false, not a number/],
    [{ stream: "yes" }, TypeError, /stream must be true or false/],
    [{ verify: "" }, TypeError, /verify must be true, false, the path of a CA file/],
    [{ verify: 0 }, TypeError, /verify must be/],
    [{ verify: null }, TypeError, /verify must be/],
    [{ timeout: 0 }, RangeError, /more than 0 seconds/],
    [{ timeout: -1 }, RangeError, /more than 0 seconds/],
    [{ timeout: NaN }, RangeError, /NaN/],
    [{ timeout: "5" }, TypeError, /timeout must be a number of seconds/],
    [{ timeout: [1] }, TypeError, /\[connect, read\]/],
    [{ timeout: [1, 0] }, RangeError, /timeout\[1\] is 0/],
    [{ timeout: { total: 0 } }, RangeError, /timeout\.total is 0/],
    [{ timeout: { reed: 1 } }, TypeError, /read/],
    [{ proxies: "http://127.0.0.1:1" }, TypeError, /proxies must be an object/],
    [{ proxies: { http: 8080 } }, TypeError, /proxies\["http"\] must be a URL or null/],
    [{ signal: {} }, TypeError, /signal must be an AbortSignal/],
    [{ onUploadProgress: 1 }, TypeError, /onUploadProgress must be a function/],
    [{ onDownloadProgress: "x" }, TypeError, /onDownloadProgress must be a function/],
    [{ maxResponseSize: -1 }, RangeError, /maxResponseSize/],
    [{ maxResponseSize: "1" }, TypeError, /maxResponseSize/],
    [{ hooks: { redirect: () => undefined } }, TypeError, /the events are "request" and "response"/],
    [{ hooks: { response: "x" } }, TypeError, /hook/],
    [{ auth: "user:pass" }, TypeError, /auth must be \[user, password\]/],
    [{ auth: ["user"] }, TypeError, /auth given as a list must be \[user, password\]/],
    [{ auth: ["a", "b", "c"] }, TypeError, /auth given as a list/],
  ];
  for (const [options, type, message] of table)
    it(JSON.stringify(options), async () => {
      const before = echo.requests.length;
      const error = await failure(requests.get(echo.url, options));
      assert.ok(error instanceof type, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
      assert.equal(echo.requests.length, before);
    });
});

describe("URLs", () => {
  const table: [url: unknown, type: new () => Error, message: RegExp][] = [
    ["example.com/x", MissingSchema, /No scheme supplied\. Perhaps you meant https:\/\/example\.com\/x\?/],
    ["//example.com", MissingSchema, /Perhaps you meant https:\/\/example\.com/],
    ["", MissingSchema, /Invalid URL/],
    [undefined, MissingSchema, /Invalid URL/],
    ["http://", InvalidURL, /No host supplied/],
    ["http:///x", InvalidURL, /No host supplied/],
    ["http://h:99999/", InvalidURL, /Failed to parse: .*port/],
    ["http://h:x/", InvalidURL, /Failed to parse: .*port/],
    ["http://*.example.com/", InvalidURL, /Invalid URL|label/],
  ];
  for (const [url, type, message] of table)
    it(`throws ${type.name} for ${String(url)}`, async () => {
      const error = await failure(requests.get(url as string));
      assert.ok(error instanceof type, `${error.name}: ${error.message}`);
      assert.match(error.message, message);
    });

  it("are sent without fragment and user-info, and response.url keeps both", async () => {
    const response = await requests.get(`http://u:p@127.0.0.1:${echo.port}/a#part`);
    const received = response.json<Received>();
    assert.equal(received.target, "/a");
    assert.equal(received.headers["host"], `127.0.0.1:${echo.port}`);
    assert.equal(response.url, `http://u:p@127.0.0.1:${echo.port}/a#part`);
  });
});
