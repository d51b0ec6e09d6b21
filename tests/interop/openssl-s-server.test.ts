/** A TLS server without any HTTP stack that we know: `openssl s_server`. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import requests, { HTTPAdapter, Session, SSLError } from "requests-ts";

import { Authority, type Identity } from "../_support/certificates.js";
import { startDaemon, whyNot, Workspace, type Daemon } from "../_support/daemons.js";
import { rejection } from "../_support/raw-server.js";

describe("openssl s_server", { skip: whyNot("openssl"), timeout: 60_000 }, () => {
  let workspace: Workspace;
  let authority: Authority;
  let identity: Identity;
  let client: Identity;
  const servers: Daemon[] = [];
  before(() => {
    workspace = new Workspace();
    authority = new Authority(workspace, "root");
    identity = authority.issue("server");
    client = authority.issue("client", { usage: "clientAuth" });
  });
  after(async () => {
    for (const server of servers) await server.close();
    workspace?.[Symbol.dispose]();
  });

  async function start(...options: string[]): Promise<string> {
    const server = await startDaemon(1, (_own, [port]) => ({
      program: "openssl",
      arguments: ["s_server", "-accept", `127.0.0.1:${port}`, "-cert", identity.cert, "-key", identity.key, ...options],
    }));
    servers.push(server);
    return `https://localhost:${server.ports[0]}/`;
  }

  for (const [option, protocol] of [
    ["-tls1_2", "TLSv1.2"],
    ["-tls1_3", "TLSv1.3"],
  ] as const)
    it(`${protocol}: reads the status page, which ends when the connection closes`, async () => {
      const url = await start("-www", option);
      await using session = new Session({ verify: authority.ca });
      for (let round = 0; round < 3; round += 1) {
        const response = await session.get(url);
        assert.equal(response.statusCode, 200);
        assert.equal(response.httpVersion, "1.0");
        assert.equal(response.reused, false);
        assert.match(response.text, /Ciphers supported in s_server binary/);
        assert.match(response.text, new RegExp(`Protocol *: ${protocol}`));
        assert.equal(response.tls?.protocol, protocol);
        assert.ok(response.text.includes(round === 0 ? "\nNew, " : "\nReused, "), response.text);
      }
    });

  it("returns a file", async () => {
    const url = await start("-WWW");
    await using session = new Session({ verify: authority.ca });
    // Of its own directory, which holds nothing: its error is a page, too.
    const response = await session.get(`${url}nothing.txt`);
    assert.match(response.text, /Error opening 'nothing\.txt'/);
  });

  it("is refused with a clear message when it has old TLS only", async () => {
    const url = await start("-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
    const error = await rejection(requests.get(url, { verify: authority.ca }));
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, /have no TLS version in common/);
  });

  for (const option of ["-tls1_2", "-tls1_3"])
    it(`${option.slice(1)}: requires a client certificate in the handshake`, async () => {
      const url = await start("-www", option, "-Verify", "1", "-verify_return_error", "-CAfile", authority.ca);
      const error = await rejection(requests.get(url, { verify: authority.ca }));
      assert.ok(error instanceof SSLError, String(error));
      assert.match(error.message, /want a client certificate/);
      const response = await requests.get(url, { verify: authority.ca, cert: [client.cert, client.key] });
      assert.equal(response.statusCode, 200);
      assert.match(response.text, /requests-ts client/);
    });

  it("is refused with a clear message when no cipher is shared", async () => {
    const url = await start("-www", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384");
    await using session = new Session({ verify: authority.ca });
    session.mount("https://", new HTTPAdapter({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }));
    const error = await rejection(session.get(url));
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, /no cipher|refused the handshake/);
  });

  it("agrees on http/1.1 with ALPN, and is refused when it offers only h2", async () => {
    assert.equal(
      (await requests.get(await start("-www", "-alpn", "http/1.1"), { verify: authority.ca })).statusCode,
      200,
    );
    const url = await start("-www", "-alpn", "h2");
    const error = await rejection(requests.get(url, { verify: authority.ca }));
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, /no application protocol/);
  });
});
