/**
 * Each recorded call of Python's requests, made with requests-ts against the same server: the bytes that go out and what
 * comes back are the same, or a line of departures.ts says why not. `npm run docs -- parity` writes what differs into
 * differences.json and the lines into docs/coming-from-python.md; otherwise files that say something else fail.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { subjects } from "./calls.js";
import { differences, type Difference } from "./compare.js";
import { DEPARTURES } from "./departures.js";
import { BEGIN, END, renderedDepartures } from "./page.js";
import { replay } from "./replay.js";
import { TOUCHED } from "./touched.js";

const ROOT = join(import.meta.dirname, "../../..");
const PAGE = join(ROOT, "docs/coming-from-python.md");
const GOLDEN = join(ROOT, "tests/parity/differences.json");
const UPDATE = process.env["UPDATE_DOCS"] === "1";

/** Longer values are told by their beginning, their length and a digest. */
const SHOWN = 240;

type Entry = readonly [departure: number, call: string, at: string, theirs: string, ours: string];

const golden = JSON.parse(readFileSync(GOLDEN, "utf8")) as Entry[];
const found: Entry[] = [];
const shown = new Set<string>();
let same = 0;

const ALL = subjects();
const { versions } = ALL[0].recording;

for (const { name: subject, calls, recording } of ALL)
  describe(`parity: ${subject}`, { timeout: 120_000 }, () => {
    it("is recorded, all of it with one version", () => {
      assert.deepEqual(recording.versions, versions);
      const names = calls.map(({ name }) => name);
      assert.deepEqual(Object.keys(recording.calls).sort(), names.sort(), "npm run golden -- parity");
    });
    for (const call of calls)
      it(call.name, async () => {
        const name = `${subject}: ${call.name}`;
        const differing = differences(recording.calls[call.name], await replay(call));
        if (differing.length === 0) same += 1;
        const entries = differing.map((difference) => entryOf(name, difference));
        found.push(...entries);
        if (!UPDATE)
          assert.deepEqual(
            entries,
            golden.filter(([, known]) => known === name),
          );
      });
  });

describe("the table of departures", () => {
  it("has a number for each line, in order", () => {
    assert.deepEqual(
      DEPARTURES.map(({ id }) => id),
      DEPARTURES.map((_, index) => index + 1),
    );
    const known = new Set(DEPARTURES.map(({ id }) => String(id)));
    assert.deepEqual(
      Object.keys(TOUCHED).filter((id) => !known.has(id)),
      [],
    );
  });

  it("has no line that nothing shows", () => {
    for (const { id, title, provenBy } of DEPARTURES)
      if (provenBy === undefined) assert.ok((TOUCHED[id] ?? []).length > 0, `${id}. ${title}`);
      else {
        const [file, ...name] = provenBy.split(": ");
        assert.ok(readFileSync(join(ROOT, file), "utf8").includes(`it("${name.join(": ")}"`), provenBy);
      }
  });

  it("names no call that does not show its line", () => {
    const claims = Object.entries(TOUCHED).flatMap(([id, names]) => names.map((name) => `${id}: ${name}`));
    assert.equal(new Set(claims).size, claims.length);
    assert.deepEqual(
      claims.filter((claim) => !shown.has(claim)),
      [],
    );
  });

  it("and differences.json say the same", () => {
    if (UPDATE) writeFileSync(GOLDEN, `[\n${found.map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`);
    else assert.deepEqual(found, golden, "npm run docs -- parity, and look at what it changes");
  });

  it("stands in docs/coming-from-python.md", () => {
    const page = readFileSync(PAGE, "utf8");
    const from = page.indexOf(BEGIN);
    const to = page.indexOf(END);
    assert.ok(from !== -1 && to > from, `docs/coming-from-python.md has lost its marks ${BEGIN} and ${END}`);
    const total = ALL.reduce((sum, { calls }) => sum + calls.length, 0);
    const lines = renderedDepartures(DEPARTURES, { versions, total, same });
    if (UPDATE) writeFileSync(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${lines}\n\n${page.slice(to)}`);
    else assert.equal(page.slice(from + BEGIN.length, to).trim(), lines, "npm run docs -- parity");
  });
});

/** The line that a difference belongs to; one that names its place comes before one that names only the call. */
function entryOf(call: string, { at, theirs, ours }: Difference): Entry {
  const claims = Object.entries(TOUCHED).flatMap(([id, names]) =>
    names
      .map((name) => ({ id, name, place: name.startsWith(`${call} @ `) ? name.slice(call.length + 3) : null }))
      .filter(({ name, place }) => name === call || (place !== null && at.includes(place))),
  );
  const placed = claims.filter(({ place }) => place !== null);
  const [claim, ...others] = placed.length > 0 ? placed : claims;
  const told = `${at}\n  theirs: ${text(theirs)}\n  ours:   ${text(ours)}`;
  assert.ok(claim !== undefined, `differs, and no line of departures.ts says why: ${told}`);
  assert.deepEqual(others, [], `more than one line of departures.ts claims ${told}`);
  shown.add(`${claim.id}: ${claim.name}`);
  return [Number(claim.id), call, at, text(theirs), text(ours)];
}

function text(value: unknown): string {
  const json = value === undefined ? "nothing" : JSON.stringify(value);
  if (json.length <= SHOWN) return json;
  const digest = createHash("sha256").update(json).digest("hex").slice(0, 16);
  return `${json.slice(0, SHOWN)}… (${json.length} characters, sha256 ${digest})`;
}
