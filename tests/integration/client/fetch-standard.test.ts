/** session.fetch next to the Fetch standard: bodies, credentials, integrity, signals, errors. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { getEventListeners } from "node:events";
import { afterEach, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { Session } from "requests-ts";
import { answering, eventually, OK, rawServer, type RawServer, type Script } from "../../_support/raw-server.js";

let server: RawServer | undefined;
const session = new Session();
const { fetch } = session;

afterEach(async () => {
  await session.close();
  await server?.close();
  server = undefined;
});

async function serve(script: Script): Promise<RawServer> {
  server = await rawServer(script);
  return server;
}

async function failure(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return assert.fail("the call should have failed");
}

const TIMEOUT = { timeout: 30_000 };
const HEAD_ONLY = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

describe("the Response of session.fetch", TIMEOUT, () => {
  for (const status of [600, 799, 999])
    it(`has status ${status}, which the constructor of Response refuses`, async () => {
      const { url } = await serve(answering(`HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`));
      const response = await fetch(url);
      assert.deepEqual(
        [response.status, response.ok, response.statusText, await response.text()],
        [status, false, "Odd", "ok"],
      );
    });

  it("keeps url, redirected, type and status in its clones", async () => {
    const { url } = await serve(
      answering(
        "HTTP/1.1 302 x\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 No\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok",
      ),
    );
    const response = await fetch(url);
    const clone = response.clone().clone();
    for (const one of [response, clone])
      assert.deepEqual(
        [one.url, one.redirected, one.type, one.status, one.ok, one.headers.get("x-a"), await one.text()],
        [`${url}/to`, true, "basic", 404, false, "1", "ok"],
      );
  });

  it("has a body for BYOB readers", async () => {
    const { url } = await serve(answering(OK));
    const { body } = await fetch(url);
    const reader = body!.getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(10));
    assert.equal(Buffer.from(first.value!).toString(), "ok");
    assert.equal((await reader.read(new Uint8Array(10))).done, true);
  });
});

describe("the body of a Request", TIMEOUT, () => {
  /** Answers 302 to the first request, and then 200. */
  const redirecting = (): Script => answering("HTTP/1.1 307 x\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", OK);

  for (const [name, body, expected] of [
    ["text", "abc", "abc"],
    ["bytes", new Uint8Array([97, 98]), "ab"],
    ["an ArrayBuffer", new Uint8Array([97, 98]).buffer, "ab"],
    ["URLSearchParams", new URLSearchParams({ a: "1" }), "a=1"],
    ["a Blob", new Blob(["blob"], { type: "text/x-blob" }), "blob"],
  ] as const) {
    it(`is sent with its length, also after a redirect: ${name}, in init`, async () => {
      const { url, peers } = await serve(redirecting());
      assert.equal((await fetch(url, { method: "POST", body })).status, 200);
      assert.equal(peers[0].received.split(`\r\n\r\n${expected}`).length, 3, peers[0].received);
    });
    it(`is sent with its length, also after a redirect: ${name}, in a Request`, async () => {
      const { url, peers } = await serve(redirecting());
      const request = new globalThis.Request(url, { method: "POST", body });
      assert.equal((await fetch(request)).status, 200);
      assert.equal(peers[0].received.split(`\r\n\r\n${expected}`).length, 3, peers[0].received);
      assert.equal(request.bodyUsed, true);
    });
  }

  it("has a Content-Type for its type", async () => {
    const { url, peers } = await serve(answering(OK));
    await fetch(url, { method: "POST", body: new Blob(["b"], { type: "text/x-blob" }) });
    assert.match(peers[0].received, /content-type: text\/x-blob\r\n/i);
  });

  it("is sent while it arrives", async () => {
    let pushed: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (pushed = controller) });
    const { url } = await serve(async (peer) => {
      await peer.until("\r\n\r\n");
      pushed.enqueue(Buffer.from("first"));
      await peer.until("first");
      pushed.enqueue(Buffer.from("second"));
      pushed.close();
      await peer.until("0\r\n\r\n");
      await peer.send(OK);
    });
    const request = new globalThis.Request(url, { method: "POST", body, duplex: "half" });
    assert.equal((await fetch(request)).status, 200);
  });

  for (const kind of ["a Request", "init"])
    it(`in ${kind} that never ends can be aborted, which cancels its stream`, async () => {
      const cancelled: unknown[] = [];
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("first")),
        cancel: (reason) => void cancelled.push(reason),
      });
      const controller = new AbortController();
      const { url } = await serve(async (peer) => {
        await peer.until("first");
        controller.abort(new Error("given up"));
        await peer.gone;
      });
      const init = { method: "POST", body, duplex: "half", signal: controller.signal } as RequestInit;
      const call = kind === "init" ? fetch(url, init) : fetch(new globalThis.Request(url, init));
      assert.match(String(await failure(call)), /given up/);
      await eventually(() => cancelled.length === 1);
    });

  it("throws a TypeError when it was used before", async () => {
    const { url } = await serve(answering(OK));
    const request = new globalThis.Request(url, { method: "POST", body: "abc" });
    await request.text();
    assert.ok((await failure(fetch(request))) instanceof TypeError);
  });

  it("throws a TypeError with GET", async () => {
    const { url } = await serve(answering(OK));
    assert.match(String(await failure(fetch(url, { body: "x" }))), /TypeError: .*cannot have body/);
  });

  it("throws a TypeError with its cause when it fails", async () => {
    const { url } = await serve(async (peer) => peer.gone);
    const body = new ReadableStream({ pull: () => Promise.reject(new Error("the source failed")) });
    const error = await failure(fetch(url, { method: "POST", body, duplex: "half" }));
    assert.ok(error instanceof TypeError);
    assert.match(String((error.cause as Error).message), /the source failed/);
  });
});

describe('credentials: "omit"', TIMEOUT, () => {
  it("sends no cookies and no Authorization, and stores no cookies", async () => {
    const { url, peers } = await serve(
      answering("HTTP/1.1 200 OK\r\nSet-Cookie: new=1\r\nContent-Length: 2\r\n\r\nok"),
    );
    const own = new Session({ auth: ["u", "p"], cookies: { own: "1" } });
    await (await own.fetch(url, { credentials: "omit" })).text();
    assert.doesNotMatch(peers[0].received, /cookie|authorization/i);
    assert.equal(own.cookies.get("new"), undefined);
    await (await own.fetch(url)).text();
    assert.match(peers[0].received, /Cookie: own=1\r\n/);
    assert.equal(own.cookies.get("new"), "1");
    await own.close();
  });

  it("applies to the redirects of the call too", async () => {
    const { url, peers } = await serve(
      answering("HTTP/1.1 302 x\r\nLocation: /to\r\nSet-Cookie: new=1\r\nContent-Length: 0\r\n\r\n", OK),
    );
    const own = new Session({ cookies: { own: "1" } });
    await (await own.fetch(url, { credentials: "omit" })).text();
    assert.doesNotMatch(peers[0].received, /cookie/i);
    assert.equal(own.cookies.get("new"), undefined);
    await own.close();
  });

  it("does the same as cookies: null of a call", async () => {
    const { url, peers } = await serve(
      answering("HTTP/1.1 200 OK\r\nSet-Cookie: new=1\r\nContent-Length: 2\r\n\r\nok"),
    );
    const own = new Session({ cookies: { own: "1" } });
    await own.get(url, { cookies: null });
    assert.doesNotMatch(peers[0].received, /cookie/i);
    assert.equal(own.cookies.get("new"), undefined);
    await own.close();
  });
});

describe("integrity", TIMEOUT, () => {
  const digest = (algorithm: string, text: string): string =>
    `${algorithm}-${createHash(algorithm).update(text).digest("base64")}`;

  for (const integrity of [
    digest("sha256", "ok"),
    digest("sha384", "ok"),
    digest("sha512", "ok"),
    `${digest("sha256", "other")} ${digest("sha512", "ok")}`,
    `${digest("sha512", "other")} ${digest("sha512", "ok")}`,
    "md5-abc",
    "",
  ])
    it(`accepts ${integrity.slice(0, 12) || "nothing"}`, async () => {
      const { url } = await serve(answering(OK));
      assert.equal(await (await fetch(url, { integrity })).text(), "ok");
    });

  for (const integrity of [digest("sha256", "no"), `${digest("sha256", "ok")} ${digest("sha512", "no")}`])
    it(`refuses other content: ${integrity.length} characters`, async () => {
      const { url } = await serve(answering(OK));
      const error = await failure(fetch(url, { integrity }));
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /has the sha(256|512) digest .*, not .*\(integrity\)/);
    });
});

describe("a signal of session.fetch", TIMEOUT, () => {
  it("has no listener left after the call", async () => {
    const { url } = await serve(answering(OK));
    const { signal } = new AbortController();
    for (let round = 0; round < 5; round += 1) {
      await (await fetch(url, { signal })).text();
      await (await fetch(new globalThis.Request(url), { signal })).text();
    }
    await eventually(() => getEventListeners(signal, "abort").length === 0);
  });

  for (const [what, call] of [
    ["init", (url: string, signal: AbortSignal) => fetch(url, { signal })],
    ["a Request", (url: string, signal: AbortSignal) => fetch(new globalThis.Request(url, { signal }))],
    [
      "a Request beside init",
      (url: string, signal: AbortSignal) => fetch(new globalThis.Request(url, { signal }), { headers: { "X-A": "1" } }),
    ],
  ] as const)
    // prettier-ignore
    it(`of ${what} still works after a garbage collection`, async () => {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const { url } = await serve(async (peer) => {
        await peer.request();
        await peer.send(`${HEAD_ONLY}abc`);
        await peer.gone;
      });
      const controller = new AbortController();
      const response = await call(url, controller.signal);
      for (let round = 0; round < 5; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        collect();
      }
      setImmediate(() => controller.abort(new Error("given up")));
      const late = new Promise((resolve) => setTimeout(resolve, 5000, "the signal was not heard").unref());
      assert.match(String(await Promise.race([failure(response.text()), late])), /given up/);
    });

  it("works when it is the signal of a Request", async () => {
    const { url } = await serve(async (peer) => {
      await peer.request();
      controller.abort(new Error("given up"));
      await peer.gone;
    });
    const controller = new AbortController();
    const call = fetch(new globalThis.Request(url, { signal: controller.signal }));
    assert.match(String(await failure(call)), /given up/);
  });

  it("is ignored when init has signal: null", async () => {
    const { url } = await serve(answering(OK));
    const request = new globalThis.Request(url, { signal: AbortSignal.abort() });
    assert.equal((await fetch(request, { signal: null })).status, 200);
  });
});

describe("errors of session.fetch", TIMEOUT, () => {
  it("a truncated body rejects with a TypeError", async () => {
    const { url } = await serve(async (peer) => {
      await peer.request();
      await peer.send(`${HEAD_ONLY}abc`);
      peer.socket.destroy();
    });
    const response = await fetch(url);
    const error = await failure(response.text());
    assert.ok(error instanceof TypeError);
    assert.equal((error.cause as Error).name, "ChunkedEncodingError");
  });

  it("redirect: error rejects with a TypeError that has a cause", async () => {
    const { url } = await serve(answering("HTTP/1.1 302 x\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"));
    const error = await failure(fetch(url, { redirect: "error" }));
    assert.ok(error instanceof TypeError);
    assert.match((error.cause as Error).message, /unexpected redirect/);
  });

  it("a URL outside of baseUrl rejects with a TypeError whose cause is InvalidURL", async () => {
    const own = new Session({ baseUrl: "http://api.example.test/v1" });
    const error = await failure(own.fetch("//other.example.test/x"));
    assert.ok(error instanceof TypeError);
    assert.equal((error.cause as Error).name, "InvalidURL");
  });
});

describe("baseUrl and session.fetch", TIMEOUT, () => {
  for (const [base, input, expected] of [
    ["/v1", "users", "/v1/users"],
    ["/v1/", "/users", "/v1/users"],
    ["/v1?key=1", "users", "/v1/users?key=1"],
    ["/v1?key=1", "users?a=2", "/v1/users?key=1&a=2"],
  ])
    it(`joins ${base} and ${input} as session.get does`, async () => {
      const { url, peers } = await serve(answering(OK));
      const own = new Session({ baseUrl: `${url}${base}` });
      await (await own.fetch(input)).text();
      await own.get(input);
      const targets = peers.flatMap(({ received }) => [...received.matchAll(/GET (\S+)/g)].map(([, target]) => target));
      assert.deepEqual(targets, [expected, expected]);
      await own.close();
    });

  it("reads data: URLs with the platform's fetch", async () => {
    assert.equal(await (await fetch("data:text/plain,abc")).text(), "abc");
  });
});
