/** Layers: the order in which they run, what they are told, and what they may do. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, {
  BaseAdapter,
  ConnectionError,
  HTTPAdapter,
  HTTPDigestAuth,
  Response,
  Retry,
  Session,
  type Layer,
  type LayerAttempt,
  type PreparedRequest,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure } from "./serve.js";

const server = await httpbin();
after(() => server.close());

/** A layer that notes when a request passes it on its way out and when its response comes back. */
function noting(name: string, notes: string[]): Layer {
  return async (request, _attempt, next) => {
    notes.push(`${name} out`);
    const response = await next(request);
    notes.push(`${name} back`);
    return response;
  };
}

/** Collects the attempts that a layer is told of. */
function collecting(attempts: LayerAttempt[]): Layer {
  return (request, attempt, next) => {
    attempts.push(attempt);
    return next(request);
  };
}

/** An adapter that is not an HTTPAdapter, and answers from memory. */
class MemoryAdapter extends BaseAdapter {
  readonly sent: PreparedRequest[] = [];
  layers: readonly Layer[] | undefined;

  override async send(
    request: PreparedRequest,
    settings: { layers?: readonly Layer[] | undefined },
  ): Promise<Response> {
    this.sent.push(request);
    this.layers = settings.layers;
    return new Response({ request, statusCode: 200, body: "from memory" });
  }
}

class Foreign extends BaseAdapter {}

describe("session.use()", () => {
  it("runs the layer that was added last closest to the adapter", async () => {
    await using session = new Session();
    const notes: string[] = [];
    session.use(noting("first", notes));
    session.use(noting("second", notes));
    await session.get(`${server.url}/get`);
    assert.deepEqual(notes, ["first out", "second out", "second back", "first back"]);
  });

  it("returns a function that removes this layer only", async () => {
    await using session = new Session();
    const notes: string[] = [];
    const layer = noting("layer", notes);
    const removeFirst = session.use(layer);
    session.use(layer);
    assert.equal(session.layers.length, 2);
    removeFirst();
    removeFirst();
    assert.equal(session.layers.length, 1);
    await session.get(`${server.url}/get`);
    assert.deepEqual(notes, ["layer out", "layer back"]);
  });

  it("keeps a layer with innermost next to the adapter", async () => {
    await using session = new Session();
    const notes: string[] = [];
    session.use(Object.assign(noting("innermost", notes), { innermost: true }));
    session.use(noting("later", notes));
    await session.get(`${server.url}/get`);
    assert.deepEqual(notes, ["later out", "innermost out", "innermost back", "later back"]);
  });

  it("runs for each attempt of the adapter's retries, and counts them", async () => {
    await using session = new Session({ retries: new Retry({ total: 2, statusForcelist: [503] }) });
    const attempts: LayerAttempt[] = [];
    session.use(collecting(attempts));
    const error = await failure(session.get(`${server.url}/status/503`));
    assert.equal(error.name, "RetryError");
    assert.deepEqual(
      attempts.map(({ number }) => number),
      [1, 2, 3],
    );
  });

  it("gives the earlier responses of redirects and of authentication", async () => {
    await using session = new Session({ timeout: 5 });
    const attempts: LayerAttempt[] = [];
    session.use(collecting(attempts));
    await session.get(`${server.url}/redirect/2`);
    await session.get(`${server.url}/digest-auth/auth/ada/pw`, { auth: new HTTPDigestAuth("ada", "pw") });
    assert.deepEqual(
      attempts.map(({ number, previous }) => [number, previous.map(({ statusCode }) => statusCode)]),
      [
        [1, []],
        [1, [302]],
        [1, [302, 302]],
        [1, []],
        [1, [401]],
      ],
    );
    assert.equal(attempts[0].settings.timeout, 5);
  });

  it("may change a copy of the request, and the response", async () => {
    await using session = new Session();
    session.use(async (request, _attempt, next) => {
      const changed = request.copy();
      changed.headers["X-Layer"] = "yes";
      const response = await next(changed);
      return new Response({ request, statusCode: 299, headers: response.headers, body: response.content });
    });
    const response = await session.get(`${server.url}/headers`);
    assert.equal(response.statusCode, 299);
    assert.equal(response.json<{ headers: Record<string, string> }>().headers["X-Layer"], "yes");
    assert.equal(response.request.headers["x-layer"], undefined);
  });

  it("may respond without the adapter, with cookies and redirects as for any response", async () => {
    await using session = new Session();
    session.use(async (request, _attempt, next) =>
      request.url.endsWith("/start")
        ? new Response({
            request,
            url: request.url,
            statusCode: 302,
            headers: { Location: "/cookies", "Set-Cookie": "a=b" },
          })
        : next(request),
    );
    const response = await session.get(`${server.url}/start`);
    assert.deepEqual(response.json(), { cookies: { a: "b" } });
    assert.equal(response.history.length, 1);
  });

  it("may send the request again", async () => {
    await using session = new Session();
    session.use(async (request, _attempt, next) => {
      await next(request);
      return next(request);
    });
    assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
  });

  it("lets retries treat an error of a layer as the outcome of the attempt", async () => {
    await using session = new Session({ retries: new Retry(1) });
    session.use(async (request, { number }, next) => {
      if (number === 1)
        throw new ConnectionError("the layer lost it", { code: "ERR_CONNECTION_RESET", phase: "connect" });
      return next(request);
    });
    assert.equal((await session.get(`${server.url}/get`)).statusCode, 200);
    session.use(() => {
      throw new TypeError("a fault in a layer");
    });
    await assert.rejects(session.get(`${server.url}/get`), new TypeError("a fault in a layer"));
  });

  it("works under stream: true", async () => {
    await using session = new Session();
    const notes: string[] = [];
    session.use(noting("layer", notes));
    await using response = await session.get(`${server.url}/stream/3`, { stream: true });
    assert.deepEqual(notes, ["layer out", "layer back"]);
    assert.equal((await response.read()).toString().trim().split("\n").length, 3);
  });

  it("keeps the layers of a request in progress when they are removed", async () => {
    await using session = new Session();
    const notes: string[] = [];
    let remove: () => void = () => undefined;
    session.use(async (request, _attempt, next) => {
      remove();
      return next(request);
    });
    remove = session.use(noting("removed", notes));
    await session.get(`${server.url}/get`);
    assert.deepEqual(notes, ["removed out", "removed back"]);
    await session.get(`${server.url}/get`);
    assert.equal(notes.length, 2);
  });

  const wrongLayers: [unknown, string][] = [
    [null, "null"],
    [undefined, "undefined"],
    [{}, "object"],
  ];
  for (const [wrong, name] of wrongLayers)
    it(`refuses ${name}`, () => {
      assert.throws(
        () => new Session().use(wrong as Layer),
        new TypeError(`use(layer) takes a function (request, attempt, next) => next(request), not ${name}`),
      );
    });

  for (const [what, options, outcome] of [
    ["the total timeout", () => ({ timeout: { total: 0.1 } }), /TotalTimeout/],
    ["the signal", () => ({ signal: AbortSignal.timeout(100) }), /TimeoutError/],
  ] as const)
    it(`ends with ${what} while a layer waits, and aborts the signal of the attempt`, async () => {
      for (const adapter of [new HTTPAdapter(), new Foreign()]) {
        await using session = new Session();
        session.mount("http://", adapter);
        const aborted = new Promise<unknown>((resolve) => {
          session.use(async (_request, { signal }) => {
            signal.addEventListener("abort", () => resolve(signal.reason));
            return new Promise<never>(() => undefined);
          });
        });
        const error = await failure(session.get("http://127.0.0.1:1/", options()));
        assert.match(String(error), outcome);
        assert.equal(await aborted, error);
      }
    });

  it("explains the mistake of a layer that returns no response, or passes no request on", async () => {
    await using session = new Session();
    const remove = session.use((async () => undefined) as unknown as Layer);
    await assert.rejects(
      session.get(`${server.url}/get`),
      /^TypeError: A layer must return a Response: return next\(request\)/,
    );
    remove();
    session.use((_request, _attempt, next) => (next as () => Promise<Response>)());
    await assert.rejects(session.get(`${server.url}/get`), /^TypeError: A layer must call next\(request\)/);
  });
});

describe("requests.use()", () => {
  it("adds a layer to the module functions, and not to sessions", async () => {
    const notes: string[] = [];
    const remove = requests.use(noting("module", notes));
    try {
      await requests.get(`${server.url}/get`);
      await using session = new Session();
      await session.get(`${server.url}/get`);
    } finally {
      remove();
    }
    await requests.get(`${server.url}/get`);
    assert.deepEqual(notes, ["module out", "module back"]);
  });
});

describe("the layers of an adapter that is not an HTTPAdapter", () => {
  it("run around it: one attempt for each request", async () => {
    await using session = new Session();
    const adapter = new MemoryAdapter();
    session.mount("memory://", adapter);
    const notes: string[] = [];
    const attempts: LayerAttempt[] = [];
    session.use(noting("layer", notes));
    session.use(collecting(attempts));
    const response = await session.get("memory://host/");
    assert.equal(response.text, "from memory");
    assert.ok(response.elapsed > 0);
    assert.deepEqual(notes, ["layer out", "layer back"]);
    assert.deepEqual(
      attempts.map(({ number, previous }) => [number, previous]),
      [[1, []]],
    );
    assert.deepEqual(adapter.layers, []);
  });

  it("run once when it passes its requests to an HTTPAdapter", async () => {
    class Wrapper extends BaseAdapter {
      readonly inner = new HTTPAdapter();
      override send(...given: Parameters<HTTPAdapter["send"]>): Promise<Response> {
        return this.inner.send(...given);
      }
    }
    await using session = new Session();
    session.mount("http://", new Wrapper());
    const notes: string[] = [];
    session.use(noting("layer", notes));
    await session.get(`${server.url}/get`);
    assert.deepEqual(notes, ["layer out", "layer back"]);
  });

  it("run around each attempt of a subclass of HTTPAdapter that calls super.send", async () => {
    class Subclass extends HTTPAdapter {
      override send(...given: Parameters<HTTPAdapter["send"]>): Promise<Response> {
        return super.send(...given);
      }
    }
    await using session = new Session();
    session.mount("http://", new Subclass({ maxRetries: new Retry({ total: 1, statusForcelist: [503] }) }));
    const attempts: LayerAttempt[] = [];
    session.use(collecting(attempts));
    await failure(session.get(`${server.url}/status/503`));
    assert.equal(attempts.length, 2);
  });
});
