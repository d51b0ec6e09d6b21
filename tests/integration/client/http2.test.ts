/** HTTP/2 through a Session, against servers of node:http2. */
import assert from "node:assert/strict";
import { constants, createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

import { ConnectionError, HTTPAdapter, HTTPDigestAuth, ReadTimeout, Session, type RequestException } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";
import { bodyOf, echo, TEST_CA, TestHttp2Server } from "../../_support/http2-server.js";
import { serve } from "./serve.js";

interface Echo {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly scheme: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const MEGABYTE = 1024 * 1024;

function plainSession(options: ConstructorParameters<typeof Session>[0] = {}): Session {
  return new Session({ http2: "prior-knowledge", trustEnv: false, ...options });
}

function secureSession(options: ConstructorParameters<typeof Session>[0] = {}): Session {
  return new Session({ http2: "auto", verify: TEST_CA, trustEnv: false, ...options });
}

function statisticsOf(session: Session, url: string): HTTPAdapter["statistics"] {
  return (session.getAdapter(url) as HTTPAdapter).statistics;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function respond(stream: ServerHttp2Stream, text: string, status = 200, fields: Record<string, string> = {}): void {
  stream.respond({ ":status": status, ...fields });
  stream.end(text);
}

describe('http2: "auto"', () => {
  it("speaks HTTP/2 with a server that chooses it [http2-alpn]", async () => {
    await using server = await TestHttp2Server.start(echo, { tls: true });
    await using session = secureSession();
    const response = await session.get(`${server.url}/a?b=c`, {
      headers: { "X-Upper": "Value", Connection: "keep-alive" },
    });
    const seen = response.json<Echo>();
    assert.equal(response.httpVersion, "2");
    assert.equal(response.raw.version, 20);
    assert.equal(response.reason, "OK");
    assert.equal(response.tls?.alpnProtocol, "h2");
    assert.deepEqual(
      [seen.method, seen.path, seen.authority, seen.scheme],
      ["GET", "/a?b=c", `127.0.0.1:${server.port}`, "https"],
    );
    assert.equal(seen.headers["x-upper"], "Value");
    assert.deepEqual([seen.headers["connection"], seen.headers["host"]], [undefined, undefined]);
  });

  it("makes one connection for the first burst of requests", async () => {
    await using server = await TestHttp2Server.start(echo, { tls: true });
    await using session = secureSession();
    const responses = await Promise.all(Array.from({ length: 60 }, (_one, at) => session.get(`${server.url}/${at}`)));
    assert.deepEqual(
      responses.map((response) => response.json<Echo>().path),
      Array.from({ length: 60 }, (_one, at) => `/${at}`),
    );
    assert.equal(server.sessions.length, 1);
  });

  it("speaks HTTP/1.1 with a server that does not know HTTP/2, over connections that open at once", async () => {
    await using server = await httpbin({ tls: true });
    await using session = new Session({ http2: "auto", verify: server.ca!, trustEnv: false });
    const responses = await Promise.all(Array.from({ length: 5 }, () => session.get(`${server.url}/delay/0.2`)));
    assert.deepEqual(
      responses.map(({ httpVersion }) => httpVersion),
      Array.from({ length: 5 }, () => "1.1"),
    );
    assert.equal(statisticsOf(session, server.url).open, 5);
  });

  it("speaks HTTP/1.1 without TLS", async () => {
    await using server = await serve();
    await using session = secureSession();
    assert.equal((await session.get(server.url)).httpVersion, "1.1");
  });

  it("makes every waiting request fail when no connection can be made", async () => {
    const closed = await TestHttp2Server.start(echo, { tls: true });
    const { url } = closed;
    await closed[Symbol.asyncDispose]();
    await using session = secureSession();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => session.get(url)));
    for (const outcome of outcomes) {
      assert.equal(outcome.status, "rejected");
      assert.equal((outcome.reason as RequestException).code, "ERR_CONNECTION_REFUSED");
    }
  });
});

describe("http2: true", () => {
  it("speaks HTTP/2", async () => {
    await using server = await TestHttp2Server.start(echo, { tls: true });
    await using session = secureSession({ http2: true });
    assert.equal((await session.get(server.url)).httpVersion, "2");
  });

  it("fails with a server that speaks HTTP/1.1 only", async () => {
    await using server = await httpbin({ tls: true });
    await using session = new Session({ http2: true, verify: server.ca!, trustEnv: false });
    await assert.rejects(session.get(server.url), (error: unknown) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, "ERR_HTTP2_NOT_SUPPORTED");
      assert.match(error.message, /does not speak HTTP\/2/);
      return true;
    });
  });

  it("refuses http:// URLs", async () => {
    await using session = new Session({ http2: true, trustEnv: false });
    await assert.rejects(session.get("http://127.0.0.1:9/"), { code: "ERR_HTTP2_NOT_SUPPORTED" });
  });
});

describe('http2: "prior-knowledge"', () => {
  it("speaks HTTP/2 without TLS", async () => {
    await using server = await TestHttp2Server.start(echo);
    await using session = plainSession();
    const response = await session.get(server.url);
    assert.equal(response.httpVersion, "2");
    assert.equal(response.json<Echo>().scheme, "http");
  });

  it("speaks HTTP/2 over a Unix socket", async () => {
    const socketPath = join(tmpdir(), `requests-ts-h2-${process.pid}.sock`);
    await using server = await TestHttp2Server.start(echo, { socketPath });
    await using session = plainSession();
    const response = await session.get(`http+unix://${encodeURIComponent(socketPath)}/here`);
    assert.deepEqual([response.httpVersion, response.json<Echo>().path], ["2", "/here"]);
    assert.equal(server.requests.length, 1);
  });

  it("says so when the server answers in HTTP/1.1", async () => {
    await using server = await serve();
    await using session = plainSession();
    await assert.rejects(session.get(server.url), (error: unknown) => {
      assert.ok(error instanceof ConnectionError, String(error));
      assert.match(error.message, /HTTP\/1/);
      return true;
    });
  });
});

describe("bodies over HTTP/2", () => {
  for (const tls of [false, true]) {
    it(`sends and receives 10 MB ${tls ? "with" : "without"} TLS`, async () => {
      await using server = await TestHttp2Server.start(
        async (stream) => {
          const body = await bodyOf(stream);
          stream.respond({ ":status": 200, "content-length": String(body.length) });
          stream.end(body);
        },
        { tls },
      );
      await using session = tls ? secureSession() : plainSession();
      const data = Buffer.alloc(10 * MEGABYTE, "0123456789abcdef-");
      const response = await session.post(server.url, { data });
      assert.equal(response.content.length, data.length);
      assert.ok(response.content.equals(data));
    });
  }

  it("sends JSON, forms, text, and streams of unknown length", async () => {
    await using server = await TestHttp2Server.start(echo);
    await using session = plainSession();
    async function* pieces(): AsyncGenerator<string> {
      yield "one ";
      await pause(5);
      yield "two";
    }
    const answers = await Promise.all([
      session.post(server.url, { json: { a: [1] } }),
      session.post(server.url, { data: { a: "1" } }),
      session.post(server.url, { data: "text" }),
      session.post(server.url, { data: pieces() }),
      session.post(server.url, { data: "" }),
    ]);
    const seen = answers.map((response) => response.json<Echo>());
    assert.deepEqual(
      seen.map(({ body }) => body),
      ['{"a":[1]}', "a=1", "text", "one two", ""],
    );
    assert.deepEqual(
      seen.map(({ headers }) => headers["transfer-encoding"]),
      [undefined, undefined, undefined, undefined, undefined],
    );
  });

  it("waits for a server that reads slowly, and reads no more of the source in the meantime", async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await using server = await TestHttp2Server.start(async (stream) => {
      await released;
      respond(stream, String((await bodyOf(stream)).length));
    });
    await using session = plainSession();
    let given = 0;
    const piece = Buffer.alloc(64 * 1024, "x");
    async function* source(): AsyncGenerator<Buffer> {
      for (; given < 200; given += 1) {
        await Promise.resolve();
        yield piece;
      }
    }
    const sending = session.post(server.url, { data: source() });
    await pause(150);
    assert.ok(given < 20, `${given} pieces were taken from the source`);
    release();
    assert.equal((await sending).text, String(200 * piece.length));
  });

  it("makes the server wait for a slow reader, while another stream of the connection goes on", async () => {
    let written = 0;
    await using server = await TestHttp2Server.start(async (stream, headers) => {
      if (headers[":path"] === "/quick") {
        respond(stream, "quick");
        return;
      }
      stream.respond({ ":status": 200 });
      const piece = Buffer.alloc(64 * 1024, "y");
      for (let at = 0; at < 160; at += 1) {
        if (!stream.write(piece)) await new Promise((resolve) => stream.once("drain", resolve));
        written += piece.length;
      }
      stream.end();
    });
    await using session = plainSession();
    const slow = await session.get(server.url, { stream: true });
    await pause(150);
    assert.ok(written < 4 * MEGABYTE, `${written} bytes were sent before they were read`);
    assert.equal((await session.get(`${server.url}/quick`)).text, "quick");
    let read = 0;
    for await (const chunk of slow.iterContent(50_000)) read += chunk.length;
    assert.equal(read, 160 * 64 * 1024);
    assert.equal(server.sessions.length, 1);
  });

  it("keeps to the responses that have no body", async () => {
    await using server = await TestHttp2Server.start((stream, headers) => {
      const status = Number(headers[":path"]!.slice(1));
      stream.respond({ ":status": status, "content-length": "5" }, { endStream: true });
    });
    await using session = plainSession();
    const responses = await Promise.all([session.head(`${server.url}/200`), session.get(`${server.url}/304`)]);
    assert.deepEqual(
      responses.map(({ statusCode, content }) => [statusCode, content.length]),
      [
        [200, 0],
        [304, 0],
      ],
    );
  });

  it("returns an early response to an upload that the server does not read", async () => {
    await using server = await TestHttp2Server.start((stream) => respond(stream, "too large", 413));
    await using session = plainSession();
    const response = await session.post(server.url, { data: Buffer.alloc(5 * MEGABYTE) });
    assert.deepEqual([response.statusCode, response.reason], [413, "Content Too Large"]);
    assert.equal((await session.post(server.url, { data: "x" })).statusCode, 413);
    assert.equal(server.sessions.length, 1);
  });

  it("sends a body only after 100 Continue if Expect asks for it", async () => {
    await using server = await TestHttp2Server.start(async (stream) => {
      stream.additionalHeaders({ ":status": 100 });
      respond(stream, String(await bodyOf(stream)));
    });
    await using session = plainSession();
    const response = await session.put(server.url, { data: "body", headers: { Expect: "100-continue" } });
    assert.equal(response.text, "body");
  });
});

describe("responses over HTTP/2", () => {
  it("have trailers and informational responses", async () => {
    await using server = await TestHttp2Server.start((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</style.css>" });
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "abc" }));
      stream.end("text");
    });
    await using session = plainSession();
    const informational: number[] = [];
    const response = await session.get(server.url, {
      onInformational: ({ statusCode }) => informational.push(statusCode),
    });
    assert.equal(response.text, "text");
    assert.deepEqual(informational, [103]);
    assert.deepEqual(response.raw.trailers, [["x-checksum", "abc"]]);
  });

  it("can be redirects that set cookies", async () => {
    await using server = await TestHttp2Server.start((stream, headers) => {
      if (headers[":path"] === "/start") respond(stream, "", 302, { location: "/end", "set-cookie": "a=1" });
      else respond(stream, headers.cookie ?? "none");
    });
    await using session = plainSession();
    const response = await session.get(`${server.url}/start`);
    assert.equal(response.text, "a=1");
    assert.equal(response.history.length, 1);
    assert.equal(server.sessions.length, 1);
  });

  it("can be challenges of digest authentication", async () => {
    await using server = await TestHttp2Server.start((stream, headers) => {
      const { authorization } = headers;
      if (authorization === undefined)
        respond(stream, "", 401, { "www-authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256' });
      else respond(stream, authorization);
    });
    await using session = plainSession({ auth: new HTTPDigestAuth("user", "pass") });
    const response = await session.get(`${server.url}/secret`);
    assert.equal(response.statusCode, 200);
    assert.match(response.text, /^Digest username="user"/);
  });
});

describe("streams that end early", () => {
  async function hanging(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    if (headers[":path"] === "/hang") return;
    if (headers[":path"] === "/endless") {
      stream.respond({ ":status": 200 });
      while (!stream.destroyed) {
        if (!stream.write(Buffer.alloc(16 * 1024)))
          await new Promise((resolve) => stream.once("drain", resolve).once("close", resolve));
      }
      return;
    }
    await pause(50);
    respond(stream, "done");
  }

  it("leave the others alone when one of them is aborted", async () => {
    await using server = await TestHttp2Server.start(hanging);
    await using session = plainSession();
    const controller = new AbortController();
    const others = Array.from({ length: 10 }, (_one, at) => session.get(`${server.url}/${at}`));
    const aborted = session.get(`${server.url}/hang`, { signal: controller.signal });
    const rejected = assert.rejects(aborted, { name: "AbortError" });
    await until(() => server.requests.length === 11);
    controller.abort();
    await rejected;
    for (const response of await Promise.all(others)) assert.equal(response.text, "done");
    assert.equal((await session.get(`${server.url}/after`)).text, "done");
    assert.equal(server.sessions.length, 1);
  });

  it("leave the connection open after an early break", async () => {
    await using server = await TestHttp2Server.start(hanging);
    await using session = plainSession();
    for (let round = 0; round < 3; round += 1) {
      const response = await session.get(`${server.url}/endless`, { stream: true });
      for await (const chunk of response.iterContent(1000)) {
        assert.equal(chunk.length, 1000);
        break;
      }
    }
    assert.equal((await session.get(`${server.url}/after`)).text, "done");
    assert.equal(server.sessions.length, 1);
  });

  it("time out one by one, and the connection is used again after it has answered a PING", async () => {
    await using server = await TestHttp2Server.start(hanging);
    await using session = plainSession();
    const other = session.get(`${server.url}/other`);
    await assert.rejects(session.get(`${server.url}/hang`, { timeout: { read: 0.1 } }), (error: unknown) => {
      assert.ok(error instanceof ReadTimeout);
      assert.equal(error.phase, "wait");
      return true;
    });
    assert.equal((await other).text, "done");
    await pause(50);
    assert.equal((await session.get(`${server.url}/after`)).text, "done");
    assert.equal(server.sessions.length, 1);
  });

  it("fail with a named exception when the server resets them", async () => {
    await using server = await TestHttp2Server.start((stream, headers) => {
      if (headers[":path"] === "/reset") stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else if (headers[":path"] === "/cut") {
        stream.respond({ ":status": 200 });
        stream.write("part", () => setTimeout(() => stream.destroy(new Error("cut")), 20));
      } else respond(stream, "ok");
    });
    await using session = plainSession();
    await assert.rejects(session.get(`${server.url}/reset`), { name: "ConnectionError", message: /INTERNAL_ERROR/ });
    await assert.rejects(session.get(`${server.url}/cut`), { name: "ChunkedEncodingError", message: /4 bytes read/ });
    assert.equal((await session.get(server.url)).text, "ok");
    assert.equal(server.sessions.length, 1);
  });
});

describe("servers that refuse requests", () => {
  it("are sent a refused POST again", async () => {
    let refusals = 2;
    await using server = await TestHttp2Server.start(async (stream, headers) => {
      refusals -= 1;
      if (refusals >= 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else await echo(stream, headers);
    });
    await using session = plainSession();
    const response = await session.post(server.url, { data: "once" });
    assert.equal(response.json<Echo>().body, "once");
    assert.equal(server.requests.length, 3);
  });

  it("are given up after four refusals", async () => {
    await using server = await TestHttp2Server.start((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    await using session = plainSession();
    await assert.rejects(session.get(server.url), { name: "ConnectionError", message: /REFUSED_STREAM/ });
    assert.equal(server.requests.length, 4);
  });

  it("are not sent a body again that cannot be read twice", async () => {
    await using server = await TestHttp2Server.start((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    await using session = plainSession();
    async function* body(): AsyncGenerator<string> {
      await Promise.resolve();
      yield "once";
    }
    await assert.rejects(session.post(server.url, { data: body() }), /REFUSED_STREAM/);
    assert.equal(server.requests.length, 1);
  });

  it("carry no more streams at once than they allow", async () => {
    let open = 0;
    let most = 0;
    await using server = await TestHttp2Server.start(
      async (stream) => {
        most = Math.max(most, (open += 1));
        await pause(10);
        open -= 1;
        respond(stream, "ok");
      },
      { settings: { maxConcurrentStreams: 3 } },
    );
    await using session = plainSession({ maxConnections: 1 });
    const responses = await Promise.all(Array.from({ length: 20 }, () => session.get(server.url)));
    assert.ok(responses.every(({ text }) => text === "ok"));
    assert.ok(most <= 3, `${most} at once`);
  });

  it("drain after GOAWAY, and further requests go over a new connection", async () => {
    await using server = await TestHttp2Server.start(async (stream, headers) => {
      if (headers[":path"] === "/last") {
        stream.session!.goaway(constants.NGHTTP2_NO_ERROR);
        await pause(100);
      }
      respond(stream, headers[":path"]!);
    });
    await using session = plainSession();
    const last = session.get(`${server.url}/last`);
    await until(() => server.requests.length === 1);
    await pause(20);
    assert.equal((await session.get(`${server.url}/next`)).text, "/next");
    assert.equal((await last).text, "/last");
    assert.equal(server.sessions.length, 2);
  });

  it("are spoken to in HTTP/1.1 after HTTP_1_1_REQUIRED", async () => {
    const server = createSecureServer({ ...SERVER_KEY_PAIR, allowHTTP1: true });
    const versions: string[] = [];
    server.on("stream", (stream) => {
      versions.push("2");
      stream.on("error", () => undefined);
      stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED);
    });
    server.on("request", (request, response) => {
      if (request.httpVersion === "2.0") return;
      versions.push(request.httpVersion);
      response.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await using session = secureSession();
      assert.equal((await session.post(`https://127.0.0.1:${port}`, { data: "x" })).httpVersion, "1.1");
      assert.equal((await session.get(`https://127.0.0.1:${port}`)).httpVersion, "1.1");
      assert.deepEqual(versions, ["2", "1.1", "1.1"]);
    } finally {
      server.close();
    }
  });
});

describe("many requests over one connection", () => {
  it("are carried by session.map", async () => {
    await using server = await TestHttp2Server.start(echo);
    await using session = plainSession();
    const paths: string[] = [];
    const numbers = Array.from({ length: 300 }, (_one, at) => at);
    for await (const path of session.map(
      numbers,
      async (number) => (await session.get(`${server.url}/${number}`)).json<Echo>().path,
      { concurrency: 50, ordered: true },
    ))
      paths.push(path);
    assert.deepEqual(
      paths,
      numbers.map((number) => `/${number}`),
    );
    assert.equal(server.sessions.length, 1);
    assert.deepEqual(statisticsOf(session, server.url).open, 1);
  });

  it("go over a second one when its streams are taken", async () => {
    await using server = await TestHttp2Server.start(async (stream) => {
      await pause(30);
      respond(stream, "ok");
    });
    await using session = new Session({ trustEnv: false });
    session.mount("http://", new HTTPAdapter({ http2: "prior-knowledge", maxStreams: 5 }));
    const responses = await Promise.all(Array.from({ length: 10 }, () => session.get(server.url)));
    assert.ok(responses.every(({ text }) => text === "ok"));
    assert.equal(server.sessions.length, 2);
  });
});
