import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { httpbin, type Server } from "requests-ts/httpbin";
import { ask, type Told } from "./ask.js";

let server: Server;
before(async () => {
  server = await httpbin();
});
after(() => server.close());

const authorized = (path: string, authorization: string) =>
  ask(server.url + path, { headers: { Authorization: authorization } });
const basic = (credentials: string, encoding: BufferEncoding = "utf8") =>
  `Basic ${Buffer.from(credentials, encoding).toString("base64")}`;

describe("basic", () => {
  it("accepts the right credentials", async () => {
    for (const path of ["/basic-auth/ann/s3:cret", "/hidden-basic-auth/ann/s3:cret"]) {
      const { status, json } = await authorized(path, basic("ann:s3:cret"));
      assert.deepEqual([status, json], [200, { authenticated: true, user: "ann" }]);
    }
    assert.equal((await authorized("/basic-auth/a/b", "basic YTpi")).status, 200);
  });

  it("accepts UTF-8 and latin-1", async () => {
    assert.equal((await authorized("/basic-auth/%C3%A9/%C3%BC", basic("é:ü"))).status, 200);
    assert.equal((await authorized("/basic-auth/%C3%A9/%C3%BC", basic("é:ü", "latin1"))).status, 200);
  });

  for (const credentials of [undefined, basic("a:x"), basic("x:b"), basic("a"), "Basic !!", "Bearer YTpi", "Basic"]) {
    it(`refuses ${credentials ?? "nothing"}`, async () => {
      const headers = credentials === undefined ? {} : { Authorization: credentials };
      const asked = await ask(`${server.url}/basic-auth/a/b`, { headers });
      assert.deepEqual([asked.status, asked.text], [401, ""]);
      assert.equal(asked.headers["www-authenticate"], 'Basic realm="Fake Realm"');
      const hidden = await ask(`${server.url}/hidden-basic-auth/a/b`, { headers });
      assert.deepEqual([hidden.status, hidden.text, hidden.headers["www-authenticate"]], [404, "", undefined]);
    });
  }
});

describe("bearer", () => {
  it("shows the token", async () => {
    assert.deepEqual((await authorized("/bearer", "Bearer a b")).json, { authenticated: true, token: "a b" });
  });

  for (const authorization of ["bearer x", "Bearer", "Bearerx", "Basic YTpi"]) {
    it(`refuses ${authorization}`, async () => {
      const { status, headers } = await authorized("/bearer", authorization);
      assert.deepEqual([status, headers["www-authenticate"]], [401, "Bearer"]);
    });
  }
});

interface Challenge {
  realm: string;
  nonce: string;
  qop: string;
  opaque: string;
  algorithm: string;
  stale: string;
}

function challengeOf(told: Told): Challenge {
  assert.equal(told.status, 401);
  assert.equal(told.text, "");
  const match =
    /^Digest realm="([^"]*)", nonce="([0-9a-f]+)", qop="([^"]*)", opaque="([0-9a-f]+)", algorithm=(\S+), stale=(\w+)$/.exec(
      told.headers["www-authenticate"] ?? "",
    );
  assert.ok(match, told.headers["www-authenticate"]);
  const [, realm = "", nonce = "", qop = "", opaque = "", algorithm = "", stale = ""] = match;
  return { realm, nonce, qop, opaque, algorithm, stale };
}

function cookiesOf(told: Told): Record<string, string> {
  return Object.fromEntries(
    (told.headers["set-cookie"] ?? []).map((cookie) => {
      assert.match(cookie, /; Path=\/$/);
      return cookie.split(";", 1)[0]?.split("=") as [string, string];
    }),
  );
}

/** The response of RFC 7616 section 3.4.1, written from the RFC and not from the server. */
function respond(
  { realm, nonce, algorithm }: Challenge,
  uri: string,
  { user = "u", password = "p", qop = "auth", method = "GET", body = "" } = {},
): string {
  const hash = (text: string): string => createHash(algorithm.replace("-", "")).update(text).digest("hex");
  const a2 = hash(`${method}:${uri}${qop === "auth-int" ? `:${hash(body)}` : ""}`);
  const extra = qop === undefined ? "" : "00000001:cafe:" + qop + ":";
  const response = hash(`${hash(`${user}:${realm}:${password}`)}:${nonce}:${extra}${a2}`);
  const more = qop === undefined ? "" : `, qop=${qop}, nc=00000001, cnonce="cafe"`;
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, response="${response}"${more}`;
}

describe("digest", () => {
  for (const [algorithm, length] of [
    ["MD5", 32],
    ["SHA-256", 64],
    ["SHA-512", 128],
  ] as const) {
    for (const qop of ["auth", "auth-int"]) {
      it(`accepts the right credentials with ${algorithm} and ${qop}`, async () => {
        const path = `/digest-auth/${qop}/u/p/${algorithm}?a=1&b=%20`;
        const asked = await ask(server.url + path);
        const challenge = challengeOf(asked);
        assert.deepEqual(
          { ...challenge, nonce: challenge.nonce.length, opaque: challenge.opaque.length },
          { realm: "me@kennethreitz.com", nonce: length, qop, opaque: length, algorithm, stale: "FALSE" },
        );
        assert.deepEqual(cookiesOf(asked), { stale_after: "never", fake: "fake_value" });
        const told = await authorized(path, respond(challenge, path, { qop }));
        assert.deepEqual([told.status, told.json], [200, { authenticated: true, user: "u" }]);
        assert.deepEqual(cookiesOf(told), { fake: "fake_value" });
      });
    }
  }

  it("accepts a client without qop", async () => {
    const path = "/digest-auth/auth/u/p";
    const challenge = challengeOf(await ask(server.url + path));
    assert.equal((await authorized(path, respond(challenge, path, { qop: undefined }))).status, 200);
  });

  it("accepts a name with non-ASCII characters", async () => {
    const path = "/digest-auth/auth/%C3%A9/p";
    const authorization = respond(challengeOf(await ask(server.url + path)), path, { user: "é" });
    const asBytes = Buffer.from(authorization, "utf8").toString("latin1");
    assert.deepEqual((await authorized(path, asBytes)).json, { authenticated: true, user: "é" });
  });

  it("offers both qops for an unknown qop, and MD5 for an unknown algorithm", async () => {
    const { qop, algorithm } = challengeOf(await ask(`${server.url}/digest-auth/x/u/p/ROT-13`));
    assert.deepEqual([qop, algorithm], ["auth, auth-int", "MD5"]);
  });

  it("sends a new challenge each time", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => ask(`${server.url}/digest-auth/auth/u/p`)));
    assert.notEqual(challengeOf(a).nonce, challengeOf(b).nonce);
  });

  it("sends another challenge, and remembers the nonce, after a wrong answer", async () => {
    const path = "/digest-auth/auth/u/p";
    const challenge = challengeOf(await ask(server.url + path));
    for (const wrong of [{ password: "x" }, { user: "x" }, { method: "POST" }]) {
      const told = await authorized(path, respond(challenge, path, wrong));
      assert.equal(challengeOf(told).stale, "FALSE");
      assert.deepEqual(cookiesOf(told), { stale_after: "never", last_nonce: challenge.nonce, fake: "fake_value" });
    }
    const elsewhere = await authorized(path, respond(challenge, "/other"));
    assert.equal(elsewhere.status, 401);
  });

  for (const authorization of [
    "Digest nonsense",
    basic("u:p"),
    'Digest username="u", realm="r", nonce="n", uri="/"',
    'Digest username="u", realm="r", nonce="n", uri="/", response="x", qop=auth',
  ]) {
    it(`treats ${authorization} as no answer`, async () => {
      const told = await authorized("/digest-auth/auth/u/p", authorization);
      assert.equal(challengeOf(told).stale, "FALSE");
      assert.equal(cookiesOf(told)["last_nonce"], undefined);
    });
  }

  it("declares the nonce stale after some requests, and requires a new one", async () => {
    const path = "/digest-auth/auth/u/p/MD5/2";
    const asked = await ask(server.url + path);
    const challenge = challengeOf(asked);
    const authorization = respond(challenge, path);
    const visit = (Cookie: string) => ask(server.url + path, { headers: { Authorization: authorization, Cookie } });
    assert.equal(cookiesOf(asked)["stale_after"], "2");
    assert.equal(cookiesOf(await visit("stale_after=2"))["stale_after"], "1");
    assert.equal(cookiesOf(await visit("stale_after=1"))["stale_after"], "0");
    const stale = await visit("stale_after=0");
    assert.equal(challengeOf(stale).stale, "TRUE");
    assert.deepEqual(cookiesOf(stale), { stale_after: "2", last_nonce: challenge.nonce, fake: "fake_value" });
    const reused = await visit(`stale_after=2; last_nonce=${challenge.nonce}`);
    assert.equal(challengeOf(reused).stale, "TRUE");
    assert.equal(cookiesOf(await visit("stale_after=never"))["stale_after"], "never");
  });

  it("requires the cookies of the challenge on request", async () => {
    for (const word of ["1", "t", "TRUE"]) {
      const path = `/digest-auth/auth/u/p?require-cookie=${word}`;
      const Authorization = respond(challengeOf(await ask(server.url + path)), path);
      assert.equal(challengeOf(await ask(server.url + path, { headers: { Authorization } })).stale, "FALSE");
      const wrong = await ask(server.url + path, { headers: { Authorization, Cookie: "fake=no" } });
      assert.deepEqual([wrong.status, wrong.json], [403, { errors: ["missing cookie set on challenge"] }]);
      const right = await ask(server.url + path, { headers: { Authorization, Cookie: "fake=fake_value" } });
      assert.equal(right.status, 200);
    }
  });
});
