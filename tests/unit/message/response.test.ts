/** Response, made by hand: no sockets. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "node:test";

import { HTTPError, Response, StreamConsumedError, type ResponseInit } from "requests-ts";

const made = (init: ResponseInit): Response => new Response(init);
const typed = (body: Uint8Array | string, type?: string): Response =>
  made({ body, ...(type === undefined ? {} : { headers: { "Content-Type": type } }) });

describe("status", () => {
  const table: [status: number, ok: boolean, message: RegExp | null][] = [
    [200, true, null],
    [399, true, null],
    [400, false, /^400 Client Error: R for url: http:\/\/h\/$/],
    [499, false, /^499 Client Error/],
    [500, false, /^500 Server Error/],
    [599, false, /^599 Server Error/],
    [600, true, null],
  ];
  for (const [statusCode, ok, message] of table)
    it(String(statusCode), () => {
      const response = made({ statusCode, reason: "R", url: "http://h/" });
      assert.equal(response.ok, ok);
      assert.equal(inspect(response), `<Response [${statusCode}]>`);
      if (message === null) assert.equal(response.raiseForStatus(), response);
      else
        assert.throws(
          () => response.raiseForStatus(),
          (error: Error) => error instanceof HTTPError && message.test(error.message) && error.response === response,
        );
    });

  it("a redirect needs the status and a Location", () => {
    const redirect = (statusCode: number, headers = {}): [boolean, boolean] => {
      const { isRedirect, isPermanentRedirect } = made({ statusCode, headers });
      return [isRedirect, isPermanentRedirect];
    };
    const Location = "/x";
    for (const [status, expected] of [
      [301, [true, true]],
      [302, [true, false]],
      [303, [true, false]],
      [307, [true, false]],
      [308, [true, true]],
      [304, [false, false]],
    ] as const)
      // prettier-ignore
      assert.deepEqual(redirect(status, { Location }), expected);
    assert.deepEqual(redirect(301), [false, false]);
  });
});

describe("encoding and text", () => {
  const table: [name: string, body: Uint8Array, type: string | undefined, encoding: string | null, text: string][] = [
    ["the charset of the header", Buffer.from([0xe9]), "text/plain; charset=ISO-8859-1", "ISO-8859-1", "é"],
    ["windows-1252, as the standard has it", Buffer.from([0x80]), "text/plain; charset=latin1", "latin1", "€"],
    ["JSON without one", Buffer.from('"é"'), "application/json", "utf-8", '"é"'],
    ["valid UTF-8 without one", Buffer.from("é日"), "text/plain", null, "é日"],
    ["no type at all", Buffer.from("é"), undefined, null, "é"],
    ["nothing", Buffer.alloc(0), undefined, null, ""],
    ["latin-1 without one", Buffer.from("caf\xe9 £5", "latin1"), "text/plain", null, "café £5"],
    ["an unknown charset", Buffer.from("caf\xe9", "latin1"), "text/plain; charset=unknown", null, "café"],
    ["an unknown charset, UTF-8", Buffer.from("é日"), "text/plain; charset=unknown", null, "é日"],
    ["an empty charset", Buffer.from("caf\xe9", "latin1"), "text/html; charset=", null, "café"],
    ["a charset before a comma", Buffer.from([0x93, 0xfa]), "text/html;charset=shift_jis,text/html", "shift_jis", "日"],
    ["an unknown charset of JSON", Buffer.from('"é"'), "application/json; charset=unknown", "utf-8", '"é"'],
    ["JSON in UTF-16 with a BOM", Buffer.from('\ufeff"é"', "utf16le"), "application/json", "utf-8", '"é"'],
    ["JSON in UTF-16 without a BOM", Buffer.from('"é"', "utf16le"), "application/json", "utf-8", '"é"'],
    ["JSON in UTF-8 with a BOM", Buffer.from('\ufeff"é"'), "application/json", "utf-8", '"é"'],
  ];
  for (const [name, body, type, encoding, text] of table)
    it(name, () => {
      const response = typed(body, type);
      assert.deepEqual([response.encoding, response.text], [encoding, text]);
    });

  it("an unknown encoding that is assigned decodes as UTF-8, as in requests", () => {
    const response = typed(Buffer.from("é\xff", "latin1"), "text/plain; charset=latin1");
    response.encoding = "nonsense";
    assert.deepEqual([response.encoding, response.text], ["nonsense", "\ufffd\ufffd"]);
  });

  it("an unknown charset counts as none for pieces and lines of text", async () => {
    for (const type of ["text/plain; charset=unknown", "text/plain; charset="]) {
      const pieces: string[] = [];
      for await (const piece of typed("é日", type).iterContent(1, { decodeUnicode: true })) pieces.push(piece);
      assert.deepEqual(pieces, ["é", "日"]);
      for await (const line of typed("\ufeffé", type).iterLines({ decodeUnicode: true })) assert.equal(line, "é");
    }
  });

  it("lines of JSON in UTF-16 with a BOM", async () => {
    const response = typed(Buffer.from("\ufeff[1]\n[2]\n", "utf16le"), "application/json");
    const values: unknown[] = [];
    for await (const value of response.iterJson()) values.push(value);
    assert.deepEqual(values, [[1], [2]]);
  });

  it("assigning changes the text, also after it was read", () => {
    const response = typed(Buffer.from("é"));
    assert.equal(response.text, "é");
    response.encoding = "latin1";
    assert.equal(response.text, "Ã©");
  });
});

describe("content", () => {
  it("is bytes, from bytes and text", () => {
    assert.deepEqual(typed("é").content, Buffer.from("é"));
    assert.deepEqual(typed(new Uint8Array([1, 2])).content, Buffer.from([1, 2]));
  });

  it("is iterated any number of times when it is at hand", async () => {
    const response = typed("abcde");
    for (let time = 0; time < 2; time += 1) {
      const pieces: string[] = [];
      for await (const piece of response.iterContent(2)) pieces.push(piece.toString());
      assert.deepEqual(pieces, ["ab", "cd", "e"]);
    }
  });

  it("of a stream once", async () => {
    const response = made({ body: (async function* () { yield "a"; })() }); // prettier-ignore
    for await (const _ of response.iterLines());
    assert.throws(() => response.iterLines(), StreamConsumedError);
  });

  it("iterLines is right across pieces", async () => {
    for (const pieces of [["a\r\nb\nc"], ["a\r", "\nb", "\n", "c"], ["a\r\n", "b\n", "c", ""]]) {
      const response = made({ body: (async function* () { yield* pieces; })() }); // prettier-ignore
      const lines: string[] = [];
      for await (const line of response.iterLines({ decodeUnicode: true })) lines.push(line);
      assert.deepEqual(lines, ["a", "b", "c"]);
    }
  });

  it("iterLines takes a delimiter, cut in two as well", async () => {
    const response = made({ body: (async function* () { yield* ["a-", "-b--c"]; })() }); // prettier-ignore
    const lines: string[] = [];
    for await (const line of response.iterLines({ delimiter: "--" })) lines.push(line.toString());
    assert.deepEqual(lines, ["a", "b", "c"]);
  });

  it("iterEvents", async () => {
    const body = "retry: 100\nid: 1\nevent: e\ndata: a\ndata: b\n\n: comment\n\ndata: é\n\ndata: unfinished";
    const events: unknown[] = [];
    for await (const event of typed(body).iterEvents()) events.push(event);
    assert.deepEqual(events, [
      { event: "e", data: "a\nb", id: "1", retry: 100 },
      { event: undefined, data: "é", id: undefined, retry: undefined },
    ]);
  });
});

describe("links and cookies", () => {
  it("links by rel, or by URL", () => {
    const response = made({ headers: { Link: '<http://h/2>; rel="next"; title="a;b, c", <http://h/x>' } });
    assert.deepEqual(response.links, {
      next: { url: "http://h/2", rel: "next", title: "a;b, c" },
      "http://h/x": { url: "http://h/x" },
    });
    assert.deepEqual(made({}).links, {});
  });

  it("cookies of its Set-Cookie lines", () => {
    const response = made({ url: "http://h/", headers: [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]] }); // prettier-ignore
    assert.deepEqual(response.cookies.getDict(), { a: "1", b: "2" });
  });
});
