/** What the package gives by name, to `import` and to `require`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import requests, * as entry from "requests-ts";
import * as events from "requests-ts/events";
import * as har from "requests-ts/har";
import * as httpbin from "requests-ts/httpbin";
import * as multipart from "requests-ts/multipart";
import * as opentelemetry from "requests-ts/opentelemetry";
import * as testing from "requests-ts/testing";
import { runNode } from "./child.js";
import { root } from "./source-graph.js";

/** Every exception, in the order of the tree at the top of exceptions.ts. */
const EXCEPTIONS = [
  "RequestException",
  "InvalidJSONError",
  "JSONDecodeError",
  "HTTPError",
  "ConnectionError",
  "ProxyError",
  "SSLError",
  "ConnectTimeout",
  "Timeout",
  "ReadTimeout",
  "PoolTimeout",
  "TotalTimeout",
  "URLRequired",
  "TooManyRedirects",
  "RetryError",
  "UnrewindableBodyError",
  "MissingSchema",
  "InvalidSchema",
  "InvalidURL",
  "InvalidProxyURL",
  "InvalidHeader",
  "ChunkedEncodingError",
  "ContentDecodingError",
  "ContentTooLarge",
  "StreamConsumedError",
  "StreamNotReadError",
  "CookieConflictError",
];

const FUNCTIONS = ["request", "get", "options", "head", "post", "put", "patch", "delete", "paginate", "download", "session", "use"]; // prettier-ignore

const CLASSES = [
  "Session",
  "Request",
  "PreparedRequest",
  "Response",
  "Retry",
  "HTTPAdapter",
  "BaseAdapter",
  "CaseInsensitiveDict",
  "RequestsCookieJar",
  "HTTPBasicAuth",
  "HTTPProxyAuth",
  "HTTPDigestAuth",
  "HTTPBearerAuth",
  "AuthBase",
];

/** The names that were promised: these stay. */
const CONTRACT = [...FUNCTIONS, ...CLASSES, ...EXCEPTIONS, "codes", "version"];

/** Names beside the contract. A new one is added here on purpose. */
const FURTHER = ["default", "ResponsePromise", "RawResponse", "RetryBudget", "publicAddressesOnly"];

const NAMESPACES: Readonly<Record<string, readonly string[]>> = {
  exceptions: EXCEPTIONS,
  auth: ["AuthBase", "HTTPBasicAuth", "HTTPBearerAuth", "HTTPDigestAuth", "HTTPProxyAuth"],
  adapters: ["BaseAdapter", "HTTPAdapter"],
  cookies: ["CookieConflictError", "RequestsCookieJar"],
  structures: ["CaseInsensitiveDict"],
};

const named: Readonly<Record<string, unknown>> = entry;
const whole: Readonly<Record<string, unknown>> = requests;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
};

describe('the entry "."', () => {
  it("exports these names and no others", () => {
    assert.deepEqual(Object.keys(named).sort(), [...CONTRACT, ...FURTHER].sort());
  });

  it("has the names of the contract on the default export too, with the same values", () => {
    const different = CONTRACT.filter((name) => whole[name] !== named[name] || named[name] === undefined);
    assert.deepEqual(different, []);
  });

  it("has only the contract and the namespaces on the default export", () => {
    assert.deepEqual(Object.keys(whole).sort(), [...CONTRACT, ...Object.keys(NAMESPACES)].sort());
  });

  for (const [namespace, names] of Object.entries(NAMESPACES))
    it(`has requests.${namespace}`, () => {
      const values = whole[namespace] as Readonly<Record<string, unknown>>;
      assert.deepEqual(Object.keys(values).sort(), [...names].sort());
      for (const name of names) assert.equal(values[name], named[name], name);
    });

  it("has the version of package.json", () => {
    assert.equal(entry.version, manifest.version);
  });

  it("gives each exception the name of its class", () => {
    const wrong = EXCEPTIONS.filter((name) => (named[name] as { readonly name: string }).name !== name);
    assert.deepEqual(wrong, []);
  });
});

describe("the other entries", () => {
  it("are those of package.json", () => {
    assert.deepEqual(Object.keys(manifest.exports), [
      ".",
      "./httpbin",
      "./events",
      "./multipart",
      "./testing",
      "./har",
      "./opentelemetry",
      "./extend",
      "./package.json",
    ]);
  });

  it("requests-ts/httpbin exports httpbin", () => {
    assert.deepEqual(Object.keys(httpbin), ["httpbin"]);
  });

  it("requests-ts/events exports events and its class", () => {
    assert.deepEqual(Object.keys(events).sort(), ["EventStream", "events"]);
  });

  it("requests-ts/multipart exports the encoder, the decoder, and their parts and exceptions", () => {
    assert.deepEqual(Object.keys(multipart).sort(), [
      "BodyPart",
      "ImproperBodyPartContentException",
      "MultipartBoundaryError",
      "MultipartDecodeError",
      "MultipartDecoder",
      "MultipartDelimiterError",
      "MultipartEncoder",
      "MultipartEncoderMonitor",
      "MultipartLimitError",
      "MultipartTruncatedError",
      "NonMultipartContentTypeException",
      "StreamedPart",
    ]);
  });

  it("requests-ts/testing exports the mock and its exception", () => {
    assert.deepEqual(Object.keys(testing).sort(), ["MockAdapter", "MockCall", "UnmatchedRequest", "mockRequests"]);
  });

  it("requests-ts/har exports the recorder", () => {
    assert.deepEqual(Object.keys(har), ["HarRecorder"]);
  });

  it("requests-ts/opentelemetry exports instrument and tracing", () => {
    assert.deepEqual(Object.keys(opentelemetry), ["instrument", "tracing"]);
  });

  it("refuse imports of other files", async () => {
    const inside: string = "requests-ts/dist/chunks/requests.js";
    await assert.rejects(import(inside), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  });
});

describe("require() from CommonJS", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a named function", 'typeof require("requests-ts").get', "function"],
    ["a class", 'require("requests-ts").Session.name', "Session"],
    ["the default export", 'require("requests-ts").default.codes.ok', "200"],
    ["the httpbin", 'typeof require("requests-ts/httpbin").httpbin', "function"],
    ["package.json", 'require("requests-ts/package.json").name', "requests-ts"],
  ];
  for (const [what, expression, expected] of cases)
    it(`gives ${what}`, async () => {
      const program = `process.stdout.write(String(${expression}))`;
      const { stdout } = await runNode(["--input-type=commonjs", "--eval", program], root);
      assert.equal(stdout, expected);
    });

  it("gives the same classes as import, so that instanceof works", async () => {
    const program =
      'import("requests-ts").then((esm) => process.stdout.write(String(esm.Session === require("requests-ts").Session)))';
    const { stdout } = await runNode(["--input-type=commonjs", "--eval", program], root);
    assert.equal(stdout, "true");
  });
});

describe("importing the entry", () => {
  it("lets the process end, and prints nothing", async () => {
    const { stdout, stderr } = await runNode(["--input-type=module", "--eval", 'import "requests-ts"'], root);
    assert.deepEqual([stdout, stderr], ["", ""]);
  });
});
