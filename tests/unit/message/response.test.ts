/** Response, made by hand: no sockets. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, it } from "node:test";

import {
  CaseInsensitiveDict,
  HTTPError,
  RequestsCookieJar,
  Response,
  StreamConsumedError,
  StreamNotReadError,
  type HeadersLike,
  type HeaderValue,
  type ResponseParts,
} from "requests-ts";

const made = (init: ResponseParts): Response => new Response(init);
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

  it("is a redirect only with a redirect status and a Location", () => {
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

  it("decode as UTF-8 when an unknown encoding is assigned, as in requests", () => {
    const response = typed(Buffer.from("é\xff", "latin1"), "text/plain; charset=latin1");
    response.encoding = "nonsense";
    assert.deepEqual([response.encoding, response.text], ["nonsense", "\ufffd\ufffd"]);
  });

  it("ignore an unknown charset for pieces and lines of text", async () => {
    for (const type of ["text/plain; charset=unknown", "text/plain; charset="]) {
      const pieces: string[] = [];
      for await (const piece of typed("é日", type).iterContent(1, { decodeUnicode: true })) pieces.push(piece);
      assert.deepEqual(pieces, ["é", "日"]);
      for await (const line of typed("\ufeffé", type).iterLines({ decodeUnicode: true })) assert.equal(line, "é");
    }
  });

  it("parse lines of JSON in UTF-16 with a BOM", async () => {
    const response = typed(Buffer.from("\ufeff[1]\n[2]\n", "utf16le"), "application/json");
    const values: unknown[] = [];
    for await (const value of response.iterJson()) values.push(value);
    assert.deepEqual(values, [[1], [2]]);
  });

  it("change when an encoding is assigned, also after text was read", () => {
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

  it("can be iterated any number of times when it is in memory", async () => {
    const response = typed("abcde");
    for (let time = 0; time < 2; time += 1) {
      const pieces: string[] = [];
      for await (const piece of response.iterContent(2)) pieces.push(piece.toString());
      assert.deepEqual(pieces, ["ab", "cd", "e"]);
    }
  });

  it("of a stream can be iterated once", async () => {
    const response = made({ body: (async function* () { yield "a"; })() }); // prettier-ignore
    for await (const _ of response.iterLines());
    assert.throws(() => response.iterLines(), StreamConsumedError);
  });

  it("iterLines finds lines across pieces", async () => {
    for (const pieces of [["a\r\nb\nc"], ["a\r", "\nb", "\n", "c"], ["a\r\n", "b\n", "c", ""]]) {
      const response = made({ body: (async function* () { yield* pieces; })() }); // prettier-ignore
      const lines: string[] = [];
      for await (const line of response.iterLines({ decodeUnicode: true })) lines.push(line);
      assert.deepEqual(lines, ["a", "b", "c"]);
    }
  });

  it("iterLines finds a delimiter, also when it is split", async () => {
    const response = made({ body: (async function* () { yield* ["a-", "-b--c"]; })() }); // prettier-ignore
    const lines: string[] = [];
    for await (const line of response.iterLines({ delimiter: "--" })) lines.push(line.toString());
    assert.deepEqual(lines, ["a", "b", "c"]);
  });

  it("iterEvents parses server-sent events", async () => {
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
  it("has links by rel, or by URL", () => {
    const response = made({ headers: { Link: '<http://h/2>; rel="next"; title="a;b, c", <http://h/x>' } });
    assert.deepEqual(response.links, {
      next: { url: "http://h/2", rel: "next", title: "a;b, c" },
      "http://h/x": { url: "http://h/x" },
    });
    assert.deepEqual(made({}).links, {});
  });

  it("has the cookies of its Set-Cookie headers", () => {
    const response = made({ url: "http://h/", headers: [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]] }); // prettier-ignore
    assert.deepEqual(response.cookies.getDict(), { a: "1", b: "2" });
  });
});

describe("assigned headers", () => {
  const Headers = globalThis.Headers;
  const forms: readonly (readonly [string, () => HeadersLike])[] = [
    ["an object", () => ({ "Content-Type": "text/plain; charset=latin1", Link: '<http://h/2>; rel="next"', "Set-Cookie": ["a=1", "b=2"] })],
    ["pairs", () => [["Content-Type", "text/plain; charset=latin1"], ["Link", '<http://h/2>; rel="next"'], ["Set-Cookie", "a=1"], ["set-cookie", "b=2"]]],
    ["a Map", () => new Map<string, HeaderValue>([["content-type", "text/plain; charset=latin1"], ["link", '<http://h/2>; rel="next"'], ["set-cookie", ["a=1", "b=2"]]])],
    ["Headers", () => new Headers([["Content-Type", "text/plain; charset=latin1"], ["Link", '<http://h/2>; rel="next"'], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]])],
    ["a CaseInsensitiveDict", () => new CaseInsensitiveDict({ "Content-Type": "text/plain; charset=latin1", Link: '<http://h/2>; rel="next"', "Set-Cookie": ["a=1", "b=2"] })],
  ]; // prettier-ignore
  for (const [name, headers] of forms)
    it(`take effect: ${name}`, () => {
      const response = made({
        url: "http://h/",
        headers: { "Content-Type": "text/plain; charset=utf-8", Link: "<http://h/x>", "Set-Cookie": "old=1" },
        body: Buffer.from([0xe9]),
      });
      assert.equal(response.text, "\ufffd");
      assert.deepEqual(response.cookies.getDict(), { old: "1" });
      response.headers = headers();
      assert.equal(response.headers["CONTENT-TYPE"], "text/plain; charset=latin1");
      assert.deepEqual([response.encoding, response.text], ["latin1", "é"]);
      assert.equal(response.links["next"]?.["url"], "http://h/2");
      assert.deepEqual(response.cookies.getDict(), { a: "1", b: "2" });
      // raw keeps them as they came.
      assert.ok(response.raw.headers.some(([, value]) => value === "old=1"));
    });

  it("decide whether a response is a redirect", () => {
    const response = made({ statusCode: 302 });
    response.headers = { Location: "/x" };
    assert.equal(response.isRedirect, true);
    response.headers = {};
    assert.equal(response.isRedirect, false);
  });

  it("can be edited in place without a change of raw.headers", () => {
    const response = made({ headers: { Link: "<http://h/x>" } });
    response.headers["Link"] = "<http://h/y>";
    response.headers["Content-Type"] = "text/plain; charset=latin1";
    assert.deepEqual(Object.keys(response.links), ["http://h/y"]);
    assert.equal(response.encoding, "latin1");
    assert.deepEqual(response.raw.headers, [["Link", "<http://h/x>"]]);
  });

  it("keep cookies that were assigned", () => {
    const response = made({ url: "http://h/" });
    response.cookies = new RequestsCookieJar({ mine: "1" });
    response.headers = { "Set-Cookie": "a=1" };
    assert.deepEqual(response.cookies.getDict(), { mine: "1" });
  });

  it("throw a TypeError for an invalid value", () => {
    for (const wrong of [null, undefined, 5, "text", [["a"]]])
      assert.throws(() => (made({}).headers = wrong as unknown as HeadersLike), TypeError);
  });
});

describe("assigned raw", () => {
  it("takes bytes and text as the content", () => {
    const response = made({ body: "old" });
    assert.equal(response.text, "old");
    response.raw = "new é";
    assert.equal(response.text, "new é");
    response.raw = Buffer.from([1]);
    assert.deepEqual(response.content, Buffer.from([1]));
    response.raw = null;
    assert.equal(response.text, "");
  });

  it("takes a stream as the body", async () => {
    const response = made({ body: "old" });
    response.raw = Readable.from(["a", "b"]);
    assert.throws(() => response.text, StreamNotReadError);
    assert.equal((await response.read()).toString(), "ab");
    assert.equal(response.text, "ab");
  });

  it("takes the raw of another response, or a body that reads from the old one", async () => {
    const response = made({ body: Readable.from(["a\n", "b\n"]) });
    response.raw = made({ body: Readable.from(["c"]) }).raw;
    assert.equal((await response.read()).toString(), "c");
    const { raw } = made({ body: Readable.from(["a\n", "b\n"]) });
    response.raw = (async function* () {
      for await (const piece of raw) yield piece.toString().toUpperCase();
    })();
    const lines: string[] = [];
    for await (const line of response.iterLines({ decodeUnicode: true })) lines.push(line);
    assert.deepEqual(lines, ["A", "B"]);
    assert.equal(raw.closed, true);
  });

  it("is closed with the response, and its source as well", async () => {
    const { raw } = made({ body: Readable.from(["a", "b"]) });
    const response = made({});
    response.raw = (async function* () {
      for await (const piece of raw) yield piece;
    })();
    await response.iterContent().next();
    response.close();
    await new Promise(setImmediate);
    assert.equal(raw.closed, true);
  });

  it("can be read after the content before was consumed", async () => {
    const response = made({ body: Readable.from(["a"]) });
    for await (const _ of response.iterContent());
    assert.throws(() => response.content, StreamConsumedError);
    response.raw = Readable.from(["b"]);
    assert.equal((await response.read()).toString(), "b");
    response.raw = "c";
    assert.equal(await new globalThis.Response(response.body).text(), "c");
  });

  it("throws a TypeError for a value that is not a body", () => {
    for (const wrong of [5, {}, [1], true]) assert.throws(() => (made({}).raw = wrong as unknown as string), TypeError);
  });
});

describe("a response constructed from data", () => {
  it("has the given data", () => {
    const first = made({ statusCode: 301 });
    const timings = { queued: 1, dns: 2, connect: 3, tls: 4, send: 5, wait: 6, receive: 7, total: 28 };
    const tls = { protocol: "TLSv1.3", cipher: "C", peerCertificate: {} };
    const response = made({
      httpVersion: "2",
      history: [first],
      elapsed: 1.5,
      timings,
      trailers: [["T", "1"]],
      remoteAddress: "127.0.0.1:80",
      reused: true,
      tls,
    });
    assert.deepEqual(response.history, [first]);
    assert.equal(response.elapsed, 1.5);
    assert.deepEqual(response.timings, timings);
    assert.deepEqual(response.raw.trailers, [["T", "1"]]);
    assert.deepEqual([response.remoteAddress, response.reused, response.tls], ["127.0.0.1:80", true, tls]);
    assert.deepEqual([response.httpVersion, response.raw.version], ["2", 20]);
  });

  it("has defaults for everything else", () => {
    const response = made({ elapsed: 2 });
    assert.deepEqual(
      [response.history, response.remoteAddress, response.reused, response.tls],
      [[], null, false, null],
    );
    assert.equal(response.timings.wait, 2);
    assert.equal(response.timings.total, 2);
    assert.deepEqual(["1.0", "1.1", "2"].map((httpVersion) => made({ httpVersion }).raw.version), [10, 11, 20]); // prettier-ignore
  });

  it("has its trailers when its stream ends", async () => {
    const response = made({ body: Readable.from(["a"]), trailers: [["T", "1"]] });
    assert.deepEqual(response.raw.trailers, []);
    await response.read();
    assert.deepEqual(response.raw.trailers, [["T", "1"]]);
  });

  it("can be constructed again from another response", () => {
    const { statusCode, reason, headers, url, elapsed, timings, history, httpVersion } = made({
      statusCode: 404,
      reason: "x",
      headers: { A: "1" },
      url: "http://h/",
      elapsed: 1,
    });
    const again = made({ statusCode, reason, headers, url, elapsed, timings, history, httpVersion, body: "b" });
    assert.deepEqual([again.statusCode, again.reason, again.headers["a"], again.url, again.elapsed, again.text], [404, "x", "1", "http://h/", 1, "b"]); // prettier-ignore
  });

  it("does not start a stream before it is read", async () => {
    let taken = 0;
    const response = made({
      body: (async function* () {
        for (; taken < 10; taken += 1) yield "x";
      })(),
    });
    await new Promise(setImmediate);
    assert.equal(taken, 0);
    assert.equal((await response.read()).length, 10);
  });

  it("closes its stream at once, even during a pending read", async () => {
    const stream = new Readable({ read: () => undefined });
    const response = made({ body: stream });
    const waiting = response.iterContent().next();
    await new Promise(setImmediate);
    response.close();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    await new Promise(setImmediate);
    assert.equal(stream.destroyed, true);
  });
});

describe("a response as text", () => {
  const secret = made({
    statusCode: 200,
    reason: "OK",
    url: "http://joe:hunter2@h/?api_key=topsecret&a=1",
    elapsed: 0.5,
    headers: [
      ["Content-Type", "text/plain"],
      ["Set-Cookie", "sid=topsecret; Path=/"],
      ["Set-Cookie", "b=topsecret"],
      ["X-Api-Key", "topsecret"],
      ["Authorization", "Bearer topsecret"],
      ["Location", "http://h/?token=topsecret"],
    ],
    body: "topsecret",
  });

  it("JSON.stringify shows a summary without secrets", () => {
    const text = JSON.stringify(secret);
    assert.doesNotMatch(text, /topsecret|hunter2/);
    assert.deepEqual(JSON.parse(text), {
      statusCode: 200,
      reason: "OK",
      url: "http://joe:***@h/?api_key=***&a=1",
      headers: {
        "Content-Type": "text/plain",
        "Set-Cookie": ["sid=***; Path=/", "b=***"],
        "X-Api-Key": "***",
        Authorization: "Bearer ***",
        Location: "http://h/?token=***",
      },
      elapsed: 0.5,
      request: null,
      history: [],
    });
    assert.doesNotMatch(JSON.stringify({ error: { response: secret } }), /topsecret|hunter2/);
  });

  it("shows assigned headers, and reads no stream", () => {
    const response = made({ body: Readable.from(["a"]), headers: { A: "1" } });
    response.headers = { B: "2" };
    assert.deepEqual(response.toJSON().headers, { B: "2" });
    assert.equal(response.raw.closed, false);
  });

  it("String() and a template show the status, as in requests", () => {
    assert.equal(String(secret), "<Response [200]>");
    assert.equal(`${made({ statusCode: 404 }) as unknown as string}`, "<Response [404]>");
    assert.equal(inspect(secret), "<Response [200]>");
  });
});

it("url takes a URL", () => {
  const response = new Response({ statusCode: 404 });
  response.url = new URL("http://h/x");
  assert.equal(response.url, "http://h/x");
  assert.throws(() => response.raiseForStatus(), /for url: http:\/\/h\/x/);
});

it("saveTo() wants a path", async () => {
  for (const path of [undefined, null, "", 5, {}])
    await assert.rejects(new Response({ body: "x" }).saveTo(path as never), {
      name: "TypeError",
      message: /saveTo\(path\)/,
    });
});
