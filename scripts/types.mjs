// build/src/**/*.d.ts → the types in dist/. Each entry has a file for import and one for require; both re-export the same
// declarations, which stand in dist/chunks/, so that a class is one type in all modules of a program.
//
// The chunks are .d.cts, because TypeScript lets both kinds of module import those. An ES module could not be imported by
// a CommonJS file under `module: node16` (TS1479).
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

import { entries, external } from "./entries.mjs";

const root = join(import.meta.dirname, "..");
const compiled = join(root, "build", "src");
const outdir = join(root, "dist");
const CHUNKS = "chunks";

/** Folders of src/ whose entry has its own types, such as "testing". */
const companions = new Set(entries.map(({ file }) => dirname(file)).filter((folder) => folder !== "."));

const bundle = await rollup({
  input: Object.fromEntries(entries.map(({ file }) => [file, join(compiled, `${file}.d.ts`)])),
  plugins: [dts()],
  external: [...external],
  onwarn(warning) {
    // An import of a module that is used as a value alone, and a namespace that the default export alone names.
    if (warning.code === "UNUSED_EXTERNAL_IMPORT" || warning.message.includes("no public re-export")) return;
    throw new Error(warning.message);
  },
});
const { output } = await bundle.generate({
  dir: outdir,
  format: "es",
  entryFileNames: "[name].d.ts",
  chunkFileNames: `${CHUNKS}/[name].d.ts`,
  manualChunks: (id) => (id.startsWith(compiled) ? chunkOf(id) : undefined),
});
await bundle.close();
removeTypes();
for (const file of output) {
  if (file.type !== "chunk") continue;
  const code = withCommonJsChunks(file.fileName, file.code);
  const path = file.fileName.replace(/\.d\.ts$/, "");
  write(`${path}.d.cts`, code);
  if (file.isEntry) write(`${path}.d.ts`, code);
}

/**
 * The chunk of a module: that of its companion, or the one that the entries share.
 *
 * @param {string} id
 */
function chunkOf(id) {
  const folder = id.slice(compiled.length + 1).split(/[\\/]/)[0] ?? "";
  return companions.has(folder) ? folder : "types";
}

/**
 * The code with the chunks that it imports as CommonJS files.
 *
 * @param {string} from - The file, relative to dist/.
 * @param {string} code
 */
function withCommonJsChunks(from, code) {
  return code.replace(/((?:from|import) ['"])(\.[^'"]+)\.js(['"])/g, (_all, start, path, end) => {
    if (!join(dirname(from), path).startsWith(CHUNKS)) throw new Error(`${from} imports ${path}, which is not a chunk`);
    return `${start}${path}.cjs${end}`;
  });
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
