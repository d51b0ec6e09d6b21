/** Spans by the HTTP semantic conventions, and the trace's context on the wire. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { context, diag, propagation, SpanKind, SpanStatusCode, trace, type Attributes } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import requests, { BaseAdapter, Response, Retry, Session, version } from "requests-ts";
import { HarRecorder } from "requests-ts/har";
import { httpbin } from "requests-ts/httpbin";
import { instrument, type InstrumentOptions } from "requests-ts/opentelemetry";
import { MockAdapter, mockRequests } from "requests-ts/testing";

const exporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const propagator = new W3CTraceContextPropagator();
const options = { tracerProvider, propagator };

function spans(): ReadableSpan[] {
  return exporter.getFinishedSpans();
}

function attributes(): Attributes[] {
  return spans().map((span) => span.attributes);
}

/** The trace and span of a traceparent header. */
function parent(header: string | undefined): readonly (string | undefined)[] {
  return /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(header ?? "")?.slice(1) ?? [];
}

function mocked(maxRetries?: Retry): { session: Session; mock: MockAdapter } {
  const mock = new MockAdapter({ maxRetries });
  const session = new Session();
  session.mount("http://", mock);
  session.mount("https://", mock);
  return { session, mock };
}

describe("instrument", () => {
  const manager = new AsyncLocalStorageContextManager().enable();
  let server: Awaited<ReturnType<typeof httpbin>>;
  before(async () => {
    context.setGlobalContextManager(manager);
    server = await httpbin();
  });
  afterEach(() => exporter.reset());
  after(async () => {
    context.disable();
    await server.close();
  });

  it("creates a client span with the attributes of the semantic conventions", async () => {
    const session = new Session();
    instrument(session, options);
    const response = await session.get(`${server.url}/headers`);
    await session.close();
    const [span] = spans();
    assert.deepEqual([span.name, span.kind, span.status.code], ["GET", SpanKind.CLIENT, SpanStatusCode.UNSET]);
    assert.deepEqual(span.instrumentationScope, { name: "requests-ts", version, schemaUrl: undefined });
    const { hostname, port } = new URL(server.url);
    assert.deepEqual(span.attributes, {
      "http.request.method": "GET",
      "url.full": `${server.url}/headers`,
      "server.address": hostname,
      "server.port": Number(port),
      "http.response.status_code": 200,
      "network.protocol.version": "1.1",
      "network.peer.address": "127.0.0.1",
      "network.peer.port": Number(port),
    });
    const { traceId, spanId } = span.spanContext();
    const sent = response.json<{ headers: Record<string, string> }>().headers["Traceparent"];
    assert.deepEqual(parent(sent), [traceId, spanId]);
  });

  const urls: readonly (readonly [string, Attributes])[] = [
    ["https://user:s3cret@h/a?sig=s3cret&q=1", { "url.full": "https://REDACTED:REDACTED@h/a?sig=REDACTED&q=1", "server.address": "h", "server.port": 443 }],
    ["https://token@h/", { "url.full": "https://REDACTED:REDACTED@h/", "server.address": "h" }],
    ["http://[::1]/", { "server.address": "::1", "server.port": 80 }],
    ["http://h:8080/x#part", { "server.port": 8080 }],
  ]; // prettier-ignore
  for (const [url, expected] of urls)
    it(`masks ${url}`, async () => {
      const { session, mock } = mocked();
      mock.any("*");
      instrument(session, options);
      await session.get(url);
      const [found] = attributes();
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(found[name], value, name);
      assert.doesNotMatch(JSON.stringify(found), /s3cret/);
    });

  it("creates a child of the active span", async () => {
    const { session, mock } = mocked();
    mock.any("*");
    instrument(session, options);
    const outer = tracerProvider.getTracer("test").startSpan("outer");
    await context.with(trace.setSpan(context.active(), outer), () => session.get("http://h/"));
    outer.end();
    const [span] = spans();
    assert.equal(span.parentSpanContext?.spanId, outer.spanContext().spanId);
    assert.equal(span.spanContext().traceId, outer.spanContext().traceId);
  });

  it("counts redirects and retries as separate requests", async () => {
    const { session, mock } = mocked(new Retry({ total: 2, statusForcelist: [503], backoffFactor: 0 }));
    mock.get("/a", [{ error: "reset" }, { status: 503 }, { status: 302, headers: { Location: "/b" } }]);
    mock.get("/b", [{ status: 503 }, {}]);
    instrument(session, options);
    await session.get("http://h/a");
    assert.deepEqual(
      attributes().map((found) => [
        found["url.full"],
        found["http.request.resend_count"],
        found["http.response.status_code"],
        found["error.type"],
      ]),
      [
        ["http://h/a", undefined, undefined, "ConnectionError"],
        ["http://h/a", 1, 503, "503"],
        ["http://h/a", 2, 302, undefined],
        ["http://h/b", 3, 503, "503"],
        ["http://h/b", 4, 200, undefined],
      ],
    );
    // Each went out with its own span, and none with two.
    assert.deepEqual(
      mock.calls.map(({ headers }) => headers.getAll("traceparent").map((header) => parent(header)[1])),
      spans().map((span) => [span.spanContext().spanId]),
    );
  });

  it("counts the request that answers a challenge", async () => {
    const session = new Session();
    instrument(session, options);
    const response = await session.get(`${server.url}/digest-auth/auth/u/p`, {
      auth: new requests.HTTPDigestAuth("u", "p"),
    });
    await session.close();
    assert.equal(response.statusCode, 200);
    assert.deepEqual(
      attributes().map((found) => [found["http.response.status_code"], found["http.request.resend_count"]]),
      [
        [401, undefined],
        [200, 1],
      ],
    );
  });

  it("records the class and message of an error, and 4xx as an error without a message", async () => {
    const { session, mock } = mocked();
    mock.get("/refused", { error: "refused" });
    mock.get("/404", { status: 404 });
    instrument(session, options);
    await session.get("http://h/refused").catch(() => undefined);
    await session.get("http://h/404");
    const [refused, missing] = spans();
    assert.equal(refused.attributes["error.type"], "ConnectionError");
    assert.equal(refused.status.code, SpanStatusCode.ERROR);
    assert.match(String(refused.status.message), /refused it/);
    assert.equal(missing.attributes["error.type"], "404");
    assert.deepEqual(missing.status, { code: SpanStatusCode.ERROR });
  });

  it("names other methods as the conventions require", async () => {
    const { session, mock } = mocked();
    mock.any("*");
    instrument(session, { ...options, urlTemplate: () => "/users/{id}" });
    await session.request("BREW", "http://h/users/1");
    const [span] = spans();
    assert.equal(span.name, "HTTP /users/{id}");
    assert.deepEqual(
      [
        span.attributes["http.request.method"],
        span.attributes["http.request.method_original"],
        span.attributes["url.template"],
      ],
      ["_OTHER", "BREW", "/users/{id}"],
    );
  });

  it("records the requested headers, without credentials", async () => {
    const { session, mock } = mocked();
    mock.any("*", { headers: { "X-B": ["1", "2"], "Set-Cookie": "a=s3cret; Path=/" } });
    instrument(session, {
      ...options,
      requestHeaders: ["X-A", "Authorization", "X-No"],
      responseHeaders: ["x-b", "Set-Cookie"],
    });
    await session.get("http://h/", { headers: { "x-a": "1" }, auth: ["u", "s3cret"] });
    const [found] = attributes();
    assert.deepEqual(found["http.request.header.x-a"], ["1"]);
    assert.deepEqual(found["http.request.header.authorization"], ["Basic ***"]);
    assert.deepEqual(found["http.response.header.x-b"], ["1", "2"]);
    assert.deepEqual(found["http.response.header.set-cookie"], ["a=***; Path=/"]);
    assert.equal("http.request.header.x-no" in found, false);
  });

  it("omits ignored requests, and lets hooks add to a span", async () => {
    const { session, mock } = mocked();
    mock.any("*");
    const ends: unknown[] = [];
    instrument(session, {
      ...options,
      ignore: ({ url }) => url.endsWith("/health"),
      onStart: (span, request) => span.setAttribute("mine", request.method),
      onEnd: (_span, response, error) => ends.push([response?.statusCode, error]),
    });
    await session.get("http://h/health");
    await session.get("http://h/");
    assert.equal(mock.calls[0].headers.has("traceparent"), false);
    assert.deepEqual(attributes().map((found) => found["mine"]), ["GET"]); // prettier-ignore
    assert.deepEqual(ends, [[200, null]]);
  });

  it("shows no token in a URL, a fragment, a header of credentialHeaders or a foreign error", async () => {
    const { session, mock } = mocked();
    mock.any("*", { headers: { "X-Mine": "s3cret", Link: "<http://h/?token=s3cret>; rel=next" } });
    session.credentialHeaders = ["X-Mine"];
    const names = ["X-Mine", "Link", "Referer"];
    instrument(session, { ...options, requestHeaders: names, responseHeaders: names });
    const headers = { "X-Mine": "s3cret", Referer: "https://s3cret@h/?sig=s3cret" };
    await session.get("http://s3cret@h/?token=s3cret#access_token=s3cret", { headers });
    mock.clear();
    mock.any("*", new Error("no https://user:s3cret@h/?api_key=s3cret"));
    await session.get("http://user:s3cret@h/").catch(() => undefined);
    assert.doesNotMatch(JSON.stringify(spans().map(({ attributes, status }) => [attributes, status])), /s3cret/);
    assert.deepEqual(
      attributes().map((found) => found["url.full"]),
      ["http://REDACTED:REDACTED@h/?token=REDACTED#access_token=REDACTED", "http://REDACTED:REDACTED@h/"],
    );
    assert.equal(spans()[1].status.message, "no https://user:***@h/?api_key=***");
  });

  const targets: readonly (readonly [url: string, address: string, port: number | undefined])[] = [
    ["http://1.2.3.4.5:1/", "1.2.3.4.5", 1],
    ["http://xn--a/", "xn--a", 80],
    ["http://999.999.999.999/", "999.999.999.999", 80],
    ["https://[::1]/", "::1", 443],
    ["http://[fe80::1%25eth0]:8080/", "fe80::1%25eth0", 8080],
    ["http+unix://%2Fa.sock/x", "%2Fa.sock", undefined],
  ];
  for (const [url, address, port] of targets)
    it(`describes ${url}, also as the target of a redirect`, async () => {
      const { session, mock } = mocked();
      session.mount("http+unix://", mock);
      mock.get("/from", { status: 302, headers: { Location: url } });
      mock.get(() => true);
      instrument(session, options);
      await session.get(url).catch(() => undefined);
      if (!url.startsWith("http+unix")) await session.get("http://h/from").catch(() => undefined);
      const [first] = attributes();
      assert.deepEqual([first["server.address"], first["server.port"]], [address, port]);
    });

  it("passes errors of the instrumentation to diag, not to the call", async () => {
    const reported: unknown[] = [];
    diag.setLogger({ error: (_message, error) => void reported.push(error), warn() {}, info() {}, debug() {}, verbose() {} }); // prettier-ignore
    const fail = (name: string) => (): never => {
      throw new Error(name);
    };
    const broken = { fields: () => [], extract: fail("extract"), inject: fail("inject") };
    const hostile: readonly (readonly [string, InstrumentOptions])[] = [
      ["ignore", { ignore: fail("ignore") }],
      ["urlTemplate", { urlTemplate: fail("urlTemplate") }],
      ["onStart", { onStart: fail("onStart") }],
      ["onEnd", { onEnd: fail("onEnd") }],
      ["onEnd later", { onEnd: async () => fail("onEnd later")() }],
      ["getTracer", { tracerProvider: { getTracer: fail("getTracer") } }],
      ["startSpan", { tracerProvider: { getTracer: () => ({ startSpan: fail("startSpan") }) } as never }],
      ["inject", { propagator: broken as never }],
    ];
    try {
      for (const [name, given] of hostile) {
        const { session, mock } = mocked();
        mock.get("/fine", { text: "fine" });
        mock.get("/refused", { error: "refused" });
        instrument(session, { ...options, ...given });
        assert.equal((await session.get("http://h/fine")).text, "fine", name);
        const error = await session.get("http://h/refused").catch((reason: unknown) => reason);
        assert.ok(error instanceof requests.ConnectionError, name);
        await Promise.resolve();
        assert.deepEqual(reported.splice(0).map(String), [`Error: ${name}`, `Error: ${name}`]);
      }
    } finally {
      diag.disable();
    }
  });

  it("does not change the given request", async () => {
    const { session, mock } = mocked();
    mock.any("*");
    instrument(session, options);
    const prepared = session.prepareRequest(new requests.Request("GET", "http://h/"));
    const response = await session.send(prepared);
    assert.equal(prepared.headers.has("traceparent"), false);
    assert.equal(response.request.headers.has("traceparent"), true);
    assert.equal(response.connection, mock);
  });

  it("creates one span for an adapter without attempts", async () => {
    class Plain extends BaseAdapter {
      override async send(): Promise<Response> {
        return new Response({ statusCode: 200 });
      }
    }
    const session = new Session();
    session.mount("http://", new Plain());
    instrument(session, options);
    await session.get("http://h/");
    assert.equal(spans().length, 1);
  });

  it("works with a HAR recorder and a mock, in any order", async () => {
    const session = new Session();
    const har = new HarRecorder(session);
    instrument(session, options);
    const mock = mockRequests(session, { maxRetries: 1 });
    const further = new HarRecorder(session);
    mock.get("*", [{ error: "reset" }, {}]);
    await session.get("http://h/");
    // The mock answers closest to the adapter, with retries of its own: the layers around it see one attempt.
    assert.deepEqual([har.size, spans().length, further.size, mock.calls.length], [1, 1, 1, 2]);
    mock.restore();
    exporter.reset();
    const { session: second, mock: mounted } = mocked(new Retry({ total: 1 }));
    mounted.get("*", [{ error: "reset" }, {}]);
    instrument(second, options);
    const inner = new HarRecorder(second);
    await second.get("http://h/");
    assert.deepEqual([inner.size, spans().length], [2, 2]);
    assert.ok(inner.toJSON().log.entries[1].request.headers.some(({ name }) => name === "traceparent"));
  });

  it("uses the global provider and propagator, also those that are set later, and can be disabled", async () => {
    await using mock = mockRequests();
    mock.any("*");
    const stop = instrument(null);
    trace.setGlobalTracerProvider(tracerProvider);
    propagation.setGlobalPropagator(propagator);
    try {
      await requests.get("http://h/");
      assert.deepEqual(parent(mock.calls[0].headers["traceparent"])[1], spans()[0].spanContext().spanId);
      stop();
      await requests.get("http://h/");
      assert.equal(spans().length, 1);
    } finally {
      trace.disable();
      propagation.disable();
    }
  });
});
