/** nginx on a Unix socket. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import requests, { HTTPAdapter, InvalidSchema, Session } from "requests-ts";

import { whyNot, type Daemon } from "../_support/daemons.js";
import { startNginx } from "../_support/nginx.js";
import { eventually, rejection } from "../_support/raw-server.js";

describe("nginx on a Unix socket", { skip: whyNot("nginx"), timeout: 60_000 }, () => {
  let nginx: Daemon;
  let path: string;
  let unix: string;
  let web: string;
  before(async () => {
    nginx = await startNginx(1, ([port], workspace) => {
      const socket = workspace.file("a socket.sock");
      const escaped = `http+unix://${encodeURIComponent(socket)}`;
      return `
  absolute_redirect off;
  server {
    listen "unix:${socket}";
    location /info { return 200 "$request_method $request_uri $http_host $connection_requests"; }
    location /inside { return 302 ${escaped}/info; }
    location /relative { return 302 /info; }
    location /outside { return 302 http://127.0.0.1:${port}/web; }
    location /upload { client_max_body_size 8m; proxy_pass http://127.0.0.1:${port}/length; }
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 8m;
    location /web { return 200 "web $http_host"; }
    location /length { return 200 "$content_length"; }
    location /into { return 302 ${escaped}/info; }
    location /shouted { return 302 HTTP+UNIX://${encodeURIComponent(socket)}/info; }
  }`;
    });
    path = nginx.workspace.file("a socket.sock");
    unix = `http+unix://${encodeURIComponent(path)}`;
    web = `http://127.0.0.1:${nginx.ports[0]}`;
  });
  after(() => nginx?.close());

  it("http+unix: the socket's path is the host, and the connection is kept", async () => {
    await using session = new Session();
    const first = await session.get(`${unix}/info?a=b`);
    assert.equal(first.text.split(" ").slice(0, 2).join(" "), "GET /info?a=b");
    assert.equal(first.text.split(" ").at(-1), "1");
    const second = await session.get(`${unix}/info`);
    assert.equal(second.text.split(" ").at(-1), "2");
    assert.deepEqual([first.reused, second.reused], [false, true]);
    assert.equal(second.remoteAddress, path);
  });

  it("http+unix: nginx accepts the Host that is sent", async () => {
    const [, , host] = (await requests.get(`${unix}/info`)).text.split(" ");
    assert.ok(host !== undefined && !host.includes("/"), host);
  });

  it("socketPath: takes any host, and sends its name as Host", async () => {
    await using session = new Session();
    session.mount("http://docker/", new HTTPAdapter({ socketPath: path }));
    assert.match((await session.get("http://docker/info")).text, /^GET \/info docker \d+$/);
    // Others go their way.
    assert.match((await session.get(`${web}/web`)).text, /^web 127/);
  });

  it("receives an upload", async () => {
    assert.equal((await requests.put(`${unix}/upload`, { data: Buffer.alloc(3_000_000) })).text, "3000000");
  });

  it("ignores proxies of the environment and of the call", async () => {
    process.env["ALL_PROXY"] = "http://127.0.0.1:1";
    process.env["http_proxy"] = "http://127.0.0.1:1";
    assert.equal((await requests.get(`${unix}/info`)).statusCode, 200);
    await using session = new Session();
    session.mount("http://docker/", new HTTPAdapter({ socketPath: path }));
    assert.match((await session.get("http://docker/info")).text, /^GET \/info docker /);
    assert.equal((await session.get("http://docker/info", { proxies: { all: "http://127.0.0.1:1" } })).statusCode, 200);
  });

  it("is not reached by a redirect from http", async () => {
    for (const location of ["into", "shouted"]) {
      const error = await rejection(requests.get(`${web}/${location}`));
      assert.ok(error instanceof InvalidSchema, String(error));
      assert.match(error.message, /Unix sockets are reached only by a URL of the caller's own/);
    }
  });

  it("follows a redirect on the same socket, and one to http", async () => {
    for (const location of ["relative", "inside"]) {
      const response = await requests.get(`${unix}/${location}`);
      assert.match(response.text, /^GET \/info /, location);
      assert.equal(response.history.length, 1);
    }
    const outside = await requests.get(`${unix}/outside`, { auth: ["user", "password"] });
    assert.match(outside.text, /^web 127/);
    assert.equal(outside.request.headers.has("Authorization"), false);
  });

  it("rejects a socket that does not exist", async () => {
    const error = await rejection(requests.get("http+unix://%2Fnowhere%2Fa.sock/"));
    assert.deepEqual([error.name, error.phase, error.address], ["ConnectionError", "connect", "/nowhere/a.sock"]);
    assert.match(error.message, /Failed to connect to the Unix socket \/nowhere\/a\.sock: there is no such file/);
  });

  it("rejects a file that is not a socket, and a socket without a listener", async () => {
    const file = nginx.workspace.write("file", "");
    const error = await rejection(requests.get(`http+unix://${encodeURIComponent(file)}/`));
    assert.equal(error.name, "ConnectionError");
    assert.equal(error.code, "ERR_CONNECTION_REFUSED");
    assert.ok(error.message.includes(file));
  });

  it("leaves no socket open when the session closes", async () => {
    const adapter = new HTTPAdapter();
    const session = new Session();
    session.mount("http+unix://", adapter);
    await session.get(`${unix}/info`);
    assert.equal(adapter.statistics.open, 1);
    await session.close();
    await eventually(() => adapter.statistics.open === 0);
  });
});
