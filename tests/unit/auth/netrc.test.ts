import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { netrcAuth, NetrcError, parseNetrc } from "#internal/auth/netrc";

type Row = [machine: string | null, login: string, account: string, password: string];

describe("parseNetrc", () => {
  // Expected values are those of Python 3.11's netrc.netrc, but where the title says otherwise.
  const table: [title: string, text: string, rows: Row[]][] = [
    ["nothing", "", []],
    ["one machine over lines", "machine h\n\tlogin u\n\tpassword p\n", [["h", "u", "", "p"]]],
    ["one machine in a line", "machine h login u account a password p", [["h", "u", "a", "p"]]],
    ["user for login", "machine h user u password p", [["h", "u", "", "p"]]],
    [
      "default",
      "machine h login u\ndefault login d password dp",
      [
        ["h", "u", "", ""],
        [null, "d", "", "dp"],
      ],
    ],
    [
      "a machine with nothing",
      "machine a machine b login u",
      [
        ["a", "", "", ""],
        ["b", "u", "", ""],
      ],
    ],
    ["quotes and escapes", String.raw`machine h login "a \"b\" c" password x\ y\\z`, [["h", 'a "b" c', "", "x y\\z"]]],
    ["an empty quoted value", 'machine h login "" password p', [["h", "", "", "p"]]],
    ["a password that begins with #", "machine h login u password #p # not this\n", [["h", "u", "", "#p"]]],
    ["comments", "# one\nmachine h # two\n# three\nlogin u\n#four\npassword p", [["h", "u", "", "p"]]],
    [
      "comments after empty lines (Python reads a machine x)",
      "\n\n# machine x\nmachine h login u",
      [["h", "u", "", ""]],
    ],
    [
      "a macro between machines",
      "machine a login u\nmacdef init\ncd /x\nmachine fake login f\n\nmachine b login v",
      [
        ["a", "u", "", ""],
        ["b", "v", "", ""],
      ],
    ],
    [
      "CR LF",
      "machine h\r\nlogin u\r\nmacdef m\r\nx\r\n\r\nmachine i login v\r\n",
      [
        ["h", "u", "", ""],
        ["i", "v", "", ""],
      ],
    ],
    [
      "an unknown word and its value, as Heroku writes them (Python refuses the file)",
      "machine api.heroku.com\n  login me@example.com\n  method interactive\n  password p\nmachine git.heroku.com\n  login u\n",
      [
        ["api.heroku.com", "me@example.com", "", "p"],
        ["git.heroku.com", "u", "", ""],
      ],
    ],
    ["unknown words with values", "machine h port 21 login u protocol https password p", [["h", "u", "", "p"]]],
    ["an unknown word before a keyword", "machine h secure login u\nverbose\npassword p", [["h", "u", "", "p"]]],
    ["an unknown word before a comment", "machine h secure # a b\nlogin u", [["h", "u", "", ""]]],
    ["an unknown word at the end", "machine h login u\n\nsecure", [["h", "u", "", ""]]],
    ["an unknown word at the start", "secure yes\nmachine h login u", [["h", "u", "", ""]]],
    ["an unknown word with a quoted value", 'machine h method "a b" login u', [["h", "u", "", ""]]],
    ["an extra word after a password", "machine h\npassword p secret\nlogin u", [["h", "u", "", "p"]]],
    ["fields before the first machine", "login x password y\nmachine h login u", [["h", "u", "", ""]]],
    [
      "keywords in capitals",
      "MACHINE h Login u PASSWORD p\nDefault login d",
      [
        ["h", "u", "", "p"],
        [null, "d", "", ""],
      ],
    ],
    ["a value that is a keyword", "machine h login password password login", [["h", "password", "", "login"]]],
    [
      "a macro that ends with the file",
      "machine h login u\nmacdef init\ncd /x\nmachine fake login f\n",
      [["h", "u", "", ""]],
    ],
    ["a macro that is the last word", "machine h login u\nmacdef init", [["h", "u", "", ""]]],
    [
      "fields after a macro, which belong to no machine",
      "machine h login u\nmacdef init\nx\n\npassword p\nmachine i login v",
      [
        ["h", "u", "", ""],
        ["i", "v", "", ""],
      ],
    ],
    ["a value missing at the end", "machine h login u password", [["h", "u", "", ""]]],
    ["a byte order mark", "\uFEFFmachine h login u", [["h", "u", "", ""]]],
    ["not ASCII", "machine ü.example login ü password £", [["ü.example", "ü", "", "£"]]],
  ];
  for (const [title, text, rows] of table)
    it(title, () => {
      assert.deepEqual(
        parseNetrc(text).map(({ machine, login, account, password }) => [machine, login, account, password]),
        rows,
      );
    });

  const refused: [title: string, text: string, line: number][] = [
    ["a machine without name", "machine h login s3cret\nmachine", 2],
    ["a machine with an empty name", 'machine "" login s3cret', 1],
    ["a macro without name", "machine h login s3cret\n\nmacdef", 3],
  ];
  for (const [title, text, line] of refused)
    it(`refuses ${title}, with the line number and no words of the file`, () => {
      assert.throws(
        () => parseNetrc(text),
        (error: Error) => error instanceof NetrcError && error.line === line && !error.message.includes("s3cret"),
      );
    });
});

describe("netrcAuth", () => {
  const entries = parseNetrc(`
    machine example.com login old password old
    machine EXAMPLE.com login u password p
    machine account.test account acc password ap
    machine password.test password only
    machine empty.test
    machine ::1 login six password sp
  `);
  const table: [host: string, expected: [string, string] | null][] = [
    ["example.com", ["u", "p"]],
    ["Example.COM", ["u", "p"]],
    ["www.example.com", null],
    ["account.test", ["acc", "ap"]],
    ["password.test", ["", "only"]],
    ["empty.test", null],
    ["[::1]", ["six", "sp"]],
    ["other.test", null],
  ];
  for (const [host, expected] of table) it(host, () => assert.deepEqual(netrcAuth(entries, host), expected));

  it("uses default for other hosts, unless that entry is empty", () => {
    const withDefault = [...entries, ...parseNetrc("default login d password dp")];
    assert.deepEqual(netrcAuth(withDefault, "other.test"), ["d", "dp"]);
    assert.deepEqual(netrcAuth(withDefault, "example.com"), ["u", "p"]);
    assert.equal(netrcAuth(withDefault, "empty.test"), null);
  });

  it("returns nothing without entries", () => assert.equal(netrcAuth([], "h"), null));
});
