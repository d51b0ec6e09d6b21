import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { PeerCertificate } from "node:tls";

import { SSLError } from "#internal/exceptions";
import { CLIENT_KEY_PAIR, SERVER_KEY_PAIR, TEST_CA } from "#internal/httpbin/certificate";
import { ON_BUN, ON_DENO } from "../../../_support/runtime.js";
import {
  DEFAULT_TLS,
  secureContextOf,
  TlsPolicies,
  tlsConnectOptions,
  tlsPolicyKey,
  type CallTls,
  type ClientCertificate,
  type TlsPolicy,
} from "#internal/wire/connect/tls";
import { TlsSessions, type TlsSession } from "#internal/wire/connect/tls-sessions";

const directory = mkdtempSync(join(tmpdir(), "requests-ts-tls-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function policy(parts: Partial<TlsPolicy>): TlsPolicy {
  return { verify: true, cert: null, ...parts };
}

const caFile = file("ca.pem", TEST_CA);
const certFile = file("client.pem", CLIENT_KEY_PAIR.cert);
const keyFile = file("client.key", CLIENT_KEY_PAIR.key);
const bothFile = file("both.pem", CLIENT_KEY_PAIR.cert + CLIENT_KEY_PAIR.key);

function failure(parts: Partial<TlsPolicy>): SSLError {
  try {
    tlsConnectOptions(policy(parts), "localhost");
  } catch (error) {
    assert.ok(error instanceof SSLError, String(error));
    assert.deepEqual([error.code, error.phase], ["ERR_SSL", "tls"]);
    return error;
  }
  return assert.fail("no error");
}

describe("the key of a TLS policy", () => {
  const policies: readonly Partial<TlsPolicy>[] = [
    {},
    { verify: false },
    { verify: caFile },
    { verify: "/other.pem" },
    { verify: "unverified" },
    { cert: certFile },
    { cert: [certFile, keyFile] },
    { cert: { cert: certFile, key: keyFile } },
    { cert: { cert: certFile, key: keyFile, passphrase: "a" } },
    { cert: { cert: certFile, key: keyFile, passphrase: "b" } },
    { cert: { pfx: Buffer.from("a") } },
    { cert: { pfx: Buffer.from("b") } },
    { verify: false, cert: certFile },
    { pinnedFingerprints: ["AA"] },
    { pinnedFingerprints: ["AB"] },
    { pinnedFingerprints: [] },
    { verify: false, pinnedFingerprints: ["AA"] },
    { minVersion: "TLSv1.3" },
    { minVersion: "TLSv1.2" },
    { ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
    { servername: "a.example" },
    { verify: false, servername: "a.example" },
  ];

  it("differs between policies that differ", () => {
    const keys = policies.map((parts) => tlsPolicyKey(policy(parts)));
    assert.equal(new Set(keys).size, policies.length);
  });

  for (const parts of policies)
    it(`is equal for equal policies: ${JSON.stringify(parts).slice(0, 60)}`, () => {
      const one = policy(parts);
      assert.equal(tlsPolicyKey(one), tlsPolicyKey({ ...one }));
      assert.equal(tlsPolicyKey(one), tlsPolicyKey(one));
    });

  it("contains no passphrase", () => {
    assert.equal(tlsPolicyKey(policy({ cert: { cert: certFile, passphrase: "hunter2" } })).includes("hunter2"), false);
  });

  it("is the same for the default policy and an empty one", () => {
    assert.equal(tlsPolicyKey(DEFAULT_TLS), tlsPolicyKey(policy({})));
  });
});

describe("verify", () => {
  it("takes a CA file, also with other text in it", () => {
    const mixed = file("mixed.pem", `# a comment\n${CLIENT_KEY_PAIR.key}\n${TEST_CA}`);
    for (const path of [caFile, mixed]) assert.ok(secureContextOf(policy({ verify: path })));
  });

  it("takes a directory, also with other files in it", () => {
    const path = join(directory, "authorities");
    mkdirSync(path);
    mkdirSync(join(path, "deeper"));
    writeFileSync(join(path, "README"), "no certificate");
    writeFileSync(join(path, "ca.pem"), TEST_CA);
    // As in /etc/ssl/certs after an authority was removed.
    symlinkSync(join(path, "gone.pem"), join(path, "dangling.0"));
    assert.ok(secureContextOf(policy({ verify: path })));
  });

  const empty = file("empty.pem", "");
  const text = file("text.pem", "hello\n");
  const broken = file(
    "broken.pem",
    "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
  );
  const cut = file("cut.pem", TEST_CA.slice(0, 200));
  const nothing = join(directory, "nothing");
  mkdirSync(nothing);
  const missing = join(directory, "missing.pem");
  const below = join(caFile, "below.pem");
  const table: readonly (readonly [string, string, RegExp])[] = [
    ["a key as PEM text", CLIENT_KEY_PAIR.key, /^SSL: no certificate in the text given as verify: it must hold PEM blocks/],
    ["missing", missing, /^Could not find a suitable TLS CA certificate bundle, invalid path: .*missing\.pem \(given as verify, or in REQUESTS_CA_BUNDLE/],
    ["below a file", below, /^Could not (find a suitable|read the) TLS CA certificate bundle.*below\.pem/],
    ["empty", empty, /^SSL: no certificate in the CA bundle .*empty\.pem: it must hold PEM blocks/],
    ["text", text, /^SSL: no certificate in the CA bundle .*text\.pem/],
    ["cut", cut, /^SSL: no certificate in the CA bundle .*cut\.pem/],
    ["an empty directory", nothing, /^SSL: no certificate in the CA bundle .*nothing/],
    ["not a certificate", broken, /^SSL: could not load CA certificates from ".*broken\.pem": /],
    ["a key", keyFile, /^SSL: no certificate in the CA bundle .*client\.key/],
  ]; // prettier-ignore
  for (const [name, path, message] of table)
    it(`refuses ${name}`, () => {
      assert.match(failure({ verify: path }).message, message);
    });

  it("reads a file again after it changed", () => {
    const path = file("changing.pem", TEST_CA);
    const first = secureContextOf(policy({ verify: path }));
    assert.equal(secureContextOf(policy({ verify: path })), first);
    utimesSync(path, new Date(0), new Date(0));
    assert.notEqual(secureContextOf(policy({ verify: path })), first);
    writeFileSync(path, "");
    assert.match(failure({ verify: path }).message, /no certificate in the CA bundle/);
    rmSync(path);
    assert.match(failure({ verify: path }).message, /Could not find/);
  });
});

describe("the policies of an adapter", () => {
  const made = (): TlsPolicies => new TlsPolicies({ servername: "a.test" });

  it("are one object for equal calls in a row", () => {
    const policies = made();
    const bytes = Buffer.from("x");
    const calls: readonly (CallTls & { readonly verify: boolean | string })[] = [
      { verify: true, cert: null },
      { verify: caFile, cert: null },
      { verify: caFile, cert: certFile },
      { verify: caFile, cert: [certFile, keyFile] },
      { verify: caFile, cert: { pfx: bytes, passphrase: "a" } },
      { verify: true, cert: null, keyLogFile: "/log" },
    ];
    for (const call of calls) {
      const first = policies.policyFor(call);
      assert.equal(policies.policyFor({ ...call }), first);
      assert.equal(policies.policyFor({ ...call, cert: copyOf(call.cert) }), first);
      assert.equal(tlsPolicyKey(first), tlsPolicyKey({ servername: "a.test", ...call }));
    }
  });

  it("differ for calls that differ", () => {
    const policies = made();
    const keys = [
      { verify: true, cert: null },
      { verify: false, cert: null },
      { verify: caFile, cert: null },
      { verify: caFile, cert: certFile },
      { verify: caFile, cert: [certFile, keyFile] as const },
      { verify: caFile, cert: [certFile, bothFile] as const },
      { verify: caFile, cert: { cert: certFile } },
      { verify: caFile, cert: { cert: certFile, key: keyFile } },
      { verify: caFile, cert: { key: certFile } },
      { verify: caFile, cert: { key: certFile }, keyLogFile: "/log" },
    ].map((call) => tlsPolicyKey(policies.policyFor(call)));
    assert.equal(new Set(keys).size, keys.length);
  });

  it("do not change with the certificate object that they were created from", () => {
    const policies = made();
    const cert = { cert: certFile, key: keyFile, passphrase: "a" };
    const before = policies.policyFor({ verify: true, cert });
    const key = tlsPolicyKey(before);
    cert.passphrase = "b";
    assert.notEqual(tlsPolicyKey(policies.policyFor({ verify: true, cert })), key);
    const pair = [certFile, keyFile] as [string, string];
    const first = tlsPolicyKey(policies.policyFor({ verify: true, cert: pair }));
    pair[1] = bothFile;
    assert.notEqual(tlsPolicyKey(policies.policyFor({ verify: true, cert: pair })), first);
    assert.equal(tlsPolicyKey(before), key);
  });
});

/** A copy of the container, with the same parts. */
function copyOf(cert: ClientCertificate | null): ClientCertificate | null {
  if (cert === null || typeof cert === "string") return cert;
  return Array.isArray(cert) ? ([...cert] as unknown as ClientCertificate) : { ...cert };
}

describe("cert", () => {
  const good: readonly (readonly [string, ClientCertificate])[] = [
    ["one file with both", bothFile],
    ["two files", [certFile, keyFile]],
    ["parts as paths", { cert: certFile, key: keyFile }],
    ["parts as PEM text", { cert: CLIENT_KEY_PAIR.cert, key: CLIENT_KEY_PAIR.key }],
    ["parts as bytes", { cert: Buffer.from(CLIENT_KEY_PAIR.cert), key: new TextEncoder().encode(CLIENT_KEY_PAIR.key) }],
    ["one part with both", { cert: bothFile }],
  ];
  for (const [name, cert] of good) it(`takes ${name}`, () => assert.ok(secureContextOf(policy({ cert }))));

  const missing = join(directory, "missing.pem");
  const other = file("other.key", SERVER_KEY_PAIR.key);
  const text = file("nothing.pem", "hello\n");
  const table: readonly (readonly [string, ClientCertificate, RegExp])[] = [
    ["a missing certificate", missing, /^Could not find the TLS certificate file, invalid path: .*missing\.pem$/],
    ["a missing certificate of two", [missing, keyFile], /^Could not find the TLS certificate file, invalid path: .*missing\.pem$/],
    ["a missing key", [certFile, missing], /^Could not find the TLS key file, invalid path: .*missing\.pem$/],
    ["a missing PKCS#12 file", { pfx: missing }, /^Could not find the TLS PKCS#12 file, invalid path: .*missing\.pem$/],
    ["a directory", directory, /^Could not read the TLS certificate file, invalid path: /],
    ["a key of another", [certFile, other], /^SSL: the key does not belong to the certificate \(.*client\.pem, .*other\.key\)$/],
    ["a key of another in memory", { cert: CLIENT_KEY_PAIR.cert, key: SERVER_KEY_PAIR.key }, /^SSL: the key does not belong to the certificate \(given in memory\)$/],
    ["a certificate without its key", certFile, /^SSL: the client certificate, key or TLS settings cannot be used \(.*client\.pem\): /],
    ["text", text, /^SSL: the client certificate, key or TLS settings cannot be used \(.*nothing\.pem\): /],
    ["garbage as PKCS#12", { pfx: Buffer.from("garbage") }, ON_BUN ? /^SSL: .* wrong or missing passphrase \(given in memory\)$/ : /^SSL: the client certificate, key or TLS settings cannot be used \(given in memory\): /],
  ]; // prettier-ignore
  for (const [name, cert, message] of table)
    it(`refuses ${name}`, () => {
      const error = failure({ cert });
      assert.match(error.message, message);
      assert.ok(error.cause instanceof Error);
    });

  it("refuses ciphers that OpenSSL does not know", () => {
    assert.match(
      failure({ ciphers: "NO-SUCH-CIPHER" }).message,
      ON_DENO
        ? /^SSL: ciphers is not supported by Deno [\d.]+: /
        : /^SSL: OpenSSL knows none of the ciphers "NO-SUCH-CIPHER": "openssl ciphers" lists them$/,
    );
  });
});

/** Encrypted with "sesame"; with "wrong" it decrypts to bytes that look like padding without a key. */
const GARBLED_KEY = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhXsQdGWFyW7AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEM3S1aWmqNSOohgje23JHZEEgZBU
ZA2hVFaXc98hHSNvtxQ5chVVR5/WH4IMznWDjuZROQ0aWQ+5TxK5Q32jktDptSL+
8BbMUAehUeEh406ZhUheqWvek53KVfiAY42gxqsNgafgltYYK48vS95rHntxIWCB
MSfORO3CGwh6O/TgyAPeGE2vspepwc6tmbZUnsUgJ+PNTYktDQiHhfg+5yMJtcU=
-----END ENCRYPTED PRIVATE KEY-----
`;

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("an encrypted key in a file", { skip: hasOpenssl() ? false : "openssl is not installed" }, () => {
  const encrypted = join(directory, "encrypted.key");
  const pfx = join(directory, "client.p12");
  if (hasOpenssl()) {
    const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
    openssl("pkey", "-in", keyFile, "-aes256", "-passout", "pass:sesame", "-out", encrypted);
    openssl("pkcs12", "-export", "-in", certFile, "-inkey", keyFile, "-passout", "pass:sesame", "-out", pfx);
  }

  it("opens with its passphrase", () => {
    assert.ok(secureContextOf(policy({ cert: { cert: certFile, key: encrypted, passphrase: "sesame" } })));
    assert.ok(secureContextOf(policy({ cert: { pfx, passphrase: "sesame" } })));
  });

  const table: readonly (readonly [string, ClientCertificate])[] = [
    ["a wrong one for the key", { cert: certFile, key: encrypted, passphrase: "wrong" }],
    ["none for the key", { cert: certFile, key: encrypted }],
    ["none for two files", [certFile, encrypted]],
    ["a wrong one for PKCS#12", { pfx, passphrase: "wrong" }],
    ["none for PKCS#12", { pfx }],
  ];
  for (const [name, cert] of table)
    it(`does not open with ${name}`, () => {
      const { message } = failure({ cert });
      assert.match(message, /cannot be decrypted: wrong or missing passphrase \(.*(encrypted\.key|client\.p12)\)$/);
      assert.equal(message.includes("sesame"), false);
    });
});

describe("an encrypted key in memory", () => {
  const { cert } = CLIENT_KEY_PAIR;
  it("opens with its passphrase", () => {
    assert.ok(secureContextOf(policy({ cert: { cert, key: GARBLED_KEY, passphrase: "sesame" } })));
  });

  for (const passphrase of ["wrong", "other", ""])
    it(`does not open with ${JSON.stringify(passphrase)}`, () => {
      const { message } = failure({ cert: { cert, key: GARBLED_KEY, passphrase } });
      assert.match(message, /cannot be decrypted: wrong or missing passphrase \(given in memory\)$/);
    });
});

describe("the options of tls.connect", () => {
  const table: readonly (readonly [string, string, string | undefined])[] = [
    ["example.com", "example.com", "example.com"],
    ["example.com.", "example.com", "example.com"],
    ["127.0.0.1", "127.0.0.1", undefined],
    ["::1", "::1", undefined],
    ["[::1]", "::1", undefined],
    ["fe80::1%eth0", "fe80::1", undefined],
  ];
  for (const [host, name, servername] of table)
    it(host, () => {
      const options = tlsConnectOptions(DEFAULT_TLS, host);
      assert.deepEqual([options.host, options.servername], [name, servername]);
      assert.equal(options.rejectUnauthorized, true);
      assert.deepEqual(options.ALPNProtocols, ["http/1.1"]);
    });

  it("check the requested name, whatever the address", () => {
    const named = { subject: {}, subjectaltname: "DNS:a.test" } as unknown as PeerCertificate;
    const check = (host: string): Error | undefined =>
      tlsConnectOptions(policy({ verify: caFile }), host).checkServerIdentity!("127.0.0.1", named);
    assert.equal(check("a.test"), undefined);
    assert.equal(check("a.test."), undefined);
    assert.ok(check("b.test") instanceof Error);
    assert.equal(
      tlsConnectOptions(policy({ verify: false }), "b.test").checkServerIdentity!("b.test", named),
      undefined,
    );
  });

  it("prefer the name of the policy to that of the URL", () => {
    const options = tlsConnectOptions(policy({ servername: "a.example" }), "127.0.0.1");
    assert.deepEqual([options.host, options.servername], ["a.example", "a.example"]);
  });

  it("disable verification for verify: false only", () => {
    const options = tlsConnectOptions(policy({ verify: false }), "h");
    assert.equal(options.rejectUnauthorized, false);
    assert.equal(tlsConnectOptions(policy({ verify: caFile }), "h").rejectUnauthorized, true);
  });
});

describe("TlsSessions", () => {
  it("keeps the last hundred sessions", () => {
    const sessions = new TlsSessions();
    const certificate = {} as PeerCertificate;
    const context = secureContextOf(DEFAULT_TLS);
    const named = (name: string): TlsSession => ({ session: Buffer.from(name), context, certificate });
    for (let at = 0; at < TlsSessions.MAX; at += 1) sessions.set(String(at), named("old"));
    sessions.set("0", named("again"));
    sessions.set("new", named("new"));
    assert.equal(sessions.get("1", context), undefined);
    assert.equal(String(sessions.get("0", context)?.session), "again");
    assert.equal(String(sessions.get("new", context)?.session), "new");
    const changed = secureContextOf(policy({ verify: caFile }));
    assert.equal(sessions.get("new", changed), undefined);
    sessions.forget("new");
    assert.equal(sessions.get("new", context), undefined);
  });
});
