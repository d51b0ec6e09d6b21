/** What the tests made from the pages stand on: a local httpbin, and a record of what ran. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { httpbin } from "requests-ts/httpbin";

const server = await httpbin();
// Examples may write files, in a temporary folder.
const folder = mkdtempSync(join(tmpdir(), "requests-ts-docs-"));
process.chdir(folder);
const executed: string[] = [];
const shown: string[] = [];
const endings: (() => unknown)[] = [];

after(async () => {
  await server.close();
  for (const end of endings) await end();
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true, force: true });
  // An example that failed before it closed its server has been counted; it need not hold up the others.
  setTimeout(() => process.exit(), 2000).unref();
});

/** Done after the last example of the page; `after` in an example would mean the end of that one. */
export function atEnd(end: () => unknown): void {
  endings.push(end);
}

/** Where `https://httpbin.org` of the pages leads. */
export const httpbinUrl: string = server.url;

/** `actual; //=> expected` */
export function shows(where: string, actual: unknown, expected: unknown): void {
  shown.push(where);
  if (isDeepStrictEqual(actual, expected)) return;
  assert.deepStrictEqual(actual, expected, `${where} says otherwise`);
}

/** Stands at the end of each block. */
export function reached(where: string): void {
  executed.push(where);
}

/** One test for blocks that share a scope; each must run to its end, and each of its assertions must be made. */
export function example(
  name: string,
  blocks: readonly string[],
  assertions: readonly string[],
  load: () => Promise<unknown>,
): void {
  it(name, { timeout: 20_000 }, async () => {
    executed.length = 0;
    shown.length = 0;
    await load();
    assert.deepEqual(executed, blocks, "these blocks ran to their end");
    assert.deepEqual([...new Set(shown)].sort(), [...assertions].sort(), "these lines made their assertion");
  });
}
