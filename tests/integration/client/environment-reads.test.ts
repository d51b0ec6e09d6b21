/** When the environment and the netrc file are read, and what happens when they cannot be. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";

import { Session } from "requests-ts";
import { serve, type Received } from "./serve.js";

const echo = await serve();
const directory = await mkdtemp(join(tmpdir(), "requests-environment-reads-"));
after(async () => {
  await echo.close();
  await rm(directory, { recursive: true });
});

const VARIABLES = ["http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "NETRC", "REQUESTS_CA_BUNDLE"];
const before = new Map(VARIABLES.map((name) => [name, process.env[name]]));
afterEach(() => {
  for (const [name, value] of before)
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
});

const session = new Session();
const url = `http://127.0.0.1:${echo.port}/`;
const proxiesNow = (): unknown => session.mergeEnvironmentSettings(url).proxies;

async function authorization(): Promise<string | undefined> {
  return (await session.get(url)).json<Received>().headers["authorization"];
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

describe("an environment variable", () => {
  it("is read at each call, also twice in one turn of the event loop", () => {
    process.env["http_proxy"] = "http://127.0.0.1:1";
    assert.deepEqual(proxiesNow(), { http: "http://127.0.0.1:1" });
    process.env["http_proxy"] = "http://127.0.0.1:2";
    assert.deepEqual(proxiesNow(), { http: "http://127.0.0.1:2" });
    Reflect.deleteProperty(process.env, "http_proxy");
    assert.deepEqual(proxiesNow(), {});
  });

  it("is read at each call, by calls that start in one turn", async () => {
    process.env["http_proxy"] = "http://127.0.0.1:1";
    const proxied = session.get(url);
    Reflect.deleteProperty(process.env, "http_proxy");
    const direct = session.get(url);
    await assert.rejects(async () => proxied, { name: "ProxyError" });
    assert.equal((await direct).statusCode, 200);
  });

  for (const [lower, upper, isProxied] of [
    ["", "127.0.0.1", false],
    ["", "", true],
    ["other.example.test", "127.0.0.1", true],
    ["127.0.0.1", "", false],
  ] as const)
    it(`no_proxy=${JSON.stringify(lower)} with NO_PROXY=${JSON.stringify(upper)}: an empty variable counts as unset`, () => {
      process.env["http_proxy"] = "http://127.0.0.1:1";
      process.env["no_proxy"] = lower;
      process.env["NO_PROXY"] = upper;
      assert.deepEqual(proxiesNow(), isProxied ? { http: "http://127.0.0.1:1" } : {});
    });
});

describe("the netrc file", () => {
  it("is read at once when NETRC changes, and within a second when the file changes", async () => {
    const [first, second] = [join(directory, "first"), join(directory, "second")];
    await writeFile(first, "machine 127.0.0.1 login a password b\n");
    await writeFile(second, "machine 127.0.0.1 login c password d\n");
    process.env["NETRC"] = first;
    assert.equal(await authorization(), basic("a", "b"));
    process.env["NETRC"] = second;
    assert.equal(await authorization(), basic("c", "d"));
    await writeFile(second, "machine 127.0.0.1 login e password changed\n");
    await new Promise((resolve) => setTimeout(resolve, 1010));
    assert.equal(await authorization(), basic("e", "changed"));
    await rm(second);
    await new Promise((resolve) => setTimeout(resolve, 1010));
    assert.equal(await authorization(), undefined);
  });

  it("is ignored when it is a folder", async () => {
    process.env["NETRC"] = directory;
    assert.equal(await authorization(), undefined);
  });
});

describe("a process that cannot read its home folder", () => {
  /** A copy of the package that another user can read. */
  async function packageFor(): Promise<string> {
    const root = join(import.meta.dirname, "..", "..", "..", "..");
    const home = join(directory, "package");
    await mkdir(join(home, "node_modules"), { recursive: true });
    await cp(join(root, "dist"), join(home, "node_modules", "requests-ts", "dist"), { recursive: true });
    await cp(join(root, "package.json"), join(home, "node_modules", "requests-ts", "package.json"));
    for (const name of [
      "tough-cookie",
      "tldts",
      "tldts-core",
      "chardet",
      "eventsource-parser",
      "socks",
      "ip-address",
      "smart-buffer",
    ])
      await cp(join(root, "node_modules", name), join(home, "node_modules", name), { recursive: true });
    await chmod(directory, 0o755);
    return home;
  }

  const PROGRAM = `
    import requests from "requests-ts";
    const url = process.argv.at(-1);
    const session = new requests.Session();
    const found = [
      (await requests.get(url)).statusCode,
      (await session.get(url, { auth: ["a", "b"] })).statusCode,
      (await session.fetch(url)).status,
    ];
    console.log(found.join(" "));
    await session.close();
    process.exit(0);
  `;

  async function run(args: readonly string[], env: NodeJS.ProcessEnv, uid: number | undefined): Promise<string> {
    const home = await packageFor();
    const program = join(home, "program.mjs");
    await writeFile(program, PROGRAM);
    const child = spawn(process.execPath, [...args.map((arg) => arg.replace("HOME", home)), program, url], {
      cwd: home,
      env,
      ...(uid === undefined ? {} : { uid, gid: uid }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (output += String(chunk)));
    await new Promise((resolve) => child.once("close", resolve));
    return output
      .split("\n")
      .filter((line) => !/ExperimentalWarning|trace-warnings/.test(line))
      .join("\n");
  }

  const isRoot = process.getuid?.() === 0;
  const notRoot = isRoot ? false : "only root can start a process of another user";

  it("sends requests when the folder belongs to another user", { skip: notRoot }, async () => {
    const closedHome = join(directory, "closed");
    await mkdir(closedHome, { mode: 0o700 });
    assert.equal(await run([], { PATH: process.env["PATH"], HOME: closedHome }, 65534), "200 200 200\n");
  });

  it("sends requests when the user is not in the list of users", { skip: notRoot }, async () => {
    assert.equal(await run([], { PATH: process.env["PATH"] }, 54321), "200 200 200\n");
  });

  it("sends requests under the permission model", async () => {
    const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const major = Number(process.versions.node.split(".")[0]);
    const network = major >= 25 ? ["--allow-net"] : [];
    assert.equal(
      await run([flag, ...network, "--allow-fs-read=HOME/*"], { PATH: process.env["PATH"], HOME: "/root" }, undefined),
      "200 200 200\n",
    );
  });
});
