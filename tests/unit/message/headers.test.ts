/** CaseInsensitiveDict, and the checks of what may be sent. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { InvalidHeader } from "#internal/exceptions";
import { checkField, FieldList } from "#internal/http/fields";
import { isToken } from "#internal/http/tokens";
import { CaseInsensitiveDict, checkGivenField, headerEntries } from "#internal/message/headers";

describe("CaseInsensitiveDict", () => {
  const made = (): CaseInsensitiveDict => new CaseInsensitiveDict({ Accept: "a", "X-B": "b" });

  it("has an index that ignores case", () => {
    const headers = made();
    assert.equal(headers["accept"], "a");
    assert.equal(headers["ACCEPT"], "a");
    assert.equal(headers["missing"], undefined);
    assert.ok("x-b" in headers && !("x-c" in headers));
    delete headers["x-B"];
    assert.equal(headers.has("X-B"), false);
  });

  it("keeps the case of the last set name at the first position", () => {
    const headers = made();
    headers["ACCEPT"] = "c";
    assert.deepEqual([...headers], [["ACCEPT", "c"], ["X-B", "b"]]); // prettier-ignore
  });

  it("joins several values with a comma; getAll returns them separately", () => {
    const headers = made().append("x-b", "2");
    assert.equal(headers.get("X-B"), "b, 2");
    assert.deepEqual(headers.getAll("X-B"), ["b", "2"]);
    assert.equal(headers.size, 2);
    headers.set("X-B", ["3", 4]);
    assert.deepEqual(headers.getAll("x-b"), ["3", "4"]);
    headers.set("X-B", "5");
    assert.deepEqual(headers.getAll("x-b"), ["5"]);
  });

  it("has get with a fallback; a method hides a field of its name", () => {
    const headers = new CaseInsensitiveDict({ get: "1" });
    assert.equal(headers.get("x", "fallback"), "fallback");
    assert.equal(typeof headers["get"], "function");
    assert.equal(headers.get("get"), "1");
  });

  it("has update, which merges, and removes for null", () => {
    assert.deepEqual(made().update({ accept: null, "X-C": 1 }).toJSON(), { "X-B": "b", "X-C": "1" });
  });

  it("has pop, setdefault, clear and items, like a mapping of Python", () => {
    const headers = new CaseInsensitiveDict([
      ["Accept", "a"],
      ["accept", "b"],
      ["X-B", "b"],
    ]);
    assert.equal(headers.pop("ACCEPT"), "a, b");
    assert.equal(headers.pop("accept"), undefined);
    assert.equal(headers.pop("accept", null), null);
    assert.equal(headers.setdefault("x-b", "c"), "b");
    assert.equal(headers.setdefault("X-C", "c"), "c");
    assert.deepEqual([...headers.items()], [["X-B", "b"], ["X-C", "c"]]); // prettier-ignore
    headers.clear();
    assert.deepEqual([headers.size, ...headers], [0]);
  });

  it("has keys, values, entries, lowerItems, toJSON, Object.keys and spread", () => {
    const headers = made().append("accept", "2");
    assert.deepEqual([...headers.keys()], ["Accept", "X-B"]);
    assert.deepEqual([...headers.values()], ["a, 2", "b"]);
    assert.deepEqual([...headers.lowerItems()], [["accept", "a, 2"], ["x-b", "b"]]); // prettier-ignore
    assert.deepEqual(Object.keys(headers), ["Accept", "X-B"]);
    assert.deepEqual({ ...headers }, { Accept: "a, 2", "X-B": "b" });
    assert.equal(JSON.stringify(headers), '{"Accept":"a, 2","X-B":"b"}');
  });

  it("has copies that share nothing", () => {
    const headers = made();
    const copy = headers.copy();
    copy["Accept"] = "changed";
    assert.equal(headers["Accept"], "a");
    assert.ok(copy instanceof CaseInsensitiveDict);
  });

  it("has delete, which says whether the header existed", () => {
    const headers = made();
    assert.deepEqual([headers.delete("ACCEPT"), headers.delete("ACCEPT")], [true, false]);
  });
});

describe("headerEntries", () => {
  const table: [name: string, init: unknown, expected: unknown][] = [
    ["an object", { A: "1", B: 2, C: true }, [["A", ["1"]], ["B", ["2"]], ["C", ["true"]]]], // prettier-ignore
    ["undefined is left out, null stays", { A: undefined, B: null }, [["B", null]]],
    ["pairs repeat", [["A", "1"], ["a", "2"]], [["A", ["1", "2"]]]], // prettier-ignore
    ["bytes are latin-1", { A: new Uint8Array([0xe9]) }, [["A", ["é"]]]],
    ["a list sends several", { A: ["1", 2] }, [["A", ["1", "2"]]]],
  ];
  for (const [name, init, expected] of table)
    it(name, () => assert.deepEqual(headerEntries(init as Record<string, string>), expected));
});

describe("valid headers", () => {
  it("have a token as name", () => {
    for (const name of ["A", "x-b", "!#$%&'*+-.^_`|~0"]) assert.ok(isToken(name), name);
    for (const name of ["", " ", "a b", "a:", "é", "a\r\n", "(", '"', "a\0"]) assert.ok(!isToken(name), name);
  });

  it("have a value of Latin-1 without line breaks and control characters", () => {
    for (const value of ["", "a b", "\t", "é", "~", "\xff"]) checkField("A", value);
    for (const value of ["\n", "\r", "a\0", "\x7f", "日", "\x01"])
      assert.throws(() => checkField("A", value), InvalidHeader, JSON.stringify(value));
  });

  it("have a value that does not begin with white space", () => {
    assert.throws(() => checkGivenField("A", " x"), /begins with white space/);
    checkGivenField("A", "x ");
  });
});

describe("FieldList", () => {
  it("setAll keeps the values together at the first position", () => {
    const fields = new FieldList(["A", "1", "B", "2", "a", "3"]);
    fields.setAll("A", ["x", "y"]);
    assert.deepEqual(fields.raw, ["A", "x", "A", "y", "B", "2"]);
    assert.deepEqual(fields.lower, ["a", "a", "b"]);
  });
});
