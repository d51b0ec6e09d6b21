/** The claims of the README's table about this package, and the tests that show them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

import { assertTagged } from "../_support/tags.js";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const NOT_THERE = /^(not yet|–)$/;

/** Row → the file below tests/ and the tag of each test that shows it. */
const SHOWN_BY: Readonly<Record<string, readonly (readonly [file: string, tag: string])[]>> = {
  "Sessions with defaults": [["integration/client/session.test.ts", "session-settings"]],
  "Cookies kept and sent": [
    ["unit/cookies/set-cookie.test.ts", "set-cookie-syntax"],
    ["integration/client/pitfalls.test.ts", "public-suffix-cookies"],
  ],
  "Basic and Digest": [
    ["unit/auth/basic.test.ts", "basic-auth"],
    ["unit/auth/digest.test.ts", "digest-auth"],
  ],
  netrc: [["integration/client/environment.test.ts", "netrc-by-host"]],
  "Proxies from the environment": [["integration/client/environment.test.ts", "proxies-from-environment"]],
  "NO_PROXY with CIDR": [["unit/policy/no-proxy.test.ts", "no-proxy"]],
  SOCKS: [
    ["wire/proxy-socks.test.ts", "socks5h-bytes"],
    ["wire/proxy-socks.test.ts", "socks4-bytes"],
  ],
  "Separate connect timeout": [["wire/timeouts.test.ts", "timeout-connect"]],
  "Total timeout, body included": [["wire/timeouts-total.test.ts", "timeout-total"]],
  Retries: [
    ["unit/policy/retry.test.ts", "retries-number"],
    ["wire/resilience-retries.test.ts", "retry-history"],
  ],
  "X-Api-Key is not sent to another origin on redirects": [
    ["integration/client/redirect-credentials.test.ts", "other-origin-headers"],
  ],
  "Redirect history": [["integration/client/redirects.test.ts", "redirect-history"]],
  "Text by charset (Shift_JIS, windows-1252 …)": [["unit/content/charset.test.ts", "text-by-charset"]],
  "A truncated gzip body is an error": [["integration/client/pitfalls.test.ts", "truncated-gzip"]],
  "Decompression bombs are stopped by default": [["integration/client/pitfalls.test.ts", "decompression-bomb"]],
  "Streams line by line": [["integration/client/streaming.test.ts", "iter-lines-and-json"]],
  "JSON Lines": [["integration/client/streaming.test.ts", "iter-lines-and-json"]],
  "Server-sent events": [
    ["integration/client/streaming.test.ts", "iter-events"],
    ["integration/events/events.test.ts", "sse-reconnects"],
  ],
  "Multipart from plain objects": [["unit/message/body/multipart.test.ts", "multipart-streams"]],
  "JSON checked with a schema": [["integration/client/schemas.test.ts", "json-schema"]],
  "Adapters by URL prefix": [["integration/client/adapters.test.ts", "longest-prefix"]],
  "Mock server in the package": [
    ["integration/testing/mock-adapter.test.ts", "mock-sequence"],
    ["integration/httpbin/server.test.ts", "embedded-httpbin"],
  ],
  "HTTP/2": [["integration/client/http2.test.ts", "http2-alpn"]],
  "Timings per phase": [["integration/client/streaming.test.ts", "timings"]],
};

/** Rows that the tests below compare with the facts. */
const COUNTED = new Set(["Minimum version", "Packages installed"]);

function rows(): readonly (readonly string[])[] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, section = ""] = readme.split("\n## Comparison with other clients\n");
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

  it("has each row in docs/comparison.md, which says how the others were examined", () => {
    const [, ...looked] = cells(readFileSync(join(ROOT, "docs", "comparison.md"), "utf8"));
    assert.deepEqual(
      looked.map(([name]) => name),
      rows().map(([name]) => name),
    );
    for (const [name, what] of looked) assert.match(what ?? "", /^(asked|read|counted)\b/, name);
  });

  it("has the same number of columns in each row", () => {
    assert.ok(rows().length > 20);
    for (const row of rows()) assert.equal(row.length, 8, row[0]);
  });

  for (const [name, tests] of Object.entries(SHOWN_BY))
    for (const [file, tag] of tests) it(`${name}: shown by [${tag}] of ${file}`, () => assertTagged(file, tag));

  it("has the number of installed packages and the minimum version of Node", () => {
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
    assert.equal(cell("Minimum version"), lock.packages[""]?.engines?.node?.replace(/^>=(\d+\.\d+).*$/, "Node $1"));
  });
});
