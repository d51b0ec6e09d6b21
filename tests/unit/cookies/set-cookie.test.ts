/** RFC 6265bis section by section: what a server may set, and where it comes back. */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";

import { RequestsCookieJar } from "#internal/cookies/jar";

function jarFrom(url: string, ...fields: string[]): RequestsCookieJar {
  const jar = new RequestsCookieJar();
  jar.extract(fields, url);
  return jar;
}

describe("Set-Cookie, the syntax (§5.6) [set-cookie-syntax]", () => {
  const table: [field: string, header: string | undefined, why: string][] = [
    ["a=1", "a=1", "the plain case"],
    ["  a\t = \t1  ; Path=/", "a=1", "blanks around name and value"],
    ["a=1=2", "a=1=2", "the first = counts"],
    ["a=", "a=", "an empty value"],
    ["noeq", "noeq", "without = all is value"],
    ["=x", "x", "an empty name"],
    ["=a=b", "a=b", "an empty name, a value with ="],
    ["", undefined, "nothing"],
    ["=", undefined, "nothing but ="],
    [" ; Path=/", undefined, "nothing but attributes"],
    ['a="quoted; value"', 'a="quoted', "; ends the value even in quotes"],
    ["a=b c", "a=b c", "blanks inside"],
    ["a=b\tc", "a=b\tc", "a tab inside is allowed"],
    ["a=b\u0000c", undefined, "NUL"],
    ["a=b\rc", undefined, "CR"],
    ["a=1; x\n", undefined, "LF in an attribute"],
    ["a=\u007f", undefined, "DEL"],
    [`n=${"v".repeat(4095)}`, `n=${"v".repeat(4095)}`, "4096 bytes"],
    [`n=${"v".repeat(4096)}`, undefined, "4097 bytes"],
    ["a=1; unknown; ;;=; Path=/; foo=bar", "a=1", "unknown and empty attributes"],
    ["a=1; SECURE; pAtH = /get ", "a=1", "names of attributes in any case"],
    ["city=voil\u00c3\u00a0", "city=voil\u00c3\u00a0", "UTF-8 that ends in byte A0 comes back byte for byte"],
    ["city=\u00e9t\u00e9", "city=\u00e9t\u00e9", "latin-1 comes back byte for byte"],
    ["a=1;" + " ".repeat(40_000), undefined, "a field over the limit"],
    [`a=1; Path=/${"p".repeat(1024)}`, "a=1", "a too long attribute is ignored: the default path stays"],
  ];
  for (const [field, header, why] of table)
    it(why, () => assert.equal(jarFrom("https://example.com/get", field).headerFor("https://example.com/get"), header));

  it("decodes UTF-8, and other bytes as latin-1", () => {
    const jar = jarFrom("https://example.com/", "u=voil\u00c3\u00a0", "l=\u00e9t\u00e9");
    assert.equal(jar["u"], "voilà");
    assert.equal(jar["l"], "été");
  });
});

describe("Set-Cookie, the domain (§5.1.3, §5.7)", () => {
  const table: [url: string, domain: string | null, goesTo: string[], notTo: string[]][] = [
    ["http://example.com/", null, ["http://example.com/"], ["http://www.example.com/", "http://xexample.com/"]],
    [
      "http://www.example.com/",
      null,
      ["http://www.example.com/"],
      ["http://example.com/", "http://a.www.example.com/"],
    ],
    [
      "http://www.example.com/",
      "example.com",
      ["http://example.com/", "http://a.b.example.com/"],
      ["http://xexample.com/"],
    ],
    ["http://www.example.com/", ".EXAMPLE.com", ["http://example.com:8080/"], ["http://example.org/"]],
    ["http://www.example.com/", "", ["http://www.example.com/"], ["http://example.com/"]],
    ["http://example.com/", "www.example.com", [], ["http://example.com/", "http://www.example.com/"]],
    ["http://example.com/", "example.org", [], ["http://example.com/", "http://example.org/"]],
    ["http://example.com/", "ample.com", [], ["http://example.com/"]],
    ["http://example.com/", "com", [], ["http://example.com/"]],
    ["http://example.co.uk/", "co.uk", [], ["http://example.co.uk/"]],
    ["http://me.github.io/", "github.io", [], ["http://me.github.io/", "http://github.io/"]],
    ["http://github.io/", "github.io", ["http://github.io/"], ["http://me.github.io/"]],
    ["http://co.uk/", "co.uk", ["http://co.uk/"], ["http://example.co.uk/"]],
    ["http://localhost:5000/", null, ["http://localhost/"], ["http://a.localhost/"]],
    ["http://localhost/", "localhost", ["http://localhost/"], ["http://a.localhost/"]],
    ["http://intranet/", null, ["http://intranet/"], ["http://a.intranet/"]],
    ["http://a.example.test/", "example.test", ["http://b.example.test/"], ["http://example.com/"]],
    ["http://127.0.0.1/", null, ["http://127.0.0.1/"], ["http://1.127.0.0.1.example.com/"]],
    ["http://127.0.0.1/", "127.0.0.1", ["http://127.0.0.1/"], ["http://127.0.0.2/"]],
    ["http://127.0.0.1/", "0.0.1", [], ["http://127.0.0.1/", "http://1.0.0.1/"]],
    ["http://[::1]:8080/", null, ["http://[::1]/"], ["http://[::2]/"]],
    ["http://bücher.de/", "xn--bcher-kva.de", ["http://www.bücher.de/"], ["http://www.buecher.de/"]],
    ["http://bücher.de/", "b\u00c3\u00bccher.de", [], ["http://bücher.de/"]],
  ];
  for (const [url, domain, goesTo, notTo] of table)
    it(`${url} sets Domain=${domain ?? "(none)"}`, () => {
      const jar = jarFrom(url, domain === null ? "a=1" : `a=1; Domain=${domain}`);
      for (const target of goesTo) assert.equal(jar.headerFor(target), "a=1", `goes to ${target}`);
      for (const target of notTo) assert.equal(jar.headerFor(target), undefined, `does not go to ${target}`);
    });

  it("uses the last Domain, also an empty one", () => {
    const jar = jarFrom(
      "http://www.example.com/",
      "a=1; Domain=example.org; Domain=example.com",
      "b=2; Domain=example.com; Domain=",
    );
    assert.equal(jar.headerFor("http://example.com/"), "a=1");
    assert.equal(jar.headerFor("http://www.example.com/"), "a=1; b=2");
  });
});

describe("Set-Cookie, the path (§5.1.4)", () => {
  const table: [url: string, path: string | null, stored: string][] = [
    ["http://h/", null, "/"],
    ["http://h", null, "/"],
    ["http://h/a", null, "/"],
    ["http://h/a/", null, "/a"],
    ["http://h/a/b?c=/d/e", null, "/a"],
    ["http://h/a/b", "/x", "/x"],
    ["http://h/a/b", "x", "/a"],
    ["http://h/a/b", "", "/a"],
    ["http://h/a/b", "/", "/"],
  ];
  for (const [url, path, stored] of table)
    it(`${url} with Path ${path ?? "absent"} is stored for ${stored}`, () =>
      assert.deepEqual(jarFrom(url, path === null ? "a=1" : `a=1; Path=${path}`).listPaths(), [stored]));

  const matches: [path: string, request: string, isSent: boolean][] = [
    ["/", "/", true],
    ["/", "/any/thing", true],
    ["/foo", "/foo", true],
    ["/foo", "/foo?x", true],
    ["/foo", "/foo/", true],
    ["/foo", "/foo/bar", true],
    ["/foo/", "/foo/bar", true],
    ["/foo/", "/foo", false],
    ["/foo", "/foobar", false],
    ["/foo", "/", false],
    ["/Foo", "/foo", false],
  ];
  for (const [path, request, isSent] of matches)
    it(`${isSent ? "sends" : "does not send"} Path=${path} to ${request}`, () =>
      assert.equal(
        jarFrom("http://h/", `a=1; Path=${path}`).headerFor(`http://h${request}`),
        isSent ? "a=1" : undefined,
      ));
});

describe("Set-Cookie, Secure and the prefixes (§5.7)", () => {
  const table: [url: string, field: string, isStored: boolean][] = [
    ["https://example.com/", "a=1; Secure", true],
    ["http://example.com/", "a=1; Secure", false],
    ["http://localhost/", "a=1; Secure", false],
    ["http://127.0.0.1/", "a=1; Secure", false],
    ["https://example.com/", "__Secure-a=1; Secure", true],
    ["https://example.com/", "__Secure-a=1", false],
    ["https://example.com/", "__sEcUrE-a=1", false],
    ["https://example.com/x/", "__Host-a=1; Secure; Path=/", true],
    ["https://example.com/", "__Host-a=1; Secure", false],
    ["https://example.com/", "__Host-a=1; Path=/", false],
    ["https://example.com/", "__Host-a=1; Secure; Path=/x", false],
    ["https://www.example.com/", "__Host-a=1; Secure; Path=/; Domain=example.com", false],
    ["https://example.com/", "__HOST-a=1; Secure; Path=/x", false],
    ["https://example.com/", "=__Host-a=1; Secure; Path=/", false],
    ["https://example.com/", "__Secure-a; Secure", false],
    ["http://example.com/", "__Secure-a=1; Secure", false],
  ];
  for (const [url, field, isStored] of table)
    it(`${url} ${isStored ? "may" : "may not"} set ${field}`, () =>
      assert.equal(jarFrom(url, field).size, isStored ? 1 : 0));

  it("sends a secure cookie only over https", () => {
    const jar = jarFrom("https://localhost/", "a=1; Secure");
    assert.equal(jar.headerFor("https://localhost/"), "a=1");
    assert.equal(jar.headerFor("http://localhost/"), undefined);
  });

  const overlays: [url: string, field: string, isStored: boolean][] = [
    ["http://www.example.com/", "sid=evil; Path=/app", false],
    ["http://www.example.com/", "sid=evil; Path=/app/deep", false],
    ["http://www.example.com/", "sid=evil; Path=/", true],
    ["http://sub.example.com/", "sid=evil; Path=/app; Domain=example.com", false],
    ["http://example.com/", "sid=evil; Path=/app", false],
    ["http://sub.example.com/", "sid=evil; Path=/app", true],
    ["http://www.example.com/", "other=1; Path=/app", true],
    ["http://www.example.com/", "sid=; Path=/app; Max-Age=0", false],
    ["https://www.example.com/", "sid=new; Path=/app", true],
  ];
  for (const [url, field, isStored] of overlays)
    it(`${url} ${isStored ? "may" : "may not"} set ${field} next to a secure cookie`, () => {
      const jar = jarFrom("https://www.example.com/", "sid=good; Secure; Path=/app");
      const before = jar.items();
      jar.extract([field], url);
      if (isStored) assert.notDeepEqual(jar.items(), before);
      else assert.deepEqual(jar.items(), before);
    });
});

describe("Set-Cookie, the expiry (§5.1.1, §5.7)", () => {
  const moment = Date.UTC(2031, 0, 2, 3, 4, 5);
  const dates: [text: string, time: number | null][] = [
    ["Thu, 02 Jan 2031 03:04:05 GMT", moment],
    ["Thu, 02-Jan-2031 03:04:05 GMT", moment],
    ["Thursday, 02-Jan-31 03:04:05 GMT", moment],
    ["Thu Jan  2 03:04:05 2031", moment],
    ["2 january 2031 3:4:5", moment],
    ["2031 jan 02 03:04:05", moment],
    ["Thu, 02 Jan 99 03:04:05 GMT", Date.UTC(1999, 0, 2, 3, 4, 5)],
    ["Thu, 31 Feb 2031 03:04:05 GMT", null],
    ["Thu, 02 Jan 2031 25:04:05 GMT", null],
    ["Thu, 02 Jan 1600 03:04:05 GMT", null],
    ["Thu, 02 Jan 2031", null],
    ["0", null],
    ["", null],
    ["tomorrow", null],
  ];
  for (const [text, time] of dates)
    it(`Expires=${text || "(empty)"}`, () => {
      const [cookie] = jarFrom("http://h/", `a=1; Expires=${text}`);
      if (time !== null && time < Date.now()) assert.equal(cookie, undefined);
      else assert.deepEqual(cookie?.expires, time === null ? null : new Date(time));
    });

  const ages: [attributes: string, secondsFromNow: number | null][] = [
    ["Max-Age=60", 60],
    ["Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60],
    ["Max-Age=abc", null],
    ["Max-Age=+60", null],
    ["Max-Age=6e1", null],
    ["Max-Age=", null],
    ["Max-Age=60; Max-Age=70", 70],
    ["Max-Age=60; Max-Age=x", 60],
  ];
  for (const [attributes, seconds] of ages)
    it(attributes, () => {
      mock.timers.enable({ apis: ["Date"], now: moment });
      try {
        const [cookie] = jarFrom("http://h/", `a=1; ${attributes}`);
        assert.deepEqual(cookie.expires, seconds === null ? null : new Date(moment + seconds * 1000));
      } finally {
        mock.timers.reset();
      }
    });

  it("keeps an age beyond all dates until the year 9999", () =>
    assert.equal([...jarFrom("http://h/", "a=1; Max-Age=99999999999999999999")][0].expires!.getUTCFullYear(), 9999));

  for (const gone of ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
    it(`${gone} deletes the cookie of the same name, domain and path alone`, () => {
      const jar = jarFrom("http://h/", "a=1; Path=/", "a=2; Path=/x", "b=3; Path=/");
      jar.extract([`a=; Path=/; ${gone}`], "http://h/");
      assert.deepEqual(jar.items(), [
        ["a", "2"],
        ["b", "3"],
      ]);
    });

  it("counts Max-Age from the arrival of the cookie, not from its last use", () => {
    mock.timers.enable({ apis: ["Date"], now: moment });
    try {
      const jar = jarFrom("http://h/", "a=1; Max-Age=10", "b=2");
      for (let second = 0; second < 9; second += 3) {
        mock.timers.tick(3000);
        assert.equal(jar.headerFor("http://h/"), "a=1; b=2");
      }
      mock.timers.tick(1000);
      assert.equal(jar.headerFor("http://h/"), "b=2");
      assert.equal(jar.size, 1);
      assert.equal("a" in jar, false);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("Set-Cookie, storing", () => {
  it("replaces the cookie of the same name, domain and path, and keeps its age", () => {
    const jar = jarFrom("http://h/", "a=1", "b=2");
    jar.extract(["a=3"], "http://h/");
    assert.equal(jar.headerFor("http://h/"), "a=3; b=2");
  });

  it("keeps host-only and domain cookies of one name apart (§5.7 step 23)", () => {
    const jar = jarFrom("http://example.com/", "a=1", "a=2; Domain=example.com");
    assert.equal(jar.headerFor("http://example.com/"), "a=1; a=2");
  });

  it("sends longer paths first, then older cookies (§5.8.3)", () => {
    const jar = jarFrom("http://h/", "a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x", "d=4; Path=/x/y");
    assert.equal(jar.headerFor("http://h/x/y/z"), "b=2; d=4; c=3; a=1");
  });

  it("stores the attributes", () => {
    const [cookie] = jarFrom("https://h.example.com/a/b", "a=1; HttpOnly; Secure; SameSite=lAx; Domain=example.com");
    const { creation, ...rest } = cookie;
    assert.ok(Math.abs(creation.getTime() - Date.now()) < 5000);
    assert.deepEqual(rest, {
      name: "a",
      value: "1",
      domain: "example.com",
      path: "/a",
      secure: true,
      httpOnly: true,
      sameSite: "Lax",
      expires: null,
      hostOnly: false,
    });
  });

  it("never throws for an invalid URL", () => {
    const jar = jarFrom("not a url", "a=1");
    assert.equal(jar.size, 0);
    jar.set("a", "1");
    assert.equal(jar.headerFor("mailto:x@y"), undefined);
    assert.equal(jar.headerFor("::"), undefined);
  });

  it("keeps at most 180 cookies of a domain, dropping the oldest", () => {
    const jar = new RequestsCookieJar();
    for (let at = 0; at < 200; at += 1) jar.extract([`c${at}=1`], "http://h/");
    assert.equal(jar.size, 180);
    assert.equal(jar.has("c19"), false);
    assert.equal(jar.has("c20"), true);
    assert.equal(jar.has("c199"), true);
  });

  it("keeps at most 3000 received cookies, and never drops one without a domain", () => {
    const jar = new RequestsCookieJar();
    jar.set("mine", "1");
    const fields = Array.from({ length: 100 }, (_, at) => `c${at}=1`);
    for (let host = 0; host < 32; host += 1) jar.extract(fields, `http://h${host}.example.com/`);
    assert.equal(jar.size, 3000);
    assert.equal(jar.has("mine"), true);
    assert.equal(jar.headerFor("http://h0.example.com/"), "mine=1");
    assert.equal(jar.headerFor("http://h31.example.com/")?.split("; ").length, 101);
  });
});
