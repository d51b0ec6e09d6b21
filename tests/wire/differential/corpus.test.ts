/** The corpus, to our parser and to llhttp: whole, in every split in two, and byte by byte. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { byteByByte, contradictions, cutAt, readByLlhttp, readByOurs, type WireInput } from "../../_support/llhttp.js";
import { CORPUS, MORE, casesOf } from "./corpus.js";
import { DIFFERENCES, explanations, NOT_COMPARED } from "./differences.js";

/** Inputs up to this are cut everywhere, longer ones here and there. */
const SHORT = 400;

function splits(bytes: Buffer): Buffer[][] {
  const step = bytes.length <= SHORT ? 1 : Math.ceil(bytes.length / 50);
  const found = [[bytes], byteByByte(bytes)];
  for (let at = 1; at < bytes.length; at += step) found.push(cutAt(bytes, at));
  return found;
}

/** The differences that the splits show, each list once; "" where the parsers agree. */
async function shown({ method, bytes }: WireInput): Promise<string[]> {
  const found = new Set<string>();
  for (const pieces of splits(bytes)) {
    const ours = readByOurs(method, pieces);
    const theirs = await readByLlhttp(method, pieces);
    const parts = contradictions(ours, theirs);
    if (parts.length === 0) {
      found.add("");
      continue;
    }
    const reasons = explanations(ours, theirs, bytes);
    assert.notEqual(
      reasons.length,
      0,
      `in pieces of ${pieces.map(({ length }) => length).join()}, ${parts.join(" and ")} differ:\n` +
        `ours  ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`,
    );
    found.add(reasons.join());
  }
  return [...found];
}

const seen = new Set<string>();
const known = new Set(DIFFERENCES.map(({ id }) => id));

for (const group of [...CORPUS, ...MORE])
  describe(group.name, { skip: NOT_COMPARED }, () => {
    for (const input of casesOf(group))
      it(input.title, async () => {
        const difference = input.difference !== null && known.has(input.difference) ? input.difference : "";
        assert.deepEqual(await shown(input), [difference]);
        if (difference !== "") seen.add(difference);
      });
  });

describe("the table of differences", { skip: NOT_COMPARED }, () => {
  it("has a case for each of its lines", () => {
    assert.deepEqual([...seen].sort(), [...known].sort());
  });
  it("gives a reason for each of its lines", () => {
    for (const { inputs, ours, llhttp, why } of DIFFERENCES)
      for (const text of [inputs, ours, llhttp, why]) assert.ok(text.length >= 5, text);
  });
});
