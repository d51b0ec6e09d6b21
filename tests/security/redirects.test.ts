/** What a redirect may not carry away. One test for each advisory that no other test covers; docs/security.md lists all. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { ContentTooLarge, InvalidSchema, Session, type RequestOptions } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve, type Received } from "../integration/client/serve.js";

function answer(request: Received, response: ServerResponse): void {
  const [, status, location] = /^\/to\/(\d+)\?(.*)$/.exec(request.target) ?? [];
  if (request.target === "/large") response.end(Buffer.alloc(100_000));
  else if (location === undefined) response.end(JSON.stringify(request));
  else
    response
      .writeHead(Number(status), { Location: decodeURIComponent(location), "Set-Cookie": "session=secret; Path=/" })
      .end("moved");
}
const here = await serve(answer);
const there = await serve(answer);
const directory = await mkdtemp(join(tmpdir(), "requests-security-"));
after(async () => {
  await here.close();
  await there.close();
  await rm(directory, { recursive: true });
});

const via = (location: string, status = 302): string => `${here.url}/to/${status}?${encodeURIComponent(location)}`;

async function arrives(url: string, options: RequestOptions = {}, method = "GET"): Promise<Received> {
  await using session = new Session();
  return (await session.request(method, url, options)).json<Received>();
}

describe("redirects", () => {
  it("does not send the first host's cookie to the second host [CVE-2015-2296]", async () => {
    const received = await arrives(via(`${here.localhost}/end`));
    assert.equal(received.headers["cookie"], undefined);
    assert.equal((await arrives(via("/end"))).headers["cookie"], "session=secret", "but it is the first one's");
  });

  it("sends no credentials from https to http of the same host [CVE-2018-18074]", async () => {
    await using secure = await httpbin({ tls: true });
    const url = `${secure.url}/redirect-to?url=${encodeURIComponent(`${there.url}/end`)}`;
    const received = await arrives(url, { auth: ["user", "password"], headers: { "X-Api-Key": "k" }, verify: false });
    assert.equal(received.headers["authorization"], undefined);
    assert.equal(received.headers["x-api-key"], undefined);
    assert.ok(
      secure.requests[0].headers.some(([name]) => name === "Authorization"),
      "the first hop had it",
    );
  });

  for (const [name, headers] of [
    ["upper case", { AUTHORIZATION: "a", COOKIE: "c=1", "PROXY-AUTHORIZATION": "p", "X-API-KEY": "k" }],
    ["mixed case", { aUTHORIZATION: "a", cOOKIE: "c=1", "proxy-Authorization": "p", "x-aPI-kEY": "k" }],
  ] as const)
    it(`removes credential headers whose names are in ${name} [CVE-2018-25091]`, async () => {
      const received = await arrives(via(`${there.url}/end`), { headers });
      for (const secret of ["authorization", "proxy-authorization", "x-api-key"])
        assert.equal(received.headers[secret], undefined, secret);
      // Cookies know no port (RFC 6265 §8.5): what the first server set is there, and what the caller gave is not.
      assert.equal(received.headers["cookie"], "session=secret");
    });

  it("removes the body and the headers that describe it on a 303 [CVE-2023-45803]", async () => {
    for (const options of [
      { json: { secret: 1 } },
      { data: "secret", headers: { Digest: "d", "Content-Language": "en" } },
    ]) {
      const received = await arrives(via("/end", 303), options, "POST");
      assert.deepEqual([received.method, received.body], ["GET", ""]);
      for (const name of ["content-length", "content-type", "transfer-encoding", "digest", "content-language"])
        assert.equal(received.headers[name], undefined, name);
    }
  });

  it("applies maxResponseSize after a redirect [CVE-2020-15168]", async () => {
    await using session = new Session();
    for (const stream of [false, true]) {
      const call = session.get(via("/large"), { maxResponseSize: 1000, stream }).then((response) => response.read());
      assert.ok((await failure(call)) instanceof ContentTooLarge);
    }
  });

  it("applies maxResponseSize when redirects are off [axios-10753]", async () => {
    await using session = new Session({ maxRedirects: 0 });
    for (const allowRedirects of [false, true]) {
      const call = session.get(`${here.url}/large`, { maxResponseSize: 1000, allowRedirects });
      assert.ok((await failure(call)) instanceof ContentTooLarge);
    }
  });

  it("turns no cookie into a header, for any host [CVE-2023-45857]", async () => {
    await using session = new Session({ cookies: { "XSRF-TOKEN": "secret" } });
    const received = (await session.get(`${there.url}/end`)).json<Received>();
    assert.ok(!received.pairs.some(([name]) => /xsrf|csrf/i.test(name)));
    const moved = await arrives(via(`${there.url}/end`), { headers: { "X-XSRF-TOKEN": "secret" } });
    assert.equal(moved.headers["x-xsrf-token"], undefined);
  });

  for (const scheme of ["http+unix", "HTTP+UNIX"])
    it(`refuses a redirect to ${scheme} [CVE-2022-33987]`, async () => {
      const path = join(directory, "s");
      let accepted = 0;
      const local = createServer(() => (accepted += 1));
      await new Promise<void>((resolve) => local.listen(path, resolve));
      const error = await failure(arrives(via(`${scheme}://${encodeURIComponent(path)}/x`)));
      assert.ok(error instanceof InvalidSchema, String(error));
      assert.match(error.message, /Unix sockets are reached only by a URL of the caller's own/);
      assert.equal(accepted, 0);
      await new Promise((resolve) => local.close(resolve));
    });

  it("treats two Unix sockets as two origins [got-e5659d40]", () => {
    const session = new Session();
    assert.equal(session.shouldStripAuth("http+unix://%2Fa/x", "http+unix://%2Fb/x"), true);
    assert.equal(session.shouldStripAuth("http+unix://%2Fa/x", "http+unix://%2Fa/y"), false);
  });

  for (const location of ["file:///etc/passwd", "data:text/plain,x", "ftp://127.0.0.1/", "javascript:1", "unix:/s"])
    it(`refuses a redirect to ${location} [redirect-to-other-schemes]`, async () => {
      assert.ok((await failure(arrives(via(location)))) instanceof InvalidSchema);
    });

  it("looks up netrc for the host that it connects to [CVE-2024-47081]", async () => {
    const netrc = join(directory, "netrc");
    await writeFile(netrc, "machine example.com login user password secret\n");
    process.env["NETRC"] = netrc;
    await new Promise((resolve) => setImmediate(resolve));
    for (const userinfo of ["example.com:@", "example.com@", "example.com:80@", "user:example.com:@"]) {
      const received = await arrives(`http://${userinfo}127.0.0.1:${there.port}/end`);
      const credentials = Buffer.from((received.headers["authorization"] ?? "").slice(6), "base64").toString();
      assert.doesNotMatch(credentials, /secret/, userinfo);
    }
    assert.equal((await arrives(`${there.url}/example.com`)).headers["authorization"], undefined);
  });
});
