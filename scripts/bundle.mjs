// src/ → dist/bundle/: what users load. One file for what the entries share, because opening a hundred files takes longer
// than running them. The tests load the compiler's modules in dist/ by the condition "unbundled" of package.json, so that
// what they import from inside is what they import by name; the tour, the interop and the tarball tests load the bundle.
import { rmSync } from "node:fs";
import { join } from "node:path";

import { build } from "rolldown";

import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const outdir = join(root, "dist", "bundle");
const targets = [
  ...Object.values(manifest.exports).map((entry) => entry.default),
  ...Object.values(manifest.bin),
].filter((path) => path?.endsWith(".js"));
const input = Object.fromEntries(
  targets.map((path) => [
    path.replace("./dist/bundle/", "").replace(/\.js$/, ""),
    join(root, path.replace("./dist/bundle/", "src/").replace(/\.js$/, ".ts")),
  ]),
);
rmSync(outdir, { recursive: true, force: true });
await build({
  input,
  platform: "node",
  resolve: { extensionAlias: { ".js": [".ts"] } },
  external: [/^node:/, ...Object.keys(manifest.dependencies)],
  logLevel: "warn",
  output: {
    dir: outdir,
    format: "esm",
    // What loads the packages that are not always needed asks for `require` itself, as bundlers can see it.
    polyfillRequire: false,
    entryFileNames: "[name].js",
    chunkFileNames: ({ name }) => `chunks/${name === "src" ? "requests" : name}.js`,
    comments: { annotation: true, jsdoc: false, legal: false },
    // The sources are in the package, where the maps lead to them.
    sourcemap: true,
    sourcemapExcludeSources: true,
  },
});
