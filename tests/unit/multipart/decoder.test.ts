/** MultipartDecoder over bytes: what is read, what is refused, and in which words. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";

import { RequestException, Response, StreamNotReadError } from "requests-ts";
import {
  ImproperBodyPartContentException,
  MultipartBoundaryError,
  MultipartDecodeError,
  MultipartDecoder,
  MultipartDelimiterError,
  MultipartLimitError,
  MultipartTruncatedError,
  NonMultipartContentTypeException,
  type MultipartDecoderOptions,
} from "requests-ts/multipart";

const TYPE = "multipart/mixed; boundary=B";
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

function decoded(text: string, options?: MultipartDecoderOptions, type = TYPE): MultipartDecoder {
  return new MultipartDecoder(bytes(text), type, options);
}

/** Also in pieces of every size: the same parts, or the same exception. */
async function streamed(text: string, size: number, options?: MultipartDecoderOptions): Promise<string[]> {
  const all = bytes(text);
  const source = (function* () {
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
  })();
  const contents: string[] = [];
  for await (const part of MultipartDecoder.stream(source, TYPE, options))
    contents.push((await part.read()).toString("latin1"));
  return contents;
}

describe("valid content", () => {
  const table: readonly (readonly [why: string, text: string, contents: readonly string[]])[] = [
    ["one part", "--B\r\nA: b\r\n\r\nx\r\n--B--\r\n", ["x"]],
    ["no parts", "--B--\r\n", []],
    ["no line break after the closing delimiter", "--B\r\nA: b\r\n\r\nx\r\n--B--", ["x"]],
    ["a part without fields", "--B\r\n\r\nx\r\n--B--", ["x"]],
    ["a part without content", "--B\r\nA: b\r\n\r\n\r\n--B--", [""]],
    ["without content, its head ended by the delimiter's line break", "--B\r\nA: b\r\n\r\n--B--", [""]],
    ["a part of nothing", "--B\r\n\r\n--B--", [""]],
    ["parts of nothing", "--B\r\n\r\n--B\r\n\r\n\r\n--B--", ["", ""]],
    ["a preamble and an epilogue", "mail\r\n readers\r\n--B\r\n\r\nx\r\n--B--\r\nepi\r\n--B\r\n\r\ny", ["x"]],
    ["an empty line before", "\r\n--B\r\n\r\nx\r\n--B--", ["x"]],
    ["a preamble that looks like the delimiter", "--\r\n--Bx\r\n--B\r\n\r\nx\r\n--B--", ["x"]],
    ["a preamble with the delimiter within a line", "x--B\r\n\r\ny\r\n--B--", []],
    ["transport padding", "--B \t \r\n\r\nx\r\n--B\t\r\n\r\ny\r\n--B-- \t", ["x", "y"]],
    ["padding after the closing delimiter, and a line break", "--B\r\n\r\nx\r\n--B-- \r\nepilogue", ["x"]],
    ["a delimiter that goes on is content", "--B\r\n\r\na\r\n--Bx\r\n--B-\r\n--B--x\r\n--B \rx\r\n--B---\r\n--B--", ["a\r\n--Bx\r\n--B-\r\n--B--x\r\n--B \rx\r\n--B---"]],
    ["content that begins with what looks like it", "--B\r\n\r\n--Bx\r\n--B--", ["--Bx"]],
    ["the same with a line break of its own", "--B\r\n\r\n\r\n--Bx\r\n--B--", ["\r\n--Bx"]],
    ["line breaks and dashes", "--B\r\n\r\n\r\n\r\n-\r\n--\r\n\r\r\n\n--B\r\n--B--", ["\r\n\r\n-\r\n--\r\n\r\r\n\n--B"]],
    ["a CR before the delimiter", "--B\r\n\r\nx\r\r\n--B--", ["x\r"]],
    ["a bare LF before something that looks like the delimiter", "--B\r\n\r\nx\n--B\ny\r\n--B--", ["x\n--B\ny"]],
    ["another multipart body", "--B\r\nContent-Type: multipart/mixed; boundary=BB\r\n\r\n--BB\r\n\r\nx\r\n--BB--\r\n--B--", ["--BB\r\n\r\nx\r\n--BB--"]],
    ["bytes of any value", "--B\r\n\r\n\0\xff\r\n\0\r\n--B--", ["\0\xff\r\n\0"]],
  ]; // prettier-ignore
  for (const [why, text, contents] of table)
    it(why, async () => {
      assert.deepEqual(decoded(text).parts.map((part) => part.content.toString("latin1")), contents); // prettier-ignore
      for (let size = 1; size <= text.length; size += 1)
        assert.deepEqual(await streamed(text, size), contents, `in pieces of ${size}`);
    });

  for (const type of ["mixed", "byteranges", "related", "form-data", "x-mixed-replace", "alternative"])
    it(`of multipart/${type}`, () => {
      for (const form of [
        `multipart/${type}; boundary=B`,
        `Multipart/${type.toUpperCase()};a="b;c";BOUNDARY="B" ; c=d`,
      ])
        assert.equal(decoded("--B\r\n\r\nx\r\n--B--", {}, form).parts.length, 1);
    });

  it("takes boundaries of up to 70 characters, also with the characters that other clients use", () => {
    for (const boundary of ["b", "b".repeat(70), "'()+_,-./:=?", "a b", "_000_a@b.c_", "=_Part*1*"])
      assert.equal(decoded(`--${boundary}\r\n\r\nx\r\n--${boundary}--`, {}, `multipart/x; boundary="${boundary}"`).parts.length, 1); // prettier-ignore
  });

  it("is not copied", () => {
    const content = bytes("--B\r\n\r\nx\r\n--B--");
    const { parts } = new MultipartDecoder(content, TYPE);
    content[7] = 121;
    assert.equal(parts[0].text, "y");
  });
});

describe("the head of a part", () => {
  const headed = (head: string, options?: MultipartDecoderOptions): MultipartDecoder["parts"][number] =>
    new MultipartDecoder(Buffer.from(`--B\r\n${head}\r\n\r\nx\r\n--B--`), TYPE, options).parts[0];

  it("is parsed in any case and order", () => {
    const part = headed(
      "Content-Range: bytes 0-1/2\r\nx-a:1\r\nX-A: \t 2 \t\r\nContent-ID: <a@b>\r\nContent-Type: text/html",
    );
    assert.equal(part.headers["content-range"], "bytes 0-1/2");
    assert.deepEqual(part.headers.getAll("X-a"), ["1", "2"]);
    assert.equal(part.headers["CONTENT-ID"], "<a@b>");
    assert.equal(part.contentType, "text/html");
    assert.equal(part.name, null);
    assert.equal(part.filename, null);
  });

  it("may have folded fields", () => {
    const part = headed('Content-Disposition: form-data;\r\n name="a";\r\n\t filename="b"\r\nX: 1');
    assert.equal(part.name, "a");
    assert.equal(part.filename, "b");
    assert.equal(part.headers["x"], "1");
  });

  it("is decoded as UTF-8, otherwise as latin-1", () => {
    assert.equal(headed('Content-Disposition: form-data; name="Größe"').name, "Größe");
    const { parts } = decoded('--B\r\nContent-Disposition: form-data; name="Gr\xf6\xdfe"\r\n\r\n\r\n--B--');
    assert.equal(parts[0].name, "Größe");
  });

  it("has no type by default, and decodes text with the decoder's encoding", () => {
    const { parts } = decoded("--B\r\n\r\n\xe9\r\n--B--", { encoding: "latin1" });
    assert.equal(parts[0].contentType, null);
    assert.equal(parts[0].encoding, "latin1");
    assert.equal(parts[0].text, "é");
    parts[0].encoding = "koi8-r";
    assert.equal(parts[0].text, "И");
    assert.equal(decoded("--B\r\n\r\n\xe9\r\n--B--").parts[0].text, "\ufffd");
    const named = decoded("--B\r\nContent-Type: text/plain; charset=latin1\r\n\r\n\xe9\r\n--B--");
    assert.equal(named.parts[0].text, "é");
  });

  it("is printed", () => {
    const part = headed('Content-Disposition: form-data; name="a"; filename="b"');
    assert.equal(inspect(part), '<BodyPart "a" "b">');
    assert.equal(inspect(decoded("--B\r\n\r\n--B--")), "<MultipartDecoder [1 parts]>");
  });
});

describe("refused content", () => {
  type Refusal = readonly [
    why: string,
    text: string,
    kind: new (...all: never[]) => MultipartDecodeError,
    message: RegExp,
    options?: MultipartDecoderOptions,
  ];
  const table: readonly Refusal[] = [
    ["nothing", "", MultipartTruncatedError, /is empty/],
    ["another boundary", "--C\r\n\r\nx\r\n--C--", MultipartDelimiterError, /no delimiter "--B" in the multipart content: compare/],
    ["a preamble without end", "x".repeat(70_000), MultipartDelimiterError, /no delimiter "--B" in the first 64 KiB/],
    ["cut in the first delimiter", "--B", MultipartTruncatedError, /ends at its first delimiter, after 3 bytes, .* "--B--": it was cut/],
    ["cut in a head", "--B\r\nA: b\r\n", MultipartTruncatedError, /ends in the head of part 1, after 11 bytes/],
    ["cut in content", "--B\r\n\r\nx", MultipartTruncatedError, /ends in part 1/],
    ["cut in the second part", "--B\r\n\r\nx\r\n--B\r\n\r\ny\r\n--", MultipartTruncatedError, /ends in part 2/],
    ["cut before the second head", "--B\r\n\r\nx\r\n--B\r\n", MultipartTruncatedError, /ends in the head of part 2/],
    ["cut in the closing delimiter", "--B\r\n\r\nx\r\n--B-", MultipartTruncatedError, /ends in part 1/],
    ["delimiters that end in LF", "--B\nA: b\n\nx\n--B--\n", MultipartDelimiterError, /"--B" ends in a bare LF: the lines .* CRLF/],
    ["a second delimiter that ends in LF", "--B\r\n\r\nx\r\n--B\n\ny\r\n--B--", MultipartDelimiterError, /bare LF/],
    ["a closing delimiter that ends in LF", "--B\r\n\r\nx\r\n--B--\n", MultipartDelimiterError, /bare LF/],
    ["LF after padding", "--B \t\n", MultipartDelimiterError, /bare LF/],
    ["padding without end", `--B${" ".repeat(1001)}\r\n`, MultipartDelimiterError, /Delimiter 1 .* more than 1000 spaces or tabs/],
    ["a head whose lines end in LF", "--B\r\nA: b\n\nx\r\n--B--", ImproperBodyPartContentException, /head of part 1 .* bare LF/],
    ["a head that an LF ends", "--B\r\nA: b\r\n\nx\r\n--B--", ImproperBodyPartContentException, /bare LF/],
    ["a bare CR in a head", "--B\r\nA: b\rC: d\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /bare CR/],
    ["CR CR LF", "--B\r\nA: b\r\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /bare CR/],
    ["a line without a colon", "--B\r\ngarbage\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /"garbage" .* no colon/],
    ["a name with a blank", "--B\r\nA : b\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /not a field name/],
    ["no name", "--B\r\n: b\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /not a field name/],
    ["a name beyond ASCII", "--B\r\n\xc3\xa9: b\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /not a field name/],
    ["a NUL", "--B\r\nA: \0\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /NUL/],
    ["a line that goes on with nothing", "--B\r\n A: b\r\n\r\nx\r\n--B--", ImproperBodyPartContentException, /before the first one/],
    ["a delimiter in a head", "--B\r\nA: b\r\n--B--\r\n\r\n\r\n--B--", ImproperBodyPartContentException, /"--B--"/],
    ["Content-Disposition twice", "--B\r\nContent-Disposition: a\r\ncontent-disposition: b\r\n\r\n\r\n--B--", ImproperBodyPartContentException, /content-disposition more than once/],
    ["parts beyond maxParts", "--B\r\n\r\n\r\n--B\r\n\r\n\r\n--B--", MultipartLimitError, /more than 1 parts.*larger maxParts/, { maxParts: 1 }],
    ["1001 parts by default", `${"--B\r\n\r\n\r\n".repeat(1001)}--B--`, MultipartLimitError, /more than 1000 parts/],
    ["a head beyond maxHeaderSize", "--B\r\nA: 0123456789\r\n\r\n\r\n--B--", MultipartLimitError, /head of part 1 has more than 16 bytes.*maxHeaderSize/, { maxHeaderSize: 16 }],
    ["a head of 16 KiB by default", `--B\r\nA: ${"b".repeat(16_400)}\r\n\r\n\r\n--B--`, MultipartLimitError, /more than 16384 bytes/],
    ["content beyond maxPartSize", "--B\r\n\r\n\r\n--B\r\n\r\n123456\r\n--B--", MultipartLimitError, /part 2 .* more than 5 bytes.*maxPartSize/, { maxPartSize: 5 }],
    ["lookalikes beyond maxPartSize", "--B\r\n\r\n\r\n--Bx\r\n--B--", MultipartLimitError, /maxPartSize/, { maxPartSize: 5 }],
    ["everything beyond maxSize", "--B\r\n\r\n123456\r\n--B--", MultipartLimitError, /more than 10 bytes.*maxSize/, { maxSize: 10 }],
  ]; // prettier-ignore
  for (const [why, text, kind, message, options] of table)
    it(why, async () => {
      const isIt = (error: unknown): boolean =>
        error instanceof kind &&
        error instanceof RequestException &&
        error.name === kind.name &&
        message.test(error.message);
      assert.throws(() => decoded(text, options), isIt);
      for (const size of [1, 2, 3, 5, 7, 64, text.length + 1])
        await assert.rejects(streamed(text, size, options), isIt);
    });

  const types: readonly (readonly [type: string, kind: new () => MultipartDecodeError, message: RegExp])[] = [
    ["", NonMultipartContentTypeException, /There is no Content-Type/],
    ["text/html", NonMultipartContentTypeException, /"text\/html" and not multipart/],
    ["application/multipart; boundary=B", NonMultipartContentTypeException, /not multipart/],
    ["multipart/; boundary=B", NonMultipartContentTypeException, /not multipart/],
    ["multipart/mixed", MultipartBoundaryError, /has no boundary/],
    ["multipart/mixed; boundary=", MultipartBoundaryError, /has no boundary/],
    ['multipart/mixed; boundary=""', MultipartBoundaryError, /has no boundary/],
    [`multipart/mixed; boundary=${"b".repeat(71)}`, MultipartBoundaryError, /1 to 70 .* has 71/],
    ['multipart/mixed; boundary="b "', MultipartBoundaryError, /last one no space/],
    ['multipart/mixed; boundary="é"', MultipartBoundaryError, /printable ASCII/],
    ['multipart/mixed; boundary="a\tb"', MultipartBoundaryError, /printable ASCII/],
  ]; // prettier-ignore
  for (const [type, kind, message] of types)
    it(`refuses the Content-Type ${JSON.stringify(type.slice(0, 50))}`, async () => {
      const isIt = (error: unknown): boolean => error instanceof kind && message.test(error.message);
      assert.throws(() => decoded("--B--", {}, type), isIt);
      await assert.rejects(MultipartDecoder.stream([bytes("--B--")], type).next(), isIt);
    });

  it("throws TypeErrors for wrong arguments", () => {
    assert.throws(() => new MultipartDecoder("text" as never, TYPE), /takes bytes; for a response/);
    assert.throws(() => new MultipartDecoder(bytes(""), undefined as never), TypeError);
    for (const limit of [-1, 1.5, NaN, "5" as never])
      assert.throws(() => decoded("--B--", { maxParts: limit }), RangeError);
    assert.throws(() => MultipartDecoder.stream("text" as never, TYPE), TypeError);
    assert.throws(() => MultipartDecoder.stream([], TYPE, { maxSize: -1 }), RangeError);
  });

  it("throws an exception with a code for each kind", () => {
    const kinds = [MultipartDecodeError, NonMultipartContentTypeException, MultipartBoundaryError, MultipartDelimiterError, ImproperBodyPartContentException, MultipartTruncatedError]; // prettier-ignore
    const codes = [...kinds.map((Kind) => new Kind("x").code), new MultipartLimitError("x", "maxParts").code];
    assert.equal(new Set(codes).size, 7);
    assert.ok(codes.every((code) => code.startsWith("ERR_MULTIPART")));
  });

  it("has no limit for 0", () => {
    const text = `${`--B\r\nA: ${"b".repeat(20_000)}\r\n\r\n\r\n`.repeat(3)}${"--B\r\n\r\n\r\n".repeat(1001)}--B--`;
    assert.equal(decoded(text, { maxParts: 0, maxHeaderSize: 0 }).parts.length, 1004);
    assert.equal(decoded("--B--", { maxParts: 0, maxHeaderSize: 0, maxPartSize: 0, maxSize: 0 }).parts.length, 0);
  });
});

describe("MultipartDecoder.fromResponse", () => {
  const response = (type: string, body: string | AsyncIterable<Uint8Array>): Response =>
    new Response({ statusCode: 200, headers: { "Content-Type": type }, body: body as string, url: "http://h/" });

  it("decodes a response that was read", async () => {
    const read = response(TYPE, "--B\r\n\r\nx\r\n--B--");
    await read.read();
    assert.equal(MultipartDecoder.fromResponse(read).parts[0].text, "x");
    const limited = (): unknown => MultipartDecoder.fromResponse(read, { maxSize: 5 });
    assert.throws(limited, (error) => error instanceof MultipartLimitError && error.response === read && error.limit === "maxSize"); // prettier-ignore
  });

  it("names the response that it cannot decode", async () => {
    const page = response("text/html", "<h1>Oops</h1>");
    await page.read();
    assert.throws(() => MultipartDecoder.fromResponse(page), (error) => error instanceof NonMultipartContentTypeException && error.response === page); // prettier-ignore
  });

  it("decodes content in memory only", () => {
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    assert.throws(() => MultipartDecoder.fromResponse(response(TYPE, nothing())), StreamNotReadError);
  });
});
