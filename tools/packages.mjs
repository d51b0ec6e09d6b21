// The packages of the tools. `npm ci` in the project's folder installs none of them; a tool installs its own when it
// first runs, from the same lock file. npm puts them into the project's node_modules, or into the tool's when another
// version is there already.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/**
 * Installs the packages of a tool, unless they are there.
 *
 * @param {string} tool - Its folder below tools/.
 * @returns {boolean} Whether they are there now.
 */
export function installPackages(tool) {
  // `npm ci` removes this link with the packages.
  if (existsSync(join(root, "node_modules", `requests-ts-${tool}`))) return true;
  console.error(`Installing the packages of tools/${tool} …`);
  const { status } = spawnSync(
    "npm",
    ["install", "--no-save", "--workspaces", "--workspace", `tools/${tool}`, "--no-audit", "--no-fund"],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  return status === 0;
}

/**
 * The folder of an installed package.
 *
 * @param {string} tool - The folder below tools/ whose package.json names it.
 * @param {string} name - The package.
 * @returns {string | undefined} Undefined when it is not installed.
 */
export function packageFolder(tool, name) {
  return nodeModules(tool)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/**
 * The path of a program that a package of a tool brings.
 *
 * @param {string} tool - Its folder below tools/.
 * @param {string} name - The program.
 * @returns {string | undefined} Undefined when it is not installed.
 */
export function programPath(tool, name) {
  return nodeModules(tool)
    .map((folder) => join(folder, ".bin", name))
    .find((path) => existsSync(path));
}

/** @param {string} tool */
function nodeModules(tool) {
  return [join(root, "tools", tool, "node_modules"), join(root, "node_modules")];
}
