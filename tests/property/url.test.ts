import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { RequestException } from "#internal/exceptions";
import { redactedUrl, shownProxyUrl, shownUrl } from "#internal/http/redaction/shown-url";
import { cookieTarget } from "#internal/cookies/cookie";
import {
  encodeParams,
  joinUrl,
  locationUrl,
  matchesMountPrefix,
  prepareUrl,
  requoteUri,
  schemeHint,
  splitUrl,
} from "#internal/http/url/url";
import { assertLinear } from "./linear.js";

const RUNS = { numRuns: 1000 };
const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "%",
    "%4",
    "%41",
    "%2e",
    "%zz",
    "%25",
    "/",
    "//",
    ".",
    "..",
    "?",
    "#",
    "@",
    ":",
    "\\",
    "[",
    "]",
    "é",
    " ",
    "\ud800",
  ),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const host = fc.constantFrom(
  "e.com",
  "E.com:80",
  "u:p@h",
  "[::1]:8080",
  "é.com",
  "%41.com",
  "☃.net:0",
  "a b",
  "h:",
  "x_y",
);
const url = fc.tuple(fc.constantFrom("http://", "HTTPS://", "http+unix://"), host, text).map((parts) => parts.join(""));
const anyUrl = fc.oneof(
  url,
  text,
  text.map((rest) => `http://${rest}`),
);

function prepared(input: string): string | null {
  try {
    return prepareUrl(input);
  } catch (error) {
    assert.ok(error instanceof RequestException, String(error));
    return null;
  }
}

describe("properties of URLs", () => {
  it("preparing twice changes nothing, or throws a named exception", () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        const once = prepared(input);
        if (once !== null) assert.equal(prepareUrl(once), once);
      }),
      RUNS,
    );
  });

  it("a prepared http URL is ASCII without controls, can be split, and has the same host for WHATWG", () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        const once = prepared(input);
        if (once === null || !/^https?:\/\//.test(once)) return;
        assert.match(once, /^[\x21-\x7e]+$/);
        const parts = splitUrl(once);
        assert.ok(parts.path.startsWith("/"));
        const standard = URL.canParse(once) ? new URL(once) : null;
        // WHATWG reads numbers as IPv4 and knows no zones; where it keeps a name, it is the same name.
        if (
          standard !== null &&
          /[a-z]/.test(parts.host) &&
          !parts.host.startsWith("[") &&
          !/^0x|\.0x/.test(parts.host)
        )
          assert.equal(standard.hostname, parts.host);
      }),
      RUNS,
    );
  });

  it("parameters can be decoded to the same values", () => {
    const wellFormed = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(fc.tuple(wellFormed, wellFormed)), (pairs) => {
        assert.deepEqual([...new URLSearchParams(encodeParams(pairs))], pairs);
        const query = splitUrl(prepareUrl("http://h/", pairs)).query ?? "";
        assert.deepEqual([...new URLSearchParams(query)], pairs);
      }),
      RUNS,
    );
  });

  it("requoting twice changes nothing", () => {
    fc.assert(
      fc.property(text, (input) => {
        const once = requoteUri(input);
        assert.equal(requoteUri(once), once);
        assert.match(once, /^[\x21-\x7e]*$/);
      }),
      RUNS,
    );
  });

  it("a Location without a host stays on the host", () => {
    fc.assert(
      fc.property(text, (input) => {
        const location = input.trim().replace(/[\t\r\n]/g, "");
        if (location.startsWith("//") || /^[a-z][a-z0-9+.-]*:/i.test(location)) return;
        assert.equal(splitUrl(locationUrl("http://h.com:81/a/b?c", input)).host, "h.com");
      }),
      RUNS,
    );
  });

  it("a Location results in a URL of printable ASCII or a named exception", () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        try {
          assert.match(locationUrl("http://h/a", input), /^[\x21-\x7e]+$/);
        } catch (error) {
          assert.ok(error instanceof RequestException, String(error));
        }
      }),
      RUNS,
    );
  });

  it("joining agrees with WHATWG on clean references", () => {
    const segment = fc.constantFrom("a", "b.c", "..", ".", "");
    const reference = fc
      .tuple(fc.constantFrom("", "/"), fc.array(segment, { maxLength: 6 }), fc.constantFrom("", "?q", "#f"))
      // Two slashes that dots lay bare are where urllib3, and so this library, differs.
      .filter(([, segments]) => !segments.includes(""))
      .map(([root, segments, end]) => root + segments.join("/") + end);
    fc.assert(
      fc.property(reference, (input) => {
        assert.equal(joinUrl("http://h/x/y/z", input), new URL(input, "http://h/x/y/z").href);
      }),
      RUNS,
    );
  });

  it("a mount with a host matches only URLs with that host", () => {
    fc.assert(
      fc.property(text, (input) => {
        const target = `https://example.com${input}`;
        if (matchesMountPrefix(target, "https://example.com")) assert.equal(splitUrl(target).host, "example.com");
      }),
      RUNS,
    );
  });

  it("a masked URL has no password", () => {
    fc.assert(
      fc.property(text, (input) => {
        const masked = redactedUrl(`http://user:s3cret${input.replace(/[/\\?#]/g, "")}@h/`);
        assert.equal(masked, "http://user:***@h/");
      }),
      RUNS,
    );
  });
});

describe("URLs take linear time", () => {
  const hostile: readonly (readonly [string, (size: number) => string])[] = [
    ["many @ [linear-at-signs]", (size) => `http://${"@".repeat(size)}h/`],
    ["many dots [linear-dots]", (size) => `http://h/${"../".repeat(size / 3)}`],
    ["many slashes", (size) => `http://h${"/".repeat(size)}`],
    ["many escapes [linear-escapes]", (size) => `http://h/${"%41".repeat(size / 3)}`],
    ["many invalid escapes [linear-invalid-escapes]", (size) => `http://h/${"%".repeat(size)}`],
    ["many letters beyond ASCII", (size) => `http://h/?${"é".repeat(size)}`],
    ["many brackets", (size) => `http://${"[".repeat(size)}`],
    ["many colons", (size) => `http://h${":".repeat(size)}`],
    ["many zeros", (size) => `http://h:${"0".repeat(size)}1/`],
    ["a long host [linear-long-host]", (size) => `http://${"é".repeat(size)}/`],
    ["a long scheme", (size) => `http${"a".repeat(size)}:`],
    ["many labels", (size) => `http://${"a.".repeat(size / 2)}`],
    ["many spaces", (size) => `${" ".repeat(size)}http://h${" ".repeat(size)}`],
  ];
  for (const [name, input] of hostile)
    it(name, () => {
      const attempt = (work: () => unknown): void => {
        try {
          work();
        } catch (error) {
          assert.ok(error instanceof RequestException, String(error));
        }
      };
      assertLinear(input, (value) => {
        attempt(() => prepareUrl(value));
        attempt(() => splitUrl(value));
        attempt(() => locationUrl("http://h/a", value));
        redactedUrl(value);
        shownUrl(value);
        shownProxyUrl(value);
        matchesMountPrefix(value, "http://example.com/");
        schemeHint(value.slice("http://".length));
        attempt(() => prepareUrl(value.slice("http://".length)));
        cookieTarget("http://h/", value.slice("http://".length));
      });
    });
});
