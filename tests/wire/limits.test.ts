/** Every bound on what a peer may send or a program may pile up: its default, its option, its exception. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, RequestsCookieJar, Session, type HTTPAdapterOptions } from "requests-ts";
import { DEFAULT_COOKIE_LIMITS } from "#internal/cookies/store";
import { MAX_CODINGS } from "#internal/wire/decode/decode";
import { DEFAULT_LIMITS } from "#internal/wire/limits";
import { MAX_QUEUE } from "#internal/wire/pool";
import { answering, eventually, OK, rawServer, rejection, unplaced, type RawServer } from "../_support/raw-server.js";

const LINE = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${LINE}Transfer-Encoding: chunked\r\n\r\n`;
const MEGABYTE = 1 << 20;

let session: Session;
let server: RawServer | null = null;
beforeEach(() => {
  session = new Session();
});
afterEach(async () => {
  await session.close();
  await server?.close();
  server = null;
});

/** How a limit is set: what the call then looks like. */
interface Setting {
  /** In words, for the title. */
  readonly option: string;
  /** null for no limit. */
  readonly byDefault: number | null;
  /** A value other than the default, to try the option with. */
  readonly other: number;
  readonly set: (limit: number) => { readonly call?: { readonly maxResponseSize: number } };
}

interface Limit extends Setting {
  readonly name: string;
  /** What the peer answers, one item for each request, when the limit is used up to the last, and with one more. */
  readonly answers: (amount: number) => readonly (string | Buffer)[];
  readonly beyond?: (limit: number) => readonly (string | Buffer)[];
  readonly error: string;
  readonly code: string;
  readonly phase: string | undefined;
  /** With LIMIT for the number. */
  readonly message: string;
}

function ofAdapter(option: keyof HTTPAdapterOptions, byDefault: number, other: number): Setting {
  return {
    option: `HTTPAdapter ${option}`,
    byDefault,
    other,
    set: (limit) => {
      session.mount("http://", new HTTPAdapter({ [option]: limit }));
      return {};
    },
  };
} // prettier-ignore

/** A head of exactly so many bytes, the empty line not counted. */
function headOf(bytes: number): string {
  const head = `${LINE}Content-Length: 0\r\nA: `;
  return `${head}${"b".repeat(bytes - head.length)}\r\n\r\n`;
}

function trailersOf(bytes: number): string {
  return `${CHUNKED}0\r\nA: ${"b".repeat(bytes - 3)}\r\n\r\n`;
}

function encoded(body: Buffer, codings: string): Buffer {
  return Buffer.concat([
    Buffer.from(`${LINE}Content-Encoding: ${codings}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
}

function nested(codings: number): Buffer {
  let body: Buffer = Buffer.from("ok");
  for (let depth = 0; depth < codings; depth += 1) body = gzipSync(body);
  return encoded(body, Array(codings).fill("gzip").join(", "));
}

/** A body that grows by a little less than the ratio, or a little more: 12 MiB of zeros and as much noise as it takes. */
function growing(ratio: number, direction: 1 | -1): Buffer {
  const zeros = Buffer.alloc(12 * MEGABYTE);
  const packed = gzipSync(zeros).length;
  // (zeros + noise) / (packed + noise) is the ratio; noise does not shrink.
  const noise = Math.floor((zeros.length - ratio * packed) / (ratio - 1)) - direction * Math.ceil(zeros.length / 10_000);
  const body = Buffer.concat([zeros, randomBytes(noise)]);
  return encoded(gzipSync(body), "gzip");
} // prettier-ignore

const BAD_RESPONSE = { error: "ConnectionError", code: "ERR_BAD_RESPONSE", phase: "wait" } as const;
const BROKEN = { error: "ChunkedEncodingError", code: "ERR_CHUNKED_ENCODING", phase: "receive" } as const;
const UNDECODABLE = { error: "ContentDecodingError", code: "ERR_CONTENT_DECODING", phase: "receive" } as const;

const maxResponseSize: Setting = {
  option: "maxResponseSize of the call",
  byDefault: null,
  other: 10,
  set: (limit) => ({ call: { maxResponseSize: limit } }),
};
const TOO_LARGE = {
  error: "ContentTooLarge",
  code: "ERR_CONTENT_TOO_LARGE",
  phase: "receive",
  message: "The body is larger than maxResponseSize (LIMIT bytes): raise it, or read with stream: true",
} as const;

const LIMITS: readonly Limit[] = [
  {
    name: "bytes of a head",
    ...ofAdapter("maxHeaderSize", DEFAULT_LIMITS.maxHeaderSize, 100),
    answers: (bytes) => [headOf(bytes)],
    ...BAD_RESPONSE,
    message: "Connection aborted: bad response: the head is larger than LIMIT bytes (maxHeaderSize of HTTPAdapter)",
  },
  {
    name: "fields of a head",
    ...ofAdapter("maxHeaders", DEFAULT_LIMITS.maxHeaders, 3),
    answers: (fields) => [`${LINE}Content-Length: 0\r\n${"A: b\r\n".repeat(fields - 1)}\r\n`],
    ...BAD_RESPONSE,
    message: "Connection aborted: bad response: more than LIMIT header fields (maxHeaders of HTTPAdapter)",
  },
  {
    name: "bytes of the trailers",
    ...ofAdapter("maxHeaderSize", DEFAULT_LIMITS.maxHeaderSize, 100),
    answers: (bytes) => [trailersOf(bytes)],
    ...BROKEN,
    message: "Connection broken: trailers larger than LIMIT bytes (maxHeaderSize of HTTPAdapter) (0 bytes read)",
  },
  {
    name: "fields of the trailers",
    ...ofAdapter("maxHeaders", DEFAULT_LIMITS.maxHeaders, 3),
    answers: (fields) => [`${CHUNKED}0\r\n${"A: b\r\n".repeat(fields)}\r\n`],
    ...BROKEN,
    message: "Connection broken: malformed trailers (0 bytes read)",
  },
  {
    name: "bytes of a chunk-size line",
    ...ofAdapter("maxChunkLineSize", DEFAULT_LIMITS.maxChunkLineSize, 10),
    answers: (bytes) => [`${CHUNKED}2;${"a".repeat(bytes - 2)}\r\nok\r\n0\r\n\r\n`],
    ...BROKEN,
    message: "Connection broken: a chunk-size line longer than LIMIT bytes (maxChunkLineSize of HTTPAdapter) (0 bytes read)",
  },
  {
    name: "1xx responses",
    ...ofAdapter("maxInformational", DEFAULT_LIMITS.maxInformational, 2),
    answers: (responses) => ["HTTP/1.1 103 Early Hints\r\n\r\n".repeat(responses) + OK],
    ...BAD_RESPONSE,
    message: "Connection aborted: bad response: more than LIMIT informational responses (maxInformational of HTTPAdapter)",
  },
  {
    name: "content codings in a row",
    ...ofAdapter("maxContentCodings", MAX_CODINGS, 2),
    answers: (codings) => [nested(codings)],
    ...UNDECODABLE,
    message: "Received response with content-encoding: GZIPS, but failed to decode it: more than LIMIT content codings (maxContentCodings of HTTPAdapter)",
  },
  {
    name: "growth by decoding",
    ...ofAdapter("maxDecompressionRatio", 200, 500),
    answers: (ratio) => [growing(ratio, -1)],
    beyond: (ratio) => [growing(ratio, 1)],
    ...UNDECODABLE,
    message: "Received response with content-encoding: compressed, but failed to decode it: it grows more than LIMIT times, like a decompression bomb (maxDecompressionRatio of HTTPAdapter)",
  },
  {
    name: "redirects",
    option: "session.maxRedirects",
    byDefault: 30,
    other: 2,
    set: (limit) => {
      session.maxRedirects = limit;
      return {};
    },
    answers: (redirects) => [...Array<string>(redirects).fill("HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"), OK],
    error: "TooManyRedirects",
    code: "ERR_TOO_MANY_REDIRECTS",
    phase: undefined,
    message: "Exceeded LIMIT redirects. The last one led to /next; raise session.maxRedirects, or use allowRedirects: false to see each",
  },
  { name: "bytes of a body with its length", ...maxResponseSize, answers: (bytes) => [`${LINE}Content-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`], ...TOO_LARGE },
  { name: "bytes of a chunked body", ...maxResponseSize, answers: (bytes) => [`${CHUNKED}${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n0\r\n\r\n`], ...TOO_LARGE },
  { name: "bytes of a body until the end", ...maxResponseSize, answers: (bytes) => [`${LINE}Connection: close\r\n\r\n${"x".repeat(bytes)}`], ...TOO_LARGE },
  { name: "bytes after decoding", ...maxResponseSize, answers: (bytes) => [encoded(gzipSync(Buffer.alloc(bytes, "x")), "gzip")], ...TOO_LARGE },
]; // prettier-ignore

/** Sends the answers, and closes after one that ends there. */
async function ask(answers: readonly (string | Buffer)[], call: object): Promise<unknown> {
  let next = 0;
  server = await rawServer(async (peer) => {
    for (;;) {
      await peer.request();
      const answer = answers[Math.min(next, answers.length - 1)];
      next += 1;
      await peer.send(answer);
      if (String(answer.slice(0, 60)).includes("Connection: close")) peer.end();
    }
  });
  return session.get(server.url, call);
}

const FROM_THE_PARSER = new Set(["ERR_BAD_RESPONSE", "ERR_CHUNKED_ENCODING"]);

for (const limit of LIMITS)
  describe(`${limit.name}: ${limit.option}`, { timeout: 30_000 }, () => {
    for (const [kind, amount] of [["by default", limit.byDefault], ["set to", limit.other]] as const) {
      if (amount === null) {
        it("is off by default", async () => {
          const response = await ask(limit.answers(MEGABYTE), {});
          assert.equal((response as { readonly content: Buffer }).content.length, MEGABYTE);
        });
        continue;
      }
      const call = (): object => (kind === "by default" ? {} : (limit.set(amount).call ?? {}));
      it(`${kind} ${amount}: the limit itself is allowed`, async () => {
        const response = await ask(limit.answers(amount), call());
        assert.equal((response as { readonly statusCode: number }).statusCode, 200);
      });
      it(`${kind} ${amount}: more throws ${limit.error}`, async () => {
        const error = await rejection(ask((limit.beyond ?? ((most) => limit.answers(most + 1)))(amount), call()));
        assert.deepEqual([error.name, error.code, error.phase], [limit.error, limit.code, limit.phase]);
        const gzips = Array(amount + 1).fill("gzip").join(", ");
        const message = FROM_THE_PARSER.has(limit.code) ? unplaced(error, server!.address) : error.message;
        assert.equal(message, limit.message.replace("LIMIT", String(amount)).replace("GZIPS", gzips));
      });
    }
  }); // prettier-ignore

describe("too many trailers", { timeout: 30_000 }, () => {
  it("are named in the cause", async () => {
    session.mount("http://", new HTTPAdapter({ maxHeaders: 1 }));
    const error = await rejection(ask([`${CHUNKED}0\r\nA: b\r\nA: b\r\n\r\n`], {}));
    assert.match((error.cause as Error).message, /more than 1 header fields \(maxHeaders of HTTPAdapter\)$/);
  });
});

describe("HTTPAdapter maxQueue, the requests that wait", { timeout: 30_000 }, () => {
  /** One request that is not answered yet, and `waiting` more in the queue. */
  async function fill(waiting: number): Promise<{ release: () => void; calls: Promise<unknown>[] }> {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isFirst = true;
    server = await rawServer(async (peer) => {
      for (;;) {
        await peer.request();
        if (isFirst) await held;
        isFirst = false;
        await peer.send(OK);
      }
    });
    const { url } = server;
    return { release, calls: Array.from({ length: waiting + 1 }, () => session.get(url)) };
  }

  it(`is ${MAX_QUEUE} by default`, () => {
    assert.equal(MAX_QUEUE, 100_000);
  });

  for (const maxQueue of [0, 3])
    it(`set to ${maxQueue}: so many requests wait, and one more throws ConnectionError at once`, async () => {
      const adapter = new HTTPAdapter({ maxConnections: 1, maxQueue, maxRetries: 5 });
      session.mount("http://", adapter);
      const { release, calls } = await fill(maxQueue);
      await eventually(() => adapter.statistics.waiting === maxQueue && adapter.statistics.open === 1);
      const error = await rejection(session.get(server!.url));
      assert.deepEqual([error.name, error.code, error.phase, error.address, error.attempt], ["ConnectionError", "ERR_POOL_FULL", "pool", server!.address, 1]); // prettier-ignore
      assert.equal(
        error.message,
        `The pool is full: ${maxQueue} requests wait for the 1 connections to ${server!.address}. Send less at once, or raise maxQueue of HTTPAdapter`,
      );
      release();
      await Promise.all(calls);
      assert.equal(adapter.statistics.waiting, 0);
      await session.get(server!.url);
    });

  it("may be Infinity", async () => {
    session.mount("http://", new HTTPAdapter({ maxConnections: 1, maxQueue: Infinity }));
    const { release, calls } = await fill(500);
    release();
    assert.equal((await Promise.all(calls)).length, 501);
  });
});

describe("cookies: the limits of a RequestsCookieJar", { timeout: 30_000 }, () => {
  /** What a server set, by the request after it. */
  async function stored(setCookies: readonly string[]): Promise<string[]> {
    const lines = setCookies.map((value) => `Set-Cookie: ${value}\r\n`).join("");
    server = await rawServer(answering(`${LINE}${lines}Content-Length: 0\r\n\r\n`));
    await session.get(server.url);
    return session.cookies.keys();
  }

  const named = (count: number): string[] => Array.from({ length: count }, (_item, at) => `c${at}=v`);

  for (const [kind, most] of [["by default", DEFAULT_COOKIE_LIMITS.maxCookiesPerDomain], ["set to", 5]] as const) {
    const use = (): void => {
      if (kind === "set to") session.cookies = new RequestsCookieJar(null, { maxCookiesPerDomain: most });
    };
    it(`for one domain, ${kind} ${most}: so many are kept`, async () => {
      use();
      assert.deepEqual(await stored(named(most)), Array.from({ length: most }, (_item, at) => `c${at}`));
    });
    it(`for one domain, ${kind} ${most}: one more removes the oldest`, async () => {
      use();
      assert.deepEqual(await stored(named(most + 1)), Array.from({ length: most }, (_item, at) => `c${at + 1}`));
    });
  } // prettier-ignore

  for (const [kind, most] of [["by default", DEFAULT_COOKIE_LIMITS.maxCookies], ["set to", 4]] as const)
    it(`in all, ${kind} ${most}: one more removes the oldest`, () => {
      const jar = new RequestsCookieJar(null, kind === "set to" ? { maxCookies: most } : {});
      for (let at = 0; at < most; at += 1) jar.extract([`c${at}=v`], `http://h${at % 100}.example/`);
      assert.equal(jar.size, most);
      assert.equal(jar.has("c0"), true);
      jar.extract(["more=v"], "http://other.example/");
      assert.deepEqual([jar.size, jar.has("c0"), jar.has("c1"), jar.has("more")], [most, false, true, true]);
    }); // prettier-ignore

  for (const [kind, most] of [["by default", DEFAULT_COOKIE_LIMITS.maxCookieSize], ["set to", 10]] as const)
    it(`in size, ${kind} ${most} bytes: a larger one is ignored`, async () => {
      if (kind === "set to") session.cookies = new RequestsCookieJar(null, { maxCookieSize: most });
      assert.deepEqual(await stored([`a=${"x".repeat(most - 1)}`, `b=${"x".repeat(most)}`]), ["a"]);
    }); // prettier-ignore

  it("apply to copies too", () => {
    const copy = new RequestsCookieJar(null, { maxCookiesPerDomain: 1 }).copy();
    copy.extract(["a=1", "b=2"], "http://h.example/");
    assert.deepEqual(copy.keys(), ["b"]);
  });

  it("are named and counted", () => {
    assert.throws(() => new RequestsCookieJar(null, { maxCookie: 3 } as object), {
      name: "TypeError",
      message: 'RequestsCookieJar: unknown limit "maxCookie"; known are maxCookiesPerDomain, maxCookies, maxCookieSize',
    });
    for (const most of [0, NaN, -1, "5"])
      assert.throws(() => new RequestsCookieJar(null, { maxCookies: most as number }), RangeError);
  });
});
