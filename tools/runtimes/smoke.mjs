// The ordinary calls of a program, and the security checks that must hold on every runtime: run from the packed
// package, against smoke-server.mjs. Prints "ok …" or "not ok …" for each check.
//   node smoke.mjs '<the ports>'      in a folder where requests-ts is installed
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import requests, { ConnectionError, HTTPAdapter, HTTPDigestAuth, Session, SSLError } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { AUTHORITY, CLIENT, GOOD } from "./certificates.mjs";

const ports = JSON.parse(process.argv.at(-1) ?? "");
const ON_DENO = process.versions.deno !== undefined;
const base = `http://127.0.0.1:${ports.httpbin}`;
const folder = mkdtempSync(join(tmpdir(), "requests-ts-smoke-"));
const ca = fileOf("ca.pem", AUTHORITY);
const warnings = [];
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

function fileOf(name, text) {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/**
 * The JSON of a response, of whatever form.
 *
 * @param {import("requests-ts").Response} response
 * @returns {any}
 */
function jsonOf(response) {
  return response.json();
}

/** A session whose connections have these options. */
function sessionWith(options, settings = {}) {
  const session = new Session({ trustEnv: false, timeout: 5, verify: ca, ...settings });
  session.mount("https://", new HTTPAdapter(options));
  session.mount("http://", new HTTPAdapter(options));
  return session;
}

/** What a server of smoke-server.mjs answers. */
async function told(session, name, host = "127.0.0.1") {
  const scheme = name === "plain" ? "http" : "https";
  return jsonOf(await session.get(`${scheme}://${host}:${ports[name]}/`));
}

/** The call is refused with this error, and the server has not seen a request. */
async function refused(session, name, type, message, host) {
  const before = await counts();
  const error = await told(session, name, host).then(
    (answer) => assert.fail(`it was answered: ${JSON.stringify(answer)}`),
    (reason) => reason,
  );
  assert.ok(error instanceof type, String(error));
  assert.match(error.message, message);
  assert.equal((await counts())[name], before[name], "the request was sent");
}

async function counts() {
  return jsonOf(await requests.get(`http://127.0.0.1:${ports.counts}/`));
}

const toHere = (_host, options, done) =>
  options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);

const checks = {
  "get, query, headers": async () => {
    const response = await requests.get(`${base}/get`, { params: { a: [1, 2] }, headers: { "X-A": "é" } });
    assert.deepEqual([response.statusCode, jsonOf(response).args], [200, { a: ["1", "2"] }]);
    assert.equal(response.headers["content-type"], "application/json");
  },
  "post: form, JSON, multipart with a file": async () => {
    assert.deepEqual(jsonOf(await requests.post(`${base}/post`, { data: { a: "b" } })).form, { a: "b" });
    assert.deepEqual(jsonOf(await requests.post(`${base}/post`, { json: { a: [1] } })).json, { a: [1] });
    const text = "line\n".repeat(50_000);
    const { createReadStream } = await import("node:fs");
    const files = { one: createReadStream(fileOf("one.txt", text)), two: ["two.txt", "2"] };
    const sent = jsonOf(await requests.post(`${base}/post`, { files, data: { field: "f" } }));
    assert.deepEqual([sent.files, sent.form], [{ one: text, two: "2" }, { field: "f" }]);
  },
  "a session keeps cookies, connections and settings": async () => {
    const session = new Session({ baseUrl: base, headers: { "X-S": "1" } });
    await session.get("/cookies/set/flavour/chocolate");
    const response = await session.get("/cookies");
    assert.deepEqual(jsonOf(response), { cookies: { flavour: "chocolate" } });
    assert.deepEqual([response.reused, session.cookies["flavour"]], [true, "chocolate"]);
  },
  "redirects, errors by status": async () => {
    const response = await requests.get(`${base}/redirect/2`);
    assert.deepEqual([response.statusCode, response.history.length], [200, 2]);
    await assert.rejects(requests.get(`${base}/status/404`).raiseForStatus(), { name: "HTTPError" });
  },
  "Basic and Digest": async () => {
    assert.equal((await requests.get(`${base}/basic-auth/u/p`, { auth: ["u", "p"] })).statusCode, 200);
    for (const algorithm of ["MD5", "SHA-256"]) {
      const auth = new HTTPDigestAuth("u", "p");
      const response = await requests.get(`${base}/digest-auth/auth/u/p/${algorithm}`, { auth });
      assert.equal(response.statusCode, 200, algorithm);
    }
  },
  "gzip, deflate, br": async () => {
    for (const [path, key] of Object.entries({ gzip: "gzipped", deflate: "deflated", brotli: "brotli" }))
      assert.equal(jsonOf(await requests.get(`${base}/${path}`))[key], true, path);
  },
  "content that is cut is an error": async () => {
    await assert.rejects(requests.get(`${base}/truncate/1000?encoding=gzip`), { name: "ContentDecodingError" });
    await assert.rejects(requests.get(`${base}/truncate/1000`), { name: "ChunkedEncodingError" });
    await assert.rejects(requests.get(`${base}/truncate/1000?coding=chunked`), { name: "ChunkedEncodingError" });
  },
  "streams: bytes, lines, saveTo": async () => {
    const response = await requests.get(`${base}/stream-bytes/100000?seed=1`, { stream: true });
    let size = 0;
    for await (const chunk of response.iterContent()) size += chunk.length;
    assert.equal(size, 100_000);
    const lines = [];
    for await (const line of (await requests.get(`${base}/stream/3`, { stream: true })).iterLines())
      lines.push(JSON.parse(line.toString()).id);
    assert.deepEqual(lines, [0, 1, 2]);
    const range = await requests.get(`${base}/range/65536`, { stream: true });
    const path = join(folder, "range.bin");
    assert.equal((await range.saveTo(path)).size, 65_536);
    assert.equal(readFileSync(path).length, 65_536);
  },
  "bodies that stream up": async () => {
    async function* body() {
      for (let piece = 0; piece < 64; piece += 1) yield Buffer.alloc(16_384, 97);
    }
    const sent = jsonOf(await requests.post(`${base}/post`, { data: body() }));
    const digest = (text) => createHash("sha256").update(text).digest("hex");
    assert.equal(digest(sent.data), digest("a".repeat(64 * 16_384)));
  },
  "timeouts and aborts": async () => {
    await assert.rejects(requests.get(`${base}/hang`, { timeout: 0.05 }), { name: "ReadTimeout" });
    await assert.rejects(requests.get(`${base}/drip?duration=5`, { timeout: { total: 0.1 } }), {
      name: "TotalTimeout",
    });
    const reason = new Error("mine");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(requests.get(`${base}/hang`, { signal: controller.signal }), (error) => error === reason);
  },
  "retries after a 503 and a reset": async () => {
    const session = new Session({ retries: 3 });
    const response = await session.get(`http://127.0.0.1:${ports.flaky}/`);
    assert.deepEqual([response.statusCode, jsonOf(response).count % 3], [200, 0]);
  },
  "session.fetch": async () => {
    const session = new Session();
    const response = await session.fetch(`${base}/post`, { method: "POST", body: "text" });
    assert.equal((await response.json()).data, "text");
  },
  "a Unix socket": async () => {
    const socketPath = join(folder, "s");
    const server = await httpbin({ socketPath });
    const response = await requests.get(`http+unix://${encodeURIComponent(socketPath)}/get`);
    assert.equal(response.statusCode, 200);
    await server.close();
  },
  "require()": async () => {
    const required = createRequire(import.meta.url)("requests-ts");
    assert.equal(required.get, requests.get);
    assert.equal(required.Session, Session);
  },
  "the package's own httpbin, with TLS": async () => {
    const server = await httpbin({ tls: true });
    const verify = fileOf("httpbin.pem", server.ca);
    const response = await requests.get(`${server.url}/get`, { verify });
    assert.equal(jsonOf(response).url, `${server.url}/get`);
    await assert.rejects(requests.get(`${server.url}/get`), { name: "SSLError" });
    await server.close();
  },

  "TLS: a certificate of a trusted authority": async () => {
    assert.equal((await told(sessionWith({}), "good")).protocol, "TLSv1.3");
    assert.equal((await told(sessionWith({}), "good", "localhost")).servername, "localhost");
  },
  "TLS: an unknown authority": () =>
    refused(sessionWith({}, { verify: true }), "good", SSLError, /certificate verify failed .* its issuer is unknown/),
  "TLS: self-signed": () => refused(sessionWith({}), "selfSigned", SSLError, /certificate verify failed/),
  "TLS: self-signed, by default": () =>
    refused(sessionWith({}, { verify: true }), "selfSigned", SSLError, /certificate verify failed .* self-signed/),
  "TLS: expired": () => refused(sessionWith({}), "expired", SSLError, /certificate verify failed .* expired/),
  "TLS: for another host": () =>
    refused(sessionWith({}), "otherHost", SSLError, /was issued for DNS:other\.example, not for "127\.0\.0\.1"/),
  "TLS: for another host, by name": () =>
    refused(sessionWith({ lookup: toHere }), "good", SSLError, /not for "evil\.example"/, "evil.example"),
  "TLS: servername decides what is verified": async () => {
    assert.equal((await told(sessionWith({ servername: "other.example" }), "otherHost")).servername, "other.example");
    await refused(sessionWith({ servername: "other.example" }), "good", SSLError, /not for "other\.example"/);
  },
  "TLS: verify: false trusts all of them, with a warning": async () => {
    for (const name of ["selfSigned", "expired", "otherHost"]) await told(sessionWith({}, { verify: false }), name);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(
      warnings.some((warning) => warning.startsWith("InsecureRequestWarning")),
      warnings.join(),
    );
  },
  "TLS: verify: false does not leak into the next call": async () => {
    const session = new Session({ trustEnv: false, timeout: 5 });
    const url = `https://127.0.0.1:${ports.selfSigned}/`;
    await session.get(url, { verify: false });
    await assert.rejects(session.get(url), { name: "SSLError" });
  },
  "TLS: through a tunnel": async () => {
    const proxies = { https: `http://127.0.0.1:${ports.proxy}` };
    assert.equal((await told(sessionWith({}, { proxies }), "good")).protocol, "TLSv1.3");
    await refused(sessionWith({}, { proxies }), "expired", SSLError, /expired/);
    await refused(sessionWith({}, { proxies }), "selfSigned", SSLError, /certificate verify failed/);
    await refused(sessionWith({}, { proxies }), "otherHost", SSLError, /not for "127\.0\.0\.1"/);
    await refused(sessionWith({ minVersion: "TLSv1.3" }, { proxies }), "tls12", SSLError, /no TLS version in common/);
    await refused(sessionWith({ pinnedFingerprints: ["AA:BB"] }, { proxies }), "good", SSLError, /pinnedFingerprints/);
    const client = sessionWith({}, { proxies, cert: CLIENT });
    assert.equal((await told(client, "client")).client, "runtimes client");
  },
  "cert: the client's certificate is shown": async () => {
    const files = [fileOf("client.pem", CLIENT.cert), fileOf("client.key", CLIENT.key)];
    const both = fileOf("both.pem", CLIENT.cert + CLIENT.key);
    for (const cert of [CLIENT, files, both])
      assert.equal((await told(sessionWith({}, { cert }), "client")).client, "runtimes client");
  },
  // Whether Deno tells the alert that TLS 1.3 sends after the handshake is a matter of timing.
  "cert: without it the server refuses": () =>
    refused(
      sessionWith({}),
      "client",
      ON_DENO ? ConnectionError : SSLError,
      ON_DENO ? /client certificate|closed connection without response/ : /client certificate/,
    ),
  "cert: a key of another is refused here": () =>
    refused(sessionWith({}, { cert: { cert: CLIENT.cert, key: GOOD.key } }), "client", SSLError, /does not belong/),
  pinnedFingerprints: async () => {
    const { tls } = await sessionWith({}).get(`https://127.0.0.1:${ports.good}/`);
    const right = /** @type {{ fingerprint256: string }} */ (tls?.peerCertificate).fingerprint256;
    assert.equal((await told(sessionWith({ pinnedFingerprints: [right] }), "good")).protocol, "TLSv1.3");
    for (const verify of [ca, false])
      await refused(sessionWith({ pinnedFingerprints: ["AA:BB"] }, { verify }), "good", SSLError, /pinnedFingerprints/);
  },
  minVersion: async () => {
    await refused(sessionWith({}), "tls11", SSLError, /no TLS version in common/);
    await refused(sessionWith({ minVersion: "TLSv1.3" }), "tls12", SSLError, /no TLS version in common/);
    assert.equal((await told(sessionWith({}), "tls12")).protocol, "TLSv1.2");
  },
  "ciphers are chosen, or refused": async () => {
    const session = sessionWith({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
    if (ON_DENO) await refused(session, "tls12", SSLError, /ciphers is not supported by Deno/);
    else {
      assert.equal((await told(session, "tls12")).cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
      await refused(session, "aes256", SSLError, /refused the handshake/);
    }
  },
  allowAddress: async () => {
    const asked = [];
    const nobody = (address) => (asked.push(address), false);
    for (const host of ["127.0.0.1", "localhost"])
      await refused(
        sessionWith({ allowAddress: nobody }),
        "plain",
        ConnectionError,
        /not allowed by allowAddress/,
        host,
      );
    await refused(sessionWith({ allowAddress: nobody }), "good", ConnectionError, /not allowed by allowAddress/);
    const rebound = sessionWith({ allowAddress: nobody, lookup: toHere });
    await refused(rebound, "plain", ConnectionError, /not allowed by allowAddress/, "public.example");
    assert.ok(asked.includes("127.0.0.1"), asked.join());
    assert.ok((await told(sessionWith({ allowAddress: () => true }), "plain", "localhost")).from);
  },
  "lookup and localAddress": async () => {
    assert.ok((await told(sessionWith({ lookup: toHere }), "plain", "some.example")).from);
    if (process.platform === "linux")
      for (const name of ["plain", "good"])
        assert.equal((await told(sessionWith({ localAddress: "127.0.0.2" }), name)).from, "127.0.0.2");
  },
  "SSLKEYLOGFILE is written, or missed in a warning": async () => {
    const path = join(folder, "keys");
    process.env.SSLKEYLOGFILE = path;
    try {
      await told(sessionWith({}, { trustEnv: true }), "good");
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (ON_DENO) assert.ok(warnings.some((warning) => /SSLKEYLOGFILE is not supported by Deno/.test(warning)));
      else assert.match(readFileSync(path, "utf8"), /^CLIENT_HANDSHAKE_TRAFFIC_SECRET /m);
    } finally {
      delete process.env.SSLKEYLOGFILE;
    }
  },
};

for (const name of Object.keys(process.env))
  if (/_proxy$|ca_bundle$|^ssl_cert|^netrc$/i.test(name)) delete process.env[name];
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${String(error instanceof Error ? error.stack : error).replaceAll("\n", "\n    ")}`);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log("the end");
process.exit();
