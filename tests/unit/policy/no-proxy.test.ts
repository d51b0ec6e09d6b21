import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { InvalidURL } from "#internal/exceptions";
import { bypassesProxy, isProxyNamed, proxyKey, selectProxy } from "#internal/policy/no-proxy";

describe("bypassesProxy [no-proxy]", () => {
  const table: [noProxy: string, matches: string[], others: string[]][] = [
    ["", [], ["http://example.com/", "mailto:x"]],
    [" , ,", [], ["http://example.com/"]],
    ["*", ["http://example.com/", "http://10.0.0.1/", "http://[::1]/"], []],
    [
      "example.com",
      [
        "http://example.com/",
        "http://EXAMPLE.com:8080/",
        "https://a.b.example.com/",
        "http://example.com./",
        "http://u:p@example.com/",
      ],
      ["http://badexample.com/", "http://example.com.evil.org/", "http://com/", "http://example.com@evil.org/"],
    ],
    [".Example.Com", ["http://example.com/", "http://a.example.com/"], ["http://badexample.com/"]],
    ["example.com.", ["http://example.com/", "http://a.example.com./"], ["http://example.org/"]],
    [
      "*.example.com",
      ["http://a.example.com/", "http://a.b.example.com/"],
      ["http://example.com/", "http://badexample.com/"],
    ],
    ["a.test, b.test\tc.test", ["http://a.test/", "http://b.test/", "http://c.test/"], ["http://d.test/"]],
    [
      "example.com:8080",
      ["http://example.com:8080/", "http://a.example.com:8080/"],
      ["http://example.com/", "http://example.com:80/"],
    ],
    ["example.com:80", ["http://example.com/", "http://example.com:80/"], ["https://example.com/"]],
    ["example.com:443", ["https://example.com/"], ["http://example.com/"]],
    [
      "10.0.0.1",
      ["http://10.0.0.1/", "http://10.0.0.1:8080/"],
      ["http://10.0.0.2/", "http://10.0.0.10/", "http://1.10.0.0.1.test/"],
    ],
    ["0.0.1", [], ["http://10.0.0.1/"]],
    ["10.0.0.1:8080", ["http://10.0.0.1:8080/"], ["http://10.0.0.1/"]],
    [
      "10.0.0.0/8",
      ["http://10.255.0.1/", "https://10.0.0.0/", "http://[::ffff:10.1.2.3]/"],
      ["http://11.0.0.1/", "http://[::1]/", "http://a.10.test/"],
    ],
    ["192.168.1.64/26", ["http://192.168.1.127/"], ["http://192.168.1.128/", "http://192.168.1.63/"]],
    ["0.0.0.0/0", ["http://8.8.8.8/"], ["http://example.com/"]],
    ["::1", ["http://[::1]/", "http://[::1]:8080/", "http://[0:0:0:0:0:0:0:1]/"], ["http://[::2]/"]],
    ["[::1]", ["http://[::1]/", "http://[::1]:8080/"], ["http://[::2]/"]],
    ["[::1]:8080", ["http://[::1]:8080/"], ["http://[::1]/"]],
    ["fd00::/8", ["http://[fd12:3456::1]/"], ["http://[fe80::1]/", "http://10.0.0.1/"]],
    ["[fd00::]/8", ["http://[fd12:3456::1]/"], ["http://[fe80::1]/"]],
    ["FE80::1", ["http://[fe80::1]/"], []],
    ["localhost", ["http://localhost:5000/"], ["http://127.0.0.1/"]],
    // An entry that cannot be parsed matches no host and does not affect the others.
    [
      "10.0.0.0/33,10.0.0.0/,10.0.0.0/x,example.com/8,ex*.test,*.,.,http://example.com,example.com:x,[::1,b.test",
      ["http://b.test/"],
      ["http://10.0.0.0/", "http://example.com/", "http://ext.test/", "http://[::1]/", "http://a.test/"],
    ],
    ["x.test", ["mailto:a@b.test", "file:///etc/hosts"], []],
  ];
  for (const [noProxy, matches, others] of table) {
    for (const url of matches)
      it(`"${noProxy}" includes ${url}`, () => assert.equal(bypassesProxy(url, noProxy), true));
    for (const url of others)
      it(`"${noProxy}" does not include ${url}`, () => assert.equal(bypassesProxy(url, noProxy), false));
  }

  it("refuses a URL that cannot be parsed", () => {
    assert.throws(() => bypassesProxy("http:///x", "x.test"), InvalidURL);
  });
});

describe("selectProxy", () => {
  // requests' tests/test_utils.py test_select_proxies, and ours below.
  const http = { http: "http://http.proxy", "http://some.host": "http://some.host.proxy" };
  const all = { all: "socks5://http.proxy", "all://some.host": "socks5://some.host.proxy" };
  const mixed = { ...http, ...all };
  const table: [url: string, proxies: Record<string, string | null | undefined> | null, expected: string | null][] = [
    ["hTTp://u:p@Some.Host/path", http, "http://some.host.proxy"],
    ["hTTp://u:p@Other.Host/path", http, "http://http.proxy"],
    ["hTTps://Other.Host", http, null],
    ["file:///etc/motd", http, null],
    ["hTTp://u:p@Some.Host/path", all, "socks5://some.host.proxy"],
    ["hTTp://u:p@Other.Host/path", all, "socks5://http.proxy"],
    ["hTTps://Some.Host", all, "socks5://some.host.proxy"],
    ["file:///etc/motd", all, "socks5://http.proxy"],
    ["http://u:p@other.host/path", mixed, "http://http.proxy"],
    ["http://u:p@some.host/path", mixed, "http://some.host.proxy"],
    ["https://u:p@other.host/", mixed, "socks5://http.proxy"],
    ["https://u:p@some.host/", mixed, "socks5://some.host.proxy"],

    ["http://h/", null, null],
    ["http://h/", {}, null],
    ["http://h:8080/", { "http://h": "http://p" }, "http://p"],
    ["http://h/", { http: null, all: "http://p" }, null],
    ["http://h/", { http: "", all: "http://p" }, null],
    ["http://h/", { http: undefined, all: "http://p" }, "http://p"],
    ["http://h/", { "http://h": null, http: "http://p" }, null],
    ["http://[::1]:1/", { "http://[::1]": "http://p" }, "http://p"],
    ["http://[::1]:1/", { "http://::1": "http://p" }, "http://p"],
    ["http://[::1]:1/", { "http://[::1]": null, "http://::1": "http://p" }, null],
    ["toString://h/", { http: "http://p" }, null],
  ];
  for (const [url, proxies, expected] of table)
    it(`${url} with ${JSON.stringify(proxies)}`, () => assert.equal(selectProxy(url, proxies), expected));

  it("refuses a URL that cannot be parsed, if there are proxies", () => {
    assert.throws(() => selectProxy("https://", mixed), InvalidURL);
    assert.equal(selectProxy("https://", {}), null);
  });
});

describe("isProxyNamed", () => {
  const table: [proxies: Record<string, string | null | undefined> | null, expected: boolean][] = [
    [null, false],
    [{}, false],
    [{ http: "http://p" }, true],
    [{ http: null }, true],
    [{ "http://h": "" }, true],
    [{ "all://h": null }, true],
    [{ all: "http://p" }, true],
    [{ http: undefined }, false],
    [{ https: "http://p", "http://other": "http://p" }, false],
  ];
  for (const [proxies, expected] of table)
    it(`http://h/ with ${JSON.stringify(proxies)}`, () => assert.equal(isProxyNamed("http://h/", proxies), expected));
});

describe("keys of proxies", () => {
  const p = "http://p";

  it("may be written in upper or lower case [proxy-keys-case]", () => {
    for (const key of ["HTTP", "Http", "ALL", "HTTP://h", "http://H", "ALL://h"])
      assert.equal(selectProxy("http://h/", { [key]: p }), p, key);
    for (const key of ["http://[::1]", "http://::1", "all://::1"])
      assert.equal(selectProxy("http://[::1]:8080/", { [key]: p }), p, key);
    assert.equal(selectProxy("http://h/", { HTTP: p, http: "http://q" }), "http://q");
    assert.equal(selectProxy("http://h/", { http: null, ALL: p }), null);
    for (const key of ["http", "https", "ftp", "http+unix", "all", "all://h.example", "http://10.0.0.1", "mock", "https://ü.example"])
      assert.equal(proxyKey(key), key); // prettier-ignore
  });

  const meant: readonly (readonly [key: string, meant: string | null])[] = [
    ["http://", "http"],
    ["https://", "https"],
    ["all://", "all"],
    ["http:", "http"],
    ["HTTP://", "http"],
    ["all://*", "all"],
    ["all://*.example.com", "all"],
    ["https://*example.com", "https"],
    ["http_proxy", "http"],
    ["HTTPS_PROXY", "https"],
    ["all_proxy", "all"],
    ["httpProxy", "http"],
    ["https-proxy", "https"],
    ["*", "all"],
    ["socks5", "all"],
    ["socks", "all"],
    ["proxy", "all"],
    ["url", "all"],
    ["default", "all"],
    ["htpp", "http"],
    ["htps", "https"],
    ["http://h:8080", "http://h"],
    ["http://h/", "http://h"],
    ["https://user:password@h:8443/x", "https://h"],
    ["http://[::1]:80", "http://[::1]"],
    ["http://:80", "http"],
    ["example.com", "all://example.com"],
    ["10.0.0.1", "all://10.0.0.1"],
    ["::1", "all://::1"],
    ["localhost", "all://localhost"],
    ["host", null],
    ["port", null],
    ["protocol", null],
    ["example.com:3128", null],
    ["", null],
    [" ", null],
    ["http, https", null],
  ];
  for (const [key, name] of meant)
    it(`${JSON.stringify(key)} is refused${name === null ? "" : `, and ${name} suggested`}`, () => {
      const expected = {
        name: "TypeError",
        message:
          name === null
            ? /^Unknown key .* Write \{ https: /
            : new RegExp(`Did you mean "${name.replace(/[[\]]/g, "\\$&")}"\\?`),
      };
      assert.throws(() => proxyKey(key), expected);
      assert.throws(() => selectProxy("http://h/", { [key]: p }), expected);
      assert.throws(() => isProxyNamed("http://h/", { http: p, [key]: p }), expected);
      assert.equal(selectProxy("http://h/", { [key]: undefined }), null);
    });

  it("are shown without the password of a URL", () => {
    assert.throws(
      () => proxyKey("http://joe:s3cret@proxy:3128"),
      (error: Error) => !error.message.includes("s3cret"),
    );
  });

  for (const key of ["no_proxy", "noProxy", "NO_PROXY"])
    it(`${key} lists hosts without a proxy`, () => {
      const proxies = { http: p, "https://h": p, [key]: "h, .example.com" };
      assert.equal(selectProxy("http://h/", proxies), null);
      assert.equal(selectProxy("https://h/", proxies), null);
      assert.equal(selectProxy("http://a.example.com/", proxies), null);
      assert.equal(selectProxy("http://other/", proxies), p);
      assert.equal(isProxyNamed("http://h/", { [key]: "h" }), true);
      assert.equal(isProxyNamed("http://other/", { [key]: "h" }), false);
      assert.equal(isProxyNamed("http://h/", { [key]: null }), false);
      assert.equal(selectProxy("http://h/", { http: p, [key]: "" }), p);
    });
});
