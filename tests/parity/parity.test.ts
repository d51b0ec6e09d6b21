/**
 * Each recorded call of Python's requests, made with requests-ts against the same server: the bytes that go out and the
 * results are the same, or a file of departures/ says why not. `npm run docs -- parity` writes the differences into these
 * files and their texts into docs/coming-from-python.md; otherwise a file that says something else fails.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { assertTagged } from "../_support/tags.js";
import { subjects } from "./calls.js";
import { differences, type Difference } from "./compare.js";
import { readDepartures, writeDeparture, type Recorded } from "./departures.js";
import { BEGIN, END, renderedDepartures } from "./page.js";
import { replay } from "./replay.js";

const ROOT = join(import.meta.dirname, "../../..");
const PAGE = join(ROOT, "docs/coming-from-python.md");
const UPDATE = process.env["UPDATE_DOCS"] === "1";

/** Longer values are shown by their beginning, their length and a digest. */
const SHOWN = 240;

/** A call that a departure names: `subject: call`, and the part of the place when it is limited to one. */
interface Claim {
  readonly departure: number;
  readonly key: string;
  readonly call: string;
  readonly place: string | null;
  readonly recorded: readonly Recorded[];
  readonly found: Recorded[];
}

const DEPARTURES = readDepartures();
const CLAIMS: readonly Claim[] = DEPARTURES.flatMap(({ id, differences = {} }) =>
  Object.entries(differences).map(([key, recorded]) => {
    const [call, place = null] = key.split(" @ ");
    return { departure: id, key, call, place, recorded, found: [] };
  }),
);
let same = 0;

const ALL = subjects();
const { versions } = ALL[0].recording;

for (const { name: subject, calls, recording } of ALL)
  describe(`parity: ${subject}`, { timeout: 120_000 }, () => {
    it("has a recording of each call, all with one version", () => {
      assert.deepEqual(recording.versions, versions);
      const names = calls.map(({ name }) => name);
      assert.deepEqual(Object.keys(recording.calls).sort(), names.sort(), "npm run golden -- parity");
    });
    for (const call of calls)
      it(call.name, async () => {
        const name = `${subject}: ${call.name}`;
        const differing = differences(recording.calls[call.name], await replay(call));
        if (differing.length === 0) same += 1;
        for (const difference of differing) file(name, difference);
        if (UPDATE) return;
        for (const { key, departure, found, recorded } of CLAIMS)
          if (key === name || key.startsWith(`${name} @ `)) assert.deepEqual(found, recorded, `departure ${departure}`);
      });
  });

describe("the departures", () => {
  it("have the numbers from 1 on", () => {
    assert.deepEqual(
      DEPARTURES.map(({ id }) => id),
      DEPARTURES.map((_, index) => index + 1),
    );
  });

  it("are shown by a recorded call or a test each", () => {
    for (const { id, title, provenBy, differences = {} } of DEPARTURES) {
      if (provenBy !== undefined) assertTagged(...provenBy);
      else assert.ok(Object.keys(differences).length > 0, `${id}. ${title}`);
    }
  });

  it("name no call without a difference", () => {
    const without = CLAIMS.filter(({ found }) => found.length === 0);
    assert.deepEqual(
      without.map(({ departure, key }) => `${departure}: ${key}`),
      [],
    );
  });

  if (UPDATE)
    it("are written with their differences", () => {
      for (const departure of DEPARTURES) {
        const own = CLAIMS.filter((claim) => claim.departure === departure.id);
        const found = Object.fromEntries(own.map(({ key, found }) => [key, found]));
        writeDeparture(own.length === 0 ? departure : { ...departure, differences: found });
      }
    });

  it("are printed in docs/coming-from-python.md", () => {
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

/** Adds the difference to the claim that it belongs to; one with a place comes before one without. */
function file(call: string, { at, theirs, ours }: Difference): void {
  const claims = CLAIMS.filter((claim) => claim.call === call && (claim.place === null || at.includes(claim.place)));
  const placed = claims.filter(({ place }) => place !== null);
  const [claim, ...others] = placed.length > 0 ? placed : claims;
  const shown = `${at} of ${call}\n  theirs: ${text(theirs)}\n  ours:   ${text(ours)}`;
  assert.ok(claim !== undefined, `differs, and no file of departures/ says why: ${shown}`);
  const names = others.map(({ departure }) => departure);
  assert.deepEqual(names, [], `departure ${claim.departure} and others claim ${shown}`);
  claim.found.push({ at, theirs: text(theirs), ours: text(ours) });
}

function text(value: unknown): string {
  const json = value === undefined ? "nothing" : JSON.stringify(value);
  if (json.length <= SHOWN) return json;
  const digest = createHash("sha256").update(json).digest("hex").slice(0, 16);
  return `${json.slice(0, SHOWN)}… (${json.length} characters, sha256 ${digest})`;
}
