/** What the environment says, who beats whom, and how it is switched off. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { ProxyError, Session, SSLError, type Proxies, type RequestOptions, type SessionOptions } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { closedPort, failure, serve, type Received } from "./serve.js";

const echo = await serve();
const secure = await httpbin({ tls: true });
const closed = await closedPort();
const directory = await mkdtemp(join(tmpdir(), "requests-environment-"));
const netrc = join(directory, "netrc");
const ca = join(directory, "ca.pem");
await writeFile(netrc, "machine 127.0.0.1 login netrc password net:rc\n", { mode: 0o600 });
await writeFile(ca, secure.ca!);
after(async () => {
  await echo.close();
  await secure.close();
  await rm(directory, { recursive: true });
});

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

describe("precedence of credentials: auth= > session.auth > netrc > user-info > Authorization header", () => {
  const header = { headers: { Authorization: "by hand" } };
  const table: [
    name: string,
    session: SessionOptions,
    options: RequestOptions,
    userInfo: string,
    netrc: boolean,
    expected: string | undefined,
  ][] = [
    ["the option", { auth: ["s", "s"] }, { auth: ["o", "o"], ...header }, "u:u@", true, basic("o", "o")],
    ["the session's", { auth: ["s", "s"] }, header, "u:u@", true, basic("s", "s")],
    ["netrc", {}, header, "u:u@", true, basic("netrc", "net:rc")],
    ["the user-info", {}, header, "u:u@", false, basic("u", "u")],
    ["the header", {}, header, "", false, "by hand"],
    ["none", {}, {}, "", false, undefined],
    ["trustEnv: false, no netrc", { trustEnv: false }, header, "u:u@", true, basic("u", "u")],
    ["trustEnv: false, the header", { trustEnv: false }, header, "", true, "by hand"],
    ["auth: null, the header", { auth: ["s", "s"] }, { auth: null, ...header }, "u:u@", true, "by hand"],
    ["auth: null, nothing", { auth: ["s", "s"] }, { auth: null }, "u:u@", true, undefined],
    ["an escaped user-info", {}, {}, "us%40er:p%3Aw@", false, basic("us@er", "p:w")],
  ];
  for (const [name, session, options, userInfo, withNetrc, expected] of table)
    it(name, async () => {
      if (withNetrc) process.env["NETRC"] = netrc;
      const response = await new Session(session).get(`http://${userInfo}127.0.0.1:${echo.port}/`, options);
      assert.equal(response.json<Received>().headers["authorization"], expected);
    });

  it("ignores a netrc file that cannot be read or parsed", async () => {
    for (const content of ["machine", "machine 127.0.0.1 login"]) {
      process.env["NETRC"] = join(directory, `broken-${content.length}`);
      await writeFile(process.env["NETRC"], content);
      const response = await new Session().get(echo.url);
      assert.equal(response.json<Received>().headers["authorization"], undefined);
    }
  });

  it("uses netrc for the host without its port, and for no other host [netrc-by-host]", async () => {
    process.env["NETRC"] = netrc;
    const response = await new Session().get(echo.localhost);
    assert.equal(response.json<Received>().headers["authorization"], undefined);
  });
});

describe("the CA bundle", () => {
  it("without one the test authority is not trusted", async () => {
    const error = await failure(new Session().get(`${secure.url}/get`));
    assert.ok(error instanceof SSLError, String(error));
  });

  for (const name of ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    it(`${name} sets the trust of verify: true`, async () => {
      process.env[name] = ca;
      assert.equal((await new Session().get(`${secure.url}/get`)).statusCode, 200);
      assert.equal((await new Session().get(`${secure.url}/get`, { verify: true })).statusCode, 200);
    });

  it("uses REQUESTS_CA_BUNDLE first, and ignores an empty variable [REQUESTS_CA_BUNDLE-order]", async () => {
    process.env["REQUESTS_CA_BUNDLE"] = join(directory, "missing.pem");
    process.env["CURL_CA_BUNDLE"] = ca;
    const error = await failure(new Session().get(`${secure.url}/get`));
    assert.ok(error instanceof SSLError);
    assert.match(error.message, /missing\.pem/);
    process.env["REQUESTS_CA_BUNDLE"] = "";
    assert.equal((await new Session().get(`${secure.url}/get`)).statusCode, 200);
  });

  it("lets a path or false in the call or the session override the environment", async () => {
    process.env["REQUESTS_CA_BUNDLE"] = join(directory, "missing.pem");
    const url = `${secure.url}/get`;
    assert.equal((await new Session().get(url, { verify: ca })).statusCode, 200);
    assert.equal((await new Session({ verify: ca }).get(url)).statusCode, 200);
    assert.equal((await new Session().get(url, { verify: false })).statusCode, 200);
    assert.equal((await new Session({ verify: false }).get(url)).statusCode, 200);
  });

  it("ignores the environment with trustEnv: false", async () => {
    process.env["REQUESTS_CA_BUNDLE"] = ca;
    const error = await failure(new Session({ trustEnv: false }).get(`${secure.url}/get`));
    assert.ok(error instanceof SSLError);
  });

  it("mergeEnvironmentSettings returns the settings in use", () => {
    process.env["REQUESTS_CA_BUNDLE"] = ca;
    const session = new Session({ cert: "/c.pem" });
    assert.deepEqual(session.mergeEnvironmentSettings("https://h/"), {
      proxies: {},
      stream: false,
      verify: ca,
      cert: "/c.pem",
    });
    assert.deepEqual(session.mergeEnvironmentSettings("https://h/", { all: "http://p" }, true, false, "/d.pem"), {
      proxies: { all: "http://p" },
      stream: true,
      verify: false,
      cert: "/d.pem",
    });
  });

  it("throws SSLError with the path of a missing CA file, before it opens a socket", async () => {
    const before = secure.connections;
    const missing = join(directory, "nowhere.pem");
    const error = await failure(new Session().get(secure.url, { verify: missing }));
    assert.ok(error instanceof SSLError);
    assert.ok(error.message.includes(missing), error.message);
    assert.equal(secure.connections, before);
  });
});

describe("proxies [proxies-from-environment]", () => {
  const proxy = `http://user:secret@127.0.0.1:${closed}`;
  const dead: [name: string, variables: Record<string, string>, session: Proxies, call: Proxies][] = [
    ["HTTP_PROXY", { HTTP_PROXY: proxy }, {}, {}],
    ["http_proxy before HTTP_PROXY", { http_proxy: proxy, HTTP_PROXY: "" }, {}, {}],
    ["ALL_PROXY", { ALL_PROXY: proxy }, {}, {}],
    ["without a scheme", { HTTP_PROXY: `user:secret@127.0.0.1:${closed}` }, {}, {}],
    ["the session's", {}, { http: proxy }, {}],
    ["the session's for all", {}, { all: proxy }, {}],
    ["the call's", {}, {}, { http: proxy }],
    ["the call's for the host", {}, { http: null }, { "http://127.0.0.1": proxy }],
    ["NO_PROXY is for the environment's only", { NO_PROXY: "*" }, {}, { http: proxy }],
    ["the environment's beside the session's for another scheme", { HTTP_PROXY: proxy }, { https: null }, {}],
  ];
  for (const [name, variables, session, proxies] of dead)
    it(`${name}: ProxyError names the proxy and masks its password`, async () => {
      Object.assign(process.env, variables);
      const error = await failure(new Session({ proxies: session }).get(echo.url, { proxies }));
      assert.ok(error instanceof ProxyError, String(error));
      assert.equal(error.phase, "proxy");
      assert.ok(error.message.includes(`127.0.0.1:${closed}`), error.message);
      assert.doesNotMatch(error.message, /secret/);
    });

  const direct: [
    name: string,
    variables: Record<string, string>,
    session: SessionOptions,
    call: Proxies | null | undefined,
  ][] = [
    ["no variable", {}, {}, undefined],
    ["HTTPS_PROXY for http", { HTTPS_PROXY: proxy }, {}, undefined],
    ["an empty http_proxy hides HTTP_PROXY", { HTTP_PROXY: proxy, http_proxy: "" }, {}, undefined],
    ["NO_PROXY with the address", { HTTP_PROXY: proxy, NO_PROXY: "127.0.0.1" }, {}, undefined],
    ["NO_PROXY with a block", { HTTP_PROXY: proxy, NO_PROXY: "example.com, 127.0.0.0/8" }, {}, undefined],
    ["NO_PROXY with a star", { ALL_PROXY: proxy, no_proxy: "*" }, {}, undefined],
    ["NO_PROXY with the port", { HTTP_PROXY: proxy, NO_PROXY: `127.0.0.1:${echo.port}` }, {}, undefined],
    ["the call's null", { HTTP_PROXY: proxy }, {}, { http: null }],
    ["the call's null for all", { HTTP_PROXY: proxy }, {}, { all: null }],
    ["the call's null for the host", { HTTP_PROXY: proxy }, {}, { "http://127.0.0.1": null }],
    ["the session's null", { HTTP_PROXY: proxy }, { proxies: { http: null } }, undefined],
    ["trustEnv: false", { HTTP_PROXY: proxy }, { trustEnv: false }, undefined],
    ["HTTP_PROXY in a CGI program", { HTTP_PROXY: proxy, REQUEST_METHOD: "GET" }, {}, undefined],
    ["another scheme's", {}, {}, { https: proxy }],
  ];
  for (const [name, variables, session, proxies] of direct)
    it(`${name}: connects directly`, async () => {
      Object.assign(process.env, variables);
      assert.equal((await new Session(session).get(echo.url, { proxies })).statusCode, 200);
    });
});
