/** The body of a response that will be retried decides nothing; that of the last response is whole, or its error is thrown. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, Retry, Session, type RequestOptions } from "requests-ts";
import { OK, rawServer, rejection, type Peer, type RawServer } from "../_support/raw-server.js";

const HEAD = "HTTP/1.1 503 x\r\nRetry-After: 0\r\n";
const OPTIONS = { timeout: 20_000 };

let server: RawServer;
afterEach(() => server.close());

/** @param failing - How many of the first requests get the answer; the next ones get 200. */
async function answering(answer: string | Uint8Array, failing: number, then?: (peer: Peer) => void): Promise<void> {
  let requests = 0;
  server = await rawServer(async (peer) => {
    for (;;) {
      await peer.request();
      requests += 1;
      if (requests > failing) await peer.send(OK);
      else {
        await peer.send(answer);
        then?.(peer);
      }
    }
  });
}

const bytes = (fields: string, body: Uint8Array | string): Buffer =>
  Buffer.concat([Buffer.from(`${HEAD}${fields}Content-Length: ${body.length}\r\n\r\n`), Buffer.from(body)]);
const large = "x".repeat(200_000);

const table: readonly (readonly [string, string | Uint8Array, ((peer: Peer) => void)?, RequestOptions?])[] = [
  ["a gzip that is broken", bytes("Content-Encoding: gzip\r\n", "plain")],
  ["a gzip that is cut", bytes("Content-Encoding: gzip\r\n", gzipSync("hello").subarray(0, 15))],
  ["br that is HTML", bytes("Content-Encoding: br\r\n", "<html>")],
  ["too many codings", bytes("Content-Encoding: gzip,gzip,gzip,gzip,gzip,gzip\r\n", "x")],
  ["more than maxResponseSize", bytes("", "x".repeat(5000)), () => undefined, { maxResponseSize: 100 }],
  ["shorter than its length", `${HEAD}Content-Length: 50\r\n\r\nabc`, (peer) => peer.end()],
  ["a chunked body without an end", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ["a chunked body that is none", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ["a body without an end", `${HEAD}\r\nhello`],
];

for (const [how, policy] of [
  ["a number of the session", 3],
  ["a Retry", new Retry({ total: 3, backoffFactor: 0, statusForcelist: [503], allowedMethods: null })],
] as const)
  describe(`a 503 that is retried, by ${how}`, OPTIONS, () => {
    for (const [name, answer, then, options = {}] of table)
      for (const stream of [false, true])
        it(`has a body that is ${name}${stream ? ", streamed" : ""}`, async () => {
          await answering(answer, 1, then);
          const session = new Session({ trustEnv: false, retries: policy });
          const response = await session.get(server.url, { stream, ...options });
          assert.equal(response.statusCode, 200);
          assert.equal((await response.read()).toString(), "ok");
          await session.close();
        });
  });

describe("the last response after retries", OPTIONS, () => {
  const never = new Retry({ total: 0, statusForcelist: [503], raiseOnStatus: false });
  const last: readonly (readonly [string, Retry])[] = [
    ["retries are used up", new Retry({ total: 1, statusForcelist: [503], backoffFactor: 0, raiseOnStatus: false })],
    ["there are none", never],
    ["the counter of statuses is used up", never.new({ total: 3, status: 0 })],
    ["the predicate says no", never.new({ total: 3, predicate: () => false })],
    ["the method is not allowed", never.new({ total: 3, allowedMethods: ["PUT"] })],
  ];
  for (const [name, maxRetries] of last) {
    it(`is complete: ${name}`, async () => {
      await answering(bytes("", large), 9);
      const session = new Session({ trustEnv: false });
      session.mount("http://", new HTTPAdapter({ maxRetries }));
      assert.equal((await session.get(server.url)).text.length, large.length);
      await session.close();
    });

    it(`throws the error of its body: ${name}`, async () => {
      await answering(bytes("Content-Encoding: gzip\r\n", "plain"), 9);
      const session = new Session({ trustEnv: false });
      session.mount("http://", new HTTPAdapter({ maxRetries }));
      assert.equal((await rejection(session.get(server.url))).name, "ContentDecodingError");
      await session.close();
    });
  }
});

it("a challenge of a forwarding proxy is answered whatever its body is", OPTIONS, async () => {
  server = await rawServer(async (peer) => {
    await peer.request();
    await peer.send(
      'HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain',
    );
    assert.match((await peer.request()).head, /Proxy-Authorization: Digest /);
    await peer.send(OK);
    await peer.gone;
  });
  const proxy = server.url.replace("http://", "http://user:password@");
  const session = new Session({ trustEnv: false, proxies: { http: proxy } });
  assert.equal((await session.get("http://h.example/")).text, "ok");
  await session.close();
});
