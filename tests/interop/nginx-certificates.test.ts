/** Whom a TLS connection trusts, and what it says when it does not: nginx with certificates made by openssl. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";

import requests, { HTTPAdapter, Session, SSLError } from "requests-ts";

import { Authority, fingerprintOf, joined, type Identity } from "../_support/certificates.js";
import { whyNot, Workspace, type Daemon } from "../_support/daemons.js";
import { startNginx } from "../_support/nginx.js";
import { rejection } from "../_support/raw-server.js";

/** Every kind of certificate has a server of its own. */
const KINDS = ["good", "expired", "early", "elsewhere", "self-signed", "other", "chain", "headless"] as const;
type Kind = (typeof KINDS)[number];

describe("nginx with certificates", { skip: whyNot("nginx", "openssl"), timeout: 60_000 }, () => {
  let workspace: Workspace;
  let nginx: Daemon;
  let root: Authority;
  let other: Authority;
  let identities: Record<Kind, Identity>;
  before(async () => {
    workspace = new Workspace();
    root = new Authority(workspace, "root");
    other = new Authority(workspace, "other-root");
    const intermediate = new Authority(workspace, "intermediate", root);
    const leaf = intermediate.issue("leaf");
    identities = {
      good: root.issue("good"),
      expired: root.issue("expired", { from: -30, until: -2 }),
      early: root.issue("early", { from: 2, until: 30 }),
      elsewhere: root.issue("elsewhere", { names: "DNS:example.test,DNS:*.example.test" }),
      "self-signed": root.selfSigned("self-signed"),
      other: other.issue("other"),
      chain: { cert: workspace.write("chain.pem", joined(leaf.cert, intermediate.ca)), key: leaf.key },
      headless: leaf,
    };
    nginx = await startNginx(KINDS.length, (ports) =>
      KINDS.map(
        (kind, at) => `server {
    listen 127.0.0.1:${ports[at]} ssl;
    ssl_certificate ${identities[kind].cert};
    ssl_certificate_key ${identities[kind].key};
    location / { return 200 "$ssl_server_name $http_host"; }
  }`,
      ).join("\n"),
    );
  });
  after(async () => {
    await nginx?.close();
    workspace?.[Symbol.dispose]();
  });

  function portOf(kind: Kind): number {
    return nginx.ports[KINDS.indexOf(kind)];
  }

  function urlOf(kind: Kind, host = "localhost"): string {
    return `https://${host}:${portOf(kind)}/`;
  }

  async function refusal(kind: Kind, host = "localhost"): Promise<SSLError> {
    const error = await rejection(requests.get(urlOf(kind, host), { verify: root.ca }));
    assert.ok(error instanceof SSLError, String(error));
    assert.equal(error.phase, "tls");
    assert.equal(error.address, `${host}:${portOf(kind)}`);
    assert.ok(error.message.includes(`${host}:${portOf(kind)}`), error.message);
    return error;
  }

  for (const host of ["localhost", "127.0.0.1"])
    it(`a valid certificate is accepted for ${host}`, async () => {
      const response = await requests.get(urlOf("good", host), { verify: root.ca });
      // RFC 6066 §3: no server name for an address.
      assert.equal(response.text, `${host === "localhost" ? "localhost" : ""} ${host}:${portOf("good")}`);
      assert.equal((response.tls?.peerCertificate as { subject: { CN: string } }).subject.CN, "requests-ts good");
    });

  for (const [kind, words] of [
    ["expired", /has expired on .*; .*operator must renew it/],
    ["early", /is not valid before .*; is this machine's clock right\?/],
    ["elsewhere", /was issued for DNS:example\.test, DNS:\*\.example\.test, not for "localhost"/],
    ["self-signed", /is self-signed; if you trust it, pass its file: verify: "cert\.pem"/],
    ["other", /its issuer is unknown here.*; .*pass that authority: verify: "ca\.pem"/],
    ["headless", /its issuer is unknown here/],
  ] as const) {
    it(`${kind}: the message names the fault`, async () => {
      assert.match((await refusal(kind)).message, words);
    });

    it(`${kind}: verify: false accepts it`, async () => {
      const response = await requests.get(urlOf(kind), { verify: false });
      assert.equal(response.statusCode, 200);
    });
  }

  for (const [kind, days] of [
    ["expired", -2],
    ["early", 2],
  ] as const)
    it(`${kind}: the message has the date`, async () => {
      const [month, day] = new Date(Date.now() + days * 86_400_000).toUTCString().split(" ").slice(1, 3).reverse();
      assert.match((await refusal(kind)).message, new RegExp(`${month} +${Number(day)} \\d\\d:`));
    });

  it("a certificate for another address is refused", async () => {
    assert.match((await refusal("elsewhere", "127.0.0.1")).message, /not for "127\.0\.0\.1"/);
  });

  it("a chain with its intermediate certificate is accepted", async () => {
    assert.equal((await requests.get(urlOf("chain"), { verify: root.ca })).statusCode, 200);
  });

  it("no certificate of the test authority is accepted without verify", async () => {
    for (const kind of KINDS) assert.ok((await rejection(requests.get(urlOf(kind)))) instanceof SSLError);
  });

  it("a self-signed certificate is accepted as its own authority", async () => {
    assert.equal(
      (await requests.get(urlOf("self-signed"), { verify: identities["self-signed"].cert })).statusCode,
      200,
    );
  });

  it("a directory of authorities is accepted", async () => {
    using directory = new Workspace();
    directory.write("a.pem", readFileSync(other.ca));
    assert.ok((await rejection(requests.get(urlOf("good"), { verify: directory.path }))) instanceof SSLError);
    directory.write("b.crt", readFileSync(root.ca));
    directory.write("README", "Not a certificate.");
    for (const kind of ["good", "other"] as const)
      assert.equal((await requests.get(urlOf(kind), { verify: directory.path })).statusCode, 200);
  });

  it("a bundle accepts exactly its authorities", async () => {
    const bundle = workspace.write("bundle.pem", `Some words before.\n${joined(other.ca, root.ca)}`);
    for (const kind of ["good", "other"] as const)
      assert.equal((await requests.get(urlOf(kind), { verify: bundle })).statusCode, 200);
    assert.match((await rejection(requests.get(urlOf("self-signed"), { verify: bundle }))).message, /self-signed/);
  });

  for (const [title, content, words] of [
    ["missing", null, /Could not find a suitable TLS CA certificate bundle, invalid path: .*missing\.pem/],
    ["empty", "", /no certificate in the CA bundle .*empty\.pem/],
    ["no-pem", "Hello", /no certificate in the CA bundle .*no-pem\.pem/],
    ["cut", "-----BEGIN CERTIFICATE-----\nAAAA\n", /no certificate in the CA bundle .*cut\.pem/],
    [
      "broken",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      /could not load CA certificates from .*broken\.pem/,
    ],
  ] as const)
    it(`a CA file that is ${title} throws SSLError before a socket opens`, async () => {
      const path = workspace.file(`${title}.pem`);
      if (content !== null) workspace.write(`${title}.pem`, content);
      // Port 1 has no listener: a connection would be refused.
      const error = await rejection(requests.get("https://127.0.0.1:1/", { verify: path }));
      assert.ok(error instanceof SSLError, String(error));
      assert.match(error.message, words);
    });

  for (const name of ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]) {
    it(`${name} sets the default trust`, async () => {
      process.env[name] = root.ca;
      assert.equal((await requests.get(urlOf("good"))).statusCode, 200);
      assert.equal((await requests.get(urlOf("good"), { verify: true })).statusCode, 200);
      assert.ok((await rejection(requests.get(urlOf("other")))) instanceof SSLError);
      await using deaf = new Session({ trustEnv: false });
      assert.ok((await rejection(deaf.get(urlOf("good")))) instanceof SSLError);
    });

    it(`${name}: verify in code overrides it`, async () => {
      process.env[name] = root.ca;
      assert.equal((await requests.get(urlOf("other"), { verify: other.ca })).statusCode, 200);
      await using trusting = new Session({ verify: false });
      assert.equal((await trusting.get(urlOf("other"))).statusCode, 200);
    });
  }

  it("the first of the variables is used, and an empty one is ignored", async () => {
    process.env["REQUESTS_CA_BUNDLE"] = "";
    process.env["CURL_CA_BUNDLE"] = root.ca;
    process.env["SSL_CERT_FILE"] = other.ca;
    assert.equal((await requests.get(urlOf("good"))).statusCode, 200);
    process.env["REQUESTS_CA_BUNDLE"] = other.ca;
    assert.equal((await requests.get(urlOf("other"))).statusCode, 200);
  });

  it("a connection made without verification is not used with it", async () => {
    await using own = new Session();
    const first = await own.get(urlOf("other"), { verify: false });
    assert.equal(first.statusCode, 200);
    assert.ok((await rejection(own.get(urlOf("other"), { verify: root.ca }))) instanceof SSLError);
    assert.equal((await own.get(urlOf("other"), { verify: other.ca })).reused, false);
    assert.equal((await own.get(urlOf("other"), { verify: false })).reused, true);
  });

  describe("pinnedFingerprints", () => {
    it("accepts the right certificate, as Node or openssl print it, or in lower case without colons", async () => {
      const pin = fingerprintOf(identities.good.cert);
      for (const written of [pin, pin.toLowerCase().replaceAll(":", ""), `sha256:${pin}`]) {
        await using own = pinned([written]);
        assert.equal((await own.get(urlOf("good"), { verify: root.ca })).statusCode, 200);
      }
    });

    it("refuses another certificate, and prints its fingerprint", async () => {
      await using own = pinned([fingerprintOf(identities.other.cert)]);
      const error = await rejection(own.get(urlOf("good"), { verify: root.ca }));
      assert.ok(error instanceof SSLError);
      assert.ok(error.message.includes(`its SHA-256 is ${fingerprintOf(identities.good.cert)}`), error.message);
    });

    it("is checked in addition to verify", async () => {
      await using own = pinned([fingerprintOf(identities.other.cert)]);
      assert.ok((await rejection(own.get(urlOf("other"), { verify: root.ca }))) instanceof SSLError);
      assert.equal((await own.get(urlOf("other"), { verify: false })).statusCode, 200);
    });

    it("is checked on a connection with a resumed TLS session", async () => {
      await using own = pinned([fingerprintOf(identities.good.cert)]);
      for (let round = 0; round < 3; round += 1) {
        const response = await own.get(urlOf("good"), { verify: root.ca, headers: { Connection: "close" } });
        assert.equal(response.statusCode, 200);
      }
    });

    function pinned(pinnedFingerprints: readonly string[]): Session {
      const session = new Session();
      session.mount("https://", new HTTPAdapter({ pinnedFingerprints }));
      return session;
    }
  });

  it("servername: sent and verified in place of the URL's host", async () => {
    await using own = new Session({ verify: root.ca });
    own.mount("https://", new HTTPAdapter({ servername: "www.example.test" }));
    const response = await own.get(urlOf("elsewhere", "127.0.0.1"), { headers: { Host: "www.example.test" } });
    assert.equal(response.text, "www.example.test www.example.test");
    assert.match((await rejection(own.get(urlOf("good")))).message, /not for "www\.example\.test"/);
  });

  it("lookup: a name of the certificate for any address (curl's --resolve)", async () => {
    await using own = new Session({ verify: root.ca });
    own.mount("https://", new HTTPAdapter({ lookup: (_name, _options, callback) => callback(null, "127.0.0.1", 4) }));
    const response = await own.get(urlOf("elsewhere", "api.example.test"));
    assert.equal(response.text, `api.example.test api.example.test:${portOf("elsewhere")}`);
  });
});
