/** The pitfalls that others fell into (ecosystem.md §8), each that concerns the core, named for it. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, describe, it } from "node:test";

import requests, {
  ContentDecodingError,
  HTTPAdapter,
  HTTPDigestAuth,
  Retry,
  Session,
  UnrewindableBodyError,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { ON_DENO, runText } from "../../_support/runtime.js";
import { failure, serve } from "./serve.js";

const server = await httpbin();
after(() => server.close());
const file = fileURLToPath(import.meta.url);

describe("1. A body that must be sent again is never sent empty", () => {
  for (const [name, first, options] of [
    ["307", { status: 307, headers: { Location: "/end" } }, {}],
    ["retry", { status: 503, headers: {} }, {}],
    [
      "digest",
      { status: 401, headers: { "WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"' } },
      { auth: new HTTPDigestAuth("u", "p") },
    ],
  ] as const) {
    // prettier-ignore
    const start = (): ReturnType<typeof serve> => {
      let answered = 0;
      return serve((_, response) => {
        answered += 1;
        response.writeHead(answered === 1 ? first.status : 200, answered === 1 ? first.headers : {}).end();
      });
    };
    const session = new Session();
    session.mount(
      "http://",
      new HTTPAdapter({ maxRetries: new Retry({ total: 1, statusForcelist: [503], allowedMethods: null }) }),
    );

    for (const [kind, body] of [
      ["a file", () => ({ data: createReadStream(file, { end: 999 }) })],
      ["multipart", () => ({ files: { f: createReadStream(file, { end: 999 }) } })],
    ] as const)
      it(`sends the same bytes again: ${name}, ${kind}`, async () => {
        await using own = await start();
        await session.post(own.url, { ...options, ...body() });
        assert.equal(own.requests.length, 2);
        assert.ok(own.requests[0].body.length >= 1000);
        assert.equal(own.requests[1].body, own.requests[0].body);
      });

    it(`throws UnrewindableBodyError for ${name}, a stream`, async () => {
      await using own = await start();
      const data = (async function* () { yield "once"; })(); // prettier-ignore
      const error = await failure(session.post(own.url, { ...options, data }));
      assert.ok(error instanceof UnrewindableBodyError, String(error));
      assert.equal(own.requests.length, 1);
    });
  }
});

describe("2. A kept connection that the server closes between requests", () => {
  it("causes no error for the caller", async () => {
    let close = false;
    await using own = await serve((request, response) => {
      // Reads the request on the kept connection and hangs up without a word.
      if (close && request.connection === 1) response.socket?.destroy();
      else response.end("ok");
    });
    const session = new Session();
    await session.get(own.url);
    close = true;
    assert.equal((await session.get(own.url)).text, "ok");
    assert.equal(own.connections, 2);
  });

  it("does not make the client send a POST twice", async () => {
    let close = false;
    await using own = await serve((_, response) => {
      if (close) response.socket?.destroy();
      else response.end("ok");
    });
    const session = new Session();
    await session.get(own.url);
    close = true;
    assert.ok((await failure(session.post(own.url, { data: "once" }))) instanceof requests.ConnectionError);
    assert.equal(own.requests.filter(({ method }) => method === "POST").length, 1);
  });
});

describe("3. Cancelled and unread bodies occupy no place in the pool", () => {
  it("leaves the pool unchanged after 200 aborted requests", async () => {
    const adapter = new HTTPAdapter({ maxConnections: 4 });
    const session = new Session();
    session.mount("http://", adapter);
    const abandon = async (at: number): Promise<void> => {
      const controller = new AbortController();
      const call = session.get(`${server.url}${at % 2 === 0 ? "/hang" : "/bytes/50000"}`, {
        signal: controller.signal,
        stream: true,
      });
      setImmediate(() => controller.abort());
      await call.then((response) => response.close()).catch(() => undefined);
    };
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 20 }, (_, at) => abandon(at)));
    const { waiting, open } = adapter.statistics;
    assert.equal(waiting, 0);
    assert.ok(open <= 4);
    const all = await Promise.all(Array.from({ length: 8 }, () => session.get(`${server.url}/get`, { timeout: 5 })));
    assert.ok(all.every(({ statusCode }) => statusCode === 200));
  });
});

describe("9. A cookie for a public suffix, or for a part of an address [public-suffix-cookies]", () => {
  it("is refused", async () => {
    const session = new Session();
    await session.get(
      `${server.url}/response-headers?Set-Cookie=a%3D1%3B%20Domain%3D0.0.1&Set-Cookie=b%3D1%3B%20Domain%3Dcom`,
    );
    assert.equal(session.cookies.size, 0);
  });
});

describe("10. Content codings", () => {
  it("throws ContentDecodingError for a decompression bomb [decompression-bomb]", async () => {
    const error = await failure(requests.get(`${server.url}/bomb/30`));
    assert.ok(error instanceof ContentDecodingError, String(error));
  });

  it("throws ContentDecodingError for a truncated gzip, streamed or not [truncated-gzip]", async () => {
    for (const stream of [false, true]) {
      const call = requests.get(`${server.url}/truncate/100000?encoding=gzip`, { stream }).then((one) => one.read());
      assert.ok((await failure(call)) instanceof ContentDecodingError);
    }
  });
});

describe("11. Bytes 0x80–0x9F give the same text at once and streamed", () => {
  for (const charset of ["windows-1252", "iso-8859-1"])
    it(charset, async () => {
      const bytes = Buffer.from(Array.from({ length: 128 }, (_, at) => at + 128));
      await using own = await serve((_, response) => {
        response.setHeader("Content-Type", `text/plain; charset=${charset}`);
        response.end(bytes);
      });
      const whole = (await requests.get(own.url)).text;
      let streamed = "";
      for await (const text of (await requests.get(own.url, { stream: true })).iterContent(3, { decodeUnicode: true }))
        streamed += text;
      assert.equal(streamed, whole);
      assert.equal(whole[0], "€");
    });
});

describe("16. Global objects", () => {
  it("importing this package leaves the globals alone", async () => {
    const script = `
      const look = () => Reflect.ownKeys(globalThis).map((key) => {
        const { get, value } = Object.getOwnPropertyDescriptor(globalThis, key);
        return [key, get ?? value];
      });
      // The first package from npm makes Deno bring globals of Node's.
      ${ON_DENO ? 'await import("tough-cookie");' : ""}
      // The first look makes Node load what it keeps back until then, its own fetch and dispatcher among it.
      look();
      const before = look();
      const dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")];
      await import("requests-ts");
      const after = look();
      const changed = after.filter(([key, value], at) => before[at]?.[0] !== key || !Object.is(before[at]?.[1], value));
      console.log(after.length - before.length, changed.length, globalThis[Symbol.for("undici.globalDispatcher.1")] === dispatcher);`;
    const { stdout } = await runText(script, [], { cwd: import.meta.dirname });
    assert.equal(stdout, "0 0 true\n");
  });
});

describe("18. The total timeout", () => {
  it("ends a response that arrives slowly, at once and streamed", async () => {
    for (const stream of [false, true]) {
      const started = performance.now();
      const call = requests
        .get(`${server.url}/drip?duration=5&numbytes=100`, { stream, timeout: { read: 1, total: 0.15 } })
        .then((one) => one.read());
      assert.equal((await failure(call)).name, "TotalTimeout");
      assert.ok(performance.now() - started < 2000);
    }
  });
});
