import assert from "node:assert/strict";
import { describe, it } from "node:test";
import vm from "node:vm";

import { InvalidURL, MissingSchema } from "#internal/exceptions";
import { redactedUrl } from "#internal/http/redaction/shown-url";
import {
  type Params,
  authFromUrl,
  effectivePort,
  hostHeaderOf,
  joinBaseUrl,
  matchesMountPrefix,
  pathUrlOf,
  prepareUrl,
  sameOrigin,
  schemeHint,
  splitUrl,
  urlWithoutAuthAndFragment,
} from "#internal/http/url/url";

describe("prepareUrl: the results of requests 2.34", () => {
  const table: readonly (readonly [string, string])[] = [
    ["HTTP://EXAMPLE.com/A/../b/./c", "http://example.com/b/c"],
    ["http://e.com", "http://e.com/"],
    ["http://e.com?", "http://e.com/"],
    ["http://e.com/?#", "http://e.com/"],
    ["http://e.com/a b ", "http://e.com/a%20b%20"],
    ["http://e.com/a\tb\nc", "http://e.com/a%09b%0Ac"],
    ['http://e.com/a|b"<>{}^`\\c', "http://e.com/a%7Cb%22%3C%3E%7B%7D%5E%60%5Cc"],
    ["http://e.com/?a[]=1&b=c d&e=f+g", "http://e.com/?a%5B%5D=1&b=c%20d&e=f+g"],
    ["http://e.com/%e4", "http://e.com/%E4"],
    ["http://e.com/a%2Fb%2fc", "http://e.com/a%2Fb%2Fc"],
    ["http://e.com/%7Euser", "http://e.com/~user"],
    ["http://e.com//a//b", "http://e.com//a//b"],
    ["http://us er:p@e.com", "http://us%20er:p@e.com/"],
    ["http://e.com\\@evil.com/", "http://e.com/%5C@evil.com/"],
    ["http://[fe80::1%eth0]/", "http://[fe80::1%25eth0]/"],
    ["http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"],
    ["http://[FE80::1]:080/x", "http://[fe80::1]:80/x"],
    ["http://EXAMPLE.COM%2e/", "http://example.com./"],
    ["http://e.com:0/", "http://e.com/"],
    ["http://e.com:/", "http://e.com/"],
    ["http://e.com:80/", "http://e.com:80/"],
    ["http://e.com:0080/", "http://e.com:80/"],
    ["http://e.com:65535/", "http://e.com:65535/"],
    ["http://a..b/", "http://a..b/"],
    ["http://a_b/", "http://a_b/"],
    ["http://-x/", "http://-x/"],
    ["http://a@b@c/", "http://a%40b@c/"],
    ["http://@e.com", "http://e.com/"],
    ["http://:p@e.com", "http://:p@e.com/"],
    ["http://e.com/#a#b c[]", "http://e.com/#a%23b%20c%5B%5D"],
    ["http://e.com/a/../../b", "http://e.com/b"],
    ["http://e.com/..//a", "http://e.com/a"],
    ["http://e.com/a/..", "http://e.com/"],
    ["http://e.com/a/.hidden/b.", "http://e.com/a/.hidden/b."],
    ["http://e.com/é?é#é", "http://e.com/%C3%A9?%C3%A9#%C3%A9"],
    ["http://e.com/😀", "http://e.com/%F0%9F%98%80"],
    ["http://e.com/?a?b/c:@", "http://e.com/?a?b/c:@"],
    [" \n\u00a0http://e.com/", "http://e.com/"],
    ["http://straße.de/straße", "http://xn--strae-oqa.de/stra%C3%9Fe"],
    ["http://faß.de/", "http://xn--fa-hia.de/"],
    ["http://Königsgäßchen.de/", "http://xn--knigsgchen-b4a3dun.de/"],
    ["http://ジェーピーニック.jp", "http://xn--hckqz9bzb1cyrb.jp/"],
    ["http://xn--n3h.net/", "http://xn--n3h.net/"],
    [
      "http+unix://%2Fvar%2Frun%2FSocket/a/../path%7E?x=%e4 y#f",
      "http+unix://%2Fvar%2Frun%2FSocket/a/../path~?x=%e4%20y#f",
    ],
    ["httpfoo://E.com/A/../b", "httpfoo://E.com/A/../b"],
    ["mailto:user@example.org", "mailto:user@example.org"],
    ["data:SSDimaUgUHl0aG9uIQ==", "data:SSDimaUgUHl0aG9uIQ=="],
    ["file:///a b", "file:///a b"],
    ["localhost:3128/a b", "localhost:3128/a b"],
  ];
  for (const [url, expected] of table) it(JSON.stringify(url), () => assert.equal(prepareUrl(url), expected));
});

describe("prepareUrl: the differences from requests", () => {
  const table: readonly (readonly [string, string])[] = [
    ["http://e.com/%7Euser/%41%zz", "http://e.com/~user/A%25zz"],
    ["http://e.com/100%", "http://e.com/100%25"],
    ["http://e.com/?q=%e4%", "http://e.com/?q=%E4%25"],
    ["http://u%zz:%41@e.com/", "http://u%25zz:A@e.com/"],
    ["http://☃.net/", "http://xn--n3h.net/"],
    ["http://%C3%A9.com/", "http://xn--9ca.com/"],
    ["http://e.com/%2e%2E/x", "http://e.com/x"],
    ["http://e.com/\ud800", "http://e.com/%EF%BF%BD"],
  ];
  for (const [url, expected] of table) it(JSON.stringify(url), () => assert.equal(prepareUrl(url), expected));
});

describe("prepareUrl: values other than text", () => {
  it("takes a URL object", () => assert.equal(prepareUrl(new URL("http://E.com/a b")), "http://e.com/a%20b"));
  it("takes UTF-8 bytes", () => assert.equal(prepareUrl(Buffer.from("http://é.com/ü")), "http://xn--9ca.com/%C3%BC"));
  it("takes an object with toString()", () =>
    assert.equal(prepareUrl({ toString: () => "http://e.com" }), "http://e.com/"));
  it("returns a prepared URL unchanged, with its port", () => {
    for (const url of [
      "http://127.0.0.1:8080/json?x=1",
      "https://h/a.b/c..d",
      "https://a-b.c_d/?a=.&b=/..",
      "http://h/",
    ])
      assert.equal(prepareUrl(url), url);
  });
});

describe("prepareUrl: invalid URLs", () => {
  const label = /^URL has an invalid label\. The URL is 'http:\/\/.*'\.$/;
  const table: readonly (readonly [unknown, new () => Error, string | RegExp])[] = [
    [undefined, MissingSchema, "Invalid URL: none was given. Perhaps you meant https://example.com?"],
    [null, MissingSchema, "Invalid URL: none was given. Perhaps you meant https://example.com?"],
    ["", MissingSchema, "Invalid URL '': No scheme supplied. The URL is empty"],
    ["e.com", MissingSchema, "Invalid URL 'e.com': No scheme supplied. Perhaps you meant https://e.com?"],
    ["//e.com/x", MissingSchema, "Invalid URL '//e.com/x': No scheme supplied. Perhaps you meant https://e.com/x?"],
    ["httpbin.org:80/x", MissingSchema, /Perhaps you meant https:\/\/httpbin\.org:80\/x\?$/],
    ["http://", InvalidURL, "Invalid URL 'http://': No host supplied"],
    ["http:///x", InvalidURL, "Invalid URL 'http:///x': No host supplied"],
    ["http:/x", InvalidURL, "Invalid URL 'http:/x': No host supplied"],
    ["http:x", InvalidURL, "Invalid URL 'http:x': No host supplied"],
    ["http://user@/x", InvalidURL, /No host supplied$/],
    ["http://:80/x", InvalidURL, /No host supplied$/],
    ["http://*", InvalidURL, label],
    ["http://*.google.com", InvalidURL, label],
    ["http://.example.com", InvalidURL, label],
    ["http://xn--iñvalid.com", InvalidURL, label],
    ["http://é..com", InvalidURL, label],
    [`http://${"x".repeat(70)}é.com`, InvalidURL, label],
    [`http://${"é".repeat(100_000)}.com`, InvalidURL, label],
    ["http://e.com:65536/", InvalidURL, /^Failed to parse: http:\/\/e\.com:65536\/ .*port/],
    ["http://e.com:8x/", InvalidURL, /port/],
    ["http://e.com:-1/", InvalidURL, /port/],
    ["http://e.com:٣/", InvalidURL, /port/],
    ["http://fe80::5054:ff:fe5a:fc0", InvalidURL, /^Failed to parse/],
    ["http://::1/", InvalidURL, /^Failed to parse/],
    ["http://[::1", InvalidURL, /^Failed to parse/],
    ["http://[::1]x/", InvalidURL, /^Failed to parse/],
    ["http://[1.2.3.4]/", InvalidURL, /IPv6/],
    ["http://[::1%]/", InvalidURL, /zone/],
    ["http://exa mple.com/", InvalidURL, /space or a control/],
    ["http://e.com\r\nX: y/", InvalidURL, /^Failed to parse: http:\/\/e\.com\\x0d\\x0aX/],
    ["http://e\x00.com/", InvalidURL, /space or a control/],
    ["http://e%0d%0a.com/", InvalidURL, /space or a control/],
    ["http://e%2f.com/", InvalidURL, /character/],
    ["http://e%zz.com/", InvalidURL, /malformed % escape/],
    ["http://%ff.com/", InvalidURL, /UTF-8/],
    ["http://{host}/", InvalidURL, /character that no host has: \{/],
    ["http://a\u00a0b.com/", InvalidURL, label],
    ["http://evil.com\uff0f.good.com/", InvalidURL, label],
    ["http://evil.com\uff03.good.com/", InvalidURL, label],
    ["http+unix://%zz/", InvalidURL, /malformed % escape/],
    ["http+unix://a]b/", InvalidURL, /malformed/],
    ["http+unix://a b/", InvalidURL, /space or a control/],
  ];
  for (const [url, type, message] of table)
    it(JSON.stringify(url)?.slice(0, 60) ?? "undefined", () =>
      assert.throws(() => prepareUrl(url), { name: type.name, message }),
    );

  const baseUrl = 'A relative URL needs a session with a baseUrl: new Session({ baseUrl: "https://example.com" })';
  const hints: readonly (readonly [string, string])[] = [
    ["/users", baseUrl],
    ["./users", baseUrl],
    ["../users?a=1", baseUrl],
    ["?page=2", baseUrl],
    ["#top", baseUrl],
    ["users", `Perhaps you meant https://users? ${baseUrl}`],
    ["users/1?a=b.c", `Perhaps you meant https://users/1?a=b.c? ${baseUrl}`],
    ["example.com/users", "Perhaps you meant https://example.com/users?"],
    ["//example.com/users", "Perhaps you meant https://example.com/users?"],
    ["localhost", "Perhaps you meant http://localhost?"],
    ["localhost/x", "Perhaps you meant http://localhost/x?"],
    ["127.0.0.1/x", "Perhaps you meant http://127.0.0.1/x?"],
    ["localhost.example.com/x", "Perhaps you meant https://localhost.example.com/x?"],
    ["https//example.com/x", "Perhaps you meant https://example.com/x?"],
    ["HTTP//example.com", "Perhaps you meant http://example.com?"],
    ["http;//example.com", "Perhaps you meant http://example.com?"],
  ];
  for (const [url, hint] of hints)
    it(`gives advice for ${JSON.stringify(url)}`, () =>
      assert.throws(() => prepareUrl(url), {
        name: "MissingSchema",
        message: `Invalid URL '${url}': No scheme supplied. ${hint}`,
      }));

  const objects: readonly (readonly [string, unknown])[] = [
    ["options", { url: "http://h/" }],
    ["an empty object", {}],
    ["an object without a prototype", Object.create(null)],
    ["a Request", new Request("http://h/")],
    ["a promise", Promise.resolve("http://h/")],
    ["a Map", new Map()],
    ["a function", () => "http://h/"],
    ["a symbol", Symbol("http://h/")],
    ["an object of another realm", vm.runInNewContext("({ url: 'http://h/' })")],
  ];
  for (const [what, url] of objects)
    it(`throws a TypeError that shows the right call for ${what}`, () => {
      for (const call of [() => prepareUrl(url), () => joinBaseUrl("http://h/", url as string)])
        assert.throws(call, {
          name: "TypeError",
          message: /^url must be a string or a URL, not .*get\("https:\/\/example\.com\/", \{ params/,
        });
    });

  it("takes a URL and bytes of another realm", () => {
    const URL = vm.runInNewContext("(class URL { constructor(href) { this.href = href; } toString() { return this.href; } })") as new (href: string) => unknown; // prettier-ignore
    assert.equal(prepareUrl(new URL("http://h/a b")), "http://h/a%20b");
    assert.equal(prepareUrl(vm.runInNewContext("Uint8Array.from([104,116,116,112,58,47,47,104])")), "http://h/");
  });

  it("never shows a password, wherever the URL is invalid", () => {
    for (const url of [
      "http://user:s3cret@e.com:99999/",
      "http://user:s3/cret@e.com/",
      "http://user:s3?cret@[::1/",
      "http:/user:s3cret@e.com/",
      "http:user:s3cret@e.com",
      "httpuser.x:s3cret@e.com",
      "http://us@er:s3cret@exa mple.com/",
    ])
      assert.throws(
        () => prepareUrl(url),
        (error: Error) => !/s3|cret/.test(error.message) && error.message.includes("***"),
        url,
      );
  });

  it("shows only the beginning of a very long URL", () => {
    assert.throws(
      () => prepareUrl(`http://${"x".repeat(100_000)} /`),
      (error: Error) => error.message.length < 1000,
    );
  });
});

describe("schemeHint", () => {
  const table: readonly (readonly [string, string])[] = [
    ["localhost:3000/x", " Perhaps you meant http://localhost:3000/x?"],
    ["localhost:3000", " Perhaps you meant http://localhost:3000?"],
    ["api.localhost:3000?x", " Perhaps you meant http://api.localhost:3000?x?"],
    ["127.0.0.1:8080/", " Perhaps you meant http://127.0.0.1:8080/?"],
    ["[::1]:8080/", " Perhaps you meant http://[::1]:8080/?"],
    ["example.com:8443/x", " Perhaps you meant https://example.com:8443/x?"],
    ["db_1:5000/x", " Perhaps you meant https://db_1:5000/x?"],
    ["ftp://example.com/", ""],
    ["mailto:a@b.c", ""],
    ["data:text/plain,hi", ""],
    ["user:1234@example.com/", ""],
    ["tel:123456", ""],
    ["http://h/", ""],
    ["", ""],
  ];
  for (const [url, hint] of table) it(JSON.stringify(url), () => assert.equal(schemeHint(url), hint));
});

describe("prepareUrl: params", () => {
  const table: readonly (readonly [string, Params | null | undefined, string])[] = [
    ["http://e.com", { a: 1 }, "http://e.com/?a=1"],
    ["http://e.com/x", { a: 1 }, "http://e.com/x?a=1"],
    ["http://e.com/?a=1", { b: 2 }, "http://e.com/?a=1&b=2"],
    ["http://e.com/?a=1#f", { b: 2 }, "http://e.com/?a=1&b=2#f"],
    ["http://e.com/?", { b: 2 }, "http://e.com/?b=2"],
    ["http://e.com/", {}, "http://e.com/"],
    ["http://e.com/", "", "http://e.com/"],
    ["http://e.com/", { a: null }, "http://e.com/"],
    ["http://e.com/", null, "http://e.com/"],
    ["http://e.com/", "?a=[]&b c#d", "http://e.com/??a=[]&b%20c#d"],
    ["http://e.com/?x=", { a: "é +&=~*()!'" }, "http://e.com/?x=&a=%C3%A9+%2B%26%3D~%2A%28%29%21%27"],
    ["http+unix://%2Fvar%2Frun%2Fsocket/path", { key: "value" }, "http+unix://%2Fvar%2Frun%2Fsocket/path?key=value"],
    ["mailto:user@example.org", { key: "value" }, "mailto:user@example.org"],
  ];
  for (const [url, params, expected] of table)
    it(`${url} + ${JSON.stringify(params)}`, () => assert.equal(prepareUrl(url, params), expected));
});

describe("splitUrl", () => {
  it("returns every part", () =>
    assert.deepEqual(splitUrl("https://u:p%40@Example.com:8443/a;b?c=d?e#f#g"), {
      scheme: "https",
      userinfo: "u:p%40",
      host: "example.com",
      port: 8443,
      path: "/a;b",
      query: "c=d?e",
      fragment: "f#g",
    }));
  it("returns null for missing parts", () =>
    assert.deepEqual(splitUrl("http://h"), {
      scheme: "http",
      userinfo: null,
      host: "h",
      port: null,
      path: "",
      query: null,
      fragment: null,
    }));
  it("ends the authority at a backslash and uses the last @ [authority-end]", () => {
    assert.equal(splitUrl("http://example.com\\@evil.org/").host, "example.com");
    assert.equal(splitUrl("http://example.com:@evil.org/").host, "evil.org");
    assert.equal(splitUrl("http://a@b@c/@d").host, "c");
    assert.equal(splitUrl("http://h/a@b:c").host, "h");
    assert.equal(splitUrl("http://h?@x").host, "h");
  });
  it("separates brackets, zone and port", () => {
    const { host, port } = splitUrl("http://[FE80::1%25eth0]:81/");
    assert.deepEqual([host, port], ["[fe80::1%25eth0]", 81]);
  });
  it("keeps the case of a socket's path", () =>
    assert.equal(splitUrl("HTTP+UNIX://%2Ftmp%2FA.sock/x").host, "%2Ftmp%2FA.sock"));
  it("splits URLs without an authority", () => {
    const { scheme, host, path } = splitUrl("mailto:a@b");
    assert.deepEqual([scheme, host, path], ["mailto", "", "a@b"]);
  });
  for (const url of [
    "x",
    "",
    ":x",
    "http://",
    "http:///x",
    "http://h:x/",
    "http://h:1:2/",
    "http://[::1",
    "http://[::1]x",
    "http://a b/",
    "http://a\r\nb/",
    "http://h:70000",
  ])
    it(`refuses ${JSON.stringify(url)}`, () => assert.throws(() => splitUrl(url), InvalidURL));
});

describe("the parts of a URL", () => {
  const table: readonly (readonly [string, number, string, string])[] = [
    ["http://h", 80, "/", "h"],
    ["http://h:80/a?b#c", 80, "/a?b", "h"],
    ["https://h:80/a?", 80, "/a", "h:80"],
    ["https://h:443?x", 443, "/?x", "h"],
    ["http://[::1]:8080/", 8080, "/", "[::1]:8080"],
    ["http://[fe80::1%25eth0]/", 80, "/", "[fe80::1]"],
    ["socks5://h", 1080, "/", "h"],
    ["http+unix://%2Fa%2Fb/x", 0, "/x", "localhost"],
  ];
  for (const [url, port, pathUrl, host] of table)
    it(url, () => {
      const parts = splitUrl(url);
      assert.deepEqual([effectivePort(parts), pathUrlOf(parts), hostHeaderOf(parts)], [port, pathUrl, host]);
    });
});

describe("matchesMountPrefix", () => {
  const yes: readonly (readonly [string, string])[] = [
    ["https://example.com/x", "https://"],
    ["HTTPS://example.com/x", "https://"],
    ["https://example.com/x", "HTTPS://"],
    ["https://example.com/x", ""],
    ["mailto:a@b", "mailto:"],
    ["http+unix://%2Fa/x", "http+unix://"],
    ["https://example.com/x", "https://example.com"],
    ["https://example.com", "https://example.com"],
    ["https://example.com?x", "https://example.com"],
    ["https://EXAMPLE.com/X/y", "https://Example.com/x"],
    ["https://example.com:443/x", "https://example.com"],
    ["https://example.com/x", "https://example.com:443/"],
    ["https://user:pw@example.com/x", "https://example.com/"],
    ["https://example.com/apiary", "https://example.com/api"],
    ["http://[::1]:80/x", "http://[::1]"],
    ["http+unix://%2Fa%2Fb/x", "http+unix://%2Fa%2Fb"],
  ];
  const no: readonly (readonly [string, string])[] = [
    ["http://example.com/x", "https://"],
    ["https://example.com.evil.org/", "https://example.com"],
    ["https://example.com@evil.org/", "https://example.com"],
    ["https://example.com:pw@evil.org/", "https://example.com"],
    ["https://example.com%40evil.org/", "https://example.com"],
    ["https://example.com:8443/", "https://example.com"],
    ["https://example.com/", "https://example.com:8443"],
    ["https://example.company/", "https://example.com"],
    ["https://example.com/", "https://example"],
    ["https://example.com/x", "https://example.com/y"],
    ["https://other@example.com/", "https://user@example.com/"],
    ["http://example.com/", "https://example.com"],
    ["nonsense", "https://example.com"],
    ["https://h:x/", "https://h"],
  ];
  for (const [url, prefix] of yes)
    it(`${prefix} serves ${url}`, () => assert.equal(matchesMountPrefix(url, prefix), true));
  for (const [url, prefix] of no)
    it(`${prefix} does not serve ${url}`, () => assert.equal(matchesMountPrefix(url, prefix), false));
});

describe("credentials in a URL", () => {
  const table: readonly (readonly [string, readonly [string, string] | null, string, string])[] = [
    ["http://u:p@h/x#f", ["u", "p"], "http://u:***@h/x#f", "http://h/x"],
    ["http://u:@h/", ["u", ""], "http://***@h/", "http://h/"],
    ["http://:p@h/", ["", "p"], "http://:***@h/", "http://h/"],
    ["http://:@h/", null, "http://:***@h/", "http://h/"],
    ["http://u@h/", null, "http://***@h/", "http://h/"],
    ["http://u:p:q@r@h/", ["u", "p:q@r"], "http://u:***@h/", "http://h/"],
    ["http://%C3%BC%40:%3A%2F%zz@h/", ["ü@", ":/%zz"], "http://%C3%BC%40:***@h/", "http://h/"],
    ["http://u:%ff@h/", ["u", "\ufffd"], "http://u:***@h/", "http://h/"],
    ["http://h/a:b@c?d@e", null, "http://h/a:b@c?d@e", "http://h/a:b@c?d@e"],
    ["http://h/", null, "http://h/", "http://h/"],
    ["mailto:a@b", null, "mailto:a@b", "mailto:a@b"],
    ["user:pw@host/x", null, "user:***@host/x", "user:pw@host/x"],
    ["//user:pw@host/x", null, "//user:***@host/x", "//user:pw@host/x"],
    ["ftp:/user:pw@host/x", null, "ftp:/user:***@host/x", "ftp:/user:pw@host/x"],
    ["user@host:80/a@b", null, "***@host:80/a@b", "user@host:80/a@b"],
  ];
  for (const [url, auth, masked, bare] of table)
    it(url, () => {
      assert.deepEqual(authFromUrl(url), auth);
      assert.equal(redactedUrl(url), masked);
      assert.equal(urlWithoutAuthAndFragment(url), bare);
    });
});

describe("sameOrigin", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["http://h/a", "http://u:p@H:80/b?c#d", true],
    ["https://h/", "https://h:443", true],
    ["http://h/", "https://h/", false],
    ["http://h/", "http://h:81/", false],
    ["http://h/", "http://i/", false],
    ["http://h/", "h", false],
    ["x", "x", false],
    ["http+unix://%2Fa/", "http+unix://%2FA/", false],
  ];
  for (const [a, b, expected] of table) it(`${a} ${b}`, () => assert.equal(sameOrigin(a, b), expected));
});
