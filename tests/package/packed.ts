/** The package as npm would publish it, in a project that depends on it. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runProgram } from "./child.js";
import { root } from "./source-graph.js";

export interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly repository: unknown;
  readonly homepage: string;
  readonly bugs: string;
  readonly author: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

export interface PackedPackage extends AsyncDisposable {
  /** The path of the tarball. */
  readonly tarball: string;
  /** The paths in it, sorted. */
  readonly files: readonly string[];
  /** A folder where it is installed, whose modules are ES modules. */
  readonly project: string;
  /** Where it stands there. */
  readonly installed: string;
  readonly manifest: Manifest;
}

/** Packs what was compiled for the tests: no script runs. */
export async function packed(): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), "requests-ts-tarball-"));
  const { stdout } = await runProgram(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    root,
  );
  const [report] = JSON.parse(stdout) as readonly { filename: string; files: readonly { path: string }[] }[];
  assert.ok(report !== undefined, "npm pack reported nothing");
  const project = join(folder, "project");
  const installed = join(project, "node_modules", "requests-ts");
  await mkdir(installed, { recursive: true });
  await runProgram("tar", ["-xzf", report.filename, "-C", installed, "--strip-components=1"], folder);
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as Manifest;
  // An install without a network: the dependencies of this checkout stand in for those of the registry.
  for (const name of [...Object.keys(manifest.dependencies), "@types"])
    await symlink(join(root, "node_modules", name), join(project, "node_modules", name), "dir");
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  return {
    tarball: join(folder, report.filename),
    files: report.files.map(({ path }) => path).sort(),
    project,
    installed,
    manifest,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
