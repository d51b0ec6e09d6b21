import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  bodyHeaders,
  credentialHeaders,
  isBodyHeader,
  isCredentialHeader,
  keepsBody,
  REDIRECT_STATUSES,
  redirectMethod,
  shouldStripAuth,
} from "#internal/policy/redirect";

describe("redirects", () => {
  it("follows five statuses", () => {
    const followed = Array.from({ length: 1000 }, (_, status) => status).filter((status) =>
      REDIRECT_STATUSES.has(status),
    );
    assert.deepEqual(followed, [301, 302, 303, 307, 308]);
  });

  // method → what becomes of it, and "+" where the body follows.
  const table: [status: number, becomes: Record<string, string>][] = [
    [
      301,
      {
        GET: "GET+",
        HEAD: "HEAD+",
        POST: "GET",
        PUT: "PUT+",
        PATCH: "PATCH+",
        DELETE: "DELETE+",
        OPTIONS: "OPTIONS+",
        PURGE: "PURGE+",
      },
    ],
    [
      302,
      { GET: "GET", HEAD: "HEAD", POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET", OPTIONS: "GET", PURGE: "GET" },
    ],
    [
      303,
      { GET: "GET", HEAD: "HEAD", POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET", OPTIONS: "GET", PURGE: "GET" },
    ],
    [307, { GET: "GET+", HEAD: "HEAD+", POST: "POST+", PUT: "PUT+", DELETE: "DELETE+", PURGE: "PURGE+" }],
    [308, { GET: "GET+", HEAD: "HEAD+", POST: "POST+", PUT: "PUT+", DELETE: "DELETE+", PURGE: "PURGE+" }],
  ];
  for (const [status, becomes] of table)
    for (const [method, expected] of Object.entries(becomes))
      it(`${status} ${method} → ${expected}`, () =>
        assert.equal(redirectMethod(status, method) + (keepsBody(status, method) ? "+" : ""), expected));
});

describe("shouldStripAuth [should-strip-auth]", () => {
  // The cases of requests' own tests/test_requests.py, and ours below them.
  const table: [string, string, boolean][] = [
    ["http://example.com/foo", "http://another.example.com/", true],
    ["http://example.com:1234/foo", "https://example.com:4321/bar", true],
    ["http://example.com/foo", "https://example.com/bar", false],
    ["http://example.com:80/foo", "https://example.com/bar", false],
    ["http://example.com/foo", "https://example.com:443/bar", false],
    ["http://example.com:80/foo", "https://example.com:443/bar", false],
    ["https://example.com/foo", "http://example.com/bar", true],
    ["https://example.com/foo", "https://example.com:443/bar", false],
    ["http://example.com/foo", "http://example.com:80/bar", false],
    ["https://example.com:443/foo", "https://example.com/bar", false],
    ["http://example.com:80/foo", "http://example.com/bar", false],

    ["http://example.com:8080/", "https://example.com/", true],
    ["http://example.com/", "https://example.com:8443/", true],
    ["http://example.com:443/", "https://example.com:443/", true],
    ["http://example.com:1/", "http://example.com:1/", false],
    ["http://example.com:1/", "http://example.com:2/", true],
    ["http://EXAMPLE.com/", "http://example.COM/", false],
    ["http://example.com/", "http://user:pass@example.com/", false],
    ["http://example.com/", "http://example.com@evil.org/", true],
    ["http://example.com/", "http://example.com.evil.org/", true],
    ["http://example.com/", "http:///x", true],
    ["http://example.com/", "/relative", true],
    ["http://[::1]/", "http://[::1]:80/", false],
  ];
  for (const [before, after, expected] of table)
    it(`${before} → ${after}`, () => assert.equal(shouldStripAuth(before, after), expected));
});

describe("headers of a redirect", () => {
  for (const name of ["authorization", "COOKIE", "Proxy-Authorization", "x-api-key", "X-Csrf-Token", "apikey"])
    it(`${name} is a credential`, () => assert.equal(isCredentialHeader(name), true));
  for (const name of ["Accept", "X-Api-Key-Id", "Cookies", "X-Request-Id", ""])
    it(`${JSON.stringify(name)} is not a credential`, () => assert.equal(isCredentialHeader(name), false));

  it("the caller's list replaces that of credentials", () => {
    assert.equal(isCredentialHeader("x-own", ["X-Own"]), true);
    assert.equal(isCredentialHeader("x-own", new Set(["X-OWN"])), true);
    assert.equal(isCredentialHeader("Authorization", ["X-Own"]), false);
    assert.equal(isCredentialHeader("X-Own", [...credentialHeaders, "x-own"]), true);
  });

  for (const name of [
    "Content-Type",
    "content-length",
    "Content-MD5",
    "TRANSFER-ENCODING",
    "Digest",
    "Trailer",
    ...bodyHeaders,
  ])
    it(`${name} describes the body`, () => assert.equal(isBodyHeader(name), true));
  for (const name of ["Accept", "Contents", "X-Content-Type", "Want-Digest", "Authorization"])
    it(`${name} does not describe the body`, () => assert.equal(isBodyHeader(name), false));
});
