/** Makes the same calls with a clean and with a polluted Object.prototype, and prints as JSON which came out otherwise. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";

import requests, { HTTPAdapter, Request, Retry, Session } from "requests-ts";
import { SERVER_KEY_PAIR } from "#internal/httpbin/certificate";

const seen: string[] = [];
/** What arrived, without what is random. */
function onRequest(bytes: string): void {
  const boundary = /boundary=(\S+)/.exec(bytes)?.[1];
  seen.push(boundary === undefined ? bytes : bytes.replaceAll(boundary, "B"));
}
const whenWhole = (socket: Socket): void => {
  let received = "";
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
    const end = received.indexOf("\r\n\r\n") + 4;
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
    if (end < 4 || received.length < end + length) return;
    onRequest(received);
    received = "";
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
};
const server = createServer(whenWhole).listen(0, "127.0.0.1");
const secure = createTlsServer({ ...SERVER_KEY_PAIR }, whenWhole).listen(0, "127.0.0.1");
const thief = createServer((socket) => {
  seen.push("THIEF");
  socket.destroy();
}).listen(0, "127.0.0.1");
await Promise.all([server, secure, thief].map((one) => once(one, "listening")));
const portOf = (one: { address(): unknown }): number => (one.address() as AddressInfo).port;
const url = `http://127.0.0.1:${portOf(server)}/a`;
const secureUrl = `https://127.0.0.1:${portOf(secure)}/a`;
const evil = `http://127.0.0.1:${portOf(thief)}`;

async function through(adapter: HTTPAdapter): Promise<unknown> {
  await using session = new Session();
  session.mount("http://", adapter);
  return session.get(url);
}

const calls: Record<string, () => Promise<unknown>> = {
  "get(url)": () => requests.get(url),
  "get(url, { timeout })": () => requests.get(url, { timeout: { connect: 2 } }),
  "get(url, { headers })": () => requests.get(url, { headers: { A: "1" }, cookies: { c: "1" }, params: { p: 1 } }),
  "get(url, { proxies })": () => requests.get(url, { proxies: { ftp: "http://unused.test" } }),
  "post(url, { json })": () => requests.post(url, { json: { a: 1 } }),
  "post(url, { data })": () => requests.post(url, { data: { a: "1" } }),
  "post(url, { files })": () => requests.post(url, { files: { f: ["n.txt", "text"] } }),
  "stream: true": async () => (await requests.get(url, { stream: true })).read(),
  "a new session": () => new Session().get(url),
  "a session with options": () => new Session({ headers: { A: "1" }, retries: new Retry({ total: 1 }) }).get(url),
  "a new adapter": () => through(new HTTPAdapter()),
  "an adapter with options": () => through(new HTTPAdapter({ maxRetries: 1 })),
  "a prepared request": async () => {
    const session = new Session();
    return session.send(session.prepareRequest(new Request("GET", url, { headers: { A: "1" } })));
  },
  "a request alone": () => new Session().send(new Request("GET", url).prepare()),
  "a cookie by hand": async () => {
    const session = new Session();
    session.cookies.set("c", "1");
    return session.get(url);
  },
  "a certificate of an unknown authority": () => new Session().get(secureUrl),
  "a certificate that is not asked for": () => new Session().get(secureUrl, { verify: false }),
};

const hook = (): void => void seen.push("HOOK");
const here = fileURLToPath(import.meta.url);
const polluted: Record<string, unknown> = {
  // The options of a call and a session.
  auth: ["thief", "thief"],
  proxies: { http: evil, https: evil },
  headers: { Evil: "1" },
  verify: false,
  params: { evil: "1" },
  data: "evil",
  json: { evil: 1 },
  files: { f: "evil" },
  cookies: { evil: "1" },
  timeout: 0.001,
  cert: here,
  stream: true,
  hooks: { response: hook },
  signal: AbortSignal.abort(),
  allowRedirects: false,
  baseUrl: evil,
  retries: 5,
  maxRedirects: 0,
  trustEnv: false,
  maxResponseSize: 1,
  onUploadProgress: hook,
  onDownloadProgress: hook,
  // What they consist of.
  http: evil,
  https: evil,
  all: evil,
  response: hook,
  total: 0.001,
  read: 0.001,
  domain: "evil.test",
  path: "/tmp/evil.sock",
  secure: true,
  expires: 1,
  // The adapter, and what Node reads of its own options.
  socketPath: "/tmp/evil.sock",
  lookup: hook,
  localAddress: "192.0.2.1",
  allowAddress: () => false,
  pinnedFingerprints: ["00"],
  servername: "evil.test",
  ciphers: "NULL",
  maxRetries: 5,
  keepAlive: false,
  maxHeaderSize: 1,
  maxHeaders: 1,
  host: "evil.test",
  port: 1,
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
  key: "evil",
  pfx: "evil",
  cancellation: { cancelled: { reason: "evil" } },
  keyLogFile: `${here}.log`,
  "": "evil",
};

async function outcome(call: () => Promise<unknown>): Promise<string> {
  seen.length = 0;
  let end = "";
  try {
    await call();
  } catch (error) {
    end = String(error);
  }
  return JSON.stringify([seen, end]);
}

process.removeAllListeners("warning");
const clean: Record<string, string> = {};
for (const [name, call] of Object.entries(calls)) clean[name] = await outcome(call);

const different: string[] = [];
for (const [name, value] of Object.entries(polluted)) {
  Object.defineProperty(Object.prototype, name, { value, writable: true, configurable: true, enumerable: true });
  const outcomes: string[] = [];
  for (const [title, call] of Object.entries(calls))
    // The server of the same process reads `signal` of its sockets' options there, and hangs up.
    outcomes.push(name === "signal" && title.startsWith("a certificate") ? clean[title] : await outcome(call));
  Reflect.deleteProperty(Object.prototype, name);
  for (const [at, call] of Object.keys(calls).entries())
    if (outcomes[at] !== clean[call])
      different.push(`Object.prototype.${name}: ${call}: ${outcomes[at].slice(0, 300)}`);
}
console.log(JSON.stringify({ clean, names: Object.keys(polluted).length, different }));
process.exit(0);
