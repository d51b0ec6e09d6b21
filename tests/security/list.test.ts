/** docs/security.md names a test for each advisory; each of them is there. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/security.md");

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
  /** Files and the names of tests in them. */
  readonly tests: readonly (readonly [file: string, name: string])[];
}

function rows(): Row[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (id|-+) \|/.test(line))
    .map((line) => {
      const cells = line.slice(2, -2).split(" | ");
      const tests = [...cells.at(-1)!.matchAll(/\[([\w/.-]+\.test\.ts)\]\(\.\.\/tests\/\1\) (“[^”]+”(?:, “[^”]+”)*)/g)];
      return {
        id: cells[0],
        cells,
        tests: tests.flatMap(([, file, names]) => [...names.matchAll(/“([^”]+)”/g)].map(([, name]) => [file, name] as const)), // prettier-ignore
      };
    });
}

/** The names of the tests that a file has, as patterns: what stands in `${…}` must be text of the file. */
function namesIn(source: string): RegExp[] {
  const titles = [...source.matchAll(/\b(?:it|describe)\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g)];
  return titles.map(([, plain, template]) => {
    const text = plain === undefined ? template : (JSON.parse(`"${plain}"`) as string);
    const parts = plain === undefined ? text.split(/\$\{[^}]*\}/) : [text];
    return new RegExp(`^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("(.+)")}$`);
  });
}

function isThere(source: string, name: string): boolean {
  // A table whose first column is the name: it(name, …).
  if (/\bit\(\w+,/.test(source) && source.includes(JSON.stringify(name))) return true;
  return namesIn(source).some((pattern) =>
    pattern
      .exec(name)
      ?.slice(1)
      .every((part) => source.includes(part)),
  );
}

/** Advisories of the seven libraries that the page must have. */
const ADVISORIES = `
  CVE-2014-1829 CVE-2014-1830 CVE-2015-2296 CVE-2018-18074 CVE-2023-32681 CVE-2024-35195 CVE-2024-47081 #6074
  CVE-2026-25645 CVE-2016-9015 CVE-2018-20060 CVE-2018-25091 CVE-2019-9740 CVE-2019-11236 CVE-2019-11324 CVE-2020-7212
  CVE-2020-26137 CVE-2021-28363 CVE-2021-33503 CVE-2023-43804 CVE-2023-45803 CVE-2024-37891 CVE-2025-50181
  CVE-2025-50182 CVE-2025-66418 CVE-2025-66471 CVE-2026-21441 CVE-2026-44431 CVE-2026-44432 GHSA-q768-x9m6-m9qp
  GHSA-wqq4-5wpv-mx2g GHSA-3787-6prv-h9w3 GHSA-m4v8-wqvr-p9f7 GHSA-3cvr-822r-rqcc GHSA-f772-66g8-q5h3
  GHSA-5r9g-qh6m-jxff GHSA-4992-7rv2-5pvq GHSA-8qr4-xgw6-wmr3 GHSA-pgw7-wx7w-2w33 GHSA-r6ch-mqf9-qc9w CVE-2025-22150
  CVE-2025-47279 CVE-2026-22036 GHSA-2mjp-6q6p-2qxm GHSA-35p6-xmwp-9g52 GHSA-6cv7-626c-qhqw CVE-2023-45857
  CVE-2024-39338 CVE-2025-27152 CVE-2025-58754 #10753 #10754 GHSA-j5f8-grm9-p9fc #10758 GHSA-hmw2-7cc7-3qxx #10760
  #10761 #10777 #10779 #10780 CVE-2022-0155 CVE-2022-0536 CVE-2024-28849 CVE-2026-40895 CVE-2022-33987 e5659d40
  d1d4ed2f CVE-2020-15168 CVE-2022-0235 CVE-2022-2596 #1880`
  .trim()
  .split(/\s+/);

describe("docs/security.md", () => {
  const all = rows();

  it("has every advisory", () => {
    const ids = all.map(({ id }) => id).join(" ");
    assert.deepEqual(
      ADVISORIES.filter((one) => !new RegExp(`${one.replace("#", "#")}(?![\\w-])`).test(ids)),
      [],
    );
  });

  for (const { id, cells, tests } of all)
    it(`${id}: its tests are there`, () => {
      assert.equal(cells.length, 5, "id, library, what went wrong, what is done here, test");
      assert.ok(tests.length > 0, "a row needs a test");
      for (const [file, name] of tests) {
        assert.ok(existsSync(new URL(`tests/${file}`, root)), file);
        assert.ok(isThere(read(`tests/${file}`), name), `${file} has no test “${name}”`);
      }
    });

  it("names every test of tests/security", () => {
    const directory = fileURLToPath(new URL("tests/security", root));
    const files = readdirSync(directory).filter((file) => file.endsWith(".test.ts") && file !== "list.test.ts");
    for (const file of files) assert.ok(page.includes(`tests/security/${file}`), file);
  });

  it("would notice a test that is not there", () => {
    const source = 'it("one", f); it(`two ${of}: end`, f); const table = ["three"];';
    assert.deepEqual(["one", "two three: end", "two four: end", "five"].map((name) => isThere(source, name)), [true, true, false, false]); // prettier-ignore
  });
});
