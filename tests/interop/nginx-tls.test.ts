/** Versions, ciphers, client certificates, resumption and key log: nginx. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import requests, { HTTPAdapter, Session, SSLError, type ClientCertificate, type HTTPAdapterOptions } from "requests-ts";

import { Authority, encryptedKey, joined, pkcs12, type Identity } from "../_support/certificates.js";
import { whyNot, Workspace, type Daemon } from "../_support/daemons.js";
import { startNginx } from "../_support/nginx.js";
import { rejection } from "../_support/raw-server.js";

/** What each server asks for. */
const SERVERS = {
  old: "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384;",
  new: "ssl_protocols TLSv1.3;",
  oldMutual: "ssl_protocols TLSv1.2; ssl_verify_client on; ssl_client_certificate CLIENTS;",
  newMutual: "ssl_protocols TLSv1.3; ssl_verify_client on; ssl_client_certificate CLIENTS;",
  oldTickets: "ssl_protocols TLSv1.2; ssl_session_tickets on;",
  newTickets: "ssl_protocols TLSv1.3; ssl_session_tickets on;",
  oldCache: "ssl_protocols TLSv1.2; ssl_session_tickets off; ssl_session_cache shared:one:1m;",
} as const;
type Kind = keyof typeof SERVERS;
const NAMES = Object.keys(SERVERS) as Kind[];
const PASSPHRASE = "open sesame";

describe("nginx with TLS", { skip: whyNot("nginx", "openssl"), timeout: 60_000 }, () => {
  let workspace: Workspace;
  let nginx: Daemon;
  let root: Authority;
  let client: Identity;
  let stranger: Identity;
  before(async () => {
    workspace = new Workspace();
    root = new Authority(workspace, "root");
    const clients = new Authority(workspace, "clients");
    const server = root.issue("server");
    client = clients.issue("client", { usage: "clientAuth" });
    stranger = root.issue("stranger", { usage: "clientAuth" });
    nginx = await startNginx(NAMES.length, (ports) =>
      NAMES.map(
        (name, at) => `server {
    listen 127.0.0.1:${ports[at]} ssl;
    ssl_certificate ${server.cert};
    ssl_certificate_key ${server.key};
    ${SERVERS[name].replace("CLIENTS", clients.ca)}
    location / { return 200 "$ssl_protocol $ssl_session_reused $ssl_client_verify $ssl_client_s_dn"; }
  }`,
      ).join("\n"),
    );
  });
  after(async () => {
    await nginx?.close();
    workspace?.[Symbol.dispose]();
  });

  function addressOf(kind: Kind): string {
    return `localhost:${nginx.ports[NAMES.indexOf(kind)]}`;
  }

  function urlOf(kind: Kind): string {
    return `https://${addressOf(kind)}/`;
  }

  function session(options: HTTPAdapterOptions = {}): Session {
    const own = new Session({ verify: root.ca });
    own.mount("https://", new HTTPAdapter(options));
    return own;
  }

  for (const [kind, protocol] of [
    ["old", "TLSv1.2"],
    ["new", "TLSv1.3"],
  ] as const)
    it(`accepts a server with ${protocol} only`, async () => {
      await using own = session();
      const response = await own.get(urlOf(kind));
      assert.equal(response.text, `${protocol} . NONE `);
      assert.equal(response.tls?.protocol, protocol);
      assert.match(response.tls?.cipher ?? "", /AES|CHACHA/);
    });

  it("minVersion refuses TLS 1.2 with a clear message", async () => {
    await using own = session({ minVersion: "TLSv1.3" });
    assert.equal((await own.get(urlOf("new"))).statusCode, 200);
    const error = await rejection(own.get(urlOf("old")));
    assert.ok(error instanceof SSLError);
    assert.equal(error.phase, "tls");
    assert.match(error.message, new RegExp(`${addressOf("old")} and this client have no TLS version in common`));
    assert.match(error.message, /minVersion/);
  });

  it("ciphers: uses the configured cipher, and refuses a server without it", async () => {
    await using one = session({ ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" });
    assert.equal((await one.get(urlOf("old"))).tls?.cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
    await using none = session({ ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" });
    const error = await rejection(none.get(urlOf("old")));
    assert.ok(error instanceof SSLError);
    assert.match(error.message, /refused the handshake|cipher/);
  });

  it("ciphers that OpenSSL does not know throw SSLError before a socket opens", async () => {
    await using own = session({ ciphers: "NO-SUCH-CIPHER" });
    const error = await rejection(own.get("https://127.0.0.1:1/"));
    assert.ok(error instanceof SSLError);
    assert.match(error.message, /OpenSSL knows none of the ciphers "NO-SUCH-CIPHER"/);
  });

  describe("client certificates", () => {
    const forms: Readonly<Record<string, () => ClientCertificate>> = {
      "one PEM file with both": () => workspace.write("both.pem", joined(client.cert, client.key)),
      "one PEM file, the key first": () => workspace.write("key-first.pem", joined(client.key, client.cert)),
      "a pair of paths": () => [client.cert, client.key],
      "paths in an object": () => ({ cert: client.cert, key: client.key }),
      "PEM text": () => ({ cert: readFileSync(client.cert, "utf8"), key: readFileSync(client.key, "utf8") }),
      "PEM bytes": () => ({ cert: readFileSync(client.cert), key: new Uint8Array(readFileSync(client.key)) }),
      "an encrypted key": () => ({ cert: client.cert, key: encryptedKey(client, PASSPHRASE), passphrase: PASSPHRASE }),
      "a PKCS#12 file": () => ({ pfx: pkcs12(client, PASSPHRASE), passphrase: PASSPHRASE }),
      "PKCS#12 bytes": () => ({ pfx: readFileSync(pkcs12(client, PASSPHRASE)), passphrase: PASSPHRASE }),
    };

    for (const [title, cert] of Object.entries(forms))
      it(title, async () => {
        for (const kind of ["oldMutual", "newMutual"] as const) {
          const response = await requests.get(urlOf(kind), { verify: root.ca, cert: cert() });
          assert.match(response.text, /SUCCESS CN=requests-ts client$/);
        }
      });

    for (const kind of ["oldMutual", "newMutual"] as const)
      it(`missing at ${kind}: nginx returns its own error`, async () => {
        // nginx ends the handshake without one, and refuses with a page of its own.
        const response = await requests.get(urlOf(kind), { verify: root.ca });
        assert.equal(response.statusCode, 400);
        assert.match(response.text, /No required SSL certificate was sent/);
      });

    it("of an authority that the server does not know are refused", async () => {
      const response = await requests.get(urlOf("newMutual"), { verify: root.ca, cert: [stranger.cert, stranger.key] });
      assert.equal(response.statusCode, 400);
      assert.match(response.text, /The SSL certificate error/);
    });

    const faults: readonly (readonly [string, () => ClientCertificate, RegExp])[] = [
      [
        "a key of another certificate",
        () => [client.cert, stranger.key],
        /the key does not belong to the certificate \(.*client\.pem, .*stranger\.key\)/,
      ],
      [
        "a certificate that is not there",
        () => ["/nowhere/client.pem", client.key],
        /Could not find the TLS certificate file, invalid path: \/nowhere\/client\.pem/,
      ],
      [
        "a key that is not there",
        () => [client.cert, "/nowhere/client.key"],
        /Could not find the TLS key file, invalid path: \/nowhere\/client\.key/,
      ],
      ["a directory as certificate", () => [workspace.path, client.key], /Could not read the TLS certificate file/],
      ["a certificate without a key", () => client.cert, /cannot be used \(.*client\.pem\)/],
      [
        "an encrypted key without a passphrase",
        () => [client.cert, encryptedKey(client, PASSPHRASE)],
        /cannot be decrypted: wrong or missing passphrase \(.*encrypted\)/,
      ],
      [
        "a wrong passphrase",
        () => ({ cert: client.cert, key: encryptedKey(client, PASSPHRASE), passphrase: "wrong horse" }),
        /wrong or missing passphrase/,
      ],
      [
        "a wrong passphrase of PKCS#12",
        () => ({ pfx: pkcs12(client, PASSPHRASE), passphrase: "wrong horse" }),
        /wrong or missing passphrase \(.*\.p12\)/,
      ],
      ["no passphrase for PKCS#12", () => ({ pfx: pkcs12(client, PASSPHRASE) }), /wrong or missing passphrase/],
      ["PKCS#12 that is none", () => ({ pfx: Buffer.from("Hello") }), /cannot be used \(given in memory\)/],
      [
        "PEM that is none",
        () => ({ cert: Buffer.from("Hello"), key: Buffer.from("World") }),
        /cannot be used \(given in memory\)/,
      ],
    ];
    for (const [title, cert, words] of faults)
      it(`${title}: throws SSLError before a socket opens`, async () => {
        const error = await rejection(requests.get("https://127.0.0.1:1/", { cert: cert() }));
        assert.ok(error instanceof SSLError, String(error));
        assert.equal(error.phase, "tls");
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /sesame|wrong horse/);
      });

    it("requests with a client certificate use separate connections", async () => {
      await using own = session();
      const cert: ClientCertificate = [client.cert, client.key];
      assert.equal((await own.get(urlOf("newMutual"), { cert })).statusCode, 200);
      const anonymous = await own.get(urlOf("newMutual"));
      assert.equal(anonymous.reused, false);
      assert.equal(anonymous.statusCode, 400);
      const again = await own.get(urlOf("newMutual"), { cert });
      assert.equal(again.reused, true);
      assert.equal(again.statusCode, 200);
    });

    it("a TLS session is never resumed with another client certificate", async () => {
      await using own = session();
      const cert: ClientCertificate = [client.cert, client.key];
      const headers = { Connection: "close" };
      assert.equal((await own.get(urlOf("newMutual"), { cert, headers })).statusCode, 200);
      assert.equal((await own.get(urlOf("newMutual"), { headers })).statusCode, 400);
    });
  });

  for (const kind of ["oldTickets", "newTickets", "oldCache"] as const)
    it(`a TLS session is resumed: ${kind}`, async () => {
      await using own = session();
      const seen: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        const response = await own.get(urlOf(kind), { headers: { Connection: "close" } });
        assert.equal(response.reused, false);
        seen.push(response.text.split(" ")[1]);
        // Resumed or not, one may look at the certificate.
        assert.match(JSON.stringify(response.tls?.peerCertificate), /requests-ts server/);
      }
      assert.deepEqual(seen, [".", "r", "r", "r"]);
    });

  it("SSLKEYLOGFILE receives the secrets of each connection, readable by its owner only", async () => {
    for (const [kind, label] of [
      ["old", "CLIENT_RANDOM"],
      ["new", "CLIENT_TRAFFIC_SECRET_0"],
    ] as const) {
      const path = workspace.file(`${kind}.keys`);
      process.env["SSLKEYLOGFILE"] = path;
      await using own = session();
      for (let round = 0; round < 2; round += 1) await own.get(urlOf(kind));
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      assert.ok(
        lines.every((line) => /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/.test(line)),
        lines.join("\n"),
      );
      // The second request went over the first one's connection.
      assert.equal(lines.filter((line) => line.startsWith(`${label} `)).length, 1);
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }
  });

  it("SSLKEYLOGFILE is ignored with trustEnv: false", async () => {
    const path = workspace.file("none.keys");
    process.env["SSLKEYLOGFILE"] = path;
    await using own = new Session({ trustEnv: false, verify: root.ca });
    await own.get(urlOf("new"));
    assert.throws(() => statSync(path), { code: "ENOENT" });
  });

  it("plain HTTP to a TLS port returns nginx's error; TLS to a plain port throws SSLError", async () => {
    const response = await requests.get(urlOf("new").replace("https:", "http:"));
    assert.equal(response.statusCode, 400);
    assert.match(response.text, /plain HTTP request was sent to HTTPS port/);
  });
});
