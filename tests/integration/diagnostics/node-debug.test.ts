/** NODE_DEBUG=requests: one line an event, on stderr. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { eventLine } from "#internal/diagnostics/lines";
import { httpbin } from "requests-ts/httpbin";

import { runText } from "../../_support/runtime.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

const PROGRAM = `
import { Session } from "requests-ts";
const session = new Session();
await session.get(process.argv.at(-1) + "/redirect/1?token=s3cret", { auth: ["u", "s3cret"] });
await session.close();
`;

describe("NODE_DEBUG=requests", () => {
  let server: Awaited<ReturnType<typeof httpbin>>;
  before(async () => {
    server = await httpbin();
  });
  after(() => server.close());

  async function stderrOf(debug: string): Promise<string> {
    const env = { ...process.env, NODE_DEBUG: debug, NO_COLOR: "1" };
    return (await runText(PROGRAM, [server.url], { cwd: root, env })).stderr;
  }

  it("prints each event as one line, without credentials", async () => {
    const lines = (await stderrOf("requests")).trim().split("\n");
    assert.ok(
      lines.every((line) => /^REQUESTS \d+: /.test(line)),
      lines.join("\n"),
    );
    const events = lines.map((line) => line.replace(/^REQUESTS \d+: /, "").replace(/[\d.]+ ms/g, "N ms"));
    const address = new URL(server.url).host;
    assert.deepEqual(events.slice(0, 5), [
      `request 1: GET ${server.url}/redirect/1?token=***`,
      `connection 1 to ${address} open: dns N ms, connect N ms, tls N ms`,
      "request 1: 302 FOUND on connection 1",
      events[3],
      `redirect 302: GET ${server.url}/redirect/1?token=*** leads to GET ${server.url}/get`,
    ]);
    assert.match(events[3], /^request 1: done: 302, \d+ bytes in N ms$/);
    assert.equal(events.at(-1), "connection 1 to " + address + " closed after 2 requests");
    assert.doesNotMatch(lines.join("\n"), /s3cret/);
  });

  for (const other of ["", "http", "request"])
    it(`prints nothing for NODE_DEBUG=${JSON.stringify(other)}`, async () => {
      assert.doesNotMatch(await stderrOf(other), /REQUESTS/);
    });

  it("escapes control characters of a server", () => {
    const request = { id: 1, method: "GET", url: "http://h/", headers: [], bodySize: 0, attempt: 1 };
    const connection = { id: 1, address: "h:80", proxy: null };
    const line = eventLine("requests:request:head", {
      request,
      connection,
      reused: true,
      statusCode: 200,
      reason: "\x1b[2J\nOK",
      httpVersion: "1.1",
      headers: [],
    });
    assert.equal(line, "request 1: 200 \uFFFD[2J\uFFFDOK on connection 1 (reused)");
  });
});
