// src/ → the JavaScript in dist/: what users load. One file holds what the entries share, because opening a hundred files
// takes longer than running them.
//
// There are two builds. Node, bundlers and other runtimes load the ES modules, with import and with require. The CommonJS
// files are for loaders that cannot load ES modules with require, such as Jest (docs/adr/0019).
//
// The tests load the compiler's modules in build/src, so that a part which they import from inside is the part that the
// package exports. build/package.json gives them both: under the condition "unbundled" the name requests-ts leads to the
// modules, otherwise to the bundle. The tour and the programs that tests start load the bundle.
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "rolldown";

import manifest from "../package.json" with { type: "json" };
import { entries, external, programs } from "./entries.mjs";

const root = join(import.meta.dirname, "..");
const outdir = join(root, "dist");

removeJavaScript();
await bundle("esm", "js", [...entries.map(({ file }) => file), ...programs]);
await bundle(
  "cjs",
  "cjs",
  entries.map(({ file }) => file),
);
writeTestPackage();

/**
 * Writes one build.
 *
 * @param {"esm" | "cjs"} format
 * @param {"js" | "cjs"} extension
 * @param {readonly string[]} files - What users load, as paths below src/ without an extension.
 */
async function bundle(format, extension, files) {
  await build({
    input: Object.fromEntries(files.map((file) => [file, join(root, "src", `${file}.ts`)])),
    platform: "node",
    resolve: { extensionAlias: { ".js": [".ts"] } },
    external,
    logLevel: "warn",
    output: {
      dir: outdir,
      format,
      exports: "named",
      esModule: true,
      // What loads the packages that are not always needed asks for `require` itself, as bundlers can see it.
      polyfillRequire: false,
      // Jest has no import() in CommonJS.
      dynamicImportInCjs: false,
      entryFileNames: `[name].${extension}`,
      chunkFileNames: ({ name }) => `chunks/${name === "src" ? "requests" : name}.${extension}`,
      comments: { annotation: true, jsdoc: false, legal: false },
      // Source maps would be half of the package. Nothing is minified, so a stack trace is readable without them.
      sourcemap: false,
    },
  });
}

/** The types are made by scripts/types.mjs, and stay. */
function removeJavaScript() {
  if (!existsSync(outdir)) return;
  for (const name of readdirSync(outdir, { recursive: true }).map(String))
    if (/\.c?js(\.map)?$/.test(name)) rmSync(join(outdir, name));
}

function writeTestPackage() {
  const folder = join(root, "build");
  const link = join(folder, "dist");
  mkdirSync(folder, { recursive: true });
  // A target of `exports` must lie inside its package. Node follows the link, so that dist/ is loaded once.
  if (!existsSync(link)) symlinkSync(outdir, link, "junction");
  const targets = entries.map(({ name, file }) => [
    name,
    { unbundled: `./src/${file}.js`, default: `./dist/${file}.js` },
  ]);
  const content = {
    name: manifest.name,
    private: true,
    type: "module",
    exports: { ...Object.fromEntries(targets), "./package.json": "./package.json" },
    imports: { "#internal/*": "./src/*.js" },
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
}
