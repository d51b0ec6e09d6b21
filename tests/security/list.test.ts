/** docs/security.md has every advisory, and names a test for each by its file and tag. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { assertTagged, countTag } from "../_support/tags.js";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", root), "utf8");

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
  readonly tests: readonly (readonly [file: string, tag: string])[];
}

function rows(): Row[] {
  return page
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (id|-+) \|/.test(line))
    .map((line) => {
      const cells = line.slice(2, -2).split(" | ");
      const tests = [...cells.at(-1)!.matchAll(/\[([\w/.-]+\.test\.ts)\]\(\.\.\/tests\/\1\) (`[^`]+`(?:, `[^`]+`)*)/g)];
      return {
        id: cells[0],
        cells,
        tests: tests.flatMap(([, file, tags]) => [...tags.matchAll(/`([^`]+)`/g)].map(([, tag]) => [file, tag] as const)), // prettier-ignore
      };
    });
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

  it("lists every advisory", () => {
    const ids = all.map(({ id }) => id).join(" ");
    assert.deepEqual(
      ADVISORIES.filter((one) => !new RegExp(`${one.replace("#", "#")}(?![\\w-])`).test(ids)),
      [],
    );
  });

  for (const { id, cells, tests } of all)
    it(`${id}: names tests that exist`, () => {
      assert.equal(cells.length, 5, "id, library, what went wrong, what is done here, test");
      assert.ok(tests.length > 0, "a row needs a test");
      for (const [file, tag] of tests) assertTagged(file, tag);
    });

  it("names every test file of tests/security", () => {
    const directory = fileURLToPath(new URL("tests/security", root));
    const files = readdirSync(directory).filter((file) => file.endsWith(".test.ts") && file !== "list.test.ts");
    for (const file of files) assert.ok(page.includes(`tests/security/${file}`), file);
  });

  it("counts a tag only at the end of a string", () => {
    const source = 'it("one [a]", f); it(`two ${of} [b]`, f); const rows = ["three [b]"]; // [c]';
    assert.deepEqual(
      ["a", "b", "c", "of"].map((tag) => countTag(source, tag)),
      [1, 2, 0, 0],
    );
  });
});
