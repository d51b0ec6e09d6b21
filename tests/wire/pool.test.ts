/** The pool: limits, the queue and its order, eviction, close. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { HTTPAdapter, Session } from "requests-ts";
import { answering, eventually, OK, rawServer, type Peer, type RawServer } from "../_support/raw-server.js";

let session: Session;
let adapter: HTTPAdapter;
const servers: RawServer[] = [];

function use(options: ConstructorParameters<typeof HTTPAdapter>[0]): void {
  adapter = new HTTPAdapter(options);
  session.mount("http://", adapter);
}

beforeEach(() => {
  session = new Session();
  use({});
});
afterEach(async () => {
  await session.close();
  for (const server of servers.splice(0)) await server.close();
});

/** Answers one request for each `release()`, in the order of their arrival. */
class Gate {
  readonly paths: string[] = [];
  readonly #held: (() => void)[] = [];
  server!: RawServer;

  async open(): Promise<this> {
    this.server = await rawServer(async (peer: Peer) => {
      for (;;) {
        const { head } = await peer.request();
        this.paths.push(head.split(" ")[1]);
        await new Promise<void>((resolve) => {
          this.#held.push(resolve);
        });
        await peer.send(OK);
      }
    });
    servers.push(this.server);
    return this;
  }

  get held(): number {
    return this.#held.length;
  }

  async release(): Promise<void> {
    await eventually(() => this.#held.length > 0);
    this.#held.shift()!();
  }
}

async function answeringServer(): Promise<RawServer> {
  const server = await rawServer(answering(OK));
  servers.push(server);
  return server;
}

function statuses(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return results.map(({ status }) => status);
}

const OPTIONS = { timeout: 30_000 };

describe("maxConnections", OPTIONS, () => {
  it("limits the open connections; other requests wait in order", async () => {
    use({ maxConnections: 2 });
    const gate = await new Gate().open();
    const done: number[] = [];
    const calls = Array.from({ length: 8 }, (_item, at) =>
      session.get(`${gate.server.url}/${at}`).then(() => void done.push(at)),
    );
    await eventually(() => gate.held === 2);
    assert.deepEqual(adapter.statistics, { open: 2, idle: 0, waiting: 6, origins: 1 });
    for (let at = 0; at < 8; at += 1) {
      await gate.release();
      await eventually(() => done.length === at + 1);
    }
    await Promise.all(calls);
    assert.deepEqual([...gate.paths.slice(0, 2)].sort(), ["/0", "/1"]);
    assert.deepEqual(gate.paths.slice(2), ["/2", "/3", "/4", "/5", "/6", "/7"]);
    assert.equal(gate.server.peers.length, 2);
    assert.deepEqual(adapter.statistics, { open: 2, idle: 2, waiting: 0, origins: 1 });
  });

  it("serves waiting requests before new ones", async () => {
    use({ maxConnections: 1 });
    const gate = await new Gate().open();
    const order: string[] = [];
    const call = async (name: string): Promise<void> => {
      await session.get(`${gate.server.url}/${name}`);
      order.push(name);
      // A request that follows at once waits after the others.
      if (name === "a") late.push(call("a-again"));
    };
    const late: Promise<void>[] = [];
    const calls = ["a", "b", "c"].map(call);
    for (let round = 0; round < 4; round += 1) await gate.release();
    await Promise.all(calls);
    await Promise.all(late);
    assert.deepEqual(order, ["a", "b", "c", "a-again"]);
    assert.equal(gate.server.peers.length, 1);
  });

  it("counts each origin separately", async () => {
    use({ maxConnections: 1 });
    const first = await new Gate().open();
    const second = await answeringServer();
    const blocked = session.get(first.server.url);
    await eventually(() => first.held === 1);
    assert.equal((await session.get(second.url)).text, "ok");
    await first.release();
    await blocked;
  });

  it("hands the slot to the next waiter when a connection fails", async () => {
    use({ maxConnections: 1 });
    const server = await rawServer(async (peer) => {
      if (peer.number > 3) return answering(OK)(peer);
      await peer.request();
      peer.reset();
    });
    servers.push(server);
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => session.post(server.url, { data: "x" })));
    assert.deepEqual(statuses(results), ["rejected", "rejected", "rejected", "fulfilled"]);
    assert.equal(server.peers.length, 4);
  });

  it("hands the slot to the next waiter when connecting fails", async () => {
    const refused = await rawServer(() => undefined);
    const { url } = refused;
    await refused.close();
    use({ maxConnections: 1 });
    const results = await Promise.allSettled([1, 2, 3].map(() => session.get(url)));
    assert.deepEqual(statuses(results), ["rejected", "rejected", "rejected"]);
    assert.deepEqual([adapter.statistics.open, adapter.statistics.waiting], [0, 0]);
  });

  it("serves many times as many requests as connections", async () => {
    use({ maxConnections: 5 });
    const server = await answeringServer();
    const responses = await Promise.all(Array.from({ length: 300 }, () => session.get(server.url)));
    assert.equal(
      responses.every(({ text }) => text === "ok"),
      true,
    );
    assert.equal(server.peers.length, 5);
  });
});

describe("poolMaxsize", OPTIONS, () => {
  it("limits the idle connections; further ones are closed", async () => {
    use({ poolMaxsize: 2 });
    const gate = await new Gate().open();
    const calls = Array.from({ length: 5 }, () => session.get(gate.server.url));
    for (let at = 0; at < 5; at += 1) await gate.release();
    await Promise.all(calls);
    await eventually(() => adapter.statistics.open === 2);
    assert.equal(adapter.statistics.idle, 2);
    await eventually(() => gate.server.peers.filter(({ isGone }) => isGone).length === 3);
  });

  it("closes every idle connection when it is 0", async () => {
    use({ poolMaxsize: 0 });
    const server = await answeringServer();
    await session.get(server.url);
    await server.peers[0].gone;
    assert.equal(adapter.statistics.open, 0);
  });
});

describe("poolBlock", OPTIONS, () => {
  it("opens no more connections than poolMaxsize", async () => {
    use({ poolMaxsize: 2, poolBlock: true });
    const gate = await new Gate().open();
    const calls = Array.from({ length: 5 }, () => session.get(gate.server.url));
    await eventually(() => gate.held === 2);
    assert.deepEqual([adapter.statistics.open, adapter.statistics.waiting], [2, 3]);
    for (let at = 0; at < 5; at += 1) await gate.release();
    await Promise.all(calls);
    assert.equal(gate.server.peers.length, 2);
  });
});

describe("poolConnections", OPTIONS, () => {
  it("limits the origins; the least recently used origin loses its idle connections", async () => {
    use({ poolConnections: 2 });
    const [a, b, c] = [await answeringServer(), await answeringServer(), await answeringServer()];
    await session.get(a.url);
    await session.get(b.url);
    await session.get(a.url);
    await session.get(c.url);
    await b.peers[0].gone;
    assert.equal(adapter.statistics.origins, 2);
    assert.equal((await session.get(a.url)).reused, true);
    assert.equal((await session.get(b.url)).reused, false);
    await c.peers[0].gone;
  });

  it("never closes a connection in use", async () => {
    use({ poolConnections: 1 });
    const gate = await new Gate().open();
    const working = session.get(gate.server.url);
    await eventually(() => gate.held === 1);
    const other = await answeringServer();
    await session.get(other.url);
    await gate.release();
    assert.equal((await working).text, "ok");
  });
});

describe("close()", OPTIONS, () => {
  it("closes idle connections, may be called twice, and the session stays usable", async () => {
    const server = await answeringServer();
    await session.get(server.url);
    await session.close();
    await session.close();
    await server.peers[0].gone;
    assert.deepEqual(adapter.statistics, { open: 0, idle: 0, waiting: 0, origins: 0 });
    assert.equal((await session.get(server.url)).reused, false);
    assert.equal((await session.get(server.url)).reused, true);
  });

  it("lets active and waiting requests finish, then closes their connections", async () => {
    use({ maxConnections: 1 });
    const gate = await new Gate().open();
    const calls = [1, 2, 3].map(() => session.get(gate.server.url));
    await eventually(() => gate.held === 1);
    await session.close();
    assert.equal(gate.server.peers[0].isGone, false);
    for (let at = 0; at < 3; at += 1) await gate.release();
    assert.deepEqual(
      (await Promise.all(calls)).map(({ text }) => text),
      ["ok", "ok", "ok"],
    );
    await gate.server.peers[0].gone;
    await eventually(() => adapter.statistics.open === 0);
  });

  it("closes a stream's connection when the stream ends", async () => {
    const server = await answeringServer();
    const response = await session.get(server.url, { stream: true });
    await session.close();
    assert.equal(String(await response.read()), "ok");
    await server.peers[0].gone;
  });
});

describe("invalid pool options", () => {
  for (const options of [{ maxConnections: 0 }, { poolMaxsize: -1 }, { poolConnections: NaN }, { maxHeaders: 0 }])
    it(`${JSON.stringify(options)} throws a RangeError`, () => {
      assert.throws(() => new HTTPAdapter(options), RangeError);
    });
});
