/** Responses: read whole, and read as they come. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { after, describe, it } from "node:test";

import requests, {
  ChunkedEncodingError,
  ContentTooLarge,
  Request,
  RequestException,
  Session,
  StreamConsumedError,
  StreamNotReadError,
  type RequestOptions,
  type Response,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve } from "./serve.js";

const server = await httpbin();
after(() => server.close());

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

const streamed = (path: string): Promise<Response> => requests.get(server.url + path, { stream: true });

describe("assigning response.raw", () => {
  it("replaces the content of a body that was read", async () => {
    const response = await requests.get(`${server.url}/gzip`);
    response.raw = "mine";
    assert.equal(response.text, "mine");
  });

  it("decodes the new body like the old one under stream: true", async () => {
    const response = await streamed("/gzip");
    const { raw } = response;
    let size = 0;
    response.raw = (async function* () {
      for await (const piece of raw) {
        size += piece.length;
        yield piece;
      }
    })();
    assert.equal((JSON.parse((await response.read()).toString()) as { gzipped: boolean }).gzipped, true);
    assert.equal(size, response.bytesReceived);
  });

  it("closes the new body and its source with the response", async () => {
    const response = await streamed("/bytes/1000000");
    const { raw } = response;
    response.raw = (async function* () {
      for await (const piece of raw) yield piece;
    })();
    for await (const _ of response) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(raw.closed, true);
  });
});

describe("a response that was read", () => {
  it("has status, headers, content and text", async () => {
    const session = new Session();
    await session.get(`${server.url}/get`);
    const response = await session.get(`${server.url}/json`);
    assert.equal(response.statusCode, requests.codes.ok);
    assert.equal(response.reason, "OK");
    assert.equal(response.httpVersion, "1.1");
    assert.equal(response.ok, true);
    assert.equal(response.encoding, "utf-8");
    assert.ok(Buffer.isBuffer(response.content));
    assert.equal(response.text, response.content.toString());
    assert.equal(response.json<{ slideshow: { author: string } }>().slideshow.author, "Yours Truly");
    assert.equal(inspect(response), "<Response [200]>");
    assert.equal(response.reused, true);
    assert.equal(response.remoteAddress, `127.0.0.1:${server.port}`);
    assert.equal(response.tls, null);
    assert.equal(response.headers["CONTENT-TYPE"], "application/json");
    assert.equal(response.raw.version, 11);
    assert.deepEqual(await all(response.iterContent()), [response.content]);
    assert.deepEqual(await all(response), [response.content]);
    assert.equal(await response.read(), response.content);
  });

  it("has timings that add up [timings]", async () => {
    const response = await new Session().get(`${server.url}/drip?duration=0.06&numbytes=3&delay=0.03`);
    const { queued, dns, connect, tls, send, wait, receive, total } = response.timings;
    assert.ok(response.elapsed >= 0.028 && response.elapsed < 5, `elapsed ${response.elapsed}`);
    assert.ok(wait >= 0.025 && receive >= 0.03 && connect > 0 && tls === 0 && queued >= 0 && dns >= 0 && send >= 0);
    assert.ok(Math.abs(queued + dns + connect + tls + send + wait + receive - total) < 0.01);
    assert.ok(response.elapsed <= total);
  });

  for (const coding of ["gzip", "deflate", "brotli"])
    it(`decodes ${coding}`, async () => {
      const data = (await requests.get(`${server.url}/${coding}`)).json<Record<string, unknown>>();
      assert.equal(data[coding === "gzip" ? "gzipped" : coding === "deflate" ? "deflated" : "brotli"], true);
    });

  it("raiseForStatus returns the response, or throws", async () => {
    const good = await requests.get(`${server.url}/status/204`);
    assert.equal(good.raiseForStatus(), good);
    for (const [status, message] of [
      [404, "404 Client Error: NOT FOUND for url: "],
      [500, "500 Server Error: INTERNAL SERVER ERROR for url: "],
      [418, "418 Client Error: I'M A TEAPOT for url: "],
    ] as const) {
      const response = await requests.get(`${server.url}/status/${status}`.replace("//", "//user:secret@"));
      assert.equal(response.ok, false);
      assert.throws(
        () => response.raiseForStatus(),
        (error: Error) => error.message.startsWith(message) && !error.message.includes("secret"),
      );
    }
  });

  it("has the links of the Link header", async () => {
    const response = await requests.get(`${server.url}/links-paged?page=2`);
    assert.match(response.links["next"]["url"], /page=3/);
    assert.match(response.links["prev"]["url"], /page=1/);
  });

  it("has no content for HEAD, 204 and 304", async () => {
    for (const response of [
      await requests.head(`${server.url}/bytes/100`),
      await requests.get(`${server.url}/status/204`),
      await requests.get(`${server.url}/status/304`),
    ])
      assert.equal(response.content.length, 0);
  });

  it("takes an assigned encoding; apparentEncoding comes from the bytes", async () => {
    const response = await requests.get(`${server.url}/encoding/utf8`);
    assert.equal(response.apparentEncoding.toLowerCase(), "utf-8");
    assert.ok(response.text.includes("∮"));
    response.encoding = "latin1";
    assert.ok(!response.text.includes("∮"));
  });

  it("has the trailers", async () => {
    const response = await requests.get(`${server.url}/trailers?X-Checksum=abc`);
    assert.deepEqual(response.raw.trailers, [["X-Checksum", "abc"]]);
  });

  it("skips a 103 and passes it to onInformational", async () => {
    const seen: number[] = [];
    const response = await requests.get(`${server.url}/early-hints`, {
      onInformational: ({ statusCode }) => void seen.push(statusCode),
    });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(seen, [103]);
  });
});

describe("stream: true", () => {
  it("throws StreamNotReadError with advice for content, text and json() before read()", async () => {
    const response = await streamed("/json");
    for (const look of [() => response.content, () => response.text, () => response.json()])
      assert.throws(
        look,
        (error: Error) => error instanceof StreamNotReadError && /await response\.read\(\)/.test(error.message),
      );
    await response.read();
    assert.ok(response.json<object>() !== null && response.text.length > 0 && response.content.length > 0);
  });

  it("returns the same bytes from read() twice, also at the same time", async () => {
    const response = await streamed("/bytes/1000?seed=1");
    const [one, two] = await Promise.all([response.read(), response.read()]);
    assert.equal(one, two);
    assert.equal(one.length, 1000);
  });

  it("yields exactly n bytes from iterContent(n), except at the end", async () => {
    for (const [size, expected] of [
      [300, [300, 300, 300, 100]],
      [1000, [1000]],
      [5000, [1000]],
    ] as const) {
      // prettier-ignore
      const pieces = await all((await streamed("/stream-bytes/1000?seed=1&chunk_size=70")).iterContent(size));
      assert.deepEqual(pieces.map(({ length }) => length), expected); // prettier-ignore
    }
  });

  it("yields pieces as they arrive from iterContent()", async () => {
    const whole = (await requests.get(`${server.url}/bytes/100000?seed=7`)).content;
    const pieces = await all((await streamed("/bytes/100000?seed=7")).iterContent());
    assert.deepEqual(Buffer.concat(pieces), whole);
  });

  it("throws a TypeError at the call for a wrong size of iterContent", async () => {
    const response = await streamed("/bytes/10");
    for (const size of [0, -1, 1.5, "x"]) assert.throws(() => response.iterContent(size as number), TypeError);
    response.close();
  });

  it("decodes content codings in iterContent", async () => {
    const text = Buffer.concat(await all((await streamed("/gzip")).iterContent(7))).toString();
    assert.equal((JSON.parse(text) as { gzipped: boolean }).gzipped, true);
  });

  it("throws StreamConsumedError for a second iteration, and for content", async () => {
    const response = await streamed("/bytes/100");
    await all(response.iterContent());
    assert.throws(() => response.iterContent(), StreamConsumedError);
    assert.throws(() => response.content, StreamConsumedError);
    assert.equal((await failure(response.read())).name, "StreamConsumedError");
  });

  it("does not return the rest as content after a partial iteration", async () => {
    const response = await streamed("/bytes/100000");
    for await (const _ of response.iterContent(10)) break;
    assert.throws(() => response.content, StreamConsumedError);
  });

  it("has iterLines and iterJson [iter-lines-and-json]", async () => {
    const lines = await all((await streamed("/stream/5")).iterLines());
    assert.deepEqual(lines.map((line) => (JSON.parse(line.toString()) as { id: number }).id), [0, 1, 2, 3, 4]); // prettier-ignore
    const texts = await all((await streamed("/stream/3")).iterLines({ decodeUnicode: true }));
    assert.ok(texts.every((text) => typeof text === "string" && text.startsWith("{")));
    const values = await all((await streamed("/jsonl?count=3")).iterJson<{ id: number }>());
    assert.deepEqual(values.map(({ id }) => id), [0, 1, 2]); // prettier-ignore
  });

  it("has iterEvents [iter-events]", async () => {
    const events = await all((await streamed("/sse?count=2")).iterEvents());
    assert.deepEqual(events.map(({ event, data }) => [event, (JSON.parse(data) as { id: number }).id]), [["ping", 0], ["ping", 1]]); // prettier-ignore
  });

  it("decodes characters that are split between pieces with decodeUnicode", async () => {
    const whole = (await requests.get(`${server.url}/encoding/utf8`)).text;
    const response = await streamed("/encoding/utf8");
    const pieces = await all(response.iterContent(3, { decodeUnicode: true }));
    assert.equal(pieces.join(""), whole);
  });

  it("has a web stream as body", async () => {
    const response = await streamed("/bytes/1000?seed=1");
    const bytes = await new globalThis.Response(response.body).arrayBuffer();
    assert.equal(bytes.byteLength, 1000);
  });

  it("returns exactly n undecoded bytes from raw.read(n), and an empty Buffer at the end", async () => {
    const response = await streamed("/stream-bytes/25?seed=1&chunk_size=7");
    assert.deepEqual(
      [
        (await response.raw.read(10)).length,
        (await response.raw.read(10)).length,
        (await response.raw.read(10)).length,
      ],
      [10, 10, 5],
    );
    assert.equal((await response.raw.read(10)).length, 0);
    const zipped = await streamed("/gzip");
    assert.deepEqual([...(await zipped.raw.read(2))], [0x1f, 0x8b]);
    zipped.close();
  });

  it("yields the bytes before a truncation, then throws", async () => {
    const response = await streamed("/truncate/1000");
    const pieces: number[] = [];
    const error = await failure(
      (async () => {
        for await (const piece of response.iterContent(300)) pieces.push(piece.length);
      })(),
    );
    assert.ok(error instanceof ChunkedEncodingError, String(error));
    assert.deepEqual(pieces, [300, 200]);
    assert.equal(error.response, response);
    assert.ok(error.request !== undefined);
  });

  it("throws ReadTimeout when no bytes arrive", async () => {
    const response = await requests.get(`${server.url}/hang?after=body`, { stream: true, timeout: 0.04 });
    assert.equal((await failure(response.read())).name, "ReadTimeout");
  });
});

describe("bytesReceived and bytesDecoded", () => {
  it("count the body of a response that was read", async () => {
    const plain = await requests.get(`${server.url}/bytes/1000?seed=1`);
    assert.deepEqual([plain.bytesReceived, plain.bytesDecoded], [1000, 1000]);
    const zipped = await requests.get(`${server.url}/gzip`);
    assert.equal(zipped.bytesReceived, Number(zipped.headers.get("Content-Length")));
    assert.equal(zipped.bytesDecoded, zipped.content.length);
    assert.notEqual(zipped.bytesReceived, zipped.bytesDecoded);
    const chunked = await requests.get(`${server.url}/stream-bytes/500?chunk_size=7`);
    assert.equal(chunked.bytesReceived, 500);
    const none = await requests.head(`${server.url}/bytes/1000`);
    assert.deepEqual([none.bytesReceived, none.bytesDecoded], [0, 0]);
  });

  it("grow while a stream is read", async () => {
    const response = await streamed("/gzip");
    assert.equal(response.bytesDecoded, 0);
    let decoded = 0;
    for await (const chunk of response) assert.equal(response.bytesDecoded, (decoded += chunk.length));
    assert.equal(response.bytesReceived, Number(response.headers.get("Content-Length")));
    assert.equal(response.raw.bytesReceived, response.bytesReceived);
    assert.ok(decoded > 0);
  });

  it("count the body from a custom adapter", async () => {
    const made = new requests.Response({ body: "12345" });
    assert.deepEqual([made.bytesReceived, made.bytesDecoded], [5, 5]);
  });
});

describe("the connection of a streamed response", () => {
  it("is reused after the body was read, and after close() or break when little of the body is left", async () => {
    await using own = await httpbin();
    const session = new Session();
    for (const finish of [
      (response: Response) => response.read(),
      async (response: Response) => { for await (const _ of response) break; }, // prettier-ignore
      async (response: Response) => response.close(),
      async (response: Response) => { await using _ = response; }, // prettier-ignore
    ]) {
      await finish(await session.get(`${own.url}/bytes/1000`, { stream: true }));
      assert.equal((await session.get(`${own.url}/get`)).statusCode, 200);
    }
    assert.ok(own.connections <= 2, `${own.connections} connections`);
  });

  it("is closed when much of the body is left, and the next request opens another", async () => {
    await using own = await serve((_, response) => {
      response.writeHead(200);
      const write = (): void => void (response.write(Buffer.alloc(1 << 16)) ? setImmediate(write) : response.once("drain", write)); // prettier-ignore
      write();
    });
    const session = new Session();
    const response = await session.get(own.url, { stream: true });
    for await (const _ of response.iterContent(10)) break;
    assert.equal(response.raw.closed, true);
    const next = await session.get(own.url, { stream: true });
    assert.equal(next.reused, false);
    next.close();
  });
});

describe("maxResponseSize", () => {
  for (const stream of [false, true])
    for (const path of ["/bytes/5000", "/stream-bytes/5000", "/gzip", "/bomb/1"])
      it(`refuses ${path}, stream: ${stream} [max-response-size]`, async () => {
        const limit = path === "/gzip" ? 20 : 1000;
        const call = requests.get(server.url + path, { maxResponseSize: limit, stream }).then((one) => one.read());
        const error = await failure(call);
        assert.ok(error instanceof ContentTooLarge, String(error));
      });

  for (const stream of [false, true])
    it(`of a session applies to every call, stream: ${stream}`, async () => {
      await using session = new Session({ maxResponseSize: 1000, stream });
      const size = async (path: string, options?: RequestOptions): Promise<number> =>
        (await (await session.get(server.url + path, options)).read()).length;
      assert.ok((await failure(size("/bytes/5000"))) instanceof ContentTooLarge);
      assert.ok((await failure(size("/redirect-to?url=/bytes/5000"))) instanceof ContentTooLarge);
      assert.equal(await size("/bytes/1000"), 1000);
      // The limit of a call replaces it; 0 is none.
      assert.equal(await size("/bytes/5000", { maxResponseSize: 5000 }), 5000);
      assert.equal(await size("/bytes/5000", { maxResponseSize: 0 }), 5000);
      assert.ok((await failure(size("/bytes/500", { maxResponseSize: 400 }))) instanceof ContentTooLarge);
      session.maxResponseSize = 0;
      assert.equal(await size("/bytes/5000"), 5000);
    });

  it("of a session is passed to send() and to adapters", async () => {
    await using session = new Session({ maxResponseSize: 1000 });
    const prepared = session.prepareRequest(new Request("GET", `${server.url}/bytes/5000`));
    assert.ok((await failure(session.send(prepared))) instanceof ContentTooLarge);
    assert.equal((await session.send(prepared, { maxResponseSize: 0 })).content.length, 5000);
  });

  it("allows a body of exactly the limit", async () => {
    assert.equal((await requests.get(`${server.url}/bytes/1000`, { maxResponseSize: 1000 })).content.length, 1000);
  });
});

describe("progress callbacks", () => {
  it("report a download until done, with the total where it is known", async () => {
    const seen: { transferred: number; total?: number; done: boolean }[] = [];
    await requests.get(`${server.url}/bytes/100000`, { onDownloadProgress: (one) => void seen.push(one) });
    assert.deepEqual(seen.at(-1), { transferred: 100000, total: 100000, done: true });
    assert.ok(
      seen.slice(0, -1).every(({ done, transferred }, at) => !done && transferred >= (seen[at - 1]?.transferred ?? 0)),
    );
    seen.length = 0;
    await requests.get(`${server.url}/stream-bytes/5000`, { onDownloadProgress: (one) => void seen.push(one) });
    assert.deepEqual(seen.at(-1), { transferred: 5000, done: true });
  });

  it("report an upload until done", async () => {
    const seen: { transferred: number; total?: number; done: boolean }[] = [];
    await requests.post(`${server.url}/post`, { data: Buffer.alloc(300_000, "x"), onUploadProgress: (one) => void seen.push(one) }); // prettier-ignore
    assert.deepEqual(seen.at(-1), { transferred: 300_000, total: 300_000, done: true });
    seen.length = 0;
    await requests.post(`${server.url}/post`, { data: new Set(["abc", "de"]), onUploadProgress: (one) => void seen.push(one) }); // prettier-ignore
    assert.equal(seen.at(-1)!.transferred, 5);
    assert.equal(seen.at(-1)!.total, undefined);
    assert.equal(seen.at(-1)!.done, true);
  });

  for (const name of ["onUploadProgress", "onDownloadProgress"])
    it(`${name} that throws rejects the call with that error as cause, and the session stays usable`, async () => {
      const session = new Session();
      const thrown = new Error("from the callback");
      const callback = (): never => {
        throw thrown;
      };
      const error = await failure(session.post(`${server.url}/post`, { data: "x".repeat(100), [name]: callback }));
      assert.ok(error instanceof RequestException, String(error));
      assert.equal(error.cause, thrown);
      assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
    });
});

describe("signal", () => {
  it("rejects with any reason of a signal aborted before the call, and sends nothing", async () => {
    const before = server.requests.length;
    for (const reason of [new Error("mine"), "text", { code: 1 }])
      assert.equal(await failure(requests.get(`${server.url}/get`, { signal: AbortSignal.abort(reason) })), reason);
    assert.equal(server.requests.length, before);
  });

  it("rejects with the reason when aborted during a request or a stream; the session stays usable", async () => {
    const session = new Session();
    for (const path of ["/hang", "/hang?after=body"]) {
      const controller = new AbortController();
      const call = session
        .get(server.url + path, { signal: controller.signal, stream: path.includes("body") })
        .then((response) => response.read());
      setTimeout(() => controller.abort("stop"), 20);
      assert.equal(await failure(call), "stop");
    }
    assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
  });
});
