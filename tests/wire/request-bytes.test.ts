/** The exact bytes that go out. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { HTTPAdapter, Session, version, type RequestOptions } from "requests-ts";
import { ACCEPT_ENCODING } from "#internal/wire/decode/decode";
import { answering, OK, rawServer, rejection, type RawServer } from "../_support/raw-server.js";

const DEFAULTS = `User-Agent: requests-ts/${version}\r\nAccept-Encoding: ${ACCEPT_ENCODING}\r\nAccept: */*\r\nConnection: keep-alive\r\n`;

let server: RawServer;
let session: Session;

before(async () => {
  server = await rawServer(answering(OK));
});
after(async () => {
  await session.close();
  await server.close();
});

/** What a call on a session of its own puts on the wire. */
async function sent(
  method: string,
  path: string,
  options?: RequestOptions,
  prepare?: (session: Session) => void,
): Promise<string> {
  session = new Session();
  session.headers["Connection"] = "close";
  prepare?.(session);
  const connection = server.peers.length;
  await session.request(method, `${server.url}${path}`, options);
  return server.peers[connection].received;
}

const HOST = (): string => `Host: 127.0.0.1:${server.port}\r\n`;
const CLOSING = DEFAULTS.replace("keep-alive", "close");

async function* chunks(...items: readonly string[]): AsyncGenerator<Buffer, void> {
  for (const item of items) yield Buffer.from(item);
}

describe("without a body", () => {
  it("GET", async () => {
    assert.equal(await sent("GET", "/a?b=c#d"), `GET /a?b=c HTTP/1.1\r\n${HOST()}${CLOSING}\r\n`);
  });

  it("HEAD, whose response has no body either", async () => {
    session = new Session();
    const response = await session.head(`${server.url}/`);
    assert.equal(response.content.length, 0);
    assert.equal(response.headers["content-length"], "2");
    assert.equal((await server.peer(server.peers.length)).received, `HEAD / HTTP/1.1\r\n${HOST()}${DEFAULTS}\r\n`);
    await session.close();
  });

  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    it(`${method} says so with a Content-Length of 0, as in requests`, async () => {
      assert.equal(await sent(method, "/"), `${method} / HTTP/1.1\r\n${HOST()}${CLOSING}Content-Length: 0\r\n\r\n`);
    });
});

describe("with a body", () => {
  const form = "Content-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  const json = "Content-Length: 7\r\nContent-Type: application/json\r\n";
  const cases: readonly (readonly [string, RequestOptions, string])[] = [
    ["a form", { data: { a: "b" } }, `${form}\r\na=b`],
    ["json", { json: { a: 1 } }, `${json}\r\n{"a":1}`],
    ["text", { data: "h\u00e9" }, `Content-Length: 3\r\n\r\nh\xc3\xa9`],
    ["bytes", { data: Buffer.from([0, 255]) }, `Content-Length: 2\r\n\r\n\0\xff`],
    ["chunks", { data: chunks("hello", "", "x".repeat(16)) }, `Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n${"x".repeat(16)}\r\n0\r\n\r\n`],
    ["no chunk at all", { data: chunks() }, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ]; // prettier-ignore
  for (const [name, options, rest] of cases)
    it(name, async () => {
      assert.equal(await sent("POST", "/", options), `POST / HTTP/1.1\r\n${HOST()}${CLOSING}${rest}`);
    });

  it("uses the length that the caller gives", async () => {
    const options = { data: chunks("hel", "lo"), headers: { "Content-Length": "5" } };
    assert.equal(
      await sent("POST", "/", options),
      `POST / HTTP/1.1\r\n${HOST()}${CLOSING}Content-Length: 5\r\n\r\nhello`,
    );
  });

  for (const [name, items] of [
    ["longer", ["hello", "!"]],
    ["shorter", ["hell"]],
  ] as const)
    it(`is aborted when it is ${name} than the given length`, async () => {
      const error = await rejection(
        new Session().post(server.url, { data: chunks(...items), headers: { "Content-Length": "5" } }),
      );
      assert.deepEqual([error.name, error.code, error.phase], ["InvalidHeader", "ERR_BODY_LENGTH", "send"]);
      assert.match(
        error.message,
        /^Content-Length is 5 and the body has (at least 6|4) bytes: the request was aborted/,
      );
      const peer = server.peers.at(-1)!;
      await peer.gone;
      assert.ok(peer.received.slice(peer.received.indexOf("\r\n\r\n") + 4).length <= 5);
    });

  it("is not sent when its framing headers contradict it", async () => {
    const connections = server.peers.length;
    session = new Session();
    for (const headers of [
      { "Content-Length": "5", "Transfer-Encoding": "chunked" },
      { "Transfer-Encoding": "gzip" },
      { "Transfer-Encoding": ["chunked", "chunked"] },
    ]) {
      const error = await rejection(session.post(server.url, { data: chunks("x"), headers }));
      assert.deepEqual([error.name, error.code], ["InvalidHeader", "ERR_INVALID_HEADER"]);
      assert.match(error.message, /^Framing headers contradict the body: /);
    }
    assert.equal(server.peers.length, connections);
  });
});

describe("the order of the fields", () => {
  it("is that of requests", async () => {
    const options: RequestOptions = {
      headers: { "X-New": "1", accept: "text/html", "x-session": "replaced" },
      cookies: { c: "d" },
      auth: ["user", "pass"],
      json: {},
    };
    const bytes = await sent("POST", "/", options, (own) => {
      own.headers["X-Session"] = "s";
    });
    const names = bytes.split("\r\n\r\n")[0].split("\r\n").slice(1);
    assert.deepEqual(names, [
      `Host: 127.0.0.1:${server.port}`,
      `User-Agent: requests-ts/${version}`,
      `Accept-Encoding: ${ACCEPT_ENCODING}`,
      "accept: text/html",
      "Connection: close",
      "x-session: replaced",
      "X-New: 1",
      "Cookie: c=d",
      "Content-Length: 2",
      "Content-Type: application/json",
      "Authorization: Basic dXNlcjpwYXNz",
    ]);
  });

  it("keeps the caller's Host at its place", async () => {
    const bytes = await sent("GET", "/", { headers: { "X-A": "1", Host: "other.example", "X-B": "2" } });
    assert.equal(bytes, `GET / HTTP/1.1\r\n${CLOSING}X-A: 1\r\nHost: other.example\r\nX-B: 2\r\n\r\n`);
  });

  it("keeps the caller's case and repeated fields", async () => {
    const bytes = await sent("GET", "/", { headers: { "x-lower": "1", "X-UPPER": "2", "X-Many": ["3", "4"] } });
    assert.match(bytes, /\r\nx-lower: 1\r\nX-UPPER: 2\r\nX-Many: 3\r\nX-Many: 4\r\n\r\n$/);
  });

  it("sends values as Latin-1", async () => {
    assert.match(await sent("GET", "/", { headers: { "X-Name": "caf\u00e9" } }), /\r\nX-Name: caf\xe9\r\n/);
  });
});

describe("a request without a session", () => {
  it("gets only Host from the engine", async () => {
    const { Request } = await import("requests-ts");
    const prepared = new Request("GET", `${server.url}/x`).prepare();
    session = new Session();
    await session.send(prepared);
    assert.equal(server.peers.at(-1)!.received, `GET /x HTTP/1.1\r\n${HOST()}\r\n`);
  });

  it("is refused with control characters in method, target or headers [last-check-before-writing]", async () => {
    const { Request } = await import("requests-ts");
    session = new Session();
    const connections = server.peers.length;
    const prepared = new Request("GET", server.url).prepare();
    prepared.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET";
    assert.equal((await rejection(session.send(prepared))).code, "ERR_INVALID_METHOD");
    prepared.method = "GET";
    prepared.headers["X-A"] = "b\r\nX: y";
    assert.equal((await rejection(session.send(prepared))).code, "ERR_INVALID_HEADER");
    assert.equal(server.peers.length, connections);
  });
});

describe("a Unix socket", () => {
  it("is connected to whatever the host of the URL [socket-path]", async (context) => {
    const { createServer } = await import("node:net");
    const { mkdtempSync, rmSync } = await import("node:fs");
    const directory = mkdtempSync("/tmp/requests-ts-");
    const path = `${directory}/s`;
    let received = "";
    const local = createServer((socket) => {
      socket.on("data", (bytes) => {
        received += bytes.toString("latin1");
        socket.end(OK);
      });
    });
    await new Promise<void>((resolve) => local.listen(path, resolve));
    context.after(() => {
      local.close();
      rmSync(directory, { recursive: true });
    });
    session = new Session();
    session.mount("http://", new HTTPAdapter({ socketPath: path }));
    const response = await session.get("http://docker/version");
    assert.equal(response.text, "ok");
    assert.match(received, /^GET \/version HTTP\/1\.1\r\nHost: docker\r\n/);
    session.mount("http://", new HTTPAdapter({ socketPath: `${directory}/none` }));
    const error = await rejection(session.get("http://docker/version"));
    assert.match(error.message, /Failed to connect to the Unix socket .*\/none: there is no such file/);
    assert.deepEqual([error.name, error.address, error.phase], ["ConnectionError", `${directory}/none`, "connect"]);
  });
});
