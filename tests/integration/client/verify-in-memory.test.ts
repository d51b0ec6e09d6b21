/** Certificate authorities that are given in memory. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, describe, it } from "node:test";
import { rootCertificates } from "node:tls";

import requests, { Session, SSLError } from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure } from "./serve.js";

const server = await httpbin({ tls: true });
after(() => server.close());
const url = `${server.url}/get`;
const pem = server.ca!;
/** One that did not sign the server's certificate. */
const FOREIGN = rootCertificates[0];

describe("verify takes certificate authorities in memory [verify-in-memory]", () => {
  const der = new X509Certificate(pem).raw;
  for (const [what, verify] of [
    ["PEM text", pem],
    ["PEM text with other text around it", `# the authority\n${pem}\n# end`],
    ["PEM bytes", Buffer.from(pem)],
    ["a part of a larger buffer", Buffer.from(`xx${pem}xx`).subarray(2, 2 + pem.length)],
    ["DER bytes", der],
    ["an array of texts and bytes", [Buffer.from(FOREIGN), pem]],
  ] as const)
    it(what, async () => {
      assert.equal((await requests.get(url, { verify })).statusCode, 200);
      await using session = new Session({ verify });
      assert.equal((await session.get(url)).statusCode, 200);
      assert.equal((await session.get(url)).reused, true);
    });

  it("trusts these alone", async () => {
    const error = await failure(requests.get(url, { verify: FOREIGN }));
    assert.ok(error instanceof SSLError, String(error));
    assert.match(error.message, /it is not in the certificates in memory/);
    // A connection that was made with another trust is not used.
    await using session = new Session();
    assert.equal((await session.get(url, { verify: pem })).statusCode, 200);
    assert.ok((await failure(session.get(url, { verify: FOREIGN }))) instanceof SSLError);
    assert.ok((await failure(session.get(url, { verify: [FOREIGN] }))) instanceof SSLError);
  });

  it("notices a list that has changed", async () => {
    const list = [pem];
    await using session = new Session({ verify: list });
    assert.equal((await session.get(url)).statusCode, 200);
    list[0] = FOREIGN;
    assert.ok((await failure(session.get(url))) instanceof SSLError);
  });

  it("says what is wrong", async () => {
    for (const [verify, message] of [
      [
        "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n",
        /could not load CA certificates from "verify"/,
      ],
      [pem.replaceAll("\n", "\\n"), /has "\\n" as two characters where its lines should end: text\.replaceAll/],
      ["-----BEGIN PRIVATE KEY-----\nnonsense", /no certificate in the text given as verify/],
      [Buffer.from("nonsense"), /must hold PEM blocks .* or one certificate as DER/],
      [[], /verify must be true, false, the path/],
      [["ca.pem"], /A path is given alone: verify: "ca\.pem"/],
      [5, /verify must be true, false, the path of a CA file or directory, or certificate authorities as PEM/],
      [Buffer.alloc(0), /verify must be/],
    ] as const) {
      const error = await failure(requests.get(url, { verify: verify as never }));
      assert.match(String(error), message);
      assert.doesNotMatch(String(error), /nonsense/);
    }
  });

  it("never appears in JSON", () => {
    assert.equal(new Session({ verify: pem }).toJSON()["verify"], "***");
    assert.equal(new Session({ verify: [pem] }).toJSON()["verify"], "***");
    assert.equal(new Session({ verify: "ca.pem" }).toJSON()["verify"], "ca.pem");
  });
});
