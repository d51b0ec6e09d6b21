/**
 * Who plays the hosts of a page, apart from httpbin. A page that has `<!-- hosts: stand-ins -->` in it talks to these: each
 * key of `PLAYERS` in a string of its code becomes what the function returns. scripts/docs-tests.mjs reads the keys.
 */
import dns from "node:dns";
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

import { httpbin, type HttpbinOptions } from "requests-ts/httpbin";

import { atEnd, httpbinUrl } from "../docs.js";
import { authServer, docker, downloads, gateway, login, service } from "./cookbook.js";
import { github, githubApi, plainGithub } from "./github.js";
import { httpProxy, socksProxy } from "./proxies.js";
import { play, type Host } from "./serving.js";
import * as tutorials from "./tutorials.js";

const { auth, accepts } = authServer();
const started = new Map<string, Promise<string>>();

const PLAYERS: Readonly<Record<string, () => Promise<string>>> = {
  "https://api.github.com": () => play(githubApi),
  "https://github.com": () => play(github),
  "http://github.com": async () => {
    const secure = await urlOf("https://github.com");
    return play(plainGithub(() => secure));
  },
  "https://jsonplaceholder.typicode.com": () => play(tutorials.jsonPlaceholder),
  "http://127.0.0.1:5000": () => play(tutorials.books),
  "http://api.example.com": () => play(tutorials.plainExample),
  "https://api.example.com": () => play(tutorials.exampleApi),
  "http://api.openweathermap.org": () => play(tutorials.weather),
  "https://my-openapi-api.com": () => play(tutorials.shop),
  "http://en.wikipedia.org": () => play(tutorials.wikipedia),
  "https://www.google.com": () => play(tutorials.google),
  "http://example.com": () => play(tutorials.cookieSetter),
  "http://some.url": () => play(tutorials.chunked),
  "https://www.whatismyip.com": () => play(tutorials.myIp),
  "10.10.1.10:3128": () => httpProxy(null),
  "https://auth.example.org": () => play(auth),
  "https://api.example.org": () => play(service(accepts)),
  "https://shop.example.org": () => play(login),
  "https://gateway.example.org": () => play(gateway),
  "https://downloads.example.org": () => play(downloads()),
  "https://intranet.example.org": () => secure("company-ca.pem"),
  "https://bank.example.org": () => secure("bank-ca.pem", { requestCert: true, rejectUnauthorized: true }),
  "proxy.example.org:3128": () => httpProxy("ada:secret"),
  "127.0.0.1:9050": () => socksProxy(() => Number(new URL(httpbinUrl).port)),
  "/var/run/docker.sock": () => onSocket(docker),
};

/** Where the hosts are that play these keys. */
export async function standIns<K extends string>(keys: readonly K[]): Promise<Readonly<Record<K, string>>> {
  const found = await Promise.all(keys.map(async (key) => [key, await urlOf(key)] as const));
  return Object.fromEntries(found) as Record<K, string>;
}

function urlOf(key: string): Promise<string> {
  const player = PLAYERS[key];
  if (player === undefined) throw new Error(`Nobody plays ${key}`);
  const url = started.get(key) ?? player();
  started.set(key, url);
  return url;
}

/** An httpbin over TLS, whose authority is written to a file of the page's folder. */
async function secure(caFile: string, tls: Exclude<HttpbinOptions["tls"], boolean> = {}): Promise<string> {
  const plain = await httpbin({ tls: true });
  const { ca = "", client } = plain;
  await plain.close();
  const server = await httpbin({ tls: { ...tls, ca } });
  atEnd(() => server.close());
  writeFileSync(caFile, ca);
  writeFileSync("client.pem", client?.cert ?? "");
  writeFileSync("client.key", client?.key ?? "");
  return server.url;
}

/** Serves the host on a Unix socket, and returns its path. */
async function onSocket(host: Host): Promise<string> {
  const path = join(process.cwd(), "docker.sock");
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const asked = {
        method: request.method ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        headers: {},
        body: Buffer.alloc(0),
        url: "",
      };
      const answer = await host(asked);
      response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer?.json ?? {}));
    })();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  atEnd(() => void server.close());
  return path;
}

// An example of a page contacts no other host: a name without a stand-in does not exist.
const lookup = dns.lookup;
const offline = (host: string, ...rest: unknown[]): void => {
  if (host === "localhost" || isIP(host) !== 0) return void Reflect.apply(lookup, dns, [host, ...rest]);
  const callback = rest.at(-1) as (error: Error) => void;
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
    code: "ENOTFOUND",
    syscall: "getaddrinfo",
    hostname: host,
  });
  setImmediate(callback, error);
};
dns.lookup = offline as typeof dns.lookup;
syncBuiltinESMExports();
