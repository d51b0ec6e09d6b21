import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { httpbin } from "requests-ts/httpbin";
import { ask } from "./ask.js";

const MAIN = join(dirname(createRequire(import.meta.url).resolve("requests-ts/httpbin")), "main.js");

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(...args);
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}

describe("requests-httpbin", () => {
  for (const [signal, args] of [
    ["SIGTERM", ["--port", "0"]],
    ["SIGINT", ["-p", "0", "--https"]],
  ] as const) {
    it(`${args.join(" ")} prints its URL, and ends on ${signal}`, async () => {
      const child = start(...args);
      let out = "";
      await new Promise<void>((resolve, reject) => {
        child.on("exit", (code) => reject(new Error(`It ended with ${code}`)));
        child.stdout?.on("data", (chunk: Buffer) => {
          out += chunk.toString();
          if (/https?:\/\/\S+\n/.test(out) && (args.length === 2 || out.includes("END CERTIFICATE"))) resolve();
        });
      });
      const [url = ""] = /https?:\/\/\S+/.exec(out) ?? [];
      const [ca] = /-----BEGIN[^]*/.exec(out) ?? [];
      assert.equal((await ask(`${url}/get`, ca === undefined ? {} : { ca })).json.url, `${url}/get`);
      // One that waits must not keep it alive.
      const waiting = ask(`${url}/hang`, ca === undefined ? {} : { ca }).catch(() => "broken");
      const ended = new Promise((resolve) => child.removeAllListeners("exit").on("exit", resolve));
      // Not child.kill(): Deno then tells the signal, and not how the program ended.
      process.kill(child.pid!, signal);
      assert.equal(await ended, 0);
      assert.equal(await waiting, "broken");
    });
  }

  it("--help prints the usage", async () => {
    const { code, out } = await run("--help");
    assert.equal(code, 0);
    for (const option of ["--port", "--host", "--https", "--help"]) assert.ok(out.includes(option), option);
  });

  for (const [args, message] of [
    [["--port", "x"], /--port must be a number from 0 to 65535, not "x"/],
    [["--port", "65536"], /--port must be a number from 0 to 65535/],
    [["--port="], /--port must be a number/],
    [["--prot", "1"], /--prot/],
    [["8080"], /8080/],
    [["--port", "0", "--host", "192.0.2.1"], /no such address/],
  ] as const) {
    it(`${args.join(" ")} is refused with one sentence`, async () => {
      const { code, err, out } = await run(...args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n {4}at /);
    });
  }

  it("reports that the port is in use", async () => {
    const server = await httpbin();
    const { code, err } = await run("--port", String(server.port));
    await server.close();
    assert.equal(code, 2);
    assert.match(err, /This port is in use/);
  });
});
