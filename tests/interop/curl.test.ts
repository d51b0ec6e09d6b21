/** What toCurl() prints, pasted into bash: curl sends the same request. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { Request, Session, type RequestParts } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

const run = promisify(execFile);
const missing = spawnSync("curl", ["--version"]).status === 0 ? false : "curl is not installed: apt-get install curl";

/** What httpbin says of a request. */
interface Echo {
  readonly method: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly data: string;
  readonly form: Readonly<Record<string, unknown>>;
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

const HOSTILE = '\'; touch /tmp/requests-ts-curl; echo "$HOME" `id` $(id) \\ ! é\nsecond line %s %';

describe("toCurl in bash", { skip: missing }, () => {
  let server: Awaited<ReturnType<typeof httpbin>>;
  before(async () => {
    server = await httpbin();
  });
  after(() => server.close());

  const table: readonly (readonly [string, string, string, RequestParts])[] = [
    ["a GET with a query", "GET", "/anything?a=1&b=it's&c=%20x", {}],
    ["brackets and braces, which curl would expand", "GET", "/anything?a[]=1&b[1-3]=2&c={x,y}", {}],
    ["a JSON body", "POST", "/anything", { json: { text: HOSTILE, list: [1, null, "ü"] } }],
    ["a form", "PUT", "/anything", { data: { a: HOSTILE, b: "2" } }],
    ["text without a type", "POST", "/anything", { data: HOSTILE }],
    ["text that curl would take for a file", "PATCH", "/anything", { data: "@/etc/passwd" }],
    ["every byte", "POST", "/anything", { data: Buffer.from(Array.from({ length: 256 }, (_one, at) => at)) }],
    ["no body where one is usual", "POST", "/anything", {}],
    ["a DELETE with a body", "DELETE", "/anything", { json: {} }],
    [
      "headers with quotes and dollars",
      "GET",
      "/anything",
      { headers: { "X-A": `it's "$HOME" \`id\` $(id) \\ !`, "X-B": "a\tb" } },
    ],
    ["credentials", "GET", "/anything", { auth: ["user", "pa'ss$word"], cookies: { a: "1" } }],
    [
      "multipart",
      "POST",
      "/anything",
      { files: { file: ["a.bin", Buffer.from([0, 1, 2, 255]), "application/octet-stream"] } },
    ],
  ];
  for (const [what, method, path, init] of table)
    it(`sends the same: ${what}`, async () => {
      await using session = new Session();
      const prepared = session.prepareRequest(new Request(method, server.url + path, init));
      const ours = (await session.send(prepared)).json<Echo>();
      const command = prepared.toCurl({ credentials: true });
      const { stdout } = await run("bash", ["-c", `${command} --silent --show-error --noproxy '*'`]);
      const theirs = JSON.parse(stdout) as Echo;
      assert.deepEqual(comparable(theirs), comparable(ours), command);
      assert.equal(theirs.method, method);
    });

  it("sends only HEAD for a HEAD request", async () => {
    await using session = new Session();
    const prepared = session.prepareRequest(new Request("HEAD", `${server.url}/anything`));
    const { stdout } = await run("bash", ["-c", `${prepared.toCurl()} --silent --noproxy '*'`]);
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n/);
  });

  it("masks credentials by default", async () => {
    const session = new Session();
    const prepared = session.prepareRequest(new Request("GET", `${server.url}/anything`, { auth: ["user", "s3cret"] }));
    const { stdout } = await run("bash", ["-c", `${prepared.toCurl()} --silent --noproxy '*'`]);
    assert.equal((JSON.parse(stdout) as Echo).headers["Authorization"], "Basic ***");
  });
});

/** Without the framing, which is curl's own. */
function comparable({ method, args, data, form, json, headers }: Echo): unknown {
  const { "Transfer-Encoding": _coding, "Content-Length": _length, ...rest } = headers;
  return { method, args, data, form, json, headers: rest };
}
