/** TLS: whom a connection trusts, as whom it speaks, and that no connection serves another policy than its own. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";

import { HTTPAdapter, Session, type HTTPAdapterOptions } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";
import { CLIENT_KEY_PAIR, SERVER_KEY_PAIR, TEST_CA, type KeyPair } from "#internal/httpbin/certificate";
import { runProgram, whyNot } from "../_support/daemons.js";
import { answering, OK, rawServer, rawTlsServer, rejection } from "../_support/raw-server.js";
import { ON_DENO } from "../_support/runtime.js";

/** Deno has one word for both. */
const OR_EXPIRED = ON_DENO ? ", or it has expired (Deno does not say which)" : "";
const OPTIONS = { timeout: 30_000 };
const directory = mkdtempSync(join(tmpdir(), "requests-ts-wire-tls-"));
const ca = join(directory, "ca.pem");
const certFile = join(directory, "client.pem");
const keyFile = join(directory, "client.key");
const FINGERPRINT = new X509Certificate(SERVER_KEY_PAIR.cert).fingerprint256;

let server: Server;
let session: Session;
let adapter: HTTPAdapter;

before(async () => {
  writeFileSync(ca, TEST_CA);
  writeFileSync(certFile, CLIENT_KEY_PAIR.cert);
  writeFileSync(keyFile, CLIENT_KEY_PAIR.key);
  server = await httpbin({ tls: true });
});
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function use(options: HTTPAdapterOptions): void {
  adapter = new HTTPAdapter(options);
  session.mount("https://", adapter);
}

beforeEach(() => {
  session = new Session();
  use({});
});
afterEach(() => session.close());

/** Every name leads here. */
const lookup: NonNullable<HTTPAdapterOptions["lookup"]> = (_name, _options, callback) =>
  callback(null, [{ address: "127.0.0.1", family: 4 }]);

describe("verify", OPTIONS, () => {
  it("accepts the certificate of a CA in the given file", async () => {
    const response = await session.get(`${server.url}/get`, { verify: ca });
    assert.equal(response.statusCode, 200);
    assert.match(response.tls!.protocol!, /^TLSv1\.[23]$/);
    assert.ok(response.tls!.cipher.length > 0);
    assert.equal((response.tls!.peerCertificate as { fingerprint256: string }).fingerprint256, FINGERPRINT);
  });

  it("accepts a certificate for localhost", async () => {
    use({ lookup });
    assert.equal((await session.get(`https://localhost:${server.port}/get`, { verify: ca })).statusCode, 200);
  });

  it("rejects a certificate of an unknown authority by default [unknown-authority]", async () => {
    const error = await rejection(session.get(`${server.url}/get`));
    assert.deepEqual([error.name, error.code, error.phase], ["SSLError", "ERR_SSL", "tls"]);
    assert.equal(error.address, `127.0.0.1:${server.port}`);
    assert.ok(error.message.includes(`its issuer is unknown here${OR_EXPIRED}; if`), error.message);
    assert.match(error.message.replace(OR_EXPIRED, ""), /^SSL: certificate verify failed for 127\.0\.0\.1:\d+: its issuer is unknown here; if a private authority signed it, pass that authority: verify: "ca\.pem" \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/); // prettier-ignore
    assert.equal((error.cause as NodeJS.ErrnoException).code, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert.equal(adapter.statistics.open, 0);
  });

  it("accepts any certificate with verify: false", async () => {
    assert.equal((await session.get(`${server.url}/get`, { verify: false })).statusCode, 200);
    use({ lookup });
    assert.equal((await session.get(`https://wrong.example:${server.port}/get`, { verify: false })).statusCode, 200);
  });

  it("rejects a certificate for another host [other-host-certificate]", async () => {
    use({ lookup });
    const error = await rejection(session.get(`https://wrong.example:${server.port}/get`, { verify: ca }));
    assert.deepEqual([error.name, error.phase], ["SSLError", "tls"]);
    assert.match(error.message, /the certificate was issued for DNS:localhost, IP Address:127\.0\.0\.1.*, not for "wrong\.example"; is the host name right\? \(ERR_TLS_CERT_ALTNAME_INVALID\)$/); // prettier-ignore
  });

  it("checks the name in servername instead of the host", async () => {
    use({ lookup, servername: "localhost" });
    assert.equal((await session.get(`https://wrong.example:${server.port}/get`, { verify: ca })).statusCode, 200);
    use({ servername: "wrong.example" });
    assert.equal((await rejection(session.get(`${server.url}/get`, { verify: ca }))).name, "SSLError");
  });

  it("rejects another IP address in servername", async () => {
    use({ lookup, servername: "127.0.0.1" });
    assert.equal((await session.get(`https://wrong.example:${server.port}/get`, { verify: ca })).statusCode, 200);
    use({ lookup, servername: "127.0.0.9" });
    for (const host of ["localhost", "127.0.0.1"]) {
      const error = await rejection(session.get(`https://${host}:${server.port}/get`, { verify: ca }));
      assert.equal(error.name, "SSLError");
      assert.match(error.message, /was issued for DNS:localhost.*, not for "127\.0\.0\.9"/);
    }
  });

  it("rejects a certificate that the given CA did not issue [other-ca-certificate]", async () => {
    const error = await rejection(session.get(`${server.url}/get`, { verify: certFile }));
    assert.equal(error.name, "SSLError");
    const where = `its issuer is unknown here, it is not in ${certFile} (by verify, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE)${OR_EXPIRED}; if`;
    assert.ok(error.message.includes(where), error.message);
  });

  it("rejects files that cannot be read, before it opens a socket", async () => {
    const plain = await rawServer(() => undefined);
    const url = plain.url.replace("http:", "https:");
    const missing = join(directory, "missing.pem");
    for (const [options, message] of [
      [{ verify: missing }, /^Could not find a suitable TLS CA certificate bundle, invalid path: .*missing\.pem/],
      [{ verify: ca, cert: missing }, /^Could not find the TLS certificate file, invalid path: .*missing\.pem$/],
      [
        { verify: ca, cert: [certFile, missing] as const },
        /^Could not find the TLS key file, invalid path: .*missing\.pem$/,
      ],
      [{ verify: join(ca, "below") }, /^Could not find a suitable TLS CA certificate bundle/],
    ] as const) {
      const error = await rejection(session.get(url, options));
      assert.deepEqual([error.name, error.phase], ["SSLError", "tls"]);
      assert.match(error.message, message);
    }
    assert.equal(plain.peers.length, 0);
    await plain.close();
  });
});

describe("the names of a certificate", { ...OPTIONS, skip: whyNot("openssl") }, () => {
  /** A certificate that signed itself, with these names and the Common Name foo.w.test. */
  function selfSigned(name: string, names: string | null): KeyPair & { readonly path: string } {
    const [path, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
    const extension = names === null ? [] : ["-addext", `subjectAltName=${names}`];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    runProgram("openssl", ["req", "-x509", ...kind, "-subj", "/CN=foo.w.test", ...extension, "-keyout", key, "-out", path]); // prettier-ignore
    return { path, cert: readFileSync(path, "utf8"), key: readFileSync(key, "utf8") };
  }

  for (const [title, names, message] of [
    ["a Common Name alone", null, /its Common Name "foo\.w\.test" does not count/],
    [
      "a Common Name beside an address",
      "IP:127.0.0.9",
      /was issued for IP Address:127\.0\.0\.9, not for "foo\.w\.test"/,
    ],
    ["a Common Name beside an e-mail address", "email:foo@w.test", /was issued for email:foo@w\.test, not/],
    ["a wildcard that is a part of a label", "DNS:f*.w.test", /was issued for DNS:f\*\.w\.test, not for/],
    ["a wildcard in the second label", "DNS:foo.*.test", /was issued for DNS:foo\.\*\.test, not for/],
    ["a wildcard for one label less", "DNS:*.foo.w.test", /was issued for DNS:\*\.foo\.w\.test, not for/],
  ] as const)
    // prettier-ignore
    it(`do not match ${title}`, async () => {
      const pair = selfSigned("bad", names);
      await using secure = await rawTlsServer(pair, answering(OK));
      use({ lookup });
      const error = await rejection(session.get(`https://foo.w.test:${secure.port}/`, { verify: pair.path }));
      assert.equal(error.name, "SSLError");
      assert.match(error.message, message);
      // As a servername, too.
      use({ servername: "foo.w.test" });
      assert.equal((await rejection(session.get(secure.url, { verify: pair.path }))).name, "SSLError");
    });

  for (const names of ["DNS:*.w.test", "DNS:f*.w.test,DNS:foo.w.test", "IP:127.0.0.9,DNS:FOO.w.test"])
    it(`match ${names}`, async () => {
      const pair = selfSigned("good", names);
      await using secure = await rawTlsServer(pair, answering(OK));
      use({ lookup });
      const response = await session.get(`https://foo.w.test:${secure.port}/`, { verify: pair.path });
      assert.equal(response.text, "ok");
    });
});

describe("a pooled connection", OPTIONS, () => {
  it("made with verify: false is not used with another policy [pool-verify-policy]", async () => {
    // CVE-2024-35195
    assert.equal((await session.get(`${server.url}/get`, { verify: false })).reused, false);
    assert.equal((await session.get(`${server.url}/get`, { verify: false })).reused, true);
    assert.equal((await rejection(session.get(`${server.url}/get`))).name, "SSLError");
    assert.equal((await rejection(session.get(`${server.url}/get`, { verify: certFile }))).name, "SSLError");
    assert.equal((await session.get(`${server.url}/get`, { verify: ca })).reused, false);
    assert.equal((await session.get(`${server.url}/get`, { verify: ca })).reused, true);
    assert.equal((await session.get(`${server.url}/get`, { verify: false })).reused, true);
  });

  it("made with one client certificate is not used with another", async () => {
    const options = { verify: ca };
    await session.get(`${server.url}/get`, { ...options, cert: [certFile, keyFile] });
    assert.equal((await session.get(`${server.url}/get`, options)).reused, false);
    assert.equal((await session.get(`${server.url}/get`, { ...options, cert: [certFile, keyFile] })).reused, true);
  });

  it("does not share its TLS session with another policy [tls-session-policy]", async () => {
    for (const verify of [false, false]) await session.get(`${server.url}/get`, { verify, headers: { Connection: "close" } }); // prettier-ignore
    assert.equal((await rejection(session.get(`${server.url}/get`))).name, "SSLError");
  });
});

/** A TLS server that tells of each connection whether it resumed a session. */
async function resumingServer(
  maxVersion: "TLSv1.2" | "TLSv1.3",
): Promise<{ url: string; resumed: boolean[]; close: () => void }> {
  const resumed: boolean[] = [];
  const sockets = new Set<TLSSocket>();
  const listener = createTlsServer({ ...SERVER_KEY_PAIR, maxVersion }, (socket) => {
    resumed.push(socket.isSessionReused());
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write(OK));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `https://127.0.0.1:${(listener.address() as AddressInfo).port}`, resumed, close };
}

describe("sessions are resumed", OPTIONS, () => {
  // Deno's TLS gives none to resume: each handshake is a whole one.
  const again = !ON_DENO;
  for (const version of ["TLSv1.2", "TLSv1.3"] as const)
    it(version, async (context) => {
      const { url, resumed, close } = await resumingServer(version);
      context.after(close);
      for (let round = 0; round < 3; round += 1) {
        const response = await session.get(url, { verify: ca, headers: { Connection: "close" } });
        assert.equal(response.reused, false);
        assert.equal(response.tls!.protocol, version);
        assert.equal((response.tls!.peerCertificate as { fingerprint256?: string }).fingerprint256, FINGERPRINT);
      }
      assert.deepEqual(resumed, [false, again, again]);
      await session.get(url, { verify: false });
      assert.deepEqual(resumed, [false, again, again, false]);
    });

  const changes: readonly (readonly [title: string, verify: string, change: () => void])[] = [
    ["is written over", "over.pem", () => writeFileSync(join(directory, "over.pem"), CLIENT_KEY_PAIR.cert)],
    [
      "is replaced",
      "replaced.pem",
      () => {
        writeFileSync(join(directory, "next.pem"), CLIENT_KEY_PAIR.cert);
        renameSync(join(directory, "next.pem"), join(directory, "replaced.pem"));
      },
    ],
    ["is removed", "removed.pem", () => rmSync(join(directory, "removed.pem"))],
    [
      "is written over in a directory",
      "authorities",
      () => writeFileSync(join(directory, "authorities", "ca.pem"), CLIENT_KEY_PAIR.cert),
    ],
  ];
  for (const [title, name, change] of changes)
    it(`except after the CA file ${title}`, async (context) => {
      const { url, resumed, close } = await resumingServer("TLSv1.3");
      context.after(close);
      const verify = join(directory, name);
      if (name === "authorities") mkdirSync(verify);
      writeFileSync(name === "authorities" ? join(verify, "ca.pem") : verify, TEST_CA);
      for (let round = 0; round < 2; round += 1) await session.get(url, { verify, headers: { Connection: "close" } });
      change();
      const error = await rejection(session.get(url, { verify, headers: { Connection: "close" } }));
      assert.equal(error.name, "SSLError");
      assert.deepEqual(resumed.slice(0, 2), [false, again]);
      assert.equal(resumed.slice(2).includes(true), false);
    });

  it("except after the file of the client certificate changed", async (context) => {
    const { url, resumed, close } = await resumingServer("TLSv1.3");
    context.after(close);
    const own = join(directory, "own.pem");
    writeFileSync(own, CLIENT_KEY_PAIR.cert + CLIENT_KEY_PAIR.key);
    const get = (): PromiseLike<unknown> => session.get(url, { verify: ca, cert: own, headers: { Connection: "close" } }); // prettier-ignore
    await get();
    await get();
    writeFileSync(own, SERVER_KEY_PAIR.cert + SERVER_KEY_PAIR.key);
    await get();
    assert.deepEqual(resumed, [false, again, false]);
  });

  it("and pinned fingerprints are still checked", async (context) => {
    const { url, resumed, close } = await resumingServer("TLSv1.3");
    context.after(close);
    use({ pinnedFingerprints: [FINGERPRINT] });
    for (let round = 0; round < 2; round += 1) await session.get(url, { verify: ca, headers: { Connection: "close" } });
    assert.deepEqual(resumed, [false, again]);
  });
});

describe("pinnedFingerprints", OPTIONS, () => {
  const spellings = [FINGERPRINT, FINGERPRINT.toLowerCase(), FINGERPRINT.replaceAll(":", ""), `sha256:${FINGERPRINT}`];
  for (const spelling of spellings)
    it(`accept a matching fingerprint: ${spelling.slice(0, 16)}…`, async () => {
      use({ pinnedFingerprints: ["AA:BB", spelling] });
      assert.equal((await session.get(`${server.url}/get`, { verify: ca })).statusCode, 200);
    });

  for (const pinned of [["AA:BB"], []])
    it(`refuse another fingerprint: ${JSON.stringify(pinned)}`, async () => {
      use({ pinnedFingerprints: pinned });
      const seen = server.requests.length;
      for (const verify of [ca, false]) {
        const error = await rejection(session.get(`${server.url}/get`, { verify }));
        assert.deepEqual([error.name, error.phase], ["SSLError", "tls"]);
        assert.match(error.message, /^SSL: the certificate of 127\.0\.0\.1:\d+ is not one of pinnedFingerprints: its SHA-256 is ([0-9A-F]{2}:){31}[0-9A-F]{2}$/); // prettier-ignore
      }
      assert.equal(server.requests.length, seen);
      assert.equal(adapter.statistics.open, 0);
    });

  it("do not replace verify", async () => {
    use({ pinnedFingerprints: [FINGERPRINT] });
    assert.match((await rejection(session.get(`${server.url}/get`))).message, /issuer is unknown/);
  });
});

describe("a client certificate", OPTIONS, () => {
  let strict: Server;
  before(async () => {
    strict = await httpbin({ tls: { requestCert: true, rejectUnauthorized: true, ca: TEST_CA } });
  });
  after(() => strict.close());

  it("is sent to a server that asks for it", async () => {
    for (const cert of [[certFile, keyFile] as const, { cert: CLIENT_KEY_PAIR.cert, key: CLIENT_KEY_PAIR.key }])
      assert.equal((await session.get(`${strict.url}/get`, { verify: ca, cert })).statusCode, 200);
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const)
    it(`that is missing is named in the error, with ${maxVersion}`, async (context) => {
      const other = await httpbin({ tls: { requestCert: true, rejectUnauthorized: true, ca: TEST_CA, maxVersion } });
      context.after(() => other.close());
      const error = await rejection(session.get(`${other.url}/get`, { verify: ca }));
      assert.equal(error.name, "SSLError");
      assert.match(error.message, /client certificate/);
      assert.equal(error.address, `127.0.0.1:${other.port}`);
      assert.equal(adapter.statistics.open, 0);
    });
});

describe("a server with another protocol", OPTIONS, () => {
  it("rejects TLS to a plain HTTP server", async () => {
    const plain = await rawServer(async (peer) => {
      await peer.until(1);
      await peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    const error = await rejection(session.get(plain.url.replace("http:", "https:")));
    assert.deepEqual([error.name, error.code, error.phase], ["SSLError", "ERR_SSL", "tls"]);
    assert.match(error.message, /^SSL: 127\.0\.0\.1:\d+ does not speak TLS; should the URL begin with http:\/\/\?$/);
    await plain.close();
  });

  it("rejects TLS to a server that closes the connection", async () => {
    for (const way of ["end", "reset"] as const) {
      const plain = await rawServer(async (peer) => {
        await peer.until(1);
        peer[way]();
      });
      const error = await rejection(session.get(plain.url.replace("http:", "https:")));
      assert.deepEqual([error.name, error.phase], ["SSLError", "tls"]);
      assert.match(
        error.message,
        /^SSL: 127\.0\.0\.1:\d+ closed the connection during the TLS handshake; does it speak TLS/,
      );
      await plain.close();
    }
  });

  it("rejects plain HTTP to a TLS server", async () => {
    const secure = await rawTlsServer(SERVER_KEY_PAIR, answering(OK));
    const error = await rejection(session.get(secure.url.replace("https:", "http:")));
    assert.equal(error.name, "ConnectionError");
    assert.match(error.code, /^ERR_(BAD_RESPONSE|CONNECTION_CLOSED)$/);
    assert.equal(error.phase, "wait");
    await secure.close();
  });

  it("rejects a server with old TLS versions only", async () => {
    const old = await rawTlsServer({ ...SERVER_KEY_PAIR, maxVersion: "TLSv1.2" }, answering(OK));
    assert.equal((await session.get(old.url, { verify: ca })).text, "ok");
    use({ minVersion: "TLSv1.3" });
    const error = await rejection(session.get(old.url, { verify: ca }));
    assert.deepEqual([error.name, error.phase], ["SSLError", "tls"]);
    assert.match(error.message, /no TLS version in common/);
    await old.close();
  });
});

describe("over TLS", OPTIONS, () => {
  const head = "HTTP/1.1 200 OK\r\n";
  const table: readonly (readonly [string, string, "end" | "reset", string, string, RegExp])[] = [
    ["no answer", "", "end", "ConnectionError", "ERR_CONNECTION_CLOSED", /closed connection without response/],
    ["a cut head", `${head}A: b`, "end", "ConnectionError", "ERR_BAD_RESPONSE", /in the middle of the response head/],
    // Deno's TLS takes a reset for an end.
    ["a reset", "", "reset", "ConnectionError", "ERR_CONNECTION_CLOSED", ON_DENO ? /closed connection without response/ : /connection reset by/],
    ["a cut body", `${head}Content-Length: 5\r\n\r\nabc`, "end", "ChunkedEncodingError", "ERR_CHUNKED_ENCODING", /3 bytes read, 2 more expected/],
    ["a reset body", `${head}Content-Length: 5\r\n\r\nabc`, "reset", "ChunkedEncodingError", "ERR_CHUNKED_ENCODING", ON_DENO ? /3 bytes read, 2 more expected/ : /3 bytes read, connection reset/],
    ["garbage", "garbage\r\n\r\n", "end", "ConnectionError", "ERR_BAD_RESPONSE", /malformed status line/],
  ]; // prettier-ignore
  for (const [name, bytes, way, errorName, code, message] of table)
    it(`${name}: ${errorName}`, async () => {
      const secure = await rawTlsServer(SERVER_KEY_PAIR, async (peer) => {
        await peer.request();
        if (bytes !== "") await peer.sendAndPause(bytes);
        peer[way]();
      });
      const error = await rejection(session.get(secure.url, { verify: ca }));
      assert.deepEqual([error.name, error.code], [errorName, code]);
      assert.match(error.message, message);
      await secure.close();
    });

  it("a large body goes both ways", async () => {
    const body = Buffer.alloc(3 << 20, "abc");
    const response = await session.post(`${server.url}/post`, { data: body, verify: ca });
    assert.equal(response.json<{ data: string }>().data.length, body.length);
    const streamed = await session.get(`${server.url}/stream-bytes/100000`, { verify: ca, stream: true });
    assert.equal((await streamed.read()).length, 100_000);
  });
});
