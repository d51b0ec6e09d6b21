import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import vm from "node:vm";

import type * as tough from "tough-cookie";

import { CookieConflictError, InvalidHeader } from "#internal/exceptions";
import { cookieJarFrom, mergeCookies, RequestsCookieJar } from "#internal/cookies/jar";
import { PreparedRequest } from "#internal/message/prepared";
import { Response } from "#internal/message/response";

const { CookieJar: ToughJar } = createRequire(import.meta.url)("tough-cookie") as typeof tough;

describe("RequestsCookieJar as an object", () => {
  it("reads, sets, deletes and checks cookies by index", () => {
    const jar = new RequestsCookieJar();
    jar["a"] = "1";
    assert.equal(jar["a"], "1");
    assert.equal("a" in jar, true);
    assert.equal("b" in jar, false);
    assert.equal(jar["b"], undefined);
    assert.deepEqual(Object.keys(jar), ["a"]);
    assert.deepEqual({ ...jar }, { a: "1" });
    assert.equal(delete jar["a"], true);
    assert.equal(jar.size, 0);
    assert.equal(delete jar["a"], true);
  });

  it("returns methods rather than cookies of the same name", () => {
    const jar = new RequestsCookieJar({ get: "1", size: "2", constructor: "3" });
    assert.equal(typeof jar.get, "function");
    assert.equal(jar.get("get"), "1");
    assert.equal(jar.size, 3);
    assert.equal("get" in jar, true);
    assert.equal("values" in jar, false);
  });

  it("can be awaited and printed", async () => {
    const jar = new RequestsCookieJar({ a: "1" });
    assert.equal(await Promise.resolve(jar), jar);
    assert.equal(inspect(jar), "<RequestsCookieJar [<Cookie a for any host/>]>");
  });

  it("can be extended with methods and fields", () => {
    class Forgetful extends RequestsCookieJar {
      forgotten = 0;
      override extract(fields: readonly string[]): void {
        this.forgotten += fields.length;
      }
    }
    const jar = new Forgetful();
    jar.extract(["a=1", "b=2"]);
    assert.equal(jar.forgotten, 2);
    assert.equal(jar.size, 0);
  });
});

describe("get and set", () => {
  it("return a fallback, and choose by domain and path", () => {
    const jar = new RequestsCookieJar();
    jar.set("a", "1", { domain: "example.com" }).set("a", "2", { domain: ".example.org", path: "/x" });
    assert.equal(jar.get("missing"), undefined);
    assert.equal(jar.get("missing", null), null);
    assert.equal(jar.get("a", undefined, { domain: "example.com" }), "1");
    assert.equal(jar.get("a", undefined, { domain: ".example.com" }), "1");
    assert.equal(jar.get("a", undefined, { path: "/x" }), "2");
    assert.equal(jar.get("a", "none", { domain: "example.net" }), "none");
  });

  it("throw CookieConflictError with advice when several cookies match", () => {
    const jar = new RequestsCookieJar();
    jar.set("a", "1").set("a", "2", { domain: "example.com", path: "/x" });
    for (const read of [() => jar.get("a"), () => jar["a"]])
      assert.throws(read, (error: Error) => {
        assert.ok(error instanceof CookieConflictError);
        assert.match(error.message, /^There are multiple cookies with name, 'a'/);
        assert.match(error.message, /\{ domain: "example\.com", path: "\/x" \}/);
        return true;
      });
    assert.equal("a" in jar, true);
    assert.equal(jar.has("a", { domain: "example.com" }), true);
  });

  it("replace a cookie of the same name, domain and path", () => {
    const jar = new RequestsCookieJar({ a: "1" });
    jar["a"] = "2";
    jar.set("a", "3", { path: "/x" });
    assert.deepEqual(jar.values(), ["2", "3"]);
  });

  it("remove by null, by null within a domain, and by a past expiry", () => {
    const jar = new RequestsCookieJar();
    const fill = (): unknown => jar.set("a", "1").set("a", "2", { domain: "example.com" });
    fill();
    jar.set("a", null);
    assert.equal(jar.size, 0);
    fill();
    jar.set("a", null, { domain: "example.com" });
    assert.deepEqual(jar.values(), ["1"]);
    jar.set("a", "x", { maxAge: 0 });
    assert.equal(jar.size, 0);
    fill();
    jar.set("a", "x", { expires: new Date(0), domain: "example.com" });
    assert.deepEqual(jar.values(), ["1"]);
  });

  it("convert numbers and booleans to text", () => {
    const jar = new RequestsCookieJar({ n: 1, b: true, i: 10n });
    assert.deepEqual(jar.getDict(), { n: "1", b: "true", i: "10" });
  });

  it("keep every attribute", () => {
    const jar = new RequestsCookieJar();
    const expires = new Date("2031-01-01T00:00:00Z");
    jar.set("a", "1", {
      domain: ".Example.COM",
      path: "/x",
      secure: true,
      httpOnly: true,
      sameSite: "strict",
      expires,
    });
    const { creation: _creation, ...cookie } = [...jar][0];
    assert.deepEqual(cookie, {
      name: "a",
      value: "1",
      domain: "example.com",
      path: "/x",
      secure: true,
      httpOnly: true,
      sameSite: "Strict",
      expires,
      hostOnly: false,
    });
  });

  it("take an expiry as Date, seconds, cookie date and ISO text", () => {
    const moment = new Date("2031-01-01T00:00:00Z");
    for (const expires of [moment, moment.getTime() / 1000, "Wed, 01-Jan-2031 00:00:00 GMT", "2031-01-01T00:00:00Z"])
      assert.deepEqual([...new RequestsCookieJar().set("a", "1", { expires })][0].expires, moment);
  });

  it("keep a host-only cookie to its host", () => {
    const jar = new RequestsCookieJar().set("h", "1", { domain: "example.com", hostOnly: true });
    jar.set("d", "2", { domain: "example.com" });
    assert.equal(jar.headerFor("http://www.example.com/"), "d=2");
    assert.equal(jar.headerFor("http://example.com/"), "h=1; d=2");
  });

  it("let the server refresh a cookie of the same name, domain and path", () => {
    const jar = new RequestsCookieJar().set("sid", "mine", { domain: "example.com" });
    jar.extract(["sid=theirs; Path=/"], "http://example.com/login");
    assert.equal(jar.headerFor("http://example.com/"), "sid=theirs");
  });

  const unknown: [attribute: string, message: RegExp][] = [
    ["Domain", /"Domain"; did you mean domain\?/],
    ["http_only", /did you mean httpOnly\?/],
    ["max-age", /did you mean maxAge\?/],
    ["expire", /did you mean expires\?/],
    ["samesite", /did you mean sameSite\?/],
    ["version", /known are domain, path/],
  ];
  for (const [attribute, message] of unknown)
    it(`refuse the attribute ${attribute}`, () =>
      assert.throws(() => new RequestsCookieJar().set("a", "1", { [attribute]: "x" }), { name: "TypeError", message }));

  const wrong: [attributes: object, name: string][] = [
    [{ domain: "http://example.com/" }, "RangeError"],
    [{ domain: "example.com;x" }, "RangeError"],
    [{ domain: 1 }, "TypeError"],
    [{ path: "x" }, "RangeError"],
    [{ path: "/x;y" }, "RangeError"],
    [{ path: "/x\r\n" }, "RangeError"],
    [{ secure: "yes" }, "TypeError"],
    [{ sameSite: "sometimes" }, "TypeError"],
    [{ expires: "never" }, "RangeError"],
    [{ expires: new Date(NaN) }, "TypeError|RangeError"],
    [{ maxAge: "60" }, "TypeError"],
    [{ maxAge: NaN }, "TypeError"],
  ];
  for (const [attributes, name] of wrong)
    it(`refuse ${inspect(attributes)}`, () =>
      assert.throws(() => new RequestsCookieJar().set("a", "1", attributes), { name: new RegExp(name) }));

  for (const text of ["a\r\nb", "a\nb", "a\0b", "a;b", "a\u007fb"]) {
    it(`refuse the value ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => new RequestsCookieJar().set("n", text),
        (error: Error) => {
          assert.ok(error instanceof InvalidHeader);
          assert.match(error.message, /value of the cookie "n".*position 1/);
          return true;
        },
      ));
    it(`refuse the name ${JSON.stringify(text)}`, () =>
      assert.throws(() => new RequestsCookieJar({ [text]: "v" }), InvalidHeader));
  }
  it("refuse = in a name, which would make another cookie", () =>
    assert.throws(() => new RequestsCookieJar().set("a=b", "1"), InvalidHeader));
  it("refuse values that are not text", () =>
    assert.throws(() => new RequestsCookieJar({ a: {} as unknown as string }), {
      name: "TypeError",
      message: /cookie "a"/,
    }));
});

describe("the Cookie header", () => {
  it("has cookies without a domain for every host, except where anyHost is false", () => {
    const jar = new RequestsCookieJar({ any: "1" }).set("own", "2", { domain: "example.com" });
    assert.equal(jar.headerFor("http://example.com/x"), "any=1; own=2");
    assert.equal(jar.headerFor("http://other.org/x"), "any=1");
    assert.equal(jar.headerFor("http://example.com/x", { anyHost: false }), "own=2");
    assert.equal(jar.headerFor("http://other.org/x", { anyHost: false }), undefined);
  });

  it("respects path and secure of cookies without a domain", () => {
    const jar = new RequestsCookieJar().set("p", "1", { path: "/x" }).set("s", "2", { secure: true });
    assert.equal(jar.headerFor("http://h/"), undefined);
    assert.equal(jar.headerFor("http://h/x"), "p=1");
    assert.equal(jar.headerFor("https://h/x"), "p=1; s=2");
  });

  it("is UTF-8, one character for each byte", () => {
    const jar = new RequestsCookieJar({ é: "日" });
    assert.equal(Buffer.from(jar.headerFor("http://h/")!, "latin1").toString("utf8"), "é=日");
    assert.equal(jar["é"], "日");
  });

  it("never has a domain cookie for an IP address below the domain", () => {
    const jar = new RequestsCookieJar().set("a", "1", { domain: "0.0.1" });
    assert.equal(jar.headerFor("http://127.0.0.1/"), undefined);
  });

  it("is undefined for an empty jar", () => {
    const jar = new RequestsCookieJar();
    assert.equal(jar.isEmpty, true);
    assert.equal(jar.headerFor("http://h/"), undefined);
    jar["a"] = "1";
    assert.equal(jar.isEmpty, false);
    jar.clear();
    assert.equal(jar.isEmpty, true);
  });
});

describe("the iterators of a jar", () => {
  const jar = new RequestsCookieJar();
  jar.set("a", "1", { domain: "example.com", path: "/x" }).set("b", "2", { domain: "example.org" }).set("a", "3");

  it("list keys, values, items, domains and paths, oldest first", () => {
    assert.deepEqual(jar.keys(), ["a", "b", "a"]);
    assert.deepEqual(jar.values(), ["1", "2", "3"]);
    assert.deepEqual(jar.items(), [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
    assert.deepEqual(jar.listDomains(), ["example.com", "example.org", ""]);
    assert.deepEqual(jar.listPaths(), ["/x", "/"]);
    assert.deepEqual(
      [...jar].map(({ value }) => value),
      ["1", "2", "3"],
    );
    assert.equal(jar.multipleDomains(), true);
    assert.equal(new RequestsCookieJar({ a: "1" }).set("b", "2", { domain: "h" }).multipleDomains(), false);
  });

  it("return plain objects", () => {
    assert.deepEqual(jar.getDict(), { a: "3", b: "2" });
    assert.deepEqual(jar.getDict({ domain: "example.com" }), { a: "1" });
    assert.deepEqual(jar.getDict({ path: "/" }), { a: "3", b: "2" });
    assert.deepEqual(jar.getDict({ domain: "nobody.example" }), {});
  });
});

describe("clear and delete", () => {
  const filled = (): RequestsCookieJar =>
    new RequestsCookieJar()
      .set("a", "1", { domain: "h", path: "/" })
      .set("b", "2", { domain: "h", path: "/" })
      .set("a", "3", { domain: "h", path: "/x" })
      .set("a", "4", { domain: "i", maxAge: 60 });
  const table: [scope: (string | null)[], left: string[]][] = [
    [[], []],
    [["h"], ["4"]],
    [
      ["h", "/"],
      ["3", "4"],
    ],
    [
      ["h", "/", "a"],
      ["2", "3", "4"],
    ],
  ];
  for (const [scope, left] of table)
    it(`clear(${scope.join(", ")})`, () => {
      const jar = filled();
      jar.clear(...scope);
      assert.deepEqual(jar.values(), left);
    });
  it("name the cookie or domain that does not exist", () => {
    assert.throws(() => filled().clear("nobody"), { name: "RangeError", message: /\["nobody"\]/ });
    assert.throws(() => filled().clear("h", "/", "zzz"), RangeError);
    assert.throws(() => filled().clear(null, "/"), TypeError);
    assert.doesNotThrow(() => new RequestsCookieJar().clear());
  });
  it("delete every cookie of a name, or those of a domain", () => {
    const jar = filled();
    assert.equal(jar.delete("a", { domain: "h" }), true);
    assert.deepEqual(jar.values(), ["2", "4"]);
    assert.equal(jar.delete("zzz"), false);
  });
  it("delete the cookies of a session", () => {
    const jar = filled();
    jar.clearSessionCookies();
    assert.deepEqual(jar.values(), ["4"]);
  });
});

describe("update, copy and the cookies option", () => {
  it("copy everything that can be changed", () => {
    const jar = new RequestsCookieJar({ a: "1" });
    const copy = jar.copy();
    copy["a"] = "2";
    copy["b"] = "3";
    assert.deepEqual(jar.getDict(), { a: "1" });
    assert.deepEqual(copy.getDict(), { a: "2", b: "3" });
  });

  const sources: [what: string, value: unknown][] = [
    ["an object", { a: "1", b: "2" }],
    ["a Map", new Map([["a", "1"], ["b", "2"]])], // prettier-ignore
    ["pairs", [["a", "1"], ["b", "2"]]], // prettier-ignore
    ["a jar", new RequestsCookieJar({ a: "1", b: "2" })],
    ["an object with undefined", { a: "1", b: "2", c: undefined }],
  ];
  for (const [what, value] of sources)
    it(`take ${what}`, () => assert.deepEqual(cookieJarFrom(value).getDict(), { a: "1", b: "2" }));

  it("return a RequestsCookieJar unchanged, and an empty one for null", () => {
    const jar = new RequestsCookieJar();
    assert.equal(cookieJarFrom(jar), jar);
    assert.equal(cookieJarFrom(undefined).size, 0);
    assert.equal(cookieJarFrom(null).size, 0);
  });

  for (const value of ["a=1", 1, true, ["a=1"], [["a"]], [["a", "1", "2"]]])
    it(`refuse ${inspect(value)}`, () => assert.throws(() => cookieJarFrom(value), TypeError));

  it("copy a tough-cookie CookieJar", () => {
    const tough = new ToughJar();
    tough.setCookieSync("d=1; Domain=example.com; Path=/x; HttpOnly; SameSite=Lax", "http://www.example.com/");
    tough.setCookieSync("h=2; Secure; Expires=Wed, 01 Jan 2031 00:00:00 GMT", "https://www.example.com/");
    tough.setCookieSync("m=3; Max-Age=100", "https://www.example.com/");
    const jar = cookieJarFrom(tough);
    assert.equal(jar.headerFor("http://a.example.com/x"), "d=1");
    assert.equal(jar.headerFor("https://www.example.com/"), "h=2; m=3");
    assert.deepEqual(
      [...jar].map(({ name, domain, hostOnly, httpOnly, secure, sameSite }) => [
        name,
        domain,
        hostOnly,
        httpOnly,
        secure,
        sameSite,
      ]),
      [
        ["d", "example.com", false, true, false, "Lax"],
        ["h", "www.example.com", true, false, true, null],
        ["m", "www.example.com", true, false, false, null],
      ],
    );
    const [, second, third] = [...jar];
    assert.deepEqual(second.expires, new Date("2031-01-01T00:00:00Z"));
    assert.ok(Math.abs(third.expires!.getTime() - Date.now() - 100_000) < 5000);
    jar["new"] = "1";
    assert.equal(tough.getCookiesSync("http://www.example.com/x").length, 2, "changes are not shared");
  });

  it("merge in order, and null removes earlier cookies", () => {
    const session = new RequestsCookieJar({ a: "1", b: "2" }).set("b", "3", { domain: "h" });
    const merged = mergeCookies(session, undefined, { a: "9", b: null, c: "4" });
    assert.deepEqual(merged.getDict(), { a: "9", c: "4" });
    assert.equal(session.size, 3);
  });

  it("set cookies that another jar yielded", () => {
    const from = new RequestsCookieJar().set("a", "1", { domain: "h", path: "/x", maxAge: 60, secure: true });
    const to = new RequestsCookieJar();
    for (const cookie of from) to.setCookie(cookie);
    assert.deepEqual([...to], [...from]);
  });
});

describe("JSON of a jar", () => {
  it("can be converted and read again", () => {
    const jar = new RequestsCookieJar({ any: "é" });
    jar.extract(
      ["l=\u00e9; Path=/", "s=1; Secure; HttpOnly; SameSite=None; Max-Age=1000"],
      "https://h.example.com/a/b",
    );
    const text = JSON.stringify(jar);
    for (const again of [RequestsCookieJar.fromJSON(text), RequestsCookieJar.fromJSON(jar.toJSON())]) {
      assert.deepEqual([...again], [...jar]);
      assert.equal(again.headerFor("https://h.example.com/a/b"), jar.headerFor("https://h.example.com/a/b"));
    }
  });
  const bad: unknown[] = [{}, null, [], { cookies: {} }, { cookies: [null] }, { cookies: [{ name: "a" }] }];
  for (const value of [...bad, { cookies: [{ name: "a", value: "1", expires: "x" }] }])
    it(`refuses ${JSON.stringify(value)}`, () =>
      assert.throws(() => RequestsCookieJar.fromJSON(value as string), {
        name: "TypeError",
        message: /cookie jar's JSON/,
      }));
  it("is checked like cookies that a program sets", () =>
    assert.throws(
      () => RequestsCookieJar.fromJSON({ cookies: [{ name: "a", value: "1\r\nX: y" }] } as never),
      InvalidHeader,
    ));
});

describe("the caller's Host header", () => {
  const address = "http://127.0.0.1:8080/a/b";

  it("is the host that cookies are received from and sent to", () => {
    const jar = new RequestsCookieJar();
    jar.extract(
      ["own=1", "wide=2; Domain=app.example.test", "other=3; Domain=example.com"],
      address,
      "app.example.test",
    );
    assert.deepEqual(jar.listDomains(), ["app.example.test"]);
    assert.equal(jar.headerFor(address, { host: "app.example.test" }), "own=1; wide=2");
    assert.equal(jar.headerFor("http://app.example.test/a/"), "own=1; wide=2");
    assert.equal(jar.headerFor("http://www.app.example.test/a/"), "wide=2");
    assert.equal(jar.headerFor(address), undefined);
    assert.equal(jar.headerFor(address, { host: "example.test" }), undefined);
  });

  it("changes neither the scheme nor the path", () => {
    const jar = new RequestsCookieJar();
    jar.extract(["a=1; Secure", "b=2", "c=3; Secure; Path=/"], "https://127.0.0.1/x/y", "h.test");
    assert.equal(jar.headerFor("http://127.0.0.1/x/z", { host: "h.test" }), "b=2");
    assert.equal(jar.headerFor("https://127.0.0.1/x/z", { host: "h.test" }), "a=1; b=2; c=3");
    assert.equal(jar.headerFor("https://127.0.0.1/", { host: "h.test" }), "c=3");
  });

  const table: [header: string, domain: string][] = [
    ["app.example.test", "app.example.test"],
    ["App.Example.TEST", "app.example.test"],
    ["app.example.test:8080", "app.example.test"],
    ["app.example.test:", "app.example.test"],
    [" app.example.test ", "app.example.test"],
    ["[::1]:80", "::1"],
    ["[::1]", "::1"],
    ["10.0.0.1", "10.0.0.1"],
    ["localhost", "localhost"],
    // Malformed: the host of the URL counts.
    ["", "127.0.0.1"],
    [":80", "127.0.0.1"],
    ["a b", "127.0.0.1"],
    ["a,b", "a,b"],
    ["h.test:99999", "127.0.0.1"],
    ["h.test:x", "127.0.0.1"],
    ["user@h.test", "127.0.0.1"],
    ["h.test/x", "127.0.0.1"],
    ["http://h.test", "127.0.0.1"],
    ["[::1", "127.0.0.1"],
    ["::1", "127.0.0.1"],
    ["*.h.test", "127.0.0.1"],
    ["h.test, h2.test", "127.0.0.1"],
  ];
  for (const [header, domain] of table)
    it(JSON.stringify(header), () => {
      const jar = new RequestsCookieJar();
      jar.extract(["a=1"], address, header);
      assert.deepEqual(jar.listDomains(), [domain]);
      assert.equal(jar.headerFor(address, { host: header }), "a=1");
    });

  it("does not affect the next request", () => {
    const jar = new RequestsCookieJar();
    jar.set("a", "1", { domain: "h.test" });
    assert.equal(jar.headerFor(address, { host: "h.test" }), "a=1");
    assert.equal(jar.headerFor(address), undefined);
    assert.equal(jar.headerFor(address, { host: "h.test" }), "a=1");
    assert.equal(jar.headerFor(address, { host: "i.test" }), undefined);
  });

  it("counts for the cookies of a prepared request, and of its response", () => {
    const request = new PreparedRequest();
    const jar = new RequestsCookieJar();
    jar.set("a", "1", { domain: "h.test" });
    request.prepare({ method: "GET", url: address, headers: { Host: "h.test" }, cookies: jar });
    assert.equal(request.headers["Cookie"], "a=1");
    const response = new Response({ request, headers: [["Set-Cookie", "b=2; Domain=h.test; Path=/"]] });
    assert.deepEqual(
      [...response.cookies].map(({ name, domain }) => [name, domain]),
      [["b", "h.test"]],
    );
  });
});

describe("the host of a URL", () => {
  const table: [url: string, other: string, domain: string][] = [
    ["http://1.2.3/", "http://1.2.3/x", "1.2.3"],
    ["http://[FE80::1%25eth0]/", "http://[fe80::1%25eth0]/x", "fe80::1%25eth0"],
    ["http://[::1]:8080/", "http://[::1]/", "::1"],
    ["http://Bücher.Example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example"],
    ["http://a_b.example/", "http://a_b.example/", "a_b.example"],
    ["http://xn--a/", "http://xn--a/", "xn--a"],
    ["http://999.999.999.999/", "http://999.999.999.999/", "999.999.999.999"],
    ["http://user:pass@h.test/", "http://h.test/", "h.test"],
    ["http+unix://%2Frun%2Fa.sock/x", "http+unix://%2Frun%2Fa.sock/y", "%2frun%2fa.sock"],
  ];
  for (const [url, other, domain] of table)
    it(`${url} keeps the cookies that it sets`, () => {
      const jar = new RequestsCookieJar();
      jar.extract(["a=1; Path=/"], url);
      assert.deepEqual(jar.listDomains(), [domain]);
      assert.equal(jar.headerFor(url), "a=1");
      assert.equal(jar.headerFor(other), "a=1");
    });

  for (const url of ["http://9.2.3/", "http://127.0x1/", "http://127.1./", "http://10.0.0.1/"])
    it(`${url} is an IP address: no cookie is shared with other hosts`, () => {
      const jar = new RequestsCookieJar();
      jar.set("a", "1", { domain: "2.3" }).set("b", "2", { domain: "0x1" }).set("c", "3", { domain: "0.0.1" });
      jar.extract(["d=4; Domain=2.3", "e=5; Domain=1", "f=6; Domain=0.0.1"], url);
      assert.equal(jar.headerFor(url), undefined);
    });
});

describe("the limit of a jar with Secure cookies", () => {
  const plain = (count: number, from = 0): string[] => Array.from({ length: count }, (_, at) => `p${from + at}=1`);
  const secure = (count: number): string[] => Array.from({ length: count }, (_, at) => `s${at}=1; Secure`);

  it("does not let cookies over http remove them", () => {
    const jar = new RequestsCookieJar();
    jar.extract(["sid=1; Secure; Domain=example.com"], "https://example.com/");
    for (let round = 0; round < 3; round += 1)
      jar.extract(
        plain(180, round * 180).map((field) => `${field}; Domain=example.com`),
        "http://www.example.com/",
      );
    assert.equal(jar.get("sid"), "1");
    assert.equal(jar.size, 180);
    assert.equal(jar.has("p539"), true);
  });

  it("does not let cookies over https without Secure remove them", () => {
    const jar = new RequestsCookieJar();
    jar.extract(["sid=1; Secure", ...plain(400)], "https://example.com/");
    assert.equal(jar.get("sid"), "1");
  });

  it("drops the new plain cookie, or the oldest Secure one, when all are Secure", () => {
    const jar = new RequestsCookieJar();
    jar.extract([...secure(180), "plain=1"], "https://example.com/");
    assert.deepEqual([jar.size, jar.has("plain"), jar.has("s0")], [180, false, true]);
    jar.extract(["more=1; Secure"], "https://example.com/");
    assert.deepEqual([jar.size, jar.has("more"), jar.has("s0"), jar.has("s1")], [180, true, false, true]);
  });

  it("removes expired cookies first", () => {
    const jar = new RequestsCookieJar(null, { maxCookiesPerDomain: 3 });
    jar.extract(["plain=1", "s=1; Secure"], "https://example.com/");
    jar.setCookie({ name: "old", value: "1", domain: "example.com", secure: true, expires: new Date(1) });
    jar.extract(["new=1"], "http://example.com/");
    assert.deepEqual(jar.keys(), ["plain", "s", "new"]);
  });

  it("does not let other domains remove them", () => {
    const jar = new RequestsCookieJar();
    jar.extract(["sid=1; Secure"], "https://example.com/");
    for (let host = 0; host < 40; host += 1) jar.extract(plain(100), `http://h${host}.example.org/`);
    assert.equal(jar.size, 3000);
    assert.equal(jar.get("sid"), "1");
  });
});

it("takes cookies and dates of another realm", () => {
  const jar = new RequestsCookieJar(vm.runInNewContext("new Map([['a', '1']])") as Map<string, string>);
  jar.update(vm.runInNewContext("({ b: '2' })") as Record<string, string>);
  jar.set("c", "3", { expires: vm.runInNewContext("new Date(4102444800000)") as Date });
  assert.deepEqual(jar.getDict(), { a: "1", b: "2", c: "3" });
  assert.equal([...jar].find(({ name }) => name === "c")?.expires?.getTime(), 4102444800000);
});
