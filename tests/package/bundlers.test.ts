/** A program that uses the package, made into one file by esbuild, and run where nothing is installed. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { runNode, runProgram } from "./child.js";
import { packed, type PackedPackage } from "./packed.js";
import { tool } from "./tools.js";

/** With all that is loaded only when it is needed: cookie dates, the charset of bytes, the SOCKS client. */
const PROGRAM = `
import requests, { HTTPError, RequestException, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

const EXPIRES = "Set-Cookie=a%3D1%3B%20Path%3D%2F%3B%20Expires%3DWed%2C%2021%20Oct%202099%2007%3A28%3A00%20GMT";

async function main(): Promise<void> {
  const server = await httpbin();
  const session = new Session({ baseUrl: server.url, retries: 1 });
  const failed = (call: PromiseLike<unknown>): Promise<Error> =>
    Promise.resolve(call).then(() => { throw new Error("it succeeded"); }, (error: Error) => error);
  const missing = await failed(session.get("/status/404").raiseForStatus());
  const silent = await failed(requests.get(server.url + "/hang", { timeout: 0.03 }));
  const refused = await failed(session.get("/get", { proxies: { all: "socks5://127.0.0.1:1" } }));
  await session.get("/response-headers?" + EXPIRES);
  const bytes = await session.get("/bytes/300?seed=3");
  const digest = await session.get("/digest-auth/auth/u/p", { auth: new requests.auth.HTTPDigestAuth("u", "p") });
  console.log(JSON.stringify({
    names: [missing.name, silent.name, refused.name],
    texts: [String(missing).split(":")[0], String(silent).split(":")[0]],
    classes: [missing instanceof HTTPError, silent instanceof RequestException, missing instanceof Error],
    cookie: session.cookies.get("a"),
    encoding: bytes.apparentEncoding,
    statuses: [(await session.get("/brotli")).statusCode, digest.statusCode],
  }));
  await session.close();
  await server.close();
}
void main();
`;

const EXPECTED = {
  names: ["HTTPError", "ReadTimeout", "ProxyError"],
  texts: ["HTTPError", "ReadTimeout"],
  classes: [true, true, true],
  cookie: "1",
  encoding: "windows-1252",
  statuses: [200, 200],
};

/** What docs/test-runners.md tells to add for ES modules: the package socks is CommonJS, and requires modules of Node. */
const BANNER =
  '--banner:js=import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

const { program: esbuild, skip } = tool("esbuild");

describe("a program bundled by esbuild", { skip }, () => {
  let pack: PackedPackage;
  let bare = "";

  before(async () => {
    pack = await packed();
    bare = await mkdtemp(join(tmpdir(), "requests-ts-bundled-"));
    await writeFile(join(pack.project, "program.ts"), PROGRAM);
  });
  after(async () => {
    await pack[Symbol.asyncDispose]();
    await rm(bare, { recursive: true });
  });

  for (const [file, options] of [
    ["program.cjs", ["--format=cjs"]],
    ["minified.cjs", ["--format=cjs", "--minify"]],
    ["program.mjs", ["--format=esm", BANNER]],
    ["minified.mjs", ["--format=esm", BANNER, "--minify"]],
  ] as const)
    it(`works as ${file}, with the names of its errors`, async () => {
      const out = join(bare, file);
      const args = ["program.ts", "--bundle", "--platform=node", "--target=node20", "--log-level=warning", ...options];
      const { stderr } = await runProgram(esbuild, [...args, `--outfile=${out}`], pack.project);
      assert.equal(stderr.replace(/^npm warn.*\n/gm, ""), "");
      const { stdout } = await runNode([out], bare);
      assert.deepEqual(JSON.parse(stdout), EXPECTED);
    });

  it("is refused for browsers", async () => {
    const args = ["program.ts", "--bundle", "--platform=browser", "--log-limit=1", `--outfile=${join(bare, "no.js")}`];
    await assert.rejects(runProgram(esbuild, args, pack.project), /Could not resolve "node:[a-z_/]+"/);
  });
});
