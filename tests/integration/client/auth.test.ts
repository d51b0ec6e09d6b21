/** Credentials over the wire: basic, bearer, functions, flows, digest. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";

import requests, {
  AuthBase,
  HTTPBasicAuth,
  HTTPBearerAuth,
  HTTPDigestAuth,
  UnrewindableBodyError,
  PreparedRequest,
  Session,
  type AuthInit,
  type Response,
} from "requests-ts";
import { httpbin } from "requests-ts/httpbin";

import { failure, serve, type Received } from "./serve.js";

const server = await httpbin();
const echo = await serve();
after(async () => {
  await server.close();
  await echo.close();
});

describe("basic", () => {
  const table: [name: string, auth: AuthInit, path: string][] = [
    ["a pair", ["user", "pass"], "/basic-auth/user/pass"],
    ["HTTPBasicAuth", new HTTPBasicAuth("user", "pass"), "/basic-auth/user/pass"],
    ["UTF-8", ["ušer", "pässwörd"], "/basic-auth/u%C5%A1er/p%C3%A4ssw%C3%B6rd"],
    ["a colon in the password", ["user", "a:b"], "/basic-auth/user/a:b"],
    ["hidden", ["user", "pass"], "/hidden-basic-auth/user/pass"],
  ];
  for (const [name, auth, path] of table)
    it(name, async () => assert.equal((await requests.get(server.url + path, { auth })).statusCode, 200));

  it("returns a 401 for wrong credentials and does not throw", async () => {
    const response = await requests.get(`${server.url}/basic-auth/user/pass`, { auth: ["user", "wrong"] });
    assert.equal(response.statusCode, 401);
    assert.equal(response.ok, false);
  });

  it("takes the credentials of the URL", async () => {
    assert.equal(
      (await requests.get(server.url.replace("//", "//user:pass@") + "/basic-auth/user/pass")).statusCode,
      200,
    );
  });
});

describe("bearer", () => {
  it("sends the token", async () => {
    const response = await requests.get(`${server.url}/bearer`, { auth: new HTTPBearerAuth("to.ken") });
    assert.deepEqual(response.json(), { authenticated: true, token: "to.ken" });
  });
});

describe("functions and objects", () => {
  const token = (request: PreparedRequest): PreparedRequest => {
    request.headers["X-Token"] = "secret";
    return request;
  };
  class Applied extends AuthBase {
    override apply(request: PreparedRequest): PreparedRequest {
      return token(request);
    }
  }
  class AppliedLater extends AuthBase {
    override async apply(request: PreparedRequest): Promise<PreparedRequest> {
      await new Promise((resolve) => setImmediate(resolve));
      return token(request);
    }
  }
  const table: [name: string, auth: AuthInit][] = [
    ["a function", token],
    ["an async function", async (request) => token(request)],
    ["apply", new Applied()],
    ["an async apply", new AppliedLater()],
    [
      "one that returns another request",
      (request) => {
        const other = request.copy();
        return token(other);
      },
    ],
  ];
  for (const [name, auth] of table) {
    it(`${name}, given to a call and to a session`, async () => {
      assert.equal((await requests.get(echo.url, { auth })).json<Received>().headers["x-token"], "secret");
      const session = new Session({ auth });
      assert.equal((await session.get(echo.url)).json<Received>().headers["x-token"], "secret");
    });

    it(`${name}, through a prepared request`, async () => {
      const session = new Session();
      const prepared = session.prepareRequest(new requests.Request("POST", echo.url, { auth, json: { a: 1 } }));
      assert.ok(prepared instanceof PreparedRequest);
      const received = (await session.send(prepared)).json<Received>();
      assert.deepEqual([received.headers["x-token"], received.body], ["secret", '{"a":1}']);
    });
  }

  it("receive the final body and headers", async () => {
    let seen: unknown;
    await requests.post(echo.url, {
      json: { a: 1 },
      auth: (request) => {
        seen = [request.method, request.pathUrl, request.body, request.headers["content-type"]];
        return request;
      },
    });
    assert.deepEqual(seen, ["POST", "/", '{"a":1}', "application/json"]);
  });

  it("may change the body, and Content-Length follows", async () => {
    const received = (
      await requests.post(echo.url, {
        data: "a",
        auth: (request) => {
          request.body = "changed";
          return request;
        },
      })
    ).json<Received>();
    assert.deepEqual([received.body, received.headers["content-length"]], ["changed", "7"]);
  });

  for (const [name, auth] of [
    ["returns nothing", () => undefined],
    ["returns nothing later", async () => undefined],
  ] as [string, unknown][])
    it(`throws a TypeError with advice for a function that ${name}, and sends nothing`, async () => {
      const before = echo.requests.length;
      const error = await failure(requests.get(echo.url, { auth: auth as AuthInit }));
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /must return the PreparedRequest/);
      assert.equal(echo.requests.length, before);
    });

  it("rejects the call with the error of an async function", async () => {
    const reason = new Error("no token");
    const error = await failure(requests.get(echo.url, { auth: () => Promise.reject(reason) }));
    assert.equal(error, reason);
  });
});

describe("a custom authentication flow", () => {
  class Refreshing extends AuthBase {
    token = "stale";
    ended = 0;
    override async *flow(request: PreparedRequest): AsyncGenerator<PreparedRequest, void, Response> {
      try {
        const first = request.copy();
        first.headers.set("Authorization", `Bearer ${this.token}`);
        const response = yield first;
        if (response.statusCode !== 401) return;
        this.token = "fresh";
        const second = request.copy();
        second.headers.set("Authorization", `Bearer ${this.token}`);
        yield second;
      } finally {
        this.ended += 1;
      }
    }
  }

  it("answers a 401, which history keeps", async () => {
    await using own = await serve((request, response) => {
      const fresh = request.headers["authorization"] === "Bearer fresh";
      response.writeHead(fresh ? 200 : 401).end(request.body);
    });
    const auth = new Refreshing();
    const session = new Session({ auth });
    const response = await session.post(own.url, { data: "body" });
    assert.equal(response.statusCode, 200);
    assert.equal(response.text, "body");
    assert.deepEqual(
      response.history.map(({ statusCode }) => statusCode),
      [401],
    );
    assert.equal((await session.get(own.url)).history.length, 0);
    assert.equal(auth.ended, 2);
  });

  it("is closed when sending fails", async () => {
    const auth = new Refreshing();
    await failure(requests.get(`${server.url}/reset`, { auth }));
    assert.equal(auth.ended, 1);
  });
});

describe("digest", () => {
  for (const qop of ["auth", "auth-int", "both"])
    for (const algorithm of ["MD5", "SHA-256", "SHA-512"])
      it(`${qop}, ${algorithm}`, async () => {
        const response = await requests.get(`${server.url}/digest-auth/${qop}/user/pass/${algorithm}`, {
          auth: new HTTPDigestAuth("user", "pass"),
        });
        assert.equal(response.statusCode, 200);
        assert.deepEqual(
          response.history.map(({ statusCode }) => statusCode),
          [401],
        );
      });

  it("returns the 401 for wrong credentials after one attempt", async () => {
    const before = server.requests.length;
    const auth = new HTTPDigestAuth("user", "wrong");
    const response = await requests.get(`${server.url}/digest-auth/auth/user/pass`, { auth });
    assert.equal(response.statusCode, 401);
    assert.equal(server.requests.length, before + 2);
  });

  it("signs later requests in advance, with increasing nonce counts", async () => {
    const session = new Session({ auth: new HTTPDigestAuth("user", "pass") });
    const url = `${server.url}/digest-auth/auth/user/pass/MD5/never`;
    await session.get(url);
    const second = await session.get(url);
    assert.equal(second.statusCode, 200);
    assert.equal(second.history.length, 0);
    assert.match(second.request.headers["authorization"] as string, /nc=00000002/);
  });

  it("renews a stale nonce", async () => {
    const session = new Session({ auth: new HTTPDigestAuth("user", "pass") });
    const url = `${server.url}/digest-auth/auth/user/pass/MD5/2`;
    for (let call = 0; call < 6; call += 1) assert.equal((await session.get(url)).statusCode, 200, `call ${call}`);
  });

  it("sends the cookie of the challenge", async () => {
    const response = await new Session().get(`${server.url}/digest-auth/auth/user/pass?require-cookie=1`, {
      auth: new HTTPDigestAuth("user", "pass"),
    });
    assert.equal(response.statusCode, 200);
  });

  /** Challenges once; then tells the body that came. */
  const challenger = (qop: string): ReturnType<typeof serve> =>
    serve((request, response) => {
      if (request.headers["authorization"] === undefined)
        response.writeHead(401, { "WWW-Authenticate": `Digest realm="r", nonce="n", qop="${qop}"` }).end();
      else response.end(JSON.stringify(request));
    });

  it("sends the body again: text, a file, a Blob, multipart", async () => {
    await using own = await challenger("auth");
    const directory = await mkdtemp(join(tmpdir(), "requests-digest-"));
    const path = join(directory, "f");
    await writeFile(path, "in a file");
    for (const [data, text] of [
      ["text", "text"],
      [createReadStream(path), "in a file"],
      [new Blob(["blob"]), "blob"],
    ] as const) {
      const response = await requests.post(own.url, { data, auth: new HTTPDigestAuth("u", "p") });
      assert.equal(response.json<Received>().body, text);
    }
    const before = own.requests.length;
    await requests.post(own.url, { files: { f: createReadStream(path) }, auth: new HTTPDigestAuth("u", "p") });
    const [first, second] = own.requests.slice(before);
    assert.ok(first.body.includes("in a file"));
    assert.equal(second.body, first.body);
    await rm(directory, { recursive: true });
  });

  it("throws UnrewindableBodyError for a generator and never sends it empty", async () => {
    await using own = await challenger("auth");
    const error = await failure(
      requests.post(own.url, { data: Readable.from(["once"]), auth: new HTTPDigestAuth("u", "p") }),
    );
    assert.ok(error instanceof UnrewindableBodyError, String(error));
    assert.deepEqual(
      own.requests.map(({ body }) => body),
      ["once"],
    );
  });

  it("hashes the body with auth-int", async () => {
    const auth = new HTTPDigestAuth("user", "pass");
    await using own = await challenger("auth-int");
    const response = await requests.post(own.url, { data: "body", auth });
    assert.match(response.request.headers["authorization"] as string, /qop=auth-int/);
    assert.equal(response.json<Received>().body, "body");
  });

  it("computes a new answer after each redirect within its origin", async () => {
    const target = "/digest-auth/auth/user/pass";
    const response = await requests.get(`${server.url}/redirect-to?url=${encodeURIComponent(target)}`, {
      auth: new HTTPDigestAuth("user", "pass"),
    });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(
      response.history.map(({ statusCode }) => statusCode),
      [302, 401],
    );
  });

  it("serves many requests at once with one object", async () => {
    const session = new Session({ auth: new HTTPDigestAuth("user", "pass") });
    const url = `${server.url}/digest-auth/auth/user/pass/SHA-256`;
    const all = await Promise.all(Array.from({ length: 20 }, () => session.get(url)));
    assert.ok(all.every(({ statusCode }) => statusCode === 200));
  });
});
