/** Every parser of text that others write takes linear time: a new one is a line of the table. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { digestChallenges } from "#internal/auth/digest-response";
import { spacePrefixes } from "#internal/auth/digest-memory";
import { NetrcError, parseNetrc } from "#internal/auth/netrc";
import { RequestException } from "#internal/exceptions";
import { boundaryOf } from "#internal/http/boundary";
import { prepareBody } from "#internal/message/body/body";
import { CookieFileError, parseCookieFile } from "#internal/cookies/cookie-file";
import { cookieTarget } from "#internal/cookies/cookie";
import { parseCookieDate } from "#internal/cookies/engine";
import { RequestsCookieJar } from "#internal/cookies/jar";
import { parseSetCookie } from "#internal/cookies/set-cookie";
import { EventPieces, JsonLines } from "#internal/content/content-streams";
import { parseChallenges } from "#internal/http/challenges";
import { parseContentType } from "#internal/http/content-type";
import { encodingFromHeaders } from "#internal/content/declared-encoding";
import { parseJson } from "#internal/content/json";
import { ByteLines, TextLines } from "#internal/content/lines";
import { linksByRel, parseHeaderLinks } from "#internal/http/link";
import { unquote } from "#internal/http/url-encoded";
import { locationUrl, parseReference } from "#internal/http/url/url-join";
import { redactedBody, redactedValue } from "#internal/http/redaction/redaction";
import { redactedJson } from "#internal/http/redaction/redacted-json";
import { redactedUrl, redactedUrls, shownProxyUrl, shownUrl } from "#internal/http/redaction/shown-url";
import { authFromUrl, prepareUrl, splitUrl } from "#internal/http/url/url";
import { splitAuthority } from "#internal/http/url/url-host";
import { bypassesProxy } from "#internal/policy/no-proxy";
import { parseHttpDate, retryAfterSeconds } from "#internal/policy/retry-after";
import { codingsOf } from "#internal/wire/decode/decode";
import { parseHead, parseTrailers } from "#internal/wire/http1/head";
import { ResponseParser } from "#internal/wire/http1/response-parser";
import { MultipartParser } from "#internal/multipart/parser";
import { resolveLimits } from "#internal/multipart/errors";
import { parseContentDisposition, parsePartHeaders } from "#internal/multipart/part-headers";
import { iterated, pulled } from "../_support/pulling.js";
import { assertLinear, assertLinearAsync } from "./linear.js";

const LINE = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${LINE}Transfer-Encoding: chunked\r\n\r\n`;
const TARGET = cookieTarget("http://www.example.com/a/b")!;
const NO_LIMIT = {
  maxHeaderSize: Infinity,
  maxHeaders: Infinity,
  maxInformational: Infinity,
  maxChunkLineSize: Infinity,
};

const PART = "--B\r\n\r\n";

/** A beginning, and the pieces that are repeated after it up to 1 MiB. */
type Hostile = readonly [before: string, ...pieces: readonly string[]];

const WORDS = ["a", "a=b;", "a=", "=", ",", ";", ' "', '\\"', "<a>;", "\t ", "é", "a b"] as const;
const FIELDS = [
  "A: b\r\n",
  ":\r\n",
  "A:\r\n",
  " b\r\n",
  "\t",
  "\r\n b",
  "a",
  ": ",
  "\r",
  "Content-Length: 5\r\n",
  "\xff",
] as const;
const URLS = ["a", "/", "/../", "%41", "%", "?", "#", "@", ":", "é", "[", ".", "\\", " "] as const;
const LINES = ["\n", "\r", "\r\n", "a", "a\n", "\n\n\r"] as const;

type Row = readonly [parsers: string, hostile: Hostile, work: (text: string) => unknown];

const headOf = (text: string): unknown =>
  parseHead(Buffer.from(text, "latin1"), 0, text.length, { method: "GET", maxHeaders: Infinity });

const PARSERS: readonly Row[] = [
  ["parseHead", [LINE, ...FIELDS], (text) => headOf(text)],
  ["parseHead, folded", [`${LINE}A: b\r\n`, " c\r\n", " \r\n", "\t\r\n"], (text) => headOf(text)],
  ["parseHead, framing", [LINE, "Connection: a\r\n", "Transfer-Encoding: chunked\r\n"], (text) => headOf(text)],
  ["parseHead, Connection", [`${LINE}Connection: `, ",", "a,", " ", "close "], (text) => headOf(text)],
  ["parseHead, Content-Length", [`${LINE}Content-Length: `, "5,", "0", "9", ", "], (text) => headOf(text)],
  ["parseHead, Keep-Alive", [`${LINE}Keep-Alive: `, "timeout", "timeout =", "timeout\t\t\t\t\t\t\t\t", ", "], (text) => headOf(text)],
  ["parseHead, status line", ["", "HTTP/1.1 ", "H", "\r\n", "1"], (text) => headOf(text)],
  ["parseTrailers", ["", ...FIELDS], (text) => parseTrailers(Buffer.from(text, "latin1"), 0, text.length, Infinity)],
  ["ResponseParser, head byte by byte", [LINE, "A: b\r\n", "a", "\r\n", "\r\n "], (text) => read(text, 1)],
  ["ResponseParser, blank lines byte by byte", ["", "\r\n", "\n", "\r"], (text) => read(text, 1)],
  ["ResponseParser, trailers byte by byte", [`${CHUNKED}0\r\n`, "A: b\r\n", "a", "\r"], (text) => read(text, 1)],
  ["ResponseParser, chunks", [CHUNKED, "1\r\nx\r\n", "1;a=b\r\nx\r\n", "0", "1"], (text) => read(text, 64 * 1024)],
  ["ResponseParser, a chunk-size line", [`${CHUNKED}1`, ";a=b", ";", ' "', "\t"], (text) => read(text, 1)],
  ["ResponseParser, 1xx", ["", "HTTP/1.1 100 x\r\n\r\n", "HTTP/1.1 103 x\r\nA: b\r\n\r\n"], (text) => read(text, 64 * 1024)],
  ["parseSetCookie", ["", ...WORDS, "a=b; Path=/", "; Expires=", "; Max-Age=1", "; Domain=.", "."], (text) => parseSetCookie(text, TARGET, 0, Infinity)],
  ["parseSetCookie in pieces of its limit", ["a=b", ";", "; Expires=Thu, 01 Jan 1970", "; Max-Age=9", "; Domain=.example.com"], (text) => inPieces(text, 32_000, (piece) => parseSetCookie(piece, TARGET, 0))],
  ["RequestsCookieJar.extract, many", ["", "a=b|", "a|", "=b; Path=/a|"], (text) => jarOf(text.split("|"))],
  ["RequestsCookieJar.extract, many names", ["", "0000=1; Max-Age=1000|"], (text) => jarOf(text.split("|").map((field, at) => `${at}${field}`))],
  ["parseCookieDate", ["", "Thu, ", "01 ", "00:00:00 ", "1970", "Jan-", "\x7f"], (text) => inPieces(text, 1024, parseCookieDate)],
  ["parseCookieFile", ["", "h\tTRUE\t/\tFALSE\t0\ta\tb\n", "#\n", "\t", "\n", "a", "\r\n", "#HttpOnly_"], (text) => parseCookieFile(text, 0)],
  ["parseHeaderLinks, linksByRel", ["", ...WORDS, "<", "<>", "<a>;rel=b,", ">"], (text) => [parseHeaderLinks(text), linksByRel(text)]],
  ["parseChallenges", ["Basic ", ...WORDS, 'Digest realm="a",'], parseChallenges],
  ["digestChallenges", ["Digest ", ...WORDS, 'realm="a",', 'Digest nonce="a", '], digestChallenges],
  ["spacePrefixes", ["", "/ ", "http://h/a ", "a", "//", "  "], (text) => spacePrefixes(text.split(" "), "http://h/")],
  ["parseContentType, encodingFromHeaders", ["text/plain;", ...WORDS, "charset=", "charset='"], (text) => [parseContentType(text), encodingFromHeaders(text)]],
  ["boundaryOf", ["multipart/form-data;", ...WORDS, "boundary"], boundaryOf],
  ["codingsOf", ["", "gzip,", ",", " ", "identity,"], codingsOf],
  ["splitUrl, prepareUrl", ["http://h/", ...URLS], (text) => [splitUrl(text), prepareUrl(text)]],
  ["splitUrl, prepareUrl, host", ["http://", ...URLS, "xn--", "0x7f.", "1."], (text) => allOf(() => splitUrl(text), () => prepareUrl(text))],
  ["authFromUrl", ["http://", ...URLS], authFromUrl],
  ["redactedUrl, shownUrl", ["http://", "http://h?", ...URLS, "token=", "&", ";", "?a=", "%7B"], (text) => [redactedUrl(text), shownUrl(text), shownProxyUrl(text), redactedUrls(text)]],
  ["redactedJson", ["", "{", "[", '"', '"a":', '"token":', '"token":{"a":', "\\", '\\"token\\":', '\\\\\\"', " ", "\n", "{}"], (text) => redactedJson(text, "***")],
  ["redactedBody, multipart", ["--B\r\n", "--B\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n", "--B\r\n\r\na=1&", "\r\n", "\n ", '; name="', "--B"], (text) => redactedBody(text, "multipart/form-data; boundary=B")],
  ["redactedValue", ["", "<", "<http://u:p@", ">", "url=", "http://", "url "], (text) => [redactedValue("Link", text), redactedValue("Refresh", text), redactedValue("Set-Cookie", text), redactedValue("X", text)]],
  ["locationUrl, parseReference", ["", ...URLS, "../", "//", "http:"], (text) => allOf(() => locationUrl("http://h/a/b?c", text), () => parseReference(text))],
  ["splitAuthority", ["", ...URLS], splitAuthority],
  ["unquote", ["", "%41", "%", "%4", "+", "é"], unquote],
  ["retryAfterSeconds, parseHttpDate", ["", "1", " ", "Sun, ", "06 Nov 1994 "], (text) => [retryAfterSeconds(text, 0), parseHttpDate(text, 0)]],
  ["parseNetrc", ["", "machine h login u password p\n", "machine ", '"', "\\", "\n", "macdef m\nx\n\n", "#"], parseNetrc],
  ["bypassesProxy", ["", "a,", ",", " ", ".", "*.", "10.0.0.0/8,", "h:80,", "["], (text) => bypassesProxy("http://www.example.com/", text)],
  ["parseJson", ["", "[", "[1,", '{"a":', '"', "\\", " ", "1", "\n"], (text) => parseJson(text)],
  ["ByteLines, TextLines", ["", ...LINES], (text) => [new ByteLines().push(latin1(text)), new TextLines().push(text), new ByteLines("\n\n").push(latin1(text))]],
  ["MultipartParser, content byte by byte", [PART, "\r", "\r\n", "\r\n--", "\r\n--Bx", "\r\n--B \r", "\r\n--B-", "a"], (text) => readParts(text, 1)],
  ["MultipartParser, content", [PART, "\r", "\n", "\r\n--", "\r\n--Bx", "\r\n--B--x", "\r\n--B \r", "a"], (text) => readParts(text, Infinity)],
  ["MultipartParser, long boundary", [PART, `\r\n--${"b".repeat(69)}`, `\r\n--${"b".repeat(68)}c`, "\r\n--b"], (text) => [readParts(text, 100, "b".repeat(70)), readParts(text, Infinity, "b".repeat(70))]],
  ["MultipartParser, heads and parts", ["--B\r\n", "A: b\r\n", "A: b\r\n\r\n\r\n--B\r\n", "a", "\r\n\r\n--B\r\n"], (text) => readParts(text, 7)],
  ["MultipartParser, preamble and padding", ["", "\r\n--Bx", "x", "\r\n--B ", "--"], (text) => readParts(text, 3)],
  ["parsePartHeaders", ["A: b", "\r\nA: b", "\r\n b", "\r\n\t", "\r\nContent-Type: a", "é", " "], (text) => parsePartHeaders(Buffer.from(text))],
  ["parseContentDisposition", ["form-data;", ...WORDS, 'name="a";', "; a=\\", '; a="\\', "; a*=utf-8''%41", "%22", "; filename*=utf-8''%"], parseContentDisposition],
  ["parseContentDisposition, not of a form", ["attachment;", ...WORDS, ' a="\\"', '; a="\\\\'], parseContentDisposition],
  ["prepareBody: names of parts", ["", "a", '"', "\r\n", "\\", "é", "%"], (text) => prepareBody({ files: { [text]: [text, "x"] } }, undefined)],
]; // prettier-ignore

type Stream = readonly [
  parser: string,
  hostile: readonly string[],
  work: (source: AsyncIterable<Buffer>) => AsyncIterable<unknown>,
];

const STREAMS: readonly Stream[] = [
  ["EventPieces", ["\n", "\r", ":", "data: a\n", "data\r", "data: a\n\n", "id: 1\r\n"], (source) => iterated(new EventPieces(pulled(source)))],
  ["JsonLines", ["\n", "\r", "{}\n", "[", " "], (source) => iterated(new JsonLines(pulled(source), { encoding: "utf-8", schema: undefined, details: {} }))],
]; // prettier-ignore

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Feeds our parser, and closes. */
function read(text: string, step: number): void {
  const bytes = latin1(text);
  const ignore = (): undefined => undefined;
  const parser = new ResponseParser(
    { onInformational: ignore, onHead: ignore, onData: ignore, onEnd: ignore },
    NO_LIMIT,
  );
  parser.start("GET");
  for (let at = 0; at < bytes.length; at += step) parser.execute(bytes, at, Math.min(at + step, bytes.length));
  parser.finish();
}

/** Feeds the parser of multipart content, with no limits. */
function readParts(text: string, step: number, boundary = "B"): void {
  const none = resolveLimits({ maxParts: 0, maxHeaderSize: 0 });
  const bytes = latin1(text);
  const parser = new MultipartParser(boundary, none);
  let at = 0;
  for (let event = parser.next(); event !== "end"; event = parser.next()) {
    if (event !== "more") continue;
    if (at >= bytes.length) parser.finish();
    else parser.push(bytes.subarray(at, at + step));
    at += step;
  }
}

function inPieces(text: string, size: number, work: (piece: string) => unknown): void {
  for (let at = 0; at < text.length; at += size) work(text.slice(at, at + size));
}

function jarOf(fields: readonly string[]): RequestsCookieJar {
  const jar = new RequestsCookieJar();
  jar.extract(fields, "http://www.example.com/a/b");
  jar.headerFor("http://www.example.com/a/b");
  return jar;
}

function allOf(...works: readonly (() => unknown)[]): void {
  for (const work of works) named(work);
}

/** Runs it; it may end in an exception of ours, never in one of the language. */
function named(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    const isOurs = error instanceof RequestException || error instanceof NetrcError || error instanceof CookieFileError;
    if (!isOurs) throw error;
  }
}

for (const [parsers, [before, ...pieces], work] of PARSERS)
  describe(parsers, () => {
    for (const piece of pieces)
      it(`takes linear time for ${JSON.stringify(before + piece)}…`, () => {
        assertLinear(
          (size) => before + piece.repeat(size / piece.length),
          (text) => named(() => work(text)),
        );
      });
  });

async function* pieces(text: string, size: number): AsyncGenerator<Buffer, void> {
  const bytes = latin1(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

for (const [parser, hostile, work] of STREAMS)
  describe(parser, () => {
    for (const piece of hostile)
      for (const size of [16, Infinity])
        it(`takes linear time for ${JSON.stringify(piece)}…, ${size === Infinity ? "whole" : "in pieces"}`, async () => {
          await assertLinearAsync(
            (length) => piece.repeat(length / piece.length),
            async (text) => {
              try {
                for await (const _item of work(pieces(text, size === Infinity ? text.length : size)));
              } catch (error) {
                assert.ok(error instanceof RequestException, String(error));
              }
            },
          );
        });
  }); // prettier-ignore

describe("the table of parsers", () => {
  it("has every exported function that is named for parsing or splitting", () => {
    const root = join(import.meta.dirname, "..", "..", "..", "src");
    const covered = PARSERS.map(([parsers]) => parsers).join(" ");
    const missing: string[] = [];
    for (const folder of ["message", "policy", "auth", "wire", "multipart"])
      for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
        if (!file.endsWith(".ts")) continue;
        const source = readFileSync(join(root, folder, file), "utf8");
        for (const [, name] of source.matchAll(/^export (?:async )?function\*? ((?:parse|split)\w+)/gm))
          if (!new RegExp(`\\b${name}\\b`).test(covered)) missing.push(`${folder}/${file}: ${name}`);
      }
    assert.deepEqual(missing, []);
  });
});
