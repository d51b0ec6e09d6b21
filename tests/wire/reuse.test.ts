/** When a connection carries another request, and when not. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Session, type RequestOptions } from "requests-ts";
import {
  answering,
  eventually,
  OK,
  pause,
  rawServer,
  rejection,
  type Peer,
  type RawServer,
  type Script,
} from "../_support/raw-server.js";

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

/** @param script - What becomes of the first connection; those that follow answer. */
async function firstConnection(script: Script): Promise<void> {
  server = await rawServer((peer) => (peer.number === 1 ? script(peer) : answering(OK)(peer)));
}

const OPTIONS = { timeout: 60_000 };

describe("a connection is reused", OPTIONS, () => {
  const staying: readonly (readonly [string, string])[] = [
    ["HTTP/1.1", OK],
    ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
    ["an error status", "HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\nok"],
    ["HTTP/1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"],
    ["a long keep-alive", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 2\r\n\r\nok"],
  ];
  for (const [name, answer] of staying)
    it(`after ${name}`, async () => {
      server = await rawServer(answering(answer));
      const reused = [];
      for (let round = 0; round < 3; round += 1) reused.push((await session.get(server.url)).reused);
      assert.deepEqual(reused, [false, true, true]);
      assert.equal(server.peers.length, 1);
      assert.deepEqual(adapter.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
    });

  it("after a HEAD whose answer has a length", async () => {
    server = await rawServer(answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", OK));
    await session.head(server.url);
    assert.equal((await session.get(server.url)).text, "ok");
    assert.equal(server.peers.length, 1);
  });

  it("after a streamed body that was read", async () => {
    server = await rawServer(answering(OK));
    const response = await session.get(server.url, { stream: true });
    assert.equal(String(await response.read()), "ok");
    assert.equal((await session.get(server.url)).reused, true);
  });

  it("after a streamed body of which little was unread", async () => {
    const large = `HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${"x".repeat(1000)}`;
    server = await rawServer(answering(large, OK));
    const response = await session.get(server.url, { stream: true });
    response.close();
    await eventually(() => adapter.statistics.idle === 1);
    const next = await session.get(server.url);
    assert.deepEqual([next.text, next.reused], ["ok", true]);
  });
});

describe("a connection is closed", OPTIONS, () => {
  const leaving: readonly (readonly [string, string, RequestOptions?])[] = [
    ["Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["our own Connection: close", OK, { headers: { Connection: "close" } }],
    ["a keep-alive of less than its margin", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok"],
    ["a keep-alive of 0 s", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok"],
    ["bytes after the end", `${OK}x`],
    ["a second response after the end", OK + OK],
  ];
  for (const [name, answer, options] of leaving)
    it(`after ${name}`, async () => {
      server = await rawServer(answering(answer));
      for (const round of [1, 2]) {
        const response = await session.get(server.url, options);
        assert.deepEqual([response.text, response.reused], ["ok", false]);
        assert.equal(server.peers.length, round);
      }
      await server.peers[0].gone;
    });

  it("when the server sends bytes without a request [unsolicited-bytes]", async () => {
    await firstConnection(async (peer) => {
      await peer.request();
      await peer.sendAndPause(OK);
      await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
      await peer.gone;
    });
    assert.equal((await session.get(server.url)).text, "ok");
    await server.peers[0].gone;
    await eventually(() => adapter.statistics.open === 0);
    const next = await session.get(server.url);
    assert.deepEqual([next.text, next.reused], ["ok", false]);
  });

  it("when the server closes it while it is idle", async () => {
    await firstConnection(async (peer) => {
      await peer.request();
      await peer.sendAndPause(OK);
      peer.end();
    });
    await session.get(server.url);
    await server.peers[0].gone;
    await eventually(() => adapter.statistics.open === 0);
    assert.equal((await session.post(server.url, { data: "x" })).reused, false);
  });

  it("after a streamed body of which much was unread", async () => {
    await firstConnection(async (peer) => {
      await peer.request();
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n${"x".repeat(1000)}`);
    });
    const response = await session.get(server.url, { stream: true });
    response.close();
    await server.peers[0].gone;
    assert.equal(adapter.statistics.open, 0);
    assert.equal((await session.get(server.url)).text, "ok");
  });

  it("after a streamed body whose short rest does not arrive", async () => {
    await firstConnection(async (peer) => {
      await peer.request();
      await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx`);
    });
    const response = await session.get(server.url, { stream: true });
    response.close();
    const closed = performance.now();
    await server.peers[0].gone;
    assert.ok(performance.now() - closed < 2000);
    await eventually(() => adapter.statistics.open === 0);
  });

  it("when keepAlive is false", async () => {
    server = await rawServer(answering(OK));
    session.mount("http://", new HTTPAdapter({ keepAlive: false }));
    for (const round of [1, 2]) {
      assert.equal((await session.get(server.url)).reused, false);
      assert.equal(server.peers.length, round);
    }
  });

  it("when it was idle for longer than keepAlive allows", async (context) => {
    server = await rawServer(answering("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok"));
    const real = performance.now.bind(performance);
    let ahead = 0;
    context.mock.method(performance, "now", () => real() + ahead);
    const reused = [];
    // Four seconds are good: five less a margin of one, counted from the last answer.
    for (const step of [0, 3500, 3500, 4500]) {
      ahead += step;
      reused.push((await session.get(server.url)).reused);
    }
    assert.deepEqual(reused, [false, true, true, false]);
  });
});

describe("a kept connection that is dead", OPTIONS, () => {
  /** Answers once, then ends in the given way as soon as the next request begins to come. */
  const dying =
    (end: (peer: Peer) => void): Script =>
    async (peer) => {
      await peer.request();
      await peer.send(OK);
      await peer.until(" ");
      end(peer);
    };
  const ways = {
    closes: dying((peer) => peer.end()),
    resets: dying((peer) => peer.reset()),
  };

  for (const [way, script] of Object.entries(ways)) {
    for (const [method, options] of [
      ["GET", {}],
      ["HEAD", {}],
      ["PUT", { data: "again" }],
      ["DELETE", {}],
      ["OPTIONS", {}],
      ["PUT", { data: { [Symbol.iterator]: () => ["ag", "ain"].values() } }],
    ] as const)
      it(`${way}: sends ${method} once more${"data" in options ? ` with its body (${typeof options.data})` : ""}`, async () => {
        await firstConnection(script);
        await session.get(server.url);
        const response = await session.request(method, server.url, options);
        assert.deepEqual([response.statusCode, response.reused], [200, false]);
        assert.equal(server.peers.length, 2);
        if ("data" in options)
          assert.match(
            server.peers[1].received,
            typeof options.data === "string" ? /again$/ : /ag\r\n3\r\nain\r\n0\r\n\r\n$/,
          );
      });

    it(`${way}: does not send a POST again`, async () => {
      await firstConnection(script);
      await session.get(server.url);
      const error = await rejection(session.post(server.url, { data: "x" }));
      assert.deepEqual([error.name, error.code], ["ConnectionError", "ERR_CONNECTION_CLOSED"]);
      assert.equal(server.peers.length, 1);
      assert.equal((await session.get(server.url)).text, "ok");
    });

    it(`${way}: does not send a body again that cannot be produced again`, async () => {
      await firstConnection(script);
      await session.get(server.url);
      async function* once(): AsyncGenerator<string, void> {
        yield "x";
      }
      const error = await rejection(session.put(server.url, { data: once() }));
      assert.deepEqual([error.name, error.code], ["ConnectionError", "ERR_CONNECTION_CLOSED"]);
      assert.equal(server.peers.length, 1);
    });

    it(`${way}: sends the request again once, not twice`, async () => {
      // Every connection dies at its second request, and the fresh ones at their first.
      server = await rawServer((peer) => (peer.number === 1 ? script(peer) : peer.until(" ").then(() => peer.reset())));
      await session.get(server.url);
      const error = await rejection(session.get(server.url));
      assert.deepEqual([error.name, error.code], ["ConnectionError", "ERR_CONNECTION_CLOSED"]);
      assert.equal(server.peers.length, 2);
    });
  }

  it("does not send it again after the first byte of the response", async () => {
    await firstConnection(async (peer) => {
      await peer.request();
      await peer.send(OK);
      await peer.request();
      await peer.sendAndPause("H");
      peer.reset();
    });
    await session.get(server.url);
    const error = await rejection(session.get(server.url));
    assert.equal(error.name, "ConnectionError");
    assert.equal(server.peers.length, 1);
  });

  it("does not send it again over a new connection that fails", async () => {
    server = await rawServer((peer) => peer.until(" ").then(() => peer.end()));
    await rejection(session.get(server.url));
    await pause(5);
    assert.equal(server.peers.length, 1);
  });

  it("closes the other idle connections of the same origin", async () => {
    let serving = true;
    server = await rawServer(async (peer) => {
      for (;;) {
        await peer.request();
        if (!serving && peer.number <= 3) {
          peer.reset();
          return;
        }
        await peer.sendAndPause(OK);
      }
    });
    await Promise.all([1, 2, 3].map(() => session.get(server.url)));
    assert.equal(server.peers.length, 3);
    serving = false;
    assert.equal((await session.get(server.url)).text, "ok");
    assert.equal(server.peers.length, 4);
    await Promise.all(server.peers.slice(0, 3).map((peer) => peer.gone));
  });
});
