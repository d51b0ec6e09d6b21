/** How the ts blocks of a page become tests: which code is found, what runs together, and what is asserted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";

import { root } from "./source-graph.js";

interface Block {
  readonly where: string;
  readonly line: number;
  readonly code: string;
  readonly runs: boolean;
  readonly kind: string;
  readonly file?: string;
}

const { blocksOfMarkdown, groupsOf, withAssertions } = (await import(
  pathToFileURL(join(root, "scripts", "docs-blocks.mjs")).href
)) as {
  blocksOfMarkdown: (path: string, text: string, offset: number, problems: string[]) => Block[];
  groupsOf: (blocks: readonly Block[], problems: string[]) => Block[][];
  withAssertions: (block: Block, assertions: string[], problems: string[]) => string;
};

/** The code of each group, and the problems. */
function groups(...lines: readonly string[]): { readonly found: string[][]; readonly problems: string[] } {
  const problems: string[] = [];
  const blocks = blocksOfMarkdown("page.md", lines.join("\n"), 0, problems);
  return { found: groupsOf(blocks, problems).map((group) => group.map(({ code }) => code)), problems };
}

/** A block of a page, with its assertions. */
function asserted(code: string): { readonly text: string; readonly assertions: string[]; readonly problems: string[] } {
  const assertions: string[] = [];
  const problems: string[] = [];
  const block = { where: "page.md:10", line: 10, code, runs: true, kind: "block" };
  return { text: withAssertions(block, assertions, problems), assertions, problems };
}

describe("the blocks of a page", () => {
  it("are modules of their own, unless one continues the block above", () => {
    const { found, problems } = groups("```ts", "a();", "```", "text", "```ts", "// continues", "b();", "```", "```ts", "c();", "```"); // prettier-ignore
    assert.deepEqual(found, [["a();", "// continues\nb();"], ["c();"]]);
    assert.deepEqual(problems, []);
  });

  it("run with the hidden code before and after them", () => {
    const { found, problems } = groups("<!-- before", "let x = 1;", "-->", "```ts", "x;", "```", "<!-- after", "done(x);", "-->", "```ts", "y;", "```"); // prettier-ignore
    assert.deepEqual(found, [["let x = 1;", "x;", "done(x);"], ["y;"]]);
    assert.deepEqual(problems, []);
  });

  it("leave other comments and other languages out", () => {
    const { found, problems } = groups(
      "<!-- before the table -->",
      "```sh",
      "npm ci",
      "```",
      "<!-- hosts: stand-ins -->",
    );
    assert.deepEqual([found, problems], [[], []]);
  });

  it("that show a file of the project are compared, and not run", () => {
    const problems: string[] = [];
    const page = "```json file: tools/tsconfig.json\n{}\n```\n```js file: a.js\nb\n```";
    const blocks = blocksOfMarkdown("page.md", page, 0, problems);
    assert.deepEqual(
      blocks.map(({ kind, file, code }) => [kind, file, code]),
      [
        ["file", "tools/tsconfig.json", "{}"],
        ["file", "a.js", "b"],
      ],
    );
    assert.deepEqual([groupsOf(blocks, problems), problems], [[], []]);
  });

  for (const [what, lines, problem] of [
    ["a block without an end", ["```ts", "a();"], /page\.md:1: this block has no end/],
    ["hidden code without an end", ["<!-- before", "a();"], /page\.md:1: this comment has no line of its own with -->/],
    ["hidden code before no block", ["<!-- before", "a();", "-->"], /page\.md:1: no block follows this hidden code/],
    ["hidden code after no block", ["<!-- after", "a();", "-->"], /page\.md:1: there is no block that this one could/],
    ["a block that is not tested", ["```js", "a();", "```"], /write ```ts, so that it is tested/],
  ] as const)
    it(`refuse ${what}`, () => {
      assert.match(groups(...lines).problems.join("\n"), problem);
    });
});

describe("the comment //=>", () => {
  it("asserts the value of an expression, of a declaration and of what is logged", () => {
    const { text, assertions, problems } = asserted("f(1); //=> 2\nconst a = g(); //=> 3\nconsole.log(a.b); //=> [4]");
    assert.equal(
      text.replace(/ +$/gm, ""),
      'shows("page.md:11", f(1), (2));\nconst a = g(); shows("page.md:12", a, (3));\nshows("page.md:13", a.b, ([4]));',
    );
    assert.deepEqual(assertions, ["page.md:11", "page.md:12", "page.md:13"]);
    assert.deepEqual(problems, []);
  });

  it("must follow a statement", () => {
    assert.match(asserted("if (a) //=> 1\n  b();").problems.join("\n"), /a "\/\/=>" must follow a statement/);
  });
});
