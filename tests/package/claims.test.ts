/** What the README's table says about this package, and which test shows it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const NOT_THERE = /^(not yet|–)$/;

/** Row → file below tests/, and words that stand in it. */
const SHOWN_BY: Readonly<Record<string, readonly (readonly [file: string, words: string])[]>> = {
  "Sessions with defaults": [
    ["integration/client/session.test.ts", "takes every setting, and they are its attributes"],
  ],
  "Cookies kept and sent": [
    ["unit/message/cookies/set-cookie.test.ts", "Set-Cookie, the syntax (§5.6)"],
    ["integration/client/pitfalls.test.ts", "A cookie for a public suffix"],
  ],
  "Basic and Digest": [
    ["unit/auth/basic.test.ts", "HTTPBasicAuth"],
    ["unit/auth/digest.test.ts", "HTTPDigestAuth"],
  ],
  netrc: [["integration/client/environment.test.ts", "netrc is for the host"]],
  "Proxies from the environment": [["integration/client/environment.test.ts", "http_proxy before HTTP_PROXY"]],
  "NO_PROXY with CIDR": [["unit/policy/no-proxy.test.ts", '"fd00::/8"']],
  SOCKS: [
    ["wire/proxy-socks.test.ts", "the exact bytes of socks5h"],
    ["wire/proxy-socks.test.ts", 'scheme: "socks4a"'],
  ],
  "Timeout of connecting alone": [["wire/timeouts.test.ts", '"ConnectTimeout"']],
  "Timeout of the whole call, body included": [["wire/timeouts-total.test.ts", '"TotalTimeout"']],
  Retries: [
    ["unit/policy/retry.test.ts", "n: connections, reads of idempotent methods, and Retry-After"],
    ["wire/resilience-retries.test.ts", "history"],
  ],
  "Custom secrets (X-Api-Key) stay home on redirects": [
    ["integration/client/redirect-credentials.test.ts", "credential headers and a custom Host stay behind"],
  ],
  "Redirect history": [["integration/client/redirects.test.ts", 'describe("history"']],
  "Text by charset (Shift_JIS, windows-1252 …)": [["unit/message/text/charset.test.ts", '"shift_jis"']],
  "A truncated gzip is an error": [["integration/client/pitfalls.test.ts", "/truncate/100000?encoding=gzip"]],
  "Decompression bombs stopped by default": [["integration/client/pitfalls.test.ts", "a bomb is ContentDecodingError"]],
  "Lines of a stream": [["integration/client/streaming.test.ts", "iterLines and iterJson"]],
  "JSON Lines": [["integration/client/streaming.test.ts", "iterLines and iterJson"]],
  "Server-sent events": [
    ["integration/client/streaming.test.ts", "iterEvents"],
    ["integration/events/events.test.ts", "reconnects after a clean end, with the last id"],
  ],
  "Multipart from plain objects": [["unit/message/body/multipart.test.ts", "parts that stream"]],
  "JSON checked by a schema": [["integration/client/schemas.test.ts", "gives what the schema makes of the value"]],
  "Adapters by URL prefix": [["integration/client/adapters.test.ts", "the longest prefix wins"]],
  "Something to test against, in the package": [
    ["integration/testing/mock-adapter.test.ts", "gives a sequence in order, and its last reply again"],
    ["integration/httpbin/server.test.ts", "httpbin("],
  ],
  "Timings per phase": [["integration/client/streaming.test.ts", "response.timings"]],
};

/** What the next tests look at themselves. */
const COUNTED = new Set(["Least version", "Packages installed"]);

function rows(): readonly (readonly string[])[] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, section = ""] = readme.split("\n## Next to other clients\n");
  return cells(section.split("\n## ")[0]).filter(([name]) => name !== "");
}

/** The rows of the tables in a text, without the lines below their heads. */
function cells(markdown: string): readonly (readonly string[])[] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

describe("the README's table", () => {
  it("has a row for each claim, and a test for each row", () => {
    const claimed = rows().filter(([name = "", ours = ""]) => !NOT_THERE.test(ours) && !COUNTED.has(name));
    assert.deepEqual(claimed.map(([name]) => name).sort(), Object.keys(SHOWN_BY).sort());
  });

  it("has for each row what was looked at in the others", () => {
    const [, ...looked] = cells(readFileSync(join(ROOT, "docs", "comparison.md"), "utf8"));
    assert.deepEqual(
      looked.map(([name]) => name),
      rows().map(([name]) => name),
    );
    for (const [name, what] of looked) assert.match(what ?? "", /^(asked|read|counted)\b/, name);
  });

  it("is as wide everywhere", () => {
    assert.ok(rows().length > 20);
    for (const row of rows()) assert.equal(row.length, 8, row[0]);
  });

  for (const [name, places] of Object.entries(SHOWN_BY))
    for (const [file, words] of places)
      it(`${name}: ${file}`, () => {
        assert.ok(readFileSync(join(ROOT, "tests", file), "utf8").includes(words), `${file} has no longer: ${words}`);
      });

  it("counts the packages and says the version of Node as they are", () => {
    const cell = (name: string) => rows().find(([first]) => first === name)?.[1];
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, { dependencies?: Record<string, string>; engines?: { node?: string } }>;
    };
    // The package itself has the empty name. The packages of the workspaces are in the file, too.
    const installed = new Set([""]);
    for (const path of installed)
      for (const name of Object.keys(lock.packages[path]?.dependencies ?? {})) {
        const nested = `${path}/node_modules/${name}`;
        installed.add(nested in lock.packages ? nested : `node_modules/${name}`);
      }
    assert.equal(cell("Packages installed"), String(installed.size));
    assert.equal(cell("Least version"), lock.packages[""]?.engines?.node?.replace(/^>=(\d+\.\d+).*$/, "Node $1"));
  });
});
