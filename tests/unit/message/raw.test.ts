/** RawResponse: bytes between the connection and the reader. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { queueOf, RawResponse, rawFrom } from "#internal/message/raw-response";
import type { RawControl } from "#internal/message/raw-queue";

const HEAD = { rawHeaders: ["A", "1", "a", "2"], version: 10 };

class Control implements RawControl {
  resumed = 0;
  cancelled = 0;
  resume(): void {
    this.resumed += 1;
  }
  cancel(): void {
    this.cancelled += 1;
  }
}

function made(): { raw: RawResponse; control: Control } {
  const control = new Control();
  return { raw: new RawResponse(HEAD, control), control };
}

describe("RawResponse", () => {
  it("has the head as pairs", () => {
    const { raw } = made();
    assert.deepEqual(raw.headers, [["A", "1"], ["a", "2"]]); // prettier-ignore
    assert.equal(raw.version, 10);
  });

  it("returns exactly n bytes from read(n) across chunks, then the rest, then an empty Buffer", async () => {
    const { raw } = made();
    for (const chunk of ["abc", "d", "efg"]) queueOf(raw).push(Buffer.from(chunk));
    queueOf(raw).end(["T", "1"]);
    const read: string[] = [];
    for (const n of [2, 3, 0, 10, 10]) read.push((await raw.read(n)).toString());
    assert.deepEqual(read, ["ab", "cde", "", "fg", ""]);
    assert.deepEqual(raw.trailers, [["T", "1"]]);
    assert.equal(raw.closed, true);
  });

  it("returns all remaining bytes from read()", async () => {
    const { raw } = made();
    queueOf(raw).push(Buffer.from("abc"));
    await raw.read(1);
    queueOf(raw).end([]);
    assert.equal((await raw.read()).toString(), "bc");
  });

  it("waits in read for bytes that have not arrived", async () => {
    const { raw } = made();
    const reading = raw.read(4);
    queueOf(raw).push(Buffer.from("ab"));
    await Promise.resolve();
    queueOf(raw).push(Buffer.from("cd"));
    assert.equal((await reading).toString(), "abcd");
  });

  for (const n of [-1, 1.5, NaN])
    it(`throws a RangeError for read(${n})`, async () => {
      await assert.rejects(made().raw.read(n), RangeError);
    });

  it("pauses the source when much is buffered, and resumes it when that is read", async () => {
    const { raw, control } = made();
    assert.equal(queueOf(raw).push(Buffer.alloc(100_000)), true);
    assert.equal(queueOf(raw).push(Buffer.alloc(300_000)), false);
    await raw.read(100_000);
    await raw.read(300_000);
    assert.equal(control.resumed, 1);
  });

  it("throws after the bytes that arrived before the failure", async () => {
    const { raw } = made();
    queueOf(raw).push(Buffer.from("ab"));
    queueOf(raw).fail(new Error("cut"));
    assert.equal((await raw.read(5)).toString(), "ab");
    await assert.rejects(raw.read(5), /cut/);
    assert.equal(raw.closed, true);
  });

  it("cancels once when the iteration is left early", async () => {
    const { raw, control } = made();
    queueOf(raw).push(Buffer.from("ab"));
    for await (const _ of raw) break;
    raw.close();
    assert.equal(control.cancelled, 1);
    assert.equal((await raw.read()).length, 0);
  });

  it("calls back once in whenDone, also when it is already done", () => {
    const { raw } = made();
    const calls: number[] = [];
    queueOf(raw).whenDone(() => calls.push(1));
    queueOf(raw).whenDone(() => calls.push(2));
    queueOf(raw).end([]);
    queueOf(raw).whenDone(() => calls.push(3));
    raw.close();
    assert.deepEqual(calls, [1, 2, 3]);
  });
});

describe("rawFrom", () => {
  it("passes on an iterable and its failure", async () => {
    const raw = rawFrom(
      (async function* () {
        yield "ab";
        throw new Error("gone");
      })(),
      HEAD,
    );
    assert.equal((await raw.read(2)).toString(), "ab");
    await assert.rejects(raw.read(1), /gone/);
  });

  it("takes text, bytes and null", async () => {
    assert.equal((await rawFrom("é", HEAD).read()).toString(), "é");
    assert.deepEqual([...(await rawFrom(new Uint8Array([1]), HEAD).read())], [1]);
    assert.equal(rawFrom(null, HEAD).closed, true);
  });
});
