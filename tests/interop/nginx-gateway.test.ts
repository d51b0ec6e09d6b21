/** Servers as they stand in front of real services: keep-alive limits, rate limits, an API-key gateway. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { HTTPAdapter, Retry, Session, type RetryEvent } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { whyNot, type Daemon } from "../_support/daemons.js";
import { startNginx } from "../_support/nginx.js";

const NAMES = ["three", "impatient", "limited", "gateway"] as const;

describe("nginx as a gateway", { skip: whyNot("nginx"), timeout: 60_000 }, () => {
  let nginx: Daemon;
  let first: Server;
  let second: Server;
  before(async () => {
    first = await httpbin();
    second = await httpbin();
    nginx = await startNginx(
      NAMES.length,
      ([three, impatient, limited, gateway]) => `
  limit_req_zone $http_x_client zone=second:1m rate=1r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:${three};
    keepalive_requests 3;
    client_max_body_size 8m;
    location / { proxy_pass http://127.0.0.1:${first.port}; }
  }
  server {
    listen 127.0.0.1:${impatient};
    keepalive_timeout 1s;
    location / { proxy_pass http://127.0.0.1:${first.port}; }
  }
  server {
    listen 127.0.0.1:${limited};
    error_page 429 = @later;
    location / { limit_req zone=second; proxy_pass http://127.0.0.1:${first.port}; }
    location @later { add_header Retry-After 1 always; return 429 "later"; }
  }
  upstream first { server 127.0.0.1:${first.port}; }
  upstream second { server 127.0.0.1:${second.port}; }
  map $http_x_api_key $service { default ""; "key-one" first; "key-two" second; }
  server {
    listen 127.0.0.1:${gateway};
    location /moved { return 307 /get; }
    location /elsewhere { return 302 http://localhost:${first.port}/headers; }
    location / {
      if ($service = "") { return 401 "a key is wanted\\n"; }
      proxy_set_header X-Api-Key "";
      proxy_pass http://$service;
    }
  }`,
    );
  });
  after(async () => {
    await nginx?.close();
    await first?.close();
    await second?.close();
  });

  function urlOf(name: (typeof NAMES)[number]): string {
    return `http://127.0.0.1:${nginx.ports[NAMES.indexOf(name)]}`;
  }

  it("keepalive_requests 3: twenty requests succeed, three for each connection", async () => {
    await using session = new Session();
    const reused: boolean[] = [];
    for (let at = 0; at < 20; at += 1) {
      const response = await session.get(`${urlOf("three")}/get?n=${at}`);
      assert.deepEqual(response.json<{ args: object }>().args, { n: String(at) });
      reused.push(response.reused);
    }
    assert.deepEqual(
      reused,
      Array.from({ length: 20 }, (_value, at) => at % 3 !== 0),
    );
  });

  it("keepalive_requests 3: the same with uploads, and with twenty at once", async () => {
    await using session = new Session();
    for (let at = 0; at < 8; at += 1) {
      const response = await session.post(`${urlOf("three")}/post`, { data: Buffer.alloc(100_000, "x") });
      assert.equal(response.json<{ data: string }>().data.length, 100_000);
    }
    const statuses = await Promise.all(
      Array.from({ length: 20 }, (_value, at) => session.get(`${urlOf("three")}/get?n=${at}`)),
    );
    assert.ok(statuses.every((response) => response.statusCode === 200));
  });

  it("keepalive_timeout 1s: a later request succeeds over a new connection", async () => {
    const adapter = new HTTPAdapter();
    await using session = new Session();
    session.mount("http://", adapter);
    assert.equal((await session.get(`${urlOf("impatient")}/get`)).statusCode, 200);
    // Not to prove a timeout of ours: to let nginx's go by.
    await sleep(1200);
    for (const method of ["GET", "POST"]) {
      const response = await session.request(method, `${urlOf("impatient")}/anything`);
      assert.equal(response.statusCode, 200);
      assert.equal(response.json<{ method: string }>().method, method);
    }
    assert.equal(adapter.statistics.open, 1);
  });

  it("keepalive_timeout 1s: a request succeeds at the moment at which nginx closes", async () => {
    const lanes = Array.from({ length: 12 }, async (_value, at) => {
      const url = `${urlOf("impatient")}/get?lane=${at}`;
      await using own = new Session();
      const statuses = [(await own.get(url)).statusCode];
      await sleep(985 + at * 3);
      statuses.push((await own.get(url)).statusCode);
      return statuses;
    });
    for (const statuses of await Promise.all(lanes)) assert.deepEqual(statuses, [200, 200]);
  });

  it("limit_req: returns the 429 as a response", async () => {
    await using session = new Session({ headers: { "X-Client": "plain" } });
    const statuses: number[] = [];
    for (let round = 0; round < 2; round += 1) statuses.push((await session.get(`${urlOf("limited")}/get`)).statusCode);
    assert.deepEqual(statuses, [200, 429]);
  });

  it("limit_req: Session({ retries: 3 }) waits as Retry-After says, and succeeds", async () => {
    await using session = new Session({ retries: 3, headers: { "X-Client": "patient" } });
    assert.equal((await session.get(`${urlOf("limited")}/get`)).statusCode, 200);
    const started = performance.now();
    const response = await session.get(`${urlOf("limited")}/get`);
    const elapsed = performance.now() - started;
    assert.equal(response.statusCode, 200);
    assert.ok(elapsed >= 995 && elapsed < 3500, `${elapsed} ms`);
    const history = response.raw.retries?.history ?? [];
    assert.ok(history.length >= 1);
    assert.ok(history.every(({ status, method }) => status === 429 && method === "GET"));
  });

  it("limit_req: a Retry reports each wait, and the last 429", async () => {
    const events: RetryEvent[] = [];
    const retries = new Retry({ total: 1, retryAfterMax: 0, onRetry: (event) => events.push(event) });
    await using session = new Session({ retries, headers: { "X-Client": "hasty" } });
    await session.get(`${urlOf("limited")}/get`);
    const response = await session.get(`${urlOf("limited")}/get`);
    assert.equal(response.statusCode, 429);
    assert.equal(response.text, "later");
    assert.deepEqual(
      events.map(({ attempt, status, delay }) => ({ attempt, status, delay })),
      [{ attempt: 1, status: 429, delay: 0 }],
    );
  });

  it("limit_req: a POST is not sent again", async () => {
    await using session = new Session({ retries: 3, headers: { "X-Client": "poster" } });
    await session.post(`${urlOf("limited")}/post`, { data: "1" });
    const before = first.requests.length;
    assert.equal((await session.post(`${urlOf("limited")}/post`, { data: "2" })).statusCode, 429);
    assert.equal(first.requests.length, before);
  });

  describe("an API-key gateway", () => {
    for (const [key, status] of [
      ["key-one", 200],
      ["key-two", 200],
      ["key-three", 401],
      [null, 401],
    ] as const)
      it(`${key}: ${status}`, async () => {
        await using session = new Session({ headers: key === null ? {} : { "X-Api-Key": key } });
        const before = [first.requests.length, second.requests.length];
        const response = await session.get(`${urlOf("gateway")}/headers`);
        assert.equal(response.statusCode, status);
        const asked = [first.requests.length - before[0], second.requests.length - before[1]];
        assert.deepEqual(asked, [key === "key-one" ? 1 : 0, key === "key-two" ? 1 : 0]);
        if (status === 200)
          assert.equal(response.json<{ headers: Record<string, string> }>().headers["X-Api-Key"], undefined);
      });

    it("the key is sent to the same origin only", async () => {
      await using session = new Session({ headers: { "X-Api-Key": "key-one" } });
      assert.equal((await session.get(`${urlOf("gateway")}/moved`)).statusCode, 200);
      const elsewhere = await session.get(`${urlOf("gateway")}/elsewhere`);
      assert.equal(elsewhere.url, `http://localhost:${first.port}/headers`);
      assert.equal(elsewhere.json<{ headers: Record<string, string> }>().headers["X-Api-Key"], undefined);
    });
  });
});
