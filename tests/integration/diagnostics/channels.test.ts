/** The channels of node:diagnostics_channel: which events come, in which order, and with what in them. */
import assert from "node:assert/strict";
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, Request, Retry, Session, type DiagnosticsMessages } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";
import { MockAdapter } from "requests-ts/testing";

import { ON_BUN, ON_DENO } from "../../_support/runtime.js";

type Name = keyof DiagnosticsMessages;
type Event = { readonly [N in Name]: { readonly name: N; readonly message: DiagnosticsMessages[N] } }[Name];

/** A channel that is not here does not compile. */
const NAMES: Readonly<Record<Name, true>> = {
  "requests:request:start": true,
  "requests:request:head": true,
  "requests:request:end": true,
  "requests:request:error": true,
  "requests:request:retry": true,
  "requests:request:redirect": true,
  "requests:pool:wait": true,
  "requests:connection:open": true,
  "requests:connection:tls": true,
  "requests:connection:error": true,
  "requests:connection:close": true,
};

/** Everything that is told while the function runs. */
async function eventsOf(run: () => Promise<unknown>): Promise<Event[]> {
  // Connections of the test before close in the next turns.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const events: Event[] = [];
  const listener = (message: unknown, name: string | symbol): void => {
    events.push({ name, message } as Event);
  };
  for (const name of Object.keys(NAMES)) subscribe(name, listener);
  try {
    await run();
  } finally {
    for (const name of Object.keys(NAMES)) unsubscribe(name, listener);
  }
  return events;
}

function namesOf(events: readonly Event[]): string[] {
  return events.map(({ name }) => name.replace("requests:", ""));
}

function only<N extends Name>(events: readonly Event[], name: N): DiagnosticsMessages[N][] {
  return events.filter((event) => event.name === name).map(({ message }) => message as DiagnosticsMessages[N]);
}

describe("the channels", () => {
  let server: Awaited<ReturnType<typeof httpbin>>;
  let secure: Awaited<ReturnType<typeof httpbin>>;
  before(async () => {
    server = await httpbin();
    secure = await httpbin({ tls: true });
  });
  after(async () => {
    await server.close();
    await secure.close();
  });

  it("report a request from its start to its end, and its connection", async () => {
    const session = new Session();
    const events = await eventsOf(async () => {
      await session.post(`${server.url}/post`, { data: "12345" });
      await session.get(`${server.url}/bytes/10`);
      await session.close();
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    assert.deepEqual(namesOf(events), [
      "request:start",
      "connection:open",
      "request:head",
      "request:end",
      "request:start",
      "request:head",
      "request:end",
      "connection:close",
    ]);
    const [first, second] = only(events, "requests:request:start").map(({ request }) => request);
    assert.ok(second.id > first.id);
    assert.deepEqual([first.method, first.url, first.bodySize, first.attempt], ["POST", `${server.url}/post`, 5, 1]);
    assert.deepEqual(first.headers[0], ["Host", new URL(server.url).host]);
    const heads = only(events, "requests:request:head");
    assert.deepEqual(
      heads.map(({ reused, statusCode, reason, httpVersion }) => [reused, statusCode, reason, httpVersion]),
      [
        [false, 200, "OK", "1.1"],
        [true, 200, "OK", "1.1"],
      ],
    );
    const [opened] = only(events, "requests:connection:open");
    const [closed] = only(events, "requests:connection:close");
    assert.equal(heads[0].connection, opened.connection);
    assert.equal(heads[1].connection, opened.connection);
    assert.deepEqual(closed, { connection: opened.connection, requests: 2 });
    assert.equal(opened.remoteAddress, new URL(server.url).host);
    const [, end] = only(events, "requests:request:end");
    assert.equal(end.request, second);
    assert.deepEqual([end.statusCode, end.bytes, end.complete], [200, 10, true]);
    assert.ok(end.timings.total > 0 && end.timings.total >= end.timings.wait);
  });

  it("report TLS, and whether it was verified", async () => {
    const folder = await mkdtemp(join(tmpdir(), "requests-ts-tls-"));
    try {
      const ca = join(folder, "ca.pem");
      await writeFile(ca, secure.ca!);
      for (const verify of [ca, false]) {
        const session = new Session({ verify });
        const events = await eventsOf(() => session.get(`${secure.url}/get`));
        await session.close();
        const [told] = only(events, "requests:connection:tls");
        assert.equal(told.address, new URL(secure.url).host);
        assert.match(String(told.protocol), /^TLSv1\.[23]$/);
        assert.deepEqual([told.authorized, told.resumed, told.duration > 0], [verify !== false, false, true]);
        assert.ok(namesOf(events).indexOf("connection:tls") < namesOf(events).indexOf("connection:open"));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("report redirects", async () => {
    const session = new Session();
    const events = await eventsOf(() => session.get(`${server.url}/redirect/1`));
    await session.close();
    assert.deepEqual(only(events, "requests:request:redirect"), [
      {
        statusCode: 302,
        from: { method: "GET", url: `${server.url}/redirect/1` },
        to: { method: "GET", url: `${server.url}/get` },
      },
    ]);
    const names = namesOf(events);
    assert.ok(names.indexOf("request:redirect") > names.indexOf("request:end"));
    assert.ok(names.indexOf("request:redirect") < names.lastIndexOf("request:start"));
  });

  it("report retries, by status and by error", async () => {
    const mock = new MockAdapter({ maxRetries: new Retry({ total: 3, statusForcelist: [503], backoffFactor: 0 }) });
    mock.get("*", [{ status: 503 }, { error: "reset" }, {}]);
    const session = new Session();
    session.mount("http://", mock);
    const events = await eventsOf(() => session.get("http://h/?token=s3cret"));
    assert.deepEqual(
      only(events, "requests:request:retry").map(({ url, attempt, delay, statusCode, error }) => [
        url,
        attempt,
        delay,
        statusCode,
        error?.code,
      ]),
      [
        ["http://h/?token=***", 1, 0, 503, undefined],
        ["http://h/?token=***", 2, 0, null, "ERR_CONNECTION_CLOSED"],
      ],
    );
    assert.deepEqual(
      only(events, "requests:request:start").map(({ request }) => request.attempt),
      [1, 2, 3],
    );
    const [failed] = only(events, "requests:request:error");
    assert.deepEqual([failed.request.attempt, failed.error.name, failed.error.phase], [2, "ConnectionError", "wait"]);
  });

  it("report a connection that could not be made", async () => {
    const refusing = createServer().listen(0, "127.0.0.1");
    await once(refusing, "listening");
    const { port } = refusing.address() as AddressInfo;
    refusing.close();
    await once(refusing, "close");
    const session = new Session();
    const events = await eventsOf(() => session.get(`http://127.0.0.1:${port}/`).catch(() => undefined));
    assert.deepEqual(namesOf(events), ["request:start", "connection:error", "request:error"]);
    const [{ address, proxy, error }] = only(events, "requests:connection:error");
    assert.deepEqual([address, proxy, error.code], [`127.0.0.1:${port}`, null, "ERR_CONNECTION_REFUSED"]);
    // The message must not refer to a request, which has credentials.
    assert.deepEqual(Object.keys(error).sort(), ["code", "message", "name", "phase"]);
  });

  it("report a wait for the pool", async () => {
    const session = new Session();
    session.mount("http://", new HTTPAdapter({ maxConnections: 1 }));
    const events = await eventsOf(() => Promise.all([1, 2, 3].map(() => session.get(`${server.url}/get`))));
    await session.close();
    const address = new URL(server.url).host;
    assert.deepEqual(only(events, "requests:pool:wait"), [
      { address, open: 1, waiting: 1 },
      { address, open: 1, waiting: 2 },
    ]);
  });

  it("distinguish a stream that was closed early from one that was read", async () => {
    const session = new Session();
    const events = await eventsOf(async () => {
      // Only a body that cannot be there at once: Bun and Deno read more at a time than Node.
      const closed = await session.get(`${server.url}/drip?duration=30&numbytes=2`, { stream: true });
      closed.close();
      const read = await session.get(`${server.url}/bytes/1000`, { stream: true });
      await read.read();
    });
    await session.close();
    assert.deepEqual(
      only(events, "requests:request:end").map(({ complete }) => complete),
      [false, true],
    );
  });

  it("report content that cannot be decoded as an error, and a cancelled call", async () => {
    const mock = new MockAdapter();
    mock.get("*", [{ text: "plain", headers: { "Content-Encoding": "gzip" } }, { delay: 5 }]);
    const session = new Session();
    session.mount("http://", mock);
    const events = await eventsOf(async () => {
      await session.get("http://h/").catch(() => undefined);
      await session.get("http://h/", { signal: AbortSignal.timeout(10) }).catch(() => undefined);
    });
    assert.deepEqual(
      only(events, "requests:request:error").map(({ error }) => error.name),
      ["ContentDecodingError", "TimeoutError"],
    );
    assert.deepEqual(only(events, "requests:request:end"), []);
  });

  it("never contain credentials", async () => {
    const mock = new MockAdapter();
    mock.get("*", {
      status: 302,
      headers: {
        Location: "http://u:s3cret@h/next?sig=s3cret",
        "Set-Cookie": ["sid=s3cret; Path=/; Secure", "s3cret"],
      },
    });
    const session = new Session({ maxRedirects: 1 });
    session.mount("http://", mock);
    const events = await eventsOf(() =>
      session
        .get("http://user:s3cret@h/?api_key=s3cret&X-Amz-Signature=s3cret&q=1", {
          headers: { "X-Api-Key": "s3cret", Cookie: "a=s3cret", "Proxy-Authorization": "Basic s3cret" },
        })
        .catch(() => undefined),
    );
    const [start] = only(events, "requests:request:start");
    assert.equal(start.request.url, "http://user:***@h/?api_key=***&X-Amz-Signature=***&q=1");
    const headers = Object.fromEntries(start.request.headers);
    assert.deepEqual(
      [headers["Authorization"], headers["X-Api-Key"], headers["Cookie"], headers["Proxy-Authorization"]],
      ["Basic ***", "***", "***", "Basic ***"],
    );
    const [head] = only(events, "requests:request:head");
    assert.deepEqual(head.headers.slice(0, 3), [
      ["Location", "http://u:***@h/next?sig=***"],
      ["Set-Cookie", "sid=***; Path=/; Secure"],
      ["Set-Cookie", "***"],
    ]);
    assert.equal(only(events, "requests:request:redirect")[0].to.url, "http://u:***@h/next?sig=***");
    assert.doesNotMatch(JSON.stringify(events), /s3cret|dXNlcjpzM2NyZXQ/);
  });

  it("never contain a token, a fragment, or a header of credentialHeaders", async () => {
    const mock = new MockAdapter();
    mock.get("*", { headers: { "X-Mine": "s3cret", Link: "<http://h/?token=s3cret>; rel=next" } });
    const session = new Session();
    session.credentialHeaders = ["X-Mine"];
    session.mount("http://", mock);
    const prepared = new Request("GET", "http://s3cret@h/#access_token=s3cret", { headers: { "X-Mine": "s3cret" } }).prepare(); // prettier-ignore
    const events = await eventsOf(async () => {
      await session.get("http://s3cret@h/?a=1#id_token=s3cret", { headers: { "X-Mine": "s3cret" } });
      await session.send(prepared);
    });
    assert.equal(only(events, "requests:request:start")[0].request.url, "http://***@h/?a=1#id_token=***");
    assert.equal(only(events, "requests:request:head").length, 2);
    assert.doesNotMatch(JSON.stringify(events), /s3cret/);
  });

  const skip = ON_BUN || ON_DENO ? "the runtime has its own way of reporting what a subscriber throws" : false;
  it("do not fail a request when a subscriber throws", { skip }, async () => {
    const thrown: unknown[] = [];
    const onThrown = (error: unknown): void => void thrown.push(error);
    const fail = (): never => {
      throw new Error("from a subscriber");
    };
    const names = [
      "requests:request:start",
      "requests:request:head",
      "requests:request:end",
      "requests:connection:open",
    ];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").on("uncaughtException", onThrown);
    for (const name of names) channel(name).subscribe(fail);
    const session = new Session();
    try {
      assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
      // Node tells of them in a later turn.
      while (thrown.length < names.length) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(thrown.every((error) => String(error) === "Error: from a subscriber"));
    } finally {
      for (const name of names) channel(name).unsubscribe(fail);
      process.off("uncaughtException", onThrown);
      for (const listener of before) process.on("uncaughtException", listener);
      await session.close();
    }
  });

  it("create no messages for a request without subscribers", async () => {
    const session = new Session();
    await session.get(`${server.url}/get`);
    // Requests are counted when they are described: the one above had no subscriber.
    const [before] = only(await eventsOf(() => session.get(`${server.url}/get`)), "requests:request:start");
    await session.get(`${server.url}/get`);
    const [afterwards] = only(await eventsOf(() => session.get(`${server.url}/get`)), "requests:request:start");
    await session.close();
    assert.equal(afterwards.request.id, before.request.id + 1);
  });
});
