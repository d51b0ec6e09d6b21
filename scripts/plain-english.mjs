// Looks for words that a reader of technical English stumbles over, and fails when a folder has more of them than
// scripts/plain-english.json allows, or fewer. The numbers there may only shrink.
//   node scripts/plain-english.mjs              the check
//   node scripts/plain-english.mjs --lower      writes smaller numbers down; `npm run fix` does
//   node scripts/plain-english.mjs src/wire     every place in files whose path has one of the words
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { differences, findings } from "./plain-words.mjs";

const root = join(import.meta.dirname, "..");
const budgetFile = join(root, "scripts", "plain-english.json");
const FOLDERS = ["src", "tests", "scripts", "tools", "examples"];
const SKIPPED = /(^|\/)(node_modules|dist|cache|api)\/|^tests\/docs\//;

const args = process.argv.slice(2);
const asked = args.filter((word) => !word.startsWith("--"));

const found = FOLDERS.flatMap(filesBelow).flatMap((path) => findings(path, readFileSync(join(root, path), "utf8")));

if (asked.length > 0) show(found.filter(({ path }) => asked.some((word) => path.includes(word))));
else compare();

function compare() {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { path } of found) counts[folderOf(path)] = (counts[folderOf(path)] ?? 0) + 1;
  /** @type {Record<string, number>} */
  const budget = existsSync(budgetFile) ? JSON.parse(readFileSync(budgetFile, "utf8")) : counts;
  const different = differences(budget, counts);
  const grown = different.filter(({ count, allowed }) => count > allowed);
  const shrunk = different.filter(({ count, allowed }) => count < allowed);
  for (const { folder, allowed, count } of grown) {
    console.log(`${folder}: ${count} places, and ${allowed} are allowed. These are all; fix those that you wrote:`);
    show(found.filter(({ path }) => folderOf(path) === folder));
  }
  if (args.includes("--lower")) {
    const lowered = { ...budget, ...Object.fromEntries(shrunk.map(({ folder, count }) => [folder, count])) };
    const kept = Object.entries(lowered).filter(([, count]) => count > 0);
    const sorted = Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
    writeFileSync(budgetFile, `${JSON.stringify(sorted, null, 2)}\n`);
  } else {
    for (const { folder, allowed, count } of shrunk)
      console.log(`${folder}: ${count} places, ${allowed - count} fewer than before: npm run fix writes that down`);
    if (shrunk.length > 0) process.exitCode = 1;
  }
  if (grown.length > 0) process.exitCode = 1;
}

/** @param {readonly import("./plain-words.mjs").Finding[]} list */
function show(list) {
  for (const { path, line, word, advice } of list) console.log(`${path}:${line} "${word}": write ${advice}`);
}

/**
 * The folder that a file counts for: two levels deep, such as "src/wire".
 *
 * @param {string} path
 */
function folderOf(path) {
  return path.split("/").slice(0, -1).slice(0, 2).join("/");
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${String(name).replaceAll("\\", "/")}`)
    .filter((path) => /\.(ts|mjs)$/.test(path) && !SKIPPED.test(path))
    .sort();
}
