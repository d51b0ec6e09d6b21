// Makes a project of each fixture, with the packed package installed, and runs its steps.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const root = join(here, "..", "..");
/** What a failed step is reported with. */
const SHOWN_OUTPUT = 4000;

/**
 * @typedef {import("./list.mjs").Runner} Runner
 * @typedef {import("./list.mjs").Step} Step
 * @typedef {(program: string, args: string[], cwd: string) => Promise<{ good: boolean, text: string, output: string }>} Run
 */

/**
 * Runs the steps of a fixture in a new folder.
 *
 * @param {Runner} runner
 * @param {string} node - The program.
 * @param {string} installed - The package, unpacked.
 * @param {Run} run
 * @returns {Promise<string[]>} Why it failed; empty when it passed.
 */
export async function runFixture(runner, node, installed, run) {
  // Node tells the permission model about real paths.
  const project = realpathSync(mkdtempSync(join(tmpdir(), `requests-ts-${runner.folder}-`)));
  const apart = realpathSync(mkdtempSync(join(tmpdir(), "requests-ts-apart-")));
  try {
    cpSync(join(here, "fixtures", runner.folder), project, { recursive: true });
    for (const file of runner.shared ?? []) cpSync(join(here, "fixtures", "shared", file), join(project, file));
    install(project, installed);
    for (const step of runner.steps) {
      if (step.apart === true) {
        rmSync(join(project, "node_modules"), { recursive: true });
        cpSync(join(project, "out"), apart, { recursive: true });
      }
      const modules = join(project, "node_modules");
      const args = step.args.map((arg) => arg.replace("{project}", project).replace("{modules}", modules));
      const problem = problemOf(step, await run(node, args, step.apart === true ? apart : project));
      if (problem !== null) return [`node ${args.join(" ")}\n${problem}`];
    }
    return [];
  } finally {
    for (const folder of [project, apart]) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Step} step
 * @param {{ good: boolean, text: string, output: string }} result
 */
function problemOf({ fails = false, prints = [], hides = [] }, { good, text, output }) {
  const problems = [
    ...(good === fails ? [text] : []),
    ...prints.filter((pattern) => !pattern.test(output)).map((pattern) => `it does not print ${pattern}`),
    ...hides.filter((pattern) => pattern.test(output)).map((pattern) => `it prints ${pattern}`),
  ];
  return problems.length === 0 ? null : `${problems.join("; ")}\n${output.slice(-SHOWN_OUTPUT)}`;
}

/**
 * Fills node_modules: the package as npm would unpack it, and links to the packages of this checkout.
 *
 * @param {string} project
 * @param {string} installed
 */
function install(project, installed) {
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  cpSync(installed, join(modules, "requests-ts"), { recursive: true });
  // A package of the tool takes the place of another version of it.
  for (const folder of [join(here, "node_modules"), join(root, "node_modules")])
    for (const name of packagesIn(folder)) {
      const link = join(modules, name);
      if (existsSync(link)) continue;
      mkdirSync(join(link, ".."), { recursive: true });
      symlinkSync(join(folder, name), link, "junction");
    }
}

/** @param {string} folder */
function packagesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith(".") || name.startsWith("requests-ts")) return [];
    return name.startsWith("@") ? readdirSync(join(folder, name)).map((each) => `${name}/${each}`) : [name];
  });
}
