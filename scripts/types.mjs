// build/src/**/*.d.ts → the types in dist/. The declarations stand in dist/chunks/, and each entry has two files that
// re-export them: one for import and one for require. A class is one type, however a module of a program loads it.
//
// The chunks are .d.cts, because TypeScript lets both kinds of module import those. An ES module could not be imported by
// a CommonJS file under `module: node16` (TS1479).
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

import { entries, external } from "./entries.mjs";

const root = join(import.meta.dirname, "..");
const compiled = join(root, "build", "src");
const outdir = join(root, "dist");
/** The name of the default export in a chunk: an ES module takes `default` of a CommonJS file for all of its exports. */
const DEFAULT = "defaultExport";

const sources = new Map(entries.map(({ file }) => [join(compiled, `${file}.d.ts`), file]));
/** Folders of src/ whose entry has its own types, such as "testing". */
const companions = new Set(entries.map(({ file }) => dirname(file)).filter((folder) => folder !== "."));

let namespace = "";

const bundle = await rollup({
  input: Object.fromEntries([...sources].map(([path, file]) => [file, path])),
  plugins: [namespaceApart(), dts()],
  external: [...external],
  onwarn(warning) {
    // An import of a module that is used as a value alone, and a namespace that the default export alone names.
    if (warning.code === "UNUSED_EXTERNAL_IMPORT" || warning.message.includes("no public re-export")) return;
    throw new Error(warning.message);
  },
});
const { output } = await bundle.generate({
  format: "es",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  manualChunks: (id) => (sources.has(id) || isOfCompanion(id) ? undefined : "types"),
});
await bundle.close();
removeTypes();
for (const file of output) if (file.type === "chunk") writeChunk(file);

/** @param {import("rollup").OutputChunk} file */
function writeChunk({ fileName, code, exports, isEntry }) {
  const text = fileName === "index.js" ? withNamespace(code) : code;
  const chunk = chunkOf(fileName);
  write(
    `${chunk}.d.cts`,
    text
      .replace(/((?:from|import) ['"])(\.[^'"]+)(['"])/g, (_all, start, path, end) => {
        const target = chunkOf(posix.join(posix.dirname(fileName), path));
        return `${start}./${posix.basename(target)}.cjs${end}`;
      })
      .replace(/(\bexport \{[^}]*) as default\b/, `$1 as ${DEFAULT}`),
  );
  if (!isEntry) return;
  const names = exports.map((name) => (name === "default" ? `${DEFAULT} as default` : name));
  const path = posix.relative(posix.dirname(fileName), chunk);
  const reexport = `export { ${names.join(", ")} } from "${path.startsWith(".") ? path : `./${path}`}.cjs";\n`;
  for (const extension of ["d.ts", "d.cts"]) write(fileName.replace(/js$/, extension), reexport);
}

/**
 * The path of a file's declarations without an extension: "testing/index.js" → "chunks/testing".
 *
 * @param {string} fileName - As rollup names it, relative to dist/.
 */
function chunkOf(fileName) {
  if (fileName.startsWith("chunks/")) return fileName.replace(/\.js$/, "");
  const folder = posix.dirname(fileName);
  return `chunks/${folder === "." ? "index" : folder.replaceAll("/", "-")}`;
}

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
      if (sources.get(id) !== "index") return null;
      const [before, block, after] = splitNamespace(code);
      namespace = block;
      return { code: before + after, map: null };
    },
  };
}

/** @param {string} code */
function withNamespace(code) {
  const at = code.lastIndexOf("\nexport {");
  if (at === -1) throw new Error("the types of the main entry export nothing");
  return `${code.slice(0, at)}\n${namespace}${code.slice(at)}`;
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

/**
 * @param {string} path - Relative to dist/.
 * @param {string} text
 */
function write(path, text) {
  const file = join(outdir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function removeTypes() {
  if (!existsSync(outdir)) return;
  for (const name of readdirSync(outdir, { recursive: true }).map(String))
    if (/\.d\.c?ts$/.test(name)) rmSync(join(outdir, name));
}
