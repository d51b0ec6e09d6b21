/** Which requests go through a proxy: the environment's variables, and code that beats them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import requests, { Session, type Proxies } from "requests-ts";
import { httpbin, type Server } from "requests-ts/httpbin";

import { whyNot, Workspace } from "../_support/daemons.js";
import { eventually, rejection } from "../_support/raw-server.js";
import { startSquid, type Squid } from "../_support/squid.js";

/** SQUID stands for the proxy, DEAD for one that is not there; NAME and HTTPS for the ports of the origin. */
interface Case {
  readonly title: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly proxies?: Proxies;
  readonly proxied: boolean;
}

const ANYWHERE: readonly Case[] = [
  { title: "http_proxy", variables: { http_proxy: "SQUID" }, proxied: true },
  { title: "HTTP_PROXY", variables: { HTTP_PROXY: "SQUID" }, proxied: true },
  { title: "a proxy without a scheme", variables: { http_proxy: "BARE" }, proxied: true },
  { title: "lower case first", variables: { http_proxy: "SQUID", HTTP_PROXY: "DEAD" }, proxied: true },
  { title: "all_proxy", variables: { all_proxy: "SQUID" }, proxied: true },
  { title: "ALL_PROXY", variables: { ALL_PROXY: "SQUID" }, proxied: true },
  { title: "the scheme's before all", variables: { http_proxy: "SQUID", ALL_PROXY: "DEAD" }, proxied: true },
  { title: "https_proxy is not for http", variables: { https_proxy: "DEAD" }, proxied: false },
  { title: "an empty variable is none", variables: { http_proxy: "", ALL_PROXY: "" }, proxied: false },
  { title: "HTTP_PROXY in a CGI program", variables: { HTTP_PROXY: "DEAD", REQUEST_METHOD: "GET" }, proxied: false },
  { title: "http_proxy in a CGI program", variables: { http_proxy: "SQUID", REQUEST_METHOD: "GET" }, proxied: true },
  { title: "NO_PROXY: the host", variables: { http_proxy: "DEAD", NO_PROXY: "localhost" }, proxied: false },
  { title: "no_proxy: the host", variables: { http_proxy: "DEAD", no_proxy: "a.test,localhost" }, proxied: false },
  {
    title: "NO_PROXY: the host and port",
    variables: { http_proxy: "DEAD", NO_PROXY: "localhost:PORT" },
    proxied: false,
  },
  { title: "NO_PROXY: another port", variables: { http_proxy: "SQUID", NO_PROXY: "localhost:1" }, proxied: true },
  { title: "NO_PROXY: *", variables: { http_proxy: "DEAD", NO_PROXY: "*" }, proxied: false },
  { title: "NO_PROXY: somebody else", variables: { http_proxy: "SQUID", NO_PROXY: "host, ocalhost" }, proxied: true },
  {
    title: "no_proxy before NO_PROXY",
    variables: { http_proxy: "SQUID", no_proxy: "a.test", NO_PROXY: "*" },
    proxied: true,
  },
  { title: "code: null", variables: { http_proxy: "DEAD" }, proxies: { http: null }, proxied: false },
  { title: "code: all null", variables: { ALL_PROXY: "DEAD" }, proxies: { all: null }, proxied: false },
  {
    title: "code: the host is null",
    variables: { http_proxy: "DEAD" },
    proxies: { "http://localhost": null },
    proxied: false,
  },
  { title: "code beats the environment", variables: { http_proxy: "DEAD" }, proxies: { http: "SQUID" }, proxied: true },
  { title: "code is not subject to NO_PROXY", variables: { NO_PROXY: "*" }, proxies: { http: "SQUID" }, proxied: true },
  {
    title: "code: scheme://host",
    variables: {},
    proxies: { "http://localhost": "SQUID", http: "DEAD" },
    proxied: true,
  },
  { title: "code: all://host", variables: {}, proxies: { "all://localhost": "SQUID", all: "DEAD" }, proxied: true },
  { title: "code: another host", variables: {}, proxies: { "http://a.test": "DEAD" }, proxied: false },
];

describe("the requests that squid receives", { skip: whyNot("squid"), timeout: 60_000 }, () => {
  let squid: Squid;
  let plain: Server;
  let secure: Server;
  let workspace: Workspace;
  let ca: string;
  let origin: string;
  before(async () => {
    plain = await httpbin();
    secure = await httpbin({ tls: true });
    squid = await startSquid();
    workspace = new Workspace();
    ca = workspace.write("ca.pem", secure.ca!);
    origin = `http://localhost:${plain.port}`;
  });
  after(async () => {
    await squid?.close();
    await plain?.close();
    await secure?.close();
    workspace?.[Symbol.dispose]();
  });

  function filled(text: string): string {
    return text
      .replace("SQUID", `http://127.0.0.1:${squid.port}`)
      .replace("BARE", `127.0.0.1:${squid.port}`)
      .replace("DEAD", "http://127.0.0.1:1")
      .replace("PORT", String(plain.port));
  }

  /** How many tunnels it knows to be over: they are logged a little later. */
  function tunnels(): number {
    return squid.log().filter(({ method }) => method === "CONNECT").length;
  }

  function setVariables(variables: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(variables)) process.env[name] = filled(value);
  }

  for (const { title, variables, proxies, proxied } of ANYWHERE)
    it(`${title}: ${proxied ? "through squid" : "directly"}`, async () => {
      setVariables(variables);
      const given = Object.entries(proxies ?? {}).map(([key, value]) => [key, value == null ? null : filled(value)]);
      const response = await requests.get(`${origin}/get`, {
        ...(proxies === undefined ? {} : { proxies: Object.fromEntries(given) as Proxies }),
        timeout: 5,
      });
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers.has("Via"), proxied);
    });

  it("trustEnv: false ignores the variables", async () => {
    setVariables({ http_proxy: "DEAD", ALL_PROXY: "DEAD" });
    await using own = new Session({ trustEnv: false });
    assert.equal((await own.get(`${origin}/get`)).headers.has("Via"), false);
  });

  for (const name of ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
    it(`${name}: a tunnel for https`, async () => {
      setVariables({ [name]: "SQUID" });
      const before = tunnels();
      const own = new Session({ verify: ca });
      assert.equal((await own.get(`${secure.url}/get`)).statusCode, 200);
      await own.close();
      await eventually(() => tunnels() === before + 1);
    });

  it("a changed variable applies from the next call on", async () => {
    await using own = new Session();
    const seen: boolean[] = [];
    for (const value of ["SQUID", "", "SQUID"]) {
      setVariables({ http_proxy: value });
      seen.push((await own.get(`${origin}/get`)).headers.has("Via"));
    }
    assert.deepEqual(seen, [true, false, true]);
  });

  it("NO_PROXY is checked again for each redirect, into it and out of it", async () => {
    setVariables({ http_proxy: "SQUID", NO_PROXY: "127.0.0.1" });
    await using own = new Session();
    for (const [first, second] of [
      [origin, plain.url],
      [plain.url, origin],
    ] as const) {
      const response = await own.get(`${first}/redirect-to`, { params: { url: `${second}/get` } });
      assert.deepEqual(
        [...response.history, response].map((one) => one.headers.has("Via")),
        [first === origin, second === origin],
        `${first} → ${second}`,
      );
    }
  });

  it("a redirect to a scheme that only the environment has uses the environment's proxy", async () => {
    setVariables({ https_proxy: "SQUID" });
    const before = tunnels();
    const own = new Session({ verify: ca });
    const response = await own.get(`${origin}/redirect-to`, {
      params: { url: `${secure.url}/get` },
      proxies: { http: null },
    });
    assert.equal(response.statusCode, 200);
    await own.close();
    await eventually(() => tunnels() === before + 1);
  });

  it("a subclass that overrides rebuildProxies decides for redirects", async () => {
    class PastTheProxy extends Session {
      override rebuildProxies(): Readonly<Record<string, string | null>> {
        return {};
      }
    }
    await using own = new PastTheProxy({ proxies: { http: filled("SQUID") } });
    const response = await own.get(`${origin}/redirect-to`, { params: { url: `${origin}/get` } });
    assert.deepEqual(
      [...response.history, response].map((one) => one.headers.has("Via")),
      [true, false],
    );
  });

  it("a proxy that does not exist throws ProxyError with its URL, without the password", async () => {
    for (const url of [origin, secure.url]) {
      const error = await rejection(requests.get(url, { proxies: { all: "http://user:secret@127.0.0.1:1" } }));
      assert.equal(error.name, "ProxyError");
      assert.equal(error.phase, "proxy");
      assert.equal(error.address, "127.0.0.1:1");
      assert.match(
        error.message,
        /^Cannot connect to proxy http:\/\/user:\*+@127\.0\.0\.1:1: .*127\.0\.0\.1:1 refused it/,
      );
      assert.doesNotMatch(error.message, /secret/);
    }
  });

  for (const [proxy, message] of [
    ["ftp://127.0.0.1:21", /Its scheme must be one of http, https, socks4/],
    ["http://", /could be missing the host/],
    ["http:///path", /could be missing the host/],
    ["http://user:secret@", /could be missing the host/],
  ] as const)
    it(`${proxy} throws InvalidProxyURL before a socket opens`, async () => {
      const error = await rejection(requests.get(`${origin}/get`, { proxies: { http: proxy } }));
      assert.equal(error.name, "InvalidProxyURL");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
    });
});
