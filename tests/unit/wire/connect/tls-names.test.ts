import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PeerCertificate } from "node:tls";

import { SSLError } from "#internal/exceptions";
import { connectFailure } from "#internal/wire/errors";
import { checkName } from "#internal/wire/connect/tls-names";

/** @param names - As Node prints a subjectAltName. */
function certificate(names: string | undefined, commonName?: string | string[]): PeerCertificate {
  const subject = commonName === undefined ? {} : { CN: commonName };
  return { subject, subjectaltname: names } as unknown as PeerCertificate;
}

type Row = readonly [host: string, names: string | undefined, commonName?: string | string[]];

describe("a certificate that matches a host", () => {
  const table: readonly Row[] = [
    ["a.test", "DNS:a.test"],
    ["A.Test", "DNS:a.TEST"],
    ["a.test", "DNS:b.test, DNS:a.test"],
    ["a.test", "IP Address:127.0.0.1, DNS:a.test"],
    ["a.test", "DNS:a.test", "b.test"],
    ["localhost", "DNS:localhost"],
    ["x.a.test", "DNS:*.a.test"],
    ["xn--bcher-kva.a.test", "DNS:*.a.test"],
    ["x.a.test", "DNS:f*.a.test, DNS:*.a.test"],
    ["x.a.test", "DNS:*.b.test, email:a@b.test, DNS:*.a.test, URI:http://a.test/"],
    ["a.test", 'DNS:"x, y*", DNS:a.test'],
    ["127.0.0.1", "IP Address:127.0.0.1"],
    ["::1", "IP Address:0:0:0:0:0:0:0:1"],
    ["127.0.0.1", "DNS:*.a.test, IP Address:127.0.0.1"],
    ["2001:db8::a", "DNS:a.test, IP Address:2001:DB8:0:0:0:0:0:A"],
  ];
  for (const [host, names, commonName] of table)
    it(`${host}: ${names} ${JSON.stringify(commonName) ?? ""}`, () => {
      assert.equal(checkName(host, certificate(names, commonName)), undefined);
    });
});

describe("a certificate that does not match a host", () => {
  const table: readonly Row[] = [
    ["a.test", "DNS:b.test"],
    ["a.test", "DNS:x.a.test"],
    ["a.test", "DNS:*.a.test"],
    ["x.y.a.test", "DNS:*.a.test"],
    // The Common Name does not count: alone, and beside names of other kinds
    ["a.test", undefined, "a.test"],
    ["a.test", "", "a.test"],
    ["a.test", undefined, ["b.test", "a.test"]],
    ["x.a.test", undefined, "*.a.test"],
    ["a.test", "IP Address:127.0.0.1", "a.test"],
    ["a.test", "email:a@a.test", "a.test"],
    ["a.test", "URI:http://a.test/", "a.test"],
    ["a.test", "DNS:b.test", "a.test"],
    ["127.0.0.1", undefined, "127.0.0.1"],
    ["127.0.0.1", "DNS:127.0.0.1", "127.0.0.1"],
    ["a.test", undefined],
    // A wildcard is a whole label, the first, and never one of a top level
    ["foo.a.test", "DNS:f*.a.test"],
    ["foo.a.test", "DNS:*o.a.test"],
    ["foo.a.test", "DNS:f*o.a.test"],
    ["foo.a.test", "DNS:*f*.a.test"],
    ["foo.a.test", "DNS:**.a.test"],
    ["foo.bar.test", "DNS:foo.*.test"],
    ["foo.bar.test", "DNS:*.*.test"],
    ["a.test", "DNS:*.test"],
    ["test", "DNS:*"],
    ["localhost", "DNS:*"],
    ["a.localhost", "DNS:*.localhost"],
    ["127.0.0.1", "DNS:*.0.0.1"],
    ["127.0.0.1", "DNS:127.0.0.*"],
    ["127.0.0.2", "IP Address:127.0.0.1"],
    ["::1", "IP Address:127.0.0.1"],
    ["::1", "DNS:::1, IP Address:nonsense, IP Address:<invalid>"],
    ["::ffff:127.0.0.1", "IP Address:127.0.0.1"],
    ["127.0.0.1", undefined],
    ["127.0.0.1", 'DNS:"a, IP Address:127.0.0.1"'],
    ["xn--bcher-kva.a.test", "DNS:xn--*.a.test"],
    // Text in quotes is one name
    ["a.test", 'DNS:"b.test, DNS:a.test"'],
    ["x.a.test", 'DNS:"b*, DNS:*.a.test"'],
  ];
  for (const [host, names, commonName] of table)
    it(`${host}: ${names ?? "no names"} ${JSON.stringify(commonName) ?? ""}`, () => {
      const given = certificate(names, commonName);
      const error = checkName(host, given) as Error & { code: string; cert: unknown };
      assert.equal(error?.code, "ERR_TLS_CERT_ALTNAME_INVALID");
      assert.equal(error.cert, given);
    });
});

describe("the error for a certificate of another host", () => {
  const messageFor = (host: string, given: PeerCertificate): string => {
    const error = connectFailure(checkName(host, given), `${host}:443`, "tls");
    assert.ok(error instanceof SSLError);
    return error.message;
  };

  it("lists the names of the certificate", () => {
    assert.equal(
      messageFor("foo.w.test", certificate("DNS:f*.w.test, DNS:b.test", "foo.w.test")),
      'SSL: certificate verify failed for foo.w.test:443: the certificate was issued for DNS:f*.w.test, DNS:b.test, not for "foo.w.test"; is the host name right? (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
  });

  it("says that a Common Name does not count", () => {
    assert.match(
      messageFor("a.test", certificate(undefined, "a.test")),
      /the certificate has no subjectAltName, and its Common Name "a\.test" does not count \(RFC 9525\); the server needs a certificate with "a\.test" as subjectAltName/,
    );
  });

  it("exists for a certificate without names", () => {
    assert.match(messageFor("a.test", certificate(undefined)), /was issued for another host, not for "a\.test"/);
  });
});
