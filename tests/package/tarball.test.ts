/** The package as npm would publish it: what is in it, and whether it works where it is installed. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { after, before, describe, it } from "node:test";
import { runNode } from "./child.js";
import { packed, type PackedPackage } from "./packed.js";
import { root } from "./source-graph.js";

/** What may be in the tarball; anything else is a mistake. */
const ALLOWED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/[a-z0-9/-]+\.(js|js\.map|d\.ts)$/,
];

const REQUIRED = [
  "package.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/chunks/requests.js",
  "dist/chunks/requests.js.map",
  "dist/chunks/types.d.ts",
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

/** The resolutions that people compile with. */
const RESOLUTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

/** The files that a package.json names. */
function targetsOf({ main, types, bin, exports }: PackedPackage["manifest"]): string[] {
  const named = JSON.stringify([main, types, bin, exports]);
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
      for (const [, path = ""] of text.matchAll(/(?:from|import|import\()\s*["'](\.[^"']+)["']/g)) {
        const target = posix.join(posix.dirname(file), path);
        loaded.add(file.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target);
      }
      for (const [, map = ""] of text.matchAll(/^\/\/# sourceMappingURL=(\S+)$/gm))
        loaded.add(posix.join(posix.dirname(file), map));
    }
    assert.deepEqual(dist, [...loaded].sort(), "left over in dist/: delete the folder and run npm run build");
  });

  it("has source maps with their sources", async () => {
    const { files, installed } = pack;
    const maps = files.filter((file) => file.endsWith(".js.map"));
    assert.ok(maps.length > 5, maps.join());
    for (const file of maps) {
      const map = JSON.parse(await readFile(join(installed, file), "utf8")) as {
        readonly sources: readonly string[];
        readonly sourcesContent: readonly (string | null)[];
      };
      assert.equal(map.sourcesContent.length, map.sources.length, file);
      assert.ok(
        map.sourcesContent.every((text) => text !== null && text !== ""),
        file,
      );
    }
  });

  it("has only the conditions types and default in its exports, and no private imports", () => {
    const conditions = Object.values(pack.manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? [] : Object.keys(entry as Record<string, unknown>),
    );
    assert.deepEqual([...new Set(conditions)], ["types", "default"]);
    assert.ok(!("imports" in pack.manifest));
  });

  it("has no internal member in its types", async () => {
    const { files, installed } = pack;
    for (const file of files.filter((each) => each.endsWith(".d.ts")))
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

  for (const name of Object.keys(RESOLUTIONS))
    it(`compiles and runs a program with the resolution ${name}`, async () => {
      assert.equal(await compiled("program.ts", name), "200 404 true object\n");
    });

  it("compiles and runs a CommonJS program", async () => {
    await writeFile(join(pack.project, "required.cts"), COMMONJS_PROGRAM);
    assert.equal(await compiled("required.cts", "nodenext"), "true true\n");
  });
});
