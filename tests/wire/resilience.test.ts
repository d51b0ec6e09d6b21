/**
 * Fault × phase → exception, retried or not, time taken: the table of docs/errors.md as data, each row played.
 * `UPDATE_DOCS=1` writes the table into the page; otherwise a page that says something else fails.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, mock } from "node:test";

import {
  HTTPAdapter,
  RequestException,
  Retry,
  Session,
  type HTTPAdapterOptions,
  type RequestOptions,
  type Response,
} from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

import { faultProxy, fullPort, type FaultProxy, type Plan } from "../_support/fault-proxy.js";
import { rawServer, type Script } from "../_support/raw-server.js";
import { ON_DENO } from "../_support/runtime.js";

const PAGE = join(import.meta.dirname, "../../../docs/errors.md");
const BEGIN = "<!-- table of faults: written by tests/wire/resilience.test.ts, UPDATE_DOCS=1 -->";
const END = "<!-- end of the table of faults -->";

/** Seconds of the connect and of the read timeout. */
const LIMIT = 0.3;
/** Retries that are allowed. */
const RETRIES = 2;
/** Seconds by which a busy machine may be late. */
const LATE = 10;

type Scheme = "http" | "https";
type Retried = "yes" | "no" | "";

/** Where a request goes, and what must be put away afterwards. */
interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly adapter?: HTTPAdapterOptions;
  readonly request?: RequestOptions;
  /** Connections that the fault proxy has seen. */
  readonly connections?: () => number;
}

interface Row {
  /** In words for the page. */
  readonly fault: string;
  /** The exception's class and code, or a response. */
  readonly outcome: string;
  readonly phase: string;
  /** Whether `Session({ retries: 2 })` tries again; empty where the method cannot get there. */
  readonly get: Retried;
  readonly post: Retried;
  /** Seconds until one attempt is given up. */
  readonly time: "at once" | `${typeof LIMIT} s`;
  readonly over: readonly Scheme[];
  readonly scene: (scheme: Scheme) => Promise<Scene>;
}

let plain: Server;
let secure: Server;

const BOTH: readonly Scheme[] = ["http", "https"];
const NOTHING = { [Symbol.asyncDispose]: async () => undefined };

/** The fault proxy in front of httpbin; under https it ends the TLS, so that the fault strikes inside. */
function broken(plan: Plan, path = "/anything"): Row["scene"] {
  return async (scheme) =>
    behind(await faultProxy(plain.port, plan, scheme === "https" ? SERVER_KEY_PAIR : null), path);
}

/** The fault proxy in front of an httpbin that speaks TLS itself: the fault strikes the handshake. */
function brokenHandshake(plan: Plan): Row["scene"] {
  return async () => {
    const proxy = await faultProxy(secure.port, plan);
    return { ...behind(proxy, "/anything"), url: `https://${proxy.address}/anything` };
  };
}

function behind(proxy: FaultProxy, path: string): Scene {
  return {
    url: proxy.url + path,
    connections: () => proxy.connections,
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

/** httpbin itself. */
function direct(path: string, more: Omit<Scene, "url" | typeof Symbol.asyncDispose> = {}): Row["scene"] {
  return async (scheme) => ({ url: (scheme === "https" ? secure : plain).url + path, ...more, ...NOTHING });
}

function named(host: string, lookup: HTTPAdapterOptions["lookup"]): Row["scene"] {
  return async (scheme) => ({ url: `${scheme}://${host}/`, adapter: { lookup }, ...NOTHING });
}

/** An HTTP proxy that follows a script, on the way to httpbin over https. */
function throughProxy(script: Script): Row["scene"] {
  return async () => {
    const proxy = await rawServer(script);
    return {
      url: `${secure.url}/anything`,
      request: { proxies: { https: proxy.url } },
      connections: () => proxy.peers.length,
      [Symbol.asyncDispose]: () => proxy.close(),
    };
  };
}

function answersConnect(answer: string): Script {
  return async (peer) => {
    await peer.until("\r\n\r\n");
    peer.end(answer);
  };
}

async function closedPort(scheme: Scheme): Promise<Scene> {
  const proxy = await faultProxy(0);
  await proxy.close();
  return { url: `${scheme}://${proxy.address}/`, ...NOTHING };
}

async function closedProxy(): Promise<Scene> {
  const { url } = await closedPort("http");
  return { url: `${secure.url}/anything`, request: { proxies: { https: url } }, ...NOTHING };
}

async function fullBacklog(scheme: Scheme): Promise<Scene> {
  const listener = await fullPort();
  return {
    url: `${scheme}://127.0.0.1:${listener.port}/`,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

/** More than the buffers of a loopback connection hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const TWO_LENGTHS = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";

function row(
  fault: string,
  outcome: string,
  phase: string,
  retried: string,
  time: "at once" | "0.3 s",
  over: readonly Scheme[],
  scene: Row["scene"],
): Row {
  const [get, post] = retried.split("/") as [Retried, Retried];
  return { fault, outcome, phase, get, post, time, over, scene };
}

// prettier-ignore
const ROWS: readonly Row[] = [
  row("the name does not exist", "ConnectionError ERR_NAME_RESOLUTION", "dns", "yes/yes", "at once", BOTH,
    named("nowhere.test", (_host, _options, done) => done(Object.assign(new Error("no"), { code: "ENOTFOUND" }), ""))),
  row("DNS does not answer", "ConnectTimeout ERR_CONNECT_TIMEOUT", "dns", "yes/yes", "0.3 s", BOTH,
    named("slow.test", () => undefined)),
  row("the port is closed", "ConnectionError ERR_CONNECTION_REFUSED", "connect", "yes/yes", "at once", BOTH, closedPort),
  row("the server does not accept the connection", "ConnectTimeout ERR_CONNECT_TIMEOUT", "connect", "yes/yes", "0.3 s", BOTH, fullBacklog),
  row("`allowAddress` refuses the address", "ConnectionError ERR_ADDRESS_NOT_ALLOWED", "connect", "no/no", "at once", BOTH,
    direct("/anything", { adapter: { allowAddress: () => false } })),

  row("the server is silent in the TLS handshake", "ConnectTimeout ERR_CONNECT_TIMEOUT", "tls", "yes/yes", "0.3 s", ["https"], brokenHandshake({ accept: "silence" })),
  row("connection closed in the TLS handshake", "SSLError ERR_SSL", "tls", "yes/yes", "at once", ["https"], brokenHandshake({ down: { kind: "cut", at: 100 } })),
  row("connection reset in the TLS handshake", "SSLError ERR_SSL", "tls", "yes/yes", "at once", ["https"], brokenHandshake({ down: { kind: "reset", at: 100 } })),
  row("the server does not speak TLS", "SSLError ERR_SSL", "tls", "no/no", "at once", ["https"],
    brokenHandshake({ down: { kind: "garbage", at: 0, bytes: "HTTP/1.1 400 Bad Request\r\n\r\n" } })),
  row("the certificate is not trusted", "SSLError ERR_SSL", "tls", "no/no", "at once", ["https"], direct("/anything", { request: { verify: true } })),

  row("the proxy's port is closed", "ProxyError ERR_PROXY_CONNECTION", "proxy", "yes/yes", "at once", ["https"], closedProxy),
  row("the proxy does not answer CONNECT", "ConnectTimeout ERR_CONNECT_TIMEOUT", "proxy", "yes/yes", "0.3 s", ["https"],
    throughProxy((peer) => peer.gone)),
  row("the proxy closes instead of answering CONNECT", "ProxyError ERR_PROXY", "proxy", "yes/yes", "at once", ["https"],
    throughProxy(answersConnect(""))),
  row("the proxy's answer to CONNECT is not HTTP", "ProxyError ERR_PROXY", "proxy", "yes/yes", "at once", ["https"],
    throughProxy(answersConnect("SSH-2.0-OpenSSH_9.6\r\n"))),
  row("the proxy refuses to connect (502)", "ProxyError ERR_PROXY_REFUSED", "proxy", "yes/yes", "at once", ["https"],
    throughProxy(answersConnect("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"))),
  row("the proxy wants credentials (407)", "ProxyError ERR_PROXY_AUTHENTICATION", "proxy", "no/no", "at once", ["https"],
    throughProxy(answersConnect("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"))),

  row("the server stops reading the upload", "ReadTimeout ERR_READ_TIMEOUT", "send", "/no", "0.3 s", BOTH, upload({ up: { kind: "deaf", at: 1000 } })),
  row("connection reset during the upload", "ConnectionError ERR_CONNECTION_CLOSED", "send", "/no", "at once", BOTH, upload({ up: { kind: "reset", at: 1000 } })),

  row("connection closed at once", "ConnectionError ERR_CONNECTION_CLOSED", "wait", "yes/no", "at once", ["http"], broken({ accept: "close" })),
  row("connection reset at once", "ConnectionError ERR_CONNECTION_CLOSED", "wait", "yes/no", "at once", ["http"], broken({ down: { kind: "reset", at: 0 } })),
  row("the server is silent before the response", "ReadTimeout ERR_READ_TIMEOUT", "wait", "yes/no", "0.3 s", BOTH, broken({ down: { kind: "stall", at: 0 } })),
  row("the server is silent in the response headers", "ReadTimeout ERR_READ_TIMEOUT", "wait", "yes/no", "0.3 s", BOTH, broken({ down: { kind: "stall", at: "head" } })),
  row("connection closed before the response", "ConnectionError ERR_CONNECTION_CLOSED", "wait", "yes/no", "at once", BOTH, broken({ down: { kind: "cut", at: 0 } })),
  row("the server closes its side before the response", "ConnectionError ERR_CONNECTION_CLOSED", "wait", "yes/no", "at once", BOTH,
    broken({ down: { kind: "half-close", at: 0 } })),
  row("connection closed in the response headers", "ConnectionError ERR_BAD_RESPONSE", "wait", "yes/no", "at once", BOTH, broken({ down: { kind: "cut", at: "head" } })),
  row("connection reset in the response headers", "ConnectionError ERR_CONNECTION_CLOSED", "wait", "yes/no", "at once", BOTH, broken({ down: { kind: "reset", at: "head" } })),
  row("the response is not HTTP", "ConnectionError ERR_BAD_RESPONSE", "wait", "yes/no", "at once", BOTH,
    broken({ down: { kind: "garbage", at: 0, bytes: "\x00\x01 this is not HTTP\r\n\r\n" } })),
  row("two different Content-Length headers", "InvalidHeader ERR_INVALID_HEADER", "wait", "no/no", "at once", BOTH,
    broken({ down: { kind: "garbage", at: 0, bytes: TWO_LENGTHS } })),

  row("the server is silent in the body", "ReadTimeout ERR_READ_TIMEOUT", "receive", "yes/no", "0.3 s", BOTH, broken({ down: { kind: "stall", at: "body" } })),
  row("connection closed in the body", "ChunkedEncodingError ERR_CHUNKED_ENCODING", "receive", "yes/no", "at once", BOTH, broken({ down: { kind: "cut", at: "body" } })),
  row("connection reset in the body", "ChunkedEncodingError ERR_CHUNKED_ENCODING", "receive", "yes/no", "at once", BOTH, broken({ down: { kind: "reset", at: "body" } })),
  row("invalid chunk size", "ChunkedEncodingError ERR_CHUNKED_ENCODING", "receive", "yes/no", "at once", BOTH,
    broken({ down: { kind: "garbage", at: 0, bytes: `${CHUNKED}5\r\nhello\r\nxyz\r\n` } })),
  row("compressed body cut short", "ContentDecodingError ERR_CONTENT_DECODING", "receive", "no/no", "at once", BOTH, direct("/truncate/1000?encoding=gzip")),

  row("every piece arrives 0.1 s late", "200", "", "no/no", "at once", BOTH, broken({ down: { kind: "latency", milliseconds: 100 } })),
  row("the response arrives byte by byte", "200", "", "no/no", "at once", BOTH, broken({ down: { kind: "drip" } }, "/status/200")),
  row("status 500, 502, 503 or 504", "503", "", "yes/no", "at once", BOTH, direct("/status/503")),
  row("status 429", "429", "", "yes/no", "at once", BOTH, direct("/status/429")),
  row("another 4xx status", "404", "", "no/no", "at once", BOTH, direct("/status/404")),
];

function upload(plan: Plan): Row["scene"] {
  return async (scheme) => ({ ...(await broken(plan)(scheme)), request: { data: LARGE } });
}

before(async () => {
  plain = await httpbin();
  secure = await httpbin({ tls: true });
  // The back-off of retries is a random part of up to seconds: always the smallest.
  mock.method(Math, "random", () => 0);
});

after(async () => {
  mock.restoreAll();
  await plain.close();
  await secure.close();
});

/** What a call came to. */
interface Played {
  readonly outcome: string;
  readonly phase: string;
  readonly attempts: number;
  readonly seconds: number;
}

async function play(one: Row, scheme: Scheme, method: string, retries: number): Promise<Played> {
  await using scene = await one.scene(scheme);
  await using session = new Session({ timeout: LIMIT, verify: false, trustEnv: false });
  session.mount(
    `${scheme}://`,
    new HTTPAdapter({ ...scene.adapter, maxRetries: retries === 0 ? 0 : Retry.sensible(retries) }),
  );
  const body = method === "POST" ? { data: "payload" } : {};
  const started = performance.now();
  const { outcome, phase, failures } = await ended(session.request(method, scene.url, { ...body, ...scene.request }));
  const seconds = (performance.now() - started) / 1000;
  // The history of a response has the attempts before it, that of an error its own, too.
  const attempts = Math.max(1, /^\d/.test(outcome) ? failures + 1 : failures);
  if (scene.connections !== undefined) assert.equal(scene.connections(), attempts, "connections to the fault proxy");
  return { outcome, phase, attempts, seconds };
}

async function ended(call: Promise<Response>): Promise<{ outcome: string; phase: string; failures: number }> {
  try {
    const response = await call;
    return { outcome: String(response.statusCode), phase: "", failures: response.raw.retries?.history.length ?? 0 };
  } catch (error) {
    assert.ok(error instanceof RequestException, `not a RequestException: ${String(error)}`);
    const failures = error.retries?.history.length ?? 0;
    return { outcome: `${error.name} ${error.code}`, phase: error.phase ?? "", failures };
  }
}

/** Deno's TLS takes a reset for an end, and buffers more of a request than other runtimes before a write waits. */
const TOLD_BY_DENO_TLS: Readonly<Record<string, Partial<Played>>> = {
  "the server stops reading the upload": { phase: "wait" },
  "connection reset in the response headers": { outcome: "ConnectionError ERR_BAD_RESPONSE" },
};

function check(played: Played, one: Row, scheme: Scheme, retried: Retried): void {
  const { outcome, phase } = { ...one, ...(ON_DENO && scheme === "https" ? TOLD_BY_DENO_TLS[one.fault] : {}) };
  const attempts = retried === "yes" ? RETRIES + 1 : 1;
  assert.deepEqual(
    { outcome: played.outcome, phase: played.phase, attempts: played.attempts },
    { outcome, phase, attempts },
  );
}

describe("the result of a fault", { concurrency: 4, timeout: 60_000 }, () => {
  for (const one of ROWS)
    for (const scheme of one.over) {
      it(`${one.fault}, over ${scheme}`, async () => {
        const method = one.get === "" ? "POST" : "GET";
        const alone = await play(one, scheme, method, 0);
        check(alone, one, scheme, "no");
        const least = one.time === "at once" ? 0 : LIMIT;
        assert.ok(alone.seconds >= least && alone.seconds < least + LATE, `took ${alone.seconds} s`);
        if (one.get !== "") check(await play(one, scheme, "GET", RETRIES), one, scheme, one.get);
        check(await play(one, scheme, "POST", RETRIES), one, scheme, one.post);
      });
    }
});

it("is in the table of docs/errors.md", () => {
  const page = readFileSync(PAGE, "utf8");
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  assert.ok(from !== -1 && to > from, `docs/errors.md has lost its marks ${BEGIN} and ${END}`);
  const table = rendered();
  if (process.env["UPDATE_DOCS"] === "1") {
    writeFileSync(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`);
    return;
  }
  const shown = page.slice(from + BEGIN.length, to).trim();
  assert.equal(shown, table, "run this test with UPDATE_DOCS=1");
});

/** As a Markdown table. */
function rendered(): string {
  const lines = [
    ["failure", "result", "`code`", "`phase`", "after", "GET repeated", "POST repeated"],
    Array<string>(7).fill("---"),
    ...ROWS.map(({ fault, outcome, phase, time, get, post }) => {
      const [name, code = ""] = outcome.split(" ");
      const ending = code === "" ? `the response, ${name}` : name;
      return [fault, ending, code === "" ? "" : `\`${code}\``, phase, time, get, post];
    }),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
