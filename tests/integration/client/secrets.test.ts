/** Nothing that is printed, logged, serialized or recorded of a call shows a secret, whatever the call ends in. */
import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";

import type { Tracer } from "@opentelemetry/api";
import * as exceptions from "requests-ts";
import { HTTPAdapter, Request, RequestsCookieJar, Retry, Session, type RequestOptions } from "requests-ts";
import { HarRecorder } from "requests-ts/har";
import { instrument } from "requests-ts/opentelemetry";
import { MockAdapter, type ReplyInit } from "requests-ts/testing";
import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";
import { eventLine } from "#internal/diagnostics/lines";
import type { DiagnosticsMessages } from "#internal/diagnostics/messages";

import { rawServer, type RawServer } from "../../_support/raw-server.js";

const SECRET = "s3cret";
/** Also as Basic authentication writes it. */
const LEAK = new RegExp(`${SECRET}|${Buffer.from(`user:${SECRET}`).toString("base64").slice(0, 14)}`);

/** The URL of a call: user-info, query and fragment have secrets. */
function secretUrl(origin: string, path = "/a"): string {
  const [scheme, host] = origin.split("://");
  return `${scheme}://${SECRET}@${host}${path}?api_key=${SECRET}&q=1#access_token=${SECRET}`;
}

/** Secrets in every option that may have one. */
const OPTIONS: RequestOptions = {
  headers: { "X-Api-Key": SECRET, "X-Mine": SECRET, Referer: `https://${SECRET}@h/?token=${SECRET}` },
  cookies: { sid: SECRET },
  auth: ["user", SECRET],
  json: { password: [SECRET], nested: { client_secret: { value: SECRET } } },
  cert: { cert: "client.pem", key: "client.key", passphrase: SECRET },
  timeout: 5,
};

/** What the observers of all tests below were told. */
const told: string[] = [];
const NAMES: readonly (keyof DiagnosticsMessages)[] = [
  "requests:request:start",
  "requests:request:head",
  "requests:request:end",
  "requests:request:error",
  "requests:request:retry",
  "requests:request:redirect",
  "requests:pool:wait",
  "requests:connection:open",
  "requests:connection:tls",
  "requests:connection:error",
  "requests:connection:close",
];
const listeners = NAMES.map((name) => {
  const listener = (message: unknown): void => {
    told.push(JSON.stringify(message), eventLine(name, message as never));
  };
  return { name, listener };
});
const onWarning = (warning: Error): void => {
  told.push(String(warning));
};

/** Everything that a program can print of a value. */
function prints(value: unknown): string[] {
  const found = [inspect(value, { depth: 10 }), String(value)];
  if (value instanceof Error) {
    found.push(value.message, String(value.stack));
    if (value.cause !== undefined) found.push(...prints(value.cause));
  }
  found.push(JSON.stringify(value) ?? "");
  return found;
}

/** What a test runner prints of an error: it walks all properties, getters and prototypes, but asks toJSON first. */
function walked(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "" : String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return walked((value as { toJSON: () => unknown }).toJSON(), seen);
  let text = "";
  for (let level: unknown = value; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level))
    for (const name of Object.getOwnPropertyNames(level)) {
      // This error is about the text of an invalid JSON body.
      if (name === "doc") continue;
      try {
        text += `${name}: ${walked((value as Record<string, unknown>)[name], seen)}\n`;
      } catch {
        // A getter that throws.
      }
    }
  return text;
}

function assertClean(what: string, texts: readonly string[]): void {
  for (const text of texts) {
    const at = text.search(LEAK);
    assert.equal(at, -1, `${what}: …${text.slice(Math.max(0, at - 200), at + 50)}`);
  }
}

function assertCleanError(error: Error, session?: Session): void {
  const { request, response, retries } = error as exceptions.RequestException;
  const shown = [error, request, response, retries, retries?.history, session].flatMap((one) =>
    one === undefined ? [] : prints(one),
  );
  if (request instanceof exceptions.PreparedRequest) shown.push(request.toCurl());
  assertClean(error.name, [...shown, walked(error)]);
}

async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return error;
}

/** A session that everything observes, with secrets in its own settings. */
function observed(options: { readonly retries?: Retry } = {}): { session: Session; har: HarRecorder } {
  const session = new Session({
    ...options,
    baseUrl: `https://${SECRET}@h/?token=${SECRET}`,
    headers: { "X-Auth-Token": SECRET },
    params: { access_token: SECRET },
    auth: ["user", SECRET],
    cookies: { sid: SECRET },
    cert: { cert: "client.pem", key: `-----BEGIN PRIVATE KEY-----${SECRET}`, passphrase: SECRET },
    maxRedirects: 1,
    trustEnv: false,
  });
  session.credentialHeaders = [...session.credentialHeaders, "X-Mine"];
  const har = new HarRecorder(session);
  const tracerProvider = { getTracer: () => recordingTracer };
  instrument(session, {
    tracerProvider,
    requestHeaders: ["x-mine", "authorization", "referer"],
    responseHeaders: ["location", "x-mine"],
  });
  return { session, har };
}

const recordingTracer = {
  startSpan(name: string, { attributes }: { attributes: unknown }) {
    told.push(name, JSON.stringify(attributes));
    const span = {
      setAttributes: (more: unknown) => told.push(JSON.stringify(more)),
      setAttribute: (key: string, value: unknown) => told.push(`${key}: ${String(value)}`),
      setStatus: (status: unknown) => told.push(JSON.stringify(status)),
      end: () => undefined,
      spanContext: () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 }),
    };
    return span;
  },
} as unknown as Tracer;

/** The exception classes that a test below has met. */
const met = new Set<string>();

describe("the text of an exception", () => {
  let silent: RawServer;
  before(async () => {
    for (const { name, listener } of listeners) channel(name).subscribe(listener);
    process.on("warning", onWarning);
    silent = await rawServer(() => undefined);
  });
  after(async () => {
    for (const { name, listener } of listeners) channel(name).unsubscribe(listener);
    process.off("warning", onWarning);
    await silent.close();
  });

  const redirect = (location: string): ReplyInit => ({
    status: 302,
    headers: { Location: location, "X-Mine": SECRET },
  });
  const loop = `http://user:${SECRET}@h/?token=${SECRET}#access_token=${SECRET}`;
  type Case = readonly [
    name: string,
    reply: ReplyInit,
    options?: RequestOptions,
    then?: (response: exceptions.Response) => unknown,
  ];
  const cases: readonly Case[] = [
    ["HTTPError", { status: 404, reason: `Not\x9b[2JFound`, cookies: { sid: SECRET } }, {}, (response) => response.raiseForStatus()],
    ["HTTPError", { status: 500, headers: { Link: `<http://h/?token=${SECRET}>; rel="next"` } }, {}, (response) => response.raiseForStatus()],
    ["JSONDecodeError", { text: `{"token": ${SECRET}` }, {}, (response) => response.json()],
    ["TooManyRedirects", redirect(loop)],
    ["TooManyRedirects", redirect(`/next?token=${SECRET}#id_token=${SECRET}`)],
    ["InvalidSchema", redirect(`http+unix://user:${SECRET}@%2Ftmp%2Fa.sock/?token=${SECRET}`)],
    ["InvalidSchema", redirect(`gopher://${SECRET}@h/?token=${SECRET}`)],
    ["InvalidURL", redirect(`https://user:${SECRET}@./?token=${SECRET}`)],
    ["InvalidURL", redirect(`http://user:${SECRET}@:8080/`)],
    ["InvalidURL", redirect(`http://${SECRET}@h:99999/?token=${SECRET}`)],
    ["ConnectionError", { error: "reset" }],
    ["ConnectionError", { error: "dns" }],
    ["ConnectionError", { error: "garbage" }],
    ["SSLError", { error: "tls" }],
    ["ConnectTimeout", { error: "ConnectTimeout" }],
    ["ReadTimeout", { error: "ReadTimeout" }],
    ["TotalTimeout", { error: "TotalTimeout" }],
    ["ChunkedEncodingError", { raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" }],
    ["ContentDecodingError", { text: "plain", headers: { "Content-Encoding": "gzip" } }],
    ["ContentTooLarge", { text: "0123456789" }, { maxResponseSize: 5 }],
    ["InvalidHeader", { raw: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" }],
    ["StreamNotReadError", { text: SECRET }, { stream: true }, (response) => response.content],
    ["StreamConsumedError", { text: SECRET }, { stream: true }, async (response) => {
      for await (const _ of response) break;
      return response.read();
    }],
    ["RequestException", {}, { hooks: { response: () => { throw new Error("the hook's own"); } } }],
  ]; // prettier-ignore
  for (const [name, reply, options = {}, then] of cases)
    it(`${name}: ${inspect(reply).slice(0, 70)}`, async () => {
      const { session, har } = observed();
      const mock = new MockAdapter();
      session.mount("http://", mock);
      mock.any("*", reply);
      const call = session.post(secretUrl("http://h"), { ...OPTIONS, ...options });
      const error = await failure(then === undefined ? call : call.then(then));
      assert.equal(error.name, name, String(error));
      met.add(name);
      assertCleanError(error, session);
      assertClean("HAR", [JSON.stringify(har), ...prints(har)]);
      assertClean("observers", told.splice(0));
    });

  it("RetryError and retries", async () => {
    const retries = new Retry({
      total: 2,
      statusForcelist: [503],
      allowedMethods: null,
      raiseOnStatus: true,
      backoffFactor: 0,
    });
    const { session, har } = observed();
    const mock = new MockAdapter({ maxRetries: retries });
    session.mount("http://", mock);
    mock.any("*", [{ error: "reset" }, { status: 503 }]);
    const error = await failure(session.post(secretUrl("http://h"), OPTIONS));
    assert.equal(error.name, "RetryError", String(error));
    met.add(error.name);
    assertCleanError(error, session);
    assertClean("HAR", [JSON.stringify(har)]);
    assertClean("observers", told.splice(0));
  });

  it("UnrewindableBodyError", async () => {
    const { session } = observed();
    const mock = new MockAdapter();
    session.mount("http://", mock);
    mock.any("*", { status: 307, headers: { Location: `/b?token=${SECRET}` } });
    async function* body(): AsyncGenerator<string> {
      yield SECRET;
    }
    const error = await failure(session.post(secretUrl("http://h"), { ...OPTIONS, json: undefined, data: body() }));
    assert.equal(error.name, "UnrewindableBodyError", String(error));
    met.add(error.name);
    assertCleanError(error, session);
    assertClean("observers", told.splice(0));
  });

  it("PoolTimeout", async () => {
    const { session } = observed();
    session.mount("http://", new HTTPAdapter({ maxConnections: 1 }));
    const first = session.get(secretUrl(silent.url), { timeout: 5 });
    first.catch(() => undefined);
    await silent.peer(1);
    const error = await failure(session.get(secretUrl(silent.url), { ...OPTIONS, timeout: { pool: 0.01 } }));
    assert.equal(error.name, "PoolTimeout", String(error));
    met.add(error.name);
    assertCleanError(error, session);
    silent.peers[0].reset();
    assertCleanError(await failure(first), session);
    await session.close();
    assertClean("observers", told.splice(0));
  });

  const passwords = [SECRET, `12#${SECRET}`, `12/${SECRET}`, `12?${SECRET}`, `12\\${SECRET}`, `#${SECRET}`, `/${SECRET}`, `?${SECRET}`, `\\${SECRET}`, `a@${SECRET}`, `%zz${SECRET}`]; // prettier-ignore
  for (const scheme of ["http://", "https://", "socks5://", "socks4a://", "ftp://", ""])
    for (const password of passwords)
      it(`hides the password of a proxy: ${scheme}joe:${password}@`, async () => {
        const { session, har } = observed();
        await using refusing = await closedPort();
        const proxy = `${scheme}joe:${password}@127.0.0.1:${refusing.port}`;
        session.proxies = { all: proxy };
        const error = await failure(session.post(secretUrl("http://127.0.0.1:1"), OPTIONS));
        // A bare "ftp" is not a proxy's scheme; the others are refused unless the password needs no escape.
        const isWhole = password === SECRET || password.startsWith("a@") || password.startsWith("%");
        assert.equal(error.name, isWhole && scheme !== "ftp://" ? "ProxyError" : "InvalidProxyURL", String(error));
        met.add(error.name);
        if (error.name === "InvalidProxyURL" && scheme !== "ftp://") assert.match(error.message, /"#" as %23/);
        assertCleanError(error, session);
        assertClean("HAR", [JSON.stringify(har)]);
        assertClean("observers", told.splice(0));
      });

  it("hides the credentials that a SOCKS proxy refuses", async () => {
    await using proxy = await rawServer(async (peer) => {
      await peer.until(3);
      await peer.send("\x05\x02");
      await peer.until(4);
      await peer.send("\x01\x01");
    });
    const { session } = observed();
    session.proxies = { all: `socks5://user:${SECRET}@${proxy.address}` };
    const error = await failure(session.post(secretUrl("http://127.0.0.1:1"), OPTIONS));
    assert.equal(error.name, "ProxyError", String(error));
    assertCleanError(error, session);
    // JSON.stringify of an error shows little: the cause's own properties would be shown by loggers.
    assertClean("cause", [inspect(error.cause, { depth: 10, showHidden: true })]);
    assertClean("observers", told.splice(0));
  });

  it("hides a wrong passphrase of a client certificate", async () => {
    const { session } = observed();
    session.mount("https://", new HTTPAdapter());
    const error = await failure(session.post(secretUrl("https://127.0.0.1:1"), OPTIONS));
    assert.equal(error.name, "SSLError", String(error));
    assertCleanError(error, session);
    assertClean("observers", told.splice(0));
  });

  const PEM = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`;
  const certificates: readonly Exclude<RequestOptions["cert"], null | undefined>[] = [
    ["client.pem", PEM],
    [PEM, "client.key"],
    PEM,
    { cert: "client.pem", key: `${SECRET}\nwithout its heading` },
    { cert: SERVER_KEY_PAIR.cert, key: PEM },
    [SERVER_KEY_PAIR.cert, PEM],
  ];
  for (const cert of certificates)
    it(`hides a key given in place of its path: ${inspect(cert).slice(0, 60)}`, async () => {
      const session = new Session({ trustEnv: false });
      const error = await failure(session.get("https://127.0.0.1:1/", { cert, timeout: 5 }));
      assert.equal(error.name, "SSLError", String(error));
      assertCleanError(error, session);
    });

  it("hides the secrets of a URL that was edited to be invalid", async () => {
    const session = new Session({ trustEnv: false });
    const prepared = session.prepareRequest(new Request("GET", "http://127.0.0.1:1/"));
    for (const path of [`/a b?token=${SECRET}`, `/a?token=${SECRET} `, `/a?x=1&token=${SECRET}\n`]) {
      prepared.url = `http://${SECRET}@127.0.0.1:1${path}`;
      const error = await failure(session.send(prepared));
      assert.equal(error.name, "InvalidURL", String(error));
      assertCleanError(error, session);
    }
    prepared.url = `${SECRET}@h`;
    assertCleanError(await failure(session.send(prepared)), session);
    session.mount(`https://user:${SECRET}@h/`, new HTTPAdapter());
    assertCleanError(await failure(session.get("mock://h/")), session);
    assertClean("observers", told.splice(0));
  });

  const unsendable: readonly (readonly [name: string, url: string, options: RequestOptions])[] = [
    ["InvalidSchema", `user:${SECRET}@h/`, {}],
    ["MissingSchema", `${SECRET}@h/`, {}],
    ["MissingSchema", `//${SECRET}@h/?token=${SECRET}`, {}],
    ["MissingSchema", `h/?token=${SECRET}`, {}],
    ["InvalidSchema", `mock://user:${SECRET}@h/?token=${SECRET}`, {}],
    ["InvalidURL", `http://user:${SECRET}@h:99999/`, {}],
    ["InvalidURL", `http://user:${SECRET}%40h/`, {}],
    ["InvalidURL", `http://${SECRET}@*/?token=${SECRET}`, {}],
    ["InvalidURL", `http://:80/?token=${SECRET}`, {}],
    ["InvalidURL", `http+unix://user:${SECRET}@%zz/?token=${SECRET}`, {}],
    ["InvalidJSONError", "http://127.0.0.1:1/", { json: { password: SECRET, big: 1n } }],
    ["InvalidHeader", "http://127.0.0.1:1/", { headers: { Authorization: `Bearer ${SECRET}\n` } }],
    ["InvalidHeader", "http://127.0.0.1:1/", { auth: ["user", `${SECRET}\n`] }],
    ["InvalidHeader", "http://127.0.0.1:1/", { auth: [`user:${SECRET}`, "x"] }],
    ["TypeError", "http://127.0.0.1:1/", { auth: [SECRET] as never }],
    ["TypeError", "http://127.0.0.1:1/", { proxies: { [`http://user:${SECRET}@h:1/`]: "http://h" } }],
  ]; // prettier-ignore
  for (const [name, url, options] of unsendable)
    it(`${name} for a request that cannot be sent: ${inspect([url, options]).slice(0, 80)}`, async () => {
      const session = new Session({ trustEnv: false });
      const error = await failure(session.get(url, options));
      met.add(error.name);
      assert.equal(error.name, name, String(error));
      assertCleanError(error, session);
      assertClean("observers", told.splice(0));
    });

  it("CookieConflictError", () => {
    const jar = new RequestsCookieJar();
    jar.set("sid", SECRET, { domain: "a.test" });
    jar.set("sid", SECRET, { domain: "b.test" });
    assert.throws(
      () => jar.get("sid"),
      (error: Error) => {
        met.add(error.name);
        assertCleanError(error);
        return true;
      },
    );
  });

  it("is checked for each class of exception", () => {
    const classes = Object.values(exceptions as Record<string, unknown>).filter(
      (value) => typeof value === "function" && value.prototype instanceof Error,
    ) as (new () => Error)[];
    // Never thrown by itself, or the base of others.
    const others = new Set(["URLRequired", "Timeout"]);
    assert.deepEqual(classes.map(({ prototype }) => prototype.name).filter((name) => !met.has(name) && !others.has(name)), []); // prettier-ignore
  });
});

describe("JSON and text", () => {
  it("show a session, a request and a prepared request without secrets", () => {
    const { session } = observed();
    session.proxies = { https: `http://user:${SECRET}@proxy:3128`, all: `${SECRET}@proxy`, http: null };
    session.params = [["token", SECRET], ["q", "1"]]; // prettier-ignore
    const request = new Request("POST", secretUrl("http://h"), {
      headers: { "X-Api-Key": SECRET, "X-A": ["1", "2"] },
      params: { access_token: SECRET, q: 1 },
      data: { password: SECRET, a: "1" },
      json: { token: { value: SECRET } },
      files: { file: SECRET, other: ["n", SECRET] },
      auth: ["user", SECRET],
      cookies: { sid: SECRET },
    });
    const prepared = session.prepareRequest(
      new Request("POST", secretUrl("http://h"), { data: { password: SECRET, a: "1" } }),
    );
    for (const value of [
      session,
      request,
      prepared,
      new exceptions.HTTPBasicAuth("user", SECRET),
      new exceptions.HTTPDigestAuth("user", SECRET),
      new exceptions.HTTPBearerAuth(SECRET),
    ])
      assertClean(value.constructor.name, [...prints(value), walked(value)]);
    session.proxies = { https: `http://user:${SECRET}@proxy:3128`, http: null };
    const shown = JSON.parse(JSON.stringify(session)) as Record<string, unknown>;
    assert.deepEqual(shown["proxies"], { https: "http://user:***@proxy:3128", http: null });
    assert.deepEqual(shown["auth"], ["user", "***"]);
    assert.deepEqual(shown["cert"], { cert: "client.pem", key: "***", passphrase: "***" });
    assert.deepEqual(shown["params"], { token: "***", q: "1" });
    assert.deepEqual(shown["cookies"], [{ name: "sid", value: "***", domain: "", path: "/" }]);
    assert.deepEqual(JSON.parse(JSON.stringify(request)), {
      method: "POST",
      url: "http://***@h/a?api_key=***&q=1#access_token=***",
      headers: { "X-Api-Key": "***", "X-A": ["1", "2"] },
      params: { access_token: "***", q: 1 },
      data: { password: "***", a: "1" },
      json: { token: "***" },
      files: { file: "***", other: "***" },
      auth: ["user", "***"],
      cookies: { sid: "***" },
    });
    const { body, method } = JSON.parse(JSON.stringify(prepared)) as Record<string, unknown>;
    assert.deepEqual([method, body], ["POST", "password=***&a=1"]);
  });

  it("leave out the body of a response", async () => {
    const mock = new MockAdapter();
    mock.get("*", { json: { token: SECRET }, headers: { Location: `/x?token=${SECRET}` }, cookies: { sid: SECRET } });
    const session = new Session();
    session.credentialHeaders = ["X-Mine"];
    session.mount("http://", mock);
    const response = await session.get(secretUrl("http://h"), OPTIONS);
    assertClean("response", [...prints(response), JSON.stringify(response.request)]);
    const { statusCode, url, headers } = JSON.parse(JSON.stringify(response)) as Record<string, unknown>;
    assert.deepEqual([statusCode, url], [200, "http://***@h/a?api_key=***&q=1#access_token=***"]);
    assert.equal((headers as Record<string, string>)["Location"], "/x?token=***");
    assert.equal(response.url, secretUrl("http://h"), "the attribute is the whole URL");
  });
});

/** A port of 127.0.0.1 that refuses connections. */
async function closedPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return { port, [Symbol.asyncDispose]: async () => undefined };
}
