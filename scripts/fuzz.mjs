// Gives random responses to our parser and to llhttp, and fails when they differ without a reason in
// tests/wire/differential/differences.ts. For the night: a million inputs take about five minutes.
//   npm run fuzz                          1,000,000 inputs from a seed of the clock
//   npm run fuzz -- 50000                 so many
//   npm run fuzz -- 50000 1234            from this seed: what failed once fails again
//   npm run fuzz -- 1 1234 "8:0:1"        the shrunk input itself, by the path that a failure prints
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import fc from "fast-check";

const [count, seed, path] = process.argv.slice(2);
const inputs = numberOr(count, 1_000_000, "count");
const firstSeed = numberOr(seed, Date.now() % 2 ** 31, "seed");
/** Inputs of one round; each round has the next seed, so that a failure is found again without the rounds before it. */
const ROUND = 10_000;

const built = join(import.meta.dirname, "..", "build", "tests", "wire", "differential", "grammar.js");
const { compare, trials } = await import(pathToFileURL(built).href);

console.log(`${inputs} inputs from seed ${firstSeed}`);
const started = performance.now();
const outcomes = new Map();
const property = fc.asyncProperty(trials, async (trial) => {
  const outcome = await compare(trial);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
});

for (let done = 0, round = firstSeed; done < inputs; round += 1) {
  const numRuns = Math.min(ROUND, inputs - done);
  const result = await fc.check(property, { numRuns, seed: round, ...(path === undefined ? {} : { path }) });
  if (result.failed) {
    console.error(`\nseed ${round}, input ${result.numRuns}, shrunk ${result.numShrinks} times:`);
    console.error(result.errorInstance instanceof Error ? result.errorInstance.message : result.errorInstance);
    console.error(`\nnpm run fuzz -- 1 ${round} ${JSON.stringify(result.counterexamplePath)}`);
    process.exit(1);
  }
  done += numRuns;
  if (done % 100_000 === 0) console.log(`${done} after ${seconds()} s`);
}

for (const [outcome, times] of [...outcomes].sort(([, a], [, b]) => b - a))
  console.log(`${String(times).padStart(9)}  ${outcome}`);
console.log(`${inputs} inputs in ${seconds()} s, seeds from ${firstSeed}: no difference without a reason`);

function numberOr(/** @type {string | undefined} */ text, /** @type {number} */ fallback, /** @type {string} */ name) {
  if (text === undefined) return fallback;
  const number = Number(text.replaceAll("_", "").replaceAll(",", ""));
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`${name} must be a whole number, not ${JSON.stringify(text)}`);
  process.exit(2);
}

function seconds() {
  return Math.round((performance.now() - started) / 1000);
}
