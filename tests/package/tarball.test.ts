/** The package as npm would publish it: what is in it, and whether it works where it is installed. */
import assert from "node:assert/strict";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { after, before, describe, it } from "node:test";
import { runNode } from "./child.js";
import { packed, type PackedPackage } from "./packed.js";
import { root } from "./source-graph.js";

/** What may be in the tarball; anything else is a mistake. */
const ALLOWED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/[a-z0-9/-]+\.(js|cjs|d\.ts|d\.cts)$/,
];

const MAX_FILES = 150;
const MAX_BYTES = 2_000_000;

const REQUIRED = [
  "package.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/index.cjs",
  "dist/index.d.cts",
  "dist/chunks/requests.js",
  "dist/chunks/requests.cjs",
  "dist/chunks/types.d.cts",
  "dist/httpbin/index.js",
  "dist/httpbin/main.js",
  "dist/multipart/index.js",
];

const PROGRAM = `
import requests, { HTTPError, Session, type RequestOptions, type Response } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

const server: Server = await httpbin();
const options: RequestOptions = { params: { page: 2 }, timeout: 5 };
const response: Response = await requests.get(\`\${server.url}/get\`, options);
const session = new Session({ baseUrl: server.url });
const status: number = (await session.get("/status/404")).statusCode;
const error = await session.get("/status/404").raiseForStatus().catch((reason: unknown) => reason);
// @ts-expect-error: an unknown option does not compile
const wrong: RequestOptions = { allow_redirects: true };
console.log(response.statusCode, status, error instanceof HTTPError, typeof wrong);
await session.close();
await server.close();
`;

/** The same for a file that TypeScript compiles to CommonJS, where an import is a require(). */
const COMMONJS_PROGRAM = `
import requests, { get, HTTPError } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

void (async () => {
  const server = await httpbin();
  const error = await get(server.url + "/status/404").raiseForStatus().catch((reason: unknown) => reason);
  console.log(error instanceof HTTPError, requests.get === get);
  await server.close();
})();
`;

/** Other classes of the same name would not be equal, and `instanceof` would be false. */
const ONE_COPY_PROGRAM = `
const { createRequire } = await import("node:module");
const require = createRequire(import.meta.url);
const names = ["requests-ts", "requests-ts/testing", "requests-ts/httpbin", "requests-ts/events", "requests-ts/multipart",
  "requests-ts/har", "requests-ts/extend"];
const different = [];
for (const name of names) {
  const imported = await import(name);
  const required = require(name);
  for (const member of Object.keys(imported)) if (required[member] !== imported[member]) different.push(name + " " + member);
}
console.log(JSON.stringify(different));
`;

/** The resolutions that people compile with. */
const RESOLUTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  node16: { module: "node16", moduleResolution: "node16" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
  node10: { module: "commonjs", moduleResolution: "node10", esModuleInterop: true, ignoreDeprecations: "6.0" },
};

/** The order matters: a loader takes the first condition that it knows. */
const CONDITIONS = ["module-sync", "bun", "module", "import", "require", "default"];

/** The files that a package.json names. */
function targetsOf({ main, types, typesVersions, bin, exports }: PackedPackage["manifest"]): string[] {
  const named = JSON.stringify([main, types, typesVersions, bin, exports]);
  return [...named.matchAll(/"\.\/([^"*]+\.[a-z.]+)"/g)].map(([, path = ""]) => path);
}

describe("the tarball", () => {
  let pack: PackedPackage;

  before(async () => {
    pack = await packed();
    await writeFile(join(pack.project, "program.ts"), PROGRAM);
  });

  after(() => pack[Symbol.asyncDispose]());

  it("contains the required files", () => {
    assert.deepEqual(
      REQUIRED.filter((file) => !pack.files.includes(file)),
      [],
    );
  });

  it("contains no other files", () => {
    assert.deepEqual(
      pack.files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))),
      [],
    );
  });

  it("contains only entries and files that they load", async () => {
    const { manifest, files, installed } = pack;
    const dist = files.filter((file) => file.startsWith("dist/"));
    const loaded = new Set(targetsOf(manifest).filter((file) => file.startsWith("dist/")));
    for (const file of loaded) {
      const text = await readFile(join(installed, file), "utf8");
      for (const [, path = ""] of text.matchAll(/(?:from|import|import\(|require\()\s*["'](\.[^"']+)["']/g)) {
        const target = posix.join(posix.dirname(file), path);
        loaded.add(/\.d\.c?ts$/.test(file) ? target.replace(/\.(c?)js$/, ".d.$1ts") : target);
      }
    }
    assert.deepEqual(dist, [...loaded].sort(), "left over in dist/: delete the folder and run npm run build");
  });

  it(`has at most ${MAX_FILES} files and ${MAX_BYTES / 1e6} MB`, async () => {
    const sizes = await Promise.all(pack.files.map(async (file) => (await stat(join(pack.installed, file))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(pack.files.length <= MAX_FILES && bytes <= MAX_BYTES, `${pack.files.length} files, ${bytes} bytes`);
  });

  it("offers the ES module first, and CommonJS only to loaders that know no other condition", () => {
    const { exports } = pack.manifest;
    for (const [name, entry] of Object.entries(exports)) {
      if (typeof entry === "string") continue;
      const targets = entry as Readonly<Record<string, string | Readonly<Record<string, string>>>>;
      assert.deepEqual(Object.keys(targets), CONDITIONS, name);
      const commonJs = CONDITIONS.filter((condition) => JSON.stringify(targets[condition]).includes(".cjs"));
      assert.deepEqual(commonJs, ["require"], name);
    }
    assert.ok(!("imports" in pack.manifest));
  });

  it("names its repository, home page, bug tracker and authors", () => {
    const { repository, homepage, bugs, author } = pack.manifest;
    assert.match(JSON.stringify(repository), /github\.com\/requests-ts\/requests-ts/);
    for (const url of [homepage, bugs]) assert.match(url, /^https:\/\/github\.com\/requests-ts\/requests-ts/);
    assert.notEqual(author, "");
  });

  it("has no internal member in its types", async () => {
    const { files, installed } = pack;
    for (const file of files.filter((each) => /\.d\.c?ts$/.test(each)))
      assert.ok(!(await readFile(join(installed, file), "utf8")).includes("@internal"), file);
  });

  it("contains every file that its package.json names", () => {
    const { manifest, files } = pack;
    const targets = targetsOf(manifest);
    assert.ok(targets.length > 14, targets.join());
    assert.deepEqual(
      targets.filter((file) => !files.includes(file)),
      [],
    );
  });

  it("runs no script when it is installed", async () => {
    const { scripts = {} } = JSON.parse(await readFile(join(pack.installed, "package.json"), "utf8")) as {
      scripts?: Record<string, string>;
    };
    assert.deepEqual(
      Object.keys(scripts).filter((name) => /^((pre|post)?install|prepare|prepublish)$/.test(name)),
      [],
    );
  });

  it("can be loaded with import and with require", async () => {
    const { project } = pack;
    const imported = await runNode(
      ["--input-type=module", "-e", 'import { get } from "requests-ts"; console.log(typeof get)'],
      project,
    );
    const required = await runNode(
      ["--input-type=commonjs", "-e", 'console.log(typeof require("requests-ts").get)'],
      project,
    );
    assert.deepEqual([imported.stdout, required.stdout], ["function\n", "function\n"]);
    // Of Node 20.19, that require() of an ES module is an experiment.
    assert.deepEqual([imported.stderr, required.stderr], ["", ""]);
  });

  it("has one copy of everything in a program that imports and requires it", async () => {
    const { stdout, stderr } = await runNode(["--input-type=module", "-e", ONE_COPY_PROGRAM], pack.project);
    assert.deepEqual([stdout, stderr], ["[]\n", ""]);
  });

  it("has the same exports in the CommonJS files, for loaders that cannot load ES modules with require", async () => {
    const different = `
      const { createRequire } = await import("node:module");
      const require = createRequire(import.meta.url);
      const found = [];
      for (const folder of ["", "testing/", "httpbin/", "events/", "multipart/", "har/", "extend/"]) {
        const names = Object.keys(await import("./node_modules/requests-ts/dist/" + folder + "index.js"));
        const others = Object.keys(require("./node_modules/requests-ts/dist/" + folder + "index.cjs"));
        if (names.sort().join() !== others.sort().join()) found.push(folder);
      }
      const { MockAdapter } = require("./node_modules/requests-ts/dist/testing/index.cjs");
      const { HTTPAdapter } = require("./node_modules/requests-ts/dist/index.cjs");
      console.log(JSON.stringify(found), MockAdapter.prototype instanceof HTTPAdapter);
    `;
    await writeFile(join(pack.project, "different.mjs"), different);
    const { stdout, stderr } = await runNode(["different.mjs"], pack.project);
    assert.deepEqual([stdout, stderr], ["[] true\n", ""]);
  });

  it("has a working command", async () => {
    const command = pack.manifest.bin["requests-httpbin"];
    assert.ok(command !== undefined, "no command requests-httpbin");
    const { stdout } = await runNode([join(pack.installed, command), "--help"], pack.project);
    assert.match(stdout, /^Usage: requests-httpbin/);
  });

  /** Compiles a program, and gives what it prints. */
  async function compiled(file: string, resolution: keyof typeof RESOLUTIONS): Promise<string> {
    const { project } = pack;
    const out = join(project, `out-${resolution}-${file}`);
    const config = join(project, `tsconfig.${resolution}.${file}.json`);
    const options = { ...RESOLUTIONS[resolution], target: "es2023", strict: true, types: ["node"], outDir: out };
    await writeFile(config, JSON.stringify({ compilerOptions: options, files: [file] }));
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    await runNode([compiler, "-p", config], project).catch((error: { readonly stdout?: string }) => {
      assert.fail(`it does not compile:\n${error.stdout ?? ""}`);
    });
    const program = file.replace(/ts$/, "js");
    assert.deepEqual(await readdir(out), [program]);
    const { stdout, stderr } = await runNode([join(out, program)], project);
    assert.equal(stderr, "");
    return stdout;
  }

  for (const name of ["nodenext", "node16", "bundler"])
    it(`compiles and runs a program with the resolution ${name}`, async () => {
      assert.equal(await compiled("program.ts", name), "200 404 true object\n");
    });

  for (const name of ["nodenext", "node16", "node10"])
    it(`compiles and runs a CommonJS program with the resolution ${name}`, async () => {
      await writeFile(join(pack.project, "required.cts"), COMMONJS_PROGRAM);
      assert.equal(await compiled("required.cts", name), "true true\n");
    });
});
