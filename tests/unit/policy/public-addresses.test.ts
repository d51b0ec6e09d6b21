import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { publicAddressesOnly } from "#internal/policy/public-addresses";

/** First and last address of each IPv4 network that is not public. */
const SPECIAL: readonly (readonly [first: string, last: string])[] = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "239.255.255.255"],
  ["240.0.0.0", "255.255.255.255"],
];
/** Their neighbours. */
const PUBLIC = [
  ...["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
  ...["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0"],
  ...["192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"],
  ...["198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8"],
];

const hex = (address: string): string =>
  address
    .split(".")
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(....)/, "$1:");

describe("publicAddressesOnly", () => {
  for (const address of SPECIAL.flat())
    it(`refuses ${address}, also within an IPv6 address`, () => {
      assert.equal(publicAddressesOnly(address), false);
      for (const form of [
        `::ffff:${address}`,
        `::FFFF:${hex(address)}`,
        `0:0:0:0:0:ffff:${hex(address)}`,
        `::ffff:${address}%eth0`,
        `64:ff9b::${address}`,
        `64:ff9b::${hex(address)}`,
        `0064:FF9B:0:0:0:0:${hex(address)}`,
        `64:ff9b:1::${address}`,
        `::${address}`,
        `::ffff:0:${address}`,
        `2002:${hex(address)}::1`,
      ])
        assert.equal(publicAddressesOnly(form), false, form);
    });

  for (const address of PUBLIC)
    it(`allows ${address}, also as a mapped or translated IPv6 address`, () => {
      assert.equal(publicAddressesOnly(address), true);
      for (const form of [`::ffff:${address}`, `::ffff:${hex(address)}`, `64:ff9b::${hex(address)}`])
        assert.equal(publicAddressesOnly(form), true, form);
      for (const form of [`::${address}`, `64:ff9b:1::${address}`, `2002:${hex(address)}::1`])
        assert.equal(publicAddressesOnly(form), false, form);
    });

  const refused = [
    ...["::", "::1", "0:0:0:0:0:0:0:1", "100::", "100::ffff:ffff:ffff:ffff", "64:ff9b:1::", "64:ff9b:1:ffff::1"],
    ...["2001::", "2001::1", "2001:1ff:ffff::", "2001:db8::", "2001:db8:ffff:ffff::1", "2002::", "2002:ffff::1"],
    ...["3fff::1", "3fff:fff::1", "5f00::1", "fc00::", "fd00::1", "fdff:ffff::1", "fe80::", "fe80::1", "febf::1"],
    ...["fec0::", "fec0::1", "feff::1", "ff00::", "ff02::1", "ffff:ffff::", "1fff:ffff::1", "4000::1"],
    ...["fe80::1%eth0", "::1%lo", "fd00::1%1", "ff02::1%25en0"],
  ];
  for (const address of refused)
    it(`refuses ${address}`, () => {
      assert.equal(publicAddressesOnly(address), false);
      assert.equal(publicAddressesOnly(address.toUpperCase()), false);
    });

  for (const address of ["2000::1", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00::1", "3ffe::1"])
    it(`allows ${address}`, () => {
      assert.equal(publicAddressesOnly(address), true);
    });

  for (const text of [
    "",
    "localhost",
    "2130706433",
    "127.1",
    "0x7f000001",
    "[::1]",
    "8.8.8.8:80",
    "8.8.8.8 ",
    "1::2::3",
  ])
    it(`refuses ${JSON.stringify(text)}, which is not an address`, () => {
      assert.equal(publicAddressesOnly(text), false);
    });
});
