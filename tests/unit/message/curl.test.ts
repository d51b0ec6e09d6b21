/** toCurl(): a command that is safe to paste. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { PreparedRequest, Request, type RequestParts } from "requests-ts";
import { insideRequest } from "requests-ts/extend";

const curl = (method: string, url: string, init: RequestParts = {}, credentials?: boolean): string =>
  new Request(method, url, init).prepare().toCurl(credentials === undefined ? {} : { credentials });

describe("toCurl", () => {
  const table: [method: string, url: string, init: RequestParts, expected: string][] = [
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

  it("masks credentials by default", () => {
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

  it("masks secrets in a form, a JSON body and a query", () => {
    const login = { username: "u", password: "s3cret", nested: [{ api_key: "s3cret" }] };
    for (const init of [{ data: { username: "u", password: "s3cret" } }, { json: login }]) {
      assert.doesNotMatch(curl("POST", "http://h/?access_token=s3cret&q=1", init), /s3cret/);
      assert.match(curl("POST", "http://h/?access_token=s3cret&q=1", init), /access_token=\*\*\*&q=1/);
      assert.match(curl("POST", "http://h/", init, true), /s3cret/);
    }
  });

  it("masks secrets in nested, multipart, line-based and binary bodies, and in the session's credentialHeaders", () => {
    const bodies: RequestParts[] = [
      { json: { password: ["s3cret"], token: { value: "s3cret" } } },
      { data: { "user[password]": "s3cret" } },
      { files: { password: [null, "s3cret"], file: ["a.bin", Buffer.from([0, 255])] } },
      { data: '{"token":"s3cret"}\n{"token":"s3cret"}\n', headers: { "Content-Type": "application/x-ndjson" } },
      { data: "password=s3cret" },
      { data: Buffer.concat([Buffer.from('{"token":"s3cret"}'), Buffer.from([0])]) },
    ];
    for (const init of bodies) {
      const command = curl("POST", "https://s3cret@h/#access_token=s3cret", init);
      assert.doesNotMatch(command, /s3cret/);
      assert.match(command, /\*\*\*/);
    }
    const encoded = { data: gzipSync('{"token":"s3cret"}'), headers: { "Content-Encoding": "gzip" } };
    assert.match(curl("POST", "http://h/", encoded), /--data-binary @- http:/);
    const prepared = new Request("GET", "http://h/", { headers: { "X-Mine": "s3cret" } }).prepare();
    insideRequest.setCredentialHeaders(prepared, ["X-Mine"]);
    assert.doesNotMatch(prepared.copy().toCurl(), /s3cret/);
    assert.match(prepared.toCurl({ credentials: true }), /s3cret/);
  });

  it("shows the URL of a Unix socket unmasked with secrets: true", () => {
    const url = "http+unix://%2Ftmp%2Fa.sock/v1?token=s3cret";
    assert.match(curl("GET", url), /token=\*\*\*/);
    assert.match(curl("GET", url, {}, true), /token=s3cret/);
  });
});

describe("a shell", () => {
  const shells = ["sh", "dash", "bash", "ksh", "zsh", "busybox"].filter((shell) => canRun(shell));

  /** The arguments that curl gets, and its standard input, as latin-1 text. */
  function run(shell: string, command: string): { readonly words: string[]; readonly input: string } {
    const fake = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\0'; case "$*" in *@-*) cat;; esac; }`;
    const [file, ...before] = shell === "busybox" ? ["busybox", "sh"] : [shell];
    const output = execFileSync(file, [...before, "-c", `${fake}\n${command}`], { encoding: "latin1", input: "" });
    const end = output.indexOf("\0\0");
    return { words: output.slice(0, end).split("\0"), input: output.slice(end + 2) };
  }

  const bytes = (text: string): string => Buffer.from(text).toString("latin1");
  const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  const hostile = '\'; touch /tmp/x; echo "$HOME" `id` $(id) \\ ! !! % %s %d \\n # ~ * ? [a] {a,b} é';
  const cases: readonly {
    readonly url?: string;
    readonly headers?: Record<string, string>;
    readonly data?: string | Buffer;
    readonly words: readonly string[];
    readonly input?: string;
  }[] = [
    { headers: { A: hostile }, words: ["-H", `A: ${hostile}`, "http://h/"] },
    { headers: { A: "a\tb" }, words: ["-H", "A: a\tb", "http://h/"] },
    { headers: { A: "a\x7f\x80\x9b'!$(id)" }, words: ["-H", "A: a\x7f\x80\x9b'!$(id)", "http://h/"] },
    { headers: { "-o": "x" }, words: ["-H", "-o: x", "http://h/"] },
    { data: hostile, words: ["-X", "POST", "-H", "Content-Type:", "--data-raw", bytes(hostile), "http://h/"] },
    { data: "-a\nb\n\n", words: ["-X", "POST", "-H", "Content-Type:", "--data-raw", "-a\nb\n\n", "http://h/"] },
    ...[all, ...["-n\x01", "--\x01", "-v a[$(id)]\x01", "\x001", "%\x01", "\x01\n\n", "!\x01"].map((text) => Buffer.from(text))].map(
      (data) => ({
        data,
        words: ["-X", "POST", "-H", "Content-Type:", "--data-binary", "@-", "http://h/"],
        input: data.toString("latin1"),
      }),
    ),
    { url: "-o:/tmp/x", words: ["--url", "-o:/tmp/x"] },
    { url: "--config:x", words: ["--url", "--config:x"] },
    { url: "mailto:`id`'@h", words: ["mailto:`id`'@h"] },
  ]; // prettier-ignore
  for (const shell of shells)
    for (const { url = "http://h/", headers = {}, data, words, input = "" } of cases)
      it(`splits a command into the right words: ${shell}, ${JSON.stringify(words).slice(0, 70)}`, () => {
        const prepared = new PreparedRequest();
        prepared.method = data === undefined ? "GET" : "POST";
        prepared.url = url;
        for (const [name, value] of Object.entries(headers)) prepared.headers.append(name, value);
        if (data !== undefined) prepared.prepareBody(data);
        assert.deepEqual(run(shell, prepared.toCurl({ credentials: true })), { words, input });
      });

  it("is found, at least sh", () => assert.ok(shells.includes("sh")));
});

function canRun(shell: string): boolean {
  return spawnSync(shell, shell === "busybox" ? ["sh", "-c", ":"] : ["-c", ":"]).status === 0;
}
