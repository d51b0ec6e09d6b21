/**
 * Hand-written responses, for both parsers. A case has the text between `before` and `after` of its group, as latin-1;
 * with it the id of the difference (differences.ts) that it shows, or nothing where the parsers agree.
 */
import type { WireInput } from "../../_support/llhttp.js";

export interface Group {
  readonly name: string;
  readonly method: WireInput["method"];
  readonly before: string;
  readonly after: string;
  readonly cases: readonly (string | readonly [text: string, difference: string])[];
}

const LINE = "HTTP/1.1 200 OK\r\n";
const TWO = "Content-Length: 2\r\n\r\nok";
const WHOLE = `${LINE}${TWO}`;
const CHUNKED = `${LINE}Transfer-Encoding: chunked\r\n\r\n`;
const LAST = "\r\nok\r\n0\r\n\r\n";

function group(name: string, before: string, after: string, cases: Group["cases"]): Group {
  return { name, method: "GET", before, after, cases };
}

export const CORPUS: readonly Group[] = [
  group("status line", "", `\r\n${TWO}`, [
    "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200  OK ", "HTTP/1.1 201 \t",
    "HTTP/1.1 404 Not  Found", "HTTP/1.1 299 caf\xe9 \x80\xff", "HTTP/1.1 500 a\tb", "HTTP/1.1 600 x", "HTTP/1.1 999 x",
    "HTTP/1.1 200 HTTP/1.1 200 OK", "HTTP/1.1 200 Content-Length: 5", "HTTP/1.1 200 :", "HTTP/1.1 205 Reset",
    ["HTTP/0.9 200 OK", "version"], ["HTTP/2.0 200 OK", "version"], ["RTSP/1.0 200 OK", "not-http"], ["ICE/1.0 200 OK", "not-http"],
    "HTTP/1.2 200 OK", "HTTP/1.9 200 OK", "HTTP/3.0 200 OK", "HTTP/9.9 200 OK", "HTTP/1 200 OK", "HTTP/2 200 OK", "HTTP/1.10 200 OK",
    "HTTP/01.1 200 OK", "HTTP/1.01 200 OK", "HTTP/11 200 OK", "HTTP 200 OK", "HTTP/ 200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1. 200 OK",
    "HTTP/1,1 200 OK", "HTTP/a.1 200 OK", "HTTP/-1.1 200 OK", "HTTPS/1.1 200 OK", "http/1.1 200 OK", "Http/1.1 200 OK", "HTTP\\1.1 200 OK",
    ["HTTP/1.1 000 x", "low-status"], ["HTTP/1.1 099 x", "low-status"], ["HTTP/1.0 042", "low-status"],
    "HTTP/1.1 20 OK", "HTTP/1.1 2 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 2xx OK", "HTTP/1.1 -20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 2 0 OK",
    "HTTP/1.1 200OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200:OK", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1200 OK", "HTTP/1.1 OK 200",
    " HTTP/1.1 200 OK", "\tHTTP/1.1 200 OK", "ICY 200 OK", "GET / HTTP/1.1", "XTTP/1.1 200 OK", "HHTTP/1.1 200 OK", "\xef\xbb\xbfHTTP/1.1 200 OK",
    ["HTTP/1.1 200 a\0b", "control-in-reason"], ["HTTP/1.1 200 \x01", "control-in-reason"], ["HTTP/1.1 200 a\x1b[31m", "control-in-reason"],
    ["HTTP/1.1 200 a\x7f", "control-in-reason"], "HTTP/1.1 \x00200 OK", "HTTP/1.1 200\0OK", "HT\0TP/1.1 200 OK",
  ]),
  group("line ends", "", "", [
    `\r\n${WHOLE}`, `\n${WHOLE}`, `\r${WHOLE}`, `\r\r\n\n\r\n${WHOLE}`, ` \r\n${WHOLE}`, `\0${WHOLE}`, "\r\n", "\r\n\r\n", "\n\n\n\n", "\r",
    `HTTP/1.1 200 OK\n${TWO}`, `HTTP/1.1 200\n${TWO}`, `HTTP/1.1 200 OK\r${TWO}`, `HTTP/1.1 200\r${TWO}`, `HTTP/1.1 200 O\rK\r\n${TWO}`,
    [`HTTP/1.1 200 OK\r\r${TWO}`, "cr-cr"], [`HTTP/1.1 200\r\r${TWO}`, "cr-cr"], `HTTP/1.1 200 OK\r\r\n${TWO}`, `HTTP/1.1 200 OK\n\r${TWO}`,
    `${LINE}A: b\nContent-Length: 2\r\n\r\nok`, `${LINE}A: b\rContent-Length: 2\r\n\r\nok`, `${LINE}A: b\r\r\n${TWO}`, `${LINE}A: b\n\r\n${TWO}`,
    `${LINE}A: b\r\rB: c\r\n${TWO}`, `${LINE}A: \n${TWO}`, `${LINE}A:\n${TWO}`, `${LINE}A:\r${TWO}`, `${LINE}A: \rb\r\n${TWO}`, `${LINE}\n${TWO}`,
    `${LINE}Content-Length: 2\r\n\nok`, `${LINE}Content-Length: 2\r\n\rok`, `${LINE}Content-Length: 2\n\nok`, `${LINE}Content-Length: 2\r\rok`,
    `${LINE}Content-Length: 2\n\r\nok`, `${LINE}Content-Length: 2\r\n\r\r\nok`, "HTTP/1.1 200 OK\n\nok", "HTTP/1.1 200 OK\r\rok", "HTTP/1.1 200 OK\r\n\rok",
    "HTTP/1.1 200 OK\r\n\nok", `${LINE}\r\n`, LINE, "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\n", `${LINE}\r`, `${LINE}A: b\r\n`, `${LINE}A: b\r\n\r`,
  ]),
  group("fields", LINE, `\r\n${TWO}`, [
    "A: b", "A:b", "A: \t b \t ", "A:", "A: ", "A:\t", "A: b: c", "A::", "A: ,", "a!#$%&'*+-.^_`|~09Z: x", "1: x", "-: x", "A: \x80\xff", "A: b\tc", "A: \"\\\"",
    "A: 1\r\na: 2\r\nA: 3", "Content-Type: text/html; charset=\"x\"", "Set-Cookie: a=b; c\r\nSet-Cookie: d=e", "Content-Lengt: 9", "Content-Lengthx: 9",
    "XContent-Length: 9", "Content_Length: 9", "Content-Length-: 9", "Transfer-Encodin: chunked", "Transfer-Encodings: chunked", "X-Transfer-Encoding: chunked",
    "__proto__: x", "constructor: x", "Host: h", "Upgrade: h2c", "Trailer: A", "HTTP/1.1: x", "A: HTTP/1.1 200 OK",
    "A", "A b", "A b: c", "A : b", "A\t: b", "A \t : b", ": b", ":", " : b", "A\x80: b", "\xe9: b", "(A): b", "A,B: c", "A;B: c", "A/B: c", "A=B: c", "A@B: c", "A[]: c", "{A}: b",
    "\"A\": b", "A\\: b", "A\0: b", "\0: b", "A\x01: b", "A\x7f: b", "A: \0", "A: b\0c", "A: b\x01", "A: b\x08c", "A: b\x0b", "A: \x0c", "A: b\x1f", "A: b\x7f", "A: \x1b[0m", "Content-Length\0: 2",
    `A: ${"b".repeat(5000)}`, `${"A".repeat(300)}: b`, Array.from({ length: 70 }, (_item, at) => `N-${at}: v${at}`).join("\r\n"),
  ]),
  group("folding", LINE, `\r\n${TWO}`, [
    ["A: b\r\n c", "folding"], ["A: b\r\n\tc", "folding"], ["A: b \t\r\n \t c \r\n  d", "folding"], ["A:\r\n b", "folding"], ["A: b\r\n ", "folding"], ["A: b\r\n \r\n c", "folding"],
    ["A: b\r\n c: d", "folding"], ["A: b\r\n Content-Length: 5", "folding"], ["A: b\r\n c\r\nB: d\r\n e", "folding"], ["Connection: x,\r\n close", "folding"], ["A: b\r\n \x80", "folding"],
    " A: b", "\tA: b", " ", "\t", " \r\nA: b", "A: b\r\n \0", "A: b\r\n c\rd", "A: b\n c", "A: b\r c", "A\r\n : b", "A\r\n b: c",
  ]),
  group("Content-Length", LINE, "\r\n\r\nok", [
    "Content-Length: 2", "content-length:2", "CONTENT-LENGTH:  2  ", "cOnTeNt-LeNgTh:\t2", "Content-Length: 02", "Content-Length: 0", "Content-Length: 1", "Content-Length: 3", "Content-Length: 00",
    "Content-Length: 0000000000000000000000000000000000002", "A: b\r\nContent-Length: 2\r\nC: d",
    "Content-Length: 2147483647", "Content-Length: 2147483648", "Content-Length: 4294967295", "Content-Length: 4294967296", "Content-Length: 4294967298", "Content-Length: 9007199254740991",
    ["Content-Length: 9007199254740992", "huge-length"], ["Content-Length: 9007199254740993", "huge-length"], ["Content-Length: 9223372036854775807", "huge-length"],
    ["Content-Length: 9223372036854775808", "huge-length"], ["Content-Length: 18446744073709551615", "huge-length"], "Content-Length: 18446744073709551616", "Content-Length: 18446744073709551618",
    "Content-Length: 99999999999999999999", `Content-Length: ${"9".repeat(400)}`,
    ["Content-Length: 2\t", "length-before-tab"], ["Content-Length: 2 \t ", "length-before-tab"],
    ["Content-Length: 2\r\nContent-Length: 2", "equal-lengths"], ["Content-Length: 2\r\ncontent-length: 02", "equal-lengths"], ["Content-Length: 2, 2", "equal-lengths"], ["Content-Length: 2,2,\t2", "equal-lengths"],
    "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2, 3", "Content-Length: 3\r\nContent-Length: 2, 2", "Content-Length: 2,", "Content-Length: ,2", "Content-Length: ,",
    "Content-Length:", "Content-Length: ", "Content-Length: -2", "Content-Length: +2", "Content-Length: 2.0", "Content-Length: 2e0", "Content-Length: 0x2", "Content-Length: 2 2", "Content-Length: 2;", "Content-Length: \"2\"",
    "Content-Length: two", "Content-Length: 2a", "Content-Length: a2", "Content-Length: \xb2", "Content-Length: 2\xa0", "Content-Length: \xa02", "Content-Length: 2\0", "Content-Length: 2\x0b", "Content-Length : 2", "Content-Length 2",
    ["Content-Length:\r\n 2", "folding"], ["Content-Length: 2\r\n ", "folding"], "Content-Length: 1\r\n 2",
  ]),
  group("Transfer-Encoding", LINE, `\r\n\r\n2${LAST}`, [
    "Transfer-Encoding: chunked", "transfer-encoding:chunked", "TRANSFER-ENCODING: CHUNKED", "Transfer-Encoding: Chunked  ", ["Transfer-Encoding: chunked\t", "tab-after-chunked"], "Transfer-Encoding: \tchunked",
    ["Transfer-Encoding: gzip", "other-codings"], ["Transfer-Encoding: identity", "other-codings"], ["Transfer-Encoding: gzip, chunked", "other-codings"], ["Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "other-codings"],
    ["Transfer-Encoding: chunked, chunked", "other-codings"], ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "other-codings"], ["Transfer-Encoding: chunked, identity", "other-codings"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "other-codings"], ["Transfer-Encoding: chunked;q=1", "other-codings"], ["Transfer-Encoding: xchunked", "other-codings"], ["Transfer-Encoding: chunkedx", "other-codings"],
    ["Transfer-Encoding: \"chunked\"", "other-codings"], ["Transfer-Encoding: ", "empty-coding"], ["Transfer-Encoding:", "empty-coding"], ["Transfer-Encoding: ,chunked", "other-codings"], ["Transfer-Encoding: chunked,", "other-codings"],
    ["Transfer-Encoding: chunked\xa0", "other-codings"], ["Transfer-Encoding: chun ked", "other-codings"], ["Transfer-Encoding: x\r\nTransfer-Encoding: ", "empty-coding"],
    "Transfer-Encoding: chunked\x0b", "Transfer-Encoding: \0chunked", "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
    ["Transfer-Encoding:\r\n chunked", "folding"], ["Transfer-Encoding: chunked\r\n ", "folding"], "Transfer-Encoding: chun\r\n ked",
    "Transfer-Encoding: chunked\r\nContent-Length: 2", "Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding: identity\r\nContent-Length: 2",
    "Content-Length: 2\r\nTransfer-Encoding: identity", "Content-Length: 2\r\nTransfer-Encoding: ", ["Transfer-Encoding: \r\nA: b\r\nContent-Length: 2", "length-beside-coding"], ["Transfer-Encoding: \r\nContent-Length: 2", "length-beside-coding"],
    "TE: chunked", "Content-Encoding: chunked", "Transfer-Encoding\0: chunked",
  ]),
]; // prettier-ignore

const heads = (method: WireInput["method"], name: string, before: string, after: string, cases: Group["cases"]): Group => ({
  ...group(name, before, after, cases),
  method,
}); // prettier-ignore

export const MORE: readonly Group[] = [
  group("chunk sizes", CHUNKED, "", [
    "0\r\n\r\n", `2${LAST}`, `02${LAST}`, `000000000000000000000000000000002${LAST}`, "0000000000000000000000000000\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "1\r\nx\r\n1\r\ny\r\n00\r\n\r\n",
    "4\r\n\r\n\r\n\r\n0\r\n\r\n", "7fffffff\r\nok", "80000000\r\nok", "ffffffff\r\nok", "100000000\r\nok", "100000002\r\nok\r\n0\r\n\r\n", "fffffffffffff\r\nok", "000fffffffffffff\r\nok",
    ["10000000000000\r\nok", "huge-chunk"], ["1fffffffffffff\r\nok", "huge-chunk"], ["20000000000000\r\nok", "huge-chunk"], ["7fffffffffffffff\r\nok", "huge-chunk"], ["ffffffffffffffff\r\nok", "huge-chunk"],
    "10000000000000000\r\nok", "10000000000000002\r\nok", `${"f".repeat(100)}\r\nok`,
    "", "2", "2\r", "2\r\n", "2\r\no", "2\r\nok", "2\r\nok\r", "2\r\nok\r\n", "2\r\nok\r\n0", "2\r\nok\r\n0\r", "2\r\nok\r\n0\r\n", "2\r\nok\r\n0\r\n\r", "0", "0\r\n",
    "\r\n", "\n", "g\r\n", "x\r\n", " \r\n", ` 2${LAST}`, [`2 ${LAST}`, "blanks-after-chunk-size"], [`2\t${LAST}`, "blanks-after-chunk-size"], [`2 \t  ${LAST}`, "blanks-after-chunk-size"], [`2  ;a${LAST}`, "blanks-after-chunk-size"], ["2\r\nok\r\n0  \r\n\r\n", "blanks-after-chunk-size"], `2 0${LAST}`, `2 \0${LAST}`, `2 x${LAST}`, "2 \nok\r\n0\r\n\r\n", `-2${LAST}`, `+2${LAST}`, `0x2${LAST}`, `2h${LAST}`, `2,${LAST}`, `2.${LAST}`, `"2"${LAST}`, `2\0${LAST}`, `\xb2${LAST}`, `2\xa0${LAST}`,
    "2\nok\r\n0\r\n\r\n", "2\rok\r\n0\r\n\r\n", "2\r\rok\r\n0\r\n\r\n", "2\r\r\nok\r\n0\r\n\r\n", "2\r\nok\n0\r\n\r\n", "2\r\nok\r0\r\n\r\n", "2\r\nok0\r\n\r\n", "2\r\nok\r\r0\r\n\r\n", "2\r\nok\n\r0\r\n\r\n",
    "2\r\nokay\r\n0\r\n\r\n", "3\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n\r\n", "2\r\nok\r\n\r\n0\r\n\r\n", "2\r\nok\r\n 0\r\n\r\n", "0\r\n\n", "0\n\r\n", "0\n\n", "0\r\r\r\n", "0\r\n\r\r\n", "0\r\n\rx",
  ]),
  group("chunk extensions", `${CHUNKED}2`, LAST, [
    ";a", ";a=b", ";a=b;c=d", ";a;b;c", ";a=\"b\"", ";a=\"b c\\\"\"", ";a=\"\"", `;a=${"b".repeat(200)}`,
    [";", "loose-extension"], [";;", "loose-extension"], ";=", ["; a", "loose-extension"], [" ;a", "blanks-after-chunk-size"], [";a ", "loose-extension"], [";a =b", "loose-extension"], [";a= b", "loose-extension"],
    [";a=\"b", "loose-extension"], [";a=\"b\"c", "loose-extension"], [";\xff", "loose-extension"], [";a=\xff", "loose-extension"], [";a,b", "loose-extension"], [";\t", "loose-extension"], [";(a)", "loose-extension"],
    ";a=\"\xff\"", [";a=b=c", "loose-extension"], ";a=\"\t\"",
    ";\0", ";a=\0", ";a=\"\0\"", ";a\x01", ";a=\x7f", ";a\n", ";a=b\n", ";a=\"b\n", ";a=\"b\nc\"", ";a\rb", ";a=\"b\rc\"",
  ]),
  group("trailers", `${CHUNKED}2\r\nok\r\n0\r\n`, "", [
    "\r\n", "A: b\r\n\r\n", "A: b\r\nC:\r\n\r\n", "a: \x80\r\n\r\n", "A: b\r\nA: c\r\n\r\n", "A: b\r\n\r\nextra", "Connection: close\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n", "Trailer: x\r\n\r\n", "Upgrade: x\r\n\r\n",
    ["Content-Length: 2\r\n\r\n", "length-in-trailers"], ["A: b\r\ncontent-length: 0\r\n\r\n", "length-in-trailers"], ["Content-Length: x\r\n\r\n", "length-in-trailers"], ["Content-Length:\r\n\r\n", "length-in-trailers"],
    ["A: b\r\n c\r\n\r\n", "folding"], ["A:\r\n\tb\r\n\r\n", "folding"],
    " A: b\r\n\r\n", "\tA: b\r\n\r\n", " \r\n\r\n", "A : b\r\n\r\n", "A\r\n\r\n", ": b\r\n\r\n", "A: \0\r\n\r\n", "A: b\rc\r\n\r\n", "A: b\nC: d\r\n\r\n", "A: b\r\n\n", "A: b\n\n", "A: b\r\n\rx", "A: b\r\n", "A: b\r\n\r", "A: b", "A", "A:\x01\r\n\r\n", "(A): b\r\n\r\n",
    `A: ${"b".repeat(3000)}\r\n\r\n`, "HTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n", "\n", "\n\n", "\r\r\n",
  ]),
  group("1xx", "", WHOLE, [
    "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100\r\n\r\n", "HTTP/1.1 102 x\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nLink: <b>\r\n\r\n", "HTTP/1.1 199 x\r\n\r\n", ["HTTP/1.0 100 x\r\n\r\n", "close-on-1xx"], "HTTP/1.1 100 x\r\n\r\n".repeat(5),
    "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 y\r\nA: b\r\n\r\n", "HTTP/1.1 100 x\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 100 x\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 103 x\r\nContent-Length: 0\r\n\r\n", "\r\nHTTP/1.1 100 x\r\n\r\n\r\n",
    "HTTP/1.1 100 x\r\nConnection: keep-alive\r\n\r\n", ["HTTP/1.1 100 x\r\nConnection: close\r\n\r\n", "close-on-1xx"], ["HTTP/1.1 103 x\r\nConnection: x, close\r\n\r\n", "close-on-1xx"], "HTTP/1.1 100 x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 100 x\r\nTransfer-Encoding: gzip\r\n\r\n", ["HTTP/1.1 100 x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "framing-without-body"], "HTTP/1.1 100 x\r\nA : b\r\n\r\n", "HTTP/1.1 100 x\r\n\r\nx", "HTTP/1.1 100 x\r\n\r\n\0", "HTTP/1.1 100 x\r\n",
    "HTTP/1.1 100 x\n\r\n", "HTTP/1.1 1000 x\r\n\r\n", ["HTTP/1.1 100 \0\r\n\r\n", "control-in-reason"],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "101"], ["HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", "101"], ["HTTP/1.1 100 x\r\n\r\nHTTP/1.1 101 x\r\n\r\n", "101"], ["HTTP/1.1 101 x\r\nContent-Length: 2\r\n\r\n", "101"],
  ]),
  group("1xx without more", "HTTP/1.1 100 x\r\n\r\n", "", ["", "HTTP/1.1 100 x\r\n\r\n", "H", "HTTP/1.1 200 OK\r\n", "\r\n", "HTTP/1.1 204 x\r\n\r\n", "ok"]),
  group("bodiless", "", "", [
    "HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 204 x\r\n\r\nbody", "HTTP/1.1 204 x\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", "HTTP/1.0 204 x\r\n\r\n",
    "HTTP/1.1 304 x\r\n\r\n", "HTTP/1.1 304 x\r\n\r\nbody", "HTTP/1.1 304 x\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 304 x\r\nETag: \"a\"\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.0 304 x\r\nConnection: keep-alive\r\n\r\n",
    ["HTTP/1.1 204 x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "framing-without-body"], ["HTTP/1.1 204 x\r\nTransfer-Encoding: gzip\r\n\r\n", "framing-without-body"], ["HTTP/1.1 304 x\r\nContent-Length: 2, 2\r\n\r\n", "equal-lengths"], ["HTTP/1.1 304 x\r\nContent-Length: 2, 3\r\n\r\n", "framing-without-body"], ["HTTP/1.1 304 x\r\nContent-Length: x\r\n\r\n", "framing-without-body"], "HTTP/1.1 204 x\r\n",
    "HTTP/1.1 205 x\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\nbody", "HTTP/1.1 200 x\r\n\r\nbody", "HTTP/1.0 200 x\r\n\r\nbody", "HTTP/1.1 200 x\r\nConnection: close\r\n\r\nbody", "HTTP/1.1 200 x\r\nConnection: keep-alive\r\n\r\nbody", "HTTP/1.1 500 x\r\n\r\n",
  ]),
  heads("HEAD", "HEAD", LINE, "", [
    "Content-Length: 4\r\n\r\n", "Content-Length: 4\r\n\r\nbody", "Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Connection: close\r\n\r\n", "Connection: close\r\nContent-Length: 4\r\n\r\n",
    ["\r\n", "head-without-length"], ["\r\nbody", "head-without-length"], ["A: b\r\n\r\n", "head-without-length"], ["Transfer-Encoding: gzip, chunked\r\n\r\n", "framing-without-body"], ["Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", "framing-without-body"], "A: b\r\n", "",
  ]),
  heads("HEAD", "HEAD after 1xx", "HTTP/1.1 100 x\r\n\r\n", "", ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 404 x\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 204 x\r\n\r\n"]),
  heads("POST", "POST", "", "", [WHOLE, "HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 201 x\r\nContent-Length: 0\r\n\r\n"]),
  group("Connection in 1.1", LINE, `\r\n${TWO}`, [
    "Connection: close", "connection:CLOSE", "Connection: keep-alive", "Connection: Keep-Alive", "Connection: x", "Connection: ", "Connection: ,", "Connection: closed", "Connection: clos", "Connection: xclose", "Connection: close, x", "Connection: x, close", "Connection: x,close ,y",
    "Connection: ,close", "Connection: close,", "Connection:\tclose", ["Connection: close\t", "tab-in-connection"], "Connection: x,\tclose", "Connection: close close", "Connection: x close", "Connection: close;x", "Connection: \"close\"", "Connection: close=1", "Connection: keep-alive, close", "Connection: close, keep-alive",
    "Connection: keep-alive\r\nConnection: close", "Connection: close\r\nConnection: keep-alive", "Connection: x\r\nConnection: close", "Connection: upgrade", "Connection: upgrade, close", "Connection: close\xa0", "Connection: \xa0close", ["Proxy-Connection: close", "proxy-connection"], "Keep-Alive: timeout=5", "Connections: close",
  ]),
  group("Connection in 1.0", "HTTP/1.0 200 OK\r\n", `\r\n${TWO}`, [
    "A: b", "Connection: close", "Connection: keep-alive", "Connection: KEEP-ALIVE", "Connection: x, keep-alive", "Connection: keep-alive,x", "Connection: keep-alivex", "Connection: keepalive", "Connection: keep-alive\xa0", "Connection: \xa0keep-alive", "Connection: x\r\nConnection: keep-alive", "Keep-Alive: timeout=5",
    ["Connection: keep-alive, close", "close-beats-keep-alive"], ["Connection: close, keep-alive", "close-beats-keep-alive"], ["Connection: close\r\nConnection: keep-alive", "close-beats-keep-alive"],
  ]),
  group("chunked in 1.0", "HTTP/1.0 200 OK\r\n", `Transfer-Encoding: chunked\r\n\r\n2${LAST}`, ["", "Connection: close\r\n", ["Connection: keep-alive\r\n", "chunked-in-1.0"]]),
  group("after the end", WHOLE, "", ["x", "\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", WHOLE, "\0", " "]),
  group("after the last chunk", `${CHUNKED}0\r\n\r\n`, "", ["x", "\r\n", "0\r\n\r\n", WHOLE, "\n"]),
  group("after a close", `${LINE}Connection: close\r\n${TWO}`, "", ["x", "\r\n", WHOLE]),
  group("cut", "", "", ["H", "HT", "HTTP/1.1", "HTTP/1.1 20", `${LINE}Content-Length: 5\r\n\r\n`, `${LINE}Content-Length: 5\r\n\r\nhell`, `${LINE}Content-Le`, `${LINE}Content-Length: 5`, CHUNKED, ""]),
  group("garbage", "", "", [
    "garbage", "\0\0\0\0", "<html></html>", "\x15\x03\x01\x00\x02\x02\x28", "SSH-2.0-OpenSSH_9.6\r\n", "220 ftp\r\n", "* OK IMAP4\r\n", "-ERR\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\x12\x04\0\0\0\0\0", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HELLO WORLD\r\n\r\n",
    "\xff\xfe\x00", "HTTP", "HTTP/", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK garbage", "   ", "{}", "\r\n\r\nx", "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n<html>\r\n\r\n", "hTTP/1.1 200 OK\r\n\r\n",
  ]),
]; // prettier-ignore

/** One input of the corpus. */
export interface Case extends WireInput {
  readonly title: string;
  /** The difference that it shows, or null where both parsers agree. */
  readonly difference: string | null;
}

/** The cases of a group, with the text before and after. */
export function casesOf({ method, before, after, cases }: Group): Case[] {
  return cases.map((item) => {
    const [text, difference] = typeof item === "string" ? [item, null] : item;
    const shown = JSON.stringify(text);
    return {
      title: shown.length > 70 ? `${shown.slice(0, 70)}… (${text.length})` : shown,
      method,
      bytes: Buffer.from(before + text + after, "latin1"),
      difference,
    };
  });
}
