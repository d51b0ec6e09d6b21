// src/ → the JavaScript in dist/: what users load. One file holds what the entries share, because opening a hundred files
// takes longer than running them.
//
// The tests load the compiler's modules in build/src, so that a part which they import from inside is the part that the
// package exports. build/package.json gives them both: under the condition "unbundled" the name requests-ts leads to the
// modules, otherwise to the bundle. The tour and the programs that tests start load the bundle.
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "rolldown";

import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const outdir = join(root, "dist");

const entries = Object.entries(manifest.exports).flatMap(([name, entry]) =>
  typeof entry === "string" ? [] : [{ name, path: entry.default }],
);
const input = Object.fromEntries(
  [...entries.map(({ path }) => path), ...Object.values(manifest.bin)].map((path) => {
    const name = path.replace("./dist/", "").replace(/\.js$/, "");
    return [name, join(root, "src", `${name}.ts`)];
  }),
);

removeJavaScript();
await build({
  input,
  platform: "node",
  resolve: { extensionAlias: { ".js": [".ts"] } },
  external: [/^node:/, ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)],
  logLevel: "warn",
  output: {
    dir: outdir,
    format: "esm",
    // What loads the packages that are not always needed asks for `require` itself, as bundlers can see it.
    polyfillRequire: false,
    entryFileNames: "[name].js",
    chunkFileNames: ({ name }) => `chunks/${name === "src" ? "requests" : name}.js`,
    comments: { annotation: true, jsdoc: false, legal: false },
    // The maps hold the sources, so that src/ need not be in the package.
    sourcemap: true,
  },
});
writeTestPackage();

/** The types are made by scripts/types.mjs, and stay. */
function removeJavaScript() {
  if (!existsSync(outdir)) return;
  for (const name of readdirSync(outdir, { recursive: true }).map(String))
    if (/\.js(\.map)?$/.test(name)) rmSync(join(outdir, name));
}

function writeTestPackage() {
  const folder = join(root, "build");
  const link = join(folder, "dist");
  mkdirSync(folder, { recursive: true });
  // A target of `exports` must lie inside its package. Node follows the link, so that dist/ is loaded once.
  if (!existsSync(link)) symlinkSync(outdir, link, "junction");
  const targets = entries.map(({ name, path }) => [
    name,
    { unbundled: path.replace("./dist/", "./src/"), default: path },
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
