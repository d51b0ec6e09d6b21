/** The table of API.md, section 8: each row as a real peer. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { HTTPAdapter, type RequestException, Session } from "requests-ts";
import {
  answering,
  eventually,
  OK,
  pause,
  rawServer,
  rejection,
  unplaced,
  type Peer,
  type RawServer,
} from "../_support/raw-server.js";

const HEAD = "HTTP/1.1 200 OK\r\n";
const LENGTH_10 = `${HEAD}Content-Length: 10\r\n\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** How a peer ends what it sent. */
type Ending = "closes" | "resets" | "stays";

interface Row {
  readonly name: string;
  readonly bytes: string | Buffer;
  readonly ending?: Ending;
  readonly error: string;
  readonly code: string;
  readonly phase: "wait" | "receive";
  readonly message: RegExp;
}

const gzipped = gzipSync("hello".repeat(100));
const encoded = (bytes: Buffer, coding = "gzip"): Buffer =>
  Buffer.concat([Buffer.from(`${HEAD}Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]);

const bad = (name: string, bytes: string, message: RegExp, ending: Ending = "stays"): Row =>
  ({ name, bytes, ending, error: "ConnectionError", code: "ERR_BAD_RESPONSE", phase: "wait", message }); // prettier-ignore
const closed = (name: string, bytes: string, ending: Ending, message: RegExp): Row =>
  ({ name, bytes, ending, error: "ConnectionError", code: "ERR_CONNECTION_CLOSED", phase: "wait", message }); // prettier-ignore
const broken = (name: string, bytes: string, ending: Ending, message: RegExp): Row =>
  ({ name, bytes, ending, error: "ChunkedEncodingError", code: "ERR_CHUNKED_ENCODING", phase: "receive", message }); // prettier-ignore
const undecodable = (name: string, bytes: Buffer, message: RegExp): Row =>
  ({ name, bytes, error: "ContentDecodingError", code: "ERR_CONTENT_DECODING", phase: "receive", message }); // prettier-ignore
const differing = (name: string, lines: string): Row => ({
  name,
  bytes: `${HEAD}${lines}\r\nhello!`,
  error: "InvalidHeader",
  code: "ERR_INVALID_HEADER",
  phase: "wait",
  message: /^Content-Length contained multiple unmatching values \(5, 6\): the end of the response cannot be known$/,
});

const ROWS: readonly Row[] = [
  closed("nothing, and closes", "", "closes", /^Connection aborted: remote end closed connection without response$/),
  closed("nothing, and resets", "", "resets", /^Connection aborted: connection reset by 127\.0\.0\.1:\d+ before a response came \(ECONNRESET\)$/),
  bad("a cut status line", "HTTP/1.1 20", /^Connection aborted: bad response: the connection was closed in the middle of the response head$/, "closes"),
  bad("a cut head", `${HEAD}A: b\r\n`, /in the middle of the response head$/, "closes"),
  closed("a cut head, and resets", `${HEAD}A: b\r\n`, "resets", /^Connection aborted: connection reset by .* before a response came/),
  closed("a 100 and nothing more", "HTTP/1.1 100 Continue\r\n\r\n", "closes", /without response$/),
  bad("garbage", "garbage\r\n\r\n", /malformed status line "garbage"; is this an HTTP server\?$/),
  bad("garbage without an end", "SSH-2.0-OpenSSH", /malformed status line "SSH-2\.0-OpenSSH"; is this an HTTP server\?$/),
  bad("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", /unknown protocol version in the status line "HTTP\/2\.0 200 OK"; only HTTP\/1\.x is spoken here$/),
  bad("HTTP/0.9", "hello\n", /malformed status line/, "closes"),
  bad("a malformed field", `${HEAD}no colon\r\n\r\n`, /malformed header line "no colon"$/),
  bad("a NUL", `${HEAD}A: \0\r\n\r\n`, /a NUL byte in the line "A: \\u0000"$/),
  bad("too large a head", `${HEAD}A: ${"b".repeat(2000)}\r\n\r\n`, /the head is larger than 1000 bytes \(maxHeaderSize of HTTPAdapter\)$/),
  bad("too many fields", `${HEAD}${"A: b\r\n".repeat(21)}\r\n`, /more than 20 header fields \(maxHeaders of HTTPAdapter\)$/),
  bad("too many 1xx", "HTTP/1.1 102 x\r\n\r\n".repeat(4), /more than 3 informational responses \(maxInformational of HTTPAdapter\)$/),
  differing("lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n"),
  differing("a list of lengths that differ", "Content-Length: 5, 6\r\n"),
  bad("a length beside chunked", `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, /Content-Length beside Transfer-Encoding; one of them is a lie/),
  bad("two codings", `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, /unknown transfer coding "gzip, chunked"; only a single "chunked" is understood$/),
  bad("identity", `${HEAD}Transfer-Encoding: identity\r\n\r\nx`, /unknown transfer coding "identity"/, "closes"),
  bad("a 101 that was not requested", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", /101 Switching Protocols, which was not asked for$/),
  broken("a body that is too short, and closes", `${LENGTH_10}abc`, "closes", /^Connection broken: incomplete read \(3 bytes read, 7 more expected\)$/),
  broken("a body that is too short, and resets", `${LENGTH_10}abc`, "resets", /^Connection broken: incomplete read \(3 bytes read, connection reset by the server\)$/),
  broken("no body, and closes", LENGTH_10, "closes", /incomplete read \(0 bytes read, 10 more expected\)$/),
  broken("chunks without the last", `${CHUNKED}3\r\nabc\r\n`, "closes", /^Connection broken: incomplete read \(3 bytes read, the last chunk did not come\)$/),
  broken("chunks that are reset", `${CHUNKED}3\r\nabc\r\n`, "resets", /connection reset by the server\)$/),
  broken("a bad chunk", `${CHUNKED}xyz\r\n`, "stays", /^Connection broken: invalid chunk length, beginning with byte 0x78 \(0 bytes read\)$/),
  broken("a chunk that is longer than its length", `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`, "stays", /a chunk that is longer than its length \(3 bytes read\)$/),
  undecodable("invalid gzip", encoded(Buffer.from("not gzip")), /^Received response with content-encoding: gzip, but failed to decode it: the gzip data is malformed: /),
  undecodable("truncated gzip", encoded(gzipped.subarray(0, -5)), /failed to decode it: the gzip data is cut off$/),
  undecodable("gzip with bytes after its end", encoded(Buffer.concat([gzipped, Buffer.alloc(9)])), /bytes after the end of the gzip data$/),
  undecodable("six codings", encoded(gzipped, "gzip,gzip,gzip,gzip,gzip,gzip"), /more than 5 content codings \(maxContentCodings of HTTPAdapter\)$/),
  undecodable("an unknown coding among others", encoded(gzipped, "gzip, exotic"), /unknown content coding "exotic"$/),
]; // prettier-ignore

async function misbehave(peer: Peer, { bytes, ending = "stays" }: Row): Promise<void> {
  await peer.request();
  await peer.sendAndPause(bytes);
  if (ending === "closes") peer.end();
  else if (ending === "resets") peer.reset();
}

let session: Session;
let adapter: HTTPAdapter;
let server: RawServer | null = null;

beforeEach(() => {
  session = new Session();
  adapter = new HTTPAdapter({ maxHeaderSize: 1000, maxHeaders: 20, maxInformational: 3 });
  session.mount("http://", adapter);
});
afterEach(async () => {
  await session.close();
  await server?.close();
  server = null;
});

async function assertAllIsWell(first: Peer): Promise<void> {
  await first.gone;
  assert.equal((await session.get(server!.url)).text, "ok");
  assert.equal(server!.peers.length, 2, "a broken connection was used again");
  await session.close();
  await eventually(() => adapter.statistics.open === 0);
  assert.equal(adapter.statistics.waiting, 0);
}

/** Misbehaves on the first connection, and is good on the next. */
async function peerFor(row: Row): Promise<RawServer> {
  return rawServer(async (peer) => {
    if (peer.number === 1) await misbehave(peer, row);
    else {
      await peer.request();
      await peer.send(OK);
    }
  });
}

/** What the decoders say knows nothing of the connection; what the socket says names it by itself. */
function message(error: RequestException): string {
  const named = error.name === "ContentDecodingError" || error.message.includes(`by ${server!.address}`);
  return named ? error.message : unplaced(error, server!.address);
}

describe("a server that sends", { timeout: 60_000 }, () => {
  for (const row of ROWS)
    it(`${row.name}: ${row.error}`, async () => {
      server = await peerFor(row);
      const error = await rejection(session.get(server.url));
      assert.deepEqual([error.name, error.code, error.phase], [row.error, row.code, row.phase]);
      assert.match(message(error), row.message);
      if (row.error !== "ContentDecodingError") assert.equal(error.address, server.address);
      assert.equal((error.request as { url: string }).url, `${server.url}/`);
      if (row.error === "ContentDecodingError") await session.close();
      await assertAllIsWell(server.peers[0]);
    });
});

describe("a server that sends, for a stream", { timeout: 60_000 }, () => {
  for (const row of ROWS.filter(({ phase }) => phase === "receive"))
    it(`${row.name}: yields the bytes before, then throws ${row.error}`, async () => {
      server = await peerFor(row);
      const found: Buffer[] = [];
      const error = await rejection(
        (async () => {
          const response = await session.get(server.url, { stream: true });
          for await (const chunk of response.iterContent()) found.push(chunk);
        })(),
      );
      assert.deepEqual([error.name, error.code, error.phase], [row.error, row.code, row.phase]);
      assert.match(message(error), row.message);
      assert.equal((error.request as { url: string }).url, `${server.url}/`);
      const read = /\((\d+) bytes read/.exec(error.message);
      if (read !== null) assert.equal(Buffer.concat(found).length, Number(read[1]));
      await session.close();
      await assertAllIsWell(server.peers[0]);
    });
});

describe("a server that sends an unusual response that is accepted", { timeout: 60_000 }, () => {
  const good: readonly (readonly [string, string | Buffer, string])[] = [
    ["equal lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nok`, "ok"],
    ["an empty body with Content-Encoding", `${HEAD}Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n`, ""],
    ["a single unknown content coding", `${HEAD}Content-Encoding: exotic\r\nContent-Length: 2\r\n\r\nok`, "ok"],
    ["gzip", encoded(gzipped), "hello".repeat(100)],
    ["no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"],
    ["104 and 103 before", `HTTP/1.1 104 x\r\n\r\nHTTP/1.1 103 y\r\nLink: <z>\r\n\r\n${OK}`, "ok"],
    ["trailers", `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`, "ok"],
  ];
  for (const [name, bytes, text] of good)
    it(name, async () => {
      server = await rawServer(answering(bytes));
      for (let round = 0; round < 2; round += 1) assert.equal((await session.get(server.url)).text, text);
      assert.equal(server.peers.length, 1, "the connection was not used again");
    });

  it("a body that ends when the connection closes", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.sendAndPause(`${HEAD}\r\nhel`);
      peer.end("lo");
    });
    for (const round of [1, 2]) {
      assert.equal((await session.get(server.url)).text, "hello");
      assert.equal(server.peers.length, round);
    }
  });

  it("except a reset in a body that ends when the connection closes", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      await peer.sendAndPause(`${HEAD}\r\nhel`);
      peer.reset();
    });
    const error = await rejection(session.get(server.url));
    assert.deepEqual([error.name, error.phase], ["ChunkedEncodingError", "receive"]);
    assert.match(error.message, /incomplete read \(3 bytes read, connection reset by the server\)/);
  });

  it("trailers after the body", async () => {
    server = await rawServer(answering(`${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`));
    assert.deepEqual((await session.get(server.url)).raw.trailers, [["X-Sum", "1"]]);
    const response = await session.get(server.url, { stream: true });
    assert.equal(response.headers["x-sum"], undefined);
    await response.read();
    assert.deepEqual(response.raw.trailers, [["X-Sum", "1"]]);
  });

  it("the response in single bytes", async () => {
    server = await rawServer(async (peer) => {
      await peer.request();
      for (const byte of Buffer.from(`HTTP/1.1 103 x\r\n\r\n${CHUNKED}2\r\nok\r\n0\r\nA: b\r\n\r\n`)) {
        await peer.send(Buffer.from([byte]));
        await pause(0);
      }
    });
    const response = await session.get(server.url);
    assert.equal(response.text, "ok");
    assert.deepEqual(response.raw.trailers, [["A", "b"]]);
  });
});

describe("an address without a server", () => {
  it("throws ConnectionError when the connection is refused", async () => {
    const gone = await rawServer(() => undefined);
    const { url, address } = gone;
    await gone.close();
    const error = await rejection(session.get(url));
    assert.deepEqual([error.name, error.code, error.phase, error.address, error.attempt], ["ConnectionError", "ERR_CONNECTION_REFUSED", "connect", address, 1]); // prettier-ignore
    assert.match(
      error.message,
      /^Failed to establish a new connection: 127\.0\.0\.1:\d+ refused it; is a server listening there\?$/,
    );
    assert.equal((error.cause as NodeJS.ErrnoException).code, "ECONNREFUSED");
  });

  it("throws ConnectionError when the name does not exist", async () => {
    const failing = new HTTPAdapter({
      lookup: (_name, _options, callback) =>
        callback(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), "", 4),
    });
    session.mount("http://", failing);
    const error = await rejection(session.get("http://nowhere.example/"));
    assert.deepEqual([error.name, error.code, error.phase, error.address], ["ConnectionError", "ERR_NAME_RESOLUTION", "dns", "nowhere.example:80"]); // prettier-ignore
    assert.match(
      error.message,
      /^Failed to resolve "nowhere\.example": no such host; is the name spelt right\? \(ENOTFOUND\)$/,
    );
    assert.equal(failing.statistics.open, 0);
  });

  it("throws ConnectionError when connecting is not permitted", async () => {
    server = await rawServer(() => undefined);
    const seen: string[] = [];
    const guarded = new HTTPAdapter({ allowAddress: (address) => (seen.push(address), false) });
    session.mount("http://", guarded);
    for (const url of [server.url, server.url.replace("127.0.0.1", "localhost")]) {
      const error = await rejection(session.get(url));
      assert.equal(error.code, "ERR_ADDRESS_NOT_ALLOWED");
      assert.match(error.message, /not allowed/);
    }
    assert.ok(seen.includes("127.0.0.1"));
    assert.equal(server.peers.length, 0);
  });
});
