import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { httpbin } from "requests-ts/httpbin";
import { ON_BUN } from "../../_support/runtime.js";
import { ask } from "./ask.js";

describe("the server [embedded-httpbin]", () => {
  it("listens on a free port of 127.0.0.1", async () => {
    const [a, b] = await Promise.all([httpbin(), httpbin({ port: 0 })]);
    try {
      assert.equal(a.url, `http://127.0.0.1:${a.port}`);
      assert.equal(a.host, "127.0.0.1");
      assert.equal(a.ca, undefined);
      assert.notEqual(a.port, b.port);
      assert.equal((await ask(`${b.url}/get`)).status, 200);
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });

  it("listens on IPv6, and on all addresses, with a working URL", async (t) => {
    for (const host of ["::1", "0.0.0.0"]) {
      const server = await httpbin({ host }).catch((error: NodeJS.ErrnoException) => error);
      if (server instanceof Error) {
        assert.equal(server.code, "EADDRNOTAVAIL");
        t.skip(`this machine has no ${host}`);
        return;
      }
      try {
        assert.equal(server.url, host === "::1" ? `http://[::1]:${server.port}` : `http://127.0.0.1:${server.port}`);
        assert.equal((await ask(`${server.url}/get`)).json.url, `${server.url}/get`);
      } finally {
        await server.close();
      }
    }
  });

  it("rejects when the port is taken", async () => {
    const server = await httpbin();
    await assert.rejects(httpbin({ port: server.port }), { code: "EADDRINUSE" });
    await server.close();
  });

  it("closes every connection when it closes, in any state", { timeout: 5000 }, async () => {
    const server = await httpbin();
    const idle = new Agent({ keepAlive: true });
    await ask(`${server.url}/get`, { agent: idle });
    const waiting = ["/hang", "/delay/10", "/drip?duration=100", "/slow-headers?duration=100"].map((path) =>
      ask(server.url + path).then(
        () => "answered",
        () => "broken",
      ),
    );
    const silent = connect(server.port, "127.0.0.1");
    const silentClosed = new Promise((resolve) => silent.on("close", resolve).on("error", () => undefined));
    // Let them all arrive.
    while (server.requests.length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.close();
    // Bun's server has not met it: it accepts who sends something.
    if (ON_BUN) silent.destroy();
    await silentClosed;
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(["broken"]));
    await assert.rejects(ask(`${server.url}/get`), { code: "ECONNREFUSED" });
    await server.close();
    idle.destroy();
  });

  const skip = ON_BUN && "Bun's server accepts who sends something";
  it("closes a connection that has not finished its TLS handshake", { timeout: 5000, skip }, async () => {
    const server = await httpbin({ tls: true });
    const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
    await new Promise((resolve) => socket.on("connect", resolve));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await server.close();
    await closed;
  });

  it("closes with await using", async () => {
    const server = await httpbin();
    await server[Symbol.asyncDispose]();
    await assert.rejects(ask(`${server.url}/get`), { code: "ECONNREFUSED" });
  });

  it("remembers requests and counts connections", async () => {
    const server = await httpbin();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(`${server.url}/get?a=1`, { agent, headers: ["hOST", "h", "X-b", "2"] });
    await ask(`${server.url}/status/404`, { agent, method: "POST" });
    await ask(`${server.url}/get`);
    const seen = server.requests.map(({ method, target, connection }) => [method, target, connection]);
    assert.deepEqual(seen, [
      ["GET", "/get?a=1", 1],
      ["POST", "/status/404", 1],
      ["GET", "/get", 2],
    ]);
    assert.deepEqual(server.requests[0]?.headers.slice(0, 2), [
      ["hOST", "h"],
      ["X-b", "2"],
    ]);
    assert.equal(server.connections, 2);
    agent.destroy();
    await server.close();
  });

  it("survives a client that disconnects in the middle of a body", async () => {
    const server = await httpbin();
    const outgoing = request(`${server.url}/post`, { method: "POST", headers: { "Content-Length": 100 } });
    const gone = new Promise((resolve) => outgoing.on("error", resolve));
    outgoing.write("half");
    while (server.requests.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    outgoing.destroy(new Error("left"));
    await gone;
    assert.equal((await ask(`${server.url}/get`)).status, 200);
    await server.close();
  });
});

describe("the server over TLS", () => {
  it("has a certificate of its own authority", async () => {
    const server = await httpbin({ tls: true });
    try {
      const ca = server.ca ?? "";
      assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
      assert.equal((await ask(`${server.url}/get`, { ca })).json.url, `${server.url}/get`);
      const byName = await ask(`https://localhost:${server.port}/ip`, { ca, family: 4 });
      assert.equal(byName.status, 200);
      await assert.rejects(ask(`${server.url}/get`), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    } finally {
      await server.close();
    }
  });

  it("has a certificate that is valid for many years", async () => {
    const server = await httpbin({ tls: true });
    await server.close();
    for (const pem of [server.ca, server.client?.cert]) {
      const { validFrom, validTo } = new X509Certificate(pem ?? "");
      assert.ok(Date.parse(validFrom) < Date.parse("2021-01-01"));
      assert.ok(Date.parse(validTo) > Date.parse("2110-01-01"));
    }
  });

  it("can require a client certificate, and provides one", async () => {
    const { ca = "" } = await httpbin({ tls: true }).then(async (server) => (await server.close(), server));
    const server = await httpbin({ tls: { requestCert: true, rejectUnauthorized: true, ca } });
    try {
      assert.equal((await ask(`${server.url}/get`, { ca, ...server.client })).status, 200);
      await assert.rejects(ask(`${server.url}/get`, { ca }));
    } finally {
      await server.close();
    }
  });

  it("takes another certificate, and then has no authority", async () => {
    const { client } = await httpbin({ tls: true }).then(async (server) => (await server.close(), server));
    assert.ok(client);
    const server = await httpbin({ tls: { key: client.key, cert: client.cert } });
    assert.equal(server.ca, undefined);
    assert.equal((await ask(`${server.url}/get`, { rejectUnauthorized: false } as object)).status, 200);
    await server.close();
  });
});

describe("the server on a Unix socket", () => {
  it("responds", { skip: process.platform === "win32" && "Windows has none" }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "httpbin-"));
    const socketPath = join(directory, "socket");
    const server = await httpbin({ socketPath });
    try {
      assert.deepEqual([server.url, server.port], ["http://localhost", 0]);
      assert.equal((await ask(`${server.url}/get`, { socketPath })).json.url, "http://localhost/get");
    } finally {
      await server.close();
      await rm(directory, { recursive: true });
    }
  });
});
