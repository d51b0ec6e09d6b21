/** The package as npm would publish it: what is in it, and whether it works where it is installed. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runNode, runProgram } from "./child.js";
import { root } from "./source-graph.js";

/** What may be in the tarball; anything else is a mistake. */
const ALLOWED: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/[a-z0-9/.-]+\.(js|d\.ts|d\.ts\.map)$/,
  /^dist\/bundle\/[a-z0-9/.-]+\.js\.map$/,
  // Source maps and "go to definition" lead here.
  /^src\/[a-z0-9/.-]+\.ts$/,
];

const REQUIRED = [
  "package.json",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/bundle/index.js",
  "dist/bundle/chunks/requests.js",
  "dist/bundle/chunks/requests.js.map",
  "dist/bundle/httpbin/index.js",
  "dist/bundle/httpbin/main.js",
  "dist/bundle/multipart/index.js",
  "src/index.ts",
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

/** The resolutions that people compile with. */
const RESOLUTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
};

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

describe("the tarball", () => {
  let folder = "";
  let installed = "";
  let files: readonly string[] = [];
  let manifest: Manifest = { main: "", types: "", exports: {}, dependencies: {}, bin: {} };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "requests-ts-tarball-"));
    // Without scripts: what was compiled for the tests is what is packed.
    const packed = await runProgram("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root);
    const [report] = JSON.parse(packed.stdout) as readonly { filename: string; files: readonly { path: string }[] }[];
    assert.ok(report !== undefined, "npm pack reported nothing");
    files = report.files.map(({ path }) => path).sort();
    installed = join(folder, "project", "node_modules", "requests-ts");
    await mkdir(installed, { recursive: true });
    await runProgram("tar", ["-xzf", report.filename, "-C", installed, "--strip-components=1"], folder);
    manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as Manifest;
    // An install without a network: the dependencies of this checkout stand in for those of the registry.
    for (const name of [...Object.keys(manifest.dependencies), "@types"])
      await symlink(join(root, "node_modules", name), join(folder, "project", "node_modules", name), "dir");
    await writeFile(join(folder, "project", "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "project", "program.ts"), PROGRAM);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("holds what it needs", () => {
    assert.deepEqual(
      REQUIRED.filter((file) => !files.includes(file)),
      [],
    );
  });

  it("holds nothing else", () => {
    assert.deepEqual(
      files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))),
      [],
    );
  });

  it("has the source of every compiled file, and no compiled file without one", () => {
    const compiled = files.filter((file) => /^dist\/(?!bundle\/).*\.js$/.test(file));
    const orphans = compiled.filter((file) => !files.includes(file.replace(/^dist/, "src").replace(/\.js$/, ".ts")));
    assert.ok(compiled.length > 50, `only ${compiled.length} compiled files`);
    assert.deepEqual(orphans, [], "left over in dist/: delete it and run npm run build");
  });

  it("has every file that its package.json names", () => {
    const named = JSON.stringify([manifest.main, manifest.types, manifest.bin, manifest.exports]);
    const targets = [...named.matchAll(/"\.\/([^"*]+\.[a-z.]+)"/g)].map(([, path]) => path);
    assert.ok(targets.length > 20, named);
    assert.deepEqual(
      targets.filter((file) => !files.includes(file)),
      [],
    );
  });

  it("runs no script when it is installed", async () => {
    const { scripts = {} } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
      scripts?: Record<string, string>;
    };
    assert.deepEqual(
      Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name)),
      [],
    );
  });

  it("is found by import and by require", async () => {
    const project = join(folder, "project");
    const imported = await runNode(
      ["--input-type=module", "-e", 'import { get } from "requests-ts"; console.log(typeof get)'],
      project,
    );
    const required = await runNode(
      ["--input-type=commonjs", "-e", 'console.log(typeof require("requests-ts").get)'],
      project,
    );
    assert.deepEqual([imported.stdout, required.stdout], ["function\n", "function\n"]);
  });

  it("has a command that runs", async () => {
    const command = manifest.bin["requests-httpbin"];
    assert.ok(command !== undefined, "no command requests-httpbin");
    const { stdout } = await runNode([join(installed, command), "--help"], folder);
    assert.match(stdout, /^Usage: requests-httpbin/);
  });

  for (const [name, resolution] of Object.entries(RESOLUTIONS))
    it(`compiles and runs a program with the resolution ${name}`, async () => {
      const project = join(folder, "project");
      const out = join(project, `out-${name}`);
      const config = join(project, `tsconfig.${name}.json`);
      const compilerOptions = { ...resolution, target: "es2023", strict: true, types: ["node"], outDir: out };
      await writeFile(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
      const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
      await runNode([compiler, "-p", config], project).catch((error: { readonly stdout?: string }) => {
        assert.fail(`it does not compile:\n${error.stdout ?? ""}`);
      });
      assert.deepEqual(await readdir(out), ["program.js"]);
      const { stdout } = await runNode([join(out, "program.js")], project);
      assert.equal(stdout, "200 404 true object\n");
    });
});
