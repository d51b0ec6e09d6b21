/** One session, 500 requests at once, of every kind there is: each response belongs to its request, and all are served. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { HTTPAdapter, HTTPDigestAuth, Retry, Session } from "requests-ts";

import { serve, type Received, type Scripted } from "./serve.js";

const REQUESTS = 500;
const CONNECTIONS = 20;
const NONCE = "one-nonce-for-all";

/** What a request is answered with: who it was, as the server saw it. */
interface Seen {
  readonly id: string;
  readonly method: string;
  readonly body: string;
  readonly cookies: Readonly<Record<string, string>>;
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

function isSigned(request: Received, counts: Set<string>): boolean {
  const field = request.headers["authorization"] ?? "";
  const part = (name: string): string => new RegExp(`${name}="?([^",]+)`).exec(field)?.[1] ?? "";
  if (part("nonce") !== NONCE || counts.has(part("nc"))) return false;
  counts.add(part("nc"));
  const secret = md5("user:realm:password");
  const what = md5(`${request.method}:${request.target}`);
  return part(" response") === md5(`${secret}:${NONCE}:${part("nc")}:${part("cnonce")}:auth:${what}`);
}

function cookiesOf(request: Received): Record<string, string> {
  const pairs = (request.headers["cookie"] ?? "").split("; ").filter((pair) => pair !== "");
  return Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
}

describe(`${REQUESTS} requests at once over ${CONNECTIONS} connections`, { timeout: 60_000 }, () => {
  let server: Scripted;
  let adapter: HTTPAdapter;
  let session: Session;
  const counts = new Set<string>();
  const tries = new Map<string, number>();
  /** Every value that a cookie was ever set to. */
  const given = new Map<string, Set<string>>();

  before(async () => {
    server = await serve(answer);
    adapter = new HTTPAdapter({
      maxConnections: CONNECTIONS,
      maxRetries: new Retry({ total: 3, statusForcelist: [503], backoffFactor: 0 }),
    });
    session = new Session({ timeout: { read: 20, pool: 20 } });
    session.mount("http://", adapter);
  });
  after(async () => {
    await session.close();
    await server.close();
  });

  async function answer(request: Received, response: ServerResponse): Promise<void> {
    const url = new URL(request.target, server.url);
    const id = url.searchParams.get("id")!;
    // Out of the order in which they came.
    await pause((Number(id) * 7) % 5);
    const setCookie = (name: string): void => {
      given.set(name, (given.get(name) ?? new Set()).add(id));
      response.appendHeader("Set-Cookie", `${name}=${id}; Path=/`);
    };
    setCookie("last");
    setCookie(`group${Number(id) % 10}`);
    const seen: Seen = { id, method: request.method, body: request.body, cookies: cookiesOf(request) };
    const end = (status = 200): void => {
      response.writeHead(status).end(JSON.stringify(seen));
    };
    switch (url.pathname) {
      case "/redirect":
        response.setHeader("Location", `/hop?id=${id}`);
        return end(302);
      case "/hop":
        response.setHeader("Location", `${server.url}/end?id=${id}`);
        return end(307);
      case "/flaky": {
        tries.set(id, (tries.get(id) ?? 0) + 1);
        return end(tries.get(id)! < 3 ? 503 : 200);
      }
      case "/broken":
        tries.set(id, (tries.get(id) ?? 0) + 1);
        if (tries.get(id)! > 1) return end();
        // Not response.destroy(), for which Bun sends an empty 200.
        response.socket?.destroy();
        return;
      case "/digest":
        if (isSigned(request, counts)) return end();
        response.setHeader("WWW-Authenticate", `Digest realm="realm", nonce="${NONCE}", qop="auth", algorithm=MD5`);
        return end(401);
      case "/never":
        return;
      case "/cut":
        response.writeHead(200, { "Content-Length": "1000000" }).write(JSON.stringify(seen));
        return;
      default:
        return end();
    }
  }

  it("return the right response each, whatever happens to the others [responses-not-mixed-up]", async () => {
    const auth = new HTTPDigestAuth("user", "password");
    const reasons = new Map<number, Error>();
    const kinds: readonly ((id: number) => Promise<Seen | null>)[] = [
      async (id) => (await own(id, "/plain")).json<Seen>(),
      async (id) => (await own(id, "/redirect")).json<Seen>(),
      async (id) => (await own(id, "/flaky")).json<Seen>(),
      async (id) => (await own(id, "/broken")).json<Seen>(),
      async (id) => (await own(id, "/digest", { auth })).json<Seen>(),
      async (id) => {
        const body = `${id}`.repeat(1000);
        const response = await session.post(`${server.url}/post?id=${id}`, { data: body, cookies: { own: `${id}` } });
        assert.equal(response.json<Seen>().body, body);
        return response.json<Seen>();
      },
      async (id) => {
        const response = await own(id, "/plain", { stream: true });
        await response.read();
        return response.json<Seen>();
      },
      async (id) => {
        // Left in the middle of a body that never ends.
        const response = await own(id, "/cut", { stream: true });
        for await (const piece of response) return JSON.parse(piece.toString()) as Seen;
        return null;
      },
      async (id) => {
        const controller = new AbortController();
        const reason = new Error(`abort ${id}`);
        reasons.set(id, reason);
        setTimeout(() => controller.abort(reason), id % 40);
        await assert.rejects(own(id, "/never", { signal: controller.signal }), (error) => error === reason);
        return null;
      },
    ];
    const own = (id: number, path: string, options: object = {}): ReturnType<Session["get"]> =>
      session.get(`${server.url}${path}?id=${id}`, { cookies: { own: `${id}` }, ...options });

    const seen = await Promise.all(Array.from({ length: REQUESTS }, (_, id) => kinds[id % kinds.length](id)));

    for (const [id, one] of seen.entries()) {
      if (one === null) continue;
      assert.equal(one.id, String(id));
      assert.equal(one.cookies["own"], String(id), "the cookie of this call, and of no other");
      for (const [name, value] of Object.entries(one.cookies))
        if (name !== "own") assert.ok(given.get(name)?.has(value), `${name}=${value} was never set`);
    }
    assert.equal(reasons.size, Math.floor(REQUESTS / kinds.length));
    assert.equal(session.cookies.size, 11, "last and ten groups; the calls' own are not kept");
    for (const cookie of session.cookies) assert.ok(given.get(cookie.name)!.has(cookie.value));
    const { open, idle, waiting } = adapter.statistics;
    assert.deepEqual([open - idle, waiting], [0, 0], "every place is free again");
    assert.ok(open <= CONNECTIONS);
  });

  it("are served in the order in which they waited", async () => {
    const served: string[] = [];
    await using slow = await serve(async (request, response) => {
      served.push(request.target);
      await pause(1);
      response.end("ok");
    });
    await using other = new Session();
    other.mount("http://", new HTTPAdapter({ maxConnections: 5 }));
    let isOver = false;
    // Fifty greedy ones, each of which asks again as soon as it was answered.
    const greedy = Array.from({ length: 50 }, async () => {
      for (let round = 0; round < 40 && !isOver; round += 1) await other.get(`${slow.url}/greedy`);
    });
    for (let late = 0; late < 10; late += 1) {
      const controller = new AbortController();
      // Requests that leave the queue must not move the others back.
      const leaving = Array.from({ length: 5 }, () => other.get(`${slow.url}/left`, { signal: controller.signal }));
      const before = served.length;
      const call = other.get(`${slow.url}/late/${late}`, { timeout: { pool: 20 } });
      controller.abort();
      await Promise.allSettled(leaving);
      await call;
      const passed = served.indexOf(`/late/${late}`) - before;
      // Those before it in the queue, and as many as may overtake on their way over the other connections.
      assert.ok(passed <= 50 + 5, `${passed} went before the one that came late, and 50 were there before it`);
    }
    isOver = true;
    await Promise.all(greedy);
  });
});
