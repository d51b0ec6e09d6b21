/**
 * The certificates of `httpbin({ tls: true })`: a certificate authority for tests and two leaves that it issued.
 *
 * They are public on purpose and prove no identity: use them on loopback only, and never add the authority to
 * a trust store. Its private key was thrown away when these were made (openssl, EC P-256, valid 2020 to 2120), so that
 * no further ones can be issued.
 */

/** A private key and its certificate, both PEM. */
export interface KeyPair {
  /** The private key, PEM. */
  readonly key: string;
  /** The certificate, PEM. */
  readonly cert: string;
}

/** The authority that issued {@link SERVER_KEY_PAIR} and {@link CLIENT_KEY_PAIR}; PEM. */
export const TEST_CA = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUMdB+eDj6lxmvytQYlJ9CwhKGKWwwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTcmVxdWVzdHMtdHMgdGVzdCBDQTAgFw0yMDAxMDEwMDAwMDBa
GA8yMTIwMDEwMTAwMDAwMFowHjEcMBoGA1UEAwwTcmVxdWVzdHMtdHMgdGVzdCBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL0WUAMaWYwoh17sCvh7sLiQJxHN
TFvGhbjDh/0JKoKZuzjeWxWjqSQKLN+rLsvwITVwteRSNxbdMVt4iOXpOzujRTBD
MBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBT5
vKzstRSR8U0Q3O6XDQR0Qa+ixDAKBggqhkjOPQQDAgNIADBFAiEAmF/s2h3KMp3t
NM+Xw4TXsowF/slYSDBNLNKXQHIPwKoCICLUbVVkzHZHvvkEMGXpQhS6OB7EsaYJ
eLind0IZ5ugv
-----END CERTIFICATE-----
`;

/** For a server on `localhost`, `127.0.0.1` or `::1`. */
export const SERVER_KEY_PAIR: KeyPair = {
  cert: `-----BEGIN CERTIFICATE-----
MIIB2jCCAYGgAwIBAgIUbvKIa3B1amun7fZtvsou+p0cSpIwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTcmVxdWVzdHMtdHMgdGVzdCBDQTAgFw0yMDAxMDEwMDAwMDBa
GA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEYYuW7mdjYMlh4uoE7HzTg0njJ0a4+W4cQ3XJzBSI
aGohwCfhQaeKFnHmdPCRb0fHEersYyFMl5/ceakw8eHflqOBpDCBoTAMBgNVHRMB
Af8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNV
HQ4EFgQU5zjjU1epBCz7wQPXii5eIYravE8wHwYDVR0jBBgwFoAU+bys7LUUkfFN
ENzulw0EdEGvosQwLAYDVR0RBCUwI4IJbG9jYWxob3N0hwR/AAABhxAAAAAAAAAA
AAAAAAAAAAABMAoGCCqGSM49BAMCA0cAMEQCIBGDRDmD204xIxwSjgHt3i+Ur4k5
pZ9unk7JeLTdtRCpAiAWxRVDJlZpn+wQe8YzyQJI+Mtu4AP6os3crPIG45wjsw==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOBVnrZcXQF2SvshN
xCU3vnhHA3lpisXGy4qbqvrB/iahRANCAARhi5buZ2NgyWHi6gTsfNODSeMnRrj5
bhxDdcnMFIhoaiHAJ+FBp4oWceZ08JFvR8cR6uxjIUyXn9x5qTDx4d+W
-----END PRIVATE KEY-----
`,
};

/** For a client, to try certificates on both sides (`tls: { requestCert: true, ca: server.ca }`). */
export const CLIENT_KEY_PAIR: KeyPair = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBuTCCAV+gAwIBAgIUAWTvc5nNiIPw9chW0n9wm4KgPtAwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTcmVxdWVzdHMtdHMgdGVzdCBDQTAgFw0yMDAxMDEwMDAwMDBa
GA8yMTIwMDEwMTAwMDAwMFowIjEgMB4GA1UEAwwXcmVxdWVzdHMtdHMgdGVzdCBj
bGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR7q99Sy+mbe9RbJ/7ETvj/
uU+au/yJdOg23+TtRvniVVQ3hlRMaCtFxTze3LYyknsUOj6RIwzCKGodmhben34m
o3UwczAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggr
BgEFBQcDAjAdBgNVHQ4EFgQU09b2Lmxg9eiiCBQGDtWpvlr83tQwHwYDVR0jBBgw
FoAU+bys7LUUkfFNENzulw0EdEGvosQwCgYIKoZIzj0EAwIDSAAwRQIhAIjjAL6a
mqCdMpksySerob4JHktcJa7/05+vn+CnFvdmAiB/NBkbp60onqM93P2Mxys98ClN
WdJpp+Q5xW15UUcFpQ==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwV0cimOShp1mVK9i
QFhpDJyoQZOy5Sl/yxVHP+rRAeyhRANCAAR7q99Sy+mbe9RbJ/7ETvj/uU+au/yJ
dOg23+TtRvniVVQ3hlRMaCtFxTze3LYyknsUOj6RIwzCKGodmhben34m
-----END PRIVATE KEY-----
`,
};
