import assert from "node:assert/strict";
import { describe, it } from "node:test";

import fc from "fast-check";

import { NetrcError, parseNetrc } from "#internal/auth/netrc";
import { assertLinear } from "./linear.js";

describe("parseNetrc", () => {
  it("parses entries that are quoted by its grammar", () => {
    const word = fc.string({ unit: "grapheme", maxLength: 12 });
    const entry = fc.record(
      { machine: word.filter((name) => name !== ""), login: word, account: word, password: word },
      { noNullPrototype: true },
    );
    const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const text = entries
          .map(
            ({ machine, login, account, password }) =>
              `machine ${quoted(machine)} login ${quoted(login)}\naccount ${quoted(account)} password ${quoted(password)}\n`,
          )
          .join("");
        assert.deepEqual(parseNetrc(text), entries);
      }),
    );
  });

  it("returns entries or throws NetrcError for any text", () => {
    const piece = fc.constantFrom(
      "machine",
      "default",
      "macdef",
      "login",
      "password",
      "#",
      '"',
      "\\",
      " ",
      "\n",
      "\r\n",
      "x",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          assert.ok(Array.isArray(parseNetrc(pieces.join(""))));
        } catch (error) {
          assert.ok(error instanceof NetrcError);
        }
      }),
    );
  });

  for (const piece of ["machine h login u password p\n", "# comment\n", '"', "\\", "\n", "macdef m\nx\n\n"])
    it(`takes linear time for repeated ${JSON.stringify(piece)}`, () => {
      assertLinear(
        (size) => piece.repeat(size / piece.length),
        (text) => {
          try {
            parseNetrc(text);
          } catch (error) {
            assert.ok(error instanceof NetrcError);
          }
        },
      );
    });
});
