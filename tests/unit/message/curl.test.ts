/** toCurl(): a command that is safe to paste. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";

import { Request, type RequestInit } from "requests-ts";

const curl = (method: string, url: string, init: RequestInit = {}, credentials?: boolean): string =>
  new Request(method, url, init).prepare().toCurl(credentials === undefined ? {} : { credentials });

describe("toCurl", () => {
  const table: [method: string, url: string, init: RequestInit, expected: string][] = [
    ["GET", "http://h/", {}, "curl http://h/"],
    ["HEAD", "http://h/", {}, "curl --head http://h/"],
    ["DELETE", "http://h/", {}, "curl -X DELETE http://h/"],
    ["GET", "http://h/?a=1&b=2", {}, "curl 'http://h/?a=1&b=2'"],
    ["POST", "http://h/", { data: "it's" }, "curl -X POST -H Content-Type: --data-raw 'it'\\''s' http://h/"],
    ["POST", "http://h/", { data: "@/etc/passwd" }, "curl -X POST -H Content-Type: --data-raw '@/etc/passwd' http://h/"],
    ["GET", "http://[::1]/", { headers: { "Accept-Encoding": "gzip" } }, "curl --globoff --compressed -H 'Accept-Encoding: gzip' 'http://[::1]/'"],
    ["GET", "http+unix://%2Ftmp%2Fa.sock/v1?x=1", {}, "curl --unix-socket /tmp/a.sock 'http://localhost/v1?x=1'"],
    ["GET", "http://h/", { headers: { A: "$(rm -rf /) `x`" } }, "curl -H 'A: $(rm -rf /) `x`' http://h/"],
    ["GET", "http://h/", { headers: { A: "" } }, "curl -H 'A;' http://h/"],
    ["POST", "http://h/", { json: { a: 1 } }, `curl -X POST -H 'Content-Type: application/json' --data-raw '{"a":1}' http://h/`],
    ["POST", "http://h/", { data: Buffer.from([0, 39, 92, 255]) }, "printf '\\000\\047\\134\\377' | curl -X POST -H Content-Type: --data-binary @- http://h/"],
    ["POST", "http://h/", { data: new Set(["a"]) }, "curl -X POST -H Content-Type: --data-binary @- http://h/"],
  ]; // prettier-ignore
  for (const [method, url, init, expected] of table)
    it(expected, () => assert.equal(curl(method, url, init), expected));

  it("masks credentials unless asked for", () => {
    const init = {
      headers: { "X-Api-Key": "s3cret", Cookie: "s3cret=1" },
      auth: ["user", "s3cret"] as [string, string],
    };
    const masked = curl("GET", "http://u:s3cret@h/", init);
    assert.doesNotMatch(masked, /s3cret|dXNlcjpzM2NyZXQ/);
    assert.match(masked, /Authorization: Basic \*\*\*/);
    const shown = curl("GET", "http://u:s3cret@h/", init, true);
    assert.match(shown, /X-Api-Key: s3cret/);
    assert.match(shown, /dXNlcjpzM2NyZXQ=/);
  });

  it("masks what a form, a JSON body and a query tell of credentials", () => {
    const login = { username: "u", password: "s3cret", nested: [{ api_key: "s3cret" }] };
    for (const init of [{ data: { username: "u", password: "s3cret" } }, { json: login }]) {
      assert.doesNotMatch(curl("POST", "http://h/?access_token=s3cret&q=1", init), /s3cret/);
      assert.match(curl("POST", "http://h/?access_token=s3cret&q=1", init), /access_token=\*\*\*&q=1/);
      assert.match(curl("POST", "http://h/", init, true), /s3cret/);
    }
  });

  it("a shell takes it apart into the words that were meant", () => {
    const hostile = '\'; touch /tmp/x; echo "$HOME" `id` \\ ! é';
    const command = curl("POST", "http://h/?q=1", { data: hostile, headers: { A: "x'y" } });
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${command}`])
      .toString()
      .split("\n");
    assert.deepEqual(words.slice(0, -1), [
      "curl",
      "-X",
      "POST",
      "-H",
      "A: x'y",
      "-H",
      "Content-Type:",
      "--data-raw",
      hostile,
      "http://h/?q=1",
    ]);
  });
});
