/** Random responses: a grammar of heads and bodies, valid and nearly valid, and mutations of their bytes. */
import fc from "fast-check";

import {
  byteByByte,
  contradictions,
  readByLlhttp,
  readByOurs,
  type Reading,
  type WireInput,
} from "../../_support/llhttp.js";
import { explanations } from "./differences.js";

const mostly = (usual: string, ...others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 40 }, { arbitrary: fc.constantFrom(...others), weight: 1 });

const eol = mostly("\r\n", "\n", "\r", "\r\r\n", "\n\r", " \r\n", "\0\r\n");
const space = mostly(" ", "", "  ", "\t", " \t", "\xa0");
const version = mostly(
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.0",
  "HTTP/2.0",
  "HTTP/0.9",
  "HTTP/1.2",
  "http/1.1",
  "HTTP/1",
  "RTSP/1.0",
);
const status = mostly("200", "204", "304", "404", "206", "101", "100", "099", "999", "20", "2000", "abc");
const reason = mostly("OK", "", " ", "Not Found", "\x80", "\0", "a\rb", "\t", "x".repeat(40));
const statusLine = fc.tuple(version, space, status, space, reason, eol).map((parts) => parts.join(""));

const name = mostly(
  "A",
  "X-Thing",
  "content-length",
  "Transfer-Encoding",
  "Connection",
  "a b",
  "",
  "\xe9",
  "A\0",
  "Proxy-Connection",
  "Keep-Alive",
  "Upgrade",
);
const value = mostly(
  "b",
  "",
  "close",
  "keep-alive",
  "chunked",
  "2",
  "a, b",
  "\x01",
  "\x80\xff",
  "b\r\n c",
  "b\r\n\t",
  "timeout=5",
  "upgrade",
);
const colon = mostly(":", " :", "", "::", ":\t", "\t:");
const anyField = fc
  .tuple(name, colon, space, value, fc.constantFrom("", "", "", " ", "\t"), eol)
  .map((parts) => parts.join(""));
const connection = fc
  .tuple(
    fc.constantFrom("Connection", "connection"),
    fc.array(fc.constantFrom("close", "keep-alive", "Close", "x", "upgrade", ""), { maxLength: 3 }),
    fc.constantFrom(",", ", ", " ,", ",\t"),
  )
  .map(([field, options, comma]) => `${field}: ${options.join(comma)}\r\n`);
const fields = fc
  .array(fc.oneof({ arbitrary: fc.constantFrom("A: b\r\n", "Content-Type: text/plain\r\n", "Date: x\r\n"), weight: 4 }, { arbitrary: connection, weight: 2 }, { arbitrary: anyField, weight: 1 }), { maxLength: 4 })
  .map((lines) => lines.join("")); // prettier-ignore

const content = fc.string({
  unit: fc.constantFrom("a", "b", "\r", "\n", "0", "\r\n", "\0", "\xff", "HTTP/1.1 200 OK\r\n"),
  maxLength: 12,
});

/** A body under its length, which is sometimes said twice, in another way, or wrong. */
const sized = fc
  .tuple(
    content,
    fc.oneof({ arbitrary: fc.constant(0), weight: 10 }, { arbitrary: fc.integer({ min: -3, max: 3 }), weight: 1 }),
    mostly("Content-Length: N\r\n", "content-length:N\r\n", "Content-Length: 000000000000000000000N\r\n", "Content-Length: N\r\nContent-Length: N\r\n", "Content-Length: N, N\r\n", "Content-Length: N\r\nContent-Length: 7\r\n",
      "Content-Length: N \r\n", "Content-Length:\tN\t\r\n", "Content-Length: +N\r\n", "Content-Length: \r\n", "Content-Length:\r\n N\r\n", "Content-Length: 9007199254740993\r\n", "Content-Length: 18446744073709551616\r\n"),
    mostly("", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: \r\n"),
  )
  .map(([bytes, off, field, beside]) => ({ framing: field.replaceAll("N", String(Math.max(0, bytes.length + off))) + beside, body: bytes })); // prettier-ignore

const extension = mostly("", ";a", ";a=b", ';a="b c"', ";", "; a", ";a=\n", ";\0", " ", ";a;b=c", ';a="', ";\xff");
const chunk = fc
  .tuple(content.filter((text) => text !== ""), fc.constantFrom("", "", "0", "000000000000000"), fc.boolean(), extension, eol, eol,
    fc.oneof({ arbitrary: fc.constant(0), weight: 15 }, { arbitrary: fc.integer({ min: -1, max: 2 }), weight: 1 }))
  .map(([bytes, zeros, upper, behind, lineEnd, end, off]) => {
    const size = Math.max(0, bytes.length + off).toString(16);
    return `${zeros}${upper ? size.toUpperCase() : size}${behind}${lineEnd}${bytes}${end}`;
  }); // prettier-ignore
const lastChunk = mostly(
  "0\r\n",
  "0;a\r\n",
  "000\r\n",
  "0\n",
  "",
  "10000000000000\r\n",
  "ffffffffffffffff\r\n",
  "10000000000000000\r\n",
  "g\r\n",
  "-1\r\n",
);
const trailers = fc.oneof(
  { arbitrary: fc.constant(""), weight: 3 },
  { arbitrary: fields, weight: 1 },
  { arbitrary: fc.constantFrom("Content-Length: 2\r\n", " A: b\r\n"), weight: 1 },
);
const chunked = fc
  .tuple(
    mostly("Transfer-Encoding: chunked\r\n", "transfer-encoding:CHUNKED \r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: xchunked\r\n"),
    fc.array(chunk, { maxLength: 3 }), lastChunk, trailers, eol)
  .map(([framing, chunks, last, behind, end]) => ({ framing, body: chunks.join("") + last + behind + end })); // prettier-ignore

const untilClose = content.map((body) => ({ framing: "", body }));

const message = fc
  .tuple(statusLine, fields, fc.oneof({ arbitrary: sized, weight: 4 }, { arbitrary: chunked, weight: 4 }, { arbitrary: untilClose, weight: 1 }), fields, eol, fc.boolean())
  .map(([line, before, { framing, body }, behind, end, bodiless]) => `${line}${before}${framing}${behind}${end}${bodiless && /^HTTP\/1\.[01] ([123]0[04])/.test(line) ? "" : body}`); // prettier-ignore

const informational = fc
  .tuple(mostly("HTTP/1.1 100 Continue\r\n", "HTTP/1.1 103 x\r\n", "HTTP/1.0 100 x\r\n", "HTTP/1.1 199\r\n", "HTTP/1.1 101 x\r\n"), fields, fc.constantFrom("", "", "", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"), eol)
  .map((parts) => parts.join("")); // prettier-ignore

const response = fc
  .tuple(mostly("", "\r\n", "\n", "\r\r\n", " "), fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, { arbitrary: fc.array(informational, { maxLength: 3 }), weight: 1 }), message, mostly("", "x", "\r\n", "HTTP/1.1 200 OK\r\n\r\n"))
  .map(([before, interim, final, behind]) => before + interim.join("") + final + behind); // prettier-ignore

const INTERESTING = ["\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", ",", ";", "\0", "\x7f", "\x80", "\xff", "0", "1", "f", "g", "\"", "-", "+", "HTTP/1.1 ", "close", "chunked", "Content-Length: 1\r\n"]; // prettier-ignore

const mutation = fc.record({
  kind: fc.constantFrom("insert", "replace", "delete", "double", "cut", "swap"),
  at: fc.nat(1000),
  length: fc.integer({ min: 1, max: 6 }),
  text: fc.constantFrom(...INTERESTING),
});

function mutate(text: string, { kind, at, length, text: other }: typeof mutation extends fc.Arbitrary<infer T> ? T : never): string {
  const place = at % (text.length + 1);
  const [before, part, behind] = [text.slice(0, place), text.slice(place, place + length), text.slice(place + length)];
  switch (kind) {
    case "insert":
      return before + other + part + behind;
    case "replace":
      return before + other + behind;
    case "delete":
      return before + behind;
    case "double":
      return before + part + part + behind;
    case "cut":
      return before;
    default:
      return before + behind.slice(0, length) + part + behind.slice(length);
  }
} // prettier-ignore

const mutated = fc
  .tuple(response, fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([text, changes]) => changes.reduce(mutate, text));

const method = fc.oneof(
  { arbitrary: fc.constant("GET" as const), weight: 6 },
  { arbitrary: fc.constantFrom("HEAD" as const, "POST" as const), weight: 1 },
);

/** An input, and where to cut it. */
export interface Trial extends WireInput {
  readonly cuts: readonly number[];
}

/** What the parsers are tried with. */
export const trials: fc.Arbitrary<Trial> = fc.record({
  method,
  bytes: fc.oneof({ arbitrary: response, weight: 1 }, { arbitrary: mutated, weight: 1 }).map((text) => Buffer.from(text, "latin1")),
  cuts: fc.array(fc.nat(300), { maxLength: 4 }),
}, { noNullPrototype: true }); // prettier-ignore

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const sorted = [...cuts.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((to, at) => bytes.subarray(sorted[at], to));
}

/** What came of a trial: the verdict both gave, or the difference that explains the contradiction. */
export type Outcome = Reading["verdict"] | `difference ${string}`;

/**
 * Gives the bytes to both parsers: whole, cut, and byte by byte.
 *
 * @throws Error for a contradiction that no line of the table explains.
 */
export async function compare({ method, bytes, cuts }: Trial): Promise<Outcome> {
  let outcome: Outcome = "nothing";
  for (const pieces of [[bytes], byteByByte(bytes), cut(bytes, cuts)]) {
    const ours = readByOurs(method, pieces);
    // llhttp cut anywhere is llhttp whole; what it leaves over shows byte by byte alone.
    const theirs = await readByLlhttp(method, pieces.length > 2 && pieces.every(({ length }) => length === 1) ? pieces : [bytes]);
    const parts = contradictions(ours, theirs);
    outcome = ours.verdict;
    if (parts.length === 0) continue;
    const [reason] = explanations(ours, theirs, bytes);
    if (reason === undefined)
      throw new Error(`${method} ${JSON.stringify(bytes.toString("latin1"))}: ${parts.join(" and ")} differ\nours   ${JSON.stringify(ours)}\nllhttp ${JSON.stringify(theirs)}`);
    return `difference ${reason}`;
  }
  return outcome;
} // prettier-ignore
