/** The transport seam: the pool serves any protocol that implements `Connection`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { FieldList } from "#internal/http/fields";
import { NO_TIMEOUTS } from "#internal/policy/timeout";
import type { Route } from "#internal/wire/connect/route";
import type { Dispatch, Stage } from "#internal/wire/dispatch";
import { Pool } from "#internal/wire/pool";
import type {
  Connecting,
  Connection,
  ConnectionOwner,
  Connector,
  Exchange,
  ResponseHead,
  ResponseSink,
  WireBody,
  WireRequest,
} from "#internal/wire/transport";

const ROUTE: Route = {
  key: "fake://h:1",
  address: "h:1",
  host: "h",
  port: 1,
  socketPath: null,
  tls: null,
  proxy: null,
  options: { resolve: () => Promise.reject(new Error("a fake protocol resolves no names")) },
};

const HEAD: ResponseHead = {
  version: 11,
  statusCode: 200,
  reason: "",
  rawHeaders: [],
  hasBody: true,
  contentLength: null,
  isDelimited: true,
};

/** A protocol without sockets. The test decides when the response to a request arrives. */
class FakeConnection implements Connection, Stage {
  readonly connectTimes = { dns: 1, connect: 2, tls: 3 };
  readonly keepAliveTimeout = 1000;
  readonly peer = { remoteAddress: "fake:1", tls: null, diagnosed: { id: 1, address: "h:1", proxy: null } };
  readonly underWay: Dispatch[] = [];
  owner!: ConnectionOwner;
  requests = 0;
  isClosed = false;

  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get isWritable(): boolean {
    return !this.isClosed;
  }

  start(dispatch: Dispatch): void {
    if (dispatch.request.method === "BAD") throw new TypeError("bad request");
    assert.ok(this.underWay.length < this.capacity, "a connection gets no more requests than it can carry");
    dispatch.stage = { abort: (error) => this.fail(dispatch, error) };
    dispatch.connection = this;
    dispatch.isReused = this.requests > 0;
    this.requests += 1;
    this.underWay.push(dispatch);
  }

  respond(method: string): void {
    const { sink } = this.#end(this.underWay.find(({ request }) => request.method === method)!);
    sink.onHead(HEAD);
    this.owner.onFree(performance.now());
    sink.onEnd([]);
  }

  fail(dispatch: Dispatch, error: unknown, isStale = false): void {
    this.owner.onFailure(this.#end(dispatch), { error, isStale });
  }

  abort(): void {
    assert.fail("requests of this protocol are aborted one by one");
  }

  close(): void {
    this.isClosed = true;
  }

  unref(): void {
    // There is no socket.
  }

  #end(dispatch: Dispatch): Dispatch {
    this.underWay.splice(this.underWay.indexOf(dispatch), 1);
    dispatch.stage = null;
    return dispatch;
  }
}

class FakeConnector implements Connector {
  readonly made: FakeConnection[] = [];

  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  check(request: WireRequest): void {
    if (request.method === "INVALID") throw new TypeError("invalid request");
  }

  connect(): Connecting {
    const connection = new FakeConnection(this.capacity);
    this.made.push(connection);
    return { connection: Promise.resolve(connection), abort: () => undefined };
  }
}

class Recorder implements ResponseSink {
  exchange!: Exchange;
  readonly events: string[] = [];

  onStart(exchange: Exchange): void {
    this.exchange = exchange;
  }

  onHead(head: ResponseHead): void {
    this.events.push(String(head.statusCode));
  }

  onData(): boolean {
    return true;
  }

  onEnd(): void {
    this.events.push("end");
  }

  onError(error: unknown): void {
    this.events.push((error as Error).message);
  }
}

const LIMITS = { origins: 10, idle: 10, open: 1, waiting: 10 };
const REPLAYABLE: WireBody = { length: 1, bytes: new Uint8Array(1), replayable: true, open: () => assert.fail() };

class Fixture {
  readonly connector: FakeConnector;
  readonly pool: Pool;

  constructor(capacity: number, limits: Partial<typeof LIMITS> = {}) {
    this.connector = new FakeConnector(capacity);
    this.pool = new Pool({ ...LIMITS, ...limits }, this.connector);
  }

  send(method: string, body: WireBody | null = null): Recorder {
    const sink = new Recorder();
    const target = { scheme: "http", authority: "h", path: "/" };
    const fields = new FieldList();
    this.pool.send(ROUTE, { method, target, fields, body, proxyAuthorization: null, limits: NO_TIMEOUTS }, sink);
    return sink;
  }

  /** The methods of the requests on each connection. */
  get underWay(): string[][] {
    return this.connector.made.map(({ underWay }) => underWay.map(({ request }) => request.method));
  }
}

/** Longer than a reservation takes. */
async function afterPolls(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a protocol whose connections carry two requests at once", () => {
  it("serves two requests at once over one connection, and a third when one of them ends", async () => {
    const fixture = new Fixture(2);
    const first = fixture.send("A");
    const second = fixture.send("B");
    const third = fixture.send("C");
    await afterPolls();
    assert.deepEqual(fixture.underWay, [["A", "B"]]);
    assert.deepEqual(fixture.pool.statistics, { open: 1, idle: 0, waiting: 1, origins: 1 });

    fixture.connector.made[0].respond("B");
    await afterPolls();
    assert.deepEqual(second.events, ["200", "end"]);
    assert.deepEqual(first.events, []);
    assert.deepEqual(fixture.underWay, [["A", "C"]]);

    fixture.connector.made[0].respond("A");
    fixture.connector.made[0].respond("C");
    assert.deepEqual(
      [first.events, third.events],
      [
        ["200", "end"],
        ["200", "end"],
      ],
    );
    assert.deepEqual(fixture.pool.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
    assert.deepEqual(
      [first, second, third].map(({ exchange }) => exchange.isReused),
      [false, true, true],
    );
  });

  it("keeps the connection when one of its requests is aborted", async () => {
    const fixture = new Fixture(2);
    const first = fixture.send("A");
    const second = fixture.send("B");
    await afterPolls();
    first.exchange.abort(new Error("enough"));
    assert.deepEqual(first.events, ["enough"]);
    fixture.connector.made[0].respond("B");
    assert.deepEqual(second.events, ["200", "end"]);
    assert.deepEqual(fixture.pool.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
  });

  it("counts a broken connection once, whatever it carried", async () => {
    const fixture = new Fixture(2);
    const first = fixture.send("A");
    const second = fixture.send("B");
    await afterPolls();
    const [connection] = fixture.connector.made;
    connection.isClosed = true;
    for (const dispatch of [...connection.underWay]) connection.fail(dispatch, new Error("broken"));
    connection.owner.onClose();
    assert.deepEqual([first.events, second.events], [["broken"], ["broken"]]);
    assert.deepEqual(fixture.pool.statistics, { open: 0, idle: 0, waiting: 0, origins: 1 });
  });

  it("sends no more requests over a connection that refuses more", async () => {
    const fixture = new Fixture(2, { open: 2 });
    fixture.send("A");
    await afterPolls();
    fixture.connector.made[0].isClosed = true;
    fixture.send("B");
    await afterPolls();
    assert.deepEqual(fixture.underWay, [["A"], ["B"]]);
    fixture.connector.made[0].respond("A");
    assert.deepEqual(fixture.pool.statistics, { open: 1, idle: 0, waiting: 0, origins: 1 });
  });
});

describe("a protocol whose connections carry one request at a time", () => {
  it("opens a connection for each active request, up to the limit", async () => {
    const fixture = new Fixture(1, { open: 2 });
    for (const method of ["A", "B", "C"]) fixture.send(method);
    await afterPolls();
    assert.deepEqual(fixture.underWay, [["A"], ["B"]]);
    fixture.connector.made[1].respond("B");
    await afterPolls();
    assert.deepEqual(fixture.underWay, [["A"], ["C"]]);
  });

  it("reuses the connection that was idle for the shortest time", async () => {
    const fixture = new Fixture(1, { open: 2 });
    fixture.send("A");
    fixture.send("B");
    await afterPolls();
    fixture.connector.made[0].respond("A");
    fixture.connector.made[1].respond("B");
    fixture.send("C");
    await afterPolls();
    assert.deepEqual(fixture.underWay, [[], ["C"]]);
  });

  it("repeats an idempotent request once when a kept connection is dead", async () => {
    const fixture = new Fixture(1);
    const sink = new Fixture(1).send("GET");
    assert.deepEqual(sink.events, []);
    const first = fixture.send("GET", REPLAYABLE);
    await afterPolls();
    const [dead] = fixture.connector.made;
    dead.isClosed = true;
    dead.fail(dead.underWay[0], new Error("dead"), true);
    await afterPolls();
    assert.deepEqual(first.events, []);
    assert.deepEqual(fixture.underWay, [[], ["GET"]]);
    const second = fixture.connector.made[1];
    second.isClosed = true;
    second.fail(second.underWay[0], new Error("dead again"), true);
    assert.deepEqual(first.events, ["dead again"]);
  });

  it("refuses an invalid request before it opens a connection", async () => {
    const fixture = new Fixture(1);
    const refused = fixture.send("INVALID");
    await afterPolls();
    assert.deepEqual(refused.events, ["invalid request"]);
    assert.deepEqual(fixture.connector.made, []);
    assert.deepEqual(fixture.pool.statistics, { open: 0, idle: 0, waiting: 0, origins: 1 });
  });

  it("keeps the connection when a request could not be written", async () => {
    const fixture = new Fixture(1);
    const refused = fixture.send("BAD");
    await afterPolls();
    assert.deepEqual(refused.events, ["bad request"]);
    assert.deepEqual(fixture.pool.statistics, { open: 1, idle: 1, waiting: 0, origins: 1 });
    fixture.send("GET");
    await afterPolls();
    assert.deepEqual(fixture.underWay, [["GET"]]);
  });
});
