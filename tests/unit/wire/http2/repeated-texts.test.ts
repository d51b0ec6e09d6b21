import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { RepeatedTexts } from "#internal/wire/http2/repeated-texts";

describe("texts that repeat", () => {
  it("are always those of the bytes", () => {
    const texts = new RepeatedTexts();
    const words = ["", "a", "ab", "ba", "aa", "server", "nginx", "\xff\0\x80", "x".repeat(64), "x".repeat(65)];
    // Texts of one length, with the same first, middle and last byte, share a slot.
    words.push("a1b1c", "a2b2c", "a3b3c");
    for (let round = 0; round < 3; round += 1)
      for (const word of words) {
        const bytes = Buffer.from(`#${word}#`, "latin1");
        assert.equal(texts.text(bytes, 1, bytes.length - 1), word);
        // The memory is used again.
        bytes.fill("!");
        assert.equal(texts.text(Buffer.from(word, "latin1"), 0, word.length), word);
      }
  });
});
