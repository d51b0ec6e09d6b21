// build/src/**/*.d.ts → the types in dist/: one file per entry, and one for what the entries share.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

let namespace = "";

const bundle = await rollup({
  input: Object.fromEntries([...entries].map(([file, name]) => [name, file])),
  plugins: [namespaceApart(), dts()],
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
putNamespaceBack();

/**
 * `declare namespace requests` holds types that have the names of classes. The plugin would take the classes for types:
 * the namespace is put back afterwards, unchanged.
 */
function namespaceApart() {
  return {
    name: "namespace-apart",
    /**
     * @param {string} code
     * @param {string} id
     */
    transform(code, id) {
      if (entries.get(id) !== "index") return null;
      const [before, block, after] = splitNamespace(code);
      namespace = block;
      return { code: before + after, map: null };
    },
  };
}

function putNamespaceBack() {
  const file = join(outdir, "index.d.ts");
  const code = readFileSync(file, "utf8");
  const at = code.lastIndexOf("\nexport {");
  if (at === -1) throw new Error(`${file} exports nothing`);
  writeFileSync(file, `${code.slice(0, at)}\n${namespace}${code.slice(at)}`);
}

/** @param {string} code */
function splitNamespace(code) {
  const found = /\n(?:\/\*\*[^\n]*\*\/\n)?declare namespace requests \{\n[\s\S]*?\n\}\n/.exec(code);
  if (found === null) throw new Error("src/index.ts has no namespace with the types of the default export");
  return [code.slice(0, found.index + 1), found[0].slice(1), code.slice(found.index + found[0].length)];
}

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
