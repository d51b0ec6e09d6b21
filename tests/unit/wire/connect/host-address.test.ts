import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { literalAddresses } from "#internal/wire/connect/host-address";

describe("the addresses that a host name spells", () => {
  const table: readonly (readonly [host: string, addresses: readonly string[] | null])[] = [
    // Dotted decimal
    ["127.0.0.1", ["127.0.0.1"]],
    ["0.0.0.0", ["0.0.0.0"]],
    ["255.255.255.255", ["255.255.255.255"]],
    // The numbers of inet_aton and of the WHATWG URL parser
    ["2130706433", ["127.0.0.1"]],
    ["0x7f000001", ["127.0.0.1"]],
    ["0X7F000001", ["127.0.0.1"]],
    ["017700000001", ["127.0.0.1"]],
    ["0", ["0.0.0.0"]],
    ["0x", ["0.0.0.0"]],
    ["00", ["0.0.0.0"]],
    ["4294967295", ["255.255.255.255"]],
    ["127.1", ["127.0.0.1"]],
    ["127.0.1", ["127.0.0.1"]],
    ["127.65535", ["127.0.255.255"]],
    ["1.2.3", ["1.2.0.3"]],
    ["0x7f.1", ["127.0.0.1"]],
    ["127.0.0.0x1", ["127.0.0.1"]],
    ["0xa9fea9fe", ["169.254.169.254"]],
    ["2852039166", ["169.254.169.254"]],
    ["127.0.0.1.", ["127.0.0.1"]],
    ["2130706433.", ["127.0.0.1"]],
    ["0x7f.1.", ["127.0.0.1"]],
    // A leading zero is octal to some, decimal to others
    ["0177.0.0.1", ["127.0.0.1", "177.0.0.1"]],
    ["010.0.0.1", ["8.0.0.1", "10.0.0.1"]],
    ["127.0.0.01", ["127.0.0.1"]],
    ["127.000.000.001", ["127.0.0.1"]],
    ["08.0.0.1", ["8.0.0.1"]],
    ["0300.0250.1", ["192.168.0.1"]],
    // A number that is not an address
    ["256.0.0.1", []],
    ["1.2.3.256", []],
    ["1.2.3.4.5", []],
    ["4294967296", []],
    ["0x100000000", []],
    ["1.16777216", []],
    ["a.1", []],
    ["-1.1", []],
    ["1..2", []],
    // Names
    ["example.com", null],
    ["a", null],
    ["0x7g", null],
    ["127.0.0.1.example.com", null],
    ["1.2.3.4a", null],
    ["deadbeef", null],
    ["xn--bcher-kva.example", null],
    ["127.0.0.1..", null],
    ["", null],
    [".", null],
    // Names that never leave the machine
    ["localhost", ["127.0.0.1"]],
    ["LOCALHOST.", ["127.0.0.1"]],
    ["a.localhost", ["127.0.0.1"]],
    ["notlocalhost", null],
    ["localhost.example", null],
    // IPv6
    ["::1", ["::1"]],
    ["0:0:0:0:0:0:0:1", ["::1"]],
    ["0000:0000::0001", ["::1"]],
    ["FE80::1%eth0", ["fe80::1"]],
    ["::1%lo", ["::1"]],
    ["::ffff:127.0.0.1", ["::ffff:127.0.0.1", "127.0.0.1"]],
    ["::ffff:7f00:1", ["::ffff:127.0.0.1", "127.0.0.1"]],
    ["0:0:0:0:0:FFFF:7F00:1", ["::ffff:127.0.0.1", "127.0.0.1"]],
    ["::ffff:10.0.0.1%eth0", ["::ffff:10.0.0.1", "10.0.0.1"]],
    ["::ffff:0:0", ["::ffff:0.0.0.0", "0.0.0.0"]],
    ["::127.0.0.1", ["::7f00:1"]],
    ["2001:DB8::A", ["2001:db8::a"]],
    ["1::2::3", []],
    ["a:b", []],
  ];
  for (const [host, addresses] of table)
    it(JSON.stringify(host), () => {
      assert.deepEqual(literalAddresses(host), addresses);
    });

  it("are those of the WHATWG URL parser", () => {
    for (const [host, addresses] of table) {
      if (addresses === null || addresses.length === 0 || host.includes(":") || /localhost/i.test(host)) continue;
      if (!URL.canParse(`http://${host}/`)) continue;
      assert.equal(addresses[0], new URL(`http://${host}/`).hostname, host);
    }
  });

  it("treats a long host as a name", () => {
    assert.equal(literalAddresses("1.".repeat(200_000) + "1"), null);
    assert.equal(literalAddresses("1".repeat(200_000)), null);
  });
});
