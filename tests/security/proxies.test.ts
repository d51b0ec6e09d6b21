/** Credentials for a proxy reach only the proxy, and responses through it are checked like any other. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { InvalidURL, Request, Session, SSLError, type HeadersLike } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";
import { SERVER_KEY_PAIR, TEST_CA } from "#internal/httpbin/certificate";

import { answering, OK, rawTlsServer } from "../_support/raw-server.js";
import { failure, serve, type Received } from "../integration/client/serve.js";
import { sent, startProxy } from "./peers.js";

const secure = await httpbin({ tls: true });
const plain = await serve((request, response) => {
  const location = /^\/to\?(.*)$/.exec(request.target)?.[1];
  if (location === undefined) response.end(JSON.stringify(request));
  else response.writeHead(302, { Location: decodeURIComponent(location) }).end();
});
const directory = mkdtempSync(join(tmpdir(), "requests-security-proxies-"));
const ca = join(directory, "ca.pem");
writeFileSync(ca, TEST_CA);
after(async () => {
  await secure.close();
  await plain.close();
  rmSync(directory, { recursive: true });
});
const to = (location: string): string => `${plain.url}/to?${encodeURIComponent(location)}`;

describe("proxies", () => {
  it("sends Proxy-Authorization in CONNECT only, never inside the tunnel [CVE-2023-32681]", async () => {
    await using proxy = await startProxy();
    await using session = new Session({ proxies: { all: proxy.urlWithPassword }, verify: false });
    const before = secure.requests.length;
    await session.get(`${secure.url}/get`);
    await session.get(to(`${secure.url}/get`));
    for (const { headers } of secure.requests.slice(before)) assert.deepEqual(sent(headers, "proxy-authorization"), []);
    assert.equal(secure.requests.length, before + 2);
    assert.ok(proxy.heads.length > 1);
    for (const head of proxy.heads) assert.match(head, /\r\nProxy-Authorization: Basic d2hvOnNlY3JldA==\r\n/);
  });

  it("drops the proxy's credentials when a redirect bypasses the proxy [GHSA-j5f8-grm9-p9fc]", async () => {
    await using proxy = await startProxy();
    const proxies = { "http://127.0.0.1": proxy.urlWithPassword };
    await using session = new Session({ proxies });
    const received = (await session.get(to(`${plain.localhost}/end`))).json<Received>();
    assert.equal(received.headers["proxy-authorization"], undefined);
    assert.equal(proxy.heads.length, 1, "the second hop went past it");
  });

  it("keeps credentials with their origin when requests go through a proxy [CVE-2026-44431]", async () => {
    await using proxy = await startProxy();
    await using session = new Session({ proxies: { all: proxy.url }, auth: ["user", "password"] });
    const received = (
      await session.get(to(`${plain.localhost}/end`), { headers: { "X-Api-Key": "k" } })
    ).json<Received>();
    assert.equal(received.headers["authorization"], undefined);
    assert.equal(received.headers["x-api-key"], undefined);
    assert.match(proxy.heads[0], /\r\nAuthorization: Basic /, "the first hop had it");
    assert.doesNotMatch(proxy.heads[1], /\r\nAuthorization: /i);
  });

  const containers: Record<string, HeadersLike> = {
    object: { "Proxy-Authorization": "p" },
    pairs: [["proxy-authorization", "p"]],
    "Map [GHSA-6cv7-626c-qhqw-Map]": new Map([["PROXY-Authorization", "p"]]),
    "Headers [GHSA-6cv7-626c-qhqw-Headers]": new Headers({ "Proxy-Authorization": "p" }),
    array: { "Proxy-Authorization": ["p", "q"] },
  };
  for (const [name, headers] of Object.entries(containers))
    it(`sends no Proxy-Authorization through a tunnel, given as ${name}`, async () => {
      await using proxy = await startProxy();
      await using session = new Session({ proxies: { all: proxy.url }, verify: false });
      const prepared = session.prepareRequest(new Request("GET", `${secure.url}/get`, { headers }));
      assert.equal(prepared.headers.has("proxy-authorization"), true, "it was given");
      await session.send(prepared);
      assert.deepEqual(sent(secure.requests.at(-1)!.headers, "proxy-authorization"), []);
    });

  it("verifies the target's certificate through a tunnel [GHSA-pgw7-wx7w-2w33]", async () => {
    await using proxy = await startProxy();
    await using session = new Session({ proxies: { all: proxy.url } });
    const before = secure.requests.length;
    assert.ok((await failure(session.get(`${secure.url}/get`))) instanceof SSLError);
    assert.equal(secure.requests.length, before);
    assert.equal((await session.get(`${secure.url}/get`, { verify: ca })).statusCode, 200);
  });

  it("verifies certificate and host name of an https proxy before sending anything to it [CVE-2021-28363]", async () => {
    await using proxy = await rawTlsServer({ ...SERVER_KEY_PAIR }, answering(OK));
    const proxies = { all: `https://who:secret@127.0.0.1:${proxy.port}` };
    for (const target of [`${plain.url}/x`, `${secure.url}/x`]) {
      await using unknown = new Session({ proxies });
      assert.ok((await failure(unknown.get(target))) instanceof Error);
    }
    // Its certificate is for localhost and 127.0.0.1, and not for this address.
    await using misnamed = new Session({ proxies: { all: `https://127.0.0.2:${proxy.port}` }, verify: ca });
    await failure(misnamed.get(`${plain.url}/x`, { timeout: 2 }));
    for (const peer of proxy.peers) assert.equal(peer.received, "");
    await using known = new Session({ proxies, verify: ca });
    assert.equal((await known.get(`${plain.url}/x`)).text, "ok");
  });

  it("does not use a tunnel made without verification for a verified request [CVE-2024-35195]", async () => {
    await using proxy = await startProxy();
    await using session = new Session({ proxies: { all: proxy.url } });
    assert.equal((await session.get(`${secure.url}/get`, { verify: false })).statusCode, 200);
    assert.ok((await failure(session.get(`${secure.url}/get`))) instanceof SSLError);
  });

  it("writes no control character into CONNECT [urllib3-2.8.0-CONNECT]", async () => {
    await using proxy = await startProxy();
    await using session = new Session({ proxies: { all: proxy.url } });
    for (const host of ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a b", "a%0d%0aX-Evil:1", "a\u2028b", "é\r\n"])
      assert.ok((await failure(session.get(`https://${host}/`))) instanceof InvalidURL, JSON.stringify(host));
    assert.deepEqual(proxy.heads, []);
  });
});
