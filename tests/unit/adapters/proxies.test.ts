import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { proxyServer } from "#internal/adapters/http/proxies";
import { InvalidProxyURL } from "#internal/exceptions";

describe("the URL of a proxy", () => {
  const good: readonly (readonly [url: string, scheme: string, host: string, port: number])[] = [
    ["http://proxy.test:3128", "http", "proxy.test", 3128],
    ["http://proxy.test:3128/", "http", "proxy.test", 3128],
    ["http://proxy.test:3128/path", "http", "proxy.test", 3128],
    ["http://proxy.test", "http", "proxy.test", 80],
    ["HTTPS://Proxy.Test", "https", "proxy.test", 443],
    ["https://user:pass@proxy.test:8443", "https", "proxy.test", 8443],
    ["proxy.test:3128", "http", "proxy.test", 3128],
    ["proxy.test:3128/", "http", "proxy.test", 3128],
    ["proxy.test", "http", "proxy.test", 80],
    ["127.0.0.1:3128", "http", "127.0.0.1", 3128],
    ["[::1]:3128", "http", "::1", 3128],
    ["user:pass@proxy.test:3128", "http", "proxy.test", 3128],
    ["localhost", "http", "localhost", 80],
    ["http://[::1]:3128", "http", "::1", 3128],
    ["http://[fe80::1%25eth0]:3128", "http", "fe80::1%eth0", 3128],
    ["http://bücher.test:3128", "http", "xn--bcher-kva.test", 3128],
    ["socks5://127.0.0.1", "socks5", "127.0.0.1", 1080],
    ["socks5h://user@proxy.test:9050", "socks5h", "proxy.test", 9050],
  ];
  for (const [url, scheme, host, port] of good)
    it(`may be ${url}`, () => {
      const server = proxyServer(url);
      assert.deepEqual([server.scheme, server.host, server.port], [scheme, host, port]);
    });

  const bad: readonly string[] = [
    ...["http:/badproxyurl:3128", "https:/badproxyurl:3128", "socks5:/badproxyurl:1080", "HTTP:/badproxyurl"],
    ...["http:badproxyurl", "http:badproxyurl:3128", "socks5:127.0.0.1:1080", "http:", "http:/", "http://", "https://"],
    ...["http:///x", "http:///badproxyurl:3128", "http:////badproxyurl", "http://http://badproxyurl:3128"],
    ...["//badproxyurl", "//badproxyurl:3128", "/badproxyurl", "///", "/", "\\\\badproxyurl", "http:\\\\badproxyurl"],
    ...["http//badproxyurl:3128", "https//badproxyurl", "http;//badproxyurl:3128", "badproxyurl:3128/x"],
    ...["http://:3128", ":3128", "http://user:pass@", "http://user:pass@:3128", "http://@", "@", "socks5://:1080"],
    ...[
      " ",
      "   ",
      " http://badproxyurl:3128",
      "http://badproxyurl:3128 ",
      "http:// badproxyurl:3128",
      "bad proxy:3128",
    ],
    ...["http://bad proxy:3128", "http://bad\tproxy", "http://bad\nproxy", "badproxyurl: 3128", "http ://badproxyurl"],
    ...["http://badproxyurl:port", "http://badproxyurl:70000", "http://badproxyurl:-1", "badproxyurl:3128:3128"],
    ...["http://[::1", "http://[::1]x:3128", "http://[badproxyurl]:3128", "http://::1:3128", "http://*", "http://a|b"],
    ...["http://.badproxyurl", "http://bad%2fproxy", "ftp://badproxyurl", "file:///x", "ws://badproxyurl", "1http://x"],
  ];
  for (const url of bad)
    it(`cannot be ${JSON.stringify(url)}`, () => {
      assert.throws(
        () => proxyServer(url),
        (error: unknown) => {
          assert.ok(error instanceof InvalidProxyURL, String(error));
          assert.match(error.message, /^Please check proxy URL/);
          assert.doesNotMatch(error.message, /:pass@/);
          return true;
        },
      );
    });
});
