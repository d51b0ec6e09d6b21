import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { gunzipSync } from "node:zlib";
import { httpbin, type Server } from "requests-ts/httpbin";
import { eventually, pause } from "../../_support/raw-server.js";
import { ON_BUN, ON_DENO } from "../../_support/runtime.js";
import { ask, askRaw } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

const get = (path: string, enough?: (text: string) => boolean): Promise<string> =>
  askRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`, enough);

describe("faults of a connection", () => {
  for (const after of ["request", "headers", "body"]) {
    it(`/reset resets it after the ${after}`, async () => {
      await assert.rejects(get(`/reset?after=${after}`), { code: "ECONNRESET" });
    });
  }

  it("/reset resets it under TLS too", async () => {
    const secure = await httpbin({ tls: true });
    try {
      const told = await new Promise<string>((resolve) => {
        const socket = connect({ port: secure.port, host: "127.0.0.1", ca: secure.ca }, () =>
          socket.write("GET /reset HTTP/1.1\r\nHost: h\r\n\r\n"),
        );
        socket.on("data", (chunk) => resolve(chunk.toString())).on("end", () => resolve("end"));
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      });
      // Deno's TLS takes a reset for an end, and Bun's server cannot send one.
      assert.equal(told, ON_DENO || ON_BUN ? "end" : "ECONNRESET");
      assert.equal((await ask(`${secure.url}/get`, { ca: secure.ca ?? "" })).status, 200);
    } finally {
      await secure.close();
    }
  });

  it("/truncate closes it in the middle of the body", async () => {
    const text = await get("/truncate/10");
    assert.match(text, /\r\nContent-Length: 10\r\n.*\r\n\r\n\*{5}$/s);
    assert.match(await get("/truncate/10?sent=0"), /\r\nContent-Length: 10\r\n.*\r\n\r\n$/s);
    assert.match(await get("/truncate/10?coding=chunked"), /Transfer-Encoding: chunked\r\n.*\r\n\r\n5\r\n\*{5}\r\n$/s);
    await assert.rejects(ask(`${server.url}/truncate/10`), { code: "ECONNRESET" });
  });

  it("/truncate can truncate the gzip stream only", async () => {
    const { bytes, headers } = await ask(`${server.url}/truncate/1000?encoding=gzip`);
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-length"], String(bytes.length));
    assert.throws(() => gunzipSync(bytes), /unexpected end of file/);
  });

  it("/hang sends nothing more", async () => {
    const silentAfter = async (path: string, expected: RegExp): Promise<void> => {
      let seen = "";
      let isClosed = false;
      get(path, (text) => ((seen = text), false))
        .finally(() => (isClosed = true))
        .catch(() => undefined);
      await eventually(() => expected.test(seen));
      await pause(50);
      assert.match(seen, expected);
      assert.equal(isClosed, false);
    };
    await silentAfter("/hang", /^$/);
    await silentAfter("/hang?after=headers", /\r\nContent-Length: 1000\r\n.*\r\n\r\n$/s);
    await silentAfter("/hang?after=body", /\r\n\r\n\*{500}$/s);
  });
});

describe("faults of a message", () => {
  it("/slow-headers sends the headers byte by byte", async () => {
    let pieces = 0;
    const started = performance.now();
    const text = await get("/slow-headers?duration=0.1", () => (++pieces, false));
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nslow\n$/s);
    assert.ok(pieces > 20, `${pieces} pieces`);
    assert.ok(performance.now() - started >= 95);
  });

  for (const kind of ["binary", "status", "version", "header", "nul", "lengths", "chunk", "empty"]) {
    it(`/garbage?kind=${kind} is refused by Node's client`, async () => {
      await assert.rejects(ask(`${server.url}/garbage?kind=${kind}`), { code: /^(HPE_|ECONNRESET)/ });
    });
  }

  it("/garbage refuses unknown kinds", async () => {
    assert.equal((await ask(`${server.url}/garbage?kind=x`)).status, 400);
  });

  it("/wrong-length sends more bytes than declared, and keeps the connection open", async () => {
    const text = await get("/wrong-length", (so_far) => so_far.endsWith("*".repeat(20)));
    assert.match(text, /\r\nContent-Length: 10\r\n/);
    const short = await get("/wrong-length?declared=5&actual=2", (so_far) => so_far.endsWith("**"));
    assert.match(short, /\r\nContent-Length: 5\r\n.*\r\n\r\n\*\*$/s);
  });

  it("/bomb is small, and decodes to zeros", async () => {
    const { bytes, headers } = await ask(`${server.url}/bomb/20`);
    assert.equal(headers["content-encoding"], "gzip");
    assert.ok(bytes.length < 25_000, `${bytes.length} bytes`);
    const zeros = gunzipSync(bytes);
    assert.equal(zeros.length, 20 << 20);
    assert.ok(zeros.equals(Buffer.alloc(20 << 20)));
    assert.equal(gunzipSync((await ask(`${server.url}/bomb/0`)).bytes).length, 0);
    assert.equal((await ask(`${server.url}/bomb/4097`)).status, 400);
  });
});
