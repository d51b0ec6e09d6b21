/** The options `raiseForStatus`, `retries` of a call, `decode` and those of the pool. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import requests, { HTTPAdapter, HTTPError, ReadTimeout, Retry, Session, TotalTimeout } from "requests-ts";
import { mockRequests } from "requests-ts/testing";

import { eventually } from "../../_support/raw-server.js";
import { failure, serve } from "./serve.js";

describe("raiseForStatus: true [raise-for-status]", () => {
  it("throws for 4xx and 5xx, and for nothing else", async () => {
    await using server = await serve(({ target }, response) => {
      response.statusCode = Number(target.slice(1));
      response.end();
    });
    for (const status of [200, 204, 299, 304, 399, 600])
      assert.equal((await requests.get(`${server.url}/${status}`, { raiseForStatus: true })).statusCode, status);
    for (const status of [400, 404, 499, 500, 599]) {
      const error = await failure(requests.get(`${server.url}/${status}`, { raiseForStatus: true }));
      assert.ok(error instanceof HTTPError, String(error));
      assert.equal(error.response.statusCode, status);
      assert.match(error.message, new RegExp(`^${status} (Client|Server) Error: .* for url: ${server.url}/${status}$`));
      assert.match(error.stack ?? "", /core-options\.test/);
    }
  });

  it("is an option of a session, which a call may switch off", async () => {
    await using server = await serve((_request, response) => void response.writeHead(404).end("gone"));
    await using session = new Session({ raiseForStatus: true });
    assert.equal(((await failure(session.get(server.url))) as HTTPError).response.text, "gone");
    assert.equal((await session.get(server.url, { raiseForStatus: false })).statusCode, 404);
    const prepared = session.prepareRequest(new requests.Request("GET", server.url));
    assert.ok((await failure(session.send(prepared))) instanceof HTTPError);
    session.raiseForStatus = false;
    assert.equal((await session.get(server.url)).statusCode, 404);
  });

  it("looks at the last response, after the redirects and the hooks", async () => {
    await using server = await serve(({ target }, response) => {
      if (target === "/") response.writeHead(302, { Location: "/missing" }).end();
      else response.writeHead(404).end();
    });
    const seen: number[] = [];
    const hooks = { response: (response: requests.Response) => void seen.push(response.statusCode) };
    const error = await failure(requests.get(server.url, { raiseForStatus: true, hooks }));
    assert.ok(error instanceof HTTPError);
    assert.deepEqual(seen, [302, 404]);
    assert.deepEqual(error.response.history.map(({ statusCode }) => statusCode), [302]); // prettier-ignore
    // A hook may repair the response.
    const fixed = { response: () => new requests.Response({ statusCode: 200, body: "fixed" }) };
    assert.equal((await requests.get(`${server.url}/missing`, { raiseForStatus: true, hooks: fixed })).text, "fixed");
  });

  for (const [name, call] of [
    ["the option", (url: string) => requests.get(url, { raiseForStatus: true, stream: true })],
    ["promise.raiseForStatus()", (url: string) => requests.get(url, { stream: true }).raiseForStatus()],
  ] as const)
    it(`reads up to 64 KiB of a streamed body first, by ${name}`, async () => {
      let closed = false;
      await using server = await serve(({ target }, response) => {
        response.writeHead(500);
        if (target === "/small") response.end('{"error": "broken"}');
        else {
          response.on("close", () => (closed = true));
          for (let piece = 0; piece < 8; piece += 1) response.write("x".repeat(65_536));
        }
      });
      const small = (await failure(call(`${server.url}/small`))) as HTTPError;
      assert.deepEqual(small.response.json(), { error: "broken" });
      const large = (await failure(call(`${server.url}/large`))) as HTTPError;
      assert.equal(large.response.content.length, 65_536);
      await eventually(() => closed);
    });

  it("throws HTTPError when the body of the error breaks off, and the reason of an abort", async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(500, { "Content-Length": "100" });
      response.write("part");
      setTimeout(() => response.destroy(), 10);
    });
    const broken = (await failure(requests.get(server.url, { raiseForStatus: true, stream: true }))) as HTTPError;
    assert.ok(broken instanceof HTTPError, String(broken));
    assert.equal(broken.response.text, "part");

    await using silent = await serve((_request, response) => void response.writeHead(500).write("part"));
    const stopper = new AbortController();
    const reason = new Error("enough");
    const options = { raiseForStatus: true, stream: true, signal: stopper.signal };
    const call = requests.get(silent.url, options);
    setTimeout(() => stopper.abort(reason), 100);
    assert.equal(await failure(call), reason);
  });

  it("does not concern session.fetch", async () => {
    await using server = await serve((_request, response) => void response.writeHead(404).end());
    await using session = new Session({ raiseForStatus: true });
    assert.equal((await session.fetch(server.url)).status, 404);
  });

  it("throws for mocked responses too", async () => {
    await using mock = mockRequests();
    mock.get("https://api.example/x", { status: 503 });
    assert.ok((await failure(requests.get("https://api.example/x", { raiseForStatus: true }))) instanceof HTTPError);
  });

  it("must be true or false", async () => {
    const error = await failure(requests.get("http://127.0.0.1:1/", { raiseForStatus: 1 as never }));
    assert.match(String(error), /raiseForStatus must be true or false, not /);
  });
});

describe("retries of a call [retries-per-call]", () => {
  const flaky = (failures: number) => {
    let left = failures;
    return serve((_request, response) => {
      if ((left -= 1) >= 0) response.writeHead(503, { "Retry-After": "0" }).end();
      else response.end("ok");
    });
  };

  it("take a number, a Retry or false", async () => {
    await using server = await flaky(2);
    assert.equal((await requests.get(server.url, { retries: 2 })).text, "ok");
    await using again = await flaky(1);
    const retry = new Retry({ total: 1, statusForcelist: [503] });
    assert.equal((await requests.get(again.url, { retries: retry })).text, "ok");
    await using last = await flaky(1);
    await using session = new Session({ retries: 3 });
    assert.equal((await session.get(last.url, { retries: false })).statusCode, 503);
    assert.equal((await session.get(last.url, { retries: 0 })).statusCode, 200);
  });

  it("take precedence over those of the session and of the adapter", async () => {
    await using server = await flaky(3);
    await using session = new Session({ retries: 1 });
    session.mount("http://", new HTTPAdapter({ maxRetries: 0 }));
    assert.equal((await session.get(server.url)).statusCode, 503);
    assert.equal((await session.get(server.url, { retries: 2 })).text, "ok");
  });

  it("of the session hold for mounted adapters without maxRetries, and for mocks", async () => {
    await using server = await flaky(1);
    await using session = new Session({ retries: 1 });
    session.mount("http://", new HTTPAdapter({ maxConnections: 3 }));
    assert.equal((await session.get(server.url)).text, "ok");
    await using mock = mockRequests(session);
    mock.get("https://api.example/x", [{ status: 503, headers: { "Retry-After": "0" } }, { text: "mocked" }]);
    assert.equal((await session.get("https://api.example/x")).text, "mocked");
  });

  it("hold for each redirect", async () => {
    let failures = 1;
    await using server = await serve(({ target }, response) => {
      if (target === "/") response.writeHead(302, { Location: "/next" }).end();
      else if ((failures -= 1) >= 0) response.writeHead(503, { "Retry-After": "0" }).end();
      else response.end("ok");
    });
    assert.equal((await requests.get(server.url, { retries: 1 })).text, "ok");
  });

  it("show what is wrong with other values", async () => {
    for (const [value, message] of [
      ["3", /retries must be a number, a Retry, or false for none, not /],
      [{ total: 3 }, /write new Retry\(/],
      [-1, /0 or greater/],
      [1.5, /whole number/],
      [true, /not a boolean/],
    ] as const)
      assert.match(String(await failure(requests.get("http://127.0.0.1:1/", { retries: value as never }))), message);
  });
});

describe("decode: false [decode]", () => {
  const zipped = gzipSync("hello ".repeat(100));
  const start = () =>
    serve((_request, response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end(zipped));

  it("gives the bytes as they were sent, and keeps Content-Encoding", async () => {
    await using server = await start();
    const response = await requests.get(server.url, { decode: false });
    assert.deepEqual(response.content, zipped);
    assert.equal(response.headers["content-encoding"], "gzip");
    assert.equal((await requests.get(server.url)).text, "hello ".repeat(100));
  });

  it("holds for streams, and for codings that cannot be undone", async () => {
    await using server = await start();
    const pieces: Buffer[] = [];
    for await (const piece of requests.get(server.url, { decode: false }).iterContent()) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), zipped);
    await using odd = await serve((_request, response) => {
      response.writeHead(200, { "Content-Encoding": "x-secret" }).end("abc");
    });
    assert.equal((await requests.get(odd.url, { decode: false })).text, "abc");
  });

  it("counts the bytes as they were sent for maxResponseSize", async () => {
    await using server = await start();
    const size = zipped.length;
    assert.equal((await requests.get(server.url, { decode: false, maxResponseSize: size })).content.length, size);
    const error = await failure(requests.get(server.url, { decode: false, maxResponseSize: size - 1 }));
    assert.equal(error.name, "ContentTooLarge");
  });
});

describe("the pool options of a session [session-pool]", () => {
  it("limit the connections of its own adapters", async () => {
    let open = 0;
    let most = 0;
    await using server = await serve(async (_request, response) => {
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      response.end();
    });
    await using session = new Session({ maxConnections: 3 });
    await Promise.all(Array.from({ length: 20 }, () => session.get(server.url)));
    assert.equal(most, 3);
    assert.equal(server.connections, 3, "poolMaxsize is maxConnections: all three are kept");
    const again = server.connections;
    await Promise.all(Array.from({ length: 3 }, () => session.get(server.url)));
    assert.equal(server.connections, again);
  });

  it("keep so many idle connections as poolMaxsize says", async () => {
    await using server = await serve();
    await using session = new Session({ maxConnections: 5, poolMaxsize: 1 });
    await Promise.all(Array.from({ length: 5 }, () => session.get(server.url)));
    const adapter = session.getAdapter(server.url) as HTTPAdapter;
    await eventually(() => adapter.statistics.idle === 1);
  });

  it("are checked as those of HTTPAdapter", () => {
    assert.throws(() => new Session({ maxConnections: 0 }), /maxConnections must be/);
    assert.throws(() => new Session({ poolMaxsize: "3" as never }), /poolMaxsize must be/);
    assert.throws(
      () => new Session({ http2: "yes" as never }),
      /http2 must be "auto", "prior-knowledge", true or false, not "yes"/,
    );
    assert.throws(() => new Session({ maxSockets: 3 } as never), /Did you mean "maxConnections"\?/);
  });
});

describe("timeouts and raiseForStatus together", () => {
  it("end the reading of an error's body", async () => {
    await using server = await serve((_request, response) => void response.writeHead(500).write("part"));
    for (const timeout of [{ read: 0.1 }, { total: 0.1 }]) {
      const error = await failure(requests.get(server.url, { raiseForStatus: true, stream: true, timeout }));
      assert.ok(
        error instanceof HTTPError || error instanceof ReadTimeout || error instanceof TotalTimeout,
        String(error),
      );
    }
  });
});
