/** Cookies: what a session keeps and sends, and what it does not. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import requests, { CookieConflictError, RequestsCookieJar, Session } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { serve, type Received } from "./serve.js";

const server = await httpbin();
/** `/set?<line>` sets that cookie. */
const echo = await serve((request, response) => {
  const lines = /^[^?]*\/set\?(.*)$/.exec(request.target)?.[1];
  if (lines !== undefined) response.setHeader("Set-Cookie", decodeURIComponent(lines).split("|"));
  // Bytes: beside a text body Node would write the head as UTF-8 too.
  response.end(Buffer.from(JSON.stringify(request)));
});
after(async () => {
  await server.close();
  await echo.close();
});

const set = (line: string, path = ""): string => `${echo.url}${path}/set?${encodeURIComponent(line)}`;
async function header(session: Session, url = `${echo.url}/`): Promise<string | undefined> {
  return (await session.get(url)).json<Received>().headers["cookie"];
}

describe("the jar of a session", () => {
  it("keeps the cookies of responses and sends them", async () => {
    const session = new Session();
    await session.get(`${server.url}/cookies/set/sessioncookie/123456789`);
    assert.deepEqual((await session.get(`${server.url}/cookies`)).json(), { cookies: { sessioncookie: "123456789" } });
    assert.equal(session.cookies["sessioncookie"], "123456789");
  });

  it("removes the cookies that responses delete", async () => {
    const session = new Session();
    await session.get(`${server.url}/cookies/set?a=1&b=2`);
    await session.get(`${server.url}/cookies/delete?a`);
    assert.deepEqual(session.cookies.getDict(), { b: "2" });
  });

  it("keeps cookies of 4xx responses and of every redirect", async () => {
    const session = new Session();
    await session.get(`${server.url}/response-headers?Set-Cookie=x%3D1`);
    await session.get(`${server.url}/cookies/set?y=2`);
    assert.deepEqual(session.cookies.getDict(), { x: "1", y: "2" });
  });

  it("does not keep the cookies of a call", async () => {
    const session = new Session();
    await session.get(echo.url, { cookies: { from: "a call" } });
    assert.equal(session.cookies.size, 0);
    assert.equal(await header(session), undefined);
  });

  const lines: [line: string, sentBack: string | undefined][] = [
    ["a=1", "a=1"],
    ["a=1; Path=/", "a=1"],
    ["a=1; Path=/elsewhere", undefined],
    ["a=1; Max-Age=0", undefined],
    ["a=1; Max-Age=100", "a=1"],
    ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", undefined],
    ["a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "a=1"],
    ["a=1; Secure", undefined],
    ["a=1; Domain=example.com", undefined],
    ["a=1; Domain=0.0.1", undefined],
    ["a=1; Domain=127.0.0.1", "a=1"],
    ["a=1; HttpOnly; SameSite=Strict", "a=1"],
    ["__Host-a=1", undefined],
    ['a="quoted"', 'a="quoted"'],
    ["a=b=c", "a=b=c"],
    ["a=1|b=2", "a=1; b=2"],
    ["a=1|a=2", "a=2"],
  ];
  for (const [line, sentBack] of lines)
    it(`sends ${line} back as ${String(sentBack)}`, async () => {
      const session = new Session();
      await session.get(set(line));
      assert.equal(await header(session), sentBack);
    });

  it("sends longer paths first, and each cookie to its path", async () => {
    const session = new Session();
    await session.get(set("short=1; Path=/|long=2; Path=/deep/er"));
    assert.equal(await header(session, `${echo.url}/deep/er/x`), "long=2; short=1");
    assert.equal(await header(session, `${echo.url}/deeper`), "short=1");
  });

  it("uses the directory of the request as the default path", async () => {
    const session = new Session();
    await session.get(set("a=1", "/dir"));
    assert.equal(await header(session, `${echo.url}/dir/x`), "a=1");
    assert.equal(await header(session, `${echo.url}/`), undefined);
  });

  it("sends a cookie to the host that set it, on any port (RFC 6265 §8.5)", async () => {
    const session = new Session();
    await session.get(set("a=1"));
    assert.equal(await header(session, echo.localhost), undefined);
  });

  it("sends a cookie with Secure over https only", async () => {
    await using secure = await httpbin({ tls: true });
    const session = new Session({ verify: false });
    await session.get(`${secure.url}/response-headers?Set-Cookie=s%3D1%3B%20Secure%3B%20Path%3D/`);
    assert.deepEqual((await session.get(`${secure.url}/cookies`)).json(), { cookies: { s: "1" } });
    assert.equal(await header(session), undefined);
  });

  it("takes cookies from the program, with domain and path", async () => {
    const session = new Session();
    session.cookies.set("tasty", "yum", { domain: "127.0.0.1", path: "/cookies" });
    session.cookies.set("gross", "blech", { domain: "127.0.0.1", path: "/elsewhere" });
    assert.deepEqual((await session.get(`${server.url}/cookies`)).json(), { cookies: { tasty: "yum" } });
  });

  it("throws CookieConflictError when several cookies have the name", async () => {
    const session = new Session();
    await session.get(set("a=1; Path=/x|a=2; Path=/y"));
    assert.throws(() => session.cookies.get("a"), CookieConflictError);
    assert.equal(session.cookies.get("a", null, { path: "/x" }), "1");
  });

  it("keeps UTF-8 bytes as they are", async () => {
    const session = new Session();
    await session.get(set(`a=${Buffer.from("é").toString("latin1")}`));
    assert.equal(await header(session), `a=${Buffer.from("é").toString("latin1")}`);
    assert.equal(session.cookies["a"], "é");
  });
});

describe("response.cookies", () => {
  it("has the cookies of this response only", async () => {
    const session = new Session();
    const first = await session.get(set("a=1"));
    const second = await session.get(set("b=2"));
    assert.ok(first.cookies instanceof RequestsCookieJar);
    assert.deepEqual(first.cookies.getDict(), { a: "1" });
    assert.deepEqual(second.cookies.getDict(), { b: "2" });
    assert.equal((await session.get(echo.url)).cookies.size, 0);
  });

  it("gives undefined for a cookie that does not exist", async () => {
    assert.equal((await requests.get(echo.url)).cookies["missing"], undefined);
  });
});

describe("a jar given to a call", () => {
  it("keeps the domains of its cookies", async () => {
    const jar = new RequestsCookieJar();
    jar.set("here", "1", { domain: "127.0.0.1" });
    jar.set("there", "1", { domain: "localhost" });
    assert.equal((await requests.get(echo.url, { cookies: jar })).json<Received>().headers["cookie"], "here=1");
  });

  it("is not changed by the response", async () => {
    const jar = new RequestsCookieJar({ own: "1" });
    await requests.get(set("set=2"), { cookies: jar });
    assert.deepEqual(jar.getDict(), { own: "1" });
  });
});
