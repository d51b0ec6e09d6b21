// The site of the documentation, into tools/site/dist; with "dev" it is served while pages are written.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { installPackages, packageFolder } from "../packages.mjs";

const here = import.meta.dirname;
const root = join(here, "..", "..");
const mode = process.argv[2] === "dev" ? "dev" : "build";

if (!installPackages("site")) process.exit(1);
writeReference();
// From the project's folder, since VitePress looks for Vue there.
run(process.execPath, [join(packageFolder("site", "vitepress") ?? "", "bin", "vitepress.js"), mode, "tools/site"]);
if (mode === "build") console.log("The site is in tools/site/dist; `npm run docs -- check` opens every page of it.");

/** A page for everything that the entries of the package export, from its doc comments. */
function writeReference() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.values(exports)
    .map((entry) => entry.import?.types)
    .filter((types) => types !== undefined)
    .map((types) => join(root, types.replace("./dist/", "src/").replace(/\.d\.ts$/, ".ts")))
    .filter((path) => existsSync(path));
  rmSync(join(here, "api"), { recursive: true, force: true });
  const options = join(here, "typedoc.json");
  const points = entries.flatMap((path) => ["--entryPoints", path]);
  run(process.execPath, [
    join(packageFolder("site", "typedoc") ?? "", "bin", "typedoc"),
    "--options",
    options,
    ...points,
  ]);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", shell: false });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
