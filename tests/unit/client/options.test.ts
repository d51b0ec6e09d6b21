/** The registry of options, and the checks of what callers give. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Session } from "requests-ts";
import { checkOptions, checkSendOptions, checkSessionOptions } from "#internal/client/given-options";
import { checkProxies, checkVerify } from "#internal/client/option-checks";
import { CALL_OPTIONS, OPTIONS, SEND_OPTIONS, SESSION_OPTIONS } from "#internal/client/options";

describe("the registry", () => {
  it("says how each option of a call is merged with the session's", () => {
    const by = (rule: string): string[] =>
      Object.entries(OPTIONS).filter(([, { merge }]) => merge === rule).map(([name]) => name); // prettier-ignore
    assert.deepEqual(by("by key"), ["params", "headers", "cookies", "proxies"]);
    assert.deepEqual(by("replace"), [
      "auth",
      "timeout",
      "hooks",
      "stream",
      "verify",
      "cert",
      "maxResponseSize",
      "raiseForStatus",
      "retries",
    ]);
    assert.deepEqual(by("session only"), [
      "baseUrl",
      "maxRedirects",
      "trustEnv",
      "maxConnections",
      "poolMaxsize",
      "http2",
    ]);
  });

  it("lists the names for each place", () => {
    assert.deepEqual([...CALL_OPTIONS.keys()].length, 22);
    assert.ok([...SEND_OPTIONS.keys()].every((name) => CALL_OPTIONS.has(name)));
    assert.ok(!SEND_OPTIONS.has("headers") && !CALL_OPTIONS.has("baseUrl") && !SESSION_OPTIONS.has("signal"));
    assert.deepEqual(
      [...SESSION_OPTIONS.keys()].filter((name) => !CALL_OPTIONS.has(name)),
      ["baseUrl", "maxRedirects", "trustEnv", "maxConnections", "poolMaxsize", "http2"],
    );
  });

  it("accepts undefined for each option", () => {
    const undefineds = (names: Iterable<string>): object =>
      Object.fromEntries([...names].map((name) => [name, undefined]));
    checkOptions(undefineds(CALL_OPTIONS.keys()), "get()");
    checkSendOptions(undefineds(SEND_OPTIONS.keys()));
    checkSessionOptions(undefineds(SESSION_OPTIONS.keys()));
  });

  it("refuses the same value for a call, for send and for a session, with the same error", () => {
    const wrong: Readonly<Record<string, unknown>> = {
      timeout: "5",
      raiseForStatus: "yes",
      retries: "3",
      proxies: [],
      stream: "yes",
      verify: "",
      cert: {},
      maxResponseSize: -1,
    };
    const shared = [...SEND_OPTIONS.keys()].filter((name) => SESSION_OPTIONS.has(name));
    assert.deepEqual(Object.keys(wrong).sort(), shared.sort());
    for (const [name, value] of Object.entries(wrong)) {
      const errors = [
        (given: object) => checkOptions(given, "get()"),
        checkSendOptions,
        checkSessionOptions,
      ].map((check) => {
        try {
          check({ [name]: value });
        } catch (error) {
          return String(error);
        }
        return "none";
      }); // prettier-ignore
      assert.match(errors[0], new RegExp(name));
      assert.deepEqual(new Set(errors).size, 1, errors.join("; "));
    }
  });
});

describe("checkOptions", () => {
  it("refuses an inherited unknown option too", () => {
    const base: object = { allow_redirects: true };
    assert.throws(() => checkOptions(Object.create(base), "get()"), /Did you mean "allowRedirects"/);
  });

  it("lists all options when no name is similar", () => {
    assert.throws(() => checkOptions({ zzzzzzzz: 1 }, "get()"), /Valid options: params, data, json/);
  });
});

describe("checkSessionOptions", () => {
  const refused: readonly (readonly [given: unknown, type: typeof TypeError | typeof RangeError, message: RegExp])[] = [
    [5, TypeError, /^The argument of new Session\(\) must be an options object, not a number: new Session/],
    [[], TypeError, /must be an options object, not an array/],
    [{ baseUrl: 5 }, TypeError, /^baseUrl must be a string or a URL, not a number$/],
    [{ trustEnv: "no" }, TypeError, /^trustEnv must be true or false, not a string$/],
    [{ maxRedirects: -1 }, RangeError, /^maxRedirects must be a number of redirects, 0 or greater, not -1$/],
    [{ maxRedirects: "3" }, TypeError, /^maxRedirects must be a number of redirects, 0 or greater, not a string$/],
    [{ retries: "3" }, TypeError, /^retries must be a number, a Retry, or false for none, not a string$/],
    [{ signal: null }, TypeError, /^Unknown option "signal" for Session/],
  ];
  for (const [given, type, message] of refused)
    it(JSON.stringify(given), () =>
      assert.throws(
        () => checkSessionOptions(given),
        (error: Error) => error instanceof type && message.test(error.message),
      ),
    );
});

describe("checkVerify and checkProxies", () => {
  for (const value of [true, false, "/path"]) it(`accepts verify ${value}`, () => checkVerify(value));
  for (const value of ["", 0, 1, null, undefined, {}, []])
    it(`throws a TypeError for verify ${JSON.stringify(value)}`, () =>
      assert.throws(() => checkVerify(value), TypeError));
  for (const value of [{}, { http: null }, { http: undefined, all: "http://p" }])
    it(`accepts proxies ${JSON.stringify(value)}`, () => checkProxies(value));
  class Getters {
    get http(): string {
      return "http://p";
    }
  }
  const unreadable = [
    new URL("http://p"),
    Promise.resolve({ http: "http://p" }),
    new Date(),
    new Error("x"),
    new WeakMap(),
    new Getters(),
    Object.create({ http: "http://p" }),
    new Map([["http", "http://p"]]),
    () => "http://p",
    true,
    5,
    { http: { host: "p", port: 1 } },
    { no_proxy: ["h"] },
  ];
  for (const value of unreadable) {
    const name = String((Object(value) as object).constructor.name);
    it(`throws a TypeError for proxies of ${name}, in a call, a session and its attribute`, () => {
      const session = new Session();
      const refused = { name: "TypeError", message: /^proxies/ };
      assert.throws(() => checkProxies(value), refused);
      assert.throws(() => new Session({ proxies: value as never }), refused);
      assert.throws(() => (session.proxies = value as never), refused);
      assert.deepEqual(session.proxies, {});
    });
  }
  for (const value of [null, "x", [], { http: 1 }])
    it(`throws a TypeError for proxies ${JSON.stringify(value)}`, () =>
      assert.throws(() => checkProxies(value), TypeError));
});
