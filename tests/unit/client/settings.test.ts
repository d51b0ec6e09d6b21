/** How the options of a call and the settings of its session become the settings of one request. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PreparedRequest, Retry, Session } from "requests-ts";
import { checkSendOptions } from "#internal/client/given-options";
import { OPTIONS } from "#internal/client/options";
import { settingsFor } from "#internal/client/settings";
import { selectProxy } from "#internal/policy/no-proxy";
import type { OptionRow } from "#internal/options/option";

/** For each option of `send`: a value of the session where it has one, a value of the call, and the setting. */
const VALUES: Readonly<Record<string, { readonly session?: unknown; readonly call: unknown; readonly is?: string }>> = {
  timeout: { session: 5, call: [1, 2] },
  allowRedirects: { call: false, is: "followsRedirects" },
  proxies: { session: { http: "http://a.test" }, call: { http: "http://b.test" } },
  stream: { session: true, call: false },
  verify: { session: "/a.pem", call: false },
  cert: { session: "/a.pem", call: ["/b.pem", "/b.key"] },
  signal: { call: new AbortController().signal },
  onUploadProgress: { call: () => undefined },
  onDownloadProgress: { call: () => undefined },
  onInformational: { call: () => undefined },
  maxResponseSize: { session: 1000, call: 500 },
  decode: { call: false },
};

function settings(session: object, call: object): Readonly<Record<string, unknown>> {
  const request = new PreparedRequest();
  request.prepareUrl("http://h.test/");
  const made = settingsFor(new Session({ trustEnv: false, ...session }), request, checkSendOptions(call));
  return { ...made };
}

describe("settingsFor", () => {
  // The session itself obeys raiseForStatus. The policy of retries has tests of its own below.
  const others = ["raiseForStatus", "retries"];
  const rows = Object.entries(OPTIONS).filter(
    ([name, row]: [string, OptionRow]) => row.of.includes("send") && !others.includes(name),
  );

  it("is tested with every option of send", () => {
    assert.deepEqual(Object.keys(VALUES).sort(), rows.map(([name]) => name).sort());
  });

  for (const [name, { merge }] of rows) {
    const { session, call, is = name } = VALUES[name];
    it(`uses ${name} of the call`, () => {
      const given = settings(session === undefined ? {} : { [name]: session }, { [name]: call });
      assert.deepEqual(given[is], call);
      assert.deepEqual(Object.keys(given), Object.keys(settings({}, {})), "the same members in the same order");
    });
    if (merge !== "call only")
      it(`uses ${name} of the session when the call has none`, () => {
        assert.deepEqual(settings({ [name]: session }, {})[is], session);
        assert.deepEqual(settings({ [name]: session }, { [name]: undefined })[is], session);
      });
    else if (name !== "allowRedirects" && name !== "decode")
      it(`disables ${name} for null`, () => assert.equal(settings({}, { [name]: null })[is], undefined));
  }

  it("disables the session's value for null of the call", () => {
    const session = { timeout: 5, cert: "/a.pem" };
    const { timeout, cert } = settings(session, { timeout: null, cert: null });
    assert.deepEqual([timeout, cert], [null, null]);
  });

  it("gives the retries of the call beside those of the session", () => {
    const own = new Retry({ total: 1 });
    const policy = (call: object): unknown => settings({ retries: 5 }, call)["retries"];
    assert.equal(policy({ retries: own }), own);
    assert.equal((policy({ retries: 2 }) as Retry).total, 2);
    for (const none of [0, false, null]) assert.equal((policy({ retries: none }) as Retry).total, 0);
    assert.equal(policy({}), undefined);
    assert.equal((settings({ retries: 5 }, {})["defaultRetries"] as Retry).total, 5);
  });

  it("merges proxies key by key", () => {
    const session = { proxies: { http: "http://a.test", no_proxy: "x.test" } };
    assert.deepEqual(settings(session, { proxies: { https: "http://b.test" } })["proxies"], {
      http: "http://a.test",
      no_proxy: "x.test",
      https: "http://b.test",
    });
  });

  const covered: readonly (readonly [string, object, object, string | null])[] = [
    ["the session's no_proxy holds for a proxy of the call", { no_proxy: "h.test" }, { http: "http://b.test" }, null],
    ["in any spelling", { noProxy: "h.test" }, { http: "http://b.test" }, null],
    ["and does not cover others", { no_proxy: "x.test" }, { http: "http://b.test" }, "http://b.test"],
    ["the call's replaces it", { no_proxy: "h.test" }, { all: "http://b.test", NO_PROXY: "" }, "http://b.test"],
    ["null removes it", { no_proxy: "h.test" }, { http: "http://b.test", no_proxy: null }, "http://b.test"],
    ["the call's holds for a proxy of the session", { http: "http://a.test" }, { no_proxy: "h.test" }, null],
    ["the call's replaces it there, too", { http: "http://a.test", no_proxy: "h.test" }, { noProxy: "x.test" }, "http://a.test"],
  ]; // prettier-ignore
  for (const [name, session, call, proxy] of covered)
    it(`no_proxy: ${name}`, () => {
      const { proxies } = settings({ proxies: session }, { proxies: call });
      assert.equal(selectProxy("http://h.test/", proxies as Record<string, string | null>), proxy);
    });

  it("has no limits by default", () => {
    assert.equal(settings({}, {})["maxResponseSize"], undefined);
    assert.equal(settings({ maxResponseSize: 5 }, { maxResponseSize: 0 })["maxResponseSize"], 0);
  });
});
