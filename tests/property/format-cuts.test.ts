/** Every format, cut into two at every byte and into single bytes: what comes out is what comes out of the whole. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import zlib from "node:zlib";

import { ContentDecodingError, JSONDecodeError, Response, type RawResponse } from "requests-ts";

import { decodeText, TextStream } from "#internal/content/charset";

import { decodedPieces } from "../_support/pulling.js";

const LIMITS = { maxRatio: 200, maxOutput: 0 };

/** The whole, each cut into two, and single bytes. */
function* cuts(bytes: Buffer): Generator<readonly Buffer[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at += 1) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** Each cut gives what the whole does; the first difference is shown with its place. */
async function sameForAllCuts<T>(bytes: Buffer, read: (pieces: readonly Buffer[]) => Promise<T> | T): Promise<T> {
  let whole: { readonly value: T } | undefined;
  for (const pieces of cuts(bytes)) {
    const value = await read(pieces);
    whole ??= { value };
    assert.deepEqual(value, whole.value, `cut into ${pieces.length} pieces, the first of ${pieces[0].length} bytes`);
  }
  return whole!.value;
}

/** A response whose body comes in these pieces, in memory that is used again for the next one. */
function responseOf(pieces: readonly Buffer[], type = "text/plain; charset=utf-8"): Response {
  async function* body(): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  return new Response({ body: body(), headers: { "Content-Type": type } });
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

/** What a generator gives, and what it ends in. */
async function allAndError<T>(source: AsyncIterable<T>): Promise<[T[], string | null]> {
  const found: T[] = [];
  try {
    for await (const one of source) found.push(one);
  } catch (error) {
    return [found, (error as Error).message];
  }
  return [found, null];
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
/** ASCII and every byte of the upper half. */
const UPPER = Buffer.from([0x41, 0x0a, ...Array.from({ length: 128 }, (_, at) => 128 + at), 0x5a]);

describe("text, by the Encoding Standard", () => {
  const spelled: readonly (readonly [encoding: string, bytes: Buffer, text: string])[] = [
    ["utf-8", Buffer.from("aé日😀\n"), "aé日😀\n"],
    ["utf-8", Buffer.from("\ufeffBOM é"), "BOM é"],
    ["utf-8", hex("61 f0 9f 98 62 c0 80 63 ed a0 80 e2 82"), "a�b��c����"],
    ["utf-16le", Buffer.from("aé日😀", "utf16le"), "aé日😀"],
    ["utf-16le", Buffer.from("\ufeffaé", "utf16le"), "aé"],
    ["utf-16le", hex("61 00 3d d8 62 00 00 de 63"), "a�b��"],
    ["utf-16be", Buffer.from("aé日😀", "utf16le").swap16(), "aé日😀"],
    ["utf-16", hex("fe ff 00 61 d8 3d de 00"), "a😀"],
    ["utf-16", hex("ff fe 61 00 3d d8 00 de"), "a😀"],
    ["utf-32", hex("ff fe 00 00 61 00 00 00 00 f6 01 00"), "a😀"],
    ["utf-32be", hex("00 00 00 61 00 01 f6 00"), "a😀"],
    ["shift_jis", hex("93fa 967b 8cea b6 c5 955c 41"), "日本語ｶﾅ表A"],
    ["euc-jp", hex("c6fc cbdc b8ec 8eb6 8fb0a1 41"), "日本語ｶ丂A"],
    ["iso-2022-jp", hex("41 1b2442 467c 4b5c 386c 1b2842 42 1b284a 5c 1b2842"), "A日本語B¥"],
    ["gb18030", hex("c4e3 bac3 9439fc36 41 81308130"), "你好😀A\x80"],
    ["gbk", hex("c4e3 bac3 80 41"), "你好€A"],
    ["big5", hex("a4a4 a4e5 b35c a55c bb5c 41"), "中文許功蓋A"],
    ["euc-kr", hex("c7d1 b1b9 beee 41"), "한국어A"],
    ["windows-1252", hex("80 41 e9 9f"), "€AéŸ"],
    ["iso-8859-1", hex("80 41 e9 9f"), "€AéŸ"],
    ["windows-1251", hex("d1fae5f8fc 20 e5f9b8"), "Съешь ещё"],
    ["koi8-r", hex("f3dfc5dbd8 20 c5dda3"), "Съешь ещё"],
    ["iso-8859-7", hex("c1 e1 f9"), "Ααω"],
    ["macintosh", hex("8e 8f de"), "éèﬁ"],
    ["x-user-defined", hex("41 80 ff"), "A\uf780\uf7ff"],
  ];
  for (const [encoding, bytes, text] of spelled)
    it(`${encoding}: ${JSON.stringify(text)}`, async () => {
      assert.equal(decodeText(bytes, encoding), text);
      const joined = await sameForAllCuts(bytes, (pieces) => {
        const stream = new TextStream(encoding);
        return pieces.map((piece) => stream.decode(piece)).join("") + stream.end();
      });
      assert.equal(joined, text);
      const iterated = await sameForAllCuts(
        bytes,
        async (pieces) =>
        (await all(responseOf(pieces, `text/plain; charset=${encoding}`).iterContent(null, { decodeUnicode: true }))).join(""), // prettier-ignore
      );
      assert.equal(iterated, text);
    });

  const single = [
    "windows-874 windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256",
    "windows-1257 windows-1258 koi8-r koi8-u ibm866 macintosh x-mac-cyrillic iso-8859-2 iso-8859-3 iso-8859-4",
    "iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-8-i iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15",
    "iso-8859-16 x-user-defined",
  ].flatMap((line) => line.split(" "));
  // Every byte of the upper half stands for itself, or is the begin, middle or end of something that is malformed.
  const many = "utf-8 utf-16le utf-16be shift_jis euc-jp iso-2022-jp gbk gb18030 big5 euc-kr".split(" ");
  for (const encoding of [...single, ...many])
    it(`${encoding}: every byte`, async () => {
      const whole = decodeText(UPPER, encoding);
      if (single.includes(encoding)) assert.equal(whole.length, UPPER.length);
      const joined = await sameForAllCuts(UPPER, (pieces) => {
        const stream = new TextStream(encoding);
        return pieces.map((piece) => stream.decode(piece)).join("") + stream.end();
      });
      assert.equal(joined, whole);
    });
});

describe("lines", () => {
  const TEXT = "one\n\ntwo\r\nthr\u00e9e\rfour\r\r\nfive\u2028six\u0085\u65e5\ud83d\ude00\n\r\nlast";

  it("of bytes", async () => {
    const lines = await sameForAllCuts(Buffer.from(TEXT), async (pieces) =>
      (await all(responseOf(pieces).iterLines())).map(String),
    );
    assert.deepEqual(lines, TEXT.split(/\r\n|[\r\n]/));
  });

  for (const encoding of ["utf-8", "utf-16le"] as const)
    it(`of text in ${encoding}`, async () => {
      const lines = await sameForAllCuts(Buffer.from(TEXT, encoding), (pieces) =>
        all(responseOf(pieces, `text/plain; charset=${encoding}`).iterLines({ decodeUnicode: true })),
      );
      assert.deepEqual(lines, TEXT.split(/\r\n|[\r\n\u2028\u0085]/));
    });

  for (const delimiter of ["\n", "\r\n", "é", "ne", "e\r"])
    it(`delimited by ${JSON.stringify(delimiter)}`, async () => {
      const [bytes, text] = await sameForAllCuts(Buffer.from(TEXT), async (pieces) => [
        (await all(responseOf(pieces).iterLines({ delimiter }))).map(String),
        await all(responseOf(pieces).iterLines({ delimiter, decodeUnicode: true })),
      ]);
      assert.deepEqual(bytes, TEXT.split(delimiter));
      assert.deepEqual(text, TEXT.split(delimiter));
    });

  it("do not depend on chunkSize", async () => {
    for (const chunkSize of [1, 2, 3, 7, 1000])
      assert.deepEqual(
        (await all(responseOf([Buffer.from(TEXT)]).iterLines({ chunkSize }))).map(String),
        TEXT.split(/\r\n|[\r\n]/),
      );
  });
});

describe("exactly sized pieces", () => {
  const bytes = Buffer.from(Array.from({ length: 50 }, (_, at) => at));
  for (const size of [1, 7, 50, 51])
    it(`of ${size} bytes`, async () => {
      const pieces = await sameForAllCuts(bytes, (cut) => all(responseOf(cut).iterContent(size)));
      assert.deepEqual(Buffer.concat(pieces), bytes);
      assert.ok(pieces.slice(0, -1).every(({ length }) => length === size));
    });

  it("by raw.read(n)", async () => {
    const read = async (raw: RawResponse): Promise<number[]> => {
      const sizes: number[] = [];
      for (let piece = await raw.read(7); piece.length > 0; piece = await raw.read(7)) sizes.push(piece.length);
      return sizes;
    };
    assert.deepEqual(await sameForAllCuts(bytes, (cut) => read(responseOf(cut).raw)), [7, 7, 7, 7, 7, 7, 7, 1]);
  });
});

/** The forms of Unicode that JSON comes in. */
const UNICODE: readonly (readonly [name: string, encode: (text: string) => Buffer])[] = [
  ["UTF-8", (text) => Buffer.from(text)],
  ["UTF-16LE", (text) => Buffer.from(text, "utf16le")],
  ["UTF-16BE", (text) => Buffer.from(text, "utf16le").swap16()],
  ["UTF-32LE", (text) => utf32(text, "writeUInt32LE")],
  ["UTF-32BE", (text) => utf32(text, "writeUInt32BE")],
];

function utf32(text: string, write: "writeUInt32LE" | "writeUInt32BE"): Buffer {
  const points = Array.from(text, (character) => character.codePointAt(0)!);
  const bytes = Buffer.alloc(points.length * 4);
  for (const [at, point] of points.entries()) bytes[write](point, at * 4);
  return bytes;
}

describe("JSON", () => {
  const value = { "naïve 日": ["😀", "\n", 1.5e-7, null, true], "": {} };
  for (const [name, encode] of UNICODE)
    for (const mark of ["", "\ufeff"])
      for (const type of ["application/json", "text/plain"])
        it(`in ${name} ${mark === "" ? "without" : "with"} BOM, as ${type}`, async () => {
          const bytes = encode(mark + JSON.stringify(value));
          const parsed = await sameForAllCuts(bytes, async (pieces) => {
            const response = responseOf(pieces, type);
            await response.read();
            return response.json();
          });
          assert.deepEqual(parsed, value);
        });
});

describe("JSON Lines", () => {
  const TEXT = '{"a":"é"}\n\n[1,"日\\n"]\r\n  "😀\u2028"  \nnull\n5';
  const values = [{ a: "é" }, [1, "日\n"], "😀\u2028", null, 5];
  const forms: readonly (readonly [name: string, type: string, bytes: Buffer])[] = [
    ["UTF-8", "application/x-ndjson", Buffer.from(TEXT)],
    ["UTF-8 with BOM", "application/x-ndjson", Buffer.from(`\ufeff${TEXT}`)],
    ["UTF-16 that the headers name", "application/x-ndjson; charset=utf-16le", Buffer.from(TEXT, "utf16le")],
  ];
  for (const [name, type, bytes] of forms)
    it(`in ${name}`, async () => {
      assert.deepEqual(await sameForAllCuts(bytes, (pieces) => all(responseOf(pieces, type).iterJson())), values);
    });

  it("with an invalid line: returns those before it, and the same error", async () => {
    const bytes = Buffer.from('{"a":1}\n[2]\n{"a":\n3\n');
    const [found, message] = await sameForAllCuts(bytes, (pieces) => allAndError(responseOf(pieces).iterJson()));
    assert.deepEqual(found, [{ a: 1 }, [2]]);
    assert.match(message!, /Unexpected end of the text/);
    await assert.rejects(all(responseOf([bytes]).iterJson()), JSONDecodeError);
  });
});

describe("server-sent events", () => {
  const BLOCKS = [
    ": comment é\n\n",
    "data: plain\n\n",
    "event: update\r\ndata: one é日😀\r\ndata:  two\r\nid: 7\r\n\r\n",
    "data\rdata:\rretry: 1500\r\r",
    "id: 8\n\nid: nul\0\ndata: after\n\n",
    "unknown: x\nretry: no\ndata:{}\n\n",
    "data: cut off\n",
  ].join("");

  for (const mark of ["", "\ufeff"])
    it(`${mark === "" ? "without" : "with"} BOM`, async () => {
      const told = await sameForAllCuts(Buffer.from(mark + BLOCKS), async (pieces) => {
        const ids: string[] = [];
        const comments: string[] = [];
        const retries: number[] = [];
        const events = await all(
          responseOf(pieces, "text/event-stream").iterEvents({
            onId: (id) => void ids.push(id),
            onComment: (comment) => void comments.push(comment),
            onRetry: (retry) => void retries.push(retry),
          }),
        );
        return { events, ids, comments, retries };
      });
      assert.deepEqual(told, {
        events: [
          { event: undefined, data: "plain", id: undefined, retry: undefined },
          { event: "update", data: "one é日😀\n two", id: "7", retry: undefined },
          { event: undefined, data: "\n", id: undefined, retry: 1500 },
          { event: undefined, data: "after", id: undefined, retry: undefined },
          { event: undefined, data: "{}", id: undefined, retry: undefined },
        ],
        ids: ["7", "8"],
        comments: ["comment é"],
        retries: [1500],
      });
    });

  it("finds an event that is too large at the same event", async () => {
    const bytes = Buffer.from(`data: a\n\ndata: ${"x".repeat(60)}\ndata: ${"x".repeat(60)}\n\n`);
    const [found, message] = await sameForAllCuts(bytes, (pieces) =>
      allAndError(responseOf(pieces).iterEvents({ maxEventSize: 70 })),
    );
    assert.equal(found.length, 1);
    assert.match(message!, /larger than 70 bytes/);
  });
});

describe("content codings", () => {
  const content = Buffer.from(`${"requests ".repeat(20)}é日😀${Buffer.from(Array.from({ length: 64 }, (_, at) => (at * 37) % 256)).toString("latin1")}`); // prettier-ignore
  const middle = content.length >> 1;
  const { zstdCompressSync } = zlib as unknown as { readonly zstdCompressSync?: (data: Buffer) => Buffer };
  const named: readonly (readonly [name: string, codings: readonly string[], bytes: Buffer])[] = [
    ["gzip", ["gzip"], zlib.gzipSync(content)],
    ["gzip with a name and a comment", ["gzip"], withName(zlib.gzipSync(content))],
    ["gzip of two members", ["gzip"], Buffer.concat([zlib.gzipSync(content.subarray(0, middle)), zlib.gzipSync(content.subarray(middle))])], // prettier-ignore
    ["gzip of three members, one empty", ["gzip"], Buffer.concat([zlib.gzipSync(content), zlib.gzipSync(""), zlib.gzipSync("")])], // prettier-ignore
    ["deflate, the zlib format", ["deflate"], zlib.deflateSync(content)],
    ["deflate, the bare one", ["deflate"], zlib.deflateRawSync(content)],
    ["br", ["br"], zlib.brotliCompressSync(content)],
    ["gzip, then br", ["br", "gzip"], zlib.brotliCompressSync(zlib.gzipSync(content))],
    ["deflate, then deflate", ["deflate", "deflate"], zlib.deflateRawSync(zlib.deflateSync(content))],
    ...(zstdCompressSync === undefined ? [] : [["zstd", ["zstd"], zstdCompressSync(content)] as const]),
  ];

  async function* streamOf(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece);
  }

  for (const [name, codings, bytes] of named) {
    it(name, async () => {
      const decoded = await sameForAllCuts(bytes, async (pieces) =>
        Buffer.concat(await all(decodedPieces(streamOf(pieces), codings, LIMITS))),
      );
      assert.deepEqual(decoded, content);
    });

    it(`${name}, truncated at every byte, is an error`, async () => {
      // The border of two members is an end as good as another.
      const border = name === "gzip of two members" ? zlib.gzipSync(content.subarray(0, middle)).length : -1;
      const borders = name.startsWith("gzip of three")
        ? [zlib.gzipSync(content).length, zlib.gzipSync(content).length + zlib.gzipSync("").length]
        : [border];
      for (let at = 1; at < bytes.length; at += 1) {
        if (borders.includes(at)) continue;
        await assert.rejects(
          all(decodedPieces(streamOf([bytes.subarray(0, at)]), codings, LIMITS)),
          ContentDecodingError,
          `${at} of ${bytes.length} bytes`,
        );
      }
    });
  }

  /** RFC 1952 §2.3.1: FNAME and FCOMMENT end in NUL, and FEXTRA has a length; each may be cut. */
  function withName(gzip: Buffer): Buffer {
    const head = Buffer.from(gzip.subarray(0, 10));
    head[3] = 0x04 | 0x08 | 0x10;
    const extra = Buffer.from([4, 0, 1, 2, 0, 0]);
    return Buffer.concat([head, extra, Buffer.from("file.txt\0a comment\0"), gzip.subarray(10)]);
  }
});
