/** Options that the caller did not set, URLs outside of the base, files of others, authorities that were not given. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { HTTPAdapter, InvalidSchema, InvalidURL, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";
import { CLIENT_KEY_PAIR, TEST_CA } from "#internal/httpbin/certificate";
import { ownOptions } from "#internal/options/own-options";

import { failure, serve } from "../integration/client/serve.js";
import { runNode, runProgram } from "../package/child.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "requests-security-options-"));
const echo = await serve();
after(async () => {
  await echo.close();
  rmSync(directory, { recursive: true });
});

describe("prototype pollution", () => {
  it("ignores properties of Object.prototype when it sends a request [axios-10760]", { timeout: 60_000 }, async () => {
    const program = fileURLToPath(new URL("pollution-program.js", import.meta.url));
    const { stdout } = await runNode(["--no-warnings", program], root);
    const { clean, names, different } = JSON.parse(stdout) as {
      clean: Record<string, string>;
      names: number;
      different: string[];
    };
    assert.ok(names > 40);
    for (const [call, outcome] of Object.entries(clean))
      if (call !== "a certificate of an unknown authority") assert.match(outcome, /^\[\["(GET|POST) .*\],""\]$/, call);
    assert.match(clean["a certificate of an unknown authority"], /^\[\[\],"SSLError/);
    assert.deepEqual(different, []);
  });

  it("accepts options that are inherited from an object of the caller", () => {
    const options = Object.create({ verify: false }) as { verify?: boolean; evil?: number };
    assert.equal(ownOptions(options), options, "nothing is copied as long as Object.prototype is in order");
    Object.defineProperty(Object.prototype, "evil", { value: 1, configurable: true, enumerable: true });
    try {
      const own = ownOptions(options);
      assert.equal(own.verify, false);
      assert.equal(own.evil, undefined);
      assert.equal("evil" in own, false);
    } finally {
      Reflect.deleteProperty(Object.prototype, "evil");
    }
  });
});

describe("baseUrl", () => {
  it("reaches no other host when the session has an adapter for its baseUrl only [CVE-2025-27152]", async () => {
    await using other = await serve();
    await using session = new Session({ baseUrl: `${echo.url}/v1`, headers: { Authorization: "secret" } });
    session.adapters.clear();
    session.mount(echo.url, new HTTPAdapter());
    assert.equal((await session.get("users")).json<{ target: string }>().target, "/v1/users");
    for (const url of [
      `${other.url}/x`,
      `http://127.0.0.1.evil.test:${echo.port}/`,
      `http://127.0.0.1:${echo.port}@${other.url.slice(7)}/`,
    ])
      assert.ok((await failure(session.get(url))) instanceof InvalidSchema, url);
    assert.equal(other.requests.length, 0);
  });

  for (const url of [
    "//evil.test/x",
    "\\\\evil.test/x",
    "/\\evil.test/x",
    "/\t/evil.test/x",
    "\t//evil.test",
    "///evil.test",
  ])
    it(`keeps ${JSON.stringify(url)} below baseUrl, or throws InvalidURL [CVE-2024-39338]`, async () => {
      await using session = new Session({ baseUrl: `${echo.url}/v1` });
      const outcome = await session.get(url).catch((error: unknown) => error);
      if (outcome instanceof Error) assert.ok(outcome instanceof InvalidURL, String(outcome));
      else assert.match((outcome as { url: string }).url, new RegExp(`^${echo.url}/v1/`));
    });
});

describe("files", () => {
  it("writes to a temporary file with a random name and follows no symbolic link [CVE-2026-25645]", async () => {
    const path = join(directory, "saved");
    const victim = join(directory, "victim");
    writeFileSync(victim, "untouched");
    symlinkSync(victim, `${path}.part`);
    symlinkSync(victim, `${path}.part.json`);
    await using server = await serve(
      (_request, response) => response.writeHead(200, { ETag: '"1"' }).end("content") as never,
    );
    await using session = new Session();
    const names = new Set<string>();
    for (const resume of [false, true, false]) {
      const response = await session.get(server.url, { stream: true });
      const onProgress = (): void => {
        for (const name of readdirSync(directory)) names.add(name);
      };
      await response.saveTo(path, { resume, onProgress });
      assert.equal(readFileSync(path, "utf8"), "content");
    }
    assert.equal(readFileSync(victim, "utf8"), "untouched");
    assert.equal([...names].filter((name) => /^saved\.[0-9a-f]{16}\.part$/.test(name)).length, 2);
  });
});

describe("certificate authorities", () => {
  it("trusts only the given CA file, whatever the process trusts [CVE-2019-11324]", async () => {
    await using server = await httpbin({ tls: true });
    const trusted = join(directory, "trusted.pem");
    const other = join(directory, "other.pem");
    writeFileSync(trusted, TEST_CA);
    writeFileSync(other, CLIENT_KEY_PAIR.cert);
    const program = `
      import requests from "requests-ts";
      const ends = (options) => requests.get("${server.url}/get", options).then((one) => one.statusCode, (error) => error.name);
      console.log(JSON.stringify([await ends({}), await ends({ verify: ${JSON.stringify(other)} })]));
      process.exit();`;
    const variables = [`NODE_EXTRA_CA_CERTS=${trusted}`, process.execPath];
    const { stdout } = await runProgram("env", [...variables, "--input-type=module", "--eval", program], root);
    assert.deepEqual(JSON.parse(stdout), [200, "SSLError"]);
  });
});
