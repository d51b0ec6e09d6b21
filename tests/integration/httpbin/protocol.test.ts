import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask, askRaw } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

describe("interim responses", () => {
  it("/early-hints sends 103 before 200", async () => {
    const hints: string[] = [];
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(`${server.url}/early-hints?count=2`, { agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      outgoing.on("information", ({ statusCode, headers }) => hints.push(`${statusCode} ${String(headers["link"])}`));
      outgoing.on("error", reject);
      outgoing.end();
    });
    assert.equal(status, 200);
    assert.deepEqual(
      hints,
      [0, 1].map((i) => `103 </style-${i}.css>; rel=preload; as=style`),
    );
  });

  const head = (path: string, more: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n${more}\r\n`;
  const EXPECT = "Expect: 100-continue\r\n";

  it("every route that reads a body sends 100 to a client that waits for it", async () => {
    const text = await askRaw(server.port, head("/post", EXPECT), (so_far) => so_far.endsWith("\r\n\r\n"));
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    assert.equal(
      (await ask(`${server.url}/post`, { method: "POST", headers: { Expect: "100-continue" }, body: "hi" })).json.data,
      "hi",
    );
  });

  it("no route sends 100 for a body that it does not read", async () => {
    const text = await askRaw(server.port, head("/status/401", EXPECT));
    assert.match(text, /^HTTP\/1\.1 401 .*\r\nConnection: close\r\n/s);
  });

  it("/expect-continue says whether the client waited", async () => {
    const url = `${server.url}/expect-continue`;
    const headers = { Expect: "100-continue" };
    const waited = await new Promise<string>((resolve, reject) => {
      const outgoing = request(url, { method: "POST", headers, agent: false }, (response) => {
        response.setEncoding("utf8").on("data", resolve);
      });
      outgoing.on("continue", () => outgoing.end("abc"));
      outgoing.on("error", reject);
      outgoing.flushHeaders();
    });
    assert.deepEqual(JSON.parse(waited), { bytes: 3, expect: "100-continue", waited: true });
    const eager = await askRaw(server.port, `${head("/expect-continue", EXPECT)}abc`, (text) => text.endsWith("}\n"));
    assert.match(eager, /"waited": false/);
    const plain = await ask(url, { method: "POST", body: "abc" });
    assert.deepEqual(plain.json, { bytes: 3, expect: null, waited: null });
  });

  it("/expect-continue can refuse", async () => {
    const text = await askRaw(server.port, head("/expect-continue?status=417", EXPECT));
    assert.match(text, /^HTTP\/1\.1 417 EXPECTATION FAILED\r\n/);
  });
});

describe("/problem", () => {
  it("returns a problem document", async () => {
    const { status, headers, json } = await ask(`${server.url}/problem?status=409&title=No%20tea`);
    assert.deepEqual([status, headers["content-type"]], [409, "application/problem+json"]);
    assert.deepEqual(json, {
      type: `${server.url}/problem`,
      title: "No tea",
      status: 409,
      detail: "This is a problem document, as asked for.",
      instance: "/problem",
    });
  });
});
