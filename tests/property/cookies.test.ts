import assert from "node:assert/strict";
import { it } from "node:test";

import fc from "fast-check";

import { formatCookieFile, parseCookieFile } from "#internal/cookies/cookie-file";
import { domainMatches, pathMatches } from "#internal/cookies/cookie";
import { RequestsCookieJar } from "#internal/cookies/jar";
import { parseSetCookie } from "#internal/cookies/set-cookie";

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const crumbs = fc.string({
  unit: fc.constantFrom(
    "a",
    "=",
    ";",
    " ",
    "\t",
    "Path",
    "/",
    "Domain",
    ".",
    "com",
    "Max-Age",
    "1",
    "Expires",
    "é",
    "\u00a0",
    "__Host-",
  ),
});
/** Bytes of a value that RFC 6265bis lets through: no control characters, no ";", no blanks at the ends. */
const value = fc
  .string({ unit: fc.integer({ min: 0x21, max: 255 }).map((code) => String.fromCharCode(code)) })
  .map((text) => text.replaceAll(";", "").replaceAll("\u007f", ""));

it("never throws for any Set-Cookie, and lets no control character into the Cookie header", () => {
  fc.assert(
    fc.property(fc.oneof(latin1, crumbs), (field) => {
      const jar = new RequestsCookieJar();
      jar.extract([field], "https://www.example.com/a/b");
      const header = jar.headerFor("https://www.example.com/a/b") ?? "";
      for (const character of header) assert.ok(character === "\t" || (character >= " " && character !== "\u007f"));
    }),
  );
});

it("sends a received value back byte for byte", () => {
  fc.assert(
    fc.property(value, (bytes) => {
      const jar = new RequestsCookieJar();
      jar.extract([`n=${bytes}`], "http://h/");
      assert.equal(jar.headerFor("http://h/"), `n=${bytes}`);
      assert.equal(RequestsCookieJar.fromJSON(JSON.stringify(jar)).headerFor("http://h/"), `n=${bytes}`);
    }),
  );
});

it("returns any text that was set, and sends it as UTF-8", () => {
  const text = fc.string({ unit: "grapheme" }).filter((any) => !/[\x00-\x08\x0a-\x1f\x7f;]/.test(any));
  fc.assert(
    fc.property(text, (any) => {
      const jar = new RequestsCookieJar().set("n", any);
      assert.equal(jar["n"], any);
      assert.equal(Buffer.from(jar.headerFor("http://h/")!, "latin1").toString("utf8"), `n=${any}`);
    }),
  );
});

it("reads every cookie file that it writes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b", ""), value), { maxLength: 5 }), (pairs) => {
      const target = { host: "www.example.com", path: "/x/y", secure: true };
      const stored = pairs
        .map(([name, bytes]) => parseSetCookie(`${name}=${bytes}; HttpOnly; Max-Age=1000`, target, Date.now()))
        .filter((cookie) => cookie !== null);
      const again = parseCookieFile(formatCookieFile(stored), Date.now());
      assert.deepEqual(
        again.map(({ text }) => text),
        stored.map(({ text }) => text),
      );
    }),
  );
});

it("parses any bytes as a cookie file or throws CookieFileError", () => {
  const line = fc
    .array(fc.constantFrom("\t", "\n", "h", "TRUE", "FALSE", "/", "0", "a", "#", "#HttpOnly_", "\r", "\0"))
    .map((all) => all.join(""));
  fc.assert(
    fc.property(fc.oneof(latin1, line), (text) => {
      try {
        parseCookieFile(text, Date.now());
      } catch (error) {
        assert.equal((error as Error).name, "CookieFileError");
      }
    }),
  );
});

it("matches domains and paths only at their borders", () => {
  const label = fc.stringMatching(/^[a-z]{1,4}$/);
  fc.assert(
    fc.property(label, label, label, (one, other, top) => {
      assert.equal(domainMatches(`${one}.${other}.${top}`, `${other}.${top}`), true);
      assert.equal(domainMatches(`${one}${other}.${top}`, `${other}.${top}`), false);
      assert.equal(pathMatches(`/${one}/${other}`, `/${one}`), true);
      assert.equal(pathMatches(`/${one}${other}`, `/${one}`), false);
    }),
  );
});
