/** requests-ts/events: server-sent events over as many connections as it takes. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { after, beforeEach, describe, it, mock } from "node:test";

import {
  ContentTooLarge,
  HTTPError,
  ReadTimeout,
  RequestException,
  RetryError,
  Session,
  StreamConsumedError,
  UnrewindableBodyError,
  type Response,
} from "requests-ts";
import { events, EventStream, type EventsOptions, type Reconnection } from "requests-ts/events";

import { eventually } from "../../_support/raw-server.js";
import { closedPort, failure, serve, type Received } from "../client/serve.js";

type Answer = (response: ServerResponse, request: Received) => void;

/** What the next requests are answered with; the last one stays. */
let script: Answer[] = [];
const server = await serve((request, response) => (script.length > 1 ? script.shift()! : script[0])(response, request));
after(() => server.close());
// The back-off at its shortest, and waits for the next connection (half a second and more) a hundred times shorter.
mock.method(Math, "random", () => 0);
const { setTimeout: realTimeout } = globalThis;
mock.method(globalThis, "setTimeout", (callback: () => void, delay = 0) =>
  realTimeout(callback, delay >= 500 && delay <= 5000 ? delay / 100 : delay),
);
beforeEach(() => {
  script = [];
  server.requests.length = 0;
});

const stream =
  (text: string, end: "end" | "cut" | "open" = "end"): Answer =>
  (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    if (end === "end") response.end(text);
    else response.write(text, () => end === "cut" && setTimeout(() => response.socket?.destroy(), 5));
  };
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();
const last = (index = -1): Received => server.requests.at(index)!;

/** The data of all events until the stream ends. */
async function all(source: EventStream): Promise<string[]> {
  const found: string[] = [];
  for await (const { data } of source) found.push(data);
  return found;
}

const fast = (options: EventsOptions = {}): EventStream => events(server.url, { retry: 0.001, ...options });

describe("events()", () => {
  it("reconnects in a session with raiseForStatus: true", async () => {
    script = [status(503), stream("data: 1\n\n"), status(204)];
    await using session = new Session({ raiseForStatus: true });
    assert.deepEqual(await all(fast({ session })), ["1"]);
  });

  it("sends the request headers of a browser", async () => {
    script = [stream("data: 1\n\n"), status(204)];
    assert.deepEqual(await all(fast()), ["1"]);
    const { method, headers } = server.requests[0];
    assert.deepEqual(
      [method, headers["accept"], headers["cache-control"], headers["last-event-id"]],
      ["GET", "text/event-stream", "no-store", undefined],
    );
  });

  it("sends the caller's headers and params, which replace its own", async () => {
    script = [status(204)];
    const headers = { accept: "text/event-stream, */*;q=0.1", "X-A": "1", "User-Agent": null };
    await all(fast({ headers, params: { channel: "a b" } }));
    assert.equal(last().headers["accept"], "text/event-stream, */*;q=0.1");
    assert.equal(last().headers["x-a"], "1");
    assert.equal(last().headers["user-agent"], undefined);
    assert.equal(last().target, "/?channel=a+b");
  });

  it("reconnects after a clean end, with the last id, until 204 [sse-reconnects]", async () => {
    script = [stream("id: 1\ndata: a\n\nid: ü2\ndata: b\n\n"), stream("data: c\n\n"), status(204)];
    const source = fast();
    assert.deepEqual(await all(source), ["a", "b", "c"]);
    const sent = server.requests.map(({ headers }) => headers["last-event-id"]);
    assert.deepEqual(sent, [undefined, Buffer.from("ü2").toString("latin1"), Buffer.from("ü2").toString("latin1")]);
    assert.equal(source.lastEventId, "ü2");
    assert.equal(source.readyState, EventStream.CLOSED);
  });

  it("uses an id without data, resets it for an empty id, and ignores one with NUL", async () => {
    const parts: readonly (readonly [string, string | undefined])[] = [
      ["id: 5\n\n", "5"],
      ["id: 6\0\n\n", "5"],
      ["id: 7\n", "5"], // not at its end
      ["id: 8\ndata: x\n\n", "8"],
      ["data: y\n\n", "8"],
      ["id: \x01bad\ndata: z\n\n", "8"],
      ["id\n\n", undefined],
    ];
    script = [...parts.map(([text]) => stream(text)), status(204)];
    assert.deepEqual(await all(fast()), ["x", "y", "z"]);
    assert.deepEqual(
      server.requests.slice(1).map(({ headers }) => headers["last-event-id"]),
      parts.map(([, id]) => id),
    );
  });

  it("begins after lastEventId", async () => {
    script = [status(204)];
    await all(fast({ lastEventId: "41" }));
    assert.equal(last().headers["last-event-id"], "41");
  });

  it("reconnects after a truncation, and drops the incomplete event", async () => {
    script = [stream("id: 1\ndata: a\n\nid: 2\ndata: hal", "cut"), stream("data: b\n\n"), status(204)];
    const seen: Reconnection[] = [];
    assert.deepEqual(await all(fast({ onReconnect: (one) => void seen.push(one) })), ["a", "b"]);
    assert.equal(server.requests[1].headers["last-event-id"], "1");
    assert.equal(seen[0].failures, 0);
    assert.equal(seen[0].error?.name, "ChunkedEncodingError");
    assert.equal(seen[1].error, undefined);
  });

  it("reconnects after a reset before the head, 500, 503 and 429", async () => {
    const reset: Answer = (response) => void response.socket?.destroy();
    script = [reset, status(500), status(503), status(429), stream("data: a\n\n"), status(204)];
    const seen: Reconnection[] = [];
    const source = fast({ onReconnect: (one) => void seen.push(one) });
    assert.deepEqual(await all(source), ["a"]);
    assert.deepEqual(seen.map(({ failures }) => failures), [1, 2, 3, 4, 0]); // prettier-ignore
    assert.deepEqual(seen.map(({ error }) => error?.name), ["ConnectionError", "HTTPError", "HTTPError", "HTTPError", undefined]); // prettier-ignore
  });

  it("waits as long as Retry-After says", async () => {
    script = [status(503, { "Retry-After": "100" })];
    const source = fast({ onReconnect: ({ delay }) => (assert.equal(delay, 100), source.close()) });
    assert.deepEqual(await all(source), []);
    assert.equal(server.requests.length, 1);
  });

  it("waits as long as the retry field says, with or without an event", async () => {
    script = [stream("retry: 700\n\n"), stream("retry: 800\ndata: a\n\n"), stream("retry: nonsense\ndata: b\n\n"), status(204)]; // prettier-ignore
    const delays: number[] = [];
    const source = events(server.url, { onReconnect: ({ delay }) => void delays.push(delay) });
    assert.equal(source.retry, 3);
    await all(source);
    assert.deepEqual(delays, [0.7, 0.8, 0.8]);
    assert.equal(source.retry, 0.8);
  });

  for (const [what, text, options] of [
    ["the server says retry: 0", "retry: 0\ndata: a\n\n", {}],
    ["the server says retry: 0 and nothing else", "retry: 0\n\n", {}],
    ["the server says retry: 1", "retry: 1\ndata: a\n\n", {}],
    ["the caller says retry: 0", "data: a\n\n", { retry: 0 }],
  ] as const)
    it(`waits at least half a second when ${what} and each connection ends at once`, async () => {
      script = [stream(text)];
      const delays: number[] = [];
      const source = events(server.url, {
        ...options,
        onReconnect: ({ delay }) => {
          delays.push(delay);
          if (delays.length === 4) source.close();
        },
      });
      await all(source);
      assert.deepEqual(delays, [0.5, 0.5, 0.5, 0.5]);
      assert.equal(server.requests.length, 4);
    });

  it("reconnects after silence for longer than timeout.read", async () => {
    script = [stream("data: a\n\n", "open"), status(204)];
    const seen: unknown[] = [];
    assert.deepEqual(await all(fast({ timeout: [null, 0.03], onReconnect: ({ error }) => void seen.push(error) })), [
      "a",
    ]);
    assert.ok(seen[0] instanceof ReadTimeout);
  });

  it("has the readyState of an EventSource", async () => {
    script = [stream("data: a\n\n"), stream("data: b\n\n"), status(204)];
    const states: number[] = [];
    const source = fast({
      onOpen: (response) => void states.push(source.readyState, response.statusCode),
      onReconnect: () => void states.push(source.readyState),
    });
    assert.equal(source.readyState, 0);
    assert.equal(source.response, null);
    for await (const _ of source) states.push(source.readyState);
    assert.deepEqual(states, [1, 200, 1, 0, 1, 200, 1, 0]);
    assert.equal(source.readyState, 2);
    assert.equal((source.response as Response | null)?.statusCode, 204);
  });

  it("passes on comments", async () => {
    script = [stream(": ping\n\ndata: a\n\n"), status(204)];
    const comments: string[] = [];
    await all(fast({ onComment: (comment) => void comments.push(comment) }));
    assert.deepEqual(comments, ["ping"]);
  });

  it("keeps cookies between connections", async () => {
    const first: Answer = (response) => {
      response.setHeader("Set-Cookie", "node=7");
      stream("data: a\n\n")(response, last());
    };
    script = [first, status(204)];
    await all(fast());
    assert.equal(last().headers["cookie"], "node=7");
  });

  it("asks for credentials again with each connection", async () => {
    let token = 0;
    script = [stream("data: a\n\n"), status(204)];
    await all(
      fast({
        auth: (request) => {
          request.headers.set("Authorization", `Bearer ${(token += 1)}`);
          return request;
        },
      }),
    );
    assert.deepEqual(server.requests.map(({ headers }) => headers["authorization"]), ["Bearer 1", "Bearer 2"]); // prettier-ignore
  });
});

describe("events() ends with an error", () => {
  it("for 4xx, which is an HTTPError", async () => {
    script = [status(404)];
    const error = await failure(all(fast()));
    assert.ok(error instanceof HTTPError);
    assert.equal(error.response?.statusCode, 404);
    assert.equal(server.requests.length, 1);
  });

  it("for another content type, which the message names", async () => {
    script = [(response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<p>")];
    const error = await failure(all(fast()));
    assert.ok(error instanceof RequestException);
    assert.equal(error.code, "ERR_EVENT_STREAM");
    assert.match(error.message, /"text\/html"/);
    assert.equal(server.requests.length, 1);
  });

  it("after maxRetries, which is a RetryError with its cause", async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const seen: number[] = [];
    const source = events(url, { retry: 0, maxRetries: 2, onReconnect: ({ failures }) => void seen.push(failures) });
    const error = await failure(all(source));
    assert.ok(error instanceof RetryError, String(error));
    assert.match(error.message, /^Gave up after 3 failed connections in a row/);
    assert.equal((error.cause as RequestException).code, "ERR_CONNECTION_REFUSED");
    assert.deepEqual(seen, [1, 2]);
    assert.equal(source.readyState, 2);
  });

  it("after maxRetries of connections that end without an event; an event resets the count", async () => {
    script = [stream(""), stream("data: a\n\n"), stream(""), stream("")];
    const error = await failure(all(fast({ maxRetries: 1 })));
    assert.match(error.message, /ended each connection without an event/);
    assert.equal(server.requests.length, 4);
  });

  it("for an event that is too large", async () => {
    for (const text of [`data: ${"x".repeat(2000)}`, "data: xxxxxxxxxx\n".repeat(200)]) {
      script = [stream(text, "open")];
      const error = await failure(all(fast({ maxEventSize: 1000 })));
      assert.ok(error instanceof ContentTooLarge, String(error));
    }
    assert.equal(server.requests.length, 2);
  });

  it("for an error of the caller's callbacks", async () => {
    script = [stream("data: a\n\n")];
    const mine = new Error("mine");
    const onOpen = (): never => {
      throw mine;
    };
    assert.equal(await failure(all(fast({ onOpen }))), mine);
  });
});

/** All events; `stop` is called once the source is at that place. */
async function allUntil(source: EventStream, place: string, stop: () => void): Promise<string[]> {
  const found: string[] = [];
  if (place !== "while open") {
    const asked = server.requests.length;
    // The time in which the answer to the request arrives, if there is one.
    void eventually(() => server.requests.length > asked).then(() => setTimeout(stop, 50));
  }
  for await (const { data } of source) {
    found.push(data);
    if (place === "while open") setTimeout(stop, 1);
  }
  return found;
}

describe("events() ends", () => {
  const places: readonly (readonly [string, Answer])[] = [
    ["while connecting", () => undefined],
    ["while open", stream("data: a\n\n", "open")],
    ["while waiting", status(503, { "Retry-After": "1000" })],
  ];
  for (const [place, answer] of places) {
    it(`with the reason of its signal, ${place}`, async () => {
      script = [answer];
      const controller = new AbortController();
      const reason = new Error("enough");
      const stop = (): void => controller.abort(reason);
      const source = fast({ signal: controller.signal });
      assert.equal(await failure(allUntil(source, place, stop)), reason);
      assert.equal(source.readyState, 2);
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
    });

    it(`without an error after close(), ${place}`, async () => {
      script = [answer];
      const source = fast();
      const found = await allUntil(source, place, () => source.close());
      assert.deepEqual(found, place === "while open" ? ["a"] : []);
      assert.equal(source.readyState, 2);
    });
  }

  it("without a request when its signal was aborted before", async () => {
    const reason = new Error("before");
    assert.equal(await failure(all(fast({ signal: AbortSignal.abort(reason) }))), reason);
    assert.equal(server.requests.length, 0);
  });

  it("and closes the connection when the loop is left", async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    script = [
      (response, request) => {
        response.socket?.on("close", closed);
        stream("data: a\n\n", "open")(response, request);
      },
    ];
    const source = fast();
    for await (const _ of source) break;
    await gone;
    assert.equal(source.readyState, 2);
  });

  it("without a pending timer or socket", async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    script = [status(503, { "Retry-After": "1000" })];
    const source = fast({ onReconnect: () => setImmediate(() => source.close()) });
    await all(source);
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === "Timeout").length, before);
  });

  it("without closing the caller's session", async () => {
    await using session = new Session();
    script = [stream("data: a\n\n", "open"), status(200)];
    for await (const _ of fast({ session })) break;
    assert.equal((await session.get(server.url)).statusCode, 200);
  });

  it("after one iteration, and cannot be iterated again", async () => {
    script = [status(204)];
    const source = fast();
    await all(source);
    await assert.rejects(all(source), StreamConsumedError);
  });
});

describe("events() with POST", () => {
  it("does not reconnect when the connection ends", async () => {
    script = [stream("data: a\n\ndata: [DONE]\n\n")];
    const source = fast({ method: "post", json: { stream: true } });
    assert.deepEqual(await all(source), ["a", "[DONE]"]);
    assert.equal(server.requests.length, 1);
    assert.deepEqual([last().method, last().body], ["POST", '{"stream":true}']);
  });

  it("throws the error of a truncation", async () => {
    script = [stream("data: a\n\n", "cut")];
    const found: string[] = [];
    const error = await failure(
      (async () => {
        for await (const { data } of fast({ method: "POST", data: "x" })) found.push(data);
      })(),
    );
    assert.deepEqual(found, ["a"]);
    assert.equal(error.name, "ChunkedEncodingError");
  });

  it("throws HTTPError for a 503", async () => {
    script = [status(503)];
    assert.ok((await failure(all(fast({ method: "POST" })))) instanceof HTTPError);
  });

  it("reconnects with reconnect: true, and sends the body again", async () => {
    script = [stream("id: 1\ndata: a\n\n"), status(500), status(204)];
    assert.deepEqual(await all(fast({ method: "POST", reconnect: true, json: [1] })), ["a"]);
    assert.deepEqual(server.requests.map(({ body }) => body), ["[1]", "[1]", "[1]"]); // prettier-ignore
    assert.deepEqual(server.requests.map(({ headers }) => headers["last-event-id"]), [undefined, "1", "1"]); // prettier-ignore
    assert.equal(last().headers["content-type"], "application/json");
  });

  it("does not send a consumed body again", async () => {
    script = [stream("data: a\n\n")];
    async function* body(): AsyncGenerator<string> {
      yield "once";
    }
    const found: string[] = [];
    const error = await failure(
      (async () => {
        for await (const { data } of fast({ method: "POST", reconnect: true, data: body() })) found.push(data);
      })(),
    );
    assert.ok(error instanceof UnrewindableBodyError, String(error));
    assert.deepEqual(found, ["a"]);
    assert.equal(server.requests.length, 1);
  });

  for (const method of ["HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "report", "SEARCH"])
    it(`${method} reconnects, because it is idempotent`, async () => {
      script = [status(503), status(204)];
      await all(fast({ method }));
      assert.equal(server.requests.length, 2);
    });

  it("does not reconnect for PATCH and LOCK", async () => {
    for (const method of ["PATCH", "LOCK"]) {
      script = [status(503)];
      assert.ok((await failure(all(fast({ method })))) instanceof HTTPError);
    }
    assert.equal(server.requests.length, 2);
  });

  it("does not reconnect for a GET with reconnect: false", async () => {
    script = [stream("data: a\n\n")];
    assert.deepEqual(await all(fast({ reconnect: false })), ["a"]);
    assert.equal(server.requests.length, 1);
  });
});

describe("events() refuses", () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ["an unknown option", { maxRetry: 1 }, /Unknown option "maxRetry" for events\(\)\. Valid options: .*maxRetries/],
    ["stream", { stream: true }, /Unknown option "stream"/],
    ["a negative retry", { retry: -1 }, /retry must be a number of seconds, 0 or greater/],
    ["maxRetries that is not a number", { maxRetries: "1" }, /maxRetries must be a number, 0 or greater/],
    ["an id that is not a string", { lastEventId: 5 }, /lastEventId must be a string/],
    ["an id that no header takes", { lastEventId: "a\nb" }, /cannot be sent/],
    ["text in place of options", "x", /must be an options object/],
  ];
  for (const [what, options, message] of cases)
    it(what, () => {
      assert.throws(() => events(server.url, options as EventsOptions), message);
    });
});
