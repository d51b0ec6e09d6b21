import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

import { SCENES } from "./chapters/index.js";
import { Page } from "./page.js";
import { chapter, NOTHING, playScene, type Scene } from "./scene.js";
import { codeOf, importsOf } from "./source.js";
import { calmEnvironment } from "./stage.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const PLACE = { base: "http://base", lab: "http://lab", folder: "/nowhere" };

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function tour(...args: readonly string[]): Promise<Run> {
  // As a user starts it: what the test runner tells its own processes is not for this one.
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

function lines(text: string): string[] {
  return text.trimEnd().split("\n");
}

describe("npm run tour", () => {
  it("plays every scene without an error, and says so in its last lines", async () => {
    const { status, stdout, stderr } = await tour();
    assert.equal(stderr, "");
    assert.deepEqual(
      lines(stdout).filter((line) => line.includes("✗")),
      [],
    );
    assert.equal(status, 0);
    const [summary, last] = lines(stdout).slice(-2);
    assert.equal(summary, `${SCENES.length} scenes passed, 0 failed`);
    assert.equal(last, `${SCENES.length} passed, 0 failed`);
    assert.equal(stripVTControlCharacters(stdout), stdout, "no colours where there is no terminal");
  });

  it("plays only the requested scenes", async () => {
    const { status, stdout } = await tour("--only", "digest", "--only", "1");
    assert.equal(status, 0);
    assert.equal(lines(stdout).at(-1), "2 passed, 0 failed");
  });

  it("fails when a scene does", async () => {
    // A server that takes everything for a wish for an empty object.
    const server = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${port}`;
    const { status, stdout } = await tour("--base", `${base}/`, "--only", "A GET", "--only", "Lists");
    server.close();
    server.closeAllConnections();
    assert.equal(status, 1);
    const page = lines(stdout);
    assert.ok(page.includes(`  ✓  ${base}/get?item=apple&item=banana&item=cherry&category=fruits`));
    assert.ok(page.includes("  ✗  undefined"));
    assert.ok(page.includes("     expected { item: [ 'apple', 'banana', 'cherry' ], category: 'fruits' }"));
    assert.deepEqual(page.slice(-2), ["1 scenes passed, 1 failed", "1 passed, 1 failed"]);
  });

  it("lists the scenes", async () => {
    const { status, stdout } = await tour("--list");
    assert.equal(status, 0);
    for (const { number, chapter: in_, scene } of SCENES) {
      assert.ok(stdout.includes(`${number}  ${scene.title}\n`), scene.title);
      assert.ok(lines(stdout).includes(in_.title), in_.title);
    }
  });

  it("prints its usage", async () => {
    const { status, stdout } = await tour("--help");
    assert.equal(status, 0);
    for (const option of ["--base", "--only", "--list", "--help"]) assert.ok(stdout.includes(option), option);
  });

  const mistakes: readonly (readonly [args: readonly string[], complaint: RegExp])[] = [
    [["--bsae"], /^tour: Unknown option '--bsae'/],
    [["--base", "127.0.0.1"], /^tour: --base must be a URL/],
    [["--base", "http://127.0.0.1:1"], /^tour: There is no httpbin at http:\/\/127\.0\.0\.1:1/],
    [["--only", "quux"], /^tour: No scene has quux in its title/],
  ];
  for (const [args, complaint] of mistakes)
    it(`reports the mistake in ${args.join(" ")}`, async () => {
      const { status, stdout, stderr } = await tour(...args);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, complaint);
    });
});

describe("a scene", () => {
  const scene = (play: Scene["play"], expected: Scene["expected"]): Scene => ({ title: "A scene", play, expected });
  const verdicts: readonly (readonly [name: string, scene: Scene, ok: boolean])[] = [
    ["prints what it should", scene(async ({ console }) => console.log({ a: 1 }), [{ a: 1 }]), true],
    ["prints a text that matches", scene(async ({ console }) => console.log([1, 2]), [/^\[ 1, 2 \]$/]), true],
    [
      "is expected to know its stage",
      scene(
        async ({ base, console }) => console.log(base),
        (at) => [at.base],
      ),
      true,
    ],
    ["prints another value", scene(async ({ console }) => console.log("1"), [1]), false],
    ["prints a text that does not match", scene(async ({ console }) => console.log("abc"), [/b$/]), false],
    ["prints too little", scene(async () => {}, [1]), false],
    ["prints too much", scene(async ({ console }) => console.log(1), []), false],
    ["throws", scene(() => Promise.reject(new Error("oops")), []), false],
    ["throws undefined", scene(() => Promise.reject(undefined), []), false],
  ];
  for (const [name, it_, ok] of verdicts)
    it(`that ${name} is ${ok ? "right" : "wrong"}`, async () => {
      assert.equal((await playScene(it_, PLACE)).ok, ok);
    });
});

describe("the page", () => {
  function printed(draw: (page: Page) => void, colours = false): string {
    let all = "";
    draw(new Page({ write: (text) => void (all += text), colours, width: 60 }));
    return all;
  }

  it("shows the expected values next to the results", () => {
    const checks = [
      { ok: true, actual: "yes", expected: /y/ },
      { ok: false, actual: 1, expected: 2 },
      { ok: false, actual: NOTHING, expected: /x/ },
      { ok: false, actual: "more", expected: NOTHING },
    ];
    assert.deepEqual(lines(printed((page) => page.outcome({ ok: false, checks, error: undefined }))), [
      "  ✓  yes",
      "  ✗  1",
      "     expected 2",
      "  ✗  nothing was printed",
      "     expected /x/",
      "  ✗  more",
      "     expected nothing more",
    ]);
  });

  it("shows the error that a scene threw", () => {
    const error = new Error("oops");
    const page = printed((it_) => it_.outcome({ ok: false, checks: [], error }));
    assert.equal(lines(page)[0], "  ✗  Error: oops");
  });

  it("names the scenes that failed, and counts them in its last line", () => {
    const page = lines(printed((it_) => it_.summary(3, ["7  Digest"], 1.25)));
    assert.ok(page.includes("  ✗  7  Digest"));
    assert.deepEqual(page.slice(-2), ["3 scenes passed, 1 failed", "3 passed, 1 failed"]);
  });

  it("wraps long texts below their beginning", () => {
    const checks = [{ ok: true, actual: "word ".repeat(30).trim(), expected: /./ }];
    const page = lines(printed((it_) => it_.outcome({ ok: true, checks, error: undefined })));
    assert.equal(page.length, 3);
    for (const line of page) assert.ok(line.length <= 60, line);
    assert.ok(page.slice(1).every((line) => /^ {5}word/.test(line)));
  });

  it("has the same text with colours", () => {
    const draw = (page: Page): void => page.scene(1, "One", ['const a = "b"; // c', "", "await x(`y`, 'z');"]);
    const coloured = printed(draw, true);
    assert.notEqual(coloured, printed(draw));
    assert.equal(stripVTControlCharacters(coloured), printed(draw));
  });
});

describe("the code shown", () => {
  it("is that of the scene, with its imports", () => {
    for (const { chapter: in_, scene } of SCENES) {
      const code = codeOf(in_, scene);
      assert.ok(
        code.some((line) => line.includes("console.log(")),
        scene.title,
      );
      assert.ok(
        code.every((line) => line.length <= 96 && !/\s$/.test(line)),
        `${scene.title}: lines of at most 96 characters`,
      );
      assert.ok(importsOf(in_).some((line) => line.includes('"requests-ts"')));
    }
  });

  it("imports only the package and Node", () => {
    for (const { chapter: in_, scene } of SCENES)
      for (const line of codeOf(in_, scene)) assert.doesNotMatch(line, /\b(fetch|import)\(/, scene.title);
  });

  it("throws when it cannot be found", () => {
    const [first] = SCENES;
    assert.ok(first !== undefined);
    const lost = { ...first.scene, title: "No such scene" };
    assert.throws(() => codeOf(chapter("x", first.chapter.module, [lost]), lost), /"No such scene" is not in/);
  });

  it("has its own title in each scene", () => {
    assert.equal(new Set(SCENES.map(({ scene }) => scene.title)).size, SCENES.length);
  });
});

describe("calmEnvironment", () => {
  it("removes proxies, credentials and certificates of the machine", () => {
    const environment = { no_proxy: "intern.example", NETRC: "/home/me/.netrc", REQUESTS_CA_BUNDLE: "/x" };
    calmEnvironment(environment);
    assert.deepEqual(Object.keys(environment).sort(), ["NETRC", "NO_PROXY"]);
    assert.equal((environment as NodeJS.ProcessEnv)["NO_PROXY"], "127.0.0.1,localhost,intern.example");
    assert.notEqual(environment.NETRC, "/home/me/.netrc");
  });
});
