import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { InvalidURL } from "#internal/exceptions";
import {
  joinBaseUrl,
  joinUrl,
  locationText,
  locationUrl,
  prepareUrl,
  referenceUrl,
  requestTargetOf,
  requoteUri,
  splitUrl,
} from "#internal/http/url/url";

// RFC 3986 §5.4, with the second answer that §5.4.2 allows for "http:g".
describe("joinUrl: RFC 3986 section 5.4", () => {
  const base = "http://a/b/c/d;p?q";
  const table: readonly (readonly [string, string])[] = [
    ["g:h", "g:h"],
    ["g", "http://a/b/c/g"],
    ["./g", "http://a/b/c/g"],
    ["g/", "http://a/b/c/g/"],
    ["/g", "http://a/g"],
    ["//g", "http://g"],
    ["?y", "http://a/b/c/d;p?y"],
    ["g?y", "http://a/b/c/g?y"],
    ["#s", "http://a/b/c/d;p?q#s"],
    ["g#s", "http://a/b/c/g#s"],
    ["g?y#s", "http://a/b/c/g?y#s"],
    [";x", "http://a/b/c/;x"],
    ["g;x", "http://a/b/c/g;x"],
    ["g;x?y#s", "http://a/b/c/g;x?y#s"],
    ["", "http://a/b/c/d;p?q"],
    [".", "http://a/b/c/"],
    ["./", "http://a/b/c/"],
    ["..", "http://a/b/"],
    ["../", "http://a/b/"],
    ["../g", "http://a/b/g"],
    ["../..", "http://a/"],
    ["../../", "http://a/"],
    ["../../g", "http://a/g"],
    ["../../../g", "http://a/g"],
    ["../../../../g", "http://a/g"],
    ["/./g", "http://a/g"],
    ["/../g", "http://a/g"],
    ["g.", "http://a/b/c/g."],
    [".g", "http://a/b/c/.g"],
    ["g..", "http://a/b/c/g.."],
    ["..g", "http://a/b/c/..g"],
    ["./../g", "http://a/b/g"],
    ["./g/.", "http://a/b/c/g/"],
    ["g/./h", "http://a/b/c/g/h"],
    ["g/../h", "http://a/b/c/h"],
    ["g;x=1/./y", "http://a/b/c/g;x=1/y"],
    ["g;x=1/../y", "http://a/b/c/y"],
    ["g?y/./x", "http://a/b/c/g?y/./x"],
    ["g?y/../x", "http://a/b/c/g?y/../x"],
    ["g#s/./x", "http://a/b/c/g#s/./x"],
    ["g#s/../x", "http://a/b/c/g#s/../x"],
    ["http:g", "http://a/b/c/g"],
    ["http:///x", "http://a/x"],
    ["HTTPS://g/x/../y", "https://g/y"],
  ];
  for (const [reference, expected] of table)
    it(JSON.stringify(reference), () => assert.equal(joinUrl(base, reference), expected));
  it("adds a slash to an empty base path", () => assert.equal(joinUrl("http://a", "g"), "http://a/g"));
});

describe("locationUrl", () => {
  const base = "https://user:pw@h.com/dir/page?q=1#old";
  const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
  const table: readonly (readonly [string, string, string])[] = [
    ["relative", "next", "https://user:pw@h.com/dir/next#old"],
    ["rooted", "/x?y", "https://user:pw@h.com/x?y#old"],
    ["with dots", "../x", "https://user:pw@h.com/x#old"],
    ["without scheme", "//o.com/x", "https://o.com/x#old"],
    ["absolute", "http://o.com/a/../b", "http://o.com/a/../b#old"],
    ["absolute without a path", "http://o.com", "http://o.com#old"],
    ["own fragment", "/x#new", "https://user:pw@h.com/x#new"],
    ["empty fragment", "/x#", "https://user:pw@h.com/x#old"],
    ["to be quoted", "/a b|%7e%zz", "https://user:pw@h.com/a%20b%7C~%25zz#old"],
    ["UTF-8", latin1("/ü"), "https://user:pw@h.com/%C3%BC#old"],
    ["not UTF-8", "/\xfc\xff", "https://user:pw@h.com/%FC%FF#old"],
    ["a text, not bytes", "/☃", "https://user:pw@h.com/%E2%98%83#old"],
    ["white space around", " \t/x ", "https://user:pw@h.com/x#old"],
    ["tabs within", "ht\ttp://o.com/a\tb", "http://o.com/ab#old"],
    ["IDNA", latin1("http://ü.com/ü"), "http://xn--tda.com/%C3%BC#old"],
    ["the same scheme without a host", "https:///x", "https://user:pw@h.com/x#old"],
    ["backslash", "http://o.com\\@evil.org/", "http://o.com/%5C@evil.org/#old"],
    ["an escape that hides a scheme", "%68ttps://evil.org/", "https://user:pw@h.com/dir/https://evil.org/#old"],
    ["other scheme", "mailto:a@b", "mailto:a@b#old"],
    ["control characters", "/a\x00\x7f", "https://user:pw@h.com/a%00%7F#old"],
    ["socket path", "http+unix://%2fA/x", "http+unix://%2fA/x#old"],
  ];
  for (const [name, location, expected] of table) it(name, () => assert.equal(locationUrl(base, location), expected));
  it("keeps URLs without a fragment", () => assert.equal(locationUrl("http://h/a", "b"), "http://h/b"));
  for (const location of ["http://*", "http://a b/", "//e%0d%0a.com/", "http://h:99999/"])
    it(`refuses ${location}`, () => assert.throws(() => locationUrl("http://h/", location), InvalidURL));
});

describe("locationText and referenceUrl", () => {
  const table: [location: string, text: string, byHeader: string, byText: string][] = [
    ["/plain", "/plain", "http://h/plain", "http://h/plain"],
    ["/caf\xc3\xa9", "/café", "http://h/caf%C3%A9", "http://h/caf%C3%A9"],
    ["/voil\xc3\xa0", "/voilà", "http://h/voil%C3%A0", "http://h/voil%C3%A0"],
    // Not UTF-8: latin-1 to be shown, the very bytes to be sent.
    ["/caf\xe9", "/café", "http://h/caf%E9", "http://h/caf%C3%A9"],
    ["/日本", "/日本", "http://h/%E6%97%A5%E6%9C%AC", "http://h/%E6%97%A5%E6%9C%AC"],
    [
      "/\xe6\x97\xa5?q=\xc3\xa4#\xc3\xb6",
      "/日?q=ä#ö",
      "http://h/%E6%97%A5?q=%C3%A4#%C3%B6",
      "http://h/%E6%97%A5?q=%C3%A4#%C3%B6",
    ],
    // UTF-8 of a text that looks like UTF-8 itself is decoded once.
    ["/\xc3\x83\xc2\xa9", "/Ã©", "http://h/%C3%83%C2%A9", "http://h/%C3%83%C2%A9"],
    ["//b\xc3\xbccher.example/", "//bücher.example/", "http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"],
  ];
  for (const [location, text, byHeader, byText] of table)
    it(JSON.stringify(location), () => {
      assert.equal(locationText(location), text);
      assert.equal(locationUrl("http://h/x", location), byHeader);
      assert.equal(referenceUrl("http://h/x", text), byText);
    });
});

describe("requestTargetOf", () => {
  // What requests and urllib3 send; `url` has what the left side shows.
  const table: readonly (readonly [string, string])[] = [
    ["/%e4", "/%E4"],
    ["/%E4?q=%c3%a4", "/%E4?q=%C3%A4"],
    ["/a[b]?c[d]=1", "/a%5Bb%5D?c%5Bd%5D=1"],
    ["/a;b=%e4?x=[1]&y=%5b2%5d", "/a;b=%E4?x=%5B1%5D&y=%5B2%5D"],
    ["/a%2fb", "/a%2Fb"],
    ["?q=%e4", "/x?q=%E4"],
    ["/'();:@&=+$,!*", "/'();:@&=+$,!*"],
    ["/%zz%aZ", "/%25zz%25aZ"],
    ["/plain?x=%20", "/plain?x=%20"],
  ];
  for (const [location, target] of table)
    it(location, () => assert.equal(requestTargetOf(splitUrl(locationUrl("http://h/x", location))), target));

  it("encodes params that are text", () => {
    for (const [params, target] of [
      ["a=%e4", "/?a=%E4"],
      ["a[b]=1", "/?a%5Bb%5D=1"],
    ])
      assert.equal(requestTargetOf(splitUrl(prepareUrl("http://h/", params))), target);
  });

  it("does not change other parts of an edited URL", () => {
    for (const target of ["/raw|path", "/a%zz", "/ä"])
      assert.equal(requestTargetOf(splitUrl(`http://h${target}`)), target);
  });
});

describe("requoteUri", () => {
  const table: readonly (readonly [string, string])[] = [
    ["http://example.com/fiz?buz=%25ppicture", "http://example.com/fiz?buz=%25ppicture"],
    ["http://example.com/fiz?buz=%ppicture", "http://example.com/fiz?buz=%25ppicture"],
    ["http://example.com/?a=%--", "http://example.com/?a=%25--"],
    ["http://example.com/?a=%300", "http://example.com/?a=00"],
    ["/%e4%41[]#|é", "/%e4A[]#%7C%C3%A9"],
    ["%%41%4", "%25A%254"],
  ];
  for (const [text, expected] of table) it(text, () => assert.equal(requoteUri(text), expected));
});

describe("joinBaseUrl", () => {
  const table: readonly (readonly [string, string | URL, string])[] = [
    ["https://h/v1", "users", "https://h/v1/users"],
    ["https://h/v1", "/users", "https://h/v1/users"],
    ["https://h/v1/", "/users", "https://h/v1/users"],
    ["https://h/v1/", "users/", "https://h/v1/users/"],
    ["https://h", "users", "https://h/users"],
    ["https://h/v1", "", "https://h/v1"],
    ["https://h/v1", "?a=1", "https://h/v1?a=1"],
    ["https://h/v1", "x?a=1#f", "https://h/v1/x?a=1#f"],
    ["https://h/v1?key=k#f", "x?a=1", "https://h/v1/x?key=k&a=1"],
    ["https://h/v1?key=k", "x#f", "https://h/v1/x?key=k#f"],
    ["https://h/v1", " http://o/x", "http://o/x"],
    ["https://h/v1", new URL("http://o/x"), "http://o/x"],
    ["https://h/v1", "localhost:80/x", "localhost:80/x"],
    ["https://h/v1", "a/b:c", "https://h/v1/a/b:c"],
    ["https://h/v1", "/\\o.org", "https://h/v1/\\o.org"],
  ];
  for (const [base, url, expected] of table)
    it(`${base} + ${String(url)}`, () => assert.equal(joinBaseUrl(base, url), expected));
  for (const url of ["//other.host/x", " //other.host", "///x"])
    it(`refuses ${url}`, () => assert.throws(() => joinBaseUrl("https://h/v1", url), InvalidURL));
});
