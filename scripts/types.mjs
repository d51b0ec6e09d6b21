// build/src/**/*.d.ts → the types in dist/: one file per entry, and one for what the entries share.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const compiled = join(root, "build", "src");
const outdir = join(root, "dist");

const names = Object.values(manifest.exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [entry.types.replace("./dist/", "").replace(/\.d\.ts$/, "")],
);
const entries = new Map(names.map((name) => [join(compiled, `${name}.d.ts`), name]));
/** Folders of src/ whose entry has its own types, such as "testing". */
const companions = new Set(names.filter((name) => name.includes("/")).map((name) => name.split("/")[0]));

const bundle = await rollup({
  input: Object.fromEntries([...entries].map(([file, name]) => [name, file])),
  plugins: [dts()],
  external: [/^node:/, ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)],
  onwarn(warning) {
    // An import of a module that is used as a value alone, and a namespace that the default export alone names.
    if (warning.code === "UNUSED_EXTERNAL_IMPORT" || warning.message.includes("no public re-export")) return;
    throw new Error(warning.message);
  },
});
removeTypes();
await bundle.write({
  dir: outdir,
  format: "es",
  entryFileNames: "[name].d.ts",
  chunkFileNames: "chunks/[name].d.ts",
  manualChunks: (id) => (entries.has(id) || isOfCompanion(id) ? undefined : "types"),
});
await bundle.close();

/** @param {string} id */
function isOfCompanion(id) {
  const folder = id.slice(compiled.length + 1).split(/[\\/]/)[0];
  return folder !== undefined && companions.has(folder);
}

function removeTypes() {
  if (!existsSync(outdir)) return;
  for (const name of readdirSync(outdir, { recursive: true }).map(String))
    if (name.endsWith(".d.ts")) rmSync(join(outdir, name));
}
