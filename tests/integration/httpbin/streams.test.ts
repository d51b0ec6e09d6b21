import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask, askRaw, type Told } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

async function timed(url: string): Promise<[told: Told, milliseconds: number]> {
  const started = performance.now();
  const told = await ask(url);
  return [told, performance.now() - started];
}

/** setTimeout may fire a millisecond early. */
const TOLERANCE = 5;

describe("/delay", () => {
  it("waits, then shows the request without json", async () => {
    const [{ json }, elapsed] = await timed(`${server.url}/delay/0.05?a=1`);
    assert.deepEqual(Object.keys(json), ["args", "data", "files", "form", "headers", "origin", "url"]);
    assert.ok(elapsed >= 50 - TOLERANCE, `${elapsed} ms`);
  });

  it("shows the body for other methods", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
      const { json } = await ask(`${server.url}/delay/0`, { method, ...(method !== "TRACE" && { body: "x" }) });
      assert.equal(json.data, method === "TRACE" ? "" : "x");
    }
  });
});

describe("/drip", () => {
  it("waits before the headers, then sends one star at a time", async () => {
    const [told, elapsed] = await timed(`${server.url}/drip?delay=0.03&duration=0.1&numbytes=5&code=503`);
    assert.deepEqual([told.status, told.text, told.headers["content-length"]], [503, "*****", "5"]);
    assert.equal(told.headers["content-type"], "application/octet-stream");
    assert.ok(elapsed >= 30 + 80 - TOLERANCE, `${elapsed} ms`);
  });

  it("takes options in any case, and limits the bytes", async () => {
    const { bytes } = await ask(`${server.url}/drip?NumBytes=99999999&DURATION=0`);
    assert.equal(bytes.length, 10 * 1024 * 1024);
    for (const numbytes of [0, -1]) {
      const { status, text } = await ask(`${server.url}/drip?numbytes=${numbytes}`);
      assert.deepEqual([status, text], [400, "number of bytes must be positive"]);
    }
    assert.equal((await ask(`${server.url}/drip?code=100`)).status, 400);
  });
});

describe("/stream", () => {
  it("sends one chunk for each line, unsorted", async () => {
    const head = `GET /stream/2?b=1 HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nA: 2\r\n\r\n`;
    const text = await askRaw(server.port, head, (so_far) => so_far.endsWith("0\r\n\r\n"));
    const line = (id: number): string =>
      `{"url": "http://h/stream/2?b=1", "args": {"b": "1"}, "headers": {"Host": "h", "X-B": "1", "A": "2"}, ` +
      `"origin": "127.0.0.1", "id": ${id}}\n`;
    const chunks = [line(0), line(1)].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    assert.match(text, /\r\nContent-Type: application\/json\r\n/);
    assert.equal(text.slice(text.indexOf("\r\n\r\n") + 4), `${chunks.join("")}0\r\n\r\n`);
  });

  it("stops at 100, and can be empty", async () => {
    assert.equal((await ask(`${server.url}/stream/101`)).text.trimEnd().split("\n").length, 100);
    assert.equal((await ask(`${server.url}/stream/0`)).text, "");
  });
});

describe("/sse and /jsonl", () => {
  it("send events with pauses", async () => {
    const [sse, elapsed] = await timed(`${server.url}/sse?count=3&duration=40ms&delay=0.02`);
    assert.equal(sse.headers["content-type"], "text/event-stream");
    const ids = Array.from(sse.text.matchAll(/event: ping\ndata: (.*)\n\n/g), ([, data = ""]) => JSON.parse(data).id);
    assert.deepEqual(ids, [0, 1, 2]);
    assert.match(sse.trailers["server-timing"] ?? "", /^total;dur=\d+\.\d$/);
    assert.ok(elapsed >= 60 - TOLERANCE, `${elapsed} ms`);
  });

  it("send lines", async () => {
    const { text, headers } = await ask(`${server.url}/jsonl?count=2`);
    assert.equal(headers["content-type"], "application/x-ndjson");
    const lines = text.trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      [0, 1],
    );
  });
});

describe("/trailers", () => {
  it("announces and sends trailers", async () => {
    const { headers, trailers, text } = await ask(`${server.url}/trailers?X-A=1&x-b=2`);
    assert.equal(headers.trailer, "X-A, x-b");
    assert.deepEqual({ ...trailers }, { "x-a": "1", "x-b": "2" });
    assert.notEqual(text, "");
  });

  for (const query of ["Content-Length=1", "transfer-encoding=x", "Set-Cookie=a", "a%20b=1", "x=%0d%0ay"]) {
    it(`refuses ${query}`, async () => {
      assert.equal((await ask(`${server.url}/trailers?${query}`)).status, 400);
    });
  }
});
