/** What speaks for the caller stays with the origin that it was meant for. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";

import { HTTPDigestAuth, Session, type PreparedRequest, type RequestOptions } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { serve, type Received, type Scripted } from "./serve.js";

async function start(): Promise<Scripted> {
  return serve((request, response) => {
    const location = /^\/to\?(.*)$/.exec(request.target)?.[1];
    if (location === undefined) response.end(JSON.stringify(request));
    else response.writeHead(302, { Location: decodeURIComponent(location), "Set-Cookie": "set=1" }).end();
  });
}
const here = await start();
const there = await start();
const directory = await mkdtemp(join(tmpdir(), "requests-credentials-"));
after(async () => {
  await here.close();
  await there.close();
  await rm(directory, { recursive: true });
});

const via = (location: string): string => `${here.url}/to?${encodeURIComponent(location)}`;
const SECRETS = [
  "authorization",
  "cookie",
  "x-api-key",
  "api-key",
  "proxy-authorization",
  "private-token",
  "x-auth-token",
  "x-csrf-token",
];

async function arrives(url: string, options: RequestOptions, session = new Session()): Promise<Received> {
  return (await session.get(url, options)).json<Received>();
}

const headers = Object.fromEntries([...SECRETS, "X-Plain", "Host"].map((name) => [name, `${name}-value`]));

describe("to another origin", () => {
  const origins: [name: string, url: string][] = [
    ["another port", `${there.url}/end`],
    ["another name of the same host", `${here.localhost}/end`],
    ["in two steps", `${here.url}/to?${encodeURIComponent(`${there.url}/end`)}`],
    ["scheme-relative", `//127.0.0.1:${there.port}/end`],
    ["there and back", `${there.url}/to?${encodeURIComponent(`${here.url}/end`)}`],
  ];
  for (const [name, url] of origins)
    it(`${name}: drops credential headers and a custom Host, keeps the others [other-origin-headers]`, async () => {
      const received = await arrives(via(url), { headers });
      for (const secret of SECRETS.filter((one) => one !== "cookie"))
        assert.equal(received.headers[secret], undefined, secret);
      assert.equal(received.headers["x-plain"], "X-Plain-value");
      assert.match(received.headers["host"]!, /^(127\.0\.0\.1|localhost):\d+$/);
      assert.doesNotMatch(received.headers["cookie"] ?? "", /cookie-value/);
    });

  for (const [name, auth] of [
    ["a pair", ["u", "p"] as const],
    ["a function", (request: PreparedRequest) => (request.headers.set("Authorization", "f"), request)],
  ] as const)
    it(`drops auth given as ${name} [other-origin-auth]`, async () => {
      assert.equal((await arrives(via(`${there.url}/end`), { auth })).headers["authorization"], undefined);
    });

  it("drops session.auth and the user-info of the URL", async () => {
    const session = new Session({ auth: ["u", "p"] });
    assert.equal((await arrives(via(`${there.url}/end`), {}, session)).headers["authorization"], undefined);
    const url = via(`${there.url}/end`).replace("//", "//u:p@");
    assert.equal((await arrives(url, {})).headers["authorization"], undefined);
  });

  it("does not answer a digest challenge there", async () => {
    await using other = await httpbin();
    const session = new Session({ auth: new HTTPDigestAuth("user", "pass") });
    const response = await session.get(via(`${other.url}/digest-auth/auth/user/pass`));
    assert.equal(response.statusCode, 401);
    assert.ok(other.requests.every(({ headers: sent }) => !sent.some(([name]) => /^authorization$/i.test(name))));
    assert.equal(other.requests.length, 1);
  });

  it("drops the headers that session.credentialHeaders lists [credential-headers-setting]", async () => {
    const session = new Session();
    session.credentialHeaders = [...session.credentialHeaders, "X-Mine"];
    const received = await arrives(via(`${there.url}/end`), { headers: { "X-Mine": "1", "X-Other": "2" } }, session);
    assert.equal(received.headers["x-mine"], undefined);
    assert.equal(received.headers["x-other"], "2");
  });

  it("uses the netrc entry of the new host [netrc-of-new-host]", async () => {
    const netrc = join(directory, "netrc");
    await writeFile(netrc, "machine localhost login l password p\n");
    process.env["NETRC"] = netrc;
    await new Promise((resolve) => setImmediate(resolve));
    const received = await arrives(via(`${here.localhost}/end`), { auth: ["u", "p"] });
    assert.equal(received.headers["authorization"], `Basic ${Buffer.from("l:p").toString("base64")}`);
    assert.equal((await arrives(via(`${here.localhost}/end`), { auth: null })).headers["authorization"], undefined);
  });
});

describe("on the same origin", () => {
  it("keeps credentials, except Cookie, which the jars provide again, and Proxy-Authorization [same-origin-headers]", async () => {
    const received = await arrives(via("/end"), { headers });
    for (const name of ["authorization", "x-api-key", "api-key", "private-token", "x-auth-token", "host"])
      assert.equal(received.headers[name], `${name === "host" ? "Host" : name}-value`, name);
    assert.equal(received.headers["cookie"], "set=1");
    assert.equal(received.headers["proxy-authorization"], undefined);
  });

  it("applies auth again, and a function signs the new URL", async () => {
    const received = await arrives(via("/end"), {
      auth: (request) => {
        request.headers.set("X-Signed", request.pathUrl);
        return request;
      },
    });
    assert.equal(received.headers["x-signed"], "/end");
    assert.equal((await arrives(via("/end"), { auth: ["u", "p"] })).headers["authorization"], "Basic dTpw");
  });
});

describe("cookies across a redirect", () => {
  it("of a call are sent to the same origin and to no other [call-cookies-same-origin]", async () => {
    const same = await arrives(via("/end"), { cookies: { own: "1" } });
    assert.deepEqual(same.headers["cookie"]!.split("; ").sort(), ["own=1", "set=1"]);
    for (const url of [`${there.url}/end`, `${here.localhost}/end`])
      assert.doesNotMatch((await arrives(via(url), { cookies: { own: "1" } })).headers["cookie"] ?? "", /own/);
  });

  it("without a domain in the session are sent to every requested host, but never after a redirect to another origin [session-cookies-without-domain]", async () => {
    const session = new Session({ cookies: { made: "1" } });
    session.cookies.set("set-by-hand", "2");
    for (const url of [`${here.url}/x`, `${there.url}/x`, `${here.localhost}/x`])
      assert.match((await arrives(url, {}, session)).headers["cookie"]!, /made=1; set-by-hand=2/);
    assert.doesNotMatch((await arrives(via(`${there.url}/end`), {}, session)).headers["cookie"] ?? "", /made|by-hand/);
    assert.equal((await arrives(via(`${here.localhost}/end`), {}, session)).headers["cookie"], undefined);
  });

  it("with a domain are sent to that domain", async () => {
    const session = new Session();
    session.cookies.set("for-localhost", "1", { domain: "localhost" });
    const received = await arrives(via(`${here.localhost}/end`), {}, session);
    assert.equal(received.headers["cookie"], "for-localhost=1");
    assert.equal((await arrives(`${here.url}/x`, {}, session)).headers["cookie"], "set=1");
  });

  it("set during redirects are sent with the next request, and kept by the session", async () => {
    const session = new Session();
    assert.equal((await arrives(via("/end"), {}, session)).headers["cookie"], "set=1");
    assert.equal(session.cookies.get("set"), "1");
  });

  it("in response.cookies are those of the last response only", async () => {
    const response = await new Session().get(via("/end"));
    assert.equal(response.cookies.size, 0);
    assert.equal(response.history[0].cookies.get("set"), "1");
  });
});
