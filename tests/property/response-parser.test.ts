import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { ChunkedEncodingError, ConnectionError, InvalidHeader } from "#internal/exceptions";
import { parse, type Parsed } from "../_support/raw-server.js";

const RUNS = { numRuns: 500 };
const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FRAMING = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const cuts = fc.array(fc.nat(500), { maxLength: 8 });

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return sorted.slice(1).map((to, at) => bytes.subarray(sorted[at], to));
}

const fieldName = fc
  .string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 })
  .filter((name) => !FRAMING.has(name.toLowerCase()));
const valueCharacter = fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f);
const fieldValue = fc
  .array(fc.oneof(valueCharacter, fc.constantFrom(0x20, 0x09)), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ""));
const fields = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 6 });
const status = fc.integer({ min: 200, max: 999 }).filter((code) => code !== 204 && code !== 304);
const body = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));

function lines(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}

/** The body and the end that the events tell of. */
function told({ events, leftover, error }: Parsed): { data: string; end: string | null; leftover: number } {
  assert.equal(error, null);
  return {
    data: events.find((event) => event.startsWith("data "))?.slice(5) ?? "",
    end: events.find((event) => event.startsWith("end "))?.slice(4) ?? null,
    leftover,
  };
}

describe("a written response is parsed to the same, however it is split", () => {
  it("with a Content-Length", () => {
    fc.assert(
      fc.property(status, fields, body, fc.nat(5), cuts, (code, pairs, bytes, behind, places) => {
        const head = `HTTP/1.1 ${code} x\r\n${lines(pairs)}Content-Length: ${bytes.length}\r\n\r\n`;
        const parsed = parse(cut(Buffer.concat([latin1(head), bytes, Buffer.alloc(behind)]), places));
        assert.deepEqual(told(parsed), { data: bytes.toString("latin1"), end: "[]", leftover: behind });
        const raw = [...pairs.flat(), "Content-Length", String(bytes.length)];
        assert.ok(parsed.events[0].startsWith(`head 11 ${code} "x" ${JSON.stringify(raw)} length`), parsed.events[0]);
      }),
      RUNS,
    );
  });

  it("with chunks", () => {
    const extension = fc.constantFrom("", ";a", ";a=b", ';a="b c"', "; \t");
    const chunks = fc.array(
      fc.tuple(
        body.filter((bytes) => bytes.length > 0),
        extension,
        fc.boolean(),
      ),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(chunks, fields, cuts, (parts, trailers, places) => {
        const framed = parts.flatMap(([bytes, behind, upper]) => {
          const size = bytes.length.toString(16);
          return [latin1(`${upper ? size.toUpperCase() : size}${behind}\r\n`), bytes, latin1("\r\n")];
        });
        const head = latin1("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const parsed = parse(cut(Buffer.concat([head, ...framed, latin1(`0\r\n${lines(trailers)}\r\n`)]), places));
        assert.deepEqual(told(parsed), {
          data: Buffer.concat(parts.map(([bytes]) => bytes)).toString("latin1"),
          end: JSON.stringify(trailers.flat()),
          leftover: 0,
        });
      }),
      RUNS,
    );
  });

  it("until the connection ends", () => {
    fc.assert(
      fc.property(body, cuts, (bytes, places) => {
        const parsed = parse(cut(Buffer.concat([latin1("HTTP/1.0 200 OK\r\n\r\n"), bytes]), places), { closes: true });
        assert.deepEqual(told(parsed), { data: bytes.toString("latin1"), end: "[]", leftover: 0 });
      }),
      RUNS,
    );
  });
});

/** Bytes that are nearly a response: the interesting parts in any order, some of them damaged. */
const nearly = fc
  .array(
    fc.oneof(
      {
        arbitrary: fc.constantFrom("HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 x\r\n\r\n", "HTTP/1.0 204 x\r\n", "HTTP/1.1 "),
        weight: 3,
      },
      {
        arbitrary: fc.constantFrom("Content-Length: 3\r\n", "Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n"),
        weight: 3,
      },
      {
        arbitrary: fc.constantFrom("\r\n", "\r\n\r\n", "\r", "\n", " ", "\t", ":", "A: b\r\n", "abc", "\0", "\xff"),
        weight: 4,
      },
      {
        arbitrary: fc.constantFrom("3\r\nabc\r\n", "0\r\n\r\n", "0\r\nA: b\r\n\r\n", "5;x\r\n", "ffffffffff\r\n"),
        weight: 3,
      },
    ),
    { maxLength: 8 },
  )
  .map((parts) => latin1(parts.join("")));

function verdict({ events, leftover, error }: Parsed): unknown {
  return [events, error === null ? leftover : null, error?.constructor.name, error?.code, error?.phase];
}

describe("any bytes", () => {
  for (const [name, bytes] of [
    [
      "near a response",
      fc
        .tuple(fc.boolean(), nearly)
        .map(([begun, rest]) => (begun ? Buffer.concat([latin1("HTTP/1.1 200 OK\r\n"), rest]) : rest)),
    ],
    ["at random", fc.uint8Array({ maxLength: 60 }).map((found) => Buffer.from(found))],
  ] as const)
    it(`${name}: the result is a response or a named error, and does not depend on the splits`, () => {
      fc.assert(
        fc.property(bytes, cuts, fc.constantFrom("GET", "HEAD"), (all, places, method) => {
          const options = { method, closes: true };
          const whole = parse([all], options);
          if (whole.error !== null)
            assert.ok(
              [ConnectionError, InvalidHeader, ChunkedEncodingError].includes(
                whole.error.constructor as typeof ConnectionError,
              ),
            );
          assert.deepEqual(verdict(parse(cut(all, places), options)), verdict(whole));
          // Nothing follows the end, and a head comes once.
          const kinds = whole.events.map((event) => event.split(" ", 1)[0]).filter((kind) => kind !== "informational");
          assert.match(kinds.join(" "), /^(head( data)?( end)?)?$/);
          assert.equal(whole.error === null, kinds.at(-1) === "end");
        }),
        { numRuns: 2000 },
      );
    });
});
