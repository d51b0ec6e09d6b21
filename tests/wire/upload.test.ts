/** Bodies on their way out: early answers, Expect: 100-continue, back-pressure; and 1xx responses on their way in. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, HTTPDigestAuth, Session, type InformationalResponse } from "requests-ts";
import { eventually, GRACE, OK, pause, rawServer, rejection, type RawServer } from "../_support/raw-server.js";

const MEGABYTE = 1 << 20;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const EXPECT = { headers: { Expect: "100-continue" } };

let session: Session;
let adapter: HTTPAdapter;
let server: RawServer;

beforeEach(() => {
  session = new Session();
  adapter = new HTTPAdapter();
  session.mount("http://", adapter);
});
afterEach(async () => {
  await session.close();
  await server.close();
});

/** A source that counts what is asked of it. */
class Source {
  given = 0;
  closed = false;
  readonly #chunk: Buffer;
  readonly #most: number;

  constructor(chunk: number, most: number) {
    this.#chunk = Buffer.alloc(chunk, "x");
    this.#most = most;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      while (this.given < this.#most) {
        this.given += this.#chunk.length;
        yield this.#chunk;
      }
    } finally {
      this.closed = true;
    }
  }
}

const OPTIONS = { timeout: 60_000 };

describe("a response before the whole request was sent", OPTIONS, () => {
  for (const status of [200, 413])
    it(`${status} is returned, and the source is closed`, async () => {
      server = await rawServer(async (peer) => {
        await peer.until("\r\n\r\n");
        await peer.until(1000);
        peer.socket.pause();
        await peer.send(`HTTP/1.1 ${status} x\r\nContent-Length: 5\r\n\r\nearly`);
      });
      const source = new Source(64 * 1024, 1000 * MEGABYTE);
      const response = await session.post(server.url, { data: source });
      assert.deepEqual([response.statusCode, response.text], [status, "early"]);
      await eventually(() => source.closed);
      assert.ok(source.given < 100 * MEGABYTE, `${source.given} bytes were asked for`);
      await eventually(() => adapter.statistics.open === 0);
    });

  it("is returned for a body in memory", async () => {
    server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.socket.pause();
      await peer.send("HTTP/1.1 403 x\r\nContent-Length: 5\r\n\r\nearly");
    });
    const response = await session.post(server.url, { data: Buffer.alloc(30 * MEGABYTE) });
    assert.deepEqual([response.statusCode, response.text], [403, "early"]);
    await eventually(() => adapter.statistics.open === 0);
  });

  it("keeps the connection when its body continues after the request was sent", async () => {
    server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      await peer.sendAndPause("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nea");
      await peer.until("0\r\n\r\n");
      await peer.send("rl");
      await peer.request();
      await peer.send(OK);
    });
    async function* slow(): AsyncGenerator<string, void> {
      yield "a";
      await pause(30);
      yield "b";
    }
    assert.equal((await session.post(server.url, { data: slow() })).text, "earl");
    assert.equal((await session.get(server.url)).reused, true);
  });
});

describe("Expect: 100-continue", OPTIONS, () => {
  for (const [name, data] of [
    ["bytes", () => "body!"],
    ["chunks", () => [Buffer.from("bo"), Buffer.from("dy!")].values()],
  ] as const) {
    it(`accepted, ${name}: sends the body`, async () => {
      let before = "";
      server = await rawServer(async (peer) => {
        await peer.until("\r\n\r\n");
        await pause(20);
        before = peer.received;
        await peer.send(CONTINUE);
        await peer.until(name === "bytes" ? "body!" : "0\r\n\r\n");
        await peer.send(OK);
      });
      const started = performance.now();
      const response = await session.post(server.url, { data: data(), ...EXPECT });
      assert.equal(response.text, "ok");
      assert.ok(before.endsWith("\r\n\r\n"), "the body did not wait");
      assert.match(before, /\r\nExpect: 100-continue\r\n/);
      assert.ok(performance.now() - started < 900, "it waited for its patience to end");
      assert.equal(adapter.statistics.idle, 1);
    });

    it(`refused, ${name}: does not send the body`, async () => {
      server = await rawServer(async (peer) => {
        await peer.until("\r\n\r\n");
        await peer.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
      });
      const response = await session.post(server.url, { data: data(), ...EXPECT });
      assert.deepEqual([response.statusCode, response.text], [417, "no"]);
      await server.peers[0].gone;
      assert.ok(server.peers[0].received.endsWith("\r\n\r\n"), "a body was sent");
      assert.equal(adapter.statistics.open, 0);
    });
  }

  it("refused: closes the source, though it was never opened", async () => {
    server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      await peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    });
    const file = createReadStream(import.meta.filename);
    const response = await session.post(server.url, { data: file, ...EXPECT });
    assert.equal(response.statusCode, 413);
    await eventually(() => file.closed);
  });

  it("refused with a 401: sends the unread body with the credentials", async () => {
    server = await rawServer(async (peer) => {
      const unauthorized = await peer.until("\r\n\r\n");
      if (!/^authorization:/im.test(unauthorized)) {
        const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n';
        await peer.send(`HTTP/1.1 401 Unauthorized\r\n${challenge}Content-Length: 0\r\n\r\n`);
        return;
      }
      await peer.send(CONTINUE);
      await peer.until("0\r\n\r\n");
      await peer.send(OK);
    });
    const data = [Buffer.from("only once")].values();
    const response = await session.post(server.url, { data, auth: new HTTPDigestAuth("ada", "secret"), ...EXPECT });
    assert.equal(response.text, "ok");
    assert.match(server.peers[1].received, /9\r\nonly once\r\n0\r\n\r\n$/);
  });

  it("ignored: sends the body after a second", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(OK);
    });
    const started = performance.now();
    const response = await session.post(server.url, { data: "body!", ...EXPECT });
    const elapsed = performance.now() - started;
    assert.equal(response.text, "ok");
    assert.ok(elapsed > 990 && elapsed < 1000 + GRACE, `${elapsed} ms`);
  });

  it("answered with a final response instead of a 100: sends no body", async () => {
    server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      await peer.send(OK);
    });
    assert.equal((await session.put(server.url, { data: "body!", ...EXPECT })).text, "ok");
    await server.peers[0].gone;
    assert.ok(server.peers[0].received.endsWith("\r\n\r\n"));
  });

  it("causes no wait without a body", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(OK);
    });
    const started = performance.now();
    await session.get(server.url, EXPECT);
    assert.ok(performance.now() - started < 900);
  });
});

describe("1xx responses", OPTIONS, () => {
  it("are skipped, and passed to onInformational", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.sendAndPause("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nlink: </b.js>\r\n\r\n");
      await peer.send(`HTTP/1.1 102 Processing\r\n\r\n${OK}`);
    });
    const seen: InformationalResponse[] = [];
    const response = await session.get(server.url, { onInformational: (found) => seen.push(found) });
    assert.deepEqual([response.statusCode, response.text], [200, "ok"]);
    assert.equal(response.headers["link"], undefined);
    assert.deepEqual(seen, [
      { statusCode: 103, reason: "Early Hints", headers: [["Link", "</a.css>"], ["link", "</b.js>"]] },
      { statusCode: 102, reason: "Processing", headers: [] },
    ]); // prettier-ignore
  });

  it("fail the call when onInformational throws", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send(`HTTP/1.1 103 x\r\n\r\n${OK}`);
    });
    const fault = new Error("mine");
    const error = await rejection(
      session.get(server.url, {
        onInformational: () => {
          throw fault;
        },
      }),
    );
    assert.equal(error.cause, fault);
    await server.peers[0].gone;
    assert.equal(adapter.statistics.open, 0);
  });
});

describe("back-pressure", OPTIONS, () => {
  it("pauses the source when the server does not read", async () => {
    server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      peer.socket.pause();
    });
    const source = new Source(64 * 1024, 1000 * MEGABYTE);
    const abort = new AbortController();
    const call = session.post(server.url, { data: source, signal: abort.signal });
    let before = -1;
    while (source.given !== before) {
      before = source.given;
      await pause(40);
    }
    // What the kernel takes for both sides, and no more.
    assert.ok(source.given < 20 * MEGABYTE, `${source.given} bytes were asked for`);
    abort.abort(new Error("enough"));
    await assert.rejects(call, { message: "enough" });
    await eventually(() => source.closed);
  });

  it("pauses the server when the reader does not read", async () => {
    let taken = 0;
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\n\r\n");
      const chunk = Buffer.alloc(64 * 1024);
      while (!peer.isGone) {
        await Promise.race([peer.send(chunk), peer.gone]);
        taken += chunk.length;
      }
    });
    const response = await session.get(server.url, { stream: true });
    let before = -1;
    while (taken !== before) {
      before = taken;
      await pause(40);
    }
    assert.ok(taken < 20 * MEGABYTE, `${taken} bytes were taken from the server`);
    // 256 KiB wait for the reader, and one read more, which may be as large.
    assert.ok(response.raw.bytesReceived <= 2 * 256 * 1024, `${response.raw.bytesReceived} bytes are held`);
    const enough = 2 * taken;
    let read = 0;
    for await (const chunk of response.iterContent()) {
      read += chunk.length;
      if (read > enough) break;
    }
    await server.peers[0].gone;
    assert.equal(adapter.statistics.open, 0);
  });

  it("works for compressed content as well", async () => {
    const { createGzip } = await import("node:zlib");
    const { randomBytes } = await import("node:crypto");
    let taken = 0;
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
      const zip = createGzip({ level: 1 });
      void peer.gone.then(() => zip.destroy());
      zip.on("error", () => undefined);
      const noise = randomBytes(64 * 1024);
      const fill = (): void => {
        // In a later turn: Deno calls back before the reader could run.
        if (!peer.isGone) zip.write(noise, () => setImmediate(fill));
      };
      fill();
      for await (const chunk of zip as AsyncIterable<Buffer>) {
        await Promise.race([peer.send(chunk), peer.gone]);
        taken += chunk.length;
      }
    });
    const response = await session.get(server.url, { stream: true });
    const pieces = response.iterContent();
    await pieces.next();
    let before = -1;
    while (taken !== before) {
      before = taken;
      await pause(40);
    }
    assert.ok(taken < 20 * MEGABYTE, `${taken} bytes were taken from the server`);
    assert.ok(response.raw.bytesReceived < 2 * MEGABYTE, `${response.raw.bytesReceived} bytes were read`);
    await pieces.return();
    await eventually(() => adapter.statistics.open === 0);
  });
});

describe("an error that the caller's code throws", OPTIONS, () => {
  it("in the source of the body is the cause", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
    });
    const fault = new Error("disk");
    async function* failing(): AsyncGenerator<string, void> {
      yield "a";
      throw fault;
    }
    const error = await rejection(session.post(server.url, { data: failing() }));
    assert.deepEqual([error.name, error.code, error.phase], ["RequestException", "ERR_BODY_SOURCE", "send"]);
    assert.equal(error.cause, fault);
    assert.match(error.message, /^The body could not be read while it was being sent: disk$/);
    await server.peers[0].gone;
    assert.ok(!server.peers[0].received.includes("0\r\n\r\n"), "a cut body looked whole");
  });

  for (const option of ["onUploadProgress", "onDownloadProgress"] as const)
    it(`in ${option} is the cause`, async () => {
      server = await rawServer(async (peer) => {
        await peer.request();
        await peer.send(OK);
      });
      const fault = new Error("mine");
      const throwing = (): void => {
        throw fault;
      };
      const error = await rejection(session.post(server.url, { data: "x", [option]: throwing }));
      assert.equal(error.cause, fault);
      assert.equal(error.code, "ERR_CALLBACK");
      await eventually(() => adapter.statistics.open === adapter.statistics.idle);
    });
});
