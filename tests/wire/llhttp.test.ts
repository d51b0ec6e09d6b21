/**
 * Our verdict on responses next to that of llhttp, through Node's own client, on the same bytes. Where they differ, a
 * table says why. Node reads to the end of the connection; what counts is whether it gives a whole response.
 */
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";

import { parse, rawServer, type RawServer } from "../_support/raw-server.js";
import { NOT_COMPARED } from "./differential/differences.js";

const STATUS = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${STATUS}Transfer-Encoding: chunked\r\n\r\n`;
const withStatus = (line: string): string => `${line}\r\nContent-Length: 1\r\n\r\nx`;
const withField = (line: string): string => `${STATUS}${line}\r\nContent-Length: 1\r\n\r\nx`;
const withLength = (...lines: string[]): string => `${STATUS}${lines.join("\r\n")}\r\n\r\nhello`;
const withChunks = (text: string): string => CHUNKED + text;

/** What a server may send before it closes. */
const CORPUS: readonly string[] = [
  // Status lines
  ...["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 999 x", "HTTP/1.1 404 Not\tFound"],
  ...["HTTP/1.1 200 caf\xe9", "HTTP/1.1 99 x", "HTTP/1.1 099 x", "HTTP/1.1 1000 x", "HTTP/1.1 20", "HTTP/1.1 2x0 OK"],
  ...["HTTP/1.1", "HTTP/1.1  200 OK", "HTTP/1.1 200\tOK", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK"],
  ...["http/1.1 200 OK", "HTTP/11 200 OK", "HTTP/1.11 200 OK", "HTTP 200 OK", " HTTP/1.1 200 OK", "ICY 200 OK", "XTTP/1.1 200 OK"],
  ...["HTTP/1.1 200 O\0K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 O\x7fK", "HTTP/1.1 200 O\x01K", "", "GET / HTTP/1.1"],
].map(withStatus); // prettier-ignore
const FIELDS: readonly string[] = [
  ...["A: b", "A:b", "A:", "A:  b\t ", "A: b: c", "!#$%&'*+.^_`|~-: x", "A: \x80\xff", "A: b\tc", "A: b\r\n c", "A: b\r\n\tc"],
  ...[": b", "A", "A b", "A : b", "A\t: b", "A B: c", "(A): b", "\xe9: b", " A: b", "A: b\0", "A: b\rc", "A: b\nC: d"],
  ...["A: b\x01", "A: b\x7f", "A: b\x0b", "A\0: b", "A: b\r", '"A": b', "A;: b", "A=: b", "A: b\r\nA: c"],
].map(withField); // prettier-ignore
const FRAMINGS: readonly string[] = [
  withLength("Content-Length: 5"),
  withLength("Content-Length: 05"),
  withLength("Content-Length:5 "),
  withLength("Content-Length: 5", "Content-Length: 5"),
  withLength("Content-Length: 5, 5"),
  withLength("Content-Length: 5", "Content-Length: 6"),
  withLength("Content-Length: 5, 6"),
  withLength("Content-Length: "),
  withLength("Content-Length: -5"),
  withLength("Content-Length: +5"),
  withLength("Content-Length: 5.0"),
  withLength("Content-Length: 5 5"),
  withLength("Content-Length: 0x5"),
  withLength("Content-Length: 5\xa0"),
  withLength("Content-Length: 6"),
  withLength("Content-Length: 99999999999999999999999"),
  withLength("Content-Length: 5", "Transfer-Encoding: chunked"),
  withLength("Transfer-Encoding: chunked", "Content-Length: 5"),
  withLength("Transfer-Encoding: identity"),
  withLength("Transfer-Encoding: gzip"),
  withLength("Transfer-Encoding: gzip, chunked"),
  withLength("Transfer-Encoding: chunked, gzip"),
  withLength("Transfer-Encoding: chunked, chunked"),
  withLength("Transfer-Encoding: xchunked"),
  withLength("Connection: close"),
  withLength(),
  "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n",
  `HTTP/1.1 100 Continue\r\n\r\n${withLength("Content-Length: 5")}`,
  `HTTP/1.1 103 Hints\r\nA: b\r\n\r\n${withLength("Content-Length: 5")}`,
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  `\r\n\r\n${withLength("Content-Length: 5")}`,
  `${STATUS}A: b\r\n`,
  STATUS,
  "HTTP/1.1 2",
  "",
];
const CHUNKS: readonly string[] = [
  ...["5\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "a\r\n0123456789\r\n00\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n"],
  ...['5;a="b c"\r\nhello\r\n0\r\n\r\n', "5\r\nhello\r\n0\r\nA: b\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n", "0000000000000005\r\nhello\r\n0\r\n\r\n"],
  ...["g\r\n", "\r\n", "-1\r\nx\r\n", "0x1\r\nx\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n"],
  ...["5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "5;\0\r\nhello\r\n0\r\n\r\n"],
  ...["ffffffffffffffff\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n"],
  ...["5\r\nhello\r\n0\r\nA\r\n\r\n", "5\r\nhello\r\n0\r\nA: \0\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\nC: d\r\n\r\n", "5;\xff\r\nhello\r\n0\r\n\r\n", "5;a =b\r\nhello\r\n0\r\n\r\n"],
].map(withChunks); // prettier-ignore

const ALL = [...CORPUS, ...FIELDS, ...FRAMINGS, ...CHUNKS];

const VERSION = "only HTTP/1.x frames its messages in this way (API.md, section 8)";
const CONTROL = "RFC 9112 section 4 has no control characters in a reason";
const FOLDED = "RFC 9112 section 5.2 lets a user agent take a folded line as one; many old servers send them";
const EQUAL = "RFC 9112 section 6.3 lets equal lengths be one; many servers behind proxies send them";
const CODING = "RFC 9112 section 6.1: a body under a coding that we do not know is not the content";
const BLANKS = "old servers pad a chunk size to a fixed width, and blanks hide no line end";
const EXTENSION = "nothing depends on a chunk extension, so any text but control characters may stand there";

/** Where we differ: what we make of it, and why. */
const DIFFERENCES: ReadonlyMap<string, readonly ["good" | "bad", string]> = new Map([
  [withStatus("HTTP/1.1 099 x"), ["bad", "RFC 9110 section 15: a status is from 100 to 999"]],
  [withStatus("HTTP/2.0 200 OK"), ["bad", VERSION]],
  [withStatus("HTTP/0.9 200 OK"), ["bad", VERSION]],
  [withStatus("HTTP/1.1 200 O\0K"), ["bad", CONTROL]],
  [withStatus("HTTP/1.1 200 O\x7fK"), ["bad", CONTROL]],
  [withStatus("HTTP/1.1 200 O\x01K"), ["bad", CONTROL]],
  [withField("A: b\r\n c"), ["good", FOLDED]],
  [withField("A: b\r\n\tc"), ["good", FOLDED]],
  [withChunks("5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n"), ["good", FOLDED]],
  [withLength("Content-Length: 5", "Content-Length: 5"), ["good", EQUAL]],
  [withLength("Content-Length: 5, 5"), ["good", EQUAL]],
  [withLength("Transfer-Encoding: identity"), ["bad", CODING]],
  [withLength("Transfer-Encoding: gzip"), ["bad", CODING]],
  [withLength("Transfer-Encoding: chunked, gzip"), ["bad", CODING]],
  [withLength("Transfer-Encoding: xchunked"), ["bad", CODING]],
  [withChunks("5 \r\nhello\r\n0\r\n\r\n"), ["good", BLANKS]],
  [withChunks("5;\xff\r\nhello\r\n0\r\n\r\n"), ["good", EXTENSION]],
  [withChunks("5;a =b\r\nhello\r\n0\r\n\r\n"), ["good", EXTENSION]],
]); // prettier-ignore

let server: RawServer;
let current = "";
before(async () => {
  server = await rawServer(async (peer) => {
    await peer.until("\r\n\r\n");
    peer.end(current);
  });
});
after(() => server.close());

/** The body that Node's client gives, or null when it gives no whole response. */
async function nodesVerdict(text: string): Promise<string | null> {
  current = text;
  return new Promise((resolve) => {
    const bad = (): void => resolve(null);
    const call = request(
      { port: server.port, host: "127.0.0.1", agent: false, insecureHTTPParser: false },
      (response) => {
        let body = "";
        response.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
        response.on("error", bad).on("aborted", bad);
        response.on("end", () => resolve(response.complete ? body : null));
      },
    );
    call.on("error", bad).on("upgrade", (_response, socket) => {
      socket.destroy();
      bad();
    });
    call.end();
  });
}

function ourVerdict(text: string): string | null {
  const { events, error } = parse([Buffer.from(text, "latin1")], { closes: true });
  if (error !== null) return null;
  return events.find((event) => event.startsWith("data "))?.slice(5) ?? "";
}

describe("the verdict of llhttp", { timeout: 60_000, skip: NOT_COMPARED }, () => {
  it(`covers ${ALL.length} different responses`, () => {
    assert.ok(ALL.length >= 100);
    assert.equal(new Set(ALL).size, ALL.length);
    for (const text of DIFFERENCES.keys()) assert.ok(ALL.includes(text), JSON.stringify(text));
  });

  for (const text of ALL) {
    const difference = DIFFERENCES.get(text);
    it(`${JSON.stringify(text)}${difference === undefined ? "" : `: differs, ${difference[1]}`}`, async () => {
      const [ours, theirs] = [ourVerdict(text), await nodesVerdict(text)];
      if (difference === undefined) assert.equal(ours, theirs);
      else {
        assert.equal(ours === null ? "bad" : "good", difference[0]);
        assert.notEqual(ours, theirs, "there is no difference any more");
      }
    });
  }
});
