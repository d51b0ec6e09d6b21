/** The body of a redirect that will be followed decides nothing: it is kept if it is whole and good, and never waited for long. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, Request, Session, type Response, type SendSettings } from "requests-ts";
import { eventually, pause, rawServer, rejection, type Peer, type RawServer } from "../_support/raw-server.js";

let server: RawServer;
let adapter: HTTPAdapter;
beforeEach(() => {
  adapter = new HTTPAdapter();
});
afterEach(async () => {
  await adapter.close();
  await server.close();
});

/** @param send - What the server sends after the status line and Location. */
async function redirected(
  send: (peer: Peer) => Promise<void> | void,
  options: Partial<SendSettings> & { readonly method?: string; readonly status?: number } = {},
): Promise<Response> {
  const { method = "GET", status = 302, ...settings } = options;
  server = await rawServer(async (peer) => {
    await peer.request();
    await peer.send(`HTTP/1.1 ${status} x\r\nLocation: /next\r\n`);
    await send(peer);
  });
  const request = new Request(method, server.url).prepare();
  const session = new Session({ trustEnv: false });
  return adapter.send(request, {
    ...session.mergeEnvironmentSettings(server.url),
    stream: false,
    timeout: null,
    followsRedirects: true,
    ...settings,
  });
}

const hold = async (peer: Peer): Promise<void> => {
  await peer.gone;
};
const sending =
  (bytes: string | Uint8Array, then: (peer: Peer) => Promise<void> | void = hold) =>
  async (peer: Peer): Promise<void> => {
    await peer.send(bytes);
    await then(peer);
  };
const closing = (peer: Peer): void => peer.end();
const encoded = (coding: string, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`), body]);

const OPTIONS = { timeout: 20_000 };
/** What a busy machine is forgiven. */
const PROMPT = 400;

describe("the complete body of a followed redirect", OPTIONS, () => {
  const table: readonly (readonly [string, string | Uint8Array, string])[] = [
    ["of a length", "Content-Length: 4\r\n\r\nmove", "move"],
    ["empty", "Content-Length: 0\r\n\r\n", ""],
    ["in chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nmo\r\n2\r\nve\r\n0\r\n\r\n", "move"],
    ["compressed", encoded("gzip", gzipSync("move")), "move"],
    ["compressed, large", encoded("gzip", gzipSync(Buffer.alloc(3_000_000, "move"))), "move".repeat(750_000)],
    ["of 64 KiB", `Content-Length: 65536\r\n\r\n${"x".repeat(65_536)}`, "x".repeat(65_536)],
  ];
  for (const [name, bytes, content] of table)
    it(`is the content in history, and the connection is reused: ${name}`, async () => {
      const response = await redirected(sending(bytes));
      assert.equal(response.isRedirect, true);
      assert.equal(response.text, content);
      assert.equal(adapter.statistics.idle, 1);
    });

  it("is awaited while it arrives in pieces", async () => {
    const response = await redirected(async (peer) => {
      await peer.sendAndPause("Content-Length: 4\r\n\r\nmo");
      await peer.sendAndPause("ve");
      await peer.gone;
    });
    assert.equal(response.text, "move");
    assert.equal(adapter.statistics.idle, 1);
  });

  for (const status of [301, 303, 307, 308])
    it(`after ${status}`, async () => {
      assert.equal((await redirected(sending("Content-Length: 4\r\n\r\nmove"), { status })).text, "move");
    });
});

describe("the damaged body of a followed redirect", OPTIONS, () => {
  const table: readonly (readonly [string, (peer: Peer) => Promise<void>])[] = [
    ["shorter than its length", sending("Content-Length: 120\r\n\r\nmove", closing)],
    ["reset", sending("Content-Length: 120\r\n\r\nmove", (peer) => peer.reset())],
    ["with invalid chunks", sending("Transfer-Encoding: chunked\r\n\r\nmove it\r\n")],
    ["with truncated chunks", sending("Transfer-Encoding: chunked\r\n\r\n4\r\nmove\r\n", closing)],
    ["without a last chunk", sending("Transfer-Encoding: chunked\r\n\r\n4\r\nmo", closing)],
    ["invalid gzip", sending(encoded("gzip", Buffer.from("move")))],
    ["a truncated gzip", sending(encoded("gzip", gzipSync("move").subarray(0, -4)))],
    ["a large truncated gzip", sending(encoded("gzip", gzipSync(Buffer.alloc(2_000_000)).subarray(0, -4)))],
    ["a bomb", sending(encoded("gzip, gzip", gzipSync(gzipSync(Buffer.alloc(30_000_000)))))],
    ["with an unknown coding", sending(encoded("gzip, x-odd", gzipSync("move")))],
    ["with too many codings", sending(encoded("gzip,".repeat(10), gzipSync("move")))],
  ];
  for (const [name, send] of table)
    for (const stream of [false, true])
      it(`does not fail the call: ${name}${stream ? ", streamed" : ""}`, async () => {
        const response = await redirected(send, { stream });
        assert.equal(response.headers["location"], "/next");
        if (!stream) assert.equal(response.content.length, 0);
        response.close();
        await eventually(() => adapter.statistics.open === adapter.statistics.idle);
      });

  it("throws for a hook that reads it as a stream", async () => {
    const response = await redirected(sending("Content-Length: 120\r\n\r\nmove", closing), { stream: true });
    await assert.rejects(response.read(), { name: "ChunkedEncodingError" });
    await server.close();
    const compressed = await redirected(sending(encoded("gzip", gzipSync("move"))), { stream: true });
    assert.equal((await compressed.read()).toString(), "move");
  });
});

describe("the slow body of a followed redirect", OPTIONS, () => {
  it("is abandoned at once when it has no length", async () => {
    const started = performance.now();
    const response = await redirected(sending("\r\nmove"));
    assert.ok(performance.now() - started < PROMPT);
    assert.equal(response.content.length, 0);
    await server.peers[0].gone;
    assert.equal(adapter.statistics.open, 0);
  });

  it("is abandoned at once when it is larger than 64 KiB", async () => {
    for (const bytes of [
      `Content-Length: 65537\r\n\r\n${"x".repeat(1000)}`,
      `Transfer-Encoding: chunked\r\n\r\n20000\r\n${"x".repeat(0x11000)}`,
    ]) {
      const started = performance.now();
      const response = await redirected(sending(bytes));
      assert.ok(performance.now() - started < PROMPT);
      assert.equal(response.content.length, 0);
      await server.peers[0].gone;
      assert.equal(adapter.statistics.open, 0);
      await server.close();
    }
    server = await rawServer(hold);
  });

  const slow: readonly (readonly [string, (peer: Peer) => Promise<void>])[] = [
    ["does not arrive", sending("Content-Length: 100\r\n\r\n")],
    ["arrives slowly", async (peer) => {
      await peer.send("Transfer-Encoding: chunked\r\n\r\n");
      while (!peer.isGone) await peer.sendAndPause("1\r\nx\r\n");
    }],
  ]; // prettier-ignore
  for (const [name, send] of slow)
    it(`is abandoned after a second when it ${name}`, async () => {
      const started = performance.now();
      const response = await redirected(send);
      const elapsed = performance.now() - started;
      assert.ok(elapsed >= 990 && elapsed < 1000 + PROMPT, `${elapsed} ms`);
      assert.equal(response.content.length, 0);
      await eventually(() => adapter.statistics.open === 0);
    });

  it("is not awaited for longer than the read timeout", async () => {
    const started = performance.now();
    const response = await redirected(sending("Content-Length: 100\r\n\r\n"), { timeout: { read: 0.1 } });
    assert.ok(performance.now() - started < 100 + PROMPT);
    assert.equal(response.content.length, 0);
    assert.equal(adapter.statistics.open, 0);
  });

  it("does not delay an abort or the total timeout", async () => {
    const reason = new Error("mine");
    const controller = new AbortController();
    const aborted = redirected(sending("Content-Length: 100\r\n\r\n"), { signal: controller.signal }).then(
      () => assert.fail("it was not aborted"),
      (error: unknown) => error,
    );
    await pause(50);
    controller.abort(reason);
    assert.equal(await aborted, reason);
    await server.close();
    const limited = redirected(sending("Content-Length: 100\r\n\r\n"), { timeout: { total: 0.1 } });
    assert.equal((await rejection(limited)).name, "TotalTimeout");
  });
});

describe("a body that does not belong to a followed redirect is kept", OPTIONS, () => {
  const broken = sending("Content-Length: 120\r\n\r\nmove", closing);
  const table: readonly (readonly [string, Parameters<typeof redirected>[1]])[] = [
    ["redirects are not followed", { followsRedirects: false }],
    ["followsRedirects is not set", { followsRedirects: undefined }],
    ["a status that is not followed", { status: 300 }],
    ["an error", { status: 404 }],
  ];
  for (const [name, options] of table)
    it(name, async () => {
      assert.equal((await rejection(redirected(broken, options))).name, "ChunkedEncodingError");
    });

  it("and a progress callback that throws still fails the call", async () => {
    const onDownloadProgress = (): void => {
      throw new Error("from the callback");
    };
    const call = redirected(sending("Content-Length: 4\r\n\r\nmove"), { onDownloadProgress });
    assert.equal((await rejection(call)).code, "ERR_CALLBACK");
  });

  it("and maxResponseSize does not count the redirect's", async () => {
    assert.equal((await redirected(sending("Content-Length: 4\r\n\r\nmove"), { maxResponseSize: 2 })).statusCode, 302);
  });

  it("and a response to HEAD has none", async () => {
    const response = await redirected(sending("Content-Length: 100000\r\n\r\n"), { method: "HEAD" });
    assert.equal(response.content.length, 0);
    assert.equal(adapter.statistics.idle, 1);
  });
});

describe("a redirect that the session does not follow keeps its body", OPTIONS, () => {
  const BODY = "x".repeat(100_000);
  class NeverFollowing extends Session {
    override getRedirectTarget(): null {
      return null;
    }
  }
  const assigned = new Session({ trustEnv: false });
  assigned.getRedirectTarget = () => null;
  const table: readonly (readonly [string, string, Session])[] = [
    ["an empty Location", "", new Session({ trustEnv: false })],
    ["getRedirectTarget is overridden", "/next", new NeverFollowing({ trustEnv: false })],
    ["getRedirectTarget is assigned", "/next", assigned],
    [
      "a hook changes the status",
      "/next",
      new Session({ trustEnv: false, hooks: { response: (one) => void (one.statusCode = 200) } }),
    ],
    [
      "a hook deletes Location",
      "/next",
      new Session({ trustEnv: false, hooks: { response: (one) => void delete one.headers["Location"] } }),
    ],
  ];
  for (const [name, location, session] of table)
    it(name, async () => {
      server = await rawServer(async (peer) => {
        await peer.request();
        await peer.send(`HTTP/1.1 302 x\r\nLocation: ${location}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`);
        await peer.gone;
      });
      const response = await session.get(server.url, { timeout: 5 });
      assert.equal(response.text.length, BODY.length);
      await session.close();
    });
});
