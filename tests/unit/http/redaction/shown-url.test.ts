/** URLs as messages, logs and archives show them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { redactedUrl, redactedUrls, shownProxyUrl, shownUrl } from "#internal/http/redaction/shown-url";

describe("redactedUrl", () => {
  const table: readonly (readonly [url: string, shown: string])[] = [
    // Nothing to hide.
    ["https://h/a?b=1", "https://h/a?b=1"],
    ["https://h/users/joe@example.com?email=joe@example.com", "https://h/users/joe@example.com?email=joe@example.com"],
    ["http://h:8080/?email=joe@example.com", "http://h:8080/?email=joe@example.com"],
    ["https://h/#a@b", "https://h/#a@b"],
    ["/users/joe@example.com", "/users/joe@example.com"],
    ["mailto:joe@example.com", "mailto:joe@example.com"],
    ["https://h/?token", "https://h/?token"],
    ["https://h/?token=&a=1", "https://h/?token=&a=1"],
    ["https://h/?page_token=2&nextToken=3", "https://h/?page_token=2&nextToken=3"],
    ["http://@h/", "http://@h/"],
    ["", ""],
    // The user-info: a password, or a user name that is a token.
    ["https://user:pass@h/", "https://user:***@h/"],
    ["https://user:pa@ss:word@h/", "https://user:***@h/"],
    ["https://ghp_0123@github.com/o/r.git", "https://***@github.com/o/r.git"],
    ["https://ghp_0123:x-oauth-basic@github.com/", "https://***@github.com/"],
    ["https://sk_live_0123:@api.stripe.com/", "https://***@api.stripe.com/"],
    ["https://:pass@h/", "https://:***@h/"],
    ["https://to%40ken@h/", "https://***@h/"],
    ["//token@h/", "//***@h/"],
    ["token@h/x", "***@h/x"],
    ["http+unix://token@%2Fa.sock/x", "http+unix://***@%2Fa.sock/x"],
    // Parameters of the query, however their names are written.
    ["https://h/?access_token=x&b=1", "https://h/?access_token=***&b=1"],
    ["https://h/?X-Amz-Signature=x&X-Amz-Date=y", "https://h/?X-Amz-Signature=***&X-Amz-Date=y"],
    ["https://h/?api%5Fkey=x", "https://h/?api%5Fkey=***"],
    ["https://h/?token=a=b", "https://h/?token=***"],
    ["https://h/?token=a/b?c;d", "https://h/?token=***"],
    ["https://h/?%zz=1&sig=x", "https://h/?%zz=1&sig=***"],
    ["https://h/?a=1;token=x;b=2", "https://h/?a=1;token=***"],
    ["https://h/?user[password]=x", "https://h/?user[password]=***"],
    ["https://h/?user%5Bpassword%5D=x", "https://h/?user%5Bpassword%5D=***"],
    ["https://h/?next=/a?token=x", "https://h/?next=/a?token=***"],
    ["https://h/?variables=%7B%22password%22%3A%22x%22%7D", "https://h/?variables=%7B%22password%22%3A%22%2A%2A%2A%22%7D"],
    ["https://h/?key=x&page=1", "https://h/?key=***&page=1"],
    // A URL as a value, as it is or percent-encoded.
    ["https://h/?url=http%3A%2F%2Fh%2F%3Ftoken%3Dx&b=1", "https://h/?url=http%3A%2F%2Fh%2F%3Ftoken%3D%2A%2A%2A&b=1"],
    ["https://h/?url=http%3A%2F%2Fjoe%3Apass%40h%2F", "https://h/?url=http%3A%2F%2Fjoe%3A%2A%2A%2A%40h%2F"],
    ["https://h/?next=%2Fa%3Ftoken%3Dx", "https://h/?next=%2Fa%3Ftoken%3D%2A%2A%2A"],
    ["https://h/?redirect_uri=http://joe:x@h/", "https://h/?redirect_uri=http://joe:***@h/"],
    ["https://h/?url=http://h/?token=x", "https://h/?url=http://h/?token=***"],
    ["https://h/?url=http%3A%2F%2Fh%2F%3Fa%3D1", "https://h/?url=http%3A%2F%2Fh%2F%3Fa%3D1"],
    ["https://h/?u=http%3A%2F%2Fh%2F%3Fu%3Dhttp%253A%252F%252Fh%252F%253Fsig%253Dx", "https://h/?u=http%3A%2F%2Fh%2F%3Fu%3Dhttp%253A%252F%252Fh%252F%253Fsig%253D%252A%252A%252A"],
    ["/relative?password=x", "/relative?password=***"],
    ["?password=x", "?password=***"],
    // Fragments, as the implicit grant of OAuth uses them.
    ["https://h/cb#access_token=x&token_type=bearer", "https://h/cb#access_token=***&token_type=bearer"],
    ["https://h/#/route?token=x", "https://h/#/route?token=***"],
    ["https://h/?a=1#id_token=x", "https://h/?a=1#id_token=***"],
    // A password with a delimiter in it, whose beginning reads as a port.
    ["http://joe:12#cret@h/", "http://joe:12#***@h/"],
    ["http://joe:12/?cret@h/", "http://joe:12/?***@h/"],
    ["http://joe:12/#cr=et@h/", "http://joe:12/#***@h/"],
  ]; // prettier-ignore
  for (const [url, shown] of table)
    it(url, () => {
      assert.equal(redactedUrl(url), shown);
      assert.equal(redactedUrl(shown), shown, "twice changes nothing");
    });

  it("takes another replacement text", () => {
    assert.equal(redactedUrl("https://t@h/?sig=x", "REDACTED"), "https://REDACTED@h/?sig=REDACTED");
  });
});

describe("shownUrl", () => {
  const table: readonly (readonly [url: string, shown: string])[] = [
    ["http://user:s3cret@h:99999/", "http://user:***@h:99999/"],
    ["http://user:s3/cret@h/", "http://user:***@h/"],
    ["http://user:s3?cret@h/", "http://user:***@h/"],
    ["http://user:s3\\cret@h/", "http://user:***@h/"],
    ["http://user:s3cret%40h/", "http://user:***%40h/"],
    ["http://to ken@h/", "http://***@h/"],
    ["http://s3cret:@h /", "http://***@h /"],
    ["http:user:s3cret@h", "http:user:***@h"],
    ["http://h h/?api_key=s3cret", "http://h h/?api_key=***"],
    ["http://h h/#token=s3cret", "http://h h/#token=***"],
    ["http://h\n\x9b[2J/", "http://h\\x0a\\x9b[2J/"],
  ];
  for (const [url, shown] of table) it(JSON.stringify(url), () => assert.equal(shownUrl(url), shown));

  it("truncates a long URL", () => assert.ok(shownUrl(`http://${"x".repeat(10_000)}`).length < 600));
});

describe("shownProxyUrl", () => {
  const table: readonly (readonly [url: string, shown: string])[] = [
    ["http://h:1", "http://h:1"],
    ["http://joe:s3#cret@h:1", "http://joe:***@h:1"],
    ["http://joe:12#cret@h:1", "http://joe:***@h:1"],
    ["http://joe:12/cret@h:1", "http://joe:***@h:1"],
    ["socks5://joe:12?cret@h:1", "socks5://joe:***@h:1"],
    ["http://joe:12\\cret@h:1", "http://joe:***@h:1"],
    ["http://to/ken@h:1", "http://***@h:1"],
    ["http://joe:a@b#c@h:1", "http://joe:***@h:1"],
    ["http://joe:s3cret:127.0.0.1:1", "http://joe:***"],
    ["http://joe:s3cret", "http://joe:***"],
    ["http://joe:s3cret\uff20h:1", "http://joe:***\uff20h:1"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://h", "http://h"],
    ["http://h:8080/", "http://h:8080/"],
  ];
  for (const [url, shown] of table) it(url, () => assert.equal(shownProxyUrl(url), shown));
});

describe("redactedUrls", () => {
  it("masks every URL in a text", () => {
    assert.equal(
      redactedUrls('see <https://t@h/a?sig=x>, "http://u:p@h/" and mailto:a@b'),
      'see <https://***@h/a?sig=***>, "http://u:***@h/" and mailto:a@b',
    );
  });
});
