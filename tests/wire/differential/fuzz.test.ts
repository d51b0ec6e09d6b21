/** Ten thousand random responses, to our parser and to llhttp. A million: `npm run fuzz`. */
import assert from "node:assert/strict";
import { it } from "node:test";

import fc from "fast-check";

import { NOT_COMPARED } from "./differences.js";
import { compare, trials, type Outcome } from "./grammar.js";

// The same ones each time, so that this test does not fail randomly; the nightly script takes new ones.
const RUNS = { numRuns: 10_000, seed: 20_261_121 };

it(
  "the parser agrees with llhttp, or differs as the table says",
  { timeout: 120_000, skip: NOT_COMPARED },
  async () => {
    const outcomes = new Map<Outcome, number>();
    await fc.assert(
      fc.asyncProperty(trials, async (trial) => {
        const outcome = await compare(trial);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      RUNS,
    );
    // If all responses were refused, or all differences explained, the test would prove nothing.
    for (const verdict of ["whole", "broken", "nothing"] as const)
      assert.ok((outcomes.get(verdict) ?? 0) > 1000, `${verdict}: ${outcomes.get(verdict) ?? 0} of the inputs`);
    const explained = [...outcomes].filter(([outcome]) => outcome.startsWith("difference "));
    assert.ok(explained.reduce((sum, [, count]) => sum + count, 0) < 2000, JSON.stringify(explained));
  },
);
