/** examples/download.mjs as a user runs it: in a pipe, in a terminal, with Ctrl-C. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { ON_DENO } from "../../_support/runtime.js";
import { serve } from "../client/serve.js";

const program = fileURLToPath(new URL("../../../../examples/download.mjs", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "requests-download-"));
const content = randomBytes(2_000_000);
/** How the next body ends: whole, cut, or not at all. */
let ends: ("whole" | "cut" | "never")[] = [];

function answer(range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  const end = ends.shift() ?? "whole";
  response.setHeader("ETag", '"one"').setHeader("Content-Length", content.length - start);
  if (start > 0) response.setHeader("Content-Range", `bytes ${start}-${content.length - 1}/${content.length}`);
  response.writeHead(start > 0 ? 206 : 200);
  if (end === "whole") response.end(content.subarray(start));
  else response.write(content.subarray(start, start + 700_000), () => end === "cut" && setTimeout(() => response.socket?.destroy(), 20)); // prettier-ignore
}

const server = await serve(({ target, headers }, response) => {
  if (target === "/missing") response.writeHead(404).end("no");
  else answer(headers["range"], response);
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  ends = [];
  for (const name of await readdir(folder)) await rm(join(folder, name));
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it in the folder; `watch` sees the output as it grows, and may stop it. */
async function download(
  args: readonly string[],
  watch: (output: string, interrupt: () => void) => void = () => undefined,
): Promise<Ended> {
  // prettier-ignore
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    // Not child.kill(): Deno then tells the signal, and not how the program ended.
    watch(stdout, () => process.kill(child.pid!, "SIGINT"));
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout, stderr };
}

const url = `${server.url}/data/file.bin`;
const options = { timeout: 30_000 };

describe("examples/download.mjs", options, () => {
  it("saves under the name in the URL, with plain lines without a terminal", async () => {
    const { status, stdout, stderr } = await download([url]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.deepEqual(await readFile(join(folder, "file.bin")), content);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.at(-1), "file.bin: 2.0 MB");
    assert.ok(lines.length > 1 && lines.length <= 13, stdout);
    assert.ok(
      lines.slice(0, -1).every((line) => /^file\.bin: [\d.]+ [kM]?B of 2\.0 MB$/.test(line)),
      stdout,
    );
    assert.ok(!stdout.includes("\x1b"));
  });

  it("continues after a truncation, and checks the digest", async () => {
    ends = ["cut"];
    const cut = await download([url, "other.bin"]);
    assert.equal(cut.status, 1);
    assert.match(cut.stderr, /^Not saved: .*The part received is kept/);
    const digest = createHash("sha256").update(content).digest("hex");
    const { status, stdout } = await download([url, "other.bin", "--sha256", digest]);
    assert.equal(status, 0);
    assert.match(stdout, /other\.bin: 2\.0 MB, continued from [\d.]+ kB\n$/);
    assert.deepEqual(await readFile(join(folder, "other.bin")), content);
    assert.deepEqual(await readdir(folder), ["other.bin"]);
  });

  it("keeps the received part on Ctrl-C, and continues from there", async () => {
    ends = ["never"];
    let interrupted = false;
    const stopped = await download([url], (output, interrupt) => {
      // The second Ctrl-C would end it at once.
      if (output.includes(" of ") && !interrupted) interrupt();
      interrupted ||= output.includes(" of ");
    });
    assert.equal(stopped.status, 130);
    assert.match(stopped.stderr, /^Stopped\. The part received is kept/);
    const { status, stdout } = await download([url]);
    assert.equal(status, 0);
    assert.match(stdout, /continued from/);
    assert.deepEqual(await readFile(join(folder, "file.bin")), content);
  });

  const mistakes: readonly (readonly [args: readonly string[], status: number, message: RegExp])[] = [
    [[], 2, /^Which URL\?\nUsage: /],
    [["file.bin"], 2, /^"file\.bin" is not an http or https URL\n/],
    [[url, "a", "b"], 2, /^One URL and one path/],
    [[url, "--sha1", "x"], 2, /Unknown option '--sha1'/],
    [[`${server.url}/missing`], 1, /^Not saved: 404 Client Error/],
    [[url, "no/such/folder/x"], 1, /^Not saved: there is no folder for no\/such\/folder\/x\n$/],
    [["http://127.0.0.1:1/x"], 1, /^Not saved: .*refused/i],
    [[url, "x", "--sha256", "00"], 1, /^Not saved: .*SHA-256/],
  ];
  for (const [args, expected, message] of mistakes)
    it(`reports the mistake in ${args.map((arg) => arg.replace(server.url, "")).join(" ") || "no arguments"}`, async () => {
      const { status, stderr } = await download(args);
      assert.equal(status, expected, stderr);
      assert.match(stderr, message);
      assert.ok(!/\n\s+at /.test(stderr), "there is a stack");
    });

  const hasScript = spawnSync("script", ["--version"]).status === 0;
  it("draws a bar in a terminal", { skip: hasScript ? false : "not installed here: script (util-linux)" }, async () => {
    // What a shell starts, Deno gives no permissions by itself.
    const command = `"${process.execPath}" ${ON_DENO ? "run -A" : ""} "${program}" "${url}"`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    let screen = "";
    child.stdout.on("data", (chunk: Buffer) => (screen += chunk.toString()));
    const [status] = (await once(child, "close")) as [number | null];
    assert.equal(status, 0, screen);
    assert.match(screen, /█/);
    assert.match(screen, /100% 2\.0 MB of 2\.0 MB/);
    assert.match(screen, /file\.bin: 2\.0 MB\r\n/);
    assert.ok(screen.includes("\x1b[?25h"), "the cursor is shown again");
  });
});
