/** The rule of plain English: which texts are read, which words are found, and how counts are compared. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";

import { root } from "./source-graph.js";

interface Finding {
  readonly line: number;
  readonly word: string;
}

const { findings, differences } = (await import(pathToFileURL(join(root, "scripts", "plain-words.mjs")).href)) as {
  findings: (path: string, text: string) => readonly Finding[];
  differences: (budget: Record<string, number>, counts: Record<string, number>) => unknown;
};

function wordsIn(path: string, text: string): (readonly [number, string])[] {
  return findings(path, text).map(({ line, word }) => [line, word] as const);
}

describe("the words that are avoided", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["Nobody reads it.", "Nobody"],
    ["Given to whoever waits.", "whoever"],
    ["The connection is opened anew.", "anew"],
    ["Milliseconds of silence that are borne.", "borne"],
    ["Mends the header.", "Mends"],
    ["No option is heeded.", "heeded"],
    ["Bytes of chance.", "of chance"],
    ["It waits for ever.", "for ever"],
    ["Data behind the header.", "behind"],
    ["A 404 is no error.", "is no"],
    ["What is not JSON.", "What is"],
    ["It must be a number from 0 up.", "from 0 up"],
  ];
  for (const [sentence, word] of cases)
    it(`are found in: ${sentence}`, () => {
      assert.deepEqual(wordsIn("src/a.ts", `const a = 1;\n// ${sentence}\n`), [[2, word]]);
    });

  const allowed = [
    "There is no body.",
    "It is no longer there.",
    "A server behind a proxy.",
    "Nothing is left behind.",
    "The code for everything.",
    "Recommended, comprehended, amended.",
  ];
  for (const sentence of allowed)
    it(`are not found in: ${sentence}`, () => {
      assert.deepEqual(wordsIn("src/a.ts", `// ${sentence}`), []);
    });
});

describe("the texts that are checked", () => {
  it("are comments and strings, with the line of the word", () => {
    const text = [
      "/**",
      " * It waits for",
      " * ever.",
      " */",
      'const a = "nobody"; // anew',
      "const b = `x ${a} nobody`;",
      "// two lines of",
      "// chance",
    ].join("\n");
    assert.deepEqual(wordsIn("src/a.ts", text), [
      [2, "for ever"],
      [5, "anew"],
      [5, "nobody"],
      [6, "nobody"],
      [7, "of chance"],
    ]);
  });

  it("are not names, modules and regular expressions", () => {
    assert.deepEqual(wordsIn("src/a.ts", 'import { anew } from "./behind.js";\nanew(/nobody/, 1 / 2); \n'), []);
  });

  it("leave out strings of tests, except titles", () => {
    const text = 'it("heeds it", () => { f("nobody"); });\ndescribe.skip(`${a} anew`, () => {});';
    assert.deepEqual(wordsIn("tests/a.test.ts", text), [
      [1, "heeds"],
      [2, "anew"],
    ]);
  });

  it("do not end at slashes in strings", () => {
    assert.deepEqual(wordsIn("src/a.ts", 'const a = "https://x/*"; const nobody = 1; // fine'), []);
  });
});

describe("the budget", () => {
  it("differs when a count grew or shrank, in old folders and new ones", () => {
    assert.deepEqual(differences({ a: 1, b: 2, c: 3 }, { a: 1, b: 3, d: 1 }), [
      { folder: "b", allowed: 2, count: 3 },
      { folder: "c", allowed: 3, count: 0 },
      { folder: "d", allowed: 0, count: 1 },
    ]);
  });
});
