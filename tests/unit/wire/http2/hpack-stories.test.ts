/** Header blocks by the encoders of other projects; see tests/_data/hpack/README.md. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { HpackDecoder } from "#internal/wire/http2/hpack-decoder";
import { HpackEncoder } from "#internal/wire/http2/hpack-encoder";
import { hex } from "../../../_support/http2.js";

const DATA = join(import.meta.dirname, "..", "..", "..", "..", "..", "tests", "_data", "hpack");
const LIMITS = { maxHeaderSize: 256 * 1024, maxHeaders: 1000 };

/** Stories of blocks of fields: name, value, name, value … */
const STORIES: readonly (readonly string[][])[] = readFileSync(join(DATA, "fields.txt"), "utf8")
  .trimEnd()
  .split("\n\n\n")
  .map((story) => story.split("\n\n").map((block) => block.split("\n").flatMap((line) => line.split("\t"))));

interface EncodedBlock {
  /** The table size that was announced before the block, or null. */
  readonly announced: number | null;
  readonly bytes: Buffer;
}

function encodedStories(encoder: string): EncodedBlock[][] {
  const text = readFileSync(join(DATA, `${encoder}.txt`), "utf8").trimEnd();
  return text.split("\n\n").map((story) =>
    story.split("\n").map((line) => {
      const [bytes = "", announced] = line.split(" ").reverse();
      return { announced: announced === undefined ? null : Number(announced), bytes: hex(bytes) };
    }),
  );
}

for (const encoder of ["nghttp2", "nghttp2-change-table-size", "haskell-http2-linear-huffman"]) {
  describe(`the header blocks of ${encoder}`, () => {
    const stories = encodedStories(encoder);
    it("are as many as the lists of fields", () => {
      assert.deepEqual(
        stories.map((story) => story.length),
        STORIES.map((story) => story.length),
      );
      assert.equal(stories.flat().length, 85);
    });
    for (const [number, story] of stories.entries())
      it(`are decoded: story ${number}`, () => {
        const decoder = new HpackDecoder(LIMITS);
        for (const [at, { announced, bytes }] of story.entries()) {
          if (announced !== null) decoder.announcedSize = announced;
          const section = decoder.decode(bytes, 0, bytes.length);
          assert.deepEqual(section, { raw: STORIES[number][at], fault: null });
        }
      });
  });
}

describe("the fields of the stories", () => {
  for (const [number, story] of STORIES.entries())
    for (const sizes of [[4096], [0], [4096, 100, 4096, 0, 300]])
      it(`are decoded as they were encoded: story ${number}, table sizes ${sizes.join(", ")}`, () => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(LIMITS);
        // Twice, so that what repeats is indexed.
        for (const [at, fields] of [...story, ...story].entries()) {
          encoder.peerTableSize = sizes[at % sizes.length];
          encoder.begin();
          for (let item = 0; item < fields.length; item += 2) encoder.field(fields[item], fields[item + 1]);
          const bytes = Buffer.from(encoder.bytes());
          assert.deepEqual(decoder.decode(bytes, 0, bytes.length), { raw: fields, fault: null });
          assert.ok(decoder.tableSize.maxSize <= sizes[at % sizes.length]);
        }
      });
});
