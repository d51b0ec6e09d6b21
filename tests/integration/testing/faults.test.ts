/** A fault of a MockAdapter ends like the same fault of a server: with the same exception, code and phase. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  ConnectTimeout,
  ReadTimeout,
  RequestException,
  Session,
  SSLError,
  Timeout,
  TotalTimeout,
  type RequestOptions,
} from "requests-ts";
import { MockAdapter, type Reply, type ReplyInit } from "requests-ts/testing";
import { peer } from "./peer.js";

/** What a program can tell errors apart by. */
async function outcome(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => assert.fail("it was answered"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RequestException, String(error));
  return `${error.name} ${error.code} ${error.phase}`;
}

function mocked(reply: ReplyInit): Session {
  const mock = new MockAdapter();
  mock.any("*", reply);
  const session = new Session();
  session.mount("http://", mock);
  return session;
}

describe("a fault of a mock has the same result as that of a server", () => {
  const OK = "HTTP/1.1 200 OK\r\n";
  // The mock's reply and the script of a real peer; a peer of null is a port without a listener.
  const table: readonly (readonly [string, Reply, Parameters<typeof peer>[0], RequestOptions])[] = [
    ["refused", { error: "refused" }, null, {}],
    ["reset", { error: "reset" }, { reset: true }, {}],
    ["closed", { error: "closed" }, { send: "" }, {}],
    ["garbage", { error: "garbage" }, { send: "220 smtp.example ready\r\n\r\n" }, {}],
    ["a head that is cut", { raw: "HTTP/1.1 200 O" }, { send: "HTTP/1.1 200 O" }, {}],
    ["a cut body", { text: "0123456789", cut: 4 }, { send: `${OK}Content-Length: 10\r\n\r\n0123` }, {}],
    ["a cut chunk", { stream: () => ["0123456789"], cut: 6 }, { send: `${OK}Transfer-Encoding: chunked\r\n\r\na\r\n012` }, {}],
    ["a stream that breaks", { stream: breaking }, { send: `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n` }, {}],
    ["silence", { delay: 5 }, { hold: true }, { timeout: 0.02 }],
    ["silence in the body", { text: "0123456789", drip: { bytes: 5, every: 5 } }, { send: `${OK}Content-Length: 10\r\n\r\n01234`, hold: true }, { timeout: 0.03 }],
    ["the end of all time", { delay: 5 }, { hold: true }, { timeout: { total: 0.02 } }],
    ["a lie about the coding", { text: "plain", headers: { "Content-Encoding": "gzip" } }, { send: `${OK}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain` }, {}],
    ["contradicting lengths", { raw: `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab` }, { send: `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab` }, {}],
    ["too much", { text: "0123456789" }, { send: `${OK}Content-Length: 10\r\n\r\n0123456789` }, { maxResponseSize: 5 }],
  ]; // prettier-ignore
  for (const [what, reply, script, options] of table)
    it(what, async () => {
      await using real = await peer(script);
      await using session = new Session();
      const expected = await outcome(session.get(real.url, options));
      assert.equal(await outcome(mocked(reply).get(real.url, options)), expected);
    });

  it("takes names for faults that need a network", async () => {
    assert.equal(await outcome(mocked({ error: "dns" }).get("http://h/")), "ConnectionError ERR_NAME_RESOLUTION dns");
    assert.equal(
      await outcome(mocked({ error: "unreachable" }).get("http://h/")),
      "ConnectionError ERR_CONNECTION connect",
    );
    const error = await mocked({ error: "tls" })
      .get("http://h/")
      .catch((reason: unknown) => reason);
    assert.ok(error instanceof SSLError && error.phase === "tls", String(error));
  });
});

describe("timeouts of a mock", () => {
  const byName: readonly (readonly ["ConnectTimeout" | "ReadTimeout" | "TotalTimeout", new () => Error])[] = [
    ["ConnectTimeout", ConnectTimeout],
    ["ReadTimeout", ReadTimeout],
    ["TotalTimeout", TotalTimeout],
  ];
  for (const [name, Kind] of byName)
    it(`${name} happens at once when a reply names it`, async () => {
      const error = await mocked({ error: name })
        .get("http://h/", { timeout: 60 })
        .catch((reason: unknown) => reason);
      assert.ok(error instanceof Kind && error instanceof Timeout, String(error));
    });

  it("connectDelay counts for timeout.connect, not for timeout.read", async () => {
    const error = await mocked({ connectDelay: 5 })
      .get("http://h/", { timeout: [0.02, 60] })
      .catch((reason: unknown) => reason);
    assert.ok(error instanceof ConnectTimeout, String(error));
    assert.equal((await mocked({ connectDelay: 0.02 }).get("http://h/", { timeout: [5, 0.01] })).statusCode, 200);
  });

  it("connectDelay of a function counts, too", async () => {
    const call = mocked(() => ({ connectDelay: 5 })).get("http://h/", { timeout: [0.02, null] });
    await assert.rejects(call, ConnectTimeout);
  });

  for (const reply of [{ delay: 5 }, { connectDelay: 5 }, { text: "ab", drip: { bytes: 1, every: 5 } }] as const)
    it(`a signal ends ${JSON.stringify(reply)} with its reason`, async () => {
      const reason = new Error("enough");
      const stop = new AbortController();
      setTimeout(() => stop.abort(reason), 10);
      const error = await mocked(reply)
        .get("http://h/", { signal: stop.signal })
        .catch((thrown: unknown) => thrown);
      assert.equal(error, reason);
    });

  it("aborts the signal of a function when the call is over", async () => {
    let told: AbortSignal | null = null;
    const session = mocked(async (_call, signal) => {
      told = signal;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return {};
    });
    await assert.rejects(session.get("http://h/", { timeout: 0.02 }), ReadTimeout);
    assert.equal((told as AbortSignal | null)?.aborted, true);
  });

  it("an error object is thrown unchanged", async () => {
    const mine = new Error("mine");
    for (const reply of [mine, { error: mine }, () => ({ error: mine })])
      assert.equal(
        await mocked(reply)
          .get("http://h/")
          .catch((thrown: unknown) => thrown),
        mine,
      );
  });
});

function* breaking(): Generator<string, void> {
  yield "a";
  throw new Error("the server's own trouble");
}
