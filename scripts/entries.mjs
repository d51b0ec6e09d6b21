// The entries of the package, as `exports` of package.json names them.
import manifest from "../package.json" with { type: "json" };

/**
 * `name` is what users import, such as "requests-ts/testing" without the package's name: "./testing". `file` is its path
 * below src/ and dist/ without an extension: "testing/index".
 *
 * @type {readonly { readonly name: string, readonly file: string }[]}
 */
export const entries = Object.entries(manifest.exports).flatMap(([name, entry]) =>
  typeof entry === "string" ? [] : [{ name, file: fileOf(entry.default) }],
);

/** The programs of the package, as `file` of the entries. */
export const programs = Object.values(manifest.bin).map(fileOf);

/** Packages that are not bundled. */
export const external = [/^node:/, ...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];

/** @param {string} path - Such as "./dist/testing/index.js". */
function fileOf(path) {
  return path.replace("./dist/", "").replace(/\.js$/, "");
}
